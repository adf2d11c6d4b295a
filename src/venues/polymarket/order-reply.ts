// Reads what the exchange answers to an order (polymarket-api.md 4.7, 4.8). Whatever is neither a
// match nor a refusal to the letter is unknown.
import { parseDecimal } from '../../domain/decimal.js';
import { MICROS_PLACES } from '../../domain/units.js';
import type { RequestOutcome } from '../../net/order-connections.js';
import { type JsonObject, parseObject, shown } from '../json.js';
import type { LegReply } from '../orders.js';
import { refusalOf } from './refusals.js';

const TIMED_OUT_ON_THE_WAY = 408;
/** The matching engine restarts, and the rate limit: neither looks at the order (4.8, 6). */
const NOT_LOOKED_AT: readonly number[] = [425, 429];
const MAX_WHY_CHARS = 200;

/** What a reply says of the order that was posted alone. */
export function readReply(outcome: RequestOutcome, orderId: string): LegReply {
  if (outcome.kind === 'lost') return { kind: 'unknown', orderId, why: outcome.why };
  const { status, body } = outcome;
  const reply = parseObject(body);
  if (reply !== undefined) {
    if (status >= 200 && status < 300) return readAnswer(reply, orderId);
    if (typeof reply.error === 'string') return readError(reply, reply.error, status, orderId);
  }
  const why = `status=${status} body=${body.slice(0, MAX_WHY_CHARS)}`;
  return { kind: 'unknown', orderId, why };
}

/**
 * One order's part of a good reply: a match, a refusal that came with a 200, or unknown. A
 * `delayed` order was accepted and its end is not known yet: its `why` is that word alone.
 */
export function readAnswer(reply: JsonObject, orderId: string): LegReply {
  const unknown = (why: string): LegReply => ({ kind: 'unknown', orderId, why });
  const { success, errorMsg, status, orderID } = reply;
  if (success !== true || errorMsg !== '') {
    // An errorMsg without an orderID is a refusal (4.7); with one it contradicts itself.
    const isRefusal = typeof errorMsg === 'string' && errorMsg !== '' && !orderID;
    if (isRefusal && status !== 'matched') return readError(reply, errorMsg, 200, orderId);
    return unknown(`success=${shown(success)} errorMsg=${shown(errorMsg)}`);
  }
  if (orderID !== orderId) return unknown(`reply is of another order: ${shown(orderID)}`);
  if (status === 'delayed' || status === 'unmatched') return unknown(status);
  if (status !== 'matched') return unknown(`order is ${shown(status)}`);
  const { takingAmount, makingAmount } = reply;
  const filledE6 = amountOf(takingAmount);
  const costMicros = amountOf(makingAmount);
  // Matched with nothing is no match: what was filled is not known.
  if (filledE6 > 0 && costMicros > 0) {
    return { kind: 'acknowledged', orderId, filledE6, costMicros };
  }
  return unknown(`amounts ${shown(takingAmount)} and ${shown(makingAmount)}`);
}

/**
 * The texts that say that nothing was done count with any status; a 5xx with another is unknown.
 */
function readError(reply: JsonObject, error: string, status: number, orderId: string): LegReply {
  const unknown: LegReply = { kind: 'unknown', orderId, why: `status=${status} error=${error}` };
  if (error === '' || status === TIMED_OUT_ON_THE_WAY) return unknown;
  const refusal = refusalOf(error);
  if (refusal?.meaning === 'unknown') return unknown;
  if (NOT_LOOKED_AT.includes(status)) {
    return { kind: 'rejected', status, code: error, reaction: 'retry-later' };
  }
  const isClosed = status === 503 && refusal?.reaction === 'retry-later';
  if (!(status === 200 || (status >= 400 && status < 500) || isClosed)) return unknown;
  if (refusal?.meaning === 'nothing-filled') {
    return { kind: 'acknowledged', orderId, filledE6: 0, costMicros: 0 };
  }
  const code = error + waitOf(reply);
  const reaction = refusal?.reaction;
  return reaction === undefined
    ? { kind: 'rejected', status, code }
    : { kind: 'rejected', status, code, reaction };
}

/** How long the exchange says that it stays so: post-only mode does (4.8). */
function waitOf({ retry_after_seconds: seconds }: JsonObject): string {
  return typeof seconds === 'number' ? ` retry_after_seconds=${seconds}` : '';
}

function amountOf(value: unknown): number {
  return typeof value === 'string' ? parseDecimal(value, MICROS_PLACES) : Number.NaN;
}
