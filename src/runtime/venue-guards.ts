// One thread's view of what stands between it and the exchanges: breakers that all threads share, and clocks set to theirs.
import type { Clock } from '../domain/clock.js';
import { VENUE_COUNT, type Venue } from '../domain/venue.js';
import { BREAKER_RULE, type Breaker, sharedBreaker } from '../net/circuit-breaker.js';
import { VenueTable } from '../shm/venue-table.js';

export interface VenueGuard {
  readonly breaker: Breaker;
  /** Our clock, its wall time as the exchange has it: what is signed must not look stale or of the future there. */
  readonly clock: Clock;
}

export function allocateVenues(): SharedArrayBuffer {
  return new SharedArrayBuffer(VenueTable.bytes(VENUE_COUNT));
}

export function openVenueTable(memory: SharedArrayBuffer): VenueTable {
  return new VenueTable(memory, BREAKER_RULE);
}

export function venueGuard(table: VenueTable, venue: Venue, clock: Clock): VenueGuard {
  return {
    breaker: sharedBreaker(table, venue, clock),
    clock: {
      nowNs: () => clock.nowNs(),
      wallMs: () => clock.wallMs() + table.skewMs(venue),
    },
  };
}
