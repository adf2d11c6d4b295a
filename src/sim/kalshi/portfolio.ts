// The GETs of an account: balance, positions, orders, fills (kalshi-api.md 3.5, 3.6).
import { floorDiv } from '../../domain/exact.js';
import { MICROS_PER_CENT, PAYOUT_E4 } from '../../domain/units.js';
import type {
  KalshiBalance,
  KalshiEventPosition,
  KalshiFill,
  KalshiMarketPosition,
  KalshiOrder,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { Desk } from './desk.js';
import {
  bookSideOf,
  type FillRecord,
  type OrderRecord,
  sideOf,
  yesPriceE4,
} from './order-record.js';
import { pageLimit, pageOf } from './paging.js';
import type { Position } from './positions.js';
import { badQuery, json, notFound, type Reply } from './reply.js';
import { countText, dollars4Text, dollarsText, isoTime, priceText, unixSeconds } from './text.js';

export class Portfolio {
  readonly #desk: Desk;
  readonly #now: () => number;

  constructor(desk: Desk, now: () => number) {
    this.#desk = desk;
    this.#now = now;
  }

  /** One purse for all shards: the breakdown has the one entry. */
  balance(account: string): Reply {
    const cashMicros = this.#desk.availableMicros(account);
    const text = dollars4Text(cashMicros);
    const valueMicros = this.#desk
      .positions(account)
      .reduce((sum, { exposureMicros }) => sum + exposureMicros, 0);
    return json(200, {
      balance: floorDiv(cashMicros, MICROS_PER_CENT),
      balance_dollars: text,
      portfolio_value: floorDiv(valueMicros, MICROS_PER_CENT),
      updated_ts: unixSeconds(this.#now()),
      balance_breakdown: [{ exchange_index: 0, balance: text }],
    } satisfies KalshiBalance);
  }

  positions(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetPositions', 'limit must be 1 to 1000');
    const filters = listOf(query.get('count_filter'));
    if (filters.some((filter) => filter !== 'position' && filter !== 'total_traded')) {
      return badQuery('GetPositions', 'count_filter');
    }
    const ticker = query.get('ticker') ?? '';
    const event = query.get('event_ticker') ?? '';
    const selected = this.#desk
      .positions(account)
      .filter(
        ({ listing, netE6, volumeE6 }) =>
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
    const selected = this.#desk
      .orders(account)
      .filter(
        (order) =>
          (ticker === '' || order.listing.ticker === ticker) &&
          (events.length === 0 || events.includes(order.listing.eventTicker)) &&
          (status === '' || order.status === status) &&
          isWithin(range, order.createdMs),
      );
    const page = pageOf(selected, (order) => order.orderId, query.get('cursor') ?? '', limit);
    return json(200, { orders: page.items.map(orderBody), cursor: page.cursor });
  }

  order(account: string, orderId: string): Reply {
    const order = this.#desk.order(account, orderId);
    return order === undefined ? notFound() : json(200, { order: orderBody(order) });
  }

  fills(account: string, query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetFills', 'limit must be 1 to 1000');
    const range = rangeOf(query);
    if (range === undefined) return badQuery('GetFills', 'min_ts and max_ts are seconds');
    const ticker = query.get('ticker') ?? '';
    const orderId = query.get('order_id') ?? '';
    const selected = this.#desk
      .fills(account)
      .filter(
        ({ order, tsMs }) =>
          (ticker === '' || order.listing.ticker === ticker) &&
          (orderId === '' || order.orderId === orderId) &&
          isWithin(range, tsMs),
      );
    // One trade may fill two orders of an account, a taker's and a maker's.
    const keyOf = (fill: FillRecord): string => `${fill.tradeId} ${fill.order.orderId}`;
    const page = pageOf(selected, keyOf, query.get('cursor') ?? '', limit);
    return json(200, { fills: page.items.map(fillBody), cursor: page.cursor });
  }
}

function orderBody(order: OrderRecord): KalshiOrder {
  const { request, listing, outcome } = order;
  const yesE4 = yesPriceE4(outcome, order.limitE4);
  return {
    order_id: order.orderId,
    user_id: order.account,
    client_order_id: request.clientOrderId ?? '',
    ticker: listing.ticker,
    side: sideOf(outcome),
    action: 'buy',
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
    expiration_time: request.expirationMs === undefined ? null : isoTime(request.expirationMs),
    self_trade_prevention_type: request.selfTradePrevention,
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
    side: sideOf(order.outcome),
    action: 'buy',
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

type Range = readonly [fromMs: number, toMs: number];

/** `min_ts` and `max_ts`, undefined when they are not numbers of seconds. */
function rangeOf(query: URLSearchParams): Range | undefined {
  const from = query.get('min_ts') ?? '';
  const to = query.get('max_ts') ?? '';
  if (!/^\d{0,12}$/.test(from) || !/^\d{0,12}$/.test(to)) return undefined;
  return [
    from === '' ? Number.NEGATIVE_INFINITY : Number(from) * 1000,
    to === '' ? Number.POSITIVE_INFINITY : Number(to) * 1000,
  ];
}

function isWithin([fromMs, toMs]: Range, ms: number): boolean {
  return ms >= fromMs && ms <= toMs;
}

function listOf(text: string | null): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}
