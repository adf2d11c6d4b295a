// Markets and events as Gamma shows them (polymarket-api.md 11): numbers as numbers, lists as JSON
// inside text.
import { CENTI_PER_CONTRACT, PAYOUT_E4 } from '../../domain/units.js';
import { isHydrated, type Market } from './directory.js';
import { type DisplayedBook, priceText } from './displayed-book.js';

/** Gamma's own ids count from here; they are no index of anything else. */
const FIRST_ID = 900_001;
const FIRST_EVENT_ID = 100_001;
const DAY_MS = 86_400_000;

export function gammaId({ listing }: Market): string {
  return String(FIRST_ID + listing.market);
}

export function gammaMarket(market: Market, book: DisplayedBook) {
  return { ...marketFields(market, book), events: [eventFields(market)] };
}

/** Every simulated market is an event of its own. */
export function gammaEvent(market: Market, book: DisplayedBook) {
  return { ...eventFields(market), markets: [marketFields(market, book)] };
}

function marketFields(market: Market, book: DisplayedBook) {
  const { listing, phase } = market;
  const isV2 = listing.version === 'v2';
  const isKnown = isHydrated(market);
  return {
    id: gammaId(market),
    version: listing.version ?? 'v1',
    question: listing.question,
    conditionId: listing.conditionId,
    questionID: listing.questionId,
    slug: listing.slug,
    description: listing.question,
    outcomes: JSON.stringify(listing.outcomes),
    outcomePrices: JSON.stringify(outcomePrices(market, book)),
    clobTokenIds: JSON.stringify(isKnown && !isV2 ? listing.tokenIds : []),
    positionIds: isKnown && isV2 ? listing.tokenIds : [],
    negRisk: listing.negRisk,
    negRiskMarketID: listing.negRisk ? listing.questionId : '',
    enableOrderBook: true,
    acceptingOrders: phase === 'open' && isKnown,
    active: true,
    closed: phase === 'resolved',
    archived: false,
    restricted: true,
    ...timeFields(market),
    secondsDelay: listing.secondsDelay ?? 0,
    clearBookOnStart: listing.clearBookOnStart ?? false,
    ...priceFields(market, book),
    makerBaseFee: 1000,
    takerBaseFee: 1000,
    ...feeFields(market),
    groupItemTitle: '',
    umaResolutionStatus: phase === 'resolved' ? 'resolved' : '',
  };
}

function timeFields({ listing }: Market) {
  const { endDateMs, gameStartMs } = listing;
  return {
    startDate: new Date(endDateMs - 30 * DAY_MS).toISOString(),
    endDate: new Date(endDateMs).toISOString(),
    // A space and +00 where other times have T and Z.
    ...(gameStartMs === undefined
      ? {}
      : {
          gameStartTime: `${new Date(gameStartMs).toISOString().slice(0, 19).replace('T', ' ')}+00`,
        }),
  };
}

function priceFields({ listing, tickE4 }: Market, book: DisplayedBook) {
  const { bidE4, askE4 } = book.best(0);
  return {
    orderPriceMinTickSize: tickE4 / PAYOUT_E4,
    orderMinSize: listing.minSizeCenti / CENTI_PER_CONTRACT,
    bestBid: bidE4 / PAYOUT_E4,
    bestAsk: askE4 / PAYOUT_E4,
    spread: (askE4 - bidE4) / PAYOUT_E4,
    ...(book.lastTradePrice === '' ? {} : { lastTradePrice: Number(book.lastTradePrice) }),
    volumeNum: 0,
    liquidityNum: 0,
  };
}

/** A market without fees has no schedule. */
function feeFields({ listing }: Market) {
  if (listing.feeRate === 0) return { feesEnabled: false };
  const { feeExponent: exponent, feeRate: rate } = listing;
  return {
    feesEnabled: true,
    feeType: 'general_fees',
    feeSchedule: { exponent, rate, takerOnly: true, rebateRate: 0.25 },
  };
}

function outcomePrices({ winner }: Market, book: DisplayedBook): [string, string] {
  if (winner !== undefined) return winner === 0 ? ['1', '0'] : ['0', '1'];
  return [0, 1].map((outcome) => {
    const { bidE4, askE4 } = book.best(outcome === 0 ? 0 : 1);
    return priceText(Math.floor((bidE4 + askE4) / 2));
  }) as [string, string];
}

function eventFields({ listing, phase }: Market) {
  return {
    id: String(FIRST_EVENT_ID + listing.market),
    ticker: listing.slug,
    slug: listing.slug,
    title: listing.question,
    description: listing.question,
    endDate: new Date(listing.endDateMs).toISOString(),
    active: true,
    closed: phase === 'resolved',
    archived: false,
    enableOrderBook: true,
    negRisk: listing.negRisk,
  };
}
