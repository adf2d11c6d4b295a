// What sending an order is to the engine, on every exchange: prepared, written once, and answered
// by one of three kinds of truth.
import type { Outcome, Venue } from '../domain/venue.js';

/**
 * One leg of an arbitrage, or what evens one out: an immediate-or-cancel BUY. Reused by the executor: a gateway keeps
 * nothing of it.
 */
export interface LegOrder {
  clientOrderId: string;
  /** Dense index of the market: its pair. */
  market: number;
  outcome: Outcome;
  sizeCenti: number;
  /** Worst price, of the outcome that is bought. */
  limitE4: number;
  /** What the leg costs at the prices seen; Polymarket orders are sized by it. */
  spendMicros: number;
}

/** What a refusal says of the next order: it may be sent, the market rests, or nothing more is opened. */
export type Reaction = 'retry-later' | 'rest-market' | 'stop';

/** `unknown` is not "not filled": the order may have traded, and only looking will tell. */
export type LegReply =
  | {
      readonly kind: 'acknowledged';
      readonly orderId: string;
      readonly filledE6: number;
      /** undefined where the exchange does not say; fills do. */
      readonly costMicros: number | undefined;
    }
  | {
      readonly kind: 'rejected';
      readonly status: number;
      readonly code: string;
      /** What the refusal says of the next order; undefined where the gateway does not know. */
      readonly reaction?: Reaction;
    }
  | { readonly kind: 'unknown'; readonly orderId: string | undefined; readonly why: string }
  | { readonly kind: 'not-written'; readonly why: string };

/** One fill of one of our orders, as the exchange's private stream or its lists report it. */
export interface VenueFill {
  readonly venue: Venue;
  /** Tells two reports of one fill apart from two fills. */
  readonly tradeId: string;
  readonly orderId: string;
  readonly clientOrderId: string | undefined;
  readonly market: number;
  readonly outcome: Outcome;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
  /** A provisional fill can still fail on chain (polymarket-api.md 9). */
  readonly state: 'provisional' | 'final' | 'failed';
}

export interface OrderGateway {
  readonly venue: Venue;
  /** Opens and warms connections, makes the first signature. */
  start(): Promise<void>;
  /**
   * Builds the request's bytes and signature. Throws nothing; a code below 0 is why it cannot be sent. A rehearsal is built by the
   * same code, signed by nobody where the signature has the order in it, and then written to nobody. @hot
   */
  prepare(order: LegOrder, isRehearsal?: boolean): number;
  /** The exchange's id of what was prepared, where it is known before it is sent; '' where it is not. */
  readonly preparedId: string;
  /**
   * Whether a write() now would find a connection and the exchange's limit would still let an exit through: asked of both exchanges before
   * an arbitrage's first order is written. @hot
   */
  readonly canOpen: boolean;
  /** Whether a write() now would find a connection. @hot */
  readonly canWrite: boolean;
  /** Why canOpen or canWrite is false, for a person. */
  readonly obstacle: string;
  /**
   * Writes what was prepared, once. Returns when its bytes were with the socket, or NOT_WRITTEN
   * (below 0), and then onReply is not called. It is never called within write() itself, nor of a
   * rehearsal. @hot
   */
  write(onReply: (reply: LegReply, answeredNs: number) => void): number;
  close(): Promise<void>;
}

export const PREPARED = 0;
