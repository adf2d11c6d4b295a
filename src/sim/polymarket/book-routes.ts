// The REST endpoints of books and prices (polymarket-api.md 4.12). They need no key.
import { formatDecimal } from '../../domain/decimal.js';
import { PRICE_PLACES } from '../../domain/units.js';
import { bookText } from '../../venues/polymarket/wire/book-hash.js';
import type { Books } from './books.js';
import { type Directory, isHydrated, type Token } from './directory.js';
import { type BestPrices, type DisplayedBook, priceText } from './displayed-book.js';
import { type Handler, type HttpCall, RawReply } from './http-front.js';
import { BAD_PAYLOAD, INVALID_SIDE, NO_ORDERBOOK, PAYLOAD_TOO_LARGE, Refusal } from './refusal.js';

const MAX_TOKENS = 500;
/** What the exchange says of a token that never traded. */
const NO_TRADE_PRICE = '0.5';

/** One `{token_id, side?}` of a plural form. */
interface Wanted {
  readonly token: Token;
  readonly side: string | null;
}

export function bookRoutes(directory: Directory, books: Books): Map<string, Handler> {
  const tokenOf = (id: unknown): Token => {
    const token = typeof id === 'string' ? directory.token(id) : undefined;
    const isOpen = token !== undefined && token.market.phase !== 'resolved';
    if (!isOpen || !isHydrated(token.market)) throw new Refusal(404, NO_ORDERBOOK);
    return token;
  };
  const bookOf = (token: Token) => books.book(token.market.listing.market);
  const bestOf = (token: Token) => bookOf(token).best(token.outcome);
  const summary = ({ market, outcome }: Token) => {
    const book = books.snapshot(market);
    return bookText(book.hashed(outcome), book.hash(outcome));
  };
  const one = (answer: (token: Token, call: HttpCall) => unknown): Handler => {
    return (call) => answer(tokenOf(call.query.get('token_id')), call);
  };
  const many = (answer: (wanted: readonly Wanted[]) => unknown): Handler => {
    return (call) => answer(wantedOf(call, tokenOf));
  };
  const byToken = (answer: (wanted: Wanted) => unknown): Handler =>
    many((all) => Object.fromEntries(all.map((each) => [each.token.tokenId, answer(each)])));

  return new Map<string, Handler>([
    ['GET /book', one((token) => new RawReply(summary(token)))],
    [
      'POST /books',
      many((all) => new RawReply(`[${all.map(({ token }) => summary(token)).join(',')}]`)),
    ],
    ['GET /price', one((token, call) => ({ price: price(bestOf(token), call.query.get('side')) }))],
    ['POST /prices', many((all) => prices(all, bestOf))],
    ['GET /midpoint', one((token) => ({ mid: midpoint(bestOf(token)) }))],
    ['POST /midpoints', byToken(({ token }) => midpoint(bestOf(token)))],
    ['GET /spread', one((token) => ({ spread: spread(bestOf(token)) }))],
    ['POST /spreads', byToken(({ token }) => spread(bestOf(token)))],
    ['GET /last-trade-price', one((token) => lastTrade(bookOf(token)))],
    [
      'POST /last-trades-prices',
      many((all) =>
        all.map(({ token }) => ({ token_id: token.tokenId, ...lastTrade(bookOf(token)) })),
      ),
    ],
    ['GET /prices-history', () => ({ history: [] })],
  ]);
}

function wantedOf(call: HttpCall, tokenOf: (id: unknown) => Token): Wanted[] {
  let rows: unknown;
  try {
    rows = JSON.parse(call.body.toString());
  } catch {
    throw new Refusal(400, BAD_PAYLOAD);
  }
  if (!Array.isArray(rows)) throw new Refusal(400, BAD_PAYLOAD);
  if (rows.length > MAX_TOKENS) throw new Refusal(400, PAYLOAD_TOO_LARGE);
  return rows.map((row: { token_id?: unknown; side?: unknown } | null) => ({
    token: tokenOf(row?.token_id),
    side: typeof row?.side === 'string' ? row.side : null,
  }));
}

/** A token that is asked for on both sides has both in its one entry. */
function prices(all: readonly Wanted[], bestOf: (token: Token) => BestPrices) {
  const answer: Record<string, Record<string, string>> = {};
  for (const { token, side } of all) {
    const entry = answer[token.tokenId] ?? {};
    entry[side?.toUpperCase() ?? ''] = price(bestOf(token), side);
    answer[token.tokenId] = entry;
  }
  return answer;
}

/** BUY is the best bid, SELL the best ask: the side is that of the book. */
function price(best: BestPrices, side: string | null): string {
  if (side?.toUpperCase() === 'BUY') return priceText(best.bidE4);
  if (side?.toUpperCase() === 'SELL') return priceText(best.askE4);
  throw new Refusal(400, INVALID_SIDE);
}

function midpoint({ bidE4, askE4 }: BestPrices): string {
  return formatDecimal((bidE4 + askE4) * 5, PRICE_PLACES + 1);
}

function spread({ bidE4, askE4 }: BestPrices): string {
  return priceText(askE4 - bidE4);
}

function lastTrade(book: DisplayedBook) {
  return { price: book.lastTradePrice || NO_TRADE_PRICE, side: book.lastTradeSide };
}
