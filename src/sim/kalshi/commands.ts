// Reads a WebSocket command (kalshi-api.md 2.2) and names the error of one that is not right. It
// must not know sessions.
import {
  KALSHI_WS_ERROR as ERROR,
  type KalshiWsErrorCode,
} from '../../venues/kalshi/wire/error-codes.js';
import {
  KALSHI_CHANNELS,
  KALSHI_UPDATE_ACTIONS,
  type KalshiChannel,
  type KalshiUpdateAction,
} from '../../venues/kalshi/wire/ws-messages.js';

export interface SubscribeCommand {
  readonly cmd: 'subscribe';
  readonly channels: readonly KalshiChannel[];
  /** undefined: no filter. */
  readonly tickers: readonly string[] | undefined;
  readonly useYesPrice: boolean;
  readonly sendInitialSnapshot: boolean;
  readonly skipTickerAck: boolean;
}

export interface UpdateCommand {
  readonly cmd: 'update_subscription';
  readonly sid: number;
  readonly action: KalshiUpdateAction;
  readonly tickers: readonly string[];
  readonly sendInitialSnapshot: boolean;
}

export type Command =
  | SubscribeCommand
  | UpdateCommand
  | { readonly cmd: 'unsubscribe'; readonly sids: readonly number[] }
  | { readonly cmd: 'list_subscriptions' };

export interface CommandError {
  readonly cmd: 'error';
  readonly code: KalshiWsErrorCode;
}

export interface ParsedCommand {
  /** undefined: the reply has no id either. */
  readonly id: number | undefined;
  readonly command: Command | CommandError;
}

/**
 * Channels of prices that markets are about. They are not simulated, only what they ask for first
 * (kalshi-api.md 2.3).
 */
const INDEX_CHANNELS = [
  ['cfbenchmarks_value', 'index_ids', ERROR.INDEX_IDS_REQUIRED],
  ['cfbenchmarks_value_5hz', 'index_ids', ERROR.INDEX_IDS_REQUIRED],
  ['pyth_value', 'underlying_tickers', ERROR.UNDERLYING_TICKERS_REQUIRED],
] as const;

type Json = Readonly<Record<string, unknown>>;

/** What January 2026 did not have yet (kalshi-api.md 0). */
const LATER_CHANNEL: KalshiChannel = 'user_orders';
const LATER_ACTION: KalshiUpdateAction = 'get_snapshot';

export function parseCommand(text: string, isLegacy: boolean): ParsedCommand {
  const parsed = parse(text);
  const { id, command } = parsed;
  if (!isLegacy) return parsed;
  if (command.cmd === 'subscribe' && command.channels.includes(LATER_CHANNEL)) {
    return { id, command: error(ERROR.UNKNOWN_CHANNEL) };
  }
  return command.cmd === 'update_subscription' && command.action === LATER_ACTION
    ? { id, command: error(ERROR.UNSUPPORTED_ACTION) }
    : parsed;
}

function parse(text: string): ParsedCommand {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { id: undefined, command: error(ERROR.UNABLE_TO_PROCESS) };
  }
  if (!isObject(value)) return { id: undefined, command: error(ERROR.UNABLE_TO_PROCESS) };
  const { id, cmd, params } = value;
  if (id !== undefined && !(Number.isSafeInteger(id) && (id as number) >= 0)) {
    return { id: undefined, command: error(ERROR.UNABLE_TO_PROCESS) };
  }
  const replyId = id === 0 ? undefined : (id as number | undefined);
  return { id: replyId, command: readCommand(cmd, params) };
}

function readCommand(cmd: unknown, params: unknown): Command | CommandError {
  switch (cmd) {
    case 'list_subscriptions':
      return { cmd };
    case 'subscribe':
      return isObject(params) ? readSubscribe(params) : error(ERROR.PARAMS_REQUIRED);
    case 'unsubscribe':
      return isObject(params) ? readUnsubscribe(params) : error(ERROR.PARAMS_REQUIRED);
    case 'update_subscription':
      return isObject(params) ? readUpdate(params) : error(ERROR.PARAMS_REQUIRED);
    default:
      return error(ERROR.UNKNOWN_COMMAND);
  }
}

function readSubscribe(params: Json): Command | CommandError {
  const { channels } = params;
  if (!Array.isArray(channels) || channels.length === 0) return error(ERROR.CHANNELS_REQUIRED);
  for (const [channel, field, code] of INDEX_CHANNELS) {
    if (channels.includes(channel) && !Array.isArray(params[field])) return error(code);
  }
  const known = KALSHI_CHANNELS.filter((channel) => channels.includes(channel));
  if (known.length !== new Set(channels).size) return error(ERROR.UNKNOWN_CHANNEL);
  const tickers = readTickers(params);
  if (tickers === INVALID) return error(ERROR.INVALID_PARAMETER);
  if (known.includes('orderbook_delta') && (tickers ?? []).length === 0) {
    return error(ERROR.MARKET_TICKER_REQUIRED);
  }
  for (const flag of ['use_yes_price', 'send_initial_snapshot', 'skip_ticker_ack']) {
    if (!['boolean', 'undefined'].includes(typeof params[flag])) {
      return error(ERROR.INVALID_PARAMETER);
    }
  }
  return {
    cmd: 'subscribe',
    channels: known,
    tickers,
    useYesPrice: params.use_yes_price === true,
    sendInitialSnapshot: params.send_initial_snapshot === true,
    skipTickerAck: params.skip_ticker_ack === true,
  };
}

function readUnsubscribe({ sids }: Json): Command | CommandError {
  if (!Array.isArray(sids) || sids.length === 0) return error(ERROR.SIDS_REQUIRED);
  return sids.every(Number.isSafeInteger)
    ? { cmd: 'unsubscribe', sids }
    : error(ERROR.INVALID_PARAMETER);
}

function readUpdate(params: Json): Command | CommandError {
  const { sid, sids, action } = params;
  if (sid === undefined && sids === undefined) return error(ERROR.SIDS_REQUIRED);
  const named = [...(sid === undefined ? [] : [sid]), ...(Array.isArray(sids) ? sids : [])];
  if (named.length !== 1) return error(ERROR.EXACTLY_ONE_SID);
  if (!Number.isSafeInteger(named[0])) return error(ERROR.INVALID_PARAMETER);
  if (action === undefined) return error(ERROR.ACTION_REQUIRED);
  const known = KALSHI_UPDATE_ACTIONS.find((word) => word === action);
  if (known === undefined) return error(ERROR.UNSUPPORTED_ACTION);
  const tickers = readTickers(params);
  if (tickers === INVALID) return error(ERROR.INVALID_PARAMETER);
  if (tickers === undefined) return error(ERROR.MARKET_TICKER_REQUIRED);
  return {
    cmd: 'update_subscription',
    sid: named[0] as number,
    action: known,
    tickers,
    sendInitialSnapshot: params.send_initial_snapshot === true,
  };
}

const INVALID = Symbol('tickers that are not strings');

/** `market_ticker` and `market_tickers` together, each once; undefined when neither is there. */
function readTickers(params: Json): readonly string[] | undefined | typeof INVALID {
  const { market_ticker: one, market_tickers: many } = params;
  if (one === undefined && many === undefined) return undefined;
  if (many !== undefined && !Array.isArray(many)) return INVALID;
  const tickers: unknown[] = [...(one === undefined ? [] : [one]), ...(many ?? [])];
  if (!tickers.every((ticker) => typeof ticker === 'string')) return INVALID;
  return [...new Set(tickers as string[])];
}

function error(code: KalshiWsErrorCode): CommandError {
  return { cmd: 'error', code };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
