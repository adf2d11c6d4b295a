// What every sink is to the pump that fills it: a place that remembers by itself how far the journal has been copied into it.
import type { JournalRow } from '../journal/journal-cursor.js';

export interface SinkStatus {
  readonly name: string;
  readonly state: 'up' | 'down';
  /** Rows of the journal that are not in the sink yet. */
  readonly lagRows: number;
  /** Why it is down. */
  readonly why: string | undefined;
}

/** Rows go in and the place up to which they are there moves on in one step of the database, or neither happens. */
export interface Sink {
  readonly name: 'postgres' | 'redis';
  /** Connects, changes nothing, and resolves with what is there, for a person. To be closed after. */
  probe(): Promise<string>;
  /** Connects. Resolves with the number up to which all changes of this journal are here. May be called again after close(). */
  open(journalId: string): Promise<number>;
  /**
   * Resolves when the rows are here for good, and everything up to `through` with them. Resolves with where to go on: `through`, or a
   * lower number when the database has less than it had.
   */
  write(rows: readonly JournalRow[], through: number): Promise<number>;
  /** Why the connection cannot be used any more; undefined while it can. */
  failure(): Error | undefined;
  /** What an error of its says, on one line, without what must not be said. */
  wordsOf(error: unknown): string;
  /** At once, whatever is under way. */
  close(): Promise<void>;
}

/** Trying again at once cannot help: a person has to change something. */
export class SinkRefusal extends Error {
  readonly code = 'SINK_REFUSED';
}
