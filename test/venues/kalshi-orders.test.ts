import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_BREAKER } from '../../src/net/circuit-breaker.js';
import { NOT_WRITTEN } from '../../src/net/order-connections.js';
import { type KalshiDialect, readReply } from '../../src/venues/kalshi/order-reply.js';
import {
  KalshiOrders,
  NO_SUCH_MARKET,
  NOT_AN_ORDER,
  NOT_IN_DIALECT,
} from '../../src/venues/kalshi/orders.js';
import { kalshiMessage, verifyKalshi } from '../../src/venues/kalshi/wire/auth.js';
import { type LegOrder, type LegReply, PREPARED } from '../../src/venues/orders.js';
import { until } from '../net/raw-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const KEY = generateKeyPairSync('ed25519').privateKey;
const LEG: LegOrder = {
  clientOrderId: 'ur0-1-1',
  market: 0,
  outcome: 0,
  sizeCenti: 1_000,
  limitE4: 4_400,
  spendMicros: 4_400_000,
};

interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A gateway on an exchange that answers each order with the next of these. */
async function open(dialect: KalshiDialect, answers: readonly [number, unknown][] = []) {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.method !== 'POST') return response.end('{}');
      posted.push({ path: request.url ?? '', headers: request.headers, body });
      const [status, reply] = answers[posted.length - 1] ?? [500, {}];
      response.writeHead(status);
      return response.end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const clock = { atMs: 1_800_000_000_000 };
  const gateway = new KalshiOrders({
    restUrl: `http://127.0.0.1:${address.port}/trade-api/v2`,
    keyId: 'key',
    privateKey: KEY,
    markets: [{ ticker: 'KXA-1', exchangeIndex: 2 }, undefined],
    connections: 1,
    timeoutMs: 2_000,
    clock: { nowNs: () => 0, wallMs: () => clock.atMs },
    breaker: NO_BREAKER,
    bucket: undefined,
    dialect,
  });
  closers.push(() => gateway.close());
  await gateway.start();
  const send = async (order: LegOrder): Promise<LegReply> => {
    await until(() => gateway.canWrite, 'an idle connection');
    expect(gateway.prepare(order)).toBe(PREPARED);
    return new Promise((resolve) => {
      expect(gateway.write((reply) => resolve(reply))).not.toBe(NOT_WRITTEN);
    });
  };
  return { gateway, posted, send, clock };
}

const created = { order_id: 'o-1', fill_count: '3.00', remaining_count: '0.00', ts_ms: 1 };
const legacyCreated = { order: { order_id: 'o-1', fill_count: 3, remaining_count: 0 } };

describe('a Kalshi order', () => {
  it('leaves as a V2 body on the YES book, whichever outcome it buys', async () => {
    const { posted, send } = await open('current', [
      [201, created],
      [201, created],
    ]);
    const reply = { kind: 'acknowledged', orderId: 'o-1', filledE6: 3_000_000 };
    expect(await send(LEG)).toMatchObject(reply);
    expect(await send({ ...LEG, outcome: 1 })).toMatchObject(reply);
    const rest =
      ',"time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross"' +
      ',"exchange_index":2}';
    const head = '{"ticker":"KXA-1","client_order_id":"ur0-1-1"';
    expect(posted.map(({ path, body }) => [path, body])).toEqual(
      [
        '"side":"bid","count":"10.00","price":"0.4400"',
        '"side":"ask","count":"10.00","price":"0.5600"',
      ].map((middle) => ['/trade-api/v2/portfolio/events/orders', `${head},${middle}${rest}`]),
    );
    const { headers, path } = posted[1]!;
    const message = kalshiMessage(String(headers['kalshi-access-timestamp']), 'POST', path);
    const signature = String(headers['kalshi-access-signature']);
    expect(verifyKalshi(createPublicKey(KEY), message, signature)).toBe(true);
  });

  it('leaves as a V1 body in the legacy dialect, and its V1 reply is read', async () => {
    const { posted, send } = await open('legacy', [[201, legacyCreated]]);
    expect(await send({ ...LEG, outcome: 1 })).toEqual({
      kind: 'acknowledged',
      orderId: 'o-1',
      filledE6: 3_000_000,
      costMicros: undefined,
    });
    expect(posted.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      [
        '/trade-api/v2/portfolio/orders',
        {
          action: 'buy',
          client_order_id: 'ur0-1-1',
          count: 10,
          side: 'no',
          ticker: 'KXA-1',
          time_in_force: 'immediate_or_cancel',
          type: 'limit',
          no_price: 44,
        },
      ],
    ]);
  });

  it('that cannot be built leaves nothing to be written', async () => {
    const { gateway, posted } = await open('legacy');
    const refused: [Partial<LegOrder>, number][] = [
      [{ limitE4: 4_450 }, NOT_IN_DIALECT],
      [{ sizeCenti: 1_050 }, NOT_IN_DIALECT],
      [{ market: 1 }, NO_SUCH_MARKET],
      [{ market: 2 }, NO_SUCH_MARKET],
      [{ limitE4: 0 }, NOT_AN_ORDER],
      [{ limitE4: 10_000 }, NOT_AN_ORDER],
      [{ limitE4: 4_400.5 }, NOT_AN_ORDER],
      [{ sizeCenti: 0 }, NOT_AN_ORDER],
      [{ sizeCenti: Number.NaN }, NOT_AN_ORDER],
    ];
    for (const [over, why] of refused) {
      expect(gateway.prepare(LEG)).toBe(PREPARED);
      expect(gateway.prepare({ ...LEG, ...over })).toBe(why);
      expect(gateway.write(() => undefined)).toBe(NOT_WRITTEN);
    }
    expect(posted).toEqual([]);
  });

  it('is written once, and never one that is rehearsed', async () => {
    const { gateway, posted, send } = await open('current', [[201, created]]);
    expect(gateway.write(() => undefined)).toBe(NOT_WRITTEN);
    const heard = () => expect.fail('nobody answers a rehearsal');
    for (let count = 0; count < 3; count++) {
      expect(gateway.prepare(LEG, true)).toBe(PREPARED);
      expect(gateway.write(heard)).toBeGreaterThanOrEqual(0);
      expect(gateway.write(heard)).toBe(NOT_WRITTEN);
    }
    // What was prepared before a rehearsal is forgotten, and what is prepared after one is sent.
    expect(gateway.prepare(LEG)).toBe(PREPARED);
    expect(gateway.prepare(LEG, true)).toBe(PREPARED);
    expect(gateway.write(heard)).toBeGreaterThanOrEqual(0);
    await send(LEG);
    await until(() => gateway.canWrite, 'an idle connection');
    expect(gateway.write(() => undefined)).toBe(NOT_WRITTEN);
    expect(posted.length).toBe(1);
  });

  it('is signed anew after one whose time was refused', async () => {
    const expired = { error: { code: 'header_timestamp_expired', message: 'x' } };
    const { posted, send, clock } = await open('current', [
      [201, created],
      [401, expired],
      [201, created],
    ]);
    await send(LEG);
    // Too little for a signature to be old by itself.
    clock.atMs += 500;
    expect(await send(LEG)).toMatchObject({ kind: 'rejected', reaction: 'retry-later' });
    await send(LEG);
    const times = posted.map(({ headers }) => Number(headers['kalshi-access-timestamp']));
    expect(times[2]! - times[1]!).toBe(500);
    expect(times[1]).toBe(times[0]);
  });
});

describe('a reply of January 2026', () => {
  const answered = (status: number, body: string) =>
    readReply({ kind: 'answered', status, body }, 'legacy');

  it('is read as it was recorded', () => {
    const path = '../shared/data/recorded/orders/http_exchanges_2026-01-20.jsonl';
    const seen = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { name: string; response: { status: number; body_raw: string } },
      )
      .filter(({ name }) => name.startsWith('kalshi'))
      .map(({ name, response }) => [name, answered(response.status, response.body_raw)] as const);
    const filled = (filledE6: number) => ({
      kind: 'acknowledged',
      filledE6,
      costMicros: undefined,
    });
    expect(Object.fromEntries(seen)).toMatchObject({
      kalshi_market_not_found: { kind: 'rejected', reaction: 'rest-market' },
      kalshi_full_fill_real: filled(1_000_000),
      kalshi_partial_fill_real: filled(114_000_000),
      kalshi_sell_insufficient_position_real: { kind: 'rejected', reaction: 'stop' },
      kalshi_sell_partial_fill_real: filled(7_000_000),
      kalshi_no_fill_real: filled(0),
    });
  });

  it('of an order that rests is an acknowledgement of nothing filled', () => {
    const text = gunzipSync(
      readFileSync('../shared/data/recorded/kalshi-rest/golden_2026-01.jsonl.gz'),
    ).toString('utf8');
    const line = text.split('\n').find((one) => one.includes('"name":"create_order"'));
    const { response } = JSON.parse(line ?? '') as { response: object };
    expect(answered(201, JSON.stringify(response))).toMatchObject({
      kind: 'acknowledged',
      orderId: '6c170f2d-31ac-5a52-aa49-396c7be13455',
      filledE6: 0,
    });
  });

  it('is unknown when it is not one to the letter, and in the other dialect', () => {
    const count = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 3, -1, 0.5, '3', null, 1e15, 1e300));
    fc.assert(
      fc.property(count, fc.oneof(fc.constant('o-1'), fc.jsonValue()), (fillCount, orderId) => {
        const body = JSON.stringify({ order: { order_id: orderId, fill_count: fillCount } });
        const isGood =
          typeof orderId === 'string' &&
          orderId !== '' &&
          typeof fillCount === 'number' &&
          Number.isInteger(fillCount) &&
          Number.isSafeInteger(fillCount * 1e6) &&
          fillCount >= 0;
        expect(answered(201, body).kind).toBe(isGood ? 'acknowledged' : 'unknown');
      }),
    );
    const current = JSON.stringify(created);
    expect(answered(201, current).kind).toBe('unknown');
    const legacy = JSON.stringify(legacyCreated);
    expect(readReply({ kind: 'answered', status: 201, body: legacy }, 'current').kind).toBe(
      'unknown',
    );
  });
});
