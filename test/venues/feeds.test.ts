import { expect, it } from 'vitest';
import { REASON_SILENT } from '../../src/venues/feed.js';
import { describeFeed } from './feed-conformance.js';
import { FeedRig } from './feed-model.js';
import { KALSHI_FEED, type KalshiPeer, kalshiFeed, tickerOf } from './scripted-kalshi.js';
import { POLYMARKET_FEED, type PolymarketPeer, tokensOf } from './scripted-polymarket.js';

describeFeed(KALSHI_FEED);
describeFeed(kalshiFeed('Kalshi in YES prices', { useYesPrice: true }));
describeFeed(kalshiFeed('Kalshi of January 2026', { dialect: 'legacy' }));
describeFeed(POLYMARKET_FEED);

function kalshi(markets = 3): { rig: FeedRig; peer: () => KalshiPeer } {
  const rig = new FeedRig(KALSHI_FEED, markets);
  rig.connect();
  rig.deliver();
  return { rig, peer: () => rig.peer as KalshiPeer };
}

function polymarket(markets = 3): { rig: FeedRig; peer: () => PolymarketPeer } {
  const rig = new FeedRig(POLYMARKET_FEED, markets);
  rig.connect();
  rig.believe();
  return { rig, peer: () => rig.peer as PolymarketPeer };
}

it('Kalshi: one skipped number spoils every book of the subscription, and get_snapshot mends them', () => {
  const { rig, peer } = kalshi();
  peer().seq++;
  peer().change(0, 'yes', 500, 100);
  rig.deliver(1);
  expect(rig.trusted()).toEqual([false, false, false]);
  expect(rig.reasonOf(2)).toBe('sequence-gap');
  rig.deliver();
  expect(rig.trusted()).toEqual([true, true, true]);
  expect(rig.counts).toMatchObject({ gaps: 1, resyncs: 1 });
});

it('Kalshi: a frame that comes twice is not applied twice, and its snapshot is not taken', () => {
  const { rig, peer } = kalshi(1);
  const old = Buffer.from(
    JSON.stringify({
      type: 'orderbook_snapshot',
      sid: 1,
      seq: 1,
      msg: { market_ticker: tickerOf(0) },
    }),
  );
  peer().change(0, 'yes', 500, 100);
  rig.deliver();
  rig.feed.frame(old, rig.clock.nowNs());
  expect(rig.trusted()).toEqual([false]);
  rig.settle();
  expect(rig.trusted()).toEqual([true]);
});

it('Kalshi: replies on the subscription take a number; lists and errors take none', () => {
  const { rig, peer } = kalshi();
  rig.handText(`{"id":9,"sid":1,"seq":${++peer().seq},"type":"ok","msg":{"market_tickers":[]}}`);
  rig.handText('{"id":10,"type":"ok","msg":[{"channel":"orderbook_delta","sid":1}]}');
  rig.handText('{"id":11,"type":"error","msg":{"code":8,"msg":"Unknown channel name"}}');
  peer().change(1, 'no', 500, 100);
  rig.deliver();
  expect(rig.trusted()).toEqual([true, true, true]);
  expect(rig.counts.gaps).toBe(0);
});

it.each([10, 25])('Kalshi: error %i ends the connection', (code) => {
  const { rig } = kalshi();
  rig.handText(`{"type":"error","sid":1,"msg":{"code":${code},"msg":"x"}}`);
  expect(rig.pass(25)).toMatch(`code=${code}`);
  rig.settle();
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('Kalshi: more than 500 tickers are subscribed and mended in batches', () => {
  const { rig, peer } = kalshi(1_203);
  rig.deliver();
  expect(rig.trusted()).not.toContain(false);
  expect(peer().subscribed.size).toBe(1_203);
  peer().seq++;
  peer().change(0, 'yes', 500, 100);
  rig.deliver(1);
  expect(rig.trusted()).not.toContain(true);
  rig.deliver();
  expect(rig.trusted()).not.toContain(false);
});

it('Kalshi: a ticker that the exchange does not know costs no other market its books', () => {
  const rig = new FeedRig(
    {
      ...KALSHI_FEED,
      createPeer: (options) => {
        const peer = KALSHI_FEED.createPeer(options) as KalshiPeer;
        peer.unknown.add(tickerOf(1));
        return peer;
      },
    },
    3,
  );
  rig.connect();
  rig.settle();
  expect(rig.trusted()).toEqual([true, false, true]);
  expect(rig.reasonOf(1)).toBe('closed');
});

it('Kalshi: a subscription that is never answered ends the connection', () => {
  const { rig } = kalshi();
  rig.disconnect();
  rig.isDeaf = true;
  rig.connect();
  for (let turn = 0; turn < 48; turn++) {
    rig.pass(100, false);
    rig.handText('{"type":"ok","id":1,"msg":[]}');
  }
  expect(rig.pass(500, false)).toBe('subscribe has no answer');
});

it.each([
  ['a delta without a market', { price_dollars: '0.0500', delta_fp: '1.00', side: 'yes' }],
  ['a delta without a body', undefined],
  [
    'a price that is a number',
    { market_ticker: tickerOf(0), price_dollars: 0.05, delta_fp: '1.00', side: 'yes' },
  ],
  [
    'a size of three decimals',
    { market_ticker: tickerOf(0), price_dollars: '0.05', delta_fp: '1.001', side: 'yes' },
  ],
  [
    'a price of a dollar',
    { market_ticker: tickerOf(0), price_dollars: '1.0000', delta_fp: '1.00', side: 'yes' },
  ],
  [
    'a side of another word',
    { market_ticker: tickerOf(0), price_dollars: '0.0500', delta_fp: '1.00', side: 'YES' },
  ],
  [
    'a level below zero',
    { market_ticker: tickerOf(0), price_dollars: '0.0500', delta_fp: '-1.00', side: 'yes' },
  ],
])('Kalshi: %s is a lost change', (_what, msg) => {
  const { rig, peer } = kalshi();
  rig.handText(JSON.stringify({ type: 'orderbook_delta', sid: 1, seq: ++peer().seq, msg }));
  expect(rig.isTrusted(0)).toBe(false);
  rig.deliver();
  rig.settle();
  expect(rig.trusted()).toEqual([true, true, true]);
});

it.each([
  [
    'no number',
    '{"type":"orderbook_delta","sid":1,"msg":{"market_ticker":"KXTEST-0","price_dollars":"0.05","delta_fp":"1.00","side":"yes"}}',
  ],
  [
    'a number in text',
    '{"type":"orderbook_delta","sid":1,"seq":"4","msg":{"market_ticker":"KXTEST-0"}}',
  ],
  [
    'levels that are none',
    '{"type":"orderbook_snapshot","sid":1,"seq":4,"msg":{"market_ticker":"KXTEST-0","yes_dollars_fp":[null]}}',
  ],
  [
    'a side that is no list',
    '{"type":"orderbook_snapshot","sid":1,"seq":4,"msg":{"market_ticker":"KXTEST-0","yes_dollars_fp":{}}}',
  ],
])('Kalshi: a frame with %s is garbage', (_what, text) => {
  const { rig } = kalshi();
  rig.handText(text);
  expect(rig.isTrusted(0)).toBe(false);
  expect(rig.counts.garbage).toBe(1);
  rig.settle();
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('Polymarket: a market stays untrusted until the last frame of a matching event', () => {
  const { rig, peer } = polymarket();
  peer().event(0, [
    { side: 'yes', priceE4: 3_000, sizeCenti: 0 },
    { side: 'yes', priceE4: 2_500, sizeCenti: 800 },
    { side: 'yes', priceE4: 2_800, sizeCenti: 100 },
  ]);
  rig.deliver(1);
  expect(rig.reasonOf(0)).toBe('best-mismatch');
  rig.deliver(1);
  expect(rig.isTrusted(0)).toBe(false);
  expect(rig.isTrusted(1)).toBe(true);
  rig.deliver(1);
  expect(rig.isTrusted(0)).toBe(true);
  expect(rig.counts.resyncs).toBe(0);
});

it('Polymarket: best_bid_ask ahead of its changes keeps the market untrusted until they are here', () => {
  const { rig, peer } = polymarket(1);
  peer().change(0, 'yes', 3_500, 100);
  const timestamp = String(rig.clock.wallMs() + 37);
  rig.handText(
    JSON.stringify({
      event_type: 'best_bid_ask',
      asset_id: tokensOf(0)[0],
      best_bid: '0.35',
      best_ask: '0.6',
      timestamp,
    }),
  );
  expect(rig.isTrusted(0)).toBe(false);
  rig.deliver();
  expect(rig.isTrusted(0)).toBe(true);
});

it('Polymarket: a stated best that never comes is mended by leaving and joining, in a bounded time', () => {
  const { rig } = polymarket(1);
  const timestamp = String(rig.clock.wallMs() + 37);
  rig.handText(
    JSON.stringify({
      event_type: 'best_bid_ask',
      asset_id: tokensOf(0)[0],
      best_bid: '0.35',
      best_ask: '0.6',
      timestamp,
    }),
  );
  rig.pass(300);
  expect(rig.commands.slice(-2).map((text) => JSON.parse(text).operation)).toEqual([
    'unsubscribe',
    'subscribe',
  ]);
  rig.believe();
  expect(rig.isTrusted(0)).toBe(true);
});

it.each([
  [
    'tick_size_change',
    { asset_id: tokensOf(1)[0], old_tick_size: '0.01', new_tick_size: '0.001' },
    'terms-changed',
  ],
  ['market_resolved', { assets_ids: tokensOf(1), winning_asset_id: tokensOf(1)[0] }, 'closed'],
])('Polymarket: %s retires a market for good', (event_type, facts, reason) => {
  const { rig, peer } = polymarket();
  rig.handText(JSON.stringify({ event_type, timestamp: String(rig.clock.wallMs()), ...facts }));
  expect(rig.trusted()).toEqual([true, false, true]);
  peer().change(1, 'yes', 500, 100);
  rig.deliver();
  rig.disconnect();
  rig.connect();
  rig.settle();
  expect(rig.trusted()).toEqual([true, false, true]);
  expect(rig.reasonOf(1)).toBe(reason);
});

it('Polymarket: a market without a book does not keep the others from theirs', () => {
  const rig = new FeedRig(
    {
      ...POLYMARKET_FEED,
      createPeer: (options) => {
        const peer = POLYMARKET_FEED.createPeer(options) as PolymarketPeer;
        peer.absent.add(1);
        return peer;
      },
    },
    3,
  );
  rig.connect();
  for (let turn = 0; turn < 600; turn++) {
    rig.deliver();
    rig.peer.change(0, 'yes', 500, 100 + turn);
    rig.pass(50);
  }
  // One new connection is worth a try; thirty seconds of them are not.
  expect(rig.connections).toBeLessThanOrEqual(2);
  rig.deliver();
  expect(rig.trusted()).toEqual([true, false, true]);
});

it('Polymarket: a connection that answers PING but tells nothing any more is given up', () => {
  const { rig } = polymarket();
  let why: string | undefined;
  for (let turn = 0; turn < 700 && why === undefined; turn++) {
    why = rig.pass(100, false);
    rig.deliver();
  }
  expect(why).toBe('no data although it answers');
});

it.each([
  ['a change that is none', { price_changes: [null] }],
  ['no changes', {}],
  [
    'a price that is a number',
    {
      price_changes: [
        {
          asset_id: tokensOf(0)[0],
          price: 0.3,
          size: '1',
          side: 'BUY',
          best_bid: '0.3',
          best_ask: '0.6',
        },
      ],
    },
  ],
  [
    'a best that is no price',
    {
      price_changes: [
        {
          asset_id: tokensOf(0)[0],
          price: '0.2',
          size: '1',
          side: 'BUY',
          best_bid: 'x',
          best_ask: '0.6',
        },
      ],
    },
  ],
  [
    'a side of another word',
    {
      price_changes: [
        {
          asset_id: tokensOf(0)[0],
          price: '0.2',
          size: '1',
          side: 'HOLD',
          best_bid: '0.3',
          best_ask: '0.6',
        },
      ],
    },
  ],
])('Polymarket: a price_change with %s is garbage', (_what, facts) => {
  const { rig } = polymarket();
  rig.handText(
    JSON.stringify({ event_type: 'price_change', timestamp: String(rig.clock.wallMs()), ...facts }),
  );
  expect(rig.isTrusted(0)).toBe(false);
  expect(rig.counts.garbage).toBe(1);
  rig.settle();
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('Kalshi: a question for snapshots that got lost is asked again', () => {
  const { rig, peer } = kalshi();
  rig.isDeaf = true;
  peer().seq++;
  peer().change(0, 'yes', 500, 100);
  rig.deliver();
  expect(rig.trusted()).toEqual([false, false, false]);
  rig.isDeaf = false;
  for (let turn = 0; turn < 24; turn++) {
    rig.pass(50, false);
    peer().change(0, 'yes', 500, 200 + turn);
    rig.deliver();
  }
  expect(rig.trusted()).toEqual([true, true, true]);
  expect(rig.connections).toBe(1);
});

it('Polymarket: the answer to an older PING says nothing of the newest', () => {
  const { rig, peer } = polymarket();
  rig.pass(600, false);
  const [late] = peer().outbox.splice(0);
  rig.isDeaf = true;
  rig.pass(1_200, false);
  expect(rig.connectionReason).toBe(REASON_SILENT);
  expect(rig.commands.filter((text) => text === 'PING').length).toBeGreaterThan(1);
  rig.hand(late!);
  expect(rig.connectionReason).toBe(REASON_SILENT);
});
