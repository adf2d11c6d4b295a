import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../src/domain/ledger.js';
import {
  INVERTED,
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  SAME,
  type Venue,
  YES,
} from '../../src/domain/venue.js';
import { Accounts } from '../../src/sim/accounts.js';
import { combineStatements } from '../../src/sim/combined-statement.js';

const STARTING = 1_000_000_000;
const fill = fc.record({
  venue: fc.constantFrom<Venue>(KALSHI, POLYMARKET),
  pair: fc.integer({ min: 0, max: 3 }),
  outcome: fc.constantFrom<Outcome>(YES, NO),
  sizeE6: fc.integer({ min: 1, max: 50_000_000 }),
  costMicros: fc.integer({ min: 0, max: 40_000_000 }),
  feeMicros: fc.integer({ min: 0, max: 1_000_000 }),
});

function book(fills: readonly (typeof fill extends fc.Arbitrary<infer F> ? F : never)[]) {
  const kalshi = new Accounts({ nets: true });
  const polymarket = new Accounts({ nets: false });
  kalshi.open('trader', STARTING);
  polymarket.open('trader', STARTING);
  for (const { venue, pair, outcome, sizeE6, costMicros, feeMicros } of fills) {
    const accounts = venue === KALSHI ? kalshi : polymarket;
    accounts.applyBuy('trader', pair, outcome, sizeE6, costMicros, feeMicros);
  }
  return { kalshi: kalshi.statement('trader'), polymarket: polymarket.statement('trader') };
}

describe('accounts', () => {
  it('keep cash = starting + netted - cost - fees, and never hold both outcomes where pairs are netted', () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 30 }), (fills) => {
        const { kalshi, polymarket } = book(fills);
        for (const one of [kalshi, polymarket]) {
          expect(one.cashMicros).toBe(
            one.startingMicros + one.nettedMicros - one.costMicros - one.feesMicros,
          );
        }
        for (const { yesE6, noE6 } of kalshi.positions) expect(Math.min(yesE6, noE6)).toBe(0);
        expect(polymarket.nettedMicros).toBe(0);
      }),
    );
  });

  it('show the same profit as a ledger of the fills that knows no netting', () => {
    const polarities = [SAME, INVERTED, SAME, INVERTED] as const;
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 30 }), (fills) => {
        const ledger = new Ledger(polarities);
        for (const each of fills) ledger.book(each);
        const { kalshi, polymarket } = book(fills);
        const combined = combineStatements(kalshi, polymarket, polarities);
        const totals = ledger.totals();
        expect(combined.pnlMicros).toBe(totals.pnlMicros);
        expect(combined.feesMicros).toBe(totals.feeMicros[0] + totals.feeMicros[1]);
      }),
    );
  });

  it('refuse amounts that are not whole and accounts that were not opened', () => {
    const accounts = new Accounts({ nets: true });
    accounts.open('trader', STARTING);
    expect(() => accounts.applyBuy('trader', 0, YES, 1, 0.5, 0)).toThrow(RangeError);
    expect(() => accounts.canAfford('other', 1)).toThrow(/unknown account/);
    expect(() => accounts.open('trader', 1)).toThrow(/account exists/);
    expect(accounts.canAfford('trader', STARTING)).toBe(true);
    expect(accounts.canAfford('trader', STARTING + 1)).toBe(false);
  });
});
