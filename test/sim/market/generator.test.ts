import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { isOnGrid } from '../../../src/domain/price-grid.js';
import {
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  polymarketOutcome,
  type Venue,
  YES,
} from '../../../src/domain/venue.js';
import type { BuyOrder } from '../../../src/sim/exchange.js';
import { createPairStreams, MarketGenerator } from '../../../src/sim/market/generator.js';
import {
  createListings,
  type PairListing,
  polymarketGrid,
} from '../../../src/sim/market/listings.js';
import type { MakerOp } from '../../../src/sim/market/maker-op.js';
import { SimMatchingEngine } from '../../../src/sim/market/matching-engine.js';
import { Truth } from '../../../src/sim/market/truth.js';

const SEED = 7;
const MARKETS = 200;
const SECONDS = 60;
const SECOND_US = 1_000_000;

function generator(seed: number, markets: number, perMarketSecond = 0.04) {
  const listings = createListings({ seed, markets, openTimeMs: 0 });
  const options = { seed, rate: 1, divergencesPerSecond: markets * perMarketSecond };
  return { listings, market: new MarketGenerator(createPairStreams(listings, options)) };
}

/** `chunkUs`: how much virtual time is played at once, which must not matter. */
function hashOf(seed: number, chunkUs: number): string {
  const { market } = generator(seed, 50);
  const hash = createHash('sha256');
  for (let us = 0; us <= SECONDS * SECOND_US; us += chunkUs) {
    market.advance(us, (op) => hash.update(JSON.stringify(op)));
  }
  return hash.digest('hex');
}

interface Move {
  readonly atUs: number;
  readonly venue: Venue;
  readonly market: number;
}

/** Plays the market into two engines and notes each move of a best price that a maker made. */
function play(
  seed: number,
  onOp: (
    op: MakerOp,
    engines: readonly SimMatchingEngine[],
    listings: readonly PairListing[],
    truth: Truth,
  ) => void,
  perMarketSecond?: number,
) {
  const { listings, market } = generator(seed, MARKETS, perMarketSecond);
  const engines = [KALSHI, POLYMARKET].map(
    (venue) => new SimMatchingEngine({ venue: venue as Venue, markets: MARKETS, now: () => 0 }),
  ) as [SimMatchingEngine, SimMatchingEngine];
  let atUs = 0;
  const truth = new Truth({
    listings,
    kalshi: engines[KALSHI],
    polymarket: engines[POLYMARKET],
    criteria: { minNetMicros: 1, maxSizeCenti: 10_000, maxCostMicros: 100_000_000 },
    nowUs: () => atUs,
  });
  const moves: Move[] = [];
  const tops = new Map<string, string>();
  let trades = 0;
  for (const engine of engines) {
    engine.onBookEvent((event) => {
      trades += event.trades.length;
      const key = `${event.venue}/${event.market}`;
      const top = `${engine.bestAskOf(event.market, YES)}/${engine.bestAskOf(event.market, NO)}`;
      if (tops.get(key) !== top && atUs > 0 && event.trades.length === 0) {
        moves.push({ atUs, venue: event.venue, market: event.market });
      }
      tops.set(key, top);
    });
  }
  market.advance(SECONDS * SECOND_US, (op) => {
    atUs = op.atUs;
    engines[op.venue]!.apply(op);
    onOp(op, engines, listings, truth);
  });
  return { listings, engines, truth, moves, trades: () => trades };
}

/** The least time between a move on one exchange and a move of the same pair on the other. */
function closestUs(moves: readonly Move[]): number {
  const last = new Map<number, [number, number]>();
  let closest = Number.POSITIVE_INFINITY;
  for (const { atUs, venue, market } of moves) {
    const times = last.get(market) ?? [-SECOND_US, -SECOND_US];
    closest = Math.min(closest, atUs - times[venue === KALSHI ? POLYMARKET : KALSHI]);
    times[venue] = atUs;
    last.set(market, times);
  }
  return closest;
}

function takeAll(orderId: string, market: number, outcome: Outcome, contracts: number): BuyOrder {
  return {
    orderId,
    account: 'taker',
    market,
    outcome,
    limitE4: 9_900,
    sizeE6: contracts * 1_000_000,
    spendMicros: Number.POSITIVE_INFINITY,
    timeInForce: 'ioc',
  };
}

describe('market generator', () => {
  it('gives the same market for the same seed, however it is cut into steps', () => {
    const whole = hashOf(SEED, SECONDS * SECOND_US);
    expect(hashOf(SEED, 7_919)).toBe(whole);
    expect(hashOf(SEED + 1, SECONDS * SECOND_US)).not.toBe(whole);
  });

  it('gives a market the same operations however many others there are', () => {
    const opsOfThird = (markets: number) => {
      const ops: MakerOp[] = [];
      generator(SEED, markets).market.advance(20 * SECOND_US, (op) => {
        if (op.market === 2) ops.push(op);
      });
      return ops;
    };
    expect(opsOfThird(3)).toEqual(opsOfThird(40));
  });

  it('does the same whatever takers do, and cancels of consumed orders are nothing', () => {
    const hash = (takes: boolean) => {
      const digest = createHash('sha256');
      let count = 0;
      play(SEED, (op, engines) => {
        digest.update(JSON.stringify(op));
        if (!takes || ++count % 50 !== 0) return;
        const outcome = count % 100 === 0 ? YES : NO;
        engines[op.venue]!.buy(takeAll(`taker-${count}`, op.market, outcome, 70));
      });
      return digest.digest('hex');
    };
    expect(hash(true)).toBe(hash(false));
  });

  describe('over a minute of 200 markets', () => {
    let ops: MakerOp[];
    let run: ReturnType<typeof play>;
    beforeAll(() => {
      ops = [];
      run = play(SEED, (op) => {
        ops.push(op);
      });
    });

    it('never crosses a book, and keeps every price on its grid', () => {
      expect(run.trades()).toBe(0);
      for (const { venue, market, priceE4 } of ops) {
        const listing = run.listings[market]!;
        const grid =
          venue === KALSHI ? listing.kalshi.priceGrid : polymarketGrid(listing.polymarket);
        if (!isOnGrid(grid, priceE4)) {
          expect.fail(`off the grid: venue=${venue} market=${market} priceE4=${priceE4}`);
        }
      }
    });

    it('keeps moves of the two exchanges of a pair at least 20 ms apart', () => {
      expect(run.moves.length).toBeGreaterThan(1_000);
      expect(closestUs(run.moves)).toBeGreaterThanOrEqual(20_000);
    });

    it('keeps them apart too where takers have eaten the best prices', () => {
      let count = 0;
      let seen = 0;
      const taken = play(SEED, (_, engines, listings, truth) => {
        const opened = truth.episodes().slice(seen);
        seen += opened.length;
        for (const { pair, direction } of opened) {
          const theirs = polymarketOutcome(direction, listings[pair]!.polarity);
          for (const [venue, outcome] of [
            [KALSHI, direction],
            [POLYMARKET, theirs],
          ] as const) {
            engines[venue]!.buy(takeAll(`taker-${++count}`, pair, outcome, 100));
          }
        }
      });
      expect(taken.trades()).toBeGreaterThan(500);
      expect(closestUs(taken.moves)).toBeGreaterThanOrEqual(20_000);
    });

    it('opens underrounds that live 20 ms to 3 s, about 8 a second, and calms down after each', () => {
      const closed = run.truth.episodes().filter(({ closeUs }) => closeUs !== null);
      expect(closed.length / SECONDS).toBeGreaterThan(5);
      expect(closed.length / SECONDS).toBeLessThan(11);
      for (const { openUs, closeUs, endedBy, pair } of closed) {
        expect(closeUs! - openUs).toBeGreaterThanOrEqual(20_000);
        expect(closeUs! - openUs).toBeLessThanOrEqual(3_000_000);
        expect(endedBy).toBe('market');
        const early = run.moves.filter(
          ({ atUs, market }) => market === pair && atUs > closeUs! && atUs < closeUs! + 150_000,
        );
        expect(early).toEqual([]);
      }
      const lives = closed.map(({ openUs, closeUs }) => closeUs! - openUs).sort((a, b) => a - b);
      const median = lives[lives.length >> 1]!;
      expect(median).toBeGreaterThan(150_000);
      expect(median).toBeLessThan(400_000);
    });

    it('keeps to the default rates and to realistic depth', () => {
      const rates = [KALSHI, POLYMARKET].map(
        (venue) => ops.filter((op) => op.venue === venue && op.atUs > 0).length / SECONDS,
      );
      expect(rates[KALSHI]).toBeGreaterThan(900);
      expect(rates[KALSHI]).toBeLessThan(1_500);
      expect(rates[POLYMARKET]).toBeGreaterThan(350);
      expect(rates[POLYMARKET]).toBeLessThan(700);
      const depths: number[] = [];
      for (let market = 0; market < MARKETS; market++) {
        for (const engine of run.engines) {
          depths.push(engine.bids(market).length, engine.asks(market).length);
        }
      }
      depths.sort((a, b) => a - b);
      expect(depths[depths.length >> 1]).toBeGreaterThanOrEqual(12);
      expect(depths.at(-1)).toBeLessThanOrEqual(100);
      expect(depths[0]).toBeGreaterThanOrEqual(2);
    });
  });

  it('has no underround, not even before fees, when nothing diverges', () => {
    let closestE4 = Number.POSITIVE_INFINITY;
    const { moves } = play(
      SEED,
      (op, engines, listings) => {
        if (op.atUs === 0) return;
        for (const direction of [YES, NO] as const) {
          const theirs = polymarketOutcome(direction, listings[op.market]!.polarity);
          const kalshiE4 = engines[KALSHI]!.bestAskOf(op.market, direction);
          const sumE4 = kalshiE4 + engines[POLYMARKET]!.bestAskOf(op.market, theirs);
          closestE4 = Math.min(closestE4, sumE4);
        }
      },
      0,
    );
    expect(moves.length).toBeGreaterThan(1_000);
    expect(closestE4).toBeGreaterThan(10_000);
  });
});
