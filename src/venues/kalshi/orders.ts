// Kalshi's order entry (kalshi-api.md 3.2): V2 immediate-or-cancel orders on the YES book, over
// warm connections, with a signature made ahead: it covers time, method and path, not the body, so
// one serves every order of its second.
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../domain/clock.js';
import { formatDecimal, parseDecimal } from '../../domain/decimal.js';
import { E6_PER_CENTI, PAYOUT_E4, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { KALSHI, YES } from '../../domain/venue.js';
import type { Breaker } from '../../net/circuit-breaker.js';
import {
  OrderConnections,
  type OrderRequest,
  type RequestOutcome,
} from '../../net/order-connections.js';
import type { TokenBucket } from '../../net/token-bucket.js';
import { isObject, type JsonObject, parseObject } from '../json.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED, rehearse } from '../orders.js';
import {
  KALSHI_KEY_HEADER,
  KALSHI_SIGNATURE_HEADER,
  KALSHI_TIMESTAMP_HEADER,
  kalshiMessage,
  signKalshi,
  signKalshiAsync,
} from './wire/auth.js';
import { KALSHI_ERROR } from './wire/error-codes.js';

const ORDERS_PATH = '/portfolio/events/orders';
const WARM_PATH = '/exchange/status';
const WARM_EVERY_MS = 4_000;
/** kalshi-api.md 4.6. */
const ORDER_COST = 10;
/**
 * Tolerance seen: 10 s accepted (kalshi-api.md 1.2). A signature serves for 1 s, and 3 s at the
 * most.
 */
const SIGN_EVERY_MS = 1_000;
const MAX_SIGNATURE_AGE_MS = 3_000;

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
}

export class KalshiOrders implements OrderGateway {
  readonly venue = KALSHI;
  readonly #options: KalshiOrderOptions;
  readonly #connections: OrderConnections;
  readonly #path: string;
  readonly #headers: string[];
  #signedMs = 0;
  #signatures = 0;
  #usedSignature = 0;
  #signer: NodeJS.Timeout | undefined;
  #request: OrderRequest | undefined;

  constructor(options: KalshiOrderOptions) {
    this.#options = options;
    const url = new URL(options.restUrl);
    const base = url.pathname.replace(/\/$/, '');
    this.#path = base + ORDERS_PATH;
    const { connections, timeoutMs, clock, breaker, bucket } = options;
    this.#connections = new OrderConnections({
      origin: url.origin,
      connections,
      timeoutMs,
      warmPath: base + WARM_PATH,
      warmEveryMs: WARM_EVERY_MS,
      clock,
      breaker,
      bucket,
      cost: ORDER_COST,
    });
    this.#headers = [
      'content-type',
      'application/json',
      KALSHI_KEY_HEADER,
      options.keyId,
      KALSHI_TIMESTAMP_HEADER,
      '',
      KALSHI_SIGNATURE_HEADER,
      '',
    ];
  }

  async start(): Promise<void> {
    await this.#signAhead();
    this.#signer = setInterval(() => {
      // A failure leaves the last signature in place; prepare() signs by itself when that gets old.
      this.#signAhead().catch(() => undefined);
    }, SIGN_EVERY_MS);
    await this.#connections.warm();
    rehearse(
      this,
      this.#options.markets.findIndex((market) => market !== undefined),
    );
  }

  /** @hot */
  prepare(order: LegOrder): number {
    const market = this.#options.markets[order.market];
    if (market === undefined) return -1;
    const wallMs = this.#options.clock.wallMs();
    // Also when the clock was set back: a signature of the future is refused like an old one.
    if (Math.abs(wallMs - this.#signedMs) > MAX_SIGNATURE_AGE_MS) this.#signNow(wallMs);
    const isYes = order.outcome === YES;
    // Everything is said in YES terms: buying NO at q is an ask at 1 - q (kalshi-api.md 7.8).
    const yesPriceE4 = isYes ? order.limitE4 : PAYOUT_E4 - order.limitE4;
    const body =
      `{"ticker":"${market.ticker}","client_order_id":"${order.clientOrderId}"` +
      `,"side":"${isYes ? 'bid' : 'ask'}"` +
      `,"count":"${formatDecimal(order.sizeCenti, SIZE_CENTI_PLACES, SIZE_CENTI_PLACES)}"` +
      `,"price":"${formatDecimal(yesPriceE4, PRICE_PLACES, PRICE_PLACES)}"` +
      ',"time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross"' +
      `,"exchange_index":${market.exchangeIndex}}`;
    this.#request = {
      method: 'POST',
      path: this.#path,
      headers: this.#headers,
      body: Buffer.from(body),
    };
    return PREPARED;
  }

  get canWrite(): boolean {
    return this.#connections.canWrite;
  }

  /** @hot */
  write(onReply: (reply: LegReply, answeredNs: number) => void): number {
    return this.#connections.write(this.#request!, (outcome, atNs) =>
      onReply(readReply(outcome), atNs),
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#signer);
    await this.#connections.close();
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
    this.#headers[5] = String(wallMs);
    this.#headers[7] = text;
  }
}

/**
 * What a reply says of the order (kalshi-api.md 3.2, 3.4). Anything that is not clearly a refusal
 * or a 201 is unknown.
 */
export function readReply(outcome: RequestOutcome): LegReply {
  if (outcome.kind === 'lost') return { kind: 'unknown', orderId: undefined, why: outcome.why };
  const { status, body } = outcome;
  const reply = parseObject(body);
  if (status === 201 && reply !== undefined) return readCreated(reply);
  const code = errorCode(reply);
  if (status >= 400 && status < 500 && code !== undefined && isRefusal(status, code))
    return { kind: 'rejected', status, code };
  return {
    kind: 'unknown',
    orderId: undefined,
    why: `status=${status} body=${body.slice(0, 200)}`,
  };
}

/**
 * 409s that say that no order was made. order_already_exists says that one got through before: look
 * it up (kalshi-api.md 7.1).
 */
const CONFLICTS_THAT_REFUSE: readonly string[] = [
  KALSHI_ERROR.FOK_INSUFFICIENT_VOLUME,
  KALSHI_ERROR.TRADING_PAUSED,
  KALSHI_ERROR.EXCHANGE_PAUSED,
];

/**
 * A 408 is a time-out like any other, and a conflict that is not known may be with the order
 * itself.
 */
function isRefusal(status: number, code: string): boolean {
  if (status === 408) return false;
  return status !== 409 || CONFLICTS_THAT_REFUSE.includes(code);
}

function readCreated(reply: JsonObject): LegReply {
  const orderId = reply.order_id;
  const fillCount = reply.fill_count;
  const filledCenti =
    typeof fillCount === 'string' ? parseDecimal(fillCount, SIZE_CENTI_PLACES) : Number.NaN;
  if (typeof orderId !== 'string' || orderId === '' || Number.isNaN(filledCenti)) {
    return { kind: 'unknown', orderId: undefined, why: 'a 201 without order_id or fill_count' };
  }
  return {
    kind: 'acknowledged',
    orderId,
    filledE6: filledCenti * E6_PER_CENTI,
    // average_fill_price is rounded: what was paid is in the fills.
    costMicros: undefined,
  };
}

/** The code of any of the four error shapes (kalshi-api.md 3.4), undefined when there is none. */
function errorCode(reply: JsonObject | undefined): string | undefined {
  if (reply === undefined) return undefined;
  const error = reply.error;
  if (typeof error === 'string') return error;
  if (isObject(error) && typeof error.code === 'string') return error.code;
  if (typeof reply.code === 'string') return reply.code;
  return typeof reply.msg === 'string' ? reply.msg : undefined;
}
