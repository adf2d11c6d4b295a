// One market of a connection: two tokens' books and whether they are to be believed together. Knows
// no frames and no connection.
import { PAYOUT_E4 } from '../../domain/units.js';
import {
  REASON_BEST_MISMATCH,
  REASON_CLOSED,
  REASON_NO_SNAPSHOT,
  REASON_OWN_UNDERROUND,
  REASON_TERMS_CHANGED,
  REASON_TRUSTED,
  REASON_UNCONFIRMED,
} from '../feed.js';
import type { HashedTerms, HashedToken } from './hash-check.js';
import type { TokenBook } from './token-book.js';

export interface MarketBook {
  readonly market: number;
  readonly tokens: readonly [Token, Token];
  readonly terms: HashedTerms;
  reason: number;
  sinceNs: number;
  repairs: number;
  /** A new connection did not mend it. It must not cost the other markets another one. */
  isHopeless: boolean;
  /**
   * A book alone does not prove that it is current. What does: best prices that were stated after
   * it, which it must have; or a second book, see Again.
   */
  isConfirmed: boolean;
  again: Again;
  /** Of its two books that were asked for once more, those that have not come. */
  awaited: number;
}

/**
 * Why a book that is here was asked for once more. `witness`: with a book of which something newer
 * was told since the first ones came; when that has it, no book that came with it is older than the
 * stream of changes. `quiet`: nothing was told for long; the same book once more is current.
 */
export type Again = 'no' | 'witness' | 'quiet';

export interface Token {
  readonly book: TokenBook;
  readonly check: HashedToken;
}

/** Whether both tokens' books are what the exchange last said they are. @hot */
export function judge(market: MarketBook): number {
  if (isRetired(market)) return market.reason;
  const yes = market.tokens[0].book;
  const no = market.tokens[1].book;
  if (!hasBooks(market)) return REASON_NO_SNAPSHOT;
  if (!yes.agrees() || !no.agrees()) return REASON_BEST_MISMATCH;
  // Asks are kept as complements: their sum above 1 is YES + NO below 1.
  if (yes.asks.bestPriceE4() + no.asks.bestPriceE4() > PAYOUT_E4) return REASON_OWN_UNDERROUND;
  return market.isConfirmed ? REASON_TRUSTED : REASON_UNCONFIRMED;
}

/** Both tokens' books came since they were last asked for. @hot */
export function hasBooks({ tokens: [yes, no] }: MarketBook): boolean {
  return yes.book.hasSnapshot && no.book.hasSnapshot;
}

/** Both books are here and agree with all that was told, which is nothing yet. */
export function isUnconfirmed(market: MarketBook): boolean {
  return market.reason === REASON_UNCONFIRMED && hasBooks(market);
}

/** Its reason stays until somebody else says so. */
export function isRetired({ reason }: MarketBook): boolean {
  return reason === REASON_TERMS_CHANGED || reason === REASON_CLOSED;
}
