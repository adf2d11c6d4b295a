import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/domain/clock.js';
import { KALSHI, NO, type Outcome, POLYMARKET, type Venue, YES } from '../../src/domain/venue.js';
import { RestClient } from '../../src/net/rest-client.js';
import { type AccountState, UnreadableAccountError } from '../../src/runtime/account-state.js';
import { Accounts } from '../../src/runtime/accounts.js';
import type { EngineConfig } from '../../src/runtime/engine-config.js';
import { loadTradedPairs } from '../../src/runtime/markets.js';
import { loadPairs } from '../../src/runtime/pairs.js';
import type { TradedPair } from '../../src/runtime/worker-protocol.js';
import type { Statement } from '../../src/sim/accounts.js';
import { type RunningSim, startSim } from '../../src/sim/sim.js';
import { simOptionsSchema } from '../../src/sim/sim-options.js';
import { KalshiOrderCalls } from '../../src/venues/kalshi/order-calls.js';
import { readKalshiPrivateKey } from '../../src/venues/kalshi/wire/auth.js';
import type { VenueFill } from '../../src/venues/orders.js';
import { Trader } from '../sim/polymarket/exchange-fixture.js';
import { type AnsweringServer, startAnsweringServer } from '../venues/answering-server.js';

const MARKETS = 4;
const RUNS = 6;
const DEADLINE_MS = 15_000;
const DOLLAR_E6 = 1_000_000;
const clock: Clock = { nowNs: () => Math.round(performance.now() * 1e6), wallMs: () => Date.now() };

let sim: RunningSim;
let accounts: Accounts;
let pairs: readonly TradedPair[];
let kalshiRest: RestClient;
let kalshi: KalshiOrderCalls;
let polymarket: Trader;

function configOf(ready: RunningSim['ready'], restUrls: readonly [string, string]): EngineConfig {
  return {
    requestTimeoutMs: 5_000,
    kalshi: { ...ready.kalshi, restUrl: restUrls[KALSHI] },
    polymarket: { ...ready.polymarket, restUrl: restUrls[POLYMARKET] },
  } as unknown as EngineConfig;
}

beforeAll(async () => {
  const options = { markets: MARKETS, autoStart: false, seed: 3 };
  sim = await startSim(simOptionsSchema.parse(options), () => undefined);
  const { ready } = sim;
  const urls = [ready.kalshi.restUrl, ready.polymarket.restUrl] as const;
  accounts = new Accounts(configOf(ready, urls), [clock, clock], [{}, {}]);
  await accounts.login();
  const approved = loadPairs(ready.pairsPath);
  ({ traded: pairs } = await loadTradedPairs(approved, accounts.kalshi, accounts.polymarket));
  kalshiRest = new RestClient(ready.kalshi.restUrl, 5_000);
  const key = readKalshiPrivateKey(readFileSync(ready.kalshi.privateKeyPath, 'utf8'));
  kalshi = new KalshiOrderCalls(kalshiRest, { keyId: ready.kalshi.keyId, key, clock });
  const secret = readFileSync(ready.polymarket.privateKeyPath, 'utf8').trim().slice(2);
  polymarket = new Trader(ready.polymarket.restUrl, Buffer.from(secret, 'hex'));
  await polymarket.login();
});
afterAll(async () => {
  await polymarket.close();
  await kalshiRest.close();
  await accounts.close();
  await sim.stop();
});

interface Buy {
  readonly venue: Venue;
  readonly market: number;
  readonly outcome: Outcome;
  readonly contracts: number;
  /** Polymarket: the trade will fail on chain. */
  readonly isGhost: boolean;
}

let ids = 0;

/** Buys what the books have, at any price. */
async function buy({ venue, market, outcome, contracts, isGhost }: Buy): Promise<void> {
  const pair = pairs[market]!;
  if (venue === POLYMARKET) {
    if (isGhost) sim.polymarket.inject({ kind: 'ghost-fills', count: 1 });
    const listing = { ...pair.polymarket, version: pair.polymarket.protocol };
    const takerAmount = contracts * DOLLAR_E6;
    const makerAmount = contracts * 990_000;
    const order = { listing: listing as never, outcome, makerAmount, takerAmount };
    expect((await polymarket.post({ ...order, orderType: 'FAK' })).status).toBe(200);
    return;
  }
  const { ticker, exchangeIndex } = pair.kalshi;
  const [reply] = await kalshi.createOrders([
    {
      ticker,
      clientOrderId: `buy-${ids++}`,
      side: outcome === YES ? 'bid' : 'ask',
      sizeCenti: contracts * 100,
      yesPriceE4: outcome === YES ? 9_900 : 100,
      timeInForce: 'immediate_or_cancel',
      selfTradePrevention: 'taker_at_cross',
      exchangeIndex,
    },
  ]);
  expect(reply?.kind).toBe('acknowledged');
}

/** The exchanges' own books, through their own door. */
async function statements(): Promise<Record<'kalshi' | 'polymarket', Statement>> {
  return (await fetch(`${sim.ready.controlUrl}/accounts`)).json() as never;
}

/** Asks again until the lists, which lag, have caught up. */
async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const endMs = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > endMs) throw new Error(`never came: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const booked = (fills: readonly VenueFill[]) => fills.filter(({ state }) => state !== 'failed');
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** What the account says, in the words of the exchanges' own books. */
function inTheirWords({ kalshi: ours, polymarket: theirs }: AccountState) {
  const money = (fills: readonly VenueFill[]) => ({
    costMicros: sum(booked(fills).map(({ costMicros }) => costMicros)),
    feesMicros: sum(booked(fills).map(({ feeMicros }) => feeMicros)),
  });
  return {
    kalshi: { ...money(ours.fills), positions: [...ours.positions].sort(([a], [b]) => a - b) },
    polymarket: {
      ...money(theirs.fills),
      cashMicros: theirs.cashMicros,
      positions: [...theirs.positions].filter(([, [yesE6, noE6]]) => yesE6 + noE6 > 0),
    },
  };
}

function asTheyBooked({
  kalshi: theirs,
  polymarket: others,
}: Awaited<ReturnType<typeof statements>>) {
  const money = ({ costMicros, feesMicros }: Statement) => ({ costMicros, feesMicros });
  return {
    kalshi: {
      ...money(theirs),
      positions: theirs.positions.map(({ market, yesE6, noE6 }) => [market, yesE6 - noE6]),
    },
    polymarket: {
      ...money(others),
      cashMicros: others.cashMicros,
      positions: others.positions.map(({ market, yesE6, noE6 }) => [market, [yesE6, noE6]]),
    },
  };
}

const anyBuy: fc.Arbitrary<Buy> = fc.record({
  venue: fc.constantFrom(KALSHI, POLYMARKET),
  market: fc.nat({ max: MARKETS - 1 }),
  outcome: fc.constantFrom(YES, NO),
  contracts: fc.integer({ min: 5, max: 40 }),
  isGhost: fc.boolean(),
});

describe('the account on both exchanges', () => {
  it('is what they have booked, whatever was bought, netted, or failed on chain', async () => {
    const seen = { netted: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(anyBuy, { minLength: 1, maxLength: 6 }), async (buys) => {
        for (const each of buys) await buy(each);
        const read = async () => ({
          state: await accounts.state(pairs, 0),
          truth: await statements(),
        });
        const isSettled = ({ polymarket: { fills } }: AccountState) =>
          fills.every(({ state }) => state !== 'provisional');
        const { state, truth } = await eventually(
          read,
          ({ state: now, truth: then }) =>
            isSettled(now) &&
            JSON.stringify(inTheirWords(now)) === JSON.stringify(asTheyBooked(then)),
        );
        const { cashMicros, byShard, orders, openOrders, fills } = state.kalshi;
        // Told in 1/100 cents, cut off: once for all shards, and once for each.
        const missingMicros = truth.kalshi.cashMicros - cashMicros;
        expect(missingMicros >= 0 && missingMicros < 100).toBe(true);
        const byShards = cashMicros - sum([...byShard.values()]);
        expect(byShards >= 0 && byShards < 100 * byShard.size).toBe(true);
        expect([...openOrders, ...state.polymarket.openOrders]).toEqual([]);
        const filledCenti = sum(orders.map((order) => order.filledCenti));
        expect(sum(fills.map(({ sizeE6 }) => sizeE6))).toBe(filledCenti * 10_000);
        expect(fills.every(({ clientOrderId }) => clientOrderId?.startsWith('buy-'))).toBe(true);
        seen.netted = Math.max(seen.netted, truth.kalshi.nettedMicros);
        seen.failed += state.polymarket.fills.filter((fill) => fill.state === 'failed').length;
      }),
      { numRuns: RUNS, seed: 5, endOnFailure: true },
    );
    expect(seen.netted).toBeGreaterThan(0);
    expect(seen.failed).toBeGreaterThan(0);
  });

  it('has the orders that rest, and no tokens of markets that nobody asked about', async () => {
    const { ticker, exchangeIndex } = pairs[1]!.kalshi;
    await kalshi.createOrders([
      {
        ticker,
        clientOrderId: 'rests',
        side: 'bid',
        sizeCenti: 500,
        yesPriceE4: 100,
        timeInForce: 'good_till_canceled',
        selfTradePrevention: 'taker_at_cross',
        exchangeIndex,
      },
    ]);
    const listing = pairs[2]!.polymarket as never;
    const amounts = { makerAmount: 200_000, takerAmount: 20 * DOLLAR_E6 };
    await polymarket.post({ listing, outcome: NO, ...amounts, orderType: 'GTC' });
    const state = await eventually(
      () => accounts.state(pairs, 0, [2]),
      (now) => now.kalshi.openOrders.length + now.polymarket.openOrders.length === 2,
    );
    expect(state.kalshi.openOrders).toMatchObject([
      { clientOrderId: 'rests', ticker, status: 'resting', remainingCenti: 500 },
    ]);
    const [open] = state.polymarket.openOrders;
    const { tokenIds, conditionId } = pairs[2]!.polymarket;
    expect(open).toMatchObject({ conditionId, tokenId: tokenIds[NO], status: 'live' });
    expect(open).toMatchObject({ priceE4: 100, originalE6: 20 * DOLLAR_E6 });
    expect([...state.polymarket.positions.keys()]).toEqual([2]);
  });

  it('asks for no market that there is not', async () => {
    await expect(accounts.polymarketPositions(pairs, [MARKETS])).rejects.toThrow(RangeError);
  });
});

describe('an account of which a row cannot be read', () => {
  let servers: AnsweringServer[] = [];
  let own: Accounts | undefined;
  afterEach(async () => {
    await own?.close();
    for (const server of servers) await server.close();
    servers = [];
  });

  /** Empty lists everywhere, and one list with rows of the test. */
  async function withRows(list: string, rows: readonly unknown[]): Promise<Accounts> {
    const answer = ({ path }: { readonly path: string }): readonly [number, unknown] => {
      const { pathname, searchParams } = new URL(path, 'http://x');
      const isOpenList = searchParams.get('status') === 'resting';
      const name = pathname.split('/').at(-1) ?? '';
      const own = (isOpenList ? `open ${name}` : name) === list ? rows : [];
      switch (name) {
        case 'balance':
          return [200, { balance: 5, balance_dollars: '0.05' }];
        case 'balance-allowance':
          return [200, { balance: list === 'tokens' ? rows[0] : '7' }];
        case 'positions':
          return [200, { market_positions: own, cursor: '' }];
        case 'fills':
          return [200, { fills: own, cursor: '' }];
        case 'orders':
          return pathname.includes('/data/')
            ? [200, { data: list === 'data orders' ? rows : [], next_cursor: 'LTE=' }]
            : [200, { orders: own, cursor: '' }];
        case 'trades':
          return [200, { data: own, next_cursor: 'LTE=' }];
        default:
          return [200, { apiKey: 'k', secret: 'c2VjcmV0', passphrase: 'p' }];
      }
    };
    servers = [await startAnsweringServer(answer), await startAnsweringServer(answer)];
    const urls = servers.map(({ origin }) => origin) as [string, string];
    own = new Accounts(configOf(sim.ready, urls), [clock, clock], [{}, {}]);
    await own.login();
    return own;
  }

  const position = (ticker: string, text: string) => {
    return { ticker, position_fp: text, market_exposure_dollars: '1.00' };
  };

  it.each([
    ['positions', [{ ticker: 'KX-1', position_fp: 'many' }], /venue=kalshi count=1/],
    ['open orders', [{ order_id: 'o' }], /open orders cannot be read: venue=kalshi/],
    ['orders', ['what'], /orders cannot be read: venue=kalshi count=1 first=what/],
    ['data orders', [{ id: 'x', status: 'LIVE' }], /venue=polymarket count=1/],
    ['trades', [{ id: '' }, { id: '' }], /trades cannot be read: venue=polymarket count=2/],
    ['tokens', ['1.5'], /balance=1.5/],
  ])('is not read at all: %s', async (list, rows, words) => {
    const account = await withRows(list, rows);
    await expect(account.state(pairs, 0)).rejects.toThrow(words);
  });

  it('is not read when a fill cannot be', async () => {
    const { ticker } = pairs[0]!.kalshi;
    const account = await withRows('fills', [{ ticker, trade_id: 't' }]);
    const reading = account.state(pairs, 0);
    await expect(reading).rejects.toThrow(UnreadableAccountError);
    await expect(reading).rejects.toThrow(/fills cannot be read: venue=kalshi count=1/);
  });

  it('is not read when a market has two positions, and is when a row comes twice', async () => {
    const { ticker } = pairs[3]!.kalshi;
    const twice = await withRows('positions', [position(ticker, '2.00'), position(ticker, '2.00')]);
    expect([...(await twice.kalshiPositions(pairs))]).toEqual([[3, 2 * DOLLAR_E6]]);
    await twice.close();
    const two = await withRows('positions', [position(ticker, '2.00'), position(ticker, '-1.00')]);
    await expect(two.kalshiPositions(pairs)).rejects.toThrow(/two positions: .*ticker=/);
  });

  it('has all its cash on shard 0 when the exchange does not break it down', async () => {
    const cash = await (await withRows('none', [])).cash();
    expect(cash).toEqual({
      kalshiByShard: new Map([[0, 50_000]]),
      kalshiMicros: 50_000,
      polymarketMicros: 7,
    });
  });
});
