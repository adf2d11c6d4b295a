import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kalshiFeeTable, polymarketFeeTable } from '../../../src/domain/fee-table.js';
import {
  kalshiFillFeeMicros,
  kalshiTakerRate,
  kalshiTradeFeeMicros,
} from '../../../src/domain/kalshi-fee.js';
import {
  polymarketFeeSchedule,
  polymarketFillFeeMicros,
} from '../../../src/domain/polymarket-fee.js';
import { createAskLevels, createSizedPair, sizePair } from '../../../src/domain/sizing.js';
import type { Levels } from '../../../src/sim/exchange.js';
import {
  findUnderround,
  type Underround,
  type UnderroundCriteria,
  type UnderroundTerms,
} from '../../../src/sim/market/underround.js';

/** Every count in 0.01 steps, one after the other, filled contract by contract: slow and plain. */
function exhaustive(
  kalshi: Levels,
  polymarket: Levels,
  terms: UnderroundTerms,
  criteria: UnderroundCriteria,
): Underround | undefined {
  let best: Underround | undefined;
  for (
    let sizeCenti = terms.polymarketMinSizeCenti;
    sizeCenti <= criteria.maxSizeCenti;
    sizeCenti++
  ) {
    const k = take(kalshi, sizeCenti);
    const p = take(polymarket, sizeCenti);
    if (k === undefined || p === undefined) break;
    const kalshiCost = k.reduce((sum, [priceE4, centi]) => sum + priceE4 * centi, 0);
    const polymarketCost = p.reduce((sum, [priceE4, centi]) => sum + priceE4 * centi, 0);
    if (polymarketCost % 10_000 !== 0 || polymarketCost < 1_000_000) continue;
    if (kalshiCost + polymarketCost > criteria.maxCostMicros) continue;
    const accumulator = { roundingMicros: 0 };
    let fees = 0;
    for (const [priceE4, centi] of k) {
      const fee = kalshiTradeFeeMicros(terms.kalshiRate, priceE4, centi);
      fees += kalshiFillFeeMicros(-priceE4 * centi, fee, accumulator);
    }
    for (const [priceE4, centi] of p) {
      fees += polymarketFillFeeMicros(terms.polymarketSchedule, priceE4, centi * 10_000);
    }
    const netMicros = sizeCenti * 10_000 - kalshiCost - polymarketCost - fees;
    if (netMicros >= criteria.minNetMicros && (best === undefined || netMicros > best.netMicros)) {
      best = { netMicros, sizeCenti };
    }
  }
  return best;
}

function take(levels: Levels, sizeCenti: number): [number, number][] | undefined {
  const taken: [number, number][] = [];
  let left = sizeCenti;
  for (const [priceE4, sizeE6] of levels) {
    const centi = Math.min(left, Math.floor(sizeE6 / 10_000));
    if (centi > 0) taken.push([priceE4, centi]);
    left -= centi;
    if (left === 0) return taken;
  }
  return undefined;
}

const levels = (lowest: number, tick: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 1_500 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((steps): Levels => {
      const seen = new Map<number, number>();
      for (const [step, centi] of steps) seen.set(lowest + step * tick, centi * 10_000);
      return [...seen].sort((a, b) => a[0] - b[0]);
    });

const books = fc
  .record({
    kalshiBest: fc.integer({ min: 5, max: 80 }).map((cents) => cents * 100),
    tick: fc.constantFrom(100, 50, 25, 10),
    gap: fc.integer({ min: -2, max: 14 }),
    feeType: fc.constantFrom<[string, number]>(
      ['quadratic', 1],
      ['quadratic', 0.5],
      ['quadratic', 0],
    ),
    feeRate: fc.constantFrom(0.07, 0.05, 0.04, 0),
  })
  .chain(({ kalshiBest, tick, gap, feeType, feeRate }) => {
    const polymarketBest = Math.max(tick, 10_000 - kalshiBest - gap * 100);
    return fc.record({
      kalshi: levels(kalshiBest, 100),
      polymarket: levels(polymarketBest - (polymarketBest % tick), tick),
      terms: fc.constant<UnderroundTerms>({
        kalshiRate: kalshiTakerRate(feeType[0], feeType[1])!,
        polymarketSchedule: polymarketFeeSchedule(feeRate, 1)!,
        polymarketMinSizeCenti: 500,
      }),
      criteria: fc.record({
        minNetMicros: fc.constantFrom(1, 20_000, 200_000),
        maxSizeCenti: fc.integer({ min: 400, max: 5_000 }),
        maxCostMicros: fc.integer({ min: 3_000_000, max: 60_000_000 }),
      }),
    });
  });

describe('findUnderround', () => {
  it('finds the most net that trying every count finds', () => {
    let found = 0;
    fc.assert(
      fc.property(books, ({ kalshi, polymarket, terms, criteria }) => {
        const expected = exhaustive(kalshi, polymarket, terms, criteria);
        const got = findUnderround(kalshi, polymarket, terms, criteria);
        expect(got?.netMicros).toBe(expected?.netMicros);
        if (got !== undefined) found++;
      }),
      { numRuns: 1_500 },
    );
    expect(found).toBeGreaterThan(50);
  });

  it('never nets less than the sizing of the engine, and mostly as much but for its allowance', () => {
    const out = createSizedPair();
    let found = 0;
    let equal = 0;
    fc.assert(
      fc.property(books, ({ kalshi, polymarket, terms, criteria }) => {
        const truth = findUnderround(kalshi, polymarket, terms, { ...criteria, minNetMicros: 1 });
        sizePair(
          {
            kalshiRate: terms.kalshiRate,
            kalshiFees: kalshiFeeTable(terms.kalshiRate),
            polymarketSchedule: terms.polymarketSchedule,
            polymarketFees: polymarketFeeTable(terms.polymarketSchedule),
            polymarketMinSizeCenti: terms.polymarketMinSizeCenti,
          },
          askLevels(kalshi),
          askLevels(polymarket),
          { ...criteria, minNetMicros: 1 },
          out,
        );
        const sized = out.sizeCenti === 0 ? 0 : out.netMicros;
        expect(truth?.netMicros ?? 0).toBeGreaterThanOrEqual(sized);
        if (truth === undefined) return;
        found++;
        // 200 + 100 micros of allowance, and up to 10 a level for a fee that rounds up rather than to the nearest.
        if (truth.netMicros - sized <= 300 + 10 * polymarket.length + 100) equal++;
      }),
      { numRuns: 1_000 },
    );
    // The engine is greedy: it adds no contract that loses by itself, even if that completes an orderable count.
    expect(equal / found).toBeGreaterThan(0.5);
  });
});

function askLevels(levels: Levels) {
  const asks = createAskLevels(8);
  levels.forEach(([priceE4, sizeE6], index) => {
    asks.pricesE4[index] = priceE4;
    asks.sizesCenti[index] = Math.floor(sizeE6 / 10_000);
  });
  asks.count = levels.length;
  return asks;
}
