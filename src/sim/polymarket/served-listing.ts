// What the server can be told of a market beyond its listing: the terms that change how its orders
// are taken.
import type { PolymarketListing } from '../exchange.js';

export interface ServedListing extends PolymarketListing {
  /**
   * 'v2': Protocol V2, signed under domain "3" for Exchange V3 (polymarket-api.md 1). Default v1.
   */
  readonly version?: 'v1' | 'v2';
  /** `itode`: an order that takes is held so long, the HTTP call open (4.9). */
  readonly takerDelayMs?: number;
  /** `sd`: an order that takes is answered `delayed` and matched so much later (4.9). */
  readonly secondsDelay?: number;
  /** `cbos`: resting orders are wiped at `gst`. */
  readonly clearBookOnStart?: boolean;
  readonly gameStartMs?: number;
}
