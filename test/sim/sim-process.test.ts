import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { SimReady, SimSummary } from '../../src/sim/sim.js';
import {
  KALSHI_KEY_HEADER,
  KALSHI_SIGNATURE_HEADER,
  KALSHI_TIMESTAMP_HEADER,
  kalshiMessage,
  readKalshiPrivateKey,
  signKalshi,
} from '../../src/venues/kalshi/wire/auth.js';

// Inside node_modules, so that the bundle finds its packages.
const DIRECTORY = join('node_modules', `.sim-process-test-${process.pid}`);
const BUNDLE = join(DIRECTORY, 'sim.mjs');
const DEADLINE_MS = 20_000;

interface Sim {
  readonly child: ChildProcess;
  readonly ready: SimReady;
  /** Everything printed after the ready line. */
  readonly rest: string[];
  readonly exit: Promise<number | null>;
}

const running: ChildProcess[] = [];

async function start(options: object): Promise<Sim> {
  const child = spawn(process.execPath, [BUNDLE, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.push(child);
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const rest: string[] = [];
  const lines = createInterface({ input: child.stdout! });
  const [first] = (await once(lines, 'line')) as [string];
  lines.on('line', (line) => rest.push(line));
  return { child, ready: JSON.parse(first) as SimReady, rest, exit };
}

async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

async function eventually<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`not in time: last=${JSON.stringify(value)}`);
  }
}

interface Accounts {
  readonly kalshi: {
    cashMicros: number;
    startingMicros: number;
    costMicros: number;
    feesMicros: number;
  };
  readonly combined: { pnlMicros: number };
}

beforeAll(async () => {
  await build({
    stdin: {
      contents: `
        import { runSimProcess } from './src/sim/sim-process.js';
        import { simOptionsSchema } from './src/sim/sim-options.js';
        await runSimProcess(simOptionsSchema.parse(JSON.parse(process.argv[2])));`,
      resolveDir: '.',
    },
    outfile: BUNDLE,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(DIRECTORY, { recursive: true, force: true }));

describe('simulation process', () => {
  it('says all that an engine needs, in one line and files that only the owner reads', async () => {
    const { ready } = await start({ seed: 7, markets: 12 });
    expect(ready).toMatchObject({ event: 'ready', seed: 7, markets: 12 });
    for (const { privateKeyPath } of [ready.kalshi, ready.polymarket]) {
      expect(statSync(privateKeyPath).mode & 0o777).toBe(0o600);
    }
    const { pairs } = parse(readFileSync(ready.pairsPath, 'utf8')) as {
      pairs: { kalshi: string; polymarket: string }[];
    };
    expect(pairs).toHaveLength(12);
    const { market } = await get<{ market: { ticker: string } }>(
      `${ready.kalshi.restUrl}/markets/${pairs[3]!.kalshi}`,
    );
    expect(market.ticker).toBe(pairs[3]!.kalshi);
    const info = await get<{ c: string }>(
      `${ready.polymarket.restUrl}/clob-markets/${pairs[3]!.polymarket}`,
    );
    expect(info.c).toBe(pairs[3]!.polymarket);
    const state = () => get<{ virtualUs: number; operations: number }>(`${ready.controlUrl}/state`);
    const { operations } = await state();
    expect(operations).toBeGreaterThan(12 * 4 * 8);
    await eventually(state, (now) => now.virtualUs > 200_000 && now.operations > operations);
  });

  it('executes a signed order and books it in the account that it shows', async () => {
    const { ready } = await start({ seed: 7, markets: 1, divergencesPerSecond: 0 });
    const { pairs } = parse(readFileSync(ready.pairsPath, 'utf8')) as {
      pairs: { kalshi: string }[];
    };
    const key = readKalshiPrivateKey(readFileSync(ready.kalshi.privateKeyPath, 'utf8'));
    const url = new URL(`${ready.kalshi.restUrl}/portfolio/events/orders`);
    const timestampMs = String(Date.now());
    const reply = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [KALSHI_KEY_HEADER]: ready.kalshi.keyId,
        [KALSHI_TIMESTAMP_HEADER]: timestampMs,
        [KALSHI_SIGNATURE_HEADER]: signKalshi(
          key,
          kalshiMessage(timestampMs, 'POST', url.pathname),
        ),
      },
      body: JSON.stringify({
        ticker: pairs[0]!.kalshi,
        side: 'bid',
        count: '2.00',
        price: '0.99',
        time_in_force: 'immediate_or_cancel',
        self_trade_prevention_type: 'taker_at_cross',
        client_order_id: 'sim-process-test-1',
      }),
    });
    expect(reply.status).toBe(201);
    expect(await reply.json()).toMatchObject({ fill_count: '2.00' });
    const { kalshi, combined } = await get<Accounts>(`${ready.controlUrl}/accounts`);
    expect(kalshi.costMicros).toBeGreaterThan(0);
    expect(kalshi.cashMicros).toBe(kalshi.startingMicros - kalshi.costMicros - kalshi.feesMicros);
    // One leg alone: at worst it pays nothing.
    expect(combined.pnlMicros).toBe(-kalshi.costMicros - kalshi.feesMicros);
  });

  it('keeps the truth, on the clock of all processes', async () => {
    const { ready } = await start({ seed: 7, markets: 40, divergencesPerSecond: 40 });
    interface TruthReply {
      readonly episodes: { openUs: number; closeUs: number | null; prices: unknown[] }[];
      readonly criteria: object;
    }
    const { episodes, criteria } = await eventually(
      () => get<TruthReply>(`${ready.controlUrl}/truth`),
      (reply) => reply.episodes.filter(({ closeUs }) => closeUs !== null).length >= 3,
    );
    expect(criteria).toEqual({
      minNetMicros: 20_000,
      maxSizeCenti: 10_000,
      maxCostMicros: 100_000_000,
    });
    const nowUs = Number(process.hrtime.bigint() / 1_000n);
    for (const { openUs, prices } of episodes) {
      expect(nowUs - openUs).toBeGreaterThan(0);
      expect(nowUs - openUs).toBeLessThan(2 * DEADLINE_MS * 1_000);
      expect(prices.length).toBeGreaterThan(0);
    }
  });

  it('stands still until it is told to start, and takes faults at its door', async () => {
    const { ready } = await start({ seed: 7, markets: 3, autoStart: false });
    const post = async (path: string, body: string) => {
      const reply = await fetch(`${ready.controlUrl}${path}`, { method: 'POST', body });
      return [reply.status, await reply.json()] as const;
    };
    const state = () => get<{ virtualUs: number; running: boolean }>(`${ready.controlUrl}/state`);
    expect(await state()).toMatchObject({ virtualUs: 0, running: false });
    expect(await post('/start', '')).toMatchObject([200, { running: true }]);
    await eventually(state, ({ virtualUs }) => virtualUs > 0);
    const freeze = { venue: 'kalshi', kind: 'freeze', durationMs: 10 };
    expect(await post('/fault', JSON.stringify(freeze))).toEqual([200, { injected: 'freeze' }]);
    expect((await post('/fault', '{"venue":"nyse","kind":"cut"}'))[0]).toBe(400);
    expect((await post('/fault', '{"venue":"kalshi","kind":"freeze"}'))[0]).toBe(400);
    expect((await post('/fault', '{"ven'))[0]).toBe(400);
    expect((await post('/fault', 'x'.repeat(70_000)))[0]).toBe(413);
    expect((await post('/nowhere', ''))[0]).toBe(404);
  });

  it.each(['SIGTERM', 'SIGINT', 'stdin', 'duration'] as const)(
    'ends on %s with one last line, and leaves no files',
    async (cause) => {
      const options = cause === 'duration' ? { durationMs: 50 } : {};
      const { child, ready, rest, exit } = await start({ seed: 7, markets: 3, ...options });
      if (cause === 'stdin') child.stdin?.end();
      else if (cause !== 'duration') child.kill(cause);
      expect(await exit).toBe(0);
      await eventually(
        async () => rest.length,
        (lines) => lines > 0,
      );
      expect(rest).toHaveLength(1);
      const end = JSON.parse(rest[0]!) as SimSummary & { event: string; endedBy: string };
      expect(end).toMatchObject({
        event: 'end',
        endedBy: cause === 'stdin' ? 'stdin-closed' : cause,
        pnlMicros: 0,
        episodesDropped: 0,
      });
      expect(existsSync(ready.directory)).toBe(false);
    },
  );
});
