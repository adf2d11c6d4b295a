// Frames encoded ahead, as WebSocket carries them: a lap through all changes of a walk that can be sent again and again. Only Kalshi's
// sequence numbers differ from lap to lap; they are written over in place.
import { NO, YES } from '../src/domain/venue.js';
import type { KalshiListing } from '../src/sim/exchange.js';
import { CURRENT_WRITER, deltaFrame } from '../src/sim/kalshi/frames.js';
import type { PairListing } from '../src/sim/market/listings.js';
import { DisplayedBook } from '../src/sim/polymarket/displayed-book.js';
import { bookFrame, priceChangeFrame } from '../src/sim/polymarket/market-frames.js';
import type { BlastBook, Walk } from './blast-market.js';

/** FIN and the opcode of text. */
const TEXT_FRAME = 0x81;
const LENGTH_16 = 126;
const HEADER_BYTES = 4;
const ZERO = 0x30;
export const BOOKS_SID = 1;

export interface Lap {
  readonly walk: Walk;
  readonly frames: number;
  /** The frames' bytes; valid until the same frames are asked for again. */
  take(from: number, to: number, firstSeq: number): Buffer;
}

export class KalshiLap implements Lap {
  readonly walk: Walk;
  readonly #tails: readonly string[];
  /** All frames with sequence numbers of so many digits, and where each number begins. */
  #digits = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #seqAt = new Uint32Array(0);

  constructor(walk: Walk, pairs: readonly PairListing[], nowMs: number) {
    this.walk = walk;
    const listings = new Map(pairs.map(({ market, kalshi }) => [market, kalshi]));
    this.#tails = walk.steps.map(({ market, change }) => {
      const event = { venue: 0, market, venueMs: nowMs, changes: [change], trades: [] } as const;
      return CURRENT_WRITER.deltaTails(
        listings.get(market)!,
        event,
        NO_BOOKS,
        false,
        undefined,
      )[0]!;
    });
  }

  get frames(): number {
    return this.#tails.length;
  }

  take(from: number, to: number, firstSeq: number): Buffer {
    const digits = digitsOf(firstSeq + to - from - 1);
    if (digitsOf(firstSeq) !== digits) {
      const tails = this.#tails.slice(from, to);
      return encodeFrames(
        tails.map((tail, index) => deltaFrame(BOOKS_SID, firstSeq + index, tail)),
      );
    }
    // What is still being written out is in the old bytes.
    if (digits !== this.#digits) this.#layOut(digits);
    const bytes = this.#bytes;
    const seqAt = this.#seqAt;
    for (let frame = from, seq = firstSeq; frame < to; frame++, seq++) {
      let left = seq;
      for (let at = seqAt[frame]! + digits - 1; at >= seqAt[frame]!; at--) {
        // Below 2^31 for the hours that it takes to send so many: whole division is a multiplication.
        const tenth = (left / 10) | 0;
        bytes[at] = ZERO + left - tenth * 10;
        left = tenth;
      }
    }
    return bytes.subarray(
      startOf(seqAt, from),
      to === this.frames ? undefined : startOf(seqAt, to),
    );
  }

  #layOut(digits: number): void {
    const seq = 10 ** (digits - 1);
    const frames = this.#tails.map((tail) => deltaFrame(BOOKS_SID, seq, tail));
    this.#digits = digits;
    this.#bytes = encodeFrames(frames);
    this.#seqAt = new Uint32Array(frames.length);
    let at = 0;
    for (const [index, frame] of frames.entries()) {
      this.#seqAt[index] = at + HEADER_BYTES + SEQ_OFFSET;
      at += HEADER_BYTES + frame.length;
    }
  }
}

const SEQ_OFFSET = deltaFrame(BOOKS_SID, 0, '').length - 1;

function startOf(seqAt: Uint32Array, frame: number): number {
  return seqAt[frame]! - SEQ_OFFSET - HEADER_BYTES;
}

const OUTCOMES = [YES, NO] as const;

/** Deltas of today's dialect need no books. */
const NO_BOOKS = { bids: () => [], asks: () => [] };

export class PolymarketLap implements Lap {
  readonly walk: Walk;
  readonly frames: number;
  readonly #pairs: ReadonlyMap<number, PairListing>;
  readonly #nowMs: number;
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;
  /** Books before the first step, by token: a connection is trusted only when they come at once. */
  readonly #firstBooks: ReadonlyMap<string, string>;

  constructor(walk: Walk, pairs: readonly PairListing[], nowMs: number) {
    this.walk = walk;
    this.#pairs = new Map(pairs.map((pair) => [pair.market, pair]));
    this.#nowMs = nowMs;
    const books = new Map(pairs.map(({ market }) => [market, this.#display(market, 0)]));
    this.#firstBooks = new Map(
      pairs.flatMap(({ market, polymarket: { tokenIds } }) =>
        OUTCOMES.map((outcome) => [tokenIds[outcome], bookFrame(books.get(market)!, outcome)]),
      ),
    );
    const texts = walk.steps.map(({ market, change }) => {
      const book = books.get(market)!;
      book.apply({ venue: 1, market, venueMs: nowMs, changes: [change], trades: [] }, undefined);
      return priceChangeFrame(book, change);
    });
    this.frames = texts.length;
    this.#bytes = encodeFrames(texts);
    this.#starts = new Uint32Array(texts.length + 1);
    for (const [index, { length }] of texts.entries()) {
      this.#starts[index + 1] = this.#starts[index]! + HEADER_BYTES + length;
    }
  }

  take(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#starts[from]!, this.#starts[to]!);
  }

  /** The token's `book` frame when that many of the steps were taken; undefined for a token of no market here. */
  bookFrame(tokenId: string, steps: number): string | undefined {
    if (steps === 0) return this.#firstBooks.get(tokenId);
    for (const { market, polymarket } of this.#pairs.values()) {
      const outcome = OUTCOMES.find((each) => polymarket.tokenIds[each] === tokenId);
      if (outcome !== undefined) return bookFrame(this.#display(market, steps), outcome);
    }
    return undefined;
  }

  #display(market: number, steps: number): DisplayedBook {
    const book = this.walk.bookAt(market, steps);
    const listing = this.#pairs.get(market)!.polymarket;
    return new DisplayedBook(listing, book.bids(), book.asks(), this.#nowMs);
  }
}

export function kalshiSnapshot(
  listing: KalshiListing,
  book: BlastBook,
  seq: number,
  id: number | undefined,
): string {
  const shown = { bids: book.bids(), asks: book.asks() };
  return CURRENT_WRITER.snapshot({ id, sid: BOOKS_SID, seq }, listing, shown, false);
}

/** Texts of ASCII, each longer than WebSocket's short frames. */
function encodeFrames(texts: readonly string[]): Buffer {
  const bytes = Buffer.allocUnsafe(
    texts.reduce((sum, { length }) => sum + HEADER_BYTES + length, 0),
  );
  let at = 0;
  for (const text of texts) {
    if (text.length < LENGTH_16) throw new RangeError(`a short frame: length=${text.length}`);
    bytes[at] = TEXT_FRAME;
    bytes[at + 1] = LENGTH_16;
    bytes.writeUInt16BE(text.length, at + 2);
    at += HEADER_BYTES + bytes.write(text, at + HEADER_BYTES, 'latin1');
  }
  return bytes;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let left = value; left >= 10; left /= 10) digits++;
  return digits;
}
