// What all threads know of each exchange: whether it works, whether it limits us, and how far its clock is from ours.
import { defineLayout, fieldsWrittenBy } from './layout.js';

//   0          4          8          12         16         64
//   +----------+----------+----------+----------+----------+
//   | breaker  | openings | backOffs | skewMs   | reserved |
//   +----------+----------+----------+----------+----------+
const BREAKER_OFFSET = 0;
const OPENINGS_OFFSET = BREAKER_OFFSET + 4;
const BACK_OFFS_OFFSET = OPENINGS_OFFSET + 4;
const SKEW_OFFSET = BACK_OFFS_OFFSET + 4;
const RESERVED_OFFSET = SKEW_OFFSET + 4;
const SLOT_BYTES = 64;

const shared = fieldsWrittenBy('every caller, by compare-and-exchange');
const byMain = fieldsWrittenBy('main');

export const VENUE_SLOT_LAYOUT = defineLayout({
  name: 'Venue slot',
  bytes: SLOT_BYTES,
  allocatedBy: 'runtime/memory.ts, one an exchange',
  fields: [
    shared(
      'breaker',
      BREAKER_OFFSET,
      4,
      'u32',
      '[since the start, 1/10 s:28][count:2][0 closed, 1 open, 2 half-open]',
    ),
    shared('openings', OPENINGS_OFFSET, 4, 'u32', 'times the breaker opened'),
    shared('backOffs', BACK_OFFS_OFFSET, 4, 'u32', 'calls that were answered with a 429'),
    byMain(
      'skewMs',
      SKEW_OFFSET,
      4,
      'u32 as i32',
      "the exchange's wall clock less ours; 0 while they agree",
    ),
    byMain('reserved', RESERVED_OFFSET, SLOT_BYTES - RESERVED_OFFSET, 'reserved', ''),
  ],
});

const CLOSED = 0;
const OPEN = 1;
const HALF_OPEN = 2;
const STATE_MASK = 3;
const COUNT_SHIFT = 2;
const SINCE_SHIFT = 4;
const NS_PER_TENTH = 100_000_000;

/** When a breaker opens, how long it rests, and when it closes again. */
export interface BreakerRule {
  readonly failures: number;
  readonly restMs: number;
  readonly successes: number;
}

export class VenueTable {
  readonly #ints: Int32Array;
  readonly #rule: BreakerRule;

  static bytes(venues: number): number {
    return venues * SLOT_BYTES;
  }

  constructor(memory: SharedArrayBuffer, rule: BreakerRule) {
    this.#ints = new Int32Array(memory);
    this.#rule = rule;
  }

  /** @hot */
  isClosed(venue: number): boolean {
    return (Atomics.load(this.#ints, at(venue, BREAKER_OFFSET)) & STATE_MASK) === CLOSED;
  }

  /** 0 closed, 1 open, 2 half-open. */
  breakerState(venue: number): number {
    return Atomics.load(this.#ints, at(venue, BREAKER_OFFSET)) & STATE_MASK;
  }

  /** True while closed; after the rest too, and then the breaker is half-open: calls are probes. */
  allows(venue: number, nowNs: number): boolean {
    const word = this.#word(venue);
    const state = word & STATE_MASK;
    if (state !== OPEN) return true;
    const restedMs = ((tenths(nowNs) - (word >>> SINCE_SHIFT)) * NS_PER_TENTH) / 1e6;
    if (restedMs < this.#rule.restMs) return false;
    // Whoever comes second finds it half-open as well.
    this.#swap(venue, word, pack(HALF_OPEN, 0, nowNs));
    return true;
  }

  succeeded(venue: number): void {
    for (;;) {
      const word = this.#word(venue);
      const next = this.#afterSuccess(word);
      if (next === word || this.#swap(venue, word, next)) return;
    }
  }

  failed(venue: number, nowNs: number): void {
    for (;;) {
      const word = this.#word(venue);
      const state = word & STATE_MASK;
      // An open one rests: what ends badly now was under way before.
      if (state === OPEN) return;
      const failures = ((word >>> COUNT_SHIFT) & 3) + 1;
      const opens = state === HALF_OPEN || failures >= this.#rule.failures;
      const next = opens ? pack(OPEN, 0, nowNs) : pack(CLOSED, failures, 0);
      if (!this.#swap(venue, word, next)) continue;
      if (opens) Atomics.add(this.#ints, at(venue, OPENINGS_OFFSET), 1);
      return;
    }
  }

  backedOff(venue: number): void {
    Atomics.add(this.#ints, at(venue, BACK_OFFS_OFFSET), 1);
  }

  openings(venue: number): number {
    return Atomics.load(this.#ints, at(venue, OPENINGS_OFFSET));
  }

  backOffs(venue: number): number {
    return Atomics.load(this.#ints, at(venue, BACK_OFFS_OFFSET));
  }

  /** Main only. */
  setSkewMs(venue: number, skewMs: number): void {
    Atomics.store(this.#ints, at(venue, SKEW_OFFSET), skewMs);
  }

  /** @hot */
  skewMs(venue: number): number {
    return Atomics.load(this.#ints, at(venue, SKEW_OFFSET));
  }

  #afterSuccess(word: number): number {
    switch (word & STATE_MASK) {
      case CLOSED:
        return pack(CLOSED, 0, 0);
      case HALF_OPEN: {
        const successes = ((word >>> COUNT_SHIFT) & 3) + 1;
        if (successes >= this.#rule.successes) return pack(CLOSED, 0, 0);
        return (word & ~(3 << COUNT_SHIFT)) | (successes << COUNT_SHIFT);
      }
      default:
        return word;
    }
  }

  #word(venue: number): number {
    return Atomics.load(this.#ints, at(venue, BREAKER_OFFSET));
  }

  #swap(venue: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#ints, at(venue, BREAKER_OFFSET), from, to) === from;
  }
}

function at(venue: number, offset: number): number {
  return (venue * SLOT_BYTES + offset) / 4;
}

function pack(state: number, count: number, sinceNs: number): number {
  return (tenths(sinceNs) << SINCE_SHIFT) | (count << COUNT_SHIFT) | state;
}

/** 28 bits: 310 days. */
function tenths(ns: number): number {
  return Math.floor(ns / NS_PER_TENTH) & 0x0f_ff_ff_ff;
}
