import { afterEach, describe, expect, it } from 'vitest';
import { type KalshiCancelResult, KalshiOrderCalls } from '../../src/venues/kalshi/order-calls.js';
import {
  type KalshiNewOrder,
  KalshiOrderBodyError,
  type KalshiOrderRef,
  kalshiBatchBody,
} from '../../src/venues/kalshi/wire/order-body.js';
import type {
  KalshiAmendReply,
  KalshiBatchCancelItem,
  KalshiBatchCreateItem,
  KalshiCancelReply,
  KalshiCreateReply,
  KalshiDecreaseReply,
} from '../../src/venues/kalshi/wire/rest-messages.js';
import { type KalshiAnswer, type KalshiCall, KalshiRestServer, ok } from './kalshi-rest-server.js';

let server: KalshiRestServer;
afterEach(() => server.stop());

async function open(answer: (call: KalshiCall, count: number) => KalshiAnswer | undefined) {
  server = await KalshiRestServer.start(answer);
  return new KalshiOrderCalls(server.rest, server.identity);
}

const order = (index: number): KalshiNewOrder => ({
  ticker: 'KXA-1',
  clientOrderId: `c-${index}`,
  side: 'bid',
  sizeCenti: 500,
  yesPriceE4: 4_400,
  timeInForce: 'immediate_or_cancel',
  selfTradePrevention: 'taker_at_cross',
  exchangeIndex: 3,
});
const orders = (count: number) => Array.from({ length: count }, (_, index) => order(index));
const ref = (orderId: string): KalshiOrderRef => ({ orderId, ticker: 'KXA-1', exchangeIndex: 3 });
const created = (index: number): KalshiCreateReply => ({
  order_id: `o-${index}`,
  client_order_id: `c-${index}`,
  fill_count: '3.00',
  remaining_count: '0.00',
  ts_ms: 1,
});
const failed = (code: string) => ({ error: { code, message: code } });
const refusedWith = (status: number, code: string): KalshiAnswer => ({
  status,
  body: failed(code),
});

describe('a batch of orders', () => {
  it('is answered item by item, in its order', async () => {
    const items: (KalshiBatchCreateItem | object)[] = [
      created(0),
      failed('insufficient_balance'),
      failed('order_already_exists'),
      failed('internal_error'),
      { ...created(4), client_order_id: 'c-9' },
      { order_id: 'o-5' },
      { ...created(6), client_order_id: null, error: null },
    ];
    const calls = await open(() => ({ status: 201, body: { orders: items } }));
    const replies = await calls.createOrders(orders(7));
    expect(replies).toMatchObject([
      { kind: 'acknowledged', orderId: 'o-0', filledE6: 3_000_000 },
      { kind: 'rejected', code: 'insufficient_balance', reaction: 'stop' },
      { kind: 'unknown' },
      { kind: 'unknown' },
      { kind: 'unknown', why: expect.stringMatching(/of another order/) },
      { kind: 'unknown' },
      { kind: 'acknowledged', orderId: 'o-6' },
    ]);
    expect(server.calls).toMatchObject([
      {
        method: 'POST',
        path: '/portfolio/events/orders/batched',
        body: kalshiBatchBody(orders(7)),
        isSigned: true,
      },
    ]);
  });

  it('goes out in parts that the smallest account may send, and none is sent after one that failed', async () => {
    const calls = await open((_, count) =>
      count === 1
        ? { status: 201, body: { orders: orders(10).map((_order, index) => created(index)) } }
        : { status: 503, body: '' },
    );
    const kinds = (await calls.createOrders(orders(25))).map(({ kind }) => kind);
    expect(kinds).toEqual([
      ...Array(10).fill('acknowledged'),
      ...Array(10).fill('unknown'),
      ...Array(5).fill('not-written'),
    ]);
    expect(server.calls.map(({ body }) => JSON.parse(body).orders.length)).toEqual([10, 10]);
  });

  it('is unknown in all its items when the reply is lost or has another number of them', async () => {
    const calls = await open((_, count) =>
      count === 1 ? undefined : { status: 201, body: { orders: [created(0)] } },
    );
    for (let attempt = 0; attempt < 2; attempt++) {
      const replies = await calls.createOrders(orders(2));
      expect(replies.map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
    }
    expect(server.calls.length).toBe(2);
  });

  it('is refused in all its items by a 429, and is not sent again', async () => {
    const calls = await open(() => ({ status: 429, body: { error: 'too many requests' } }));
    const refusal = { kind: 'rejected', status: 429, reaction: 'retry-later' };
    expect(await calls.createOrders(orders(2))).toMatchObject([refusal, refusal]);
    expect(server.calls.length).toBe(1);
  });

  it('is not sent at all when one of it cannot be said, nor when it is empty', async () => {
    const calls = await open(() => ok({}));
    const bad = [...orders(12), { ...order(12), sizeCenti: 0 }];
    await expect(calls.createOrders(bad)).rejects.toThrow(KalshiOrderBodyError);
    expect(await calls.createOrders([])).toEqual([]);
    expect(server.calls).toEqual([]);
  });
});

const canceled = (orderId: string): KalshiCancelReply => ({
  order_id: orderId,
  reduced_by: '4.50',
  ts_ms: 1,
});
const CANCELS: [string, KalshiAnswer | undefined, KalshiCancelResult | { kind: string }][] = [
  ['done', ok(canceled('o-1')), { kind: 'canceled', reducedCenti: 450 }],
  [
    'done, with a body about another order',
    ok(canceled('o-2')),
    { kind: 'canceled', reducedCenti: undefined },
  ],
  ['404', refusedWith(404, 'not_found'), { kind: 'gone-or-never-there' }],
  [
    'another 404',
    refusedWith(404, 'market_not_found'),
    { kind: 'rejected', status: 404, code: 'market_not_found', reaction: 'rest-market' },
  ],
  [
    'after the close',
    refusedWith(400, 'market_closed'),
    { kind: 'rejected', status: 400, code: 'market_closed', reaction: 'rest-market' },
  ],
  [
    'all paused',
    refusedWith(409, 'exchange_is_paused'),
    { kind: 'rejected', status: 409, code: 'exchange_is_paused', reaction: 'rest-market' },
  ],
  ['500', refusedWith(500, 'internal'), { kind: 'unknown' }],
  ['404 of a proxy', { status: 404, body: '<html>' }, { kind: 'unknown' }],
  ['no reply', undefined, { kind: 'unknown' }],
];

describe('a cancel', () => {
  it.each(CANCELS)('answered with %s', async (_what, answer, expected) => {
    const calls = await open(() => answer);
    expect(await calls.cancelOrder(ref('o-1'))).toMatchObject(expected);
    expect(server.calls.length).toBe(1);
  });

  it('always names the market and its shard', async () => {
    const calls = await open(() => ok(canceled('o/1')));
    await calls.cancelOrder({ ...ref('o/1'), subaccount: 5 });
    expect(server.calls).toMatchObject([
      {
        method: 'DELETE',
        path: '/portfolio/events/orders/o%2F1',
        query: { market_ticker: 'KXA-1', exchange_index: '3', subaccount: '5' },
        body: '',
        isSigned: true,
      },
    ]);
  });

  it('of many is answered item by item', async () => {
    const item = (over: Partial<KalshiBatchCancelItem>): KalshiBatchCancelItem => ({
      order_id: 'o-0',
      client_order_id: null,
      reduced_by: '0.00',
      ts_ms: null,
      error: null,
      ...over,
    });
    const items = [
      item({ reduced_by: '1.00' }),
      item({ order_id: 'o-1', error: failed('not_found').error }),
      item({ order_id: 'o-2', error: failed('exchange_is_paused').error }),
      item({ order_id: 'o-3', error: failed('timeout').error }),
      'nonsense',
    ];
    const calls = await open(() => ok({ orders: items }));
    const refs = items.map((_, index) => ref(`o-${index}`));
    expect(await calls.cancelOrders(refs)).toMatchObject([
      { kind: 'canceled', reducedCenti: 100 },
      { kind: 'gone-or-never-there' },
      { kind: 'rejected', code: 'exchange_is_paused', reaction: 'rest-market' },
      { kind: 'unknown' },
      { kind: 'unknown' },
    ]);
    expect(JSON.parse(server.calls[0]!.body).orders[4]).toEqual({
      order_id: 'o-4',
      exchange_index: 3,
      market_ticker: 'KXA-1',
    });
  });

  it('of many goes on after a part of them failed', async () => {
    const calls = await open((call, count) => {
      const { orders: asked } = JSON.parse(call.body) as { orders: { order_id: string }[] };
      const items = asked.map(({ order_id: orderId }) => canceled(orderId));
      return count === 1 ? { status: 502, body: '' } : ok({ orders: items });
    });
    const results = await calls.cancelOrders(orders(25).map((_, index) => ref(`o-${index}`)));
    expect(results.map(({ kind }) => kind)).toEqual([
      ...Array(20).fill('unknown'),
      ...Array(5).fill('canceled'),
    ]);
  });

  it('of all is taken with a 204 and nothing else', async () => {
    const answers = [{ status: 204, body: '' }, ok({}), refusedWith(401, 'authentication_error')];
    const calls = await open((_, count) => answers[count - 1]);
    const kinds = [];
    for (const _ of answers) kinds.push((await calls.cancelAll()).kind);
    expect(kinds).toEqual(['taken', 'unknown', 'rejected']);
    expect(server.calls[0]).toMatchObject({ method: 'DELETE', path: '/portfolio/events/orders' });
  });
});

describe('a change of an order', () => {
  const amended: KalshiAmendReply = {
    order_id: 'o-1',
    remaining_count: '2.00',
    fill_count: '0.25',
    ts_ms: 1,
  };
  const decreased: KalshiDecreaseReply = { order_id: 'o-1', remaining_count: '1.00', ts_ms: 1 };

  it('to its size is sent to its own path', async () => {
    const calls = await open(() => ok(decreased));
    expect(await calls.decrease(ref('o-1'), { toCenti: 100 })).toEqual({
      kind: 'changed',
      remainingCenti: 100,
      filledCenti: undefined,
    });
    expect(server.calls).toMatchObject([
      {
        method: 'POST',
        path: '/portfolio/events/orders/o-1/decrease',
        query: {},
        body: '{"reduce_to":"1.00","exchange_index":3,"market_ticker":"KXA-1"}',
        isSigned: true,
      },
    ]);
  });

  it('to its price is sent with all that it will be', async () => {
    const calls = await open(() => ok(amended));
    const amendment = { side: 'bid', yesPriceE4: 4_500, sizeCenti: 225 } as const;
    expect(await calls.amend({ ...ref('o-1'), subaccount: 2 }, amendment)).toEqual({
      kind: 'changed',
      remainingCenti: 200,
      filledCenti: 25,
    });
    expect(server.calls).toMatchObject([
      {
        path: '/portfolio/events/orders/o-1/amend',
        query: { subaccount: '2' },
        body: '{"ticker":"KXA-1","side":"bid","price":"0.4500","count":"2.25","exchange_index":3}',
      },
    ]);
  });

  it.each<[string, KalshiAnswer | undefined, object]>([
    ['404', refusedWith(404, 'not_found'), { kind: 'gone-or-never-there' }],
    ['another side', refusedWith(400, 'order_side_mismatch'), { kind: 'rejected' }],
    ['no reply', undefined, { kind: 'unknown' }],
    [
      'a body about another order',
      ok({ ...amended, order_id: 'o-2' }),
      { kind: 'changed', remainingCenti: undefined, filledCenti: undefined },
    ],
  ])('answered with %s', async (_what, answer, expected) => {
    const calls = await open(() => answer);
    const amendment = { side: 'bid', yesPriceE4: 4_500, sizeCenti: 225 } as const;
    expect(await calls.amend(ref('o-1'), amendment)).toMatchObject(expected);
  });
});
