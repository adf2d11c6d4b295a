import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  limitAmounts,
  marketBuyAmounts,
  marketSellAmounts,
  orderableCenti,
  orderableStepCenti,
  POLYMARKET_TICKS_E4,
} from '../../src/domain/polymarket-amounts.js';

const tick = fc.constantFrom(...POLYMARKET_TICKS_E4);
const onTick = tick.chain((tickE4) =>
  fc
    .integer({ min: 1, max: 10_000 / tickE4 - 1 })
    .map((steps) => ({ tickE4, priceE4: steps * tickE4 })),
);
const cents = fc.integer({ min: 1, max: 10_000_000 });

describe('market buy', () => {
  // polymarket-api.md 4.5: market, 0.01, BUY $10 @ 0.56.
  test('of the documented vector has its amounts', () => {
    expect(marketBuyAmounts(10_000_000, 5_600, 100)).toEqual({
      makerAmount: 10_000_000,
      takerAmount: 17_857_100,
    });
  });

  test('spends whole cents for at most what the limit price gives, in at most 5 decimals', () => {
    fc.assert(
      fc.property(onTick, cents, ({ tickE4, priceE4 }, spent) => {
        const { makerAmount, takerAmount } = marketBuyAmounts(spent * 10_000, priceE4, tickE4);
        expect(makerAmount).toBe(spent * 10_000);
        expect(takerAmount % 10).toBe(0);
        const exact = (BigInt(makerAmount) * 10_000n) / BigInt(priceE4);
        expect(BigInt(takerAmount)).toBeLessThanOrEqual(exact);
        expect(exact - BigInt(takerAmount)).toBeLessThan(1_000n);
      }),
      { numRuns: 2_000 },
    );
  });

  test('refuses a spend that is not whole cents, and an unknown tick', () => {
    expect(() => marketBuyAmounts(10_001, 5_600, 100)).toThrow(/spendMicros=10001/);
    expect(() => marketBuyAmounts(0, 5_600, 100)).toThrow(/spendMicros=0/);
    expect(() => marketBuyAmounts(10_000, 5_600, 200)).toThrow(/tickE4=200/);
  });
});

describe('limit order', () => {
  // polymarket-api.md 4.5, vectors of the official client; sizes there are rounded down to two
  // decimals.
  test.each([
    ['BUY', 5_600, 2_104, 100, 11_782_400, 21_040_000],
    ['BUY', 3_330, 1_333, 10, 4_438_890, 13_330_000],
    ['BUY', 625, 777, 25, 485_625, 7_770_000],
    ['SELL', 9_999, 3_333, 1, 33_330_000, 33_326_667],
  ] as const)(
    '%s at %i has its documented amounts',
    (side, priceE4, size, tickE4, maker, taker) => {
      const amounts = { makerAmount: maker, takerAmount: taker };
      expect(limitAmounts(side, priceE4, size, tickE4)).toEqual(amounts);
    },
  );

  test('to sell at the market is the same as to sell at its limit', () => {
    expect(marketSellAmounts(1_099, 3_330, 10)).toEqual({
      makerAmount: 10_990_000,
      takerAmount: 3_659_670,
    });
  });

  test.each([
    ['a price off the tick', 5_650, 100, 100, /off the grid/],
    ['a price of nothing', 0, 100, 100, /off the grid/],
    ['a price of a dollar', 10_000, 100, 100, /off the grid/],
    ['no size', 5_600, 0, 100, /not a size/],
    ['a part of a hundredth', 5_600, 1.5, 100, /not a size/],
    ['a size beyond exact numbers', 5_600, 2 ** 50, 100, /not a size/],
    ['a tick that is none', 5_600, 100, 200, /unknown tick/],
  ])('refuses %s', (_, priceE4, size, tickE4, why) => {
    expect(() => limitAmounts('BUY', priceE4, size, tickE4)).toThrow(why);
  });
});

describe('orderable count', () => {
  test('is the largest whose cost ends on a cent', () => {
    const price = fc.integer({ min: 1, max: 9_999 });
    fc.assert(
      fc.property(price, fc.nat(30_000), fc.nat(10_000_000), (priceE4, most, spent) => {
        let wanted = -1;
        for (let count = most; count >= 0 && wanted < 0; count--) {
          if ((spent + count * priceE4) % 10_000 === 0) wanted = count;
        }
        expect(orderableCenti(most, priceE4, spent)).toBe(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of nothing is none', () => {
    expect(orderableCenti(-1, 5_600, 0)).toBe(-1);
  });

  test('repeats every step', () => {
    expect(orderableStepCenti(5_600)).toBe(25);
    expect(orderableStepCenti(3_330)).toBe(1_000);
    for (let priceE4 = 1; priceE4 < 10_000; priceE4++) {
      const step = orderableStepCenti(priceE4);
      if ((step * priceE4) % 10_000 !== 0 || orderableCenti(step - 1, priceE4, 0) !== 0) {
        expect.fail(`price=${priceE4} step=${step}`);
      }
    }
  });
});
