// What Kalshi lets this account send: its two token buckets and what each call costs (kalshi-api.md
// 4.6). It must not know who spends the tokens.
import { z } from 'zod';
import type { RestClient } from '../../net/rest-client.js';
import type { BucketLimits } from '../../net/token-bucket.js';
import { type KalshiIdentity, signedCall } from './headers.js';
import { KALSHI_REST_PATH } from './wire/auth.js';

const bucketSchema = z
  .object({ refill_rate: z.number().positive(), bucket_capacity: z.number().positive() })
  .transform(
    ({ refill_rate, bucket_capacity }): BucketLimits => ({
      capacity: bucket_capacity,
      perSecond: refill_rate,
    }),
  );
const limitsSchema = z.object({ usage_tier: z.string(), read: bucketSchema, write: bucketSchema });

export interface KalshiLimits {
  readonly tier: string;
  readonly read: BucketLimits;
  readonly write: BucketLimits;
}

export async function loadKalshiLimits(
  rest: RestClient,
  identity: KalshiIdentity,
): Promise<KalshiLimits> {
  const call = signedCall(rest, identity, { method: 'GET', path: '/account/limits' });
  const { usage_tier: tier, read, write } = await rest.call(call, limitsSchema);
  return { tier, read, write };
}

const costsSchema = z.object({
  default_cost: z.number().int().min(0),
  endpoint_costs: z.array(
    z.object({ method: z.string(), path: z.string(), cost: z.number().int().min(0) }),
  ),
});

export interface KalshiCosts {
  /** Tokens of a call to a path below the REST base, an item where the call is a batch. */
  costOf(method: string, path: string): number;
}

/** The exchange's own list of costs: authoritative where ours differ. */
export async function loadKalshiCosts(
  rest: RestClient,
  identity: KalshiIdentity,
): Promise<KalshiCosts> {
  const call = signedCall(rest, identity, { method: 'GET', path: '/account/endpoint_costs' });
  const { default_cost: defaultCost, endpoint_costs: rows } = await rest.call(call, costsSchema);
  const costs = rows.map(({ method, path, cost }) => ({ method, pattern: path.split('/'), cost }));
  // A path that is written out wins over one with a name in it: /batched is no order's id.
  costs.sort((a, b) => namesIn(a.pattern) - namesIn(b.pattern));
  return {
    costOf(method, path) {
      const segments = `${KALSHI_REST_PATH}${path}`.split('/');
      const found = costs.find((row) => row.method === method && matches(row.pattern, segments));
      return found?.cost ?? defaultCost;
    },
  };
}

function namesIn(pattern: readonly string[]): number {
  return pattern.filter((segment) => isName(segment) || isRest(segment)).length;
}

/** `:order_id` stands for one segment, `*endpoint` for all that follow. */
function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  const last = pattern.at(-1);
  const takesRest = last !== undefined && isRest(last);
  const fixed = takesRest ? pattern.slice(0, -1) : pattern;
  if (takesRest ? segments.length <= fixed.length : segments.length !== fixed.length) return false;
  return fixed.every((part, index) => isName(part) || part === segments[index]);
}

function isName(segment: string): boolean {
  return segment.startsWith(':');
}

function isRest(segment: string): boolean {
  return segment.startsWith('*');
}
