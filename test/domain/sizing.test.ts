// Sizing against every orderable count, in exact arithmetic.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kalshiFeeTable, polymarketFeeTable } from '../../src/domain/fee-table.js';
import { kalshiTakerRate } from '../../src/domain/kalshi-fee.js';
import { marketBuyAmounts } from '../../src/domain/polymarket-amounts.js';
import { polymarketFeeSchedule } from '../../src/domain/polymarket-fee.js';
import {
  type AskLevels,
  createAskLevels,
  createSizedPair,
  edgeMicros,
  type PairTerms,
  type SizedPair,
  type SizingLimits,
  sizePair,
} from '../../src/domain/sizing.js';
import { kalshiFillFeesOracle, polymarketFeeOracle, rational, roundHalfUp } from './rational.js';

interface Level {
  readonly priceE4: number;
  readonly sizeCenti: number;
}

interface Case {
  /** Index in TERMS: a counterexample must not print two fee tables. */
  readonly termsIndex: number;
  readonly kalshi: readonly Level[];
  readonly polymarket: readonly Level[];
  readonly tickE4: number;
  readonly limits: SizingLimits;
}

function termsOf(multiplier: number, rate: number, minSizeCenti: number): PairTerms {
  const kalshiRate = kalshiTakerRate('quadratic', multiplier);
  const polymarketSchedule = polymarketFeeSchedule(rate, 1);
  if (kalshiRate === undefined || polymarketSchedule === undefined) throw new Error('no terms');
  return {
    kalshiRate,
    kalshiFees: kalshiFeeTable(kalshiRate),
    polymarketSchedule,
    polymarketFees: polymarketFeeTable(polymarketSchedule),
    polymarketMinSizeCenti: minSizeCenti,
  };
}

const TERMS = [
  termsOf(1, 0.05, 500),
  termsOf(0.5, 0.04, 500),
  termsOf(0, 0, 500),
  termsOf(1, 0.07, 1_500),
];

const termsAt = ({ termsIndex }: Case): PairTerms => TERMS[termsIndex]!;

/** Sizes as books have them: mostly whole contracts, sometimes hundredths. */
const size = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }).map((contracts) => contracts * 100) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4_000 }) },
);

/** Two to five asks from `bestE4` upwards, a step or a few apart. */
const asksFrom = (bestE4: number, stepE4: number) =>
  fc
    .array(fc.record({ steps: fc.integer({ min: 1, max: 3 }), sizeCenti: size }), {
      minLength: 2,
      maxLength: 5,
    })
    .map((gaps) => {
      let priceE4 = bestE4 - stepE4;
      return gaps
        .map(({ steps, sizeCenti }) => {
          priceE4 += steps * stepE4;
          return { priceE4, sizeCenti };
        })
        .filter((level) => level.priceE4 > 0 && level.priceE4 < 10_000);
    });

const limits = fc.record({
  maxSizeCenti: fc.constantFrom(1_000, 5_000, 100_000),
  maxCostMicros: fc.constantFrom(5_000_000, 25_000_000, 1_000_000_000),
  minNetMicros: fc.constant(1),
});

/** Books of which the best asks cost between $0.85 and $1. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    termsIndex: fc.nat(TERMS.length - 1),
    tickE4: fc.constantFrom(100, 100, 10),
    kalshiStepE4: fc.constantFrom(100, 100, 10),
    bestCents: fc.integer({ min: 3, max: 90 }),
    gapCents: fc.integer({ min: 1, max: 15 }),
    limits,
  })
  .chain(({ termsIndex, tickE4, kalshiStepE4, bestCents, gapCents, limits: within }) => {
    const otherE4 = Math.max(1, 100 - bestCents - gapCents) * 100;
    return fc.record({
      termsIndex: fc.constant(termsIndex),
      kalshi: asksFrom(bestCents * 100, kalshiStepE4),
      polymarket: asksFrom(otherE4, tickE4),
      tickE4: fc.constant(tickE4),
      limits: fc.constant(within),
    });
  });

function toAsks(levels: readonly Level[]): AskLevels {
  const asks = createAskLevels(15);
  for (const [at, { priceE4, sizeCenti }] of levels.entries()) {
    asks.pricesE4[at] = priceE4;
    asks.sizesCenti[at] = sizeCenti;
  }
  asks.count = levels.length;
  return asks;
}

function sized({ termsIndex, kalshi, polymarket, limits: within }: Case): SizedPair {
  const out = createSizedPair();
  sizePair(TERMS[termsIndex]!, toAsks(kalshi), toAsks(polymarket), within, out);
  return out;
}

/** What a buyer of `count` gets, level by level; undefined when the book is not that deep. */
function take(levels: readonly Level[], count: number): Level[] | undefined {
  const fills: Level[] = [];
  let left = count;
  for (const { priceE4, sizeCenti } of levels) {
    if (left === 0) break;
    fills.push({ priceE4, sizeCenti: Math.min(left, sizeCenti) });
    left -= Math.min(left, sizeCenti);
  }
  return left === 0 ? fills : undefined;
}

const costOf = (fills: readonly Level[]) =>
  fills.reduce((sum, { priceE4, sizeCenti }) => sum + priceE4 * sizeCenti, 0);

/** What the fills gain, fees as each exchange charges them. */
function trueNet(terms: PairTerms, kalshi: readonly Level[], polymarket: readonly Level[]): number {
  const { kalshiRate, polymarketSchedule } = terms;
  const exactRate = rational(kalshiRate.numerator, kalshiRate.denominator);
  const kalshiFees = kalshiFillFeesOracle(exactRate, kalshi, 100);
  const polymarketRate = rational(
    polymarketSchedule.rate.numerator,
    polymarketSchedule.rate.denominator,
  );
  let fees = kalshiFees.reduce((sum, fee) => sum + fee, 0n);
  for (const { priceE4, sizeCenti } of polymarket) {
    fees += polymarketFeeOracle(
      polymarketRate,
      polymarketSchedule.exponent,
      priceE4,
      sizeCenti * 10_000,
      roundHalfUp,
    );
  }
  const count = kalshi.reduce((sum, { sizeCenti }) => sum + sizeCenti, 0);
  return count * 10_000 - costOf(kalshi) - costOf(polymarket) - Number(fees);
}

/** The fills of a count when both exchanges would take its orders, within the limits. */
function orderable(of: Case, count: number) {
  const kalshi = take(of.kalshi, count);
  const polymarket = take(of.polymarket, count);
  const limitE4 = polymarket?.at(-1)?.priceE4;
  if (kalshi === undefined || polymarket === undefined || limitE4 === undefined) return undefined;
  const spent = costOf(polymarket);
  if (count > of.limits.maxSizeCenti) return undefined;
  if (costOf(kalshi) + spent > of.limits.maxCostMicros) return undefined;
  if (spent % 10_000 !== 0 || spent < 1_000_000) return undefined;
  const { takerAmount } = marketBuyAmounts(spent, limitE4, of.tickE4);
  if (takerAmount < termsAt(of).polymarketMinSizeCenti * 10_000) return undefined;
  return { kalshi, polymarket };
}

/** The most that any orderable count nets. */
function bestNet(of: Case): number {
  const depth = (levels: readonly Level[]) => levels.reduce((sum, l) => sum + l.sizeCenti, 0);
  const most = Math.min(depth(of.kalshi), depth(of.polymarket), of.limits.maxSizeCenti);
  let best = 0;
  for (let count = 1; count <= most; count++) {
    const fills = orderable(of, count);
    if (fills === undefined) continue;
    best = Math.max(best, trueNet(termsAt(of), fills.kalshi, fills.polymarket));
  }
  return best;
}

/** Breaks fills into pieces, as the orders that rest behind a level do. */
function broken(fills: readonly Level[], pieces: number): Level[] {
  return fills.flatMap(({ priceE4, sizeCenti }) => {
    const piece = Math.max(1, Math.ceil(sizeCenti / pieces));
    const parts: Level[] = [];
    for (let left = sizeCenti; left > 0; left -= piece) {
      parts.push({ priceE4, sizeCenti: Math.min(piece, left) });
    }
    return parts;
  });
}

describe('sizing', () => {
  test('asks for orders that both exchanges take, and claims no more than they are worth', () => {
    fc.assert(
      fc.property(cases, (of) => {
        const pair = sized(of);
        if (pair.sizeCenti === 0) return;
        const fills = orderable(of, pair.sizeCenti);
        if (fills === undefined) expect.fail(`not orderable: sizeCenti=${pair.sizeCenti}`);
        expect(pair.kalshiLimitE4).toBe(fills.kalshi.at(-1)?.priceE4);
        expect(pair.polymarketLimitE4).toBe(fills.polymarket.at(-1)?.priceE4);
        expect(pair.kalshiCostMicros).toBe(costOf(fills.kalshi));
        expect(pair.polymarketCostMicros).toBe(costOf(fills.polymarket));
        const { sizeCenti, feeMicros, netMicros } = pair;
        const costMicros = pair.kalshiCostMicros + pair.polymarketCostMicros;
        expect(netMicros).toBe(sizeCenti * 10_000 - costMicros - feeMicros);
        expect(netMicros).toBeGreaterThanOrEqual(of.limits.minNetMicros);
        expect(netMicros).toBeLessThanOrEqual(trueNet(termsAt(of), fills.kalshi, fills.polymarket));
        // Four orders behind each level. A fill whose fee is below the balance step gives no rounding back: not counted.
        if (termsAt(of).kalshiRate.numerator === 0) return;
        const pieces = trueNet(termsAt(of), broken(fills.kalshi, 4), broken(fills.polymarket, 4));
        expect(netMicros).toBeLessThanOrEqual(pieces);
      }),
      { numRuns: 3_000 },
    );
  });

  test('nets 99 % of the best count in 99 % of books', () => {
    const SAMPLES = 4000;
    const MATTERS_MICROS = 20_000;
    let compared = 0;
    let near = 0;
    const misses: string[] = [];
    for (const of of fc.sample(cases, SAMPLES)) {
      const best = bestNet(of);
      if (best < MATTERS_MICROS) continue;
      compared++;
      const fills = orderable(of, sized(of).sizeCenti);
      const ours = fills ? trueNet(termsAt(of), fills.kalshi, fills.polymarket) : 0;
      if (ours >= 0.99 * best) near++;
      else misses.push(`best=${best} ours=${ours} of=${JSON.stringify(of)}`);
    }
    expect(compared).toBeGreaterThan(SAMPLES / 4);
    expect(near / compared, misses.join('\n')).toBeGreaterThanOrEqual(0.99);
  });

  test('finds nothing in a book without an underround', () => {
    fc.assert(
      fc.property(cases, (of) => {
        const dear = of.kalshi.map(({ sizeCenti }, at) => ({
          priceE4: 10_000 - of.polymarket[0]!.priceE4 + at,
          sizeCenti,
        }));
        expect(sized({ ...of, kalshi: dear }).sizeCenti).toBe(0);
        expect(sized({ ...of, kalshi: [] }).sizeCenti).toBe(0);
        expect(sized({ ...of, polymarket: [] }).sizeCenti).toBe(0);
      }),
    );
  });

  test('edge is what one contract of each nets, to the micro of each fee rounded up', () => {
    const priceE4 = fc.integer({ min: 1, max: 9_999 });
    fc.assert(
      fc.property(fc.constantFrom(...TERMS), priceE4, priceE4, (terms, kalshiE4, polymarketE4) => {
        const { kalshiRate, polymarketSchedule } = terms;
        const fee = (rate: { numerator: number; denominator: number }, price: number) =>
          (rate.numerator * price * (10_000 - price)) / (rate.denominator * 100);
        const exact =
          (10_000 - kalshiE4 - polymarketE4) * 100 -
          fee(kalshiRate, kalshiE4) -
          fee(polymarketSchedule.rate, polymarketE4);
        const edge = edgeMicros(terms, kalshiE4, polymarketE4);
        expect(edge).toBeLessThanOrEqual(exact + 1e-6);
        expect(edge).toBeGreaterThan(exact - 2.000001);
      }),
    );
  });
});
