// Tells whoever listens at Redis of prices, sampled from shared memory so many times a second: the feeds never hear of it. Nothing is
// queued and nothing repeated; what changes between two samples is not told.
import type { Redis } from 'ioredis';
import { VENUE_NAMES, VENUES } from '../../domain/venue.js';
import { type Quote, QuoteTable, TRUSTED, trustReason } from '../../shm/quote-table.js';

export const PRICES_CHANNEL = 'underround:prices';

export class PricePublisher {
  readonly #quotes: QuoteTable;
  readonly #names: readonly string[];
  readonly #told: Float64Array;
  readonly #quote: Quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
  #isSending = false;

  /** `names`: of the markets, by index. */
  constructor(quotes: SharedArrayBuffer, names: readonly string[]) {
    this.#quotes = new QuoteTable(quotes);
    this.#names = names;
    this.#told = new Float64Array(names.length * VENUES.length).fill(-1);
  }

  /** One message with every quote that is trusted and was published since it was last told. While one is on its way there is no other. */
  async sample(redis: Redis): Promise<void> {
    if (this.#isSending) return;
    const changed = this.#changed();
    if (changed.length === 0) return;
    this.#isSending = true;
    try {
      await redis.publish(PRICES_CHANNEL, JSON.stringify({ atMs: Date.now(), quotes: changed }));
    } catch {
      // Whoever missed it gets the next: how the connection is, the sink itself finds out.
      this.#told.fill(-1);
    } finally {
      this.#isSending = false;
    }
  }

  #changed() {
    return VENUES.flatMap((venue) =>
      this.#names.flatMap((market, index) => {
        const slot = venue * this.#names.length + index;
        const update = this.#quotes.updates(slot);
        const before = this.#quotes.trustWord(slot);
        if (update === this.#told[slot] || trustReason(before) !== TRUSTED) return [];
        this.#quotes.read(slot, this.#quote);
        const venueMs = this.#quotes.venueMs(slot);
        // Trust that was lost meanwhile: the quote may be of either time.
        if (this.#quotes.trustWord(slot) !== before) return [];
        this.#told[slot] = update;
        return [{ market, venue: VENUE_NAMES[venue], ...this.#quote, venueMs }];
      }),
    );
  }
}
