// Which books that came may be believed. A book alone does not prove that it is current: it may be one of some time ago, at the start
// as after a loss. Decides whose books are asked for once more, and what the second ones prove; sends nothing.
import { isUnconfirmed, type MarketBook } from './market-book.js';

/** A witness's question is put as often as this once the last was answered: books that are served old stay so for a while. */
const WITNESS_EVERY_NS = 250_000_000;
/**
 * Where no market says anything books are asked for once more after so long. The second one shows all changes of before the first,
 * unless the exchange's books are older than this.
 */
const QUIET_NS = 2_000_000_000;

const NONE: readonly MarketBook[] = [];

export class Confirmation {
  /** There may be unconfirmed books: the next change that is told is to be a witness. */
  #isSought = false;
  /** Of the last question with one, and when it was put; whether the witness's book had the change. */
  #witness: MarketBook | undefined;
  #witnessedNs = Number.NEGATIVE_INFINITY;
  #isWitnessed = false;
  /** The markets of that question. */
  #asked = NONE;

  opened(): void {
    this.#witness = undefined;
    this.#asked = NONE;
    this.#witnessedNs = Number.NEGATIVE_INFINITY;
  }

  /** A market's books are here and nothing confirms them yet. @hot */
  seek(): void {
    this.#isSought = true;
  }

  /** A change that is told may be a witness. @hot */
  get isSought(): boolean {
    return this.#isSought;
  }

  /** A change was told of `witness`: the markets to ask for, its own book first, the unconfirmed ones behind it. */
  askWith(
    witness: MarketBook,
    markets: readonly MarketBook[],
    nowNs: number,
  ): readonly MarketBook[] {
    if (nowNs - this.#witnessedNs < WITNESS_EVERY_NS) return NONE;
    // Put before the last was answered, each question would spoil the one before it.
    if (this.#asked.some((market) => isAwaited(market, nowNs))) return NONE;
    const others = markets.filter((market) => market !== witness && isUnconfirmed(market));
    this.#isSought = others.length > 0;
    if (!this.#isSought) return NONE;
    this.#witnessedNs = nowNs;
    this.#witness = witness;
    this.#isWitnessed = false;
    const asked = [witness, ...others];
    for (const market of asked) expectBooks(market, 'witness');
    this.#asked = asked;
    return asked;
  }

  /** The markets that have been quiet for long. Quiet counts only on a connection that is believed. */
  askQuiet(
    markets: readonly MarketBook[],
    isBelieved: boolean,
    nowNs: number,
  ): readonly MarketBook[] {
    let quiet: MarketBook[] | undefined;
    for (const market of markets) {
      if (!isUnconfirmed(market)) continue;
      if (!isBelieved) market.sinceNs = nowNs;
      if (nowNs - market.sinceNs < QUIET_NS || isAwaited(market, nowNs)) continue;
      expectBooks(market, 'quiet');
      quiet ??= [];
      quiet.push(market);
    }
    return quiet ?? NONE;
  }

  /**
   * A token's book that is here came once more, and is not older than what was told of it. `isSame`: nor newer. `isAnswer`: that is what
   * was last asked for.
   */
  came(market: MarketBook, isSame: boolean, isAnswer: boolean): void {
    if (market.again === 'quiet' && !isSame) market.again = 'no';
    if (market.again === 'no' || !isAnswer) return;
    market.awaited--;
    if (market.awaited > 0) return;
    if (market === this.#witness) this.#isWitnessed = true;
    if (market.again === 'quiet' || this.#isWitnessed) market.isConfirmed = true;
    market.again = 'no';
  }
}

function isAwaited({ tokens }: MarketBook, nowNs: number): boolean {
  return tokens.some(({ book }) => book.isAwaited(nowNs));
}

function expectBooks(market: MarketBook, why: MarketBook['again']): void {
  market.again = why;
  market.awaited = market.tokens.length;
}
