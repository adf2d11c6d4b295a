// What a matching event does to the accounts, whether an order of ours takes, is taken, or both;
// and how it is undone when its trade fails. Knows no checks and no sockets.
import { ceilDiv } from '../../domain/exact.js';
import { polymarketFillFeeMicros } from '../../domain/polymarket-fee.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import { BUY, SELL } from '../../venues/polymarket/wire/order-hash.js';
import type { Accounts } from '../accounts.js';
import type { BookEvent, Trade } from '../exchange.js';
import type { Market } from './directory.js';
import { priceOf } from './displayed-book.js';
import {
  type Booking,
  boughtOutcome,
  type MakerFill,
  type OrderRecord,
  type SimTrade,
} from './order-records.js';
import type { OrderStore } from './order-store.js';

export class FillBooking {
  readonly #accounts: Accounts;
  readonly #store: OrderStore;

  constructor(accounts: Accounts, store: OrderStore) {
    this.#accounts = accounts;
    this.#store = store;
  }

  /** undefined when the event is no trade of ours. `nowMs` is the exchange's clock. */
  book(
    event: BookEvent,
    market: Market,
    taker: OrderRecord | undefined,
    nowMs: number,
  ): SimTrade | undefined {
    const [first] = event.trades;
    const last = event.trades.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const bookings: Booking[] = [];
    const makers = event.trades.map((trade) => this.#bookMaker(trade, taker, bookings));
    if (taker === undefined && makers.every(({ record }) => record === undefined)) return undefined;
    if (taker !== undefined) {
      for (const trade of event.trades) this.#bookTaker(taker, trade, bookings);
    }
    const outcome = taker?.outcome ?? first.takerOutcome;
    return {
      id: first.tradeId,
      market,
      taker,
      takerOrderId: first.takerOrderId,
      outcome,
      side: taker?.side ?? BUY,
      sizeE6: event.trades.reduce((sum, { sizeE6 }) => sum + sizeE6, 0),
      priceE4: priceOf(outcome, last.priceE4),
      makers,
      bookings,
      matchedMs: nowMs,
      status: 'MATCHED',
      updatedMs: nowMs,
      transactionHash: '',
    };
  }

  /** Gives back shares, cost and fee. */
  undo(trade: SimTrade): void {
    for (const { account, market, outcome, sizeE6, costMicros, feeMicros } of trade.bookings) {
      this.#accounts.applyBuy(account, market, outcome, 0 - sizeE6, 0 - costMicros, 0 - feeMicros);
    }
  }

  /** A maker pays no fee (polymarket-api.md 5). */
  #bookMaker(trade: Trade, taker: OrderRecord | undefined, bookings: Booking[]): MakerFill {
    const record = this.#store.open(trade.makerOrderId);
    if (record === undefined) {
      // The generator's order: shown as the counterpart in the taker's own token.
      const outcome = taker?.outcome ?? trade.takerOutcome;
      return {
        record,
        orderId: trade.makerOrderId,
        outcome,
        side: (taker?.side ?? BUY) === BUY ? SELL : BUY,
        priceE4: priceOf(outcome, trade.priceE4),
        sizeE6: trade.sizeE6,
      };
    }
    this.#bookFill(record, trade, 0, bookings);
    record.restingE6 -= trade.sizeE6;
    return {
      record,
      orderId: record.id,
      outcome: record.outcome,
      side: record.side,
      priceE4: priceOf(record.outcome, trade.priceE4),
      sizeE6: trade.sizeE6,
    };
  }

  #bookTaker(record: OrderRecord, trade: Trade, bookings: Booking[]): void {
    const priceE4 = priceOf(record.outcome, trade.priceE4);
    const { schedule } = record.market;
    this.#bookFill(
      record,
      trade,
      polymarketFillFeeMicros(schedule, priceE4, trade.sizeE6),
      bookings,
    );
  }

  /**
   * A sale is a purchase of the other outcome at 1 - p and the return of the pair: $1 a share less
   * what that costs.
   */
  #bookFill(record: OrderRecord, trade: Trade, feeMicros: number, bookings: Booking[]): void {
    const bought = boughtOutcome(record);
    const costMicros = ceilDiv(trade.sizeE6 * priceOf(bought, trade.priceE4), PAYOUT_E4);
    const sale = record.side === SELL;
    const dollarsMicros = sale ? trade.sizeE6 - costMicros : costMicros;
    const booking: Booking = {
      account: record.account,
      market: record.market.listing.market,
      outcome: record.outcome,
      sizeE6: sale ? -trade.sizeE6 : trade.sizeE6,
      costMicros: sale ? 0 - dollarsMicros : dollarsMicros,
      feeMicros,
    };
    bookings.push(booking);
    const { account, market, outcome, sizeE6 } = booking;
    this.#accounts.applyBuy(account, market, outcome, sizeE6, booking.costMicros, feeMicros);
    record.matchedE6 += trade.sizeE6;
    record.matchedMicros += dollarsMicros;
  }
}
