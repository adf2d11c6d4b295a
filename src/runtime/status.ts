// What the engine says of itself while it runs and when it ends: the one shape behind the live view, the log and --json.
import type { VenueName } from '../domain/venue.js';
import type { BreakerState } from '../net/circuit-breaker.js';

export type { SinkStatus } from '../sinks/sink.js';

/** Stages of the way from a frame to its orders, in their order. Each is a histogram of nanoseconds. */
export const STAGES = [
  'receivedToPublished',
  'publishedToDetected',
  'detectedToDequeued',
  'dequeuedToWritten',
  'receivedToWritten',
  'legSkew',
  'writtenToAnswered',
] as const;
export type Stage = (typeof STAGES)[number];

export interface LatencyNs {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Of nothing. */
export const NO_LATENCY: LatencyNs = { count: 0, p50: 0, p95: 0, p99: 0, p999: 0, max: 0 };

export interface FeedStatus {
  readonly connected: number;
  readonly connections: number;
  readonly trustedMarkets: number;
  readonly markets: number;
  readonly frames: number;
  /** Quotes overwritten before a detector read them. */
  readonly conflated: number;
  /** Sequence numbers that were skipped. */
  readonly gaps: number;
  /** Frames that could not be read. */
  readonly garbage: number;
  /** Times a market's book was asked for again. */
  readonly resyncs: number;
  readonly reconnects: number;
  /** Times a connection fell silent for longer than allowed. */
  readonly silences: number;
  /** Times frames came so much later than usual that they were not believed. */
  readonly lates: number;
  /** Frames that the fast parser left to the general one. */
  readonly fallbacks: number;
  /** Books read by REST while a socket was down. */
  readonly polls: number;
  /** How long markets were not trusted, each time they had been. */
  readonly resyncNs: LatencyNs;
  readonly breaker: BreakerState;
  readonly breakerOpenings: number;
  /** Calls that were answered with a 429 and waited. */
  readonly backOffs: number;
  /** The exchange's wall clock less ours; 0 while they may agree. */
  readonly clockSkewMs: number;
}

/** A feed of which nothing is known yet. */
export const NO_FEED: FeedStatus = {
  connected: 0,
  connections: 0,
  trustedMarkets: 0,
  markets: 0,
  frames: 0,
  conflated: 0,
  gaps: 0,
  garbage: 0,
  resyncs: 0,
  reconnects: 0,
  silences: 0,
  lates: 0,
  fallbacks: 0,
  polls: 0,
  resyncNs: NO_LATENCY,
  breaker: 'closed',
  breakerOpenings: 0,
  backOffs: 0,
  clockSkewMs: 0,
};

export interface EngineStatus {
  readonly state: 'starting' | 'running' | 'stopped' | 'ending';
  /** Why nothing new is fired; undefined while running. */
  readonly stoppedBecause: string | undefined;
  readonly uptimeMs: number;
  /** Orders go to an exchange in this process; none is real. */
  readonly isPaper: boolean;
  /** What the kill switch allows. */
  readonly kill: 'armed' | 'stop-opening' | 'stop-everything';
  /** Pairs with contracts that are not evened out. */
  readonly exposed: number;
  readonly pairs: number;
  readonly feeds: Readonly<Record<VenueName, FeedStatus>>;
  readonly opportunities: {
    /** Underrounds seen: each stretch of time in which one pair and direction stays above the threshold counts once. */
    readonly detected: number;
    readonly fired: number;
    /** Seen and not fired, by reason. */
    readonly refused: Readonly<Record<string, number>>;
  };
  /** Pairs that are watched but not fired, by reason. */
  readonly held: Readonly<Record<string, number>>;
  readonly arbs: {
    readonly fired: number;
    readonly bothFilled: number;
    readonly oneLegged: number;
    readonly noneFilled: number;
    /** A leg whose outcome is not known yet. */
    readonly unknown: number;
    readonly inFlight: number;
  };
  readonly orders: Readonly<Record<VenueName, number>>;
  /** Of them, those that evened out a leg that was alone. */
  readonly exits: Readonly<Record<VenueName, number>>;
  /** Trades that were booked. */
  readonly fills: Readonly<Record<VenueName, number>>;
  /** Worst-case payout of all positions - cost - fees. */
  readonly pnlMicros: number;
  readonly costMicros: number;
  readonly fees: Readonly<Record<VenueName, number>>;
  /** Contracts held without their other leg, in 1/1,000,000. */
  readonly nakedE6: number;
  readonly latencyNs: Readonly<Record<Stage, LatencyNs>>;
}

/** Of an engine that has not begun. */
export const NO_STATUS: EngineStatus = {
  state: 'starting',
  stoppedBecause: undefined,
  uptimeMs: 0,
  isPaper: false,
  kill: 'armed',
  exposed: 0,
  pairs: 0,
  feeds: { kalshi: NO_FEED, polymarket: NO_FEED },
  opportunities: { detected: 0, fired: 0, refused: {} },
  held: {},
  arbs: { fired: 0, bothFilled: 0, oneLegged: 0, noneFilled: 0, unknown: 0, inFlight: 0 },
  orders: { kalshi: 0, polymarket: 0 },
  exits: { kalshi: 0, polymarket: 0 },
  fills: { kalshi: 0, polymarket: 0 },
  pnlMicros: 0,
  costMicros: 0,
  fees: { kalshi: 0, polymarket: 0 },
  nakedE6: 0,
  latencyNs: Object.fromEntries(STAGES.map((stage) => [stage, NO_LATENCY])) as Record<
    Stage,
    LatencyNs
  >,
};

/** Something a person wants to read as a line, as it happens. */
export interface EngineEvent {
  readonly level: 'info' | 'warn' | 'error';
  /** Stable, kebab-case: `arb-settled`, `feed-down`, `worker-died`. */
  readonly event: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}
