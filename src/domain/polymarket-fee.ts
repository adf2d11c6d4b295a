// Polymarket's fees (polymarket-api.md 5): shares x rate x (p x (1 - p))^exponent, takers only, rounded to 5 decimals.
// The schedule is each market's own and is never hard-coded.
import { ceilDiv, parseRatio, type Ratio } from './exact.js';
import { E6_PER_CENTI, PAYOUT_E4 } from './units.js';

export interface PolymarketFeeSchedule {
  readonly rate: Ratio;
  /** 1 in every current schedule; 2 was seen. Others are not traded. */
  readonly exponent: 1 | 2;
}

/** Fees are whole multiples of $0.00001. */
export const POLYMARKET_FEE_STEP_MICROS = 10;

/** Each fill of an order may round its fee up by half a step; room for 20 fills of one order. */
export const POLYMARKET_ROUNDING_ALLOWANCE_MICROS = 10 * POLYMARKET_FEE_STEP_MICROS;

/**
 * The schedule in a market's `fd:{r,e,to}`, or undefined when it is not one that we can compute exactly: not traded then.
 * `rate` and `exponent` are the JSON numbers as served.
 */
export function polymarketFeeSchedule(
  rate: number,
  exponent: number,
): PolymarketFeeSchedule | undefined {
  const exact = parseRatio(String(rate));
  if (exact === undefined || (exponent !== 1 && exponent !== 2)) return undefined;
  return { rate: exact, exponent };
}

/**
 * Fee of one fill in micros, rounded to the nearest 10 (half up: the venue does not publish its mode). `sizeE6` is in
 * 1/1,000,000 share: fills have six decimals. Exact for every size; off the hot path, so BigInt is fine.
 */
export function polymarketFillFeeMicros(
  schedule: PolymarketFeeSchedule,
  priceE4: number,
  sizeE6: number,
): number {
  const { numerator, denominator } = feeFraction(schedule, priceE4, sizeE6);
  const steps = (2n * numerator + denominator) / (2n * denominator);
  return Number(steps) * POLYMARKET_FEE_STEP_MICROS;
}

/** Fee of these shares at this price rounded up: never less than one fill of them is charged. @hot */
export function polymarketFeeBoundMicros(
  schedule: PolymarketFeeSchedule,
  priceE4: number,
  sizeCenti: number,
): number {
  if (schedule.exponent === 1) {
    const product = schedule.rate.numerator * sizeCenti * (priceE4 * (PAYOUT_E4 - priceE4));
    if (product <= Number.MAX_SAFE_INTEGER) {
      return ceilDiv(product, schedule.rate.denominator * 100_000) * POLYMARKET_FEE_STEP_MICROS;
    }
  }
  const { numerator, denominator } = feeFraction(schedule, priceE4, sizeCenti * E6_PER_CENTI);
  return Number((numerator + denominator - 1n) / denominator) * POLYMARKET_FEE_STEP_MICROS;
}

/** The fee in units of 10 micros, unrounded. */
function feeFraction(schedule: PolymarketFeeSchedule, priceE4: number, sizeE6: number) {
  const variance = BigInt(priceE4) * BigInt(PAYOUT_E4 - priceE4);
  const squared = schedule.exponent === 2;
  const numerator =
    BigInt(schedule.rate.numerator) * BigInt(sizeE6) * variance * (squared ? variance : 1n);
  // shares are E6 and each p x (1 - p) is E8; the result is wanted in E-5 dollars: 10^(6 + 8 - 5).
  const denominator = BigInt(schedule.rate.denominator) * 10n ** (squared ? 17n : 9n);
  return { numerator, denominator };
}
