// The seeded market: the makers of all pairs, merged into one stream in virtual time. It knows no clock and no takers, so
// the same seed gives the same market, byte for byte.
import type { PairListing } from './listings.js';
import type { MakerSink, MakerStream } from './maker-op.js';
import { PairStream } from './pair-stream.js';

export interface GeneratorOptions {
  readonly seed: number;
  /** Multiplies the rate of noise and small moves. */
  readonly rate: number;
  /** Over all markets. */
  readonly divergencesPerSecond: number;
}

/** 8 a second over 200 markets. */
export const DIVERGENCES_PER_MARKET_SECOND = 0.04;

export function createPairStreams(
  listings: readonly PairListing[],
  options: GeneratorOptions,
): MakerStream[] {
  const { seed, rate } = options;
  const divergencesPerSecond = options.divergencesPerSecond / Math.max(1, listings.length);
  return listings.map((listing) => new PairStream(listing, { seed, rate, divergencesPerSecond }));
}

/** Steps the streams in the order of their times; at the same time the lower index goes first. */
export class MarketGenerator {
  readonly #streams: readonly MakerStream[];
  /** A binary heap of stream indexes by next time. */
  readonly #heap: number[];

  constructor(streams: readonly MakerStream[]) {
    this.#streams = streams;
    this.#heap = streams.map((_, index) => index);
    for (let node = this.#heap.length >> 1; node >= 0; node--) this.#sink(node);
  }

  /** When the next operation is due; Infinity when there will be none. */
  get nextUs(): number {
    const first = this.#heap[0];
    return first === undefined ? Number.POSITIVE_INFINITY : this.#streams[first]!.nextUs;
  }

  /** Hands every operation that is due by `untilUs` to `sink`, in order. */
  advance(untilUs: number, sink: MakerSink): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || this.#streams[first]!.nextUs > untilUs) return;
      this.#streams[first]!.step(sink);
      this.#sink(0);
    }
  }

  #sink(start: number): void {
    const heap = this.#heap;
    let node = start;
    for (;;) {
      const left = 2 * node + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && this.#isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!this.#isBefore(heap[child]!, heap[node]!)) return;
      [heap[node], heap[child]] = [heap[child]!, heap[node]!];
      node = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const aUs = this.#streams[a]!.nextUs;
    const bUs = this.#streams[b]!.nextUs;
    return aUs < bUs || (aUs === bUs && a < b);
  }
}
