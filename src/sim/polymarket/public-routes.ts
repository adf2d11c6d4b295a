// The REST endpoints that need no key (polymarket-api.md 4.12): books, prices, terms of the
// markets.
import { formatDecimal } from '../../domain/decimal.js';
import { CENTI_PER_CONTRACT, PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import { bookText } from '../../venues/polymarket/wire/book-hash.js';
import type { ClobMarketInfo } from '../../venues/polymarket/wire/rest-messages.js';
import type { Directory, Market, Token } from './directory.js';
import { type DisplayedBook, priceText } from './displayed-book.js';
import { type Handler, type HttpCall, RawReply } from './http-front.js';
import { pageOf } from './paging.js';
import { NO_ORDERBOOK, Refusal } from './refusal.js';

const CLOB_VERSION = 2;
/** Legacy fields that are not the fee (polymarket-api.md 5). */
const LEGACY_BASE_FEE = 1000;
const MARKETS_PAGE = 1000;
const MAX_BOOKS = 500;

export interface PublicRoutesOptions {
  readonly directory: Directory;
  book(market: number): DisplayedBook;
  now(): number;
}

export function publicRoutes(options: PublicRoutesOptions): Map<string, Handler> {
  const { directory } = options;
  const tokenOf = (id: unknown): Token => {
    const token = typeof id === 'string' ? directory.token(id) : undefined;
    if (token === undefined) throw new Refusal(404, NO_ORDERBOOK);
    return token;
  };
  const queried = (call: HttpCall) => tokenOf(call.query.get('token_id'));
  const bookOf = (token: Token) => options.book(token.market.listing.market);
  const summary = (token: Token) => {
    const book = bookOf(token);
    return bookText(book.hashed(token.outcome), book.hash(token.outcome));
  };
  const bestOf = (token: Token) => bookOf(token).best(token.outcome);

  return new Map<string, Handler>([
    ['GET /', () => 'OK'],
    ['GET /ok', () => 'OK'],
    ['GET /time', () => Math.floor(options.now() / 1000)],
    ['GET /version', () => ({ version: CLOB_VERSION })],
    ['GET /book', (call) => new RawReply(summary(queried(call)))],
    ['POST /books', (call) => books(call, tokenOf, summary)],
    ['GET /price', (call) => price(bestOf(queried(call)), call.query.get('side'))],
    ['GET /midpoint', (call) => ({ mid: midpoint(bestOf(queried(call))) })],
    ['GET /spread', (call) => ({ spread: spread(bestOf(queried(call))) })],
    [
      'GET /last-trade-price',
      (call) => ({ price: bookOf(queried(call)).lastTradePrice || '0.5', side: '' }),
    ],
    [
      'GET /tick-size',
      (call) => ({ minimum_tick_size: dollars(queried(call).market.listing.tickE4) }),
    ],
    ['GET /neg-risk', (call) => ({ neg_risk: queried(call).market.listing.negRisk })],
    ['GET /fee-rate', (call) => ({ base_fee: queried(call) && LEGACY_BASE_FEE })],
    ['GET /markets-by-token/*', (call) => marketByToken(tokenOf(call.tail))],
    ['GET /clob-markets/*', (call) => clobMarketInfo(conditionOf(directory, call.tail))],
    ['GET /markets/*', (call) => marketRow(conditionOf(directory, call.tail))],
    [
      'GET /markets',
      (call) =>
        pageOf(directory.markets.map(marketRow), call.query.get('next_cursor'), MARKETS_PAGE),
    ],
  ]);
}

function books(
  call: HttpCall,
  tokenOf: (id: unknown) => Token,
  summary: (token: Token) => string,
): RawReply {
  let wanted: unknown;
  try {
    wanted = JSON.parse(call.body.toString());
  } catch {
    throw new Refusal(400, 'Invalid payload');
  }
  if (!Array.isArray(wanted) || wanted.length > MAX_BOOKS) {
    throw new Refusal(400, Array.isArray(wanted) ? 'Payload exceeds the limit' : 'Invalid payload');
  }
  const texts = wanted.map((row: { token_id?: unknown } | null) => summary(tokenOf(row?.token_id)));
  return new RawReply(`[${texts.join(',')}]`);
}

function conditionOf(directory: Directory, conditionId: string): Market {
  const market = directory.condition(conditionId);
  if (market === undefined) throw new Refusal(404, 'market not found');
  return market;
}

/** BUY is the best bid, SELL the best ask: the side is that of the book. */
function price(best: { bidE4: number; askE4: number }, side: string | null): { price: string } {
  if (side?.toUpperCase() === 'BUY') return { price: priceText(best.bidE4) };
  if (side?.toUpperCase() === 'SELL') return { price: priceText(best.askE4) };
  throw new Refusal(400, 'Invalid side');
}

function midpoint({ bidE4, askE4 }: { bidE4: number; askE4: number }): string {
  return formatDecimal((bidE4 + askE4) * 5, PRICE_PLACES + 1);
}

function spread({ bidE4, askE4 }: { bidE4: number; askE4: number }): string {
  return priceText(askE4 - bidE4);
}

/** Some replies carry JSON numbers: the shortest text of the quotient is the decimal itself. */
function dollars(priceE4: number): number {
  return priceE4 / PAYOUT_E4;
}

function clobMarketInfo({ listing }: Market): ClobMarketInfo {
  return {
    c: listing.conditionId,
    t: listing.tokenIds.map((t, index) => ({ t, o: listing.outcomes[index] ?? '' })),
    mts: dollars(listing.tickE4),
    mos: listing.minSizeCenti / CENTI_PER_CONTRACT,
    nr: listing.negRisk,
    fd: { r: listing.feeRate, e: listing.feeExponent, to: true },
    mbf: LEGACY_BASE_FEE,
    tbf: LEGACY_BASE_FEE,
    r: null,
    ao: true,
    sd: 0,
    cbos: false,
    rfqe: false,
    itode: false,
    ibce: false,
    v: 'v1',
  };
}

function marketByToken({ market }: Token) {
  const [primary, secondary] = market.listing.tokenIds;
  return {
    condition_id: market.listing.conditionId,
    primary_token_id: primary,
    secondary_token_id: secondary,
  };
}

function marketRow({ listing }: Market) {
  return {
    enable_order_book: true,
    active: true,
    closed: false,
    archived: false,
    accepting_orders: true,
    minimum_order_size: listing.minSizeCenti / CENTI_PER_CONTRACT,
    minimum_tick_size: dollars(listing.tickE4),
    condition_id: listing.conditionId,
    question_id: listing.questionId,
    question: listing.question,
    market_slug: listing.slug,
    end_date_iso: new Date(listing.endDateMs).toISOString(),
    seconds_delay: 0,
    maker_base_fee: LEGACY_BASE_FEE,
    taker_base_fee: LEGACY_BASE_FEE,
    neg_risk: listing.negRisk,
    tokens: listing.tokenIds.map((token_id, index) => ({
      token_id,
      outcome: listing.outcomes[index] ?? '',
      winner: false,
    })),
  };
}
