// Kalshi's private stream of our own fills and orders (kalshi-api.md 2.6): exact sizes, prices and
// fees, and what became of an order that did not fill. It must not know sockets, nor what the
// engine makes of a fill.
import { isObject, type JsonObject, parseObject } from '../json.js';
import { Liveness } from '../liveness.js';
import type { VenueFill } from '../orders.js';
import {
  type KalshiOrderState,
  marketOf,
  OF_OTHERS,
  quote,
  readFill,
  readOrder,
} from './portfolio-rows.js';

/** The stream is quiet for as long as we do not trade; Kalshi pings every 10 s, we ask every 20. */
const LIVENESS = { maxSilenceMs: 60_000, maxLagMs: Number.POSITIVE_INFINITY };

/** What else the stream says, for who wants it. */
export interface KalshiStreamEvents {
  /** An order of ours changed: one that was killed without a fill is known by this alone. */
  readonly onOrder?: (order: KalshiOrderState) => void;
  /** A frame that is ours, or may be, could not be read: what it said is to be looked up. */
  readonly onUnreadable?: (text: string) => void;
}

/** Speaks the `fill` and `user_orders` channels on a socket of its own. */
export class KalshiFillStream {
  readonly #markets: ReadonlyMap<string, number>;
  readonly #onFill: (fill: VenueFill) => void;
  readonly #events: KalshiStreamEvents;
  readonly #liveness: Liveness;
  #send: ((text: string) => void) | undefined;
  #commandId = 0;
  #ordersCommandId = 0;
  /** Why the exchange will not tell us of our fills on this connection. */
  #refused: string | undefined;

  constructor(
    markets: ReadonlyMap<string, number>,
    onFill: (fill: VenueFill) => void,
    events: KalshiStreamEvents = {},
  ) {
    this.#markets = markets;
    this.#onFill = onFill;
    this.#events = events;
    this.#liveness = new Liveness(LIVENESS);
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#send = send;
    this.#refused = undefined;
    this.#liveness.opened(nowNs);
    this.#command('subscribe', { channels: ['fill'] });
    this.#ordersCommandId = this.#command('subscribe', { channels: ['user_orders'] });
  }

  closed(): void {
    this.#send = undefined;
  }

  frame(data: Buffer, receiveNs: number): void {
    this.#liveness.heard(receiveNs);
    const text = data.toString('utf8');
    const frame = parseObject(text);
    if (frame === undefined) this.#events.onUnreadable?.(quote(text));
    else if (frame.type === 'fill') this.#fill(frame, text);
    else if (frame.type === 'user_order') this.#order(frame, text);
    // Without news of orders the stream is still worth having: January had no such channel.
    // Whatever else is refused, fills may not come on this connection.
    else if (frame.type === 'error' && frame.id !== this.#ordersCommandId) {
      this.#refused = quote(text);
    }
  }

  /** Why the connection should be given up, or undefined. */
  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    if (this.#refused !== undefined) return `refused: ${this.#refused}`;
    const verdict = this.#liveness.check(nowNs);
    if (verdict === 'probe') this.#command('list_subscriptions', {});
    return verdict === 'give-up' ? 'silent for too long' : undefined;
  }

  #fill(frame: JsonObject, text: string): void {
    const fill = readFill(frame.msg, this.#markets);
    if (fill === undefined) this.#events.onUnreadable?.(quote(text));
    else if (fill !== OF_OTHERS) this.#onFill(fill);
  }

  #order(frame: JsonObject, text: string): void {
    if (isObject(frame.msg) && marketOf(frame.msg, this.#markets) === OF_OTHERS) return;
    const order = readOrder(frame.msg);
    if (order === undefined) this.#events.onUnreadable?.(quote(text));
    else this.#events.onOrder?.(order);
  }

  #command(cmd: string, params: object): number {
    const id = ++this.#commandId;
    this.#send?.(JSON.stringify({ id, cmd, params }));
    return id;
  }
}
