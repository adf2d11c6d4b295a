// What happens to markets and to the whole exchange besides trading: halts, closes, results, new
// grids, new fees, pauses (kalshi-api.md 2.6, 4.3 to 5). It must not know HTTP or sockets.
import { PAYOUT_E4 } from '../../domain/units.js';
import { type Outcome, YES } from '../../domain/venue.js';
import type { KalshiListing } from '../exchange.js';
import type { Directory } from './directory.js';
import type { ExchangeClock } from './exchange-clock.js';
import type { Feed } from './feed.js';
import type { Fees } from './fees.js';
import type { Ledger } from './ledger.js';
import { priceRanges } from './lifecycle-frames.js';
import type { MarketStates } from './market-states.js';
import type { Matcher } from './matcher.js';
import { sideOf } from './order-record.js';
import type { ShownBooks } from './shown-books.js';
import { priceText, unixSeconds } from './text.js';
import type { TradingHours } from './trading-hours.js';

export interface LifecycleOptions {
  readonly directory: Directory;
  readonly states: MarketStates;
  readonly fees: Fees;
  readonly shown: ShownBooks;
  readonly matcher: Matcher;
  readonly ledger: Ledger;
  readonly feed: Feed;
  readonly hours: TradingHours;
  readonly clock: ExchangeClock;
  /** From the result to the payout. */
  readonly settlementMs: number;
}

interface Pending {
  readonly listing: KalshiListing;
  readonly outcome: Outcome;
  readonly dueMs: number;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #closed = new Set<number>();
  /** Listings that have not closed, soonest first. */
  readonly #closing: KalshiListing[];
  #settlements: Pending[] = [];
  #isPaused = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#closing = [...options.directory.listings].sort((a, b) => a.closeTimeMs - b.closeTimeMs);
  }

  /**
   * Does what has become due. To be called before anything that must find the exchange as its clock
   * has it, and now and then.
   */
  advance(): void {
    const { hours, states, clock } = this.#options;
    const isPaused = hours.scope !== undefined;
    if (isPaused !== this.#isPaused) {
      this.#isPaused = isPaused;
      if (isPaused) this.#pause();
      else this.#resume();
    }
    for (;;) {
      const [next] = this.#closing;
      if (next === undefined || clock.now() < next.closeTimeMs) break;
      this.#closing.shift();
      if (!states.of(next).isClosed) states.close(next, next.closeTimeMs);
      this.#end(next);
    }
    const wallMs = clock.wall();
    for (const pending of this.#settlements.filter(({ dueMs }) => dueMs <= wallMs)) {
      this.#settlements = this.#settlements.filter((each) => each !== pending);
      states.settle(pending.listing);
      this.#settle(pending);
    }
  }

  halt(listing: KalshiListing): void {
    const { states, feed } = this.#options;
    if (states.status(listing) !== 'active') return;
    states.halt(listing, true);
    this.#stand(listing);
    feed.onLifecycle(listing, { event: 'deactivated', is_deactivated: true });
  }

  /**
   * All orders that rested through the halt are cancelled (5); the book goes on with what others do
   * now.
   */
  reactivate(listing: KalshiListing): void {
    const { states, feed, shown, matcher } = this.#options;
    if (states.status(listing) !== 'inactive') return;
    const { market } = listing;
    states.halt(listing, false);
    shown.asOne(market, () => {
      matcher.removeWhere((record) => record.listing === listing, 'HaltCancel');
      if (!this.#isPaused) shown.thaw(market);
    });
    feed.onLifecycle(listing, { event: 'activated', is_deactivated: false });
  }

  /** Before its time: the close date moves to now. */
  close(listing: KalshiListing): void {
    const { states, feed, clock } = this.#options;
    if (states.hasEnded(listing)) return;
    states.close(listing, clock.now());
    feed.onLifecycle(listing, {
      event: 'close_date_updated',
      close_ts: unixSeconds(clock.now()),
    });
    this.#end(listing);
  }

  /** Decides a market, which closes first if it has not; the payout follows. A result is final. */
  resolve(listing: KalshiListing, outcome: Outcome): void {
    const { states, feed, clock, settlementMs } = this.#options;
    this.close(listing);
    if (states.of(listing).outcome !== undefined) return;
    states.determine(listing, outcome);
    feed.onLifecycle(listing, {
      event: 'determined',
      result: sideOf(outcome),
      determination_ts: unixSeconds(clock.now()),
      settlement_value: priceText(outcome === YES ? PAYOUT_E4 : 0),
    });
    this.#settlements.push({ listing, outcome, dueMs: clock.wall() + settlementMs });
  }

  /** Resting orders stay where they are (4.3). */
  regrid(listing: KalshiListing, tickE4: number): void {
    const { states, feed } = this.#options;
    states.regrid(listing, tickE4);
    const { grid, priceLevelStructure } = states.of(listing);
    feed.onLifecycle(listing, {
      event: 'price_level_structure_updated',
      price_level_structure: priceLevelStructure,
      price_ranges: priceRanges(grid),
    });
  }

  changeFee(listing: KalshiListing, multiplier: number | null): void {
    const { fees, feed, clock } = this.#options;
    const terms = fees.setOverride(listing, multiplier, clock.now());
    feed.onFeeChange(listing.eventTicker, terms);
  }

  #settle({ listing, outcome }: Pending): void {
    const { ledger, feed, clock } = this.#options;
    ledger.settle(listing, outcome, clock.now());
    feed.onLifecycle(listing, { event: 'settled', settled_ts: unixSeconds(clock.now()) });
  }

  /** The book is gone at once; resting orders follow with the next sweep (5). */
  #end(listing: KalshiListing): void {
    const { shown, matcher, feed } = this.#options;
    const { market } = listing;
    if (this.#closed.has(market)) return;
    this.#closed.add(market);
    shown.clear(market);
    matcher.park(market);
    feed.sendGone(listing);
  }

  #stand({ market }: KalshiListing): void {
    this.#options.shown.freeze(market);
    this.#options.matcher.park(market);
  }

  #pause(): void {
    const { matcher, directory } = this.#options;
    matcher.removeWhere((record) => record.request.cancelOnPause, 'HaltCancel');
    for (const listing of directory.listings) this.#stand(listing);
  }

  #resume(): void {
    const { directory, states, shown, matcher } = this.#options;
    for (const listing of directory.listings) {
      if (states.status(listing) === 'inactive' || this.#closed.has(listing.market)) continue;
      shown.asOne(listing.market, () => {
        shown.thaw(listing.market);
        matcher.unpark(listing.market);
      });
    }
  }
}
