// What the curves are drawn from: a point a second for ten minutes, a point a minute for a day. Latencies are those of the stretch since
// the point before: the histograms of the stages only grow, so what they held then is subtracted, bucket by bucket.
import type { RecordableHistogram } from 'node:perf_hooks';
import { VENUE_NAMES, type VenueName } from '../domain/venue.js';
import { type EngineStatus, STAGES, type Stage } from './status.js';
import type { StageHistograms } from './telemetry.js';
import type { HistoryPoint } from './views.js';

const SECONDS_KEPT = 600;
const MINUTES_KEPT = 1_440;
const SECONDS_PER_MINUTE = 60;
/** Bounds that differ by 10 %: finer than a curve shows. */
const BUCKETS = 240;
const LOWEST_NS = 500;
const STEP = 1.1;
const BOUNDS_NS = Array.from({ length: BUCKETS }, (_, at) => LOWEST_NS * STEP ** at);

export class History {
  readonly #seconds: HistoryPoint[] = [];
  readonly #minutes: HistoryPoint[] = [];
  readonly #histograms: StageHistograms;
  readonly #before = new Map<Stage, { count: number; percentiles: readonly Step[] }>();
  #framesBefore: Readonly<Record<VenueName, number>> | undefined;
  #atMsBefore = 0;
  #taken = 0;

  constructor(histograms: StageHistograms) {
    this.#histograms = histograms;
  }

  /** Once a second. */
  take(
    status: EngineStatus,
    money: Pick<HistoryPoint, 'lockedMicros' | 'realisedMicros'>,
    nakedMicros: number,
    atMs: number,
  ): void {
    const seconds = Math.max(0.001, (atMs - this.#atMsBefore) / 1000);
    const frames = framesOf(status);
    const before = this.#framesBefore ?? frames;
    this.#framesBefore = frames;
    this.#atMsBefore = atMs;
    const perSecond = (name: VenueName) => Math.round((frames[name] - before[name]) / seconds);
    const point: HistoryPoint = {
      atMs,
      framesPerSecond: { kalshi: perSecond('kalshi'), polymarket: perSecond('polymarket') },
      latencyNs: this.#latencies(),
      ...money,
      nakedMicros,
      rssBytes: process.memoryUsage.rss(),
    };
    keep(this.#seconds, point, SECONDS_KEPT);
    if (this.#taken++ % SECONDS_PER_MINUTE === 0) keep(this.#minutes, point, MINUTES_KEPT);
  }

  /** Oldest first: minutes, then the seconds of the last ten. */
  list(sinceMs = 0): HistoryPoint[] {
    const fromMs = this.#seconds[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const minutes = this.#minutes.filter(({ atMs }) => atMs < fromMs);
    return [...minutes, ...this.#seconds].filter(({ atMs }) => atMs > sinceMs);
  }

  #latencies(): HistoryPoint['latencyNs'] {
    const latencies: Record<string, { p50: number; p95: number; p99: number }> = {};
    for (const stage of STAGES) {
      const histogram = this.#histograms[stage];
      const { count } = histogram;
      const was = this.#before.get(stage);
      if (was?.count === count || count === 0) continue;
      const percentiles = stepsOf(histogram);
      this.#before.set(stage, { count, percentiles });
      latencies[stage] = sinceThen(percentiles, count, was?.percentiles ?? [], was?.count ?? 0);
    }
    return latencies;
  }
}

/** So many per cent of the values are not above this one. */
interface Step {
  readonly percent: number;
  readonly ns: number;
}

function stepsOf(histogram: RecordableHistogram): Step[] {
  return [...histogram.percentiles].map(([percent, ns]) => ({ percent, ns }));
}

function framesOf({ feeds }: EngineStatus): Record<VenueName, number> {
  return Object.fromEntries(VENUE_NAMES.map((name) => [name, feeds[name].frames])) as Record<
    VenueName,
    number
  >;
}

/** Percentiles of the values that came between two readings of one histogram. */
function sinceThen(now: readonly Step[], count: number, then: readonly Step[], countThen: number) {
  const came = count - countThen;
  let at = 0;
  const upTo = (share: number): number => {
    for (; at < BUCKETS - 1; at++) {
      const bound = BOUNDS_NS[at]!;
      const below = countBelow(now, count, bound) - countBelow(then, countThen, bound);
      if (below >= came * share) break;
    }
    return Math.round(BOUNDS_NS[at]!);
  };
  return { p50: upTo(0.5), p95: upTo(0.95), p99: upTo(0.99) };
}

function countBelow(steps: readonly Step[], count: number, ns: number): number {
  let percent = 0;
  for (const step of steps) {
    if (step.ns > ns) break;
    percent = step.percent;
  }
  return (percent / 100) * count;
}

function keep(points: HistoryPoint[], point: HistoryPoint, most: number): void {
  points.push(point);
  if (points.length > most) points.shift();
}
