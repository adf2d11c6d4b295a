// The two exchanges, the two outcomes, and the pairing of their markets: small integers, so that tables can be indexed by them.

export const KALSHI = 0;
export const POLYMARKET = 1;
export const VENUE_COUNT = 2;
export type Venue = typeof KALSHI | typeof POLYMARKET;
export const VENUE_NAMES = ['kalshi', 'polymarket'] as const;
export type VenueName = (typeof VENUE_NAMES)[number];
export type ByVenue<T> = readonly [kalshi: T, polymarket: T];
export const VENUES: ByVenue<Venue> = [KALSHI, POLYMARKET];

export const YES = 0;
export const NO = 1;
export type Outcome = typeof YES | typeof NO;

export function opposite(outcome: Outcome): Outcome {
  return outcome === YES ? NO : YES;
}

/** SAME: Kalshi YES and Polymarket's first outcome are the same proposition. INVERTED: Kalshi YES is Polymarket's second. */
export const SAME = 0;
export const INVERTED = 1;
export type Polarity = typeof SAME | typeof INVERTED;
export const POLARITY_NAMES = ['same', 'inverted'] as const;

/** A direction is named by what is bought on Kalshi: YES = 0, NO = 1. */
export type Direction = Outcome;
export const DIRECTION_COUNT = 2;

/** The Polymarket outcome that pays exactly when the Kalshi outcome of `direction` does not. */
export function polymarketOutcome(direction: Direction, polarity: Polarity): Outcome {
  return polarity === SAME ? opposite(direction) : direction;
}
