// The faults of a storm that a script does not list itself: all kinds from which trading comes back by itself, each short, so that
// one a second leaves something to trade.
import type { PlannedFault } from './fault-schema.js';
import type { Fault } from './server.js';

const REFUSAL = { error: { code: 'invalid_order', message: 'invalid order' } };

/** What both exchanges can be made to do. */
const SHARED: readonly Fault[] = [
  { kind: 'skip-sequence' },
  { kind: 'skip-sequence' },
  { kind: 'garbage' },
  { kind: 'duplicate' },
  { kind: 'reorder' },
  { kind: 'cut' },
  { kind: 'refuse-sockets', durationMs: 300 },
  { kind: 'freeze', durationMs: 1_000 },
  { kind: 'freeze', durationMs: 3_000 },
  { kind: 'stall', durationMs: 800 },
  { kind: 'stale-lag', durationMs: 500, lagMs: 1_000 },
  { kind: 'reject-orders', count: 1, status: 400, body: JSON.stringify(REFUSAL) },
  { kind: 'lose-reply', count: 1 },
  { kind: 'reset-after-accept', count: 1 },
  { kind: 'reset-before-accept', count: 1 },
  { kind: 'delay-replies', count: 2, delayMs: 300 },
  { kind: 'delay-orders', count: 1, delayMs: 200 },
  { kind: 'partial-fills', count: 2, percent: 40 },
  { kind: 'fail-requests', count: 1, status: 503, of: 'orders' },
  { kind: 'fail-requests', count: 4, status: 429, of: 'orders' },
  { kind: 'fail-requests', count: 2, status: 429, of: 'reads' },
  { kind: 'clock-skew', durationMs: 2_000, skewMs: 3_000 },
  { kind: 'clock-skew', durationMs: 2_000, skewMs: -20_000 },
];

const KALSHI_ONLY: readonly Fault[] = [
  { kind: 'end-subscriptions', code: 10 },
  { kind: 'end-subscriptions', code: 25 },
  { kind: 'pause', durationMs: 700, scope: 'trading' },
  { kind: 'pause', durationMs: 700, scope: 'exchange' },
  { kind: 'fee-change', market: 1, multiplier: 0.5 },
  { kind: 'fee-change', market: 1, multiplier: null },
  { kind: 'halt', market: 2, isHalted: true },
  { kind: 'halt', market: 2, isHalted: false },
];

const POLYMARKET_ONLY: readonly Fault[] = [
  // Kalshi's snapshots carry no time: nothing in the protocol tells an old one (kalshi-api.md 2.6).
  { kind: 'stale-snapshots', durationMs: 300, ageMs: 500 },
  { kind: 'ghost-fills', count: 1 },
  { kind: 'retry-fills', count: 1 },
  { kind: 'mode', mode: 'restarting', durationMs: 400 },
  { kind: 'mode', mode: 'post-only', durationMs: 400 },
  { kind: 'mode', mode: 'cancel-only', durationMs: 400 },
  { kind: 'mode', mode: 'disabled', durationMs: 400 },
  { kind: 'fail-requests', count: 1, status: 425, of: 'orders' },
];

const planned = (venue: PlannedFault['venue'], faults: readonly Fault[]): PlannedFault[] =>
  faults.map((fault) => ({ venue, fault }));

export const STORM: readonly PlannedFault[] = [
  ...planned('kalshi', [...SHARED, ...KALSHI_ONLY]),
  ...planned('polymarket', [...SHARED, ...POLYMARKET_ONLY]),
];
