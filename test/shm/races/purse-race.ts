// Threads that take from one purse and give back, each keeping count of what it holds, and one that watches.
import { PurseTable } from '../../../src/shm/purse-table.js';
import {
  announceEnd,
  awaitStart,
  ENDED_WORD,
  type RaceInput,
  SCRATCH_WORD,
  type Tally,
  xorshift,
} from './role.js';

/** One shard: the purse that is raced for is its. */
export const RACED_SHARDS = 1;
export const RACED_PAIRS = 2;
const RACED_PURSE = 0;
const NEXT_TAKER_WORD = SCRATCH_WORD;
/** What all takers together hold by their own count, at their end. */
const HELD_WORD = SCRATCH_WORD + 1;
const MOST_CENTS = 60;

/**
 * options.cents: what the purse began with, little enough that two takers often want the last of it. What a taker holds it counts in
 * words of its own, so that a purse that loses or makes money does not add up in the end.
 */
export function purseTaker(input: RaceInput): Tally {
  const purses = new PurseTable(input.memory, RACED_SHARDS);
  const words = new Int32Array(input.gate);
  const index = Atomics.add(words, NEXT_TAKER_WORD, 1);
  const random = xorshift(0x51ed270b + index * 7919);
  let held = 0;
  let taken = 0;
  let refused = 0;
  awaitStart(input);
  for (let n = 0; n < input.operations; n++) {
    const cents = 1 + (random() % MOST_CENTS);
    if (held > 0 && (n & 1) === 1) {
      const back = Math.min(held, cents);
      purses.give(RACED_PURSE, back);
      held -= back;
    } else if (purses.take(RACED_PURSE, cents)) {
      held += cents;
      taken++;
    } else refused++;
  }
  Atomics.add(words, HELD_WORD, held);
  announceEnd(input);
  return { taken, refused };
}

/** Looks at the purse while the others race, and adds up when they have ended. options.cents as above. */
export function purseWatcher(input: RaceInput): Tally {
  const purses = new PurseTable(input.memory, RACED_SHARDS);
  const words = new Int32Array(input.gate);
  const takers = input.threads - 1;
  const cents = input.options.cents ?? 0;
  let looks = 0;
  let overdrawn = 0;
  let tooMuch = 0;
  awaitStart(input);
  while (Atomics.load(words, ENDED_WORD) < takers) {
    const available = purses.available(RACED_PURSE);
    if (available < 0) overdrawn++;
    if (available > cents) tooMuch++;
    looks++;
  }
  const conserved = purses.available(RACED_PURSE) + Atomics.load(words, HELD_WORD) === cents;
  let strayed = 0;
  for (let purse = 1; purse * 4 < input.memory.byteLength; purse++) {
    if (purses.available(purse) !== 0) strayed++;
  }
  return { looks, overdrawn, tooMuch, strayed, [conserved ? 'conserved' : 'lostOrMade']: 1 };
}
