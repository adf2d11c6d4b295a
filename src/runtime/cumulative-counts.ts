// How many values of a histogram are at most so large, of a histogram that only tells percentiles. A value is known to 3 figures there, so
// a count is that of a bound that is off by a thousandth of itself at the most; beside that it is exact.

/** Of a perf_hooks histogram, what is read here. */
export interface PercentileHistogram {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  percentile(percentile: number): number;
}

/**
 * How many values are at most each bound, and after the last how many there are; `bounds` rise. `before`: what an earlier look at the same
 * histogram found, which only grows: bounds between which nothing is new are not looked at. 3 us a step.
 */
export function cumulativeCounts(
  histogram: PercentileHistogram,
  bounds: readonly number[],
  before: readonly number[] = [],
): number[] {
  const { count, min, max } = histogram;
  const counts = bounds.map((_, index) => before[index] ?? 0);
  const grown = count - (before[bounds.length] ?? 0);
  const grow = (from: number, to: number, least: number, most: number): void => {
    if (from >= to) return;
    if (least === most) {
      for (let index = from; index < to; index++) counts[index]! += least;
      return;
    }
    const middle = (from + to) >>> 1;
    const known = counts[middle]!;
    const [low, high] = [known + least, Math.min(count, known + most)];
    const within = countWithin(histogram, bounds[middle]!, { count, min, max }, low, high);
    counts[middle] = within;
    grow(from, middle, least, within - known);
    grow(middle + 1, to, within - known, most);
  };
  grow(0, bounds.length, 0, grown);
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
  if (bound >= max) return high;
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
