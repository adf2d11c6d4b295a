// The displayed book of every market, the true one and the one that the exchange would show while
// its snapshots are stale. Knows no clients.
import type { MatchingEngine } from '../exchange.js';
import type { ExchangeClock } from './clock.js';
import type { Directory, Market } from './directory.js';
import { DisplayedBook } from './displayed-book.js';

export class Books {
  readonly #books = new Map<number, DisplayedBook>();
  readonly #clock: ExchangeClock;
  #staleUntil = 0;
  #ageMs = 0;

  constructor(engine: MatchingEngine, directory: Directory, clock: ExchangeClock) {
    this.#clock = clock;
    for (const market of directory.markets) {
      const { market: index } = market.listing;
      const book = new DisplayedBook(
        market.listing,
        engine.bids(index),
        engine.asks(index),
        clock.now(),
      );
      this.#books.set(index, book);
    }
  }

  /** Throws RangeError for a market that is not listed. */
  book(market: number): DisplayedBook {
    const book = this.#books.get(market);
    if (book === undefined) throw new RangeError(`unknown market: market=${market}`);
    return book;
  }

  /** What a client is shown when it asks for the book. */
  snapshot({ listing }: Market): DisplayedBook {
    const book = this.book(listing.market);
    const isStale = this.#staleUntil !== 0 && performance.now() < this.#staleUntil;
    return isStale ? book.asOf(this.#clock.trueNow() - this.#ageMs) : book;
  }

  showStale(durationMs: number, ageMs: number): void {
    this.#staleUntil = performance.now() + durationMs;
    this.#ageMs = ageMs;
  }
}
