// Token buckets of each account, by Kalshi's usage tiers (kalshi-api.md 4.6). Refill is continuous
// and nothing is held against a client that was refused.
import type { KalshiAccountLimits } from '../../venues/kalshi/wire/rest-messages.js';

interface BucketSize {
  readonly refillRate: number;
  readonly bucketCapacity: number;
}

interface Tier {
  readonly read: BucketSize;
  readonly write: BucketSize;
}

/**
 * Rates of 24 September 2026. Two seconds of budget for writes above Basic and for Basic and
 * Advanced reads, else one.
 */
export const KALSHI_TIERS = {
  basic: tier(200, 400, 100, 100),
  advanced: tier(300, 600, 300, 600),
  expert: tier(600, 600, 600, 1200),
  premier: tier(1200, 1200, 1200, 2400),
  paragon: tier(2400, 2400, 2400, 4800),
  prime: tier(4800, 4800, 4800, 9600),
  prestige: tier(12_000, 12_000, 9600, 19_200),
  /** Not one of Kalshi's: so large that it is never met. */
  unlimited: tier(1_000_000_000, 1_000_000_000, 1_000_000_000, 1_000_000_000),
} as const;
export type KalshiTierName = keyof typeof KALSHI_TIERS;

function tier(read: number, readCapacity: number, write: number, writeCapacity: number): Tier {
  return {
    read: { refillRate: read, bucketCapacity: readCapacity },
    write: { refillRate: write, bucketCapacity: writeCapacity },
  };
}

export const DEFAULT_COST = 10;

/** Everything that does not cost the default. Batches cost this an item. */
export const ENDPOINT_COSTS = {
  getOrder: { method: 'GET', path: '/trade-api/v2/portfolio/orders/:order_id', cost: 2 },
  cancelOrder: {
    method: 'DELETE',
    path: '/trade-api/v2/portfolio/events/orders/:order_id',
    cost: 2,
  },
  batchCancel: { method: 'DELETE', path: '/trade-api/v2/portfolio/events/orders/batched', cost: 2 },
  cancelAll: { method: 'DELETE', path: '/trade-api/v2/portfolio/events/orders', cost: 2 },
} as const;

/** Buckets are one an account and shard in use; more than this many are refused as if empty. */
const MAX_BUCKETS = 10_000;

interface Bucket {
  milliTokens: number;
  atMs: number;
}

export class RateLimits {
  readonly #tierName: KalshiTierName;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(tierName: KalshiTierName, now: () => number) {
    this.#tierName = tierName;
    this.#now = now;
  }

  /**
   * Takes the tokens, or nothing when they do not all fit. A single write that names a shard of 1
   * or more uses that shard's own full bucket.
   */
  take(account: string, kind: 'read' | 'write', cost: number, shard = 0): boolean {
    const size = KALSHI_TIERS[this.#tierName][kind];
    const nowMs = this.#now();
    const name = `${account} ${kind} ${kind === 'write' && shard >= 1 ? shard : 0}`;
    const capacity = size.bucketCapacity * 1000;
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_BUCKETS) return false;
      bucket = { milliTokens: capacity, atMs: nowMs };
      this.#buckets.set(name, bucket);
    }
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    // A token a second is a thousandth of a token a millisecond, so the refill is a whole number.
    bucket.milliTokens = Math.min(capacity, bucket.milliTokens + elapsedMs * size.refillRate);
    bucket.atMs = nowMs;
    if (bucket.milliTokens < cost * 1000) return false;
    bucket.milliTokens -= cost * 1000;
    return true;
  }

  limits(): KalshiAccountLimits {
    const { read, write } = KALSHI_TIERS[this.#tierName];
    return {
      usage_tier: this.#tierName,
      read: { refill_rate: read.refillRate, bucket_capacity: read.bucketCapacity },
      write: { refill_rate: write.refillRate, bucket_capacity: write.bucketCapacity },
      grants: [],
    };
  }
}
