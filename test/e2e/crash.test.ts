// The engine is killed without a word at seeded random moments of a busy run with faults, again and again, on exchanges that go on.
// After each restart its books must be theirs. `npm run test:crash` does it 200 times.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Rng } from '../../src/sim/market/rng.js';
import { EngineRun, endAllRuns, expectAgreement } from './engine-process.js';

const KILLS = Number(process.env.UNDERROUND_CRASH_KILLS ?? '4');
const SEED = Number(process.env.UNDERROUND_CRASH_SEED ?? '11');
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** From the engine's start to its end; the first moments are those of its recovery. */
const LIFE_MS = [300, 6_500] as const;
/** The last run sends nothing new: what is open comes to its end. */
const CALM_MS = 4_000;
const ORDERS = { 'lose-reply': 1, 'reset-after-accept': 1, 'reset-before-accept': 1 };

const cleanups: (() => void)[] = [];
afterEach(async () => {
  await endAllRuns();
  for (const clean of cleanups.splice(0).reverse()) clean();
});

/** Exchanges that outlive the engines which trade on them. */
async function startExchanges(directory: string): Promise<string> {
  const faults = [
    ...Object.keys(ORDERS).flatMap((kind, index) =>
      ['kalshi', 'polymarket'].map((venue, at) => ({
        from: `${1 + index + at}s`,
        every: '3s',
        venue,
        kind,
        count: 1,
      })),
    ),
    { from: '2s', every: '2s', venue: 'kalshi', kind: 'partial-fills', count: 1, percent: 40 },
    { from: '3s', every: '4s', venue: 'polymarket', kind: 'ghost-fills', count: 1 },
    { from: '4s', every: '5s', venue: 'kalshi', kind: 'cut' },
    { from: '5s', every: '5s', venue: 'polymarket', kind: 'cut' },
  ];
  const script = join(directory, 'faults.yaml');
  writeFileSync(script, JSON.stringify({ version: 1, faults }));
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...[MAIN, 'sim', '--seed', String(SEED), '--markets', '40'],
      ...['--divergences-per-second', '20', '--faults', script],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  cleanups.push(() => child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout! }).once('line', resolve),
  );
  const file = join(directory, 'exchanges.json');
  writeFileSync(file, `${line}\n`);
  return file;
}

it('finds after every kill -9 what the exchanges have, and sends nothing twice', {
  timeout: 60_000 + KILLS * 20_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'underround-crash-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  const attach = await startExchanges(directory);
  const orders = join(directory, 'orders.jsonl');
  writeFileSync(orders, '');
  const start = (...more: string[]) =>
    new EngineRun(
      [
        ...['--attach', attach, '--state-dir', join(directory, 'state')],
        ...['--order-timeout-ms', '500', '--one-legged-rest-ms', '200', ...more],
      ],
      { preload: 'tap-orders.mjs', env: { ORDERS_FILE: orders } },
    );
  const rng = new Rng(SEED);
  const [shortest, longest] = LIFE_MS;
  let differed = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const run = start();
    const lifeMs = shortest + rng.unit() * (longest - shortest);
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    run.signal('SIGKILL');
    await run.ended;
    if (run.linesOf('differs').length > 0) differed++;
    // A stop that outlasts the process would make the rest of the kills prove nothing.
    expect(run.linesOf('kill').map(({ text }) => text)).toEqual([]);
    expect(run.linesOf('not-opening').map(({ text }) => text)).toEqual([]);
  }
  const last = start('--observe');
  await last.running();
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const { code, summary } = await last.stop();
  const ids = orderIds(orders);
  process.stdout.write(
    `${JSON.stringify({ kills: KILLS, seed: SEED, orders: ids.length, differed, pnlMicros: summary.pnlMicros, nakedE6: summary.nakedE6 })}\n`,
  );
  expectAgreement(summary);
  expect(summary.arbs.unknown).toBe(0);
  expect(ids.length).toBeGreaterThan(KILLS);
  expect(new Set(ids).size).toBe(ids.length);
  expect(differed).toBe(0);
  expect(code).toBe(0);
});

/** What tells each order from all others; a line that a kill has torn is none. */
function orderIds(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const { body } = JSON.parse(line) as { body: string };
        const id = /"client_order_id":"([^"]+)"|"salt":(\d+)/.exec(body)?.slice(1).join('');
        return id === undefined ? [] : [id];
      } catch {
        return [];
      }
    });
}
