// A ring of fixed-size records from one producing thread to one consuming thread.
import { assertLayout, CACHE_LINE_BYTES, defineLayout } from './layout.js';

//   0          64         128        192        256
//   +----------+----------+----------+----------+------------ ... ------------+
//   | tail u32 | head u32 | waiting  | refused  | capacity x record           |
//   +----------+----------+----------+----------+------------ ... ------------+
const TAIL_OFFSET = 0;
const HEAD_OFFSET = TAIL_OFFSET + CACHE_LINE_BYTES;
const WAITING_OFFSET = HEAD_OFFSET + CACHE_LINE_BYTES;
const REFUSED_OFFSET = WAITING_OFFSET + CACHE_LINE_BYTES;
const RECORDS_OFFSET = REFUSED_OFFSET + CACHE_LINE_BYTES;

const lineField = (name: string, offset: number, writer: string, meaning: string) => ({
  name,
  offset,
  bytes: CACHE_LINE_BYTES,
  type: 'u32 on its own line',
  writer,
  meaning,
});

export const SPSC_RING_LAYOUT = defineLayout({
  name: 'SPSC ring (header)',
  bytes: RECORDS_OFFSET,
  allocatedBy: 'runtime/memory.ts, one a producer and consumer',
  fields: [
    lineField('tail', TAIL_OFFSET, 'producer', 'records published so far; wraps at 2^32'),
    lineField('head', HEAD_OFFSET, 'consumer', 'records released so far; wraps at 2^32'),
    lineField('waiting', WAITING_OFFSET, 'consumer', '1 while the consumer sleeps or is about to'),
    lineField(
      'refused',
      REFUSED_OFFSET,
      'producer',
      'records that found the ring full and were dropped',
    ),
  ],
});

const TAIL = TAIL_OFFSET / 4;
const HEAD = HEAD_OFFSET / 4;
const WAITING = WAITING_OFFSET / 4;
const REFUSED = REFUSED_OFFSET / 4;

/** claim() found the ring full. */
export const RING_FULL = -1;
/** poll() found nothing. */
export const RING_EMPTY = -1;

/**
 * Both ends see the records through `ints` and `floats`: claim() and poll() return the record's byte offset.
 * The producer calls claim, writes, publish; the consumer calls poll, reads, release.
 */
export class SpscRing {
  readonly ints: Int32Array;
  readonly floats: Float64Array;
  readonly #mask: number;
  readonly #recordBytes: number;
  /** The other end's index as last read: it is asked for again only when this one says full or empty. */
  #cachedPeer = 0;
  #own = 0;

  static bytes(capacity: number, recordBytes: number): number {
    return RECORDS_OFFSET + capacity * recordBytes;
  }

  /** `end` picks up where an earlier thread at that end left off. Capacity is a power of two, records whole cache lines. */
  constructor(memory: SharedArrayBuffer, recordBytes: number, end: 'producer' | 'consumer') {
    const capacity = (memory.byteLength - RECORDS_OFFSET) / recordBytes;
    assertLayout(
      Number.isInteger(capacity) && capacity > 0 && (capacity & (capacity - 1)) === 0,
      `ring capacity=${capacity} is no power of two`,
    );
    assertLayout(recordBytes % CACHE_LINE_BYTES === 0, `ring recordBytes=${recordBytes}`);
    this.#mask = capacity - 1;
    this.#recordBytes = recordBytes;
    this.ints = new Int32Array(memory);
    this.floats = new Float64Array(memory);
    this.#own = Atomics.load(this.ints, end === 'producer' ? TAIL : HEAD);
    this.#cachedPeer = Atomics.load(this.ints, end === 'producer' ? HEAD : TAIL);
  }

  /** Producer: byte offset of the next free record, or RING_FULL, which is counted. @hot */
  claim(): number {
    if (((this.#own - this.#cachedPeer) | 0) > this.#mask) {
      this.#cachedPeer = Atomics.load(this.ints, HEAD);
      if (((this.#own - this.#cachedPeer) | 0) > this.#mask) {
        Atomics.add(this.ints, REFUSED, 1);
        return RING_FULL;
      }
    }
    return RECORDS_OFFSET + (this.#own & this.#mask) * this.#recordBytes;
  }

  /** Producer: hands over the claimed record and wakes the consumer if it sleeps. @hot */
  publish(): void {
    this.#own = (this.#own + 1) | 0;
    Atomics.store(this.ints, TAIL, this.#own);
    if (Atomics.load(this.ints, WAITING) === 1) Atomics.notify(this.ints, TAIL, 1);
  }

  /** Consumer: byte offset of the next record, or RING_EMPTY. @hot */
  poll(): number {
    if (this.#own === this.#cachedPeer) {
      this.#cachedPeer = Atomics.load(this.ints, TAIL);
      if (this.#own === this.#cachedPeer) return RING_EMPTY;
    }
    return RECORDS_OFFSET + (this.#own & this.#mask) * this.#recordBytes;
  }

  /** Consumer: gives the polled record back. @hot */
  release(): void {
    this.#own = (this.#own + 1) | 0;
    Atomics.store(this.ints, HEAD, this.#own);
  }

  /** Records that were refused because the ring was full. */
  refused(): number {
    return Atomics.load(this.ints, REFUSED) >>> 0;
  }

  /**
   * Consumer with an event loop: resolves to true when a record is there, to false after the timeout. No wake is lost: the flag
   * is up before the tail is compared. Keep the timeout to milliseconds: Node holds a timer for every wait until its timeout
   * and finds it by linear search; with 2 s and 50,000 waits a second the loop stood still for 4 s at a time.
   */
  async whenPublished(timeoutMs: number): Promise<boolean> {
    Atomics.store(this.ints, WAITING, 1);
    const waiting = Atomics.waitAsync(this.ints, TAIL, this.#own, timeoutMs);
    const result = waiting.async ? await waiting.value : waiting.value;
    Atomics.store(this.ints, WAITING, 0);
    return result !== 'timed-out';
  }

  /** Consumer without an event loop: blocks until a record is there (true), or the timeout (false). */
  sleep(timeoutMs: number): boolean {
    Atomics.store(this.ints, WAITING, 1);
    const result = Atomics.wait(this.ints, TAIL, this.#own, timeoutMs);
    Atomics.store(this.ints, WAITING, 0);
    return result !== 'timed-out';
  }
}
