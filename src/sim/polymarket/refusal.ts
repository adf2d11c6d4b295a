// The texts with which the exchange refuses (polymarket-api.md 4.8), each with its HTTP status.

/** Thrown anywhere below the HTTP front, which answers `{"error":text}`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** What a refusal carries beside `error`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    text: string,
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(text);
    this.status = status;
    this.extra = extra;
    this.headers = headers;
  }
}

export const INVALID_PAYLOAD = 'Invalid order payload';
export const INVALID_SIGNATURE = 'invalid signature';
export const VERSION_MISMATCH = 'order_version_mismatch';
export const OLD_CLIENT = 'invalid order version, please use the latest clob-client';
export const WRONG_OWNER = 'the order owner has to be the owner of the API KEY';
export const WRONG_SIGNER = 'the order signer address has to be the address of the API KEY';
export const MAKER_NOT_ALLOWED = 'maker address not allowed, please use the deposit wallet flow';
export const INVALID_EXPIRATION = 'invalid expiration';
export const CROSSES_BOOK = 'invalid post-only order: order crosses book';
export const MARKET_BUY_DECIMALS =
  'the market buy orders maker amount supports a max accuracy of 2 decimals, ' +
  'taker amount a max of 5 decimals';
export const NOT_ENOUGH_BALANCE = 'not enough balance / allowance';
export const FOK_NOT_FILLED =
  "order couldn't be fully filled. FOK orders are fully filled or killed.";
export const FAK_NO_MATCH =
  'no orders found to match with FAK order. FAK orders are partially filled or killed ' +
  'if no match is found.';
export const NOT_READY = 'the market is not yet ready to process new orders';
export const RESTARTING = 'the matching engine is restarting';
export const ORDER_TIMED_OUT = 'order timed out';
export const TRADING_DISABLED = 'Trading is currently disabled. Check polymarket.com for updates';
export const CANCEL_ONLY =
  'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.';
export const POST_ONLY_MODE = 'post-only mode: only post-only orders and cancels are allowed';
export const RATE_LIMITED = 'Too Many Requests';
export const INVALID_API_KEY = 'Unauthorized/Invalid api key';
export const INVALID_L1_HEADERS = 'Invalid L1 Request headers';
export const NO_ORDERBOOK = 'No orderbook exists for the requested token id';
export const INVALID_TOKEN = 'Invalid token id';
export const INVALID_SIDE = 'Invalid side';
export const BAD_PAYLOAD = 'Invalid payload';
export const INVALID_ASSET_TYPE = 'Invalid asset type';
export const INVALID_SIGNATURE_TYPE = 'Invalid signature_type';
export const ALREADY_CLOSED = 'already canceled or matched';
export const UNKNOWN_ORDER = "the order couldn't be found or is already canceled";
export const CANCEL_HELD = 'cannot cancel because the order is in pending/delayed status';
export const INVALID_ORDER_ID = 'Invalid orderID';
export const PAYLOAD_TOO_LARGE = 'Payload exceeds the limit';

export function offTick(id: string, price: string, tick: string): string {
  return `order ${id} is invalid. Price (${price}) breaks minimum tick size rule: ${tick}`;
}

export function belowMinimum(id: string, size: string, minimum: string): string {
  return `order ${id} is invalid. Size (${size}) lower than the minimum: ${minimum}`;
}

export function duplicated(id: string): string {
  return `order ${id} is invalid. Duplicated.`;
}

export function belowMinimumNotional(side: string, dollars: string): string {
  return `invalid amount for a marketable ${side} order ($${dollars}), min size: $1`;
}

export function tooManyOrders(count: number, maximum: number): string {
  return `Too many orders in payload: ${count}, max allowed: ${maximum}`;
}

export function crossesBook(id: string): string {
  return `order ${id} crosses the book`;
}

export function banned(address: string): string {
  return `'${address}' address banned`;
}

export function closedOnly(address: string): string {
  return `'${address}' address in closed only mode`;
}
