// How long the page waits before it asks a silent engine again.

const FIRST_MS = 500;
const MOST_MS = 10_000;

/** Doubles with each failure up to ten seconds; `random` of 0 to 1 spreads pages that lost the same engine over half of it. */
export function retryDelayMs(failures: number, random: number): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(full * (0.5 + random / 2));
}
