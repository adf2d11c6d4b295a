// Polymarket's order entry (polymarket-api.md 4): V2 FAK buys, sized in whole cents, hashed, signed
// and sealed with an HMAC over the exact bytes. The order's id is its hash, known before it is
// sent.
import type { Clock } from '../../domain/clock.js';
import { marketBuyAmounts } from '../../domain/polymarket-amounts.js';
import { MICROS_PER_CENT, PAYOUT_E4 } from '../../domain/units.js';
import { POLYMARKET } from '../../domain/venue.js';
import type { Breaker } from '../../net/circuit-breaker.js';
import { headerLines, requestBytes, requestHead } from '../../net/http-request.js';
import type { OrderLines } from '../../net/no-connections.js';
import { NOT_WRITTEN, OrderConnections, type RequestOutcome } from '../../net/order-connections.js';
import type { RestClient } from '../../net/rest-client.js';
import type { TokenBucket } from '../../net/token-bucket.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED } from '../orders.js';
import { readReply } from './order-reply.js';
import { OrderSigner, type PolymarketExchanges, type SignedMarket } from './order-signer.js';
import { ProtocolVersion } from './protocol-version.js';
import { VERSION_MISMATCH_TEXT } from './refusals.js';
import { polymarketHmac } from './wire/hmac.js';
import type { OrderEnvelope } from './wire/order-body.js';
import { BUY, EOA, type SignatureType } from './wire/order-hash.js';

const ORDER_PATH = '/order';
const WARM_PATH = '/ok';
const WARM_EVERY_MS = 4_000;
/** One token of the signer's bucket (polymarket-api.md 6). */
export const POLYMARKET_ORDER_COST = 1;

/**
 * prepare() cannot build it: unknown market or exchange, spend not in cents, price off the tick.
 */
const NOT_BUILDABLE = -1;
/** prepare() refuses: the exchange may speak another version of the protocol. */
const VERSION_UNCONFIRMED = -2;

export interface PolymarketOrderMarket extends SignedMarket {
  readonly tickE4: number;
}

export interface PolymarketCredentials {
  /** The key's own address, also where another wallet pays. */
  readonly address: string;
  readonly apiKey: string;
  readonly secret: Buffer;
  readonly passphrase: string;
}

export interface PolymarketOrderOptions {
  readonly restUrl: string;
  readonly chainId: number;
  readonly exchanges: PolymarketExchanges;
  readonly privateKey: Uint8Array;
  /** polymarket-api.md 4.2; type 0 when it is left out. */
  readonly signatureType?: SignatureType;
  readonly funder: string;
  readonly credentials: PolymarketCredentials;
  readonly markets: readonly (PolymarketOrderMarket | undefined)[];
  readonly connections: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly breaker: Breaker;
  readonly bucket: TokenBucket | undefined;
  /** In the place of connections of its own. */
  readonly lines?: OrderLines;
  /** Asks for the version of the protocol; without it a mismatch ends this gateway's orders. */
  readonly rest?: RestClient;
}

export class PolymarketOrders implements OrderGateway {
  readonly venue = POLYMARKET;
  readonly #options: PolymarketOrderOptions;
  readonly #connections: OrderLines;
  readonly #signer: OrderSigner;
  readonly #envelope: OrderEnvelope;
  readonly #version: ProtocolVersion;
  #orderId = '';
  /** Of every order: who asks. */
  readonly #head: string;
  #request: Buffer | undefined;
  #isRehearsal = false;

  /** Throws RangeError for a funder that does not fit the signature type, or is no address. */
  constructor(options: PolymarketOrderOptions) {
    this.#options = options;
    const { connections, timeoutMs, clock, breaker, bucket } = options;
    const { signatureType = EOA, credentials } = options;
    this.#signer = new OrderSigner({ ...options, signatureType });
    this.#envelope = {
      owner: credentials.apiKey,
      orderType: 'FAK',
      postOnly: false,
      expirationS: 0,
    };
    this.#version = new ProtocolVersion(options.rest);
    const { host, origin } = new URL(options.restUrl);
    this.#head = requestHead('POST', ORDER_PATH, host, [
      'content-type',
      'application/json',
      'POLY_ADDRESS',
      credentials.address,
      'POLY_API_KEY',
      credentials.apiKey,
      'POLY_PASSPHRASE',
      credentials.passphrase,
    ]);
    this.#connections =
      options.lines ??
      new OrderConnections({
        origin,
        connections,
        timeoutMs,
        warmPath: WARM_PATH,
        warmEveryMs: WARM_EVERY_MS,
        clock,
        breaker,
        bucket,
        cost: POLYMARKET_ORDER_COST,
      });
  }

  /** Rejects when the exchange cannot be reached, or speaks another version of the protocol. */
  async start(): Promise<void> {
    await this.#connections.warm();
    await this.#connections.openSink();
    if (!(await this.confirmVersion())) {
      throw new Error(`Polymarket does not take our orders: why=${this.#version.why}`);
    }
  }

  /**
   * Asks the exchange for its version once; true when orders may leave. After a version mismatch
   * the gateway asks by itself until they may.
   */
  async confirmVersion(): Promise<boolean> {
    return this.#version.confirm();
  }

  /** @hot */
  prepare(leg: LegOrder, isRehearsal = false): number {
    // What cannot be built must not leave the order before it to be written again.
    this.#request = undefined;
    const market = this.#options.markets[leg.market];
    if (market === undefined || !isOrderable(leg, market.tickE4)) return NOT_BUILDABLE;
    if (!this.#signer.canSign(market)) return NOT_BUILDABLE;
    if (!this.#version.isSpoken) return VERSION_UNCONFIRMED;
    const { credentials, clock } = this.#options;
    const wallMs = clock.wallMs();
    const amounts = marketBuyAmounts(leg.spendMicros, leg.limitE4, market.tickE4);
    const order = this.#signer.order(market, leg.outcome, BUY, amounts, wallMs);
    const signed = this.#signer.sign(market, order, this.#envelope, isRehearsal);
    this.#orderId = signed.orderId;
    const timestampS = String(Math.floor(wallMs / 1000));
    const head =
      this.#head +
      headerLines([
        'POLY_TIMESTAMP',
        timestampS,
        'POLY_SIGNATURE',
        polymarketHmac(credentials.secret, timestampS, 'POST', ORDER_PATH, signed.body),
      ]);
    this.#request = requestBytes(head, signed.body);
    this.#isRehearsal = isRehearsal;
    return PREPARED;
  }

  /** The order's hash. */
  get preparedId(): string {
    return this.#orderId;
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
    const orderId = this.#orderId;
    const request = this.#request;
    if (request === undefined) return NOT_WRITTEN;
    this.#request = undefined;
    return this.#connections.write(
      request,
      (outcome, atNs) => onReply(this.#read(outcome, orderId), atNs),
      this.#isRehearsal,
    );
  }

  async close(): Promise<void> {
    this.#version.close();
    await this.#connections.close();
  }

  #read(outcome: RequestOutcome, orderId: string): LegReply {
    const reply = readReply(outcome, orderId);
    const isMismatch = reply.kind === 'rejected' && reply.code.includes(VERSION_MISMATCH_TEXT);
    if (isMismatch) this.#version.mismatched();
    return reply;
  }
}

/** Anything but whole cents at a price on the grid has no amounts (polymarket-api.md 4.6). @hot */
function isOrderable({ spendMicros, limitE4 }: LegOrder, tickE4: number): boolean {
  return (
    spendMicros > 0 &&
    spendMicros % MICROS_PER_CENT === 0 &&
    limitE4 >= tickE4 &&
    limitE4 <= PAYOUT_E4 - tickE4 &&
    limitE4 % tickE4 === 0
  );
}
