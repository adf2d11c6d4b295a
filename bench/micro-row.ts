// One building block of bench/micro.ts: what is run, what it must give, what it is held against.
import type { Bar } from './report.js';

/** Bare 32-bit atomics on one shared word: what no way through shared memory can beat. */
export const FLOORS = ['Int32 store + load', 'Int32 store', 'Int32 load'] as const;
export type FloorName = (typeof FLOORS)[number];

export interface MicroRow {
  readonly name: string;
  /** Runs so many operations and returns a sum that depends on each of them. */
  readonly run: (operations: number) => number;
  /** What every operation adds to the sum: a batch that gives another one was not what it says it is. */
  readonly each: number;
  /** Ratio to the floor that idle runs measure, rounded up: the bar of `bench --gate`. Lower it when the row becomes faster. */
  readonly ratio?: number;
  readonly floor?: FloorName;
  /**
   * Operations of a measured batch: 0.1 to 0.3 ms of them, so that the clock's 30 ns vanish and other processes' turns cut few batches.
   */
  readonly batch?: number;
  readonly bar?: Bar;
}

export const DEFAULT_BATCH = 1_000;
/** Counts the operations that hold. */
export function counting(holds: (operation: number) => boolean): MicroRow['run'] {
  return (operations) => {
    let held = 0;
    for (let n = 0; n < operations; n++) if (holds(n)) held++;
    return held;
  };
}
