// When an exchange fails again and again it is left alone for a while: nothing is opened on it, and small calls ask whether it is
// back. Own code: cockatiel closes after one success and opossum counts percentages; the rule here is 3 failures, 60 s, 2 successes
// (requirements R4.7), and it is shared by threads.

/** Failures in a row that open it. */
export const BREAKER_FAILURES = 3;
export const BREAKER_REST_MS = 60_000;
/** Successes in a row that close it again. */
export const BREAKER_SUCCESSES = 2;

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
