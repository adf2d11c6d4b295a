// The markets of the wire bench: pairs that stand still until the bench opens one by a single order of one maker, and beside them ordinary
// pairs that make the noise. An opening is one frame, takes one book change away from nothing, and is used up by five contracts.
import { E6_PER_CENTI, PAYOUT_E4 } from '../src/domain/units.js';
import { KALSHI, POLYMARKET, SAME, type Venue } from '../src/domain/venue.js';
import type { GeneratorOptions } from '../src/sim/market/generator.js';
import { createPairStreams } from '../src/sim/market/generator.js';
import type { PairListing } from '../src/sim/market/listings.js';
import type { MakerOp, MakerSink, MakerStream } from '../src/sim/market/maker-op.js';
import type { Side } from '../src/sim/market/order-book.js';

const CENT_E4 = 100;
/** The least that Polymarket takes, and what the naive bot buys: one arbitrage uses an opening up. */
export const OPENING_CENTI = 500;
/** What stands is never used up: no trade of the bench changes a best price but the opening's. */
const STANDING_CENTI = 100_000_000;
const LEVELS = 10;

/** Best prices that stand, cents from the pair's middle, in terms of Kalshi's YES: no underround in either direction, free of fees too. */
const STANDING = { kalshi: { bid: -10, ask: 1 }, polymarket: { bid: 0, ask: 14 } } as const;
/** A best price of one exchange that is 8 cents better than what the other's asks: YES bought on Kalshi, NO on Polymarket. */
const OPENING = {
  kalshi: { side: 'ask', cents: -8 },
  polymarket: { side: 'bid', cents: 9 },
} as const;

/** The makers of one pair that opens when it is told. Every second pair is its mirror: NO is bought on Kalshi. */
export class OpenedPair implements MakerStream {
  nextUs = 0;
  readonly listing: PairListing;
  readonly #middleE4: number;
  readonly #isMirrored: boolean;
  readonly #nextIds: [number, number] = [1, 1];
  #leader: Venue = KALSHI;

  constructor(listing: PairListing) {
    this.listing = listing;
    this.#middleE4 = (40 + ((listing.market * 7) % 21)) * CENT_E4;
    this.#isMirrored = listing.market % 2 === 1;
  }

  step(sink: MakerSink): void {
    for (const venue of [KALSHI, POLYMARKET] as const) {
      const { bid, ask } = venue === KALSHI ? STANDING.kalshi : STANDING.polymarket;
      for (let level = 0; level < LEVELS; level++) {
        sink(this.#post(venue, 'bid', bid - level, STANDING_CENTI));
        sink(this.#post(venue, 'ask', ask + level, STANDING_CENTI));
      }
    }
    this.nextUs = Number.POSITIVE_INFINITY;
  }

  /** The order that opens the pair by a frame of `leader`. */
  opening(leader: Venue): MakerOp {
    this.#leader = leader;
    const { side, cents } = leader === KALSHI ? OPENING.kalshi : OPENING.polymarket;
    return this.#post(leader, side, cents, OPENING_CENTI);
  }

  /** Takes out what nobody bought of the last opening. */
  closing(): MakerOp {
    const cancelId = this.#nextIds[this.#leader] - 1;
    return { ...this.#op(this.#leader), cancelId };
  }

  #post(venue: Venue, side: Side, cents: number, sizeCenti: number): MakerOp {
    const priceE4 = this.#middleE4 + cents * CENT_E4;
    const isInverted = venue === POLYMARKET && this.listing.polarity !== SAME;
    const isTurned = this.#isMirrored !== isInverted;
    return {
      ...this.#op(venue),
      postId: this.#nextIds[venue]++,
      side: isTurned ? (side === 'bid' ? 'ask' : 'bid') : side,
      priceE4: isTurned ? PAYOUT_E4 - priceE4 : priceE4,
      sizeE6: sizeCenti * E6_PER_CENTI,
    };
  }

  #op(venue: Venue): MakerOp {
    const { market } = this.listing;
    const nothing = { cancelId: 0, postId: 0, side: 'bid', priceE4: 0, sizeE6: 0 } as const;
    return { atUs: 0, venue, market, ...nothing };
  }
}

/** The first `count` pairs are opened by the bench; the rest are the simulator's own, which never open. */
export function createMarkets(
  listings: readonly PairListing[],
  options: GeneratorOptions,
  count: number,
): { readonly opened: readonly OpenedPair[]; readonly streams: MakerStream[] } {
  const opened = listings.slice(0, count).map((listing) => new OpenedPair(listing));
  const noise = createPairStreams(listings.slice(count), { ...options, divergencesPerSecond: 0 });
  return { opened, streams: [...opened, ...noise] };
}
