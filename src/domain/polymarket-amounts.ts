// The amounts that a Polymarket order may carry (polymarket-api.md 4.5, 4.6). A FAK BUY is sized in dollars: its maker
// amount must be whole cents, so only some share counts at a price are orderable. Amounts are in 1/1,000,000.
import { greatestCommonDivisor } from './exact.js';
import { E6_PER_CENTI, MICROS_PER_CENT } from './units.js';

/** Decimals that the shares of a market order may have, by tick (polymarket-api.md 4.5, "amount dec"). */
const AMOUNT_PLACES: Readonly<Record<number, number>> = {
  1000: 3,
  100: 4,
  50: 5,
  25: 6,
  10: 5,
  1: 6,
};

/** The server refuses the shares of a market buy beyond 5 decimals, whatever the tick (seen live 2026-09-04). */
const MARKET_BUY_MAX_PLACES = 5;

export const POLYMARKET_TICKS_E4: readonly number[] = Object.keys(AMOUNT_PLACES).map(Number);

/** A marketable order is at least $1 of notional (polymarket-api.md 4.6). */
export const POLYMARKET_MIN_NOTIONAL_MICROS = 1_000_000;

/**
 * The smallest share count, in sizeCenti, whose cost at this price is whole cents: every orderable count at one price is a
 * multiple of it. 25 (a quarter share) at 0.56, 1000 (ten shares) at 0.333. @hot
 */
export function orderableStepCenti(priceE4: number): number {
  return MICROS_PER_CENT / greatestCommonDivisor(priceE4, MICROS_PER_CENT);
}

export interface MarketBuyAmounts {
  /** pUSD to spend, in micros. */
  readonly makerAmount: number;
  /** Shares at the limit price, in 1/1,000,000: the worst price is makerAmount / takerAmount. */
  readonly takerAmount: number;
}

/**
 * Amounts of a FAK or FOK BUY that spends `spendMicros` at `limitPriceE4` or better. `spendMicros` is whole cents. Shares are
 * rounded down to the decimals that the tick allows, as the official client rounds them.
 * Throws RangeError when the spend is not whole cents: the venue would refuse the order.
 */
export function marketBuyAmounts(
  spendMicros: number,
  limitPriceE4: number,
  tickE4: number,
): MarketBuyAmounts {
  const places = AMOUNT_PLACES[tickE4];
  if (places === undefined) throw new RangeError(`unknown tick: tickE4=${tickE4}`);
  if (spendMicros <= 0 || spendMicros % MICROS_PER_CENT !== 0) {
    throw new RangeError(`a market buy spends whole cents: spendMicros=${spendMicros}`);
  }
  const unit = 10 ** (6 - Math.min(places, MARKET_BUY_MAX_PLACES));
  const sharesE6 = Math.floor((spendMicros * E6_PER_CENTI) / limitPriceE4);
  return { makerAmount: spendMicros, takerAmount: sharesE6 - (sharesE6 % unit) };
}
