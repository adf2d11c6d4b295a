// The REST endpoints of markets and their terms (polymarket-api.md 4.12). They need no key.
import { CENTI_PER_CONTRACT, PAYOUT_E4 } from '../../domain/units.js';
import type { ClobMarketInfo } from '../../venues/polymarket/wire/rest-messages.js';
import type { Books } from './books.js';
import type { ExchangeClock } from './clock.js';
import { type Directory, isHydrated, type Market, type Token } from './directory.js';
import { priceText } from './displayed-book.js';
import type { Handler, HttpCall } from './http-front.js';
import { pageOf } from './paging.js';
import { NO_ORDERBOOK, Refusal } from './refusal.js';

const CLOB_VERSION = 2;
/** Legacy fields that are not the fee (polymarket-api.md 5). */
const LEGACY_BASE_FEE = 1000;
const MARKETS_PAGE = 1000;

export function marketRoutes(
  directory: Directory,
  books: Books,
  clock: ExchangeClock,
): Map<string, Handler> {
  const tokenOf = (id: string | null): Token => {
    const token = directory.token(id ?? '');
    if (token === undefined || !isHydrated(token.market)) throw new Refusal(404, NO_ORDERBOOK);
    return token;
  };
  const conditionOf = (conditionId: string): Market => {
    const market = directory.condition(conditionId);
    if (market === undefined || !isHydrated(market)) throw new Refusal(404, 'market not found');
    return market;
  };
  const one = (answer: (market: Market) => unknown): Handler => {
    return (call) => answer(tokenOf(call.query.get('token_id')).market);
  };
  const list = (rowOf: (market: Market) => unknown, onlyOpen = false): Handler => {
    return (call: HttpCall) => {
      const shown = directory.markets.filter((market) => !onlyOpen || market.phase === 'open');
      return pageOf(shown.map(rowOf), call.query.get('next_cursor'), MARKETS_PAGE);
    };
  };
  const full = (market: Market) => marketRow(market, books);
  const simple = (market: Market) => simplifiedRow(market, books);
  return new Map<string, Handler>([
    ['GET /', () => 'OK'],
    ['GET /ok', () => 'OK'],
    ['GET /time', () => Math.floor(clock.now() / 1000)],
    ['GET /version', () => ({ version: CLOB_VERSION })],
    ['GET /tick-size', one(({ tickE4 }) => ({ minimum_tick_size: dollars(tickE4) }))],
    ['GET /neg-risk', one(({ listing }) => ({ neg_risk: listing.negRisk }))],
    ['GET /fee-rate', one(() => ({ base_fee: LEGACY_BASE_FEE }))],
    [
      'GET /fees/builder-fees/*',
      () => ({ builder_maker_fee_rate_bps: 0, builder_taker_fee_rate_bps: 0 }),
    ],
    ['GET /rebates/current', () => null],
    ['GET /markets-by-token/*', (call) => marketByToken(tokenOf(call.tail))],
    ['GET /clob-markets/*', (call) => clobMarketInfo(conditionOf(call.tail))],
    ['GET /markets/*', (call) => full(conditionOf(call.tail))],
    ['GET /markets', list(full)],
    ['GET /sampling-markets', list(full, true)],
    ['GET /simplified-markets', list(simple)],
    ['GET /sampling-simplified-markets', list(simple, true)],
  ]);
}

/** Some replies carry JSON numbers: the shortest text of the quotient is the decimal itself. */
function dollars(priceE4: number): number {
  return priceE4 / PAYOUT_E4;
}

function clobMarketInfo({ listing, tickE4, phase }: Market): ClobMarketInfo {
  const { gameStartMs } = listing;
  return {
    c: listing.conditionId,
    t: listing.tokenIds.map((t, index) => ({ t, o: listing.outcomes[index] ?? '' })),
    mts: dollars(tickE4),
    mos: listing.minSizeCenti / CENTI_PER_CONTRACT,
    nr: listing.negRisk,
    fd: { r: listing.feeRate, e: listing.feeExponent, to: true },
    mbf: LEGACY_BASE_FEE,
    tbf: LEGACY_BASE_FEE,
    r: null,
    ao: phase === 'open',
    sd: listing.secondsDelay ?? 0,
    ...(gameStartMs === undefined ? {} : { gst: new Date(gameStartMs).toISOString() }),
    cbos: listing.clearBookOnStart ?? false,
    rfqe: false,
    itode: (listing.takerDelayMs ?? 0) > 0,
    ibce: false,
    v: listing.version ?? 'v1',
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

function simplifiedRow(market: Market, books: Books) {
  const { listing, phase } = market;
  const book = books.book(listing.market);
  return {
    condition_id: listing.conditionId,
    tokens: listing.tokenIds.map((token_id, index) => {
      const outcome = index === 0 ? 0 : 1;
      return {
        token_id,
        outcome: listing.outcomes[outcome],
        price: Number(priceText(book.best(outcome).bidE4)),
        winner: market.winner === outcome,
      };
    }),
    active: true,
    closed: phase === 'resolved',
    archived: false,
    accepting_orders: phase === 'open',
  };
}

function marketRow(market: Market, books: Books) {
  const { listing, tickE4, phase } = market;
  return {
    ...simplifiedRow(market, books),
    enable_order_book: phase !== 'resolved',
    minimum_order_size: listing.minSizeCenti / CENTI_PER_CONTRACT,
    minimum_tick_size: dollars(tickE4),
    question_id: listing.questionId,
    question: listing.question,
    description: listing.question,
    market_slug: listing.slug,
    end_date_iso: new Date(listing.endDateMs).toISOString(),
    seconds_delay: listing.secondsDelay ?? 0,
    maker_base_fee: LEGACY_BASE_FEE,
    taker_base_fee: LEGACY_BASE_FEE,
    neg_risk: listing.negRisk,
  };
}
