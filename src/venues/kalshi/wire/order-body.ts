// The bodies of Kalshi's V2 order calls (kalshi-api.md 3.2), every field in one fixed order; it
// must not know HTTP, keys or what a market accepts.
import { formatDecimal } from '../../../domain/decimal.js';
import { isPrice } from '../../../domain/price-grid.js';
import { PRICE_PLACES, SIZE_CENTI_PLACES } from '../../../domain/units.js';
import type { KalshiSelfTradePrevention, KalshiTimeInForce } from './rest-messages.js';
import type { KalshiBookSide } from './ws-messages.js';

/**
 * An order in the words of the exchange: a side of the YES book and a YES price, whatever is
 * bought.
 */
export interface KalshiNewOrder {
  readonly ticker: string;
  /** Burned for good, by cancels and killed orders too (kalshi-api.md 7.1). */
  readonly clientOrderId: string;
  readonly side: KalshiBookSide;
  readonly sizeCenti: number;
  readonly yesPriceE4: number;
  readonly timeInForce: KalshiTimeInForce;
  readonly selfTradePrevention: KalshiSelfTradePrevention;
  /**
   * The shard, always said: left out, the exchange looks it up, which takes longer (kalshi-api.md
   * 3.8).
   */
  readonly exchangeIndex: number;
  /** Unix seconds, good_till_canceled only. */
  readonly expirationS?: number;
  readonly postOnly?: boolean;
  readonly reduceOnly?: boolean;
  readonly cancelOnPause?: boolean;
  readonly subaccount?: number;
  readonly orderGroupId?: string;
}

/**
 * An order of ours, named well enough for the exchange to find it: by id alone it looks on shard 0
 * only (kalshi-api.md 3.8).
 */
export interface KalshiOrderRef {
  readonly orderId: string;
  readonly ticker: string;
  readonly exchangeIndex: number;
  readonly subaccount?: number;
}

export interface KalshiAmendment {
  readonly side: KalshiBookSide;
  readonly yesPriceE4: number;
  /** In total: what has filled and what is to rest. */
  readonly sizeCenti: number;
  readonly clientOrderId?: string;
  readonly updatedClientOrderId?: string;
  /** Absent: as it was; 0: none any more (since OpenAPI 3.31). */
  readonly expirationS?: number;
}

export type KalshiDecrease = { readonly byCenti: number } | { readonly toCenti: number };

/** The order cannot be said to the exchange: nothing was sent. */
export class KalshiOrderBodyError extends Error {
  readonly code = 'KALSHI_ORDER_BODY';
}

/**
 * Body of a create. Throws KalshiOrderBodyError for what the exchange is known to refuse whatever
 * the market (3.2).
 */
export function kalshiOrderBody(order: KalshiNewOrder): string {
  return JSON.stringify(orderFields(order));
}

export function kalshiBatchBody(orders: readonly KalshiNewOrder[]): string {
  return JSON.stringify({ orders: orders.map(orderFields) });
}

export function kalshiCancelBatchBody(orders: readonly KalshiOrderRef[]): string {
  return JSON.stringify({
    orders: orders.map(({ orderId, ticker, exchangeIndex, subaccount }) => ({
      order_id: orderId,
      subaccount,
      exchange_index: exchangeIndex,
      market_ticker: ticker,
    })),
  });
}

/** Exactly one of the two fields. */
export function kalshiDecreaseBody(
  { ticker, exchangeIndex }: KalshiOrderRef,
  decrease: KalshiDecrease,
): string {
  const sizes =
    'byCenti' in decrease
      ? { reduce_by: sizeText(decrease.byCenti, 1) }
      : { reduce_to: sizeText(decrease.toCenti, 0) };
  return JSON.stringify({ ...sizes, exchange_index: exchangeIndex, market_ticker: ticker });
}

export function kalshiAmendBody(
  { ticker, exchangeIndex }: KalshiOrderRef,
  amendment: KalshiAmendment,
): string {
  return JSON.stringify({
    ticker,
    side: amendment.side,
    price: priceText(amendment.yesPriceE4),
    count: sizeText(amendment.sizeCenti, 1),
    client_order_id: amendment.clientOrderId,
    updated_client_order_id: amendment.updatedClientOrderId,
    expiration_time: amendment.expirationS,
    exchange_index: exchangeIndex,
  });
}

/** What every immediate-or-cancel order of one market has in common, written once. */
export interface KalshiIocFrame {
  readonly head: string;
  readonly tail: string;
}

export function kalshiIocFrame(ticker: string, exchangeIndex: number): KalshiIocFrame {
  return {
    head: `{"ticker":${JSON.stringify(ticker)},"client_order_id":"`,
    tail:
      '","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross"' +
      `,"exchange_index":${exchangeIndex}}`,
  };
}

/**
 * The body of an immediate-or-cancel order, the same bytes that kalshiOrderBody would make. The
 * client order id must need no escaping, as ours do not. @hot
 */
export function kalshiIocBody(
  { head, tail }: KalshiIocFrame,
  clientOrderId: string,
  side: KalshiBookSide,
  sizeCenti: number,
  yesPriceE4: number,
): string {
  return (
    `${head}${clientOrderId}","side":"${side}"` +
    `,"count":"${formatDecimal(sizeCenti, SIZE_CENTI_PLACES, SIZE_CENTI_PLACES)}"` +
    `,"price":"${formatDecimal(yesPriceE4, PRICE_PLACES, PRICE_PLACES)}${tail}`
  );
}

/** undefined fields are left out by JSON. */
function orderFields(order: KalshiNewOrder): Readonly<Record<string, unknown>> {
  const isResting = order.timeInForce === 'good_till_canceled';
  if (order.expirationS !== undefined && !isResting) {
    throw unsayable(order, 'an expiration needs good_till_canceled');
  }
  if (order.postOnly === true && !isResting) {
    throw unsayable(order, 'post only needs good_till_canceled');
  }
  if (order.reduceOnly === true && order.timeInForce !== 'immediate_or_cancel') {
    throw unsayable(order, 'reduce only needs immediate_or_cancel');
  }
  return {
    ticker: order.ticker,
    client_order_id: order.clientOrderId,
    side: order.side,
    count: sizeText(order.sizeCenti, 1),
    price: priceText(order.yesPriceE4),
    time_in_force: order.timeInForce,
    self_trade_prevention_type: order.selfTradePrevention,
    exchange_index: order.exchangeIndex,
    expiration_time: order.expirationS,
    post_only: order.postOnly,
    reduce_only: order.reduceOnly,
    cancel_order_on_pause: order.cancelOnPause,
    subaccount: order.subaccount,
    order_group_id: order.orderGroupId,
  };
}

function unsayable({ clientOrderId }: KalshiNewOrder, why: string): KalshiOrderBodyError {
  return new KalshiOrderBodyError(`${why}: clientOrderId=${clientOrderId}`);
}

function sizeText(sizeCenti: number, leastCenti: number): string {
  if (!Number.isSafeInteger(sizeCenti) || sizeCenti < leastCenti) {
    throw new KalshiOrderBodyError(`not a size: sizeCenti=${sizeCenti}`);
  }
  return formatDecimal(sizeCenti, SIZE_CENTI_PLACES, SIZE_CENTI_PLACES);
}

function priceText(yesPriceE4: number): string {
  if (!Number.isSafeInteger(yesPriceE4) || !isPrice(yesPriceE4)) {
    throw new KalshiOrderBodyError(`not a price: yesPriceE4=${yesPriceE4}`);
  }
  return formatDecimal(yesPriceE4, PRICE_PLACES, PRICE_PLACES);
}
