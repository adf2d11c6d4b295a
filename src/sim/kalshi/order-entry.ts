// Reads the bodies of V2 order writes: create, amend, decrease (kalshi-api.md 3.2). It must not
// know books, accounts or markets.

import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import {
  KALSHI_SELF_TRADE_PREVENTIONS,
  KALSHI_TIMES_IN_FORCE,
  type KalshiSelfTradePrevention,
  type KalshiTimeInForce,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiSide } from '../../venues/kalshi/wire/ws-messages.js';
import { type Body, decode, type Fields, invalid, isRefusal } from './body-decoder.js';
import { type Refusal, refusal } from './reply.js';

/** A well-formed order; whether its market takes it is another question. */
export interface NewOrder {
  readonly ticker: string;
  readonly isBid: boolean;
  readonly sizeE6: number;
  /** YES price. */
  readonly priceE4: number;
  readonly timeInForce: KalshiTimeInForce;
  readonly selfTradePrevention: KalshiSelfTradePrevention;
  readonly clientOrderId: string | undefined;
  readonly expirationMs: number | undefined;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly cancelOnPause: boolean;
  readonly subaccount: number;
  readonly orderGroupId: string | undefined;
  readonly exchangeIndex: number | undefined;
  /** What a V1 order called itself (January 2026). */
  readonly legacy?: { readonly action: 'buy' | 'sell'; readonly side: KalshiSide };
}

export interface Amendment {
  readonly ticker: string;
  readonly isBid: boolean;
  /** In total: what is filled already, and what is wanted to rest. */
  readonly sizeE6: number;
  /** YES price. */
  readonly priceE4: number;
  readonly clientOrderId: string | undefined;
  readonly newClientOrderId: string | undefined;
  /** undefined: as it is; 0: none any more. */
  readonly expirationMs: number | undefined;
  readonly exchangeIndex: number | undefined;
}

/** Exactly one of the two is there. */
export interface Decrease {
  readonly byE6: number | undefined;
  readonly toE6: number | undefined;
  readonly exchangeIndex: number | undefined;
  readonly marketTicker: string | undefined;
}

const MAX_CLIENT_ID_CHARS = 64;

const CREATE_REQUIRED = [
  'ticker',
  'side',
  'count',
  'price',
  'time_in_force',
  'self_trade_prevention_type',
] as const;
const CREATE = {
  struct: 'CreateOrderV2Request',
  strings: [...CREATE_REQUIRED, 'client_order_id', 'order_group_id'],
  bools: ['post_only', 'reduce_only', 'cancel_order_on_pause'],
  ints: ['expiration_time', 'subaccount', 'exchange_index'],
  required: CREATE_REQUIRED,
} as const;

const AMEND_REQUIRED = ['ticker', 'side', 'price', 'count'] as const;
const AMEND = {
  struct: 'AmendOrderV2Request',
  strings: [...AMEND_REQUIRED, 'client_order_id', 'updated_client_order_id'],
  ints: ['expiration_time', 'exchange_index'],
  required: AMEND_REQUIRED,
} as const;

const DECREASE = {
  struct: 'DecreaseOrderV2Request',
  strings: ['reduce_by', 'reduce_to', 'market_ticker'],
  ints: ['exchange_index'],
} as const;

export function parseNewOrder(fields: Fields, nowMs: number): NewOrder | Refusal {
  const body = decode(fields, CREATE);
  if (isRefusal(body)) return body;
  const isBid = readSide(body);
  if (typeof isBid === 'object') return isBid;
  const timeInForce = KALSHI_TIMES_IN_FORCE.find((word) => word === body.text('time_in_force'));
  if (timeInForce === undefined) return invalid('time_in_force');
  const selfTradePrevention = KALSHI_SELF_TRADE_PREVENTIONS.find(
    (word) => word === body.text('self_trade_prevention_type'),
  );
  if (selfTradePrevention === undefined) return invalid('self_trade_prevention_type');
  const sizeE6 = body.countE6('count');
  if (typeof sizeE6 === 'object') return sizeE6;
  const priceE4 = body.priceE4('price');
  if (typeof priceE4 === 'object') return priceE4;
  const expiration = body.int('expiration_time');
  const order: NewOrder = {
    ticker: body.text('ticker'),
    isBid,
    sizeE6,
    priceE4,
    timeInForce,
    selfTradePrevention,
    clientOrderId: body.optionalText('client_order_id'),
    expirationMs: expiration === undefined ? undefined : expiration * 1000,
    postOnly: body.isTrue('post_only'),
    reduceOnly: body.isTrue('reduce_only'),
    cancelOnPause: body.isTrue('cancel_order_on_pause'),
    subaccount: body.int('subaccount') ?? 0,
    orderGroupId: body.optionalText('order_group_id'),
    exchangeIndex: body.int('exchange_index'),
  };
  return combinationRefusal(order, nowMs) ?? order;
}

export function parseAmendment(fields: Fields, nowMs: number): Amendment | Refusal {
  const body = decode(fields, AMEND);
  if (isRefusal(body)) return body;
  const isBid = readSide(body);
  if (typeof isBid === 'object') return isBid;
  const sizeE6 = body.countE6('count');
  if (typeof sizeE6 === 'object') return sizeE6;
  const priceE4 = body.priceE4('price');
  if (typeof priceE4 === 'object') return priceE4;
  const expiration = body.int('expiration_time');
  const newClientOrderId = body.optionalText('updated_client_order_id');
  if ((newClientOrderId?.length ?? 0) > MAX_CLIENT_ID_CHARS) {
    return invalid('updated_client_order_id');
  }
  if (expiration !== undefined && expiration !== 0 && expiration * 1000 <= nowMs) {
    return invalid('Expiration timestamp must be in the future');
  }
  return {
    ticker: body.text('ticker'),
    isBid,
    sizeE6,
    priceE4,
    clientOrderId: body.optionalText('client_order_id'),
    newClientOrderId,
    expirationMs: expiration === undefined ? undefined : expiration * 1000,
    exchangeIndex: body.int('exchange_index'),
  };
}

export function parseDecrease(fields: Fields): Decrease | Refusal {
  const body = decode(fields, DECREASE);
  if (isRefusal(body)) return body;
  const by = body.optionalText('reduce_by');
  const to = body.optionalText('reduce_to');
  if ((by === undefined) === (to === undefined)) {
    return invalid('exactly one of reduce_by and reduce_to');
  }
  const sizeE6 = by === undefined ? body.countE6('reduce_to', 0) : body.countE6('reduce_by');
  if (typeof sizeE6 === 'object') return sizeE6;
  return {
    byE6: by === undefined ? undefined : sizeE6,
    toE6: by === undefined ? sizeE6 : undefined,
    exchangeIndex: body.int('exchange_index'),
    marketTicker: body.optionalText('market_ticker'),
  };
}

function readSide(body: Body): boolean | Refusal {
  const side = body.text('side');
  return side === 'bid' || side === 'ask' ? side === 'bid' : invalid('side must be bid or ask');
}

function combinationRefusal(order: NewOrder, nowMs: number): Refusal | undefined {
  const isGtc = order.timeInForce === 'good_till_canceled';
  if ((order.clientOrderId?.length ?? 0) > MAX_CLIENT_ID_CHARS) return invalid('client_order_id');
  if (order.subaccount < 0 || order.subaccount > 63) return invalid('subaccount must be 0 to 63');
  if ((order.exchangeIndex ?? 0) < -1) return invalid('exchange_index');
  if (order.expirationMs !== undefined) {
    if (!isGtc) return invalid('expiration_time needs good_till_canceled');
    if (order.expirationMs <= nowMs) return invalid('Expiration timestamp must be in the future');
  }
  if (order.postOnly && !isGtc) {
    return refusal(400, KALSHI_ERROR.INVALID_ORDER, 'post only needs good_till_canceled');
  }
  if (order.reduceOnly && order.timeInForce !== 'immediate_or_cancel') {
    return refusal(400, KALSHI_ERROR.INVALID_ORDER, 'reduce only needs immediate_or_cancel');
  }
  return undefined;
}
