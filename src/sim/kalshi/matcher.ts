// The customers' orders against the books: execution, self-trade prevention, what rests and the
// cash set aside for it. It must not know bodies of requests, nor why an order may be refused.
import { floorDiv } from '../../domain/exact.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { opposite, YES } from '../../domain/venue.js';
import type { KalshiUpdateReason } from '../../venues/kalshi/wire/ws-messages.js';
import type { Accounts } from '../accounts.js';
import type { BookEvent, BuyOrder, Execution, Levels, MatchingEngine, Trade } from '../exchange.js';
import { collateralMicros } from './collateral.js';
import type { ExchangeClock } from './exchange-clock.js';
import type { Fees } from './fees.js';
import { LaggedStore } from './lagged-store.js';
import type { Ledger } from './ledger.js';
import { type OrderRecord, yesPriceE4 } from './order-record.js';
import type { Purses } from './purses.js';
import type { ShownBooks } from './shown-books.js';
import { wholeContractsE6, wholeLevels } from './whole-contracts.js';

/** Orders that can be looked up; the oldest are forgotten, as settled markets' orders are. */
const MAX_ORDERS = 200_000;
/** Whoever takes the depth away that a fault lets an order miss. */
const OTHERS = 'others';

export interface MatcherOptions {
  readonly engine: MatchingEngine;
  readonly accounts: Accounts;
  readonly shown: ShownBooks;
  readonly fees: Fees;
  readonly purses: Purses;
  readonly ledger: Ledger;
  readonly clock: ExchangeClock;
  readonly readLagMs: number;
  /** Only whole contracts at whole cents trade, as in January 2026. */
  readonly isWhole: boolean;
  /** What an order's fees are rounded up to. */
  readonly feeStepMicros: number;
  onOrder(order: OrderRecord): void;
  /** Contracts of one of a group's orders have been matched. */
  onGroupMatch(groupId: string, sizeE6: number): void;
}

/**
 * The order whose execution is under way: the deltas it causes carry its client order id, for its
 * owner alone.
 */
export interface Cause {
  readonly account: string;
  readonly clientOrderId: string | undefined;
}

export class Matcher {
  readonly #options: MatcherOptions;
  readonly #resting = new Map<string, OrderRecord>();
  readonly #views: LaggedStore<OrderRecord>;
  #othersCount = 0;
  #cause: Cause | undefined;
  #selfCrossed = false;

  constructor(options: MatcherOptions) {
    this.#options = options;
    this.#views = new LaggedStore(options.readLagMs, MAX_ORDERS);
  }

  get cause(): Cause | undefined {
    return this.#cause;
  }

  /** Whether the order executed last has met an order of its own account. */
  get selfCrossed(): boolean {
    return this.#selfCrossed;
  }

  resting(orderId: string): OrderRecord | undefined {
    return this.#resting.get(orderId);
  }

  /** Contracts held against this side that no resting order is going to close already. */
  closableE6(account: string, market: number, isBid: boolean): number {
    const signedE6 = this.#options.accounts.signedE6(account, market);
    let closableE6 = Math.max(0, isBid ? -signedE6 : signedE6);
    for (const order of this.#resting.values()) {
      if (order.account === account && order.listing.market === market) {
        if (order.request.isBid === isBid) closableE6 -= order.closingE6;
      }
    }
    return Math.max(0, closableE6);
  }

  /** How much of a resting order would close contracts if `restingE6` of it rested. */
  closingE6(record: OrderRecord, restingE6: number): number {
    const { account, listing, request, closingE6 } = record;
    const othersE6 = this.closableE6(account, listing.market, request.isBid);
    return Math.min(restingE6, othersE6 + closingE6);
  }

  /**
   * Others were faster: they take what the order could reach but for the part that is left to it.
   */
  takeAway(record: OrderRecord, leftPercent: number): void {
    const { engine } = this.#options;
    const { outcome, limitE4, restingE6 } = record;
    const { market } = record.listing;
    let reachableE6 = 0;
    for (const [priceE4, sizeE6] of outcome === YES ? engine.asks(market) : engine.bids(market)) {
      if (yesPriceE4(outcome, priceE4) <= limitE4) reachableE6 += sizeE6;
    }
    const leftCenti = floorDiv((restingE6 / E6_PER_CENTI) * leftPercent, 100);
    const sizeE6 = reachableE6 - leftCenti * E6_PER_CENTI;
    if (sizeE6 <= 0) return;
    const orderId = `${OTHERS}-${++this.#othersCount}`;
    const order = { orderId, account: OTHERS, market, outcome, limitE4, sizeE6 };
    engine.buy({ ...order, spendMicros: Number.POSITIVE_INFINITY, timeInForce: 'ioc' });
  }

  /** Runs what `record` brings about. */
  causing<T>({ account, clientOrderId }: OrderRecord, run: () => T): T {
    this.#cause = { account, clientOrderId };
    try {
      return run();
    } finally {
      this.#cause = undefined;
    }
  }

  /** Sends the order to the books, and leaves in the record what became of it. */
  execute(record: OrderRecord): number {
    const own = this.#ownAgainst(record);
    this.#selfCrossed = own.length > 0;
    return own.length === 0 ? this.#match(record) : this.#matchAroundOwn(record, own);
  }

  #match(record: OrderRecord): number {
    if (record.restingE6 === 0) return this.#finish(record, 0);
    const timeInForce = ENGINE_TIMES[record.request.timeInForce];
    return this.#finish(record, this.#buy(record, timeInForce));
  }

  /**
   * An order that would meet resting orders of its own account (kalshi-api.md 3.3). The matching
   * engine stops at the first of them: there `taker_at_cross` ends, and `maker` takes its own order
   * out and goes on. A fill_or_kill fills what it can.
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
      this.remove(resting, 'SelfTradeCancel');
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

  /** Buys what is still to be executed of the record, and returns what rests of it. */
  #buy(record: OrderRecord, timeInForce: BuyOrder['timeInForce']): number {
    if (this.#options.isWhole) return this.#buyWhole(record, timeInForce);
    const { limitE4, restingE6 } = record;
    const execution = this.#send(record, limitE4, restingE6, timeInForce);
    for (const { tradeId, priceE4, sizeE6 } of execution.fills) {
      this.#bookTaker(record, tradeId, priceE4, sizeE6);
    }
    return execution.restingE6;
  }

  /**
   * Whole contracts, cent by cent as the book is shown, each at the cent shown. What is better
   * behind the cent is kept by nobody; what is too little to be shown goes to others before the
   * rest may rest.
   */
  #buyWhole(record: OrderRecord, timeInForce: BuyOrder['timeInForce']): number {
    const ladder = this.#wholeLadder(record);
    let left = record.restingE6;
    const reachableE6 = ladder.reduce((sum, [, sizeE6]) => sum + sizeE6, 0);
    record.updatedMs = this.#options.clock.now();
    if (timeInForce === 'fok' && reachableE6 < left) return 0;
    for (const [priceE4, sizeE6] of ladder) {
      const wantedE6 = Math.min(left, sizeE6);
      if (wantedE6 === 0) break;
      const { fills, filledE6 } = this.#send(record, priceE4, wantedE6, 'ioc');
      const [first] = fills;
      if (first !== undefined) this.#bookTaker(record, first.tradeId, priceE4, filledE6);
      left -= filledE6;
      if (filledE6 < wantedE6) break;
    }
    if (timeInForce !== 'gtc' || left === 0) return 0;
    this.takeAway(record, 0);
    return this.#send(record, record.limitE4, left, 'gtc').restingE6;
  }

  /**
   * What the order can reach of the shown book, best first, in prices of the outcome that it buys.
   */
  #wholeLadder({ outcome, limitE4, listing }: OrderRecord): Levels {
    const { engine } = this.#options;
    const { market } = listing;
    const levels =
      outcome === YES
        ? wholeLevels(engine.asks(market), 'ask')
        : wholeLevels(engine.bids(market), 'bid');
    return levels
      .map(([priceE4, sizeE6]) => [yesPriceE4(outcome, priceE4), sizeE6] as const)
      .filter(([priceE4]) => priceE4 <= limitE4);
  }

  #send(
    record: OrderRecord,
    limitE4: number,
    sizeE6: number,
    timeInForce: BuyOrder['timeInForce'],
  ): Execution {
    const { engine, clock } = this.#options;
    const { orderId, account, outcome } = record;
    const execution = engine.buy({
      orderId,
      account,
      market: record.listing.market,
      outcome,
      limitE4,
      sizeE6,
      spendMicros: Number.POSITIVE_INFINITY,
      timeInForce,
    });
    record.updatedMs = clock.stamp(execution.venueMs);
    return execution;
  }

  #bookTaker(record: OrderRecord, tradeId: string, priceE4: number, sizeE6: number): void {
    const { fees, ledger } = this.#options;
    const { taker: rate } = fees.rates(record.listing);
    const tsMs = record.updatedMs;
    ledger.book(record, { tradeId, priceE4, sizeE6, isTaker: true, rate, tsMs });
  }

  #finish(record: OrderRecord, restingE6: number): number {
    record.restingE6 = restingE6;
    if (restingE6 > 0) {
      record.status = 'resting';
      this.#resting.set(record.orderId, record);
    } else {
      const isWhole = record.filledE6 + record.decreasedE6 === record.initialE6;
      record.status = isWhole ? 'executed' : 'canceled';
    }
    this.#reserve(record);
    return record.updatedMs;
  }

  /**
   * Maker fills come by way of the book's events, whoever took: an order of another account or the
   * market itself.
   */
  onBookEvent(event: BookEvent): void {
    for (const trade of event.trades) {
      if (trade.makerAccount !== undefined) this.#bookMaker(trade, event.venueMs);
    }
  }

  #bookMaker({ makerOrderId, tradeId, priceE4: bookE4, ...trade }: Trade, tsMs: number): void {
    const record = this.#resting.get(makerOrderId);
    if (record === undefined) return;
    record.unbookedE6 += trade.sizeE6;
    const sizeE6 = this.#options.isWhole ? wholeContractsE6(record.unbookedE6) : record.unbookedE6;
    record.unbookedE6 -= sizeE6;
    if (sizeE6 === 0) return;
    const priceE4 = yesPriceE4(record.outcome, bookE4);
    const { maker: rate } = this.#options.fees.rates(record.listing);
    record.updatedMs = tsMs;
    record.restingE6 -= sizeE6;
    if (record.restingE6 === 0) {
      record.status = 'executed';
      this.#resting.delete(record.orderId);
    }
    this.#options.ledger.book(record, { tradeId, priceE4, sizeE6, isTaker: false, rate, tsMs });
    this.#reserve(record);
    this.publish(record);
    this.countMatched(record, sizeE6);
  }

  /** Last of all that a match brings about: a group that it triggers cancels orders. */
  countMatched({ request }: OrderRecord, sizeE6: number): void {
    if (request.orderGroupId === undefined || sizeE6 === 0) return;
    this.#options.onGroupMatch(request.orderGroupId, sizeE6);
  }

  /**
   * Takes the order out and sends it in again, as one matching event. It goes to the end of its
   * level's queue: harder than the exchange, where a mere decrease keeps its place (3.2).
   */
  repost(record: OrderRecord, sizeE6: number, limitE4: number, reason: KalshiUpdateReason): void {
    const { engine, shown } = this.#options;
    record.closingE6 = this.closingE6(record, sizeE6);
    shown.asOne(record.listing.market, () => {
      engine.cancel(record.orderId);
      this.#resting.delete(record.orderId);
      record.restingE6 = sizeE6;
      record.limitE4 = limitE4;
      record.lastReason = reason;
      this.execute(record);
    });
  }

  /** Takes out every resting order that `isMeant` holds for, oldest first. */
  removeWhere(
    isMeant: (record: OrderRecord) => boolean,
    reason: KalshiUpdateReason | undefined,
  ): void {
    for (const record of [...this.#resting.values()]) {
      if (isMeant(record)) this.remove(record, reason);
    }
  }

  /**
   * Takes the market's resting orders out of reach of the engine while its shown book stands still:
   * nothing matches.
   */
  park(market: number): void {
    for (const record of this.#resting.values()) {
      if (record.listing.market !== market || record.isParked) continue;
      record.isParked = true;
      this.#options.engine.cancel(record.orderId);
    }
  }

  /**
   * Sends parked orders in again, oldest first. What the market has moved across meanwhile matches
   * at once.
   */
  unpark(market: number): void {
    for (const record of [...this.#resting.values()]) {
      if (record.listing.market !== market || !record.isParked) continue;
      record.isParked = false;
      this.#resting.delete(record.orderId);
      const before = record.filledE6;
      this.causing(record, () => this.execute(record));
      if (record.filledE6 === before) continue;
      this.publish(record);
      this.countMatched(record, record.filledE6 - before);
    }
  }

  /** Returns the size that rested. */
  remove(record: OrderRecord, reason: KalshiUpdateReason | undefined): number {
    const { engine, shown, clock } = this.#options;
    const removedE6 = record.restingE6;
    if (record.isParked) {
      const side = record.outcome === YES ? 'bid' : 'ask';
      const priceE4 = yesPriceE4(record.outcome, record.limitE4);
      shown.withdraw(record.listing.market, side, priceE4, removedE6);
    } else {
      engine.cancel(record.orderId);
    }
    this.#resting.delete(record.orderId);
    record.restingE6 = 0;
    record.closingE6 = 0;
    record.status = 'canceled';
    record.updatedMs = clock.now();
    record.lastReason = reason;
    this.#reserve(record);
    this.publish(record);
    return removedE6;
  }

  /** Sets aside the cash for what rests now, in place of what was set aside before. */
  #reserve(record: OrderRecord): void {
    const { fees, purses, feeStepMicros } = this.#options;
    const { account, listing, limitE4, restingE6, closingE6 } = record;
    const { maker } = fees.rates(listing);
    record.closingE6 = Math.min(closingE6, restingE6);
    const neededMicros =
      restingE6 === 0
        ? 0
        : collateralMicros(maker, limitE4, restingE6, record.closingE6, feeStepMicros);
    purses.reserve(account, listing.exchangeIndex, neededMicros - record.reservedMicros);
    record.reservedMicros = neededMicros;
  }

  publish(record: OrderRecord): void {
    this.#views.put(record.orderId, record, this.#options.clock.wall());
    this.#options.onOrder(record);
  }

  /** As GET sees them: with the read lag, newest first. */
  orders(account: string): OrderRecord[] {
    const all = this.#views.all(this.#options.clock.wall());
    return all.filter((order) => order.account === account);
  }

  order(account: string, orderId: string): OrderRecord | undefined {
    const order = this.#views.get(orderId, this.#options.clock.wall());
    return order?.account === account ? order : undefined;
  }

  /** Ids of a group's resting orders, oldest first. */
  restingOf(groupId: string): string[] {
    return [...this.#resting.values()]
      .filter((record) => record.request.orderGroupId === groupId)
      .map((record) => record.orderId);
  }
}

const ENGINE_TIMES = {
  good_till_canceled: 'gtc',
  immediate_or_cancel: 'ioc',
  fill_or_kill: 'fok',
} as const;
