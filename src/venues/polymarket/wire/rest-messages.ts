// Bodies of the CLOB's REST replies (polymarket-api.md 4.7 to 4.12). Numbers are text unless the
// type says otherwise.
import type { OrderType } from './order-body.js';
import type { OrderSideName } from './order-hash.js';

export type OrderStatus = 'live' | 'matched' | 'delayed' | 'unmatched';

/** Answer of POST /order, and of each leg of POST /orders (4.7). */
export interface OrderReply {
  readonly success: boolean;
  readonly errorMsg: string;
  readonly orderID: string;
  readonly status: OrderStatus | '';
  /** Decimal text, "" for an order that only rests. */
  readonly takingAmount: string;
  readonly makingAmount: string;
  readonly tradeIDs?: readonly string[];
  readonly transactionsHashes?: readonly string[];
}

/** GET /clob-markets/{conditionId} (4.12): the numbers are JSON numbers. */
export interface ClobMarketInfo {
  readonly c: string;
  readonly t: readonly { readonly t: string; readonly o: string }[];
  readonly mts: number;
  readonly mos: number;
  readonly nr: boolean;
  readonly fd: { readonly r: number; readonly e: number; readonly to: boolean };
  readonly mbf: number;
  readonly tbf: number;
  readonly r: null;
  readonly ao: boolean;
  /** Game start, ISO time. */
  readonly gst?: string;
  readonly sd: number;
  readonly cbos: boolean;
  readonly rfqe: boolean;
  readonly itode: boolean;
  readonly ibce: boolean;
  readonly v: 'v1' | 'v2';
}

export interface CancelReply {
  readonly canceled: readonly string[];
  /** Reason by order id. */
  readonly not_canceled: Readonly<Record<string, string>>;
}

/** A page of GET /data/orders or /data/trades; the first cursor is MA==, LTE= ends. */
export interface Page<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string;
  readonly limit: number;
  readonly count: number;
}

export const FIRST_CURSOR = 'MA==';
export const END_CURSOR = 'LTE=';

export type OpenOrderStatus =
  | 'LIVE'
  | 'MATCHED'
  | 'CANCELED'
  | 'CANCELED_MARKET_RESOLVED'
  | 'DELAYED'
  | 'UNMATCHED';

/** 4.10. */
export interface OpenOrder {
  readonly id: string;
  readonly status: OpenOrderStatus;
  readonly owner: string;
  readonly maker_address: string;
  readonly market: string;
  readonly asset_id: string;
  readonly side: OrderSideName;
  readonly original_size: string;
  readonly size_matched: string;
  readonly price: string;
  readonly associate_trades: readonly string[];
  readonly outcome: string;
  /** Unix seconds. */
  readonly created_at: number;
  readonly expiration: string;
  readonly order_type: OrderType;
}

export type TradeStatus = 'MATCHED' | 'MINED' | 'CONFIRMED' | 'RETRYING' | 'FAILED';

export interface MakerOrder {
  readonly order_id: string;
  readonly owner: string;
  readonly maker_address: string;
  readonly matched_amount: string;
  readonly price: string;
  readonly fee_rate_bps: string;
  readonly asset_id: string;
  readonly outcome: string;
  readonly outcome_index: number;
  readonly side: OrderSideName;
}

/** 4.10: the top level is the taker's; a maker finds itself in maker_orders. */
export interface TradeRecord {
  readonly id: string;
  readonly taker_order_id: string;
  readonly market: string;
  readonly asset_id: string;
  readonly side: OrderSideName;
  readonly size: string;
  readonly fee_rate_bps: string;
  readonly price: string;
  readonly status: TradeStatus;
  readonly match_time: string;
  readonly last_update: string;
  readonly outcome: string;
  readonly bucket_index: number;
  readonly owner: string;
  readonly maker_address: string;
  readonly maker_orders: readonly MakerOrder[];
  readonly transaction_hash: string;
  readonly trader_side: 'TAKER' | 'MAKER';
}
