// What the two simulated exchanges have in common as servers: how they are started, watched, broken on purpose and stopped.
import type { Accounts } from './accounts.js';
import type { MatchingEngine } from './exchange.js';

export interface SimServer {
  readonly port: number;
  /** Without a trailing slash, as the exchange's documents give it. */
  readonly restUrl: string;
  readonly wsUrl: string;
  /** Throws UnsupportedFaultError. */
  inject(fault: Fault): void;
  close(): Promise<void>;
}

/** Each venue extends it with its listings and the credentials of its accounts. */
export interface ServerOptions {
  readonly host: '127.0.0.1';
  /** 0 takes any free port. */
  readonly port: number;
  readonly engine: MatchingEngine;
  readonly accounts: Accounts;
  /** Wall clock of the exchange in milliseconds. */
  now(): number;
  log(line: string): void;
}

/** What the simulated exchanges can be made to do wrong, or simply to do. docs/FAULTS.md is the user's page of it. */
export type Fault =
  | MarketDataFault
  | OrderFault
  | {
      readonly kind: 'fail-requests';
      readonly count: number;
      readonly status: number;
      readonly of: RequestClass;
    }
  /** The exchange's own clock is wrong by this: its stamps, its Date header, and what it makes of signed times. */
  | { readonly kind: 'clock-skew'; readonly durationMs: number; readonly skewMs: number }
  | MarketFault;

export type RequestClass = 'reads' | 'orders' | 'all';

export type MarketDataFault =
  /** Loses one market data frame: Kalshi's seq jumps, Polymarket silently misses one price_change. */
  | { readonly kind: 'skip-sequence' }
  /** Sends one frame that is not valid protocol: `{"type":` cut in half. */
  | { readonly kind: 'garbage' }
  /** Sends the next market data frame twice. */
  | { readonly kind: 'duplicate' }
  /** Sends the next two market data frames of a connection in the wrong order. */
  | { readonly kind: 'reorder' }
  /** Destroys every WebSocket's socket without a close frame. */
  | { readonly kind: 'cut' }
  /** As cut, and every handshake of that time is refused with HTTP 502. */
  | { readonly kind: 'refuse-sockets'; readonly durationMs: number }
  /** Keeps the sockets open and sends nothing at all, no ping and no PONG; frames of that time are lost. */
  | { readonly kind: 'freeze'; readonly durationMs: number }
  /** The data stand still, their frames are lost; pings, PONGs and replies to commands go on (polymarket-api.md 8). */
  | { readonly kind: 'stall'; readonly durationMs: number }
  /** Delivers the market data frames of that time lagMs late, in order. */
  | { readonly kind: 'stale-lag'; readonly durationMs: number; readonly lagMs: number }
  /** Snapshots of that time, on sockets and by REST, are of the book as it was ageMs before. */
  | { readonly kind: 'stale-snapshots'; readonly durationMs: number; readonly ageMs: number }
  /** Kalshi: every subscription ends with a terminal error, the sockets stay open. */
  | { readonly kind: 'end-subscriptions'; readonly code: 10 | 25 };

export type OrderFault =
  /** Answers the next orders with this and does not execute them. */
  | {
      readonly kind: 'reject-orders';
      readonly count: number;
      readonly status: number;
      readonly body: string;
    }
  /** Executes the next orders and never answers them. */
  | { readonly kind: 'lose-reply'; readonly count: number }
  /** Executes the next orders, then destroys their sockets. */
  | { readonly kind: 'reset-after-accept'; readonly count: number }
  /** Destroys the sockets of the next orders, which are not executed. */
  | { readonly kind: 'reset-before-accept'; readonly count: number }
  /** Executes the next orders at once and answers them so much later. */
  | { readonly kind: 'delay-replies'; readonly count: number; readonly delayMs: number }
  /** Holds the next orders for so long before they are executed and answered. */
  | { readonly kind: 'delay-orders'; readonly count: number; readonly delayMs: number }
  /** The next orders find only so much of what they ask for: 0 to 100 percent, rounded down to what the exchange allows. */
  | { readonly kind: 'partial-fills'; readonly count: number; readonly percent: number }
  /** Polymarket: the next trades of ours go MATCHED, RETRYING, FAILED, and are taken out of the accounts. */
  | { readonly kind: 'ghost-fills'; readonly count: number }
  /** Polymarket: the next trades of ours go MATCHED, RETRYING, MINED, CONFIRMED. */
  | { readonly kind: 'retry-fills'; readonly count: number };

/** `market` is the dense index that both exchanges share. */
export type MarketFault =
  /** Kalshi: trading (no orders, cancels work) or the exchange (no cancels either) pauses (kalshi-api.md 5). */
  | { readonly kind: 'pause'; readonly durationMs: number; readonly scope: 'trading' | 'exchange' }
  /** Polymarket's modes (polymarket-api.md 4.8, 7). After a restart only resting orders are taken for as long again. */
  | {
      readonly kind: 'mode';
      readonly mode: 'restarting' | 'post-only' | 'cancel-only' | 'disabled';
      readonly durationMs: number;
    }
  /** The market's grid changes: Polymarket's tick_size_change, Kalshi's price_level_structure_updated (this step everywhere). */
  | { readonly kind: 'tick-change'; readonly market: number; readonly tickE4: number }
  /** Kalshi: the event's fee multiplier is overridden from now on (event_fee_update); null takes the override away. */
  | { readonly kind: 'fee-change'; readonly market: number; readonly multiplier: number | null }
  /** Kalshi: the market is deactivated, or active again (market_lifecycle_v2). */
  | { readonly kind: 'halt'; readonly market: number; readonly isHalted: boolean }
  /** The market takes no orders any more; Kalshi's book is sent empty, Polymarket's accepting_orders is false. */
  | { readonly kind: 'close'; readonly market: number }
  /** The market is decided: outcome 0 (YES) or 1 wins. Payouts are not booked: statements value a pair at $1 anyway. */
  | { readonly kind: 'resolve'; readonly market: number; readonly outcome: 0 | 1 };

/** Thrown by inject() for a fault that the exchange does not have, or a market that it does not list. */
export class UnsupportedFaultError extends Error {
  readonly code = 'UNSUPPORTED_FAULT';
}
