// One outcome token's book with what the exchange stated of it: best prices and hash. Knows no
// frames and no connection.

import { parseDecimal } from '../../domain/decimal.js';
import { Ladder } from '../../domain/ladder.js';
import { isPrice } from '../../domain/price-grid.js';
import { PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import { isObject, textOf } from '../json.js';
import { type DecodedSize, HASH_WORDS, isCanonical, parseSize } from './wire/frames.js';

/** A connection that is behind for so long has been given up: what has not come by then never does. */
const LOST_ANSWER_NS = 12_000_000_000;

export class TokenBook {
  readonly tokenId: string;
  readonly bids = new Ladder();
  /** Kept as bids at the complement, so that the best of both sides is the highest. */
  readonly asks = new Ladder();
  /**
   * What the sizes of few levels have below 1/100, by the price in the ladder: only the hash counts
   * it.
   */
  readonly bidRestsE6 = new Map<number, number>();
  readonly askRestsE6 = new Map<number, number>();
  /** False from a text on that its number does not give again, until the next whole book. */
  isHashable = false;
  hasSnapshot = false;
  /** As the newest frame stated them; 0 and PAYOUT_E4 where nobody is. */
  statedBidE4 = 0;
  statedAskE4 = PAYOUT_E4;
  /**
   * The hash that the newest frame stated of the whole book, and that frame's own time; 0 when it
   * stated none.
   */
  readonly statedHash = new Int32Array(HASH_WORDS);
  statedMs = 0;
  /**
   * The exchange's time of the last change that was told of it, on this connection or one before: a
   * book that is older is of before that change.
   */
  newestMs = 0;
  /** When it was last asked for, and how many times it has yet to come for that and for earlier times. */
  #askedNs = Number.NEGATIVE_INFINITY;
  #openAsks = 0;
  /** Since when there is one that was not answered. */
  #openSinceNs = 0;

  constructor(tokenId: string) {
    this.tokenId = tokenId;
  }

  get askedNs(): number {
    return this.#askedNs;
  }

  /** It was asked for, has not come and still may. */
  isAwaited(nowNs: number): boolean {
    return this.#openAsks > 0 && nowNs - this.#openSinceNs <= LOST_ANSWER_NS;
  }

  /** A new connection answers nothing that was asked on an old one. */
  opened(nowNs: number): void {
    this.#openAsks = 0;
    this.asked(nowNs);
  }

  asked(nowNs: number): void {
    if (!this.isAwaited(nowNs)) {
      this.#openAsks = 0;
      this.#openSinceNs = nowNs;
    }
    this.#openAsks++;
    this.#askedNs = nowNs;
  }

  /**
   * It came whole. True when that answers the last question: answers carry no number, and on a line that is behind the first one to
   * come belongs to the first that was asked.
   */
  came(): boolean {
    if (this.#openAsks === 0) return false;
    return --this.#openAsks === 0;
  }

  /** Sets one level; size 0 takes it away. `priceE4` is the token's own price. @hot */
  set(isBid: boolean, priceE4: number, sizeCenti: number, restE6: number): void {
    const ladderE4 = isBid ? priceE4 : PAYOUT_E4 - priceE4;
    const rests = isBid ? this.bidRestsE6 : this.askRestsE6;
    (isBid ? this.bids : this.asks).set(ladderE4, sizeCenti);
    if (restE6 === 0 && rests.size === 0) return;
    if (restE6 === 0) rests.delete(ladderE4);
    else rests.set(ladderE4, restE6);
    // A level below 1/100 of a share is one for the exchange and none for us.
    if (sizeCenti === 0 && restE6 > 0) this.isHashable = false;
  }

  /**
   * Takes a `book` frame's levels for the whole book. False, and the book is empty, when one is
   * none.
   */
  fill(bids: unknown, asks: unknown): boolean {
    this.clear();
    this.isHashable = true;
    if (this.#fillSide(bids, true) && this.#fillSide(asks, false)) return true;
    this.clear();
    return false;
  }

  clear(): void {
    this.bids.clear();
    this.asks.clear();
    this.bidRestsE6.clear();
    this.askRestsE6.clear();
    this.isHashable = false;
  }

  askE4(): number {
    return PAYOUT_E4 - this.asks.bestPriceE4();
  }

  /** The best prices are the stated ones, and the book is not crossed or locked. @hot */
  agrees(): boolean {
    const bidE4 = this.bids.bestPriceE4();
    const askE4 = this.askE4();
    return bidE4 === this.statedBidE4 && askE4 === this.statedAskE4 && bidE4 < askE4;
  }

  #fillSide(levels: unknown, isBid: boolean): boolean {
    if (levels === undefined) return true;
    if (!Array.isArray(levels)) return false;
    for (const level of levels as readonly unknown[]) {
      const { price, size } = isObject(level) ? level : {};
      const priceText = textOf(price);
      const sizeText = textOf(size);
      const priceE4 = parseDecimal(priceText, PRICE_PLACES);
      if (!isPrice(priceE4) || !parseSize(sizeText, SCRATCH)) return false;
      if (!isCanonical(priceText) || !isCanonical(sizeText)) this.isHashable = false;
      this.set(isBid, priceE4, SCRATCH.sizeCenti, SCRATCH.restE6);
    }
    return true;
  }
}

const SCRATCH: DecodedSize = { sizeCenti: 0, restE6: 0 };
