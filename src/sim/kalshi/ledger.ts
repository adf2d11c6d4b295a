// What each account holds and has traded: fills with their fees, signed positions, settlements
// (kalshi-api.md 3.6, 4.5). It must not know how orders are matched.
import { ceilDiv, floorDiv, type Ratio } from '../../domain/exact.js';
import { kalshiFillFeeMicros, kalshiTradeFeeMicros } from '../../domain/kalshi-fee.js';
import { E6_PER_CENTI, MICROS_PER_CENT } from '../../domain/units.js';
import { type Outcome, YES } from '../../domain/venue.js';
import type { Accounts } from '../accounts.js';
import type { KalshiListing } from '../exchange.js';
import { costMicros } from './collateral.js';
import { LaggedStore } from './lagged-store.js';
import type { FillRecord, OrderRecord } from './order-record.js';
import { afterFill, emptyPosition, type Position } from './positions.js';
import type { Purses } from './purses.js';

/** Positions that can be looked up; the oldest are forgotten. */
const MAX_POSITIONS = 200_000;
/** Fills that can be looked up; the oldest half goes when there are more. */
const MAX_FILLS = 200_000;

export interface LedgerListener {
  onFill(fill: FillRecord): void;
  onPosition(account: string, position: Position): void;
}

export interface LedgerOptions {
  readonly accounts: Accounts;
  readonly purses: Purses;
  readonly readLagMs: number;
  /** An order's fees are rounded up to the cent, as in January 2026. */
  readonly hasCentFees: boolean;
  /** The right time: what is read trails by it. */
  wall(): number;
  readonly listener: LedgerListener;
}

/** One account's position in a market that has been paid out. */
export interface Settlement {
  readonly account: string;
  readonly position: Position;
  readonly outcome: Outcome;
  readonly revenueMicros: number;
  readonly settledMs: number;
}

export interface Match {
  readonly tradeId: string;
  /** Of the outcome that was bought. */
  readonly priceE4: number;
  readonly sizeE6: number;
  readonly isTaker: boolean;
  readonly rate: Ratio;
  readonly tsMs: number;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #positions = new Map<
    string,
    { readonly account: string; readonly position: Position }
  >();
  readonly #views: LaggedStore<{ account: string; position: Position }>;
  readonly #fills: FillRecord[] = [];
  readonly #settlements: Settlement[] = [];

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#views = new LaggedStore(options.readLagMs, MAX_POSITIONS);
  }

  /** Books one match of an order: fee, cash, contracts, position. */
  book(record: OrderRecord, match: Match): void {
    const { accounts, purses, listener } = this.#options;
    const { account, listing, outcome } = record;
    const { tradeId, priceE4, sizeE6, isTaker, rate, tsMs } = match;
    const cost = costMicros(priceE4, sizeE6);
    const tradeFee = kalshiTradeFeeMicros(rate, priceE4, floorDiv(sizeE6, E6_PER_CENTI));
    const feeMicros = this.#options.hasCentFees
      ? centFeeMicros(record, tradeFee)
      : kalshiFillFeeMicros(-cost, tradeFee, record.fees);
    // The wallet is opened from what the account has before its first fill.
    purses.credit(account, listing.exchangeIndex, 0);
    const beforeMicros = accounts.cashMicros(account);
    accounts.applyBuy(account, listing.market, outcome, sizeE6, cost, feeMicros);
    purses.credit(account, listing.exchangeIndex, accounts.cashMicros(account) - beforeMicros);
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
    const change = { outcome, sizeE6, costMicros: cost, feeMicros, tsMs };
    const position = afterFill(this.position(account, listing), change);
    this.#keep(account, position);
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
   * Pays every position in a market that is decided: $1 a winning contract. Only the cash that the
   * exchange shows grows by it: the accounts' own statements value contracts as they are
   * (src/sim/server.ts, `resolve`).
   */
  settle(listing: KalshiListing, outcome: Outcome, settledMs: number): void {
    const { purses } = this.#options;
    for (const { account, position } of [...this.#positions.values()]) {
      if (position.listing !== listing || position.isSettled) continue;
      const winningE6 = outcome === YES ? position.netE6 : -position.netE6;
      // A contract pays $1, so contracts in 1/1,000,000 are micros.
      const revenueMicros = Math.max(0, winningE6);
      purses.credit(account, listing.exchangeIndex, revenueMicros);
      const settled = { ...position, isSettled: true, updatedMs: settledMs };
      this.#keep(account, settled);
      this.#settlements.push({ account, position, outcome, revenueMicros, settledMs });
    }
  }

  #keep(account: string, position: Position): void {
    const key = `${account} ${position.listing.market}`;
    this.#positions.set(key, { account, position });
    this.#views.put(key, { account, position }, this.#options.wall());
  }

  position(account: string, listing: KalshiListing): Position {
    const held = this.#positions.get(`${account} ${listing.market}`);
    return held?.position ?? emptyPosition(listing);
  }

  /** As GET sees them: with the read lag, newest first. */
  positions(account: string): Position[] {
    const all = this.#views.all(this.#options.wall());
    return all.filter((entry) => entry.account === account).map((entry) => entry.position);
  }

  /** Newest first. */
  fills(account: string): FillRecord[] {
    return this.#fills.filter((fill) => fill.order.account === account).reverse();
  }

  /** Newest first. */
  settlements(account: string): Settlement[] {
    return this.#settlements.filter((each) => each.account === account).reverse();
  }
}

/** What one more fill adds to the order's fees, which are whole cents together. */
function centFeeMicros(record: OrderRecord, tradeFeeMicros: number): number {
  const { fees, takerFeesMicros, makerFeesMicros } = record;
  fees.roundingMicros += tradeFeeMicros;
  const dueMicros = ceilDiv(fees.roundingMicros, MICROS_PER_CENT) * MICROS_PER_CENT;
  return dueMicros - takerFeesMicros - makerFeesMicros;
}
