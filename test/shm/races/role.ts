// What a thread of a race is given and what it gives back.

export interface RaceInput {
  readonly role: string;
  readonly threads: number;
  /** Word 0: threads that have arrived. Word 1: writers that have ended. From SCRATCH_WORD on: the roles' own. */
  readonly gate: SharedArrayBuffer;
  readonly memory: SharedArrayBuffer;
  readonly operations: number;
  readonly options: Readonly<Record<string, number>>;
}

/** How often each outcome was seen. */
export type Tally = Readonly<Record<string, number>>;

export type Role = (input: RaceInput) => Tally | Promise<Tally>;

export const GATE_BYTES = 4096;
export const SCRATCH_WORD = 16;
const ARRIVED = 0;
const ENDED = 1;

/** Spins until every thread of the race has come here, so that they start within microseconds. */
export function awaitStart({ gate, threads }: RaceInput): void {
  const words = new Int32Array(gate);
  Atomics.add(words, ARRIVED, 1);
  while (Atomics.load(words, ARRIVED) < threads);
}

export function announceEnd({ gate }: RaceInput): void {
  Atomics.add(new Int32Array(gate), ENDED, 1);
}

/** The words in which `announceEnd` counts; a reader looks at word ENDED_WORD while it races. */
export const ENDED_WORD = ENDED;

/** Gives the core away for a moment: for waits that are not part of what is being raced. */
export function nap(): void {
  Atomics.wait(NAP, 0, 0, 0.02);
}
const NAP = new Int32Array(new SharedArrayBuffer(4));

/** A small generator of numbers, for pauses that shift one thread against the other. */
export function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Burns about `turns` loop turns. */
export function dally(turns: number): void {
  for (let turn = 0; turn < turns; turn++) Atomics.load(NAP, 0);
}
