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

  test('refuses a pair that it does not know', () => {
    const fill = { venue: KALSHI, outcome: YES, sizeE6: 1, costMicros: 1, feeMicros: 0 } as const;
    expect(() => new Ledger([SAME]).book({ ...fill, pair: 1 })).toThrow(/pair=1/);
  });
});
