import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TermsWatch } from '../../src/runtime/terms-watch.js';
import type { TradedPair } from '../../src/runtime/worker-protocol.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pairNamed = (name: string, version = 0) =>
  ({ name, kalshi: { version }, polymarket: {} }) as unknown as TradedPair;
type Loaded = { traded: TradedPair[]; refused: { name: string; why: string }[] };

function open(load: (names: string[]) => Promise<Loaded>) {
  const pairs = [pairNamed('a'), pairNamed('b'), pairNamed('c')];
  const steps: string[] = [];
  const watch = new TermsWatch(pairs, {
    load: async (asked) => {
      steps.push(`load ${asked.map(({ name }) => name).join('')}`);
      return load(asked.map(({ name }) => name));
    },
    give: async (market, pair) => {
      await Promise.resolve();
      steps.push(`given ${market} ${(pair.kalshi as unknown as { version: number }).version}`);
    },
    readmit: (_, market) => steps.push(`readmit ${market}`),
    hold: (market, isHeld) => steps.push(`${isHeld ? 'hold' : 'release'} ${market}`),
    say: () => undefined,
    after: (ms, work) => setTimeout(work, ms),
  });
  return { watch, steps, pairs };
}

it('gives new terms to everybody before the market is believed, and lets it go last', async () => {
  const { watch, steps, pairs } = open(async (names) => ({
    traded: names.map((name) => pairNamed(name, 7)),
    refused: [],
  }));
  watch.changed(0, 2);
  watch.changed(0, 0);
  watch.changed(0, 2);
  watch.changed(0, 99);
  await vi.advanceTimersByTimeAsync(200);
  expect(steps).toEqual([
    'hold 2',
    'hold 0',
    'load ca',
    'given 2 7',
    'readmit 2',
    'release 2',
    'given 0 7',
    'readmit 0',
    'release 0',
  ]);
  expect(pairs[2]).toEqual(pairNamed('c', 7));
});

it('reads again what changed while it was read, and holds the pair until then', async () => {
  const answers: ((loaded: Loaded) => void)[] = [];
  const { watch, steps } = open(() => new Promise((resolve) => answers.push(resolve)));
  watch.changed(0, 1);
  await vi.advanceTimersByTimeAsync(60);
  watch.changed(0, 1);
  answers[0]!({ traded: [pairNamed('b', 1)], refused: [] });
  await vi.advanceTimersByTimeAsync(200);
  expect(steps).toEqual(['hold 1', 'load b', 'given 1 1', 'readmit 1', 'load b']);
  answers[1]!({ traded: [pairNamed('b', 2)], refused: [] });
  await vi.advanceTimersByTimeAsync(200);
  expect(steps.slice(5)).toEqual(['given 1 2', 'readmit 1', 'release 1']);
});

it('keeps a pair held while its terms cannot be read or are refused, and asks again', async () => {
  let turn = 0;
  const { watch, steps } = open(async () => {
    turn++;
    if (turn === 1) throw new Error('unreachable');
    if (turn === 2) return { traded: [], refused: [{ name: 'a', why: 'closed' }] };
    return { traded: [pairNamed('a', 3)], refused: [] };
  });
  watch.changed(0, 0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(steps).toEqual(['hold 0', 'load a']);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(steps).toEqual(['hold 0', 'load a', 'load a']);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(steps.slice(3)).toEqual(['load a', 'given 0 3', 'readmit 0', 'release 0']);
});
