// Kalshi's order entry (kalshi-api.md 3.2): immediate-or-cancel orders on the YES book, over warm
// connections, with a signature made ahead: it covers time, method and path, not the body, so one
// serves every order of its second. It must not know what an order is for.
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../domain/clock.js';
import { isPrice } from '../../domain/price-grid.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI, YES } from '../../domain/venue.js';
import type { Breaker } from '../../net/circuit-breaker.js';
import { requestBytes, requestHead } from '../../net/http-request.js';
import type { OrderLines } from '../../net/no-connections.js';
import { NOT_WRITTEN, OrderConnections } from '../../net/order-connections.js';
import type { TokenBucket } from '../../net/token-bucket.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED } from '../orders.js';
import { type KalshiDialect, readReply } from './order-reply.js';
import {
  KALSHI_KEY_HEADER,
  KALSHI_SIGNATURE_HEADER,
  KALSHI_TIMESTAMP_HEADER,
  kalshiMessage,
  signKalshi,
  signKalshiAsync,
} from './wire/auth.js';
import { KALSHI_ERROR } from './wire/error-codes.js';
import { kalshiLegacyIocBody } from './wire/legacy-order-body.js';
import { type KalshiIocFrame, kalshiIocBody, kalshiIocFrame } from './wire/order-body.js';

const ORDERS_PATHS: Readonly<Record<KalshiDialect, string>> = {
  current: '/portfolio/events/orders',
  legacy: '/portfolio/orders',
};
const WARM_PATH = '/exchange/status';
const WARM_EVERY_MS = 4_000;
/** kalshi-api.md 4.6. */
export const KALSHI_ORDER_COST = 10;
/**
 * Tolerance seen: 10 s accepted (kalshi-api.md 1.2). A signature serves for 1 s, and 3 s at the
 * most.
 */
const SIGN_EVERY_MS = 1_000;
const MAX_SIGNATURE_AGE_MS = 3_000;
/** Older than any: the next order is signed anew. */
const NEVER_SIGNED = Number.NEGATIVE_INFINITY;

/** Why prepare() built nothing: the market has no terms. */
export const NO_SUCH_MARKET = -1;
/** The dialect has no word for this price or size. */
export const NOT_IN_DIALECT = -2;
/** Not a price between 0 and 1, or not a size above 0. */
export const NOT_AN_ORDER = -3;

export interface KalshiOrderMarket {
  readonly ticker: string;
  readonly exchangeIndex: number;
}

export interface KalshiOrderOptions {
  readonly restUrl: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly markets: readonly (KalshiOrderMarket | undefined)[];
  readonly connections: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly breaker: Breaker;
  readonly bucket: TokenBucket | undefined;
  /** In the place of connections of its own. */
  readonly lines?: OrderLines;
  /** `current` when left out. */
  readonly dialect?: KalshiDialect;
}

export class KalshiOrders implements OrderGateway {
  readonly venue = KALSHI;
  /** Kalshi names orders itself; ours are found by the client order id. */
  readonly preparedId = '';
  readonly #options: KalshiOrderOptions;
  readonly #connections: OrderLines;
  readonly #dialect: KalshiDialect;
  readonly #host: string;
  readonly #path: string;
  /** Of every order that this signature serves. */
  #head = '';
  readonly #frames: readonly (KalshiIocFrame | undefined)[];
  #signedMs = NEVER_SIGNED;
  #signatures = 0;
  #usedSignature = 0;
  #signer: NodeJS.Timeout | undefined;
  #request: Buffer | undefined;
  #isRehearsal = false;

  constructor(options: KalshiOrderOptions) {
    this.#options = options;
    const url = new URL(options.restUrl);
    this.#host = url.host;
    const base = url.pathname.replace(/\/$/, '');
    this.#dialect = options.dialect ?? 'current';
    this.#path = base + ORDERS_PATHS[this.#dialect];
    this.#frames = options.markets.map(
      (market) => market && kalshiIocFrame(market.ticker, market.exchangeIndex),
    );
    const { connections, timeoutMs, clock, breaker, bucket } = options;
    this.#connections =
      options.lines ??
      new OrderConnections({
        origin: url.origin,
        connections,
        timeoutMs,
        warmPath: base + WARM_PATH,
        warmEveryMs: WARM_EVERY_MS,
        clock,
        breaker,
        bucket,
        cost: KALSHI_ORDER_COST,
      });
  }

  async start(): Promise<void> {
    await this.#signAhead();
    this.#signer = setInterval(() => {
      // A failure leaves the last signature in place; prepare() signs by itself when that gets old.
      this.#signAhead().catch(() => undefined);
    }, SIGN_EVERY_MS);
    await this.#connections.warm();
    await this.#connections.openSink();
  }

  /** @hot */
  prepare(order: LegOrder, isRehearsal = false): number {
    // What cannot be built must not leave the order before it to be written again.
    this.#request = undefined;
    const frame = this.#frames[order.market];
    if (frame === undefined) return NO_SUCH_MARKET;
    if (!isPrice(order.limitE4) || !Number.isSafeInteger(order.limitE4)) return NOT_AN_ORDER;
    if (!(order.sizeCenti > 0) || !Number.isSafeInteger(order.sizeCenti)) return NOT_AN_ORDER;
    const wallMs = this.#options.clock.wallMs();
    // Also when the clock was set back: a signature of the future is refused like an old one.
    if (Math.abs(wallMs - this.#signedMs) > MAX_SIGNATURE_AGE_MS) this.#signNow(wallMs);
    const body = this.#dialect === 'current' ? currentBody(frame, order) : this.#legacyBody(order);
    if (body === undefined) return NOT_IN_DIALECT;
    this.#request = requestBytes(this.#head, body);
    this.#isRehearsal = isRehearsal;
    return PREPARED;
  }

  get canOpen(): boolean {
    return this.#connections.canOpen;
  }

  get canWrite(): boolean {
    return this.#connections.canWrite;
  }

  get obstacle(): string {
    return this.#connections.obstacle;
  }

  /** @hot */
  write(onReply: (reply: LegReply, answeredNs: number) => void): number {
    const request = this.#request;
    if (request === undefined) return NOT_WRITTEN;
    this.#request = undefined;
    return this.#connections.write(
      request,
      (outcome, atNs) => {
        const reply = readReply(outcome, this.#dialect);
        if (reply.kind === 'rejected' && reply.code === KALSHI_ERROR.TIMESTAMP_EXPIRED) {
          this.#signedMs = NEVER_SIGNED;
        }
        onReply(reply, atNs);
      },
      this.#isRehearsal,
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#signer);
    await this.#connections.close();
  }

  #legacyBody({
    market,
    clientOrderId,
    outcome,
    sizeCenti,
    limitE4,
  }: LegOrder): string | undefined {
    const { ticker } = this.#options.markets[market]!;
    const side = outcome === YES ? 'yes' : 'no';
    return kalshiLegacyIocBody(ticker, clientOrderId, 'buy', side, sizeCenti, limitE4);
  }

  async #signAhead(): Promise<void> {
    const signature = ++this.#signatures;
    const wallMs = this.#options.clock.wallMs();
    const message = kalshiMessage(String(wallMs), 'POST', this.#path);
    const text = await signKalshiAsync(this.#options.privateKey, message);
    this.#useSignature(signature, wallMs, text);
  }

  #signNow(wallMs: number): void {
    const message = kalshiMessage(String(wallMs), 'POST', this.#path);
    const text = signKalshi(this.#options.privateKey, message);
    this.#useSignature(++this.#signatures, wallMs, text);
  }

  /**
   * Signing ahead may end after a newer signature was made: numbers say which is newer, the wall
   * clock may be set.
   */
  #useSignature(signature: number, wallMs: number, text: string): void {
    if (signature < this.#usedSignature) return;
    this.#usedSignature = signature;
    this.#signedMs = wallMs;
    this.#head = requestHead('POST', this.#path, this.#host, [
      'content-type',
      'application/json',
      KALSHI_KEY_HEADER,
      this.#options.keyId,
      KALSHI_TIMESTAMP_HEADER,
      String(wallMs),
      KALSHI_SIGNATURE_HEADER,
      text,
    ]);
  }
}

/** Everything is said in YES terms: buying NO at q is an ask at 1 - q (kalshi-api.md 7.8). @hot */
function currentBody(frame: KalshiIocFrame, order: LegOrder): string {
  const { clientOrderId, sizeCenti, limitE4 } = order;
  return order.outcome === YES
    ? kalshiIocBody(frame, clientOrderId, 'bid', sizeCenti, limitE4)
    : kalshiIocBody(frame, clientOrderId, 'ask', sizeCenti, PAYOUT_E4 - limitE4);
}
