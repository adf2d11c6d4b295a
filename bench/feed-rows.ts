// From a frame's bytes to its quote in shared memory: the feeds of both exchanges and the publisher, with the counters and the histogram
// of a feed worker, on real bytes.
import { createHash } from 'node:crypto';
import { createHistogram } from 'node:perf_hooks';
import { KALSHI, POLYMARKET, type Venue } from '../src/domain/venue.js';
import { Publisher } from '../src/pipeline/publisher.js';
import { createClock } from '../src/runtime/monotonic-clock.js';
import { CounterBlock } from '../src/shm/counters.js';
import { DepthTable } from '../src/shm/depth-table.js';
import { Doorbell } from '../src/shm/doorbell.js';
import { type Quote, QuoteTable, TRUSTED, trustReason } from '../src/shm/quote-table.js';
import { type ExchangeFeed, FEED_COUNTERS, type FeedCounter } from '../src/venues/feed.js';
import { KalshiFeed } from '../src/venues/kalshi/feed.js';
import { PolymarketFeed } from '../src/venues/polymarket/feed.js';
import type { MicroRow } from './micro-row.js';

/** Frames are told of in turn, so that no book stays in the nearest cache alone. */
const MARKETS = 50;
export const LEVELS = 22;
/** Stamps stand still in these frames, and nobody ticks: no lag is too much, no silence too long. */
const LIMITS = { maxSilenceMs: 3_600_000, maxLagMs: Number.POSITIVE_INFINITY };
const CENT_TEXTS = Array.from({ length: 100 }, (_, cents) => `0.${String(cents).padStart(2, '0')}`);

interface Rig {
  readonly quotes: QuoteTable;
  readonly doorbell: Doorbell;
  readonly clock: ReturnType<typeof createClock>;
  readonly publisher: Publisher;
  readonly count: (name: FeedCounter) => void;
  /** Of one counter, so far. */
  readonly counted: (name: FeedCounter) => number;
}

function createRig(venue: Venue): Rig {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const quotes = new QuoteTable(shared(QuoteTable.bytes(MARKETS * 2)));
  const doorbell = new Doorbell(shared(Doorbell.bytes(MARKETS)));
  const memory = {
    quotes,
    depth: new DepthTable(shared(DepthTable.bytes(MARKETS * 2))),
    doorbells: [doorbell],
  };
  const counterMemory = shared(CounterBlock.bytes(FEED_COUNTERS.length));
  const counters = new CounterBlock(counterMemory);
  const indices = Object.fromEntries(FEED_COUNTERS.map((name, index) => [name, index])) as Record<
    FeedCounter,
    number
  >;
  const count = (name: FeedCounter) => counters.add(indices[name]);
  const histogram = createHistogram();
  const clock = createClock(process.hrtime());
  const markets = Array.from({ length: MARKETS }, (_, market) => market);
  const publisher = new Publisher(
    memory,
    venue,
    MARKETS,
    markets,
    count,
    (ns) => histogram.record(Math.max(1, ns)),
    clock,
  );
  const words = new Uint32Array(counterMemory);
  return { quotes, doorbell, clock, publisher, count, counted: (name) => words[indices[name]]! };
}

/**
 * Hands over one frame an operation, in turn, and gives how many quotes of trusted markets were published. `beforeFrame` may change
 * the frame's bytes.
 */
function feeding(
  rig: Rig,
  feed: ExchangeFeed,
  frames: readonly Buffer[],
  beforeFrame: (frame: Buffer) => void,
  slotOf: (frame: number) => number,
  holds: (lastFrame: number, quote: Quote) => boolean,
): MicroRow['run'] {
  const { quotes, doorbell, clock, counted } = rig;
  const quote: Quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
  const published = () => frames.reduce((sum, _, frame) => sum + quotes.updates(slotOf(frame)), 0);
  const takeMarks = () => {
    for (let word = 0; word < doorbell.dirtyWords; word++) doorbell.takeDirty(word);
  };
  let next = 0;
  let before = published();
  return (operations) => {
    const receiveNs = clock.nowNs();
    let last = next;
    for (let n = 0; n < operations; n++) {
      const frame = frames[next]!;
      beforeFrame(frame);
      feed.frame(frame, receiveNs);
      last = next;
      next = next + 1 === frames.length ? 0 : next + 1;
      // As a detector that keeps up: each frame's mark is the first of its market.
      if (next % MARKETS === 0) takeMarks();
    }
    const slot = slotOf(last);
    quotes.read(slot, quote);
    const isRight =
      trustReason(quotes.trustWord(slot)) === TRUSTED &&
      holds(last, quote) &&
      counted('gaps') + counted('garbage') + counted('fallbacks') === 0;
    // Each slot has two frames, so each update was counted twice.
    const updates = (published() - before) / 2;
    before += updates * 2;
    return isRight ? updates : -1;
  };
}

export function feedRows(): MicroRow[] {
  return [
    {
      name: 'parse + book + publish, Kalshi delta',
      each: 1,
      ratio: 48,
      batch: 200,
      bar: { figure: 'p50', atMost: 400, stretch: 200 },
      run: kalshiRun(),
    },
    {
      name: 'parse + book + publish, Polymarket price_change of 2',
      each: 1,
      ratio: 84,
      batch: 100,
      bar: { figure: 'p50', atMost: 900, stretch: 500 },
      run: polymarketRun(),
    },
  ];
}

const FIRST_SEQ = 100_000_100;
const SEQ_DIGITS = 9;
const DELTA_HEAD = '{"type":"orderbook_delta","sid":1,"seq":';
/** Frames in one turn: their numbers end in two digits that are always the same, so that one more turn is one more in the seven before. */
const TURN = 100;

function kalshiRun(): MicroRow['run'] {
  const rig = createRig(KALSHI);
  const tickers = Array.from({ length: MARKETS }, (_, n) => `KXBENCH-26DEC01-T${1_000 + n}`);
  const markets = tickers.map((ticker, market) => ({ market, ticker }));
  const feed = new KalshiFeed(markets, rig.publisher, rig.count, LIMITS, rig.clock);
  const nowNs = rig.clock.nowNs();
  feed.opened(() => undefined, nowNs);
  const told = (frame: object) => feed.frame(Buffer.from(JSON.stringify(frame)), nowNs);
  // Merged into a subscription that has counted so far: every number from here on has nine digits.
  let seq = FIRST_SEQ - MARKETS - 1;
  told({ id: 1, type: 'ok', sid: 1, seq, msg: { market_tickers: tickers } });
  for (const ticker of tickers) told(kalshiSnapshot(ticker, ++seq));
  const frames = Array.from({ length: TURN }, (_, at) =>
    kalshiDelta(tickers[at % MARKETS]!, FIRST_SEQ - TURN + at, at < MARKETS ? '-10.00' : '10.00'),
  );
  return feeding(rig, feed, frames, nextTurn, kalshiSlot, (frame, { yesAskE4, yesSize }) => {
    return yesAskE4 === 4_600 && yesSize === (frame < MARKETS ? 64 : 74);
  });
}

function kalshiSlot(frame: number): number {
  return frame % MARKETS;
}

/** Yes bids up to 0.44, no bids up to 0.54: asks at 0.46 and 0.56. */
export function kalshiSnapshot(ticker: string, seq: number): object {
  const levels = (bestCents: number) =>
    Array.from({ length: LEVELS }, (_, n) => [
      `${CENT_TEXTS[bestCents + 1 - LEVELS + n]}00`,
      '74.00',
    ]);
  const msg = { market_ticker: ticker, yes_dollars_fp: levels(44), no_dollars_fp: levels(54) };
  return { type: 'orderbook_snapshot', sid: 1, seq, msg };
}

function kalshiDelta(ticker: string, seq: number, delta: string): Buffer {
  return Buffer.from(
    `${DELTA_HEAD}${seq},"msg":{"market_ticker":"${ticker}",` +
      '"market_id":"11111111-2222-4333-8444-555555555555","price_dollars":"0.5400",' +
      `"delta_fp":"${delta}","side":"no","ts":"2026-08-05T11:45:36.564039Z","ts_ms":1785930336564}}`,
  );
}

const LAST_TURN_DIGIT = DELTA_HEAD.length + SEQ_DIGITS - 3;
const NINE = 0x39;
const ZERO = 0x30;

/** Adds 100 to the frame's number, in its digits. */
function nextTurn(frame: Buffer): void {
  let digit = LAST_TURN_DIGIT;
  while (frame[digit] === NINE) frame[digit--] = ZERO;
  frame[digit]!++;
}

const HASH = '7fa265cf6f'.repeat(4);
const STAMP = '1785207904574';

/** 77 digits as the exchange's own: each is a hash, no two begin alike but by chance. */
function tokenId(seed: number): string {
  const hex = createHash('sha256').update(String(seed)).digest('hex');
  return BigInt(`0x${hex}`).toString().padStart(77, '7').slice(0, 77);
}

function polymarketRun(): MicroRow['run'] {
  const rig = createRig(POLYMARKET);
  const tokenIds = Array.from({ length: MARKETS }, (_, market) => {
    return [tokenId(2 * market), tokenId(2 * market + 1)] as [string, string];
  });
  const markets = tokenIds.map((tokens, market) => ({ market, tokenIds: tokens }));
  const feed = new PolymarketFeed(markets, rig.publisher, rig.count, LIMITS, rig.clock);
  const nowNs = rig.clock.nowNs();
  feed.opened(() => undefined, nowNs);
  for (const [yes, no] of tokenIds) {
    const books = [polymarketBook(yes, 42, 43), polymarketBook(no, 57, 58)];
    feed.frame(Buffer.from(JSON.stringify(books)), nowNs);
  }
  const frames = Array.from({ length: 2 * MARKETS }, (_, at) =>
    polymarketChange(tokenIds[at % MARKETS]!, at < MARKETS ? '64' : '74'),
  );
  const slotOf = (frame: number) => MARKETS + (frame % MARKETS);
  return feeding(
    rig,
    feed,
    frames,
    () => undefined,
    slotOf,
    (frame, { noAskE4, noSize }) => {
      return noAskE4 === 5_800 && noSize === (frame < MARKETS ? 64 : 74);
    },
  );
}

export function polymarketBook(tokenId: string, bidCents: number, askCents: number): object {
  const side = (bestCents: number, step: number) =>
    Array.from({ length: LEVELS }, (_, n) => ({
      price: CENT_TEXTS[bestCents + step * (LEVELS - 1 - n)],
      size: '74',
    }));
  return {
    event_type: 'book',
    asset_id: tokenId,
    market: `0x${'77'.repeat(32)}`,
    bids: side(bidCents, -1),
    asks: side(askCents, 1),
    timestamp: STAMP,
    hash: HASH,
  };
}

/** The size at the best bid of YES, and at the best ask of NO, which is the same order. */
function polymarketChange([yes, no]: readonly [string, string], size: string): Buffer {
  const item = (token: string, price: string, side: string, bid: string, ask: string) =>
    `{"asset_id":"${token}", "price":"${price}", "size":"${size}", "side":"${side}", ` +
    `"hash":"${HASH}", "best_bid":"${bid}", "best_ask":"${ask}"}`;
  return Buffer.from(
    `{"market":"0x${'77'.repeat(32)}", "price_changes":[` +
      `${item(yes, '0.42', 'BUY', '0.42', '0.43')}, ` +
      `${item(no, '0.58', 'SELL', '0.57', '0.58')}], ` +
      `"timestamp":"${STAMP}", "event_type":"price_change"}`,
  );
}
