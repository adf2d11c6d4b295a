// What an order says (polymarket-api.md 4.3): its body read field by field, and its price and size
// from its amounts (4.5).
import { MICROS_PER_CENT, PAYOUT_E4 } from '../../domain/units.js';
import type { OrderType } from '../../venues/polymarket/wire/order-body.js';
import {
  BUY,
  type OrderSide,
  type PolymarketOrder,
  SELL,
  type SignatureType,
} from '../../venues/polymarket/wire/order-hash.js';
import { INVALID_PAYLOAD, INVALID_SIDE, OLD_CLIENT, Refusal, VERSION_MISMATCH } from './refusal.js';

export interface PostedOrder {
  readonly order: PolymarketOrder;
  readonly signature: string;
  readonly owner: string;
  readonly orderType: OrderType;
  readonly postOnly: boolean;
  readonly expirationS: number;
}

/**
 * Amounts above this could not be multiplied exactly: 900,000 shares, far more than any book
 * shows.
 */
const MAX_AMOUNT_E6 = 900_000_000_000;
const MAX_TIMESTAMP_MS = 10 ** 14;
const ORDER_TYPES: readonly string[] = ['GTC', 'GTD', 'FOK', 'FAK'];
const WHOLE = /^\d{1,15}$/;
const UINT256 = /^\d{1,78}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BYTES32 = /^0x[0-9a-fA-F]{64}$/;
const HEX = /^0x(?:[0-9a-fA-F]{2})+$/;

/** Throws Refusal 400 for a body that is not an order, or is one of the dead V1. */
export function readPostedOrder(body: unknown): PostedOrder {
  const envelope = fieldsOf(body);
  const fields = fieldsOf(envelope.order);
  // V1 signed a nonce and a fee rate where V2 signs a timestamp (4.1); both is neither.
  const isV1 = 'nonce' in fields || 'feeRateBps' in fields;
  if (isV1) throw new Refusal(400, 'timestamp' in fields ? OLD_CLIENT : VERSION_MISMATCH);
  const { owner, orderType, postOnly = false, deferExec = false } = envelope;
  const known = typeof orderType === 'string' && ORDER_TYPES.includes(orderType);
  if (!known || typeof owner !== 'string') throw invalid();
  if (typeof postOnly !== 'boolean' || typeof deferExec !== 'boolean') throw invalid();
  if (postOnly && (orderType === 'FAK' || orderType === 'FOK')) throw invalid();
  return {
    order: {
      salt: wholeNumber(fields.salt, Number.MAX_SAFE_INTEGER),
      maker: textLike(fields.maker, ADDRESS),
      signer: textLike(fields.signer, ADDRESS),
      tokenId: textLike(fields.tokenId, UINT256),
      makerAmount: wholeText(fields.makerAmount, 1, MAX_AMOUNT_E6),
      takerAmount: wholeText(fields.takerAmount, 1, MAX_AMOUNT_E6),
      side: sideOf(fields.side),
      signatureType: wholeNumber(fields.signatureType, 3) as SignatureType,
      timestampMs: wholeText(fields.timestamp, 0, MAX_TIMESTAMP_MS),
      metadata: textLike(fields.metadata, BYTES32),
      builder: textLike(fields.builder, BYTES32),
    },
    signature: textLike(fields.signature, HEX),
    owner,
    orderType: orderType as OrderType,
    postOnly,
    expirationS: wholeText(fields.expiration ?? '0', 0, MAX_TIMESTAMP_MS),
  };
}

export interface Terms {
  /** Of the token that is bought or sold; undefined when the amounts are off every tick. */
  readonly priceE4: number | undefined;
  readonly sharesE6: number;
  readonly dollarsMicros: number;
}

/**
 * Shares may have fewer decimals than makerAmount / price (4.5); at five decimals one unit is 10,
 * at the coarsest 1,000.
 */
const ROUNDING_UNIT_E6: Readonly<Record<number, number>> = { 1000: 1000, 100: 100 };
const FINEST_ROUNDING_UNIT_E6 = 10;

/**
 * Price is dollars / shares to the nearest tick, where the difference is no more than the rounding
 * of one amount.
 */
export function termsOf(order: PolymarketOrder, tickE4: number): Terms {
  const sharesE6 = order.side === BUY ? order.takerAmount : order.makerAmount;
  const dollarsMicros = order.side === BUY ? order.makerAmount : order.takerAmount;
  const ticks = Math.round((dollarsMicros * PAYOUT_E4) / (sharesE6 * tickE4));
  const priceE4 = ticks * tickE4;
  const unit = ROUNDING_UNIT_E6[tickE4] ?? FINEST_ROUNDING_UNIT_E6;
  const off = Math.abs(dollarsMicros * PAYOUT_E4 - priceE4 * sharesE6);
  const onTick = off <= unit * PAYOUT_E4 && priceE4 >= tickE4 && priceE4 <= PAYOUT_E4 - tickE4;
  return { priceE4: onTick ? priceE4 : undefined, sharesE6, dollarsMicros };
}

/** FAK and FOK BUY: dollars with two decimals, shares with five (4.5). */
export function hasMarketBuyDecimals(order: PolymarketOrder): boolean {
  return order.makerAmount % MICROS_PER_CENT === 0 && order.takerAmount % 10 === 0;
}

function invalid(): Refusal {
  return new Refusal(400, INVALID_PAYLOAD);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid();
  return value as Record<string, unknown>;
}

function textLike(value: unknown, pattern: RegExp): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw invalid();
  return value;
}

function wholeText(value: unknown, minimum: number, maximum: number): number {
  const number = Number(textLike(value, WHOLE));
  if (number < minimum || number > maximum) throw invalid();
  return number;
}

function wholeNumber(value: unknown, maximum: number): number {
  if (!Number.isSafeInteger(value)) throw invalid();
  const number = value as number;
  if (number < 0 || number > maximum) throw invalid();
  return number;
}

function sideOf(value: unknown): OrderSide {
  if (value === 'BUY') return BUY;
  if (value === 'SELL') return SELL;
  throw new Refusal(400, INVALID_SIDE);
}
