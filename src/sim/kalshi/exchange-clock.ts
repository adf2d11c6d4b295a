// The one clock of the simulated exchange: stamps, Date headers, the check of signed times and
// every timetable read it. A fault may set it wrong for a while. It must not know what is timed.

export class ExchangeClock {
  readonly #wall: () => number;
  #skewMs = 0;
  #skewUntilMs = Number.NEGATIVE_INFINITY;

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** What the exchange believes the time is, in milliseconds. */
  now(): number {
    return this.stamp(this.#wall());
  }

  /** A right time as the exchange's clock has it. */
  stamp(ms: number): number {
    return this.#wall() < this.#skewUntilMs ? ms + this.#skewMs : ms;
  }

  /**
   * The right time: for what a fault must not touch, how long faults last and how fast buckets
   * refill.
   */
  wall(): number {
    return this.#wall();
  }

  skew(skewMs: number, durationMs: number): void {
    this.#skewMs = skewMs;
    this.#skewUntilMs = this.#wall() + durationMs;
  }
}
