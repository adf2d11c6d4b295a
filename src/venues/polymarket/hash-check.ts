// Compares books with the hashes that the exchange states of them: the one thing that shows a lost
// change below the best price, for the channel has no sequence numbers (polymarket-api.md 4.14).
// Off the hot path, a bounded number a tick, oldest first.
import { NS_PER_MS } from '../../domain/clock.js';
import { formatDecimal, parseDecimal } from '../../domain/decimal.js';
import type { Ladder } from '../../domain/ladder.js';
import { PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import type { TokenBook } from './token-book.js';
import { BookHasher, MAX_HASHED_LEVELS } from './wire/book-hasher.js';

/** A tick comes every 25 ms: 160 books a second, 50 us of each tick at the recorded depth. */
const MAX_HASH_CHECKS_PER_TICK = 4;
/**
 * The frames of one matching event disagree with the book until the last of them; they never take
 * this long.
 */
const SETTLED_NS = 250 * NS_PER_MS;
/**
 * A book that new frames keep from settling is wrong when not one of them agrees for so long, and
 * so often.
 */
const UNSETTLED_NS = 1_000 * NS_PER_MS;
const UNSETTLED_FAILURES = 8;
/**
 * Books in a row that do not have their own hash, or repairs without a good hash in between: then
 * the rule is not as we know it.
 */
const MAX_MISUNDERSTANDINGS = 3;
/**
 * Of the last trade's price: as it came, as books print it, as the price of the other token, for the
 * recordings do not say whose it is, and the one before.
 */
const MAX_LAST_TRADES = 4;
/** Hashes have the last trade with at least three decimals (recorded README). */
const LAST_TRADE_DECIMALS = 3;
/** Text that stands in JSON as it is. */
const PLAIN_TEXT = /^[\w.]{0,80}$/;

/**
 * What a market's hashes have in them beside the levels, as text; undefined while it is not known.
 */
export class HashedTerms {
  conditionId: string | undefined;
  minSizeText: string | undefined;
  tickText: string | undefined;
  negRisk: boolean | undefined;
  /** The most likely first. */
  readonly lastTradeTexts: string[] = [];

  /** A `last_trade_price` event: of either token, it holds for both. */
  traded(priceText: string): void {
    const priceE4 = parseDecimal(priceText, PRICE_PLACES);
    if (Number.isNaN(priceE4)) return;
    this.lastTrade(formatDecimal(PAYOUT_E4 - priceE4, PRICE_PLACES, LAST_TRADE_DECIMALS));
    this.lastTrade(priceText);
    this.lastTrade(formatDecimal(priceE4, PRICE_PLACES, LAST_TRADE_DECIMALS));
  }

  /** Puts a text first. */
  lastTrade(text: string): void {
    const texts = this.lastTradeTexts;
    const at = texts.indexOf(text);
    if (at === 0 || !PLAIN_TEXT.test(text)) return;
    if (at > 0) texts.splice(at, 1);
    else if (texts.length === MAX_LAST_TRADES) texts.length--;
    texts.unshift(text);
  }
}

/** A token's book and where its check stands. */
export interface HashedToken {
  readonly book: TokenBook;
  readonly terms: HashedTerms;
  /**
   * A whole book's own hash was made again from our numbers: from then on a hash that is not shows
   * a loss.
   */
  isArmed: boolean;
  misunderstandings: number;
  isQueued: boolean;
  /** Frames that stated a hash. */
  frames: number;
  /**
   * Checks that failed without a good one in between; the first, and the first of the newest frame.
   */
  failures: number;
  failedNs: number;
  settlingFrames: number;
  settlingNs: number;
}

type Verdict = 'good' | 'unknown' | 'wrong';

export class HashCheck {
  readonly #hasher = new BookHasher();
  /**
   * A ring of the tokens that stated a hash since they were checked: each stands in it at most
   * once.
   */
  readonly #queue: (HashedToken | undefined)[];
  #head = 0;
  #queued = 0;
  #armed = 0;

  constructor(maxTokens: number) {
    this.#queue = new Array<HashedToken | undefined>(maxTokens);
  }

  /** Tokens whose books are judged now. */
  get armed(): number {
    return this.#armed;
  }

  createToken(book: TokenBook, terms: HashedTerms): HashedToken {
    return {
      book,
      terms,
      isArmed: false,
      misunderstandings: 0,
      isQueued: false,
      frames: 0,
      failures: 0,
      failedNs: 0,
      settlingFrames: 0,
      settlingNs: 0,
    };
  }

  /** The book's stated hash changed. @hot */
  stated(token: HashedToken): void {
    token.frames++;
    if (!token.isArmed || token.isQueued) return;
    token.isQueued = true;
    this.#push(token);
  }

  /**
   * A whole book came with its hash. One that is not judged yet is tried at once: no change can be
   * missing from it.
   */
  whole(token: HashedToken): void {
    token.failures = 0;
    if (token.isArmed || token.misunderstandings >= MAX_MISUNDERSTANDINGS) {
      this.stated(token);
      return;
    }
    token.frames++;
    const verdict = this.#verdict(token);
    if (verdict === 'wrong') token.misunderstandings++;
    if (verdict !== 'good') return;
    token.isArmed = true;
    this.#armed++;
  }

  /** The book is no longer kept, or its hash no longer judged. */
  disarm(token: HashedToken): void {
    if (token.isArmed) this.#armed--;
    token.isArmed = false;
    token.failures = 0;
  }

  /** A new connection may be understood. */
  reset(token: HashedToken): void {
    this.disarm(token);
    token.misunderstandings = 0;
  }

  /**
   * Checks the books that waited longest; calls `lost` for each that has lost a change. It is
   * disarmed then.
   */
  tick(nowNs: number, lost: (book: TokenBook) => void): void {
    for (let left = Math.min(MAX_HASH_CHECKS_PER_TICK, this.#queued); left > 0; left--) {
      const token = this.#pop();
      token.isQueued = false;
      if (!token.isArmed) continue;
      const verdict = this.#verdict(token);
      if (verdict === 'good') {
        token.failures = 0;
        token.misunderstandings = 0;
      } else if (verdict === 'wrong') {
        if (this.#isLost(token, nowNs)) {
          token.misunderstandings++;
          this.disarm(token);
          lost(token.book);
        } else {
          token.isQueued = true;
          this.#push(token);
        }
      }
    }
  }

  #isLost(token: HashedToken, nowNs: number): boolean {
    token.failures++;
    if (token.failures === 1) token.failedNs = nowNs;
    if (token.failures === 1 || token.settlingFrames !== token.frames) {
      token.settlingFrames = token.frames;
      token.settlingNs = nowNs;
      return token.failures >= UNSETTLED_FAILURES && nowNs - token.failedNs > UNSETTLED_NS;
    }
    return nowNs - token.settlingNs > SETTLED_NS;
  }

  #verdict({ book, terms }: HashedToken): Verdict {
    const { conditionId, minSizeText, tickText, negRisk, lastTradeTexts } = terms;
    if (
      !book.hasSnapshot ||
      !book.isHashable ||
      book.statedMs === 0 ||
      conditionId === undefined ||
      minSizeText === undefined ||
      tickText === undefined ||
      negRisk === undefined ||
      lastTradeTexts.length === 0 ||
      book.bids.count + book.asks.count > MAX_HASHED_LEVELS
    ) {
      return 'unknown';
    }
    const hasher = this.#hasher;
    hasher.begin(conditionId, book.tokenId, book.statedMs);
    this.#side(book.bids, book.bidRestsE6, true);
    hasher.beginAsks();
    this.#side(book.asks, book.askRestsE6, false);
    hasher.endLevels();
    for (const lastTrade of lastTradeTexts) {
      if (!hasher.matches(minSizeText, tickText, negRisk, lastTrade, book.statedHash)) continue;
      terms.lastTrade(lastTrade);
      return 'good';
    }
    return 'wrong';
  }

  /** The ladder's order is the hash's: bids ascend, asks, kept as complements, descend. */
  #side(ladder: Ladder, restsE6: ReadonlyMap<number, number>, isBid: boolean): void {
    for (let at = 0; at < ladder.count; at++) {
      const ladderE4 = ladder.pricesE4[at]!;
      const restE6 = restsE6.size === 0 ? 0 : (restsE6.get(ladderE4) ?? 0);
      const priceE4 = isBid ? ladderE4 : PAYOUT_E4 - ladderE4;
      this.#hasher.level(priceE4, ladder.sizesCenti[at]!, restE6);
    }
  }

  #push(token: HashedToken): void {
    this.#queue[(this.#head + this.#queued) % this.#queue.length] = token;
    this.#queued++;
  }

  #pop(): HashedToken {
    const token = this.#queue[this.#head]!;
    this.#queue[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#queue.length;
    this.#queued--;
    return token;
  }
}
