// The top of both ask ladders of every market, behind a sequence lock: one feed writes, any thread reads a consistent copy.
import { assertLayout, CACHE_LINE_BYTES, defineLayout } from './layout.js';

//   0          4          8          12         16            76            136           196           256
//   +----------+----------+----------+----------+-------------+-------------+-------------+-------------+
//   | sequence | yesCount | noCount  | reserved | yesPrices   | noPrices    | yesSizes    | noSizes     |
//   +----------+----------+----------+----------+-------------+-------------+-------------+-------------+
export const DEPTH_LEVELS = 15;
const ARRAY_BYTES = DEPTH_LEVELS * 4;
const SEQUENCE_OFFSET = 0;
const YES_COUNT_OFFSET = SEQUENCE_OFFSET + 4;
const NO_COUNT_OFFSET = YES_COUNT_OFFSET + 4;
const RESERVED_OFFSET = NO_COUNT_OFFSET + 4;
const YES_PRICES_OFFSET = RESERVED_OFFSET + 4;
const NO_PRICES_OFFSET = YES_PRICES_OFFSET + ARRAY_BYTES;
const YES_SIZES_OFFSET = NO_PRICES_OFFSET + ARRAY_BYTES;
const NO_SIZES_OFFSET = YES_SIZES_OFFSET + ARRAY_BYTES;
const RECORD_BYTES = 4 * CACHE_LINE_BYTES;
const RECORD_WORDS = RECORD_BYTES / 4;

const levelsField = (name: string, offset: number, meaning: string) => ({
  name,
  offset,
  bytes: ARRAY_BYTES,
  type: `u32[${DEPTH_LEVELS}]`,
  writer: 'feed',
  meaning,
});

export const DEPTH_RECORD_LAYOUT = defineLayout({
  name: 'Depth record',
  bytes: RECORD_BYTES,
  allocatedBy: 'runtime/memory.ts, one record a market and exchange',
  fields: [
    {
      name: 'sequence',
      offset: SEQUENCE_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'feed',
      meaning: 'odd while the record is being written; a reader that sees it change reads again',
    },
    {
      name: 'yesCount',
      offset: YES_COUNT_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'feed',
      meaning: 'levels of YES asks',
    },
    {
      name: 'noCount',
      offset: NO_COUNT_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'feed',
      meaning: 'levels of NO asks',
    },
    {
      name: 'reserved',
      offset: RESERVED_OFFSET,
      bytes: 4,
      type: 'reserved',
      writer: 'nobody',
      meaning: '',
    },
    levelsField('yesPrices', YES_PRICES_OFFSET, 'YES asks, best first, 1/10,000 dollar'),
    levelsField('noPrices', NO_PRICES_OFFSET, 'NO asks, best first, 1/10,000 dollar'),
    levelsField('yesSizes', YES_SIZES_OFFSET, '1/100 contract, saturating at 2^31 - 1'),
    levelsField('noSizes', NO_SIZES_OFFSET, '1/100 contract, saturating at 2^31 - 1'),
  ],
});

const MAX_SIZE_CENTI = 0x7fffffff;
/** A reader gives up after so many torn tries: the writer is busy, its next publication rings again. */
const READ_TRIES = 64;

/** Levels in ascending bid price, as src/domain keeps them: an ask of one outcome is a bid for the other at 1 - p. */
export interface BidLevels {
  readonly pricesE4: Int32Array;
  readonly sizesCenti: Float64Array;
  readonly count: number;
  /** What has changed since `published()`, in levels from the best: from one, to before the other. */
  readonly changedFrom: number;
  readonly changedTo: number;
  published(): void;
}

export interface DepthLevels {
  readonly pricesE4: Int32Array;
  readonly sizesCenti: Float64Array;
  count: number;
}

export class DepthTable {
  readonly #words: Int32Array;
  /** The writer's: whose levels stand in the memory, by record x 2 + outcome. Another's are written whole. */
  readonly #written: (BidLevels | undefined)[];

  static bytes(records: number): number {
    return records * RECORD_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    assertLayout(memory.byteLength % RECORD_BYTES === 0, `depth table bytes=${memory.byteLength}`);
    this.#words = new Int32Array(memory);
    this.#written = new Array<BidLevels | undefined>((memory.byteLength / RECORD_BYTES) * 2);
    this.#written.fill(undefined);
  }

  /**
   * Publishes the asks of both outcomes, of which only the levels that have changed are written: all of them take 70 ns, in caches that
   * 50 markets share 150, and most frames change one size. `yesAsks` are the levels whose complement is a YES ask (bids for NO), `noAsks` the
   * bids for YES; `wholeE4` is what both outcomes pay together. Nobody else may write these records. @hot
   */
  publish(record: number, yesAsks: BidLevels, noAsks: BidLevels, wholeE4: number): void {
    const words = this.#words;
    const base = record * RECORD_WORDS;
    const isYesNew = this.#isNew(2 * record, yesAsks);
    const isNoNew = this.#isNew(2 * record + 1, noAsks);
    const yesFrom = isYesNew ? 0 : yesAsks.changedFrom;
    const noFrom = isNoNew ? 0 : noAsks.changedFrom;
    const yesTo = isYesNew ? DEPTH_LEVELS : yesAsks.changedTo;
    const noTo = isNoNew ? DEPTH_LEVELS : noAsks.changedTo;
    yesAsks.published();
    noAsks.published();
    const isYesSame = yesFrom >= yesTo || yesFrom >= DEPTH_LEVELS;
    const isNoSame = noFrom >= noTo || noFrom >= DEPTH_LEVELS;
    if (isYesSame && isNoSame) return;
    // A single level is one whose size changed: one that came or went changes all behind it.
    if (isNoSame && yesFrom + 1 === yesTo) {
      this.#resize(base, base + YES_SIZES_OFFSET / 4, yesAsks, yesFrom);
      return;
    }
    if (isYesSame && noFrom + 1 === noTo) {
      this.#resize(base, base + NO_SIZES_OFFSET / 4, noAsks, noFrom);
      return;
    }
    // The first step of the sequence is a read-modify-write: later stores must not move before it.
    Atomics.add(words, base, 1);
    // On ARM a store may pass the add before it is seen, but not an atomic load behind it; on x86 it costs nothing.
    Atomics.load(words, base);
    if (!isYesSame) {
      words[base + YES_COUNT_OFFSET / 4] = writeSide(
        words,
        base + YES_PRICES_OFFSET / 4,
        base + YES_SIZES_OFFSET / 4,
        yesAsks,
        yesFrom,
        yesTo,
        wholeE4,
      );
    }
    if (!isNoSame) {
      words[base + NO_COUNT_OFFSET / 4] = writeSide(
        words,
        base + NO_PRICES_OFFSET / 4,
        base + NO_SIZES_OFFSET / 4,
        noAsks,
        noFrom,
        noTo,
        wholeE4,
      );
    }
    Atomics.add(words, base, 1);
  }

  /**
   * One word is whole by itself: the sequence only has to tell it from the next change, so that no reader puts a later one together with
   * what was before an earlier one. One step instead of two. @hot
   */
  #resize(base: number, sizesAt: number, asks: BidLevels, level: number): void {
    const words = this.#words;
    words[sizesAt + level] = Math.min(asks.sizesCenti[asks.count - 1 - level]!, MAX_SIZE_CENTI);
    Atomics.add(words, base, 2);
    // As above: the next change's store stays behind it.
    Atomics.load(words, base);
  }

  /** @hot */
  #isNew(side: number, asks: BidLevels): boolean {
    if (this.#written[side] === asks) return false;
    this.#written[side] = asks;
    return true;
  }

  /** Copies one outcome's asks (0 YES, 1 NO), best first. False when the writer kept changing them. @hot */
  read(record: number, outcome: number, out: DepthLevels): boolean {
    const words = this.#words;
    const base = record * RECORD_WORDS;
    const prices = base + (outcome === 0 ? YES_PRICES_OFFSET : NO_PRICES_OFFSET) / 4;
    const sizes = base + (outcome === 0 ? YES_SIZES_OFFSET : NO_SIZES_OFFSET) / 4;
    const countAt = base + (outcome === 0 ? YES_COUNT_OFFSET : NO_COUNT_OFFSET) / 4;
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const before = Atomics.load(words, base);
      if ((before & 1) === 1) continue;
      const count = Math.min(Atomics.load(words, countAt), DEPTH_LEVELS);
      for (let level = 0; level < count; level++) {
        // Atomic loads, so that none of them can pass the second look at the sequence on any machine.
        out.pricesE4[level] = Atomics.load(words, prices + level);
        out.sizesCenti[level] = Atomics.load(words, sizes + level);
      }
      if (Atomics.load(words, base) === before) {
        out.count = count;
        return true;
      }
    }
    return false;
  }
}

/** Writes levels `from` to before `to`, as far as there are any, and gives how many the side has. @hot */
function writeSide(
  words: Int32Array,
  pricesAt: number,
  sizesAt: number,
  bids: BidLevels,
  from: number,
  to: number,
  wholeE4: number,
): number {
  const count = Math.min(bids.count, DEPTH_LEVELS);
  const end = Math.min(to, count);
  const { pricesE4, sizesCenti } = bids;
  for (let level = from, at = bids.count - 1 - from; level < end; level++, at--) {
    words[pricesAt + level] = wholeE4 - pricesE4[at]!;
    words[sizesAt + level] = Math.min(sizesCenti[at]!, MAX_SIZE_CENTI);
  }
  return count;
}
