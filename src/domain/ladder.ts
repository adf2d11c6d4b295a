// One side of an order book. Both exchanges are kept as bids: an ask of one outcome at p is a bid for the other at 1 - p,
// so the best price of every ladder is its highest, and its last.
import { PAYOUT_E4 } from './units.js';

const INITIAL_LEVELS = 64;
/** From a level on, all of them: there are no more than PAYOUT_E4 + 1. */
const TO_THE_END = PAYOUT_E4 + 1;

/** Levels in ascending price; the best is the last. Sizes are in 1/100 contract and always above 0. */
export class Ladder {
  pricesE4 = new Int32Array(INITIAL_LEVELS);
  sizesCenti = new Float64Array(INITIAL_LEVELS);
  count = 0;
  /** Levels that are not what they were when `published()` was called last, counted from the best: from this one ... */
  changedFrom = 0;
  /** ... to before this one. */
  changedTo = TO_THE_END;

  /** Highest price, 0 when the side is empty. @hot */
  bestPriceE4(): number {
    return this.count === 0 ? 0 : this.pricesE4[this.count - 1]!;
  }

  /** Sets the size at a price; 0 takes the level away. @hot */
  set(priceE4: number, sizeCenti: number): void {
    const index = this.#find(priceE4);
    const present = index < this.count && this.pricesE4[index] === priceE4;
    if (sizeCenti === 0) {
      if (present) this.#remove(index);
    } else if (present) {
      this.#resize(index, sizeCenti);
    } else {
      this.#insert(index, priceE4, sizeCenti);
    }
  }

  /** Adds a signed change to the level at a price. Returns its new size; below 0 nothing is changed: a message was lost. @hot */
  add(priceE4: number, deltaCenti: number): number {
    const index = this.#find(priceE4);
    const present = index < this.count && this.pricesE4[index] === priceE4;
    const sizeCenti = (present ? this.sizesCenti[index]! : 0) + deltaCenti;
    if (sizeCenti < 0) return sizeCenti;
    if (sizeCenti === 0) {
      if (present) this.#remove(index);
    } else if (present) {
      this.#resize(index, sizeCenti);
    } else {
      this.#insert(index, priceE4, sizeCenti);
    }
    return sizeCenti;
  }

  sizeAt(priceE4: number): number {
    const index = this.#find(priceE4);
    return index < this.count && this.pricesE4[index] === priceE4 ? this.sizesCenti[index]! : 0;
  }

  clear(): void {
    this.count = 0;
    this.changedFrom = 0;
    this.changedTo = TO_THE_END;
  }

  /** Whoever publishes the ladder has all of its changes. @hot */
  published(): void {
    this.changedFrom = TO_THE_END;
    this.changedTo = 0;
  }

  /** First index whose price is not below `priceE4`. From the best downwards: most changes are near it. */
  #find(priceE4: number): number {
    let index = this.count;
    while (index > 0 && this.pricesE4[index - 1]! >= priceE4) index--;
    return index;
  }

  #resize(index: number, sizeCenti: number): void {
    this.sizesCenti[index] = sizeCenti;
    const level = this.count - 1 - index;
    if (level < this.changedFrom) this.changedFrom = level;
    if (level >= this.changedTo) this.changedTo = level + 1;
  }

  #insert(index: number, priceE4: number, sizeCenti: number): void {
    if (this.count === this.pricesE4.length) this.#grow();
    this.pricesE4.copyWithin(index + 1, index, this.count);
    this.sizesCenti.copyWithin(index + 1, index, this.count);
    this.pricesE4[index] = priceE4;
    this.sizesCenti[index] = sizeCenti;
    this.#shifted(this.count - index);
    this.count++;
  }

  #remove(index: number): void {
    this.pricesE4.copyWithin(index, index + 1, this.count);
    this.sizesCenti.copyWithin(index, index + 1, this.count);
    this.count--;
    this.#shifted(this.count - index);
  }

  /** This level, and with it all behind it. */
  #shifted(level: number): void {
    if (level < this.changedFrom) this.changedFrom = level;
    this.changedTo = TO_THE_END;
  }

  /** Bounded: there are PAYOUT_E4 + 1 prices. */
  #grow(): void {
    const levels = Math.min(this.pricesE4.length * 2, PAYOUT_E4 + 1);
    const pricesE4 = new Int32Array(levels);
    const sizesCenti = new Float64Array(levels);
    pricesE4.set(this.pricesE4);
    sizesCenti.set(this.sizesCenti);
    this.pricesE4 = pricesE4;
    this.sizesCenti = sizesCenti;
  }
}
