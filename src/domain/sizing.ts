// How much to buy: walks the asks of both legs and finds the count with the most net dollars that both exchanges accept.

import { ceilDiv, floorDiv, type Ratio } from './exact.js';
import type { FeeTable } from './fee-table.js';
import {
  KALSHI_BALANCE_STEP_MICROS,
  KALSHI_ROUNDING_ALLOWANCE_MICROS,
  kalshiTradeFeeMicros,
} from './kalshi-fee.js';
import {
  orderableCenti,
  orderableStepCenti,
  POLYMARKET_MIN_NOTIONAL_MICROS,
} from './polymarket-amounts.js';
import {
  POLYMARKET_ROUNDING_ALLOWANCE_MICROS,
  type PolymarketFeeSchedule,
  polymarketFeeBoundMicros,
} from './polymarket-fee.js';
import { MICROS_PER_PRICE_E4, PAYOUT_E4 } from './units.js';

/** Asks of one outcome, best first. Arrays are reused; only the first `count` entries count. */
export interface AskLevels {
  readonly pricesE4: Int32Array;
  readonly sizesCenti: Float64Array;
  count: number;
}

export function createAskLevels(capacity: number): AskLevels {
  return {
    pricesE4: new Int32Array(capacity),
    sizesCenti: new Float64Array(capacity),
    count: 0,
  };
}

/** What both markets of a pair ask of an order. */
export interface PairTerms {
  readonly kalshiRate: Ratio;
  readonly kalshiFees: FeeTable;
  readonly polymarketSchedule: PolymarketFeeSchedule;
  readonly polymarketFees: FeeTable;
  readonly polymarketMinSizeCenti: number;
}

export interface SizingLimits {
  readonly maxSizeCenti: number;
  readonly maxCostMicros: number;
  readonly minNetMicros: number;
}

/** The answer, reused from call to call. sizeCenti 0: there is no order worth sending. */
export interface SizedPair {
  sizeCenti: number;
  kalshiLimitE4: number;
  polymarketLimitE4: number;
  kalshiCostMicros: number;
  polymarketCostMicros: number;
  /** Upper bound of both fees together. */
  feeMicros: number;
  /** Payout - costs - fees: never more than what the filled pair is worth. */
  netMicros: number;
}

export function createSizedPair(): SizedPair {
  return {
    sizeCenti: 0,
    kalshiLimitE4: 0,
    polymarketLimitE4: 0,
    kalshiCostMicros: 0,
    polymarketCostMicros: 0,
    feeMicros: 0,
    netMicros: 0,
  };
}

/** Net of one contract bought on both sides at these prices, in micros, fees included. Above 0 it is an underround. @hot */
export function edgeMicros(terms: PairTerms, kalshiAskE4: number, polymarketAskE4: number): number {
  return (
    (PAYOUT_E4 - kalshiAskE4 - polymarketAskE4) * MICROS_PER_PRICE_E4 -
    terms.kalshiFees[kalshiAskE4]! -
    terms.polymarketFees[polymarketAskE4]!
  );
}

/**
 * Level pairs beyond the last profitable one that are still looked at: an orderable count may lie a few losing contracts further
 * on, when the profitable ones before it are fewer than the lattice or a minimum asks for.
 */
const MAX_LOSING_SEGMENTS = 4;

/**
 * Fills `out` with the best pair of orders, or sizeCenti 0. Both legs buy the same count of contracts, each at the worst
 * price its walk reaches; the Polymarket leg's cost is whole cents, so that its FAK order spends exactly this count.
 *
 * Walks both ladders in segments of one level each. The edge of the next contract never rises along the walk: while it is above
 * 0 the largest orderable count of a segment is the best, after that the smallest. @hot
 */
export function sizePair(
  terms: PairTerms,
  kalshi: AskLevels,
  polymarket: AskLevels,
  limits: SizingLimits,
  out: SizedPair,
): void {
  out.sizeCenti = 0;
  out.netMicros = 0;
  let kalshiLevel = 0;
  let kalshiBefore = 0;
  let kalshiSpent = 0;
  let kalshiFee = 0;
  let level = 0;
  let sizeBefore = 0;
  let spentBefore = 0;
  let feeBefore = 0;
  let walked = 0;
  let losingSegments = 0;
  while (kalshiLevel < kalshi.count && level < polymarket.count && walked < limits.maxSizeCenti) {
    const priceE4 = polymarket.pricesE4[level]!;
    const kalshiPriceE4 = kalshi.pricesE4[kalshiLevel]!;
    const levelEnd = sizeBefore + polymarket.sizesCenti[level]!;
    const kalshiEnd = kalshiBefore + kalshi.sizesCenti[kalshiLevel]!;
    const segmentEnd = Math.min(levelEnd, kalshiEnd, limits.maxSizeCenti);
    const isLosing = edgeMicros(terms, kalshiPriceE4, priceE4) <= 0;
    if (isLosing && ++losingSegments > MAX_LOSING_SEGMENTS) break;
    considerSize(
      terms,
      limits,
      out,
      isLosing
        ? Math.min(segmentEnd, leastOrderableCenti(terms, priceE4, walked, sizeBefore, spentBefore))
        : segmentEnd,
      priceE4,
      sizeBefore,
      spentBefore,
      feeBefore,
      kalshiPriceE4,
      kalshiBefore,
      kalshiSpent,
      kalshiFee + kalshiLevel * KALSHI_BALANCE_STEP_MICROS,
    );
    walked = segmentEnd;
    if (walked === kalshiEnd) {
      const sizeCenti = kalshi.sizesCenti[kalshiLevel]!;
      kalshiSpent += sizeCenti * kalshiPriceE4;
      kalshiFee += kalshiTradeFeeMicros(terms.kalshiRate, kalshiPriceE4, sizeCenti);
      kalshiBefore = kalshiEnd;
      kalshiLevel++;
    }
    if (walked === levelEnd) {
      const sizeCenti = polymarket.sizesCenti[level]!;
      spentBefore += sizeCenti * priceE4;
      feeBefore += polymarketFeeBoundMicros(terms.polymarketSchedule, priceE4, sizeCenti);
      sizeBefore = levelEnd;
      level++;
    }
  }
  if (out.netMicros < limits.minNetMicros) out.sizeCenti = 0;
}

/** The largest orderable count up to `wantedCenti` that ends in this pair of levels, kept when it nets the most so far. */
function considerSize(
  terms: PairTerms,
  limits: SizingLimits,
  out: SizedPair,
  wantedCenti: number,
  polymarketPriceE4: number,
  polymarketBefore: number,
  polymarketSpent: number,
  polymarketFee: number,
  kalshiPriceE4: number,
  kalshiBefore: number,
  kalshiSpent: number,
  kalshiFee: number,
): void {
  const floorCenti = Math.max(kalshiBefore, polymarketBefore);
  const affordable = affordableCenti(
    limits.maxCostMicros - kalshiSpent - polymarketSpent,
    kalshiPriceE4,
    kalshiBefore,
    polymarketPriceE4,
    polymarketBefore,
  );
  const atLevelCenti = orderableCenti(
    Math.min(wantedCenti, affordable) - polymarketBefore,
    polymarketPriceE4,
    polymarketSpent,
  );
  const sizeCenti = polymarketBefore + atLevelCenti;
  if (sizeCenti <= floorCenti) return;
  const polymarketCost = polymarketSpent + atLevelCenti * polymarketPriceE4;
  if (polymarketCost < minimumSpendMicros(terms, polymarketPriceE4)) return;
  const kalshiCost = kalshiSpent + (sizeCenti - kalshiBefore) * kalshiPriceE4;
  const feeMicros =
    kalshiFee +
    kalshiTradeFeeMicros(terms.kalshiRate, kalshiPriceE4, sizeCenti - kalshiBefore) +
    KALSHI_ROUNDING_ALLOWANCE_MICROS +
    polymarketFee +
    polymarketFeeBoundMicros(
      terms.polymarketSchedule,
      polymarketPriceE4,
      sizeCenti - polymarketBefore,
    ) +
    POLYMARKET_ROUNDING_ALLOWANCE_MICROS;
  const netMicros = sizeCenti * PAYOUT_E4 - kalshiCost - polymarketCost - feeMicros;
  if (netMicros <= out.netMicros) return;
  out.sizeCenti = sizeCenti;
  out.kalshiLimitE4 = kalshiPriceE4;
  out.polymarketLimitE4 = polymarketPriceE4;
  out.kalshiCostMicros = kalshiCost;
  out.polymarketCostMicros = polymarketCost;
  out.feeMicros = feeMicros;
  out.netMicros = netMicros;
}

/**
 * A bound below which a losing segment has at most one count that may be ordered: counts repeat every step, so the largest within one
 * step of the segment's start, or of where the minima are met, is its smallest.
 */
function leastOrderableCenti(
  terms: PairTerms,
  priceE4: number,
  walkedCenti: number,
  beforeCenti: number,
  spentMicros: number,
): number {
  const missingMicros = minimumSpendMicros(terms, priceE4) - spentMicros;
  const enoughCenti = missingMicros <= 0 ? 0 : beforeCenti + ceilDiv(missingMicros, priceE4) - 1;
  return Math.max(walkedCenti, enoughCenti) + orderableStepCenti(priceE4);
}

/** The venue reads a FAK order's shares as its spend at the limit price, fewer than it will fill when it walks the book. */
function minimumSpendMicros(terms: PairTerms, limitE4: number): number {
  return Math.max(POLYMARKET_MIN_NOTIONAL_MICROS, terms.polymarketMinSizeCenti * limitE4);
}

/** The count at which the remaining money is spent, given how far both walks have come. */
function affordableCenti(
  remainingMicros: number,
  kalshiPriceE4: number,
  kalshiBefore: number,
  polymarketPriceE4: number,
  polymarketBefore: number,
): number {
  const budget =
    remainingMicros + kalshiBefore * kalshiPriceE4 + polymarketBefore * polymarketPriceE4;
  return budget <= 0 ? 0 : floorDiv(budget, kalshiPriceE4 + polymarketPriceE4);
}
