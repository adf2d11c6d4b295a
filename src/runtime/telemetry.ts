// The histograms of the stages: workers record into them, the main thread reads the same memory.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { type LatencyNs, STAGES, type Stage } from './status.js';

/** Largest time a histogram holds: longer ones are recorded as this. */
const MAX_RECORDED_NS = 60_000_000_000;

export type StageHistograms = Readonly<Record<Stage, RecordableHistogram>>;

export function createStageHistograms(): StageHistograms {
  const entries = STAGES.map((stage) => [
    stage,
    createHistogram({ lowest: 1, highest: MAX_RECORDED_NS, figures: 3 }),
  ]);
  return Object.fromEntries(entries) as StageHistograms;
}

export function readLatencies(histograms: StageHistograms): Record<Stage, LatencyNs> {
  const entries = STAGES.map((stage) => {
    const histogram = histograms[stage];
    const latency: LatencyNs =
      histogram.count === 0
        ? { count: 0, p50: 0, p99: 0, p999: 0, max: 0 }
        : {
            count: histogram.count,
            p50: histogram.percentile(50),
            p99: histogram.percentile(99),
            p999: histogram.percentile(99.9),
            max: histogram.max,
          };
    return [stage, latency];
  });
  return Object.fromEntries(entries) as Record<Stage, LatencyNs>;
}
