// How long how much money may be without its other leg: naked dollars x seconds of each pair, since it was last even. It must not know
// what is done when the budget is spent.

const MS_PER_SECOND = 1_000n;

export interface NakedBudgetLimits {
  /** Micro-dollar-seconds a pair: 30,000,000 is $10 for 3 s, or $1 for 30 s. */
  readonly maxDollarSecondsMicros: number;
}

interface Meter {
  /** Up to `sinceMs`, in micro-dollar-milliseconds. BigInt: $10,000 for 15 minutes are past 2^53. */
  spent: bigint;
  sinceMs: number;
  nakedMicros: number;
}

export class NakedBudget {
  readonly #max: bigint;
  readonly #meters = new Map<number, Meter>();

  /** Throws RangeError for a budget that is not a whole number above 0. */
  constructor({ maxDollarSecondsMicros }: NakedBudgetLimits) {
    if (!Number.isSafeInteger(maxDollarSecondsMicros) || maxDollarSecondsMicros <= 0) {
      throw new RangeError(`not a budget: maxDollarSecondsMicros=${maxDollarSecondsMicros}`);
    }
    this.#max = BigInt(maxDollarSecondsMicros) * MS_PER_SECOND;
  }

  /**
   * From now on the pair has so much naked, until the next note. `nowMs` is of a monotonic clock; parts of a millisecond are dropped.
   * Throws RangeError for an exposure that is not a whole number of micros, 0 or above.
   */
  note(pair: number, nakedMicros: number, nowMs: number): void {
    if (!Number.isSafeInteger(nakedMicros) || nakedMicros < 0) {
      throw new RangeError(`not an exposure: pair=${pair} nakedMicros=${nakedMicros}`);
    }
    const spent = this.#spentAt(pair, nowMs);
    this.#meters.set(pair, { spent, sinceMs: Math.floor(nowMs), nakedMicros });
  }

  /** Micro-dollar-seconds up to the pair's last note, rounded up. */
  spent(pair: number): number {
    const { spent } = this.#meters.get(pair) ?? { spent: 0n };
    return Number((spent + MS_PER_SECOND - 1n) / MS_PER_SECOND);
  }

  /** Nothing is left of the pair's budget now, were its exposure since the last note the same. */
  isSpent(pair: number, nowMs: number): boolean {
    return this.#spentAt(pair, nowMs) >= this.#max;
  }

  /** The pair is even again, and has its whole budget. */
  reset(pair: number): void {
    this.#meters.delete(pair);
  }

  #spentAt(pair: number, nowMs: number): bigint {
    const meter = this.#meters.get(pair);
    if (meter === undefined) return 0n;
    const { spent, sinceMs, nakedMicros } = meter;
    return spent + BigInt(nakedMicros) * BigInt(Math.floor(nowMs) - sinceMs);
  }
}
