// What an order would find in the book now, and others that take it first. Knows prices and sizes,
// no accounts.
import { ceilDiv, floorDiv } from '../../domain/exact.js';
import { polymarketFillFeeMicros } from '../../domain/polymarket-fee.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { BUY } from '../../venues/polymarket/wire/order-hash.js';
import type { MatchingEngine } from '../exchange.js';
import { priceOf } from './displayed-book.js';
import { boughtOutcome, type OrderRecord } from './order-records.js';

export interface Walk {
  readonly sharesE6: number;
  readonly dollarsMicros: number;
  readonly feeMicros: number;
}

/** How much an order may take; one of the two is Infinity. */
export interface Appetite {
  readonly sharesE6: number;
  readonly dollarsMicros: number;
}

const OTHERS = 'others';

export class Liquidity {
  readonly #engine: MatchingEngine;
  readonly #starved: { readonly percent: number; left: number }[] = [];
  #othersOrders = 0;

  constructor(engine: MatchingEngine) {
    this.#engine = engine;
  }

  /** The order's fills at the makers' prices, within its limit and its appetite. */
  walk(record: OrderRecord, appetite: Appetite): Walk {
    const { listing, schedule } = record.market;
    const bought = boughtOutcome(record);
    const limitE4 = boughtLimitE4(record);
    const { market } = listing;
    const offers = bought === 0 ? this.#engine.asks(market) : this.#engine.bids(market);
    let sharesE6 = 0;
    let dollarsMicros = 0;
    let feeMicros = 0;
    for (const [bookPriceE4, sizeE6] of offers) {
      const priceE4 = priceOf(bought, bookPriceE4);
      if (priceE4 > limitE4) break;
      const left = appetite.dollarsMicros - dollarsMicros;
      const affordableE6 =
        left === Number.POSITIVE_INFINITY ? left : Math.floor((left * PAYOUT_E4) / priceE4);
      const takenE6 = Math.min(sizeE6, appetite.sharesE6 - sharesE6, affordableE6);
      if (takenE6 <= 0) break;
      sharesE6 += takenE6;
      dollarsMicros += ceilDiv(takenE6 * priceE4, PAYOUT_E4);
      feeMicros += polymarketFillFeeMicros(schedule, priceE4, takenE6);
    }
    return { sharesE6, dollarsMicros, feeMicros };
  }

  /** The next orders find only so much of what they ask for. */
  starve(count: number, percent: number): void {
    if (count > 0) this.#starved.push({ percent, left: count });
  }

  /**
   * Others take what the order is not to find, best first, just before it: prints and book say so.
   * True when they did.
   */
  takeFirst(record: OrderRecord): boolean {
    const [starved] = this.#starved;
    if (starved === undefined) return false;
    if (--starved.left === 0) this.#starved.shift();
    const everything = Number.POSITIVE_INFINITY;
    const offered = this.walk(record, { sharesE6: everything, dollarsMicros: everything });
    const foundE6 = floorDiv(record.originalE6 * starved.percent, 100);
    const leftE6 = foundE6 - (foundE6 % E6_PER_CENTI);
    if (offered.sharesE6 <= leftE6) return false;
    this.#engine.buy({
      orderId: `${OTHERS}-${++this.#othersOrders}`,
      account: OTHERS,
      market: record.market.listing.market,
      outcome: boughtOutcome(record),
      limitE4: boughtLimitE4(record),
      sizeE6: offered.sharesE6 - leftE6,
      spendMicros: everything,
      timeInForce: 'ioc',
    });
    return true;
  }
}

/** The most that the order pays for the outcome that it buys in the one book. */
export function boughtLimitE4({ side, priceE4 }: OrderRecord): number {
  return priceOf(side === BUY ? 0 : 1, priceE4);
}
