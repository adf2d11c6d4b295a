// The largest order that one exchange takes for one outcome: by its asks, fees and steps, within a size and a loss. What the contracts
// are for it must not know, only what each of those that they are to even out has cost.
import { ceilDiv, floorDiv } from './exact.js';
import type { FeeTable } from './fee-table.js';
import { KALSHI_BALANCE_STEP_MICROS, KALSHI_ROUNDING_ALLOWANCE_MICROS } from './kalshi-fee.js';
import { orderableCenti, POLYMARKET_MIN_NOTIONAL_MICROS } from './polymarket-amounts.js';
import {
  POLYMARKET_FEE_STEP_MICROS,
  POLYMARKET_ROUNDING_ALLOWANCE_MICROS,
} from './polymarket-fee.js';
import type { AskLevels, PairTerms } from './sizing.js';
import { CENTI_PER_CONTRACT, MICROS_PER_DOLLAR, MICROS_PER_PRICE_E4, PAYOUT_E4 } from './units.js';
import { KALSHI, POLYMARKET, type Venue } from './venue.js';

/** An order and its arithmetic. */
export interface OneLegOrder {
  readonly venue: Venue;
  readonly sizeCenti: number;
  readonly limitE4: number;
  /** At the prices seen. On Polymarket whole cents. */
  readonly costMicros: number;
  /** Upper bound. */
  readonly feeMicros: number;
  /** basis + cost + fee - payout of these contracts, basis and fee rounded up together; below 0 it is a gain. */
  readonly lossMicros: number;
}

/** What one exchange offers, and what it asks of an order. */
export interface Offer {
  readonly venue: Venue;
  /** undefined: not to be trusted now. */
  readonly asks: AskLevels | undefined;
  readonly fees: FeeTable;
  /** No order for fewer contracts than this is ever taken, whatever the book. */
  readonly minSizeCenti: number;
  minSpendMicros(limitE4: number): number;
  /** Room for what the exchange's rounding may add to the fee of an order that reaches this many levels down. */
  roundingMicros(level: number): number;
  /** The largest count up to `mostCenti` that an order may take of a level, given what it takes of those above; else below 1. */
  orderableCenti(
    mostCenti: number,
    priceE4: number,
    beforeCenti: number,
    spentMicros: number,
  ): number;
}

export function kalshiOffer(
  asks: AskLevels | undefined,
  stepCenti: number,
  { kalshiFees }: PairTerms,
): Offer {
  return {
    venue: KALSHI,
    asks,
    fees: kalshiFees,
    minSizeCenti: stepCenti,
    minSpendMicros: () => 0,
    roundingMicros: (level) =>
      KALSHI_ROUNDING_ALLOWANCE_MICROS + level * KALSHI_BALANCE_STEP_MICROS,
    orderableCenti: (mostCenti, _priceE4, beforeCenti) =>
      mostCenti - ((beforeCenti + mostCenti) % stepCenti),
  };
}

export function polymarketOffer(
  asks: AskLevels | undefined,
  { polymarketFees, polymarketMinSizeCenti }: PairTerms,
): Offer {
  return {
    venue: POLYMARKET,
    asks,
    fees: polymarketFees,
    minSizeCenti: polymarketMinSizeCenti,
    // The exchange reads an order's shares as its spend at the limit price.
    minSpendMicros: (limitE4) =>
      Math.max(POLYMARKET_MIN_NOTIONAL_MICROS, polymarketMinSizeCenti * limitE4),
    roundingMicros: (level) =>
      POLYMARKET_ROUNDING_ALLOWANCE_MICROS + level * POLYMARKET_FEE_STEP_MICROS,
    orderableCenti: (mostCenti, priceE4, _beforeCenti, spentMicros) =>
      orderableCenti(mostCenti, priceE4, spentMicros),
  };
}

/** What a contract of a level costs with its fee, in micros; $1 where the book ends, which nobody pays. */
export function unitMicros({ asks, fees }: Offer, level: number): number {
  if (asks === undefined || level >= asks.count) return MICROS_PER_DOLLAR;
  const priceE4 = asks.pricesE4[level]!;
  return priceE4 * MICROS_PER_PRICE_E4 + fees[priceE4]!;
}

/**
 * The largest order up to a size that the exchange takes, that loses no more than this, and that costs less than it pays; undefined when
 * there is none. Within a level the loss is a straight line, so that the largest count is a division away.
 */
export function largestOrder(
  offer: Offer,
  basisMicrosPerContract: number,
  maxSizeCenti: number,
  maxLossMicros: number,
): OneLegOrder | undefined {
  const { venue, asks } = offer;
  let largest: OneLegOrder | undefined;
  let before = 0;
  let spent = 0;
  // In 1/100 micro: micros a contract times 1/100 contract.
  let fees = 0;
  for (let level = 0; before < maxSizeCenti; level++) {
    const unit = unitMicros(offer, level);
    if (asks === undefined || unit >= MICROS_PER_DOLLAR) break;
    const priceE4 = asks.pricesE4[level]!;
    const sizeCenti = asks.sizesCenti[level]!;
    const fee = offer.fees[priceE4]!;
    const rounding = offer.roundingMicros(level);
    const loss = unit + basisMicrosPerContract - MICROS_PER_DOLLAR;
    const lossBefore =
      before * basisMicrosPerContract +
      fees +
      (spent + rounding - before * PAYOUT_E4) * CENTI_PER_CONTRACT;
    const affordable = affordableCenti(maxLossMicros * CENTI_PER_CONTRACT - lossBefore, loss);
    const taken = offer.orderableCenti(
      Math.min(sizeCenti, maxSizeCenti - before, affordable),
      priceE4,
      before,
      spent,
    );
    const order: OneLegOrder = {
      venue,
      sizeCenti: before + taken,
      limitE4: priceE4,
      costMicros: spent + taken * priceE4,
      feeMicros: ceilDiv(fees + taken * fee, CENTI_PER_CONTRACT) + rounding,
      lossMicros: ceilDiv(lossBefore + taken * loss, CENTI_PER_CONTRACT),
    };
    const isTaken = taken > 0 && order.costMicros >= offer.minSpendMicros(priceE4);
    const isWorthIt = order.costMicros + order.feeMicros < order.sizeCenti * PAYOUT_E4;
    if (isTaken && isWorthIt && order.lossMicros <= maxLossMicros) largest = order;
    before += sizeCenti;
    spent += sizeCenti * priceE4;
    fees += sizeCenti * fee;
  }
  return largest;
}

/** Contracts, in 1/100, whose loss fits into so many 1/100 micros; those that gain always do. */
export function affordableCenti(room: number, lossMicrosPerContract: number): number {
  if (lossMicrosPerContract <= 0) return Number.POSITIVE_INFINITY;
  return floorDiv(Math.max(0, room), lossMicrosPerContract);
}
