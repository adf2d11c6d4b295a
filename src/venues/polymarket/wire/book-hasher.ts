// Makes the bytes that a book's hash is taken of from the numbers of its levels (polymarket-api.md
// 4.14; text of book-hash.ts), and compares. No string is made of a level: a recorded book of 99
// levels takes 12 us.
import { hash } from 'node:crypto';
import { E6_PER_CENTI } from '../../../domain/units.js';
import { HASH_WORDS } from './frames.js';

/** Levels of both sides together that are hashed: 50 us. A book with more is not. */
export const MAX_HASHED_LEVELS = 500;
/** `{"price":"0.1234","size":"` and 16 digits with a point and `"},`. */
const MAX_LEVEL_BYTES = 48;
const MAX_TEXT_BYTES = 2_048;

const ZERO = 48;
const DOT = 46;
const COMMA = 44;
const PRICE = Uint8Array.from(Buffer.from('{"price":"0.'));
const SIZE = Uint8Array.from(Buffer.from('","size":"'));
const CLOSE = Uint8Array.from(Buffer.from('"}'));
const PRICE_DIGITS = 4;
const CENTI_DIGITS = 2;
const REST_DIGITS = 4;

export class BookHasher {
  readonly #bytes = Buffer.alloc(MAX_HASHED_LEVELS * MAX_LEVEL_BYTES + MAX_TEXT_BYTES);
  #length = 0;
  /** Where the end of the levels is, so that other last words can be tried behind them. */
  #levelsEnd = 0;
  #isFirst = true;

  /** Texts without quotes or escapes. */
  begin(market: string, assetId: string, venueMs: number): void {
    this.#length = 0;
    this.#text(`{"market":"${market}","asset_id":"${assetId}","timestamp":"${venueMs}"`);
    this.#text(`,"hash":"","bids":[`);
    this.#isFirst = true;
  }

  /** Bids ascending, then beginAsks(), then asks descending; at most MAX_HASHED_LEVELS together. */
  level(priceE4: number, sizeCenti: number, restE6: number): void {
    if (!this.#isFirst) this.#bytes[this.#length++] = COMMA;
    this.#isFirst = false;
    this.#literal(PRICE);
    this.#fraction(priceE4, PRICE_DIGITS);
    this.#literal(SIZE);
    const whole = Math.floor(sizeCenti / 100);
    const centi = sizeCenti - whole * 100;
    this.#whole(whole);
    if (restE6 > 0) {
      this.#bytes[this.#length++] = DOT;
      this.#fraction(centi * E6_PER_CENTI + restE6, CENTI_DIGITS + REST_DIGITS);
    } else if (centi > 0) {
      this.#bytes[this.#length++] = DOT;
      this.#fraction(centi, CENTI_DIGITS);
    }
    this.#literal(CLOSE);
  }

  beginAsks(): void {
    this.#text('],"asks":[');
    this.#isFirst = true;
  }

  endLevels(): void {
    this.#levelsEnd = this.#length;
  }

  /** True when the book with these last words has this hash. Others may be tried after it. */
  matches(
    minOrderSize: string,
    tickSize: string,
    negRisk: boolean,
    lastTradePrice: string,
    stated: Int32Array,
  ): boolean {
    this.#length = this.#levelsEnd;
    this.#text(`],"min_order_size":"${minOrderSize}","tick_size":"${tickSize}"`);
    this.#text(`,"neg_risk":${negRisk},"last_trade_price":"${lastTradePrice}"}`);
    const digest = hash('sha1', this.#bytes.subarray(0, this.#length), 'buffer');
    for (let word = 0; word < HASH_WORDS; word++) {
      if (digest.readInt32BE(word * 4) !== stated[word]) return false;
    }
    return true;
  }

  #text(text: string): void {
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  #literal(literal: Uint8Array): void {
    for (let index = 0; index < literal.length; index++) {
      this.#bytes[this.#length++] = literal[index]!;
    }
  }

  #whole(value: number): void {
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let left = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const tens = Math.floor(left / 10);
      this.#bytes[at] = ZERO + (left - tens * 10);
      left = tens;
    }
    this.#length += digits;
  }

  /** A value of 10^-places without the zeros at its end. */
  #fraction(value: number, places: number): void {
    let left = value;
    for (let at = this.#length + places - 1; at >= this.#length; at--) {
      const tens = Math.floor(left / 10);
      this.#bytes[at] = ZERO + (left - tens * 10);
      left = tens;
    }
    this.#length += places;
    while (this.#bytes[this.#length - 1] === ZERO) this.#length--;
  }
}
