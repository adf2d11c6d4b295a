// Ranks of latencies. Every sample is kept: a histogram's buckets would round what is to be compared.

export const RANKS = [0.5, 0.9, 0.99, 0.999, 1] as const;
export const RANK_NAMES = ['p50', 'p90', 'p99', 'p999', 'max'] as const;
export type RankName = (typeof RANK_NAMES)[number];

/** Nearest rank; 0 when there are no samples. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1));
  return sorted[at] ?? 0;
}

export function ranksOf(samples: Iterable<number>): Record<RankName, number> {
  const sorted = Float64Array.from(samples).sort();
  const ranks = RANKS.map((share, at) => [RANK_NAMES[at]!, quantile(sorted, share)] as const);
  return Object.fromEntries(ranks) as Record<RankName, number>;
}

export function median(samples: Iterable<number>): number {
  return quantile(Float64Array.from(samples).sort(), 0.5);
}

/**
 * Adds what a fixed rate would have measured while one request held up those behind it: for each sample longer than the interval
 * also sample - interval, sample - 2 x interval and so on (HdrHistogram's correction for coordinated omission).
 */
export function correctForOmission(samples: readonly number[], intervalNs: number): number[] {
  const corrected: number[] = [];
  for (const sample of samples) {
    for (let left = sample; left > 0; left -= intervalNs) {
      corrected.push(left);
      if (left <= intervalNs) break;
    }
  }
  return corrected;
}
