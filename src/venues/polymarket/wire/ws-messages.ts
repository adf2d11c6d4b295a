// Messages of the market and the user socket (polymarket-api.md 8 and 9). A frame is one message or
// an array of them.
import type { OrderType } from './order-body.js';
import type { OrderSideName } from './order-hash.js';
import type { LevelMessage, OpenOrderStatus, TradeRecord } from './rest-messages.js';

/** Text, not JSON: the client's every 10 s, and its answer. */
export const PING = 'PING';
export const PONG = 'PONG';
/** The answer to a subscription that adds nothing. */
export const NO_NEW_ASSETS = 'NO NEW ASSETS';

export const MARKET_SOCKET_PATH = '/ws/market';
export const USER_SOCKET_PATH = '/ws/user';

export interface MarketSubscribe {
  readonly type: 'market';
  readonly assets_ids: readonly string[];
  readonly custom_feature_enabled?: boolean;
  readonly initial_dump?: boolean;
  readonly level?: 1 | 2 | 3;
}

export interface MarketChange {
  readonly operation: 'subscribe' | 'unsubscribe';
  readonly assets_ids: readonly string[];
  readonly custom_feature_enabled?: boolean;
}

export interface BookMessage {
  readonly event_type: 'book';
  readonly market: string;
  readonly asset_id: string;
  readonly timestamp: string;
  readonly hash: string;
  readonly bids: readonly LevelMessage[];
  readonly asks: readonly LevelMessage[];
  readonly tick_size?: string;
  readonly last_trade_price?: string;
}

export interface PriceChange {
  readonly asset_id: string;
  readonly price: string;
  /** Absolute; "0" takes the level away. */
  readonly size: string;
  readonly side: OrderSideName;
  readonly hash: string;
  readonly best_bid: string;
  readonly best_ask: string;
}

export interface PriceChangeMessage {
  readonly event_type: 'price_change';
  readonly market: string;
  readonly price_changes: readonly PriceChange[];
  readonly timestamp: string;
}

export interface LastTradePriceMessage {
  readonly event_type: 'last_trade_price';
  readonly market: string;
  readonly asset_id: string;
  readonly price: string;
  readonly size: string;
  readonly side: OrderSideName;
  readonly fee_rate_bps: string;
  readonly timestamp: string;
}

export interface BestBidAskMessage {
  readonly event_type: 'best_bid_ask';
  readonly market: string;
  readonly asset_id: string;
  readonly best_bid: string;
  readonly best_ask: string;
  readonly spread: string;
  readonly timestamp: string;
}

export interface TickSizeChangeMessage {
  readonly event_type: 'tick_size_change';
  readonly market: string;
  readonly asset_id: string;
  readonly old_tick_size: string;
  readonly new_tick_size: string;
  readonly timestamp: string;
}

export interface MarketResolvedMessage {
  readonly event_type: 'market_resolved';
  readonly id: string;
  readonly market: string;
  readonly assets_ids: readonly string[];
  readonly winning_asset_id: string;
  readonly winning_outcome: string;
  readonly timestamp: string;
}

export type MarketMessage =
  | BookMessage
  | PriceChangeMessage
  | LastTradePriceMessage
  | BestBidAskMessage
  | TickSizeChangeMessage
  | MarketResolvedMessage;

export interface UserSubscribe {
  readonly type: 'user';
  readonly auth: { readonly apiKey: string; readonly secret: string; readonly passphrase: string };
  /** Condition ids; left out for all markets. */
  readonly markets?: readonly string[];
}

export interface UserChange {
  readonly operation: 'subscribe' | 'unsubscribe';
  readonly markets: readonly string[];
}

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
