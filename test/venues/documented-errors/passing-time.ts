// Puts a session's clock forward step by step, with time between the steps for what they bring about. Knows no venue.
import { until } from '../../net/raw-server.js';

/** Real time that a step is given: some ticks of a session and some frames. */
const STEP_MS = 8;

interface Timed {
  pass(ms: number): void;
}

/** Passes time until the condition holds; fails when it does not before the deadline of `until`. */
export async function passUntil(
  timed: Timed,
  stepMs: number,
  holds: () => boolean,
  what: string,
): Promise<void> {
  let nextMs = performance.now();
  await until(() => {
    if (holds()) return true;
    if (performance.now() >= nextMs) {
      timed.pass(stepMs);
      nextMs = performance.now() + STEP_MS;
    }
    return false;
  }, what);
}

/** Passes so many steps. */
export async function passSteps(timed: Timed, stepMs: number, steps: number): Promise<void> {
  let left = steps;
  const counted = {
    pass: (ms: number) => {
      left--;
      timed.pass(ms);
    },
  };
  await passUntil(counted, stepMs, () => left === 0, 'the last step');
}
