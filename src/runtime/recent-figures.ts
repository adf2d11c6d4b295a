// The last few thousand of some figure and their percentiles: exact, bounded, and also of figures below zero, which a histogram
// cannot hold.

const KEPT = 4_096;

export interface Percentiles {
  /** All that were added; the others are of the kept ones. */
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class RecentFigures {
  readonly #values = new Float64Array(KEPT);
  #count = 0;

  add(value: number): void {
    this.#values[this.#count++ % KEPT] = value;
  }

  /** undefined when there is none. */
  percentiles(): Percentiles | undefined {
    const kept = Math.min(this.#count, KEPT);
    if (kept === 0) return undefined;
    const sorted = this.#values.slice(0, kept).sort();
    // The smallest value that this share of all values does not exceed.
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(kept * share) - 1)]!;
    return {
      count: this.#count,
      min: sorted[0]!,
      p50: at(0.5),
      p99: at(0.99),
      max: sorted[kept - 1]!,
    };
  }
}
