// Sets money aside for an arbitrage before any of its orders can leave, from four purses at once or from none, and gives back what
// was not spent. It knows amounts and purses, not prices, orders or replies.
import { ceilDiv } from '../domain/exact.js';
import type { SizedPair } from '../domain/sizing.js';
import { MICROS_PER_CENT, PAYOUT_E4 } from '../domain/units.js';
import type { PurseTable } from '../shm/purse-table.js';

/** Which purse refused: reserve() returns 1 for the first. Stable words: they stand in logs and the journal. */
export const RESERVATION_REFUSALS = [
  'no-funds-kalshi',
  'no-funds-polymarket',
  'total-position',
  'market-position',
] as const;
export const RESERVED = 0;
const NO_FUNDS_KALSHI = 1;
const NO_FUNDS_POLYMARKET = 2;
const TOTAL_POSITION = 3;
const MARKET_POSITION = 4;

/** Cents of an arbitrage, in the three ways they are counted. */
interface ArbCents {
  kalshiCents: number;
  polymarketCents: number;
  /** Of both limits of position: the pair's market, and all together. */
  positionCents: number;
}

/** What is set aside for one arbitrage; reused from call to call. */
export interface Reservation extends ArbCents {
  pair: number;
  shard: number;
}

/** What of it is gone. More than was reserved when evening out cost more. */
export type SpentCents = Readonly<ArbCents>;

const NOTHING_SPENT: SpentCents = { kalshiCents: 0, polymarketCents: 0, positionCents: 0 };

export function createReservation(): Reservation {
  return { pair: 0, shard: 0, kalshiCents: 0, polymarketCents: 0, positionCents: 0 };
}

/**
 * What the sized arbitrage needs, rounded up to cents. `exitReserveMicros`: set aside on each exchange beyond the complement.
 *
 * On each exchange it is the leg, the fees, and the exit: a leg that is left alone is evened out there by buying its complement, and
 * that of a contract bought at p costs about $1 - p. Leg and complement together are the payout, whatever p is and wherever
 * below its limit the leg fills. @hot
 */
export function fillReservation(
  out: Reservation,
  pair: number,
  shard: number,
  sized: SizedPair,
  exitReserveMicros: number,
): void {
  const legAndExitMicros = sized.sizeCenti * PAYOUT_E4 + exitReserveMicros;
  const venueCents = ceilDiv(legAndExitMicros + sized.feeMicros, MICROS_PER_CENT);
  out.pair = pair;
  out.shard = shard;
  out.kalshiCents = venueCents;
  out.polymarketCents = venueCents;
  out.positionCents = ceilDiv(
    sized.kalshiCostMicros + sized.polymarketCostMicros + sized.feeMicros,
    MICROS_PER_CENT,
  );
}

/**
 * RESERVED, or n for the n-th of RESERVATION_REFUSALS: then nothing is taken. Two threads that compete for the last money may both
 * be refused, but never both served. @hot
 */
export function reserve(purses: PurseTable, reservation: Reservation): number {
  const { kalshiCents, polymarketCents, positionCents } = reservation;
  const kalshi = purses.kalshiPurse(reservation.shard);
  const polymarket = purses.polymarketPurse;
  const total = purses.totalPurse;
  if (!purses.take(kalshi, kalshiCents)) return NO_FUNDS_KALSHI;
  if (!purses.take(polymarket, polymarketCents)) {
    purses.give(kalshi, kalshiCents);
    return NO_FUNDS_POLYMARKET;
  }
  if (!purses.take(total, positionCents)) {
    purses.give(kalshi, kalshiCents);
    purses.give(polymarket, polymarketCents);
    return TOTAL_POSITION;
  }
  if (!purses.take(purses.marketPurse(reservation.pair), positionCents)) {
    purses.give(kalshi, kalshiCents);
    purses.give(polymarket, polymarketCents);
    purses.give(total, positionCents);
    return MARKET_POSITION;
  }
  return RESERVED;
}

/**
 * Gives back what was reserved and not spent; once for each reservation. Only the main thread knows of anything spent: where that is
 * more than was reserved, the purse pays the rest and may be left below 0. @hot
 */
export function release(
  purses: PurseTable,
  reservation: Readonly<Reservation>,
  spent: SpentCents = NOTHING_SPENT,
): void {
  const positionCents = reservation.positionCents - spent.positionCents;
  settle(
    purses,
    purses.kalshiPurse(reservation.shard),
    reservation.kalshiCents - spent.kalshiCents,
  );
  settle(purses, purses.polymarketPurse, reservation.polymarketCents - spent.polymarketCents);
  settle(purses, purses.totalPurse, positionCents);
  settle(purses, purses.marketPurse(reservation.pair), positionCents);
}

function settle(purses: PurseTable, purse: number, cents: number): void {
  if (cents >= 0) purses.give(purse, cents);
  else purses.adjust(purse, cents);
}
