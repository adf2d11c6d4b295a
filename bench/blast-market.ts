// The market that the blaster shows: seeded books around a middle that both exchanges share, so that no pair ever has an underround, and
// changes to them that lead back to where they began. Knows no frames.
import { PAYOUT_E4 } from '../src/domain/units.js';
import { SAME, VENUE_NAMES, type Venue } from '../src/domain/venue.js';
import type { LevelChange, Levels } from '../src/sim/exchange.js';
import { createListings, type PairListing } from '../src/sim/market/listings.js';
import { Rng } from '../src/sim/market/rng.js';

const SEED = 7;
const OPEN_TIME_MS = Date.UTC(2026, 0, 1);
const CENT_E4 = 100;
const E6_PER_CONTRACT = 1_000_000;
const E6_PER_CENTI = 10_000;
/** As deep as recorded books of lively markets; the engine publishes the best 15. */
const LEVELS_PER_SIDE = 20;
const MIDDLE_CENTS = { low: 25, high: 75 } as const;
const MAX_CONTRACTS = 2_000;
/** Most changes are at the best prices or near them: levels from the best, mean of an exponential. */
const MEAN_RANK = 3;
const GONE_SHARE = 0.12;
/** Sizes with hundredths of a contract, which both exchanges have since fractional trading. */
const FRACTION_SHARE = 0.1;

export function createBlastListings(markets: number): PairListing[] {
  return createListings({ seed: SEED, markets, openTimeMs: OPEN_TIME_MS });
}

/** Prices are of the exchange's own outcome 0. */
export class BlastBook {
  readonly bid: Map<number, number>;
  readonly ask: Map<number, number>;

  constructor(bid: Iterable<readonly [number, number]>, ask: Iterable<readonly [number, number]>) {
    this.bid = new Map(bid);
    this.ask = new Map(ask);
  }

  set({ side, priceE4, sizeE6 }: LevelChange): void {
    if (sizeE6 === 0) this[side].delete(priceE4);
    else this[side].set(priceE4, sizeE6);
  }

  /** Best first. */
  bids(): Levels {
    return [...this.bid].sort(([one], [other]) => other - one);
  }

  /** Best first. */
  asks(): Levels {
    return [...this.ask].sort(([one], [other]) => one - other);
  }
}

export interface Step {
  readonly market: number;
  readonly change: LevelChange;
}

/** Books of one connection's markets and changes to them; after the last one all books are as they were. */
export class Walk {
  readonly steps: readonly Step[];
  readonly markets: readonly number[];
  readonly #venue: Venue;
  readonly #firstBooks: ReadonlyMap<number, BlastBook>;

  /** `steps` is even: the second half undoes the first. */
  constructor(venue: Venue, pairs: readonly PairListing[], steps: number) {
    this.#venue = venue;
    this.markets = pairs.map(({ market }) => market);
    this.#firstBooks = new Map(pairs.map((pair) => [pair.market, createBook(venue, pair)]));
    const forward = this.#forward(pairs, steps / 2);
    this.steps = [...forward, ...forward.toReversed().map(undone)];
  }

  /** A market's book when that many of the steps were taken. */
  bookAt(market: number, steps: number): BlastBook {
    const first = this.#firstBooks.get(market)!;
    if (steps === 0) return first;
    const book = new BlastBook(first.bid, first.ask);
    for (const step of this.steps.slice(0, steps)) {
      if (step.market === market) book.set(step.change);
    }
    return book;
  }

  #forward(pairs: readonly PairListing[], count: number): Step[] {
    const books = new Map(pairs.map((pair) => [pair.market, createBook(this.#venue, pair)]));
    const rng = new Rng(SEED, `walk-${VENUE_NAMES[this.#venue]}-${pairs[0]?.market}`);
    return Array.from({ length: count }, () => {
      const pair = rng.pick(pairs);
      const book = books.get(pair.market)!;
      const change = changeOf(rng, book, middleCents(this.#venue, pair));
      book.set(change);
      return { market: pair.market, change };
    });
  }
}

function undone({ market, change }: Step): Step {
  const { side, priceE4, sizeE6, deltaE6 } = change;
  return { market, change: { side, priceE4, sizeE6: sizeE6 - deltaE6, deltaE6: -deltaE6 } };
}

function changeOf(rng: Rng, book: BlastBook, middle: number): LevelChange {
  const side = rng.chance(0.5) ? 'bid' : 'ask';
  const rank = Math.min(LEVELS_PER_SIDE - 1, Math.floor(rng.exponential(MEAN_RANK)));
  const priceE4 = priceAt(middle, side, rank);
  const beforeE6 = book[side].get(priceE4) ?? 0;
  const isGone = beforeE6 > 0 && book[side].size > 1 && rng.chance(GONE_SHARE);
  let sizeE6 = isGone ? 0 : sizeOf(rng);
  // A change of nothing is told by nobody.
  if (sizeE6 === beforeE6) sizeE6 += E6_PER_CONTRACT;
  return { side, priceE4, sizeE6, deltaE6: sizeE6 - beforeE6 };
}

function createBook(venue: Venue, pair: PairListing): BlastBook {
  const rng = new Rng(SEED, `book-${VENUE_NAMES[venue]}-${pair.market}`);
  const middle = middleCents(venue, pair);
  const side = (name: LevelChange['side']) =>
    Array.from({ length: LEVELS_PER_SIDE }, (_, rank): readonly [number, number] => [
      priceAt(middle, name, rank),
      sizeOf(rng),
    ]);
  return new BlastBook(side('bid'), side('ask'));
}

/** Of the exchange's own outcome 0: the same proposition has the same middle on both. */
function middleCents(venue: Venue, { market, polarity }: PairListing): number {
  const { low, high } = MIDDLE_CENTS;
  const kalshi = new Rng(SEED, `middle-${market}`).between(low, high);
  return venue === 0 || polarity === SAME ? kalshi : PAYOUT_E4 / CENT_E4 - kalshi;
}

/** Every bid is a cent below the middle at the most, every ask a cent above it at the least. */
function priceAt(middle: number, side: LevelChange['side'], rank: number): number {
  return CENT_E4 * (side === 'bid' ? middle - 1 - rank : middle + 1 + rank);
}

function sizeOf(rng: Rng): number {
  const contracts = rng.between(1, MAX_CONTRACTS);
  const centi = rng.chance(FRACTION_SHARE) ? rng.between(1, 99) : 0;
  return contracts * E6_PER_CONTRACT + centi * E6_PER_CENTI;
}
