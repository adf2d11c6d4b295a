import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentLatencies } from '../../src/runtime/recent-latencies.js';
import { createStageHistograms } from '../../src/runtime/telemetry.js';

const SECONDS = 60;
/** Bounds are 5 % apart, the histograms know values to 1/1024. */
const PRECISION = 0.052;

/** Nanoseconds of one second, of all decades that are told apart; most seconds have few or none. */
const secondOfNs = fc.array(
  fc.double({ min: Math.log(200), max: Math.log(5e9), noNaN: true }).map((log) => Math.exp(log)),
  { maxLength: 12 },
);

function naive(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

describe('latencies of the last minute', () => {
  it('are those of the values of the last 60 seconds, whatever was before', () => {
    fc.assert(
      fc.property(fc.array(secondOfNs, { maxLength: 150 }), (seconds) => {
        const histograms = createStageHistograms();
        const recent = new RecentLatencies(histograms);
        for (const [second, values] of seconds.entries()) {
          for (const value of values) histograms.receivedToWritten.record(Math.round(value));
          const found = recent.take().receivedToWritten;
          const meant = seconds.slice(Math.max(0, second + 1 - SECONDS), second + 1).flat();
          if (meant.length === 0) {
            expect(found).toBeUndefined();
            continue;
          }
          for (const [name, share] of [
            ['p50', 0.5],
            ['p95', 0.95],
            ['p99', 0.99],
          ] as const) {
            const exact = naive(meant, share);
            expect(Math.abs((found?.[name] ?? Number.NaN) / exact - 1)).toBeLessThan(PRECISION);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tells the stages apart, and nothing of one that nothing went through', () => {
    const histograms = createStageHistograms();
    const recent = new RecentLatencies(histograms);
    expect(recent.take()).toEqual({});
    histograms.legSkew.record(20_000);
    histograms.writtenToAnswered.record(3_000_000);
    expect(Object.keys(recent.take()).sort()).toEqual(['legSkew', 'writtenToAnswered']);
  });
});
