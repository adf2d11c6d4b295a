// Which prices an exchange accepts. Kalshi sends ranges (kalshi-api.md 4.3, "the ranges are the truth"); Polymarket one
// tick for the market (polymarket-api.md 4.6).
import { PAYOUT_E4 } from './units.js';

/** Prices start, start + step, ... up to and including end. */
export interface PriceRange {
  readonly startE4: number;
  readonly endE4: number;
  readonly stepE4: number;
}

export type PriceGrid = readonly PriceRange[];

/** True for a price that a level or a fill may have: strictly inside (0, 1). NaN is none. @hot */
export function isPrice(priceE4: number): boolean {
  return priceE4 > 0 && priceE4 < PAYOUT_E4;
}

/** True when an order may carry this price: strictly inside (0, 1) and on a step of a range. */
export function isOnGrid(grid: PriceGrid, priceE4: number): boolean {
  if (!Number.isInteger(priceE4) || !isPrice(priceE4)) return false;
  for (const range of grid) {
    if (
      priceE4 >= range.startE4 &&
      priceE4 <= range.endE4 &&
      (priceE4 - range.startE4) % range.stepE4 === 0
    ) {
      return true;
    }
  }
  return false;
}

/** Every price of the grid, ascending. */
export function gridPrices(grid: PriceGrid): number[] {
  const prices: number[] = [];
  for (let priceE4 = 1; priceE4 < PAYOUT_E4; priceE4++) {
    if (isOnGrid(grid, priceE4)) prices.push(priceE4);
  }
  return prices;
}

/** A well-formed grid: ranges inside 0..1, ascending, whole steps. Anything else is not traded. */
export function isPriceGrid(grid: PriceGrid): boolean {
  let previousEndE4 = 0;
  for (const { startE4, endE4, stepE4 } of grid) {
    if (![startE4, endE4, stepE4].every(Number.isInteger)) return false;
    if (startE4 < previousEndE4 || endE4 <= startE4 || endE4 > PAYOUT_E4 || stepE4 <= 0)
      return false;
    if ((endE4 - startE4) % stepE4 !== 0) return false;
    previousEndE4 = endE4;
  }
  return grid.length > 0;
}

/** The grid of a Polymarket market: [tick, 1 - tick] in steps of the tick. */
export function tickGrid(tickE4: number): PriceGrid {
  return [{ startE4: tickE4, endE4: PAYOUT_E4 - tickE4, stepE4: tickE4 }];
}
