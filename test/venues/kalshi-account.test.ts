import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  findKalshiOrder,
  KalshiAccountError,
  listKalshiOrders,
  listKalshiPositions,
  loadKalshiCash,
  loadKalshiFills,
} from '../../src/venues/kalshi/account.js';
import {
  loadKalshiExchangeStatus,
  loadKalshiUserDataMs,
} from '../../src/venues/kalshi/exchange-status.js';
import { loadKalshiCosts, loadKalshiLimits } from '../../src/venues/kalshi/limits.js';
import { type KalshiAnswer, type KalshiCall, KalshiRestServer, ok } from './kalshi-rest-server.js';

let server: KalshiRestServer;
afterEach(() => server.stop());

async function open(answer: (call: KalshiCall, count: number) => KalshiAnswer | undefined) {
  server = await KalshiRestServer.start(answer, { sleep: async () => undefined });
  return [server.rest, server.identity] as const;
}

const RECORDED = '../shared/data/recorded';
/** Bodies of January 2026, in cents, by name. */
const golden = new Map(
  gunzipSync(readFileSync(`${RECORDED}/kalshi-rest/golden_2026-01.jsonl.gz`))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly name: string; readonly response: Json })
    .map(({ name, response }) => [name, response]),
);
/** Steps of July 2026 on the demo exchange. */
const steps = readFileSync(`${RECORDED}/orders/kalshi_demo_scenarios_2026-07-06.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly step: string; readonly data: Json });
type Json = Record<string, unknown>;

describe('cash', () => {
  it('is read in all and by shard', async () => {
    const access = await open(() =>
      ok({
        balance: 125_034,
        balance_dollars: '1250.342101',
        balance_breakdown: [
          { exchange_index: 0, balance: '900.0000' },
          { exchange_index: 2, balance: '350.342101' },
        ],
      }),
    );
    const cash = await loadKalshiCash(...access);
    expect(cash.micros).toBe(1_250_342_101);
    expect([...(cash.byShard ?? [])]).toEqual([
      [0, 900_000_000],
      [2, 350_342_101],
    ]);
    expect(server.calls).toMatchObject([{ path: '/portfolio/balance', isSigned: true }]);
  });

  it('is what was recorded, in July in dollars and in January in cents', async () => {
    const recorded = steps.flatMap(({ data }) => (data.balance as Json | undefined) ?? []);
    const bodies = [...recorded, golden.get('portfolio_balance')!];
    const access = await open((_, count) => ok(bodies[count - 1]));
    const seen = [];
    for (const _ of bodies) seen.push((await loadKalshiCash(...access)).micros);
    expect(seen).toEqual([999_520_000, 999_462_500, 1_000_040_000, 999_925_000, 100_000_000]);
  });

  it.each<[string, Json]>([
    ['an amount finer than a micro', { balance_dollars: '1.0000001' }],
    ['an amount with a comma', { balance_dollars: '1,000.00' }],
    ['an empty amount', { balance_dollars: '' }],
    ['an amount that is a number', { balance_dollars: 12.5 }],
    ['an amount that is null', { balance_dollars: null }],
    ['no amount at all', { balance: undefined }],
    ['cents in parts', { balance: 100.5 }],
    ['a shard without an amount', { balance_breakdown: [{ exchange_index: 0 }] }],
    ['a shard’s amount in words', { balance_breakdown: [{ exchange_index: 0, balance: 'one' }] }],
    [
      'a shard twice',
      {
        balance_breakdown: [
          { exchange_index: 1, balance: '1.00' },
          { exchange_index: 1, balance: '2.00' },
        ],
      },
    ],
  ])('is refused with %s', async (_what, over) => {
    const access = await open(() => ok({ balance: 100, ...over }));
    await expect(loadKalshiCash(...access)).rejects.toThrow();
  });

  it('is signed anew for the attempt after a 429', async () => {
    const access = await open((_, count) =>
      count === 1
        ? { status: 429, body: { error: 'too many requests' } }
        : ok({ balance: 1, balance_dollars: '0.01' }),
    );
    expect(await loadKalshiCash(...access)).toEqual({ micros: 10_000, byShard: undefined });
    expect(server.calls.map(({ isSigned }) => isSigned)).toEqual([true, true]);
    expect(server.calls[1]!.timestampMs).toBeGreaterThan(server.calls[0]!.timestampMs);
  });
});

/** Serves rows in pages of two. */
function paged(field: string, rows: readonly unknown[]) {
  return ({ query }: KalshiCall): KalshiAnswer => {
    const start = Number(query.cursor ?? 0);
    const cursor = start + 2 < rows.length ? String(start + 2) : '';
    return ok({ [field]: rows.slice(start, start + 2), cursor });
  };
}

describe('positions', () => {
  it('are the ones recorded in July', async () => {
    const path = `${RECORDED}/orders/kalshi_positions_2026-07-26.json`;
    const { market_positions: rows } = JSON.parse(readFileSync(path, 'utf8')) as {
      market_positions: { ticker: string; position_fp: string; market_exposure_dollars: string }[];
    };
    const access = await open(paged('market_positions', rows));
    const { positions, unreadable } = await listKalshiPositions(...access);
    expect(unreadable).toEqual({ count: 0, firstText: '' });
    expect(server.calls.length).toBe(23);
    expect(server.calls[0]!.query).toEqual({ count_filter: 'position', limit: '1000' });
    expect(positions.length).toBe(46);
    positions.forEach(({ ticker, netCenti, exposureMicros }, index) => {
      const row = rows[index]!;
      expect(ticker).toBe(row.ticker);
      expect((netCenti / 100).toFixed(2)).toBe(row.position_fp);
      expect((exposureMicros / 1e6).toFixed(6)).toBe(row.market_exposure_dollars);
    });
  });

  it('are the ones recorded in January, in whole contracts', async () => {
    const body = golden.get('portfolio_positions')!;
    const rows = body.market_positions as { position: number; market_exposure_dollars: string }[];
    const access = await open(() => ok(body));
    const { positions, unreadable } = await listKalshiPositions(...access);
    expect(unreadable.count).toBe(0);
    expect(positions.length).toBeGreaterThan(0);
    expect(positions.map(({ netCenti }) => netCenti / 100)).toEqual(
      rows.map((row) => row.position),
    );
  });

  it('that cannot be read are counted, with the first of them', async () => {
    const good = { ticker: 'KXA', position_fp: '-0.50', market_exposure_dollars: '0.20' };
    const rows = [
      good,
      { ...good, position_fp: '1.234' },
      { ...good, ticker: '' },
      { ...good, market_exposure_dollars: -1 },
      null,
    ];
    const access = await open(paged('market_positions', rows));
    expect(await listKalshiPositions(...access)).toEqual({
      positions: [{ ticker: 'KXA', netCenti: -50, exposureMicros: 200_000 }],
      unreadable: { count: 4, firstText: JSON.stringify(rows[1]) },
    });
  });
});

const order = (index: number, over: Json = {}): Json => ({
  order_id: `o-${index}`,
  client_order_id: `c-${index}`,
  ticker: 'KXA',
  status: 'canceled',
  fill_count_fp: '0.00',
  remaining_count_fp: '0.00',
  ...over,
});

describe('orders', () => {
  it('are listed over all pages, with those that cannot be read beside them', async () => {
    const rows = [
      order(0, { status: 'executed', fill_count_fp: '12.50' }),
      order(1, { status: 'resting', remaining_count_fp: '3.00' }),
      order(2, { status: 'wobbling', client_order_id: '' }),
      order(3, { fill_count_fp: 3 }),
      order(4, { order_id: undefined }),
    ];
    const access = await open(paged('orders', rows));
    const { orders, unreadable } = await listKalshiOrders(...access, 1_790_000_000);
    const common = { ticker: 'KXA', filledCenti: 0, remainingCenti: 0 };
    expect(orders).toEqual([
      { ...common, orderId: 'o-0', clientOrderId: 'c-0', status: 'executed', filledCenti: 1_250 },
      { ...common, orderId: 'o-1', clientOrderId: 'c-1', status: 'resting', remainingCenti: 300 },
      { ...common, orderId: 'o-2', clientOrderId: undefined, status: 'unknown' },
    ]);
    expect(unreadable).toEqual({ count: 2, firstText: JSON.stringify(rows[3]) });
    expect(server.calls[0]!.query).toEqual({ min_ts: '1790000000', limit: '1000' });
  });

  it('are the ones recorded in January', async () => {
    const body = golden.get('portfolio_orders')!;
    const rows = body.orders as { order_id: string; status: string; fill_count: number }[];
    const access = await open(() => ok({ ...body, cursor: '' }));
    const { orders, unreadable } = await listKalshiOrders(...access, 0);
    expect(unreadable.count).toBe(0);
    expect(orders.map((row) => [row.orderId, row.status, row.filledCenti])).toEqual(
      rows.map((row) => [row.order_id, row.status, row.fill_count * 100]),
    );
  });

  it('are found by our own id, and the list is left as soon as it is', async () => {
    const rows = [order(0), order(1, { order_id: 7 }), order(2), order(3), order(4), order(5)];
    const access = await open(paged('orders', rows));
    const found = await findKalshiOrder(...access, 'c-2', 0);
    expect(found).toMatchObject({ kind: 'found', order: { orderId: 'o-2' } });
    expect(server.calls.length).toBe(2);
  });

  it('are absent only when every row could be read', async () => {
    const access = await open((call, count) =>
      paged('orders', count === 1 ? [order(0)] : [order(0, { status: null })])(call),
    );
    expect(await findKalshiOrder(...access, 'c-9', 0)).toEqual({ kind: 'absent' });
    expect(await findKalshiOrder(...access, 'c-9', 0)).toMatchObject({
      kind: 'unreadable',
      unreadable: { count: 1 },
    });
  });

  it('in a list that does not end are an error, not a part of it', async () => {
    const access = await open(() => ok({ orders: [], cursor: 'more' }));
    await expect(listKalshiOrders(...access, 0)).rejects.toThrow(/does not end: path=.*pages=100/);
  });
});

describe('fills', () => {
  const fill = (index: number, over: Json = {}): Json => ({
    trade_id: `t-${index}`,
    order_id: `o-${index}`,
    ticker: 'KXA',
    count_fp: '2.50',
    yes_price_dollars: '0.4400',
    outcome_side: 'no',
    fee_cost: '0.043200',
    ...over,
  });
  const markets = new Map([['KXA', 3]]);

  it('come with our own ids, and with those that cannot be read beside them', async () => {
    const rows = [
      fill(0),
      fill(1, { ticker: 'KXOTHER', fee_cost: 7 }),
      fill(2, { fee_cost: 0.04 }),
      fill(3, { ticker: undefined }),
      fill(4, { outcome_side: 'maybe' }),
      fill(5, {
        trade_id: undefined,
        fill_id: 't-5',
        outcome_side: undefined,
        side: 'no',
        action: 'buy',
      }),
      fill(6, { yes_price_dollars: '1.0000' }),
      fill(9, { outcome_side: undefined, side: 'yes', action: 'sell' }),
      fill(7, { fee_cost: undefined }),
      fill(8, { order_id: undefined }),
      'nonsense',
    ];
    const access = await open((call) => {
      const isFills = call.path === '/portfolio/fills';
      return paged(isFills ? 'fills' : 'orders', isFills ? rows : [order(0)])(call);
    });
    const { fills, unreadable } = await loadKalshiFills(...access, 1_000, markets);
    const common = { venue: 0, market: 3, sizeE6: 2_500_000, feeMicros: 43_200, state: 'final' };
    expect(fills).toEqual([
      {
        ...common,
        tradeId: 't-0',
        orderId: 'o-0',
        clientOrderId: 'c-0',
        outcome: 1,
        costMicros: 1_400_000,
      },
      {
        ...common,
        tradeId: 't-5',
        orderId: 'o-5',
        clientOrderId: undefined,
        outcome: 1,
        costMicros: 1_400_000,
      },
    ]);
    expect(unreadable).toEqual({ count: 8, firstText: JSON.stringify(rows[2]) });
    const [first, last] = [server.calls[0]!, server.calls.at(-1)!];
    expect([first.path, first.query.min_ts]).toEqual(['/portfolio/fills', '1000']);
    expect([last.path, last.query.min_ts]).toEqual(['/portfolio/orders', '940']);
  });

  it('are the ones recorded in July, with their fees', async () => {
    const lists = steps.flatMap(({ data }) => [data, data.fills]) as (Json | undefined)[];
    const rows = lists.flatMap((one) => (Array.isArray(one?.fills) ? (one.fills as Json[]) : []));
    expect(rows.length).toBe(7);
    const traded = new Map([['KXMLBGAME-26JUL081840NYYTB-NYY', 0]]);
    const access = await open((call) =>
      call.path === '/portfolio/fills'
        ? paged('fills', rows)(call)
        : ok({ orders: [], cursor: '' }),
    );
    const { fills, unreadable } = await loadKalshiFills(...access, 0, traded);
    expect(unreadable.count).toBe(0);
    expect(fills.length).toBe(rows.length);
    const seen = fills.map(({ outcome, costMicros, feeMicros }) =>
      [outcome, costMicros, feeMicros].join(' '),
    );
    expect([...new Set(seen)].sort()).toEqual([
      '0 480000 0',
      '0 520000 17500',
      '1 480000 0',
      '1 520000 17500',
    ]);
  });

  it('of January have the side that they are on and a fee that is never too small', async () => {
    const body = golden.get('portfolio_fills')!;
    const rows = body.fills as { market_ticker: string; count: number; yes_price: number }[];
    const all = new Map(rows.map(({ market_ticker: ticker }, index) => [ticker, index]));
    const access = await open(({ path }) =>
      ok(path === '/portfolio/fills' ? { ...body, cursor: '' } : { orders: [], cursor: '' }),
    );
    const { fills, unreadable } = await loadKalshiFills(...access, 0, all);
    expect(unreadable.count).toBe(0);
    expect(fills.map(({ sizeE6, costMicros }) => [sizeE6 / 1e6, costMicros / 1e4])).toEqual(
      rows.map(({ count, yes_price: cents }) => [count, count * cents]),
    );
    // 0.07 x 32 x 0.60 x 0.40 = 0.5376 (kalshi-api.md 4.5), up to the cent.
    expect(fills[0]).toMatchObject({ outcome: 0, feeMicros: 540_000 });
  });
});

it('reads the limits and the costs that were recorded', async () => {
  const of = (step: string) => steps.find((one) => one.step === step)!.data;
  const access = await open(({ path }) =>
    ok(of(path === '/account/limits' ? 'api_limits' : 'endpoint_costs')),
  );
  expect(await loadKalshiLimits(...access)).toEqual({
    tier: 'basic',
    read: { capacity: 400, perSecond: 200 },
    write: { capacity: 100, perSecond: 100 },
  });
  const costs = await loadKalshiCosts(...access);
  const orders = '/portfolio/events/orders';
  expect([
    costs.costOf('POST', orders),
    costs.costOf('DELETE', `${orders}/o-1`),
    costs.costOf('DELETE', `${orders}/batched`),
    costs.costOf('GET', '/portfolio/orders/o-1'),
    costs.costOf('GET', '/portfolio/orders'),
    costs.costOf('GET', '/cfbenchmarks/a/b'),
    costs.costOf('GET', '/cfbenchmarks'),
    costs.costOf('GET', '/margin/balance'),
  ]).toEqual([10, 2, 2, 2, 10, 50, 50, 5]);
  expect(server.calls.every(({ isSigned }) => isSigned)).toBe(true);
});

it('takes the cost of the path that is written out before that of one with a name in it', async () => {
  const rows = [
    ['DELETE', '/trade-api/v2/orders/:id', 2],
    ['DELETE', '/trade-api/v2/orders/batched', 7],
    ['GET', '/trade-api/v2/orders/*rest', 50],
  ].map(([method, path, cost]) => ({ method, path, cost }));
  const access = await open(() => ok({ default_cost: 10, endpoint_costs: rows }));
  const costs = await loadKalshiCosts(...access);
  expect([
    costs.costOf('DELETE', '/orders/o-1'),
    costs.costOf('DELETE', '/orders/batched'),
    costs.costOf('DELETE', '/orders/o-1/fills'),
    costs.costOf('GET', '/orders'),
    costs.costOf('GET', '/orders/a/b'),
  ]).toEqual([2, 7, 10, 10, 50]);
});

it.each([0, -1, '200', null])('takes no rate of %s for a limit', async (rate) => {
  const bucket = { refill_rate: 200, bucket_capacity: 400 };
  const access = await open(() =>
    ok({ usage_tier: 'x', read: bucket, write: { ...bucket, refill_rate: rate } }),
  );
  await expect(loadKalshiLimits(...access)).rejects.toThrow(/refill_rate/);
});

describe('the exchange', () => {
  const shard = (index: number, tradingActive: boolean) => ({
    exchange_index: index,
    exchange_active: true,
    trading_active: tradingActive,
  });

  it.each([200, 503, 504])('says with a %i which of its shards are open', async (status) => {
    const body = {
      exchange_active: true,
      trading_active: true,
      exchange_estimated_resume_time: '2026-11-26T10:00:00Z',
      exchange_index_statuses: [shard(0, true), shard(2, false)],
    };
    const [rest] = await open(() => ({ status, body }));
    const { shards, resumeMs } = await loadKalshiExchangeStatus(rest);
    expect([...shards]).toEqual([
      [0, { exchangeActive: true, tradingActive: true }],
      [2, { exchangeActive: true, tradingActive: false }],
    ]);
    expect(resumeMs).toBe(Date.UTC(2026, 10, 26, 10));
  });

  it('of January has one shard', async () => {
    const [rest] = await open(() => ok(golden.get('exchange_status')));
    expect(await loadKalshiExchangeStatus(rest)).toEqual({
      shards: new Map([[0, { exchangeActive: true, tradingActive: true }]]),
      resumeMs: undefined,
    });
  });

  it.each([
    [503, '<html>down</html>'],
    [503, '{"exchange_active":"yes"}'],
    [500, '{"exchange_active":true,"trading_active":true}'],
    [200, '{"exchange_active":true}'],
  ])('that says %i %s is not known to be open', async (status, body) => {
    const [rest] = await open(() => ({ status, body }));
    await expect(loadKalshiExchangeStatus(rest)).rejects.toThrow(/exchange\/status/);
  });

  it('says how far its reads of our account are', async () => {
    const times = ['2026-11-02T10:00:00.123456Z', '2026-11-02T06:00:00-04:00', 'soon'];
    const [rest] = await open((_, count) => ok({ as_of_time: times[count - 1] }));
    expect(await loadKalshiUserDataMs(rest)).toBe(Date.UTC(2026, 10, 2, 10, 0, 0, 123));
    expect(await loadKalshiUserDataMs(rest)).toBe(Date.UTC(2026, 10, 2, 10));
    await expect(loadKalshiUserDataMs(rest)).rejects.toThrow(/as_of_time/);
  });
});

it('says of a balance that it cannot read what it was', async () => {
  const access = await open(() => ok({ balance: 1, balance_dollars: '1e3' }));
  await expect(loadKalshiCash(...access)).rejects.toThrow(KalshiAccountError);
  await expect(loadKalshiCash(...access)).rejects.toThrow('dollars=1e3');
});
