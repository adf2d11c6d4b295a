// The kill switch on a running engine: by signal, by command, by a file that cannot be read. After the word is set not one order leaves,
// also not after a restart, until somebody re-arms.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineRun, endAllRuns, expectHonestBooks } from './engine-process.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** Long enough for many arbitrages at this rate. */
const WATCH_MS = 1_500;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-kill-'));
});
afterEach(async () => {
  await endAllRuns();
  rmSync(directory, { recursive: true, force: true });
});

const stateDir = () => join(directory, 'state');
const ordersFile = () => join(directory, 'orders.jsonl');

function start(): EngineRun {
  writeFileSync(ordersFile(), '');
  return new EngineRun(
    ['--seed', '7', '--markets', '60', '--divergences-per-second', '30', '--state-dir', stateDir()],
    { preload: 'tap-orders.mjs', env: { ORDERS_FILE: ordersFile() } },
  );
}

function writesUs(): number[] {
  return readFileSync(ordersFile(), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { atUs: number }).atUs);
}

const underround = (...args: string[]) =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

function expectNoWriteAfter(run: EngineRun): number {
  const [told] = run.linesOf('kill');
  const setUs = Number(/ setUs=(\d+)/.exec(told?.text ?? '')?.[1]);
  const writes = writesUs();
  const after = writes.filter((us) => us > setUs);
  // The word is read immediately before each write: at the most the two orders that were past it when it was set.
  expect(after.length).toBeLessThanOrEqual(2);
  return Math.max(0, ...after) - (after.length > 0 ? setUs : 0);
}

it.each<[string, (run: EngineRun) => void]>([
  ['a signal', (run) => run.signal('SIGUSR2')],
  ['the command', () => void underround('kill', '--state-dir', stateDir())],
  ['a file that cannot be read', () => writeFileSync(join(stateDir(), 'kill.json'), '{')],
])('%s stops everything, and nothing is written after it', async (_by, kill) => {
  const run = start();
  await run.filledAfter(0);
  kill(run);
  await run.line('the stop', ({ event }) => event === 'kill');
  await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  const lastUs = expectNoWriteAfter(run);
  process.stdout.write(`${JSON.stringify({ lastWriteAfterTheWordUs: lastUs })}\n`);
  const { summary } = await run.stop();
  expectHonestBooks(summary);
});

it('outlasts the process, and only the command takes it back', async () => {
  underround('stop-opening', '--state-dir', stateDir(), '--why', 'a test');
  const stopped = start();
  await stopped.running();
  await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  expect(writesUs()).toEqual([]);
  const { summary } = await stopped.stop();
  expect(summary.arbs.bothFilled).toBe(0);
  underround('rearm', '--state-dir', stateDir());
  const armed = start();
  await armed.filledAfter(0);
  await armed.stop();
});
