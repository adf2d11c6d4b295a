import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/sim/market/rng.js';
import { PriceChangeScanner } from '../../src/venues/polymarket/wire/frame-scanner.js';
import {
  decodePriceChange,
  type PriceChange,
  PriceChanges,
  readEvents,
} from '../../src/venues/polymarket/wire/frames.js';
import { TokenIndex, UNKNOWN_TOKEN } from '../../src/venues/polymarket/wire/token-index.js';

const RECORDED = '../shared/data/recorded/polymarket-ws';
const FRAMES = Number(process.env.UNDERROUND_FUZZ_FRAMES ?? 300_000);

function recordedFrames(): string[] {
  const files = ['eth15m_2026-07-28.jsonl', 'sports_batches_2026-09-11.jsonl'];
  return files.flatMap((file) =>
    readFileSync(`${RECORDED}/${file}`, 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => (JSON.parse(line) as { raw?: string }).raw ?? []),
  );
}

const isPriceChange = (raw: string) => raw.includes('"event_type":"price_change"');
const compact = (raw: string) => JSON.stringify(JSON.parse(raw));
const PRICE_CHANGES = recordedFrames().filter(isPriceChange);
const IDS = [...new Set(PRICE_CHANGES.join().match(/\d{76,78}/g))];
// One recorded token is nobody's.
const TOKENS = new TokenIndex(IDS.slice(1));

/** As plain values; the objects themselves are used again. */
function valuesOf({ count, venueMs, items }: PriceChanges): unknown {
  const values = (item: PriceChange) => ({ ...item, hash: item.hasHash ? [...item.hash] : [] });
  return { venueMs, changes: items.slice(0, count).map(values) };
}

const scanner = new PriceChangeScanner(TOKENS);
const scanned = new PriceChanges();
const decoded = new PriceChanges();

/** What the general parser makes of the bytes, or undefined when they are not one price_change. */
function general(data: Buffer): unknown {
  const events = readEvents(data.toString('utf8'));
  if (events?.length !== 1 || events[0]?.event_type !== 'price_change') return undefined;
  return decodePriceChange(events[0], TOKENS, decoded) ? valuesOf(decoded) : undefined;
}

/** True when the scanner took the frame; fails unless the general parser makes the same of it. */
function agrees(data: Buffer): boolean {
  if (!scanner.scan(data, scanned)) return false;
  const fast = valuesOf(scanned);
  if (JSON.stringify(fast) !== JSON.stringify(general(data))) {
    expect(fast, data.toString('latin1')).toEqual(general(data));
  }
  return true;
}

describe('the scanner of price_change frames', () => {
  it('takes every recorded one, and makes of it what the general parser makes', () => {
    expect(PRICE_CHANGES).toHaveLength(16);
    expect(PRICE_CHANGES.filter((raw) => !agrees(Buffer.from(raw)))).toEqual([]);
  });

  it('takes them compact, and as the one element of an array', () => {
    for (const raw of PRICE_CHANGES) {
      expect(agrees(Buffer.from(compact(raw)))).toBe(true);
      expect(agrees(Buffer.from(`[${raw}]`))).toBe(true);
    }
  });

  it('leaves every other recorded frame', () => {
    const others = recordedFrames().filter((raw) => !isPriceChange(raw));
    expect(others.length).toBeGreaterThan(3);
    for (const raw of others) expect(scanner.scan(Buffer.from(raw), scanned)).toBe(false);
  });

  it('reads numbers as they are', () => {
    const raw = PRICE_CHANGES[0]!
      .replace('"0.26"', '"0.2605"')
      .replace('"228.6"', '"123456789.123456"')
      .replace('"0.42"', '""')
      .replace('"0.43"', '"1"');
    expect(agrees(Buffer.from(raw))).toBe(true);
    expect(scanned.venueMs).toBe(1_785_207_904_574);
    const [first] = scanned.items;
    expect(first).toMatchObject({ token: UNKNOWN_TOKEN, priceE4: 2_605, isBid: true });
    expect(first).toMatchObject({ sizeCenti: 12_345_678_912, restE6: 3_456, isCanonical: true });
    expect(first).toMatchObject({ bestBidE4: 0, bestAskE4: 10_000 });
    expect(
      [...first!.hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(''),
    ).toBe('7fa265cf6fb429577da5e3b26a37cbaad0fb85b7');
  });

  it.each([
    ['a price without its zero', '"0.26"', '".26"'],
    ['a price with an exponent', '"0.26"', '"2.6e-1"'],
    ['a price of five digits', '"0.26"', '"0.26000"'],
    ['no price', '"0.26"', '"0.0"'],
    ['a sign', '"228.6"', '"-228.6"'],
    ['a leading zero', '"228.6"', '"0228.6"'],
    ['a size of ten digits', '"228.6"', '"1234567890"'],
    ['a size that is a number', '"228.6"', '228.6'],
    ['an escape', '"BUY"', '"B\\u0055Y"'],
    ['a side in lower case', '"BUY"', '"buy"'],
    ['a hash in upper case', '"7fa265cf', '"7FA265CF'],
    ['a hash that is short', '"7fa265cf', '"7fa265c'],
    ['a member that comes twice', '"price":"0.26", ', '"price":"0.26", "price":"0.27", '],
    ['a member that is new', '"price":"0.26", ', '"price":"0.26", "x":"1", '],
    [
      'members in another order',
      '"price":"0.26", "size":"228.6"',
      '"size":"228.6", "price":"0.26"',
    ],
    ['a space after a colon', '"price":"0.26"', '"price": "0.26"'],
    ['text that is not ASCII', '"market":"0x', '"market":"é0x'],
    ['a stamp that is a number', '"1785207904574"', '1785207904574'],
    ['no changes', /\[.*\]/s, '[]'],
    ['something behind it', /}$/, '} '],
    ['a second event', /^(.*)$/s, '[$1,$1]'],
  ])('leaves a frame with %s', (_what, from, to) => {
    const raw = PRICE_CHANGES[0]!.replace(from, to);
    expect(raw).not.toBe(PRICE_CHANGES[0]);
    expect(scanner.scan(Buffer.from(raw), scanned)).toBe(false);
  });

  it('leaves a frame that is cut off anywhere, whatever came before it', () => {
    const whole = Buffer.from(PRICE_CHANGES[0]!);
    for (let length = 0; length < whole.length; length++) {
      scanner.scan(whole, scanned);
      expect(scanner.scan(whole.subarray(0, length), scanned)).toBe(false);
    }
    const large = Buffer.from(`${PRICE_CHANGES[0]!.slice(0, 12)}${'x'.repeat(20_000)}`);
    expect(scanner.scan(large, scanned)).toBe(false);
  });

  it('never differs from the general parser on a frame that it takes', () => {
    const seed = Number(process.env.UNDERROUND_FUZZ_SEED ?? Date.now() % 2 ** 31);
    console.log(`polymarket frame fuzz: seed=${seed} frames=${FRAMES}`);
    const random = new Rng(seed);
    const frames = [
      ...PRICE_CHANGES,
      ...PRICE_CHANGES.map(compact),
      ...PRICE_CHANGES.map((raw) => `[${raw}]`),
      OLD_SCHEMA,
    ].map((raw) => Buffer.from(raw));
    let taken = 0;
    for (let frame = 0; frame < FRAMES; frame++) {
      if (agrees(mutant(frames, (limit) => random.between(0, limit - 1)))) taken++;
    }
    console.log(`polymarket frame fuzz: taken=${((100 * taken) / FRAMES).toFixed(1)}%`);
    expect(taken / FRAMES).toBeGreaterThan(0.01);
    expect(taken / FRAMES).toBeLessThan(0.9);
  });
});

describe('the general parser', () => {
  it('reads the old schema, prices without their zero, sides in lower case and no hash', () => {
    expect(general(Buffer.from(`[${OLD_SCHEMA}]`))).toMatchObject({
      venueMs: 1_757_908_892_351,
      changes: [{ token: 0, isGood: true, priceE4: 4_800, sizeCenti: 0, isBid: false }],
    });
    const raw = PRICE_CHANGES[0]!
      .replace('"0.26"', '".260"')
      .replace('"BUY"', '"buy"')
      .replace(/"hash":"[^"]*", /, '')
      .replace('"0.43"', '""');
    expect(general(Buffer.from(raw))).toMatchObject({
      changes: [
        { isGood: true, isCanonical: false, hasHash: false, priceE4: 2_600, bestAskE4: 10_000 },
        { isGood: true, isCanonical: true, hasHash: true, priceE4: 7_400 },
      ],
    });
  });

  it('makes whole numbers in their range of whatever comes, or says that they are none', () => {
    const seed = Number(process.env.UNDERROUND_FUZZ_SEED ?? Date.now() % 2 ** 31);
    console.log(`polymarket general parser fuzz: seed=${seed}`);
    const random = new Rng(seed);
    const frames = [OLD_SCHEMA, `[${OLD_SCHEMA}]`, compact(PRICE_CHANGES[0]!)];
    const buffers = frames.map((raw) => Buffer.from(raw));
    let good = 0;
    for (let frame = 0; frame < FRAMES / 10; frame++) {
      const data = mutant(buffers, (limit) => random.between(0, limit - 1));
      if (general(data) === undefined) continue;
      for (const change of decoded.items.slice(0, decoded.count)) {
        if (!change.isGood) continue;
        good++;
        const { priceE4, sizeCenti, restE6, bestBidE4, bestAskE4, statesBest } = change;
        const isWhole = [priceE4, sizeCenti, restE6].every(Number.isSafeInteger);
        const isBest = !statesBest || (isInside(bestBidE4) && isInside(bestAskE4));
        const isInRange = priceE4 > 0 && priceE4 < 10_000 && sizeCenti >= 0 && restE6 < 10_000;
        if (!isWhole || !isBest || !isInRange) expect.fail(data.toString('latin1'));
      }
    }
    expect(good).toBeGreaterThan(FRAMES / 1_000);
  });
});

const isInside = (priceE4: number) =>
  Number.isInteger(priceE4) && priceE4 >= 0 && priceE4 <= 10_000;

const OLD_SCHEMA = JSON.stringify({
  event_type: 'price_change',
  asset_id: IDS[1],
  market: '0xaa',
  timestamp: '1757908892351',
  hash: '7fa265cf6fb429577da5e3b26a37cbaad0fb85b7',
  changes: [{ price: '.48', size: '0', side: 'sell' }],
});

/** One to three small wrongs done to one of the frames. */
function mutant(frames: readonly Buffer[], below: (limit: number) => number): Buffer {
  let data: Buffer = Buffer.from(frames[below(frames.length)]!);
  for (let wrongs = 1 + below(3); wrongs > 0 && data.length > 2; wrongs--) {
    data = WRONGS[below(WRONGS.length)]!(data, below, frames[below(frames.length)]!);
  }
  return data;
}

type Wrong = (data: Buffer, below: (limit: number) => number, other: Buffer) => Buffer;
const INTERESTING = Buffer.from('"\\,:{}[].-+eE0159 \t\nBUSLnull\u0000é');

/** Digits that stand in values, so that many wrong frames are still frames. */
function digitPlaces(data: Buffer): number[] {
  const places: number[] = [];
  for (const [at, byte] of data.entries()) if (byte >= 48 && byte <= 57) places.push(at);
  return places;
}

const changeDigit: Wrong = (data, below) => {
  const places = digitPlaces(data);
  if (places.length > 0) data[places[below(places.length)]!] = 48 + below(10);
  return data;
};
const flipBit: Wrong = (data, below) => {
  const at = below(data.length);
  data[at] = data[at]! ^ (1 << below(8));
  return data;
};
const putByte: Wrong = (data, below) => {
  data[below(data.length)] = INTERESTING[below(INTERESTING.length)]!;
  return data;
};
const insertByte: Wrong = (data, below) => {
  const at = below(data.length + 1);
  const byte = INTERESTING.subarray(below(INTERESTING.length)).subarray(0, 1);
  return Buffer.concat([data.subarray(0, at), byte, data.subarray(at)]);
};
const deleteRange: Wrong = (data, below) => {
  const at = below(data.length);
  const end = at + 1 + below(Math.min(8, data.length - at));
  return Buffer.concat([data.subarray(0, at), data.subarray(end)]);
};
const repeatRange: Wrong = (data, below) => {
  const at = below(data.length);
  const end = at + 1 + below(Math.min(120, data.length - at));
  return Buffer.concat([data.subarray(0, end), data.subarray(at)]);
};
const cutOff: Wrong = (data, below) => data.subarray(0, below(data.length));
const splice: Wrong = (data, below, other) =>
  Buffer.concat([data.subarray(0, below(data.length)), other.subarray(below(other.length))]);
/** Two members, by their text, change places. */
const swapMembers: Wrong = (data, below) => {
  const parts = data.toString('latin1').split(',');
  const [one, other] = [below(parts.length), below(parts.length)];
  [parts[one], parts[other]] = [parts[other]!, parts[one]!];
  return Buffer.from(parts.join(','), 'latin1');
};
/** A whole value gives way to one that is hard to read. */
const replaceValue: Wrong = (data, below) => {
  const values = [...data.toString('latin1').matchAll(/:"([^"]*)"/g)];
  const value = values[below(Math.max(1, values.length))];
  if (value === undefined) return data;
  const text = VALUES[below(VALUES.length)]!;
  const start = value.index + 2;
  const end = start + value[1]!.length;
  return Buffer.concat([data.subarray(0, start), Buffer.from(text), data.subarray(end)]);
};
const VALUES = [
  ...['', '0', '1', '0.0', '0.0000', '.48', '0.48', '0.480', '0.4801', '0.48010', '1.0', '00.5'],
  ...['0.9999', '5e-1', '-0.5', '+0.5', '0x5', ' 0.5', '0.5 ', '12.', '12.5', '12.50', '12.345678'],
  ...['12.3456789', '999999999', '9999999999', '9007199254740993', '007', 'BUY', 'SELL', 'buy'],
  ...[
    '1785207904574',
    '17852079045741234',
    'price_change',
    'book',
    IDS[1]!,
    IDS[2]!,
    '7'.repeat(79),
  ],
];
const WRONGS: readonly Wrong[] = [
  changeDigit,
  changeDigit,
  changeDigit,
  flipBit,
  putByte,
  insertByte,
  deleteRange,
  repeatRange,
  cutOff,
  splice,
  swapMembers,
  replaceValue,
  replaceValue,
];
