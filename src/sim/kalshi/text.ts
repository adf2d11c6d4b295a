// Integers to the fixed-point text of Kalshi's bodies: prices with 4 decimals, counts with 2, money
// with 4 or 6.
import { formatDecimal } from '../../domain/decimal.js';
import { floorDiv } from '../../domain/exact.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';

/** One string a price, made once: the delta frames take two thirds of their text from here. */
const PRICE_TEXTS: readonly string[] = Array.from({ length: PAYOUT_E4 + 1 }, (_, priceE4) =>
  formatDecimal(priceE4, 4, 4),
);

export function priceText(priceE4: number): string {
  const text = PRICE_TEXTS[priceE4];
  if (text === undefined) throw new RangeError(`not a price: priceE4=${priceE4}`);
  return text;
}

/** Signed. A Kalshi book holds hundredths of a contract, so a finer size is a broken engine. */
export function countText(sizeE6: number): string {
  return formatDecimal(sizeE6 / E6_PER_CENTI, 2, 2);
}

/** Signed, exact: "0.017500". */
export function dollarsText(micros: number): string {
  return formatDecimal(micros, 6, 6);
}

/** Non-negative, cut off after 4 decimals: balances. */
export function dollars4Text(micros: number): string {
  return formatDecimal(floorDiv(micros, 100), 4, 4);
}

let isoMs = Number.NaN;
let isoText = '';

/** RFC 3339 with microseconds, as recorded frames have it. Frames of one moment share the text. */
export function isoTime(ms: number): string {
  if (ms !== isoMs) {
    isoMs = ms;
    isoText = `${new Date(ms).toISOString().slice(0, -1)}000Z`;
  }
  return isoText;
}

export function unixSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
