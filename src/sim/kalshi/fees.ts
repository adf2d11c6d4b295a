// What each market charges: its series' fee, or its event's override, which may change while it
// trades (kalshi-api.md 4.5). It must not know orders.
import { type Ratio, ratio } from '../../domain/exact.js';
import { kalshiMakerRate, kalshiTakerRate } from '../../domain/kalshi-fee.js';
import type { KalshiEventFeeChange } from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiListing } from '../exchange.js';
import type { Directory } from './directory.js';
import { isoTime } from './text.js';

export interface FeeTerms {
  readonly feeType: string;
  readonly feeMultiplier: number;
}

export interface FeeRates {
  readonly taker: Ratio;
  readonly maker: Ratio;
}

/**
 * A fee type that nobody knows the formula of (kalshi-api.md 4.5 `flat`) is charged as quadratic,
 * times 1.
 */
const UNKNOWN_FEE: FeeRates = { taker: ratio(7, 100), maker: ratio(0, 1) };

/** Changes that can be looked up; the oldest are forgotten. */
const MAX_CHANGES = 1_000;

export class Fees {
  readonly #directory: Directory;
  readonly #series = new Map<string, FeeTerms>();
  /** By event. null: an override was taken away. */
  readonly #overrides = new Map<string, FeeTerms | null>();
  readonly #rates = new Map<number, FeeRates>();
  readonly #changes: KalshiEventFeeChange[] = [];

  constructor(directory: Directory) {
    this.#directory = directory;
    for (const ticker of directory.seriesTickers()) {
      this.#series.set(ticker, commonest(directory.ofSeries(ticker)));
    }
    for (const listing of directory.listings) this.#rates.set(listing.market, ratesOf(listing));
    for (const ticker of directory.eventTickers()) {
      const listing = directory.ofEvent(ticker)[0]!;
      const terms = this.#listedOverride(listing);
      if (terms !== null) this.#note(listing, terms, listing.openTimeMs);
    }
  }

  /** The fee that most of the series' markets are listed with; the others are overridden. */
  ofSeries(listing: KalshiListing): FeeTerms {
    return this.#series.get(listing.seriesTicker) ?? listing;
  }

  override(listing: KalshiListing): FeeTerms | null {
    const changed = this.#overrides.get(listing.eventTicker);
    return changed === undefined ? this.#listedOverride(listing) : changed;
  }

  rates(listing: KalshiListing): FeeRates {
    return this.#rates.get(listing.market) ?? UNKNOWN_FEE;
  }

  /**
   * Overrides the multiplier of the market's event from now on; null gives it back its series' fee.
   */
  setOverride(listing: KalshiListing, multiplier: number | null, nowMs: number): FeeTerms | null {
    const series = this.ofSeries(listing);
    const terms = multiplier === null ? null : { ...series, feeMultiplier: multiplier };
    this.#overrides.set(listing.eventTicker, terms);
    for (const each of this.#directory.ofEvent(listing.eventTicker)) {
      this.#rates.set(each.market, ratesOf(terms ?? series));
    }
    this.#note(listing, terms, nowMs);
    return terms;
  }

  /** Newest first. */
  changes(eventTicker: string): KalshiEventFeeChange[] {
    return this.#changes
      .filter((change) => eventTicker === '' || change.event_ticker === eventTicker)
      .reverse();
  }

  #listedOverride(listing: KalshiListing): FeeTerms | null {
    const { feeType, feeMultiplier } = listing;
    const series = this.ofSeries(listing);
    const isSeries = series.feeType === feeType && series.feeMultiplier === feeMultiplier;
    return isSeries ? null : { feeType, feeMultiplier };
  }

  #note(listing: KalshiListing, terms: FeeTerms | null, atMs: number): void {
    const number = (this.#changes.length + 1).toString(16).padStart(12, '0');
    this.#changes.push({
      id: `fee00000-0000-4000-8000-${number}`,
      event_ticker: listing.eventTicker,
      series_ticker: listing.seriesTicker,
      fee_type_override: terms?.feeType ?? null,
      fee_multiplier_override: terms?.feeMultiplier ?? null,
      scheduled_ts: isoTime(atMs),
    });
    if (this.#changes.length > MAX_CHANGES) this.#changes.shift();
  }
}

/** True when the exact rate of a multiplier is known. */
export function isKnownMultiplier(multiplier: number): boolean {
  return kalshiTakerRate('quadratic', multiplier) !== undefined;
}

function ratesOf({ feeType, feeMultiplier }: FeeTerms): FeeRates {
  const taker = kalshiTakerRate(feeType, feeMultiplier);
  const maker = kalshiMakerRate(feeType, feeMultiplier);
  return taker === undefined || maker === undefined ? UNKNOWN_FEE : { taker, maker };
}

function commonest(listings: readonly KalshiListing[]): FeeTerms {
  const counts = new Map<string, number>();
  let best = listings[0]!;
  for (const listing of listings) {
    const key = ({ feeType, feeMultiplier }: FeeTerms): string => `${feeType} ${feeMultiplier}`;
    const count = (counts.get(key(listing)) ?? 0) + 1;
    counts.set(key(listing), count);
    if (count > (counts.get(key(best)) ?? 0)) best = listing;
  }
  return { feeType: best.feeType, feeMultiplier: best.feeMultiplier };
}
