// Faults as they come from outside, by request and by file: checked, and named when they are wrong.
import { z } from 'zod';
import type { Fault } from './server.js';

const whole = z.int().min(0);
const durationMs = whole.max(3_600_000);
const count = whole.max(1_000_000);
const market = whole.max(1_000_000);
const status = z.int().min(400).max(599);

const kinds = [
  z.strictObject({ kind: z.literal('skip-sequence') }),
  z.strictObject({ kind: z.literal('garbage') }),
  z.strictObject({ kind: z.literal('duplicate') }),
  z.strictObject({ kind: z.literal('reorder') }),
  z.strictObject({ kind: z.literal('cut') }),
  z.strictObject({ kind: z.literal('refuse-sockets'), durationMs }),
  z.strictObject({ kind: z.literal('freeze'), durationMs }),
  z.strictObject({ kind: z.literal('stall'), durationMs }),
  z.strictObject({ kind: z.literal('stale-lag'), durationMs, lagMs: durationMs }),
  z.strictObject({ kind: z.literal('stale-snapshots'), durationMs, ageMs: durationMs }),
  z.strictObject({
    kind: z.literal('end-subscriptions'),
    code: z.union([z.literal(10), z.literal(25)]),
  }),
  z.strictObject({ kind: z.literal('reject-orders'), count, status, body: z.string() }),
  z.strictObject({ kind: z.literal('lose-reply'), count }),
  z.strictObject({ kind: z.literal('reset-after-accept'), count }),
  z.strictObject({ kind: z.literal('reset-before-accept'), count }),
  z.strictObject({ kind: z.literal('delay-replies'), count, delayMs: durationMs }),
  z.strictObject({ kind: z.literal('delay-orders'), count, delayMs: durationMs }),
  z.strictObject({ kind: z.literal('partial-fills'), count, percent: whole.max(100) }),
  z.strictObject({ kind: z.literal('ghost-fills'), count }),
  z.strictObject({ kind: z.literal('retry-fills'), count }),
  z.strictObject({
    kind: z.literal('fail-requests'),
    count,
    status,
    of: z.enum(['reads', 'orders', 'all']),
  }),
  z.strictObject({
    kind: z.literal('clock-skew'),
    durationMs,
    skewMs: z.int().min(-3_600_000).max(3_600_000),
  }),
  z.strictObject({ kind: z.literal('pause'), durationMs, scope: z.enum(['trading', 'exchange']) }),
  z.strictObject({
    kind: z.literal('mode'),
    mode: z.enum(['restarting', 'post-only', 'cancel-only', 'disabled']),
    durationMs,
  }),
  z.strictObject({ kind: z.literal('tick-change'), market, tickE4: z.int().min(1).max(1_000) }),
  z.strictObject({
    kind: z.literal('fee-change'),
    market,
    multiplier: z.number().min(0).max(10).nullable(),
  }),
  z.strictObject({ kind: z.literal('halt'), market, isHalted: z.boolean() }),
  z.strictObject({ kind: z.literal('close'), market }),
  z.strictObject({
    kind: z.literal('resolve'),
    market,
    outcome: z.union([z.literal(0), z.literal(1)]),
  }),
] as const;

export const faultSchema = z.discriminatedUnion('kind', kinds) satisfies z.ZodType<Fault>;

export const FAULT_VENUES = ['kalshi', 'polymarket'] as const;
export type FaultVenue = (typeof FAULT_VENUES)[number];
export const faultVenueSchema = z.enum(FAULT_VENUES);

export interface PlannedFault {
  readonly venue: FaultVenue;
  readonly fault: Fault;
}
