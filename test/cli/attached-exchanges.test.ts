import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attachExchanges } from '../../src/cli/attached-exchanges.js';
import { UsageError } from '../../src/cli/exit-codes.js';
import { type AnsweringServer, startAnsweringServer } from '../venues/answering-server.js';

const ACCESS = { restUrl: 'http://127.0.0.1:1', wsUrl: 'ws://127.0.0.1:1', privateKeyPath: '/k' };
const READY = {
  event: 'ready',
  seed: 7,
  markets: 5,
  kalshi: { ...ACCESS, keyId: 'id' },
  polymarket: {
    ...ACCESS,
    chainId: 137,
    funder: '0x',
    exchanges: { standard: 'a', negRisk: 'b' },
  },
  pairsPath: '/p',
  controlUrl: 'http://127.0.0.1:1',
  directory: '/d',
};
const CRITERIA = { minNetMicros: 1, maxSizeCenti: 2, maxCostMicros: 3 };
const STATEMENT = { cashMicros: 4, startingMicros: 5, feesMicros: 6 };
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/state': { seed: 7 },
  '/truth': { criteria: CRITERIA, episodes: [], passings: [] },
  '/accounts': { kalshi: STATEMENT, polymarket: STATEMENT, combined: { pnlMicros: 8 } },
};

let directory: string;
let file: string;
let control: AnsweringServer;
/** It answers nobody, and listens all the same. */
let isBusy: boolean;
const never = new AbortController().signal;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'underround-attach-'));
  file = join(directory, 'exchanges.json');
  isBusy = false;
  control = await startAnsweringServer(({ path }) => (isBusy ? undefined : [200, ANSWERS[path]]));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await control.close();
  rmSync(directory, { recursive: true, force: true });
});

const lineOf = (change: object) => `${JSON.stringify({ ...READY, ...change })}\n`;

async function attach(signal = never) {
  const exchange = await attachExchanges(file, signal);
  ends.push(() => exchange.end(0));
  return exchange;
}

describe('exchanges that somebody else has started', () => {
  it('are waited for while their file says nothing, and asked through their control server', async () => {
    const [start, rest] = [lineOf({ controlUrl: control.origin }).slice(0, 40), 40];
    writeFileSync(file, start);
    const attached = attach();
    expect(control.requests).toEqual([]);
    appendFileSync(file, lineOf({ controlUrl: control.origin }).slice(rest));
    const exchange = await attached;
    expect(exchange.ready).toMatchObject({ seed: 7, markets: 5, directory: '/d' });
    expect(await exchange.truth(1_000)).toEqual(ANSWERS['/truth']);
    expect(await exchange.accounts(1_000)).toEqual(ANSWERS['/accounts']);
  });

  it('are not waited for any longer when the run is to end', async () => {
    writeFileSync(file, '');
    const stop = new AbortController();
    const attached = attach(stop.signal);
    stop.abort();
    await expect(attached).rejects.toThrow(/abort/i);
  });

  it('have died when nobody listens any more, and not before', async () => {
    writeFileSync(file, lineOf({ controlUrl: control.origin }));
    const exchange = await attach();
    const asked = () => control.asked('GET', '/state').length;
    let words = '';
    void exchange.died.then((told) => {
      words = told;
    });
    isBusy = true;
    while (asked() < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(words).toBe('');
    await control.close();
    expect(await exchange.died).toContain(control.origin);
  });

  it('have not died when they hang up on a question', async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      if (asked++ === 0) response.end('{}');
      else request.socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    writeFileSync(file, lineOf({ controlUrl: `http://127.0.0.1:${port}` }));
    const exchange = await attach();
    const died = exchange.died.then(() => 'died');
    while (asked < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    const next = new Promise((resolve) => setTimeout(() => resolve('alive'), 50));
    expect(await Promise.race([died, next])).toBe('alive');
  });

  it('that have ended are an error that says so', async () => {
    writeFileSync(file, lineOf({ controlUrl: control.origin }));
    await control.close();
    await expect(attach()).rejects.toThrow(/have ended: file=.*underround sim > FILE/);
  });

  it.each([
    ['no JSON', 'ready\n'],
    ['another JSON', '{"event":"end"}\n'],
    ['an address of another machine', lineOf({ controlUrl: 'http://10.0.0.1:80' })],
    [
      'an address of real money',
      lineOf({ kalshi: { ...READY.kalshi, restUrl: 'https://external-api.kalshi.com' } }),
    ],
    [
      'an address that only begins like ours',
      lineOf({ polymarket: { ...READY.polymarket, wsUrl: 'ws://127.0.0.1.example' } }),
    ],
    ['no address', lineOf({ controlUrl: '127.0.0.1' })],
  ])('are refused when the file has %s', async (_, text) => {
    writeFileSync(file, text);
    const attached = attach();
    await expect(attached).rejects.toThrow(UsageError);
    await expect(attached).rejects.toThrow(`cannot attach: file=${file} `);
  });

  it('are refused when there is no such file', async () => {
    await expect(attach()).rejects.toThrow(/file=.*exchanges.json reason=ENOENT/);
  });
});
