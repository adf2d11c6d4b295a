// Order books by REST, for the time while the socket is down and to hold against it
// (polymarket-api.md 4.12). They are as old as they are: never traded on.
import { z } from 'zod';
import type { Ladder } from '../../domain/ladder.js';
import type { RestClient } from '../../net/rest-client.js';
import { TokenBook } from './token-book.js';

/** Of one request; the batch form may be called 500 times in 10 s (polymarket-api.md 6). */
const BOOKS_PER_REQUEST = 100;

export interface PolledBook {
  readonly bids: Ladder;
  /** As bids at the complement, like the feed's. */
  readonly asks: Ladder;
  /** 40 hex digits, as PolymarketFeed.compare takes it. */
  readonly hash: string;
  /** The exchange's time of the book's last change. */
  readonly timestampMs: number;
}

const bookSchema = z.object({
  asset_id: z.string(),
  timestamp: z.string().regex(/^\d{1,15}$/),
  hash: z.string(),
  bids: z.array(z.unknown()),
  asks: z.array(z.unknown()),
});
/** Each book is judged by itself: one that cannot be read costs no other. */
const booksSchema = z.array(z.unknown());

/**
 * Reads the books of these tokens. One that the exchange does not give, or not in a form that is
 * understood, is not in the result. Rejects with RestError when the exchange cannot be read at all.
 */
export async function readPolymarketBooks(
  rest: RestClient,
  tokenIds: readonly string[],
): Promise<Map<string, PolledBook>> {
  const wanted = new Set(tokenIds);
  const books = new Map<string, PolledBook>();
  for (let start = 0; start < tokenIds.length; start += BOOKS_PER_REQUEST) {
    const batch = tokenIds.slice(start, start + BOOKS_PER_REQUEST);
    const body = JSON.stringify(batch.map((token_id) => ({ token_id })));
    for (const row of await rest.call({ method: 'POST', path: '/books', body }, booksSchema)) {
      const { data } = bookSchema.safeParse(row);
      if (data === undefined || !wanted.has(data.asset_id)) continue;
      const book = new TokenBook(data.asset_id);
      if (!book.fill(data.bids, data.asks)) continue;
      const { bids, asks } = book;
      const timestampMs = Number(data.timestamp);
      books.set(data.asset_id, { bids, asks, hash: data.hash, timestampMs });
    }
  }
  return books;
}
