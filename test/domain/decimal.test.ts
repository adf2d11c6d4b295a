import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDecimal, parseDecimal, parseSignedDecimal } from '../../src/domain/decimal.js';
import { fromDecimal } from './rational.js';

const places = fc.integer({ min: 0, max: 8 });
const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

/** Text of the shape that exchanges send: digits, a point, digits; either run may be missing, but not both. */
const decimalText = fc
  .tuple(digits(0, 12), digits(0, 10), fc.boolean())
  .map(([whole, fraction, point]) => (fraction !== '' || point ? `${whole}.${fraction}` : whole))
  .filter((text) => /\d/.test(text));

/** What the text is worth in 10^-places, or undefined when that is no whole number or 2^53 and more. */
function oracle(text: string, placesWanted: number): number | undefined {
  const { numerator, denominator } = fromDecimal(text);
  const scaled = numerator * 10n ** BigInt(placesWanted);
  if (scaled % denominator !== 0n) return undefined;
  const value = scaled / denominator;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

describe('decimal text', () => {
  test('becomes the number that exact arithmetic gives, or is refused', () => {
    fc.assert(
      fc.property(decimalText, places, (text, wanted) => {
        expect(parseDecimal(text, wanted)).toBe(oracle(text, wanted) ?? Number.NaN);
      }),
      { numRuns: 3_000 },
    );
  });

  test('near 2^53 is exact or refused', () => {
    const near = fc.bigInt({ min: 2n ** 53n - 2_000n, max: 2n ** 53n + 2_000n });
    fc.assert(
      fc.property(near, places, (value, wanted) => {
        const text = value.toString().padStart(wanted + 1, '0');
        const at = text.length - wanted;
        const decimal = wanted === 0 ? text : `${text.slice(0, at)}.${text.slice(at)}`;
        expect(parseDecimal(decimal, wanted)).toBe(oracle(decimal, wanted) ?? Number.NaN);
      }),
    );
  });

  test('survives printing and parsing', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), places, places, (value, wanted, shown) => {
        const text = formatDecimal(value, wanted, Math.min(shown, wanted));
        expect(parseSignedDecimal(text, wanted)).toBe(value === 0 ? 0 : value);
        expect(text.split('.')[1]?.length ?? 0).toBeGreaterThanOrEqual(Math.min(shown, wanted));
      }),
      { numRuns: 2_000 },
    );
  });

  test('that is malformed is refused', () => {
    const malformed = fc.oneof(
      fc.string().filter((text) => !/^(\d+\.?\d*|\.\d+)$/.test(text)),
      fc
        .tuple(decimalText, fc.nat(20), fc.constantFrom(...'eE+-_, xX"\u0660/:\u0000'))
        .map(([text, at, intruder]) => text.slice(0, at) + intruder + text.slice(at)),
      fc.tuple(decimalText, decimalText).map(([a, b]) => `${a}.${b}.`),
    );
    fc.assert(
      fc.property(malformed, places, (text, wanted) => {
        expect(parseDecimal(text, wanted)).toBeNaN();
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '',
    '.',
    '-',
    '-.',
    '--1',
    '+1',
    '1e3',
    'Infinity',
    'NaN',
    '0x10',
    ' 1',
    '1 ',
    '1.2.3',
  ])('refuses %j', (text) => {
    expect(parseDecimal(text, 4)).toBeNaN();
    expect(parseSignedDecimal(text, 4)).toBeNaN();
  });

  test('with a sign is minus what it is without, and zero has no sign', () => {
    fc.assert(
      fc.property(decimalText, places, (text, wanted) => {
        const value = parseDecimal(text, wanted);
        expect(parseSignedDecimal(`-${text}`, wanted)).toBe(value === 0 ? 0 : -value);
        expect(parseDecimal(`-${text}`, wanted)).toBeNaN();
      }),
    );
  });

  test('cannot be printed from a fraction', () => {
    expect(() => formatDecimal(0.5, 2)).toThrow(RangeError);
  });
});
