// What each of the exchange's refusals means for the order that it answers (polymarket-api.md 4.5,
// 4.8), in one table; it must not know how the engine carries that out.
import type { LegReply } from '../orders.js';

/**
 * - refused: nothing was done.
 * - nothing-filled: the order was taken, found nothing, and is gone.
 * - unknown: the order may be alive or may have traded. It is looked up, never sent again.
 */
type Meaning = 'refused' | 'nothing-filled' | 'unknown';

export interface Refusal {
  /** In lower case; a refusal is known by containing it. */
  readonly text: string;
  readonly meaning: Meaning;
  readonly reaction?: NonNullable<Extract<LegReply, { kind: 'rejected' }>['reaction']>;
}

/**
 * The contract versions differ: nothing was done, GET /version says what the exchange wants now.
 */
export const VERSION_MISMATCH_TEXT = 'order_version_mismatch';

/**
 * In this order: a text of the first part decides although one of the others is in it as well.
 * `stop`: no order of ours is taken until a person looks. `rest-market`: this market's terms are
 * not those that we know. `retry-later`: the exchange takes no orders now.
 */
export const REFUSALS: readonly Refusal[] = [
  { text: 'duplicated', meaning: 'unknown' },
  { text: 'delayed', meaning: 'unknown' },
  { text: 'timed out', meaning: 'unknown' },
  { text: 'context canceled', meaning: 'unknown' },
  { text: 'there are no matching orders', meaning: 'unknown' },
  { text: 'the trade contains rounding issues', meaning: 'unknown' },
  {
    text: "the price of the taker's order has a discrepancy greater than allowed",
    meaning: 'unknown',
  },

  { text: 'no orders found to match with fak order', meaning: 'nothing-filled' },
  { text: "order couldn't be fully filled. fok orders", meaning: 'nothing-filled' },

  { text: 'trading is currently disabled', meaning: 'refused', reaction: 'retry-later' },
  { text: 'trading is currently cancel-only', meaning: 'refused', reaction: 'retry-later' },
  { text: 'post-only mode', meaning: 'refused', reaction: 'retry-later' },
  { text: VERSION_MISMATCH_TEXT, meaning: 'refused', reaction: 'retry-later' },

  { text: 'breaks minimum tick size rule', meaning: 'refused', reaction: 'rest-market' },
  { text: 'lower than the minimum', meaning: 'refused', reaction: 'rest-market' },
  { text: 'invalid amount for a marketable', meaning: 'refused', reaction: 'rest-market' },
  { text: 'max accuracy of', meaning: 'refused', reaction: 'rest-market' },
  { text: 'not yet ready to process new orders', meaning: 'refused', reaction: 'rest-market' },
  { text: 'no orderbook exists', meaning: 'refused', reaction: 'rest-market' },
  { text: 'invalid token id', meaning: 'refused', reaction: 'rest-market' },
  { text: 'order crosses book', meaning: 'refused', reaction: 'rest-market' },
  { text: 'crosses the book', meaning: 'refused', reaction: 'rest-market' },
  { text: 'invalid expiration', meaning: 'refused', reaction: 'stop' },
  { text: 'canceled in the ctf exchange contract', meaning: 'refused', reaction: 'rest-market' },

  { text: 'invalid order version', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid order payload', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid signature_type', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid signature', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid nonce', meaning: 'refused', reaction: 'stop' },
  { text: 'order owner has to be the owner of the api key', meaning: 'refused', reaction: 'stop' },
  {
    text: 'order signer address has to be the address of the api key',
    meaning: 'refused',
    reaction: 'stop',
  },
  { text: 'address banned', meaning: 'refused', reaction: 'stop' },
  { text: 'address in closed only mode', meaning: 'refused', reaction: 'stop' },
  { text: 'maker address not allowed', meaning: 'refused', reaction: 'stop' },
  { text: 'too many orders in payload', meaning: 'refused', reaction: 'stop' },
  { text: 'not enough balance / allowance', meaning: 'refused', reaction: 'stop' },
  { text: 'unauthorized/invalid api key', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid l1 request headers', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid side', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid payload', meaning: 'refused', reaction: 'stop' },
  { text: 'payload exceeds the limit', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid orderid', meaning: 'refused', reaction: 'stop' },
  { text: 'invalid asset type', meaning: 'refused', reaction: 'stop' },
];

/** The row of the table that this text is one of, in any case; undefined for one not heard of. */
export function refusalOf(error: string): Refusal | undefined {
  const text = error.toLowerCase();
  return REFUSALS.find((refusal) => text.includes(refusal.text));
}
