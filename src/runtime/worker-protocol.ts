// What the main thread and its workers say to each other, off the path of a price.
import type { RecordableHistogram } from 'node:perf_hooks';
import type { ByVenue, Polarity, Venue } from '../domain/venue.js';
import type { BucketLimits } from '../net/token-bucket.js';
import type { Shown } from '../paper/ladder.js';
import type { PaperOrder } from '../paper/paper-exchange.js';
import type { ExitOrder, LegReport } from '../pipeline/executor.js';
import type { KalshiTerms } from '../venues/kalshi/terms.js';
import type { LegReply, VenueFill } from '../venues/orders.js';
import type { PolymarketTerms } from '../venues/polymarket/terms.js';
import type { EngineConfig } from './engine-config.js';
import type { EngineMemory } from './memory.js';
import type { ClockOrigin } from './monotonic-clock.js';
import type { EngineEvent, Stage } from './status.js';

/** A pair that can be traded: approved, listed by both exchanges, all terms known. Its index is its market's everywhere. */
export interface TradedPair {
  readonly name: string;
  readonly polarity: Polarity;
  readonly kalshi: KalshiTerms;
  readonly polymarket: PolymarketTerms;
}

/** What the main thread derived from the wallet; in memory only. */
export interface PolymarketSession {
  readonly address: string;
  readonly apiKey: string;
  readonly secretBase64: string;
  readonly passphrase: string;
}

export type WorkerRole =
  | { readonly kind: 'feed'; readonly venue: Venue; readonly part: number; readonly parts: number }
  | { readonly kind: 'detector'; readonly detector: number }
  | { readonly kind: 'executor'; readonly executor: number; readonly venues: readonly Venue[] };

export interface WorkerInput {
  readonly role: WorkerRole;
  /** Index of its heartbeat. */
  readonly worker: number;
  readonly config: EngineConfig;
  readonly pairs: readonly TradedPair[];
  readonly memory: EngineMemory;
  /** Kalshi's shards: exchange indices below it. */
  readonly shards: number;
  readonly origin: ClockOrigin;
  readonly histograms: Readonly<Record<Stage, RecordableHistogram>>;
  readonly polymarketSession: PolymarketSession;
  /** What each exchange lets us send, in its own tokens. */
  readonly orderLimits: ByVenue<BucketLimits>;
  /** How long a market was not trusted, by exchange. */
  readonly resync: ByVenue<RecordableHistogram>;
}

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'connection'; readonly venue: Venue; readonly change: 1 | -1 }
  | { readonly type: 'event'; readonly event: EngineEvent }
  | { readonly type: 'fill'; readonly fill: VenueFill }
  | { readonly type: 'terms-changed'; readonly venue: Venue; readonly market: number }
  /** A detector or executor has taken over the terms that it was told of. */
  | { readonly type: 'terms-taken'; readonly ticket: number }
  /** On paper: an order that an executor would have written, and its book as it was displayed then. */
  | {
      readonly type: 'paper-order';
      readonly executor: number;
      readonly ticket: number;
      readonly order: PaperOrder;
      readonly then: Shown | undefined;
      readonly sentNs: number;
    }
  | LegReport;

/** What the main thread says to workers. Detectors read the end from the control block. */
export type EngineMessage =
  /** Close what you hold and leave. */
  | { readonly type: 'end' }
  /** Detectors and executors: a pair's terms are these from now on. */
  | {
      readonly type: 'terms';
      readonly market: number;
      readonly pair: TradedPair;
      readonly ticket: number;
    }
  /** Executors: one order that evens out. */
  | { readonly type: 'exit'; readonly order: ExitOrder }
  /** An executor: what became of its paper order. */
  | {
      readonly type: 'paper-reply';
      readonly venue: Venue;
      readonly ticket: number;
      readonly reply: LegReply;
    }
  /** Feeds: everybody has the market's new terms. */
  | { readonly type: 'readmit'; readonly market: number };
