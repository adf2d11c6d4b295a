// The markets of the exchange by every name a client may use: token, condition id, index.
import { type PolymarketFeeSchedule, polymarketFeeSchedule } from '../../domain/polymarket-fee.js';
import type { Outcome } from '../../domain/venue.js';
import type { PolymarketListing } from '../exchange.js';

export interface Market {
  readonly listing: PolymarketListing;
  readonly schedule: PolymarketFeeSchedule;
}

export interface Token {
  readonly market: Market;
  readonly outcome: Outcome;
  readonly tokenId: string;
}

export class Directory {
  readonly markets: readonly Market[];
  readonly #byIndex = new Map<number, Market>();
  readonly #byCondition = new Map<string, Market>();
  readonly #byToken = new Map<string, Token>();

  /** Throws RangeError for a fee schedule that cannot be computed exactly. */
  constructor(listings: readonly PolymarketListing[]) {
    this.markets = listings.map((listing) => ({ listing, schedule: scheduleOf(listing) }));
    for (const market of this.markets) {
      this.#byIndex.set(market.listing.market, market);
      this.#byCondition.set(market.listing.conditionId, market);
      for (const outcome of [0, 1] as const) {
        const tokenId = market.listing.tokenIds[outcome];
        this.#byToken.set(tokenId, { market, outcome, tokenId });
      }
    }
  }

  market(index: number): Market | undefined {
    return this.#byIndex.get(index);
  }

  condition(conditionId: string): Market | undefined {
    return this.#byCondition.get(conditionId);
  }

  token(tokenId: string): Token | undefined {
    return this.#byToken.get(tokenId);
  }
}

function scheduleOf(listing: PolymarketListing): PolymarketFeeSchedule {
  const schedule = polymarketFeeSchedule(listing.feeRate, listing.feeExponent);
  if (schedule === undefined) {
    throw new RangeError(
      `fee schedule not supported: market=${listing.market} rate=${listing.feeRate} ` +
        `exponent=${listing.feeExponent}`,
    );
  }
  return schedule;
}
