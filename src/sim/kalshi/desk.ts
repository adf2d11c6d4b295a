// Where orders become executions: collateral, client order ids, self-trade prevention, fills, fees and positions. It must not
// know HTTP or sockets.
import { floorDiv, type Ratio } from '../../domain/exact.js';
import { kalshiFillFeeMicros, kalshiTradeFeeMicros } from '../../domain/kalshi-fee.js';
import { isOnGrid } from '../../domain/price-grid.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { NO, opposite, YES } from '../../domain/venue.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type {
  KalshiCancelReply,
  KalshiCreateReply,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiUpdateReason } from '../../venues/kalshi/wire/ws-messages.js';
import type { Accounts } from '../accounts.js';
import type { BookEvent, BuyOrder, KalshiListing, MatchingEngine, Trade } from '../exchange.js';
import { collateralMicros, costMicros } from './collateral.js';
import { type Directory, statusOf } from './directory.js';
import { LaggedStore } from './lagged-store.js';
import type { NewOrder } from './order-entry.js';
import { type FillRecord, type OrderRecord, yesPriceE4 } from './order-record.js';
import { afterFill, emptyPosition, type Position } from './positions.js';
import { type Refusal, refusal } from './reply.js';
import { countText, priceText } from './text.js';

/** Orders that can be looked up; the oldest are forgotten, as settled markets' orders are. */
const MAX_ORDERS = 200_000;
/** Fills that can be looked up; the oldest half goes when there are more. */
const MAX_FILLS = 200_000;
/** Client order ids are burned for good, so memory bounds how many orders one run takes. */
const MAX_CLIENT_IDS = 5_000_000;

export interface DeskListener {
  onFill(fill: FillRecord): void;
  onOrder(order: OrderRecord): void;
  onPosition(account: string, position: Position): void;
}

export interface DeskOptions {
  readonly engine: MatchingEngine;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly readLagMs: number;
  now(): number;
  readonly listener: DeskListener;
}

/** The order whose execution is under way: the deltas it causes carry its client order id, for its owner alone. */
export interface Cause {
  readonly account: string;
  readonly clientOrderId: string | undefined;
}

export class Desk {
  readonly #options: DeskOptions;
  readonly #resting = new Map<string, OrderRecord>();
  readonly #clientIds = new Set<string>();
  readonly #reservedMicros = new Map<string, number>();
  readonly #positions = new Map<string, Position>();
  readonly #fills: FillRecord[] = [];
  readonly #orderViews: LaggedStore<OrderRecord>;
  readonly #positionViews: LaggedStore<{ account: string; position: Position }>;
  #orderCount = 0;
  #cause: Cause | undefined;
  /** Whether the order in hand has met an order of its own account. */
  #selfCrossed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#orderViews = new LaggedStore(options.readLagMs, MAX_ORDERS);
    this.#positionViews = new LaggedStore(options.readLagMs, MAX_ORDERS);
  }

  get cause(): Cause | undefined {
    return this.#cause;
  }

  create(account: string, request: NewOrder): KalshiCreateReply | Refusal {
    const listing = this.#options.directory.byTicker(request.ticker);
    if (listing === undefined) return refusal(404, KALSHI_ERROR.MARKET_NOT_FOUND);
    const refused = this.#entryRefusal(account, request, listing);
    if (refused !== undefined) return refused;
    const record = this.#newRecord(account, request, listing);
    const short = this.#collateralRefusal(record);
    if (short !== undefined) return short;
    if (request.postOnly && this.#wouldCross(record)) {
      return refusal(400, KALSHI_ERROR.INVALID_ORDER, 'post only cross');
    }
    if (request.clientOrderId !== undefined) {
      this.#clientIds.add(`${account} ${request.clientOrderId}`);
    }
    const venueMs = this.#execute(record);
    if (request.timeInForce === 'fill_or_kill' && record.filledE6 === 0 && !this.#selfCrossed) {
      return refusal(409, KALSHI_ERROR.FOK_INSUFFICIENT_VOLUME);
    }
    this.#publish(record);
    return createReply(record, venueMs);
  }

  /** What stops an order before money is looked at. */
  #entryRefusal(account: string, request: NewOrder, listing: KalshiListing): Refusal | undefined {
    const { exchangeIndex, clientOrderId } = request;
    if (exchangeIndex !== undefined && exchangeIndex >= 0) {
      if (exchangeIndex !== listing.exchangeIndex) {
        return refusal(404, KALSHI_ERROR.MARKET_NOT_FOUND);
      }
    }
    // Only the primary subaccount is funded, and there are no order groups.
    if (request.subaccount !== 0) return refusal(404, KALSHI_ERROR.USER_NOT_FOUND);
    if (request.orderGroupId !== undefined) return refusal(404, KALSHI_ERROR.NOT_FOUND);
    if (!isOnGrid(listing.priceGrid, request.priceE4)) {
      return refusal(400, KALSHI_ERROR.INVALID_PRICE);
    }
    if (statusOf(listing, this.#options.now()) !== 'active') {
      return refusal(409, KALSHI_ERROR.MARKET_INACTIVE);
    }
    if (this.#clientIds.size >= MAX_CLIENT_IDS) {
      return refusal(409, KALSHI_ERROR.EXCHANGE_PAUSED, `orders=${MAX_CLIENT_IDS}`);
    }
    if (clientOrderId !== undefined && this.#clientIds.has(`${account} ${clientOrderId}`)) {
      return refusal(409, KALSHI_ERROR.ORDER_ALREADY_EXISTS);
    }
    return undefined;
  }

  #newRecord(account: string, request: NewOrder, listing: KalshiListing): OrderRecord {
    const outcome = request.isBid ? YES : NO;
    const nowMs = this.#options.now();
    const opposedE6 = this.#closableE6(account, listing.market, request.isBid);
    const sizeE6 = request.reduceOnly ? Math.min(request.sizeE6, opposedE6) : request.sizeE6;
    this.#orderCount++;
    return {
      orderId: `0a11a5e0-0000-4000-8000-${this.#orderCount.toString(16).padStart(12, '0')}`,
      account,
      listing,
      request,
      outcome,
      limitE4: yesPriceE4(outcome, request.priceE4),
      initialE6: request.sizeE6,
      createdMs: nowMs,
      updatedMs: nowMs,
      fees: { roundingMicros: 0 },
      filledE6: 0,
      // What is still to be executed; after execution, what rests.
      restingE6: sizeE6,
      status: 'canceled',
      takerCostMicros: 0,
      makerCostMicros: 0,
      takerFeesMicros: 0,
      makerFeesMicros: 0,
      reservedMicros: 0,
      closingE6: Math.min(sizeE6, opposedE6),
      lastReason: sizeE6 < request.sizeE6 ? 'ReduceOnlyCancel' : undefined,
    };
  }

  /** Contracts held against this side that no resting order is going to close already. */
  #closableE6(account: string, market: number, isBid: boolean): number {
    const signedE6 = this.#options.accounts.signedE6(account, market);
    let closableE6 = Math.max(0, isBid ? -signedE6 : signedE6);
    for (const order of this.#resting.values()) {
      if (order.account === account && order.listing.market === market) {
        if (order.request.isBid === isBid) closableE6 -= order.closingE6;
      }
    }
    return Math.max(0, closableE6);
  }

  #collateralRefusal(record: OrderRecord): Refusal | undefined {
    const rate = this.#options.directory.rates(record.listing).taker;
    const needed = collateralMicros(rate, record.limitE4, record.restingE6, record.closingE6);
    if (needed <= this.availableMicros(record.account)) return undefined;
    return refusal(400, KALSHI_ERROR.INSUFFICIENT_BALANCE);
  }

  #wouldCross(record: OrderRecord): boolean {
    const { engine } = this.#options;
    const { market } = record.listing;
    const best = record.outcome === YES ? engine.asks(market)[0] : engine.bids(market)[0];
    return best !== undefined && yesPriceE4(record.outcome, best[0]) <= record.limitE4;
  }

  /** Sends the order to the books, and leaves in the record what became of it. */
  #execute(record: OrderRecord): number {
    const own = this.#ownAgainst(record);
    this.#selfCrossed = own.length > 0;
    this.#cause = { account: record.account, clientOrderId: record.request.clientOrderId };
    try {
      return own.length === 0 ? this.#match(record) : this.#matchAroundOwn(record, own);
    } finally {
      this.#cause = undefined;
    }
  }

  #match(record: OrderRecord): number {
    if (record.restingE6 === 0) return this.#finish(record, 0);
    const timeInForce = ENGINE_TIMES[record.request.timeInForce];
    return this.#finish(record, this.#buy(record, timeInForce));
  }

  /**
   * An order that would meet resting orders of its own account (kalshi-api.md 3.3). The matching engine stops at the first of
   * them: there `taker_at_cross` ends, and `maker` takes its own order out and goes on. A fill_or_kill fills what it can.
   */
  #matchAroundOwn(record: OrderRecord, own: readonly OrderRecord[]): number {
    const isMaker = record.request.selfTradePrevention === 'maker';
    for (const resting of own) {
      const before = record.filledE6;
      this.#buy(record, 'ioc');
      record.restingE6 -= record.filledE6 - before;
      if (record.restingE6 === 0) return this.#finish(record, 0);
      if (!isMaker) {
        record.lastReason = 'SelfTradeCancel';
        return this.#finish(record, 0);
      }
      this.#remove(resting, 'SelfTradeCancel');
    }
    const rests = record.request.timeInForce === 'good_till_canceled';
    return this.#finish(record, this.#buy(record, rests ? 'gtc' : 'ioc'));
  }

  /** Own resting orders that this one would reach, best price first. */
  #ownAgainst(record: OrderRecord): OrderRecord[] {
    const own: OrderRecord[] = [];
    for (const order of this.#resting.values()) {
      if (order.account !== record.account || order.listing !== record.listing) continue;
      if (order.outcome === opposite(record.outcome)) {
        if (order.limitE4 + record.limitE4 >= PAYOUT_E4) own.push(order);
      }
    }
    return own.sort((a, b) => b.limitE4 - a.limitE4);
  }

  #buy(record: OrderRecord, timeInForce: BuyOrder['timeInForce']): number {
    const { engine, directory } = this.#options;
    const { limitE4, restingE6: sizeE6 } = record;
    const execution = engine.buy({
      orderId: record.orderId,
      account: record.account,
      market: record.listing.market,
      outcome: record.outcome,
      limitE4,
      sizeE6,
      spendMicros: Number.POSITIVE_INFINITY,
      timeInForce,
    });
    const { taker } = directory.rates(record.listing);
    record.updatedMs = execution.venueMs;
    for (const { tradeId, priceE4, sizeE6: filledE6 } of execution.fills) {
      this.#book(record, tradeId, priceE4, filledE6, true, taker, execution.venueMs);
    }
    return execution.restingE6;
  }

  #finish(record: OrderRecord, restingE6: number): number {
    record.restingE6 = restingE6;
    if (restingE6 > 0) {
      record.status = 'resting';
      this.#resting.set(record.orderId, record);
    } else if (record.filledE6 === record.initialE6) {
      record.status = 'executed';
    }
    this.#reserve(record);
    return record.updatedMs;
  }

  /** Maker fills come by way of the book's events, whoever took: an order of another account or the market itself. */
  onBookEvent(event: BookEvent): void {
    for (const trade of event.trades) {
      if (trade.makerAccount !== undefined) this.#bookMaker(trade, event.venueMs);
    }
  }

  #bookMaker(trade: Trade, tsMs: number): void {
    const record = this.#resting.get(trade.makerOrderId);
    if (record === undefined) return;
    const priceE4 = yesPriceE4(record.outcome, trade.priceE4);
    const { maker } = this.#options.directory.rates(record.listing);
    record.updatedMs = tsMs;
    record.restingE6 -= trade.sizeE6;
    if (record.restingE6 === 0) {
      record.status = 'executed';
      this.#resting.delete(record.orderId);
    }
    this.#book(record, trade.tradeId, priceE4, trade.sizeE6, false, maker, tsMs);
    this.#reserve(record);
    this.#publish(record);
  }

  #book(
    record: OrderRecord,
    tradeId: string,
    priceE4: number,
    sizeE6: number,
    isTaker: boolean,
    rate: Ratio,
    tsMs: number,
  ): void {
    const { accounts, listener } = this.#options;
    const { account, listing, outcome } = record;
    const cost = costMicros(priceE4, sizeE6);
    const tradeFee = kalshiTradeFeeMicros(rate, priceE4, floorDiv(sizeE6, E6_PER_CENTI));
    const feeMicros = kalshiFillFeeMicros(-cost, tradeFee, record.fees);
    accounts.applyBuy(account, listing.market, outcome, sizeE6, cost, feeMicros);
    record.filledE6 += sizeE6;
    record.closingE6 = Math.max(0, record.closingE6 - sizeE6);
    record.lastReason = 'Trade';
    if (isTaker) {
      record.takerCostMicros += cost;
      record.takerFeesMicros += feeMicros;
    } else {
      record.makerCostMicros += cost;
      record.makerFeesMicros += feeMicros;
    }
    const position = afterFill(this.position(account, listing), {
      outcome,
      sizeE6,
      costMicros: cost,
      feeMicros,
      tsMs,
    });
    const key = `${account} ${listing.market}`;
    this.#positions.set(key, position);
    this.#positionViews.put(key, { account, position }, this.#options.now());
    const fill: FillRecord = {
      tradeId,
      order: record,
      priceE4,
      sizeE6,
      costMicros: cost,
      feeMicros,
      isTaker,
      positionE6: position.netE6,
      tsMs,
    };
    this.#fills.push(fill);
    if (this.#fills.length > MAX_FILLS) this.#fills.splice(0, MAX_FILLS / 2);
    listener.onFill(fill);
    listener.onPosition(account, position);
  }

  /**
   * Takes a resting order out. `exchangeIndex` is the shard that the request went to: an order that is not there is not
   * found, exactly like one that is unknown, filled or canceled (kalshi-api.md 3.4).
   */
  cancel(account: string, orderId: string, exchangeIndex: number): KalshiCancelReply | Refusal {
    const record = this.#resting.get(orderId);
    if (record?.account !== account || record.listing.exchangeIndex !== exchangeIndex) {
      return refusal(404, KALSHI_ERROR.NOT_FOUND);
    }
    if (statusOf(record.listing, this.#options.now()) === 'closed') {
      return refusal(409, KALSHI_ERROR.MARKET_INACTIVE);
    }
    const { clientOrderId } = record.request;
    const removedE6 = this.#remove(record, undefined);
    return {
      order_id: orderId,
      ...(clientOrderId === undefined ? {} : { client_order_id: clientOrderId }),
      reduced_by: countText(removedE6),
      ts_ms: record.updatedMs,
    };
  }

  cancelAll(account: string): void {
    for (const record of [...this.#resting.values()]) {
      if (record.account === account) this.#remove(record, undefined);
    }
  }

  /** Takes out what has expired and what rests in markets that have closed. To be called now and then. */
  sweep(): void {
    const nowMs = this.#options.now();
    for (const record of [...this.#resting.values()]) {
      if (statusOf(record.listing, nowMs) === 'closed') this.#remove(record, 'CloseCancel');
      else if ((record.request.expirationMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
        this.#remove(record, 'ExpiryCancel');
      }
    }
  }

  #remove(record: OrderRecord, reason: KalshiUpdateReason | undefined): number {
    const removedE6 = this.#options.engine.cancel(record.orderId) ?? 0;
    this.#resting.delete(record.orderId);
    record.restingE6 = 0;
    record.closingE6 = 0;
    record.status = 'canceled';
    record.updatedMs = this.#options.now();
    record.lastReason = reason;
    this.#reserve(record);
    this.#publish(record);
    return removedE6;
  }

  /** Sets aside the cash for what rests now, in place of what was set aside before. */
  #reserve(record: OrderRecord): void {
    const { maker } = this.#options.directory.rates(record.listing);
    const { limitE4, restingE6 } = record;
    record.closingE6 = Math.min(record.closingE6, restingE6);
    const neededMicros =
      restingE6 === 0 ? 0 : collateralMicros(maker, limitE4, restingE6, record.closingE6);
    const total = this.#reservedMicros.get(record.account) ?? 0;
    this.#reservedMicros.set(record.account, total - record.reservedMicros + neededMicros);
    record.reservedMicros = neededMicros;
  }

  #publish(record: OrderRecord): void {
    this.#orderViews.put(record.orderId, record, this.#options.now());
    this.#options.listener.onOrder(record);
  }

  /** Cash that is not set aside for resting orders: what Kalshi reports as the balance. */
  availableMicros(account: string): number {
    const reserved = this.#reservedMicros.get(account) ?? 0;
    return Math.max(0, this.#options.accounts.cashMicros(account) - reserved);
  }

  position(account: string, listing: KalshiListing): Position {
    return this.#positions.get(`${account} ${listing.market}`) ?? emptyPosition(listing);
  }

  /** As GET sees them: with the read lag, newest first. */
  orders(account: string): OrderRecord[] {
    const all = this.#orderViews.all(this.#options.now());
    return all.filter((order) => order.account === account);
  }

  order(account: string, orderId: string): OrderRecord | undefined {
    const order = this.#orderViews.get(orderId, this.#options.now());
    return order?.account === account ? order : undefined;
  }

  positions(account: string): Position[] {
    const all = this.#positionViews.all(this.#options.now());
    return all.filter((entry) => entry.account === account).map((entry) => entry.position);
  }

  /** Newest first. */
  fills(account: string): FillRecord[] {
    return this.#fills.filter((fill) => fill.order.account === account).reverse();
  }
}

const ENGINE_TIMES = {
  good_till_canceled: 'gtc',
  immediate_or_cancel: 'ioc',
  fill_or_kill: 'fok',
} as const;

/** 201 body (kalshi-api.md 3.2): averages only of what filled, prices on the YES leg for asks too. */
function createReply(record: OrderRecord, venueMs: number): KalshiCreateReply {
  const { clientOrderId } = record.request;
  const filledCenti = floorDiv(record.filledE6, E6_PER_CENTI);
  const averageE4 = filledCenti === 0 ? 0 : nearest(record.takerCostMicros, filledCenti);
  return {
    order_id: record.orderId,
    ...(clientOrderId === undefined ? {} : { client_order_id: clientOrderId }),
    fill_count: countText(record.filledE6),
    remaining_count: countText(record.restingE6),
    ...(filledCenti === 0
      ? {}
      : {
          average_fill_price: priceText(yesPriceE4(record.outcome, averageE4)),
          average_fee_paid: priceText(nearest(record.takerFeesMicros, filledCenti)),
        }),
    ts_ms: venueMs,
  };
}

/** Micros a hundredth contract is 1/10,000 dollar a contract; rounded to the nearest. */
function nearest(micros: number, centi: number): number {
  return floorDiv(2 * micros + centi, 2 * centi);
}
