// How many calls are taken (polymarket-api.md 6): token buckets by signer with their headers, and
// by address of the caller either a bucket or the documented windows of each endpoint.
import { RATE_LIMITED, Refusal } from './refusal.js';

export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimits {
  /** Order calls of one address. */
  readonly perIp?: RateLimit;
  /** Calls of one address that are not order calls. */
  readonly reads?: RateLimit;
  /** Orders of one signer; a batch costs one each and is taken whole or not at all. */
  readonly perSigner?: RateLimit;
  /** Cancels of one signer; this bucket may go below zero. */
  readonly cancels?: RateLimit;
  /** What Poly-RateLimit-Tier says. */
  readonly tier?: string;
  /** The documented windows of each endpoint and address. */
  readonly documented?: boolean;
}

const MAX_BUCKETS = 10_000;
/** A signer with less of its burst left than this is warned. */
const WARN_BELOW = 0.2;

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

  /**
   * Takes `cost` tokens, all or nothing, and returns how many are left; one that may owe is only
   * refused while it owes already. Throws Refusal 429 with Retry-After.
   */
  take(key: string, cost: number, mayOwe = false): number {
    const bucket = this.#bucket(key);
    const needed = mayOwe ? 1 : cost;
    if (bucket.tokens < needed) {
      const waitS = Math.max(1, Math.ceil((needed - bucket.tokens) / this.#limit.perSecond));
      throw new Refusal(429, RATE_LIMITED, {}, { 'Retry-After': String(waitS) });
    }
    bucket.tokens -= cost;
    return bucket.tokens;
  }

  get limit(): RateLimit {
    return this.#limit;
  }

  left(key: string): number {
    return this.#bucket(key).tokens;
  }

  #bucket(key: string): Bucket {
    const nowMs = this.#now();
    const { perSecond, burst } = this.#limit;
    const known = this.#buckets.get(key);
    if (known !== undefined) {
      const refill = (Math.max(0, nowMs - known.atMs) / 1000) * perSecond;
      known.tokens = Math.min(burst, known.tokens + refill);
      known.atMs = nowMs;
      return known;
    }
    if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
    const bucket: Bucket = { tokens: burst, atMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** The buckets of signers, as order routes use them. */
export class SignerLimits {
  readonly #orders: RateLimiter | undefined;
  readonly #cancels: RateLimiter | undefined;
  readonly tier: string;

  constructor(limits: RateLimits, now: () => number) {
    const limiter = (limit: RateLimit | undefined) =>
      limit === undefined ? undefined : new RateLimiter(limit, now);
    this.#orders = limiter(limits.perSigner);
    this.#cancels = limiter(limits.cancels);
    this.tier = limits.tier ?? 'Standard';
  }

  /** Throws Refusal 429. Says what is left in the reply's headers, refused or not. */
  takeOrders(signer: string, count: number, replyHeaders: Record<string, string>): void {
    this.#take(this.#orders, signer, count, false, replyHeaders);
  }

  takeCancels(signer: string, cost: number, replyHeaders: Record<string, string>): void {
    this.#take(this.#cancels, signer, cost, true, replyHeaders);
  }

  #take(
    limiter: RateLimiter | undefined,
    signer: string,
    cost: number,
    mayOwe: boolean,
    headers: Record<string, string>,
  ): void {
    if (limiter === undefined) return;
    try {
      limiter.take(signer, cost, mayOwe);
    } finally {
      const left = limiter.left(signer);
      const { perSecond, burst } = limiter.limit;
      headers['Poly-RateLimit-Remaining'] = String(Math.floor(left));
      headers['Poly-RateLimit-Reset'] = String(Math.ceil((burst - left) / perSecond));
      headers['Poly-RateLimit-Tier'] = this.tier;
      if (left < WARN_BELOW * burst) headers['Poly-RateLimit-Warning'] = 'approaching the limit';
    }
  }
}

interface Window {
  readonly count: number;
  readonly seconds: number;
}

const per10s = (count: number): readonly Window[] => [{ count, seconds: 10 }];
const perBoth = (count: number, per10min: number): readonly Window[] => [
  { count, seconds: 10 },
  { count: per10min, seconds: 600 },
];

/** The documented limits of one address: the first prefix that fits the call. */
const WINDOWS: readonly (readonly [prefix: string, windows: readonly Window[]])[] = [
  ['GET /books', per10s(500)],
  ['POST /books', per10s(500)],
  ['POST /prices', per10s(500)],
  ['POST /midpoints', per10s(500)],
  ['GET /prices-history', per10s(1_000)],
  ['GET /book', per10s(1_500)],
  ['GET /price', per10s(1_500)],
  ['GET /midpoint', per10s(1_500)],
  ['GET /tick-size', per10s(200)],
  ['GET /data/orders', per10s(500)],
  ['GET /data/trades', per10s(500)],
  ['GET /data', per10s(900)],
  ['GET /notifications', per10s(125)],
  ['GET /auth', per10s(100)],
  ['POST /auth', per10s(100)],
  ['GET /balance-allowance/update', per10s(50)],
  ['GET /balance-allowance', per10s(200)],
  ['POST /orders', perBoth(2_000, 21_000)],
  ['POST /order', perBoth(5_000, 120_000)],
  ['DELETE /orders', perBoth(2_000, 15_000)],
  ['DELETE /order', perBoth(5_000, 120_000)],
  ['DELETE /cancel-all', perBoth(250, 6_000)],
  ['DELETE /cancel-market-orders', perBoth(1_500, 21_000)],
  ['GET /gamma/events', per10s(500)],
  ['GET /gamma/markets', per10s(300)],
  ['GET /gamma', per10s(4_000)],
];
const EVERYTHING: readonly Window[] = per10s(9_000);

interface Counted {
  /** Number of the window, and the calls in it and in the one before. */
  index: number;
  calls: number;
  before: number;
}

/**
 * Sliding windows as Cloudflare estimates them: the last window counts for the share of it that is
 * still in sight.
 */
export class DocumentedLimits {
  readonly #now: () => number;
  readonly #counted = new Map<string, Counted>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws Refusal 429 with Retry-After. */
  take(method: string, path: string, remoteAddress: string): void {
    const call = `${method} ${path}`;
    const rule = WINDOWS.find(([prefix]) => call.startsWith(prefix));
    for (const window of rule?.[1] ?? []) this.#count(`${rule?.[0]}`, window, remoteAddress);
    for (const window of EVERYTHING) this.#count('', window, remoteAddress);
  }

  #count(name: string, { count, seconds }: Window, remoteAddress: string): void {
    const position = this.#now() / (seconds * 1000);
    const index = Math.floor(position);
    const key = `${name} ${seconds} ${remoteAddress}`;
    if (this.#counted.size >= MAX_BUCKETS) this.#counted.clear();
    const counted = this.#counted.get(key) ?? { index, calls: 0, before: 0 };
    this.#counted.set(key, counted);
    if (counted.index !== index) {
      counted.before = counted.index === index - 1 ? counted.calls : 0;
      counted.calls = 0;
      counted.index = index;
    }
    const estimate = counted.calls + counted.before * (1 - (position - index));
    if (estimate >= count) {
      const waitS = Math.max(1, Math.ceil((1 - (position - index)) * seconds));
      throw new Refusal(429, RATE_LIMITED, {}, { 'Retry-After': String(waitS) });
    }
    counted.calls++;
  }
}
