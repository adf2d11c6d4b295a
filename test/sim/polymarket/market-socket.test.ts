import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { PolymarketListing } from '../../../src/sim/exchange.js';
import { bookHash } from '../../../src/venues/polymarket/wire/book-hash.js';
import { type Exchange, type Frames, LISTINGS, startExchange, until } from './exchange-fixture.js';

const [STANDARD, NEG_RISK] = LISTINGS;

let exchange: Exchange;
afterEach(() => exchange.close());

interface Level {
  readonly price: string;
  readonly size: string;
}

/** A client's book of one token, from frames alone. */
class Rebuilt {
  readonly bids = new Map<string, string>();
  readonly asks = new Map<string, string>();
  hash = '';
  timestamp = '';
  lastTradePrice = '';
  bestBid = '';
  bestAsk = '';

  snapshot(message: { bids: Level[]; asks: Level[]; last_trade_price: string }): void {
    this.bids.clear();
    this.asks.clear();
    for (const { price, size } of message.bids) this.bids.set(price, size);
    for (const { price, size } of message.asks) this.asks.set(price, size);
    this.lastTradePrice = message.last_trade_price;
  }

  change(change: { side: string; price: string; size: string }): void {
    const side = change.side === 'BUY' ? this.bids : this.asks;
    if (change.size === '0') side.delete(change.price);
    else side.set(change.price, change.size);
  }

  sorted(side: 'bids' | 'asks'): [string, string][] {
    const sign = side === 'bids' ? 1 : -1;
    return [...this[side]].sort((a, b) => sign * (Number(a[0]) - Number(b[0])));
  }

  computedHash(listing: PolymarketListing, outcome: 0 | 1): string {
    const text = (side: 'bids' | 'asks') =>
      this.sorted(side)
        .map(([price, size]) => `{"price":"${price}","size":"${size}"}`)
        .join(',');
    return bookHash({
      market: listing.conditionId,
      assetId: listing.tokenIds[outcome],
      timestamp: this.timestamp,
      bidsText: text('bids'),
      asksText: text('asks'),
      minOrderSize: '5',
      tickSize: String(listing.tickE4 / 10_000),
      negRisk: listing.negRisk,
      lastTradePrice: this.lastTradePrice,
    });
  }
}

function rebuild(frames: Frames, listing: PolymarketListing): [Rebuilt, Rebuilt] {
  const books: [Rebuilt, Rebuilt] = [new Rebuilt(), new Rebuilt()];
  for (const message of frames.messages()) {
    if (message.market !== listing.conditionId) continue;
    const parts = message.event_type === 'price_change' ? message.price_changes : [message];
    for (const part of parts) {
      const book = books[listing.tokenIds[0] === part.asset_id ? 0 : 1];
      if (message.event_type === 'price_change') {
        book.change(part);
        book.bestBid = part.best_bid;
        book.bestAsk = part.best_ask;
      } else if (message.event_type === 'book') book.snapshot(part);
      else continue;
      book.hash = part.hash;
      book.timestamp = message.timestamp;
    }
  }
  return books;
}

async function subscribed(listing: PolymarketListing, extra: object = {}): Promise<Frames> {
  const frames = await exchange.socket('/ws/market');
  frames.send({ assets_ids: listing.tokenIds, type: 'market', ...extra });
  await frames.settle();
  return frames;
}

type Step =
  | { kind: 'quote'; side: 'bid' | 'ask'; ticks: number; sizeE6: number }
  | { kind: 'unquote'; index: number }
  | { kind: 'take'; outcome: 0 | 1; ticks: number; dollars: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('quote' as const),
      side: fc.constantFrom('bid' as const, 'ask' as const),
      ticks: fc.integer({ min: 1, max: 99 }),
      sizeE6: fc.integer({ min: 1, max: 50_000 }).map((centi) => centi * 10_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unquote' as const), index: fc.nat(30) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      outcome: fc.constantFrom(0 as const, 1 as const),
      ticks: fc.integer({ min: 1, max: 99 }),
      dollars: fc.integer({ min: 1, max: 300 }),
    }),
  },
);

describe('books rebuilt from frames', () => {
  it('equal the engine after any operations, with hashes and best prices that verify', async () => {
    exchange = await startExchange();
    const ids: number[] = [];
    const frames = await subscribed(STANDARD);
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 40 }), async (steps) => {
        for (const step of steps) {
          const priceE4 = step.kind === 'unquote' ? 0 : step.ticks * 100;
          if (step.kind === 'quote') ids.push(exchange.quote(0, step.side, priceE4, step.sizeE6));
          else if (step.kind === 'unquote')
            exchange.unquote(0, ids[ids.length - 1 - step.index] ?? 0);
          else {
            exchange.engine.buy({
              orderId: 'sweep',
              account: 'rival',
              market: 0,
              outcome: step.outcome,
              limitE4: priceE4,
              sizeE6: Number.POSITIVE_INFINITY,
              spendMicros: step.dollars * 1_000_000,
              timeInForce: 'ioc',
            });
          }
        }
        await frames.settle();
        const books = rebuild(frames, STANDARD);
        // A level of less than a hundredth is not displayed.
        const shown = (levels: readonly (readonly [number, number])[], outcome: 0 | 1) =>
          levels
            .map(
              ([p, size]) => [outcome === 0 ? p : 10_000 - p, Math.floor(size / 10_000)] as const,
            )
            .filter(([, centi]) => centi > 0)
            .reverse();
        const numeric = (book: Rebuilt, side: 'bids' | 'asks') =>
          book
            .sorted(side)
            .map(([p, s]) => [Math.round(Number(p) * 1e4), Math.round(Number(s) * 100)]);
        const { engine } = exchange;
        for (const outcome of [0, 1] as const) {
          const book = books[outcome];
          const [bids, asks] =
            outcome === 0 ? [engine.bids(0), engine.asks(0)] : [engine.asks(0), engine.bids(0)];
          expect(numeric(book, 'bids')).toEqual(shown(bids, outcome));
          expect(numeric(book, 'asks')).toEqual(shown(asks, outcome));
          expect(book.hash).toBe(book.computedHash(STANDARD, outcome));
          if (book.bestBid === '') continue;
          expect(book.bestBid).toBe(book.sorted('bids').at(-1)?.[0] ?? '0');
          expect(book.bestAsk).toBe(book.sorted('asks').at(-1)?.[0] ?? '1');
        }
      }),
      { numRuns: 60 },
    );
    const kinds = new Set(frames.messages().map((message) => message.event_type));
    expect(kinds).toEqual(new Set(['book', 'price_change', 'last_trade_price']));
  });
});

/** Key order and spacing of a frame, its values left out. */
function shapeOf(text: string): string {
  return text.replaceAll(/(?<=:)"[^"]*"/g, '""');
}

describe('frames', () => {
  it('have the key order and spacing of the recorded ones', async () => {
    exchange = await startExchange();
    const frames = await subscribed(NEG_RISK, { custom_feature_enabled: true });
    exchange.quote(1, 'bid', 4_990, 20_000_000);
    await frames.settle();
    const path = resolve('../shared/data/recorded/polymarket-ws/sports_batches_2026-09-11.jsonl');
    const recorded = new Map<string, string>();
    for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
      const { raw } = JSON.parse(line);
      if (raw === undefined) continue;
      const message = JSON.parse(raw);
      // Either token may come first in a recorded frame, with either side.
      recorded.set(message.event_type, shapeOf(raw));
    }
    const seen = frames.texts.filter((text) => text.startsWith('{'));
    expect(seen.map((text) => JSON.parse(text).event_type)).toEqual([
      'best_bid_ask',
      'best_bid_ask',
      'price_change',
    ]);
    for (const text of seen) {
      expect(shapeOf(text)).toBe(recorded.get(JSON.parse(text).event_type));
    }
    expect(frames.texts[0]).toMatch(/^\[\{"market":"[^"]+","asset_id":/);
  });

  it('of one matching event share its timestamp, its final hash and its final best prices', async () => {
    exchange = await startExchange();
    for (const priceE4 of [5_200, 5_300, 5_400]) exchange.quote(0, 'ask', priceE4, 10_000_000);
    const frames = await subscribed(STANDARD);
    exchange.quote(0, 'bid', 5_300, 25_000_000);
    await frames.settle();
    const changes = frames.messages().filter((m) => m.event_type === 'price_change');
    expect(changes.map((m) => [m.price_changes[0].price, m.price_changes[0].size])).toEqual([
      ['0.52', '0'],
      ['0.53', '0'],
      ['0.53', '5'],
    ]);
    const finals = new Set(
      changes.flatMap((m) =>
        m.price_changes.map((c: Record<string, string>) =>
          [m.timestamp, c.asset_id, c.hash, c.best_bid, c.best_ask].join(' '),
        ),
      ),
    );
    expect(finals.size).toBe(2);
    expect(changes[0].price_changes[0]).toMatchObject({ best_bid: '0.53', best_ask: '0.54' });
    expect(rebuild(frames, STANDARD).map((book) => book.lastTradePrice)).toEqual([
      '0.530',
      '0.530',
    ]);
    const prints = frames.messages().filter((m) => m.event_type === 'last_trade_price');
    expect(prints.map((m) => [m.asset_id, m.price, m.size, m.side])).toEqual([
      [STANDARD.tokenIds[0], '0.52', '10', 'BUY'],
      [STANDARD.tokenIds[0], '0.53', '10', 'BUY'],
    ]);
  });
});

describe('subscriptions', () => {
  it('answer unknown tokens with an empty array and known ones twice with NO NEW ASSETS', async () => {
    exchange = await startExchange();
    const frames = await exchange.socket('/ws/market');
    frames.send({ assets_ids: ['12345'], type: 'market' });
    await frames.settle();
    frames.send({ operation: 'subscribe', assets_ids: [STANDARD.tokenIds[0]] });
    frames.send({ operation: 'subscribe', assets_ids: [STANDARD.tokenIds[0]] });
    await frames.settle();
    expect(frames.texts[0]).toBe('[]');
    expect(JSON.parse(frames.texts[2] as string)).toMatchObject([
      { asset_id: STANDARD.tokenIds[0] },
    ]);
    expect(frames.texts[3]).toBe('NO NEW ASSETS');
    // Connection-wide, and applied although nothing is new.
    const custom = { operation: 'subscribe', assets_ids: [STANDARD.tokenIds[0]] };
    frames.send({ ...custom, custom_feature_enabled: true });
    await frames.settle();
    exchange.quote(0, 'bid', 4_100, 10_000_000);
    await frames.settle();
    expect(frames.texts[5]).toBe('NO NEW ASSETS');
    expect(frames.messages().at(-2).event_type).toBe('best_bid_ask');
  });

  it('start without a snapshot on request, and end', async () => {
    exchange = await startExchange();
    const frames = await subscribed(STANDARD, { initial_dump: false });
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    await frames.settle();
    expect(frames.messages()).toHaveLength(1);
    frames.send({ operation: 'unsubscribe', assets_ids: [STANDARD.tokenIds[0]] });
    await frames.settle();
    exchange.quote(0, 'bid', 4_100, 10_000_000);
    await frames.settle();
    // Still watching the other token, and a price_change is about both.
    expect(frames.messages()).toHaveLength(2);
    frames.send({ operation: 'unsubscribe', assets_ids: [STANDARD.tokenIds[1]] });
    await frames.settle();
    exchange.quote(0, 'bid', 4_200, 10_000_000);
    await frames.settle();
    expect(frames.messages()).toHaveLength(2);
  });
});

describe('faults', () => {
  it('lose one price_change so that the next hash no longer verifies', async () => {
    exchange = await startExchange();
    const frames = await subscribed(STANDARD);
    exchange.server.inject({ kind: 'skip-sequence' });
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    exchange.quote(0, 'bid', 4_100, 10_000_000);
    await frames.settle();
    const [book] = rebuild(frames, STANDARD);
    expect(book.sorted('bids')).toEqual([['0.41', '10']]);
    expect(book.hash).not.toBe(book.computedHash(STANDARD, 0));
  });

  it('send garbage, and cut the sockets', async () => {
    exchange = await startExchange();
    const frames = await subscribed(STANDARD);
    exchange.server.inject({ kind: 'garbage' });
    await frames.settle();
    expect(frames.texts).toContain('{"type":');
    exchange.server.inject({ kind: 'cut' });
    await until(() => frames.closed, 'close');
  });

  it('freeze everything and lose what happened meanwhile', async () => {
    exchange = await startExchange();
    const frames = await subscribed(STANDARD);
    let pongs = 0;
    frames.socket.on('pong', () => pongs++);
    exchange.server.inject({ kind: 'freeze', durationMs: 500 });
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    frames.socket.ping();
    frames.send('PING');
    const probe = setInterval(() => frames.send('PING'), 5);
    await until(() => frames.texts.filter((text) => text === 'PONG').length > 1, 'thaw');
    clearInterval(probe);
    expect(pongs).toBe(0);
    expect(frames.messages().filter((m) => m.event_type === 'price_change')).toEqual([]);
    exchange.quote(0, 'bid', 4_100, 10_000_000);
    await frames.settle();
    expect(frames.messages().filter((m) => m.event_type === 'price_change')).toHaveLength(1);
  });

  it('deliver lagged frames late and in order, those after the lag included', async () => {
    exchange = await startExchange();
    const frames = await subscribed(STANDARD);
    exchange.server.inject({ kind: 'stale-lag', durationMs: 30, lagMs: 1_000 });
    const startedMs = performance.now();
    const quoteAndWaitUntil = async (elapsedMs: number, priceE4: number) => {
      exchange.quote(0, 'bid', priceE4, 10_000_000);
      await until(() => performance.now() - startedMs > elapsedMs, 'time');
    };
    const changes = () => frames.messages().filter((m) => m.event_type === 'price_change');
    await quoteAndWaitUntil(20, 1_000);
    await quoteAndWaitUntil(40, 2_000);
    // The lag is over, but what it holds back is not yet out.
    exchange.quote(0, 'bid', 3_000, 10_000_000);
    await frames.settle();
    expect(changes()).toEqual([]);
    await until(() => changes().length === 3, 'lagged frames');
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    await until(() => changes().length === 4, 'a frame after the lag');
    const prices = changes().map((m) => Number(m.price_changes[0].price));
    expect(prices).toEqual([0.1, 0.2, 0.3, 0.4]);
  });
});
