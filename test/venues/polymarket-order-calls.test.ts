import { afterEach, describe, expect, it } from 'vitest';
import { RestClient, RestError } from '../../src/net/rest-client.js';
import { PolymarketHeartbeat } from '../../src/venues/polymarket/heartbeat.js';
import { PolymarketOrderCalls } from '../../src/venues/polymarket/order-calls.js';
import { polymarketHmac } from '../../src/venues/polymarket/wire/hmac.js';
import { until } from '../net/raw-server.js';
import { type Answer, type Asked, startAnsweringServer } from './answering-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SECRET = Buffer.from('secret');
const IDENTITY = {
  credentials: { address: '0xwallet', apiKey: 'key', secret: SECRET, passphrase: 'phrase' },
  clock: { nowNs: () => 0, wallMs: () => 1_700_000_000_999 },
};
const idOf = (index: number) => `0x${String(index).padStart(64, '0')}`;
const signed = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    orderId: idOf(index),
    body: `{"order":${index}}`,
  }));
const taken = (index: number, over: object = {}) => ({
  success: true,
  errorMsg: '',
  orderID: idOf(index),
  status: 'matched',
  takingAmount: '10',
  makingAmount: '5',
  ...over,
});

/** The signature must be over what came, whatever was asked. */
function expectSigned({ method, path, headers, body }: Asked): void {
  const signature = polymarketHmac(SECRET, '1700000000', method, path.split('?')[0]!, body);
  expect(headers).toMatchObject({
    poly_address: '0xwallet',
    poly_api_key: 'key',
    poly_passphrase: 'phrase',
    poly_timestamp: '1700000000',
    poly_signature: signature,
  });
}

async function open(answer: (request: Asked) => Answer | undefined, timeoutMs = 2_000) {
  const server = await startAnsweringServer(answer);
  const rest = new RestClient(server.origin, timeoutMs, { sleep: async () => undefined });
  closers.push(server.close, () => rest.close());
  return { rest, server, calls: new PolymarketOrderCalls(rest, IDENTITY) };
}

describe('a batch of orders', () => {
  it('is posted in one call, and each part is answered in its place', async () => {
    const { calls, server } = await open(() => [
      200,
      [
        taken(0),
        taken(1, { status: 'live', takingAmount: '', makingAmount: '' }),
        { ...taken(2), orderID: '', status: '', errorMsg: 'not enough balance / allowance' },
        taken(3, { status: 'delayed', takingAmount: '' }),
        taken(99),
        { ...taken(5), orderID: '', status: '', errorMsg: 'order x is invalid. Duplicated.' },
        null,
      ],
    ]);
    const placed = await calls.place(signed(7));
    expect(placed).toMatchObject([
      { kind: 'acknowledged', orderId: idOf(0), filledE6: 10_000_000, costMicros: 5_000_000 },
      { kind: 'resting', orderId: idOf(1) },
      { kind: 'rejected', reaction: 'stop' },
      { kind: 'unknown', orderId: idOf(3), why: 'delayed' },
      { kind: 'unknown', orderId: idOf(4) },
      { kind: 'unknown', orderId: idOf(5) },
      { kind: 'unknown', orderId: idOf(6) },
    ]);
    const [post] = server.requests;
    expect(server.requests).toHaveLength(1);
    expect(post).toMatchObject({ method: 'POST', path: '/orders' });
    expect(JSON.parse(post!.body)).toEqual([0, 1, 2, 3, 4, 5, 6].map((order) => ({ order })));
    expectSigned(post!);
  });

  it.each<[string, Answer | undefined, object]>([
    ['is refused as a whole', [400, { error: 'Invalid order payload' }], { kind: 'rejected' }],
    ['comes too often', [429, { error: 'slow down' }], { reaction: 'retry-later' }],
    ['meets a restart', [425, { error: 'restarting' }], { reaction: 'retry-later' }],
    ['breaks the exchange', [500, { error: 'order timed out' }], { kind: 'unknown' }],
    ['meets somebody in between', [502, '<html>'], { kind: 'unknown' }],
    ['gets fewer answers than orders', [200, [taken(0)]], { kind: 'unknown' }],
    ['gets more answers than orders', [200, [taken(0), taken(1), taken(2)]], { kind: 'unknown' }],
    ['gets an answer that is no list', [200, taken(0)], { kind: 'unknown' }],
    ['is not answered', undefined, { kind: 'unknown' }],
  ])('that %s is so for each, and is not sent again', async (_, answer, each) => {
    const { calls, server } = await open(() => answer, 200);
    const placed = await calls.place(signed(2));
    expect(placed).toMatchObject([each, each]);
    const unknown = placed.filter(({ kind }) => kind === 'unknown');
    expect(unknown.map((reply) => 'orderId' in reply && reply.orderId)).toEqual(
      unknown.map((_reply, index) => idOf(index)),
    );
    expect(server.requests).toHaveLength(1);
  });

  it('holds 1 to 15', async () => {
    const { calls, server } = await open(() => [200, []]);
    await expect(calls.place([])).rejects.toThrow(RangeError);
    await expect(calls.place(signed(16))).rejects.toThrow(RangeError);
    expect(server.requests).toEqual([]);
  });
});

describe('cancelling', () => {
  const answer: Answer = [
    200,
    { canceled: ['0xa'], not_canceled: { '0xb': 'already canceled or matched' } },
  ];
  it.each<[string, (calls: PolymarketOrderCalls) => Promise<unknown>, string, string]>([
    ['one', (calls) => calls.cancel('0xa'), '/order', '{"orderID":"0xa"}'],
    ['many', (calls) => calls.cancelMany(['0xa', '0xb']), '/orders', '["0xa","0xb"]'],
    ['all', (calls) => calls.cancelAll(), '/cancel-all', ''],
    [
      'those of a market',
      (calls) => calls.cancelMarket('0xm'),
      '/cancel-market-orders',
      '{"market":"0xm"}',
    ],
    [
      'those of a token',
      (calls) => calls.cancelMarket('0xm', '11'),
      '/cancel-market-orders',
      '{"market":"0xm","asset_id":"11"}',
    ],
  ])('%s says which are gone and why others stay', async (_, cancel, path, body) => {
    const { calls, server } = await open(() => answer);
    expect(await cancel(calls)).toEqual({
      canceled: ['0xa'],
      kept: new Map([['0xb', 'already canceled or matched']]),
    });
    const [asked] = server.requests;
    expect(asked).toMatchObject({ method: 'DELETE', path, body });
    expectSigned(asked!);
  });

  it('takes 1 to 1,000 ids', async () => {
    const { calls, server } = await open(() => answer);
    const ids = Array.from({ length: 1_001 }, (_, index) => idOf(index));
    await expect(calls.cancelMany([])).rejects.toThrow(RangeError);
    await expect(calls.cancelMany(ids)).rejects.toThrow(RangeError);
    await calls.cancelMany(ids.slice(1));
    expect(server.requests).toHaveLength(1);
  });

  it('that is not answered to the letter is no success', async () => {
    const { calls } = await open(() => [200, { canceled: 'all' }]);
    await expect(calls.cancelAll()).rejects.toThrow(RestError);
  });
});

const row = (over: object = {}) => ({
  id: idOf(1),
  status: 'LIVE',
  market: '0xm',
  asset_id: '11',
  side: 'BUY',
  original_size: '10',
  size_matched: '2.5',
  price: '0.5',
  ...over,
});
const state = {
  orderId: idOf(1),
  conditionId: '0xm',
  tokenId: '11',
  status: 'live',
  side: 'BUY',
  priceE4: 5_000,
  originalE6: 10_000_000,
  matchedE6: 2_500_000,
};

describe('open orders', () => {
  it('are read to the end, and those that cannot be read are counted', async () => {
    const { calls, server } = await open(({ path }) => {
      const isFirst = path.includes('next_cursor=MA%3D%3D');
      return isFirst
        ? [200, { data: [row(), { odd: 1 }], next_cursor: 'Mg==' }]
        : [200, { data: [row({ status: 'NEW' })], next_cursor: 'LTE=' }];
    });
    expect(await calls.openOrders('0xm')).toEqual({
      orders: [state],
      unreadable: { count: 2, firstText: '{"odd":1}' },
    });
    expect(server.requests).toHaveLength(2);
    for (const asked of server.requests) {
      expect(asked.path).toMatch(/^\/data\/orders\?market=0xm&next_cursor=/);
      expectSigned(asked);
    }
  });
});

describe('one order', () => {
  it('is read by its id', async () => {
    const { calls, server } = await open(() => [200, row()]);
    expect(await calls.order(idOf(1))).toEqual(state);
    expect(server.requests[0]).toMatchObject({ path: `/data/order/${idOf(1)}` });
    expectSigned(server.requests[0]!);
  });

  it.each<[string, Answer]>([
    ['an empty reply', [200, undefined]],
    ['null', [200, null]],
    ['an empty text', [200, '']],
    ['a 404', [404, { error: 'order not found' }]],
  ])('that is over may not be shown: %s', async (_, answer) => {
    const { calls } = await open(() => answer);
    expect(await calls.order(idOf(1))).toBeUndefined();
  });

  it.each<[string, Answer]>([
    ['cannot be read', [200, row({ price: 'x' })]],
    ['is another one', [200, row({ id: idOf(2) })]],
    ['is refused', [401, { error: 'Unauthorized/Invalid api key' }]],
    ['is asked of a broken exchange', [500, {}]],
  ])('that %s is an error, not an order that is gone', async (_, answer) => {
    const { calls } = await open(() => answer);
    await expect(calls.order(idOf(1))).rejects.toThrow(RestError);
  });
});

describe('the heartbeat', () => {
  const idIn = ({ body }: Asked) => (JSON.parse(body) as { heartbeat_id: string }).heartbeat_id;

  async function beat(answer: (id: string, count: number) => Answer | undefined, everyMs = 1) {
    let count = 0;
    const failed: string[] = [];
    const { rest, server } = await open((request) => answer(idIn(request), ++count));
    const heartbeat = new PolymarketHeartbeat({
      rest,
      identity: IDENTITY,
      onFailed: (why) => failed.push(why),
      everyMs,
    });
    closers.push(async () => heartbeat.stop());
    return { heartbeat, failed, server };
  }

  it('is not made before it is started, begins without an id, and names each next one', async () => {
    const { heartbeat, failed, server } = await beat((_, count) => [
      200,
      { heartbeat_id: `id-${count}` },
    ]);
    expect(server.requests).toEqual([]);
    heartbeat.start();
    heartbeat.start();
    await until(() => server.requests.length >= 4, 'four beats');
    heartbeat.stop();
    expect(server.requests.slice(0, 4).map(idIn)).toEqual(['', 'id-1', 'id-2', 'id-3']);
    for (const asked of server.requests) {
      expect(asked).toMatchObject({ method: 'POST', path: '/v1/heartbeats' });
      expectSigned(asked);
    }
    expect(failed.filter((why) => !/no answer yet/.test(why))).toEqual([]);
  });

  it('that another client had before goes on with the id that the refusal names', async () => {
    let current = 'theirs';
    const { heartbeat, failed, server } = await beat((id, count) => {
      if (id !== current) {
        return [400, { error_msg: 'Invalid Heartbeat ID', heartbeat_id: current }];
      }
      current = `ours-${count}`;
      return [200, { heartbeat_id: current }];
    });
    heartbeat.start();
    await until(() => server.requests.length >= 4, 'beats');
    heartbeat.stop();
    expect(server.requests.slice(0, 4).map(idIn)).toEqual(['', 'theirs', 'ours-2', 'ours-3']);
    expect(failed.filter((why) => !/no answer yet/.test(why))).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['is refused without a new id', [400, { error_msg: 'no' }]],
    ['breaks the exchange', [500, { heartbeat_id: 'x' }]],
    ['gets no id', [200, {}]],
  ])('that %s is told, and the next is made with the old id', async (_, answer) => {
    const { heartbeat, failed, server } = await beat((_id, count) =>
      count === 1 ? [200, { heartbeat_id: 'good' }] : answer,
    );
    heartbeat.start();
    await until(() => server.requests.length >= 4 && failed.length >= 2, 'failures');
    heartbeat.stop();
    expect(server.requests.slice(0, 4).map(idIn)).toEqual(['', 'good', 'good', 'good']);
  });

  it('that is not answered is told of, and nothing is sent beside it', async () => {
    const { heartbeat, failed, server } = await beat(() => undefined);
    heartbeat.start();
    await until(() => failed.length >= 3, 'late beats');
    heartbeat.stop();
    expect(server.requests.length).toBeLessThanOrEqual(1);
    expect(failed[0]).toMatch(/no answer yet/);
  });
});
