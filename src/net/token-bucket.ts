// A rate limit as the exchanges keep it (kalshi-api.md 4.6, polymarket-api.md 6): tokens that flow back evenly, up to a capacity. We
// count ours and stay below theirs. Own code: limiter and bottleneck queue; an order is never queued.
import { type Clock, NS_PER_SECOND } from '../domain/clock.js';

export interface BucketLimits {
  readonly capacity: number;
  readonly perSecond: number;
}

/** Tokens that flow back in parts add up to a little less than the whole. */
const ROUNDING = 1e-6;

export class TokenBucket {
  readonly #clock: Clock;
  #limits: BucketLimits;
  #tokens: number;
  #atNs: number;

  constructor(limits: BucketLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.capacity;
    this.#atNs = clock.nowNs();
  }

  /** @hot */
  has(cost: number): boolean {
    this.#refill();
    return this.#tokens >= cost - ROUNDING;
  }

  /** As has(), with as many left over; a bucket that never holds so many must be full. @hot */
  hasWithSpare(cost: number): boolean {
    return this.has(Math.max(cost, Math.min(2 * cost, this.#limits.capacity)));
  }

  /** Takes the tokens, or nothing when they do not all fit. @hot */
  take(cost: number): boolean {
    if (!this.has(cost)) return false;
    this.#tokens -= cost;
    return true;
  }

  /** How long until `cost` fits; Infinity when it never does. */
  waitMs(cost: number): number {
    if (cost > this.#limits.capacity) return Number.POSITIVE_INFINITY;
    this.#refill();
    const missing = cost - this.#tokens;
    return missing <= ROUNDING ? 0 : Math.ceil((missing / this.#limits.perSecond) * 1_000);
  }

  /** The exchange says that it has other limits; what was taken stays taken. */
  resize(limits: BucketLimits): void {
    this.#refill();
    this.#tokens = Math.min(
      limits.capacity,
      this.#tokens + limits.capacity - this.#limits.capacity,
    );
    this.#limits = limits;
  }

  /** The exchange refused: it counts less than we do, so nothing is left until it has flowed back. */
  drain(): void {
    this.#refill();
    this.#tokens = Math.min(0, this.#tokens);
  }

  #refill(): void {
    const nowNs = this.#clock.nowNs();
    const { capacity, perSecond } = this.#limits;
    const gained = ((nowNs - this.#atNs) / NS_PER_SECOND) * perSecond;
    this.#tokens = Math.min(capacity, this.#tokens + gained);
    this.#atNs = nowNs;
  }
}
