// Books that Polymarket shows when it is asked may be of some time ago (polymarket-api.md 14, item 15): none is traded on before
// something agreed with it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FeedRig, type PeerOptions, type Side, SlowPipe } from './feed-model.js';
import { POLYMARKET_FEED, type PolymarketPeer, tokensOf } from './scripted-polymarket.js';

const MARKETS = 2;

/** `peerOf` makes every connection's peer: what one of them knows of the past, the next one must. */
function connect(markets = MARKETS) {
  let shared: PolymarketPeer | undefined;
  const createPeer = (options: PeerOptions) => {
    shared ??= POLYMARKET_FEED.createPeer(options) as PolymarketPeer;
    shared.outbox.length = 0;
    return shared;
  };
  const rig = new FeedRig({ ...POLYMARKET_FEED, createPeer }, markets);
  rig.connect();
  const peer = rig.peer as PolymarketPeer;
  return { rig, peer };
}

function believed() {
  const all = connect();
  all.rig.believe();
  expect(all.rig.trusted()).toEqual([true, true]);
  return all;
}

/** Nothing happens but questions and their answers. */
function rest(rig: FeedRig, ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    rig.pass(100);
    rig.deliver();
  }
}

/** A frame that states the best prices of a market as the rig makes it. */
function stateBest(rig: FeedRig, market: number): void {
  const [best_bid, best_ask] = [`0.300${market}`, market === 0 ? '0.6' : '0.5999'];
  const asset_id = tokensOf(market)[0];
  rig.handText(JSON.stringify({ event_type: 'best_bid_ask', asset_id, best_bid, best_ask }));
}

/** The connection is lost, the market moves, and a new one shows the book of before so many changes. */
function reconnect(rig: FeedRig, peer: PolymarketPeer, staleChanges: number): void {
  rig.disconnect();
  peer.opened();
  peer.change(0, 'yes', 3_500, 100);
  peer.change(0, 'no', 3_500, 100);
  peer.staleChanges = staleChanges;
  rig.connect();
  rig.deliver();
  peer.staleChanges = 0;
}

it('a book alone is not traded on, at the start and after a reconnection', () => {
  const { rig, peer } = connect();
  rig.deliver();
  expect(rig.reasonOf(0)).toBe('unconfirmed');
  rig.believe();
  reconnect(rig, peer, 0);
  expect(rig.reasonOf(0)).toBe('unconfirmed');
  expect(rig.published(0)?.yes).toContainEqual([3_500, 100]);
});

it('a book is traded on from the first frame on that states its best prices', () => {
  const { rig, peer } = connect();
  rig.deliver();
  peer.change(0, 'yes', 500, 100);
  rig.deliver(1);
  expect(rig.trusted()).toEqual([true, false]);
  stateBest(rig, 1);
  expect(rig.trusted()).toEqual([true, true]);
  expect(rig.counts).toMatchObject({ resyncs: 0, garbage: 0 });
});

it('a stale book is found out by the first frame that states other best prices, and mended', () => {
  const { rig, peer } = believed();
  reconnect(rig, peer, 2);
  expect(rig.reasonOf(0)).toBe('unconfirmed');
  peer.change(0, 'yes', 500, 100);
  rig.deliver(1);
  expect(rig.reasonOf(0)).toBe('best-mismatch');
  rig.pass(300);
  expect(rig.counts.resyncs).toBe(1);
  rig.believe();
  expect(rig.trusted()).toEqual([true, true]);
  expect(rig.published(0)?.yes).toContainEqual([3_500, 100]);
});

it('a stale book of a market that says nothing is found out by the next one', () => {
  const { rig, peer } = believed();
  reconnect(rig, peer, 1);
  rest(rig, 1_900);
  expect(rig.reasonOf(0)).toBe('unconfirmed');
  rest(rig, 200);
  expect(rig.trusted()).toEqual([false, true]);
  expect(rig.published(0)?.no).toContainEqual([3_500, 100]);
  rest(rig, 2_000);
  expect(rig.trusted()).toEqual([true, true]);
  expect(rig.published(0)?.no).toContainEqual([3_500, 100]);
});

it('a quiet book is asked for again once, with all that are as quiet, and is traded on then', () => {
  const { rig } = connect();
  rig.deliver();
  const asked = rig.commands.length;
  rest(rig, 1_900);
  expect(rig.trusted()).toEqual([false, false]);
  rest(rig, 200);
  expect(rig.trusted()).toEqual([true, true]);
  const said = rig.commands.slice(asked).filter((text) => text !== 'PING');
  expect(said.map((text) => JSON.parse(text))).toEqual([
    { operation: 'unsubscribe', assets_ids: [0, 1].flatMap(tokensOf) },
    expect.objectContaining({ operation: 'subscribe', assets_ids: [0, 1].flatMap(tokensOf) }),
  ]);
  rest(rig, 3_000);
  expect(rig.trusted()).toEqual([true, true]);
  expect(rig.counts).toMatchObject({ resyncs: 0, reconnects: 0 });
});

it('one change that is told confirms the books of all markets, when the book asked for behind it has it', () => {
  const { rig, peer } = connect();
  rig.deliver();
  peer.change(0, 'yes', 500, 100);
  rig.deliver(1);
  expect(rig.trusted()).toEqual([true, false]);
  expect(JSON.parse(rig.commands.at(-1)!)).toMatchObject({ assets_ids: [0, 1].flatMap(tokensOf) });
  rig.deliver();
  expect(rig.trusted()).toEqual([true, true]);
  expect(rig.counts).toMatchObject({ resyncs: 0, garbage: 0 });
});

it('books that come later than witnesses are apart confirm too', () => {
  const { rig, peer } = connect(3);
  const pipe = new SlowPipe(rig);
  pipe.delayMs = 400;
  pipe.pass(500);
  for (const market of [0, 1]) stateBest(rig, market);
  for (let turn = 0; turn < 30; turn++) {
    peer.change(turn % 2, 'yes', 500, 100 + turn);
    pipe.pass(100);
  }
  expect(rig.trusted()).toEqual([true, true, true]);
});

it('books that come behind a change and do not have it confirm none, and spoil none', () => {
  const { rig, peer } = connect();
  rig.deliver();
  peer.staleChanges = 1;
  for (let turn = 0; turn < 3; turn++) {
    peer.change(0, 'yes', 500, 100 + turn);
    rig.deliver();
    expect(rig.trusted()).toEqual([true, false]);
    rig.pass(300);
  }
  peer.staleChanges = 0;
  peer.change(0, 'yes', 500, 200);
  rig.deliver();
  expect(rig.trusted()).toEqual([true, true]);
});

it('a book that comes twice at once proves nothing', () => {
  const { rig, peer } = connect();
  const books = [...peer.outbox];
  rig.deliver();
  for (const sent of books) rig.hand(sent);
  expect(rig.trusted()).toEqual([false, false]);
});

it('quiet proves nothing while the connection is in doubt', () => {
  const { rig } = connect();
  rig.deliver();
  rig.isDeaf = true;
  rig.pass(2_500, false);
  const subscriptions = rig.commands.filter((text) => text.includes('subscribe'));
  expect(subscriptions).toEqual([]);
  expect(rig.reasonOf(0)).toBe('silent');
});

it('a book from before what an earlier connection told is refused at once', () => {
  const { rig, peer } = believed();
  peer.change(0, 'yes', 500, 100);
  rig.deliver();
  peer.staleChanges = 1;
  rig.disconnect();
  rig.connect();
  rig.deliver();
  expect(rig.reasonOf(0)).toBe('no-snapshot');
  peer.staleChanges = 0;
  rig.pass(1_100);
  rig.believe();
  expect(rig.trusted()).toEqual([true, true]);
});

it('an exchange whose clock was set back is believed again after a bounded time', () => {
  const { rig, peer } = believed();
  peer.change(0, 'yes', 500, 100);
  rig.deliver();
  rig.disconnect();
  rig.aheadMs = -3_600_000;
  peer.change(0, 'yes', 500, 200);
  rig.connect();
  rig.settle();
  expect(rig.trusted()).toEqual([true, true]);
});

interface Step {
  readonly market: number;
  readonly side: Side;
  readonly cents: number;
  readonly sizeCenti: number;
  readonly ms: number;
  /** Undefined: no new connection. */
  readonly staleChanges: number | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  market: fc.nat(MARKETS - 1),
  side: fc.constantFrom<Side>('yes', 'no'),
  cents: fc.integer({ min: 1, max: 49 }),
  sizeCenti: fc.constantFrom(0, 100, 200),
  ms: fc.constantFrom(25, 100, 300),
  staleChanges: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined, freq: 4 }),
});

it('no best price that was is ever traded on, whatever books are shown', () => {
  let trusted = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const { rig, peer } = connect();
      rig.isDepthStale = true;
      for (const { market, side, cents, sizeCenti, ms, staleChanges } of steps) {
        if (staleChanges !== undefined) {
          rig.disconnect();
          peer.opened();
        }
        peer.change(market, side, cents * 100, sizeCenti);
        if (staleChanges !== undefined) {
          peer.staleChanges = staleChanges;
          rig.connect();
        }
        rig.deliver();
        rig.pass(ms);
        // The rig itself compares what is trusted with the truth, frame by frame.
        trusted += rig.trusted().filter(Boolean).length;
        peer.staleChanges = 0;
      }
    }),
    { numRuns: 300 },
  );
  expect(trusted).toBeGreaterThan(500);
});
