// What the two simulated exchanges have in common as servers: how they are started, watched, broken on purpose and stopped.
import type { Accounts } from './accounts.js';
import type { MatchingEngine } from './exchange.js';

export interface SimServer {
  readonly port: number;
  /** Without a trailing slash, as the exchange's documents give it. */
  readonly restUrl: string;
  readonly wsUrl: string;
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

export type Fault =
  /** Loses one market data frame: Kalshi's seq jumps, Polymarket silently misses one price_change. */
  | { readonly kind: 'skip-sequence' }
  /** Sends one frame that is not valid protocol: `{"type":` cut in half. */
  | { readonly kind: 'garbage' }
  /** Destroys every WebSocket's socket without a close frame. */
  | { readonly kind: 'cut' }
  /** Keeps the sockets open and sends nothing at all, no ping and no PONG; frames of that time are lost. */
  | { readonly kind: 'freeze'; readonly durationMs: number }
  /** Delivers the market data frames of that time lagMs late, in order. */
  | { readonly kind: 'stale-lag'; readonly durationMs: number; readonly lagMs: number }
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
  | { readonly kind: 'reset-before-accept'; readonly count: number };
