import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { isOnGrid } from '../../../src/domain/price-grid.js';
import { Harness, listing, until } from './harness.js';

let harness: Harness;
afterEach(() => harness.stop());

const BALANCE = '/trade-api/v2/portfolio/balance';
const pathOf = (method: 'GET' | 'POST', at = BALANCE): Record<string, string> =>
  harness.headers('alice', method, at);
const balance = (headers: Record<string, string>) =>
  harness.rest('GET', '/portfolio/balance', undefined, headers);

describe('authentication', () => {
  it('takes RSA and Ed25519 keys, and a signature again within the tolerance', async () => {
    harness = await Harness.start();
    for (const account of ['alice', 'bob']) {
      const headers = harness.headers(account, 'GET', BALANCE);
      expect((await balance(headers)).status).toBe(200);
      expect((await balance(headers)).status).toBe(200);
      const elsewhere = await harness.rest('GET', '/portfolio/fills', undefined, headers);
      expect(elsewhere.body.error.details).toBe('INCORRECT_API_KEY_SIGNATURE');
      harness.skewMs = 15_001;
      expect((await balance(headers)).body.error.code).toBe('header_timestamp_expired');
      harness.skewMs = 0;
    }
  });

  it('signs without the query', async () => {
    harness = await Harness.start();
    const headers = pathOf('GET', '/trade-api/v2/portfolio/orders');
    const reply = await harness.rest('GET', '/portfolio/orders?limit=1', undefined, headers);
    expect(reply.status).toBe(200);
  });

  it('answers every failure with its 401', async () => {
    harness = await Harness.start();
    const good = pathOf('GET');
    const error = async (headers: Record<string, string>): Promise<unknown> => {
      const { status, body } = await balance(headers);
      expect(status).toBe(401);
      return body.error;
    };
    const wrong = {
      code: 'authentication_error',
      message: 'authentication_error',
      details: 'INCORRECT_API_KEY_SIGNATURE',
    };
    expect(await error({})).toMatchObject({ code: 'signature_is_missing_from_headers' });
    expect(await error(pathOf('POST'))).toEqual(wrong);
    expect(await error({ ...good, 'KALSHI-ACCESS-SIGNATURE': 'AAAA' })).toEqual(wrong);
    expect(await error({ ...good, 'KALSHI-ACCESS-KEY': 'key-bob' })).toEqual(wrong);
    expect(await error({ ...good, 'KALSHI-ACCESS-KEY': 'no-such-key' })).toEqual({
      ...wrong,
      details: 'NOT_FOUND',
    });
    for (const lateMs of [-16_000, 16_000]) {
      const headers = harness.headers('alice', 'GET', BALANCE, Date.now() + lateMs);
      expect(await error(headers)).toEqual({
        code: 'header_timestamp_expired',
        message: 'header timestamp expired',
      });
    }
  });
});

describe('market data, without an account,', () => {
  const open = (path: string) => harness.rest('GET', path, undefined, {});

  it('lists, filters and pages markets', async () => {
    const grid = [{ startE4: 0, endE4: 10_000, stepE4: 10 }];
    harness = await Harness.start([
      listing(0),
      listing(1, { priceGrid: grid, exchangeIndex: 2 }),
      listing(2, {
        eventTicker: 'KXBBB-1',
        seriesTicker: 'KXBBB',
        closeTimeMs: 1000,
        feeMultiplier: 0.5,
      }),
    ]);
    harness.post(0, 'bid', 4100, 12.5);
    harness.post(0, 'ask', 4400, 7);
    const tickers = async (query: string): Promise<string[]> =>
      (await open(`/markets${query}`)).body.markets.map(({ ticker }) => ticker.slice(-2));
    expect(await tickers('')).toEqual(['T0', 'T1', 'T2']);
    expect(await tickers('?status=open')).toEqual(['T0', 'T1']);
    expect(await tickers('?series_ticker=KXBBB')).toEqual(['T2']);
    expect(await tickers('?tickers=KXAAA-26DEC01-T0,KXAAA-26DEC01-T2')).toEqual(['T0', 'T2']);
    const first = await open('/markets?limit=2');
    expect(first.body.cursor).not.toBe('');
    expect(await tickers(`?limit=2&cursor=${first.body.cursor}`)).toEqual(['T2']);
    expect((await open('/markets?limit=1001')).body.msg).toMatch(/^Parameter validation failed/);
    expect((await open('/markets?status=active')).status).toBe(400);
    expect((await open('/markets/KXAAA-26DEC01-T0')).body.market).toMatchObject({
      status: 'active',
      yes_bid_dollars: '0.4100',
      yes_ask_dollars: '0.4400',
      no_bid_dollars: '0.5600',
      no_ask_dollars: '0.5900',
      yes_bid_size_fp: '12.50',
      yes_ask_size_fp: '7.00',
    });
    const { market } = (await open('/markets/KXAAA-26DEC01-T1')).body;
    expect(market.price_ranges).toEqual([{ start: '0.0000', end: '1.0000', step: '0.0010' }]);
    expect(isOnGrid(grid, 10)).toBe(true);
    const missing = await open('/markets/KXNONE');
    expect([missing.status, missing.body.error.code]).toEqual([404, 'not_found']);
    expect((await open('/series/KXBBB')).body.series).toMatchObject({ fee_multiplier: 0.5 });
    expect((await open('/series')).body.series).toHaveLength(2);
    expect((await open('/events?limit=1')).body.events).toHaveLength(1);
    expect((await open('/events/KXBBB-1')).body.event.series_ticker).toBe('KXBBB');
    const status = (await open('/exchange/status')).body;
    expect(status.exchange_index_statuses.map((one) => one.exchange_index)).toEqual([0, 2]);
  });

  it('shows books as bids of both sides, and an unknown ticker as empty', async () => {
    harness = await Harness.start();
    for (const tick of [9, 41]) harness.post(0, 'bid', tick * 100, tick);
    harness.post(0, 'ask', 4400, 7);
    const book = await open('/markets/KXAAA-26DEC01-T0/orderbook');
    expect(book.body.orderbook_fp).toEqual({
      yes_dollars: [
        ['0.0900', '9.00'],
        ['0.4100', '41.00'],
      ],
      no_dollars: [['0.5600', '7.00']],
    });
    const best = await open('/markets/KXAAA-26DEC01-T0/orderbook?depth=1');
    expect(best.body.orderbook_fp.yes_dollars).toEqual([['0.4100', '41.00']]);
    const empty = { yes_dollars: [], no_dollars: [] };
    expect((await open('/markets/KXNONE/orderbook')).body.orderbook_fp).toEqual(empty);
    const batch = await open('/markets/orderbooks?tickers=KXAAA-26DEC01-T0&tickers=A,B');
    expect(batch.body.orderbooks.map(({ ticker }) => ticker)).toEqual(['KXAAA-26DEC01-T0', 'A,B']);
    expect(batch.body.orderbooks[1]!.orderbook_fp).toEqual(empty);
  });
});

describe('rate limits', () => {
  it('of a tier refuse when the bucket is empty, and refill', async () => {
    harness = await Harness.start(undefined, { limits: 'basic' });
    const frozen = Date.now();
    harness.now = () => frozen + harness.skewMs;
    expect((await harness.get('/account/limits')).body).toMatchObject({
      usage_tier: 'basic',
      read: { refill_rate: 200, bucket_capacity: 400 },
      write: { refill_rate: 100, bucket_capacity: 100 },
    });
    for (let order = 0; order < 10; order++) expect((await harness.create()).status).toBe(201);
    const refused = await harness.create();
    expect([refused.status, refused.body.error.code]).toEqual([429, 'too_many_requests']);
    harness.skewMs = 99;
    expect((await harness.create()).status).toBe(429);
    harness.skewMs = 100;
    expect((await harness.create()).status).toBe(201);
    for (let read = 0; read < 40; read++) await harness.get('/portfolio/balance');
    const read = await harness.get('/portfolio/balance');
    expect([read.status, read.body.error]).toEqual([429, 'too many requests']);
  });

  it('cost less for cancels, and are listed', async () => {
    harness = await Harness.start();
    const { endpoint_costs } = (await harness.get('/account/endpoint_costs')).body;
    expect(endpoint_costs).toContainEqual({
      method: 'DELETE',
      path: '/trade-api/v2/portfolio/events/orders/:order_id',
      cost: 2,
    });
  });
});

it('reads of orders and positions trail by the read lag', async () => {
  harness = await Harness.start(undefined, { readLagMs: 1000 });
  const start = Date.now();
  harness.now = () => start + harness.skewMs;
  harness.post(0, 'ask', 4400, 7);
  const { body } = await harness.create({ count: '9', time_in_force: 'good_till_canceled' });
  const path = `/portfolio/orders/${body.order_id}`;
  harness.skewMs = 999;
  expect((await harness.get(path)).status).toBe(404);
  expect((await harness.get('/portfolio/positions')).body.market_positions).toEqual([]);
  await harness.rest('DELETE', `/portfolio/events/orders/${body.order_id}`);
  harness.skewMs = 1500;
  expect((await harness.get(path)).body.order.status).toBe('resting');
  expect((await harness.get('/portfolio/positions')).body.market_positions).toHaveLength(1);
  harness.skewMs = 1999;
  expect((await harness.get(path)).body.order.status).toBe('canceled');
});

describe('faults', () => {
  const ticker = 'KXAAA-26DEC01-T0';

  it('skip-sequence loses one frame', async () => {
    harness = await Harness.start();
    const client = await harness.connect();
    await client.book([ticker]);
    harness.server.inject({ kind: 'skip-sequence' });
    for (const tick of [1, 2, 3]) harness.post(0, 'bid', tick * 100, 1);
    await client.settle();
    expect(client.of('orderbook_delta').map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('garbage is one frame that is cut in half', async () => {
    harness = await Harness.start();
    const client = await harness.connect();
    harness.server.inject({ kind: 'garbage' });
    await client.settle();
    expect(client.texts.filter((text) => text === '{"type":')).toHaveLength(1);
  });

  it('cut ends every socket without a close frame', async () => {
    harness = await Harness.start();
    const clients = [await harness.connect(), await harness.connect('bob')];
    const codes: number[] = [];
    for (const { socket } of clients) socket.on('close', (code) => codes.push(code));
    harness.server.inject({ kind: 'cut' });
    await until(() => codes.length === 2);
    expect(codes).toEqual([1006, 1006]);
  });

  it('freeze sends nothing at all, and what came meanwhile is lost', async () => {
    harness = await Harness.start();
    const start = Date.now();
    harness.now = () => start + harness.skewMs;
    const client = await harness.connect();
    let pongs = 0;
    client.socket.on('pong', () => pongs++);
    await client.book([ticker]);
    await client.settle();
    const before = client.texts.length;
    harness.server.inject({ kind: 'freeze', durationMs: 500 });
    harness.post(0, 'bid', 100, 1);
    client.socket.ping();
    client.send({ id: 5, cmd: 'list_subscriptions' });
    // A round trip on another way through the same process: what the socket was to send has been
    // sent by then.
    await harness.get('/exchange/status');
    await delay(20);
    expect([client.texts.length, pongs]).toEqual([before, 0]);
    harness.skewMs = 501;
    harness.post(0, 'bid', 200, 1);
    expect((await client.nth('orderbook_delta')).seq).toBe(3);
    client.socket.ping();
    await until(() => pongs === 1);
  });

  it('stale-lag delivers late, in order, and all of it', async () => {
    harness = await Harness.start();
    const client = await harness.connect();
    await client.book([ticker]);
    await client.settle();
    harness.server.inject({ kind: 'stale-lag', durationMs: 60, lagMs: 80 });
    const sent = Date.now();
    let posted = 0;
    await until(() => {
      harness.post(0, 'bid', 100 + 100 * (posted++ % 50), 1);
      return Date.now() - sent > 100;
    });
    await client.nth('orderbook_delta');
    expect(Date.now() - sent).toBeGreaterThanOrEqual(79);
    await client.settle();
    const seqs = client.of('orderbook_delta').map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: posted }, (_, at) => at + 2));
  });

  it('of orders take their turns: rejected, reset before, executed and reset, executed and lost', async () => {
    harness = await Harness.start();
    harness.post(0, 'ask', 4400, 7);
    const left = (): number => (harness.engine.asks(0)[0]?.[1] ?? 0) / 1e6;
    const body = '{"error":{"code":"exchange_is_paused","message":"paused"}}';
    harness.server.inject({ kind: 'reject-orders', count: 2, status: 503, body });
    harness.server.inject({ kind: 'reset-before-accept', count: 1 });
    harness.server.inject({ kind: 'reset-after-accept', count: 1 });
    harness.server.inject({ kind: 'lose-reply', count: 1 });
    for (let order = 0; order < 2; order++) {
      const reply = await harness.create();
      expect([reply.status, reply.body.error.code]).toEqual([503, 'exchange_is_paused']);
    }
    await expect(harness.create()).rejects.toThrow();
    expect(left()).toBe(7);
    await expect(harness.create()).rejects.toThrow();
    expect(left()).toBe(6);
    let answered = false;
    const lost = harness.create().then(
      () => {
        answered = true;
      },
      () => undefined,
    );
    await until(() => left() === 5);
    expect((await harness.create()).status).toBe(201);
    expect(answered).toBe(false);
    await harness.server.close();
    await lost;
    expect(answered).toBe(false);
  });

  it.each([10, 25] as const)('error %i ends the sids and leaves the socket', async (code) => {
    harness = await Harness.start();
    const client = await harness.connect();
    await client.book([ticker]);
    harness.server.inject({ kind: 'end-subscriptions', code });
    const error = await client.nth('error');
    expect(error).toMatchObject({ sid: 1, seq: 2, msg: { code } });
    expect(await client.book([ticker])).toMatchObject({ type: 'subscribed', msg: { sid: 2 } });
  });
});

it('a client that does not read loses its subscription, not the exchange its memory', async () => {
  harness = await Harness.start(undefined, { maxBufferedBytes: 1024 * 1024 });
  const slow = await harness.connect();
  const quick = await harness.connect('bob');
  for (const client of [slow, quick]) await client.book(['KXAAA-26DEC01-T0']);
  slow.socket.pause();
  // Well above what the kernel's buffers of both ends take, while the other client keeps up.
  for (let posted = 1; posted <= 60_000; posted++) {
    harness.post(0, 'bid', 100, 1);
    if (posted % 1000 === 0) await until(() => quick.texts.length === posted + 2);
  }
  slow.socket.resume();
  expect(await slow.nth('error')).toMatchObject({ sid: 1, msg: { code: 25 } });
  const deltas = slow.of('orderbook_delta').length;
  expect(slow.of('error')[0]!.seq).toBe(deltas + 2);
  expect(quick.of('error')).toEqual([]);
  expect(await slow.book(['KXAAA-26DEC01-T0'])).toMatchObject({ msg: { sid: 2 } });
});
