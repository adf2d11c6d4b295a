import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRatio, type Ratio } from '../../src/domain/exact.js';
import { kalshiFeeTable, polymarketFeeTable } from '../../src/domain/fee-table.js';
import {
  KALSHI_FEE_TYPES,
  kalshiFillFeeMicros,
  kalshiMakerRate,
  kalshiTakerRate,
  kalshiTradeFeeMicros,
} from '../../src/domain/kalshi-fee.js';
import {
  polymarketFeeBoundMicros,
  polymarketFeeSchedule,
  polymarketFillFeeMicros,
} from '../../src/domain/polymarket-fee.js';
import {
  ceil,
  fromDecimal,
  kalshiFillFeesOracle,
  kalshiTradeFeeOracle,
  polymarketFeeOracle,
  rational,
  roundHalfUp,
  times,
} from './rational.js';

const priceE4 = fc.integer({ min: 0, max: 10_000 });
const sizeCenti = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }),
  fc.integer({ min: 1, max: 50_000_000 }),
);
const multiplier = fc.constantFrom(0, 0.25, 0.5, 0.75, 1, 2);
const fill = fc.record({ priceE4, sizeCenti: fc.integer({ min: 1, max: 100_000 }) });

const exactly = ({ numerator, denominator }: Ratio) => rational(numerator, denominator);

/** A rate that must be known. */
function rateOf(found: Ratio | undefined): Ratio {
  if (found === undefined) throw new Error('the rate is unknown');
  return found;
}
const takerRate = (factor: number) => rateOf(kalshiTakerRate('quadratic', factor));

describe('Kalshi fee', () => {
  test('of a trade is the exact fee rounded up to a micro', () => {
    fc.assert(
      fc.property(multiplier, priceE4, sizeCenti, (factor, price, size) => {
        const rate = times(rational(7, 100), fromDecimal(String(factor)));
        const fee = kalshiTradeFeeMicros(takerRate(factor), price, size);
        expect(BigInt(fee)).toBe(kalshiTradeFeeOracle(rate, price, size));
      }),
      { numRuns: 5_000 },
    );
  });

  test('of fills follows trade fee, rounding and rebate', () => {
    const fills = fc.array(fill, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(multiplier, fills, fc.constantFrom(100, 10_000), (factor, of, step) => {
        const rate = takerRate(factor);
        const accumulator = { roundingMicros: 0 };
        const fees = of.map(({ priceE4: price, sizeCenti: size }) =>
          kalshiFillFeeMicros(
            -price * size,
            kalshiTradeFeeMicros(rate, price, size),
            accumulator,
            step,
          ),
        );
        expect(fees.map(BigInt)).toEqual(kalshiFillFeesOracle(exactly(rate), of, step));
        expect(Math.min(...fees)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 1_000 },
    );
  });

  test('leaves the balance on its step after every fill', () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 30 }), (fills) => {
        const accumulator = { roundingMicros: 0 };
        for (const { priceE4: price, sizeCenti: size } of fills) {
          const tradeFee = kalshiTradeFeeMicros(takerRate(1), price, size);
          const fee = kalshiFillFeeMicros(-price * size, tradeFee, accumulator);
          expect((price * size + fee) % 100).toBe(0);
        }
      }),
    );
  });

  // kalshi-api.md 4.5: buy 1 @ 0.055, M = 1.
  test.each([
    { stepMicros: 10_000, feeMicros: 5_000, roundingMicros: 1_361 },
    { stepMicros: 100, feeMicros: 3_700, roundingMicros: 61 },
  ])('of the documented example, step=$stepMicros', ({ stepMicros, feeMicros, roundingMicros }) => {
    const accumulator = { roundingMicros: 0 };
    const tradeFee = kalshiTradeFeeMicros(takerRate(1), 550, 100);
    expect(tradeFee).toBe(3_639);
    expect(kalshiFillFeeMicros(-55_000, tradeFee, accumulator, stepMicros)).toBe(feeMicros);
    expect(accumulator.roundingMicros).toBe(roundingMicros);
  });

  // Recorded fills (kalshi-api.md 4.5).
  test.each([
    [5_200, 17_500],
    [9_900, 700],
  ])('of one contract at %i is what was charged', (price, charged) => {
    const tradeFee = kalshiTradeFeeMicros(takerRate(1), price, 100);
    expect(kalshiFillFeeMicros(-price * 100, tradeFee, { roundingMicros: 0 })).toBe(charged);
  });

  test('is unknown for other types and for multipliers that are no short decimal', () => {
    for (const type of ['flat', '', 'constructor', 'toString', '__proto__']) {
      expect(kalshiTakerRate(type, 1)).toBeUndefined();
      expect(kalshiMakerRate(type, 1)).toBeUndefined();
    }
    for (const factor of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e-9, 1 / 3]) {
      expect(kalshiTakerRate('quadratic', factor)).toBeUndefined();
    }
    for (const type of KALSHI_FEE_TYPES) expect(kalshiMakerRate(type, 1)).toBeDefined();
  });

  test('of a maker is none, 0.0175 or 0.035', () => {
    expect(kalshiMakerRate('quadratic', 1)).toEqual({ numerator: 0, denominator: 1 });
    expect(kalshiMakerRate('quadratic_with_maker_fees', 0.5)).toEqual(parseRatio('0.00875'));
    expect(kalshiMakerRate('quadratic_with_combo_maker_fees', 1)).toEqual(parseRatio('0.035'));
  });
});

const schedule = fc
  .record({
    rate: fc.constantFrom(0, 0.03, 0.04, 0.05, 0.07, 0.072, 0.25),
    exponent: fc.constantFrom(1, 2),
  })
  .map(({ rate, exponent }) => {
    const known = polymarketFeeSchedule(rate, exponent);
    if (known === undefined) throw new Error(`unknown schedule: rate=${rate}`);
    return known;
  });

describe('Polymarket fee', () => {
  test('of a fill is the exact fee rounded to 5 decimals', () => {
    const sizeE6 = fc.integer({ min: 1, max: 10 ** 13 });
    fc.assert(
      fc.property(schedule, priceE4, sizeE6, (of, price, size) => {
        expect(BigInt(polymarketFillFeeMicros(of, price, size))).toBe(
          polymarketFeeOracle(exactly(of.rate), of.exponent, price, size, roundHalfUp),
        );
      }),
      { numRuns: 3_000 },
    );
  });

  test('bound is the exact fee rounded up to 5 decimals', () => {
    const anySize = fc.oneof(sizeCenti, fc.integer({ min: 1, max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(schedule, priceE4, anySize, (of, price, size) => {
        expect(BigInt(polymarketFeeBoundMicros(of, price, size))).toBe(
          polymarketFeeOracle(exactly(of.rate), of.exponent, price, size * 10_000, ceil),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  // polymarket-api.md 5.
  test.each([
    { rate: 0.07, price: 5_000, shares: 100, micros: 1_750_000 },
    { rate: 0.05, price: 3_000, shares: 100, micros: 1_050_000 },
    { rate: 0.04, price: 9_700, shares: 10, micros: 11_640 },
  ])('of $shares at $price and $rate is $micros', ({ rate, price, shares, micros }) => {
    const of = polymarketFeeSchedule(rate, 1);
    expect(of && polymarketFillFeeMicros(of, price, shares * 1_000_000)).toBe(micros);
  });

  test('is unknown when it cannot be computed exactly', () => {
    for (const [rate, exponent] of [
      [0.05, 0],
      [0.05, 3],
      [0.05, 1.5],
      [-0.05, 1],
      [Number.NaN, 1],
      [1e-7, 1],
    ] as const) {
      expect(polymarketFeeSchedule(rate, exponent)).toBeUndefined();
    }
  });
});

describe('fee table', () => {
  test('holds the fee of one contract at every price, rounded up to a micro', () => {
    for (const factor of [0, 0.5, 1]) {
      const table = kalshiFeeTable(takerRate(factor));
      const rate = times(rational(7, 100), fromDecimal(String(factor)));
      for (let price = 0; price <= 10_000; price++) {
        if (BigInt(table[price]!) !== kalshiTradeFeeOracle(rate, price, 100)) {
          expect.fail(`price=${price} fee=${table[price]}`);
        }
      }
    }
  });

  test('of Polymarket agrees with the exact fee at every price', () => {
    fc.assert(
      fc.property(schedule, priceE4, (of, price) => {
        const variance = times(rational(price, 10_000), rational(10_000 - price, 10_000));
        const power = of.exponent === 2 ? times(variance, variance) : variance;
        const micros = ceil(times(exactly(of.rate), power, rational(1_000_000)));
        expect(BigInt(polymarketFeeTable(of)[price]!)).toBe(micros);
      }),
      { numRuns: 100 },
    );
  });
});
