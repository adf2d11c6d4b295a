// The GETs of an account: balance, positions, orders, fills, settlements (kalshi-api.md 3.5, 3.6).
import { floorDiv } from '../../domain/exact.js';
import { MICROS_PER_CENT, PAYOUT_E4 } from '../../domain/units.js';
import { YES } from '../../domain/venue.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type {
  KalshiBalance,
  KalshiEventPosition,
  KalshiFill,
  KalshiMarketPosition,
  KalshiOrder,
  KalshiSettlement,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiListing } from '../exchange.js';
import type { ExchangeClock } from './exchange-clock.js';
import type { Ledger, Settlement } from './ledger.js';
import type { Matcher } from './matcher.js';
import {
  bookSideOf,
  type FillRecord,
  type OrderRecord,
  sideOf,
  yesPriceE4,
} from './order-record.js';
import { pageLimit, pageOf } from './paging.js';
import type { Position } from './positions.js';
import type { Purses } from './purses.js';
import { listOf, numberOf, rangeOf, type TimeRange } from './query.js';
import { badQuery, json, notFound, type Reply, refusal, refused } from './reply.js';
import { countText, dollars4Text, dollarsText, isoTime, priceText, unixSeconds } from './text.js';

export interface PortfolioOptions {
  readonly purses: Purses;
  readonly ledger: Ledger;
  readonly matcher: Matcher;
  readonly clock: ExchangeClock;
}

export class Portfolio {
  readonly #options: PortfolioOptions;

  constructor(options: PortfolioOptions) {
    this.#options = options;
  }

  /** Over all shards, or one; only the primary subaccount has anything. */
  balance(account: string, query: URLSearchParams): Reply {
    const { purses, ledger, clock } = this.#options;
    const shard = numberOf(query, 'exchange_index');
    if (Number.isNaN(shard)) return badQuery('GetBalance', 'exchange_index');
    if (!isPrimary(query)) return refused(refusal(404, KALSHI_ERROR.USER_NOT_FOUND));
    const shards = purses.shards(account).filter((each) => shard === undefined || each === shard);
    const cash = shards.map((each) => purses.availableMicros(account, each));
    const cashMicros = cash.reduce((sum, micros) => sum + micros, 0);
    const valueMicros = ledger
      .positions(account)
      .filter(({ listing, isSettled }) => !isSettled && shards.includes(listing.exchangeIndex))
      .reduce((sum, { exposureMicros }) => sum + exposureMicros, 0);
    return json(200, {
      balance: floorDiv(cashMicros, MICROS_PER_CENT),
      balance_dollars: dollars4Text(cashMicros),
      portfolio_value: floorDiv(valueMicros, MICROS_PER_CENT),
      updated_ts: unixSeconds(clock.now()),
      balance_breakdown: shards.map((each, index) => {
        return { exchange_index: each, balance: dollars4Text(cash[index]!) };
      }),
    } satisfies KalshiBalance);
  }

  positions(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetPositions', 'limit must be 1 to 1000');
    const filters = listOf(query.get('count_filter'));
    if (filters.some((filter) => filter !== 'position' && filter !== 'total_traded')) {
      return badQuery('GetPositions', 'count_filter');
    }
    const settled = query.get('settlement_status') ?? 'unsettled';
    if (!['unsettled', 'settled', 'all'].includes(settled)) {
      return badQuery('GetPositions', 'settlement_status');
    }
    const ticker = query.get('ticker') ?? '';
    const event = query.get('event_ticker') ?? '';
    const selected = this.#options.ledger
      .positions(account)
      .filter(
        ({ listing, netE6, volumeE6, isSettled }) =>
          isPrimary(query) &&
          isOnShard(query, listing) &&
          (settled === 'all' || isSettled === (settled === 'settled')) &&
          (ticker === '' || listing.ticker === ticker) &&
          (event === '' || listing.eventTicker === event) &&
          (!filters.includes('position') || netE6 !== 0) &&
          (!filters.includes('total_traded') || volumeE6 !== 0),
      );
    const page = pageOf(
      selected,
      (position) => position.listing.ticker,
      query.get('cursor') ?? '',
      limit,
    );
    return json(200, {
      cursor: page.cursor,
      market_positions: page.items.map(marketPosition),
      event_positions: eventPositions(page.items),
    });
  }

  /** There is no filter by client_order_id: page and match (3.5). */
  orders(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetOrders', 'limit must be 1 to 1000');
    const status = query.get('status') ?? '';
    if (!['', 'resting', 'canceled', 'executed'].includes(status)) {
      return badQuery('GetOrders', 'status');
    }
    const range = rangeOf(query);
    if (range === undefined) return badQuery('GetOrders', 'min_ts and max_ts are seconds');
    const ticker = query.get('ticker') ?? '';
    const events = listOf(query.get('event_ticker'));
    const selected = this.#options.matcher
      .orders(account)
      .filter(
        (order) =>
          isPrimary(query) &&
          isOnShard(query, order.listing) &&
          (ticker === '' || order.listing.ticker === ticker) &&
          (events.length === 0 || events.includes(order.listing.eventTicker)) &&
          (status === '' || order.status === status) &&
          isWithin(range, order.createdMs),
      );
    const page = pageOf(selected, (order) => order.orderId, query.get('cursor') ?? '', limit);
    return json(200, { orders: page.items.map(orderBody), cursor: page.cursor });
  }

  order(account: string, orderId: string): Reply {
    const order = this.#options.matcher.order(account, orderId);
    return order === undefined ? notFound() : json(200, { order: orderBody(order) });
  }

  fills(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetFills', 'limit must be 1 to 1000');
    const range = rangeOf(query);
    if (range === undefined) return badQuery('GetFills', 'min_ts and max_ts are seconds');
    const ticker = query.get('ticker') ?? '';
    const orderId = query.get('order_id') ?? '';
    const selected = this.#options.ledger
      .fills(account)
      .filter(
        ({ order, tsMs }) =>
          isPrimary(query) &&
          isOnShard(query, order.listing) &&
          (ticker === '' || order.listing.ticker === ticker) &&
          (orderId === '' || order.orderId === orderId) &&
          isWithin(range, tsMs),
      );
    // One trade may fill two orders of an account, a taker's and a maker's.
    const keyOf = (fill: FillRecord): string => `${fill.tradeId} ${fill.order.orderId}`;
    const page = pageOf(selected, keyOf, query.get('cursor') ?? '', limit);
    return json(200, { fills: page.items.map(fillBody), cursor: page.cursor });
  }

  settlements(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetSettlements', 'limit must be 1 to 1000');
    const range = rangeOf(query);
    if (range === undefined) return badQuery('GetSettlements', 'min_ts and max_ts are seconds');
    const ticker = query.get('ticker') ?? '';
    const event = query.get('event_ticker') ?? '';
    const selected = this.#options.ledger
      .settlements(account)
      .filter(
        ({ position: { listing }, settledMs }) =>
          isPrimary(query) &&
          (ticker === '' || listing.ticker === ticker) &&
          (event === '' || listing.eventTicker === event) &&
          isWithin(range, settledMs),
      );
    const keyOf = ({ position }: Settlement): string => position.listing.ticker;
    const page = pageOf(selected, keyOf, query.get('cursor') ?? '', limit);
    return json(200, { settlements: page.items.map(settlementBody), cursor: page.cursor });
  }
}

/** Subaccounts beside the primary one exist and have nothing. */
function isPrimary(query: URLSearchParams): boolean {
  return (numberOf(query, 'subaccount') ?? 0) === 0;
}

function isOnShard(query: URLSearchParams, listing: KalshiListing): boolean {
  const shard = numberOf(query, 'exchange_index');
  return shard === undefined || listing.exchangeIndex === shard;
}

function settlementBody(settlement: Settlement): KalshiSettlement {
  const { position, outcome, revenueMicros, settledMs } = settlement;
  const { listing, netE6, exposureMicros, feesMicros } = position;
  return {
    ticker: listing.ticker,
    exchange_index: listing.exchangeIndex,
    event_ticker: listing.eventTicker,
    market_result: sideOf(outcome),
    yes_count_fp: countText(Math.max(0, netE6)),
    yes_total_cost_dollars: dollarsText(netE6 > 0 ? exposureMicros : 0),
    no_count_fp: countText(Math.max(0, -netE6)),
    no_total_cost_dollars: dollarsText(netE6 < 0 ? exposureMicros : 0),
    revenue: floorDiv(revenueMicros, MICROS_PER_CENT),
    value: outcome === YES ? 100 : 0,
    fee_cost: dollarsText(feesMicros),
    settled_time: isoTime(settledMs),
  };
}

export function orderBody(order: OrderRecord): KalshiOrder {
  const { request, listing, outcome } = order;
  const yesE4 = yesPriceE4(outcome, order.limitE4);
  return {
    order_id: order.orderId,
    user_id: order.account,
    client_order_id: order.clientOrderId ?? '',
    ticker: listing.ticker,
    side: request.legacy?.side ?? sideOf(outcome),
    action: request.legacy?.action ?? 'buy',
    outcome_side: sideOf(outcome),
    book_side: bookSideOf(outcome),
    type: 'limit',
    status: order.status,
    yes_price_dollars: priceText(yesE4),
    no_price_dollars: priceText(PAYOUT_E4 - yesE4),
    initial_count_fp: countText(order.initialE6),
    fill_count_fp: countText(order.filledE6),
    remaining_count_fp: countText(order.restingE6),
    taker_fill_cost_dollars: dollarsText(order.takerCostMicros),
    maker_fill_cost_dollars: dollarsText(order.makerCostMicros),
    taker_fees_dollars: dollarsText(order.takerFeesMicros),
    maker_fees_dollars: dollarsText(order.makerFeesMicros),
    created_time: isoTime(order.createdMs),
    last_update_time: isoTime(order.updatedMs),
    expiration_time: order.expirationMs === undefined ? null : isoTime(order.expirationMs),
    self_trade_prevention_type: request.selfTradePrevention,
    ...(request.orderGroupId === undefined ? {} : { order_group_id: request.orderGroupId }),
    cancel_order_on_pause: request.cancelOnPause,
    subaccount_number: request.subaccount,
    exchange_index: listing.exchangeIndex,
  };
}

function fillBody(fill: FillRecord): KalshiFill {
  const { order } = fill;
  const yesE4 = yesPriceE4(order.outcome, fill.priceE4);
  return {
    fill_id: fill.tradeId,
    trade_id: fill.tradeId,
    order_id: order.orderId,
    ticker: order.listing.ticker,
    market_ticker: order.listing.ticker,
    exchange_index: order.listing.exchangeIndex,
    side: order.request.legacy?.side ?? sideOf(order.outcome),
    action: order.request.legacy?.action ?? 'buy',
    outcome_side: sideOf(order.outcome),
    book_side: bookSideOf(order.outcome),
    count_fp: countText(fill.sizeE6),
    yes_price_dollars: priceText(yesE4),
    no_price_dollars: priceText(PAYOUT_E4 - yesE4),
    is_taker: fill.isTaker,
    fee_cost: dollarsText(fill.feeMicros),
    created_time: isoTime(fill.tsMs),
    ts: unixSeconds(fill.tsMs),
    subaccount_number: order.request.subaccount,
  };
}

function marketPosition(position: Position): KalshiMarketPosition {
  return {
    ticker: position.listing.ticker,
    exchange_index: position.listing.exchangeIndex,
    position_fp: countText(position.netE6),
    market_exposure_dollars: dollarsText(position.exposureMicros),
    total_traded_dollars: dollarsText(position.tradedMicros),
    realized_pnl_dollars: dollarsText(position.realizedMicros),
    fees_paid_dollars: dollarsText(position.feesMicros),
    last_updated_ts: isoTime(position.updatedMs),
  };
}

function eventPositions(positions: readonly Position[]): KalshiEventPosition[] {
  const byEvent = new Map<string, Position[]>();
  for (const position of positions) {
    const { eventTicker } = position.listing;
    byEvent.set(eventTicker, [...(byEvent.get(eventTicker) ?? []), position]);
  }
  const sum = (list: readonly Position[], of: (position: Position) => number): number =>
    list.reduce((total, position) => total + of(position), 0);
  return [...byEvent].map(([eventTicker, list]) => ({
    event_ticker: eventTicker,
    total_cost_dollars: dollarsText(sum(list, (position) => position.tradedMicros)),
    total_cost_shares_fp: countText(sum(list, (position) => position.volumeE6)),
    event_exposure_dollars: dollarsText(sum(list, (position) => position.exposureMicros)),
    realized_pnl_dollars: dollarsText(sum(list, (position) => position.realizedMicros)),
    fees_paid_dollars: dollarsText(sum(list, (position) => position.feesMicros)),
  }));
}

function isWithin({ fromMs, toMs }: TimeRange, ms: number): boolean {
  return ms >= fromMs && ms <= toMs;
}
