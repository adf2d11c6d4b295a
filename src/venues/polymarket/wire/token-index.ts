// Which of a connection's tokens an asset id names, from its text or from its bytes in a frame.
// Knows no books.
import { type ByteWords, byteWords, isAt } from '../../byte-words.js';

export const UNKNOWN_TOKEN = -1;
/** A uint256 has at most this many decimal digits. */
export const MAX_TOKEN_DIGITS = 78;

const TOKEN_ID = /^\d{1,78}$/;
/** Four places a token keep the walks short. */
const PLACES_PER_TOKEN = 4;

export class TokenIndex {
  readonly #byText = new Map<string, number>();
  /** Open addressing: a token plus one, 0 where there is none. */
  readonly #places: Int32Array;
  /** Each id between quotes, with the comma behind it. */
  readonly #ids: readonly ByteWords[];

  /**
   * A token's number is its place in `tokenIds`; ids are decimal text, of which the first one
   * counts.
   */
  constructor(tokenIds: readonly string[]) {
    const places = 2 ** Math.ceil(Math.log2(tokenIds.length * PLACES_PER_TOKEN + 1));
    this.#places = new Int32Array(places);
    this.#ids = tokenIds.map((id) => byteWords(`"${id}",`));
    for (const [token, id] of tokenIds.entries()) {
      if (!TOKEN_ID.test(id)) throw new RangeError(`not a token id: tokenId=${id}`);
      if (this.#byText.has(id)) continue;
      this.#byText.set(id, token);
      let place = this.#placeOf(this.#ids[token]!.firstWord);
      while (this.#places[place] !== 0) place = (place + 1) & (places - 1);
      this.#places[place] = token + 1;
    }
  }

  ofText(tokenId: string): number {
    return this.#byText.get(tokenId) ?? UNKNOWN_TOKEN;
  }

  /** Digits of a token's id. */
  digits(token: number): number {
    return this.#ids[token]!.length - 3;
  }

  /**
   * The token whose id stands at `at`, between quotes and with a comma behind; UNKNOWN_TOKEN for
   * anything else. No string is made: 31 ns an id of 77 digits, against 176 ns by latin1Slice and a
   * Map. The view must reach 81 bytes beyond `at`. @hot
   */
  at(view: DataView, at: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let place = this.#placeOf(view.getInt32(at, true));
    for (; places[place] !== 0; place = (place + 1) & mask) {
      const token = places[place]! - 1;
      if (isAt(view, at, this.#ids[token]!)) return token;
    }
    return UNKNOWN_TOKEN;
  }

  /** By the quote and the first three digits, which are as good as random. */
  #placeOf(firstWord: number): number {
    const mixed = Math.imul(firstWord, 0x9e3779b1);
    return (mixed >>> 16) & (this.#places.length - 1);
  }
}
