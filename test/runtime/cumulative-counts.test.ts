import { createHistogram } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cumulativeCounts } from '../../src/runtime/cumulative-counts.js';
import { STAGE_BOUNDS_S } from '../../src/telemetry/metrics.js';

const HIGHEST_NS = 60_000_000_000;
const BOUNDS_NS = STAGE_BOUNDS_S.map((seconds) => Math.round(seconds * 1e9));
/** 3 figures: a value shares its place with values up to 1/1024 of it larger. */
const PLACE = 1 / 1024;

const newHistogram = () => createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: 3 });
const naive = (values: readonly number[], bound: number) =>
  values.filter((value) => value <= bound).length;

/** Nanoseconds over all decades, and values that lie just beside a bound. */
const nanoseconds = fc.oneof(
  fc.integer({ min: 1, max: 1_000 }),
  fc
    .double({ min: 0, max: Math.log(HIGHEST_NS), noNaN: true })
    .map((log) => Math.ceil(Math.exp(log))),
  fc
    .tuple(fc.constantFrom(...BOUNDS_NS), fc.integer({ min: -20, max: 20 }))
    .map(([bound, by]) => bound + by),
);

describe('cumulative counts', () => {
  it('are those of a naive count at bounds that are off by 1/1024 at the most', () => {
    fc.assert(
      fc.property(fc.array(nanoseconds, { maxLength: 400 }), (values) => {
        const histogram = newHistogram();
        for (const value of values) histogram.record(Math.min(value, HIGHEST_NS));
        const counts = cumulativeCounts(histogram, BOUNDS_NS);
        BOUNDS_NS.forEach((bound, index) => {
          const count = counts[index] ?? -1;
          expect(count).toBeLessThanOrEqual(naive(values, bound));
          expect(count).toBeGreaterThanOrEqual(naive(values, bound * (1 - PLACE) - 1));
        });
        expect(counts.at(-1)).toBe(values.length);
      }),
    );
  });

  it('are the same whether they are searched from what was found before or not', () => {
    fc.assert(
      fc.property(fc.array(fc.array(nanoseconds, { maxLength: 60 }), { maxLength: 8 }), (parts) => {
        const histogram = newHistogram();
        let before: number[] = [];
        for (const part of parts) {
          for (const value of part) histogram.record(Math.min(value, HIGHEST_NS));
          const found = cumulativeCounts(histogram, BOUNDS_NS, before);
          expect(found).toEqual(cumulativeCounts(histogram, BOUNDS_NS));
          for (const [index, count] of found.entries()) {
            expect(count).toBeGreaterThanOrEqual(before[index] ?? 0);
          }
          before = found;
        }
      }),
    );
  });

  it('looks for a percentile a few times only when little is new', () => {
    const histogram = newHistogram();
    for (let value = 1; value <= 100_000; value++) histogram.record(value * 1_000);
    const before = cumulativeCounts(histogram, BOUNDS_NS);
    histogram.record(123_456);
    let looks = 0;
    const counted = {
      count: histogram.count,
      min: histogram.min,
      max: histogram.max,
      percentile: (percentile: number) => {
        looks++;
        return histogram.percentile(percentile);
      },
    };
    expect(cumulativeCounts(counted, BOUNDS_NS, before)).toEqual(
      cumulativeCounts(histogram, BOUNDS_NS),
    );
    expect(looks).toBeLessThanOrEqual(BOUNDS_NS.length);
  });
});
