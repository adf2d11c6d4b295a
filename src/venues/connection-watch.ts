// What one connection's liveness means for all of its markets at once: trusted, silent, late or gone. Every feed has one.
import {
  type CountFeed,
  type FeedSink,
  REASON_DISCONNECTED,
  REASON_LATE,
  REASON_NO_SNAPSHOT,
  REASON_SILENT,
  REASON_TRUSTED,
} from './feed.js';
import { Liveness, type LivenessLimits, type LivenessVerdict } from './liveness.js';

/**
 * Trust that was lost comes back at this part of maxLagMs. In a burst of frames that were held up the lag falls frame by frame to
 * nothing: at maxLagMs itself half a second of the market would still be unread.
 */
const REGAIN_LAG_SHARE = 0.1;
/** A connection that answers but has told nothing of any market for so long is silent, however quiet its markets are. */
const MAX_DATA_SILENCE_MS = 60_000;

/**
 * An answer that took longer proves that the connection stands, but the books that it vouches for may be as old: older than a quote that
 * is traded on in a silence not noticed yet.
 */
const PROOF_NS = 200_000_000;
/** A question is put this often to a connection whose frames are late, or may be: its answer tells a clock that moved from a queue. */
const LATE_PROBE_NS = 500_000_000;
/** Frames that stay late for so long are a queue that does not empty: a new connection starts without it. */
const LATE_GIVE_UP_NS = 10_000_000_000;

/** A gap so many times the mean is no chance to bet on: e^-8 for independent arrivals. */
const FRESH_FACTOR = 8;
/** Frames of a lively exchange wait so long in a busy machine without the exchange having gone quiet. */
const FRESH_FLOOR_NS = 75_000_000;

const SILENT_VERDICTS: readonly LivenessVerdict[] = ['silent', 'give-up'];

export class ConnectionWatch {
  readonly #liveness: Liveness;
  /** Hears only frames about markets: an exchange can answer at once while its data stand still (polymarket-api.md 8). */
  readonly #data: Liveness;
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  #reason = REASON_DISCONNECTED;
  /** Something that this connection was asked for came quickly: until then its frames may all be equally old. */
  #isProven = false;
  /** When it was last asked because it is late, and since when it is. */
  #lateProbedNs = 0;
  #lateSinceNs = 0;
  /** Until when the newest word about any market vouches for all of them. */
  #freshUntilNs = 0;

  constructor(limits: LivenessLimits, sink: FeedSink, count: CountFeed) {
    this.#liveness = new Liveness(limits);
    this.#data = new Liveness({
      maxSilenceMs: MAX_DATA_SILENCE_MS,
      maxLagMs: limits.maxLagMs * REGAIN_LAG_SHARE,
    });
    this.#sink = sink;
    this.#count = count;
  }

  /** Not trusted yet: what a new connection tells first may have been held up like any other frame. */
  opened(nowNs: number): void {
    this.#liveness.opened(nowNs);
    this.#data.reopened(nowNs);
    this.#isProven = false;
    this.#freshUntilNs = 0;
    this.#lateSinceNs = nowNs;
    this.#lateProbedNs = nowNs;
    this.#setReason(REASON_NO_SNAPSHOT);
  }

  closed(): void {
    // Its markets have lost their trust; what else its worker listens to is none of its business.
    this.#sink.setFreshUntil(Number.POSITIVE_INFINITY, false);
    this.#setReason(REASON_DISCONNECTED);
  }

  /** What its frames tell is current, as far as this connection's own signs go. */
  get isTrusted(): boolean {
    return this.#reason === REASON_TRUSTED;
  }

  /** It said nothing for longer than is usual: what it would have said may be lost. @hot */
  get isSilent(): boolean {
    return this.#reason === REASON_SILENT;
  }

  /** Anything arrived. True when the silence before it was longer than any allowed: books must be asked for again. @hot */
  heard(nowNs: number): boolean {
    const wasDead = this.#liveness.wasDead(nowNs);
    this.#liveness.heard(nowNs);
    return wasDead;
  }

  /**
   * A frame told the exchange's own time of what it is about. After a silence only this, or a quick answer, brings trust back: the
   * first frames of a burst are old. @hot
   */
  stamped(nowNs: number, venueMs: number): void {
    this.#data.heard(nowNs);
    // Nothing is learned of what is quick from frames that may have waited in a queue.
    if (!this.#isProven) return;
    const reason = this.#liveness.stamped(nowNs, venueMs);
    const isCurrent = this.#data.stamped(nowNs, venueMs) === REASON_TRUSTED;
    if (reason !== REASON_TRUSTED || this.#reason === REASON_TRUSTED || isCurrent) {
      this.#setReason(reason);
    }
    // What comes first after a lapse may have been held up with all that follows it.
    if (isCurrent || nowNs <= this.#freshUntilNs) this.#refresh(nowNs);
  }

  /**
   * Something current was told: prices may be bought on for a few usual gaps from now, and no longer. The silence that costs a
   * connection its trust is several times as long; a stale price is bought on once. @hot
   */
  #refresh(nowNs: number): void {
    const hadLapsed = nowNs > this.#freshUntilNs;
    this.#freshUntilNs = nowNs + Math.max(FRESH_FLOOR_NS, this.#data.meanGapNs * FRESH_FACTOR);
    this.#sink.setFreshUntil(this.#freshUntilNs, hadLapsed);
  }

  /**
   * Something asked at `askedNs` was answered. `isOrdered`: answers come in one order with the data, so what was sent before this
   * one is here. Otherwise it only shows that the line stands, and data that usually come and now do not stay silent.
   */
  answered(askedNs: number, nowNs: number, isOrdered: boolean): void {
    if (!isOrdered && (this.#reason === REASON_LATE || this.#isDataSilent(nowNs))) return;
    this.#data.answered(askedNs, nowNs, isOrdered);
    if (!this.#liveness.answered(askedNs, nowNs, isOrdered)) return;
    if (isOrdered) this.#isProven = true;
    // In order with the data: what is in the books now was so after it was asked for.
    if (isOrdered ? nowNs - askedNs <= PROOF_NS : this.#isProven) this.#setReason(REASON_TRUSTED);
    if (isOrdered && nowNs - askedNs <= PROOF_NS) {
      // Quiet enough to be asked: that is usual then.
      this.#data.heard(nowNs);
      this.#refresh(nowNs);
    }
  }

  /** What the connection asked for when it opened, in order with the data: quick, it is current; slow, it was held up. */
  firstAnswered(askedNs: number, nowNs: number): void {
    this.#data.answered(askedNs, nowNs, true);
    const isCurrent = this.#liveness.answered(askedNs, nowNs, true);
    if (isCurrent) this.#isProven = true;
    if (nowNs - askedNs <= PROOF_NS) {
      this.#setReason(REASON_TRUSTED);
      this.#refresh(nowNs);
    } else if (!isCurrent) this.#setReason(REASON_LATE);
  }

  #isDataSilent(nowNs: number): boolean {
    return SILENT_VERDICTS.includes(this.#data.check(nowNs));
  }

  /**
   * Distrusts what has gone silent and asks for a sign of life: `probe` any, `dataProbe` one whose answer comes in one order with the
   * data. Returns why the connection is to be given up, if it is.
   */
  tick(nowNs: number, probe: () => void, dataProbe: () => void): string | undefined {
    const verdict = this.#liveness.check(nowNs);
    switch (verdict) {
      case 'give-up':
        return 'silent for too long';
      case 'silent':
        if (this.#reason === REASON_SILENT) return undefined;
        this.#count('silences');
        this.#setReason(REASON_SILENT);
        probe();
        return undefined;
      case 'probe':
        probe();
        return undefined;
      case 'good':
        return this.#lateTick(nowNs, dataProbe);
      default:
        return verdict satisfies never;
    }
  }

  #lateTick(nowNs: number, dataProbe: () => void): string | undefined {
    const isUnproven = this.#reason === REASON_NO_SNAPSHOT && !this.#isProven;
    const isLate = this.#reason === REASON_LATE || isUnproven;
    if (!isLate) {
      this.#lateSinceNs = nowNs;
      return undefined;
    }
    if (nowNs - this.#lateSinceNs > LATE_GIVE_UP_NS) return 'frames stay late';
    if (nowNs - this.#lateProbedNs > LATE_PROBE_NS) {
      this.#lateProbedNs = nowNs;
      dataProbe();
    }
    return undefined;
  }

  #setReason(reason: number): void {
    if (this.#reason === reason) return;
    if (reason === REASON_LATE) this.#count('lates');
    this.#reason = reason;
    // Nothing current has been told on it yet.
    if (reason === REASON_TRUSTED && this.#freshUntilNs === 0) this.#sink.setFreshUntil(0, false);
    this.#sink.setConnectionTrust(reason);
  }
}
