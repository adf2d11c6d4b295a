import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Harness, listing } from './harness.js';
import { rebuiltBooks, type Sizes, sequencesOf, sizesOf } from './rebuilt-books.js';

let harness: Harness;
afterEach(() => harness.stop());

/** The matching engine's book in the frames' words. */
function engineBook(market: number, useYesPrice: boolean): Sizes {
  const { engine } = harness;
  return sizesOf(engine.bids(market), engine.asks(market), useYesPrice);
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('post' as const),
      market: fc.nat(2),
      side: fc.constantFrom('bid' as const, 'ask' as const),
      tick: fc.integer({ min: 1, max: 99 }),
      centi: fc.integer({ min: 1, max: 100_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pull' as const), nth: fc.nat(50) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'add_markets' as const,
        'get_snapshot' as const,
        'resubscribe' as const,
      ),
      market: fc.nat(2),
    }),
  },
);

describe('books', () => {
  it('rebuilt from snapshots and deltas equal the engine’s, with a seq without holes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        harness = await Harness.start([listing(0), listing(1), listing(2)]);
        const clients = await Promise.all([harness.connect(), harness.connect()]);
        const tickers = harness.listings.map(({ ticker }) => ticker);
        await clients[0].book(tickers, { use_yes_price: false });
        await clients[1].book(tickers, { use_yes_price: true });
        const posted: { market: number; id: number }[] = [];
        for (const one of steps) {
          if (one.kind === 'post') {
            const id = harness.post(one.market, one.side, one.tick * 100, one.centi / 100);
            posted.push({ market: one.market, id });
          } else if (one.kind === 'pull') {
            const pulled = posted[one.nth % Math.max(1, posted.length)];
            if (pulled !== undefined) harness.pull(pulled.market, pulled.id);
          } else {
            const market_tickers = [tickers[one.market]!];
            for (const client of clients) {
              if (one.kind === 'resubscribe') await client.book(market_tickers);
              else {
                const params = { sid: 1, action: one.kind, market_tickers };
                client.send({ id: 7, cmd: 'update_subscription', params });
              }
            }
          }
        }
        for (const [index, client] of clients.entries()) {
          await client.settle();
          const books = rebuiltBooks(client);
          for (const { market, ticker } of harness.listings) {
            expect(books.get(ticker)).toEqual(engineBook(market, index === 1));
          }
          expect(sequencesOf(client)).toEqual(sequencesOf(client).map((_, at) => at + 1));
        }
        await harness.stop();
      }),
      { numRuns: 25 },
    );
  });

  it('leave out the key of an empty side', async () => {
    harness = await Harness.start();
    harness.post(0, 'ask', 4400, 7);
    const client = await harness.connect();
    await client.book([harness.listings[0]!.ticker, harness.listings[1]!.ticker]);
    const first = await client.nth('orderbook_snapshot');
    const second = await client.nth('orderbook_snapshot', 1);
    expect(first.msg.no_dollars_fp).toEqual([['0.5600', '7.00']]);
    expect(Object.keys(first.msg)).toEqual(['market_ticker', 'market_id', 'no_dollars_fp']);
    expect(Object.keys(second.msg)).toEqual(['market_ticker', 'market_id']);
  });

  it('send one delta a change, of one matching event all with one time', async () => {
    harness = await Harness.start();
    for (const tick of [40, 41, 42]) harness.post(0, 'ask', tick * 100, 5);
    const client = await harness.connect('bob');
    await client.book([harness.listings[0]!.ticker]);
    await harness.create({ count: '12.50', price: '0.4500' });
    await client.settle();
    const deltas = client.of('orderbook_delta');
    expect(deltas.map(({ msg }) => [msg.side, msg.price_dollars, msg.delta_fp])).toEqual([
      ['no', '0.6000', '-5.00'],
      ['no', '0.5900', '-5.00'],
      ['no', '0.5800', '-2.50'],
    ]);
    expect(new Set(deltas.map(({ msg }) => `${msg.ts} ${msg.ts_ms}`)).size).toBe(1);
    expect(deltas.some(({ msg }) => 'client_order_id' in msg)).toBe(false);
  });

  it('tell only who caused a change by which order', async () => {
    harness = await Harness.start();
    const alice = await harness.connect('alice');
    const bob = await harness.connect('bob');
    for (const client of [alice, bob]) await client.book([harness.listings[0]!.ticker]);
    const order = { time_in_force: 'good_till_canceled', client_order_id: 'mine"\\' };
    await harness.create(order, 'alice');
    expect((await alice.nth('orderbook_delta')).msg.client_order_id).toBe('mine"\\');
    expect((await bob.nth('orderbook_delta')).msg).not.toHaveProperty('client_order_id');
  });

  it('have the keys of recorded frames, in their order', async () => {
    harness = await Harness.start();
    harness.post(0, 'bid', 4100, 12.5);
    harness.post(0, 'ask', 4400, 7);
    const client = await harness.connect('bob');
    await client.book([harness.listings[0]!.ticker], { use_yes_price: false });
    client.send({ id: 2, cmd: 'subscribe', params: { channels: ['trade'] } });
    await client.settle();
    await harness.create({ count: '2', price: '0.4400' });
    await client.settle();
    const recorded = readFileSync(
      new URL(
        '../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG050800-00.ndjson.gz',
        root(),
      ),
    );
    const lines = gunzipSync(recorded).toString().split('\n').slice(0, 2000);
    const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line).event);
    for (const type of ['orderbook_snapshot', 'orderbook_delta', 'trade']) {
      const theirs = events.find((event) => event.type === type);
      const ours = client.frames.find((frame) => frame.type === type)!;
      expect(shapeOf(ours)).toEqual(shapeOf(theirs));
    }
    const multi = readFileSync(
      new URL('../shared/data/recorded/kalshi-multimarket-ws/experiment_a.jsonl', root()),
    );
    const subscribed = JSON.parse(multi.toString().split('\n')[0]!);
    expect(shapeOf(client.frames[0]!)).toEqual(shapeOf(subscribed));
  });
});

/** The project's root: tests run there. */
function root(): string {
  return `file://${process.cwd()}/`;
}

/** Keys in order, and what kind of text each value is. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]);
  }
  if (typeof value !== 'string') return typeof value;
  const places = /^-?\d+\.(\d+)$/.exec(value)?.[1]?.length;
  if (places !== undefined) return `decimal of ${places} places`;
  return /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{1,6}Z$/.test(value) ? 'time' : 'text';
}
