import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOrderIds } from '../../src/domain/order-id.js';

const prefix = fc.stringMatching(/^[a-z0-9]{1,8}$/);
/** Steps of a wall clock, back as well as forth, and long times in which it stands still. */
const steps = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: -100_000, max: 100_000 }), fc.nat(3)),
  { minLength: 1, maxLength: 200 },
);
const START_MS = Date.UTC(2026, 0, 1);

function idsOf(name: string, startMs: number, stepsMs: readonly number[]): string[] {
  let nowMs = startMs;
  const next = createOrderIds(name, () => nowMs);
  return stepsMs.map((stepMs) => {
    nowMs += stepMs;
    return next();
  });
}

it('never makes an id twice, whatever the clock does, and only of letters, digits and dashes', () => {
  fc.assert(
    fc.property(prefix, steps, (name, stepsMs) => {
      const ids = idsOf(name, START_MS, stepsMs);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^[a-z0-9]{1,8}-[0-9a-z]{1,9}-[0-9a-z]{1,9}$/);
      expect(ids.every((id) => id.startsWith(`${name}-`))).toBe(true);
    }),
  );
});

it('makes other ids after a restart, and beside another worker at the same time', () => {
  fc.assert(
    fc.property(prefix, prefix, steps, fc.nat(1_000), (one, other, stepsMs, pauseMs) => {
      const forward = stepsMs.map(Math.abs);
      const endMs = START_MS + forward.reduce((sum, stepMs) => sum + stepMs, 0);
      const before = idsOf(one, START_MS, forward);
      const after = idsOf(one, endMs + 1 + pauseMs, forward);
      const beside = other === one ? [] : idsOf(other, START_MS, forward);
      const ids = [...before, ...after, ...beside];
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

it('stays one id in every order of time: a later id never sorts into an earlier millisecond', () => {
  const ids = idsOf('ur0', START_MS, [0, -5_000, 0, 5_001]);
  const times = ids.map((id) => Number.parseInt(id.split('-')[1]!, 36));
  expect(times).toEqual([START_MS, START_MS, START_MS, START_MS + 1]);
});

it.each(['', 'UR', 'a.b', 'a-b', 'ninechars', 'ä'])('refuses the prefix "%s"', (name) => {
  expect(() => createOrderIds(name, () => START_MS)).toThrow(RangeError);
});
