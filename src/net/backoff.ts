// How long to wait before the next attempt: exponential with full jitter, so that many clients do
// not return at once.

export interface BackoffLimits {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * `attempt` counts from 0; `random` is in [0, 1). The result is in [0, min(cap, base x 2^attempt)).
 */
export function backoffMs(
  { baseMs, capMs }: BackoffLimits,
  attempt: number,
  random: number,
): number {
  return Math.floor(Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30)) * random);
}
