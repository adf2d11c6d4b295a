// The SHA-1 that proves a book (polymarket-api.md 4.14): a lost change shows although the channel
// has no sequence numbers.
import { createHash } from 'node:crypto';

/** All of one token's book that is hashed, each value as the text that the venue sends. */
export interface HashedBook {
  readonly market: string;
  readonly assetId: string;
  readonly timestamp: string;
  /**
   * JSON text of the levels `{"price":"0.5","size":"10"}` joined by commas, without brackets: bids
   * ascending.
   */
  readonly bidsText: string;
  /** Asks descending. */
  readonly asksText: string;
  readonly minOrderSize: string;
  readonly tickSize: string;
  readonly negRisk: boolean;
  /** The market's last trade, whichever token it was in: the same text for both tokens. */
  readonly lastTradePrice: string;
}

/** 40 hex digits: the `hash` of `book` and `price_change`. */
export function bookHash(book: HashedBook): string {
  return sha1(bookText(book, ''));
}

/** The book as compact JSON with this `hash` in it: the body of GET /book. */
export function bookText(book: HashedBook, hash: string): string {
  return (
    `{"market":"${book.market}","asset_id":"${book.assetId}","timestamp":"${book.timestamp}"` +
    `,"hash":"${hash}","bids":[${book.bidsText}],"asks":[${book.asksText}]` +
    `,"min_order_size":"${book.minOrderSize}","tick_size":"${book.tickSize}"` +
    `,"neg_risk":${book.negRisk},"last_trade_price":"${book.lastTradePrice}"}`
  );
}

export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
