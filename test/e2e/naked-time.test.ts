import { expect, it } from 'vitest';
import type { LogLine } from './engine-process.js';
import { nakedTimes } from './naked-time.js';

const line = (atS: number, event: string, text: string): LogLine => ({
  atMs: atS * 1_000,
  level: 'info',
  event,
  text,
});
const exposed = (atS: number, pair: string, contracts: number) =>
  line(
    atS,
    'exposed',
    `${contracts} without their leg pair=${pair} contracts=${contracts} basis=0.5`,
  );
const exit = (atS: number, pair: string, filled: number) =>
  line(atS, 'exit', `an order arb=1 pair=${pair} filled=${filled}`);
const neutral = (atS: number, pair: string) =>
  line(atS, 'neutral', `even again pair=${pair} afterMs=1 lossMicros=0 dustE6=0`);

const dollarSeconds = (lines: readonly LogLine[]) =>
  nakedTimes(lines).map((each) => each.dollarSeconds);

it('counts each part until its exit evens it out', () => {
  const lines = [
    exposed(0, 'a', 100),
    exit(1, 'a', 80),
    exit(2, 'a', 0),
    exit(5, 'a', 15),
    neutral(15, 'a'),
    line(100, 'exit', 'of another one pair=a filled=5'),
  ];
  // 100 for 1 s, 20 for 4 s, 5 for 10 s, at half a dollar.
  expect(dollarSeconds(lines)).toEqual([(100 + 80 + 50) / 2]);
});

it('tells pairs and exposures of one pair apart', () => {
  const lines = [
    exposed(0, 'a', 10),
    exposed(1, 'ab', 20),
    exit(2, 'ab', 20),
    neutral(2, 'ab'),
    line(4, 'alert-naked', 'stays naked pair=a contracts=10 basis=0.5'),
    exposed(6, 'ab', 30),
    neutral(7, 'ab'),
  ];
  expect(dollarSeconds(lines)).toEqual([20, 10, 15]);
});

it('counts to the last line what is never evened out', () => {
  expect(dollarSeconds([exposed(0, 'a', 10), exit(2, 'b', 10)])).toEqual([10]);
  expect(dollarSeconds([exposed(0, 'a', 10), exit(2, 'a', 4)])).toEqual([10]);
});
