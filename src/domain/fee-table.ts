// The fee of one contract at every price, so that the detector's check of a pair is two loads and no arithmetic on rates.
import { ceilDiv, type Ratio } from './exact.js';
import type { PolymarketFeeSchedule } from './polymarket-fee.js';
import { PAYOUT_E4 } from './units.js';

/** Micros a contract by priceE4, rounded up: 10,001 entries, one table for each distinct schedule. */
export type FeeTable = Uint32Array;

export function kalshiFeeTable(rate: Ratio): FeeTable {
  return tabulate(rate, 1);
}

export function polymarketFeeTable(schedule: PolymarketFeeSchedule): FeeTable {
  return tabulate(schedule.rate, schedule.exponent);
}

function tabulate(rate: Ratio, exponent: 1 | 2): FeeTable {
  const table = new Uint32Array(PAYOUT_E4 + 1);
  for (let priceE4 = 0; priceE4 <= PAYOUT_E4; priceE4++) {
    const variance = priceE4 * (PAYOUT_E4 - priceE4);
    // One contract pays rate x variance / 10^8 dollars, which is rate x variance / 100 micros; squared, / 10^10.
    table[priceE4] =
      exponent === 1
        ? ceilDiv(rate.numerator * variance, rate.denominator * 100)
        : Number(
            (BigInt(rate.numerator) * BigInt(variance) ** 2n +
              BigInt(rate.denominator) * 10n ** 10n -
              1n) /
              (BigInt(rate.denominator) * 10n ** 10n),
          );
  }
  return table;
}
