// The signed position of each account in each market (kalshi-api.md 3.6), with what it cost and
// what it has realised.
import { floorDiv } from '../../domain/exact.js';
import { type Outcome, YES } from '../../domain/venue.js';
import type { KalshiListing } from '../exchange.js';

export interface Position {
  readonly listing: KalshiListing;
  /** Below 0 is NO. */
  readonly netE6: number;
  /** What the open contracts cost, fees not counted. */
  readonly exposureMicros: number;
  readonly tradedMicros: number;
  readonly realizedMicros: number;
  readonly feesMicros: number;
  readonly volumeE6: number;
  readonly updatedMs: number;
  /** Paid out. */
  readonly isSettled: boolean;
}

export function emptyPosition(listing: KalshiListing): Position {
  return {
    listing,
    netE6: 0,
    exposureMicros: 0,
    tradedMicros: 0,
    realizedMicros: 0,
    feesMicros: 0,
    volumeE6: 0,
    updatedMs: 0,
    isSettled: false,
  };
}

export interface PositionFill {
  readonly outcome: Outcome;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
  readonly tsMs: number;
}

/**
 * The position after one buy. Buying against the position closes contracts at once: a pair of YES
 * and NO is worth $1, and what both sides of it cost is taken off, the position's share by its
 * average cost.
 */
export function afterFill(before: Position, fill: PositionFill): Position {
  const sign = fill.outcome === YES ? 1 : -1;
  const opposedE6 = Math.max(0, -sign * before.netE6);
  const closedE6 = Math.min(opposedE6, fill.sizeE6);
  const closedCost = opposedE6 === 0 ? 0 : share(before.exposureMicros, closedE6, opposedE6);
  const closingCost = share(fill.costMicros, closedE6, fill.sizeE6);
  return {
    listing: before.listing,
    netE6: before.netE6 + sign * fill.sizeE6,
    exposureMicros: before.exposureMicros - closedCost + fill.costMicros - closingCost,
    tradedMicros: before.tradedMicros + fill.costMicros,
    // A pair pays $1, so contracts in 1/1,000,000 are micros.
    realizedMicros: before.realizedMicros + closedE6 - closedCost - closingCost,
    feesMicros: before.feesMicros + fill.feeMicros,
    volumeE6: before.volumeE6 + fill.sizeE6,
    updatedMs: fill.tsMs,
    isSettled: before.isSettled,
  };
}

/** amount x part / whole, rounded down; the product may pass 2^53. */
function share(amount: number, part: number, whole: number): number {
  if (part === whole) return amount;
  const product = amount * part;
  return product <= Number.MAX_SAFE_INTEGER
    ? floorDiv(product, whole)
    : Number((BigInt(amount) * BigInt(part)) / BigInt(whole));
}
