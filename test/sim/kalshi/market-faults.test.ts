import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fault, UnsupportedFaultError } from '../../../src/sim/server.js';
import { type Client, Harness, listing, type Reply, until } from './harness.js';
import { rebuiltBooks, sequencesOf, sizesOf } from './rebuilt-books.js';

let harness: Harness;
afterEach(() => harness.stop());

const [A, B] = ['KXAAA-26DEC01-T0', 'KXAAA-26DEC01-T1'] as const;
const gtc = { time_in_force: 'good_till_canceled' };
const codeOf = ({ status, body }: Reply): [number, string] => [status, body.error.code];
const inject = (fault: Fault): void => harness.server.inject(fault);
const statusOf = async (ticker: string): Promise<string> =>
  (await harness.get(`/markets/${ticker}`)).body.market.status;
const orderStatus = async (orderId: string): Promise<string> =>
  (await harness.get(`/portfolio/orders/${orderId}`)).body.order.status;

/** What the client has rebuilt is what the engine holds, and no seq is missing. */
async function expectCurrent(client: Client): Promise<void> {
  await client.settle();
  const { engine } = harness;
  expect(rebuiltBooks(client).get(A)).toEqual(sizesOf(engine.bids(0), engine.asks(0), false));
  expect(sequencesOf(client)).toEqual(sequencesOf(client).map((_, at) => at + 1));
}

describe('a halted market', () => {
  it('keeps its orders, matches nothing, refuses more, and cancels all when it is active again', async () => {
    harness = await Harness.start();
    harness.post(0, 'bid', 4000, 5);
    const [client, lifecycle] = [await harness.connect(), await harness.connect()];
    await client.book([A], { use_yes_price: false });
    await lifecycle.channel('market_lifecycle_v2');
    await lifecycle.channel('user_orders');
    const resting = await harness.create({ ...gtc, price: '0.42', count: '3' });
    inject({ kind: 'halt', market: 0, isHalted: true });
    inject({ kind: 'halt', market: 0, isHalted: true });
    await client.settle();
    const before = client.texts.length;
    // The market behind moves, through our own price too.
    harness.post(0, 'bid', 4100, 1);
    harness.post(0, 'ask', 4200, 9);
    expect(codeOf(await harness.create({ price: '0.50' }))).toEqual([409, 'trading_is_paused']);
    await client.settle();
    expect(client.texts.length).toBe(before + 1);
    expect(await statusOf(A)).toBe('inactive');
    expect(await orderStatus(resting.body.order_id)).toBe('resting');
    expect((await harness.get(`/markets/${A}/orderbook`)).body.orderbook_fp.yes_dollars).toEqual([
      ['0.4000', '5.00'],
      ['0.4200', '3.00'],
    ]);
    inject({ kind: 'halt', market: 0, isHalted: false });
    await expectCurrent(client);
    expect(await orderStatus(resting.body.order_id)).toBe('canceled');
    expect((await harness.get('/portfolio/balance')).body.balance_dollars).toBe('1000.0000');
    await lifecycle.settle();
    expect(lifecycle.of('user_order').at(-1)!.msg.last_update_reason).toBe('HaltCancel');
    expect(lifecycle.of('market_lifecycle_v2').map(({ seq, msg }) => [seq, msg])).toEqual([
      [1, { event_type: 'deactivated', market_ticker: A, is_deactivated: true }],
      [2, { event_type: 'activated', market_ticker: A, is_deactivated: false }],
    ]);
    expect((await harness.create({ price: '0.50' })).body.fill_count).toBe('1.00');
  });

  it('lets its orders be cancelled, which its book shows', async () => {
    harness = await Harness.start();
    const client = await harness.connect();
    await client.book([A]);
    const { body } = await harness.create({ ...gtc, price: '0.42', count: '3' });
    inject({ kind: 'halt', market: 0, isHalted: true });
    expect((await harness.delete(`/portfolio/events/orders/${body.order_id}`)).status).toBe(200);
    await client.settle();
    expect(client.of('orderbook_delta').map(({ msg }) => msg.delta_fp)).toEqual(['3.00', '-3.00']);
    expect(rebuiltBooks(client).get(A)!.yes).toEqual({});
  });
});

describe('a market that closes', () => {
  it('sends an empty snapshot, refuses everything and cancels what rests', async () => {
    harness = await Harness.start();
    harness.post(0, 'bid', 4000, 5);
    const [client, lifecycle] = [await harness.connect(), await harness.connect()];
    await client.book([A, B]);
    await lifecycle.channel('market_lifecycle_v2');
    await lifecycle.channel('user_orders');
    const { body } = await harness.create({ ...gtc, price: '0.42' });
    inject({ kind: 'close', market: 0 });
    harness.post(0, 'bid', 4100, 1);
    const empty = await client.nth('orderbook_snapshot', 2);
    expect(Object.keys(empty.msg)).toEqual(['market_ticker', 'market_id']);
    expect(sequencesOf(client)).toEqual(sequencesOf(client).map((_, at) => at + 1));
    expect(codeOf(await harness.create())).toEqual([409, 'MARKET_INACTIVE']);
    await until(() => lifecycle.of('user_order').some(({ msg }) => msg.last_update_reason));
    expect(lifecycle.of('user_order').at(-1)!.msg).toMatchObject({
      order_id: body.order_id,
      status: 'canceled',
      last_update_reason: 'CloseCancel',
    });
    expect(await statusOf(A)).toBe('closed');
    expect((await harness.get(`/markets/${A}/orderbook`)).body.orderbook_fp).toEqual({
      yes_dollars: [],
      no_dollars: [],
    });
    const [news] = lifecycle.of('market_lifecycle_v2');
    expect(news!.msg).toMatchObject({ event_type: 'close_date_updated', market_ticker: A });
    expect((await harness.create({ ticker: B })).status).toBe(201);
  });

  it('by its timetable says nothing of it but the empty snapshot', async () => {
    harness = await Harness.start([listing(0, { closeTimeMs: Date.now() + 3_600_000 })]);
    harness.freezeClock();
    harness.post(0, 'bid', 4000, 5);
    const client = await harness.connect();
    await client.book([A]);
    await client.channel('market_lifecycle_v2');
    harness.skewMs = 3_600_000;
    expect((await client.nth('orderbook_snapshot', 1)).seq).toBe(2);
    expect(client.of('market_lifecycle_v2')).toEqual([]);
    expect(codeOf(await harness.create())).toEqual([409, 'MARKET_INACTIVE']);
  });

  it('and is decided pays its positions after the timer', async () => {
    harness = await Harness.start(undefined, { settlementMs: 2_000 });
    harness.freezeClock();
    harness.post(0, 'ask', 4000, 10);
    const lifecycle = await harness.connect();
    await lifecycle.channel('market_lifecycle_v2');
    await harness.create({ price: '0.40', count: '5' });
    const cash = async (): Promise<number> =>
      Number((await harness.get('/portfolio/balance')).body.balance_dollars);
    const paid = await cash();
    inject({ kind: 'resolve', market: 0, outcome: 0 });
    expect(await statusOf(A)).toBe('determined');
    expect((await harness.get(`/markets/${A}`)).body.market.result).toBe('yes');
    expect((await harness.get('/markets?status=closed')).body.markets).toHaveLength(1);
    expect(await cash()).toBe(paid);
    harness.skewMs = 2_000;
    expect(await statusOf(A)).toBe('finalized');
    expect(await cash()).toBeCloseTo(paid + 5, 9);
    expect((await harness.get('/portfolio/positions')).body.market_positions).toEqual([]);
    const all = await harness.get('/portfolio/positions?settlement_status=all');
    expect(all.body.market_positions).toHaveLength(1);
    expect((await harness.get('/portfolio/settlements')).body.settlements).toMatchObject([
      {
        ticker: A,
        market_result: 'yes',
        yes_count_fp: '5.00',
        yes_total_cost_dollars: '2.000000',
        no_count_fp: '0.00',
        revenue: 500,
        value: 100,
      },
    ]);
    await lifecycle.settle();
    expect(lifecycle.of('market_lifecycle_v2').map(({ msg }) => msg.event_type)).toEqual([
      'close_date_updated',
      'determined',
      'settled',
    ]);
    expect(lifecycle.of('market_lifecycle_v2')[1]!.msg).toMatchObject({
      result: 'yes',
      settlement_value: '1.0000',
    });
  });
});

describe('a pause', () => {
  it('of trading stops orders and books, and lets cancels through', async () => {
    harness = await Harness.start();
    harness.freezeClock();
    const client = await harness.connect();
    await client.book([A], { use_yes_price: false });
    const resting = { ...gtc, price: '0.42', count: '3' };
    const stays = (await harness.create(resting)).body.order_id;
    const goes = (await harness.create(resting)).body.order_id;
    const leaves = (await harness.create({ ...resting, cancel_order_on_pause: true })).body
      .order_id;
    inject({ kind: 'pause', durationMs: 1_000, scope: 'trading' });
    await client.settle();
    const before = client.texts.length;
    harness.post(0, 'ask', 4200, 2);
    expect(codeOf(await harness.create(resting))).toEqual([409, 'trading_is_paused']);
    const amend = { ticker: A, side: 'bid', price: '0.41', count: '3' };
    const amended = await harness.rest('POST', `/portfolio/events/orders/${stays}/amend`, amend);
    expect(codeOf(amended)).toEqual([409, 'trading_is_paused']);
    await client.settle();
    expect(client.texts.length).toBe(before + 1);
    expect((await harness.delete(`/portfolio/events/orders/${goes}`)).status).toBe(200);
    expect(await orderStatus(leaves)).toBe('canceled');
    expect(await orderStatus(stays)).toBe('resting');
    const { status, body } = await harness.get('/exchange/status');
    expect([status, body.exchange_active, body.trading_active]).toEqual([200, true, false]);
    expect(body.exchange_index_statuses[0]!.trading_active).toBe(false);
    harness.skewMs = 1_001;
    await harness.get('/exchange/status');
    await expectCurrent(client);
    // The market had moved to our price meanwhile.
    const read = await harness.get(`/portfolio/orders/${stays}`);
    expect(read.body.order).toMatchObject({ fill_count_fp: '2.00', remaining_count_fp: '1.00' });
    expect((await harness.create(resting)).status).toBe(201);
  });

  it('of the exchange stops cancels too, and its status is a 503 with the body', async () => {
    harness = await Harness.start();
    harness.freezeClock();
    const { body } = await harness.create({ ...gtc, price: '0.42' });
    inject({ kind: 'pause', durationMs: 1_000, scope: 'exchange' });
    const path = `/portfolio/events/orders/${body.order_id}`;
    expect(codeOf(await harness.delete(path))).toEqual([409, 'exchange_is_paused']);
    expect(codeOf(await harness.delete('/portfolio/events/orders'))).toEqual([
      409,
      'exchange_is_paused',
    ]);
    expect(codeOf(await harness.create())).toEqual([409, 'exchange_is_paused']);
    const status = await harness.get('/exchange/status');
    expect([status.status, status.body.exchange_active]).toEqual([503, false]);
    expect(Date.parse(status.body.exchange_estimated_resume_time!)).toBe(harness.now() + 1_000);
    harness.skewMs = 1_001;
    expect((await harness.delete(path)).status).toBe(200);
  });

  it('comes by itself on Thursdays from 3 to 5 in New York', async () => {
    harness = await Harness.start(undefined, { weeklyPause: true, clockToleranceMs: 1e12 });
    const at = async (iso: string): Promise<boolean> => {
      harness.now = () => Date.parse(iso);
      return (await harness.get('/exchange/status')).body.trading_active;
    };
    // 19 November 2026 is a Thursday; New York is five hours behind then, and four in July.
    expect(await at('2026-11-19T07:59:00Z')).toBe(true);
    expect(await at('2026-11-19T08:00:00Z')).toBe(false);
    expect(await at('2026-11-19T09:59:00Z')).toBe(false);
    expect(await at('2026-11-19T10:00:00Z')).toBe(true);
    expect(await at('2026-11-20T08:30:00Z')).toBe(true);
    expect(await at('2026-07-16T07:30:00Z')).toBe(false);
  });
});

it('books stay rebuildable through any order of halts, pauses and moves', async () => {
  const step = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom('halt' as const, 'reactivate' as const) },
    { weight: 1, arbitrary: fc.constantFrom('pause' as const, 'resume' as const) },
    {
      weight: 8,
      arbitrary: fc.record({
        side: fc.constantFrom('bid' as const, 'ask' as const),
        tick: fc.integer({ min: 30, max: 70 }),
        isOurs: fc.boolean(),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      harness = await Harness.start();
      harness.freezeClock();
      const client = await harness.connect('bob');
      await client.book([A], { use_yes_price: false });
      for (const one of steps) {
        if (one === 'halt') inject({ kind: 'halt', market: 0, isHalted: true });
        else if (one === 'reactivate') inject({ kind: 'halt', market: 0, isHalted: false });
        else if (one === 'pause') inject({ kind: 'pause', durationMs: 1_000, scope: 'trading' });
        else if (one === 'resume') {
          harness.skewMs += 1_001;
          await harness.get('/exchange/status');
        } else if (one.isOurs) {
          const price = `0.${one.tick}`;
          await harness.create({ ...gtc, side: one.side, price, count: '1.50' });
        } else harness.post(0, one.side, one.tick * 100, 2.25);
      }
      harness.skewMs += 1_001;
      await harness.get('/exchange/status');
      inject({ kind: 'halt', market: 0, isHalted: false });
      await expectCurrent(client);
      await harness.stop();
    }),
    { numRuns: 30 },
  );
});

it('tick-change moves the grid for orders and in the terms, and is told', async () => {
  harness = await Harness.start();
  const client = await harness.connect();
  await client.channel('market_lifecycle_v2');
  expect(codeOf(await harness.create({ price: '0.4050' }))).toEqual([400, 'invalid_price']);
  const { body } = await harness.create({ ...gtc, price: '0.41' });
  inject({ kind: 'tick-change', market: 0, tickE4: 50 });
  expect((await harness.create({ price: '0.4050' })).status).toBe(201);
  expect(await orderStatus(body.order_id)).toBe('resting');
  const ranges = [{ start: '0.0000', end: '1.0000', step: '0.0050' }];
  const { market } = (await harness.get(`/markets/${A}`)).body;
  expect(market.price_ranges).toEqual(ranges);
  await client.settle();
  expect(client.of('market_lifecycle_v2')[0]!.msg).toEqual({
    event_type: 'price_level_structure_updated',
    market_ticker: A,
    price_level_structure: market.price_level_structure,
    price_ranges: ranges,
  });
  expect(() => inject({ kind: 'tick-change', market: 0, tickE4: 3 })).toThrow(
    UnsupportedFaultError,
  );
});

it('fee-change is charged from the next fill on, told, served and taken back', async () => {
  harness = await Harness.start([
    listing(0),
    listing(1, { eventTicker: 'KXAAA-2', feeMultiplier: 0.5 }),
    listing(2, { eventTicker: 'KXAAA-3' }),
  ]);
  const client = await harness.connect();
  await client.channel('market_lifecycle_v2');
  for (let level = 0; level < 3; level++) harness.post(0, 'ask', 5000, 10);
  const fee = async (): Promise<string> => {
    await harness.create({ count: '10', price: '0.50' });
    return (await harness.get('/portfolio/fills')).body.fills[0]!.fee_cost;
  };
  const event = async (ticker: string) => (await harness.get(`/events/${ticker}`)).body.event;
  expect(await event('KXAAA-26DEC01')).toMatchObject({ fee_multiplier_override: null });
  expect(await event('KXAAA-2')).toMatchObject({ fee_multiplier_override: 0.5 });
  expect((await harness.get('/series/KXAAA')).body.series.fee_multiplier).toBe(1);
  expect(await fee()).toBe('0.175000');
  inject({ kind: 'fee-change', market: 0, multiplier: 2 });
  expect(await fee()).toBe('0.350000');
  expect(await event('KXAAA-26DEC01')).toMatchObject({
    fee_type_override: 'quadratic',
    fee_multiplier_override: 2,
  });
  inject({ kind: 'fee-change', market: 0, multiplier: null });
  expect(await fee()).toBe('0.175000');
  const { event_fee_changes } = (await harness.get('/events/fee_changes')).body;
  expect(event_fee_changes.map((change) => change.fee_multiplier_override)).toEqual([null, 2, 0.5]);
  await client.settle();
  expect(client.of('event_fee_update').map(({ msg }) => msg)).toEqual([
    {
      event_ticker: 'KXAAA-26DEC01',
      fee_type_override: 'quadratic',
      fee_multiplier_override: 2,
    },
    { event_ticker: 'KXAAA-26DEC01', fee_type_override: null, fee_multiplier_override: null },
  ]);
});

it('what Kalshi does not have, or does not list, is refused', async () => {
  harness = await Harness.start();
  const unsupported: Fault[] = [
    { kind: 'ghost-fills', count: 1 },
    { kind: 'retry-fills', count: 1 },
    { kind: 'mode', mode: 'restarting', durationMs: 1 },
    { kind: 'close', market: 99 },
    { kind: 'halt', market: 99, isHalted: true },
    { kind: 'resolve', market: 99, outcome: 0 },
    { kind: 'fee-change', market: 0, multiplier: 1e-9 },
  ];
  for (const fault of unsupported) expect(() => inject(fault)).toThrow(UnsupportedFaultError);
});
