import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ageText,
  centsText,
  edgeText,
  limitInputText,
  limitText,
  parsedLimit,
  signedDollarsText,
  sizeText,
  skewText,
  untilText,
  wordsText,
} from '../../web/figures/figures.js';

describe('figures of the page', () => {
  it.each([
    [centsText(4200), '42.0¢'],
    [centsText(4235), '42.35¢'],
    [edgeText(12_345), '+1.23¢'],
    [edgeText(-12_350), '−1.24¢'],
    [edgeText(49), '0.00¢'],
    [signedDollarsText(1_234_565_000), '+$1,234.57'],
    [signedDollarsText(-20_000), '−$0.02'],
    [signedDollarsText(-4_999), '$0.00'],
    [sizeText(123_450), '1,234.5'],
    [ageText(240), '240 ms'],
    [ageText(3_400), '3.4 s'],
    [ageText(999.9), '1.0 s'],
    [untilText(8 * 60_000), '8 min'],
    [untilText(-1), 'due'],
    [skewText(-12), '−12 ms'],
    [wordsText('maxNakedMicros'), 'max naked'],
    [limitText(100_000_000, 'micros'), '$100.00'],
    [limitText(5_000, 'ms'), '5,000 ms'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });

  it('says money to the nearest cent, exactly, however much it is', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (micros) => {
        const digits = signedDollarsText(micros).replace(/[^\d]/g, '');
        const magnitude = BigInt(Math.abs(micros));
        expect(BigInt(digits)).toBe((magnitude + 5_000n) / 10_000n);
      }),
    );
  });

  it('reads back every limit that it puts into a field', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.constantFrom('micros', 'e4', 'centi', 'ms'),
        (value, unit) => {
          expect(parsedLimit(limitInputText(value, unit), unit)).toBe(value);
        },
      ),
    );
  });

  it.each(['', 'a lot', '1e3', '0.0000001', '1.2.3', 'NaN'])('takes %j for no limit', (text) => {
    expect(parsedLimit(text, 'micros')).toBeUndefined();
  });
});
