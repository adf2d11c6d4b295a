// Kalshi's fees (kalshi-api.md 4.5): quadratic in the price, rounded a fill at a time, with a rebate of the rounding
// once an order's accumulated rounding passes the balance step.
import { ceilDiv, multiplyRatios, parseRatio, type Ratio, ratio } from './exact.js';
import { PAYOUT_E4 } from './units.js';

export const KALSHI_FEE_TYPES = [
  'quadratic',
  'quadratic_with_maker_fees',
  'quadratic_with_combo_maker_fees',
] as const;

const TAKER_RATE = ratio(7, 100);
const MAKER_RATES: Readonly<Record<string, Ratio>> = {
  quadratic: ratio(0, 1),
  quadratic_with_maker_fees: ratio(175, 10_000),
  quadratic_with_combo_maker_fees: ratio(35, 1_000),
};

/** Balance step of a direct member's account: $0.0001. Other members ($0.01) are not traded for. */
export const KALSHI_BALANCE_STEP_MICROS = 100;

/**
 * Taker fee rate of a series or event: 0.07 x multiplier, as an exact fraction.
 * undefined when the type or the multiplier is not known: such a market is not traded. `multiplier` is the JSON number.
 */
export function kalshiTakerRate(feeType: string, multiplier: number): Ratio | undefined {
  return rateOf(TAKER_RATE, feeType, multiplier);
}

export function kalshiMakerRate(feeType: string, multiplier: number): Ratio | undefined {
  return rateOf(MAKER_RATES[feeType], feeType, multiplier);
}

function rateOf(base: Ratio | undefined, feeType: string, multiplier: number): Ratio | undefined {
  const factor = parseRatio(String(multiplier));
  if (base === undefined || factor === undefined) return undefined;
  if (!(KALSHI_FEE_TYPES as readonly string[]).includes(feeType)) return undefined;
  return multiplyRatios(base, factor);
}

/**
 * Trade fee of one fill, rounded up to $0.000001: rate x C x P x (1 - P), in micros. Exact while
 * rate.numerator x sizeCenti x 25,000,000 < 2^53, that is 500,000 contracts at 0.07. @hot
 */
export function kalshiTradeFeeMicros(rate: Ratio, priceE4: number, sizeCenti: number): number {
  return ceilDiv(
    rate.numerator * sizeCenti * (priceE4 * (PAYOUT_E4 - priceE4)),
    rate.denominator * 10_000,
  );
}

/**
 * Room above the trade fee of an order for its rounding: what the order keeps back stays below one balance step, and each fill
 * rounds its trade fee up by less than a micro, so the second step is room for 100 fills. A fill whose own fee is below a step
 * (hundredths of a contract, series without a fee) cannot be given rounding back: add one step a level for those.
 */
export const KALSHI_ROUNDING_ALLOWANCE_MICROS = 2 * KALSHI_BALANCE_STEP_MICROS;

/** Rounding kept back from an order's fills so far. One an order, shared by its taker and maker fills. */
export interface KalshiFeeAccumulator {
  roundingMicros: number;
}

/**
 * Net fee of one fill in micros, as `fee_cost` reports it: trade fee + rounding - rebate (kalshi-api.md 4.5, steps 1 to 4).
 * `revenueMicros` is signed: negative for a buy. Advances the accumulator.
 */
export function kalshiFillFeeMicros(
  revenueMicros: number,
  tradeFeeMicros: number,
  accumulator: KalshiFeeAccumulator,
  stepMicros: number = KALSHI_BALANCE_STEP_MICROS,
): number {
  const changeMicros = revenueMicros - tradeFeeMicros;
  const roundingMicros = ((changeMicros % stepMicros) + stepMicros) % stepMicros;
  accumulator.roundingMicros += roundingMicros;
  const feeMicros = tradeFeeMicros + roundingMicros;
  if (accumulator.roundingMicros < stepMicros || feeMicros < stepMicros) return feeMicros;
  accumulator.roundingMicros -= stepMicros;
  return feeMicros - stepMicros;
}
