// The terms of Kalshi's markets as the exchange serves them (kalshi-api.md 4): grid, fee, shard,
// close. What is missing or not understood makes a market untradable, with the reason in words. It
// must not know what a market is paired with.
import { z } from 'zod';
import { parseDecimal } from '../../domain/decimal.js';
import type { Ratio } from '../../domain/exact.js';
import { kalshiTakerRate } from '../../domain/kalshi-fee.js';
import { isPriceGrid, type PriceGrid } from '../../domain/price-grid.js';
import { PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import type { RestClient } from '../../net/rest-client.js';
import { earlier, type KalshiEventFee, loadKalshiEventFees } from './event-fees.js';

const TICKERS_PER_REQUEST = 100;

export interface KalshiTerms {
  readonly ticker: string;
  readonly eventTicker: string;
  readonly exchangeIndex: number;
  readonly grid: PriceGrid;
  readonly takerRate: Ratio;
  readonly closeMs: number;
  /** Wall time, before the close, from which takerRate may not hold: read the terms anew then. */
  readonly feeChangesAtMs: number | undefined;
}

/** Terms, or why the market is not traded. */
export type KalshiTermsResult = KalshiTerms | { readonly ticker: string; readonly refused: string };

const marketSchema = z.object({
  ticker: z.string(),
  event_ticker: z.string(),
  market_type: z.string(),
  status: z.string(),
  close_time: z.string(),
  notional_value_dollars: z.string(),
  price_ranges: z.array(z.object({ start: z.string(), end: z.string(), step: z.string() })),
  exchange_index: z.number().int(),
  fee_waiver_expiration_time: z.string().nullish(),
});
/** One market that is not understood must not hide the others. */
const marketsSchema = z.object({
  markets: z.array(z.looseObject({ ticker: z.string() })),
  cursor: z.string(),
});
type Market = z.infer<typeof marketSchema>;

/**
 * Reads the terms of every ticker, in their order. Rejects when the exchange cannot be read at all.
 */
export async function loadKalshiTerms(
  rest: RestClient,
  tickers: readonly string[],
  nowMs: number = Date.now(),
): Promise<KalshiTermsResult[]> {
  const markets = await loadMarkets(rest, tickers);
  const events = [...markets.values()].flatMap(({ data }) => data?.event_ticker ?? []);
  const fees = await loadKalshiEventFees(rest, events, nowMs);
  return tickers.map((ticker) => {
    const market = markets.get(ticker);
    if (market === undefined) return { ticker, refused: 'kalshi does not list it' };
    if (market.success) return readTerms(market.data, fees.get(market.data.event_ticker), nowMs);
    const issue = market.error.issues[0];
    const problem = `at=${issue?.path.join('.')} problem=${issue?.message}`;
    return { ticker, refused: `its terms are not understood: ${problem}` };
  });
}

async function loadMarkets(
  rest: RestClient,
  tickers: readonly string[],
): Promise<Map<string, z.ZodSafeParseResult<Market>>> {
  const found = new Map<string, z.ZodSafeParseResult<Market>>();
  for (let start = 0; start < tickers.length; start += TICKERS_PER_REQUEST) {
    const batch = tickers.slice(start, start + TICKERS_PER_REQUEST);
    const query = { tickers: batch.join(','), limit: String(TICKERS_PER_REQUEST) };
    const { markets } = await rest.call({ method: 'GET', path: '/markets', query }, marketsSchema);
    for (const row of markets) found.set(row.ticker, marketSchema.safeParse(row));
  }
  return found;
}

function readTerms(
  market: Market,
  fee: KalshiEventFee | undefined,
  nowMs: number,
): KalshiTermsResult {
  const { ticker, event_ticker: eventTicker, exchange_index: exchangeIndex } = market;
  const refuse = (refused: string) => ({ ticker, refused });
  const grid = market.price_ranges.map(({ start, end, step }) => ({
    startE4: parseDecimal(start, PRICE_PLACES),
    endE4: parseDecimal(end, PRICE_PLACES),
    stepE4: parseDecimal(step, PRICE_PLACES),
  }));
  const takerRate = fee === undefined ? undefined : kalshiTakerRate(fee.feeType, fee.multiplier);
  const closeMs = Date.parse(market.close_time);
  if (market.status !== 'active') return refuse(`status is ${market.status}`);
  if (market.market_type !== 'binary') return refuse(`type is ${market.market_type}`);
  if (parseDecimal(market.notional_value_dollars, PRICE_PLACES) !== PAYOUT_E4) {
    return refuse(`pays $${market.notional_value_dollars}`);
  }
  if (!isPriceGrid(grid)) return refuse('its price ranges are not understood');
  if (takerRate === undefined) {
    return refuse(`fee is not known type=${fee?.feeType} multiplier=${fee?.multiplier}`);
  }
  if (Number.isNaN(closeMs)) return refuse(`close time is ${market.close_time}`);
  const changesAtMs = earlier(fee?.changesAtMs, waiverEndsMs(market, nowMs));
  if (Number.isNaN(changesAtMs)) return refuse('its fee changes at a time that is not understood');
  const isBeforeClose = changesAtMs !== undefined && changesAtMs < closeMs;
  const feeChangesAtMs = isBeforeClose ? changesAtMs : undefined;
  return { ticker, eventTicker, exchangeIndex, grid, takerRate, closeMs, feeChangesAtMs };
}

/**
 * When a waiver of the market's fee ends; undefined when there is none. Until then the rate is more
 * than what is charged, and never less.
 */
function waiverEndsMs(market: Market, nowMs: number): number | undefined {
  const { fee_waiver_expiration_time: text } = market;
  if (text === undefined || text === null || text === '') return undefined;
  const endsMs = Date.parse(text);
  return endsMs <= nowMs ? undefined : endsMs;
}
