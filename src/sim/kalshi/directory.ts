// The markets that the simulated exchange lists, found by ticker, event, series or number.
import type { KalshiListing } from '../exchange.js';

export class Directory {
  readonly listings: readonly KalshiListing[];
  readonly #byTicker = new Map<string, KalshiListing>();
  readonly #byMarket = new Map<number, KalshiListing>();
  readonly #byEvent = new Map<string, KalshiListing[]>();
  readonly #bySeries = new Map<string, KalshiListing[]>();

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

  /** Numbers of the shards that markets are on, and 0, ascending. */
  shards(): number[] {
    const shards = new Set(this.listings.map((listing) => listing.exchangeIndex));
    return [...shards.add(0)].sort((a, b) => a - b);
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
