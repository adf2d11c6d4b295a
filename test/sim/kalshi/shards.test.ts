import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../../src/sim/accounts.js';
import type { ApiKey } from '../../../src/sim/kalshi/authenticator.js';
import { allocationByMarkets, Purses } from '../../../src/sim/kalshi/purses.js';
import { Harness, KEYS, listing, type Reply } from './harness.js';

let harness: Harness;
afterEach(() => harness.stop());

const [NEAR, FAR] = ['KXAAA-26DEC01-T0', 'KXAAA-26DEC01-T1'] as const;
const listings = [listing(0), listing(1, { exchangeIndex: 2 })];
const codeOf = ({ status, body }: Reply): [number, string] => [status, body.error.code];
const balances = async (): Promise<Record<number, string>> => {
  const { balance_breakdown } = (await harness.get('/portfolio/balance')).body;
  return Object.fromEntries(balance_breakdown.map((each) => [each.exchange_index, each.balance]));
};
const transfer = (amount: number, from: number, to: number): Promise<Reply> =>
  harness.rest('POST', '/portfolio/intra_exchange_instance_transfer', {
    source: 'event_contract',
    destination: 'event_contract',
    amount,
    source_exchange_shard: from,
    destination_exchange_shard: to,
  });

describe('collateral', () => {
  it('lies over the shards in proportion to their markets', async () => {
    harness = await Harness.start(listings);
    expect(await balances()).toEqual({ 0: '500.0000', 2: '500.0000' });
    const far = (await harness.get('/portfolio/balance?exchange_index=2')).body;
    expect(far).toMatchObject({ balance: 50_000, balance_dollars: '500.0000' });
    expect(codeOf(await harness.get('/portfolio/balance?subaccount=3'))).toEqual([
      404,
      'user_not_found',
    ]);
  });

  it('is looked for on the market’s own shard', async () => {
    harness = await Harness.start(listings);
    harness.post(1, 'ask', 9000, 1_000);
    const order = { ticker: FAR, price: '0.90', count: '600' };
    expect(codeOf(await harness.create(order))).toEqual([400, 'insufficient_balance']);
    expect((await transfer(1_000_000, 0, 2)).status).toBe(200);
    expect(await balances()).toEqual({ 0: '400.0000', 2: '600.0000' });
    expect((await harness.create(order)).body.fill_count).toBe('600.00');
    expect((await balances())[0]).toBe('400.0000');
    expect(codeOf(await transfer(4_000_001, 0, 2))).toEqual([400, 'insufficient_balance']);
    expect((await harness.create({ ticker: NEAR })).status).toBe(201);
  });

  it('what rests is not moved', async () => {
    harness = await Harness.start(listings);
    const resting = { time_in_force: 'good_till_canceled', price: '0.50', count: '900' };
    await harness.create(resting);
    expect(codeOf(await transfer(600_000, 0, 2))).toEqual([400, 'insufficient_balance']);
  });

  it('all on shard 0 leaves the others unknown until cash is moved there', async () => {
    harness = await Harness.start(listings, { funding: 'primary' });
    expect(await balances()).toEqual({ 0: '1000.0000' });
    expect(codeOf(await harness.create({ ticker: FAR }))).toEqual([404, 'user_not_found']);
    await transfer(10_000, 0, 2);
    expect((await harness.create({ ticker: FAR })).status).toBe(201);
    expect(codeOf(await transfer(1, 0, 7))).toEqual([404, 'user_not_found']);
    expect(codeOf(await transfer(0, 0, 2))).toEqual([400, 'invalid_parameters']);
  });

  it('allocations are whole: every shard has some, together 100 percent', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(8), { maxLength: 300 }), (indexes) => {
        const allocation = allocationByMarkets(indexes);
        const percents = [...allocation.values()];
        expect(percents.reduce((sum, percent) => sum + percent, 0)).toBe(100);
        expect(Math.min(...percents)).toBeGreaterThanOrEqual(1);
        expect([...allocation.keys()].sort()).toEqual([...new Set([0, ...indexes])].sort());
      }),
    );
  });

  it('cash over the shards is the account’s to the micro, whatever is traded and moved', async () => {
    const act = fc.record({
      market: fc.nat(1),
      side: fc.constantFrom('bid', 'ask'),
      tick: fc.integer({ min: 40, max: 60 }),
      centi: fc.integer({ min: 1, max: 900 }),
      move: fc.integer({ min: -400_000, max: 400_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 20 }), async (acts) => {
        harness = await Harness.start(listings);
        for (const market of [0, 1]) {
          harness.post(market, 'bid', 4500, 40.33);
          harness.post(market, 'ask', 5500, 40.71);
        }
        for (const { market, side, tick, centi, move } of acts) {
          await harness.create({
            ticker: listings[market]!.ticker,
            side,
            price: `0.${tick}`,
            count: (centi / 100).toFixed(2),
            time_in_force: 'good_till_canceled',
            self_trade_prevention_type: 'maker',
          });
          await transfer(Math.abs(move), move < 0 ? 0 : 2, move < 0 ? 2 : 0);
        }
        await harness.delete('/portfolio/events/orders');
        const { cashMicros } = harness.accounts.statement('alice');
        const { balance_dollars } = (await harness.get('/portfolio/balance')).body;
        expect(BigInt(balance_dollars.replace('.', ''))).toBe(BigInt(cashMicros) / 100n);
        await harness.stop();
      }),
      { numRuns: 10 },
    );
  });
});

it('an allocation is brought back from free cash alone, and not without one', () => {
  const accounts = new Accounts({ nets: true });
  accounts.open('alice', 1_000_000_007);
  const allocation = new Map([
    [0, 30],
    [2, 70],
  ]);
  const purses = new Purses({ accounts, allocation });
  const lies = (): number[] => [0, 2].map((shard) => purses.cashMicros('alice', shard));
  expect(lies()).toEqual([300_000_007, 700_000_000]);
  purses.reserve('alice', 2, 100_000_000);
  expect(purses.transfer('alice', 2, 0, 600_000_001)).toBe(false);
  expect(purses.transfer('alice', 2, 0, 600_000_000)).toBe(true);
  purses.rebalance();
  // 900,000,007 is free: 30 and 70 percent of it, and what is set aside stays on its shard.
  expect(lies()).toEqual([270_000_007, 730_000_000]);
  purses.setAllocation('alice', undefined);
  purses.transfer('alice', 0, 2, 7);
  purses.rebalance();
  expect(lies()).toEqual([270_000_000, 730_000_007]);
});

it('a target allocation must be whole, and an empty one ends it', async () => {
  harness = await Harness.start(listings);
  const path = '/portfolio/target_balance_allocation';
  const set = (allocations: object[]): Promise<Reply> =>
    harness.rest('POST', path, { allocations });
  expect((await harness.get(path)).body.allocations).toEqual([
    { exchange_index: 0, percent: 50 },
    { exchange_index: 2, percent: 50 },
  ]);
  expect((await set([{ exchange_index: 0, percent: 99 }])).status).toBe(400);
  expect((await set([{ exchange_index: 5, percent: 100 }])).status).toBe(404);
  expect((await set([{ exchange_index: 2, percent: 100 }])).status).toBe(200);
  expect((await harness.get(path)).body.allocations).toEqual([{ exchange_index: 2, percent: 100 }]);
  await set([]);
  expect((await harness.get(path)).body.allocations).toEqual([]);
});

it('a key does what its scopes allow', async () => {
  const scoped: ApiKey[] = (['read', 'read::portfolio_balance', 'write::trade'] as const).map(
    (scope) => ({
      keyId: `key-${scope}`,
      publicKey: KEYS.alice!.publicKey,
      account: 'alice',
      scopes: [scope],
    }),
  );
  harness = await Harness.start(listings, { keys: scoped });
  const call = async (scope: string, method: 'GET' | 'POST', path: string): Promise<number> => {
    const headers = {
      ...harness.headers('alice', method, `/trade-api/v2${path}`),
      'KALSHI-ACCESS-KEY': `key-${scope}`,
    };
    const body = method === 'GET' ? undefined : harness.order();
    return (await harness.rest(method, path, body, headers)).status;
  };
  const orders = '/portfolio/events/orders';
  const money = '/portfolio/intra_exchange_instance_transfer';
  expect(await call('read', 'POST', orders)).toBe(403);
  expect(await call('read', 'GET', '/portfolio/fills')).toBe(200);
  expect(await call('read::portfolio_balance', 'GET', '/portfolio/balance')).toBe(200);
  expect(await call('read::portfolio_balance', 'GET', '/portfolio/fills')).toBe(403);
  expect(await call('write::trade', 'POST', orders)).toBe(201);
  expect(await call('write::trade', 'POST', money)).toBe(403);
});
