// What each of Kalshi's refusals means for the order that it answers (kalshi-api.md 1.2, 3.1, 3.4,
// 4.6), in one table; it must not know how the engine carries that out.
import { isObject, type JsonObject } from '../json.js';
import type { Reaction } from '../orders.js';
import { KALSHI_ERROR, type KalshiErrorCode } from './wire/error-codes.js';

/**
 * - refused: nothing was done, and the next order may be tried.
 * - refused-rest-market: nothing was done; not this market again until its terms are read anew.
 * - refused-stop: nothing was done, and no order of ours will be taken until a person looks.
 * - resign: nothing was done; our clock or our signature is old.
 * - unknown: something may have been done. It is looked up, never sent again.
 */
export type KalshiReaction =
  | 'refused'
  | 'refused-rest-market'
  | 'refused-stop'
  | 'resign'
  | 'unknown';

const REACTIONS: Readonly<Record<KalshiErrorCode, KalshiReaction>> = {
  [KALSHI_ERROR.AUTHENTICATION]: 'refused-stop',
  [KALSHI_ERROR.SIGNATURE_MISSING]: 'refused-stop',
  [KALSHI_ERROR.WS_AUTHENTICATION]: 'refused-stop',
  [KALSHI_ERROR.TIMESTAMP_EXPIRED]: 'resign',
  /** The JSON itself is wrong, and so would be the next one's. */
  [KALSHI_ERROR.BAD_REQUEST]: 'refused-stop',
  /** Off the grid: the market was regridded since its terms were read (4.3). */
  [KALSHI_ERROR.INVALID_PRICE]: 'refused-rest-market',
  [KALSHI_ERROR.INVALID_ORDER]: 'refused-rest-market',
  [KALSHI_ERROR.INVALID_ORDER_SIZE]: 'refused-rest-market',
  [KALSHI_ERROR.INVALID_PARAMETERS]: 'refused-rest-market',
  [KALSHI_ERROR.INSUFFICIENT_BALANCE]: 'refused-stop',
  [KALSHI_ERROR.AVAILABLE_BALANCE_TOO_LOW]: 'refused-stop',
  /** Said of an amend: its order is not the one that we think it is. */
  [KALSHI_ERROR.ORDER_ID_MISMATCH]: 'refused-rest-market',
  [KALSHI_ERROR.ORDER_SIDE_MISMATCH]: 'refused-rest-market',
  [KALSHI_ERROR.ORDER_TICKER_MISMATCH]: 'refused-rest-market',
  [KALSHI_ERROR.NOT_FOUND]: 'refused-rest-market',
  /** The account holds nothing on the market's shard. */
  [KALSHI_ERROR.USER_NOT_FOUND]: 'refused-rest-market',
  [KALSHI_ERROR.MARKET_NOT_FOUND]: 'refused-rest-market',
  /** One with this id got through before: look it up (7.1). */
  [KALSHI_ERROR.ORDER_ALREADY_EXISTS]: 'unknown',
  [KALSHI_ERROR.FOK_INSUFFICIENT_VOLUME]: 'refused',
  /** Also said of a single halted market (5). */
  [KALSHI_ERROR.TRADING_PAUSED]: 'refused-rest-market',
  [KALSHI_ERROR.EXCHANGE_PAUSED]: 'refused-rest-market',
  [KALSHI_ERROR.MARKET_INACTIVE]: 'refused-rest-market',
  [KALSHI_ERROR.DEPRECATED_V1]: 'refused-stop',
  [KALSHI_ERROR.TOO_MANY_REQUESTS]: 'refused',
};

/**
 * The words after a market's end are not confirmed (3.4, 8): any that say so of a market end it.
 */
const MARKET_ENDED =
  /^market_(is_)?(inactive|not_active|closed|paused|halted|determined|settled)$/i;

/** What a refusal says: its HTTP status and the code of any of the four error shapes. */
export interface KalshiRefusal {
  readonly status: number;
  readonly code: string;
  readonly reaction: Exclude<KalshiReaction, 'unknown'>;
}

/**
 * What an error reply means. 5xx and 408 say nothing about the order whatever their body says; else
 * a known code decides, then a status whose meaning does not hang on the code. A body without a
 * code is not the exchange's word.
 */
export function reactionTo(status: number, code: string | undefined): KalshiReaction {
  if (status < 400 || status >= 500 || status === 408 || code === undefined) return 'unknown';
  const known = reactionToCode(code);
  if (known !== undefined) return known;
  switch (status) {
    case 401:
    case 403:
    case 410:
      return 'refused-stop';
    case 409:
      return 'unknown';
    case 429:
      return 'refused';
    default:
      return 'refused-rest-market';
  }
}

/**
 * For an error inside a reply, which has no status of its own: undefined for a code that is not
 * known.
 */
export function reactionToCode(code: string): KalshiReaction | undefined {
  if (Object.hasOwn(REACTIONS, code)) return REACTIONS[code as KalshiErrorCode];
  return MARKET_ENDED.test(code) ? 'refused-rest-market' : undefined;
}

/** The refusal that a reply is, or undefined when it does not clearly say that nothing was done. */
export function refusalOf(
  status: number,
  reply: JsonObject | undefined,
): KalshiRefusal | undefined {
  const code = errorCode(reply);
  const reaction = reactionTo(status, code);
  return code === undefined || reaction === 'unknown' ? undefined : { status, code, reaction };
}

/** The engine's word for a reaction; a new signature is made anyway before the next order. */
export function legReaction(reaction: KalshiRefusal['reaction']): Reaction {
  switch (reaction) {
    case 'refused':
    case 'resign':
      return 'retry-later';
    case 'refused-rest-market':
      return 'rest-market';
    case 'refused-stop':
      return 'stop';
  }
}

/** The code of any of the four error shapes (kalshi-api.md 3.4), undefined when there is none. */
export function errorCode(reply: JsonObject | undefined): string | undefined {
  if (reply === undefined) return undefined;
  const error = reply.error;
  if (typeof error === 'string') return error;
  if (isObject(error) && typeof error.code === 'string') return error.code;
  if (typeof reply.code === 'string') return reply.code;
  return typeof reply.msg === 'string' ? reply.msg : undefined;
}
