// One producer, one consumer, numbered records whose first and last words must agree.
import { RING_EMPTY, RING_FULL, SpscRing } from '../../../src/shm/spsc-ring.js';
import {
  awaitStart,
  dally,
  nap,
  type RaceInput,
  SCRATCH_WORD,
  type Tally,
  xorshift,
} from './role.js';

export const RING_RECORD_BYTES = 64;
const CONSUMED_WORD = SCRATCH_WORD;
const MOST_LOST_WAKES = 1;
/** The other thread may be off its core: on a busy machine, spinning on would keep it off. */
const PATIENT_LOOKS = 10_000;
const LAST_WORD = RING_RECORD_BYTES / 4 - 1;

/**
 * options.pauses: the longest pause, in loop turns, between bursts; 0 for none. options.burst: records between pauses.
 * options.lockstep: each record waits for the one before it to be consumed.
 */
export function ringProducer(input: RaceInput): Tally {
  const ring = new SpscRing(input.memory, RING_RECORD_BYTES, 'producer');
  const pauses = input.options.pauses ?? 0;
  const burst = input.options.burst ?? 1;
  const lockstep = input.options.lockstep === 1;
  const words = new Int32Array(input.gate);
  const random = xorshift(0x9e3779b9);
  let full = 0;
  awaitStart(input);
  for (let n = 0; n < input.operations; n++) {
    for (let look = 1; lockstep && Atomics.load(words, CONSUMED_WORD) < n; look++) {
      if (look % PATIENT_LOOKS === 0) nap();
    }
    if (Atomics.load(words, CONSUMED_WORD) >= input.operations) break;
    if (pauses > 0 && n % burst === 0) dally(random() % pauses);
    let at = ring.claim();
    while (at === RING_FULL) {
      full++;
      if (full % PATIENT_LOOKS === 0) nap();
      at = ring.claim();
    }
    ring.ints[at / 4] = n;
    ring.floats[at / 8 + 1] = n;
    ring.ints[at / 4 + LAST_WORD] = ~n;
    ring.publish();
  }
  return { published: input.operations, full, miscounted: ring.refused() === full >>> 0 ? 0 : 1 };
}

interface Checked {
  inOrder: number;
  lost: number;
  doubled: number;
  mixed: number;
}

function check(ring: SpscRing, at: number, wanted: number, checked: Checked): void {
  const n = ring.ints[at / 4]!;
  if (ring.floats[at / 8 + 1] !== n || ring.ints[at / 4 + LAST_WORD] !== ~n) checked.mixed++;
  else if (n > wanted) checked.lost++;
  else if (n < wanted) checked.doubled++;
  else checked.inOrder++;
}

/** Spins when there is nothing, and dallies now and then so that the ring fills. options.dawdles: longest pause. */
export function ringConsumer(input: RaceInput): Tally {
  const ring = new SpscRing(input.memory, RING_RECORD_BYTES, 'consumer');
  const dawdles = input.options.dawdles ?? 200;
  const checked: Checked = { inOrder: 0, lost: 0, doubled: 0, mixed: 0 };
  const random = xorshift(0x85ebca6b);
  let empty = 0;
  awaitStart(input);
  for (let n = 0; n < input.operations; n++) {
    let at = ring.poll();
    while (at === RING_EMPTY) {
      empty++;
      if (empty % PATIENT_LOOKS === 0) nap();
      at = ring.poll();
    }
    check(ring, at, n, checked);
    if (n % 4096 === 0) dally(random() % dawdles);
    ring.release();
  }
  return { ...checked, empty };
}

/** A consumer that owns an event loop. options.timeoutMs is so long that only a lost wake reaches it. */
export async function loopConsumer(input: RaceInput): Promise<Tally> {
  const ring = new SpscRing(input.memory, RING_RECORD_BYTES, 'consumer');
  const timeoutMs = input.options.timeoutMs ?? 200;
  const words = new Int32Array(input.gate);
  const checked: Checked = { inOrder: 0, lost: 0, doubled: 0, mixed: 0 };
  const keepAlive = setInterval(() => undefined, 60_000);
  let waits = 0;
  let timedOut = 0;
  let lostWake = 0;
  awaitStart(input);
  for (let n = 0; n < input.operations; n++) {
    let at = ring.poll();
    while (at === RING_EMPTY && lostWake < MOST_LOST_WAKES) {
      const woken = await ring.whenPublished(timeoutMs);
      waits++;
      at = ring.poll();
      if (woken) continue;
      if (at === RING_EMPTY) timedOut++;
      else lostWake++;
    }
    if (at === RING_EMPTY) break;
    check(ring, at, n, checked);
    ring.release();
    Atomics.store(words, CONSUMED_WORD, n + 1);
  }
  // Beyond MOST_LOST_WAKES the producer would wait for ever.
  Atomics.store(words, CONSUMED_WORD, input.operations);
  clearInterval(keepAlive);
  return { ...checked, waits, timedOut, lostWake };
}
