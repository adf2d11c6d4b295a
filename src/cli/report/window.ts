// Which stretch of time a report is of: --since and --run as they were typed.

import { durationMs } from '../../domain/duration.js';
import type { StoredRun } from '../../journal/store.js';
import { UsageError } from '../exit-codes.js';
import { ALL_TIME, type Window } from './journal-rows.js';

export interface WindowWish {
  /** "24h", or an ISO date. */
  readonly since: string | undefined;
  readonly run: number | undefined;
}

/** Throws UsageError when a wish says no time, or there is no such run. */
export function windowOf(
  { since, run }: WindowWish,
  runs: readonly StoredRun[],
  nowMs: number,
): Window {
  if (since !== undefined && run !== undefined)
    throw new UsageError('give --since or --run, not both');
  if (since !== undefined) return { ...ALL_TIME, sinceMs: sinceMsOf(since, nowMs) };
  if (run === undefined) return ALL_TIME;
  const index = runs.findIndex((each) => each.id === run);
  const found = runs[index];
  if (found === undefined) {
    const known = runs.length === 0 ? 'none' : `${runs[0]!.id} to ${runs.at(-1)!.id}`;
    throw new UsageError(`no such run: run=${run} known=${known}`);
  }
  // What is resolved after a restart belongs to the run that resolved it.
  return { sinceMs: found.startedMs, untilMs: runs[index + 1]?.startedMs ?? ALL_TIME.untilMs };
}

/** A date alone is its midnight, UTC; a date with a time and no zone is UTC too: the journal knows no other. */
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?(Z|[+-]\d{2}:\d{2})?$/;

function sinceMsOf(text: string, nowMs: number): number {
  const ms = durationMs(text);
  if (!Number.isNaN(ms)) return nowMs - ms;
  const [, time, , , zone] = ISO.exec(text) ?? [];
  const atMs = ISO.test(text)
    ? Date.parse(time !== undefined && zone === undefined ? `${text}Z` : text)
    : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new UsageError(
    `wrong value: key=since origin=flag --since given=${JSON.stringify(text)} ` +
      'allowed: a length of time such as 90m, 24h or 7d, or a date such as 2026-09-04 or 2026-09-04T12:00Z',
  );
}
