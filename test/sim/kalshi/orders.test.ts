import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Harness, listing } from './harness.js';

let harness: Harness;
const tapered = [
  { startE4: 0, endE4: 1000, stepE4: 10 },
  { startE4: 1000, endE4: 9000, stepE4: 100 },
  { startE4: 9000, endE4: 10_000, stepE4: 10 },
];
beforeEach(async () => {
  harness = await Harness.start([
    listing(0),
    listing(1, { exchangeIndex: 2, priceGrid: tapered }),
    listing(2, { closeTimeMs: 1000 }),
    listing(3, { openTimeMs: 4_000_000_000_000 }),
  ]);
  harness.post(0, 'ask', 4400, 7);
  harness.post(0, 'ask', 4500, 10);
  harness.post(0, 'bid', 4100, 12.5);
});
afterEach(() => harness.stop());

const gtc = { time_in_force: 'good_till_canceled' };
const ticker = (market: number): string => harness.listings[market]!.ticker;
const cents = (side: 'bids' | 'asks', market = 0): number[][] =>
  harness.engine[side](market).map(([priceE4, sizeE6]) => [priceE4 / 100, sizeE6 / 1e6]);

describe('an order that is not well formed', () => {
  it.each([
    ['count', 5, 'number', 'string'],
    ['price', 0.44, 'number', 'string'],
    ['ticker', null, undefined, undefined],
    ['post_only', 'true', 'string', 'bool'],
    ['subaccount', '0', 'string', 'int'],
    ['expiration_time', 1.5, 'number', 'int'],
    ['client_order_id', {}, 'object', 'string'],
  ])('with %s %j is refused by the decoder, flat', async (field, value, given, wanted) => {
    const { status, body } = await harness.create({ [field]: value });
    expect(status).toBe(400);
    if (given === undefined) expect(body.error.code).toBe('invalid_parameters');
    else {
      expect(body.code).toBe('bad_request');
      expect(body.details).toBe(
        `json: cannot unmarshal ${given} into Go struct field CreateOrderV2Request.${field} of type ${wanted}`,
      );
    }
  });

  it.each(
    [['ticker', 'count', 'side', 'price', 'time_in_force', 'self_trade_prevention_type']].flat(),
  )('without %s is refused', async (field) => {
    const { status, body } = await harness.create({ [field]: undefined });
    expect([status, body.error.code]).toEqual([400, 'invalid_parameters']);
  });

  it.each([
    [{ side: 'yes' }, 'invalid_parameters'],
    [{ time_in_force: 'gtc' }, 'invalid_parameters'],
    [{ self_trade_prevention_type: 'none' }, 'invalid_parameters'],
    [{ count: '1.005' }, 'invalid_parameters'],
    [{ count: '-1' }, 'invalid_parameters'],
    [{ count: '0.00' }, 'invalid_order_size'],
    [{ price: '44' }, 'invalid_parameters'],
    [{ price: '0.44000' }, 'invalid_parameters'],
    [{ price: '0.4450' }, 'invalid_price'],
    [{ price: '0.00' }, 'invalid_price'],
    [{ price: '1.00' }, 'invalid_price'],
    [{ ...gtc, expiration_time: 1000 }, 'invalid_parameters'],
    [{ expiration_time: 4_000_000_000 }, 'invalid_parameters'],
    [{ post_only: true }, 'invalid_order'],
    [{ ...gtc, reduce_only: true }, 'invalid_order'],
  ])('%j is refused as %s', async (over, code) => {
    const { status, body } = await harness.create(over);
    expect([status, body.error.code]).toEqual([400, code]);
    expect(cents('asks')).toEqual([
      [44, 7],
      [45, 10],
    ]);
  });

  it('or not JSON is refused by the decoder', async () => {
    const { status, body } = await harness.rest('POST', '/portfolio/events/orders', '{"ticker":');
    expect([status, body.code]).toEqual([400, 'bad_request']);
  });
});

it('the grid is the market’s own', async () => {
  const on = { ticker: ticker(1), ...gtc };
  expect((await harness.create({ ...on, price: '0.0990' })).status).toBe(201);
  expect((await harness.create({ ...on, price: '0.1010' })).body.error.code).toBe('invalid_price');
  expect((await harness.create({ ...on, price: '0.9010' })).status).toBe(201);
});

describe('an order for a market that does not take it', () => {
  it.each([
    ['unknown', { ticker: 'KXNONE' }, 404, 'market_not_found'],
    ['on another shard', { exchange_index: 2 }, 404, 'market_not_found'],
    ['on a shard without funds', { exchange_index: 1 }, 404, 'user_not_found'],
    ['on a subaccount without funds', { subaccount: 3 }, 404, 'user_not_found'],
    ['closed', { ticker: 'KXAAA-26DEC01-T2' }, 409, 'MARKET_INACTIVE'],
    ['not open yet', { ticker: 'KXAAA-26DEC01-T3' }, 409, 'MARKET_INACTIVE'],
  ])('%s is refused', async (_name, over, status, code) => {
    const reply = await harness.create(over);
    expect([reply.status, reply.body.error.code]).toEqual([status, code]);
  });

  it('is taken with the right shard, or with -1', async () => {
    for (const index of [2, -1]) {
      const over = { ticker: ticker(1), exchange_index: index };
      expect((await harness.create(over)).status).toBe(201);
    }
  });
});

describe('execution', () => {
  it('ioc fills at the makers’ prices, and the rest is gone', async () => {
    const { status, body } = await harness.create({ count: '20', price: '0.46' });
    expect(status).toBe(201);
    // 0.07 x (7 x .44 x .56 + 10 x .45 x .55) = 0.293993, the first fill ending on 0.1208 of the
    // account's step.
    expect(body).toMatchObject({
      fill_count: '17.00',
      remaining_count: '0.00',
      average_fill_price: '0.4459',
      average_fee_paid: '0.0173',
    });
    expect(cents('asks')).toEqual([]);
  });

  it('an ioc that meets nothing is 201 with no averages, and canceled', async () => {
    const { status, body } = await harness.create({ price: '0.43' });
    expect([status, body.fill_count, body.remaining_count]).toEqual([201, '0.00', '0.00']);
    expect(body).not.toHaveProperty('average_fill_price');
    expect(body).not.toHaveProperty('average_fee_paid');
    const read = await harness.get(`/portfolio/orders/${body.order_id}`);
    expect(read.body.order).toMatchObject({ status: 'canceled', fill_count_fp: '0.00' });
  });

  it('an ask buys NO from the YES bids', async () => {
    const { body } = await harness.create({ side: 'ask', count: '5', price: '0.41' });
    expect(body).toMatchObject({ fill_count: '5.00', average_fill_price: '0.4100' });
    const [position] = (await harness.get('/portfolio/positions')).body.market_positions;
    expect(position).toMatchObject({ position_fp: '-5.00', market_exposure_dollars: '2.950000' });
  });

  it('fok that cannot fill whole is 409, leaves no order, and burns its id', async () => {
    const fok = { time_in_force: 'fill_or_kill', client_order_id: 'killed', price: '0.45' };
    const killed = await harness.create({ ...fok, count: '17.01' });
    expect(killed.status).toBe(409);
    expect(killed.body.error).toEqual({
      code: 'fill_or_kill_insufficient_resting_volume',
      message: 'fill or kill insufficient resting volume',
    });
    expect((await harness.get('/portfolio/orders')).body.orders).toEqual([]);
    expect((await harness.create({ ...fok, count: '17' })).body.error.code).toBe(
      'order_already_exists',
    );
    const filled = await harness.create({ ...fok, count: '17', client_order_id: 'whole' });
    expect(filled.body.fill_count).toBe('17.00');
  });

  it('gtc fills what crosses and rests with the rest', async () => {
    const { body } = await harness.create({ ...gtc, count: '10', price: '0.44' });
    expect([body.fill_count, body.remaining_count]).toEqual(['7.00', '3.00']);
    expect(cents('bids')[0]).toEqual([44, 3]);
  });

  it('post_only that would cross is refused, and one that does not rests', async () => {
    const { status, body } = await harness.create({ ...gtc, post_only: true, price: '0.44' });
    expect([status, body.error.code, body.error.details]).toEqual([
      400,
      'invalid_order',
      'post only cross',
    ]);
    const rests = await harness.create({ ...gtc, post_only: true, price: '0.43' });
    expect(rests.body.remaining_count).toBe('1.00');
  });

  it('reduce_only closes what is held and no more', async () => {
    await harness.create({ count: '3', price: '0.44' });
    const over = { side: 'ask', count: '9', price: '0.41', reduce_only: true };
    expect((await harness.create(over)).body.fill_count).toBe('3.00');
    expect((await harness.create(over)).body.fill_count).toBe('0.00');
  });

  it('a resting order expires', async () => {
    const expiration_time = Math.floor(Date.now() / 1000) + 60;
    const { body } = await harness.create({ ...gtc, price: '0.42', expiration_time });
    harness.skewMs = 61_000;
    const read = async (): Promise<string> =>
      (await harness.get(`/portfolio/orders/${body.order_id}`)).body.order.status;
    await expect.poll(read, { timeout: 5000 }).toBe('canceled');
    expect(cents('bids')).toEqual([[41, 12.5]]);
  });
});

describe('an order that meets its own account', () => {
  it('taker_at_cross keeps the fills before it and leaves the resting order', async () => {
    await harness.create({ ...gtc, side: 'ask', count: '2', price: '0.44' });
    const { body } = await harness.create({ ...gtc, count: '10', price: '0.45' });
    expect([body.fill_count, body.remaining_count]).toEqual(['7.00', '0.00']);
    expect(cents('asks')).toEqual([
      [44, 2],
      [45, 10],
    ]);
  });

  it('maker takes the resting order out and goes on', async () => {
    const own = await harness.create({ ...gtc, side: 'ask', count: '2', price: '0.44' });
    const maker = { self_trade_prevention_type: 'maker', count: '10', price: '0.45' };
    expect((await harness.create(maker)).body.fill_count).toBe('10.00');
    expect(cents('asks')).toEqual([[45, 7]]);
    const read = await harness.get(`/portfolio/orders/${own.body.order_id}`);
    expect(read.body.order.status).toBe('canceled');
  });
});

describe('a client order id', () => {
  it('is burned for good, by canceled orders too, for its account alone', async () => {
    const same = { ...gtc, client_order_id: 'once', price: '0.10' };
    const first = await harness.create(same);
    await harness.rest('DELETE', `/portfolio/events/orders/${first.body.order_id}`);
    const again = await harness.create(same);
    expect([again.status, again.body.error.code]).toEqual([409, 'order_already_exists']);
    expect((await harness.create(same, 'bob')).status).toBe(201);
  });

  it('is not burned by an order that was refused', async () => {
    const same = { client_order_id: 'twice' };
    expect((await harness.create({ ...same, price: '0.4450' })).status).toBe(400);
    expect((await harness.create({ ...same, price: '0.45' })).status).toBe(201);
  });
});

describe('cancel', () => {
  it('answers what was taken out, once', async () => {
    const { body } = await harness.create({ ...gtc, count: '3', price: '0.42' });
    const path = `/portfolio/events/orders/${body.order_id}`;
    const canceled = await harness.rest('DELETE', path);
    expect(canceled.body).toMatchObject({ order_id: body.order_id, reduced_by: '3.00' });
    const again = await harness.rest('DELETE', path);
    expect([again.status, again.body.error.code]).toEqual([404, 'not_found']);
  });

  it('by id alone looks on shard 0', async () => {
    const { body } = await harness.create({ ...gtc, ticker: ticker(1), price: '0.42' });
    const path = `/portfolio/events/orders/${body.order_id}`;
    expect((await harness.rest('DELETE', path)).status).toBe(404);
    expect((await harness.rest('DELETE', `${path}?market_ticker=${ticker(1)}`)).status).toBe(200);
  });

  it('another account’s order is not found', async () => {
    const { body } = await harness.create({ ...gtc, price: '0.42' }, 'bob');
    const path = `/portfolio/events/orders/${body.order_id}`;
    expect((await harness.rest('DELETE', path)).status).toBe(404);
  });

  it('and create work in batches, item by item', async () => {
    const path = '/portfolio/events/orders/batched';
    const orders = [
      harness.order({ ...gtc, price: '0.40' }),
      harness.order({ price: '0.4450' }),
      harness.order({ count: 1 }),
    ];
    const created = await harness.rest('POST', path, { orders });
    expect(created.status).toBe(201);
    expect(created.body.orders.map((item) => item.error?.code ?? item.remaining_count)).toEqual([
      '1.00',
      'invalid_price',
      'bad_request',
    ]);
    const ids = [created.body.orders[0]!.order_id, 'no-such-order'];
    const canceled = await harness.rest('DELETE', path, {
      orders: ids.map((order_id) => ({ order_id })),
    });
    expect(canceled.body.orders).toMatchObject([
      { reduced_by: '1.00', error: null },
      { reduced_by: '0.00', error: { code: 'not_found' }, client_order_id: null, ts_ms: null },
    ]);
  });

  it('all takes out everything of the account', async () => {
    for (const price of ['0.10', '0.11']) await harness.create({ ...gtc, price });
    await harness.create({ ...gtc, price: '0.12' }, 'bob');
    expect((await harness.rest('DELETE', '/portfolio/events/orders')).status).toBe(204);
    expect(cents('bids')).toEqual([
      [41, 12.5],
      [12, 1],
    ]);
  });
});

it('V1 writes are gone', async () => {
  for (const [method, path] of [
    ['POST', '/portfolio/orders'],
    ['DELETE', '/portfolio/orders/abc'],
    ['POST', '/portfolio/orders/abc/amend'],
    ['POST', '/portfolio/orders/batched'],
  ] as const) {
    const { status, body } = await harness.rest(method, path, {});
    expect([status, body.error.code]).toEqual([410, 'deprecated_v1_order_endpoint']);
  }
});

it('orders and fills are read in pages, newest first, and filtered', async () => {
  for (let count = 1; count <= 5; count++) {
    await harness.create({ count: `${count}`, price: '0.45', ticker: ticker(count % 2) });
  }
  const seen: string[] = [];
  let cursor = '';
  do {
    const { body } = await harness.get(`/portfolio/orders?limit=2&cursor=${cursor}`);
    seen.push(...body.orders.map((order) => order.initial_count_fp));
    cursor = body.cursor;
  } while (cursor !== '');
  expect(seen).toEqual(['5.00', '4.00', '3.00', '2.00', '1.00']);
  const executed = await harness.get('/portfolio/orders?status=executed');
  expect(executed.body.orders.map((order) => order.initial_count_fp)).toEqual(['4.00', '2.00']);
  const fills = await harness.get(`/portfolio/fills?ticker=${ticker(0)}`);
  expect(fills.body.fills.map((fill) => fill.count_fp)).toEqual(['4.00', '2.00']);
  expect((await harness.get('/portfolio/orders?cursor=garbage')).body.orders).toHaveLength(5);
  expect((await harness.get('/portfolio/orders?limit=1001')).status).toBe(400);
});
