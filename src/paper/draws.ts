// What chance does to an order, by seed, exchange and the order's number there alone: when it comes, and what else happens, changes no
// other order's fate.
import type { Venue } from '../domain/venue.js';

/** Chances are in 1/10,000. */
export const CERTAIN_E4 = 10_000;

export interface Chances {
  readonly rejectE4: number;
  readonly unknownE4: number;
  readonly ghostE4: number;
  readonly partialE4: number;
}

export interface Fate {
  /** Of the jitter, 0 to 9,999 of 10,000. */
  readonly jitterE4: number;
  readonly isRejected: boolean;
  /** The reply is lost. */
  readonly isUnknown: boolean;
  /** Of an order whose reply is lost: it was never matched. */
  readonly isNeverMatched: boolean;
  /** Matched, and undone later. */
  readonly isGhost: boolean;
  /** Of what it could get, in 1/10,000: others were quicker. */
  readonly shareE4: number;
}

/** One number for each question, so that a rate that is changed moves no other answer. */
const QUESTIONS = ['jitter', 'reject', 'unknown', 'matched', 'ghost', 'partial', 'share'] as const;
type Question = (typeof QUESTIONS)[number];

export function fateOf(seed: number, venue: Venue, order: number, chances: Chances): Fate {
  const draw = (question: Question) => drawE4(seed, venue, order, QUESTIONS.indexOf(question));
  return {
    jitterE4: draw('jitter'),
    isRejected: draw('reject') < chances.rejectE4,
    isUnknown: draw('unknown') < chances.unknownE4,
    isNeverMatched: draw('matched') < CERTAIN_E4 / 2,
    isGhost: draw('ghost') < chances.ghostE4,
    shareE4: draw('partial') < chances.partialE4 ? draw('share') : CERTAIN_E4,
  };
}

/** 0 to 9,999. The finaliser of MurmurHash3 over the four numbers, one after the other. */
function drawE4(seed: number, venue: number, order: number, question: number): number {
  let hash = mix(seed >>> 0);
  hash = mix(hash ^ (venue + 1));
  hash = mix(hash ^ (order >>> 0));
  hash = mix(hash ^ (question + 1));
  return hash % CERTAIN_E4;
}

function mix(value: number): number {
  let hash = (value + 0x9e3779b9) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
