// What the exchange makes of an order, an amend, a decrease or a cancel: who may, where, when, with
// which money, and what is answered. It must not know HTTP or sockets, nor how orders are matched.
import { floorDiv } from '../../domain/exact.js';
import { isOnGrid } from '../../domain/price-grid.js';
import { E6_PER_CENTI } from '../../domain/units.js';
import { NO, YES } from '../../domain/venue.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type {
  KalshiAmendReply,
  KalshiCancelReply,
  KalshiCreateReply,
  KalshiDecreaseReply,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiListing, MatchingEngine } from '../exchange.js';
import { isRefusal } from './body-decoder.js';
import { collateralMicros } from './collateral.js';
import type { Directory } from './directory.js';
import type { ExchangeClock } from './exchange-clock.js';
import type { Fees } from './fees.js';
import type { MarketStates } from './market-states.js';
import type { Matcher } from './matcher.js';
import type { Amendment, Decrease, NewOrder } from './order-entry.js';
import type { OrderGroups } from './order-groups.js';
import { type OrderRecord, yesPriceE4 } from './order-record.js';
import type { Purses } from './purses.js';
import { type Refusal, refusal } from './reply.js';
import { countText, priceText } from './text.js';
import type { PauseScope, TradingHours } from './trading-hours.js';

/** Client order ids are burned for good, so memory bounds how many orders one run takes. */
const MAX_CLIENT_IDS = 5_000_000;

export interface DeskOptions {
  readonly engine: MatchingEngine;
  readonly directory: Directory;
  readonly states: MarketStates;
  readonly fees: Fees;
  readonly purses: Purses;
  readonly matcher: Matcher;
  readonly groups: OrderGroups;
  readonly hours: TradingHours;
  readonly clock: ExchangeClock;
  /** What an order's fees are rounded up to. */
  readonly feeStepMicros: number;
}

export class Desk {
  readonly #options: DeskOptions;
  readonly #clientIds = new Set<string>();
  #orderCount = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** `leftPercent`: of what the order asks for, others leave it only so much (a fault). */
  create(account: string, request: NewOrder, leftPercent: number): KalshiCreateReply | Refusal {
    const record = this.place(account, request, leftPercent);
    return isRefusal(record) ? record : createReply(record);
  }

  /** As create, in the exchange's own terms. */
  place(account: string, request: NewOrder, leftPercent: number): OrderRecord | Refusal {
    const listing = this.#route(account, request);
    if (isRefusal(listing)) return listing;
    const refused = this.#entryRefusal(account, request, listing);
    if (refused !== undefined) return refused;
    const record = this.#newRecord(account, request, listing);
    const short = this.#collateralRefusal(record, record.restingE6, record.closingE6, 0);
    if (short !== undefined) return short;
    if (request.postOnly && this.#wouldCross(record, record.limitE4)) {
      return refusal(400, KALSHI_ERROR.INVALID_ORDER, 'post only cross');
    }
    if (record.clientOrderId !== undefined) {
      this.#clientIds.add(`${account} ${record.clientOrderId}`);
    }
    const { matcher } = this.#options;
    if (leftPercent < 100) matcher.takeAway(record, leftPercent);
    matcher.causing(record, () => matcher.execute(record));
    if (request.timeInForce === 'fill_or_kill' && record.filledE6 === 0 && !matcher.selfCrossed) {
      return refusal(409, KALSHI_ERROR.FOK_INSUFFICIENT_VOLUME);
    }
    matcher.publish(record);
    matcher.countMatched(record, record.filledE6);
    return record;
  }

  /**
   * The market, if the shard that the order goes to knows both the account and the market
   * (kalshi-api.md 3.4, 3.8).
   */
  #route(
    account: string,
    { ticker, exchangeIndex, subaccount }: NewOrder,
  ): KalshiListing | Refusal {
    const { directory, purses } = this.#options;
    const listing = directory.byTicker(ticker);
    const isRouted = exchangeIndex === undefined || exchangeIndex === -1;
    const shard = isRouted ? listing?.exchangeIndex : exchangeIndex;
    // Only the primary subaccount is funded.
    const isKnown =
      subaccount === 0 && (shard === undefined || purses.shards(account).includes(shard));
    if (!isKnown) return refusal(404, KALSHI_ERROR.USER_NOT_FOUND);
    if (listing === undefined || listing.exchangeIndex !== shard) {
      return refusal(404, KALSHI_ERROR.MARKET_NOT_FOUND);
    }
    return listing;
  }

  /** What stops an order before money is looked at. */
  #entryRefusal(account: string, request: NewOrder, listing: KalshiListing): Refusal | undefined {
    const { states } = this.#options;
    const closed = this.#closedRefusal(listing);
    if (closed !== undefined) return closed;
    const group = this.#groupRefusal(account, request.orderGroupId, listing);
    if (group !== undefined) return group;
    if (!isOnGrid(states.of(listing).grid, request.priceE4)) {
      return refusal(400, KALSHI_ERROR.INVALID_PRICE);
    }
    if (this.#clientIds.size >= MAX_CLIENT_IDS) {
      return refusal(409, KALSHI_ERROR.EXCHANGE_PAUSED, `orders=${MAX_CLIENT_IDS}`);
    }
    return this.#clientIdRefusal(account, request.clientOrderId);
  }

  #clientIdRefusal(account: string, clientOrderId: string | undefined): Refusal | undefined {
    return clientOrderId !== undefined && this.#clientIds.has(`${account} ${clientOrderId}`)
      ? refusal(409, KALSHI_ERROR.ORDER_ALREADY_EXISTS)
      : undefined;
  }

  /**
   * Why the market takes no orders, amends and decreases just now; a halted one answers as a pause
   * does (5).
   */
  #closedRefusal(listing: KalshiListing): Refusal | undefined {
    const { hours, states } = this.#options;
    if (hours.scope !== undefined) return pausedRefusal(hours.scope);
    const status = states.status(listing);
    if (status === 'inactive') return refusal(409, KALSHI_ERROR.TRADING_PAUSED);
    return status === 'active' ? undefined : refusal(409, KALSHI_ERROR.MARKET_INACTIVE);
  }

  #groupRefusal(
    account: string,
    groupId: string | undefined,
    listing: KalshiListing,
  ): Refusal | undefined {
    if (groupId === undefined) return undefined;
    const group = this.#options.groups.get(account, groupId);
    if (group === undefined || group.exchangeIndex !== listing.exchangeIndex) {
      return refusal(404, KALSHI_ERROR.NOT_FOUND);
    }
    return group.isTriggered
      ? refusal(400, KALSHI_ERROR.INVALID_ORDER, 'order group triggered')
      : undefined;
  }

  #newRecord(account: string, request: NewOrder, listing: KalshiListing): OrderRecord {
    const outcome = request.isBid ? YES : NO;
    const nowMs = this.#options.clock.now();
    const opposedE6 = this.#options.matcher.closableE6(account, listing.market, request.isBid);
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
      clientOrderId: request.clientOrderId,
      expirationMs: request.expirationMs,
      createdMs: nowMs,
      updatedMs: nowMs,
      fees: { roundingMicros: 0 },
      filledE6: 0,
      decreasedE6: 0,
      // What is still to be executed; after execution, what rests.
      restingE6: sizeE6,
      status: 'canceled',
      takerCostMicros: 0,
      makerCostMicros: 0,
      takerFeesMicros: 0,
      makerFeesMicros: 0,
      reservedMicros: 0,
      closingE6: Math.min(sizeE6, opposedE6),
      unbookedE6: 0,
      isParked: false,
      lastReason: sizeE6 < request.sizeE6 ? 'ReduceOnlyCancel' : undefined,
    };
  }

  /** `ownMicros`: set aside for the same order already. */
  #collateralRefusal(
    record: OrderRecord,
    sizeE6: number,
    closingE6: number,
    ownMicros: number,
    limitE4 = record.limitE4,
  ): Refusal | undefined {
    const { fees, purses, feeStepMicros } = this.#options;
    const { account, listing } = record;
    const rate = fees.rates(listing).taker;
    const needed = collateralMicros(rate, limitE4, sizeE6, closingE6, feeStepMicros);
    const available = purses.availableMicros(account, listing.exchangeIndex) + ownMicros;
    return needed <= available ? undefined : refusal(400, KALSHI_ERROR.INSUFFICIENT_BALANCE);
  }

  #wouldCross({ outcome, listing }: OrderRecord, limitE4: number): boolean {
    const { engine } = this.#options;
    const { market } = listing;
    const best = outcome === YES ? engine.asks(market)[0] : engine.bids(market)[0];
    return best !== undefined && yesPriceE4(outcome, best[0]) <= limitE4;
  }

  /**
   * Takes a resting order out. `exchangeIndex` is the shard that the request went to: an order that
   * is not there is not found, exactly like one that is unknown, filled or canceled (kalshi-api.md
   * 3.4).
   */
  cancel(account: string, orderId: string, exchangeIndex: number): KalshiCancelReply | Refusal {
    const taken = this.take(account, orderId, exchangeIndex);
    if (isRefusal(taken)) return taken;
    const { record, removedE6 } = taken;
    return { ...replyHead(record), reduced_by: countText(removedE6), ts_ms: record.updatedMs };
  }

  /** As cancel, in the exchange's own terms. */
  take(
    account: string,
    orderId: string,
    exchangeIndex: number,
  ): { readonly record: OrderRecord; readonly removedE6: number } | Refusal {
    const record = this.#restingOn(account, orderId, exchangeIndex);
    if (isRefusal(record)) return record;
    const { hours, states, matcher } = this.#options;
    if (hours.scope === 'exchange') return pausedRefusal('exchange');
    if (states.hasEnded(record.listing)) return refusal(409, KALSHI_ERROR.MARKET_INACTIVE);
    const removedE6 = matcher.causing(record, () => matcher.remove(record, undefined));
    return { record, removedE6 };
  }

  /** Refused while the exchange pauses. */
  cancelAll(account: string): Refusal | undefined {
    const { hours, states, matcher } = this.#options;
    if (hours.scope === 'exchange') return pausedRefusal('exchange');
    matcher.removeWhere(
      (record) => record.account === account && !states.hasEnded(record.listing),
      undefined,
    );
    return undefined;
  }

  /** Makes a resting order smaller; to nothing, which cancels it. */
  decrease(account: string, orderId: string, change: Decrease): KalshiDecreaseReply | Refusal {
    const { exchangeIndex, marketTicker, byE6, toE6 } = change;
    const shard = this.#shardOf(exchangeIndex, marketTicker);
    const record = this.#restingOn(account, orderId, shard);
    if (isRefusal(record)) return record;
    const closed = this.#closedRefusal(record.listing);
    if (closed !== undefined) return closed;
    const leftE6 = toE6 ?? Math.max(0, record.restingE6 - (byE6 ?? 0));
    if (leftE6 > record.restingE6) {
      return refusal(400, KALSHI_ERROR.INVALID_PARAMETERS, 'reduce_to is more than remains');
    }
    const { matcher } = this.#options;
    record.decreasedE6 += record.restingE6 - leftE6;
    matcher.causing(record, () => {
      if (leftE6 === 0) matcher.remove(record, 'Decrease');
      else matcher.repost(record, leftE6, record.limitE4, 'Decrease');
    });
    if (leftE6 > 0) matcher.publish(record);
    return {
      ...replyHead(record),
      remaining_count: countText(leftE6),
      ts_ms: record.updatedMs,
    };
  }

  /** Changes price, size or both of a resting order, which may execute by it. */
  amend(account: string, orderId: string, change: Amendment): KalshiAmendReply | Refusal {
    const shard = this.#shardOf(change.exchangeIndex, change.ticker);
    const record = this.#restingOn(account, orderId, shard);
    if (isRefusal(record)) return record;
    const limitE4 = yesPriceE4(record.outcome, change.priceE4);
    const refused = this.#amendRefusal(record, change, limitE4);
    if (refused !== undefined) return refused;
    if (change.newClientOrderId !== undefined) {
      record.clientOrderId = change.newClientOrderId;
      this.#clientIds.add(`${account} ${change.newClientOrderId}`);
    }
    if (change.expirationMs !== undefined) {
      record.expirationMs = change.expirationMs === 0 ? undefined : change.expirationMs;
    }
    const before = { ...record };
    record.initialE6 = change.sizeE6;
    record.decreasedE6 = 0;
    const { matcher } = this.#options;
    matcher.causing(record, () => {
      matcher.repost(record, change.sizeE6 - record.filledE6, limitE4, 'Amend');
    });
    matcher.publish(record);
    matcher.countMatched(record, record.filledE6 - before.filledE6);
    return {
      ...replyHead(record),
      remaining_count: countText(record.restingE6),
      ...fillPart(record, before),
      ts_ms: record.updatedMs,
    };
  }

  #amendRefusal(record: OrderRecord, change: Amendment, limitE4: number): Refusal | undefined {
    const { account, listing, request } = record;
    const closed = this.#closedRefusal(listing);
    if (closed !== undefined) return closed;
    const mismatch = mismatchOf(record, change);
    if (mismatch !== undefined) return refusal(400, mismatch);
    if (!isOnGrid(this.#options.states.of(listing).grid, change.priceE4)) {
      return refusal(400, KALSHI_ERROR.INVALID_PRICE);
    }
    const restingE6 = change.sizeE6 - record.filledE6;
    if (restingE6 <= 0) return refusal(400, KALSHI_ERROR.INVALID_ORDER_SIZE, 'count is filled');
    if (change.newClientOrderId !== record.clientOrderId) {
      const burned = this.#clientIdRefusal(account, change.newClientOrderId);
      if (burned !== undefined) return burned;
    }
    if (request.postOnly && this.#wouldCross(record, limitE4)) {
      return refusal(400, KALSHI_ERROR.INVALID_ORDER, 'post only cross');
    }
    const closingE6 = this.#options.matcher.closingE6(record, restingE6);
    return this.#collateralRefusal(record, restingE6, closingE6, record.reservedMicros, limitE4);
  }

  #shardOf(exchangeIndex: number | undefined, ticker: string | undefined): number {
    if (exchangeIndex !== undefined && exchangeIndex >= 0) return exchangeIndex;
    const routed = ticker === undefined ? undefined : this.#options.directory.byTicker(ticker);
    return routed?.exchangeIndex ?? 0;
  }

  #restingOn(account: string, orderId: string, shard: number): OrderRecord | Refusal {
    const record = this.#options.matcher.resting(orderId);
    if (record?.account !== account || record.listing.exchangeIndex !== shard) {
      return refusal(404, KALSHI_ERROR.NOT_FOUND);
    }
    return record;
  }
}

function pausedRefusal(scope: PauseScope): Refusal {
  const code = scope === 'trading' ? KALSHI_ERROR.TRADING_PAUSED : KALSHI_ERROR.EXCHANGE_PAUSED;
  return refusal(409, code);
}

/** What an amend says of its order that is not so. */
function mismatchOf(record: OrderRecord, change: Amendment) {
  if (change.ticker !== record.listing.ticker) return KALSHI_ERROR.ORDER_TICKER_MISMATCH;
  if (change.isBid !== record.request.isBid) return KALSHI_ERROR.ORDER_SIDE_MISMATCH;
  const { clientOrderId } = change;
  return clientOrderId !== undefined && clientOrderId !== record.clientOrderId
    ? KALSHI_ERROR.ORDER_ID_MISMATCH
    : undefined;
}

function replyHead({ orderId, clientOrderId }: OrderRecord) {
  return {
    order_id: orderId,
    ...(clientOrderId === undefined ? {} : { client_order_id: clientOrderId }),
  };
}

const NOTHING_FILLED = { filledE6: 0, takerCostMicros: 0, takerFeesMicros: 0 } as const;

/**
 * 201 body (kalshi-api.md 3.2): averages only of what filled, prices on the YES leg for asks too.
 */
function createReply(record: OrderRecord): KalshiCreateReply {
  return {
    ...replyHead(record),
    ...fillPart(record, NOTHING_FILLED),
    remaining_count: countText(record.restingE6),
    ts_ms: record.updatedMs,
  };
}

/** What has filled since `before`, all of it as taker. */
function fillPart(
  record: OrderRecord,
  before: Pick<OrderRecord, 'filledE6' | 'takerCostMicros' | 'takerFeesMicros'>,
) {
  const filledE6 = record.filledE6 - before.filledE6;
  const filledCenti = floorDiv(filledE6, E6_PER_CENTI);
  if (filledCenti === 0) return { fill_count: countText(0) };
  const averageE4 = nearest(record.takerCostMicros - before.takerCostMicros, filledCenti);
  const feeE4 = nearest(record.takerFeesMicros - before.takerFeesMicros, filledCenti);
  return {
    fill_count: countText(filledE6),
    average_fill_price: priceText(yesPriceE4(record.outcome, averageE4)),
    average_fee_paid: priceText(feeE4),
  };
}

/** Micros a hundredth contract is 1/10,000 dollar a contract; rounded to the nearest. */
function nearest(micros: number, centi: number): number {
  return floorDiv(2 * micros + centi, 2 * centi);
}
