// Our own trades and orders from the user socket (polymarket-api.md 9). It must not know sockets,
// nor what the engine makes of a fill.
import { isObject, type JsonObject } from '../json.js';
import { Liveness } from '../liveness.js';
import type { VenueFill } from '../orders.js';
import {
  type PolymarketFillMarket,
  type PolymarketOrderState,
  quote,
  readOrder,
  readTrade,
} from './account-rows.js';
import type { PolymarketCredentials } from './orders.js';
import { PING, PONG } from './wire/ws-messages.js';

const PING_EVERY_NS = 10_000_000_000;
const LIVENESS = { maxSilenceMs: 60_000, maxLagMs: Number.POSITIVE_INFINITY };

type OrderChange = 'placed' | 'matched' | 'canceled';
const CHANGES: ReadonlyMap<unknown, OrderChange> = new Map([
  ['PLACEMENT', 'placed'],
  ['UPDATE', 'matched'],
  ['CANCELLATION', 'canceled'],
]);

export interface PolymarketOrderEvent extends PolymarketOrderState {
  /** What the event tells; `canceled` is also the end of an order that expired. */
  readonly change: OrderChange;
}

/** What else the socket says, for who wants it. */
export interface PolymarketStreamEvents {
  readonly onOrder?: (order: PolymarketOrderEvent) => void;
  /** An event that is ours, or may be, could not be read: what it said is to be looked up. */
  readonly onUnreadable?: (text: string) => void;
}

export class PolymarketFillStream {
  readonly #credentials: PolymarketCredentials;
  readonly #secretText: string;
  readonly #markets: ReadonlyMap<string, PolymarketFillMarket>;
  readonly #onFill: (fill: VenueFill) => void;
  readonly #events: PolymarketStreamEvents;
  readonly #liveness: Liveness;
  #send: ((text: string) => void) | undefined;
  #pingedNs = 0;

  constructor(
    credentials: PolymarketCredentials,
    markets: ReadonlyMap<string, PolymarketFillMarket>,
    onFill: (fill: VenueFill) => void,
    events: PolymarketStreamEvents = {},
  ) {
    this.#credentials = credentials;
    this.#secretText = credentials.secret
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    this.#markets = markets;
    this.#onFill = onFill;
    this.#events = events;
    this.#liveness = new Liveness(LIVENESS);
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#send = send;
    this.#pingedNs = nowNs;
    this.#liveness.opened(nowNs);
    const { apiKey, passphrase } = this.#credentials;
    send(JSON.stringify({ auth: { apiKey, secret: this.#secretText, passphrase }, type: 'user' }));
  }

  closed(): void {
    this.#send = undefined;
  }

  frame(data: Buffer, receiveNs: number): void {
    this.#liveness.heard(receiveNs);
    const text = data.toString('utf8');
    if (text === PONG) return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      this.#unreadable(text);
      return;
    }
    for (const event of Array.isArray(message) ? message : [message]) this.#event(event);
  }

  /** Why the connection should be given up, or undefined. */
  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    if (nowNs - this.#pingedNs > PING_EVERY_NS) {
      this.#pingedNs = nowNs;
      this.#send(PING);
    }
    return this.#liveness.check(nowNs) === 'give-up' ? 'silent for too long' : undefined;
  }

  #event(event: unknown): void {
    if (!isObject(event)) this.#unreadable(event);
    else if (event.event_type === 'trade') this.#trade(event);
    else if (event.event_type === 'order') this.#order(event);
    else this.#unreadable(event);
  }

  #trade(event: object): void {
    const fills = readTrade(event, this.#markets, this.#credentials.apiKey);
    if (fills === undefined) this.#unreadable(event);
    else for (const fill of fills) this.#onFill(fill);
  }

  #order(event: JsonObject): void {
    const order = readOrder(event);
    const change = CHANGES.get(event.type);
    if (order === undefined || change === undefined) this.#unreadable(event);
    else if (this.#markets.has(order.conditionId)) this.#events.onOrder?.({ ...order, change });
  }

  #unreadable(event: unknown): void {
    this.#events.onUnreadable?.(quote(event));
  }
}
