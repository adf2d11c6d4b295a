// The WebSocket frames of Kalshi's current protocol (kalshi-api.md 2), as types. Decimal strings stay strings here:
// prices in dollars with 4 decimals, counts with 2, money with 4 or 6.
import type { KalshiWsErrorCode } from './error-codes.js';

export const KALSHI_CHANNELS = [
  'orderbook_delta',
  'ticker',
  'trade',
  'fill',
  'user_orders',
  'market_positions',
  'market_lifecycle_v2',
  'order_group_updates',
] as const;
export type KalshiChannel = (typeof KALSHI_CHANNELS)[number];

export type KalshiSide = 'yes' | 'no';
export type KalshiBookSide = 'bid' | 'ask';
/** [price in dollars, count]. */
export type KalshiLevel = readonly [priceDollars: string, countFp: string];

export const KALSHI_UPDATE_ACTIONS = ['add_markets', 'delete_markets', 'get_snapshot'] as const;
export type KalshiUpdateAction = (typeof KALSHI_UPDATE_ACTIONS)[number];

/** Replies, 2.3. `id` is missing when the command carried none. */
export interface KalshiSubscribed {
  readonly type: 'subscribed';
  readonly id?: number;
  readonly msg: { readonly channel: KalshiChannel; readonly sid: number };
}

export interface KalshiUnsubscribed {
  readonly type: 'unsubscribed';
  readonly id?: number;
  readonly sid: number;
  readonly seq: number;
}

/** Answer to an update or a merged subscribe. The tickers are all of the sid's, left out with skip_ticker_ack. */
export interface KalshiUpdated {
  readonly type: 'ok';
  readonly id?: number;
  readonly sid: number;
  readonly seq: number;
  readonly msg?: { readonly market_tickers: readonly string[] };
}

/** Answer to list_subscriptions. */
export interface KalshiSubscriptionList {
  readonly type: 'ok';
  readonly id?: number;
  readonly msg: readonly { readonly channel: KalshiChannel; readonly sid: number }[];
}

export interface KalshiWsError {
  readonly type: 'error';
  readonly id?: number;
  readonly sid?: number;
  readonly seq?: number;
  readonly msg: {
    readonly code: KalshiWsErrorCode;
    readonly msg: string;
    readonly market_ticker?: string;
    readonly market_tickers?: readonly string[];
  };
}

/** 2.6. A side without levels has no key. With an `id` it is the answer to get_snapshot. */
export interface KalshiSnapshot {
  readonly type: 'orderbook_snapshot';
  readonly id?: number;
  readonly sid: number;
  readonly seq: number;
  readonly msg: {
    readonly market_ticker: string;
    readonly market_id: string;
    readonly yes_dollars_fp?: readonly KalshiLevel[];
    readonly no_dollars_fp?: readonly KalshiLevel[];
  };
}

/** 2.6. `client_order_id` only in what our own order caused. */
export interface KalshiDelta {
  readonly type: 'orderbook_delta';
  readonly sid: number;
  readonly seq: number;
  readonly msg: {
    readonly market_ticker: string;
    readonly market_id: string;
    readonly price_dollars: string;
    readonly delta_fp: string;
    readonly side: KalshiSide;
    readonly client_order_id?: string;
    readonly ts?: string;
    readonly ts_ms?: number;
  };
}

export interface KalshiTicker {
  readonly type: 'ticker';
  readonly sid: number;
  readonly msg: {
    readonly market_id: string;
    readonly market_ticker: string;
    readonly price_dollars: string;
    readonly yes_bid_dollars: string;
    readonly yes_ask_dollars: string;
    readonly yes_bid_size_fp: string;
    readonly yes_ask_size_fp: string;
    readonly last_trade_size_fp: string;
    readonly volume_fp: string;
    readonly open_interest_fp: string;
    readonly dollar_volume: number;
    readonly dollar_open_interest: number;
    readonly ts: number;
    readonly ts_ms: number;
    readonly time: string;
  };
}

/** The recorded frames carry no is_block_trade, the documents do. */
export interface KalshiTrade {
  readonly type: 'trade';
  readonly sid: number;
  readonly seq?: number;
  readonly msg: {
    readonly trade_id: string;
    readonly market_ticker: string;
    readonly yes_price_dollars: string;
    readonly no_price_dollars: string;
    readonly count_fp: string;
    readonly taker_side: KalshiSide;
    readonly taker_outcome_side: KalshiSide;
    readonly taker_book_side: KalshiBookSide;
    readonly is_block_trade?: boolean;
    readonly ts: number;
    readonly ts_ms: number;
  };
}

export interface KalshiFillMessage {
  readonly type: 'fill';
  readonly sid: number;
  readonly msg: {
    readonly trade_id: string;
    readonly order_id: string;
    readonly client_order_id?: string;
    readonly market_ticker: string;
    readonly exchange_index: number;
    readonly is_taker: boolean;
    readonly side: KalshiSide;
    readonly action: 'buy' | 'sell';
    readonly purchased_side: KalshiSide;
    readonly outcome_side: KalshiSide;
    readonly book_side: KalshiBookSide;
    readonly yes_price_dollars: string;
    readonly count_fp: string;
    /** Net fee of this fill, 6 decimals (4.5). */
    readonly fee_cost: string;
    /** Signed: below 0 is NO. */
    readonly post_position_fp: string;
    readonly ts: number;
    readonly ts_ms: number;
  };
}

export interface KalshiUserOrderMessage {
  readonly type: 'user_order';
  readonly sid: number;
  readonly msg: {
    readonly order_id: string;
    readonly user_id: string;
    readonly ticker: string;
    readonly exchange_index: number;
    readonly status: 'resting' | 'canceled' | 'executed' | 'unknown';
    readonly side: KalshiSide;
    readonly is_yes: boolean;
    readonly outcome_side: KalshiSide;
    readonly book_side: KalshiBookSide;
    readonly yes_price_dollars: string;
    readonly fill_count_fp: string;
    readonly remaining_count_fp: string;
    readonly initial_count_fp: string;
    readonly taker_fill_cost_dollars: string;
    readonly maker_fill_cost_dollars: string;
    readonly taker_fees_dollars: string;
    readonly maker_fees_dollars: string;
    readonly client_order_id: string;
    readonly order_group_id?: string;
    readonly self_trade_prevention_type?: string;
    readonly created_time: string;
    readonly created_ts_ms: number;
    readonly last_updated_ts_ms?: number;
    readonly expiration_ts_ms?: number;
    readonly last_update_reason?: KalshiUpdateReason;
  };
}

export type KalshiUpdateReason =
  | 'Decrease'
  | 'Amend'
  | 'MarginCancel'
  | 'SelfTradeCancel'
  | 'ExpiryCancel'
  | 'CloseCancel'
  | 'HaltCancel'
  | 'Trade'
  | 'PostOnlyCrossCancel'
  | 'ReduceOnlyCancel';

export interface KalshiPositionMessage {
  readonly type: 'market_position';
  readonly sid: number;
  readonly msg: {
    readonly user_id: string;
    readonly market_ticker: string;
    readonly position_fp: string;
    readonly position_cost_dollars: string;
    readonly realized_pnl_dollars: string;
    readonly fees_paid_dollars: string;
    readonly position_fee_cost_dollars: string;
    readonly volume_fp: string;
  };
}

/** 2.6. Times are unix seconds; which keys are there depends on the type of the event. */
export interface KalshiMarketLifecycle {
  readonly type: 'market_lifecycle_v2';
  readonly sid: number;
  readonly seq?: number;
  readonly msg: {
    readonly event_type: KalshiLifecycleEvent;
    readonly market_ticker: string;
    readonly exchange_index?: number;
    readonly open_ts?: number;
    readonly close_ts?: number;
    readonly is_deactivated?: boolean;
    readonly determination_ts?: number;
    readonly result?: 'yes' | 'no' | 'scalar';
    readonly settlement_value?: string;
    readonly settled_ts?: number;
    readonly price_level_structure?: string;
    readonly price_ranges?: readonly {
      readonly start: string;
      readonly end: string;
      readonly step: string;
    }[];
  };
}

export type KalshiLifecycleEvent =
  | 'created'
  | 'activated'
  | 'deactivated'
  | 'close_date_updated'
  | 'determined'
  | 'settled'
  | 'price_level_structure_updated'
  | 'metadata_updated';

/** 2.6. Both null: the override was taken away. */
export interface KalshiEventFeeUpdate {
  readonly type: 'event_fee_update';
  readonly sid: number;
  readonly seq?: number;
  readonly msg: {
    readonly event_ticker: string;
    readonly fee_type_override: string | null;
    readonly fee_multiplier_override: number | null;
  };
}

/** 2.6. */
export interface KalshiOrderGroupMessage {
  readonly type: 'order_group_updates';
  readonly sid: number;
  readonly seq: number;
  readonly msg: {
    readonly event_type: 'created' | 'triggered' | 'reset' | 'deleted' | 'limit_updated';
    readonly order_group_id: string;
    readonly contracts_limit_fp?: string;
    readonly ts_ms: number;
  };
}

export type KalshiServerMessage =
  | KalshiSubscribed
  | KalshiUnsubscribed
  | KalshiUpdated
  | KalshiSubscriptionList
  | KalshiWsError
  | KalshiSnapshot
  | KalshiDelta
  | KalshiTicker
  | KalshiTrade
  | KalshiFillMessage
  | KalshiUserOrderMessage
  | KalshiPositionMessage
  | KalshiMarketLifecycle
  | KalshiEventFeeUpdate
  | KalshiOrderGroupMessage;
