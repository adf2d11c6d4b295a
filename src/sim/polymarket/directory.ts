// The markets of the exchange by every name a client may use: token, condition id, index; and what
// became of each since it was listed.
import { type PolymarketFeeSchedule, polymarketFeeSchedule } from '../../domain/polymarket-fee.js';
import type { Outcome } from '../../domain/venue.js';
import type { ServedListing } from './served-listing.js';

export interface Market {
  readonly listing: ServedListing;
  readonly schedule: PolymarketFeeSchedule;
  tickE4: number;
  /** closed: takes no orders any more; resolved: has no order book any more either. */
  phase: 'open' | 'closed' | 'resolved';
  winner: Outcome | undefined;
  /**
   * On performance.now(): until then only Gamma knows the market (polymarket-api.md 11,
   * "Hydration").
   */
  hydratesAt: number;
}

export interface Token {
  readonly market: Market;
  readonly outcome: Outcome;
  readonly tokenId: string;
}

export function isHydrated(market: Market): boolean {
  return market.hydratesAt === 0 || performance.now() >= market.hydratesAt;
}

export class Directory {
  readonly markets: readonly Market[];
  readonly #byIndex = new Map<number, Market>();
  readonly #byCondition = new Map<string, Market>();
  readonly #byToken = new Map<string, Token>();

  /** Throws RangeError for a fee schedule that cannot be computed exactly. */
  constructor(listings: readonly ServedListing[]) {
    this.markets = listings.map((listing) => ({
      listing,
      schedule: scheduleOf(listing),
      tickE4: listing.tickE4,
      phase: 'open',
      winner: undefined,
      hydratesAt: 0,
    }));
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

function scheduleOf(listing: ServedListing): PolymarketFeeSchedule {
  const schedule = polymarketFeeSchedule(listing.feeRate, listing.feeExponent);
  if (schedule === undefined) {
    throw new RangeError(
      `fee schedule not supported: market=${listing.market} rate=${listing.feeRate} ` +
        `exponent=${listing.feeExponent}`,
    );
  }
  return schedule;
}
