// Turns today's bodies into those of January 2026 (kalshi-api.md 2.7, 3.5 last, 4.2 last): JSON
// numbers of whole cents and contracts beside the dollars, and nothing that came later. It must not
// know where the bodies come from.
import { parseSignedDecimal } from '../../domain/decimal.js';
import { floorDiv } from '../../domain/exact.js';
import { MICROS_PLACES } from '../../domain/units.js';
import type {
  KalshiBalance,
  KalshiEvent,
  KalshiEventPosition,
  KalshiFill,
  KalshiMarket,
  KalshiMarketPosition,
  KalshiOrder,
  KalshiOrderbook,
  KalshiSeries,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiLevel, KalshiSide } from '../../venues/kalshi/wire/ws-messages.js';
import { json, notFound, type Reply } from './reply.js';

const MICROS_PER_WHOLE = 1_000_000;
const MICROS_PER_CENT = 10_000;

/** Calls of today that January 2026 did not have are not found. */
export function legacyReply(route: string, reply: Reply): Reply {
  const translate = TRANSLATIONS[route];
  if (translate === undefined) return notFound();
  if (reply.status !== 200) return reply;
  return json(200, translate(JSON.parse(reply.body) as never));
}

/** Each entry names the body that its route has. */
type Translation = (body: never) => unknown;

/** By the route's first words and the number of its segments. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  'exchange/2': (body: object) => body,
  'historical/2': (body: object) => body,
  'account/2': (_body: object) => ({ usage_tier: 'basic', read_limit: 20, write_limit: 10 }),
  'markets/1': (body: { markets: KalshiMarket[]; cursor: string }) => ({
    markets: body.markets.map(market),
    cursor: body.cursor,
  }),
  'markets/2': (body: { market: KalshiMarket }) => ({ market: market(body.market) }),
  'markets/trades': (body: { trades: CurrentTrade[]; cursor: string }) => ({
    trades: body.trades.flatMap(trade),
    cursor: body.cursor,
  }),
  'markets/3': (body: { orderbook_fp: KalshiOrderbook }) => ({
    orderbook: orderbook(body.orderbook_fp),
  }),
  'events/1': (body: { events: KalshiEvent[]; cursor: string }) => ({
    events: body.events.map(event),
    cursor: body.cursor,
  }),
  'events/2': (body: { event: KalshiEvent; markets: KalshiMarket[] }) => ({
    event: event(body.event),
    markets: body.markets.map(market),
  }),
  'series/1': (body: { series: KalshiSeries[] }) => ({ series: body.series.map(series) }),
  'series/2': (body: { series: KalshiSeries }) => ({ series: series(body.series) }),
  'series/fee_changes': (body: object) => body,
  'portfolio/balance': ({ balance, portfolio_value, updated_ts }: KalshiBalance) => ({
    balance,
    portfolio_value,
    updated_ts,
  }),
  'portfolio/positions': (body: {
    cursor: string;
    market_positions: KalshiMarketPosition[];
    event_positions: KalshiEventPosition[];
  }) => ({
    cursor: body.cursor,
    market_positions: body.market_positions.map(marketPosition),
    event_positions: body.event_positions.map(eventPosition),
  }),
  'portfolio/orders': (body: { orders: KalshiOrder[]; cursor: string }) => ({
    orders: body.orders.map(legacyOrder),
    cursor: body.cursor,
  }),
  'portfolio/order': (body: { order: KalshiOrder }) => ({ order: legacyOrder(body.order) }),
  'portfolio/fills': (body: { fills: KalshiFill[]; cursor: string }) => ({
    fills: body.fills.map(fill),
    cursor: body.cursor,
  }),
  'portfolio/settlements': (body: { settlements: object[]; cursor: string }) => body,
};

/** Whole cents of a text in dollars, cut off. */
function cents(dollars: string): number {
  const micros = parseSignedDecimal(dollars, MICROS_PLACES);
  return Math.sign(micros) * floorDiv(Math.abs(micros), MICROS_PER_CENT);
}

/** Whole contracts of a count, cut off. */
function whole(countText: string): number {
  const micros = parseSignedDecimal(countText, MICROS_PLACES);
  return Math.sign(micros) * floorDiv(Math.abs(micros), MICROS_PER_WHOLE);
}

function market(body: KalshiMarket) {
  const {
    exchange_index: _index,
    updated_time: _updated,
    yes_bid_size_fp: _bidSize,
    yes_ask_size_fp: _askSize,
    volume_fp: volume,
    volume_24h_fp: volume24h,
    open_interest_fp: openInterest,
    ...kept
  } = body;
  return {
    ...kept,
    subtitle: '',
    yes_bid: cents(body.yes_bid_dollars),
    yes_ask: cents(body.yes_ask_dollars),
    no_bid: cents(body.no_bid_dollars),
    no_ask: cents(body.no_ask_dollars),
    last_price: cents(body.last_price_dollars),
    previous_price: cents(body.previous_price_dollars),
    previous_yes_bid: cents(body.previous_yes_bid_dollars),
    previous_yes_ask: cents(body.previous_yes_ask_dollars),
    notional_value: cents(body.notional_value_dollars),
    volume: whole(volume),
    volume_24h: whole(volume24h),
    open_interest: whole(openInterest),
    liquidity: 0,
    liquidity_dollars: '0.0000',
    response_price_units: 'usd_cent',
    tick_size: 1,
  };
}

function event(body: KalshiEvent) {
  const {
    exchange_index: _index,
    fee_type_override: _type,
    fee_multiplier_override: _multiplier,
    settlement_sources: _sources,
    markets,
    ...kept
  } = body;
  return {
    ...kept,
    available_on_brokers: false,
    strike_period: '',
    ...(markets === undefined ? {} : { markets: markets.map(market) }),
  };
}

function series({ exchange_index: _index, categories: _categories, ...kept }: KalshiSeries) {
  return kept;
}

/** A side without levels is null. */
function orderbook(body: KalshiOrderbook) {
  const numbers = (levels: readonly KalshiLevel[]) =>
    levels.length === 0 ? null : levels.map(([price, size]) => [cents(price), whole(size)]);
  const texts = (levels: readonly KalshiLevel[]) =>
    levels.length === 0 ? null : levels.map(([price, size]) => [price, whole(size)]);
  return {
    yes: numbers(body.yes_dollars),
    no: numbers(body.no_dollars),
    yes_dollars: texts(body.yes_dollars),
    no_dollars: texts(body.no_dollars),
  };
}

export function legacyOrder(order: KalshiOrder) {
  return {
    order_id: order.order_id,
    user_id: order.user_id,
    client_order_id: order.client_order_id,
    ticker: order.ticker,
    side: order.side,
    action: order.action,
    type: order.type,
    status: order.status,
    yes_price: cents(order.yes_price_dollars),
    no_price: cents(order.no_price_dollars),
    yes_price_dollars: order.yes_price_dollars,
    no_price_dollars: order.no_price_dollars,
    initial_count: whole(order.initial_count_fp),
    fill_count: whole(order.fill_count_fp),
    remaining_count: whole(order.remaining_count_fp),
    queue_position: 0,
    taker_fill_cost: cents(order.taker_fill_cost_dollars),
    taker_fill_cost_dollars: fourPlaces(order.taker_fill_cost_dollars),
    maker_fill_cost: cents(order.maker_fill_cost_dollars),
    maker_fill_cost_dollars: fourPlaces(order.maker_fill_cost_dollars),
    taker_fees: cents(order.taker_fees_dollars),
    maker_fees: cents(order.maker_fees_dollars),
    // Left out when there is none.
    ...(cents(order.taker_fees_dollars) === 0
      ? {}
      : { taker_fees_dollars: fourPlaces(order.taker_fees_dollars) }),
    created_time: order.created_time,
    last_update_time: order.last_update_time,
    expiration_time: order.expiration_time,
    order_group_id: order.order_group_id ?? null,
  };
}

/** Money in whole cents: the last two of six places are zeros. */
function fourPlaces(dollars: string): string {
  return dollars.slice(0, -2);
}

function fill(body: KalshiFill) {
  const yes = cents(body.yes_price_dollars);
  return {
    fill_id: body.fill_id,
    trade_id: body.trade_id,
    order_id: body.order_id,
    ticker: body.ticker,
    market_ticker: body.market_ticker,
    side: body.side,
    action: body.action,
    count: whole(body.count_fp),
    yes_price: yes,
    no_price: 100 - yes,
    yes_price_fixed: body.yes_price_dollars,
    no_price_fixed: body.no_price_dollars,
    // The exchange itself sent a JSON number here.
    price: Number(body.yes_price_dollars),
    is_taker: body.is_taker,
    created_time: body.created_time,
    ts: body.ts,
  };
}

interface CurrentTrade {
  readonly trade_id: string;
  readonly ticker: string;
  readonly count_fp: string;
  readonly yes_price_dollars: string;
  readonly no_price_dollars: string;
  readonly taker_side: KalshiSide;
  readonly created_time: string;
}

/** Less than a contract is not told. */
function trade(body: CurrentTrade) {
  const count = whole(body.count_fp);
  if (count === 0) return [];
  const yes = cents(body.yes_price_dollars);
  return [
    {
      trade_id: body.trade_id,
      ticker: body.ticker,
      count,
      yes_price: yes,
      no_price: 100 - yes,
      yes_price_dollars: body.yes_price_dollars,
      no_price_dollars: body.no_price_dollars,
      price: Number(body.yes_price_dollars),
      taker_side: body.taker_side,
      created_time: body.created_time,
    },
  ];
}

function marketPosition(body: KalshiMarketPosition) {
  return {
    ticker: body.ticker,
    position: whole(body.position_fp),
    market_exposure: cents(body.market_exposure_dollars),
    market_exposure_dollars: fourPlaces(body.market_exposure_dollars),
    total_traded: cents(body.total_traded_dollars),
    total_traded_dollars: fourPlaces(body.total_traded_dollars),
    realized_pnl: cents(body.realized_pnl_dollars),
    realized_pnl_dollars: fourPlaces(body.realized_pnl_dollars),
    fees_paid: cents(body.fees_paid_dollars),
    fees_paid_dollars: fourPlaces(body.fees_paid_dollars),
    resting_orders_count: 0,
    last_updated_ts: body.last_updated_ts,
  };
}

function eventPosition(body: KalshiEventPosition) {
  return {
    event_ticker: body.event_ticker,
    total_cost: cents(body.total_cost_dollars),
    total_cost_dollars: fourPlaces(body.total_cost_dollars),
    total_cost_shares: whole(body.total_cost_shares_fp),
    event_exposure: cents(body.event_exposure_dollars),
    event_exposure_dollars: fourPlaces(body.event_exposure_dollars),
    realized_pnl: cents(body.realized_pnl_dollars),
    realized_pnl_dollars: fourPlaces(body.realized_pnl_dollars),
    fees_paid: cents(body.fees_paid_dollars),
    fees_paid_dollars: fourPlaces(body.fees_paid_dollars),
  };
}
