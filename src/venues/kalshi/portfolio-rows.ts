// One fill, order or position of ours as Kalshi's lists and private channels say it (kalshi-api.md
// 2.6, 3.5, 3.6), in integers. The whole cents and contracts of January 2026 (2.7) are read where a
// row has no fixed-point text. It must not know how rows come.
import { parseDecimal, parseSignedDecimal } from '../../domain/decimal.js';
import { ceilDiv } from '../../domain/exact.js';
import { kalshiTakerRate, kalshiTradeFeeMicros } from '../../domain/kalshi-fee.js';
import { isPrice } from '../../domain/price-grid.js';
import {
  CENTI_PER_CONTRACT,
  E6_PER_CENTI,
  MICROS_PER_CENT,
  MICROS_PER_PRICE_E4,
  MICROS_PLACES,
  PAYOUT_E4,
  PRICE_PLACES,
  SIZE_CENTI_PLACES,
} from '../../domain/units.js';
import { KALSHI, NO, type Outcome, YES } from '../../domain/venue.js';
import { isObject, type JsonObject, textOf } from '../json.js';
import type { VenueFill } from '../orders.js';

/**
 * Rows that are ours, or may be, and say something that is not understood. Who trusts the others
 * must know of these.
 */
export interface Unreadable {
  readonly count: number;
  /** The start of the first one's text; empty when there is none. */
  readonly firstText: string;
}

const QUOTED_CHARS = 300;

/** Keeps count of what cannot be read. */
export class UnreadableRows {
  #count = 0;
  #firstText = '';

  add(row: unknown): void {
    this.#count++;
    if (this.#count === 1) this.#firstText = quote(row);
  }

  get summary(): Unreadable {
    return { count: this.#count, firstText: this.#firstText };
  }
}

export function quote(row: unknown): string {
  return (typeof row === 'string' ? row : (JSON.stringify(row) ?? '')).slice(0, QUOTED_CHARS);
}

/** Not one of ours: a market that we do not trade. */
export const OF_OTHERS = 'of others';

/** The fill; OF_OTHERS; or undefined when it cannot be read and may be ours. */
export function readFill(
  row: unknown,
  markets: ReadonlyMap<string, number>,
): VenueFill | typeof OF_OTHERS | undefined {
  if (!isObject(row)) return undefined;
  const market = marketOf(row, markets);
  if (market === undefined || market === OF_OTHERS) return market;
  const tradeId = textOf(row.trade_id) || textOf(row.fill_id);
  const orderId = textOf(row.order_id);
  const outcome = outcomeOf(row);
  const sizeCenti = sizeOf(row, 'count_fp', 'count');
  const yesPriceE4 = priceOf(row);
  if (tradeId === '' || orderId === '' || outcome === undefined) return undefined;
  if (!(sizeCenti > 0) || !isPrice(yesPriceE4)) return undefined;
  const priceE4 = outcome === YES ? yesPriceE4 : PAYOUT_E4 - yesPriceE4;
  const feeMicros = feeOf(row, priceE4, sizeCenti);
  if (Number.isNaN(feeMicros)) return undefined;
  const clientOrderId = textOf(row.client_order_id);
  return {
    venue: KALSHI,
    tradeId,
    orderId,
    clientOrderId: clientOrderId === '' ? undefined : clientOrderId,
    market,
    outcome,
    sizeE6: sizeCenti * E6_PER_CENTI,
    costMicros: priceE4 * sizeCenti,
    feeMicros,
    state: 'final',
  };
}

/** `unknown` stands for the exchange's own word and for any that is new. */
export type KalshiOrderStatusSeen = 'resting' | 'canceled' | 'executed' | 'unknown';

export interface KalshiOrderState {
  readonly orderId: string;
  readonly clientOrderId: string | undefined;
  readonly ticker: string;
  readonly status: KalshiOrderStatusSeen;
  readonly filledCenti: number;
  /** What rests: 0 says nothing about fills. */
  readonly remainingCenti: number;
}

/** The order, or undefined when the row cannot be read. */
export function readOrder(row: unknown): KalshiOrderState | undefined {
  if (!isObject(row)) return undefined;
  const orderId = textOf(row.order_id);
  const ticker = tickerOf(row);
  const filledCenti = sizeOf(row, 'fill_count_fp', 'fill_count');
  const remainingCenti = sizeOf(row, 'remaining_count_fp', 'remaining_count');
  if (orderId === '' || ticker === '' || typeof row.status !== 'string') return undefined;
  if (Number.isNaN(filledCenti) || Number.isNaN(remainingCenti)) return undefined;
  const clientOrderId = textOf(row.client_order_id);
  const { status } = row;
  const isKnown = status === 'resting' || status === 'canceled' || status === 'executed';
  return {
    orderId,
    clientOrderId: clientOrderId === '' ? undefined : clientOrderId,
    ticker,
    status: isKnown ? status : 'unknown',
    filledCenti,
    remainingCenti,
  };
}

export interface KalshiPosition {
  readonly ticker: string;
  /** Above 0 is YES, below 0 is NO: one net position a market (kalshi-api.md 3.6). */
  readonly netCenti: number;
  readonly exposureMicros: number;
}

/** The position, or undefined when the row cannot be read. */
export function readPosition(row: unknown): KalshiPosition | undefined {
  if (!isObject(row)) return undefined;
  const ticker = tickerOf(row);
  const netCenti =
    row.position_fp === undefined
      ? wholeNumber(row.position) * CENTI_PER_CONTRACT
      : parseSignedDecimal(textOf(row.position_fp), SIZE_CENTI_PLACES);
  const exposureMicros =
    row.market_exposure_dollars === undefined
      ? wholeNumber(row.market_exposure) * MICROS_PER_CENT
      : parseDecimal(textOf(row.market_exposure_dollars), MICROS_PLACES);
  if (ticker === '' || Number.isNaN(netCenti) || !(exposureMicros >= 0)) return undefined;
  return { ticker, netCenti, exposureMicros };
}

/** The index of a row's market; OF_OTHERS; undefined when it names none. */
export function marketOf(
  row: JsonObject,
  markets: ReadonlyMap<string, number>,
): number | typeof OF_OTHERS | undefined {
  const ticker = tickerOf(row);
  return ticker === '' ? undefined : (markets.get(ticker) ?? OF_OTHERS);
}

function tickerOf(row: JsonObject): string {
  return textOf(row.market_ticker) || textOf(row.ticker);
}

/**
 * The outcome that the fill is for. Without outcome_side only a buy tells it: a recorded sell of
 * YES was for YES, against the documents (kalshi-api.md 3.5).
 */
function outcomeOf({ outcome_side: outcomeSide, side, action }: JsonObject): Outcome | undefined {
  if (outcomeSide !== undefined) return outcomeNamed(outcomeSide);
  return action === 'buy' ? outcomeNamed(side) : undefined;
}

function outcomeNamed(word: unknown): Outcome | undefined {
  return word === 'yes' ? YES : word === 'no' ? NO : undefined;
}

function sizeOf(row: JsonObject, fixedPoint: string, whole: string): number {
  const text = row[fixedPoint];
  if (text !== undefined) return parseDecimal(textOf(text), SIZE_CENTI_PLACES);
  const count = wholeNumber(row[whole]);
  return count >= 0 ? count * CENTI_PER_CONTRACT : Number.NaN;
}

function priceOf(row: JsonObject): number {
  const text = row.yes_price_dollars;
  if (text !== undefined) return parseDecimal(textOf(text), PRICE_PLACES);
  return (wholeNumber(row.yes_price) * MICROS_PER_CENT) / MICROS_PER_PRICE_E4;
}

const FULL_TAKER_RATE = kalshiTakerRate('quadratic', 1)!;

/**
 * What the fill says. A row of January names no fee, which was rounded up to the cent an order: the
 * full taker rate, rounded up a fill, is never less.
 */
function feeOf(row: JsonObject, priceE4: number, sizeCenti: number): number {
  if (row.fee_cost !== undefined || row.count_fp !== undefined) {
    return parseDecimal(textOf(row.fee_cost), MICROS_PLACES);
  }
  const feeMicros = kalshiTradeFeeMicros(FULL_TAKER_RATE, priceE4, sizeCenti);
  return ceilDiv(feeMicros, MICROS_PER_CENT) * MICROS_PER_CENT;
}

function wholeNumber(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : Number.NaN;
}
