// What has traded in each market: last price, volume and open interest, for the ticker channel and the market object.
import { floorDiv } from '../../domain/exact.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { YES } from '../../domain/venue.js';
import type { BookEvent } from '../exchange.js';

export interface TapeRecord {
  /** YES price of the last trade, 0 before the first. */
  readonly lastPriceE4: number;
  readonly lastSizeE6: number;
  readonly volumeE6: number;
  /** Money that takers paid, in micros. */
  readonly takenMicros: number;
}

const EMPTY: TapeRecord = { lastPriceE4: 0, lastSizeE6: 0, volumeE6: 0, takenMicros: 0 };

export class Tape {
  readonly #records = new Map<number, TapeRecord>();

  of(market: number): TapeRecord {
    return this.#records.get(market) ?? EMPTY;
  }

  onBookEvent(event: BookEvent): void {
    for (const trade of event.trades) {
      const before = this.of(event.market);
      const paidE4 = trade.takerOutcome === YES ? trade.priceE4 : PAYOUT_E4 - trade.priceE4;
      this.#records.set(event.market, {
        lastPriceE4: trade.priceE4,
        lastSizeE6: trade.sizeE6,
        volumeE6: before.volumeE6 + trade.sizeE6,
        takenMicros: before.takenMicros + floorDiv(paidE4 * trade.sizeE6, E6_PER_CENTI),
      });
    }
  }
}
