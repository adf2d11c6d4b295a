// How a thread without sockets waits for its doorbell. The names are the LMAX Disruptor's.
import type { Doorbell } from './doorbell.js';

export const WAIT_STRATEGIES = ['spin', 'yield', 'hybrid', 'block'] as const;
export type WaitName = (typeof WAIT_STRATEGIES)[number];

/** Every sleep ends by itself: a wake that got lost must not stop the engine, and an idle thread rehearses. */
const SLEEP_MS = 2;
/** Turns of spinning before a hybrid wait sleeps: about 20 us, so that a burst's next frame finds it awake. */
const HYBRID_SPINS = 2_000;
const YIELD_SPINS = 100;
/** The shortest timed wait: it gives the core away without needing a notify. */
const YIELD_MS = 0.05;

/** Called when there was no work; returns when it is time to look again. `seenRings` was read before the last look. */
export type Wait = (doorbell: Doorbell, seenRings: number) => void;

/**
 * spin: never gives the core away; best latency, one core each. yield: spins a little, then naps 50 us. hybrid: spins a little,
 * then sleeps until the bell. block: sleeps at once; the right one when threads outnumber cores.
 */
export function createWait(name: WaitName): Wait {
  switch (name) {
    case 'spin':
      return () => undefined;
    case 'yield':
      return (doorbell, seenRings) => {
        if (!spinUntilRing(doorbell, seenRings, YIELD_SPINS)) doorbell.sleep(seenRings, YIELD_MS);
      };
    case 'hybrid':
      return (doorbell, seenRings) => {
        if (!spinUntilRing(doorbell, seenRings, HYBRID_SPINS)) doorbell.sleep(seenRings, SLEEP_MS);
      };
    case 'block':
      return (doorbell, seenRings) => {
        doorbell.sleep(seenRings, SLEEP_MS);
      };
    default:
      return name satisfies never;
  }
}

function spinUntilRing(doorbell: Doorbell, seenRings: number, turns: number): boolean {
  for (let turn = 0; turn < turns; turn++) {
    if (doorbell.rings() !== seenRings) return true;
  }
  return false;
}

/** The wait for a machine: threads that spin need a core each, beside the main thread's and the system's. */
export function defaultWait(cores: number, engineThreads: number): WaitName {
  return cores > engineThreads + 1 ? 'hybrid' : 'block';
}
