import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fill, Ledger } from '../../src/domain/ledger.js';
import {
  INVERTED,
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  type Polarity,
  polymarketOutcome,
  SAME,
  type Venue,
  YES,
} from '../../src/domain/venue.js';

const fills = (pairs: number) =>
  fc.array(
    fc.record({
      pair: fc.nat(pairs - 1),
      venue: fc.constantFrom<Venue>(KALSHI, POLYMARKET),
      outcome: fc.constantFrom<Outcome>(YES, NO),
      sizeE6: fc.integer({ min: -1_000_000, max: 10 ** 9 }),
      costMicros: fc.integer({ min: -1_000_000, max: 10 ** 9 }),
      feeMicros: fc.nat(10 ** 7),
    }),
    { maxLength: 60 },
  );

/** What a fill pays if the question of its pair is answered with yes on Kalshi, or with no. */
function payout(fill: Fill, polarity: Polarity, answer: 'yes' | 'no'): bigint {
  const kalshiWins: Outcome = answer === 'yes' ? YES : NO;
  // SAME: both exchanges ask the same; INVERTED: Polymarket asks the opposite.
  const polymarketWins: Outcome = polarity === SAME ? kalshiWins : kalshiWins === YES ? NO : YES;
  const wins = fill.venue === KALSHI ? kalshiWins : polymarketWins;
  return fill.outcome === wins ? BigInt(fill.sizeE6) : 0n;
}

describe('ledger', () => {
  test('gains what the worst answers to all questions leave', () => {
    const polarities = fc.array(fc.constantFrom<Polarity>(SAME, INVERTED), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(polarities, fills(3), (polarityOf, booked) => {
        const ledger = new Ledger(polarityOf);
        for (const fill of booked) ledger.book(fill);
        let worst = 0n;
        let naked = 0n;
        for (const [pair, polarity] of polarityOf.entries()) {
          const own = booked.filter((fill) => fill.pair === pair);
          const sum = (answer: 'yes' | 'no') =>
            own.reduce((total, fill) => total + payout(fill, polarity, answer), 0n);
          const [low, high] = [sum('yes'), sum('no')].sort((a, b) => (a < b ? -1 : 1));
          worst += low ?? 0n;
          naked += (high ?? 0n) - (low ?? 0n);
        }
        const cost = booked.reduce((total, fill) => total + BigInt(fill.costMicros), 0n);
        const feeOf = (venue: Venue) =>
          booked
            .filter((fill) => fill.venue === venue)
            .reduce((total, fill) => total + BigInt(fill.feeMicros), 0n);
        const totals = ledger.totals();
        expect(BigInt(totals.worstPayoutMicros)).toBe(worst);
        expect(BigInt(totals.nakedE6)).toBe(naked);
        expect(BigInt(totals.costMicros)).toBe(cost);
        expect(totals.feeMicros.map(BigInt)).toEqual([feeOf(KALSHI), feeOf(POLYMARKET)]);
        expect(BigInt(totals.pnlMicros)).toBe(worst - cost - feeOf(KALSHI) - feeOf(POLYMARKET));
      }),
      { numRuns: 500 },
    );
  });

  test('has nothing naked when both legs of a direction fill alike, in either polarity', () => {
    for (const polarity of [SAME, INVERTED] as const) {
      for (const direction of [YES, NO] as const) {
        const ledger = new Ledger([polarity]);
        const leg = { pair: 0, sizeE6: 7_770_000, costMicros: 3_500_000, feeMicros: 1_000 };
        ledger.book({ ...leg, venue: KALSHI, outcome: direction });
        const outcome = polymarketOutcome(direction, polarity);
        ledger.book({ ...leg, venue: POLYMARKET, outcome });
        expect(ledger.totals()).toMatchObject({ nakedE6: 0, worstPayoutMicros: 7_770_000 });
      }
    }
  });

  const polarity = fc.constantFrom<Polarity>(SAME, INVERTED);
  /** A contract costs up to $1. */
  const buys = fc.array(
    fc
      .record({
        pair: fc.constant(0),
        venue: fc.constantFrom<Venue>(KALSHI, POLYMARKET),
        outcome: fc.constantFrom<Outcome>(YES, NO),
        sizeE6: fc.oneof(
          fc.integer({ min: 1, max: 3 }).map((contracts) => contracts * 1_000_000),
          fc.integer({ min: 1, max: 10 ** 12 }),
        ),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        feeMicros: fc.nat(10 ** 7),
      })
      .map(({ share, ...fill }) => ({ ...fill, costMicros: Math.floor(share * fill.sizeE6) })),
    { maxLength: 12 },
  );
  const ledgerOf = (own: Polarity, booked: readonly Fill[]) => {
    const ledger = new Ledger([own]);
    for (const fill of booked) ledger.book(fill);
    return ledger;
  };
  const paid = (booked: readonly Fill[], own: Polarity, answer: 'yes' | 'no') =>
    booked.reduce((total, fill) => total + payout(fill, own, answer), 0n);
  const ceilDivide = (value: bigint, by: bigint) => (value + by - 1n) / by;

  test('says what is naked, what it cost, and what has to be bought on either exchange to be even', () => {
    fc.assert(
      fc.property(polarity, buys, fc.nat(10 ** 12), (own, booked, costMicros) => {
        const ledger = ledgerOf(own, booked);
        const exposure = ledger.exposure(0);
        const [yes, no] = [paid(booked, own, 'yes'), paid(booked, own, 'no')];
        const nakedE6 = yes > no ? yes - no : no - yes;
        expect(BigInt(exposure.sizeE6)).toBe(nakedE6);
        if (nakedE6 === 0n) {
          expect(ledger.nakedMicros(0)).toBe(0);
          return;
        }
        const heavier = yes > no ? 'yes' : 'no';
        const heavy = booked.filter((fill) => payout(fill, own, heavier) > 0n);
        const spent = heavy.reduce(
          (total, fill) => total + BigInt(fill.costMicros + fill.feeMicros),
          0n,
        );
        const most = yes > no ? yes : no;
        const basis = ceilDivide(spent * 1_000_000n, most);
        expect(BigInt(exposure.basisMicrosPerContract)).toBe(basis);
        expect(BigInt(ledger.nakedMicros(0))).toBe(ceilDivide(spent * nakedE6, most));
        const lighter = yes > no ? 'no' : 'yes';
        const [onKalshi, onPolymarket] = [KALSHI, POLYMARKET].map((venue) => {
          const there = booked.filter((fill) => fill.venue === venue);
          return paid(there, own, heavier) - paid(there, own, lighter);
        });
        expect(exposure.heldVenue).toBe(onKalshi! >= onPolymarket! ? KALSHI : POLYMARKET);
        for (const venue of [KALSHI, POLYMARKET] as const) {
          const outcome =
            venue === KALSHI ? exposure.missingKalshiOutcome : exposure.missingPolymarketOutcome;
          const even = ledgerOf(own, booked);
          const { sizeE6 } = exposure;
          even.book({ pair: 0, venue, outcome, sizeE6, costMicros, feeMicros: 7 });
          expect(even.exposure(0).sizeE6).toBe(0);
          const lostMicros = ledger.nakedMicros(0) + costMicros + 7 - sizeE6;
          expect(even.valueMicros(0)).toBe(ledger.valueMicros(0) - lostMicros);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('names the exchange that holds what is naked', () => {
    for (const own of [SAME, INVERTED] as const) {
      for (const venue of [KALSHI, POLYMARKET] as const) {
        const leg = { pair: 0, costMicros: 1, feeMicros: 0 };
        const outcome = venue === KALSHI ? YES : polymarketOutcome(YES, own);
        const ledger = ledgerOf(own, [
          { ...leg, venue: KALSHI, outcome: YES, sizeE6: venue === KALSHI ? 5 : 2 },
          {
            ...leg,
            venue: POLYMARKET,
            outcome: polymarketOutcome(YES, own),
            sizeE6: venue === KALSHI ? 2 : 5,
          },
        ]);
        expect(ledger.exposure(0)).toMatchObject({ sizeE6: 3, heldVenue: venue });
        expect(ledger.heldE6(0, venue, outcome)).toBe(5);
      }
    }
  });

  test('counts both outcomes of one exchange as even', () => {
    for (const venue of [KALSHI, POLYMARKET] as const) {
      const leg = { pair: 0, venue, costMicros: 400_000, feeMicros: 1_000 };
      const ledger = ledgerOf(SAME, [
        { ...leg, outcome: YES, sizeE6: 1_000_000 },
        { ...leg, outcome: NO, sizeE6: 1_500_000 },
      ]);
      expect(ledger.exposure(0)).toMatchObject({ sizeE6: 500_000, heldVenue: venue });
      expect(ledger.spent(0, venue)).toEqual({
        costMicros: 800_000,
        feeMicros: 2_000,
        pairedE6: 1_000_000,
      });
    }
  });

  test('pays what was held when its markets are settled, and keeps what was gained', () => {
    const answers = fc.constantFrom<Outcome>(YES, NO);
    fc.assert(
      fc.property(polarity, buys, answers, buys, answers, (own, booked, first, more, second) => {
        const ledger = ledgerOf(own, booked);
        const before = ledger.pairTotals(0);
        const payoutMicros = ledger.settle(0, first);
        expect(BigInt(payoutMicros)).toBe(paid(booked, own, first === YES ? 'yes' : 'no'));
        const after = ledger.pairTotals(0);
        expect(after.costMicros).toBe(before.costMicros);
        expect(after.feeMicros).toEqual(before.feeMicros);
        expect(after.pnlMicros).toBe(before.pnlMicros + payoutMicros - before.worstPayoutMicros);
        expect(after).toMatchObject({ realisedMicros: after.pnlMicros, nakedE6: 0 });
        expect(ledger.settle(0, second)).toBe(0);
        // What comes late is booked and paid like anything else.
        for (const fill of more) ledger.book(fill);
        expect(BigInt(ledger.settle(0, second))).toBe(
          paid(more, own, second === YES ? 'yes' : 'no'),
        );
        const [kalshiFees, polymarketFees] = ledger.totals().feeMicros;
        const totals = ledger.totals();
        expect(totals.realisedMicros).toBe(
          totals.worstPayoutMicros - totals.costMicros - kalshiFees - polymarketFees,
        );
        expect(totals).toEqual(ledger.pairTotals(0));
      }),
      { numRuns: 500 },
    );
  });

  test('a fill that is taken back leaves nothing behind', () => {
    fc.assert(
      fc.property(polarity, buys, buys, (own, kept, ghosts) => {
        const ledger = ledgerOf(own, [...kept, ...ghosts]);
        for (const ghost of ghosts) {
          ledger.book({
            ...ghost,
            sizeE6: -ghost.sizeE6,
            costMicros: -ghost.costMicros,
            feeMicros: -ghost.feeMicros,
          });
        }
        const real = ledgerOf(own, kept);
        expect(ledger.totals()).toEqual(real.totals());
        expect(ledger.exposure(0)).toEqual(real.exposure(0));
      }),
    );
  });

  test('refuses a pair that it does not know', () => {
    const fill = { venue: KALSHI, outcome: YES, sizeE6: 1, costMicros: 1, feeMicros: 0 } as const;
    const ledger = new Ledger([SAME]);
    expect(() => ledger.book({ ...fill, pair: 1 })).toThrow(/pair=1/);
    expect(() => ledger.exposure(1)).toThrow(/pair=1/);
    expect(() => ledger.settle(1, YES)).toThrow(/pair=1/);
  });
});
