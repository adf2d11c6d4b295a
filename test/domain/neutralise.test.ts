import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kalshiFeeTable, polymarketFeeTable } from '../../src/domain/fee-table.js';
import { kalshiTakerRate } from '../../src/domain/kalshi-fee.js';
import {
  costOfHolding,
  type NeutralisationInput,
  type Plan,
  planNeutralisation,
} from '../../src/domain/neutralise.js';
import { marketBuyAmounts } from '../../src/domain/polymarket-amounts.js';
import { polymarketFeeSchedule } from '../../src/domain/polymarket-fee.js';
import { type AskLevels, createAskLevels, type PairTerms } from '../../src/domain/sizing.js';
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../../src/domain/venue.js';
import { kalshiFillFeesOracle, polymarketFeeOracle, rational, roundHalfUp } from './rational.js';

interface Level {
  readonly priceE4: number;
  readonly sizeCenti: number;
}

interface Case {
  /** Index in TERMS: a counterexample must not print two fee tables. */
  readonly termsIndex: number;
  readonly sizeCenti: number;
  readonly basis: number;
  readonly maxLoss: number;
  readonly heldVenue: Venue;
  readonly kalshiStepCenti: number;
  readonly tickE4: number;
  readonly books: readonly [
    kalshi: readonly Level[] | undefined,
    polymarket: readonly Level[] | undefined,
  ];
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
  termsOf(1, 0.07, 100),
];

const size = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }).map((contracts) => contracts * 100) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 1_200 }) },
);

const asksFrom = (bestE4: number, stepE4: number) =>
  fc.array(fc.record({ steps: fc.nat(8), sizeCenti: size }), { maxLength: 5 }).map((gaps) => {
    let priceE4 = bestE4 - stepE4;
    return gaps
      .map(({ steps, sizeCenti }) => {
        priceE4 += (steps + 1) * stepE4;
        return { priceE4, sizeCenti };
      })
      .filter((level) => level.priceE4 > 0 && level.priceE4 < 10_000);
  });

/** Books around what would cost nothing: sometimes a gain, mostly a loss of some cents a contract, sometimes none at all. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    termsIndex: fc.nat(TERMS.length - 1),
    sizeCenti: size,
    basisCents: fc.integer({ min: 2, max: 98 }),
    awayCents: fc.tuple(fc.integer({ min: -6, max: 12 }), fc.integer({ min: -6, max: 12 })),
    tickE4: fc.constantFrom(100, 100, 10),
    trusted: fc.constantFrom([true, true], [true, true], [true, false], [false, true]),
    maxLoss: fc.constantFrom(0, 30_000, 300_000, 2_000_000),
    heldVenue: fc.constantFrom<Venue>(KALSHI, POLYMARKET),
    kalshiStepCenti: fc.constantFrom(1, 1, 100),
    oddMicros: fc.nat(9_999),
  })
  .chain(({ basisCents, awayCents, trusted, oddMicros, ...rest }) => {
    const fromE4 = (cents: number) => Math.min(99, Math.max(1, 100 - basisCents + cents)) * 100;
    return fc.record({
      ...(Object.fromEntries(
        Object.entries(rest).map(([key, value]) => [key, fc.constant(value)]),
      ) as { [K in keyof typeof rest]: fc.Arbitrary<(typeof rest)[K]> }),
      basis: fc.constant(basisCents * 10_000 + oddMicros),
      books: fc.tuple(
        trusted[KALSHI] ? asksFrom(fromE4(awayCents[KALSHI]), 100) : fc.constant(undefined),
        trusted[POLYMARKET]
          ? asksFrom(fromE4(awayCents[POLYMARKET]), rest.tickE4)
          : fc.constant(undefined),
      ),
    });
  });

function toAsks(levels: readonly Level[] | undefined): AskLevels | undefined {
  if (levels === undefined) return undefined;
  const asks = createAskLevels(15);
  for (const [at, { priceE4, sizeCenti }] of levels.entries()) {
    asks.pricesE4[at] = priceE4;
    asks.sizesCenti[at] = sizeCenti;
  }
  asks.count = levels.length;
  return asks;
}

function inputOf(of: Case): NeutralisationInput {
  return {
    sizeCenti: of.sizeCenti,
    basisMicrosPerContract: of.basis,
    heldVenue: of.heldVenue,
    maxLossMicros: of.maxLoss,
    kalshiAsks: toAsks(of.books[KALSHI]),
    polymarketAsks: toAsks(of.books[POLYMARKET]),
    terms: TERMS[of.termsIndex]!,
    kalshiStepCenti: of.kalshiStepCenti,
  };
}

/** What a buyer of `count` gets, level by level; undefined when the book is not that deep. */
function take(levels: readonly Level[] | undefined, count: number): Level[] | undefined {
  const fills: Level[] = [];
  let left = count;
  for (const { priceE4, sizeCenti } of levels ?? []) {
    if (left === 0) break;
    fills.push({ priceE4, sizeCenti: Math.min(left, sizeCenti) });
    left -= Math.min(left, sizeCenti);
  }
  return left === 0 ? fills : undefined;
}

const costOf = (fills: readonly Level[]) =>
  fills.reduce((sum, { priceE4, sizeCenti }) => sum + priceE4 * sizeCenti, 0);

function feeAt({ termsIndex }: Case, venue: Venue, priceE4: number): number {
  const { kalshiFees, polymarketFees } = TERMS[termsIndex]!;
  return (venue === KALSHI ? kalshiFees : polymarketFees)[priceE4]!;
}

/** Fees as the exchanges charge them, fill by fill. */
function trueFee({ termsIndex }: Case, venue: Venue, fills: readonly Level[]): number {
  const { kalshiRate, polymarketSchedule } = TERMS[termsIndex]!;
  const { numerator, denominator } = venue === KALSHI ? kalshiRate : polymarketSchedule.rate;
  const rate = rational(numerator, denominator);
  const fees =
    venue === KALSHI
      ? kalshiFillFeesOracle(rate, fills, 100)
      : fills.map(({ priceE4, sizeCenti }) =>
          polymarketFeeOracle(rate, 1, priceE4, sizeCenti * 10_000, roundHalfUp),
        );
  return Number(fees.reduce((sum, fee) => sum + fee, 0n));
}

/** Whether the exchange takes an order for what these fills are. */
function isOrderable(of: Case, venue: Venue, count: number, fills: readonly Level[]): boolean {
  if (venue === KALSHI) return count % of.kalshiStepCenti === 0;
  const spent = costOf(fills);
  const limitE4 = fills.at(-1)!.priceE4;
  if (spent % 10_000 !== 0 || spent < 1_000_000) return false;
  const { takerAmount } = marketBuyAmounts(spent, limitE4, of.tickE4);
  return takerAmount >= TERMS[of.termsIndex]!.polymarketMinSizeCenti * 10_000;
}

interface Candidate {
  readonly venue: Venue;
  readonly count: number;
  readonly lossMicros: number;
}

/** Every order of an exchange that is taken, worth more than holding, and within the loss; smallest first. */
function candidates(of: Case, venue: Venue, maxLoss = of.maxLoss): Candidate[] {
  const found: Candidate[] = [];
  for (let count = 1; count <= of.sizeCenti; count++) {
    const fills = take(of.books[venue], count);
    if (fills === undefined) break;
    const isBelowDollar = fills.every(
      ({ priceE4 }) => priceE4 * 100 + feeAt(of, venue, priceE4) < 1_000_000,
    );
    if (!isBelowDollar || !isOrderable(of, venue, count, fills)) continue;
    const roundings = (fills.length - 1) * (venue === KALSHI ? 100 : 10);
    const fixed = (venue === KALSHI ? 200 : 100) + roundings;
    const fee = fills.reduce((sum, f) => sum + f.sizeCenti * feeAt(of, venue, f.priceE4), 0);
    const cost = costOf(fills);
    if (cost + Math.ceil(fee / 100) + fixed >= count * 10_000) continue;
    const lossMicros = cost + fixed - count * 10_000 + Math.ceil((fee + count * of.basis) / 100);
    if (lossMicros <= maxLoss) found.push({ venue, count, lossMicros });
  }
  return found;
}

/** The most that can be lost once these are filled: their losses, and the cost of what is naked even then. */
function worstOf(of: Case, orders: readonly (Candidate | undefined)[]): number {
  const bought = orders.reduce((sum, order) => sum + (order?.count ?? 0), 0);
  const lost = orders.reduce((sum, order) => sum + (order?.lossMicros ?? 0), 0);
  return lost + Math.ceil(((of.sizeCenti - bought) * of.basis) / 100);
}

/** The same, when the other exchange then sells all of the rest that the loss allows. */
function worstAfter(of: Case, first: Candidate | undefined, others: readonly Candidate[]): number {
  const rest = of.sizeCenti - (first?.count ?? 0);
  const loss = of.maxLoss - Math.max(0, first?.lossMicros ?? 0);
  const second = others.findLast(({ count, lossMicros }) => count <= rest && lossMicros <= loss);
  return worstOf(of, [first, second]);
}

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

type Buy = Extract<Plan, { kind: 'buy' }>;

function consumed(
  levels: readonly Level[] | undefined,
  count: number,
): readonly Level[] | undefined {
  let left = count;
  return levels
    ?.map(({ priceE4, sizeCenti }) => {
      const taken = Math.min(left, sizeCenti);
      left -= taken;
      return { priceE4, sizeCenti: sizeCenti - taken };
    })
    .filter(({ sizeCenti }) => sizeCenti > 0);
}

/** Two orders have two allowances for rounding, which is not what this is about. */
const ROUNDING_MICROS = 500;

describe('neutralising', () => {
  test('orders what its exchange takes, never more than is naked, and never loses more than is allowed', () => {
    let bought = 0;
    fc.assert(
      fc.property(cases, (of) => {
        const plan = planNeutralisation(inputOf(of));
        if (plan.kind === 'wait') return;
        bought++;
        const { venue, sizeCenti, spendMicros, feeMicros, lossMicros } = plan;
        expect(sizeCenti).toBeGreaterThan(0);
        expect(sizeCenti).toBeLessThanOrEqual(of.sizeCenti);
        const fills = take(of.books[venue], sizeCenti);
        if (fills === undefined) expect.fail('bought from a book that does not offer so much');
        expect(isOrderable(of, venue, sizeCenti, fills)).toBe(true);
        expect(plan.limitE4).toBe(fills.at(-1)?.priceE4);
        expect(spendMicros).toBe(costOf(fills));
        expect(lossMicros).toBeLessThanOrEqual(of.maxLoss);
        const true1 = trueFee(of, venue, fills);
        expect(feeMicros).toBeGreaterThanOrEqual(true1);
        // A fill whose fee is below Kalshi's balance step gives no rounding back: hundredths of a contract are not counted.
        const isCoarse = fills.every((fill) => fill.sizeCenti >= 400);
        if (isCoarse && TERMS[of.termsIndex]!.kalshiRate.numerator > 0) {
          expect(feeMicros).toBeGreaterThanOrEqual(trueFee(of, venue, broken(fills, 4)));
        }
        const lostMicros = (sizeCenti * of.basis) / 100 + spendMicros + true1 - sizeCenti * 10_000;
        expect(lossMicros).toBeGreaterThanOrEqual(lostMicros);
        expect(spendMicros + feeMicros).toBeLessThan(sizeCenti * 10_000);
      }),
      { numRuns: 2_000 },
    );
    expect(bought).toBeGreaterThan(500);
  });

  test('leaves no more to lose at worst than any one order, and hardly more than any two', () => {
    const seen = { one: 0, two: 0, dear: 0, none: 0 };
    let [near, compared] = [0, 0];
    const misses: string[] = [];
    fc.assert(
      fc.property(cases, (of) => {
        const plan = planNeutralisation(inputOf(of));
        const all = VENUES.map((venue) => candidates(of, venue));
        const [kalshi, polymarket] = all as [Candidate[], Candidate[]];
        if (plan.kind === 'wait') {
          expect(all).toEqual([[], []]);
          const dear = VENUES.map((venue) => candidates(of, venue, Number.POSITIVE_INFINITY));
          const losses = dear.flatMap((own) => own.at(-1)?.lossMicros ?? []);
          expect(plan.why === 'too-dear').toBe(losses.length > 0);
          expect(plan.cheapestLossMicros).toBe(losses.length > 0 ? Math.min(...losses) : undefined);
          seen[losses.length > 0 ? 'dear' : 'none']++;
          return;
        }
        const sent = all[plan.venue]!.find(({ count }) => count === plan.sizeCenti);
        expect(plan.lossMicros).toBe(sent?.lossMicros);
        const worst = Math.min(
          worstOf(of, [sent]),
          worstAfter(of, sent, plan.venue === KALSHI ? polymarket : kalshi),
        );
        const bestOne = Math.min(...[...kalshi, ...polymarket].map((one) => worstOf(of, [one])));
        const bestTwo = Math.min(...polymarket.map((first) => worstAfter(of, first, kalshi)));
        expect(worst).toBeLessThanOrEqual(bestOne);
        expect(worst).toBeLessThan(costOfHolding(of.sizeCenti, of.basis));
        seen[bestTwo < bestOne ? 'two' : 'one']++;
        // Where Kalshi takes whole contracts only, its steps and Polymarket's may miss each other.
        if (of.kalshiStepCenti > 1) return;
        compared++;
        if (worst <= Math.min(bestOne, bestTwo) + ROUNDING_MICROS) near++;
        else misses.push(`worst=${worst} best=${bestOne},${bestTwo} of=${JSON.stringify(of)}`);
      }),
      { numRuns: 1_500 },
    );
    for (const count of Object.values(seen)) {
      expect(count, JSON.stringify(seen)).toBeGreaterThan(5);
    }
    expect(near / compared, misses.join('\n')).toBeGreaterThanOrEqual(0.99);
  });

  test('order by order, ends within the loss, never on the other side, and at four orders', () => {
    fc.assert(
      fc.property(cases, (start) => {
        let of = start;
        let orders = 0;
        let lostMicros = 0;
        for (;;) {
          const plan = planNeutralisation(inputOf(of));
          if (plan.kind === 'wait') break;
          orders++;
          lostMicros += plan.lossMicros;
          const { venue, sizeCenti } = plan;
          of = {
            ...of,
            sizeCenti: of.sizeCenti - sizeCenti,
            maxLoss: start.maxLoss - lostMicros,
            books: [
              venue === KALSHI ? consumed(of.books[KALSHI], sizeCenti) : of.books[KALSHI],
              venue === POLYMARKET
                ? consumed(of.books[POLYMARKET], sizeCenti)
                : of.books[POLYMARKET],
            ],
          };
        }
        expect(of.sizeCenti).toBeGreaterThanOrEqual(0);
        expect(lostMicros).toBeLessThanOrEqual(start.maxLoss);
        expect(orders).toBeLessThanOrEqual(4);
      }),
      { numRuns: 1_000 },
    );
  });

  test('shows both purchases and holding, with the figures of the one that is taken', () => {
    fc.assert(
      fc.property(cases, (of) => {
        const plan = planNeutralisation(inputOf(of));
        const [kalshi, polymarket, hold, ...others] = plan.options;
        expect(others).toEqual([]);
        expect(kalshi?.option).toBe(of.heldVenue === KALSHI ? 'unwind' : 'complete');
        expect(polymarket?.option).toBe(of.heldVenue === KALSHI ? 'complete' : 'unwind');
        const lossMicros = costOfHolding(of.sizeCenti, of.basis);
        expect(hold).toEqual({ option: 'hold', lossMicros });
        expect(lossMicros).toBe(Math.ceil((of.sizeCenti * of.basis) / 100));
        if (plan.kind === 'wait') return;
        const { venue, sizeCenti, limitE4, spendMicros: costMicros, feeMicros } = plan as Buy;
        const figures = { venue, sizeCenti, limitE4, costMicros, feeMicros };
        expect(plan.options[venue]).toMatchObject({ ...figures, lossMicros: plan.lossMicros });
        expect(plan.options[venue]).not.toHaveProperty('obstacle');
      }),
      { numRuns: 500 },
    );
  });

  const base: Case = {
    termsIndex: 2,
    sizeCenti: 1_000,
    basis: 500_000,
    maxLoss: 1_000_000,
    heldVenue: KALSHI,
    kalshiStepCenti: 1,
    tickE4: 100,
    books: [[{ priceE4: 5_200, sizeCenti: 5_000 }], [{ priceE4: 5_100, sizeCenti: 5_000 }]],
  };
  const planOf = (change: Partial<Case>) => planNeutralisation(inputOf({ ...base, ...change }));

  test('completes where the missing leg is cheaper, and unwinds where it is not', () => {
    // Ten contracts for $0.50 each: the missing leg at $0.51 loses ten cents and the allowance for rounding.
    expect(planOf({})).toMatchObject({
      venue: POLYMARKET,
      sizeCenti: 1_000,
      spendMicros: 5_100_000,
      lossMicros: 100_100,
    });
    const dearer = [{ priceE4: 5_300, sizeCenti: 5_000 }];
    const unwound = planOf({ books: [base.books[KALSHI], dearer] });
    expect(unwound).toMatchObject({ venue: KALSHI, lossMicros: 200_200 });
    expect(unwound.options[KALSHI]).toMatchObject({ option: 'unwind' });
  });

  test('does not pay for the tail of one book what the other still offers cheaper', () => {
    const thin = [
      { priceE4: 5_000, sizeCenti: 950 },
      { priceE4: 9_800, sizeCenti: 5_000 },
    ];
    expect(planOf({ books: [thin, base.books[POLYMARKET]], maxLoss: 9_000_000 })).toMatchObject({
      // Polymarket takes no order for the half contract that is missing: five of each cost least.
      venue: KALSHI,
      sizeCenti: 500,
      limitE4: 5_000,
    });
    const third = [
      { priceE4: 5_000, sizeCenti: 300 },
      { priceE4: 9_800, sizeCenti: 5_000 },
    ];
    expect(planOf({ books: [third, base.books[POLYMARKET]] })).toMatchObject({
      // The larger of two is sent first.
      venue: POLYMARKET,
      sizeCenti: 700,
    });
  });

  test('says why it waits', () => {
    expect(planOf({ books: [undefined, undefined] })).toMatchObject({ why: 'no-trusted-book' });
    expect(planOf({ books: [[], []] })).toMatchObject({ why: 'no-asks' });
    expect(planOf({ books: [undefined, []] })).toMatchObject({ why: 'no-trusted-book' });
    expect(planOf({ maxLoss: 0 })).toMatchObject({ why: 'too-dear', cheapestLossMicros: 100_100 });
    expect(planOf({ sizeCenti: 0 })).toMatchObject({ why: 'too-small' });
    // A hundredth of a contract at $0.99 costs more than it pays, once there is room for rounding.
    const dearest = [[{ priceE4: 9_900, sizeCenti: 500 }], undefined] as const;
    expect(planOf({ sizeCenti: 1, books: dearest })).toMatchObject({ why: 'too-small' });
    // Less than Kalshi's step and than Polymarket's minimum, whatever the books say.
    for (const books of [base.books, [undefined, undefined]] as const) {
      expect(planOf({ sizeCenti: 60, kalshiStepCenti: 100, books })).toMatchObject({
        why: 'too-small',
      });
    }
    // Four dollars' worth of shares is an order, four shares are not; Kalshi could take them, were its book trusted.
    const small = { sizeCenti: 400, books: [undefined, base.books[POLYMARKET]] } as const;
    expect(planOf(small)).toMatchObject({ why: 'no-trusted-book' });
  });
});
