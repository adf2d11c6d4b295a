// What changes about a market while it is listed: status, close, result and price grid
// (kalshi-api.md 4.3, 4.4, 5). It must not know books, orders or who is told.
import type { PriceGrid } from '../../domain/price-grid.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import type { Outcome } from '../../domain/venue.js';
import type { KalshiMarketStatus } from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiListing } from '../exchange.js';
import type { ExchangeClock } from './exchange-clock.js';

export interface MarketState {
  readonly isHalted: boolean;
  /** It stays so, whatever the clock says later. */
  readonly isClosed: boolean;
  readonly closeTimeMs: number;
  readonly grid: PriceGrid;
  readonly priceLevelStructure: string;
  readonly outcome: Outcome | undefined;
  readonly settledMs: number | undefined;
  readonly updatedMs: number;
}

/** Names of the uniform grids; other steps get a name of their own, as names are open-ended. */
const UNIFORM_STRUCTURES: Readonly<Record<number, string>> = {
  100: 'linear_cent',
  50: 'center_half_edge_half_cent',
  20: 'center_quint_edge_quint_cent',
  10: 'deci_cent',
  1: 'center_centi_edge_centi_cent',
};

export class MarketStates {
  readonly #clock: ExchangeClock;
  /** Only markets about which something has changed. */
  readonly #changed = new Map<number, MarketState>();

  constructor(clock: ExchangeClock) {
    this.#clock = clock;
  }

  of(listing: KalshiListing): MarketState {
    return this.#changed.get(listing.market) ?? listed(listing);
  }

  /** Nothing is sent when a market opens or closes by its timetable (2.6): the clock decides. */
  status(listing: KalshiListing): KalshiMarketStatus {
    const nowMs = this.#clock.now();
    const state = this.#changed.get(listing.market);
    if (state?.settledMs !== undefined) return 'finalized';
    if (state?.outcome !== undefined) return 'determined';
    if (state?.isClosed === true || nowMs >= listing.closeTimeMs) return 'closed';
    if (nowMs < listing.openTimeMs) return 'initialized';
    return state?.isHalted === true ? 'inactive' : 'active';
  }

  /** True from the close on. */
  hasEnded(listing: KalshiListing): boolean {
    return ['closed', 'determined', 'finalized'].includes(this.status(listing));
  }

  halt(listing: KalshiListing, isHalted: boolean): void {
    this.#change(listing, { isHalted });
  }

  close(listing: KalshiListing, closeTimeMs: number): void {
    this.#change(listing, { isClosed: true, closeTimeMs });
  }

  determine(listing: KalshiListing, outcome: Outcome): void {
    this.#change(listing, { outcome });
  }

  settle(listing: KalshiListing): void {
    this.#change(listing, { settledMs: this.#clock.now() });
  }

  regrid(listing: KalshiListing, tickE4: number): void {
    this.#change(listing, {
      grid: [{ startE4: 0, endE4: PAYOUT_E4, stepE4: tickE4 }],
      priceLevelStructure: UNIFORM_STRUCTURES[tickE4] ?? `uniform_step_${tickE4}`,
    });
  }

  #change(listing: KalshiListing, change: Partial<MarketState>): void {
    const updatedMs = this.#clock.now();
    this.#changed.set(listing.market, { ...this.of(listing), ...change, updatedMs });
  }
}

function listed(listing: KalshiListing): MarketState {
  return {
    isHalted: false,
    isClosed: false,
    closeTimeMs: listing.closeTimeMs,
    grid: listing.priceGrid,
    priceLevelStructure: listing.priceLevelStructure,
    outcome: undefined,
    settledMs: undefined,
    updatedMs: listing.openTimeMs,
  };
}
