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
export const INVALID_API_KEY = 'Unauthorized/Invalid api key';
export const INVALID_L1_HEADERS = 'Invalid L1 Request headers';
export const NO_ORDERBOOK = 'No orderbook exists for the requested token id';
export const INVALID_TOKEN = 'Invalid token id';
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
