import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Outcome, Venue } from '../../src/domain/venue.js';
import { IntentLog, intentFile, intentFiles, readIntents } from '../../src/journal/intent-log.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-intents-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const TICKERS = ['KXA-1', 'KXB-26AUG10-T86749.99', 'KXC'];
const intent = fc.record({
  arbId: fc.nat(2 ** 42),
  role: fc.constantFrom('entry' as const, 'exit' as const),
  venue: fc.constantFrom<Venue>(0, 1),
  ticker: fc.constantFrom(...TICKERS),
  outcome: fc.constantFrom<Outcome>(0, 1),
  sizeCenti: fc.integer({ min: 1, max: 10_000_000 }),
  limitE4: fc.integer({ min: 1, max: 9_999 }),
  spendMicros: fc.nat(2 ** 40),
  clientOrderId: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  orderId: fc.oneof(fc.constant(''), fc.stringMatching(/^0x[0-9a-f]{64}$/)),
});
const CLOCK = { nowNs: () => 0, wallMs: () => 1_700_000_000_000 };

/** Commits of one or two legs. */
const commits = fc.array(fc.array(intent, { minLength: 1, maxLength: 2 }), { maxLength: 20 });
type Written = readonly (typeof intent extends fc.Arbitrary<infer I> ? I : never)[];

function write(path: string, all: readonly Written[]): void {
  const log = IntentLog.open(path, CLOCK, TICKERS);
  for (const legs of all) {
    for (const { ticker, venue, orderId, arbId, role, ...leg } of legs) {
      log.add({ ...leg, market: TICKERS.indexOf(ticker) }, venue, orderId, arbId, role);
    }
    expect(log.commit()).toBe(true);
  }
  log.close();
}

it('reads back what was committed, over any number of runs', () => {
  fc.assert(
    fc.property(commits, commits, (first, second) => {
      const path = intentFile(directory, 0);
      rmSync(path, { force: true });
      write(path, first);
      write(path, second);
      const { intents, torn } = readIntents(path);
      expect(torn).toBe(0);
      const atMs = CLOCK.wallMs();
      expect(intents).toEqual([...first, ...second].flat().map((each) => ({ ...each, atMs })));
    }),
    { numRuns: 100 },
  );
  expect(intentFiles(directory)).toEqual([intentFile(directory, 0)]);
});

it('reads every whole line of a file that ends anywhere, and says that one is torn', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(intent), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      commits,
      (all, cut, after) => {
        const path = intentFile(directory, 1);
        rmSync(path, { force: true });
        write(path, all);
        const whole = readFileSync(path);
        const end = 1 + (cut % (whole.length - 1));
        writeFileSync(path, whole.subarray(0, end));
        const isWhole = whole[end - 1] === 10 || whole[end] === 10;
        const lines = whole
          .subarray(0, isWhole ? end + 1 : end)
          .toString()
          .split('\n')
          .slice(0, -1)
          .filter((line) => line !== '').length;
        // The next run goes on in the same file, after the torn line.
        write(path, after);
        const { intents, torn } = readIntents(path);
        expect(intents.length).toBe(lines + after.flat().length);
        expect(torn).toBe(isWhole ? 0 : 1);
      },
    ),
    { numRuns: 200 },
  );
});

it('refuses what it could not write, so that nothing is sent', () => {
  const log = IntentLog.open(intentFile(directory, 2), CLOCK, TICKERS);
  expect(log.commit()).toBe(false);
  const leg = {
    clientOrderId: 'x'.repeat(3_000),
    market: 0,
    outcome: 0,
    sizeCenti: 1,
    limitE4: 1,
    spendMicros: 1,
  } as const;
  log.add(leg, 0, '', 1, 'entry');
  log.add(leg, 1, '', 1, 'entry');
  expect(log.commit()).toBe(false);
  log.close();
  log.add({ ...leg, clientOrderId: 'x' }, 0, '', 1, 'entry');
  expect(log.commit()).toBe(false);
  expect(readIntents(intentFile(directory, 2)).intents).toEqual([]);
});

it('finds no files where there is no directory', () => {
  expect(intentFiles(join(directory, 'none'))).toEqual([]);
});
