// Whether two real books hold an underround that could be ordered, and the most it nets: brute force over every count of
// contracts that both exchanges accept. It is the oracle that the engine's own sizing is judged by, so it shares none of it.
import type { Ratio } from '../../domain/exact.js';
import {
  type KalshiFeeAccumulator,
  kalshiFillFeeMicros,
  kalshiTradeFeeMicros,
} from '../../domain/kalshi-fee.js';
import {
  type PolymarketFeeSchedule,
  polymarketFillFeeMicros,
} from '../../domain/polymarket-fee.js';
import { E6_PER_CENTI, MICROS_PER_CENT, MICROS_PER_DOLLAR, PAYOUT_E4 } from '../../domain/units.js';
import type { Levels } from '../exchange.js';

/** What an underround must be to count. */
export interface UnderroundCriteria {
  readonly minNetMicros: number;
  readonly maxSizeCenti: number;
  readonly maxCostMicros: number;
}

export interface UnderroundTerms {
  readonly kalshiRate: Ratio;
  readonly polymarketSchedule: PolymarketFeeSchedule;
  readonly polymarketMinSizeCenti: number;
}

export interface Underround {
  readonly netMicros: number;
  readonly sizeCenti: number;
}

/** A marketable order on Polymarket is at least $1 (polymarket-api.md 4.6). */
const MIN_NOTIONAL_MICROS = MICROS_PER_DOLLAR;
/** A Polymarket fee is rounded to the nearest $0.00001: it may be this much below the exact one. */
const FEE_ROUNDED_DOWN_MICROS = 5;

interface WalkLevel {
  readonly priceE4: number;
  /** Contracts up to the end of this level. */
  readonly endCenti: number;
  readonly startCenti: number;
  /** Cost of all the levels before it. */
  readonly costBeforeMicros: number;
  /** Fee of all the levels before it, filled whole, as charged. */
  readonly feeBeforeMicros: number;
}

interface Walks {
  readonly kalshi: readonly WalkLevel[];
  readonly polymarket: readonly WalkLevel[];
}

/**
 * Levels that lose by themselves are walked too: their contracts can make up a count that the exchanges accept.
 * The orderable count with the most net, or undefined when none nets `minNetMicros`. Levels are asks, best first, sizes in
 * 1/1,000,000; a part of a level below 0.01 contract cannot be ordered. Fees are those of one fill a level.
 */
export function findUnderround(
  kalshiAsks: Levels,
  polymarketAsks: Levels,
  terms: UnderroundTerms,
  criteria: UnderroundCriteria,
): Underround | undefined {
  const bestKalshiE4 = kalshiAsks[0]?.[0];
  const bestPolymarketE4 = polymarketAsks[0]?.[0];
  if (bestKalshiE4 === undefined || bestPolymarketE4 === undefined) return undefined;
  if (bestKalshiE4 + bestPolymarketE4 >= PAYOUT_E4) return undefined;
  const walks: Walks = {
    kalshi: walkLevels(kalshiAsks, criteria.maxSizeCenti, () => 0),
    polymarket: walkLevels(polymarketAsks, criteria.maxSizeCenti, (priceE4, sizeCenti) =>
      polymarketFee(terms, priceE4, sizeCenti),
    ),
  };
  let best: Underround = { netMicros: criteria.minNetMicros - 1, sizeCenti: 0 };
  for (const polymarket of walks.polymarket) {
    for (const kalshi of walks.kalshi) {
      const startCenti = Math.max(kalshi.startCenti, polymarket.startCenti);
      const endCenti = Math.min(kalshi.endCenti, polymarket.endCenti);
      if (startCenti < endCenti) {
        best = searchSegment(walks, kalshi, polymarket, terms, criteria, best);
      }
    }
  }
  return best.sizeCenti === 0 ? undefined : best;
}

/** Tries the counts of one stretch in which both walks stay on one level, the largest possible net first. */
function searchSegment(
  walks: Walks,
  kalshi: WalkLevel,
  polymarket: WalkLevel,
  terms: UnderroundTerms,
  criteria: UnderroundCriteria,
  known: Underround,
): Underround {
  const startCenti = Math.max(kalshi.startCenti, polymarket.startCenti);
  const remainingMicros =
    criteria.maxCostMicros - costAt(kalshi, startCenti) - costAt(polymarket, startCenti);
  const affordableCenti = Math.floor(remainingMicros / (kalshi.priceE4 + polymarket.priceE4));
  const endCenti = Math.min(
    kalshi.endCenti,
    polymarket.endCenti,
    criteria.maxSizeCenti,
    startCenti + affordableCenti,
  );
  const stepCenti = wholeCentStep(polymarket.priceE4);
  const firstCenti = firstWholeCents(polymarket, startCenti, endCenti, stepCenti);
  if (firstCenti === undefined) return known;
  const counts = Math.floor((endCenti - firstCenti) / stepCenti) + 1;
  const rising =
    unroundedNet(walks, kalshi, polymarket, terms, endCenti) >=
    unroundedNet(walks, kalshi, polymarket, terms, startCenti);
  let best = known;
  for (let tried = 0; tried < counts; tried++) {
    const sizeCenti = firstCenti + stepCenti * (rising ? counts - 1 - tried : tried);
    const kalshiCost = costAt(kalshi, sizeCenti);
    const polymarketCost = costAt(polymarket, sizeCenti);
    // Rounding only ever adds to the fees, but for the allowance in the bound: what is behind this count nets less.
    if (unroundedNet(walks, kalshi, polymarket, terms, sizeCenti) <= best.netMicros) break;
    if (sizeCenti < terms.polymarketMinSizeCenti || polymarketCost < MIN_NOTIONAL_MICROS) continue;
    const netMicros =
      sizeCenti * PAYOUT_E4 -
      kalshiCost -
      polymarketCost -
      kalshiFee(walks.kalshi, terms, sizeCenti) -
      polymarket.feeBeforeMicros -
      polymarketFee(terms, polymarket.priceE4, sizeCenti - polymarket.startCenti);
    if (netMicros > best.netMicros) best = { netMicros, sizeCenti };
  }
  return best;
}

function walkLevels(
  asks: Levels,
  maxSizeCenti: number,
  fee: (priceE4: number, sizeCenti: number) => number,
): WalkLevel[] {
  const walk: WalkLevel[] = [];
  let startCenti = 0;
  let costBeforeMicros = 0;
  let feeBeforeMicros = 0;
  for (const [priceE4, sizeE6] of asks) {
    if (startCenti >= maxSizeCenti) break;
    const sizeCenti = Math.floor(sizeE6 / E6_PER_CENTI);
    const endCenti = startCenti + sizeCenti;
    walk.push({ priceE4, startCenti, endCenti, costBeforeMicros, feeBeforeMicros });
    startCenti = endCenti;
    costBeforeMicros += sizeCenti * priceE4;
    feeBeforeMicros += fee(priceE4, sizeCenti);
  }
  return walk;
}

function costAt(level: WalkLevel, sizeCenti: number): number {
  return level.costBeforeMicros + (sizeCenti - level.startCenti) * level.priceE4;
}

/** Above what any count at this place can really net: fees not rounded, and Polymarket's rounded in our favour. */
function unroundedNet(
  walks: Walks,
  kalshi: WalkLevel,
  polymarket: WalkLevel,
  terms: UnderroundTerms,
  sizeCenti: number,
): number {
  const { kalshiRate, polymarketSchedule } = terms;
  const kalshiFees = walkedVariance(walks.kalshi, sizeCenti, 1) * ratioOf(kalshiRate);
  const polymarketFees =
    walkedVariance(walks.polymarket, sizeCenti, polymarketSchedule.exponent) *
    ratioOf(polymarketSchedule.rate);
  return (
    sizeCenti * PAYOUT_E4 -
    costAt(kalshi, sizeCenti) -
    costAt(polymarket, sizeCenti) -
    kalshiFees -
    polymarketFees +
    FEE_ROUNDED_DOWN_MICROS * walks.polymarket.length +
    1
  );
}

/** Sum over the walk of count x (p x (1 - p))^exponent, in micros of fee at a rate of 1. */
function walkedVariance(walk: readonly WalkLevel[], sizeCenti: number, exponent: number): number {
  let sum = 0;
  for (const { priceE4, startCenti, endCenti } of walk) {
    if (startCenti >= sizeCenti) break;
    const price = priceE4 / PAYOUT_E4;
    sum += (Math.min(endCenti, sizeCenti) - startCenti) * (price * (1 - price)) ** exponent;
  }
  return sum * PAYOUT_E4;
}

function ratioOf({ numerator, denominator }: Ratio): number {
  return numerator / denominator;
}

/** One fill a level, one order: its fills share the accumulator of rounding (kalshi-api.md 4.5). */
function kalshiFee(walk: readonly WalkLevel[], terms: UnderroundTerms, sizeCenti: number): number {
  const accumulator: KalshiFeeAccumulator = { roundingMicros: 0 };
  let feeMicros = 0;
  for (const { priceE4, startCenti, endCenti } of walk) {
    const filledCenti = Math.min(endCenti, sizeCenti) - startCenti;
    if (filledCenti <= 0) continue;
    const tradeFee = kalshiTradeFeeMicros(terms.kalshiRate, priceE4, filledCenti);
    feeMicros += kalshiFillFeeMicros(-filledCenti * priceE4, tradeFee, accumulator);
  }
  return feeMicros;
}

function polymarketFee(terms: UnderroundTerms, priceE4: number, sizeCenti: number): number {
  return polymarketFillFeeMicros(terms.polymarketSchedule, priceE4, sizeCenti * E6_PER_CENTI);
}

/** Counts this far apart at one price differ by whole cents of cost. */
function wholeCentStep(priceE4: number): number {
  let step = 1;
  while ((step * priceE4) % MICROS_PER_CENT !== 0) step++;
  return step;
}

/** The lowest count above `startCenti` for which the Polymarket leg costs whole cents (polymarket-api.md 4.5). */
function firstWholeCents(
  level: WalkLevel,
  startCenti: number,
  endCenti: number,
  stepCenti: number,
): number | undefined {
  const last = Math.min(endCenti, startCenti + stepCenti);
  for (let sizeCenti = startCenti + 1; sizeCenti <= last; sizeCenti++) {
    if (costAt(level, sizeCenti) % MICROS_PER_CENT === 0) return sizeCenti;
  }
  return undefined;
}
