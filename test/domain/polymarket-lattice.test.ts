// Every FAK BUY that the engine can make of up to 2,000 shares, on all six ticks, against the
// exchange's published rules (polymarket-api.md 4.5, 4.6), which are written down here once more.
import { describe, expect, it } from 'vitest';
import { kalshiFeeTable, polymarketFeeTable } from '../../src/domain/fee-table.js';
import { kalshiTakerRate } from '../../src/domain/kalshi-fee.js';
import {
  marketBuyAmounts,
  orderableCenti,
  orderableStepCenti,
} from '../../src/domain/polymarket-amounts.js';
import { polymarketFeeSchedule } from '../../src/domain/polymarket-fee.js';
import {
  createAskLevels,
  createSizedPair,
  type PairTerms,
  sizePair,
} from '../../src/domain/sizing.js';
import { hasMarketBuyDecimals, termsOf } from '../../src/sim/polymarket/order-terms.js';
import { BUY, type PolymarketOrder } from '../../src/venues/polymarket/wire/order-hash.js';

const IS_FULL = process.env.UNDERROUND_LATTICE === 'full';
/** All 9,999 prices instead of 200: three minutes. */
const TIMEOUT_MS = IS_FULL ? 900_000 : 60_000;
const MAX_SIZE_CENTI = 200_000;
const MIN_SHARES_E6 = 5_000_000;
const SEED = Date.now() % 1_000_000_000;

/** polymarket-api.md 4.5: tick, decimals of its prices' amounts. */
const TICKS = [
  [1_000, 3],
  [100, 4],
  [50, 5],
  [25, 6],
  [10, 5],
  [1, 6],
] as const;

/**
 * How far the price that the exchange reads may lie above the limit, in 1e-8 dollars, on an order
 * of the minimum size: limit x (10 to the minus decimals) / 5 shares.
 */
const MAX_ABOVE_E8: Readonly<Record<number, number>> = {
  1000: 18_000,
  100: 1_980,
  50: 200,
  25: 200,
  10: 200,
  1: 200,
};

/** Orders tried, by tick: a search that grows smaller fails. */
const ORDERS_AT_ONE_PRICE: Readonly<Record<number, number>> = {
  1000: 339_109,
  100: 837_464,
  50: 1_096_542,
  25: 1_355_540,
  10: 1_495_211,
  1: 2_312_791,
};
const ORDERS_OF_ANY_SPEND: Readonly<Record<number, number>> = {
  1000: 28,
  100: 2_782,
  50: 11_108,
  25: 44_436,
  10: 277_814,
  1: 27_778_582,
};

const FREE_TERMS = ((): PairTerms => {
  const kalshiRate = kalshiTakerRate('quadratic', 0);
  const polymarketSchedule = polymarketFeeSchedule(0, 1);
  if (kalshiRate === undefined || polymarketSchedule === undefined) throw new Error('no terms');
  return {
    kalshiRate,
    kalshiFees: kalshiFeeTable(kalshiRate),
    polymarketSchedule,
    polymarketFees: polymarketFeeTable(polymarketSchedule),
    polymarketMinSizeCenti: 500,
  };
})();

const ORDER: { -readonly [Key in keyof PolymarketOrder]?: PolymarketOrder[Key] } = { side: BUY };

/** The first rule that the order breaks, or undefined. Every product is below 2^53. */
function brokenRule(
  makerAmount: number,
  takerAmount: number,
  limitE4: number,
  tickE4: number,
  decimals: number,
): string | undefined {
  if (makerAmount % 10_000 !== 0) return 'maker amount has 2 decimals';
  if (takerAmount % 10 !== 0) return 'taker amount has 5 decimals';
  if (takerAmount % 10 ** (6 - decimals) !== 0) return "taker amount has the tick's decimals";
  if (limitE4 % tickE4 !== 0 || limitE4 < tickE4 || limitE4 > 10_000 - tickE4) return 'the grid';
  if (makerAmount < 1_000_000) return 'at least $1';
  if (takerAmount < MIN_SHARES_E6) return 'the minimum size';
  // Price as the contracts compare it: makerAmount / takerAmount with the ask's.
  const paid = makerAmount * 10_000;
  if (paid < limitE4 * takerAmount) return 'crosses an ask at its limit';
  if (paid >= (limitE4 + tickE4) * takerAmount) return 'does not reach the next ask';
  const above = (paid - limitE4 * takerAmount) * 10_000;
  if (above > MAX_ABOVE_E8[tickE4]! * takerAmount) return 'is above its limit by the bound';
  // The dollars that the rounded-off shares would cost: less than those of one unit.
  const unit = 10 ** (6 - Math.min(decimals, 5));
  if (paid - limitE4 * takerAmount >= limitE4 * unit) return 'gives up less than a unit of shares';
  ORDER.makerAmount = makerAmount;
  ORDER.takerAmount = takerAmount;
  const read = termsOf(ORDER as PolymarketOrder, tickE4);
  if (read.priceE4 !== limitE4) return `the simulator reads its price as ${read.priceE4}`;
  if (!hasMarketBuyDecimals(ORDER as PolymarketOrder)) return 'the simulator takes its decimals';
  return undefined;
}

function expectOrder(spend: number, limitE4: number, tickE4: number, decimals: number): void {
  const { makerAmount, takerAmount } = marketBuyAmounts(spend, limitE4, tickE4);
  const broken =
    makerAmount === spend
      ? brokenRule(makerAmount, takerAmount, limitE4, tickE4, decimals)
      : 'spends what it is told to';
  if (broken !== undefined) {
    expect.fail(`${broken}: ${makerAmount}/${takerAmount} limit=${limitE4} tick=${tickE4}`);
  }
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}

/** Deterministic for a seed: whole numbers below `limit`. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
}

describe('the lattice of orderable counts', () => {
  it('holds for every price and every cost before it the least count that ends on a cent', () => {
    const counts = new Int32Array(10_000);
    let pairs = 0;
    for (let priceE4 = 1; priceE4 < 10_000; priceE4++) {
      const step = orderableStepCenti(priceE4);
      counts.fill(-1);
      for (let count = step - 1; count >= 0; count--) counts[(count * priceE4) % 10_000] = count;
      for (let spent = 0; spent < 10_000; spent++) {
        const wanted = counts[(10_000 - spent) % 10_000];
        pairs++;
        if (orderableCenti(step - 1, priceE4, spent) === wanted) continue;
        expect.fail(`price=${priceE4} spent=${spent} wanted=${wanted}`);
      }
    }
    expect(pairs).toBe(99_990_000);
  });

  it(
    'gives the largest count up to every size of 0.01 to 2,000 shares',
    () => {
      const random = createRandom(SEED);
      const prices = IS_FULL
        ? Array.from({ length: 9_999 }, (_, index) => index + 1)
        : Array.from({ length: 200 }, () => 1 + random(9_999));
      for (const priceE4 of prices) {
        const spent = random(4) === 0 ? random(10_000) : 0;
        let wanted = -1;
        let cost = spent;
        for (let size = 0; size <= MAX_SIZE_CENTI; size++) {
          if (cost % 10_000 === 0) wanted = size;
          cost += priceE4;
          if (orderableCenti(size, priceE4, spent) === wanted) continue;
          expect.fail(`seed=${SEED} price=${priceE4} spent=${spent} size=${size} wanted=${wanted}`);
        }
      }
    },
    TIMEOUT_MS,
  );
});

describe('a FAK BUY', () => {
  // What is sent for a size at one price depends on the orderable count alone, and those are the
  // multiples of the price's step: all of them up to 2,000 shares are tried.
  it.each(TICKS)('of any size at one price keeps the rules, tick %i', (tickE4, decimals) => {
    let orders = 0;
    for (let priceE4 = tickE4; priceE4 < 10_000; priceE4 += tickE4) {
      const step = orderableStepCenti(priceE4);
      for (let count = step; count <= MAX_SIZE_CENTI; count += step) {
        const spend = count * priceE4;
        if (spend < 1_000_000 || count * 10_000 < MIN_SHARES_E6) continue;
        expectOrder(spend, priceE4, tickE4, decimals);
        const { takerAmount } = marketBuyAmounts(spend, priceE4, tickE4);
        // At one price nothing is rounded: the count that was meant is the count that is asked for.
        if (takerAmount !== count * 10_000) expect.fail(`price=${priceE4} count=${count}`);
        orders++;
      }
    }
    expect(orders).toBe(ORDERS_AT_ONE_PRICE[tickE4]);
  });

  // Over several levels the spend is any whole number of cents that is at least $1 and the minimum
  // size at the worst price. What is rounded off repeats with a period in cents, and weighs less
  // the larger the order is: the least order of every residue stands for all above it.
  it.each(TICKS)('of any spend in cents keeps the rules, tick %i', (tickE4, decimals) => {
    let orders = 0;
    const unit = 10 ** (6 - Math.min(decimals, 5));
    for (let limitE4 = tickE4; limitE4 < 10_000; limitE4 += tickE4) {
      const period = (limitE4 * unit) / divisorOf(100_000_000, limitE4 * unit);
      const least = Math.max(100, Math.ceil((limitE4 * 500) / 10_000));
      for (let cents = least; cents < least + period; cents++) {
        expectOrder(cents * 10_000, limitE4, tickE4, decimals);
      }
      orders += period;
    }
    expect(orders).toBe(ORDERS_OF_ANY_SPEND[tickE4]);
  });

  it.each(TICKS)(
    'that the sizing makes of random books keeps the rules, tick %i',
    (tick, decimals) => {
      const random = createRandom(SEED + tick);
      const kalshi = createAskLevels(1);
      const polymarket = createAskLevels(4);
      const sized = createSizedPair();
      let sent = 0;
      for (let book = 0; book < 5_000; book++) {
        kalshi.count = 1;
        kalshi.pricesE4[0] = 1;
        kalshi.sizesCenti[0] = 1 + random(MAX_SIZE_CENTI);
        polymarket.count = 1 + random(4);
        let priceE4 = 0;
        for (let level = 0; level < polymarket.count; level++) {
          priceE4 += tick * (1 + random(Math.max(1, Math.floor(2_400 / tick))));
          polymarket.pricesE4[level] = Math.min(priceE4, 10_000 - tick);
          polymarket.sizesCenti[level] = 1 + random(random(2) === 0 ? 2_000 : MAX_SIZE_CENTI);
        }
        const limits = {
          maxSizeCenti: MAX_SIZE_CENTI,
          maxCostMicros: 100_000_000 * (1 + random(20)),
          minNetMicros: 0,
        };
        sizePair(FREE_TERMS, kalshi, polymarket, limits, sized);
        if (sized.sizeCenti === 0) continue;
        sent++;
        let rest = sized.sizeCenti;
        let cost = 0;
        let worst = 0;
        for (let level = 0; level < polymarket.count && rest > 0; level++) {
          const taken = Math.min(rest, polymarket.sizesCenti[level]!);
          worst = polymarket.pricesE4[level]!;
          cost += taken * worst;
          rest -= taken;
        }
        expect([rest, cost, worst], `seed=${SEED} book=${book}`).toEqual([
          0,
          sized.polymarketCostMicros,
          sized.polymarketLimitE4,
        ]);
        expectOrder(sized.polymarketCostMicros, sized.polymarketLimitE4, tick, decimals);
      }
      expect(sent).toBeGreaterThan(500);
    },
  );
});
