import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Ladder } from '../../src/domain/ladder.js';
import {
  type FeedCounter,
  type FeedSink,
  REASON_TRUSTED,
  REASON_UNCONFIRMED,
} from '../../src/venues/feed.js';
import { KalshiFeed } from '../../src/venues/kalshi/feed.js';
import { PolymarketFeed } from '../../src/venues/polymarket/feed.js';

const RECORDED = '../shared/data/recorded';
const LIMITS = { maxSilenceMs: 600_000, maxLagMs: 600_000 };

/** The clock stands where the recorder's stood. */
class RecordedClock {
  recvMs = 0;
  nowNs(): number {
    return this.recvMs * 1e6 - 1_780_000_000_000 * 1e6;
  }
  wallMs(): number {
    return this.recvMs;
  }
}

class Sink implements FeedSink {
  readonly books = new Map<number, { yesAsks: Map<number, number>; noAsks: Map<number, number> }>();
  readonly reasons = new Map<number, number>();
  readonly counts: Partial<Record<FeedCounter, number>> = {};
  connectionReason = 0;
  rings = 0;
  readonly count = (name: FeedCounter) => {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  };
  publish(market: number, yesAsks: Ladder, noAsks: Ladder): void {
    this.books.set(market, { yesAsks: levelsOf(yesAsks), noAsks: levelsOf(noAsks) });
  }
  setMarketTrust(market: number, reason: number): void {
    this.reasons.set(market, reason);
  }
  setConnectionTrust(reason: number): void {
    this.connectionReason = reason;
  }
  readonly termsChanged = () => undefined;
  readonly setFreshUntil = () => undefined;

  ring(): void {
    this.rings++;
  }
}

/** As bids: what the ladder keeps. */
function levelsOf(ladder: Ladder): Map<number, number> {
  const levels = new Map<number, number>();
  for (let at = 0; at < ladder.count; at++)
    levels.set(ladder.pricesE4[at]!, ladder.sizesCenti[at]!);
  return levels;
}

/** Decimal text to whole numbers by way of BigInt text, not of the engine's parser. */
function scaled(text: string, places: number): number {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const value = Number(BigInt(`${whole || '0'}${fraction.padEnd(places, '0').slice(0, places)}`));
  return text.startsWith('-') ? -value : value;
}

type Level = [string, string];
interface KalshiFrame {
  type: string;
  sid: number;
  seq: number;
  msg: {
    market_ticker: string;
    side?: 'yes' | 'no';
    price_dollars?: string;
    delta_fp?: string;
    yes_dollars_fp?: Level[];
    no_dollars_fp?: Level[];
  };
}

function applyKalshi(
  truth: Map<string, [Map<number, number>, Map<number, number>]>,
  { type, msg }: KalshiFrame,
): void {
  if (type === 'orderbook_snapshot') {
    const side = (levels: Level[] = []) =>
      new Map(levels.map(([p, s]) => [scaled(p, 4), scaled(s, 2)]));
    truth.set(msg.market_ticker, [side(msg.yes_dollars_fp), side(msg.no_dollars_fp)]);
  } else if (type === 'orderbook_delta') {
    const levels = truth.get(msg.market_ticker)![msg.side === 'yes' ? 0 : 1];
    const priceE4 = scaled(msg.price_dollars!, 4);
    const size = (levels.get(priceE4) ?? 0) + scaled(msg.delta_fp!, 2);
    if (size === 0) levels.delete(priceE4);
    else levels.set(priceE4, size);
  }
}

describe('recorded Kalshi frames', () => {
  it.each([
    ['KXGOLD15M-26AUG101900-00', 23_003],
    // A reconnect inside: the numbers start again.
    ['KXGOLD15M-26AUG102030-30', 34_334],
  ])('of %s give the books of an independent reconstruction', (name, frames) => {
    const file = gunzipSync(readFileSync(`${RECORDED}/kalshi-gold15m-ws/${name}.ndjson.gz`));
    const lines = file.toString('utf8').trim().split('\n');
    expect(lines).toHaveLength(frames);
    const clock = new RecordedClock();
    const sink = new Sink();
    const feed = new KalshiFeed([{ market: 0, ticker: name }], sink, sink.count, LIMITS, clock);
    const truth = new Map<string, [Map<number, number>, Map<number, number>]>();
    let connections = 0;
    let seq = 0;
    let recordedSeq = 0;
    let compared = 0;
    for (const line of lines) {
      const { recv_ms, event } = JSON.parse(line) as { recv_ms: number; event: KalshiFrame };
      clock.recvMs = Math.max(clock.recvMs, recv_ms);
      const isTrade = event.type === 'trade';
      if (!isTrade && (connections === 0 || event.seq < recordedSeq)) {
        if (connections > 0) feed.closed();
        connections++;
        seq = 0;
        feed.opened(() => undefined, clock.nowNs());
        const subscribed = {
          type: 'subscribed',
          id: 1,
          msg: { channel: 'orderbook_delta', sid: event.sid },
        };
        feed.frame(Buffer.from(JSON.stringify(subscribed)), clock.nowNs());
      }
      if (!isTrade) recordedSeq = event.seq;
      // Only this market of the subscription was recorded: its frames are numbered anew. Trades have a sid of their own.
      const numbered = isTrade ? event : { ...event, seq: ++seq };
      feed.frame(Buffer.from(JSON.stringify(numbered)), clock.nowNs());
      applyKalshi(truth, event);
      if (++compared % 50 !== 0 && event.type !== 'orderbook_snapshot') continue;
      const [yes, no] = truth.get(name)!;
      expect(sink.books.get(0)).toEqual({ yesAsks: no, noAsks: yes });
      expect(sink.reasons.get(0)).toBe(REASON_TRUSTED);
    }
    expect(sink.counts.garbage).toBeUndefined();
    expect(sink.counts.gaps).toBeUndefined();
    expect(connections).toBe(name.endsWith('-30') ? 2 : 1);
  });

  it('of four markets on one subscription need no renumbering', () => {
    const lines = readFileSync(`${RECORDED}/kalshi-multimarket-ws/experiment_a.jsonl`, 'utf8')
      .trim()
      .split('\n');
    const all = lines.map((line) => JSON.parse(line) as KalshiFrame);
    const tickers = [...new Set(all.flatMap(({ msg }) => msg.market_ticker ?? []))];
    const clock = new RecordedClock();
    clock.recvMs = 1_789_581_829_000;
    const sink = new Sink();
    const markets = tickers.map((ticker, market) => ({ market, ticker }));
    const feed = new KalshiFeed(markets, sink, sink.count, LIMITS, clock);
    const truth = new Map<string, [Map<number, number>, Map<number, number>]>();
    feed.opened(() => undefined, clock.nowNs());
    for (const frame of all) {
      feed.frame(Buffer.from(JSON.stringify(frame)), clock.nowNs());
      applyKalshi(truth, frame);
    }
    expect(tickers).toHaveLength(4);
    tickers.forEach((ticker, market) => {
      const [yes, no] = truth.get(ticker)!;
      expect(sink.books.get(market)).toEqual({ yesAsks: no, noAsks: yes });
      expect(sink.reasons.get(market)).toBe(REASON_TRUSTED);
    });
    expect([sink.counts.garbage, sink.counts.gaps]).toEqual([undefined, undefined]);
  });
});

interface WireLevel {
  price: string;
  size: string;
}
interface TokenBook {
  asset_id: string;
  bids: WireLevel[];
  asks: WireLevel[];
}
interface Change {
  asset_id: string;
  price: string;
  size: string;
  side: 'BUY' | 'SELL';
  best_bid: string;
  best_ask: string;
}
interface Event {
  event_type: string;
  asset_id?: string;
  price_changes?: Change[];
  bids?: WireLevel[];
  asks?: WireLevel[];
}

it('recorded Polymarket batches: each book is the reconstruction, and trusted at the end of its batch', () => {
  const lines = readFileSync(`${RECORDED}/polymarket-ws/sports_batches_2026-09-11.jsonl`, 'utf8')
    .trim()
    .split('\n');
  const records = lines.map(
    (line) =>
      JSON.parse(line) as {
        kind: string;
        batch: string;
        books?: TokenBook[];
        raw?: string;
        received_at_ms: number;
      },
  );
  for (const batch of ['A', 'B']) {
    const own = records.filter((record) => record.batch === batch);
    const books = own.find(({ kind }) => kind === 'checkpoint')!.books!;
    const [first, second] = books as [TokenBook, TokenBook];
    const clock = new RecordedClock();
    clock.recvMs = own[0]!.received_at_ms;
    const sink = new Sink();
    const tokenIds = [first.asset_id, second.asset_id] as const;
    const feed = new PolymarketFeed([{ market: 0, tokenIds }], sink, sink.count, LIMITS, clock);
    feed.opened(() => undefined, clock.nowNs());
    const dump = books.map((book) => ({ ...book, event_type: 'book' }));
    feed.frame(Buffer.from(JSON.stringify(dump)), clock.nowNs());
    expect(sink.reasons.get(0)).toBe(REASON_UNCONFIRMED);
    const side = (levels: WireLevel[]) =>
      new Map(levels.map(({ price, size }) => [scaled(price, 4), scaled(size, 2)]));
    const truth = new Map(
      books.map((book) => [book.asset_id, { bids: side(book.bids), asks: side(book.asks) }]),
    );
    const reasons: (number | undefined)[] = [];
    for (const { raw, received_at_ms } of own.filter(({ kind }) => kind === 'frame')) {
      clock.recvMs = received_at_ms;
      feed.frame(Buffer.from(raw!), clock.nowNs());
      const parsed = JSON.parse(raw!) as Event | Event[];
      for (const event of Array.isArray(parsed) ? parsed : [parsed]) applyPolymarket(truth, event);
      reasons.push(sink.reasons.get(0));
      const asks = (token: string) =>
        new Map([...truth.get(token)!.asks].map(([priceE4, size]) => [10_000 - priceE4, size]));
      const published = sink.books.get(0)!;
      const sorted = (levels: Map<number, number>) =>
        new Map([...levels].sort(([a], [b]) => a - b));
      expect(sorted(published.yesAsks)).toEqual(sorted(asks(first.asset_id)));
      expect(sorted(published.noAsks)).toEqual(sorted(asks(second.asset_id)));
    }
    expect(reasons.at(-1)).toBe(REASON_TRUSTED);
    // best_bid_ask goes ahead of the changes: until they are here the market is not trusted.
    expect(reasons.some((reason) => reason !== REASON_TRUSTED)).toBe(true);
    expect(sink.counts.garbage).toBeUndefined();
    expect(sink.counts.resyncs).toBeUndefined();
  }
});

function applyPolymarket(
  truth: Map<string, { bids: Map<number, number>; asks: Map<number, number> }>,
  event: Event,
): void {
  if (event.event_type === 'book') {
    const side = (levels: WireLevel[] = []) =>
      new Map(levels.map(({ price, size }) => [scaled(price, 4), scaled(size, 2)]));
    truth.set(event.asset_id!, { bids: side(event.bids), asks: side(event.asks) });
  }
  for (const { asset_id, price, size, side } of event.price_changes ?? []) {
    const levels = truth.get(asset_id)![side === 'BUY' ? 'bids' : 'asks'];
    if (scaled(size, 2) === 0) levels.delete(scaled(price, 4));
    else levels.set(scaled(price, 4), scaled(size, 2));
  }
}

it('recorded Polymarket changes without a book before them trust nothing, and are no garbage', () => {
  const lines = readFileSync(`${RECORDED}/polymarket-ws/eth15m_2026-07-28.jsonl`, 'utf8')
    .trim()
    .split('\n');
  const raws = lines.map((line) => (JSON.parse(line) as { raw: string }).raw);
  const ids = [
    ...new Set(
      raws.flatMap((raw) => (JSON.parse(raw) as Event).price_changes?.map((c) => c.asset_id) ?? []),
    ),
  ];
  const clock = new RecordedClock();
  clock.recvMs = 1_785_207_904_600;
  const sink = new Sink();
  const tokenIds = [ids[0]!, ids[1]!] as const;
  const feed = new PolymarketFeed([{ market: 0, tokenIds }], sink, sink.count, LIMITS, clock);
  feed.opened(() => undefined, clock.nowNs());
  for (const raw of raws) feed.frame(Buffer.from(raw), clock.nowNs());
  expect(ids).toHaveLength(2);
  expect(sink.reasons.get(0)).not.toBe(REASON_TRUSTED);
  expect(sink.books.size).toBe(0);
  expect(sink.counts.garbage).toBeUndefined();
});
