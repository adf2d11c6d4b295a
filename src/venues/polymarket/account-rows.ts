// Trades and orders of ours as the lists and the user socket send them (polymarket-api.md 4.10, 9).
// What cannot be read is said to be so: the caller must not take it for not filled.
import { z } from 'zod';
import { parseDecimal } from '../../domain/decimal.js';
import { ceilDiv } from '../../domain/exact.js';
import {
  type PolymarketFeeSchedule,
  polymarketFillFeeMicros,
} from '../../domain/polymarket-fee.js';
import { E6_PER_CENTI, MICROS_PLACES, PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import { NO, type Outcome, POLYMARKET, YES } from '../../domain/venue.js';
import type { VenueFill } from '../orders.js';

const MAX_QUOTE_CHARS = 300;

export interface Unreadable {
  readonly count: number;
  /** The start of the first such row; empty when there is none. */
  readonly firstText: string;
}

/** Counts rows that could not be read. */
export class UnreadableRows {
  #count = 0;
  #firstText = '';

  add(row: unknown): void {
    if (this.#count === 0) this.#firstText = quote(row);
    this.#count++;
  }

  get summary(): Unreadable {
    return { count: this.#count, firstText: this.#firstText };
  }
}

export function quote(row: unknown): string {
  const text = typeof row === 'string' ? row : String(JSON.stringify(row));
  return text.slice(0, MAX_QUOTE_CHARS);
}

/** What is needed to book a trade of a market. */
export interface PolymarketFillMarket {
  readonly market: number;
  readonly conditionId: string;
  readonly tokenIds: readonly [string, string];
  readonly fees: PolymarketFeeSchedule;
}

const makerSchema = z.object({
  order_id: z.string().optional(),
  owner: z.string().optional(),
  matched_amount: z.string(),
  price: z.string(),
  asset_id: z.string(),
  side: z.string().optional(),
});
const tradeSchema = z.object({
  id: z.string().min(1),
  taker_order_id: z.string(),
  market: z.string(),
  asset_id: z.string(),
  side: z.string(),
  status: z.string(),
  owner: z.string().optional(),
  trader_side: z.string().optional(),
  maker_orders: z.array(makerSchema),
});
type Trade = z.infer<typeof tradeSchema>;
type Maker = z.infer<typeof makerSchema>;

const FILL_STATES: Readonly<Record<string, VenueFill['state']>> = {
  MATCHED: 'provisional',
  MATCHED_NOT_BROADCASTED: 'provisional',
  MINED: 'provisional',
  RETRYING: 'provisional',
  CONFIRMED: 'final',
  FAILED: 'failed',
};

/**
 * Our fills in a trade: as its taker, and of each of our orders among its makers. None for a trade
 * of a market that is not in `markets`. Undefined when it cannot be read, which a sale of ours
 * cannot: fills are of what was bought.
 */
export function readTrade(
  row: unknown,
  markets: ReadonlyMap<string, PolymarketFillMarket>,
  apiKey: string,
): readonly VenueFill[] | undefined {
  const parsed = tradeSchema.safeParse(row);
  if (!parsed.success) return undefined;
  const trade = parsed.data;
  const market = markets.get(trade.market);
  if (market === undefined) return [];
  const state = FILL_STATES[trade.status.toUpperCase().replace('TRADE_STATUS_', '')];
  if (state === undefined) return undefined;
  const makers = trade.maker_orders.filter(({ owner }) => owner === apiKey);
  const fills = makers.map((maker) => readMakerFill(trade, maker, market, state));
  if (isTaker(trade, apiKey)) fills.push(readTakerFill(trade, market, state));
  const known = fills.filter((fill) => fill !== undefined);
  const isWhole = known.length === fills.length && known.length > 0;
  // One id twice could not be told from one fill reported twice.
  const isDistinct = new Set(known.map(({ tradeId }) => tradeId)).size === known.length;
  return isWhole && isDistinct ? known : undefined;
}

function isTaker({ trader_side, owner }: Trade, apiKey: string): boolean {
  return trader_side === undefined ? owner === apiKey : trader_side.toUpperCase() === 'TAKER';
}

/** What the makers got is what we paid: the exchange reports no total, and no fee. */
function readTakerFill(
  trade: Trade,
  market: PolymarketFillMarket,
  state: VenueFill['state'],
): VenueFill | undefined {
  const outcome = outcomeOf(trade.asset_id, market);
  if (outcome === undefined || trade.side.toUpperCase() !== 'BUY') return undefined;
  let sizeE6 = 0;
  let costMicros = 0;
  let feeMicros = 0;
  for (const maker of trade.maker_orders) {
    const makerPriceE4 = priceOf(maker.price);
    const makerE6 = parseDecimal(maker.matched_amount, MICROS_PLACES);
    // In a MINT the maker bought the other token: what we paid is the rest of the dollar
    // (polymarket-api.md 9).
    const priceE4 = maker.asset_id === trade.asset_id ? makerPriceE4 : PAYOUT_E4 - makerPriceE4;
    const paidMicros = costOf(priceE4, makerE6);
    if (Number.isNaN(paidMicros)) return undefined;
    sizeE6 += makerE6;
    costMicros += paidMicros;
    feeMicros += polymarketFillFeeMicros(market.fees, priceE4, makerE6);
  }
  if (sizeE6 === 0) return undefined;
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

/** Our own entry: the trade's own price, side and token are the taker's. Makers pay no fee (5). */
function readMakerFill(
  trade: Trade,
  maker: Maker,
  market: PolymarketFillMarket,
  state: VenueFill['state'],
): VenueFill | undefined {
  const { order_id: orderId } = maker;
  const outcome = outcomeOf(maker.asset_id, market);
  const sizeE6 = parseDecimal(maker.matched_amount, MICROS_PLACES);
  const costMicros = costOf(priceOf(maker.price), sizeE6);
  if (orderId === undefined || outcome === undefined) return undefined;
  if (maker.side?.toUpperCase() !== 'BUY' || !(sizeE6 > 0 && costMicros > 0)) return undefined;
  return {
    venue: POLYMARKET,
    tradeId: `${trade.id}:${orderId}`,
    orderId,
    clientOrderId: undefined,
    market: market.market,
    outcome,
    sizeE6,
    costMicros,
    feeMicros: 0,
    state,
  };
}

function outcomeOf(tokenId: string, { tokenIds }: PolymarketFillMarket): Outcome | undefined {
  if (tokenId === tokenIds[YES]) return YES;
  return tokenId === tokenIds[NO] ? NO : undefined;
}

/** NaN for text that is not a price between 0 and a dollar. */
function priceOf(text: string): number {
  const priceE4 = parseDecimal(text, PRICE_PLACES);
  return priceE4 > 0 && priceE4 < PAYOUT_E4 ? priceE4 : Number.NaN;
}

/** Rounded up, as the exchange does; NaN where the product is not exact. */
function costOf(priceE4: number, sizeE6: number): number {
  const product = priceE4 * sizeE6;
  return Number.isSafeInteger(product) ? ceilDiv(product, E6_PER_CENTI) : Number.NaN;
}

/** One word for each of the exchange's (4.10, 9), whatever prefix or reason it carries. */
export type PolymarketOrderStatus =
  | 'live'
  | 'matched'
  | 'canceled'
  | 'delayed'
  | 'unmatched'
  | 'invalid';

export interface PolymarketOrderState {
  readonly orderId: string;
  readonly conditionId: string;
  readonly tokenId: string;
  readonly status: PolymarketOrderStatus;
  readonly side: 'BUY' | 'SELL';
  readonly priceE4: number;
  readonly originalE6: number;
  /** undefined where the exchange leaves it empty: that is not 0. */
  readonly matchedE6: number | undefined;
}

const orderSchema = z.object({
  id: z.string().min(1),
  market: z.string(),
  asset_id: z.string(),
  status: z.string(),
  side: z.string(),
  price: z.string(),
  original_size: z.string(),
  size_matched: z.string(),
});

const ORDER_STATUSES: Readonly<Record<string, PolymarketOrderStatus>> = {
  LIVE: 'live',
  MATCHED: 'matched',
  CANCELED: 'canceled',
  DELAYED: 'delayed',
  UNMATCHED: 'unmatched',
  INVALID: 'invalid',
};

/** The order, or undefined when the row cannot be read. */
export function readOrder(row: unknown): PolymarketOrderState | undefined {
  const parsed = orderSchema.safeParse(row);
  if (!parsed.success) return undefined;
  const order = parsed.data;
  // "ORDER_STATUS_CANCELED_MARKET_RESOLVED": the first word after the prefix is the status.
  const [word = ''] = order.status.toUpperCase().replace('ORDER_STATUS_', '').split('_');
  const status = ORDER_STATUSES[word];
  const side = order.side.toUpperCase();
  const priceE4 = priceOf(order.price);
  const originalE6 = parseDecimal(order.original_size, MICROS_PLACES);
  const isEmpty = order.size_matched === '';
  const matchedE6 = isEmpty ? undefined : parseDecimal(order.size_matched, MICROS_PLACES);
  if (status === undefined || (side !== 'BUY' && side !== 'SELL')) return undefined;
  if (Number.isNaN(priceE4 + originalE6 + (matchedE6 ?? 0))) return undefined;
  return {
    orderId: order.id,
    conditionId: order.market,
    tokenId: order.asset_id,
    status,
    side,
    priceE4,
    originalE6,
    matchedE6,
  };
}
