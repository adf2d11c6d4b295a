// "20s", "5m", "1h30m": a length of time as a person writes it.
import { UsageError } from './exit-codes.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d{1,9})(ms|s|m|h|d)/gy;
/** What a timer can take. */
const MAX_DURATION_MS = 2_147_483_647;

export function parseDuration(text: string): number {
  let totalMs = 0;
  let end = 0;
  for (const [part, count, unit] of text.matchAll(PART)) {
    totalMs += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
    end += part.length;
  }
  if (end !== text.length || totalMs <= 0 || totalMs > MAX_DURATION_MS) {
    throw new UsageError(
      `wrong value: key=duration origin=flag --duration given=${JSON.stringify(text)} ` +
        'allowed: a length of time such as 500ms, 20s, 5m or 1h30m, up to 24d',
    );
  }
  return totalMs;
}
