// A lost change below the best price: only the hash of the whole book shows it.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ladder } from '../../src/domain/ladder.js';
import type { BookEvent, PolymarketListing } from '../../src/sim/exchange.js';
import { Rng } from '../../src/sim/market/rng.js';
import { DisplayedBook } from '../../src/sim/polymarket/displayed-book.js';
import { bookFrame, priceChangeFrame } from '../../src/sim/polymarket/market-frames.js';
import { type FeedSink, REASON_TRUSTED, TRUST_REASONS } from '../../src/venues/feed.js';
import { PolymarketFeed, type PolymarketFeedMarket } from '../../src/venues/polymarket/feed.js';
import { bookHash } from '../../src/venues/polymarket/wire/book-hash.js';
import { BookHasher } from '../../src/venues/polymarket/wire/book-hasher.js';
import { HASH_WORDS, parseHash } from '../../src/venues/polymarket/wire/frames.js';
import { SteppedClock } from './feed-model.js';
import { PolymarketPeer, tokensOf } from './scripted-polymarket.js';

const LIMITS = { maxSilenceMs: 600_000, maxLagMs: 600_000 };
const TICK_MS = 25;

/** A feed with its wire in the test's hands, and no opinion of what is right. */
class Line {
  readonly clock = new SteppedClock();
  readonly feed: PolymarketFeed;
  readonly reasons: (string | undefined)[] = [];
  readonly asks = new Map<number, string>();
  readonly commands: string[] = [];
  readonly counts: Record<string, number> = {};
  agreements = 0;

  constructor(markets: readonly PolymarketFeedMarket[]) {
    const levels = (ladder: Ladder) =>
      [...ladder.pricesE4.subarray(0, ladder.count)].map((p, at) => [p, ladder.sizesCenti[at]]);
    const sink: FeedSink = {
      publish: (market, yes, no) =>
        this.asks.set(market, JSON.stringify([levels(yes), levels(no)])),
      setMarketTrust: (market, reason) => {
        this.reasons[market] = TRUST_REASONS[reason];
      },
      setConnectionTrust: () => undefined,
      setFreshUntil: () => undefined,
      termsChanged: () => undefined,
      ring: () => undefined,
    };
    const count = (name: string) => {
      this.counts[name] = (this.counts[name] ?? 0) + 1;
    };
    this.feed = new PolymarketFeed(markets, sink, count, LIMITS, this.clock);
    this.feed.opened((text) => this.commands.push(text), this.clock.nowNs());
  }

  hand(text: string): void {
    this.feed.frame(Buffer.from(text), this.clock.nowNs());
  }

  /**
   * Ticks until the market has another reason than trusted, or the time is over. Returns how long
   * it took.
   */
  passUntilDistrusted(ms: number, market = 0): number {
    let passed = 0;
    while (passed < ms && this.reasons[market] === TRUST_REASONS[REASON_TRUSTED]) {
      this.tick();
      passed += TICK_MS;
    }
    return passed;
  }

  tick(): string | undefined {
    this.clock.advanceMs(TICK_MS);
    return this.feed.tick(this.clock.nowNs());
  }
}

describe('the hash of a book', () => {
  const level = fc.record({
    priceE4: fc.integer({ min: 1, max: 9_999 }),
    sizeE6: fc.oneof(
      fc.integer({ min: 1, max: 10 ** 12 }).map((centi) => centi * 10_000),
      fc.integer({ min: 10_000, max: 10 ** 14 }),
    ),
  });
  /** Not the engine's formatter. */
  const text = (value: number, places: number) => {
    const digits = String(value).padStart(places + 1, '0');
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '');
  };

  it('is made from numbers as from the texts of the wire', () => {
    const hasher = new BookHasher();
    const hash = new Int32Array(HASH_WORDS);
    const levels = fc.array(level, { maxLength: 60 });
    fc.assert(
      fc.property(levels, levels, fc.boolean(), (bids, asks, negRisk) => {
        hasher.begin('0xaa', '123', 1_789_156_413_830);
        for (const { priceE4, sizeE6 } of bids) {
          hasher.level(priceE4, Math.floor(sizeE6 / 10_000), sizeE6 % 10_000);
        }
        hasher.beginAsks();
        for (const { priceE4, sizeE6 } of asks) {
          hasher.level(priceE4, Math.floor(sizeE6 / 10_000), sizeE6 % 10_000);
        }
        hasher.endLevels();
        const side = (all: typeof bids) =>
          all
            .map((l) => `{"price":"${text(l.priceE4, 4)}","size":"${text(l.sizeE6, 6)}"}`)
            .join(',');
        const wanted = bookHash({
          market: '0xaa',
          assetId: '123',
          timestamp: '1789156413830',
          bidsText: side(bids),
          asksText: side(asks),
          minOrderSize: '5',
          tickSize: '0.01',
          negRisk,
          lastTradePrice: '0.368',
        });
        expect(parseHash(wanted, hash)).toBe(true);
        expect(hasher.matches('5', '0.01', negRisk, '0.367', hash)).toBe(false);
        expect(hasher.matches('5', '0.01', negRisk, '0.368', hash)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

interface SportsRecord {
  readonly kind: 'checkpoint' | 'frame';
  readonly batch: string;
  readonly raw?: string;
  readonly market: string;
  readonly min_order_size: string;
  readonly tick_size: string;
  readonly neg_risk: boolean;
  readonly last_trade_price: string;
  readonly books: { asset_id: string; bids: { price: string; size: string }[] }[];
}

describe('recorded sports batches', () => {
  const records = readFileSync(
    '../shared/data/recorded/polymarket-ws/sports_batches_2026-09-11.jsonl',
    'utf8',
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SportsRecord);

  function play(batch: string, frames: readonly string[], spoil?: (books: string) => string): Line {
    const { books, ...terms } = records.find((r) => r.batch === batch && r.kind === 'checkpoint')!;
    const { market, min_order_size, tick_size, neg_risk, last_trade_price } = terms;
    const facts = { market, min_order_size, tick_size, neg_risk, last_trade_price };
    const [first, second] = books;
    const line = new Line([{ market: 0, tokenIds: [first!.asset_id, second!.asset_id] }]);
    const dump = JSON.stringify(books.map((b) => ({ ...b, ...facts, event_type: 'book' })));
    line.hand(spoil === undefined ? dump : spoil(dump));
    for (const raw of frames) line.hand(raw);
    return line;
  }
  const framesOf = (batch: string) =>
    records.filter((r) => r.batch === batch && r.kind === 'frame').map(({ raw }) => raw!);

  it.each(['A', 'B'])('%s: both tokens are armed, and every hash agrees', (batch) => {
    const line = play(batch, []);
    expect(line.feed.armedTokens).toBe(2);
    for (const raw of framesOf(batch)) {
      line.hand(raw);
      // Each frame states the hash after the whole batch.
      line.tick();
    }
    expect(line.passUntilDistrusted(5_000)).toBe(5_000);
    expect(line.counts).not.toHaveProperty('resyncs');
    expect(line.counts).not.toHaveProperty('fallbacks');
  });

  it.each([
    ['A', 'hash-mismatch'],
    ['B', 'best-mismatch'],
  ])('%s: any one change that is lost is noticed', (batch, reason) => {
    const frames = framesOf(batch);
    const whole = play(batch, frames).asks.get(0);
    const noticed: (string | undefined)[] = [];
    // The loss of the last frame shows at the next one, which is not recorded.
    for (let lost = 0; lost < frames.length - 1; lost++) {
      const line = play(
        batch,
        frames.filter((_, at) => at !== lost),
      );
      const isWhole = line.asks.get(0) === whole;
      line.passUntilDistrusted(1_000);
      if (isWhole) expect(line.reasons[0]).toBe('trusted');
      else noticed.push(line.reasons[0]);
    }
    expect(noticed.length).toBeGreaterThan(1);
    expect(noticed).not.toContain('trusted');
    expect(noticed).toContain(reason);
  });

  it('a book that is not what its hash says arms nothing', () => {
    const line = play('A', framesOf('A'), (dump) => dump.replace('"5199.99"', '"5199.98"'));
    expect(line.feed.armedTokens).toBe(1);
    expect(line.passUntilDistrusted(2_000)).toBe(2_000);
  });
});

describe("the simulator's frames", () => {
  const listing: PolymarketListing = {
    market: 0,
    conditionId: `0x${'ab'.repeat(32)}`,
    questionId: '0x',
    slug: 'm',
    question: 'M?',
    outcomes: ['Yes', 'No'],
    tokenIds: ['7'.repeat(77), '8'.repeat(77)],
    tickE4: 100,
    minSizeCenti: 500,
    negRisk: true,
    feeRate: 0.05,
    feeExponent: 1,
    endDateMs: 0,
  };
  const market = { market: 0, tokenIds: listing.tokenIds, minSizeText: '5', negRisk: true };
  const startMs = 1_790_000_000_000;

  function start(): { line: Line; book: DisplayedBook } {
    const bids = [[4_000, 5_000_000]] as const;
    const asks = [[6_000, 7_000_000]] as const;
    const book = new DisplayedBook(listing, bids, asks, startMs);
    book.apply(eventAt(startMs, []), 4_500);
    const line = new Line([market]);
    line.hand(`[${bookFrame(book, 0)},${bookFrame(book, 1)}]`);
    return { line, book };
  }
  function eventAt(venueMs: number, changes: BookEvent['changes']): BookEvent {
    return { venue: 1, market: 0, venueMs, changes, trades: [] };
  }
  function deepChange(random: Rng) {
    const side = random.pick(['bid', 'ask'] as const);
    const priceE4 = side === 'bid' ? random.between(1, 39) * 100 : random.between(61, 99) * 100;
    const sizeE6 = random.chance(0.3) ? 0 : random.between(1, 10 ** 6) * 10_000;
    return { side, priceE4, sizeE6, deltaE6: 0 };
  }

  it('verify over a long walk, and a deep change that is lost is noticed', () => {
    const seed = Number(process.env.UNDERROUND_FUZZ_SEED ?? Date.now() % 2 ** 31);
    console.log(`polymarket hash walk: seed=${seed}`);
    const random = new Rng(seed);
    const { line, book } = start();
    expect(line.feed.armedTokens).toBe(2);
    for (let step = 1; step <= 2_000; step++) {
      const change = deepChange(random);
      book.apply(eventAt(startMs + step, [change]), undefined);
      line.hand(priceChangeFrame(book, change));
      if (step % 7 === 0) line.tick();
      expect(line.reasons[0]).toBe('trusted');
    }
    // Shorter than any silence: after one every book is asked for again anyway.
    expect(line.passUntilDistrusted(50)).toBe(50);
    const lost = { side: 'bid', priceE4: 1_200, sizeE6: 123_450_000, deltaE6: 0 } as const;
    const next = { side: 'ask', priceE4: 9_000, sizeE6: 543_210_000, deltaE6: 0 } as const;
    book.apply(eventAt(startMs + 3_000, [lost]), undefined);
    book.apply(eventAt(startMs + 3_001, [next]), undefined);
    line.hand(priceChangeFrame(book, next));
    expect(line.passUntilDistrusted(2_000)).toBeLessThanOrEqual(325);
    expect(line.reasons[0]).toBe('hash-mismatch');
    line.hand(`[${bookFrame(book, 0)},${bookFrame(book, 1)}]`);
    expect(line.reasons[0]).toBe('unconfirmed');
    book.apply(eventAt(startMs + 3_002, [lost]), undefined);
    line.hand(priceChangeFrame(book, lost));
    expect(line.reasons[0]).toBe('trusted');
    expect(line.feed.armedTokens).toBe(2);
    expect(line.counts.fallbacks).toBeUndefined();
  });
});

describe('a hash that does not agree', () => {
  const MARKETS = 8;

  function connect(terms: Partial<PolymarketFeedMarket> = { minSizeText: '5' }) {
    const truth = Array.from({ length: MARKETS }, () => ({
      yes: new Map([[3_000, 500]]),
      no: new Map([[4_000, 700]]),
    }));
    const line = new Line(
      truth.map((_, market) => ({
        market,
        tokenIds: tokensOf(market),
        negRisk: market % 2 === 1,
        ...terms,
      })),
    );
    const peer = new PolymarketPeer({ truth, venueMs: () => line.clock.wallMs() });
    peer.opened();
    const hear = () => {
      for (const text of line.commands.splice(0)) peer.heard(text);
      for (const { data } of peer.outbox.splice(0)) line.hand(data.toString());
    };
    let losses = 0;
    /** The exchange's book changes and the frame is lost. */
    const lose = (market: number) => {
      peer.change(market, 'yes', 1_000, 12_300 + ++losses);
      peer.outbox.length = 0;
    };
    /** What comes after a book shows that it is current. */
    const agree = (markets: Iterable<number> = truth.keys()) => {
      hear();
      for (const market of markets) peer.change(market, 'no', 900, 4_300 + line.agreements);
      line.agreements++;
      hear();
    };
    agree();
    return { line, peer, truth, hear, agree, lose };
  }

  it('is forgiven while newer frames settle it', () => {
    const { line, peer, hear } = connect();
    expect(line.feed.armedTokens).toBe(2 * MARKETS);
    // Half a matching event: the rest of it comes ten ticks later.
    peer.event(0, [
      { side: 'yes', priceE4: 1_000, sizeCenti: 100 },
      { side: 'yes', priceE4: 1_100, sizeCenti: 100 },
    ]);
    const [first, second] = peer.outbox.splice(0);
    line.hand(first!.data.toString());
    for (let tick = 0; tick < 10; tick++) line.tick();
    line.hand(second!.data.toString());
    hear();
    expect(line.passUntilDistrusted(2_000)).toBe(2_000);
    expect(line.counts.resyncs).toBeUndefined();
  });

  it('shows a loss to a book that never comes to rest', () => {
    const { line, peer, agree, lose } = connect();
    lose(0);
    let ticks = 0;
    for (; ticks < 200 && line.reasons[0] === 'trusted'; ticks++) {
      peer.change(0, 'no', 2_000, 100 + ticks);
      for (const { data } of peer.outbox.splice(0)) line.hand(data.toString());
      line.tick();
    }
    expect(line.reasons[0]).toBe('hash-mismatch');
    expect(ticks * TICK_MS).toBeGreaterThan(1_000);
    expect(ticks * TICK_MS).toBeLessThan(1_500);
    agree();
    expect(line.reasons[0]).toBe('trusted');
  });

  it('is looked at in turn, a bounded number a tick', () => {
    const { line, peer, agree, lose } = connect();
    for (let market = 0; market < MARKETS; market++) {
      lose(market);
      peer.change(market, 'no', 2_000, 100);
      for (const { data } of peer.outbox.splice(0)) line.hand(data.toString());
    }
    const perTick: number[] = [];
    for (let tick = 0; tick < 40; tick++) {
      const before = line.counts.gaps ?? 0;
      line.tick();
      perTick.push((line.counts.gaps ?? 0) - before);
    }
    expect(line.counts.gaps).toBe(MARKETS);
    expect(Math.max(...perTick)).toBeLessThanOrEqual(4);
    agree();
    expect(new Set(line.reasons)).toEqual(new Set(['trusted']));
  });

  it('says nothing of a book that was never understood', () => {
    const { line, peer, lose } = connect({});
    expect(line.feed.armedTokens).toBe(0);
    lose(0);
    peer.change(0, 'no', 2_000, 100);
    for (const { data } of peer.outbox.splice(0)) line.hand(data.toString());
    expect(line.passUntilDistrusted(3_000)).toBe(3_000);
  });

  it.each(['0.410', '0.41'])(
    'follows the last trade of either token, hashed as %s, told by its event or by a whole book',
    (text) => {
      const { line, peer, hear, agree } = connect();
      peer.lastTrade = text;
      peer.change(0, 'yes', 1_000, 100);
      const asset_id = tokensOf(0)[1];
      const event = { event_type: 'last_trade_price', asset_id, price: '0.41', size: '1' };
      hear();
      line.hand(JSON.stringify(event));
      expect(line.passUntilDistrusted(1_000)).toBe(1_000);
      // A trade that nobody told of: the book asked for tells it.
      peer.lastTrade = '0.420';
      peer.change(0, 'yes', 1_000, 200);
      hear();
      line.passUntilDistrusted(1_000);
      expect(line.reasons[0]).toBe('hash-mismatch');
      agree([0]);
      expect(line.passUntilDistrusted(1_000)).toBe(1_000);
      expect(line.counts.resyncs).toBe(1);
    },
  );

  it('costs a bounded number of repairs when hashes of changes are not what we think', () => {
    const { line, peer, hear } = connect();
    let why: string | undefined;
    for (let turn = 0; turn < 400; turn++) {
      peer.change(0, 'yes', 1_000, 100 + turn);
      for (const sent of peer.outbox.splice(0)) {
        line.hand(sent.data.toString().replaceAll(/"hash":"..../g, '"hash":"0000'));
      }
      why ??= line.tick();
      peer.outbox.length = 0;
      hear();
    }
    expect(why).toBeUndefined();
    // Three for each of its tokens.
    expect(line.counts.resyncs).toBe(6);
    expect(line.reasons[0]).toBe('trusted');
  });

  it.each([
    ['texts with zeros at their end', '"size":"1"', '"size":"1.0"'],
    ['a size below 1/100', '"size":"1"', '"size":"0.005"'],
  ])('is not looked for in a book with %s, until a whole one comes', (_what, from, to) => {
    const { line, peer, hear, lose } = connect();
    peer.change(0, 'yes', 1_000, 100);
    for (const { data } of peer.outbox.splice(0)) {
      const raw = data.toString();
      expect(raw).toContain(from);
      line.hand(raw.replaceAll(from, to));
    }
    expect(line.passUntilDistrusted(2_000)).toBe(2_000);
    lose(0);
    peer.change(0, 'no', 2_100, 100);
    hear();
    expect(line.passUntilDistrusted(2_000)).toBe(2_000);
    for (const token of [0, 1]) {
      peer.outbox.push({ data: Buffer.from(JSON.stringify(peer.bookEvent(0, token))) });
    }
    hear();
    lose(0);
    peer.change(0, 'no', 2_000, 100);
    for (const { data } of peer.outbox.splice(0)) line.hand(data.toString());
    line.passUntilDistrusted(2_000);
    expect(line.reasons[0]).toBe('hash-mismatch');
  });

  it('is not looked for in a book that is too deep to hash in a tick', () => {
    const { line, peer, truth, agree } = connect();
    for (let level = 1; level <= 500; level++) truth[0]!.yes.set(level, 100);
    line.feed.closed();
    line.feed.opened((text) => line.commands.push(text), line.clock.nowNs());
    peer.opened();
    agree();
    expect(line.feed.armedTokens).toBe(2 * MARKETS - 2);
    expect(line.passUntilDistrusted(1_000)).toBe(1_000);
  });

  it('is found with sizes of six decimals too', () => {
    const { line, peer } = connect();
    const fine = (raw: string) => raw.replaceAll('"size":"1"', '"size":"1.234567"');
    peer.change(0, 'yes', 1_000, 100);
    const [sent] = peer.outbox.splice(0);
    const hashes = [0, 1].map((token) => ({
      from: peer.hash(0, token),
      to: fineHash(peer, token),
    }));
    const raw = hashes.reduce(
      (text, { from, to }) => text.replaceAll(from, to),
      fine(`${sent!.data}`),
    );
    line.hand(raw);
    expect(line.passUntilDistrusted(2_000)).toBe(2_000);
    line.hand(raw.replaceAll('1.234567', '1.234566'));
    line.passUntilDistrusted(2_000);
    expect(line.reasons[0]).toBe('hash-mismatch');
  });

  function fineHash(peer: PolymarketPeer, token: number): string {
    const { bids, asks } = peer.levels(0, token);
    const text = (levels: object[]) =>
      JSON.stringify(levels).slice(1, -1).replaceAll('"size":"1"', '"size":"1.234567"');
    return bookHash({
      ...peer.hashed(0, token),
      bidsText: text(bids),
      asksText: text(asks),
    });
  }
});
