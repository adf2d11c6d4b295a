// The newest quote of every market of an exchange: what a feed publishes and a detector reads. One writer a slot, its feed.
import { assertLayout, CACHE_LINE_BYTES, defineLayout } from './layout.js';

//   0           8           12          16          24            32          40             64
//   +-----------+-----------+-----------+-----------+-------------+-----------+--------------+
//   | quote u64 | trust u32 | update u32| receiveNs | publishedNs | venueMs   | reserved     |
//   +-----------+-----------+-----------+-----------+-------------+-----------+--------------+
//
// quote: [yesAsk:16][noAsk:16][yesSize:16][noSize:16], highest bits first; price in 1/10,000 dollar, 0 = no ask; size in whole
// contracts rounded down, saturating at 65535. It is ONE 64-bit word, so it cannot tear.
const QUOTE_OFFSET = 0;
const TRUST_OFFSET = QUOTE_OFFSET + 8;
const UPDATE_OFFSET = TRUST_OFFSET + 4;
const RECEIVE_NS_OFFSET = UPDATE_OFFSET + 4;
const PUBLISHED_NS_OFFSET = RECEIVE_NS_OFFSET + 8;
const VENUE_MS_OFFSET = PUBLISHED_NS_OFFSET + 8;
const RESERVED_OFFSET = VENUE_MS_OFFSET + 8;
const SLOT_BYTES = CACHE_LINE_BYTES;

export const QUOTE_SLOT_LAYOUT = defineLayout({
  name: 'Quote slot',
  bytes: SLOT_BYTES,
  allocatedBy: 'runtime/memory.ts, one slot a market and exchange',
  fields: [
    {
      name: 'quote',
      offset: QUOTE_OFFSET,
      bytes: 8,
      type: 'u64',
      writer: 'feed',
      meaning: '[yesAsk:16][noAsk:16][yesSize:16][noSize:16]; one Atomics.store publishes it',
    },
    {
      name: 'trust',
      offset: TRUST_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'feed',
      meaning: '[epoch:16][reason:16]; reason 1 = trusted, 0 = never written, others say why not',
    },
    {
      name: 'update',
      offset: UPDATE_OFFSET,
      bytes: 4,
      type: 'u32',
      writer: 'feed',
      meaning: 'counts publications; wraps',
    },
    {
      name: 'receiveNs',
      offset: RECEIVE_NS_OFFSET,
      bytes: 8,
      type: 'f64',
      writer: 'feed',
      meaning: 'when the frame behind the quote was handed to us',
    },
    {
      name: 'publishedNs',
      offset: PUBLISHED_NS_OFFSET,
      bytes: 8,
      type: 'f64',
      writer: 'feed',
      meaning: 'when the quote was stored',
    },
    {
      name: 'venueMs',
      offset: VENUE_MS_OFFSET,
      bytes: 8,
      type: 'f64',
      writer: 'feed',
      meaning: "the exchange's own time of the change, wall clock",
    },
    {
      name: 'reserved',
      offset: RESERVED_OFFSET,
      bytes: SLOT_BYTES - RESERVED_OFFSET,
      type: 'reserved',
      writer: 'nobody',
      meaning: 'fills the cache line: two markets never share one',
    },
  ],
});

/** Quote words are read as two halves: which half of a 64-bit word holds the high bits depends on the machine. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const LOW = 1 - HIGH;
export const MAX_QUOTE_SIZE = 0xffff;

/** The reason that means: provably current. Not 0, so that memory nobody wrote is not trusted. The others belong to the feed. */
export const TRUSTED = 1;

/** A quote as read: the caller owns the object and reuses it. */
export interface Quote {
  yesAskE4: number;
  noAskE4: number;
  /** Whole contracts. */
  yesSize: number;
  noSize: number;
}

export class QuoteTable {
  readonly slots: number;
  readonly #words: BigUint64Array;
  readonly #ints: Uint32Array;
  readonly #floats: Float64Array;
  // BigInt arithmetic would allocate: the word is put together and taken apart here. 13 ns a store, 58 ns with shifts.
  readonly #scratch64 = new BigUint64Array(1);
  readonly #scratch32 = new Uint32Array(this.#scratch64.buffer);

  static bytes(slots: number): number {
    return slots * SLOT_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    assertLayout(memory.byteLength % SLOT_BYTES === 0, `quote table bytes=${memory.byteLength}`);
    this.slots = memory.byteLength / SLOT_BYTES;
    this.#words = new BigUint64Array(memory);
    this.#ints = new Uint32Array(memory);
    this.#floats = new Float64Array(memory);
  }

  /** Publishes a quote: times and count first, the word last. Sizes are whole contracts, saturated here. @hot */
  publish(
    slot: number,
    yesAskE4: number,
    noAskE4: number,
    yesSize: number,
    noSize: number,
    receiveNs: number,
    publishedNs: number,
    venueMs: number,
  ): void {
    const base = slot * SLOT_BYTES;
    this.#floats[(base + RECEIVE_NS_OFFSET) / 8] = receiveNs;
    this.#floats[(base + PUBLISHED_NS_OFFSET) / 8] = publishedNs;
    this.#floats[(base + VENUE_MS_OFFSET) / 8] = venueMs;
    this.#scratch32[HIGH] = (yesAskE4 << 16) | noAskE4;
    this.#scratch32[LOW] =
      (Math.min(yesSize, MAX_QUOTE_SIZE) << 16) | Math.min(noSize, MAX_QUOTE_SIZE);
    // Counted before it is stored: who sees the new quote sees the new count. A plain store, which the atomic one behind it orders.
    const update = (base + UPDATE_OFFSET) / 4;
    this.#ints[update] = this.#ints[update]! + 1;
    Atomics.store(this.#words, (base + QUOTE_OFFSET) / 8, this.#scratch64[0]!);
  }

  /** Reads the quote word of a slot with one Atomics.load. @hot */
  read(slot: number, out: Quote): void {
    this.#scratch64[0] = Atomics.load(this.#words, (slot * SLOT_BYTES + QUOTE_OFFSET) / 8);
    const prices = this.#scratch32[HIGH]!;
    const sizes = this.#scratch32[LOW]!;
    out.yesAskE4 = prices >>> 16;
    out.noAskE4 = prices & 0xffff;
    out.yesSize = sizes >>> 16;
    out.noSize = sizes & 0xffff;
  }

  /** Sets why a slot is not trusted, or TRUSTED. A new epoch begins with each loss of trust. @hot */
  setTrust(slot: number, epoch: number, reason: number): void {
    Atomics.store(
      this.#ints,
      (slot * SLOT_BYTES + TRUST_OFFSET) / 4,
      ((epoch & 0xffff) << 16) | reason,
    );
  }

  /** The whole trust word: read it before and after a quote; equal and trusted means that the quote stood in between. @hot */
  trustWord(slot: number): number {
    return Atomics.load(this.#ints, (slot * SLOT_BYTES + TRUST_OFFSET) / 4);
  }

  updates(slot: number): number {
    return Atomics.load(this.#ints, (slot * SLOT_BYTES + UPDATE_OFFSET) / 4);
  }

  receiveNs(slot: number): number {
    return this.#floats[(slot * SLOT_BYTES + RECEIVE_NS_OFFSET) / 8]!;
  }

  publishedNs(slot: number): number {
    return this.#floats[(slot * SLOT_BYTES + PUBLISHED_NS_OFFSET) / 8]!;
  }

  venueMs(slot: number): number {
    return this.#floats[(slot * SLOT_BYTES + VENUE_MS_OFFSET) / 8]!;
  }
}

/** Why a slot is not trusted: the low half of the trust word, TRUSTED when it is. @hot */
export function trustReason(trustWord: number): number {
  return trustWord & 0xffff;
}
