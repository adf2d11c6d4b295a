// What every exchange's feed is to the engine: a session on a socket that keeps books and says, of each market, what its asks are
// and whether they can be trusted. Exchanges differ below this line and nowhere above it.
import type { Ladder } from '../domain/ladder.js';
import type { SocketProtocol } from '../net/ws-session.js';

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
  'halted',
  'polled',
  'hash-mismatch',
  'unconfirmed',
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
/** The exchange does not match orders of this market now: deactivated, paused, not accepting. */
export const REASON_HALTED = 14;
/** Read by REST while the socket is down: shown, never traded on. */
export const REASON_POLLED = 15;
export const REASON_HASH_MISMATCH = 16;
/** Its book came, and nothing has shown yet that it is not one of some time ago. */
export const REASON_UNCONFIRMED = 17;

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
  /**
   * The prices of this connection may be bought on until then, on the engine's clock. `hadLapsed`: for a while they were not, and
   * must be looked at again. @hot
   */
  setFreshUntil(untilNs: number, hadLapsed: boolean): void;
  /**
   * The market's terms (grid, fee, close) are not those that the engine started with. It is not trusted until the feed's
   * readmit() is called, after the new terms were read and given to everybody.
   */
  termsChanged(market: number): void;
  /**
   * All of a frame is published: wake who waits. `hasMore`: another frame follows at once, with a ring of its own, so this one may be
   * left out. @hot
   */
  ring(hasMore?: boolean): void;
}

/** A session that keeps books: what runs on a socket, and what the engine tells it beside the frames. */
export interface ExchangeFeed extends SocketProtocol {
  /** New terms of the market are in force everywhere: its book is asked for again and may be trusted then. */
  readmit(market: number): void;
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
  'fallbacks',
  'polls',
  'refusals',
] as const;
export type FeedCounter = (typeof FEED_COUNTERS)[number];

/** Adds one to a named count. @hot */
export type CountFeed = (counter: FeedCounter) => void;

/** A rehearsal tells the same stamps for ever: no lag is too much for it, and no silence too long. */
export const REHEARSAL_LIMITS = {
  maxSilenceMs: 30 * 86_400_000,
  maxLagMs: Number.POSITIVE_INFINITY,
};
