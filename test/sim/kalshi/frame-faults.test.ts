import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, Harness, until } from './harness.js';
import { rebuiltBooks, sizesOf } from './rebuilt-books.js';

let harness: Harness;
let client: Client;
const A = 'KXAAA-26DEC01-T0';
beforeEach(async () => {
  harness = await Harness.start();
  harness.freezeClock();
  client = await harness.connect();
  await client.book([A], { use_yes_price: false });
});
afterEach(() => harness.stop());

const seqs = (): number[] => client.of('orderbook_delta').map(({ seq }) => seq);
const post = (...ticks: number[]): void => {
  for (const tick of ticks) harness.post(0, 'bid', tick * 100, 1);
};

it('duplicate sends one frame twice, seq and all', async () => {
  harness.server.inject({ kind: 'duplicate' });
  post(1, 2);
  await client.settle();
  expect(seqs()).toEqual([2, 2, 3]);
  expect(client.texts[2]).toBe(client.texts[3]);
});

it('reorder swaps two frames of one reader, and only two', async () => {
  harness.server.inject({ kind: 'reorder' });
  post(1, 2, 3);
  await client.settle();
  expect(seqs()).toEqual([3, 2, 4]);
});

it('stall loses what happens meanwhile, counts it, and answers all the same', async () => {
  await client.channel('ticker');
  await client.channel('trade');
  harness.server.inject({ kind: 'stall', durationMs: 500 });
  post(1, 2);
  await harness.create({ side: 'ask', price: '0.01' });
  let pongs = 0;
  client.socket.on('pong', () => pongs++);
  client.socket.ping();
  await until(() => pongs === 1);
  const asked = { sid: 1, action: 'get_snapshot', market_tickers: [A] };
  const snapshot = await client.call({ id: 9, cmd: 'update_subscription', params: asked });
  expect(snapshot).toMatchObject({ seq: 5, msg: { yes_dollars_fp: [['0.0100', '1.00']] } });
  harness.skewMs = 501;
  post(3);
  await client.settle();
  expect(seqs()).toEqual([6]);
  expect(client.of('trade')).toEqual([]);
  expect(client.of('ticker')).toHaveLength(1);
  const { engine } = harness;
  expect(rebuiltBooks(client).get(A)).toEqual(sizesOf(engine.bids(0), engine.asks(0), false));
});

it('stale-snapshots show books as they were, on sockets and by REST', async () => {
  const old = harness.post(0, 'bid', 4000, 5);
  harness.post(0, 'ask', 4400, 7);
  harness.skewMs = 1_000;
  harness.pull(0, old);
  post(41, 42);
  harness.server.inject({ kind: 'stale-snapshots', durationMs: 10_000, ageMs: 500 });
  const stale = { yes: [['0.4000', '5.00']], no: [['0.5600', '7.00']] };
  const rest = async () => (await harness.get(`/markets/${A}/orderbook`)).body.orderbook_fp;
  expect(await rest()).toEqual({ yes_dollars: stale.yes, no_dollars: stale.no });
  const other = await harness.connect();
  await other.book([A], { use_yes_price: false });
  expect((await other.nth('orderbook_snapshot')).msg).toMatchObject({
    yes_dollars_fp: stale.yes,
    no_dollars_fp: stale.no,
  });
  // As time passes the old book's age stays what it is.
  harness.skewMs = 1_600;
  expect((await rest()).yes_dollars).toEqual([
    ['0.4100', '1.00'],
    ['0.4200', '1.00'],
  ]);
  harness.skewMs = 1_000 + 10_000;
  post(43);
  expect((await rest()).yes_dollars).toHaveLength(3);
});

it('refuse-sockets cuts them and answers 502 for a time', async () => {
  harness.server.inject({ kind: 'refuse-sockets', durationMs: 1_000 });
  await until(() => client.closed);
  const headers = harness.headers('alice', 'GET', '/trade-api/ws/v2');
  expect((await harness.refusedUpgrade(headers)).status).toBe(502);
  harness.skewMs = 1_001;
  const again = await harness.connect();
  expect(await again.book([A])).toMatchObject({ type: 'subscribed', msg: { sid: 1 } });
});

describe('clock-skew', () => {
  it('moves stamps, the Date header and the check of signed times together', async () => {
    await client.channel('fill');
    harness.post(0, 'ask', 4400, 7);
    const wallMs = harness.now();
    const skewMs = -120_000;
    harness.server.inject({ kind: 'clock-skew', durationMs: 10_000, skewMs });
    const late = await harness.create({ price: '0.44' });
    expect([late.status, late.body.error.code]).toEqual([401, 'header_timestamp_expired']);
    expect(Date.parse(late.date)).toBe(Math.floor((wallMs + skewMs) / 1_000) * 1_000);
    const path = '/portfolio/events/orders';
    const signed = harness.headers('alice', 'POST', `/trade-api/v2${path}`, wallMs + skewMs);
    const taken = await harness.rest('POST', path, harness.order({ price: '0.44' }), signed);
    expect(taken.body.ts_ms).toBe(wallMs + skewMs);
    expect((await client.nth('fill')).msg.ts_ms).toBe(wallMs + skewMs);
    expect(client.of('orderbook_delta').at(-1)!.msg.ts_ms).toBe(wallMs + skewMs);
    harness.skewMs = 10_001;
    const right = await harness.create({ price: '0.44' });
    expect([right.status, right.body.ts_ms]).toEqual([201, wallMs + 10_001]);
  });
});

it('frames say when they were sent, when asked to', async () => {
  const stamping = await Harness.start(undefined, { stampsFrames: true });
  const reader = await stamping.connect();
  const subscribed = await reader.book([A]);
  expect(Object.keys(subscribed)).toEqual(['type', 'sending_ts_ms', 'id', 'msg']);
  await stamping.stop();
});
