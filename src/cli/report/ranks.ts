// Percentiles of a short list: nearest rank, so that each is a value that was there.

/** undefined of an empty list. `share` is above 0 and at most 1. */
export function atRank(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export interface Spread {
  readonly count: number;
  readonly total: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export function spreadOf(values: readonly number[]): Spread {
  const at = (share: number): number | null => atRank(values, share) ?? null;
  return {
    count: values.length,
    total: values.reduce((sum, value) => sum + value, 0),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: at(1),
  };
}
