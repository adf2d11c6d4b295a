// Polymarket's private side, off the path of an order: API key, balance, and our own trades from
// the user socket and from the list that says the same later. The exchange reports no fee with a
// trade: it is computed from the market's schedule, fill by fill.
import { z } from 'zod';
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import { ceilDiv } from '../../domain/exact.js';
import {
  type PolymarketFeeSchedule,
  polymarketFillFeeMicros,
} from '../../domain/polymarket-fee.js';
import { E6_PER_CENTI, MICROS_PLACES, PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import { NO, type Outcome, POLYMARKET, YES } from '../../domain/venue.js';
import { isFinalAnswer, type RestClient } from '../../net/rest-client.js';
import { Liveness } from '../liveness.js';
import type { VenueFill } from '../orders.js';
import type { PolymarketCredentials } from './orders.js';
import { l1Headers } from './wire/clob-auth.js';
import { decodeSecret, polymarketHmac } from './wire/hmac.js';
import { END_CURSOR, FIRST_CURSOR } from './wire/rest-messages.js';
import { addressOf } from './wire/sign.js';

const PING_EVERY_NS = 10_000_000_000;
const LIVENESS = { maxSilenceMs: 60_000, maxLagMs: Number.POSITIVE_INFINITY };
const MAX_PAGES = 100;

const apiKeySchema = z.object({ apiKey: z.string(), secret: z.string(), passphrase: z.string() });

/** The wallet's API key: derived, or created when it has none yet (polymarket-api.md 3.1). */
export async function loadPolymarketCredentials(
  rest: RestClient,
  privateKey: Uint8Array,
  chainId: number,
  clock: Clock,
): Promise<PolymarketCredentials> {
  const headers = () => ({ ...l1Headers(privateKey, chainId, Math.floor(clock.wallMs() / 1000)) });
  let reply: z.infer<typeof apiKeySchema>;
  try {
    reply = await rest.get('/auth/derive-api-key', {}, headers(), apiKeySchema);
  } catch (error) {
    if (!isFinalAnswer(error)) throw error;
    reply = await rest.post('/auth/api-key', headers(), apiKeySchema);
  }
  return {
    address: addressOf(privateKey),
    apiKey: reply.apiKey,
    secret: decodeSecret(reply.secret),
    passphrase: reply.passphrase,
  };
}

export function l2Headers(
  credentials: PolymarketCredentials,
  wallMs: number,
  method: string,
  path: string,
): Record<string, string> {
  const timestampS = String(Math.floor(wallMs / 1000));
  return {
    POLY_ADDRESS: credentials.address,
    POLY_SIGNATURE: polymarketHmac(credentials.secret, timestampS, method, path, ''),
    POLY_TIMESTAMP: timestampS,
    POLY_API_KEY: credentials.apiKey,
    POLY_PASSPHRASE: credentials.passphrase,
  };
}

const balanceSchema = z.object({ balance: z.string() });

/** pUSD that orders may spend, in micros (polymarket-api.md 4.11). */
export async function loadPolymarketBalanceMicros(
  rest: RestClient,
  credentials: PolymarketCredentials,
  signatureType: number,
  clock: Clock,
): Promise<number> {
  const path = '/balance-allowance';
  const query = { asset_type: 'COLLATERAL', signature_type: String(signatureType) };
  const headers = l2Headers(credentials, clock.wallMs(), 'GET', path);
  const { balance } = await rest.get(path, query, headers, balanceSchema);
  return parseDecimal(balance, 0);
}

/** What is needed to book a trade of a market. */
export interface PolymarketFillMarket {
  readonly market: number;
  readonly conditionId: string;
  readonly tokenIds: readonly [string, string];
  readonly fees: PolymarketFeeSchedule;
}

const makerSchema = z.object({
  matched_amount: z.string(),
  price: z.string(),
  asset_id: z.string(),
});
const tradeSchema = z.object({
  id: z.string(),
  taker_order_id: z.string(),
  market: z.string(),
  asset_id: z.string(),
  side: z.string(),
  status: z.string(),
  trader_side: z.string().optional(),
  maker_orders: z.array(makerSchema),
});
type Trade = z.infer<typeof tradeSchema>;
const tradesSchema = z.object({ data: z.array(z.unknown()), next_cursor: z.string() });

/** Speaks the user socket (polymarket-api.md 9). */
export class PolymarketFillStream {
  readonly #credentials: PolymarketCredentials;
  readonly #secretText: string;
  readonly #markets: ReadonlyMap<string, PolymarketFillMarket>;
  readonly #onFill: (fill: VenueFill) => void;
  readonly #liveness: Liveness;
  #send: ((text: string) => void) | undefined;
  #pingedNs = 0;

  constructor(
    credentials: PolymarketCredentials,
    markets: ReadonlyMap<string, PolymarketFillMarket>,
    onFill: (fill: VenueFill) => void,
  ) {
    this.#credentials = credentials;
    this.#secretText = credentials.secret
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    this.#markets = markets;
    this.#onFill = onFill;
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
    let message: unknown;
    try {
      message = JSON.parse(data.toString('utf8'));
    } catch {
      // PONG and other plain text.
      return;
    }
    for (const event of Array.isArray(message) ? message : [message]) {
      const trade = tradeSchema.safeParse(event);
      if (!trade.success) continue;
      const fill = readTrade(trade.data, this.#markets);
      if (fill !== undefined) this.#onFill(fill);
    }
  }

  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    if (nowNs - this.#pingedNs > PING_EVERY_NS) {
      this.#pingedNs = nowNs;
      this.#send('PING');
    }
    return this.#liveness.check(nowNs) === 'give-up' ? 'silent for too long' : undefined;
  }
}

/** All our trades since a time (unix seconds), from GET /data/trades (polymarket-api.md 4.10). */
export async function listPolymarketFills(
  rest: RestClient,
  credentials: PolymarketCredentials,
  clock: Clock,
  sinceS: number,
  markets: ReadonlyMap<string, PolymarketFillMarket>,
): Promise<VenueFill[]> {
  const path = '/data/trades';
  const fills: VenueFill[] = [];
  let next_cursor = FIRST_CURSOR;
  for (let page = 0; page < MAX_PAGES; page++) {
    const headers = l2Headers(credentials, clock.wallMs(), 'GET', path);
    const query = { after: String(sinceS), next_cursor };
    const reply = await rest.get(path, query, headers, tradesSchema);
    for (const row of reply.data) {
      const trade = tradeSchema.safeParse(row);
      const fill = trade.success ? readTrade(trade.data, markets) : undefined;
      if (fill !== undefined) fills.push(fill);
    }
    next_cursor = reply.next_cursor;
    if (next_cursor === END_CURSOR || next_cursor === '') return fills;
  }
  throw new Error(`the list of trades does not end: pages=${MAX_PAGES}`);
}

const FINAL_STATES: Readonly<Record<string, VenueFill['state']>> = {
  MATCHED: 'provisional',
  MATCHED_NOT_BROADCASTED: 'provisional',
  MINED: 'provisional',
  RETRYING: 'provisional',
  CONFIRMED: 'final',
  FAILED: 'failed',
};

/** A trade of which we are the taker; undefined for others, and for what cannot be read. */
function readTrade(
  trade: Trade,
  markets: ReadonlyMap<string, PolymarketFillMarket>,
): VenueFill | undefined {
  const market = markets.get(trade.market);
  const state = FINAL_STATES[trade.status.replace('TRADE_STATUS_', '')];
  if (market === undefined || state === undefined) return undefined;
  if (trade.side !== 'BUY' || trade.trader_side === 'MAKER') return undefined;
  if (!market.tokenIds.includes(trade.asset_id)) return undefined;
  const outcome: Outcome = trade.asset_id === market.tokenIds[0] ? YES : NO;
  let sizeE6 = 0;
  let costMicros = 0;
  let feeMicros = 0;
  for (const maker of trade.maker_orders) {
    const makerPriceE4 = parseDecimal(maker.price, PRICE_PLACES);
    const makerE6 = parseDecimal(maker.matched_amount, MICROS_PLACES);
    if (Number.isNaN(makerPriceE4) || Number.isNaN(makerE6)) return undefined;
    // In a MINT the maker bought the other token: what we paid is the rest of the dollar
    // (polymarket-api.md 9).
    const priceE4 = maker.asset_id === trade.asset_id ? makerPriceE4 : PAYOUT_E4 - makerPriceE4;
    sizeE6 += makerE6;
    costMicros += ceilDiv(priceE4 * makerE6, E6_PER_CENTI);
    feeMicros += polymarketFillFeeMicros(market.fees, priceE4, makerE6);
  }
  return {
    venue: POLYMARKET,
    tradeId: trade.id,
    orderId: trade.taker_order_id,
    clientOrderId: undefined,
    market: market.market,
    outcome,
    sizeE6,
    costMicros,
    feeMicros,
    state,
  };
}
