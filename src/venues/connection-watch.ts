// What one connection's liveness means for all of its markets at once: trusted, silent, late or gone. Every feed has one.
import {
  type CountFeed,
  type FeedSink,
  REASON_DISCONNECTED,
  REASON_LATE,
  REASON_SILENT,
  REASON_TRUSTED,
} from './feed.js';
import { Liveness, type LivenessLimits } from './liveness.js';

export class ConnectionWatch {
  readonly #liveness: Liveness;
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  #reason = REASON_DISCONNECTED;

  constructor(limits: LivenessLimits, sink: FeedSink, count: CountFeed) {
    this.#liveness = new Liveness(limits);
    this.#sink = sink;
    this.#count = count;
  }

  /** The markets' own reasons are set before: from here on they are what counts. */
  opened(nowNs: number): void {
    this.#liveness.opened(nowNs);
    this.#setReason(REASON_TRUSTED);
  }

  closed(): void {
    this.#setReason(REASON_DISCONNECTED);
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
    this.#setReason(this.#liveness.stamped(nowNs, venueMs));
  }

  /** Something asked at `askedNs` was answered. */
  answered(askedNs: number, nowNs: number): void {
    if (this.#liveness.answered(askedNs, nowNs)) this.#setReason(REASON_TRUSTED);
  }

  /** Distrusts what has gone silent and asks for a sign of life. Returns why the connection is to be given up, if it is. */
  tick(nowNs: number, probe: () => void): string | undefined {
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
        return undefined;
      default:
        return verdict satisfies never;
    }
  }

  #setReason(reason: number): void {
    if (this.#reason === reason) return;
    if (reason === REASON_LATE) this.#count('lates');
    this.#reason = reason;
    this.#sink.setConnectionTrust(reason);
  }
}
