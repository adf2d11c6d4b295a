import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createListings } from '../../../src/sim/market/listings.js';
import { type Recording, readRecordings } from '../../../src/sim/market/recording.js';
import { recordedLines, recordingFiles } from '../../../src/sim/market/recording-files.js';
import { listRecording, placeRecordings } from '../../../src/sim/market/replay.js';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-recording-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const put = (name: string, content: string | Buffer): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

/** A gzip stream that is flushed after each batch, and how many of its bytes were there after each flush. */
async function flushed(batches: readonly string[]): Promise<{ bytes: Buffer; ends: number[] }> {
  const gzip = createGzip();
  const chunks: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ends: number[] = [];
  for (const batch of batches) {
    gzip.write(batch);
    await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
    ends.push(Buffer.concat(chunks).length);
  }
  await new Promise<void>((resolve) => {
    gzip.on('end', resolve);
    gzip.end();
  });
  return { bytes: Buffer.concat(chunks), ends };
}

describe('the files of a recording', () => {
  it('come in the order of their names from a directory, and as given from a list', () => {
    const files = ['20260102T0-kalshi.ndjson.gz', '20260101T0-kalshi.ndjson'].map((name) =>
      put(name, ''),
    );
    put('notes.txt', '');
    expect(recordingFiles(directory)).toEqual([files[1], files[0]]);
    expect(recordingFiles(files.join(','))).toEqual(files);
    expect(recordingFiles(files[0]!)).toEqual([files[0]]);
    expect(() => recordingFiles('/nowhere/x.ndjson')).toThrow('/nowhere/x.ndjson');
  });

  it('keep the last line of a whole file without a line end', () => {
    expect([...recordedLines(put('whole.ndjson', 'a\nb'))]).toEqual(['a', 'b']);
    expect([...recordedLines(put('whole.ndjson.gz', gzipSync('a\nb')))]).toEqual(['a', 'b']);
  });

  it('give every whole line up to the last flush, wherever the file is cut', async () => {
    const line = (index: number) => `{"recv_ms":${index},"event":{"n":"${index * 7919}"}}`;
    const batches = Array.from(
      { length: 12 },
      (_, batch) => `${Array.from({ length: 9 }, (_, at) => line(batch * 9 + at)).join('\n')}\n`,
    );
    const { bytes, ends } = await flushed(batches);
    const all = Array.from({ length: 12 * 9 }, (_, index) => line(index));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const got = [...recordedLines(put('cut.ndjson.gz', bytes.subarray(0, cut)))];
      expect(got).toEqual(all.slice(0, got.length));
      const promised = ends.filter((end) => end <= cut).length * 9;
      expect(got.length).toBeGreaterThanOrEqual(promised);
    }
    expect([...recordedLines(put('cut.ndjson.gz', bytes))]).toEqual(all);
  });

  it('are refused when bytes in the middle are wrong', () => {
    const bytes = gzipSync('some text that is long enough to be damaged\n'.repeat(50));
    bytes[bytes.length >> 1]! ^= 0xff;
    bytes[(bytes.length >> 1) + 1]! ^= 0xff;
    expect(() => [...recordedLines(put('bad.ndjson.gz', bytes))]).toThrow();
  });
});

const frame = (ticker: string, type: string, ms: number, msg: object) =>
  JSON.stringify({
    recv_ms: ms,
    recv_ns: ms * 1e6,
    venue: 'kalshi',
    connection: 0,
    event: { type, msg: { market_ticker: ticker, market_id: `id-${ticker}`, ...msg } },
  });
const snapshot = (ticker: string, ms: number, yes: string, no?: string) =>
  frame(ticker, 'orderbook_snapshot', ms, {
    yes_dollars_fp: [[yes, '5.00']],
    ...(no === undefined ? {} : { no_dollars_fp: [[no, '7.00']] }),
  });
const delta = (ticker: string, ms: number, price: string, size: string) =>
  frame(ticker, 'orderbook_delta', ms, {
    side: 'yes',
    price_dollars: price,
    delta_fp: size,
    ts_ms: ms,
  });

describe('a recording of several markets', () => {
  const first = [
    '{"recv_ms":999,"recv_ns":1,"venue":"kalshi","connection":0,"mark":"opened"}',
    '{"recv_ms":999,"recv_ns":1,"venue":"kalshi","connection":0,"event":{"type":"subscribed","id":1,"msg":{"sid":1}}}',
    '{"recv_ms":999,"recv_ns":1,"venue":"kalshi","connection":0,"event":"{\\"type\\":"}',
    snapshot('KXQUIET-1', 1_000, '0.40', '0.50'),
    snapshot('KXBUSY-1', 1_002, '0.300', '0.601'),
    snapshot('KXONESIDED-1', 1_002, '0.40'),
    delta('KXBUSY-1', 1_010, '0.305', '2.00'),
    delta('KXONESIDED-1', 1_011, '0.41', '2.00'),
    delta('KXONESIDED-1', 1_012, '0.42', '2.00'),
    delta('KXONESIDED-1', 1_013, '0.43', '2.00'),
  ];
  const second = [
    delta('KXBUSY-1', 1_020, '0.3051', '1.00'),
    delta('KXQUIET-1', 1_030, '0.40', '1.00'),
  ];

  it('is read over its files, the busiest market first, in one time', () => {
    const a = put('a.ndjson', first.join('\n'));
    const b = put('b.ndjson.gz', gzipSync(`${second.join('\n')}\n`));
    const found = readRecordings(`${a},${b}`, 1, 9);
    expect(found.map(({ ticker, stepE4 }) => [ticker, stepE4])).toEqual([
      ['KXBUSY-1', 1],
      ['KXQUIET-1', 100],
    ]);
    const [busy, quiet] = found as [Recording, Recording];
    expect(busy.changes.map(({ atUs }) => atUs)).toEqual([0, 0, 10_000, 20_000]);
    expect(quiet.changes.at(-1)).toEqual({
      atUs: 30_000,
      side: 'bid',
      priceE4: 4_000,
      sizeE6: 6_000_000,
    });
  });

  it('gives as many markets as there is room for', () => {
    const path = put('room.ndjson', [...first, ...second].join('\n'));
    expect(readRecordings(path, 1, 1).map(({ ticker }) => ticker)).toEqual(['KXBUSY-1']);
  });

  it('without a book of Kalshi is an error that says so', () => {
    const path = put(
      'poly.ndjson',
      '{"recv_ms":1,"venue":"polymarket","event":[{"event_type":"book"}]}',
    );
    expect(() => readRecordings(path, 1, 3)).toThrow('no order book of Kalshi');
  });

  it('takes the place of the market of its own ticker, and else the first that is free', () => {
    const listings = createListings({ seed: 3, markets: 4, openTimeMs: 0 });
    const path = put('place.ndjson', [...first, ...second].join('\n'));
    const [busy, quiet] = readRecordings(path, 1, 2) as [Recording, Recording];
    const own = { ...quiet, ticker: listings[0]!.kalshi.ticker };
    expect(placeRecordings(listings, [busy, own])).toEqual([1, 0]);
    expect(placeRecordings(listings, [busy, quiet])).toEqual([0, 1]);
    expect(listRecording(listings[1]!, busy).kalshi.priceLevelStructure).toBe(
      'center_deci_edge_centi_cent',
    );
  });
});
