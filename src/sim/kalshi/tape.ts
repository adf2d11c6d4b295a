// What has traded in each market: last price, volume and open interest, for the ticker channel and
// the market object.
import { floorDiv } from '../../domain/exact.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { YES } from '../../domain/venue.js';
import type { BookEvent, Trade } from '../exchange.js';

export interface TapeRecord {
  /** YES price of the last trade, 0 before the first. */
  readonly lastPriceE4: number;
  readonly lastSizeE6: number;
  readonly volumeE6: number;
  /** Money that takers paid, in micros. */
  readonly takenMicros: number;
}

export interface PublicTrade {
  readonly market: number;
  readonly trade: Trade;
  readonly venueMs: number;
}

/** Trades that can be looked up; the oldest half goes when there are more. */
const MAX_TRADES = 20_000;

const EMPTY: TapeRecord = { lastPriceE4: 0, lastSizeE6: 0, volumeE6: 0, takenMicros: 0 };

export class Tape {
  readonly #records = new Map<number, TapeRecord>();
  readonly #trades: PublicTrade[] = [];

  of(market: number): TapeRecord {
    return this.#records.get(market) ?? EMPTY;
  }

  /** Newest first. */
  recent(): PublicTrade[] {
    return [...this.#trades].reverse();
  }

  onBookEvent(event: BookEvent): void {
    for (const trade of event.trades) {
      const { market, venueMs } = event;
      this.#trades.push({ market, trade, venueMs });
      if (this.#trades.length > MAX_TRADES) this.#trades.splice(0, MAX_TRADES / 2);
      const before = this.of(market);
      const paidE4 = trade.takerOutcome === YES ? trade.priceE4 : PAYOUT_E4 - trade.priceE4;
      this.#records.set(market, {
        lastPriceE4: trade.priceE4,
        lastSizeE6: trade.sizeE6,
        volumeE6: before.volumeE6 + trade.sizeE6,
        takenMicros: before.takenMicros + floorDiv(paidE4 * trade.sizeE6, E6_PER_CENTI),
      });
    }
  }
}
