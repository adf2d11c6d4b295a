// What each of Kalshi's WebSocket errors means for the command that it answers and for the
// connection (kalshi-api.md 2.3), in one table; it must not know how the session carries that out.
import { KALSHI_WS_ERROR } from './wire/error-codes.js';

/**
 * - new-connection: what we subscribed to is dead, and nothing on this connection brings it back.
 * - subscribe-again: the exchange has forgotten the sid; a new one is asked for on the same
 *   connection.
 * - leave-out: some tickers of the command are wrong, and have spoilt it for the others.
 * - smaller: the command had too many markets. Fewer at a time, later.
 * - slower: too many commands, or none is served just now. The same again, later.
 * - refused: the command is wrong and would be wrong again. A connection that cannot get its books
 *   is given up.
 */
export type WsErrorReaction =
  | 'new-connection'
  | 'subscribe-again'
  | 'leave-out'
  | 'smaller'
  | 'slower'
  | 'refused';

const REACTIONS: Readonly<Record<number, WsErrorReaction>> = {
  [KALSHI_WS_ERROR.UNABLE_TO_PROCESS]: 'refused',
  [KALSHI_WS_ERROR.PARAMS_REQUIRED]: 'refused',
  [KALSHI_WS_ERROR.CHANNELS_REQUIRED]: 'refused',
  [KALSHI_WS_ERROR.SIDS_REQUIRED]: 'refused',
  [KALSHI_WS_ERROR.UNKNOWN_COMMAND]: 'refused',
  [KALSHI_WS_ERROR.UNKNOWN_SID]: 'subscribe-again',
  [KALSHI_WS_ERROR.UNKNOWN_CHANNEL]: 'refused',
  /** The handshake is what authenticates: only a new one can mend it. */
  [KALSHI_WS_ERROR.AUTHENTICATION_REQUIRED]: 'new-connection',
  [KALSHI_WS_ERROR.CHANNEL_ERROR]: 'new-connection',
  [KALSHI_WS_ERROR.INVALID_PARAMETER]: 'leave-out',
  [KALSHI_WS_ERROR.EXACTLY_ONE_SID]: 'refused',
  [KALSHI_WS_ERROR.UNSUPPORTED_ACTION]: 'refused',
  [KALSHI_WS_ERROR.MARKET_TICKER_REQUIRED]: 'refused',
  [KALSHI_WS_ERROR.ACTION_REQUIRED]: 'refused',
  [KALSHI_WS_ERROR.COMMAND_TIMEOUT]: 'slower',
  [KALSHI_WS_ERROR.BUFFER_OVERFLOW]: 'new-connection',
  [KALSHI_WS_ERROR.MARKET_LIMIT]: 'smaller',
  [KALSHI_WS_ERROR.TOO_MANY_REQUESTS]: 'slower',
};

/**
 * Codes of channels and parameters that we do not use, retired ones (6, 16, 17) and new ones are
 * plain refusals.
 */
export function wsReactionTo(code: number): WsErrorReaction {
  return REACTIONS[code] ?? 'refused';
}
