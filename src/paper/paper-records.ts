// What the paper exchange remembers beyond the process: every order with its trades, what became of trades later, and what it has taken
// of the books. Pairs are named: their indices change from run to run.
import type { Outcome, Venue } from '../domain/venue.js';
import type { Level } from './ladder.js';

export interface PaperTrade {
  readonly tradeId: string;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
}

export type PaperRecord =
  | {
      readonly t: 'order';
      /** Wall clock of its matching. */
      readonly atMs: number;
      readonly venue: Venue;
      readonly pair: string;
      /** Kalshi's; 0 on Polymarket. */
      readonly shard: number;
      readonly outcome: Outcome;
      readonly clientOrderId: string;
      readonly orderId: string;
      readonly reply: 'acknowledged' | 'rejected' | 'unknown';
      readonly trades: readonly PaperTrade[];
      /** Of the displayed levels. */
      readonly taken: readonly Level[];
      /** When its trades become final, or fail; 0: they are final. */
      readonly settlesMs: number;
      readonly fails: boolean;
    }
  | { readonly t: 'settled'; readonly orderId: string }
  | { readonly t: 'taken'; readonly sides: readonly TakenSide[] };

export interface TakenSide {
  readonly venue: Venue;
  readonly pair: string;
  readonly outcome: Outcome;
  readonly levels: readonly Level[];
}

export type PaperOrderRecord = Extract<PaperRecord, { t: 'order' }>;
