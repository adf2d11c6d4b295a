import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NakedBudget } from '../../src/domain/naked-budget.js';

const PAIRS = 3;

interface Note {
  readonly pair: number;
  readonly nakedMicros: number;
  readonly afterMs: number;
  readonly isReset: boolean;
}

const notes: fc.Arbitrary<Note[]> = fc.array(
  fc.record({
    pair: fc.nat(PAIRS - 1),
    nakedMicros: fc.oneof(fc.constant(0), fc.nat(50_000_000), fc.nat(10 ** 12)),
    afterMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(600_000)),
    isReset: fc.nat(5).map((roll) => roll === 0),
  }),
  { maxLength: 40 },
);

/** Micro-dollar-milliseconds of a pair, interval by interval, from its last reset. */
function integral(history: readonly Note[], pair: number, untilMs: number): bigint {
  let sum = 0n;
  let naked = 0n;
  let fromMs = 0;
  let nowMs = 0;
  for (const note of history) {
    nowMs += note.afterMs;
    if (note.pair !== pair) continue;
    sum = note.isReset ? 0n : sum + naked * BigInt(nowMs - fromMs);
    naked = note.isReset ? 0n : BigInt(note.nakedMicros);
    fromMs = nowMs;
  }
  return sum + naked * BigInt(untilMs - fromMs);
}

function play(budget: NakedBudget, history: readonly Note[]): number {
  let nowMs = 0;
  for (const { pair, nakedMicros, afterMs, isReset } of history) {
    nowMs += afterMs;
    if (isReset) budget.reset(pair);
    else budget.note(pair, nakedMicros, nowMs);
  }
  return nowMs;
}

describe('naked budget', () => {
  test('is the integral of what each pair had naked, to the micro-dollar-millisecond', () => {
    fc.assert(
      fc.property(notes, fc.nat(600_000), fc.nat(PAIRS - 1), (history, laterMs, pair) => {
        const nowMs = play(new NakedBudget({ maxDollarSecondsMicros: 1 }), history) + laterMs;
        const exact = integral(history, pair, nowMs);
        // Spent at exactly the whole budget, and not one micro-dollar-second before.
        const whole = Number(exact / 1_000n);
        if (whole > 0) {
          const enough = new NakedBudget({ maxDollarSecondsMicros: whole });
          play(enough, history);
          expect(enough.isSpent(pair, nowMs)).toBe(true);
        }
        const more = new NakedBudget({ maxDollarSecondsMicros: whole + 1 });
        play(more, history);
        expect(more.isSpent(pair, nowMs)).toBe(false);
        const roundedUp = whole + (exact % 1_000n > 0n ? 1 : 0);
        more.note(pair, 0, nowMs);
        expect(more.spent(pair)).toBe(roundedUp);
      }),
    );
  });

  test('does not care how often a steady exposure is noted', () => {
    const steps = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.nat(10 ** 9), steps, (nakedMicros, gapsMs) => {
        const [often, once] = [1, 2].map(() => new NakedBudget({ maxDollarSecondsMicros: 1 }));
        let nowMs = 0;
        once!.note(0, nakedMicros, 0);
        often!.note(0, nakedMicros, 0);
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          often!.note(0, nakedMicros, nowMs + 0.75);
        }
        once!.note(0, 0, nowMs);
        expect(often!.spent(0)).toBe(once!.spent(0));
      }),
    );
  });

  test('a pair that was never naked has spent nothing, and an even one spends nothing more', () => {
    const budget = new NakedBudget({ maxDollarSecondsMicros: 1_000_000 });
    expect(budget.isSpent(0, 1e9)).toBe(false);
    budget.note(0, 1_000_000, 0);
    budget.note(0, 0, 999);
    expect(budget.isSpent(0, 1e9)).toBe(false);
    expect(budget.isSpent(1, 1e9)).toBe(false);
    budget.note(0, 1_000_000, 2_000);
    expect(budget.isSpent(0, 2_001)).toBe(true);
    budget.reset(0);
    expect(budget.isSpent(0, 1e9)).toBe(false);
  });

  test('refuses what is no budget and no exposure', () => {
    for (const maxDollarSecondsMicros of [0, -1, 0.5, Number.NaN]) {
      expect(() => new NakedBudget({ maxDollarSecondsMicros })).toThrow(RangeError);
    }
    const budget = new NakedBudget({ maxDollarSecondsMicros: 1 });
    for (const naked of [-1, 0.5, Number.NaN]) {
      expect(() => budget.note(7, naked, 0)).toThrow(/pair=7/);
    }
  });
});
