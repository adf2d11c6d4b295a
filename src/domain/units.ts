// The units of every number in the engine. A name ends in its unit; a price without a unit is a bug.
//
//   priceE4     1/10,000 dollar a contract        0..10000, 0 = no price
//   sizeCenti   1/100 contract                    what books and orders carry
//   sizeE6      1/1,000,000 contract              what positions carry: Polymarket fills have six decimals
//   ...Micros   1/1,000,000 dollar                money; priceE4 x sizeCenti is exactly micros
//   ...Ns       nanoseconds of process.hrtime since the engine's start, exact for 104 days
//   ...Ms       wall clock, only as the exchanges send it

/** What one contract pays when it wins, as a price. */
export const PAYOUT_E4 = 10_000;
export const PRICE_PLACES = 4;
export const SIZE_CENTI_PLACES = 2;
export const MICROS_PLACES = 6;
export const CENTI_PER_CONTRACT = 100;
/** sizeE6 of one contract. */
export const E6_PER_CONTRACT = 1_000_000;
/** sizeE6 of one sizeCenti. */
export const E6_PER_CENTI = 10_000;
/** Micros of one priceE4 on one contract. */
export const MICROS_PER_PRICE_E4 = 100;
export const MICROS_PER_CENT = 10_000;
export const MICROS_PER_DOLLAR = 1_000_000;
