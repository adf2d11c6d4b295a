// The error words and numbers of Kalshi's REST and WebSocket interfaces, as both sides of the wire
// use them.

/** `msg.code` of a WebSocket `error` frame (kalshi-api.md 2.3). */
export const KALSHI_WS_ERROR = {
  UNABLE_TO_PROCESS: 1,
  PARAMS_REQUIRED: 2,
  CHANNELS_REQUIRED: 3,
  SIDS_REQUIRED: 4,
  UNKNOWN_COMMAND: 5,
  UNKNOWN_SID: 7,
  UNKNOWN_CHANNEL: 8,
  AUTHENTICATION_REQUIRED: 9,
  /** Terminal: the sid is dead. */
  CHANNEL_ERROR: 10,
  INVALID_PARAMETER: 11,
  EXACTLY_ONE_SID: 12,
  UNSUPPORTED_ACTION: 13,
  MARKET_TICKER_REQUIRED: 14,
  ACTION_REQUIRED: 15,
  COMMAND_TIMEOUT: 18,
  INDEX_IDS_REQUIRED: 24,
  /** Terminal: the sid is dead. */
  BUFFER_OVERFLOW: 25,
  MARKET_LIMIT: 26,
  TOO_MANY_REQUESTS: 27,
  UNDERLYING_TICKERS_REQUIRED: 28,
} as const;

export type KalshiWsErrorCode = (typeof KALSHI_WS_ERROR)[keyof typeof KALSHI_WS_ERROR];

/**
 * `code` of a REST error body (kalshi-api.md 1.2, 3.1, 3.4, 4.6). Branch on it, never on the
 * message.
 */
export const KALSHI_ERROR = {
  AUTHENTICATION: 'authentication_error',
  SIGNATURE_MISSING: 'signature_is_missing_from_headers',
  TIMESTAMP_EXPIRED: 'header_timestamp_expired',
  WS_AUTHENTICATION: 'token_authentication_failure',
  BAD_REQUEST: 'bad_request',
  INVALID_PRICE: 'invalid_price',
  INVALID_ORDER: 'invalid_order',
  INVALID_ORDER_SIZE: 'invalid_order_size',
  INVALID_PARAMETERS: 'invalid_parameters',
  INSUFFICIENT_BALANCE: 'insufficient_balance',
  AVAILABLE_BALANCE_TOO_LOW: 'available_balance_too_low',
  ORDER_ID_MISMATCH: 'order_id_and_client_order_id_mismatch',
  ORDER_SIDE_MISMATCH: 'order_side_mismatch',
  ORDER_TICKER_MISMATCH: 'order_ticker_mismatch',
  NOT_FOUND: 'not_found',
  USER_NOT_FOUND: 'user_not_found',
  MARKET_NOT_FOUND: 'market_not_found',
  ORDER_ALREADY_EXISTS: 'order_already_exists',
  FOK_INSUFFICIENT_VOLUME: 'fill_or_kill_insufficient_resting_volume',
  TRADING_PAUSED: 'trading_is_paused',
  EXCHANGE_PAUSED: 'exchange_is_paused',
  MARKET_INACTIVE: 'MARKET_INACTIVE',
  DEPRECATED_V1: 'deprecated_v1_order_endpoint',
  TOO_MANY_REQUESTS: 'too_many_requests',
} as const;

export type KalshiErrorCode = (typeof KALSHI_ERROR)[keyof typeof KALSHI_ERROR];
