// What the engine shows of itself beyond its figures (status.ts): markets, arbitrages, positions, what was not fired. Plain data in the
// engine's own units, made on the main thread when somebody asks; the page, the commands and the metrics all read these shapes.

import type { LegState } from '../domain/order-life.js';
import type { VenueName } from '../domain/venue.js';
import type { ArbState, OrderRole } from '../journal/records.js';
import type { Stage } from './status.js';

export type OutcomeName = 'yes' | 'no';

/** Price in 1/10,000 dollar, quantity in 1/100 contract. */
export interface LevelView {
  readonly priceE4: number;
  readonly sizeCenti: number;
}

/** One exchange's book of a market, in that exchange's own outcomes: asks, best first. */
export interface BookView {
  readonly yes: readonly LevelView[];
  readonly no: readonly LevelView[];
  /** `trusted`, or why it is not. */
  readonly trust: string;
  /** Since its quote was published; undefined before the first one. */
  readonly ageMs: number | undefined;
}

export interface MarketView {
  /** Dense index: the same everywhere. */
  readonly market: number;
  /** Name of the pair in the registry. */
  readonly name: string;
  readonly kalshiTicker: string;
  readonly polymarketSlug: string;
  /** Whether Polymarket's YES is Kalshi's YES, or its NO. */
  readonly polarity: 'same' | 'opposite';
  readonly books: Readonly<Record<VenueName, BookView>>;
  /** The better of both directions at the best asks. */
  readonly edge: {
    /** Outcome bought on Kalshi; undefined where a price is missing. */
    readonly kalshiOutcome: OutcomeName | undefined;
    /** What one contract pays less what it costs, fees included; below 0 without an underround. */
    readonly microsPerContract: number;
  };
  /** When the money comes back; undefined where it is not known. */
  readonly settlesAtMs: number | undefined;
  /** Why it is not fired on now, most important first; empty when only an underround is missing. */
  readonly blocked: readonly string[];
  readonly isFrozen: boolean;
}

export interface LegView {
  readonly clientOrderId: string;
  readonly role: OrderRole;
  readonly venue: VenueName;
  readonly outcome: OutcomeName;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly filledE6: number | undefined;
  readonly state: LegState;
  /** Nanoseconds of the engine's clock; 0: it did not happen, or is not known. */
  readonly stampsNs: {
    readonly prepared: number;
    readonly written: number;
    readonly answered: number;
    readonly confirmed: number;
  };
}

/** One arbitrage with all its orders: what a waterfall is drawn from. */
export interface ArbView {
  /** As in `underround why`: r3.0.17 */
  readonly arb: string;
  readonly market: number;
  readonly name: string;
  readonly firedAtMs: number;
  readonly state: ArbState;
  readonly netMicros: number;
  readonly sizeCenti: number;
  readonly stampsNs: {
    readonly received: number;
    readonly published: number;
    readonly detected: number;
    readonly dequeued: number;
  };
  readonly legs: readonly LegView[];
}

/** Underrounds of one reason that were seen and not fired on, or fired on and not filled. */
export interface MissedView {
  readonly reason: string;
  readonly count: number;
  /** What they would have netted. */
  readonly netMicros: number;
}

export interface PositionView {
  readonly market: number;
  readonly name: string;
  readonly contractsE6: Readonly<Record<VenueName, { readonly yes: number; readonly no: number }>>;
  readonly costMicros: number;
  /** What it pays at the worst outcome, less cost and fees. */
  readonly lockedMicros: number;
  readonly nakedE6: number;
  readonly nakedMicros: number;
  readonly settlesAtMs: number | undefined;
}

/** Money that comes back on one day (UTC, YYYY-MM-DD; undefined: not known when). */
export interface CapitalView {
  readonly day: string | undefined;
  readonly costMicros: number;
  readonly payoutMicros: number;
}

/** Nanoseconds. */
export interface RecentLatency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** A point of the curves; the engine keeps a bounded number of them and thins the old ones. */
export interface HistoryPoint {
  readonly atMs: number;
  readonly framesPerSecond: Readonly<Record<VenueName, number>>;
  /** Of the minute before, of the stages that anything went through in it. */
  readonly latencyNs: Readonly<Partial<Record<Stage, RecentLatency>>>;
  /** Worst-case payout of what is held, less cost and fees, what is naked taken as worth its cost. */
  readonly lockedMicros: number;
  /** What has come back as cash beyond its cost. */
  readonly realisedMicros: number;
  readonly nakedMicros: number;
  readonly rssBytes: number;
}

export interface LimitView {
  readonly name: string;
  readonly value: number;
  /** micros, e4 (1/10,000 dollar), centi (1/100 contract), ms, or none. */
  readonly unit: string;
  readonly meaning: string;
  /** What it stands at now, where that is a figure. */
  readonly used: number | undefined;
}
