// Feeds that mark pairs and ring, a detector that takes the marks and sleeps when there are none.
import { Doorbell } from '../../../src/shm/doorbell.js';
import {
  announceEnd,
  awaitStart,
  dally,
  ENDED_WORD,
  nap,
  type RaceInput,
  SCRATCH_WORD,
  type Tally,
  xorshift,
} from './role.js';

/** Few pairs: the markers meet in the same words all the time. */
export const DOORBELL_PAIRS = 64;
const MARKERS = 2;
const BURST = 512;
const PATIENT_LOOKS = 300;
const BURST_DEADLINE_MS = 8_000;
const NEXT_MARKER_WORD = SCRATCH_WORD;
/** What each marker wrote last for each pair, then what the detector saw last of it. */
const WRITTEN_WORD = SCRATCH_WORD + 16;
const SEEN_WORD = WRITTEN_WORD + MARKERS * DOORBELL_PAIRS;

/**
 * Writes a value for a pair, marks it, rings; after each burst every pair must have been seen with its last value, within
 * options.burstDeadlineMs. With options.burst no longer than the pairs, a bit that was lost is hardly set again unnoticed.
 */
export function marker(input: RaceInput): Tally {
  const bell = new Doorbell(input.memory);
  const words = new Int32Array(input.gate);
  const index = Atomics.add(words, NEXT_MARKER_WORD, 1);
  const base = index * DOORBELL_PAIRS;
  const random = xorshift(0x2545f491 + base);
  const deadlineMs = input.options.burstDeadlineMs ?? BURST_DEADLINE_MS;
  const share = input.operations / MARKERS;
  const burst = input.options.burst ?? BURST;
  let unseen = 0;
  let bursts = 0;
  awaitStart(input);
  for (let n = 1; n <= share && unseen === 0; n++) {
    // Pairs of its own in words that it shares: nobody else's mark makes up for one that was lost.
    const pair = (random() % (DOORBELL_PAIRS / MARKERS)) * MARKERS + index;
    Atomics.store(words, WRITTEN_WORD + base + pair, n);
    bell.mark(pair);
    bell.ring();
    if (n % burst === 0) {
      bursts++;
      unseen += unseenPairs(words, base, deadlineMs);
    }
  }
  announceEnd(input);
  bell.ring();
  return { bursts, unseen };
}

function unseenPairs(words: Int32Array, base: number, patienceMs: number): number {
  const deadlineMs = performance.now() + patienceMs;
  let missing = 0;
  let looks = 0;
  do {
    if (looks++ > PATIENT_LOOKS) nap();
    missing = 0;
    for (let pair = base; pair < base + DOORBELL_PAIRS; pair++) {
      if (Atomics.load(words, WRITTEN_WORD + pair) !== Atomics.load(words, SEEN_WORD + pair)) {
        missing++;
      }
    }
  } while (missing > 0 && performance.now() < deadlineMs);
  return missing;
}

/** options.timeoutMs is so long that only a lost wake reaches it. */
export function detector(input: RaceInput): Tally {
  const bell = new Doorbell(input.memory);
  const words = new Int32Array(input.gate);
  const timeoutMs = input.options.timeoutMs ?? 4_000;
  let taken = 0;
  let sleeps = 0;
  let timedOut = 0;
  let lostWake = 0;
  awaitStart(input);
  while (true) {
    const rings = bell.rings();
    const ended = Atomics.load(words, ENDED_WORD) === MARKERS;
    const found = takeAll(bell, words);
    taken += found;
    if (found > 0) continue;
    if (ended) break;
    sleeps++;
    if (bell.sleep(rings, timeoutMs)) continue;
    if (bell.rings() === rings) timedOut++;
    else lostWake++;
  }
  return { taken, sleeps, timedOut, lostWake };
}

function takeAll(bell: Doorbell, words: Int32Array): number {
  let found = 0;
  for (let word = 0; word * 32 < DOORBELL_PAIRS; word++) {
    let dirty = bell.takeDirty(word);
    while (dirty !== 0) {
      const pair = word * 32 + (31 - Math.clz32(dirty & -dirty));
      dirty &= dirty - 1;
      found++;
      for (let at = pair; at < MARKERS * DOORBELL_PAIRS; at += DOORBELL_PAIRS) {
        Atomics.store(words, SEEN_WORD + at, Atomics.load(words, WRITTEN_WORD + at));
      }
    }
  }
  return found;
}

/** One ring at a time, at every distance from the moment in which the detector falls asleep. */
export function lockstepMarker(input: RaceInput): Tally {
  const bell = new Doorbell(input.memory);
  const words = new Int32Array(input.gate);
  const random = xorshift(0x1b873593);
  awaitStart(input);
  for (let n = 1; n <= input.operations; n++) {
    for (let look = 1; Atomics.load(words, SEEN_WORD) < n - 1; look++) {
      if (look % 10_000 === 0) nap();
    }
    dally(random() % 2_000);
    Atomics.store(words, WRITTEN_WORD, n);
    bell.mark(0);
    bell.ring();
  }
  return { rung: input.operations };
}

export function lockstepDetector(input: RaceInput): Tally {
  const bell = new Doorbell(input.memory);
  const words = new Int32Array(input.gate);
  const timeoutMs = input.options.timeoutMs ?? 4_000;
  let sleeps = 0;
  let timedOut = 0;
  let lostWake = 0;
  awaitStart(input);
  while (Atomics.load(words, SEEN_WORD) < input.operations && lostWake === 0) {
    const rings = bell.rings();
    if (bell.takeDirty(0) !== 0) {
      Atomics.store(words, SEEN_WORD, Atomics.load(words, WRITTEN_WORD));
      continue;
    }
    sleeps++;
    if (bell.sleep(rings, timeoutMs)) continue;
    if (bell.rings() === rings) timedOut++;
    else lostWake++;
  }
  // After a lost wake the marker would wait for ever.
  Atomics.store(words, SEEN_WORD, input.operations);
  return { sleeps, timedOut, lostWake };
}
