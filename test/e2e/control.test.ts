import { execFile } from 'node:child_process';
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { StatusReply, StreamFrame } from '../../src/control/contract.js';
import type { ArbView, LimitView, MarketView } from '../../src/runtime/views.js';
import { startControlled, until } from './controlled-run.js';
import { endAllRuns } from './engine-process.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PATIENCE_MS = 20_000;
const NO_ENGINE = 3;

afterEach(endAllRuns);

interface Ran {
  readonly code: number;
  readonly json: unknown;
  readonly errors: string;
}

/** Runs a command to its end, as a person does. */
function command(stateDir: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const line = [MAIN, ...args, '--state-dir', stateDir, '--json'];
    execFile(process.execPath, line, { timeout: PATIENCE_MS }, (error, out, errors) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      const last = out.trim().split('\n').at(-1) ?? '';
      resolve({ code, json: last === '' ? undefined : JSON.parse(last), errors });
    });
  });
}

it('is seen and steered while it runs, and says so when it does not', {
  timeout: 90_000,
}, async () => {
  const controlled = await startControlled(['--seed', '7', '--markets', '20', '--rate', '3']);
  const { engine, stateDir, url, token, get } = controlled;
  const run = (...args: string[]) => command(stateDir, args);
  const { json: status } = await run('status');
  expect(status).toMatchObject({ profile: 'sim', isLive: true, pid: engine.pid });
  expect(statSync(join(stateDir, 'control.json')).mode & 0o777).toBe(0o600);

  // The page is there, and asks nobody else for anything.
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).not.toMatch(/(src|href)="(https?:)?\/\//);

  const markets = await get<MarketView[]>('/api/v1/markets');
  expect(markets.length).toBe(20);
  const edges = markets.map(({ edge }) => edge.microsPerContract);
  expect(edges).toEqual(edges.toSorted((a, b) => b - a));
  const traded = await until(async () => {
    const arbs = await get<ArbView[]>('/api/v1/arbs');
    return arbs.find(({ state, legs }) => state === 'matched' && legs.length >= 2);
  }, 'an arbitrage with both legs');
  const { received, published, detected, dequeued } = traded.stampsNs;
  const written = traded.legs.map(({ stampsNs }) => stampsNs.written);
  expect(published).toBeLessThanOrEqual(detected);
  expect(detected).toBeLessThanOrEqual(dequeued);
  expect(received === 0 || received <= published).toBe(true);
  for (const leg of traded.legs) {
    expect(leg.stampsNs.prepared).toBeGreaterThanOrEqual(dequeued);
    expect(leg.stampsNs.written).toBeGreaterThanOrEqual(leg.stampsNs.prepared);
    expect(leg.stampsNs.answered).toBeGreaterThan(leg.stampsNs.written);
  }
  expect(Math.min(...written)).toBeGreaterThan(0);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('underround_stage_seconds_bucket');

  // The stream adds up to what a fresh look gives.
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/stream`);
  const frames: StreamFrame[] = [];
  socket.on('message', (data) => frames.push(JSON.parse(String(data)) as StreamFrame));
  await until(async () => (frames.length >= 6 ? true : undefined), 'frames');
  expect(frames.map(({ isWhole }) => isWhole).slice(0, 3)).toEqual([true, false, false]);
  expect(new Set(frames.flatMap((frame) => frame.markets.map(({ market }) => market))).size).toBe(
    20,
  );
  socket.terminate();

  // Freeze: held, not fired, let go.
  const { name } = markets[0]!;
  expect(await run('freeze', name, '--why', 'a look')).toMatchObject({ code: 0 });
  expect(await run('freeze', name)).toMatchObject({ code: 1 });
  const frozen = await get<MarketView>(`/api/v1/markets/${encodeURIComponent(name)}`);
  expect(frozen.isFrozen).toBe(true);
  expect(frozen.blocked).toContain('frozen');
  expect(await run('unfreeze', name)).toMatchObject({ code: 0 });
  expect(await run('freeze', 'no such market')).toMatchObject({ code: 1 });

  // Limits: tightened, not widened beyond the configuration.
  expect(await run('limits', 'set', 'maxOrderSizeCenti', '500')).toMatchObject({ code: 0 });
  const limits = (await run('limits')).json as LimitView[];
  expect(limits.find((limit) => limit.name === 'maxOrderSizeCenti')?.value).toBe(500);
  expect(await run('limits', 'set', 'maxOrderSizeCenti', '99999999')).toMatchObject({ code: 1 });
  expect(await run('limits', 'set', 'nothing', '5')).toMatchObject({ code: 1 });

  // Stop, resume, and the log of it.
  expect(await run('stop-opening', '--why', 'lunch')).toMatchObject({ code: 0 });
  await until(async () => {
    const { status: now } = await get<StatusReply>('/api/v1/status');
    return now.kill === 'stop-opening' ? true : undefined;
  }, 'stop-opening');
  expect(await run('resume')).toMatchObject({ code: 0 });
  const { status: now } = await get<StatusReply>('/api/v1/status');
  expect(now.kill).toBe('armed');
  expect(await run('log-level', 'desk', 'warn')).toMatchObject({ code: 0 });
  expect(await run('log-level', 'nobody', 'warn')).toMatchObject({ code: 1 });
  const logs = (await run('logs', '--level', 'warn')).json as { event: string; text: string }[];
  expect(logs.map(({ event }) => event)).toEqual(expect.arrayContaining(['frozen', 'kill']));
  expect(JSON.stringify(logs)).not.toContain(token);

  expect(await run('kill', '--why', 'the end')).toMatchObject({ code: 0 });
  await controlled.end();
  const nobody = mkdtempSync(join(tmpdir(), 'underround-nobody-'));
  expect(await command(nobody, ['status'])).toMatchObject({ code: NO_ENGINE });
  // A stop is for the next start then.
  expect(await command(nobody, ['kill'])).toMatchObject({ code: 0 });
});
