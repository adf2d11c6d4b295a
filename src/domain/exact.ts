// Exact integer arithmetic on Numbers: every operand and result is a whole number below 2^53, or the function says so.

/** Quotient of two whole numbers rounded up. `%` is exact on doubles; `Math.ceil(n / d)` is not once n / d is long. @hot */
export function ceilDiv(numerator: number, denominator: number): number {
  const remainder = numerator % denominator;
  return (numerator - remainder) / denominator + (remainder > 0 ? 1 : 0);
}

/** Quotient of two non-negative whole numbers rounded down. @hot */
export function floorDiv(numerator: number, denominator: number): number {
  return (numerator - (numerator % denominator)) / denominator;
}

export function greatestCommonDivisor(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}

/** A non-negative fraction in lowest terms; both parts are whole numbers. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

export function ratio(numerator: number, denominator: number): Ratio {
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function multiplyRatios(a: Ratio, b: Ratio): Ratio {
  return ratio(a.numerator * b.numerator, a.denominator * b.denominator);
}

const RATIO_TEXT = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/**
 * The exact fraction that a short decimal text stands for ("0.07" is 7/100), or undefined when the text is anything else.
 * Exchanges send fee rates as JSON numbers; pass `String(value)`: the shortest text of a double gives back what was sent.
 */
export function parseRatio(text: string): Ratio | undefined {
  const match = RATIO_TEXT.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  return ratio(Number(`${match[1]}${fraction}`), 10 ** fraction.length);
}
