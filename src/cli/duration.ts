// A flag's length of time, or the error that says what is wrong with it.
import { durationMs } from '../domain/duration.js';
import { UsageError } from './exit-codes.js';

export function parseDuration(text: string): number {
  const ms = durationMs(text);
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(
    `wrong value: key=duration origin=flag --duration given=${JSON.stringify(text)} ` +
      'allowed: a length of time such as 500ms, 20s, 5m or 1h30m, up to 24d',
  );
}
