// Token buckets for order calls (polymarket-api.md 6): by address of the caller and by signer.
import { Refusal } from './refusal.js';

export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** So large that they are not met unless a run asks for them. */
export const UNLIMITED: RateLimit = { perSecond: 1_000_000, burst: 1_000_000 };
const MAX_BUCKETS = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Takes `cost` tokens, all or nothing. Throws Refusal 429 with Retry-After. */
  take(key: string, cost: number): void {
    const nowMs = this.#now();
    const bucket = this.#bucket(key, nowMs);
    const { perSecond, burst } = this.#limit;
    const refilled = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond;
    bucket.tokens = Math.min(burst, refilled);
    bucket.atMs = nowMs;
    if (bucket.tokens < cost) {
      const waitS = Math.max(1, Math.ceil((cost - bucket.tokens) / perSecond));
      throw new Refusal(429, 'Too Many Requests', {}, { 'Retry-After': String(waitS) });
    }
    bucket.tokens -= cost;
  }

  #bucket(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
    const bucket: Bucket = { tokens: this.#limit.burst, atMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
