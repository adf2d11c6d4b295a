// What can be asked of each exchange again and again without changing anything, and what its limits allow.
import { readFileSync } from 'node:fs';
import type { Clock } from '../domain/clock.js';
import { RestClient } from '../net/rest-client.js';
import type { BucketLimits } from '../net/token-bucket.js';
import { signedCall } from '../venues/kalshi/headers.js';
import { loadKalshiLimits } from '../venues/kalshi/limits.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import { loadPolymarketCredentials } from '../venues/polymarket/account.js';
import { privateCall } from '../venues/polymarket/private-call.js';
import { readEvmKey } from './accounts.js';
import type { StressTarget } from './stress-run.js';

/** Of every Kalshi read here (kalshi-api.md 4.6). */
const KALSHI_COST = 10;
/** Of a burst that the exchange would take, what we allow ourselves. */
const CAPACITY_SHARE = 0.8;
/** Unauthenticated reads are limited by address, about so many a second (kalshi-api.md 4.6, second hand). */
const KALSHI_OPEN_READS = { capacity: 200, perSecond: 200 };
/** Calls in 10 s (polymarket-api.md 6); a call is a token. */
const POLYMARKET_BOOK = { capacity: 1_500, perSecond: 150 };
const POLYMARKET_ORDERS = { capacity: 500, perSecond: 50 };

export interface KalshiStressAccess {
  readonly restUrl: string;
  readonly keyId: string;
  readonly privateKeyPath: string;
}

/** GET /portfolio/balance, signed; the limits are those that the exchange states for the account. */
export async function kalshiBalanceTarget(
  { restUrl, keyId, privateKeyPath }: KalshiStressAccess,
  timeoutMs: number,
  clock: Clock,
): Promise<StressTarget> {
  const key = readKalshiPrivateKey(readFileSync(privateKeyPath, 'utf8'));
  const identity = { keyId, key, clock };
  const rest = new RestClient(restUrl, timeoutMs);
  try {
    const { read } = await loadKalshiLimits(rest, identity);
    const asked = { method: 'GET', path: '/portfolio/balance' } as const;
    const call = {
      ...signedCall(rest, identity, asked),
      method: 'GET',
      cost: KALSHI_COST,
    } as const;
    return { baseUrl: restUrl, call, timeoutMs, limits: below(read), spent: KALSHI_COST };
  } finally {
    await rest.close();
  }
}

/** GET /markets of one market, without a key. */
export function kalshiMarketsTarget(restUrl: string, timeoutMs: number): StressTarget {
  return {
    baseUrl: restUrl,
    call: { method: 'GET', path: '/markets', query: { limit: '1' }, cost: KALSHI_COST },
    timeoutMs,
    limits: KALSHI_OPEN_READS,
    spent: 0,
  };
}

/** GET /book of one token. */
export function polymarketBookTarget(
  restUrl: string,
  tokenId: string,
  timeoutMs: number,
): StressTarget {
  return {
    baseUrl: restUrl,
    call: { method: 'GET', path: '/book', query: { token_id: tokenId }, cost: 1 },
    timeoutMs,
    limits: POLYMARKET_BOOK,
    spent: 0,
  };
}

export interface PolymarketStressAccess {
  readonly restUrl: string;
  readonly privateKeyPath: string;
  readonly chainId: number;
}

/** GET /data/orders, signed with the wallet's API key, which is derived first. */
export async function polymarketOrdersTarget(
  { restUrl, privateKeyPath, chainId }: PolymarketStressAccess,
  timeoutMs: number,
  clock: Clock,
): Promise<StressTarget> {
  const rest = new RestClient(restUrl, timeoutMs);
  try {
    const key = readEvmKey(privateKeyPath);
    const credentials = await loadPolymarketCredentials(rest, key, chainId, clock);
    const asked = { method: 'GET', path: '/data/orders' } as const;
    const signed = privateCall(rest, { credentials, clock }, asked);
    const call = { ...signed, method: 'GET', cost: 1 } as const;
    return { baseUrl: restUrl, call, timeoutMs, limits: POLYMARKET_ORDERS, spent: 0 };
  } finally {
    await rest.close();
  }
}

/** Room for requests that are held up on their way and arrive together: a bucket that was full meanwhile has gained nothing. */
function below({ capacity, perSecond }: BucketLimits): BucketLimits {
  return { capacity: Math.floor(capacity * CAPACITY_SHARE), perSecond };
}

/** `limits` instead of those that are known. */
export function withLimits(target: StressTarget, limits: BucketLimits | undefined): StressTarget {
  return { ...target, limits };
}
