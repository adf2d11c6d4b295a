// What comes in pieces must be what would have come whole.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../src/control/contract.js';
import type { HistoryPoint } from '../../src/runtime/views.js';
import {
  MAX_ARBS,
  MAX_LOG_LINES,
  MAX_POINTS,
  merged,
  type PageState,
} from '../../web/stream/page-state.js';
import { retryDelayMs } from '../../web/stream/retry-delay.js';
import { StandInWorld } from './stand-in-world.js';

/** All but what says when and how it came. */
function shown(state: PageState | undefined) {
  if (state === undefined) throw new Error('no whole frame came');
  const { framesPerSecond: _, frameCounts: __, receivedAtMs: ___, markets, ...rest } = state;
  return { ...rest, markets: new Map([...markets].map(([market, { view }]) => [market, view])) };
}

const small = { markets: 12, profile: 'sim' };

describe('merging the stream', () => {
  it('gives after any changes what a whole frame gives', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.constantFrom('step', 'freeze', 'kill', 'resume', 'limit'), { maxLength: 30 }),
        (seed, events) => {
          const world = new StandInWorld({ ...small, seed });
          let state = merged(undefined, structuredClone(world.whole()), 1);
          for (const event of events) {
            if (event === 'freeze') world.setFrozen(seed % small.markets, true);
            if (event === 'kill') world.setKill('stop-everything', 'test');
            if (event === 'resume') world.setKill('armed', 'test');
            if (event === 'limit') world.setLimit('maxNaked', seed % 1_000);
            state = merged(state, structuredClone(world.step()), 2);
          }
          const whole = merged(undefined, structuredClone(world.whole()), 4);
          expect(shown(state)).toEqual(shown(whole));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('knows nothing before the first whole frame', () => {
    const world = new StandInWorld({ ...small, seed: 1 });
    expect(merged(undefined, world.step(), 1)).toBeUndefined();
  });

  it('forgets everything old at a whole frame', () => {
    const state = merged(undefined, new StandInWorld({ ...small, seed: 1 }).whole(), 1);
    const other = new StandInWorld({ ...small, markets: 3, seed: 2 }).whole();
    expect(merged(state, other, 2)?.markets.size).toBe(3);
  });

  it('keeps the identity of what did not change', () => {
    const whole = new StandInWorld({ ...small, seed: 1 }).whole();
    const before = merged(undefined, whole, 1);
    const nothing = { ...whole, isWhole: false, markets: [], arbs: [], history: [], logs: [] };
    const after = merged(before, structuredClone(nothing), 2);
    for (const key of ['markets', 'arbs', 'history', 'logs', 'limits', 'positions'] as const) {
      expect(after?.[key]).toBe(before?.[key]);
    }
  });

  it('counts frames a second by the uptime of the engine, and anew after a restart', () => {
    const whole = new StandInWorld({ ...small, seed: 1 }).whole();
    const at = (uptimeMs: number, frames: number): StreamFrame => {
      const { kalshi } = whole.status.status.feeds;
      const feeds = { ...whole.status.status.feeds, kalshi: { ...kalshi, frames } };
      const status = { ...whole.status.status, uptimeMs, feeds };
      return { ...whole, isWhole: false, status: { ...whole.status, status } };
    };
    let state = merged(undefined, { ...at(1_000, 500), isWhole: true }, 1);
    state = merged(state, at(1_500, 900), 2);
    expect(state?.framesPerSecond.kalshi).toBe(800);
    state = merged(state, at(100, 3), 3);
    expect(state?.framesPerSecond.kalshi).toBe(0);
  });

  it('grows no list beyond its bound, and keeps the beginning of the curves', () => {
    const whole = new StandInWorld({ ...small, seed: 1 }).whole();
    const first = whole.history[0] as HistoryPoint;
    const arb = whole.arbs[0];
    const line = whole.logs[0];
    if (arb === undefined || line === undefined) throw new Error('an empty world');
    let state = merged(undefined, { ...whole, history: [first] }, 1);
    for (let index = 1; index <= 3 * MAX_POINTS; index++) {
      const change = {
        ...whole,
        isWhole: false,
        markets: [],
        arbs: [{ ...arb, arb: `new ${index}` }],
        history: [{ ...first, atMs: first.atMs + index }],
        logs: [{ ...line, id: 1_000 + index }],
      };
      state = merged(state, change, index);
    }
    expect(state?.arbs).toHaveLength(MAX_ARBS);
    expect(state?.arbs[0]?.arb).toBe(`new ${3 * MAX_POINTS}`);
    expect(state?.logs).toHaveLength(MAX_LOG_LINES);
    expect(state?.logs.at(-1)?.id).toBe(1_000 + 3 * MAX_POINTS);
    expect(state?.history.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(state?.history[0]).toEqual(first);
    expect(state?.history.at(-1)?.atMs).toBe(first.atMs + 3 * MAX_POINTS);
  });
});

describe('asking a silent engine again', () => {
  it('waits longer each time, never more than ten seconds', () => {
    const waits = [0, 1, 2, 3, 4, 5, 100].map((failures) => retryDelayMs(failures, 1));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    expect(retryDelayMs(0, 0)).toBe(250);
  });
});
