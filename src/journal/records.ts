// What is written down, as it goes through the ring to the journal. It must not know the database, or who writes.
import type { ArbState, LegState } from '../domain/order-life.js';
import type { Outcome, Venue } from '../domain/venue.js';

export type { ArbState };
export type OrderRole = 'entry' | 'exit';
export type OrderState = LegState;

/** Times are wall clock; amounts in the engine's units. What is `unknown` here is kept as JSON for whoever asks why. */
export type JournalRecord =
  | {
      readonly t: 'run';
      readonly atMs: number;
      readonly profile: string;
      readonly version: string;
      readonly config: unknown;
    }
  | {
      readonly t: 'run-end';
      readonly atMs: number;
      readonly why: string;
      readonly summary: unknown;
    }
  | {
      readonly t: 'decision';
      readonly atMs: number;
      readonly arb: string | null;
      readonly pair: string;
      readonly direction: number;
      readonly decision: string;
      readonly isNew: boolean;
      readonly sizeCenti: number;
      readonly netMicros: number;
      /** All of the arithmetic: levels, fees, limits. */
      readonly inputs: unknown;
    }
  /** One row an order: a later record of the same client order id takes its place. */
  | {
      readonly t: 'order';
      readonly atMs: number;
      readonly clientOrderId: string;
      readonly orderId: string | null;
      readonly arb: string;
      readonly role: OrderRole;
      readonly venue: Venue;
      readonly pair: string;
      readonly outcome: Outcome;
      readonly sizeCenti: number;
      readonly limitE4: number;
      readonly spendMicros: number;
      readonly state: OrderState;
      readonly reply: unknown;
      readonly stampsNs: Readonly<Record<string, number>>;
    }
  | {
      readonly t: 'order-state';
      readonly atMs: number;
      readonly clientOrderId: string;
      readonly state: OrderState;
      readonly why: string;
      readonly filledE6: number | null;
    }
  /** One row a trade, order and outcome: its newest state. */
  | {
      readonly t: 'fill';
      readonly atMs: number;
      readonly venue: Venue;
      readonly tradeId: string;
      readonly orderId: string;
      readonly clientOrderId: string | null;
      readonly pair: string;
      readonly outcome: Outcome;
      readonly sizeE6: number;
      readonly costMicros: number;
      readonly feeMicros: number;
      readonly state: 'provisional' | 'final' | 'failed';
      readonly source: 'stream' | 'list';
    }
  | {
      readonly t: 'arb-state';
      readonly atMs: number;
      readonly arb: string;
      readonly pair: string;
      readonly state: ArbState;
      readonly why: string;
      readonly facts: unknown;
    }
  | {
      readonly t: 'balance';
      readonly atMs: number;
      readonly venue: Venue;
      readonly shard: number;
      readonly micros: number;
      readonly source: string;
    }
  | {
      readonly t: 'limit';
      readonly atMs: number;
      readonly name: string;
      readonly value: string;
      readonly was: string | null;
    }
  /** One stage of the way from a frame to its orders, over a stretch of time that ends at `atMs`. */
  | {
      readonly t: 'latency';
      readonly atMs: number;
      readonly sinceMs: number;
      readonly stage: string;
      readonly count: number;
      readonly p50Ns: number;
      readonly p95Ns: number;
      readonly p99Ns: number;
      readonly p999Ns: number;
      readonly maxNs: number;
    }
  | {
      readonly t: 'event';
      readonly atMs: number;
      readonly level: string;
      readonly event: string;
      readonly text: string;
      readonly facts: unknown;
    };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeRecord(record: JournalRecord): Uint8Array {
  return encoder.encode(JSON.stringify(record));
}

export function decodeRecord(bytes: Uint8Array): JournalRecord {
  return JSON.parse(decoder.decode(bytes)) as JournalRecord;
}
