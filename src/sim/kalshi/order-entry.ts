// Reads the body of a V2 order as strictly as the exchange's own decoder (kalshi-api.md 3.2, 3.4): numbers where strings
// belong are refused, and nothing is guessed. It must not know books, accounts or markets.
import { parseDecimal } from '../../domain/decimal.js';
import { E6_PER_CENTI, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import {
  KALSHI_SELF_TRADE_PREVENTIONS,
  KALSHI_TIMES_IN_FORCE,
  type KalshiSelfTradePrevention,
  type KalshiTimeInForce,
} from '../../venues/kalshi/wire/rest-messages.js';
import { decodeRefusal, type Refusal, refusal } from './reply.js';

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
}

/** 500,000 contracts: beyond it the fee's integer arithmetic is no longer exact (src/domain/kalshi-fee.ts). */
export const MAX_COUNT_CENTI = 50_000_000;
const MAX_CLIENT_ID_CHARS = 64;

const STRUCT = 'CreateOrderV2Request';
const STRING_FIELDS = [
  'ticker',
  'side',
  'count',
  'price',
  'time_in_force',
  'self_trade_prevention_type',
  'client_order_id',
  'order_group_id',
] as const;
const BOOL_FIELDS = ['post_only', 'reduce_only', 'cancel_order_on_pause'] as const;
const INT_FIELDS = ['expiration_time', 'subaccount', 'exchange_index'] as const;
const REQUIRED_FIELDS = STRING_FIELDS.slice(0, 6);

const COUNT_TEXT = /^\d{1,9}(\.\d{1,2})?$/;
const PRICE_TEXT = /^\d{0,3}\.\d{2,4}$/;

export type Fields = Readonly<Record<string, unknown>>;

export function parseJsonObject(text: string): Fields | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return decodeRefusal(text === '' ? 'EOF' : 'invalid character in JSON body');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return decodeRefusal(`json: cannot unmarshal ${goType(value)} into Go value of type object`);
  }
  return value as Fields;
}

export function isRefusal(value: object): value is Refusal {
  return 'status' in value && 'error' in value;
}

export function parseNewOrder(fields: Fields, nowMs: number): NewOrder | Refusal {
  const undecodable = typeRefusal(fields);
  if (undecodable !== undefined) return undecodable;
  for (const field of REQUIRED_FIELDS) {
    const value = fields[field];
    if (value === undefined || value === null || value === '') return invalid(`${field} required`);
  }
  const text = (field: string): string => (fields[field] as string | null | undefined) ?? '';
  const side = text('side');
  if (side !== 'bid' && side !== 'ask') return invalid('side must be bid or ask');
  const timeInForce = KALSHI_TIMES_IN_FORCE.find((word) => word === text('time_in_force'));
  if (timeInForce === undefined) return invalid('time_in_force');
  const selfTradePrevention = KALSHI_SELF_TRADE_PREVENTIONS.find(
    (word) => word === text('self_trade_prevention_type'),
  );
  if (selfTradePrevention === undefined) return invalid('self_trade_prevention_type');
  if (!COUNT_TEXT.test(text('count'))) return invalid('count must be a decimal of 0 to 2 places');
  const countCenti = parseDecimal(text('count'), SIZE_CENTI_PLACES);
  if (countCenti < 1 || countCenti > MAX_COUNT_CENTI) {
    return refusal(400, KALSHI_ERROR.INVALID_ORDER_SIZE, `count ${text('count')}`);
  }
  if (!PRICE_TEXT.test(text('price'))) return invalid('price must be dollars of 2 to 4 places');
  const expiration = (fields.expiration_time as number | null | undefined) ?? undefined;
  const order: NewOrder = {
    ticker: text('ticker'),
    isBid: side === 'bid',
    sizeE6: countCenti * E6_PER_CENTI,
    priceE4: parseDecimal(text('price'), PRICE_PLACES),
    timeInForce,
    selfTradePrevention,
    clientOrderId: text('client_order_id') === '' ? undefined : text('client_order_id'),
    expirationMs: expiration === undefined ? undefined : expiration * 1000,
    postOnly: fields.post_only === true,
    reduceOnly: fields.reduce_only === true,
    cancelOnPause: fields.cancel_order_on_pause === true,
    subaccount: (fields.subaccount as number | null | undefined) ?? 0,
    orderGroupId: text('order_group_id') === '' ? undefined : text('order_group_id'),
    exchangeIndex: (fields.exchange_index as number | null | undefined) ?? undefined,
  };
  return combinationRefusal(order, nowMs) ?? order;
}

/** The refusal of a field whose JSON type is wrong, worded as the exchange's decoder words it. */
function typeRefusal(fields: Fields): Refusal | undefined {
  for (const [names, type] of [
    [STRING_FIELDS, 'string'],
    [BOOL_FIELDS, 'bool'],
    [INT_FIELDS, 'int'],
  ] as const) {
    for (const field of names) {
      const value = fields[field];
      if (value === undefined || value === null || goType(value) === goWord(type, value)) continue;
      return decodeRefusal(
        `json: cannot unmarshal ${goType(value)} into Go struct field ${STRUCT}.${field} of type ${type}`,
      );
    }
  }
  return undefined;
}

/** What goType says of a value that fits the field's type. */
function goWord(type: 'string' | 'bool' | 'int', value: unknown): string {
  if (type !== 'int') return type;
  return Number.isSafeInteger(value) ? 'number' : 'int';
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
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

function invalid(details: string): Refusal {
  return refusal(400, KALSHI_ERROR.INVALID_PARAMETERS, details);
}
