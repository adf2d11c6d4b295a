// A ring of byte records of any length between one thread that writes and one that reads. A record is there whole or not at all; one
// that does not fit is refused, and nothing waits.
import { assertLayout, CACHE_LINE_BYTES, defineLayout } from './layout.js';

//   0          64         128
//   +----------+----------+------------------------------------------+
//   | head u32 | tail u32 | [length u32][bytes, padded to 4] ...      |
//   +----------+----------+------------------------------------------+
// head: bytes ever written, tail: bytes ever read, both modulo 2^32; the capacity is a power of two, so that their difference and
// their places stay right when they wrap. A length of SKIP: the rest of the ring is left out, the record begins at its start.
const HEAD_OFFSET = 0;
const TAIL_OFFSET = HEAD_OFFSET + CACHE_LINE_BYTES;
const RECORDS_OFFSET = TAIL_OFFSET + CACHE_LINE_BYTES;
const LENGTH_BYTES = 4;
const SKIP = 0xffff_ffff;
const DRAWN_BYTES = 1024;

export const BYTE_RING_LAYOUT = defineLayout({
  name: `Byte ring (of ${DRAWN_BYTES} bytes)`,
  bytes: RECORDS_OFFSET + DRAWN_BYTES,
  allocatedBy: 'runtime/journal.ts, from the main thread to the journal worker',
  fields: [
    {
      name: 'head',
      offset: HEAD_OFFSET,
      bytes: CACHE_LINE_BYTES,
      type: 'u32 on its own line',
      writer: 'producer',
      meaning: 'bytes ever written; wraps',
    },
    {
      name: 'tail',
      offset: TAIL_OFFSET,
      bytes: CACHE_LINE_BYTES,
      type: 'u32 on its own line',
      writer: 'consumer',
      meaning: 'bytes ever read; wraps',
    },
    {
      name: 'records',
      offset: RECORDS_OFFSET,
      bytes: DRAWN_BYTES,
      type: 'bytes',
      writer: 'producer',
      meaning: 'length u32, then so many bytes, padded to 4; all ones: go on at the start',
    },
  ],
});

export class ByteRing {
  readonly capacity: number;
  readonly #ints: Int32Array;
  readonly #lengths: Uint32Array;
  readonly #bytes: Uint8Array;

  /** `capacity`: bytes, a power of two. */
  static bytes(capacity: number): number {
    return RECORDS_OFFSET + capacity;
  }

  constructor(memory: SharedArrayBuffer) {
    this.capacity = memory.byteLength - RECORDS_OFFSET;
    const isPower = this.capacity >= 64 && (this.capacity & (this.capacity - 1)) === 0;
    assertLayout(isPower && this.capacity <= 2 ** 30, `byte ring bytes=${this.capacity}`);
    this.#ints = new Int32Array(memory);
    this.#lengths = new Uint32Array(memory, RECORDS_OFFSET);
    this.#bytes = new Uint8Array(memory, RECORDS_OFFSET);
  }

  /** Bytes that wait to be read, with their lengths and padding. */
  get used(): number {
    const head = Atomics.load(this.#ints, HEAD_OFFSET / 4);
    return (head - Atomics.load(this.#ints, TAIL_OFFSET / 4)) >>> 0;
  }

  /** Producer: false when there is no room for it now, and nothing is written. */
  push(record: Uint8Array): boolean {
    const needed = LENGTH_BYTES + padded(record.length);
    const head = Atomics.load(this.#ints, HEAD_OFFSET / 4) >>> 0;
    const at = head & (this.capacity - 1);
    const toEnd = this.capacity - at;
    const skipped = needed > toEnd ? toEnd : 0;
    if (this.used + skipped + needed > this.capacity) return false;
    if (skipped > 0) this.#lengths[at / 4] = SKIP;
    const start = skipped > 0 ? 0 : at;
    this.#lengths[start / 4] = record.length;
    this.#bytes.set(record, start + LENGTH_BYTES);
    Atomics.store(this.#ints, HEAD_OFFSET / 4, (head + skipped + needed) | 0);
    Atomics.notify(this.#ints, HEAD_OFFSET / 4);
    return true;
  }

  /** Consumer: hands over up to `max` records, each a copy. Returns how many there were. */
  drain(onRecord: (record: Uint8Array) => void, max: number): number {
    let count = 0;
    let tail = Atomics.load(this.#ints, TAIL_OFFSET / 4) >>> 0;
    while (count < max && Atomics.load(this.#ints, HEAD_OFFSET / 4) >>> 0 !== tail) {
      const at = tail & (this.capacity - 1);
      const length = this.#lengths[at / 4]!;
      if (length === SKIP) {
        tail = (tail + this.capacity - at) >>> 0;
      } else {
        onRecord(this.#bytes.slice(at + LENGTH_BYTES, at + LENGTH_BYTES + length));
        tail = (tail + LENGTH_BYTES + padded(length)) >>> 0;
        count++;
      }
      Atomics.store(this.#ints, TAIL_OFFSET / 4, tail | 0);
    }
    return count;
  }

  /** Consumer: sleeps until there is something to read, or so long. */
  wait(timeoutMs: number): void {
    const head = Atomics.load(this.#ints, HEAD_OFFSET / 4);
    if (head !== Atomics.load(this.#ints, TAIL_OFFSET / 4)) return;
    Atomics.wait(this.#ints, HEAD_OFFSET / 4, head, timeoutMs);
  }
}

function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
