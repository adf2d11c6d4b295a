// How far an exchange's clock is from ours, from the Date header of its replies: it names the second in which the reply was made, and
// each reply narrows down where within a second the two clocks stand to each other.

/** Bounds older than this say nothing of a clock that drifts. */
const WINDOW_MS = 600_000;
const HEADER_MS = 1_000;

export class ClockSkew {
  #lowMs = Number.NEGATIVE_INFINITY;
  #highMs = Number.POSITIVE_INFINITY;
  #sinceMs = 0;

  /**
   * A reply carried this Date header; request and reply passed us at these wall times. False when the header is no date.
   */
  sample(date: string, sentMs: number, receivedMs: number): boolean {
    const stampMs = Date.parse(date);
    if (Number.isNaN(stampMs)) return false;
    // Made in [stamp, stamp + 1 s), at a moment between sent and received.
    const lowMs = stampMs - receivedMs;
    const highMs = stampMs + HEADER_MS - sentMs;
    const isOld = receivedMs - this.#sinceMs > WINDOW_MS || receivedMs < this.#sinceMs;
    const narrowed = { low: Math.max(this.#lowMs, lowMs), high: Math.min(this.#highMs, highMs) };
    if (isOld || narrowed.low > narrowed.high) {
      // One of the clocks was set, or time has passed: what was known is void.
      this.#lowMs = lowMs;
      this.#highMs = highMs;
      this.#sinceMs = receivedMs;
    } else {
      this.#lowMs = narrowed.low;
      this.#highMs = narrowed.high;
    }
    return true;
  }

  /** The exchange's clock less ours; 0 when they may well agree, undefined before the first sample. */
  get skewMs(): number | undefined {
    if (!Number.isFinite(this.#lowMs)) return undefined;
    if (this.#lowMs <= 0 && this.#highMs >= 0) return 0;
    return Math.round((this.#lowMs + this.#highMs) / 2);
  }

  /** Half the width of what is possible. */
  get uncertaintyMs(): number {
    return (this.#highMs - this.#lowMs) / 2;
  }
}
