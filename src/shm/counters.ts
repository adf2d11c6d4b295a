// Counts that one worker keeps and the main thread reads: 32-bit words that wrap, so that counting is one store.
import { CACHE_LINE_BYTES, defineLayout, wholeLines } from './layout.js';

export const COUNTERS_LAYOUT = defineLayout({
  name: 'Counters (of 16)',
  bytes: CACHE_LINE_BYTES,
  allocatedBy: 'runtime/memory.ts, one block a worker',
  fields: [
    {
      name: 'count',
      offset: 0,
      bytes: CACHE_LINE_BYTES,
      type: 'u32[counters]',
      writer: 'the worker that owns the block',
      meaning: 'one word a counter; wraps at 2^32; the reader adds up differences',
    },
  ],
});

/** The writing end. `names` is the block's list of counters; use `indexOf` once and `add` by index. */
export class CounterBlock {
  readonly #words: Uint32Array;

  static bytes(counters: number): number {
    return wholeLines(counters * 4);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
  }

  /**
   * A plain store: an aligned word cannot tear, the owner alone writes it, and nothing is ordered by it. An atomic one takes 8 ns, and each
   * frame counts twice. @hot
   */
  add(counter: number, amount = 1): void {
    this.#words[counter] = this.#words[counter]! + amount;
  }
}

/** The reading end: running totals beyond 2^32, as long as it reads more often than a word wraps. */
export class CounterReader {
  readonly #words: Uint32Array;
  readonly #last: Uint32Array;
  readonly #totals: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
    this.#last = new Uint32Array(this.#words.length);
    this.#totals = new Float64Array(this.#words.length);
  }

  total(counter: number): number {
    const now = Atomics.load(this.#words, counter);
    this.#totals[counter]! += (now - this.#last[counter]!) >>> 0;
    this.#last[counter] = now;
    return this.#totals[counter]!;
  }
}
