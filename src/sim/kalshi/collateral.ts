// How much cash an order needs before it is let in (kalshi-api.md 3.6, 4.5).
import { floorDiv, type Ratio } from '../../domain/exact.js';
import { KALSHI_ROUNDING_ALLOWANCE_MICROS, kalshiTradeFeeMicros } from '../../domain/kalshi-fee.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';

/** priceE4 x sizeE6 / 10,000: exact, because Kalshi's sizes are hundredths of a contract. */
export function costMicros(priceE4: number, sizeE6: number): number {
  return priceE4 * floorDiv(sizeE6, E6_PER_CENTI);
}

/**
 * The most that buying `sizeE6` at up to `limitE4` can take out of the account, `closingE6` of it
 * against a position held: those pay $1 a pair at once. Price plus fee rises with the price, so the
 * limit is the worst case. `feeStepMicros`: what an order's fees are rounded up to.
 */
export function collateralMicros(
  rate: Ratio,
  limitE4: number,
  sizeE6: number,
  closingE6: number,
  feeStepMicros: number,
): number {
  const openCost = costMicros(limitE4, sizeE6 - closingE6);
  const closingRevenue = costMicros(PAYOUT_E4 - limitE4, closingE6);
  const fee = kalshiTradeFeeMicros(rate, limitE4, floorDiv(sizeE6, E6_PER_CENTI));
  const roundingMicros = Math.max(feeStepMicros, KALSHI_ROUNDING_ALLOWANCE_MICROS);
  const needed = openCost + fee + roundingMicros - closingRevenue;
  return sizeE6 === closingE6 ? 0 : Math.max(0, needed);
}
