import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kalshiTakerRate } from '../../../src/domain/kalshi-fee.js';
import { polymarketFeeSchedule } from '../../../src/domain/polymarket-fee.js';
import {
  INVERTED,
  KALSHI,
  NO,
  POLYMARKET,
  polymarketOutcome,
  SAME,
  type Venue,
  YES,
} from '../../../src/domain/venue.js';
import { createListings, type PairListing } from '../../../src/sim/market/listings.js';
import { SimMatchingEngine } from '../../../src/sim/market/matching-engine.js';
import { type Episode, Truth } from '../../../src/sim/market/truth.js';
import { findUnderround } from '../../../src/sim/market/underround.js';
import { tellTruth } from '../../../src/sim/truth-of-faults.js';

const criteria = { minNetMicros: 20_000, maxSizeCenti: 5_000, maxCostMicros: 50_000_000 };

function setUp(polarity: typeof SAME | typeof INVERTED, maxEpisodes?: number) {
  const [listed] = createListings({ seed: 3, markets: 1, openTimeMs: 0 });
  const listing: PairListing = { ...listed!, polarity };
  const engines = [KALSHI, POLYMARKET].map(
    (venue) => new SimMatchingEngine({ venue: venue as Venue, markets: 1, now: () => 0 }),
  ) as [SimMatchingEngine, SimMatchingEngine];
  let nowUs = 0;
  const truth = new Truth({
    listings: [listing],
    kalshi: engines[KALSHI],
    polymarket: engines[POLYMARKET],
    criteria,
    nowUs: () => nowUs,
    ...(maxEpisodes === undefined ? {} : { maxEpisodes }),
  });
  let id = 0;
  const post = (venue: Venue, side: 'bid' | 'ask', cents: number, contracts: number) => {
    nowUs += 1_000;
    const op = { atUs: 0, venue, market: 0, cancelId: 0, postId: ++id, side };
    engines[venue]!.apply({ ...op, priceE4: cents * 100, sizeE6: contracts * 1_000_000 });
    return id;
  };
  const cancel = (venue: Venue, cancelId: number) => {
    nowUs += 1_000;
    const op = { atUs: 0, venue, market: 0, cancelId, postId: 0, side: 'bid' as const };
    engines[venue]!.apply({ ...op, priceE4: 0, sizeE6: 0 });
  };
  const buy = (venue: Venue, outcome: typeof YES | typeof NO, contracts: number) => {
    nowUs += 1_000;
    engines[venue]!.buy({
      orderId: `taker-${++id}`,
      account: 'taker',
      market: 0,
      outcome,
      limitE4: 9_900,
      sizeE6: contracts * 1_000_000,
      spendMicros: Number.POSITIVE_INFINITY,
      timeInForce: 'ioc',
    });
  };
  return { truth, engines, listing, post, cancel, buy, now: () => nowUs };
}

describe('truth', () => {
  it('opens at the quote that makes an underround and closes at the one that ends it, by either cause', () => {
    const { truth, post, cancel, buy } = setUp(SAME);
    post(KALSHI, 'ask', 40, 100);
    expect(truth.episodes()).toEqual([]);
    // A bid for outcome 0 at 55 is outcome 1 offered at 45: with Kalshi's YES at 40 the pair costs 85 cents.
    const bid = post(POLYMARKET, 'bid', 55, 30);
    cancel(POLYMARKET, bid);
    post(POLYMARKET, 'bid', 56, 30);
    buy(POLYMARKET, NO, 30);
    const [first, second] = truth.episodes() as [Episode, Episode];
    expect(first).toMatchObject({
      pair: 0,
      direction: YES,
      openUs: 2_000,
      closeUs: 3_000,
      bestSizeCenti: 3_000,
      endedBy: 'market',
      prices: [[2_000, 3_000, 4_000, 4_500]],
    });
    expect(second).toMatchObject({ openUs: 4_000, closeUs: 5_000, endedBy: 'taker' });
    expect(truth.episodes()).toHaveLength(2);
  });

  it('follows the best asks while an episode lasts', () => {
    const { truth, post } = setUp(INVERTED);
    // Inverted: Kalshi's NO goes with Polymarket's outcome 1, which bids for outcome 0 offer.
    post(KALSHI, 'bid', 70, 100);
    post(POLYMARKET, 'bid', 60, 50);
    post(POLYMARKET, 'bid', 65, 50);
    post(KALSHI, 'bid', 60, 100);
    expect(truth.episodes()).toMatchObject([
      {
        direction: NO,
        closeUs: null,
        endedBy: 'open',
        prices: [
          [2_000, 3_000, 3_000, 4_000],
          [3_000, null, 3_000, 3_500],
        ],
      },
    ]);
  });

  it('counts what it has no room for', () => {
    const { truth, post, cancel } = setUp(SAME, 1);
    post(KALSHI, 'ask', 40, 100);
    for (let round = 0; round < 3; round++) cancel(POLYMARKET, post(POLYMARKET, 'bid', 60, 30));
    expect(truth.episodes()).toHaveLength(1);
    expect(truth.dropped).toBe(2);
  });

  it('has an episode open exactly while the books hold an underround', () => {
    const step = fc.tuple(
      fc.constantFrom<Venue>(KALSHI, POLYMARKET),
      fc.constantFrom('bid' as const, 'ask' as const, 'cancel' as const, 'take' as const),
      fc.integer({ min: 30, max: 70 }),
      fc.integer({ min: 1, max: 60 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(SAME, INVERTED),
        fc.array(step, { maxLength: 40 }),
        (polarity, steps) => {
          const { truth, engines, listing, post, cancel, buy } = setUp(polarity);
          const terms = {
            kalshiRate: kalshiTakerRate(listing.kalshi.feeType, listing.kalshi.feeMultiplier)!,
            polymarketSchedule: polymarketFeeSchedule(listing.polymarket.feeRate, 1)!,
            polymarketMinSizeCenti: listing.polymarket.minSizeCenti,
          };
          for (const [venue, action, cents, contracts] of steps) {
            if (action === 'cancel') cancel(venue, contracts);
            else if (action === 'take') buy(venue, cents % 2 === 0 ? YES : NO, contracts);
            else post(venue, action, cents, contracts);
            for (const direction of [YES, NO] as const) {
              const found = findUnderround(
                engines[KALSHI].asksOf(0, direction),
                engines[POLYMARKET].asksOf(0, polymarketOutcome(direction, polarity)),
                terms,
                criteria,
              );
              const open = truth
                .episodes()
                .filter((one) => one.direction === direction && one.closeUs === null);
              expect(open).toHaveLength(found === undefined ? 0 : 1);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('truth under faults', () => {
  it('goes by the book that is shown while one stands still, and by its market again afterwards', () => {
    const { truth, post, cancel } = setUp(SAME);
    const ask = post(KALSHI, 'ask', 40, 100);
    post(POLYMARKET, 'bid', 56, 30);
    truth.standStill(KALSHI, 0);
    cancel(KALSHI, ask);
    post(KALSHI, 'ask', 90, 100);
    expect(truth.episodes()).toMatchObject([{ closeUs: null }]);
    truth.moveAgain(KALSHI, 0);
    expect(truth.episodes()[0]?.closeUs).not.toBeNull();
    expect(truth.episodes()).toHaveLength(1);
  });

  it('has no underround in a market that is closed', () => {
    const { truth, post } = setUp(SAME);
    post(KALSHI, 'ask', 40, 100);
    post(POLYMARKET, 'bid', 56, 30);
    tellTruth(truth, 'polymarket', { kind: 'close', market: 0 });
    post(POLYMARKET, 'bid', 57, 30);
    expect(truth.episodes()).toHaveLength(1);
    expect(truth.episodes()[0]?.closeUs).not.toBeNull();
  });

  it('reckons with the fee that is in force', () => {
    const { truth, post } = setUp(SAME);
    tellTruth(truth, 'kalshi', { kind: 'fee-change', market: 0, multiplier: 10 });
    post(KALSHI, 'ask', 47, 100);
    post(POLYMARKET, 'bid', 62, 100);
    expect(truth.episodes()).toEqual([]);
    tellTruth(truth, 'kalshi', { kind: 'fee-change', market: 0, multiplier: null });
    expect(truth.episodes()).toHaveLength(1);
    truth.standStill(KALSHI, 0);
    truth.moveAgain(KALSHI, 0);
    expect(truth.episodes()[0]?.closeUs).toBeNull();
  });

  it('knows of asks that passed each other', () => {
    const { truth, post, cancel } = setUp(SAME);
    const ask = post(KALSHI, 'ask', 40, 100);
    cancel(KALSHI, ask);
    post(KALSHI, 'ask', 90, 100);
    post(POLYMARKET, 'bid', 56, 30);
    expect(truth.episodes()).toEqual([]);
    expect(truth.passings()).toEqual([
      [0, YES, expect.any(Number), expect.any(Number), 4_000, 4_400],
    ]);
  });
});
