import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { wholeLevels } from '../../../src/sim/kalshi/whole-contracts.js';
import { kalshiLegacyIocBody } from '../../../src/venues/kalshi/wire/legacy-order-body.js';
import { type Client, Harness, listing } from './harness.js';

let harness: Harness;
afterEach(() => harness.stop());

const A = 'KXAAA-26DEC01-T0';
const SHARED = `${process.cwd()}/../shared/data/recorded`;
const grid = [{ startE4: 0, endE4: 10_000, stepE4: 10 }];
const start = async (): Promise<void> => {
  harness = await Harness.start([listing(0, { priceGrid: grid, exchangeIndex: 2 }), listing(1)], {
    dialect: 'legacy',
  });
};

/** A V1 body as JSON, and what came back, untyped: none of today's types fit. */
type Loose = Record<string, unknown>;
interface LooseReply {
  readonly status: number;
  readonly body: Loose;
}
const call = async (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<LooseReply> => (await harness.rest(method, path, body)) as unknown as LooseReply;

let orderCount = 0;
const order = (over: Loose = {}): Loose => ({
  action: 'buy',
  client_order_id: `v1-${++orderCount}`,
  count: 1,
  side: 'yes',
  ticker: A,
  time_in_force: 'immediate_or_cancel',
  type: 'limit',
  yes_price: 50,
  ...over,
});
const create = (over: Loose = {}): Promise<LooseReply> =>
  call('POST', '/portfolio/orders', order(over));
const made = async (over: Loose = {}): Promise<Loose> => {
  const { status, body } = await create(over);
  expect(status).toBe(201);
  return body.order as Loose;
};

interface LegacyFrame {
  readonly type: string;
  readonly seq: number;
  readonly msg: {
    readonly market_ticker: string;
    readonly yes?: readonly (readonly [number, number])[];
    readonly no?: readonly (readonly [number, number])[];
    readonly price: number;
    readonly delta: number;
    readonly side: 'yes' | 'no';
  };
}

/** A book of whole cents to whole contracts, as the frames have it. */
function rebuilt(client: Client): Record<'yes' | 'no', Record<string, number>> {
  const book: Record<'yes' | 'no', Record<string, number>> = { yes: {}, no: {} };
  for (const frame of client.frames as unknown as LegacyFrame[]) {
    const { msg } = frame;
    if (frame.type === 'orderbook_snapshot') {
      book.yes = Object.fromEntries(msg.yes ?? []);
      book.no = Object.fromEntries(msg.no ?? []);
    } else if (frame.type === 'orderbook_delta') {
      const size = (book[msg.side][msg.price] ?? 0) + msg.delta;
      expect(Number.isSafeInteger(size) && size >= 0 && msg.delta !== 0).toBe(true);
      if (size === 0) delete book[msg.side][msg.price];
      else book[msg.side][msg.price] = size;
    }
  }
  return book;
}

function shown(): Record<'yes' | 'no', Record<string, number>> {
  const { engine } = harness;
  const bids = wholeLevels(engine.bids(0), 'bid');
  const asks = wholeLevels(engine.asks(0), 'ask');
  return {
    yes: Object.fromEntries(bids.map(([e4, e6]) => [e4 / 100, e6 / 1e6])),
    no: Object.fromEntries(asks.map(([e4, e6]) => [100 - e4 / 100, e6 / 1e6])),
  };
}

const maker = fc.record({
  side: fc.constantFrom('bid' as const, 'ask' as const),
  milli: fc.integer({ min: 380, max: 620 }),
  centi: fc.integer({ min: 1, max: 450 }),
  pull: fc.boolean(),
});

describe('books', () => {
  it('rebuilt from whole numbers are what is shown, whatever the market does in fractions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(maker, { minLength: 5, maxLength: 60 }), async (makers) => {
        await start();
        const client = await harness.connect();
        await client.book([A]);
        const posted: number[] = [];
        for (const { side, milli, centi, pull } of makers) {
          if (pull && posted.length > 0) harness.pull(0, posted.shift()!);
          else posted.push(harness.post(0, side, milli * 10, centi / 100));
        }
        await client.settle();
        expect(rebuilt(client)).toEqual(shown());
        const seqs = (client.frames as unknown as LegacyFrame[]).flatMap(({ seq }) => seq ?? []);
        expect(seqs).toEqual(seqs.map((_, at) => at + 1));
        await harness.stop();
      }),
      { numRuns: 40 },
    );
  });

  it('never show what is not there: all of a price’s contracts can be had at that price', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(maker, { minLength: 3, maxLength: 25 }),
        fc.nat(30),
        async (makers, depth) => {
          await start();
          for (const { side, milli, centi } of makers)
            harness.post(0, side, milli * 10, centi / 100);
          const { orderbook } = (await call('GET', `/markets/${A}/orderbook`)).body as {
            orderbook: { no: [number, number][] | null };
          };
          const levels = [...(orderbook.no ?? [])].reverse().slice(0, depth + 1);
          const count = levels.reduce((sum, [, size]) => sum + size, 0);
          if (count > 0) {
            const yes_price = 100 - levels.at(-1)![0];
            const { fill_count, taker_fill_cost, status } = await made({ count, yes_price });
            expect([fill_count, status]).toEqual([count, 'executed']);
            const cost = levels.reduce((sum, [no, size]) => sum + (100 - no) * size, 0);
            expect(taker_fill_cost).toBe(cost);
          }
          await harness.stop();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('have integers, three decimals, null for an empty side by REST and no key in a frame', async () => {
    await start();
    harness.post(0, 'bid', 4150, 12.5);
    harness.post(0, 'bid', 4000, 0.75);
    const client = await harness.connect();
    await client.book([A]);
    harness.post(0, 'bid', 4100, 0.5);
    harness.post(0, 'ask', 4430, 1.2);
    await client.settle();
    const frames = client.frames as unknown as LegacyFrame[];
    expect(frames[1]!.msg).toMatchObject({ yes: [[41, 12]], yes_dollars: [['0.410', 12]] });
    expect(frames[1]!.msg).not.toHaveProperty('no');
    expect(frames[2]!.msg).toMatchObject({
      price: 41,
      price_dollars: '0.410',
      delta: 1,
      side: 'yes',
    });
    expect(frames[3]!.msg).toMatchObject({ price: 55, delta: 1, side: 'no' });
    const rest = async (ticker: string) =>
      ((await call('GET', `/markets/${ticker}/orderbook`)).body as { orderbook: Loose }).orderbook;
    expect(await rest(A)).toEqual({
      yes: [[41, 13]],
      yes_dollars: [['0.4100', 13]],
      no: [[55, 1]],
      no_dollars: [['0.5500', 1]],
    });
    expect(await rest('KXNONE')).toEqual({
      yes: null,
      no: null,
      yes_dollars: null,
      no_dollars: null,
    });
  });
});

describe('V1 orders', () => {
  it('answer as recorded: fills, fees to the cent of the order, a sell’s cost in NO terms', async () => {
    await start();
    harness.post(0, 'ask', 900, 115);
    const one = await made({ yes_price: 9 });
    expect(one).toMatchObject({ fill_count: 1, taker_fees: 1, taker_fees_dollars: '0.0100' });
    expect(one).toMatchObject({ taker_fill_cost: 9, taker_fill_cost_dollars: '0.0900' });
    const part = await made({ yes_price: 9, count: 200 });
    expect(part).toMatchObject({
      status: 'canceled',
      initial_count: 200,
      fill_count: 114,
      remaining_count: 0,
      taker_fees: 66,
      taker_fill_cost: 1026,
    });
    harness.post(1, 'ask', 8500, 20);
    harness.post(1, 'bid', 8400, 7);
    const ticker = 'KXAAA-26DEC01-T1';
    await made({ ticker, yes_price: 85, count: 20 });
    const sold = await made({ ticker, action: 'sell', yes_price: 84, count: 20 });
    expect(sold).toMatchObject({
      action: 'sell',
      side: 'yes',
      yes_price: 84,
      no_price: 16,
      fill_count: 7,
      taker_fees: 7,
      taker_fill_cost: 112,
    });
    const { body, status } = await create({ action: 'sell', yes_price: 1, count: 2_000 });
    expect(status).toBe(400);
    expect(body.error).toEqual({
      code: 'insufficient_balance',
      message: 'insufficient balance',
      service: 'exchange',
    });
    const missing = await create({ ticker: 'KXNFLAFCCHAMP-25' });
    expect([missing.status, missing.body.error]).toEqual([
      404,
      { code: 'market_not_found', message: 'market not found', service: 'exchange' },
    ]);
  });

  it('take the body that the engine writes, on both sides', async () => {
    await start();
    harness.post(0, 'bid', 4000, 5);
    const body = kalshiLegacyIocBody(A, 'engine-1', 'buy', 'no', 300, 6_000)!;
    const { order: reply } = (await call('POST', '/portfolio/orders', body)).body as {
      order: Loose;
    };
    expect(reply).toMatchObject({ side: 'no', no_price: 60, yes_price: 40, fill_count: 3 });
  });

  it('rest, are filled by whole contracts, and are cancelled', async () => {
    await start();
    const resting = { time_in_force: undefined, count: 3, yes_price: 40 };
    const { order_id } = await made(resting);
    harness.post(0, 'ask', 4000, 0.6);
    const read = async () =>
      ((await call('GET', `/portfolio/orders/${order_id}`)).body as { order: Loose }).order;
    expect(await read()).toMatchObject({ fill_count: 0, remaining_count: 3, status: 'resting' });
    harness.post(0, 'ask', 4000, 0.6);
    expect(await read()).toMatchObject({ fill_count: 1, remaining_count: 2 });
    const canceled = await call('DELETE', `/portfolio/orders/${order_id}`);
    expect(canceled.body).toMatchObject({ reduced_by: 2, order: { status: 'canceled' } });
    expect((await call('DELETE', `/portfolio/orders/${order_id}`)).status).toBe(404);
  });

  it('rest clean: what is too little to be shown does not fill them by parts', async () => {
    await start();
    harness.post(0, 'ask', 4000, 2.7);
    const { fill_count, remaining_count } = await made({
      time_in_force: undefined,
      count: 5,
      yes_price: 40,
    });
    expect([fill_count, remaining_count]).toEqual([2, 3]);
    expect(shown()).toEqual({ yes: { 40: 3 }, no: {} });
  });

  it('go in batches, and fill or kill all or nothing', async () => {
    await start();
    harness.post(0, 'ask', 4000, 4.9);
    const { status, body } = await call('POST', '/portfolio/orders/batched', {
      orders: [
        order({ time_in_force: 'fill_or_kill', count: 4, yes_price: 40 }),
        order({ yes_price: 0 }),
      ],
    });
    expect(status).toBe(201);
    expect(body.orders).toMatchObject([
      { error: null, order: { fill_count: 4 } },
      { error: { code: 'invalid_price' }, order: null },
    ]);
    const killed = await create({ time_in_force: 'fill_or_kill', yes_price: 40 });
    expect(killed.status).toBe(409);
  });

  it.each([
    [{ count: '5' }, 'bad_request'],
    [{ yes_price: 50.5 }, 'bad_request'],
    [{ no_price: 50 }, 'invalid_parameters'],
    [{ yes_price: undefined }, 'invalid_parameters'],
    [{ count: 0 }, 'invalid_order_size'],
    [{ action: 'hold' }, 'invalid_parameters'],
  ])('%j are refused as %s', async (over, code) => {
    await start();
    const { status, body } = await create(over);
    expect([status, (body.error as Loose | undefined)?.code ?? body.code]).toEqual([400, code]);
  });
});

it('what came after January 2026 is not there', async () => {
  await start();
  for (const [method, path] of [
    ['POST', '/portfolio/events/orders'],
    ['DELETE', '/portfolio/events/orders'],
    ['POST', '/portfolio/intra_exchange_instance_transfer'],
    ['GET', `/markets/orderbooks?tickers=${A}`],
    ['GET', '/portfolio/target_balance_allocation'],
  ] as const) {
    expect((await call(method, path, method === 'GET' ? undefined : {})).status).toBe(404);
  }
  const client = await harness.connect();
  await client.book([A]);
  client.send({ id: 5, cmd: 'subscribe', params: { channels: ['user_orders'] } });
  const asked = { sid: 1, action: 'get_snapshot', market_tickers: [A] };
  client.send({ id: 6, cmd: 'update_subscription', params: asked });
  await client.settle();
  expect(client.of('error').map(({ id, msg }) => [id, msg.code])).toEqual([
    [5, 8],
    [6, 13],
  ]);
});

it('bodies have the keys of the recorded ones', async () => {
  await start();
  harness.post(0, 'ask', 4000, 5);
  await made({ count: 3, yes_price: 40 });
  await made({ count: 2, yes_price: 20, time_in_force: undefined });
  const recorded = gunzipSync(readFileSync(`${SHARED}/kalshi-rest/golden_2026-01.jsonl.gz`))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { name: string; response: Loose });
  const theirs = (name: string, ...path: (string | number)[]): string[] =>
    keysAt(recorded.find((each) => each.name === name)!.response, path);
  const ours = async (url: string, ...path: (string | number)[]): Promise<string[]> =>
    keysAt((await call('GET', url)).body, path);
  /** Keys that only some markets and orders have. */
  const rare = new Set(['early_close_condition', 'taker_fees_dollars']);
  const expectSame = (mine: string[], recordedKeys: string[]): void =>
    expect(mine.filter((key) => !rare.has(key))).toEqual(
      recordedKeys.filter((key) => !rare.has(key)),
    );
  expectSame(
    await ours('/events/KXAAA-26DEC01', 'markets', 0),
    theirs('event_single', 'markets', 0),
  );
  expectSame(await ours('/events/KXAAA-26DEC01', 'event'), theirs('event_single', 'event'));
  expectSame(await ours(`/markets/${A}/orderbook`, 'orderbook'), theirs('orderbook', 'orderbook'));
  expectSame(await ours('/portfolio/orders', 'orders', 1), theirs('portfolio_orders', 'orders', 0));
  expectSame(await ours('/portfolio/fills', 'fills', 0), theirs('portfolio_fills', 'fills', 0));
  expectSame(
    await ours('/portfolio/positions', 'market_positions', 0),
    theirs('portfolio_positions', 'market_positions', 0),
  );
  expectSame(
    await ours('/portfolio/positions', 'event_positions', 0),
    theirs('portfolio_positions', 'event_positions', 0),
  );
  expectSame(await ours('/portfolio/balance'), theirs('portfolio_balance'));
  expectSame(await ours('/exchange/status'), theirs('exchange_status'));
  expectSame(await ours('/exchange/schedule', 'schedule'), theirs('exchange_schedule', 'schedule'));
  expectSame(await ours('/series/KXAAA', 'series'), theirs('series_single', 'series'));
  expectSame(await ours('/markets/trades', 'trades', 0), theirs('trades_list', 'trades', 0));
});

function keysAt(body: unknown, path: readonly (string | number)[]): string[] {
  let value = body;
  for (const step of path) value = (value as Record<string | number, unknown>)[step];
  return Object.keys(value as object).sort();
}
