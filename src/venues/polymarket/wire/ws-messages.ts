// Messages of the market and the user socket (polymarket-api.md 8 and 9). A frame is one message or
// an array of them.
import type { OrderType } from './order-body.js';
import type { OrderSideName } from './order-hash.js';
import type { OpenOrderStatus, TradeRecord } from './rest-messages.js';

/** Text, not JSON: the client's every 10 s, and its answer. */
export const PING = 'PING';
export const PONG = 'PONG';
/** The answer to a subscription that adds nothing. */
export const NO_NEW_ASSETS = 'NO NEW ASSETS';

export const MARKET_SOCKET_PATH = '/ws/market';
export const USER_SOCKET_PATH = '/ws/user';

export interface UserOrderMessage {
  readonly event_type: 'order';
  readonly type: 'PLACEMENT' | 'UPDATE' | 'CANCELLATION';
  readonly id: string;
  readonly owner: string;
  readonly order_owner: string;
  readonly market: string;
  readonly asset_id: string;
  readonly side: OrderSideName;
  readonly original_size: string;
  readonly size_matched: string;
  readonly price: string;
  readonly associate_trades: readonly string[] | null;
  readonly outcome: string;
  readonly status: OpenOrderStatus;
  readonly order_type: OrderType;
  readonly created_at: string;
  readonly expiration: string;
  readonly maker_address: string;
  readonly timestamp: string;
}

export interface UserTradeMessage extends TradeRecord {
  readonly event_type: 'trade';
  readonly type: 'TRADE';
  readonly trade_owner: string;
  readonly timestamp: string;
}

export type UserMessage = UserOrderMessage | UserTradeMessage;
