// The last changes of all books, kept so that a book can be shown as it was a while ago. It must
// not know who is shown it.
import type { BookEvent, LevelChange, Levels } from '../exchange.js';

/**
 * About a minute of 200 busy markets. What is older is not undone: a book is then as old as the
 * history reaches.
 */
const CAPACITY = 1 << 17;

type Side = LevelChange['side'];

/**
 * A ring in typed arrays: thousands of changes a second leave nothing for the garbage collector.
 */
export class BookHistory {
  readonly #markets = new Int32Array(CAPACITY);
  readonly #isBid = new Uint8Array(CAPACITY);
  readonly #pricesE4 = new Int32Array(CAPACITY);
  readonly #deltasE6 = new Float64Array(CAPACITY);
  readonly #atMs = new Float64Array(CAPACITY);
  #count = 0;

  note(event: Pick<BookEvent, 'market' | 'changes'>, atMs: number): void {
    for (const { side, priceE4, deltaE6 } of event.changes) {
      const slot = this.#count++ & (CAPACITY - 1);
      this.#markets[slot] = event.market;
      this.#isBid[slot] = side === 'bid' ? 1 : 0;
      this.#pricesE4[slot] = priceE4;
      this.#deltasE6[slot] = deltaE6;
      this.#atMs[slot] = atMs;
    }
  }

  /**
   * One side of a book at `atMs`, from what it is now (`levels`, best first) and the changes since.
   */
  at(market: number, side: Side, levels: Levels, atMs: number): Levels {
    const sizes = new Map<number, number>(levels);
    const isBid = side === 'bid' ? 1 : 0;
    const oldest = Math.max(0, this.#count - CAPACITY);
    for (let index = this.#count - 1; index >= oldest; index--) {
      const slot = index & (CAPACITY - 1);
      if (this.#atMs[slot]! <= atMs) break;
      if (this.#markets[slot] !== market || this.#isBid[slot] !== isBid) continue;
      const priceE4 = this.#pricesE4[slot]!;
      sizes.set(priceE4, (sizes.get(priceE4) ?? 0) - this.#deltasE6[slot]!);
    }
    const worstFirst = side === 'bid' ? -1 : 1;
    return [...sizes].filter(([, sizeE6]) => sizeE6 > 0).sort(([a], [b]) => worstFirst * (a - b));
  }
}
