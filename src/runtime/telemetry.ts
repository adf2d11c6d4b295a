// The histograms of the stages: workers record into them, the main thread reads the same memory.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { ByVenue } from '../domain/venue.js';
import type { JournalRecord } from '../journal/records.js';
import { type LatencyNs, NO_LATENCY, STAGES, type Stage } from './status.js';

/** Largest time a histogram holds: longer ones are recorded as this. */
export const MAX_STAGE_NS = 60_000_000_000;
/** Times without trust go up to the longest outage that is told apart from a longer one. */
export const MAX_OUTAGE_NS = 3_600_000_000_000;

export type StageHistograms = Readonly<Record<Stage, RecordableHistogram>>;

export function createStageHistograms(): StageHistograms {
  const entries = STAGES.map((stage) => [stage, createNsHistogram(MAX_STAGE_NS)]);
  return Object.fromEntries(entries) as StageHistograms;
}

export function createResyncHistograms(): ByVenue<RecordableHistogram> {
  return [createNsHistogram(MAX_OUTAGE_NS), createNsHistogram(MAX_OUTAGE_NS)];
}

export function readLatencies(histograms: StageHistograms): Record<Stage, LatencyNs> {
  const entries = STAGES.map((stage) => [stage, readLatency(histograms[stage])]);
  return Object.fromEntries(entries) as Record<Stage, LatencyNs>;
}

export function readLatency(histogram: RecordableHistogram): LatencyNs {
  if (histogram.count === 0) return NO_LATENCY;
  return {
    count: histogram.count,
    p50: histogram.percentile(50),
    p95: histogram.percentile(95),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    max: histogram.max,
  };
}

/** A record for each stage that anything has gone through, of the stretch of time that the histograms cover. */
export function latencyRecords(
  histograms: StageHistograms,
  sinceMs: number,
  atMs: number,
): JournalRecord[] {
  return STAGES.flatMap((stage) => {
    const histogram = histograms[stage];
    const { count, p50, p95, p99, p999, max } = readLatency(histogram);
    if (count === 0) return [];
    const figures = { count, p50Ns: p50, p95Ns: p95, p99Ns: p99, p999Ns: p999, maxNs: max };
    return [{ t: 'latency', atMs, sinceMs, stage, ...figures }];
  });
}

export function createNsHistogram(highest: number): RecordableHistogram {
  return createHistogram({ lowest: 1, highest, figures: 3 });
}

/** What another thread records into, held still in `into`: percentiles of one that grows are of no one moment. */
export function copyHistogram(
  source: RecordableHistogram,
  into: RecordableHistogram,
): RecordableHistogram {
  into.reset();
  into.add(source);
  return into;
}
