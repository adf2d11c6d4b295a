// The truth: every underround that the two real books ever held, with its life, size and prices. It watches the matching
// engines from inside, and knows nothing of what any client saw.
import { kalshiTakerRate } from '../../domain/kalshi-fee.js';
import { polymarketFeeSchedule } from '../../domain/polymarket-fee.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import {
  type Direction,
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  polymarketOutcome,
  type Venue,
  YES,
} from '../../domain/venue.js';
import type { BookEvent, Levels } from '../exchange.js';
import type { PairListing } from './listings.js';
import { findUnderround, type UnderroundCriteria, type UnderroundTerms } from './underround.js';

/** Best asks while an episode lasted: [fromUs, toUs or null while they stand, Kalshi's, Polymarket's]. */
export type AskSpan = [fromUs: number, toUs: number | null, kalshiE4: number, polymarketE4: number];

/** Times are microseconds of process.hrtime, one clock for all processes of the machine. */
export interface Episode {
  readonly pair: number;
  /** The outcome bought on Kalshi. */
  readonly direction: Direction;
  readonly openUs: number;
  readonly closeUs: number | null;
  readonly bestNetMicros: number;
  readonly bestSizeCenti: number;
  readonly endedBy: 'market' | 'taker' | 'open';
  readonly prices: readonly AskSpan[];
  /** When an order first bought this side on each exchange, Kalshi first; the second leg may come just after the close. */
  readonly firstTakesUs: readonly [number | null, number | null];
}

/**
 * Asks that together were an underround and never stood together: one had gone when the other came. Who hears of the two exchanges by
 * two ways sees them together all the same: [pair, direction, when the newer came, when the older went, Kalshi's, Polymarket's].
 */
export type AskPassing = [
  pair: number,
  direction: Direction,
  cameUs: number,
  wentUs: number,
  kalshiE4: number,
  polymarketE4: number,
];

/** A best ask that has gone. */
interface GoneAsk {
  readonly priceE4: number;
  readonly wentUs: number;
}

export interface BookView {
  /** 0 when nothing is offered. */
  bestAskOf(market: number, outcome: Outcome): number;
  asksOf(market: number, outcome: Outcome): Levels;
  onBookEvent(listener: (event: BookEvent) => void): void;
}

export interface TruthOptions {
  readonly listings: readonly PairListing[];
  readonly kalshi: BookView;
  readonly polymarket: BookView;
  readonly criteria: UnderroundCriteria;
  nowUs(): number;
  /** An ask that went longer ago has not been passed by another. */
  readonly passingUs?: number;
  /** Default MAX_EPISODES. */
  readonly maxEpisodes?: number;
}

export const MAX_EPISODES = 1_000_000;
/** An episode whose prices change more often than this keeps the first ones; the rest are counted. */
const MAX_SPANS = 10_000;
/** The first leg of an arbitrage may end the underround; its second leg still belongs to it for so long. */
const LEG_GRACE_US = 100_000;
const PASSING_US = 200_000;

interface LiveEpisode extends Episode {
  closeUs: number | null;
  bestNetMicros: number;
  bestSizeCenti: number;
  endedBy: Episode['endedBy'];
  readonly prices: AskSpan[];
  readonly firstTakesUs: [number | null, number | null];
}

/** What is offered of each outcome in a book that does not move, best first. */
type StillBook = readonly [yesAsks: Levels, noAsks: Levels];

interface WatchedPair {
  terms: UnderroundTerms;
  readonly listing: PairListing;
  /** By venue: the book as the exchange shows it while the market behind it moves on unseen. */
  readonly still: [StillBook | undefined, StillBook | undefined];
  readonly polymarketOutcomes: readonly [Outcome, Outcome];
  readonly open: [LiveEpisode | undefined, LiveEpisode | undefined];
  /** By direction: the best asks as they were last evaluated, Kalshi's first. */
  readonly asks: readonly [[number, number], [number, number]];
  /** By direction and venue: those that went a moment ago, oldest first. */
  readonly gone: readonly [[GoneAsk[], GoneAsk[]], [GoneAsk[], GoneAsk[]]];
  /** Open or not. */
  readonly latest: [LiveEpisode | undefined, LiveEpisode | undefined];
}

export class Truth {
  readonly criteria: UnderroundCriteria;
  readonly #options: TruthOptions;
  readonly #pairs: readonly WatchedPair[];
  readonly #episodes: LiveEpisode[] = [];
  readonly #passings: AskPassing[] = [];
  readonly #maxEpisodes: number;
  #dropped = 0;

  constructor(options: TruthOptions) {
    this.#options = options;
    this.criteria = options.criteria;
    this.#maxEpisodes = options.maxEpisodes ?? MAX_EPISODES;
    this.#pairs = options.listings.map(watch);
    options.kalshi.onBookEvent((event) => this.#evaluate(event));
    options.polymarket.onBookEvent((event) => this.#evaluate(event));
  }

  /** In the order of their opening; those still open have closeUs null. */
  episodes(): readonly Episode[] {
    return this.#episodes;
  }

  /** In the order of their coming. */
  passings(): readonly AskPassing[] {
    return this.#passings;
  }

  /** Episodes and price changes that there was no room for. A score of a run with any is not complete. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The exchange shows this book as it is now, whatever its market does: it is halted or paused. */
  standStill(venue: Venue, market: number): void {
    const pair = this.#pairs[market];
    if (pair === undefined || pair.still[venue] !== undefined) return;
    const view = this.#view(venue);
    pair.still[venue] = [view.asksOf(market, YES), view.asksOf(market, NO)];
  }

  /** Nothing of this market can be bought any more. */
  end(venue: Venue, market: number): void {
    const pair = this.#pairs[market];
    if (pair === undefined) return;
    pair.still[venue] = [[], []];
    this.#evaluate(this.#noEvent(venue, market));
  }

  moveAgain(venue: Venue, market: number): void {
    const pair = this.#pairs[market];
    if (pair?.still[venue] === undefined) return;
    pair.still[venue] = undefined;
    this.#evaluate(this.#noEvent(venue, market));
  }

  /** The market's taker fee is another from now on; null: what its listing says. */
  setKalshiMultiplier(market: number, multiplier: number | null): void {
    const pair = this.#pairs[market];
    if (pair === undefined) return;
    const { feeType, feeMultiplier } = pair.listing.kalshi;
    const kalshiRate = kalshiTakerRate(feeType, multiplier ?? feeMultiplier);
    if (kalshiRate === undefined) throw new RangeError(`unknown fee: multiplier=${multiplier}`);
    pair.terms = { ...pair.terms, kalshiRate };
    this.#evaluate(this.#noEvent(KALSHI, market));
  }

  #noEvent(venue: Venue, market: number): BookEvent {
    return { venue, market, venueMs: 0, changes: [], trades: [] };
  }

  #view(venue: Venue): BookView {
    return venue === KALSHI ? this.#options.kalshi : this.#options.polymarket;
  }

  #asksOf({ still }: WatchedPair, venue: Venue, market: number, outcome: Outcome): Levels {
    return still[venue]?.[outcome] ?? this.#view(venue).asksOf(market, outcome);
  }

  #bestAskOf({ still }: WatchedPair, venue: Venue, market: number, outcome: Outcome): number {
    const book = still[venue];
    if (book === undefined) return this.#view(venue).bestAskOf(market, outcome);
    return book[outcome][0]?.[0] ?? 0;
  }

  #evaluate(event: BookEvent): void {
    const pair = this.#pairs[event.market];
    if (pair === undefined) return;
    this.#evaluateDirection(pair, YES, event);
    this.#evaluateDirection(pair, NO, event);
  }

  #evaluateDirection(pair: WatchedPair, direction: Direction, event: BookEvent): void {
    const { market } = event;
    const theirs = pair.polymarketOutcomes[direction];
    const kalshiE4 = this.#bestAskOf(pair, KALSHI, market, direction);
    const polymarketE4 = this.#bestAskOf(pair, POLYMARKET, market, theirs);
    const open = pair.open[direction];
    this.#notePassing(pair, direction, market, KALSHI, kalshiE4);
    this.#notePassing(pair, direction, market, POLYMARKET, polymarketE4);
    this.#noteTake(pair.latest[direction], event, event.venue === KALSHI ? direction : theirs);
    const possible = kalshiE4 > 0 && polymarketE4 > 0 && kalshiE4 + polymarketE4 < PAYOUT_E4;
    const found = possible
      ? findUnderround(
          this.#asksOf(pair, KALSHI, market, direction),
          this.#asksOf(pair, POLYMARKET, market, theirs),
          pair.terms,
          this.criteria,
        )
      : undefined;
    if (found === undefined) {
      if (open !== undefined) this.#close(pair, direction, open, event);
      return;
    }
    const atUs = this.#options.nowUs();
    const episode = open ?? this.#open(pair, direction, market, atUs);
    if (found.netMicros > episode.bestNetMicros) {
      episode.bestNetMicros = found.netMicros;
      episode.bestSizeCenti = found.sizeCenti;
    }
    this.#notePrices(episode, atUs, kalshiE4, polymarketE4);
  }

  #notePassing(
    pair: WatchedPair,
    direction: Direction,
    market: number,
    venue: Venue,
    priceE4: number,
  ): void {
    const asks = pair.asks[direction];
    const before = asks[venue];
    if (before === priceE4) return;
    asks[venue] = priceE4;
    const nowUs = this.#options.nowUs();
    const sinceUs = nowUs - (this.#options.passingUs ?? PASSING_US);
    const gone = pair.gone[direction];
    const own = gone[venue];
    while (own.length > 0 && own[0]!.wentUs < sinceUs) own.shift();
    if (before > 0) own.push({ priceE4: before, wentUs: nowUs });
    if (priceE4 === 0) return;
    for (const other of gone[1 - venue]!) {
      if (other.wentUs < sinceUs || other.priceE4 + priceE4 >= PAYOUT_E4) continue;
      if (this.#passings.length === this.#maxEpisodes) {
        this.#dropped++;
        return;
      }
      const [kalshiE4, polymarketE4] =
        venue === KALSHI ? [priceE4, other.priceE4] : [other.priceE4, priceE4];
      this.#passings.push([market, direction, nowUs, other.wentUs, kalshiE4, polymarketE4]);
    }
  }

  #open(pair: WatchedPair, direction: Direction, market: number, openUs: number): LiveEpisode {
    const episode: LiveEpisode = {
      pair: market,
      direction,
      openUs,
      closeUs: null,
      bestNetMicros: 0,
      bestSizeCenti: 0,
      endedBy: 'open',
      prices: [],
      firstTakesUs: [null, null],
    };
    pair.open[direction] = episode;
    pair.latest[direction] = episode;
    if (this.#episodes.length < this.#maxEpisodes) this.#episodes.push(episode);
    else this.#dropped++;
    return episode;
  }

  #noteTake(episode: LiveEpisode | undefined, { venue, trades }: BookEvent, bought: Outcome): void {
    if (episode === undefined || !trades.some(({ takerOutcome }) => takerOutcome === bought))
      return;
    const atUs = this.#options.nowUs();
    if (episode.closeUs !== null && atUs - episode.closeUs > LEG_GRACE_US) return;
    episode.firstTakesUs[venue] ??= atUs;
  }

  #notePrices(episode: LiveEpisode, atUs: number, kalshiE4: number, polymarketE4: number): void {
    const last = episode.prices.at(-1);
    if (last !== undefined && last[2] === kalshiE4 && last[3] === polymarketE4) return;
    if (episode.prices.length === MAX_SPANS) {
      this.#dropped++;
      return;
    }
    if (last !== undefined) last[1] = atUs;
    episode.prices.push([atUs, null, kalshiE4, polymarketE4]);
  }

  #close(pair: WatchedPair, direction: Direction, episode: LiveEpisode, event: BookEvent): void {
    const atUs = this.#options.nowUs();
    const last = episode.prices.at(-1);
    if (last !== undefined) last[1] = atUs;
    episode.closeUs = atUs;
    episode.endedBy = event.trades.length > 0 ? 'taker' : 'market';
    pair.open[direction] = undefined;
  }
}

function watch(listing: PairListing): WatchedPair {
  const { kalshi, polymarket, polarity } = listing;
  const kalshiRate = kalshiTakerRate(kalshi.feeType, kalshi.feeMultiplier);
  const polymarketSchedule = polymarketFeeSchedule(polymarket.feeRate, polymarket.feeExponent);
  if (kalshiRate === undefined || polymarketSchedule === undefined) {
    throw new Error(`unknown fee: ticker=${kalshi.ticker} feeType=${kalshi.feeType}`);
  }
  return {
    terms: { kalshiRate, polymarketSchedule, polymarketMinSizeCenti: polymarket.minSizeCenti },
    polymarketOutcomes: [polymarketOutcome(YES, polarity), polymarketOutcome(NO, polarity)],
    listing,
    still: [undefined, undefined],
    open: [undefined, undefined],
    asks: [
      [0, 0],
      [0, 0],
    ],
    gone: [
      [[], []],
      [[], []],
    ],
    latest: [undefined, undefined],
  };
}
