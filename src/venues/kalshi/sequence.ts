// The numbers of one subscription's frames (kalshi-api.md 2.4): one sid, one seq over all of its
// markets and over the replies on it. It must not know what the frames say.
import { NONE } from './wire/frame.js';

export const NEXT = 0;
/** Numbers are missing before this one. */
export const SKIPPED = 1;
/** The number was there before: a frame of the past. */
export const REPEATED = 2;

export class Sequence {
  /** NONE while there is no subscription. */
  sid = NONE;
  #last = 0;

  /** The exchange answered: the sid's next number is the one after `seq`. */
  start(sid: number, seq = 0): void {
    this.sid = sid;
    this.#last = seq;
  }

  end(): void {
    this.sid = NONE;
  }

  /** Takes the number in; whatever it is, the one after it is expected next. @hot */
  take(seq: number): number {
    const expected = this.#last + 1;
    this.#last = seq;
    if (seq === expected) return NEXT;
    return seq > expected ? SKIPPED : REPEATED;
  }
}
