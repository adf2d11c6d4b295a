import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { NO_BREAKER } from '../../src/net/circuit-breaker.js';
import { KalshiOrders } from '../../src/venues/kalshi/orders.js';
import { type LegOrder, PREPARED } from '../../src/venues/orders.js';
import { until } from '../net/raw-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const LEG: LegOrder = {
  clientOrderId: 'ur0-1-1',
  market: 0,
  outcome: 0,
  sizeCenti: 1_000,
  limitE4: 5_000,
  spendMicros: 5_000_000,
};

/** Answers everything, and keeps the headers of what was posted. */
async function startExchange() {
  const posted: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'POST') posted.push(request.headers);
    request.resume();
    request.on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { posted, origin: `http://127.0.0.1:${address.port}` };
}

const HOUR_MS = 3_600_000;
const TOLERANCE_MS = 3_000;

it.each([
  ['set back', -HOUR_MS],
  ['set forth', HOUR_MS],
])('signs a Kalshi order with the time that is, right after the clock was %s', async (_, byMs) => {
  const { posted, origin } = await startExchange();
  const startMs = 1_800_000_000_000;
  let wallMs = startMs;
  const gateway = new KalshiOrders({
    restUrl: `${origin}/trade-api/v2`,
    keyId: 'key',
    privateKey: generateKeyPairSync('ed25519').privateKey,
    markets: [{ ticker: 'KXA-1', exchangeIndex: 0 }],
    connections: 1,
    timeoutMs: 2_000,
    clock: { nowNs: () => 0, wallMs: () => wallMs },
    breaker: NO_BREAKER,
    bucket: undefined,
  });
  closers.push(() => gateway.close());
  await gateway.start();
  const send = async (count: number) => {
    await until(() => gateway.canWrite, 'an idle connection');
    expect(gateway.prepare(LEG)).toBe(PREPARED);
    gateway.write(() => undefined);
    await until(() => posted.length === count, `order ${count}`);
    return Number(posted.at(-1)?.['kalshi-access-timestamp']);
  };
  expect(await send(1)).toBe(startMs);
  wallMs = startMs + byMs;
  expect(Math.abs((await send(2)) - wallMs)).toBeLessThanOrEqual(TOLERANCE_MS);
});
