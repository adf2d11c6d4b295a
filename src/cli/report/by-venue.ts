// Something of each exchange, under its name.
import { KALSHI, POLYMARKET, type Venue, type VenueName } from '../../domain/venue.js';

export type ByVenueName<T> = Readonly<Record<VenueName, T>>;

export function byVenueName<T>(make: (venue: Venue) => T): ByVenueName<T> {
  return { kalshi: make(KALSHI), polymarket: make(POLYMARKET) };
}
