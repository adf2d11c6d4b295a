// What paper orders have taken of each market's displayed asks, behind a sequence lock: the main thread writes, detectors read. It is not
// there when orders are real.
import { assertLayout, CACHE_LINE_BYTES, defineLayout, fieldsWrittenBy } from './layout.js';

//   0          4          8             132           256
//   +----------+----------+-------------+-------------+
//   | sequence | count    | prices      | sizes       |
//   +----------+----------+-------------+-------------+
export const TAKEN_LEVELS = 31;
const ARRAY_BYTES = TAKEN_LEVELS * 4;
const SEQUENCE_OFFSET = 0;
const COUNT_OFFSET = SEQUENCE_OFFSET + 4;
const PRICES_OFFSET = COUNT_OFFSET + 4;
const SIZES_OFFSET = PRICES_OFFSET + ARRAY_BYTES;
const RECORD_BYTES = 4 * CACHE_LINE_BYTES;
const RECORD_WORDS = RECORD_BYTES / 4;
const OUTCOMES = 2;
/** In place of a count: more levels are taken than there is room for. */
const TOO_MANY = 0xffff;
const MAX_SIZE_CENTI = 0x7fffffff;
const READ_TRIES = 64;

const field = fieldsWrittenBy('main');

export const TAKEN_RECORD_LAYOUT = defineLayout({
  name: 'Taken record',
  bytes: RECORD_BYTES,
  allocatedBy: 'runtime/memory.ts, on paper only, one record a market, exchange and outcome',
  fields: [
    field('sequence', SEQUENCE_OFFSET, 4, 'u32', 'odd while the record is being written'),
    field('count', COUNT_OFFSET, 4, 'u32', 'levels of which something is taken; 65535: too many'),
    field('prices', PRICES_OFFSET, ARRAY_BYTES, `u32[${TAKEN_LEVELS}]`, 'asks, 1/10,000 dollar'),
    field('sizes', SIZES_OFFSET, ARRAY_BYTES, `u32[${TAKEN_LEVELS}]`, 'taken, 1/100 contract'),
  ],
});

export interface TakenLevels {
  readonly pricesE4: Int32Array;
  readonly sizesCenti: Float64Array;
  count: number;
}

export class TakenTable {
  readonly #words: Int32Array;

  /** `slots` as in the depth table: one a market and exchange. */
  static bytes(slots: number): number {
    return slots * OUTCOMES * RECORD_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    assertLayout(memory.byteLength % RECORD_BYTES === 0, `taken table bytes=${memory.byteLength}`);
    this.#words = new Int32Array(memory);
  }

  publish(
    slot: number,
    outcome: number,
    levels: readonly { readonly priceE4: number; readonly sizeCenti: number }[],
  ): void {
    const words = this.#words;
    const base = (slot * OUTCOMES + outcome) * RECORD_WORDS;
    Atomics.add(words, base, 1);
    Atomics.load(words, base);
    words[base + COUNT_OFFSET / 4] = levels.length > TAKEN_LEVELS ? TOO_MANY : levels.length;
    levels.slice(0, TAKEN_LEVELS).forEach(({ priceE4, sizeCenti }, level) => {
      words[base + PRICES_OFFSET / 4 + level] = priceE4;
      words[base + SIZES_OFFSET / 4 + level] = Math.min(sizeCenti, MAX_SIZE_CENTI);
    });
    Atomics.add(words, base, 1);
  }

  /** False when the writer kept changing them, or when there are too many to tell: then nothing may be bought. */
  read(slot: number, outcome: number, out: TakenLevels): boolean {
    const words = this.#words;
    const base = (slot * OUTCOMES + outcome) * RECORD_WORDS;
    for (let tries = 0; tries < READ_TRIES; tries++) {
      const before = Atomics.load(words, base);
      if ((before & 1) === 1) continue;
      const count = Atomics.load(words, base + COUNT_OFFSET / 4);
      if (count === TOO_MANY) return false;
      for (let level = 0; level < Math.min(count, TAKEN_LEVELS); level++) {
        out.pricesE4[level] = Atomics.load(words, base + PRICES_OFFSET / 4 + level);
        out.sizesCenti[level] = Atomics.load(words, base + SIZES_OFFSET / 4 + level);
      }
      if (Atomics.load(words, base) !== before) continue;
      out.count = count;
      return true;
    }
    return false;
  }
}
