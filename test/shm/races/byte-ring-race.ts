// One producer, one consumer, numbered records of many lengths whose every byte follows from the number.
import { ByteRing } from '../../../src/shm/byte-ring.js';
import {
  awaitStart,
  dally,
  nap,
  type RaceInput,
  SCRATCH_WORD,
  type Tally,
  xorshift,
} from './role.js';

const CONSUMED_WORD = SCRATCH_WORD;
const NUMBER_BYTES = 4;
const MOST_FILLING_BYTES = 24;
const MOST_A_DRAIN = 7;
const PATIENT_LOOKS = 10_000;
const MOST_LOST_WAKES = 1;

/** Record n: its number, then n % 25 bytes of n + their place. */
function fillingOf(n: number): number {
  return n % (MOST_FILLING_BYTES + 1);
}

/** options.lockstep: each record waits for the one before it to be consumed, and options.pauses turns at the most. */
export function byteProducer(input: RaceInput): Tally {
  const ring = new ByteRing(input.memory);
  const words = new Int32Array(input.gate);
  const pauses = input.options.pauses ?? 0;
  const lockstep = input.options.lockstep === 1;
  const random = xorshift(0x9e3779b9);
  const bytes = new Uint8Array(NUMBER_BYTES + MOST_FILLING_BYTES);
  const number = new DataView(bytes.buffer);
  let full = 0;
  awaitStart(input);
  for (let n = 0; n < input.operations; n++) {
    for (let look = 1; lockstep && Atomics.load(words, CONSUMED_WORD) < n; look++) {
      if (look % PATIENT_LOOKS === 0) nap();
    }
    if (Atomics.load(words, CONSUMED_WORD) >= input.operations) break;
    if (pauses > 0) dally(random() % pauses);
    number.setUint32(0, n);
    const length = NUMBER_BYTES + fillingOf(n);
    for (let at = NUMBER_BYTES; at < length; at++) bytes[at] = n + at;
    while (!ring.push(bytes.subarray(0, length))) {
      if (Atomics.load(words, CONSUMED_WORD) >= input.operations) break;
      full++;
      if (full % PATIENT_LOOKS === 0) nap();
    }
  }
  return { published: input.operations, full };
}

/** options.timeoutMs is so long that only a lost wake reaches it. options.dawdles: longest pause, so that the ring fills. */
export function byteConsumer(input: RaceInput): Tally {
  const ring = new ByteRing(input.memory);
  const words = new Int32Array(input.gate);
  const timeoutMs = input.options.timeoutMs ?? 2_000;
  const dawdles = input.options.dawdles ?? 0;
  const random = xorshift(0x85ebca6b);
  const checked = { inOrder: 0, lost: 0, doubled: 0, mixed: 0 };
  let next = 0;
  let waits = 0;
  let timedOut = 0;
  let lostWake = 0;
  awaitStart(input);
  while (next < input.operations && lostWake < MOST_LOST_WAKES && checked.mixed === 0) {
    const drained = ring.drain((record) => {
      const n = new DataView(record.buffer).getUint32(0);
      if (!isWhole(record, n)) checked.mixed++;
      else if (n > next) checked.lost++;
      else if (n < next) checked.doubled++;
      else checked.inOrder++;
      next++;
      Atomics.store(words, CONSUMED_WORD, next);
    }, MOST_A_DRAIN);
    if (drained > 0) {
      if (dawdles > 0 && next % 512 < MOST_A_DRAIN) dally(random() % dawdles);
      continue;
    }
    const startedMs = performance.now();
    ring.wait(timeoutMs);
    waits++;
    if (performance.now() - startedMs < timeoutMs) continue;
    if (ring.used === 0) timedOut++;
    else lostWake++;
  }
  // After a defect the producer would wait for ever.
  Atomics.store(words, CONSUMED_WORD, input.operations);
  return { ...checked, waits, timedOut, lostWake };
}

function isWhole(record: Uint8Array, n: number): boolean {
  if (record.length !== NUMBER_BYTES + fillingOf(n)) return false;
  for (let at = NUMBER_BYTES; at < record.length; at++) {
    if (record[at] !== ((n + at) & 255)) return false;
  }
  return true;
}
