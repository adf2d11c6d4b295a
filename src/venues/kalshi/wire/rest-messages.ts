// The REST bodies of Kalshi's current protocol (kalshi-api.md 3 and 4), as types. Decimal strings
// stay strings here: prices in dollars with 4 decimals, counts with 2, costs and fees with 6.
import type { KalshiBookSide, KalshiLevel, KalshiSide } from './ws-messages.js';

export const KALSHI_TIMES_IN_FORCE = [
  'good_till_canceled',
  'immediate_or_cancel',
  'fill_or_kill',
] as const;
export type KalshiTimeInForce = (typeof KALSHI_TIMES_IN_FORCE)[number];

export const KALSHI_SELF_TRADE_PREVENTIONS = ['taker_at_cross', 'maker'] as const;
export type KalshiSelfTradePrevention = (typeof KALSHI_SELF_TRADE_PREVENTIONS)[number];

/** 201 reply to a create, 3.2: flat, without a status. `average_*` only when something filled. */
export interface KalshiCreateReply {
  readonly order_id: string;
  readonly client_order_id?: string;
  readonly fill_count: string;
  /** What rests after the call: "0.00" says nothing about fills. */
  readonly remaining_count: string;
  readonly average_fill_price?: string;
  /** Per contract, not in total. */
  readonly average_fee_paid?: string;
  readonly ts_ms: number;
}

/** Reply to DELETE /portfolio/events/orders/{id}, 3.2. */
export interface KalshiCancelReply {
  readonly order_id: string;
  readonly client_order_id?: string;
  readonly reduced_by: string;
  readonly ts_ms: number;
}

/** Reply to a decrease, 3.2. */
export interface KalshiDecreaseReply {
  readonly order_id: string;
  readonly client_order_id?: string;
  readonly remaining_count: string;
  readonly ts_ms: number;
}

/** Reply to an amend, 3.2. */
export interface KalshiAmendReply {
  readonly order_id: string;
  readonly client_order_id?: string;
  readonly remaining_count?: string;
  readonly fill_count?: string;
  readonly average_fill_price?: string;
  readonly average_fee_paid?: string;
  readonly ts_ms: number;
}

export interface KalshiErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: string;
}

export type KalshiBatchCreateItem = KalshiCreateReply | { readonly error: KalshiErrorBody };

export interface KalshiBatchCancelItem {
  readonly order_id: string;
  readonly client_order_id: string | null;
  readonly reduced_by: string;
  readonly ts_ms: number | null;
  readonly error: KalshiErrorBody | null;
}

/** 4.3: the ranges are the truth, the structure's name is not. */
export interface KalshiPriceRange {
  readonly start: string;
  readonly end: string;
  readonly step: string;
}

export type KalshiMarketStatus =
  | 'initialized'
  | 'inactive'
  | 'active'
  | 'closed'
  | 'determined'
  | 'disputed'
  | 'amended'
  | 'finalized';

/** 4.4. */
export interface KalshiMarket {
  readonly ticker: string;
  readonly event_ticker: string;
  readonly market_type: 'binary' | 'scalar';
  readonly title: string;
  readonly yes_sub_title: string;
  readonly no_sub_title: string;
  readonly created_time: string;
  readonly updated_time: string;
  readonly open_time: string;
  readonly close_time: string;
  readonly expected_expiration_time?: string;
  readonly latest_expiration_time: string;
  readonly expiration_time: string;
  readonly settlement_timer_seconds: number;
  readonly status: KalshiMarketStatus;
  readonly result: 'yes' | 'no' | 'scalar' | '';
  readonly can_close_early: boolean;
  readonly yes_bid_dollars: string;
  readonly yes_bid_size_fp: string;
  readonly yes_ask_dollars: string;
  readonly yes_ask_size_fp: string;
  readonly no_bid_dollars: string;
  readonly no_ask_dollars: string;
  readonly last_price_dollars: string;
  readonly previous_price_dollars: string;
  readonly previous_yes_bid_dollars: string;
  readonly previous_yes_ask_dollars: string;
  readonly volume_fp: string;
  readonly volume_24h_fp: string;
  readonly open_interest_fp: string;
  readonly notional_value_dollars: string;
  readonly expiration_value: string;
  readonly settlement_value_dollars?: string;
  readonly settlement_ts?: string;
  readonly rules_primary: string;
  readonly rules_secondary: string;
  readonly price_level_structure: string;
  readonly price_ranges: readonly KalshiPriceRange[];
  readonly exchange_index: number;
}

/** 4.2. Both keys are present, NO always in NO price. */
export interface KalshiOrderbook {
  readonly yes_dollars: readonly KalshiLevel[];
  readonly no_dollars: readonly KalshiLevel[];
}

/** 4.5. An event's overrides win over its series. */
export interface KalshiEvent {
  readonly event_ticker: string;
  readonly series_ticker: string;
  readonly title: string;
  readonly sub_title: string;
  readonly category?: string;
  readonly settlement_sources?: readonly { readonly name?: string; readonly url?: string }[] | null;
  readonly mutually_exclusive: boolean;
  readonly collateral_return_type: string;
  readonly exchange_index: number;
  readonly fee_type_override?: string | null;
  readonly fee_multiplier_override?: number | null;
  readonly markets?: readonly KalshiMarket[];
}

export interface KalshiSeries {
  readonly ticker: string;
  readonly title: string;
  readonly category: string;
  readonly categories?: readonly string[];
  readonly tags?: readonly string[] | null;
  readonly settlement_sources?: readonly { readonly name?: string; readonly url?: string }[] | null;
  readonly contract_url?: string;
  readonly contract_terms_url?: string;
  readonly additional_prohibitions?: readonly string[] | null;
  readonly frequency: string;
  readonly fee_type: string;
  readonly fee_multiplier: number;
  readonly exchange_index: number;
}

/** An item of `series_fee_change_arr`, GET /series/fee_changes. */
export interface KalshiSeriesFeeChange {
  readonly id: string;
  readonly series_ticker: string;
  readonly fee_type: string;
  readonly fee_multiplier: number;
  readonly scheduled_ts: string;
}

/**
 * An item of `event_fee_changes`, GET /events/fee_changes, which has a cursor. Both overrides null:
 * back to the series' fee.
 */
export interface KalshiEventFeeChange {
  readonly id: string;
  readonly event_ticker: string;
  readonly series_ticker: string;
  readonly fee_type_override: string | null;
  readonly fee_multiplier_override: number | null;
  readonly scheduled_ts: string;
}

export type KalshiOrderStatus = 'resting' | 'canceled' | 'executed';

/** 3.5. Prices are the limit, not what was paid. */
export interface KalshiOrder {
  readonly order_id: string;
  readonly user_id: string;
  readonly client_order_id: string;
  readonly ticker: string;
  readonly side: KalshiSide;
  readonly action: 'buy' | 'sell';
  readonly outcome_side: KalshiSide;
  readonly book_side: KalshiBookSide;
  readonly type: 'limit' | 'market';
  readonly status: KalshiOrderStatus;
  readonly yes_price_dollars: string;
  readonly no_price_dollars: string;
  readonly initial_count_fp: string;
  readonly fill_count_fp: string;
  readonly remaining_count_fp: string;
  readonly taker_fill_cost_dollars: string;
  readonly maker_fill_cost_dollars: string;
  readonly taker_fees_dollars: string;
  readonly maker_fees_dollars: string;
  readonly created_time: string;
  readonly last_update_time: string;
  readonly expiration_time: string | null;
  readonly self_trade_prevention_type: KalshiSelfTradePrevention;
  readonly order_group_id?: string;
  readonly cancel_order_on_pause: boolean;
  readonly subaccount_number: number;
  readonly exchange_index: number;
}

/** 3.5. Without client_order_id since March 2026. */
export interface KalshiFill {
  readonly fill_id: string;
  readonly trade_id: string;
  readonly order_id: string;
  readonly ticker: string;
  readonly market_ticker: string;
  readonly exchange_index: number;
  readonly side: KalshiSide;
  readonly action: 'buy' | 'sell';
  readonly outcome_side: KalshiSide;
  readonly book_side: KalshiBookSide;
  readonly count_fp: string;
  readonly yes_price_dollars: string;
  readonly no_price_dollars: string;
  readonly is_taker: boolean;
  readonly fee_cost: string;
  readonly created_time: string;
  readonly ts: number;
  readonly subaccount_number: number;
}

/** 3.6. Whole numbers are cents, cut off. */
export interface KalshiBalance {
  readonly balance: number;
  readonly balance_dollars: string;
  readonly portfolio_value: number;
  readonly updated_ts: number;
  readonly balance_breakdown: readonly {
    readonly exchange_index: number;
    readonly balance: string;
  }[];
}

/** 3.6. `position_fp` below 0 is NO. */
export interface KalshiMarketPosition {
  readonly ticker: string;
  readonly exchange_index: number;
  readonly position_fp: string;
  readonly market_exposure_dollars: string;
  readonly total_traded_dollars: string;
  readonly realized_pnl_dollars: string;
  readonly fees_paid_dollars: string;
  readonly last_updated_ts: string;
}

export interface KalshiEventPosition {
  readonly event_ticker: string;
  readonly total_cost_dollars: string;
  readonly total_cost_shares_fp: string;
  readonly event_exposure_dollars: string;
  readonly realized_pnl_dollars: string;
  readonly fees_paid_dollars: string;
}

/** GET /account/limits, 4.6. */
export interface KalshiAccountLimits {
  readonly usage_tier: string;
  readonly read: { readonly refill_rate: number; readonly bucket_capacity: number };
  readonly write: { readonly refill_rate: number; readonly bucket_capacity: number };
  readonly grants: readonly string[];
}

/** GET /exchange/status, 5. */
export interface KalshiExchangeStatus {
  readonly exchange_active: boolean;
  readonly trading_active: boolean;
  readonly intra_exchange_transfers_active: boolean;
  readonly exchange_estimated_resume_time?: string;
  readonly exchange_index_statuses: readonly {
    readonly exchange_index: number;
    readonly description: string;
    readonly exchange_active: boolean;
    readonly trading_active: boolean;
    readonly intra_exchange_transfers_active: boolean;
  }[];
}

/** GET /portfolio/settlements, 3.6. `revenue` and `value` are whole cents. */
export interface KalshiSettlement {
  readonly ticker: string;
  readonly exchange_index: number;
  readonly event_ticker: string;
  readonly market_result: 'yes' | 'no' | 'scalar';
  readonly yes_count_fp: string;
  readonly yes_total_cost_dollars: string;
  readonly no_count_fp: string;
  readonly no_total_cost_dollars: string;
  readonly revenue: number;
  readonly value: number | null;
  readonly fee_cost: string;
  readonly settled_time: string;
}
