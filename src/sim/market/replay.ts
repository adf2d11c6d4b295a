// A recorded Kalshi market as one of the simulated ones: its book is what was recorded, at its own pace, and a seeded maker on
// Polymarket follows the recorded price with noise and lag. Underrounds open when it lags, and when it strays by itself.
import { PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI, POLYMARKET, SAME } from '../../domain/venue.js';
import { type PairListing, polymarketGrid } from './listings.js';
import type { MakerSink, MakerStream } from './maker-op.js';
import { CALM_US, MAX_LIFE_US, MIN_LIFE_US, MOVE_GAP_US } from './pair-stream.js';
import { PRICE_STRUCTURES, type PriceStructure } from './price-structures.js';
import { PriceSteps, QuoteModel, type Quotes } from './quote-model.js';
import type { RecordedTop, Recording } from './recording.js';
import { Rng } from './rng.js';

export interface ReplayOptions {
  readonly seed: number;
  /** Multiplies the noise on Polymarket. */
  readonly rate: number;
  /** How often the follower quotes past the recorded price, besides lagging behind it. */
  readonly straysPerSecond: number;
}

/** The follower acts when its mid price is this far from the recorded one. */
const TOLERATED_E4 = 150;
/** By lag alone the recorded windows give an underround every 40 s: too few to watch. */
export const STRAYS_PER_SECOND = 0.25;
/** How far past the recorded best price it strays: the fees are 1 to 3 cents of it. */
const STRAY_CENTS = [2, 7] as const;
const SECOND_US = 1_000_000;
const TARGET_ORDERS = 40;
const NOISE_MEAN_US = 60_000;
const MAX_SPREAD_TICKS = 3;

/** A price grid that has every recorded price; which one the market really had is not recorded. */
const STRUCTURES = {
  100: 'linear_cent',
  10: 'deci_cent',
  1: 'center_deci_edge_centi_cent',
} as const satisfies Readonly<Record<Recording['stepE4'], PriceStructure>>;

/**
 * Which of the listed markets each recording is, by index: the one of the same ticker where there is one (a recording of this very
 * simulation), else the first that is free. No more recordings than listings.
 */
export function placeRecordings(
  listings: readonly PairListing[],
  recordings: readonly Recording[],
): number[] {
  const namesakes = recordings.map(({ ticker }) =>
    listings.findIndex(({ kalshi }) => kalshi.ticker === ticker),
  );
  const taken = new Set(namesakes);
  let next = 0;
  return namesakes.map((index) => {
    if (index >= 0) return index;
    while (taken.has(next)) next++;
    return next++;
  });
}

/** `listing` with the recorded market on the Kalshi side; the question is the recorded one, so both sides mean the same. */
export function listRecording(listing: PairListing, recording: Recording): PairListing {
  const structure = STRUCTURES[recording.stepE4];
  const eventTicker = recording.ticker.replace(/-[^-]+$/, '');
  const question = `How does ${recording.ticker} settle?`;
  return {
    ...listing,
    name: recording.ticker.toLowerCase(),
    polarity: SAME,
    kalshi: {
      ...listing.kalshi,
      ticker: recording.ticker,
      marketId: recording.marketId,
      eventTicker,
      seriesTicker: eventTicker.split('-')[0] ?? eventTicker,
      title: question,
      rules: `As recorded: ${recording.ticker}.`,
      feeType: 'quadratic',
      feeMultiplier: 1,
      priceLevelStructure: structure,
      priceGrid: PRICE_STRUCTURES[structure],
    },
    polymarket: {
      ...listing.polymarket,
      slug: recording.ticker.toLowerCase(),
      question,
      tickE4: 100,
      feeRate: 0.04,
      negRisk: false,
    },
  };
}

export class ReplayStream implements MakerStream {
  nextUs = 0;
  readonly #recording: Recording;
  readonly #market: number;
  readonly #rng: Rng;
  readonly #steps: PriceSteps;
  readonly #follower: QuoteModel;
  readonly #noiseMeanUs: number;
  readonly #strayMeanUs: number;
  /** The one order that stands for each recorded level. */
  readonly #levelOrders = new Map<string, number>();
  #nextOrderId = 1;
  #change = 0;
  /** Index of the recorded best prices that hold at the time of the next step. */
  #top = 0;
  #noiseUs = Number.POSITIVE_INFINITY;
  #moveUs = Number.POSITIVE_INFINITY;
  #moveKind: 'follow' | 'stray' = 'follow';
  #isSeeded = false;

  constructor(listing: PairListing, recording: Recording, options: ReplayOptions) {
    this.#recording = recording;
    this.#market = listing.market;
    this.#rng = new Rng(options.seed, `replay-${listing.market}`);
    this.#steps = new PriceSteps(polymarketGrid(listing.polymarket));
    this.#noiseMeanUs = NOISE_MEAN_US / options.rate;
    this.#strayMeanUs = SECOND_US / options.straysPerSecond;
    this.#follower = new QuoteModel({
      venue: POLYMARKET,
      market: listing.market,
      steps: this.#steps,
      targetOrders: TARGET_ORDERS,
      rng: this.#rng,
    });
  }

  step(sink: MakerSink): void {
    const atUs = this.nextUs;
    const { changes, durationUs } = this.#recording;
    while (changes[this.#change] !== undefined && changes[this.#change]!.atUs <= atUs) {
      this.#replay(this.#change++, sink);
    }
    if (!this.#isSeeded) this.#seed(atUs, sink);
    if (atUs === this.#moveUs) this.#move(atUs, sink);
    if (atUs === this.#noiseUs) this.#makeNoise(atUs, sink);
    const changeUs = changes[this.#change]?.atUs ?? Number.POSITIVE_INFINITY;
    const nextUs = Math.min(changeUs, this.#moveUs, this.#noiseUs);
    this.nextUs = nextUs > durationUs ? Number.POSITIVE_INFINITY : nextUs;
  }

  /** One order a level: a changed size takes it out and posts it again in one event, which shows as one delta. */
  #replay(index: number, sink: MakerSink): void {
    const { atUs, side, priceE4, sizeE6 } = this.#recording.changes[index]!;
    const key = `${side}${priceE4}`;
    const cancelId = this.#levelOrders.get(key) ?? 0;
    const postId = sizeE6 > 0 ? this.#nextOrderId++ : 0;
    if (postId === 0) this.#levelOrders.delete(key);
    else this.#levelOrders.set(key, postId);
    const market = this.#market;
    sink({ atUs, venue: KALSHI, market, cancelId, postId, side, priceE4, sizeE6 });
  }

  #seed(atUs: number, sink: MakerSink): void {
    const first = this.#recording.tops[0]!;
    this.#follower.seed(this.#inside(first), atUs, sink);
    this.#isSeeded = true;
    this.#noiseUs = this.#noiseAfter(atUs);
    this.#scheduleMove(atUs);
  }

  #makeNoise(atUs: number, sink: MakerSink): void {
    this.#follower.noise(!this.#isQuietAround(atUs), atUs, sink);
    this.#noiseUs = this.#noiseAfter(atUs);
  }

  #move(atUs: number, sink: MakerSink): void {
    const top = this.#topAt(atUs);
    if (this.#moveKind === 'stray') {
      this.#follower.moveTo(this.#past(top), atUs, sink);
      this.#moveKind = 'follow';
      this.#moveUs = this.#quietFrom(atUs + this.#life());
      return;
    }
    this.#follower.moveTo(this.#inside(top), atUs, sink);
    this.#scheduleMove(atUs + CALM_US);
  }

  #scheduleMove(fromUs: number): void {
    const strayUs = fromUs + Math.round(this.#rng.exponential(this.#strayMeanUs));
    const followUs = this.#driftUs(fromUs);
    this.#moveKind = strayUs < followUs ? 'stray' : 'follow';
    this.#moveUs = this.#quietFrom(Math.min(strayUs, followUs));
  }

  /** The recording is known ahead: some lag after its price has left the follower's; Infinity when it never does. */
  #driftUs(fromUs: number): number {
    const { tops } = this.#recording;
    const own = this.#follower.quotes;
    const ownMidE4 = (own.bidE4 + own.askE4) / 2;
    this.#topAt(fromUs);
    for (let index = this.#top; index < tops.length; index++) {
      const { atUs, bidE4, askE4 } = tops[index]!;
      if (Math.abs((bidE4 + askE4) / 2 - ownMidE4) < TOLERATED_E4) continue;
      return Math.max(fromUs, atUs) + this.#life();
    }
    return Number.POSITIVE_INFINITY;
  }

  #life(): number {
    return Math.round(this.#rng.logUniform(MIN_LIFE_US, MAX_LIFE_US));
  }

  /** The first moment from here on with no recorded change of a best price close to it. */
  #quietFrom(us: number): number {
    const { tops } = this.#recording;
    let quietUs = us;
    for (let index = this.#top; index < tops.length; index++) {
      const { atUs } = tops[index]!;
      if (atUs <= quietUs - MOVE_GAP_US) continue;
      if (atUs >= quietUs + MOVE_GAP_US) break;
      quietUs = atUs + MOVE_GAP_US;
    }
    return quietUs;
  }

  #isQuietAround(us: number): boolean {
    const last = this.#topAt(us);
    const next = this.#recording.tops[this.#top + 1];
    return (
      us - last.atUs >= MOVE_GAP_US && (next?.atUs ?? Number.POSITIVE_INFINITY) - us >= MOVE_GAP_US
    );
  }

  /** Best prices recorded at a time that never goes back. */
  #topAt(us: number): RecordedTop {
    const { tops } = this.#recording;
    while (tops[this.#top + 1] !== undefined && tops[this.#top + 1]!.atUs <= us) this.#top++;
    return tops[this.#top]!;
  }

  /** Quotes around a price strictly inside the recorded spread: no underround at that moment. */
  #inside({ bidE4, askE4 }: Quotes): Quotes {
    const midE4 = bidE4 + (askE4 - bidE4) * (0.2 + 0.6 * this.#rng.unit());
    const spreadE4 = this.#rng.between(1, MAX_SPREAD_TICKS) * 100;
    const ownBidE4 = this.#steps.atOrBelow(midE4 - spreadE4 / 2);
    const ownAskE4 = this.#steps.atOrAbove(Math.max(midE4, ownBidE4 + spreadE4));
    return {
      bidE4: ownBidE4,
      askE4: ownAskE4 > ownBidE4 ? ownAskE4 : Math.min(PAYOUT_E4 - 100, ownBidE4 + 100),
    };
  }

  /** Quotes that offer one side cheaper than Kalshi takes the other, towards the middle of the price range. */
  #past({ bidE4, askE4 }: Quotes): Quotes {
    const pastE4 = this.#rng.between(...STRAY_CENTS) * 100;
    const spreadE4 = this.#rng.between(1, MAX_SPREAD_TICKS) * 100;
    if (askE4 + bidE4 < PAYOUT_E4) {
      const ownBidE4 = this.#steps.atOrAbove(askE4 + pastE4);
      return { bidE4: ownBidE4, askE4: this.#steps.atOrAbove(ownBidE4 + spreadE4) };
    }
    const ownAskE4 = this.#steps.atOrBelow(bidE4 - pastE4);
    return { bidE4: this.#steps.atOrBelow(ownAskE4 - spreadE4), askE4: ownAskE4 };
  }

  #noiseAfter(atUs: number): number {
    return atUs + Math.max(1, Math.round(this.#rng.exponential(this.#noiseMeanUs)));
  }
}
