import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { KALSHI, NO, POLYMARKET, type Venue, YES } from '../../../src/domain/venue.js';
import { MarketGenerator } from '../../../src/sim/market/generator.js';
import { createListings } from '../../../src/sim/market/listings.js';
import { SimMatchingEngine } from '../../../src/sim/market/matching-engine.js';
import { parseRecording, readRecordings } from '../../../src/sim/market/recording.js';
import { listRecording, ReplayStream } from '../../../src/sim/market/replay.js';
import { Truth } from '../../../src/sim/market/truth.js';

const FILE = '../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG071300-00.ndjson.gz';
const RECONNECT_FILE =
  '../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG102030-30.ndjson.gz';

/** The book that the frames describe, added up in hundredths by the plainest means. */
function finalBook(path: string, lines: number): Map<string, number> {
  const book = new Map<string, number>();
  const text = gunzipSync(readFileSync(path)).toString().split('\n').slice(0, lines);
  for (const line of text) {
    if (line === '') continue;
    const { type, msg } = JSON.parse(line).event;
    if (type === 'orderbook_snapshot') {
      book.clear();
      for (const side of ['yes', 'no']) {
        for (const [price, size] of msg[`${side}_dollars_fp`] ?? []) {
          book.set(`${side}${price}`, Math.round(Number(size) * 100));
        }
      }
    } else if (type === 'orderbook_delta') {
      const key = `${msg.side}${msg.price_dollars}`;
      const size = (book.get(key) ?? 0) + Math.round(Number(msg.delta_fp) * 100);
      if (size === 0) book.delete(key);
      else book.set(key, size);
    }
  }
  return book;
}

function head(path: string, lines: number): string {
  return gunzipSync(readFileSync(path)).toString().split('\n').slice(0, lines).join('\n');
}

function play(path: string, seed: number, speed = 1) {
  const recording = readRecordings(path, speed, 1)[0]!;
  const [listed] = createListings({ seed, markets: 1, openTimeMs: 0 });
  const listing = listRecording(listed!, recording);
  const market = new MarketGenerator([
    new ReplayStream(listing, recording, { seed, rate: 1, straysPerSecond: 0.25 }),
  ]);
  const engines = [KALSHI, POLYMARKET].map(
    (venue) => new SimMatchingEngine({ venue: venue as Venue, markets: 1, now: () => 0 }),
  ) as [SimMatchingEngine, SimMatchingEngine];
  let atUs = 0;
  const truth = new Truth({
    listings: [listing],
    kalshi: engines[KALSHI],
    polymarket: engines[POLYMARKET],
    criteria: { minNetMicros: 20_000, maxSizeCenti: 10_000, maxCostMicros: 100_000_000 },
    nowUs: () => atUs,
  });
  const moves: [number, number][] = [];
  let trades = 0;
  const tops = ['', ''];
  for (const engine of engines) {
    engine.onBookEvent((event) => {
      trades += event.trades.length;
      const top = `${engine.bestAskOf(0, YES)}/${engine.bestAskOf(0, NO)}`;
      if (tops[event.venue] !== top) moves.push([atUs, event.venue]);
      tops[event.venue] = top;
    });
  }
  let operations = 0;
  market.advance(Number.MAX_SAFE_INTEGER, (op) => {
    atUs = op.atUs;
    operations++;
    engines[op.venue]!.apply(op);
  });
  return { recording, truth, moves, trades, operations, lastUs: atUs, next: market.nextUs };
}

describe('recording', () => {
  it.each([FILE, RECONNECT_FILE])('adds up to the book that the frames describe: %s', (path) => {
    for (const lines of [2_000, 9_000]) {
      const recording = parseRecording(head(path, lines), 1);
      const shown = new Map<string, number>();
      for (const { side, priceE4, sizeE6 } of recording.changes) {
        const ownE4 = side === 'bid' ? priceE4 : 10_000 - priceE4;
        const key = `${side === 'bid' ? 'yes' : 'no'}${(ownE4 / 10_000).toFixed(4)}`;
        if (sizeE6 === 0) shown.delete(key);
        else shown.set(key, sizeE6 / 10_000);
      }
      expect(recording.clamped).toBe(0);
      expect([...shown].sort()).toEqual([...finalBook(path, lines)].sort());
    }
  });

  it('hides a level while it would cross, and shows it once it no longer does', () => {
    const frame = (type: string, msg: object) =>
      JSON.stringify({
        recv_ms: 1_000,
        event: { type, msg: { market_ticker: 'KXA-B-C', market_id: 'id', ...msg } },
      });
    const delta = (side: string, price: string, delta_fp: string, ms: number) =>
      frame('orderbook_delta', {
        side,
        price_dollars: price,
        delta_fp,
        ts: new Date(1_000 + ms).toISOString(),
      });
    const recording = parseRecording(
      [
        frame('orderbook_snapshot', {
          yes_dollars_fp: [['0.4000', '5.00']],
          no_dollars_fp: [['0.5800', '7.00']],
        }),
        // Bids 43 against an ask at 42, which goes two milliseconds later.
        delta('yes', '0.4300', '9.00', 1),
        delta('yes', '0.4300', '1.00', 2),
        delta('no', '0.5800', '-7.00', 3),
        delta('no', '0.5500', '2.00', 4),
      ].join('\n'),
      1,
    );
    expect(recording.changes).toEqual([
      { atUs: 0, side: 'bid', priceE4: 4_000, sizeE6: 5_000_000 },
      { atUs: 0, side: 'ask', priceE4: 4_200, sizeE6: 7_000_000 },
      { atUs: 3_000, side: 'ask', priceE4: 4_200, sizeE6: 0 },
      { atUs: 3_000, side: 'bid', priceE4: 4_300, sizeE6: 10_000_000 },
      { atUs: 4_000, side: 'ask', priceE4: 4_500, sizeE6: 2_000_000 },
    ]);
    expect(recording.tops).toEqual([
      { atUs: 0, bidE4: 4_000, askE4: 4_200 },
      { atUs: 4_000, bidE4: 4_300, askE4: 4_500 },
    ]);
  });

  it('names the line that cannot be read', () => {
    expect(() => parseRecording(`${head(FILE, 3)}\n{"recv_ms":1,"ev`, 1, 'x')).toThrow(
      /path=x line=4/,
    );
    expect(() => parseRecording('', 1, 'x')).toThrow(/no order book/);
  });
});

describe('replay', () => {
  it('plays a recorded market at its own pace, uncrossed, with underrounds where the follower lags', () => {
    const run = play(FILE, 7);
    expect(run.trades).toBe(0);
    expect(run.next).toBe(Number.POSITIVE_INFINITY);
    expect(run.lastUs).toBeLessThanOrEqual(run.recording.durationUs);
    expect(run.recording.durationUs / 1_000_000).toBeCloseTo(848, -1);
    const episodes = run.truth.episodes();
    expect(episodes.length).toBeGreaterThan(50);
    const closed = episodes.filter(({ closeUs }) => closeUs !== null);
    expect(closed.length).toBeGreaterThan(episodes.length - 2);
  });

  it('keeps the follower away from the moves of the recorded book', () => {
    const { moves } = play(FILE, 8);
    const last = [-1_000_000, -1_000_000];
    let closest = Number.POSITIVE_INFINITY;
    let followed = 0;
    for (const [atUs, venue] of moves) {
      if (atUs > 0) closest = Math.min(closest, atUs - last[1 - venue]!);
      if (venue === POLYMARKET) followed++;
      last[venue] = atUs;
    }
    expect(followed).toBeGreaterThan(100);
    expect(closest).toBeGreaterThanOrEqual(20_000);
  });

  it('takes half the time at speed 2', () => {
    const { recording } = play(FILE, 7, 2);
    expect(recording.durationUs / 1_000_000).toBeCloseTo(424, -1);
  });
});
