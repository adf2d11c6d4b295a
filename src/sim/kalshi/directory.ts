// The markets that the simulated exchange lists, found by ticker, event, series or number.
import { type Ratio, ratio } from '../../domain/exact.js';
import { kalshiMakerRate, kalshiTakerRate } from '../../domain/kalshi-fee.js';
import type { KalshiListing } from '../exchange.js';

export interface FeeRates {
  readonly taker: Ratio;
  readonly maker: Ratio;
}

/** A fee type that nobody knows the formula of (kalshi-api.md 4.5 `flat`) is charged as quadratic, times 1. */
const UNKNOWN_FEE: FeeRates = { taker: ratio(7, 100), maker: ratio(0, 1) };

export class Directory {
  readonly listings: readonly KalshiListing[];
  readonly #byTicker = new Map<string, KalshiListing>();
  readonly #byMarket = new Map<number, KalshiListing>();
  readonly #byEvent = new Map<string, KalshiListing[]>();
  readonly #bySeries = new Map<string, KalshiListing[]>();
  readonly #rates = new Map<number, FeeRates>();

  constructor(listings: readonly KalshiListing[]) {
    this.listings = listings;
    for (const listing of listings) {
      if (this.#byTicker.has(listing.ticker)) {
        throw new Error(`ticker listed twice: ticker=${listing.ticker}`);
      }
      this.#byTicker.set(listing.ticker, listing);
      this.#byMarket.set(listing.market, listing);
      append(this.#byEvent, listing.eventTicker, listing);
      append(this.#bySeries, listing.seriesTicker, listing);
      this.#rates.set(listing.market, feeRates(listing));
    }
  }

  byTicker(ticker: string): KalshiListing | undefined {
    return this.#byTicker.get(ticker);
  }

  /** undefined for a market that the engine matches but this exchange does not list. */
  byMarket(market: number): KalshiListing | undefined {
    return this.#byMarket.get(market);
  }

  ofEvent(eventTicker: string): readonly KalshiListing[] {
    return this.#byEvent.get(eventTicker) ?? [];
  }

  ofSeries(seriesTicker: string): readonly KalshiListing[] {
    return this.#bySeries.get(seriesTicker) ?? [];
  }

  eventTickers(): string[] {
    return [...this.#byEvent.keys()];
  }

  seriesTickers(): string[] {
    return [...this.#bySeries.keys()];
  }

  rates(listing: KalshiListing): FeeRates {
    return this.#rates.get(listing.market) ?? UNKNOWN_FEE;
  }
}

function feeRates({ feeType, feeMultiplier }: KalshiListing): FeeRates {
  const taker = kalshiTakerRate(feeType, feeMultiplier);
  const maker = kalshiMakerRate(feeType, feeMultiplier);
  return taker === undefined || maker === undefined ? UNKNOWN_FEE : { taker, maker };
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

export type ListingStatus = 'initialized' | 'active' | 'closed';

/** Nothing is sent when a market opens or closes by its timetable (kalshi-api.md 2.6): the clock decides. */
export function statusOf(listing: KalshiListing, nowMs: number): ListingStatus {
  if (nowMs < listing.openTimeMs) return 'initialized';
  return nowMs < listing.closeTimeMs ? 'active' : 'closed';
}
