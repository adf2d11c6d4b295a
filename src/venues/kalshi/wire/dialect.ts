// How Kalshi writes the changes and levels of a book, today and in January 2026 (kalshi-api.md 2.6,
// 2.7). One connection speaks one dialect: a frame of the other one cannot be read, it is never
// guessed at.
import { parseDecimal, parseSignedDecimal } from '../../../domain/decimal.js';
import { CENTI_PER_CONTRACT, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../../domain/units.js';
import { type JsonObject, textOf } from '../../json.js';
import type { KalshiSide } from './ws-messages.js';

export const KALSHI_DIALECTS = ['current', 'legacy'] as const;
export type KalshiDialect = (typeof KALSHI_DIALECTS)[number];

/** What one dialect makes of a frame's values; NaN is what cannot be read. */
export interface DialectReader {
  priceE4(value: unknown): number;
  /** Signed: a level's must not be below 0. */
  sizeCenti(value: unknown): number;
  priceOf(body: JsonObject): unknown;
  changeOf(body: JsonObject): unknown;
  /** undefined: the side is empty. Anything that is no list cannot be read. */
  levelsOf(body: JsonObject, side: KalshiSide): unknown;
}

const E4_PER_CENT = 100;
/** In place of a side's levels: they are there, in the other dialect. */
const OTHER_DIALECT = 'other dialect';

const CURRENT: DialectReader = {
  priceE4: (value) => parseDecimal(textOf(value), PRICE_PLACES),
  sizeCenti: (value) => parseSignedDecimal(textOf(value), SIZE_CENTI_PLACES),
  priceOf: (body) => body.price_dollars,
  changeOf: (body) => body.delta_fp,
  // A side without levels has no key at all (2.6). In the weeks of the change frames carried both.
  levelsOf: (body, side) =>
    body[`${side}_dollars_fp`] ??
    (side in body || `${side}_dollars` in body ? OTHER_DIALECT : undefined),
};

/**
 * Whole cents and whole contracts. A frame with `_fp` fields may have parts of contracts, which its
 * integers leave out: it is not of this dialect.
 */
const LEGACY: DialectReader = {
  priceE4: (value) => wholeTimes(value, E4_PER_CENT),
  sizeCenti: (value) => wholeTimes(value, CENTI_PER_CONTRACT),
  priceOf: (body) => body.price,
  changeOf: (body) => ('delta_fp' in body ? undefined : body.delta),
  levelsOf: (body, side) =>
    `${side}_dollars_fp` in body || (body[side] === undefined && `${side}_dollars` in body)
      ? OTHER_DIALECT
      : body[side],
};

function wholeTimes(value: unknown, factor: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return Number.NaN;
  const scaled = value * factor;
  return Number.isSafeInteger(scaled) ? scaled : Number.NaN;
}

export function readerOf(dialect: KalshiDialect): DialectReader {
  return dialect === 'current' ? CURRENT : LEGACY;
}
