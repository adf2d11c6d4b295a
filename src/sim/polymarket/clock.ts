// The exchange's one clock: what it stamps, what it says by /time and Date, and what it makes of
// signed times. Knows only that the clock can be wrong.

export class ExchangeClock {
  readonly #wall: () => number;
  #skewMs = 0;
  #skewedUntil = 0;

  /** `wall` is the true wall clock in milliseconds. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  skew(durationMs: number, skewMs: number): void {
    this.#skewMs = skewMs;
    this.#skewedUntil = performance.now() + durationMs;
  }

  /** How far the clock is off now. */
  get skewMs(): number {
    if (this.#skewMs !== 0 && performance.now() >= this.#skewedUntil) this.#skewMs = 0;
    return this.#skewMs;
  }

  /** Milliseconds as the exchange believes. */
  now(): number {
    return this.#wall() + this.skewMs;
  }

  /** The true time, for what must not jump with the clock: books of a moment ago, buckets. */
  trueNow(): number {
    return this.#wall();
  }
}
