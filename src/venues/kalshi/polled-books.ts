// Kalshi's order books by REST (kalshi-api.md 4.1, 4.2): to show prices while the socket is down.
// They have no sequence number and cannot be stitched to the socket's deltas; it must not know who
// looks at them.
import { z } from 'zod';
import { Ladder } from '../../domain/ladder.js';
import type { RestClient } from '../../net/rest-client.js';
import { fillBids } from './wire/bids.js';
import { readerOf } from './wire/dialect.js';

/** More are refused. */
const TICKERS_PER_REQUEST = 100;

export interface PolledBook {
  readonly yesBids: Ladder;
  readonly noBids: Ladder;
}

const levelsSchema = z.array(z.unknown());
const booksSchema = z.object({
  orderbooks: z.array(
    z.object({
      ticker: z.string(),
      orderbook_fp: z.object({ yes_dollars: levelsSchema, no_dollars: levelsSchema }),
    }),
  ),
});

/**
 * The book of each ticker, in their order; undefined where the exchange gives none or its levels
 * cannot be read. A ticker that it does not know has an empty book. The NO side is always in NO
 * prices here. Needs no key. Rejects with RestError.
 */
export async function readKalshiBooks(
  rest: RestClient,
  tickers: readonly string[],
): Promise<(PolledBook | undefined)[]> {
  const books = new Map<string, PolledBook | undefined>();
  for (let start = 0; start < tickers.length; start += TICKERS_PER_REQUEST) {
    // Repeated, as a comma would be part of one ticker.
    const query = new URLSearchParams();
    for (const ticker of tickers.slice(start, start + TICKERS_PER_REQUEST)) {
      query.append('tickers', ticker);
    }
    const { orderbooks } = await rest.call(
      { method: 'GET', path: '/markets/orderbooks', query },
      booksSchema,
    );
    for (const { ticker, orderbook_fp } of orderbooks) books.set(ticker, bookOf(orderbook_fp));
  }
  return tickers.map((ticker) => books.get(ticker));
}

function bookOf(levels: {
  readonly yes_dollars: readonly unknown[];
  readonly no_dollars: readonly unknown[];
}): PolledBook | undefined {
  const book = { yesBids: new Ladder(), noBids: new Ladder() };
  const reader = readerOf('current');
  const isRead =
    fillBids(book.yesBids, levels.yes_dollars, reader, false) &&
    fillBids(book.noBids, levels.no_dollars, reader, false);
  return isRead ? book : undefined;
}
