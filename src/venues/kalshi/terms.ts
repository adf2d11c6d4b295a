// The terms of Kalshi's markets as the exchange serves them (kalshi-api.md 4): grid, fee, shard,
// close. What is missing or not understood makes a market untradable, with the reason in words.

import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import type { Ratio } from '../../domain/exact.js';
import { kalshiTakerRate } from '../../domain/kalshi-fee.js';
import { isPriceGrid, type PriceGrid } from '../../domain/price-grid.js';
import { MICROS_PLACES, PRICE_PLACES } from '../../domain/units.js';
import { isFinalAnswer, type RestClient } from '../../net/rest-client.js';
import { kalshiHeaders } from './headers.js';

const TICKERS_PER_REQUEST = 100;

export interface KalshiTerms {
  readonly ticker: string;
  readonly exchangeIndex: number;
  readonly grid: PriceGrid;
  readonly takerRate: Ratio;
  readonly closeMs: number;
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
});
/** One market that is not understood must not hide the others. */
const marketsSchema = z.object({
  markets: z.array(z.looseObject({ ticker: z.string() })),
  cursor: z.string(),
});
const eventSchema = z.object({
  event: z.object({
    event_ticker: z.string(),
    series_ticker: z.string(),
    fee_type_override: z.string().nullish(),
    fee_multiplier_override: z.number().nullish(),
  }),
});
const seriesSchema = z.object({
  series: z.object({ ticker: z.string(), fee_type: z.string(), fee_multiplier: z.number() }),
});
type Market = z.infer<typeof marketSchema>;
interface Fee {
  readonly feeType: string;
  readonly multiplier: number;
}

/**
 * Reads the terms of every ticker, in their order. Rejects when the exchange cannot be read at all.
 */
export async function loadKalshiTerms(
  rest: RestClient,
  tickers: readonly string[],
): Promise<KalshiTermsResult[]> {
  const markets = await loadMarkets(rest, tickers);
  const events = [...markets.values()].flatMap(({ data }) => data?.event_ticker ?? []);
  const fees = await loadFees(rest, events);
  return tickers.map((ticker) => {
    const market = markets.get(ticker);
    if (market === undefined) return { ticker, refused: 'kalshi does not list it' };
    if (market.success) return readTerms(market.data, fees.get(market.data.event_ticker));
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
    const { markets } = await rest.get('/markets', query, {}, marketsSchema);
    for (const row of markets) found.set(row.ticker, marketSchema.safeParse(row));
  }
  return found;
}

/** The fee of each event, undefined where the exchange gives none that can be read. */
async function loadFees(
  rest: RestClient,
  eventTickers: readonly string[],
): Promise<Map<string, Fee | undefined>> {
  const bySeries = new Map<string, Promise<Fee>>();
  const unique = [...new Set(eventTickers)];
  const fees = await Promise.all(
    unique.map((eventTicker) =>
      loadEventFee(rest, eventTicker, bySeries).catch((error: unknown) => {
        if (isFinalAnswer(error)) return undefined;
        throw error;
      }),
    ),
  );
  return new Map(unique.map((eventTicker, index) => [eventTicker, fees[index]]));
}

/** An event's override where it has one, else its series' fee (kalshi-api.md 4.5). */
async function loadEventFee(
  rest: RestClient,
  eventTicker: string,
  bySeries: Map<string, Promise<Fee>>,
): Promise<Fee> {
  const path = `/events/${encodeURIComponent(eventTicker)}`;
  const { event } = await rest.get(path, {}, {}, eventSchema);
  let series = bySeries.get(event.series_ticker);
  if (series === undefined) {
    series = loadSeriesFee(rest, event.series_ticker);
    bySeries.set(event.series_ticker, series);
  }
  const { feeType, multiplier } = await series;
  return {
    feeType: event.fee_type_override ?? feeType,
    multiplier: event.fee_multiplier_override ?? multiplier,
  };
}

async function loadSeriesFee(rest: RestClient, seriesTicker: string): Promise<Fee> {
  const path = `/series/${encodeURIComponent(seriesTicker)}`;
  const { series } = await rest.get(path, {}, {}, seriesSchema);
  return { feeType: series.fee_type, multiplier: series.fee_multiplier };
}

function readTerms(market: Market, fee: Fee | undefined): KalshiTermsResult {
  const { ticker } = market;
  const grid = market.price_ranges.map(({ start, end, step }) => ({
    startE4: parseDecimal(start, PRICE_PLACES),
    endE4: parseDecimal(end, PRICE_PLACES),
    stepE4: parseDecimal(step, PRICE_PLACES),
  }));
  const takerRate = fee === undefined ? undefined : kalshiTakerRate(fee.feeType, fee.multiplier);
  const closeMs = Date.parse(market.close_time);
  if (market.status !== 'active') return { ticker, refused: `status is ${market.status}` };
  if (market.market_type !== 'binary') return { ticker, refused: `type is ${market.market_type}` };
  if (parseDecimal(market.notional_value_dollars, PRICE_PLACES) !== 10_000) {
    return { ticker, refused: `pays $${market.notional_value_dollars}` };
  }
  if (!isPriceGrid(grid)) return { ticker, refused: 'its price ranges are not understood' };
  if (takerRate === undefined) {
    return {
      ticker,
      refused: `fee is not known type=${fee?.feeType} multiplier=${fee?.multiplier}`,
    };
  }
  if (Number.isNaN(closeMs)) return { ticker, refused: `close time is ${market.close_time}` };
  return { ticker, exchangeIndex: market.exchange_index, grid, takerRate, closeMs };
}

const balanceSchema = z.object({ balance_dollars: z.string() });

/** Cash over all shards, in micros (kalshi-api.md 3.6). */
export async function loadKalshiBalanceMicros(
  rest: RestClient,
  keyId: string,
  key: KeyObject,
  clock: Clock,
): Promise<number> {
  const path = '/portfolio/balance';
  const headers = kalshiHeaders(keyId, key, clock.wallMs(), 'GET', rest.signedPath(path));
  const { balance_dollars } = await rest.get(path, {}, headers, balanceSchema);
  return parseDecimal(balance_dollars, MICROS_PLACES);
}
