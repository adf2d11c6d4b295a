// The kinds of metrics as they are kept here: read from the engine's own figures when somebody asks, never counted twice. Counters never
// fall, histograms are made from percentiles.
import type { RecordableHistogram } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { cumulativeCounts, type PercentileHistogram } from '../runtime/cumulative-counts.js';
import { copyHistogram, createNsHistogram } from '../runtime/telemetry.js';

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

interface Described {
  readonly name: string;
  /** What it means, for whoever reads the exposition or docs/METRICS.md. */
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Values of one label that are told apart at the most: all others are one. */
const MAX_LABEL_VALUES = 64;
export const OTHER_LABEL = 'other';

/** A figure of the engine that only grows. One that falls all the same is shown as it was. */
export function addCounter(
  registry: Registry,
  described: Described,
  read: () => readonly Sample[],
) {
  const { name, help, labels = [] } = described;
  const shown = new Map<string, number>();
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      for (const [sampleLabels, value] of read()) {
        const key = JSON.stringify(sampleLabels);
        const before = shown.get(key);
        if (before !== undefined && !(value > before)) continue;
        shown.set(key, value);
        this.inc(sampleLabels, value - (before ?? 0));
      }
    },
  });
}

export function addGauge(registry: Registry, described: Described, read: () => readonly Sample[]) {
  const { name, help, labels = [] } = described;
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      // What is not there any more is not shown as it was.
      this.reset();
      for (const [sampleLabels, value] of read()) this.set(sampleLabels, value);
    },
  });
}

/** Amounts by name as samples of one label, never more than can be kept apart. */
export function byLabel(label: string, values: Readonly<Record<string, number>>): Sample[] {
  const entries = Object.entries(values);
  const samples: Sample[] = entries
    .slice(0, MAX_LABEL_VALUES)
    .map(([value, amount]) => [{ [label]: value }, amount]);
  if (entries.length <= MAX_LABEL_VALUES) return samples;
  const rest = entries.slice(MAX_LABEL_VALUES).reduce((sum, [, amount]) => sum + amount, 0);
  return [...samples, [{ [label]: OTHER_LABEL }, rest]];
}

/** What one histogram of nanoseconds is, cumulated. */
interface Cumulated {
  readonly labels: Labels;
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

const NS_PER_SECOND = 1e9;

/** Of a perf_hooks histogram of nanoseconds, what is read here. */
type NsHistogram = PercentileHistogram & { readonly mean: number };

export interface NsHistogramChoices {
  /**
   * Other threads record into it, values up to this: it is searched in a copy, which keeps nobody from recording. Undefined: nobody does.
   */
  readonly sharedUpToNs?: number;
  /** What every value has on top of what is meant. */
  readonly offsetNs?: number;
}

/** Reads a histogram of nanoseconds; what was found before narrows the search for what is now. */
export class NsHistogramReader {
  readonly #labels: Labels;
  readonly #histogram: NsHistogram;
  readonly #boundsNs: readonly number[];
  readonly #offsetNs: number;
  readonly #copy: RecordableHistogram | undefined;
  #counts: readonly number[];
  #sumSeconds = 0;

  constructor(
    labels: Labels,
    histogram: NsHistogram,
    boundsSeconds: readonly number[],
    { sharedUpToNs, offsetNs = 0 }: NsHistogramChoices = {},
  ) {
    this.#labels = labels;
    this.#histogram = histogram;
    this.#offsetNs = offsetNs;
    this.#boundsNs = boundsSeconds.map((seconds) => Math.round(seconds * NS_PER_SECOND) + offsetNs);
    this.#counts = [...this.#boundsNs, 0].map(() => 0);
    if (sharedUpToNs !== undefined) {
      this.#copy = createNsHistogram(sharedUpToNs);
    }
  }

  /** A millisecond for the first look at many values, a third of one later, nothing when nothing is new. */
  look(): void {
    if (this.#histogram.count === this.#counts.at(-1)) return;
    const histogram = this.#still();
    const { count, mean } = histogram;
    this.#counts = cumulativeCounts(histogram, this.#boundsNs, this.#counts);
    const sumSeconds = ((mean - this.#offsetNs) * count) / NS_PER_SECOND;
    this.#sumSeconds = Math.max(this.#sumSeconds, sumSeconds);
  }

  get seen(): Cumulated {
    return { labels: this.#labels, counts: this.#counts, sumSeconds: this.#sumSeconds };
  }

  #still(): NsHistogram {
    if (this.#copy === undefined) return this.#histogram;
    return copyHistogram(this.#histogram as RecordableHistogram, this.#copy);
  }
}

/** A histogram whose counts are what its readers have found. */
export class ReadHistogram extends Histogram<string> {
  readonly #described: Described;
  readonly #bounds: readonly number[];
  readonly #readers: readonly NsHistogramReader[];

  constructor(
    registry: Registry,
    described: Described,
    bounds: readonly number[],
    readers: readonly NsHistogramReader[],
  ) {
    const { name, help, labels = [] } = described;
    super({ name, help, labelNames: [...labels], buckets: [...bounds], registers: [registry] });
    this.#described = described;
    this.#bounds = bounds;
    this.#readers = readers;
  }

  override async get(): ReturnType<Histogram<string>['get']> {
    const { name, help } = this.#described;
    const values = this.#readers.flatMap((reader) => this.#samples(name, reader.seen));
    // Its own types give a number for what it writes as this word.
    const type = 'histogram' as never;
    return { name, help, type, aggregator: 'sum', values, collect: () => undefined };
  }

  /** What the registry asks for in the place of get(). */
  getForPromString(): ReturnType<Histogram<string>['get']> {
    return this.get();
  }

  #samples(name: string, { labels, counts, sumSeconds }: Cumulated) {
    const total = counts.at(-1) ?? 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, index) => ({
      labels: { le, ...labels },
      value: counts[index] ?? 0,
      metricName: `${name}_bucket`,
    }));
    return [
      ...buckets,
      { labels: { ...labels }, value: sumSeconds, metricName: `${name}_sum` },
      { labels: { ...labels }, value: total, metricName: `${name}_count` },
    ];
  }
}
