// Does a connection still tell what REST tells? It can answer PINGs for hours while its data stand
// still (polymarket-api.md 8, "Silent stall"). Knows no socket.
import { NS_PER_MS } from '../../domain/clock.js';
import type { TokenBook } from './token-book.js';

interface Doubt {
  readonly book: TokenBook;
  /** Frames of this time or later would answer it. */
  readonly venueMs: number;
  readonly sinceNs: number;
}

export class StallCheck {
  readonly #maxLagMs: number;
  #doubt: Doubt | undefined;

  constructor(maxLagMs: number) {
    this.#maxLagMs = maxLagMs;
  }

  opened(): void {
    this.#doubt = undefined;
  }

  /**
   * A book that REST gave, by its hash and its own time. True when the connection has stalled: two
   * answers in succession were newer than their tokens' last frames by more than maxLagMs and
   * differed, and what the first one told has not come in maxLagMs. A REST book that is older than
   * the last frame proves nothing: REST was seen stale (polymarket-api.md 14, item 15).
   */
  compare(book: TokenBook, hash: Int32Array, venueMs: number, nowNs: number): boolean {
    const doubt = this.#doubt;
    if (doubt !== undefined && isAnswered(doubt)) this.#doubt = undefined;
    const isSame = hash.every((word, index) => word === book.statedHash[index]);
    if (isSame || venueMs - book.statedMs <= this.#maxLagMs) {
      if (isSame && this.#doubt?.book === book) this.#doubt = undefined;
      return false;
    }
    if (this.#doubt === undefined) {
      this.#doubt = { book, venueMs, sinceNs: nowNs };
      return false;
    }
    return nowNs - this.#doubt.sinceNs > this.#maxLagMs * NS_PER_MS;
  }
}

function isAnswered({ book, venueMs }: Doubt): boolean {
  return !book.hasSnapshot || book.statedMs >= venueMs;
}
