// Latencies of the last minute. The histograms of the stages only grow, so how many values were at most each bound a minute ago is taken
// from how many are now; the percentile lies between the two bounds around its rank. Percentiles of the two moments would not do: they
// cannot be subtracted.
import { cumulativeCounts } from './cumulative-counts.js';
import { STAGES, type Stage } from './status.js';
import {
  copyHistogram,
  createNsHistogram,
  MAX_STAGE_NS,
  type StageHistograms,
} from './telemetry.js';
import type { RecentLatency } from './views.js';

/** Seconds that one figure is of. */
const WINDOW_TAKES = 60;
const LOWEST_NS = 100;
/** Bounds that differ by 5 %: a percentile is known to less than that. */
const STEP = 1.05;
const BOUNDS_NS: readonly number[] = Array.from(
  { length: Math.ceil(Math.log(MAX_STAGE_NS / LOWEST_NS) / Math.log(STEP)) + 1 },
  (_, at) => Math.round(LOWEST_NS * STEP ** at),
);
const NONE: readonly number[] = [...BOUNDS_NS, 0].map(() => 0);

export class RecentLatencies {
  readonly #histograms: StageHistograms;
  /** Of each stage what was counted at the last looks, oldest first; one more than the window has seconds. */
  readonly #looks: Readonly<Record<Stage, (readonly number[])[]>>;
  readonly #copy = createNsHistogram(MAX_STAGE_NS);

  constructor(histograms: StageHistograms) {
    this.#histograms = histograms;
    const looks = STAGES.map((stage) => [stage, [NONE]]);
    this.#looks = Object.fromEntries(looks) as Record<Stage, (readonly number[])[]>;
  }

  /** Once a second: of the stages that anything has gone through since a minute ago. */
  take(): Partial<Record<Stage, RecentLatency>> {
    const latencies: Partial<Record<Stage, RecentLatency>> = {};
    for (const stage of STAGES) {
      const looks = this.#looks[stage];
      const now = this.#look(stage, looks.at(-1) ?? NONE);
      looks.push(now);
      if (looks.length > WINDOW_TAKES + 1) looks.shift();
      const then = looks[0] ?? NONE;
      if (countOf(now) === countOf(then)) continue;
      const at = (share: number): number => percentileNs(now, then, share);
      latencies[stage] = { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    }
    return latencies;
  }

  /** 0.2 ms when a few values are new, 3 when 100,000 are; nothing when none is. */
  #look(stage: Stage, before: readonly number[]): readonly number[] {
    const histogram = this.#histograms[stage];
    if (histogram.count === countOf(before)) return before;
    return cumulativeCounts(copyHistogram(histogram, this.#copy), BOUNDS_NS, before);
  }
}

function countOf(counts: readonly number[]): number {
  return counts[BOUNDS_NS.length] ?? 0;
}

/** The value that this share of the values between two looks does not exceed, those of one step taken as evenly spread over it. */
function percentileNs(now: readonly number[], then: readonly number[], share: number): number {
  const cameBy = (at: number): number => now[at]! - then[at]!;
  const rank = Math.ceil(cameBy(BOUNDS_NS.length) * share);
  let [below, at] = [-1, BOUNDS_NS.length - 1];
  while (at - below > 1) {
    const middle = (below + at) >> 1;
    if (cameBy(middle) >= rank) at = middle;
    else below = middle;
  }
  const bound = BOUNDS_NS[at]!;
  if (below < 0) return bound;
  const inStep = cameBy(at) - cameBy(below);
  const lower = BOUNDS_NS[below]!;
  return inStep <= 0
    ? bound
    : Math.round(lower + ((bound - lower) * (rank - cameBy(below))) / inStep);
}
