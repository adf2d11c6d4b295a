// What Polymarket's session does beside keeping books: terms that change, markets that end, a
// connection that has stalled.
import { expect, it } from 'vitest';
import { RestClient, RestError } from '../../src/net/rest-client.js';
import { REASON_SILENT } from '../../src/venues/feed.js';
import type { PolymarketFeed } from '../../src/venues/polymarket/feed.js';
import { readPolymarketBooks } from '../../src/venues/polymarket/polled-books.js';
import { httpReply, startRawServer } from '../net/raw-server.js';
import { LISTINGS, startExchange } from '../sim/polymarket/exchange-fixture.js';
import { FeedRig, type PeerOptions } from './feed-model.js';
import { POLYMARKET_FEED, type PolymarketPeer, tokensOf } from './scripted-polymarket.js';

function connect(markets = 3) {
  const ticks = new Map<number, string>();
  const createPeer = (options: PeerOptions) => {
    const peer = POLYMARKET_FEED.createPeer(options) as PolymarketPeer;
    peer.ticks = ticks;
    return peer;
  };
  const rig = new FeedRig({ ...POLYMARKET_FEED, createPeer }, markets);
  rig.connect();
  rig.believe();
  const peer = () => rig.peer as PolymarketPeer;
  const feed = rig.feed as PolymarketFeed;
  return { rig, peer, feed, ticks };
}

const tickChange = (market: number, token: number, tick: string) =>
  JSON.stringify({
    event_type: 'tick_size_change',
    asset_id: tokensOf(market)[token],
    old_tick_size: '0.0001',
    new_tick_size: tick,
  });
const operations = (commands: readonly string[]) =>
  commands.map((text) => (JSON.parse(text) as { operation: string }).operation);

it('tells of changed terms once for both tokens, and asks for the book when readmitted', () => {
  const { rig, feed, ticks } = connect();
  rig.handText(tickChange(1, 0, '0.001'));
  rig.handText(tickChange(1, 1, '0.001'));
  expect(rig.termsChanged).toEqual([1]);
  expect(rig.reasonOf(1)).toBe('terms-changed');
  rig.handText(tickChange(1, 0, '0.01'));
  expect(rig.termsChanged).toEqual([1, 1]);
  ticks.set(1, '0.01');
  rig.disconnect();
  rig.connect();
  rig.settle();
  expect(rig.trusted()).toEqual([true, false, true]);
  const asked = rig.commands.length;
  feed.readmit(1);
  expect(operations(rig.commands.slice(asked))).toEqual(['unsubscribe', 'subscribe']);
  expect(rig.isTrusted(1)).toBe(false);
  rig.believe();
  expect(rig.trusted()).toEqual([true, true, true]);
  expect(feed.armedTokens).toBe(6);
});

it('readmits a market while the connection is down, and none that needs it not', () => {
  const { rig, feed, ticks } = connect();
  feed.readmit(0);
  feed.readmit(99);
  expect(rig.trusted()).toEqual([true, true, true]);
  rig.handText(tickChange(0, 0, '0.001'));
  ticks.set(0, '0.001');
  rig.disconnect();
  feed.readmit(0);
  expect(rig.trusted()).toEqual([false, false, false]);
  rig.connect();
  rig.settle();
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('notices a tick that changed while nobody listened', () => {
  const { rig, ticks } = connect();
  ticks.set(2, '0.001');
  rig.disconnect();
  rig.connect();
  rig.settle();
  expect(rig.termsChanged).toEqual([2]);
  expect(rig.reasonOf(2)).toBe('terms-changed');
});

it('a market that is resolved stays closed, whatever comes', () => {
  const { rig, feed } = connect();
  rig.handText(JSON.stringify({ event_type: 'market_resolved', assets_ids: tokensOf(1) }));
  rig.handText(tickChange(1, 0, '0.001'));
  feed.readmit(1);
  rig.settle();
  expect(rig.reasonOf(1)).toBe('closed');
  expect(rig.termsChanged).toEqual([]);
});

it('messages of other markets change nothing', () => {
  const { rig } = connect();
  const other = { asset_id: '9999', assets_ids: ['9999'], new_tick_size: '0.001', bids: 5 };
  for (const event_type of [
    ...['book', 'best_bid_ask', 'tick_size_change', 'market_resolved', 'last_trade_price'],
    'new_market',
  ]) {
    rig.handText(JSON.stringify({ event_type, ...other }));
  }
  rig.handText(JSON.stringify({ event_type: 'price_change', price_changes: [{ ...other }] }));
  expect(rig.trusted()).toEqual([true, true, true]);
  expect(rig.counts.garbage).toBe(0);
  expect(rig.termsChanged).toEqual([]);
});

it('counts the changes that the scanner leaves, and reads them as well', () => {
  const { rig, peer } = connect(1);
  peer().change(0, 'yes', 1_000, 100);
  rig.deliver();
  expect(rig.counts.fallbacks).toBe(0);
  const asset_id = tokensOf(0)[0];
  const changes = [{ price: '.48', size: '12.349', side: 'buy' }];
  const timestamp = String(rig.clock.wallMs() + 37);
  const old = { event_type: 'price_change', asset_id, changes, timestamp };
  rig.feed.frame(Buffer.from(JSON.stringify([old])), rig.clock.nowNs());
  expect(rig.published(0)?.yes).toContainEqual([3_000, 500]);
  expect(rig.counts).toMatchObject({ fallbacks: 1, garbage: 0 });
});

it('a connection that tells less than REST, twice, is silent and given up', () => {
  const { rig, peer, feed } = connect();
  const tell = (market: number) => {
    peer().event(market, [
      { side: 'yes', priceE4: 1_000, sizeCenti: rig.commands.length + market },
    ]);
    // Told by REST alone: the frames are lost.
    peer().outbox.length = 0;
    feed.compare(tokensOf(market)[0], peer().hash(market, 0), peer().changedMs(market));
  };
  peer().change(2, 'no', 500, 100);
  rig.deliver();
  rig.pass(1_000);
  rig.deliver();
  peer().change(2, 'no', 500, 200);
  rig.deliver();
  tell(0);
  expect(rig.trusted()).toEqual([true, true, true]);
  // Within maxLagMs the frame may still come.
  rig.pass(400);
  tell(1);
  expect(rig.connectionReason).not.toBe(REASON_SILENT);
  rig.pass(200);
  rig.deliver();
  tell(2);
  expect(rig.connectionReason).toBe(REASON_SILENT);
  // Held up, and then quick again: it would be trusted if it were listened to.
  peer().change(0, 'no', 500, 100);
  rig.clock.advanceMs(800);
  rig.deliver();
  peer().change(0, 'no', 500, 200);
  rig.deliver();
  expect(rig.trusted()).toEqual([false, false, false]);
  expect(rig.pass(25)).toBe('its books stand still while those of REST go on');
  expect(rig.counts.silences).toBe(1);
  rig.settle();
  expect(rig.trusted()).toEqual([true, true, true]);
});

it.each([
  ['is older than the last frame', -1_000, 'f'.repeat(40)],
  ['is newer by less than a lag', 400, 'f'.repeat(40)],
  ['has no hash', 3_600_000, ''],
  ['is newer and the same', 3_600_000, 'stated'],
])('a REST book that %s proves nothing', (_what, aheadMs, hash) => {
  const { rig, peer, feed } = connect();
  for (let turn = 0; turn < 4; turn++) {
    const polled = hash === 'stated' ? peer().hash(0, 0) : hash;
    feed.compare(tokensOf(0)[0], polled, peer().changedMs(0) + aheadMs);
    feed.compare('9999', 'f'.repeat(40), peer().changedMs(0) + 3_600_000);
    rig.pass(1_000);
    rig.deliver();
  }
  expect(rig.counts.silences).toBe(0);
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('a doubt ends when the frame comes, or when REST agrees', () => {
  const { rig, peer, feed } = connect();
  const ask = () => feed.compare(tokensOf(0)[0], peer().hash(0, 0), peer().changedMs(0));
  for (let turn = 0; turn < 4; turn++) {
    rig.pass(1_000);
    rig.deliver();
    peer().change(0, 'yes', 1_000, 100 + turn);
    // REST is quicker than the socket, each time.
    ask();
    rig.deliver();
    if (turn % 2 === 0) ask();
  }
  expect(rig.counts.silences).toBe(0);
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('reads books by REST as the simulator serves them', async () => {
  const exchange = await startExchange();
  const rest = new RestClient(exchange.server.restUrl, 5_000);
  try {
    exchange.quote(0, 'bid', 4_400, 12_340_000);
    exchange.quote(0, 'ask', 4_700, 5_000_000);
    exchange.quote(0, 'ask', 4_800, 6_000_000);
    const [first, second] = LISTINGS[0].tokenIds;
    const books = await readPolymarketBooks(rest, [first, second]);
    expect([...books.keys()]).toEqual([first, second]);
    const { bids, asks, hash, timestampMs } = books.get(first)!;
    expect([bids.bestPriceE4(), bids.sizeAt(4_400)]).toEqual([4_400, 1_234]);
    expect([asks.bestPriceE4(), asks.sizeAt(5_200)]).toEqual([5_300, 600]);
    expect(books.get(second)!.bids.bestPriceE4()).toBe(5_300);
    expect(hash).toMatch(/^[0-9a-f]{40}$/);
    expect(timestampMs).toBeGreaterThan(1_700_000_000_000);
    await expect(readPolymarketBooks(rest, ['123'])).rejects.toThrow(RestError);
  } finally {
    await rest.close();
    await exchange.close();
  }
});

it('reads books by REST a batch at a time; one that cannot be read costs no other', async () => {
  const sizes: number[] = [];
  const server = await startRawServer(({ body, socket, method, path }) => {
    const ids = (JSON.parse(body) as { token_id: string }[]).map(({ token_id }) => token_id);
    sizes.push(ids.length);
    expect([method, path]).toEqual(['POST', '/books']);
    const level = { price: '.48', size: '3' };
    const rows = ids
      .filter((id) => id !== '3')
      .map((asset_id) => ({
        asset_id,
        timestamp: asset_id === '4' ? null : '1780000000123',
        hash: 'ab',
        bids: asset_id === '5' ? [{ price: '0.48' }] : [level],
        asks: [],
      }));
    const reply = JSON.stringify([...rows, null, { ...rows[0], asset_id: '777' }]);
    socket.write(httpReply(200, reply, 'content-type: application/json\r\n'));
  });
  const rest = new RestClient(server.origin, 5_000);
  try {
    const ids = Array.from({ length: 230 }, (_, id) => String(id));
    const books = await readPolymarketBooks(rest, ids);
    expect(sizes).toEqual([100, 100, 30]);
    expect(ids.filter((id) => !books.has(id))).toEqual(['3', '4', '5']);
    expect(books.size).toBe(227);
    expect(books.get('229')!.bids.sizeAt(4_800)).toBe(300);
  } finally {
    await rest.close();
    await server.close();
  }
});
