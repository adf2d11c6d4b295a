// Orders and trades as the exchange remembers them, and as they look in replies and on the user
// socket.
import { formatDecimal } from '../../domain/decimal.js';
import { MICROS_PLACES } from '../../domain/units.js';
import type { Outcome } from '../../domain/venue.js';
import type { OrderType } from '../../venues/polymarket/wire/order-body.js';
import { ORDER_SIDE_NAMES, type OrderSide, SELL } from '../../venues/polymarket/wire/order-hash.js';
import type {
  MakerOrder,
  OpenOrder,
  OpenOrderStatus,
  TradeRecord,
  TradeStatus,
} from '../../venues/polymarket/wire/rest-messages.js';
import type {
  UserOrderMessage,
  UserTradeMessage,
} from '../../venues/polymarket/wire/ws-messages.js';
import type { Market } from './directory.js';
import { priceText } from './displayed-book.js';

export interface OrderRecord {
  readonly id: string;
  /** Of the exchange's books: where its money is. */
  readonly account: string;
  /** Address of the key that signed it; `owner` is that key's API key. */
  readonly party: string;
  readonly owner: string;
  readonly makerAddress: string;
  readonly market: Market;
  /** Of the token that is bought or sold. */
  readonly outcome: Outcome;
  readonly side: OrderSide;
  readonly priceE4: number;
  readonly originalE6: number;
  readonly orderType: OrderType;
  readonly createdMs: number;
  readonly expirationS: number;
  matchedE6: number;
  /** Dollars of what matched, fees not counted. */
  matchedMicros: number;
  restingE6: number;
  /**
   * What is set aside while the order is held: micros for a BUY, shares in 1/1,000,000 for a SELL.
   */
  heldNeed: number;
  /** On performance.now(): when it was closed, 0 while it is open. */
  closedAt: number;
  status: OpenOrderStatus;
  readonly tradeIds: string[];
}

export interface MakerFill {
  /** undefined for the generator's orders. */
  readonly record: OrderRecord | undefined;
  readonly orderId: string;
  readonly outcome: Outcome;
  readonly side: OrderSide;
  readonly priceE4: number;
  readonly sizeE6: number;
}

/** One fill as it was booked to an account. */
export interface Booking {
  readonly account: string;
  readonly market: number;
  readonly outcome: Outcome;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
}

export interface SimTrade {
  readonly id: string;
  readonly market: Market;
  /** undefined when the generator took from a resting order of an account. */
  readonly taker: OrderRecord | undefined;
  readonly takerOrderId: string;
  readonly outcome: Outcome;
  readonly side: OrderSide;
  readonly sizeE6: number;
  /** The worst price of its fills: each fill's own is in `makers`. */
  readonly priceE4: number;
  readonly makers: readonly MakerFill[];
  readonly bookings: readonly Booking[];
  readonly matchedMs: number;
  status: TradeStatus;
  updatedMs: number;
  transactionHash: string;
}

export const GENERATOR_OWNER = '00000000-0000-0000-0000-000000000000';
const GENERATOR_ADDRESS = `0x${'0'.repeat(40)}`;

export function amountText(amountE6: number): string {
  return formatDecimal(amountE6, MICROS_PLACES);
}

export function openOrder(record: OrderRecord): OpenOrder {
  const { listing } = record.market;
  return {
    id: record.id,
    status: record.status,
    owner: record.owner,
    maker_address: record.makerAddress,
    market: listing.conditionId,
    asset_id: listing.tokenIds[record.outcome],
    side: ORDER_SIDE_NAMES[record.side],
    original_size: amountText(record.originalE6),
    size_matched: amountText(record.matchedE6),
    price: priceText(record.priceE4),
    associate_trades: record.tradeIds,
    outcome: listing.outcomes[record.outcome],
    created_at: Math.floor(record.createdMs / 1000),
    expiration: String(record.expirationS),
    order_type: record.orderType,
  };
}

export function userOrderMessage(
  record: OrderRecord,
  type: UserOrderMessage['type'],
  nowMs: number,
  status: OpenOrderStatus = record.status,
): UserOrderMessage {
  const { created_at, ...order } = openOrder(record);
  return {
    event_type: 'order',
    type,
    ...order,
    status,
    order_owner: record.owner,
    created_at: String(created_at),
    timestamp: String(nowMs),
  };
}

/**
 * The trade as one of its parties sees it: the top level is the taker's either way
 * (polymarket-api.md 9).
 */
export function tradeRecord(trade: SimTrade, party: string): TradeRecord {
  const { listing } = trade.market;
  return {
    id: trade.id,
    taker_order_id: trade.takerOrderId,
    market: listing.conditionId,
    asset_id: listing.tokenIds[trade.outcome],
    side: ORDER_SIDE_NAMES[trade.side],
    size: amountText(trade.sizeE6),
    fee_rate_bps: '0',
    price: priceText(trade.priceE4),
    status: trade.status,
    match_time: String(Math.floor(trade.matchedMs / 1000)),
    last_update: String(Math.floor(trade.updatedMs / 1000)),
    outcome: listing.outcomes[trade.outcome],
    bucket_index: 0,
    owner: trade.taker?.owner ?? GENERATOR_OWNER,
    maker_address: trade.taker?.makerAddress ?? GENERATOR_ADDRESS,
    maker_orders: trade.makers.map((fill) => makerOrder(trade.market, fill)),
    transaction_hash: trade.transactionHash,
    trader_side: trade.taker?.party === party ? 'TAKER' : 'MAKER',
  };
}

export function userTradeMessage(
  trade: SimTrade,
  party: string,
  owner: string,
  nowMs: number,
): UserTradeMessage {
  return {
    event_type: 'trade',
    type: 'TRADE',
    ...tradeRecord(trade, party),
    trade_owner: owner,
    timestamp: String(nowMs),
  };
}

function makerOrder(market: Market, fill: MakerFill): MakerOrder {
  return {
    order_id: fill.orderId,
    owner: fill.record?.owner ?? GENERATOR_OWNER,
    maker_address: fill.record?.makerAddress ?? GENERATOR_ADDRESS,
    matched_amount: amountText(fill.sizeE6),
    price: priceText(fill.priceE4),
    fee_rate_bps: '0',
    asset_id: market.listing.tokenIds[fill.outcome],
    outcome: market.listing.outcomes[fill.outcome],
    outcome_index: fill.outcome,
    side: ORDER_SIDE_NAMES[fill.side],
  };
}

/**
 * The outcome that the order buys in the one book: a sale of one token is a purchase of the other
 * (4.13).
 */
export function boughtOutcome(record: Pick<OrderRecord, 'side' | 'outcome'>): Outcome {
  if (record.side !== SELL) return record.outcome;
  return record.outcome === 0 ? 1 : 0;
}
