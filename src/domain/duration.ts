// "20s", "5m", "1h30m": a length of time as a person writes it.

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d{1,9})(ms|s|m|h|d)/gy;
/** What a timer can take. */
const MAX_DURATION_MS = 2_147_483_647;

/** Milliseconds above 0, or NaN when the text is no such length of time. */
export function durationMs(text: string): number {
  let totalMs = 0;
  let end = 0;
  for (const [part, count, unit] of text.matchAll(PART)) {
    totalMs += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
    end += part.length;
  }
  const isWhole = end === text.length && totalMs > 0 && totalMs <= MAX_DURATION_MS;
  return isWhole ? totalMs : Number.NaN;
}
