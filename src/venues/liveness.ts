// Is this connection still telling us the truth of this moment? Decides it from when frames came, how often they usually come,
// and how old they were. An exchange has four ways to lie with an open socket: silence, a stall, a late burst, a dead sequence.
import { NS_PER_MS, NS_PER_SECOND } from '../domain/clock.js';
import { REASON_LATE, REASON_TRUSTED } from './feed.js';

/** A gap this many times the mean is not chance: e^-32 for independent arrivals. */
const SILENCE_FACTOR = 32;
/** Our own thread may stall this long without the exchange having gone quiet. */
const SILENCE_FLOOR_MS = 100;
/** A connection of which nothing is known may be as quiet as that. */
const FIRST_GAPS = 8;
/** Weight of the newest gap in the running mean. */
const MEAN_WEIGHT = 1 / 64;
/** A probe is sent when nothing came for this share of the limit; its answer is a sign of life. */
const PROBE_SHARE = 1 / 3;
/** Silence that outlasts the limit this many times is a dead connection. */
const GIVE_UP_FACTOR = 4;
/** Frames that stay late for so long while answers are quick: it is the clocks that have moved, not the frames that wait. */
const CLOCK_MOVED_MS = 1_000;
/** No frame is so much quicker than the quickest was: the exchange's clock was set forward, and what is old now looks new. */
const CLOCK_FORWARD_MS = 200;
/** The quickest frame seen fades by this much a second, so that a clock that drifts does not freeze the baseline. */
const BASELINE_FADE_MS_PER_SECOND = 0.1;
/** To divide takes 5 ns, and each frame is looked at twice. */
const MS_PER_NS = 1 / NS_PER_MS;
const FADE_MS_PER_NS = BASELINE_FADE_MS_PER_SECOND / NS_PER_SECOND;

export interface LivenessLimits {
  readonly maxSilenceMs: number;
  readonly maxLagMs: number;
}

export type LivenessVerdict = 'good' | 'probe' | 'silent' | 'give-up';

export class Liveness {
  readonly #maxSilenceNs: number;
  readonly #maxLagMs: number;
  #lastNs = 0;
  #meanGapNs = 0;
  #probedNs = 0;
  #baselineLagMs = Number.POSITIVE_INFINITY;
  #baselineNs = 0;
  #late = false;
  /** The exchange's clock was set forward, and what is quick by it is not known yet. */
  #isForward = false;
  /** Since when each frame was late, 0 when the last one was not. A new connection does not change it. */
  #lateSinceNs = 0;

  constructor(limits: LivenessLimits) {
    this.#maxSilenceNs = limits.maxSilenceMs * NS_PER_MS;
    this.#maxLagMs = limits.maxLagMs;
  }

  opened(nowNs: number): void {
    this.reopened(nowNs);
    this.#meanGapNs = this.#maxSilenceNs / SILENCE_FACTOR;
  }

  /** A new connection to what was listened to before: what is usual there is known, or at first thought to be little. */
  reopened(nowNs: number): void {
    if (this.#meanGapNs === 0) this.#meanGapNs = this.#maxSilenceNs / FIRST_GAPS;
    this.#lastNs = nowNs;
    this.#probedNs = nowNs;
    this.#late = false;
  }

  /**
   * Anything at all arrived. A gap longer than any usual one is learned as the longest usual one: an outage of a second would
   * otherwise let the next one go unnoticed for half a second longer. @hot
   */
  heard(nowNs: number): void {
    const gapNs = Math.min(nowNs - this.#lastNs, this.silenceLimitNs());
    this.#meanGapNs += (gapNs - this.#meanGapNs) * MEAN_WEIGHT;
    this.#lastNs = nowNs;
  }

  /** Running mean of the time between two frames, in ns. @hot */
  get meanGapNs(): number {
    return this.#meanGapNs;
  }

  /**
   * A frame that carries the exchange's own time arrived. Returns REASON_LATE when it took more than maxLagMs longer than the
   * quickest: what follows it in the pipe is as old. Only differences to our monotonic clock are used: the clocks need not agree, and a
   * wall clock that is set changes nothing. @hot
   */
  stamped(nowNs: number, venueMs: number): number {
    const lagMs = nowNs * MS_PER_NS - venueMs;
    const faded = this.#baselineLagMs + (nowNs - this.#baselineNs) * FADE_MS_PER_NS;
    if (lagMs < faded - CLOCK_FORWARD_MS && faded !== Number.POSITIVE_INFINITY) {
      this.#isForward = true;
    }
    if (this.#isForward) {
      this.#late = true;
    } else if (!(lagMs >= faded)) {
      this.#baselineLagMs = lagMs;
      this.#baselineNs = nowNs;
      this.#late = false;
    } else {
      this.#late = lagMs - faded > this.#maxLagMs;
    }
    if (!this.#late) this.#lateSinceNs = 0;
    else if (this.#lateSinceNs === 0) this.#lateSinceNs = nowNs;
    return this.#late ? REASON_LATE : REASON_TRUSTED;
  }

  /**
   * An answer to something asked at `askedNs` arrived. True, and nothing is late any more, when it came so quickly that what came
   * before it in the pipe cannot be old. `isOrdered`: it came in one order with the frames, so frames that were late all the same
   * were stamped by another clock than before, and what is quick is learned anew.
   */
  answered(askedNs: number, nowNs: number, isOrdered: boolean): boolean {
    const isCurrent = nowNs - askedNs <= this.#maxLagMs * NS_PER_MS;
    if (!isCurrent) return false;
    const lateNs = this.#lateSinceNs === 0 ? 0 : nowNs - this.#lateSinceNs;
    const hasMoved = this.#isForward || lateNs > CLOCK_MOVED_MS * NS_PER_MS;
    if (isOrdered && hasMoved) {
      this.#baselineLagMs = Number.POSITIVE_INFINITY;
      this.#lateSinceNs = 0;
      this.#isForward = false;
    }
    // An answer by another way says nothing of clocks.
    if (this.#isForward) return false;
    this.#late = false;
    return true;
  }

  /** How long the connection may say nothing now: less when it usually says much. @hot */
  silenceLimitNs(): number {
    return Math.min(
      this.#maxSilenceNs,
      Math.max(SILENCE_FLOOR_MS * NS_PER_MS, this.#meanGapNs * SILENCE_FACTOR),
    );
  }

  /** What the silence so far means. `probe` is said once a third of the limit: ask something that must be answered. */
  check(nowNs: number): LivenessVerdict {
    const silentNs = nowNs - this.#lastNs;
    if (silentNs > this.#maxSilenceNs * GIVE_UP_FACTOR) return 'give-up';
    if (silentNs > this.silenceLimitNs()) return 'silent';
    const probeNs = this.#maxSilenceNs * PROBE_SHARE;
    if (silentNs > probeNs && nowNs - this.#probedNs > probeNs) {
      this.#probedNs = nowNs;
      return 'probe';
    }
    return 'good';
  }

  /** True when the silence before this frame was longer than any allowed: books must be asked for again. */
  wasDead(nowNs: number): boolean {
    return nowNs - this.#lastNs > this.#maxSilenceNs;
  }
}
