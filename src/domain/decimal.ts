// The exchanges write prices, sizes and money as decimal text. It becomes integers here, and no float ever touches it.

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const MINUS = 45;

/** What the parsers return for text that is not a decimal, or has more precision than asked for. Test with Number.isNaN. */
export const NOT_A_DECIMAL = Number.NaN;

/**
 * Parses an unsigned decimal ("0.4400", ".48", "12") to a whole number of 10^-places.
 * Digits beyond `places` must be zeros; signs, exponents, blanks and results of 2^53 or more give NOT_A_DECIMAL. @hot
 */
export function parseDecimal(text: string, places: number): number {
  return parseFrom(text, 0, places);
}

/** As parseDecimal, with an optional leading minus ("-2.50"): the form of Kalshi's `delta_fp` (kalshi-api.md 2.6). @hot */
export function parseSignedDecimal(text: string, places: number): number {
  if (text.charCodeAt(0) !== MINUS) return parseFrom(text, 0, places);
  const magnitude = parseFrom(text, 1, places);
  return magnitude === 0 ? 0 : -magnitude;
}

function parseFrom(text: string, start: number, places: number): number {
  const length = text.length;
  let value = 0;
  let digits = 0;
  let index = start;
  for (; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code < ZERO || code > NINE) break;
    value = value * 10 + (code - ZERO);
    digits++;
  }
  let missing = places;
  if (index < length) {
    if (text.charCodeAt(index) !== DOT) return NOT_A_DECIMAL;
    for (index++; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code < ZERO || code > NINE) return NOT_A_DECIMAL;
      digits++;
      if (missing > 0) {
        value = value * 10 + (code - ZERO);
        missing--;
      } else if (code !== ZERO) {
        return NOT_A_DECIMAL;
      }
    }
  }
  if (digits === 0) return NOT_A_DECIMAL;
  for (; missing > 0; missing--) value *= 10;
  return value <= Number.MAX_SAFE_INTEGER ? value : NOT_A_DECIMAL;
}

/**
 * Prints a whole number of 10^-places as decimal text with at least `minFraction` digits after the point and no further
 * trailing zeros: formatDecimal(4400, 4, 2) is "0.44", formatDecimal(4405, 4, 2) is "0.4405".
 */
export function formatDecimal(value: number, places: number, minFraction = 0): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: value=${value}`);
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  let fraction = digits.slice(digits.length - places);
  while (fraction.length > minFraction && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  const sign = value < 0 ? '-' : '';
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
