// The amounts that a Polymarket order may carry (polymarket-api.md 4.5, 4.6). A FAK BUY is sized in
// dollars: its maker amount must be whole cents, so only some share counts at a price are
// orderable. Amounts are in 1/1,000,000.
import { floorDiv, greatestCommonDivisor } from './exact.js';
import { E6_PER_CENTI, MICROS_PER_CENT, MICROS_PLACES, PAYOUT_E4 } from './units.js';

/**
 * Decimals that the shares of a market order may have, by tick (polymarket-api.md 4.5, "amount
 * dec").
 */
const AMOUNT_PLACES: Readonly<Record<number, number>> = {
  1000: 3,
  100: 4,
  50: 5,
  25: 6,
  10: 5,
  1: 6,
};

/**
 * The server refuses the shares of a market buy beyond 5 decimals, whatever the tick (seen live
 * 2026-09-04).
 */
const MARKET_BUY_MAX_PLACES = 5;

export const POLYMARKET_TICKS_E4: readonly number[] = Object.keys(AMOUNT_PLACES).map(Number);

/** A marketable order is at least $1 of notional (polymarket-api.md 4.6). */
export const POLYMARKET_MIN_NOTIONAL_MICROS = 1_000_000;

/**
 * By price: the share count, in sizeCenti, after which costs repeat to the cent, and the inverse
 * that orderableCenti needs. 2 x 20 KB, made in 2 ms: an extended Euclid in every step of the walk
 * would cost 150 ns.
 */
const STEPS_CENTI = new Uint16Array(PAYOUT_E4);
const INVERSES = new Uint16Array(PAYOUT_E4);
for (let priceE4 = 1; priceE4 < PAYOUT_E4; priceE4++) {
  const divisor = greatestCommonDivisor(priceE4, MICROS_PER_CENT);
  STEPS_CENTI[priceE4] = MICROS_PER_CENT / divisor;
  INVERSES[priceE4] = inverse(priceE4 / divisor, MICROS_PER_CENT / divisor);
}

/**
 * The smallest share count, in sizeCenti, whose cost at this price is whole cents: every orderable
 * count at one price is a multiple of it. 25 (a quarter share) at 0.56, 1000 (ten shares) at 0.333.
 * @hot
 */
export function orderableStepCenti(priceE4: number): number {
  return STEPS_CENTI[priceE4]!;
}

/**
 * The largest count up to `mostCenti` whose cost at this price brings `spentMicros` to whole cents,
 * or -1 when there is none: it solves spent + count x price = 0 (mod 1 cent). @hot
 */
export function orderableCenti(mostCenti: number, priceE4: number, spentMicros: number): number {
  const step = STEPS_CENTI[priceE4]!;
  const divisor = MICROS_PER_CENT / step;
  const missing = (MICROS_PER_CENT - (spentMicros % MICROS_PER_CENT)) % MICROS_PER_CENT;
  if (missing % divisor !== 0) return -1;
  const least = ((missing / divisor) * INVERSES[priceE4]!) % step;
  return least > mostCenti ? -1 : mostCenti - ((mostCenti - least) % step);
}

/** The x below `modulus` for which value x x = 1 (mod modulus); they have no common divisor. */
function inverse(value: number, modulus: number): number {
  let [remainder, next] = [modulus, value % modulus];
  let [coefficient, nextCoefficient] = [0, 1];
  while (next !== 0) {
    const quotient = Math.floor(remainder / next);
    [remainder, next] = [next, remainder - quotient * next];
    [coefficient, nextCoefficient] = [nextCoefficient, coefficient - quotient * nextCoefficient];
  }
  return (coefficient + modulus) % modulus;
}

/**
 * What an order gives and gets, in 1/1,000,000: pUSD for shares in a BUY, shares for pUSD in a
 * SELL.
 */
export interface OrderAmounts {
  readonly makerAmount: number;
  readonly takerAmount: number;
}

export type OrderAction = 'BUY' | 'SELL';

/**
 * Amounts of an order for `sizeCenti` shares at `priceE4`. A price on its tick's grid times
 * hundredths of a share never has more decimals than the tick allows, so nothing is rounded (the
 * official client rounds here, to mend what its floats did).
 * Throws RangeError for a price off the grid, an unknown tick, or a size that is not a whole number
 * above 0.
 */
export function limitAmounts(
  action: OrderAction,
  priceE4: number,
  sizeCenti: number,
  tickE4: number,
): OrderAmounts {
  placesOf(tickE4);
  if (priceE4 < tickE4 || priceE4 > PAYOUT_E4 - tickE4 || priceE4 % tickE4 !== 0) {
    throw new RangeError(`price is off the grid: priceE4=${priceE4} tickE4=${tickE4}`);
  }
  const sharesE6 = sizeCenti * E6_PER_CENTI;
  if (!(Number.isSafeInteger(sizeCenti) && sizeCenti > 0 && Number.isSafeInteger(sharesE6))) {
    throw new RangeError(`not a size: sizeCenti=${sizeCenti}`);
  }
  const micros = priceE4 * sizeCenti;
  return action === 'BUY'
    ? { makerAmount: micros, takerAmount: sharesE6 }
    : { makerAmount: sharesE6, takerAmount: micros };
}

/**
 * Amounts of a FAK or FOK SELL of `sizeCenti` shares at `limitPriceE4` or better. It is sized in
 * shares, so they are those of a limit order. Throws as limitAmounts does.
 */
export function marketSellAmounts(
  sizeCenti: number,
  limitPriceE4: number,
  tickE4: number,
): OrderAmounts {
  return limitAmounts('SELL', limitPriceE4, sizeCenti, tickE4);
}

/**
 * The step of a market BUY's shares, in 1/1,000,000: the tick's decimals, and never more than the 5
 * that the server takes.
 * Throws RangeError for an unknown tick.
 */
export function marketBuyUnitE6(tickE4: number): number {
  return 10 ** (MICROS_PLACES - Math.min(placesOf(tickE4), MARKET_BUY_MAX_PLACES));
}

/**
 * Amounts of a FAK or FOK BUY that spends `spendMicros` at `limitPriceE4` or better; takerAmount is
 * the shares at the limit price. `spendMicros` is whole cents. Shares are rounded down, so the
 * price that the exchange reads, makerAmount / takerAmount, is never below the limit, and the order
 * still crosses an ask at it; it is above the limit by less than limit x unit / shares. The
 * official client's rule, up at 4 more decimals and then down, gives the same on every grid price;
 * its floats are a millionth short for some orders of more than 100,000 shares.
 * Throws RangeError when the spend is not whole cents: the venue would refuse the order.
 */
export function marketBuyAmounts(
  spendMicros: number,
  limitPriceE4: number,
  tickE4: number,
): OrderAmounts {
  const unit = marketBuyUnitE6(tickE4);
  if (spendMicros <= 0 || spendMicros % MICROS_PER_CENT !== 0) {
    throw new RangeError(`a market buy spends whole cents: spendMicros=${spendMicros}`);
  }
  const sharesE6 = floorDiv(spendMicros * E6_PER_CENTI, limitPriceE4);
  return { makerAmount: spendMicros, takerAmount: sharesE6 - (sharesE6 % unit) };
}

function placesOf(tickE4: number): number {
  const places = AMOUNT_PLACES[tickE4];
  if (places === undefined) throw new RangeError(`unknown tick: tickE4=${tickE4}`);
  return places;
}
