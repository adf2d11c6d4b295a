// What the curves are drawn from: a point a second for ten minutes, a point a minute for a day. Latencies are those of the
// minute before the point.
import { VENUE_NAMES, type VenueName } from '../domain/venue.js';
import { RecentLatencies } from './recent-latencies.js';
import type { EngineStatus } from './status.js';
import type { StageHistograms } from './telemetry.js';
import type { HistoryPoint } from './views.js';

const SECONDS_KEPT = 600;
const MINUTES_KEPT = 1_440;
const SECONDS_PER_MINUTE = 60;

export class History {
  readonly #seconds: HistoryPoint[] = [];
  readonly #minutes: HistoryPoint[] = [];
  readonly #latencies: RecentLatencies;
  #framesBefore: Readonly<Record<VenueName, number>> | undefined;
  #atMsBefore = 0;
  #taken = 0;

  constructor(histograms: StageHistograms) {
    this.#latencies = new RecentLatencies(histograms);
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
      latencyNs: this.#latencies.take(),
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
}

function framesOf({ feeds }: EngineStatus): Record<VenueName, number> {
  return Object.fromEntries(VENUE_NAMES.map((name) => [name, feeds[name].frames])) as Record<
    VenueName,
    number
  >;
}

function keep(points: HistoryPoint[], point: HistoryPoint, most: number): void {
  points.push(point);
  if (points.length > most) points.shift();
}
