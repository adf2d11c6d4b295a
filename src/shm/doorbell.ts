// What changed, and the bell that wakes the one who cares: a dirty bit a pair, so that bursts conflate, and a futex word.
import { CACHE_LINE_BYTES, defineLayout, wholeLines } from './layout.js';

//   0          64         128                        128 + 4 x words
//   +----------+----------+--------------------------+
//   | bell u32 | waiting  | dirty bits, 32 a word    |
//   +----------+----------+--------------------------+
const BELL_OFFSET = 0;
const WAITING_OFFSET = BELL_OFFSET + CACHE_LINE_BYTES;
const DIRTY_OFFSET = WAITING_OFFSET + CACHE_LINE_BYTES;
const DIRTY_WORD_BITS = 32;

export const DOORBELL_LAYOUT = defineLayout({
  name: 'Doorbell (of 32 pairs)',
  bytes: DIRTY_OFFSET + 4,
  allocatedBy: 'runtime/memory.ts, one a detector',
  fields: [
    {
      name: 'bell',
      offset: BELL_OFFSET,
      bytes: CACHE_LINE_BYTES,
      type: 'u32 on its own line',
      writer: 'feeds (Atomics.add)',
      meaning: 'counts rings; a sleeper waits for it to change',
    },
    {
      name: 'waiting',
      offset: WAITING_OFFSET,
      bytes: CACHE_LINE_BYTES,
      type: 'u32 on its own line',
      writer: 'detector',
      meaning: '1 while the detector sleeps or is about to: only then is notify called',
    },
    {
      name: 'dirty',
      offset: DIRTY_OFFSET,
      bytes: 4,
      type: 'u32[pairs / 32]',
      writer: 'feeds (Atomics.or), detector (Atomics.exchange)',
      meaning: 'bit n: a quote of pair n changed since the detector last took it',
    },
  ],
});

const BELL = BELL_OFFSET / 4;
const WAITING = WAITING_OFFSET / 4;
const DIRTY = DIRTY_OFFSET / 4;

export class Doorbell {
  readonly #words: Int32Array;
  readonly #dirtyWords: number;

  static bytes(pairs: number): number {
    return wholeLines(DIRTY_OFFSET + 4 * Math.ceil(pairs / DIRTY_WORD_BITS));
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#dirtyWords = this.#words.length - DIRTY;
  }

  /**
   * Marks a pair changed, without waking anyone: ring() follows, once a frame. True when it was marked already, that is when
   * nobody has read the quote before this one: who takes the bit reads the quote after it, and whoever set it rings. @hot
   */
  mark(pair: number): boolean {
    const word = DIRTY + (pair >>> 5);
    const bit = 1 << (pair & 31);
    // A load costs half of what changing the word does, and in bursts most pairs are marked.
    if ((Atomics.load(this.#words, word) & bit) !== 0) return true;
    return (Atomics.or(this.#words, word, bit) & bit) !== 0;
  }

  /** Wakes the detector if it sleeps. Marks made before are visible to it. @hot */
  ring(): void {
    Atomics.add(this.#words, BELL, 1);
    if (Atomics.load(this.#words, WAITING) === 1) Atomics.notify(this.#words, BELL, 1);
  }

  /** How many 32-pair words takeDirty() can be asked for. */
  get dirtyWords(): number {
    return this.#dirtyWords;
  }

  /** Takes and clears 32 dirty bits. @hot */
  takeDirty(word: number): number {
    if (Atomics.load(this.#words, DIRTY + word) === 0) return 0;
    return Atomics.exchange(this.#words, DIRTY + word, 0);
  }

  /** The count of rings so far; pass it to sleep(). Read it before looking for work. @hot */
  rings(): number {
    return Atomics.load(this.#words, BELL);
  }

  /**
   * Sleeps until a ring after `seenRings` (true), or the timeout (false). No ring is lost: the waiting flag is up before the bell is compared,
   * so a ring either changes the word that Atomics.wait compares, or sees the flag and notifies. Blocks the thread: never
   * call it where sockets live.
   */
  sleep(seenRings: number, timeoutMs: number): boolean {
    Atomics.store(this.#words, WAITING, 1);
    const result = Atomics.wait(this.#words, BELL, seenRings, timeoutMs);
    Atomics.store(this.#words, WAITING, 0);
    return result !== 'timed-out';
  }
}
