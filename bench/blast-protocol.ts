// What the parts of the pipeline bench say to each other: the bench, the engine of one run, and the exchanges that blast at it.
import type { ByVenue } from '../src/domain/venue.js';
import type { WaitName } from '../src/shm/wait-strategy.js';

export interface Layout {
  readonly markets: number;
  readonly kalshiFeeds: number;
  readonly polymarketFeeds: number;
  readonly detectors: number;
  readonly wait: WaitName;
}

export interface RunSpec extends Layout {
  /** Reads and throws away instead of running an engine: what the blaster can send at the most. */
  readonly isSink: boolean;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface RunResult {
  readonly framesPerSecond: ByVenue<number>;
  /** Of the engine's process, all its threads. */
  readonly cpuNsPerFrame: number;
  /** Frames whose market was marked already: nobody had looked since the frame before. */
  readonly conflatedShare: number;
  /** Of one core, while measured. */
  readonly blasterCpuShare: number;
  /** Books asked for again while measured; frames of books that are awaited cost less than others. */
  readonly resyncs: number;
}

/** Best first: prices in 1/10,000 dollar, sizes in 1/100 contract. */
export type AskLevels = readonly (readonly [priceE4: number, sizeCenti: number])[];

/** What both outcomes of a market cost at the end, by the book of who sent it. */
export interface FinalBook {
  readonly market: number;
  readonly yesAsks: AskLevels;
  readonly noAsks: AskLevels;
}

export type ToBlaster =
  | { readonly type: 'go' }
  | { readonly type: 'count' }
  | { readonly type: 'stop' };

export type FromBlaster =
  | { readonly type: 'ready'; readonly port: number }
  | {
      readonly type: 'counted';
      readonly cpuUs: number;
      /** Messages given to the sockets so far, answers included. */
      readonly frames: ByVenue<number>;
    }
  /** All that was to be sent has gone. */
  | { readonly type: 'sent'; readonly books: ByVenue<readonly FinalBook[]> };
