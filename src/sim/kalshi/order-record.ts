// One order of one account, and one fill of it, as the exchange keeps them.
import type { KalshiFeeAccumulator } from '../../domain/kalshi-fee.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import { type Outcome, YES } from '../../domain/venue.js';
import type { KalshiOrderStatus } from '../../venues/kalshi/wire/rest-messages.js';
import type {
  KalshiBookSide,
  KalshiSide,
  KalshiUpdateReason,
} from '../../venues/kalshi/wire/ws-messages.js';
import type { KalshiListing } from '../exchange.js';
import type { NewOrder } from './order-entry.js';

export interface OrderRecord {
  readonly orderId: string;
  readonly account: string;
  readonly listing: KalshiListing;
  readonly request: NewOrder;
  /** What is bought: YES by a bid, NO by an ask. */
  readonly outcome: Outcome;
  /** Of the outcome that is bought; an amend may change it, the size and the client order id. */
  limitE4: number;
  initialE6: number;
  clientOrderId: string | undefined;
  expirationMs: number | undefined;
  readonly createdMs: number;
  /** Shared by the order's taker and maker fills (kalshi-api.md 4.5). */
  readonly fees: KalshiFeeAccumulator;
  updatedMs: number;
  filledE6: number;
  /** Given up by decreases; an amend starts anew. */
  decreasedE6: number;
  restingE6: number;
  status: KalshiOrderStatus;
  takerCostMicros: number;
  makerCostMicros: number;
  takerFeesMicros: number;
  makerFeesMicros: number;
  /** Cash set aside for what rests. */
  reservedMicros: number;
  /** Contracts of what rests that close a position, and so need no cash. */
  closingE6: number;
  /**
   * Of a resting order: matched parts of contracts that do not make up a whole one yet (January
   * 2026).
   */
  unbookedE6: number;
  /** Taken out of the books behind a market that stands still; shown as resting all the same. */
  isParked: boolean;
  lastReason: KalshiUpdateReason | undefined;
}

export interface FillRecord {
  readonly tradeId: string;
  readonly order: OrderRecord;
  /** Of the outcome that was bought. */
  readonly priceE4: number;
  readonly sizeE6: number;
  readonly costMicros: number;
  /** Net fee, what `fee_cost` reports. */
  readonly feeMicros: number;
  readonly isTaker: boolean;
  /** Signed position after the fill. */
  readonly positionE6: number;
  readonly tsMs: number;
}

/** buy-yes is outcome yes, book bid; buy-no is outcome no, book ask (kalshi-api.md 3.5). */
export function sideOf(outcome: Outcome): KalshiSide {
  return outcome === YES ? 'yes' : 'no';
}

export function bookSideOf(outcome: Outcome): KalshiBookSide {
  return outcome === YES ? 'bid' : 'ask';
}

export function yesPriceE4(outcome: Outcome, priceE4: number): number {
  return outcome === YES ? priceE4 : PAYOUT_E4 - priceE4;
}
