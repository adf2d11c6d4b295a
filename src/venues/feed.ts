// What every exchange's feed is to the engine: a session on a socket that keeps books and says, of each market, what its asks are
// and whether they can be trusted. Exchanges differ below this line and nowhere above it.
import type { Ladder } from '../domain/ladder.js';

/** Why a market's quote is or is not to be traded on; the numbers stand in the trust word. Zeroed memory is not trusted. */
export const TRUST_REASONS = [
  'unwritten',
  'trusted',
  'no-snapshot',
  'disconnected',
  'silent',
  'late',
  'sequence-gap',
  'garbage',
  'crossed',
  'best-mismatch',
  'negative-level',
  'terms-changed',
  'closed',
  'own-underround',
] as const;

export const REASON_TRUSTED = 1;
export const REASON_NO_SNAPSHOT = 2;
export const REASON_DISCONNECTED = 3;
export const REASON_SILENT = 4;
export const REASON_LATE = 5;
export const REASON_SEQUENCE_GAP = 6;
export const REASON_GARBAGE = 7;
export const REASON_CROSSED = 8;
export const REASON_BEST_MISMATCH = 9;
export const REASON_NEGATIVE_LEVEL = 10;
export const REASON_TERMS_CHANGED = 11;
export const REASON_CLOSED = 12;
export const REASON_OWN_UNDERROUND = 13;

/** Where a feed puts what it knows. `market` is the engine's dense index. */
export interface FeedSink {
  /**
   * The market's asks changed. `yesAsks` holds the bids for NO (a YES ask is their complement), `noAsks` the bids for YES. The
   * market's own trust is set beside it. @hot
   */
  publish(
    market: number,
    yesAsks: Ladder,
    noAsks: Ladder,
    receiveNs: number,
    venueMs: number,
  ): void;
  /** The market's own reason; the connection's may overrule it. @hot */
  setMarketTrust(market: number, reason: number): void;
  /** A reason that holds for every market of this connection, or REASON_TRUSTED when there is none. */
  setConnectionTrust(reason: number): void;
  /** All of a frame is published: wake who waits. @hot */
  ring(): void;
}

/** Counts that a feed keeps; the order of a worker's counter block. */
export const FEED_COUNTERS = [
  'frames',
  'conflated',
  'gaps',
  'garbage',
  'resyncs',
  'reconnects',
  'silences',
  'lates',
] as const;
export type FeedCounter = (typeof FEED_COUNTERS)[number];

/** Adds one to a named count. @hot */
export type CountFeed = (counter: FeedCounter) => void;
