// When an exchange fails again and again it is left alone for a while: no order leaves, and small calls ask whether it is back. Own
// code: cockatiel closes after one success, opossum counts percentages, and neither is shared by threads.
import type { Clock } from '../domain/clock.js';
import type { BreakerRule, VenueTable } from '../shm/venue-table.js';

/** requirements R4.7. */
export const BREAKER_RULE: BreakerRule = { failures: 3, restMs: 60_000, successes: 2 };

export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** Only 5xx and time-outs are failures. A refusal, a 429 among them, is an answer of an exchange that works. */
export interface Breaker {
  /** Orders are written only while it is closed: they are never probes. @hot */
  readonly isClosed: boolean;
  readonly state: BreakerState;
  /** Whether a call that is not an order may be made: while closed, and after the rest, as a probe. */
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

/** Where nothing is guarded: a recorder, a test. */
export const NO_BREAKER: Breaker = {
  isClosed: true,
  state: 'closed',
  allows: () => true,
  succeeded: () => undefined,
  failed: () => undefined,
};

/** One exchange's breaker, as every thread that has the table sees it. */
export function sharedBreaker(table: VenueTable, venue: number, clock: Clock): Breaker {
  return {
    get isClosed() {
      return table.isClosed(venue);
    },
    get state() {
      return BREAKER_STATES[table.breakerState(venue)] ?? 'open';
    },
    allows: () => table.allows(venue, clock.nowNs()),
    succeeded: () => table.succeeded(venue),
    failed: () => table.failed(venue, clock.nowNs()),
  };
}
