import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionRow } from '../../src/cli/report/journal-rows.js';
import { whyOf } from '../../src/cli/report/why.js';
import { whyText } from '../../src/cli/report/why-text.js';
import { type DecisionPlan, decisionOf, STARTED_MS, sizings } from './made-journal.js';

const plans: fc.Arbitrary<DecisionPlan> = fc.record({
  sizing: sizings,
  pair: fc.nat(2),
  direction: fc.constantFrom<0 | 1>(0, 1),
});

const NOTHING = { runs: [], orders: [], orderStates: [], fills: [], arbStates: [] };

function rowOf(plan: DecisionPlan): DecisionRow {
  const made = { atMs: STARTED_MS, arb: null, decision: 'held', isNew: true };
  return { id: 1, ...decisionOf(plan, made) };
}

function whyOfRow(row: DecisionRow) {
  return whyOf('d1', { ...NOTHING, decisions: [row] }, row);
}

/** Every number of the record that the arithmetic goes by or comes to. */
const NUMBERS = [
  ['sizeCenti'],
  ['netMicros'],
  ['direction'],
  ['inputs', 'kalshiAskE4'],
  ['inputs', 'polymarketAskE4'],
  ['inputs', 'kalshiCostMicros'],
  ['inputs', 'polymarketCostMicros'],
  ['inputs', 'feeMicros'],
  ['inputs', 'kalshiLimitE4'],
  ['inputs', 'polymarketLimitE4'],
  ['inputs', 'kalshiAsks', 0, 0],
  ['inputs', 'polymarketAsks', 0, 0],
] as const;

function tampered(row: DecisionRow, path: readonly (string | number)[], by: number): DecisionRow {
  const copy = structuredClone(row) as unknown;
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  at[last] = (at[last] as number) + by;
  return copy as DecisionRow;
}

describe('the arithmetic of a decision', () => {
  it('adds up for what the engine sized', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const why = whyOfRow(rowOf(plan));
        expect(why.unreadable).toBeNull();
        expect(why.arithmetic?.checks.filter(({ isRight }) => !isRight)).toEqual([]);
        expect(why.arithmetic?.netMicros).toBe(plan.sizing.sized.netMicros);
        expect(why.arithmetic?.feeMicros).toBe(plan.sizing.sized.feeMicros);
        expect(why.addsUp).toBe(true);
      }),
    );
  });

  it.each(NUMBERS)('shows that %s %s %s %s was changed', (...path) => {
    const by = fc.integer({ min: -5_000, max: 5_000 }).filter((change) => change !== 0);
    fc.assert(
      fc.property(plans, by, (plan, change) => {
        const why = whyOfRow(tampered(rowOf(plan), path, change));
        expect(why.addsUp).toBe(false);
        expect(whyText(why, 120, false)).toMatch(/IT DOES NOT ADD UP|IT CANNOT BE CHECKED/);
      }),
    );
  });
});
