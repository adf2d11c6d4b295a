// Buckets of Prometheus from a histogram that only tells percentiles: how many values are at most so large. A value is known to 3
// figures there, so a count is that of a bound that is off by a thousandth of itself at the most; beside that it is exact.

/** Of a perf_hooks histogram, what is read here. */
export interface PercentileHistogram {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  percentile(percentile: number): number;
}

/**
 * How many values are at most each bound; `bounds` rise. `before`: what an earlier look at the same histogram found, which only grows: it
 * narrows the search. 3 us a step.
 */
export function cumulativeCounts(
  histogram: PercentileHistogram,
  bounds: readonly number[],
  before: readonly number[] = [],
): number[] {
  const { count, min, max } = histogram;
  const grown = count - (before.at(-1) ?? 0);
  const counts: number[] = [];
  let least = 0;
  for (const [index, bound] of bounds.entries()) {
    const known = before[index] ?? 0;
    const low = Math.min(count, Math.max(least, known));
    least = countWithin(histogram, bound, { count, min, max }, low, Math.min(count, known + grown));
    counts.push(least);
  }
  counts.push(count);
  return counts;
}

/** The highest rank whose value is at most the bound, from `low`, which is known to be, to `high`. */
function countWithin(
  histogram: PercentileHistogram,
  bound: number,
  { count, min, max }: { readonly count: number; readonly min: number; readonly max: number },
  low: number,
  high: number,
): number {
  if (count === 0 || bound < min) return low;
  if (bound >= max) return count;
  let within = low;
  let beyond = high + 1;
  while (beyond - within > 1) {
    const rank = Math.floor((within + beyond) / 2);
    // The histogram rounds the percentage back to the rank.
    if (histogram.percentile((rank / count) * 100) <= bound) within = rank;
    else beyond = rank;
  }
  return within;
}
