// Time comes in as an argument, so that a test can step it and a seeded run repeats exactly.

export interface Clock {
  /** Nanoseconds of the one monotonic clock that all threads share, since the engine's start. */
  nowNs(): number;
  /** Wall clock in milliseconds: only to compare with the exchanges' stamps and to sign. */
  wallMs(): number;
}

export const NS_PER_MS = 1_000_000;
export const NS_PER_SECOND = 1_000_000_000;
