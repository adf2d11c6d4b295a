// All shared memory of the engine: allocated here, once, by the main thread, and cloned by reference into every worker.

import { type ByVenue, VENUE_COUNT } from '../domain/venue.js';
import { DECISION_RECORD_BYTES } from '../pipeline/decision-record.js';
import { EXECUTION_REQUEST_BYTES } from '../pipeline/execution-request.js';
import { ControlBlock } from '../shm/control-block.js';
import { CounterBlock } from '../shm/counters.js';
import { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { FlightTable } from '../shm/flight-table.js';
import { PurseTable } from '../shm/purse-table.js';
import { QuoteTable } from '../shm/quote-table.js';
import { RiskTable } from '../shm/risk-table.js';
import { SpscRing } from '../shm/spsc-ring.js';
import { TakenTable } from '../shm/taken-table.js';
import { FEED_COUNTERS } from '../venues/feed.js';

/** A burst of fires that an executor has not come to yet. Older than 100 ms they are refused anyway. */
const REQUEST_RING_RECORDS = 256;
/** Decisions between two looks of the main thread. */
const DECISION_RING_RECORDS = 8_192;

export interface WorkerCounts {
  readonly kalshiFeeds: number;
  readonly polymarketFeeds: number;
  readonly detectors: number;
  readonly executors: number;
  /** undefined: orders are real. */
  readonly paper?: unknown;
}

export interface EngineMemory {
  readonly quotes: SharedArrayBuffer;
  readonly depth: SharedArrayBuffer;
  /** No bytes where orders are real. */
  readonly taken: SharedArrayBuffer;
  readonly flights: SharedArrayBuffer;
  readonly purses: SharedArrayBuffer;
  readonly risk: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** runtime/venue-guards.ts: older than the rest, the calls that ask for markets are guarded already. */
  readonly venues: SharedArrayBuffer;
  /** By detector. */
  readonly doorbells: readonly SharedArrayBuffer[];
  /** By detector, then executor. */
  readonly requests: readonly (readonly SharedArrayBuffer[])[];
  /** By detector. */
  readonly decisions: readonly SharedArrayBuffer[];
  /** By feed worker: Kalshi's first. */
  readonly counters: readonly SharedArrayBuffer[];
}

export function allocateMemory(
  pairs: number,
  shards: number,
  counts: WorkerCounts,
  venues: SharedArrayBuffer,
): EngineMemory {
  const feeds = counts.kalshiFeeds + counts.polymarketFeeds;
  const workers = feeds + counts.detectors + counts.executors;
  return {
    quotes: new SharedArrayBuffer(QuoteTable.bytes(pairs * VENUE_COUNT)),
    depth: new SharedArrayBuffer(DepthTable.bytes(pairs * VENUE_COUNT)),
    taken: new SharedArrayBuffer(
      counts.paper === undefined ? 0 : TakenTable.bytes(pairs * VENUE_COUNT),
    ),
    flights: new SharedArrayBuffer(FlightTable.bytes(pairs)),
    purses: new SharedArrayBuffer(PurseTable.bytes(shards, pairs)),
    risk: new SharedArrayBuffer(RiskTable.bytes()),
    control: new SharedArrayBuffer(ControlBlock.bytes(workers)),
    venues,
    doorbells: times(counts.detectors, () => new SharedArrayBuffer(Doorbell.bytes(pairs))),
    requests: times(counts.detectors, () =>
      times(
        counts.executors,
        () => new SharedArrayBuffer(SpscRing.bytes(REQUEST_RING_RECORDS, EXECUTION_REQUEST_BYTES)),
      ),
    ),
    decisions: times(
      counts.detectors,
      () => new SharedArrayBuffer(SpscRing.bytes(DECISION_RING_RECORDS, DECISION_RECORD_BYTES)),
    ),
    counters: times(feeds, () => new SharedArrayBuffer(CounterBlock.bytes(FEED_COUNTERS.length))),
  };
}

/** The index of each worker in the control block's heartbeats: Kalshi feeds, Polymarket feeds, detectors, executors. */
export function firstWorker(
  counts: WorkerCounts,
  role: 'kalshi' | 'polymarket' | 'detector' | 'executor',
): number {
  switch (role) {
    case 'kalshi':
      return 0;
    case 'polymarket':
      return counts.kalshiFeeds;
    case 'detector':
      return counts.kalshiFeeds + counts.polymarketFeeds;
    case 'executor':
      return counts.kalshiFeeds + counts.polymarketFeeds + counts.detectors;
    default:
      return role satisfies never;
  }
}

/** The feed workers that vouch for a market, as indices of the control block. */
export function feedWorkersOf(
  counts: Pick<WorkerCounts, 'kalshiFeeds' | 'polymarketFeeds'>,
  market: number,
): ByVenue<number> {
  const { kalshiFeeds, polymarketFeeds } = counts;
  return [market % kalshiFeeds, kalshiFeeds + (market % polymarketFeeds)];
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
