// Polymarket's order entry (polymarket-api.md 4): V2 FAK buys, sized in whole cents, hashed, signed
// and sealed with an HMAC over the exact bytes. The order's id is its hash, known before it is
// sent.
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import { marketBuyAmounts } from '../../domain/polymarket-amounts.js';
import { MICROS_PER_CENT, MICROS_PLACES } from '../../domain/units.js';
import { POLYMARKET } from '../../domain/venue.js';
import type { Breaker } from '../../net/circuit-breaker.js';
import {
  OrderConnections,
  type OrderRequest,
  type RequestOutcome,
} from '../../net/order-connections.js';
import type { TokenBucket } from '../../net/token-bucket.js';
import { type JsonObject, parseObject } from '../json.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED, rehearse } from '../orders.js';
import { hexOf } from './wire/eip712.js';
import { polymarketHmac } from './wire/hmac.js';
import { orderBody } from './wire/order-body.js';
import {
  BUY,
  createOrderHasher,
  EOA,
  type OrderHasher,
  type PolymarketOrder,
  ZERO_BYTES32,
} from './wire/order-hash.js';
import { signDigest } from './wire/sign.js';

const ORDER_PATH = '/order';
const WARM_PATH = '/ok';
const WARM_EVERY_MS = 4_000;
/** One token of the signer's bucket (polymarket-api.md 6). */
const ORDER_COST = 1;
const NO_MATCH_TEXT = 'no orders found to match with FAK order';
/**
 * Refusals after which the order may still be alive: it was there before, it is queued ("delayed"),
 * or the exchange broke off in the middle of it (polymarket-api.md 4.8).
 */
const DOUBTFUL_TEXTS: readonly string[] = [
  'duplicated',
  'delayed',
  'timed out',
  'context canceled',
];
/**
 * salt and timestamp make an order unique; a salt must fit a JSON number: 1024 orders a millisecond
 * until the year 2248.
 */
const SALTS_PER_MS = 1024;

export interface PolymarketOrderMarket {
  readonly tokenIds: readonly [string, string];
  readonly negRisk: boolean;
  readonly tickE4: number;
}

export interface PolymarketCredentials {
  readonly address: string;
  readonly apiKey: string;
  readonly secret: Buffer;
  readonly passphrase: string;
}

export interface PolymarketOrderOptions {
  readonly restUrl: string;
  readonly chainId: number;
  readonly exchanges: { readonly standard: string; readonly negRisk: string };
  readonly privateKey: Uint8Array;
  readonly funder: string;
  readonly credentials: PolymarketCredentials;
  readonly markets: readonly (PolymarketOrderMarket | undefined)[];
  readonly connections: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly breaker: Breaker;
  readonly bucket: TokenBucket | undefined;
}

export class PolymarketOrders implements OrderGateway {
  readonly venue = POLYMARKET;
  readonly #options: PolymarketOrderOptions;
  readonly #connections: OrderConnections;
  readonly #standard: OrderHasher;
  readonly #negRisk: OrderHasher;
  readonly #digest = new Uint8Array(32);
  #salts = 0;
  #orderId = '';
  #request: OrderRequest | undefined;

  constructor(options: PolymarketOrderOptions) {
    this.#options = options;
    const { connections, timeoutMs, clock, breaker, bucket } = options;
    this.#connections = new OrderConnections({
      origin: new URL(options.restUrl).origin,
      connections,
      timeoutMs,
      warmPath: WARM_PATH,
      warmEveryMs: WARM_EVERY_MS,
      clock,
      breaker,
      bucket,
      cost: ORDER_COST,
    });
    const hasher = (verifyingContract: string) =>
      createOrderHasher({ chainId: options.chainId, verifyingContract, domainVersion: '2' });
    this.#standard = hasher(options.exchanges.standard);
    this.#negRisk = hasher(options.exchanges.negRisk);
  }

  async start(): Promise<void> {
    await this.#connections.warm();
    rehearse(
      this,
      this.#options.markets.findIndex((market) => market !== undefined),
    );
  }

  /** @hot */
  prepare(leg: LegOrder): number {
    const market = this.#options.markets[leg.market];
    // Anything but whole cents has no amounts (polymarket-api.md 4.6).
    if (leg.spendMicros <= 0 || leg.spendMicros % MICROS_PER_CENT !== 0) return -1;
    if (market === undefined) return -1;
    const { privateKey, credentials, clock } = this.#options;
    const wallMs = clock.wallMs();
    const order = this.#buildOrder(leg, market, wallMs);
    (market.negRisk ? this.#negRisk : this.#standard).hash(order, this.#digest);
    this.#orderId = hexOf(this.#digest);
    const body = Buffer.from(
      orderBody(order, signDigest(this.#digest, privateKey), {
        owner: credentials.apiKey,
        orderType: 'FAK',
        postOnly: false,
        expirationS: 0,
      }),
    );
    const timestampS = String(Math.floor(wallMs / 1000));
    this.#request = {
      method: 'POST',
      path: ORDER_PATH,
      headers: [
        'content-type',
        'application/json',
        'POLY_ADDRESS',
        credentials.address,
        'POLY_SIGNATURE',
        polymarketHmac(credentials.secret, timestampS, 'POST', ORDER_PATH, body),
        'POLY_TIMESTAMP',
        timestampS,
        'POLY_API_KEY',
        credentials.apiKey,
        'POLY_PASSPHRASE',
        credentials.passphrase,
      ],
      body,
    };
    return PREPARED;
  }

  get canWrite(): boolean {
    return this.#connections.canWrite;
  }

  /** @hot */
  write(onReply: (reply: LegReply, answeredNs: number) => void): number {
    const orderId = this.#orderId;
    return this.#connections.write(this.#request!, (outcome, atNs) =>
      onReply(readReply(outcome, orderId), atNs),
    );
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  #buildOrder(leg: LegOrder, market: PolymarketOrderMarket, wallMs: number): PolymarketOrder {
    const amounts = marketBuyAmounts(leg.spendMicros, leg.limitE4, market.tickE4);
    this.#salts = (this.#salts + 1) % SALTS_PER_MS;
    return {
      salt: wallMs * SALTS_PER_MS + this.#salts,
      maker: this.#options.funder,
      signer: this.#options.credentials.address,
      tokenId: market.tokenIds[leg.outcome],
      makerAmount: amounts.makerAmount,
      takerAmount: amounts.takerAmount,
      side: BUY,
      signatureType: EOA,
      timestampMs: wallMs,
      metadata: ZERO_BYTES32,
      builder: ZERO_BYTES32,
    };
  }
}

/**
 * What a reply says of the order (polymarket-api.md 4.7, 4.8). Accepted only by the SDK's own test;
 * `delayed` is accepted and its end not known yet; whatever is neither a refusal nor a match is
 * unknown.
 */
export function readReply(outcome: RequestOutcome, orderId: string): LegReply {
  if (outcome.kind === 'lost') return { kind: 'unknown', orderId, why: outcome.why };
  const { status, body } = outcome;
  const reply = parseObject(body);
  if (status >= 200 && status < 300 && reply !== undefined) return readAccepted(reply, orderId);
  const error = reply?.error;
  if (status >= 400 && status < 500 && status !== 408 && typeof error === 'string') {
    return readRefusal(error, status, orderId);
  }
  return { kind: 'unknown', orderId, why: `status=${status} body=${body.slice(0, 200)}` };
}

function readRefusal(error: string, status: number, orderId: string): LegReply {
  if (error.includes(NO_MATCH_TEXT)) {
    return { kind: 'acknowledged', orderId, filledE6: 0, costMicros: 0 };
  }
  const text = error.toLowerCase();
  if (error === '' || DOUBTFUL_TEXTS.some((doubt) => text.includes(doubt))) {
    return { kind: 'unknown', orderId, why: `status=${status} error=${error}` };
  }
  return { kind: 'rejected', status, code: error };
}

function readAccepted(reply: JsonObject, orderId: string): LegReply {
  const { success, errorMsg, status, takingAmount, makingAmount } = reply;
  if (success !== true || errorMsg !== '') {
    // An errorMsg without an orderID is a refusal that came with a 200 (polymarket-api.md 4.7);
    // with one it contradicts itself.
    const isRefusal = typeof errorMsg === 'string' && errorMsg !== '' && !reply.orderID;
    return isRefusal && status !== 'matched'
      ? readRefusal(errorMsg, 200, orderId)
      : { kind: 'unknown', orderId, why: `success=${String(success)} errorMsg=${errorMsg}` };
  }
  if (reply.orderID !== orderId) {
    return {
      kind: 'unknown',
      orderId,
      why: `reply is of another order: ${String(reply.orderID)}`,
    };
  }
  if (
    status !== 'matched' ||
    typeof takingAmount !== 'string' ||
    typeof makingAmount !== 'string'
  ) {
    return { kind: 'unknown', orderId, why: `order is ${String(status)}` };
  }
  const filledE6 = parseDecimal(takingAmount, MICROS_PLACES);
  const costMicros = parseDecimal(makingAmount, MICROS_PLACES);
  // Matched with nothing is no match: what was filled is not known.
  if (!(filledE6 > 0 && costMicros > 0)) {
    return { kind: 'unknown', orderId, why: `amounts ${takingAmount} and ${makingAmount}` };
  }
  return { kind: 'acknowledged', orderId, filledE6, costMicros };
}
