import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ladder } from '../../src/domain/ladder.js';
import { CURRENT_WRITER, deltaFrame } from '../../src/sim/kalshi/frames.js';
import {
  byteWords,
  fourDigits,
  hexWord,
  isAt,
  isPlainByte,
  isPlainWord,
  NO_HEX,
} from '../../src/venues/byte-words.js';
import { DeltaScanner } from '../../src/venues/kalshi/wire/delta-scanner.js';
import type { KalshiDialect } from '../../src/venues/kalshi/wire/dialect.js';
import {
  FRAME_DELTA,
  FRAME_SNAPSHOT,
  KalshiFrame,
  NONE,
  UNKNOWN_TICKER,
} from '../../src/venues/kalshi/wire/frame.js';
import { FrameParser } from '../../src/venues/kalshi/wire/frame-parser.js';
import {
  FrameReader,
  READ_FALLBACK,
  READ_SCANNED,
} from '../../src/venues/kalshi/wire/frame-reader.js';
import { TickerIndex } from '../../src/venues/kalshi/wire/ticker-index.js';

const RECORDED = '../shared/data/recorded';
const GOLD = `${RECORDED}/kalshi-gold15m-ws`;
const WINDOWS = readdirSync(GOLD).filter((name) => name.endsWith('.ndjson.gz'));
const FUZZ_FRAMES = Number(process.env.UNDERROUND_FUZZ_FRAMES ?? 300_000);
/** Far above the 25 us that a frame takes. */
const FUZZ_TIMEOUT_MS = 60_000 + FUZZ_FRAMES / 5;
const FUZZ_SEED = Number(process.env.UNDERROUND_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** The raw frames of a window, as the exchange sent them. */
function* recordedFrames(file: string): Generator<Buffer> {
  const all = gunzipSync(readFileSync(`${GOLD}/${file}`));
  for (let start = 0; start < all.length; ) {
    const end = all.indexOf(10, start);
    const line = all.subarray(start, end === -1 ? all.length : end);
    if (line.length > 0) yield line.subarray(line.indexOf('"event":') + 8, line.length - 1);
    start = end === -1 ? all.length : end + 1;
  }
}

function multiMarketFrames(): Buffer[] {
  const text = readFileSync(`${RECORDED}/kalshi-multimarket-ws/experiment_a.jsonl`, 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line));
}

/** kalshi-api.md 2.6, on one line. */
const REFERENCE =
  '{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"KXAAA-26DEC01",' +
  '"market_id":"11111111-2222-4333-8444-555555555555","price_dollars":"0.4100","delta_fp":"-2.50",' +
  '"side":"yes","ts":"2026-11-02T10:00:00.123456Z","ts_ms":1793613600123}}';
const CAUSE = '"side":"yes","client_order_id":"ur-0001","subaccount":3';
/** Every shape that the scanner knows. */
const SHAPES = [
  REFERENCE,
  `${REFERENCE}\n`,
  REFERENCE.replace('"side":"yes"', '"side":"no"'),
  REFERENCE.replace('"side":"yes"', CAUSE),
  REFERENCE.replace('"side":"yes"', CAUSE.replace(',"subaccount":3', '')),
  REFERENCE.replace(/,"ts":"[^"]*"/, ''),
  REFERENCE.replace(/,"ts_ms":\d+/, ''),
  REFERENCE.replace(/,"ts":.*}}/, '}}'),
  REFERENCE.replace(',"sid"', ',"sending_ts_ms":1793613600124,"sid"'),
  REFERENCE.replace(',"msg"', ',"sending_ts_ms":1793613600124,"msg"'),
  REFERENCE.replace('}}', '},"sending_ts_ms":1793613600124}'),
  REFERENCE.replace('KXAAA-26DEC01', 'SOMEBODY-ELSES'),
  REFERENCE.replace('"-2.50"', '"-0.00"'),
  REFERENCE.replace('"-2.50"', '"999999999999.99"'),
  REFERENCE.replace('"seq":2', '"seq":999999999999999'),
  simulated(),
];

function simulated(): string {
  const { deltaTails } = CURRENT_WRITER;
  type Arguments = Parameters<typeof deltaTails>;
  const listing = { ticker: 'KXAAA-26DEC01', marketId: '11111111-2222-4333-8444-555555555555' };
  const changes = [{ side: 'ask', priceE4: 4_405, deltaE6: 12_500_000 }];
  const event = { venueMs: 1_793_613_600_123, changes };
  const books = { bids: [], asks: [] } as unknown as Arguments[2];
  const [tail = ''] = deltaTails(
    listing as unknown as Arguments[0],
    event as unknown as Arguments[1],
    books,
    false,
    'ur-1',
  );
  return deltaFrame(3, 77, tail);
}

/** All that a decoded delta says. */
function facts(frame: KalshiFrame): unknown[] {
  const { kind, id, sid, seq, tsMs, market, isSound, isYes, priceE4, deltaCenti } = frame;
  return [kind, id, sid, seq, tsMs, market, isSound, isYes, priceE4, deltaCenti];
}

const MARK = -77;

class Pair {
  readonly #scanner: DeltaScanner;
  readonly #parser: FrameParser;
  readonly #scanned = new KalshiFrame();
  readonly parsed = new KalshiFrame();
  isDelta = false;

  constructor(tickers: readonly string[], useYesPrice: boolean) {
    const index = new TickerIndex(tickers);
    this.#scanner = new DeltaScanner(index, useYesPrice);
    this.#parser = new FrameParser(index, { dialect: 'current', useYesPrice });
  }

  /** True when the scanner took the frame; throws when the parsers do not agree about it. */
  check(data: Buffer): boolean {
    this.#scanned.seq = MARK;
    const isScanned = this.#scanner.scan(data, this.#scanned);
    const isParsed = this.#parser.parse(data, this.parsed);
    this.isDelta = isParsed && this.parsed.kind === FRAME_DELTA;
    if (!isScanned) {
      if (this.#scanned.seq !== MARK) throw new Error(`left half read: ${data.toString('latin1')}`);
      return false;
    }
    const scanned = facts(this.#scanned);
    const parsed = isParsed ? facts(this.parsed) : ['no frame'];
    if (
      scanned.length === parsed.length &&
      scanned.every((fact, at) => Object.is(fact, parsed[at]))
    )
      return true;
    throw new Error(
      `the scanner misread: frame=${JSON.stringify(data.toString('latin1'))} ` +
        `scanned=${JSON.stringify(scanned)} parsed=${JSON.stringify(parsed)}`,
    );
  }
}

describe("Kalshi's delta scanner", () => {
  it.each(SHAPES)('reads %j itself, as the general parser does', (text) => {
    for (const useYesPrice of [false, true]) {
      expect(new Pair(['KXAAA-26DEC01'], useYesPrice).check(Buffer.from(text))).toBe(true);
    }
  });

  it.each([
    ['a zero before a number', REFERENCE.replace('"seq":2', '"seq":02')],
    ['an exponent', REFERENCE.replace('"seq":2', '"seq":2e0')],
    ['a fraction', REFERENCE.replace('"sid":1', '"sid":1.0')],
    ['a sign', REFERENCE.replace('"sid":1', '"sid":-1')],
    ['more digits than are exact', REFERENCE.replace('"seq":2', '"seq":1000000000000000')],
    ['an escape', REFERENCE.replace('KXAAA', 'KX\\u0041AA')],
    ['another script', REFERENCE.replace('KXAAA', 'KXÄAA')],
    ['a blank', REFERENCE.replace('"side":"yes"', '"side": "yes"')],
    ['another order of the keys', REFERENCE.replace('"sid":1,"seq":2', '"seq":2,"sid":1')],
    ['a key twice', REFERENCE.replace('"seq":2', '"seq":2,"seq":3')],
    ['a stamp twice', REFERENCE.replace(',"sid"', ',"sending_ts_ms":1,"sending_ts_ms":1,"sid"')],
    ['a stamp in two places', REFERENCE.replace(/,"(sid|msg)"/g, ',"sending_ts_ms":1,"$1"')],
    ['an unknown key', REFERENCE.replace('}}', ',"more":1}}')],
    ['another price', REFERENCE.replace('0.4100', '0.41000')],
    ['a price of nothing', REFERENCE.replace('0.4100', '0.0000')],
    ['a price of a dollar', REFERENCE.replace('0.4100', '1.0000')],
    ['a size of three decimals', REFERENCE.replace('-2.50', '-2.500')],
    ['a size of none', REFERENCE.replace('-2.50', '-2')],
    ['a zero before a size', REFERENCE.replace('-2.50', '02.50')],
    ['two minuses', REFERENCE.replace('-2.50', '--2.50')],
    ['something behind it', `${REFERENCE} `],
    ['two newlines', `${REFERENCE}\n\n`],
    ['a byte-order mark', `\uFEFF${REFERENCE}`],
    ['too long a name', REFERENCE.replace('"market_id":"', `"market_id":"${'a'.repeat(2_000)}`)],
    ['nothing', ''],
  ])('leaves %s to the general parser', (_what, text) => {
    expect(new Pair(['KXAAA-26DEC01'], false).check(Buffer.from(text))).toBe(false);
  });

  it('agrees with the general parser on every recorded frame, and reads the deltas itself', () => {
    let deltas = 0;
    let fallbacks = 0;
    const check = (pair: Pair, frame: Buffer) => {
      const isScanned = pair.check(frame);
      if (!pair.isDelta) return;
      deltas++;
      if (!isScanned) fallbacks++;
      if (pair.parsed.market === UNKNOWN_TICKER) throw new Error('not the recorded market');
    };
    for (const file of WINDOWS) {
      const pair = new Pair([file.replace('.ndjson.gz', '')], false);
      for (const frame of recordedFrames(file)) check(pair, frame);
    }
    const frames = multiMarketFrames();
    const tickers = frames.flatMap(
      (data) => /"market_ticker":"([^"]+)"/.exec(data.toString())?.[1] ?? [],
    );
    for (const frame of frames) check(new Pair(tickers, true), frame);
    console.info(`recorded deltas=${deltas} fallbacks=${fallbacks}`);
    expect(WINDOWS).toHaveLength(10);
    expect(deltas).toBeGreaterThan(590_000);
    expect(fallbacks / deltas).toBeLessThan(0.01);
  });

  it(
    'never misreads a frame that was tampered with',
    () => {
      const fuzz = new Mutator(FUZZ_SEED);
      const bases = fuzzBases();
      const tickers = ['KXAAA-26DEC01', ...WINDOWS.map((file) => file.replace('.ndjson.gz', ''))];
      const pairs = [new Pair(tickers, false), new Pair(tickers, true)];
      const originals = new Set(bases.map((base) => base.toString('latin1')));
      let accepted = 0;
      for (let round = 0; round < FUZZ_FRAMES; round++) {
        const mutant = fuzz.mutant(bases);
        try {
          if (!pairs[round & 1]!.check(mutant)) continue;
        } catch (cause) {
          throw new Error(`seed=${FUZZ_SEED} round=${round} ${String(cause)}`, { cause });
        }
        if (!originals.has(mutant.toString('latin1'))) accepted++;
      }
      const share = accepted / FUZZ_FRAMES;
      console.info(
        `fuzz seed=${FUZZ_SEED} mutants=${FUZZ_FRAMES} scanned=${(share * 100).toFixed(1)} %`,
      );
      // A scanner that takes nothing is never wrong.
      expect(share, `seed=${FUZZ_SEED}`).toBeGreaterThan(0.01);
    },
    FUZZ_TIMEOUT_MS,
  );
});

/** Some of each window, all shapes, and frames of other kinds. */
function fuzzBases(): Buffer[] {
  const bases = SHAPES.map((text) => Buffer.from(text));
  for (const file of WINDOWS) {
    let taken = 0;
    for (const frame of recordedFrames(file)) {
      if (++taken % 97 === 0) bases.push(Buffer.from(frame));
      if (taken > 3_000) break;
    }
  }
  return [...bases, ...multiMarketFrames()];
}

/** Small random numbers from a seed: an exclusive-or shift register of 32 bits. */
class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) | 1;
  }

  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % limit;
  }

  pick<T>(values: ArrayLike<T>): T {
    return values[this.below(values.length)]!;
  }

  mutant(bases: readonly Buffer[]): Buffer {
    let frame: Buffer = Buffer.from(this.pick(bases));
    for (let times = 1 + this.below(2); times > 0; times--) frame = this.#mutate(frame, bases);
    return frame;
  }

  #mutate(frame: Buffer, bases: readonly Buffer[]): Buffer {
    const at = this.below(Math.max(1, frame.length));
    const end = Math.min(frame.length, at + 1 + this.below(12));
    switch (this.below(9)) {
      case 0:
        frame[at] = this.below(256);
        return frame;
      case 1:
        frame[at]! ^= 1 << this.below(8);
        return frame;
      case 2:
      case 3:
        return this.#digit(frame);
      case 4:
        return Buffer.concat([frame.subarray(0, at), frame.subarray(end)]);
      case 5:
        return Buffer.concat([frame.subarray(0, end), frame.subarray(at)]);
      case 6:
        return this.#swapMembers(frame);
      case 7:
        return frame.subarray(0, at);
      default: {
        // At the same key where both have it: the other frame's values in this one's shape.
        const other = this.pick(bases);
        const key = this.pick([
          '"seq":',
          '"market_id":',
          '"price_dollars":',
          '"side":',
          '"ts_ms":',
        ]);
        const here = frame.indexOf(key);
        const there = other.indexOf(key);
        if (here < 0 || there < 0)
          return Buffer.concat([frame.subarray(0, at), other.subarray(at)]);
        return Buffer.concat([frame.subarray(0, here), other.subarray(there)]);
      }
    }
  }

  #digit(frame: Buffer): Buffer {
    const digits: number[] = [];
    for (let at = 0; at < frame.length; at++)
      if (frame[at]! >= 48 && frame[at]! <= 57) digits.push(at);
    if (digits.length > 0) frame[this.pick(digits)] = 48 + this.below(10);
    return frame;
  }

  #swapMembers(frame: Buffer): Buffer {
    const members = frame.toString('latin1').split(',');
    const [a, b] = [this.below(members.length), this.below(members.length)];
    [members[a], members[b]] = [members[b]!, members[a]!];
    return Buffer.from(members.join(','), 'latin1');
  }
}

describe('looking at four bytes at once', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const four = fc.tuple(byte, byte, byte, byte).map((bytes) => Buffer.from(bytes));

  it('knows plain bytes as one by one does', () => {
    for (let each = 0; each < 256; each++) {
      const isPlain = each > 0x22 && each < 0x80 && each !== 0x5c;
      expect(isPlainByte(each), `byte=${each}`).toBe(isPlain);
      for (let at = 0; at < 4; at++) {
        const bytes = Buffer.from('aaaa');
        bytes[at] = each;
        expect(isPlainWord(bytes.readInt32LE()), `byte=${each} at=${at}`).toBe(isPlain);
      }
    }
    fc.assert(
      fc.property(four, (bytes) => {
        expect(isPlainWord(bytes.readInt32LE())).toBe([...bytes].every(isPlainByte));
      }),
    );
  });

  it('reads four digits and nothing else', () => {
    for (let number = 0; number < 10_000; number++) {
      const text = String(number).padStart(4, '0');
      expect(fourDigits(Buffer.from(text).readInt32LE())).toBe(number);
    }
    fc.assert(
      fc.property(four, (bytes) => {
        const text = bytes.toString('latin1');
        expect(fourDigits(bytes.readInt32LE())).toBe(/^\d{4}$/.test(text) ? Number(text) : -1);
      }),
    );
  });

  it('reads hex digits, and says when one is none', () => {
    const four = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{4}$/).map((text) => Buffer.from(text)),
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(fc.stringMatching(/^[0-9a-f]{4}$/), fc.nat(3), fc.nat(255))
        .map(([text, at, byte]) => {
          const bytes = Buffer.from(text);
          bytes[at] = byte;
          return bytes;
        }),
    );
    fc.assert(
      fc.property(four, (bytes) => {
        const text = bytes.toString('latin1');
        const read = hexWord(bytes.readInt32LE());
        expect(read).toBe(/^[0-9a-f]{4}$/.test(text) ? Number.parseInt(text, 16) : NO_HEX);
      }),
      { numRuns: 20_000 },
    );
  });

  it('compares to the last byte', () => {
    const text = fc.string({ minLength: 4, maxLength: 23, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(text, fc.nat(22), (expected, at) => {
        const bytes = Buffer.from(expected, 'latin1');
        const view = new DataView(new ArrayBuffer(64));
        for (const [index, each] of bytes.entries()) view.setUint8(3 + index, each);
        const words = byteWords(bytes.toString('latin1'));
        expect(isAt(view, 3, words)).toBe(true);
        view.setUint8(3 + (at % bytes.length), bytes[at % bytes.length]! ^ 1);
        expect(isAt(view, 3, words)).toBe(false);
      }),
    );
    expect(() => byteWords('abc')).toThrow('too short');
    expect(() => byteWords('abc\x7f')).toThrow('not printable');
  });

  it('finds each ticker of a list, and none that is not of it', () => {
    const ticker = fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom(...'AB1-.') });
    fc.assert(
      fc.property(fc.uniqueArray(ticker, { maxLength: 60 }), ticker, (tickers, other) => {
        const index = new TickerIndex(tickers);
        for (const each of [...tickers, other]) {
          const bytes = Buffer.from(`"${each}","market_id":"x`.padEnd(80, '\0'));
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
          expect(index.at(view, 1)).toBe(tickers.indexOf(each));
          expect(index.end).toBe(each.length + 1);
          expect(index.ofText(each)).toBe(tickers.indexOf(each));
        }
      }),
    );
  });
});

function read(dialect: KalshiDialect, frame: object, useYesPrice = false) {
  const decoded = new KalshiFrame();
  const reader = new FrameReader(['KXAAA'], { dialect, useYesPrice });
  const result = reader.read(Buffer.from(JSON.stringify(frame)), decoded);
  return { decoded, result };
}

const bids = (ladder: Ladder) =>
  Array.from({ length: ladder.count }, (_, at) => [ladder.pricesE4[at], ladder.sizesCenti[at]]);
const delta = (msg: object) => ({
  type: 'orderbook_delta',
  sid: 1,
  seq: 2,
  msg: { market_ticker: 'KXAAA', side: 'no', ...msg },
});
const snapshot = (msg: object) => ({
  type: 'orderbook_snapshot',
  sid: 1,
  seq: 1,
  msg: { market_ticker: 'KXAAA', ...msg },
});
const CURRENT_DELTA = delta({ price_dollars: '0.4100', delta_fp: '-2.50' });
const LEGACY_DELTA = delta({ price: 41, price_dollars: '0.410', delta: -2 });
const CURRENT_SNAPSHOT = snapshot({
  yes_dollars_fp: [['0.0900', '40.00']],
  no_dollars_fp: [['0.5600', '7.00']],
});
const LEGACY_SNAPSHOT = snapshot({ yes: [[9, 40]], yes_dollars: [['0.090', 40]], no: [[56, 7]] });

describe("Kalshi's dialects", () => {
  it('are read into the same numbers', () => {
    const now = read('current', CURRENT_DELTA).decoded;
    const then = read('legacy', LEGACY_DELTA).decoded;
    expect([now.isSound, now.isYes, now.priceE4, now.deltaCenti]).toEqual([
      true,
      false,
      4_100,
      -250,
    ]);
    expect([then.isSound, then.isYes, then.priceE4, then.deltaCenti]).toEqual([
      true,
      false,
      4_100,
      -200,
    ]);
    for (const { decoded } of [
      read('current', CURRENT_SNAPSHOT),
      read('legacy', LEGACY_SNAPSHOT),
    ]) {
      expect([decoded.kind, decoded.isSound, decoded.tsMs]).toEqual([FRAME_SNAPSHOT, true, NONE]);
      expect([bids(decoded.yesBids), bids(decoded.noBids)]).toEqual([
        [[900, 4_000]],
        [[5_600, 700]],
      ]);
    }
  });

  it.each<[KalshiDialect, object]>([
    ['legacy', CURRENT_DELTA],
    ['legacy', CURRENT_SNAPSHOT],
    ['current', LEGACY_DELTA],
    ['current', LEGACY_SNAPSHOT],
    // Both at once, as in the weeks of the change: the integers leave parts of contracts out.
    ['legacy', delta({ price: 41, delta: -2, price_dollars: '0.4100', delta_fp: '-2.50' })],
    ['legacy', snapshot({ yes: [[9, 40]], yes_dollars_fp: [['0.0900', '40.50']] })],
    ['current', snapshot({ yes_dollars: [['0.090', 40]] })],
    ['legacy', snapshot({ yes_dollars: [['0.090', 40]] })],
    ['legacy', delta({ price: 41.5, delta: 1 })],
    ['legacy', delta({ price: '41', delta: 1 })],
    ['legacy', delta({ price: 100, delta: 1 })],
    ['legacy', delta({ price: 41, delta: 2 ** 52 })],
    ['legacy', snapshot({ yes: [[41, -1]] })],
  ])('%s: does not make sense of %j', (dialect, frame) => {
    expect(read(dialect, frame).decoded.isSound).toBe(false);
  });

  it('have nothing, or null, for a side without levels', () => {
    for (const dialect of ['current', 'legacy'] as const) {
      const none = { yes_dollars_fp: null };
      for (const msg of [{}, dialect === 'current' ? none : { yes: null }]) {
        const { decoded } = read(dialect, snapshot(msg));
        expect([decoded.isSound, decoded.yesBids.count, decoded.noBids.count]).toEqual([
          true,
          0,
          0,
        ]);
      }
    }
  });

  it('turn the NO side round when it comes in YES prices', () => {
    const { decoded } = read('current', CURRENT_SNAPSHOT, true);
    expect([bids(decoded.yesBids), bids(decoded.noBids)]).toEqual([[[900, 4_000]], [[4_400, 700]]]);
    expect(read('current', CURRENT_DELTA, true).decoded.priceE4).toBe(5_900);
    const yes = { ...CURRENT_DELTA, msg: { ...CURRENT_DELTA.msg, side: 'yes' } };
    expect(read('current', yes, true).decoded.priceE4).toBe(4_100);
  });

  it('say when a delta was not in the known shape', () => {
    expect(read('current', CURRENT_DELTA).result).toBe(READ_FALLBACK);
    const reader = new FrameReader(['KXAAA-26DEC01'], { dialect: 'current', useYesPrice: false });
    expect(reader.read(Buffer.from(REFERENCE), new KalshiFrame())).toBe(READ_SCANNED);
    expect(read('current', CURRENT_SNAPSHOT).result).not.toBe(READ_FALLBACK);
    expect(read('legacy', LEGACY_DELTA).result).not.toBe(READ_FALLBACK);
  });
});
