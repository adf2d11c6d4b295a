// The parts of the simulated exchange behind its doors, put together: books, markets, money,
// orders, and who hears of them. It must not know HTTP or sockets.
import { KALSHI_BALANCE_STEP_MICROS } from '../../domain/kalshi-fee.js';
import { MICROS_PER_CENT, PAYOUT_E4 } from '../../domain/units.js';
import type { Accounts } from '../accounts.js';
import type { BookEvent, KalshiListing, MatchingEngine } from '../exchange.js';
import { Desk } from './desk.js';
import { Directory } from './directory.js';
import { ExchangeClock } from './exchange-clock.js';
import { ExchangeInfo } from './exchange-info.js';
import { Feed } from './feed.js';
import { Fees } from './fees.js';
import { CURRENT_WRITER } from './frames.js';
import { Ledger } from './ledger.js';
import { LEGACY_WRITER } from './legacy-frames.js';
import { LegacyOrderRoutes } from './legacy-order-routes.js';
import { Lifecycle } from './lifecycle.js';
import { MarketData } from './market-data.js';
import { MarketStates } from './market-states.js';
import { Matcher } from './matcher.js';
import { MoneyRoutes } from './money-routes.js';
import type { OrderFaults } from './order-faults.js';
import { OrderGroupRoutes } from './order-group-routes.js';
import { OrderGroups } from './order-groups.js';
import { OrderRoutes } from './order-routes.js';
import { Portfolio } from './portfolio.js';
import { allocationByMarkets, Purses } from './purses.js';
import type { RateLimits } from './rate-limits.js';
import { type BookView, ShownBooks, type Stillness } from './shown-books.js';
import { Tape } from './tape.js';
import { TradingHours } from './trading-hours.js';
import { E4_PER_CENT, WholeBooks } from './whole-contracts.js';

export interface CoreOptions {
  readonly engine: MatchingEngine;
  readonly accounts: Accounts;
  readonly listings: readonly KalshiListing[];
  readonly readLagMs: number;
  readonly settlementMs: number;
  readonly weeklyPause: boolean;
  readonly funding: 'allocated' | 'primary';
  /** January 2026: whole cents and contracts, one shard. */
  readonly isLegacy: boolean;
  readonly stillness?: Stillness;
  wall(): number;
}

export class Core {
  readonly clock: ExchangeClock;
  readonly directory: Directory;
  readonly states: MarketStates;
  readonly fees: Fees;
  readonly hours: TradingHours;
  readonly purses: Purses;
  readonly shown: ShownBooks;
  readonly tape = new Tape();
  readonly feed: Feed;
  readonly ledger: Ledger;
  readonly groups: OrderGroups;
  readonly matcher: Matcher;
  readonly desk: Desk;
  readonly lifecycle: Lifecycle;
  readonly #options: CoreOptions;
  readonly #view: BookView;

  constructor(options: CoreOptions) {
    this.#options = options;
    const { engine, accounts, readLagMs, settlementMs, weeklyPause, funding } = options;
    const { isLegacy } = options;
    const listings = isLegacy ? options.listings.map(legacyListing) : options.listings;
    const feeStepMicros = isLegacy ? MICROS_PER_CENT : KALSHI_BALANCE_STEP_MICROS;
    const clock = new ExchangeClock(options.wall);
    const wall = (): number => clock.wall();
    const directory = new Directory(listings);
    const allocation =
      funding === 'primary'
        ? undefined
        : allocationByMarkets(listings.map(({ exchangeIndex }) => exchangeIndex));
    this.clock = clock;
    this.directory = directory;
    this.states = new MarketStates(clock);
    this.fees = new Fees(directory);
    this.hours = new TradingHours({ clock, weeklyPause });
    this.purses = new Purses({ accounts, allocation });
    this.shown = new ShownBooks({
      engine,
      wall,
      tell: (event) => this.#tell(event),
      ...(options.stillness === undefined ? {} : { stillness: options.stillness }),
    });
    this.#view = isLegacy ? new WholeBooks(this.shown) : this.shown;
    const { states, fees, hours, purses, shown, tape } = this;
    this.feed = new Feed({
      shown,
      view: this.#view,
      directory,
      tape,
      clock,
      writer: isLegacy ? LEGACY_WRITER : CURRENT_WRITER,
      cause: () => this.matcher.cause,
    });
    this.ledger = new Ledger({
      accounts,
      purses,
      readLagMs,
      hasCentFees: isLegacy,
      wall,
      listener: this.feed,
    });
    const { feed, ledger } = this;
    this.groups = new OrderGroups({
      now: wall,
      cancelOrders: (id) =>
        this.matcher.removeWhere(({ request }) => request.orderGroupId === id, undefined),
      onUpdate: (group, event) => feed.onOrderGroup(group, event),
    });
    const shared = { engine, directory, states, fees, shown, purses, ledger, hours, clock };
    this.matcher = new Matcher({
      ...shared,
      accounts,
      readLagMs,
      isWhole: isLegacy,
      feeStepMicros,
      onOrder: (order) => feed.onOrder(order),
      onGroupMatch: (id, sizeE6) => this.groups.matched(id, sizeE6),
    });
    const { matcher, groups } = this;
    this.desk = new Desk({ ...shared, matcher, groups, feeStepMicros });
    this.lifecycle = new Lifecycle({ ...shared, matcher, feed, settlementMs });
  }

  /** What answers requests. */
  routes(rateLimits: RateLimits, orderFaults: OrderFaults) {
    const { readLagMs, settlementMs, isLegacy } = this.#options;
    const { clock, directory, states, fees, hours, purses } = this;
    const { tape, ledger, groups, matcher, desk } = this;
    const orders = { rateLimits, desk, directory, orderFaults, clock };
    return {
      marketData: new MarketData({
        shown: this.#view,
        directory,
        states,
        fees,
        tape,
        settlementMs,
      }),
      info: new ExchangeInfo({ directory, hours, clock, readLagMs, isLegacy }),
      portfolio: new Portfolio({ purses, ledger, matcher, clock }),
      orders: new OrderRoutes(orders),
      legacyOrders: isLegacy ? new LegacyOrderRoutes(orders) : undefined,
      groups: new OrderGroupRoutes(groups, matcher),
      money: new MoneyRoutes(purses, directory.shards(), clock),
    };
  }

  /** Does what time has brought. To be called now and then. */
  sweep(): void {
    this.lifecycle.advance();
    const nowMs = this.clock.now();
    this.matcher.removeWhere(({ listing }) => this.states.hasEnded(listing), 'CloseCancel');
    this.matcher.removeWhere(
      ({ expirationMs }) => (expirationMs ?? Infinity) <= nowMs,
      'ExpiryCancel',
    );
  }

  #tell(event: BookEvent): void {
    const venueMs = this.clock.stamp(event.venueMs);
    const stamped = venueMs === event.venueMs ? event : { ...event, venueMs };
    this.tape.onBookEvent(stamped);
    this.feed.onBookEvent(stamped);
    this.matcher.onBookEvent(stamped);
  }
}

function legacyListing(listing: KalshiListing): KalshiListing {
  return {
    ...listing,
    exchangeIndex: 0,
    priceLevelStructure: 'linear_cent',
    priceGrid: [{ startE4: 0, endE4: PAYOUT_E4, stepE4: E4_PER_CENT }],
  };
}
