// What `report` and `why` go by: rows of the journal, and a stretch of time of them. They know no database.
import type {
  StoredArbState,
  StoredDecision,
  StoredFill,
  StoredOrder,
  StoredOrderState,
  StoredRun,
} from '../../journal/store.js';

/**
 * Oldest first, the whole journal, but of decisions those of the window are enough: they are many and large, so they are given one by
 * one, and may be gone through more than once.
 */
export interface JournalRows {
  readonly runs: readonly StoredRun[];
  readonly decisions: Iterable<StoredDecision>;
  readonly orders: readonly StoredOrder[];
  /** All of one order that is told of; a report needs none. */
  readonly orderStates: readonly StoredOrderState[];
  readonly fills: readonly StoredFill[];
  readonly arbStates: readonly StoredArbState[];
}

/** A stretch of wall time: from `sinceMs` on, before `untilMs`. */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export const ALL_TIME: Window = {
  sinceMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
};

export function isWithin({ sinceMs, untilMs }: Window, { atMs }: { readonly atMs: number }) {
  return atMs >= sinceMs && atMs < untilMs;
}
