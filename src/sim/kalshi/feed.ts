// Fans out what happens on the exchange to the subscriptions that want it: book changes, trades,
// tickers, and each account's own fills, orders and positions (kalshi-api.md 2.4 to 2.6). It must
// not know sockets or commands.
import type { KalshiChannel } from '../../venues/kalshi/wire/ws-messages.js';
import type { BookEvent, KalshiListing } from '../exchange.js';
import type { Connection } from './connection.js';
import type { Directory } from './directory.js';
import type { ExchangeClock } from './exchange-clock.js';
import type { FeeTerms } from './fees.js';
import { FrameFaults } from './frame-faults.js';
import { deltaFrame, type FrameWriter } from './frames.js';
import type { LedgerListener } from './ledger.js';
import {
  eventFeeFrame,
  type LifecycleNews,
  lifecycleFrame,
  orderGroupFrame,
} from './lifecycle-frames.js';
import type { Cause } from './matcher.js';
import type { GroupEvent, OrderGroup } from './order-groups.js';
import type { FillRecord, OrderRecord } from './order-record.js';
import type { Position } from './positions.js';
import type { BookView, ShownBooks } from './shown-books.js';
import type { Tape } from './tape.js';

/**
 * A book that moves again after a pause differs in many levels: told as deltas, each a frame, it would pass through states that it
 * never had. Recorded events have 12 or more in 0.01 % of cases.
 */
const MAX_DELTAS = 8;

/** One sid: one channel of one connection. */
export interface Subscription {
  readonly connection: Connection;
  readonly channel: KalshiChannel;
  readonly sid: number;
  /** Of the last frame that carried one; counts over all markets and control replies. */
  seq: number;
  /** undefined: all markets. */
  tickers: Set<string> | undefined;
  readonly useYesPrice: boolean;
  readonly skipTickerAck: boolean;
  /** Ends the sid with error 25. */
  overflow(): void;
}

export interface FeedOptions {
  readonly shown: ShownBooks;
  /** The same books as snapshots and tickers give them. */
  readonly view: BookView;
  readonly directory: Directory;
  readonly tape: Tape;
  /** How frames are written: today's way or January 2026's. */
  readonly writer: FrameWriter;
  readonly clock: ExchangeClock;
  /** Whose order is being executed, asked during a book event. */
  cause(): Cause | undefined;
}

export class Feed implements LedgerListener {
  readonly faults = new FrameFaults();
  readonly #options: FeedOptions;
  /**
   * Readers of a market's book. Lists are replaced, never changed: a reader may end while one is
   * walked.
   */
  readonly #books = new Map<number, readonly Subscription[]>();
  readonly #others = new Map<KalshiChannel, readonly Subscription[]>();
  #stalledUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  add(subscription: Subscription): void {
    if (subscription.channel === 'orderbook_delta') {
      this.addMarkets(subscription, [...(subscription.tickers ?? [])]);
    } else {
      const readers = this.#others.get(subscription.channel) ?? [];
      this.#others.set(subscription.channel, [...readers, subscription]);
    }
  }

  remove(subscription: Subscription): void {
    this.faults.forget(subscription);
    if (subscription.channel === 'orderbook_delta') {
      this.removeMarkets(subscription, [...(subscription.tickers ?? [])]);
    } else {
      const readers = this.#others.get(subscription.channel) ?? [];
      this.#others.set(
        subscription.channel,
        readers.filter((reader) => reader !== subscription),
      );
    }
  }

  addMarkets(subscription: Subscription, tickers: readonly string[]): void {
    for (const listing of this.#listings(tickers)) {
      const readers = this.#books.get(listing.market) ?? [];
      this.#books.set(listing.market, [...readers, subscription]);
    }
  }

  removeMarkets(subscription: Subscription, tickers: readonly string[]): void {
    for (const listing of this.#listings(tickers)) {
      const readers = this.#books.get(listing.market) ?? [];
      this.#books.set(
        listing.market,
        readers.filter((reader) => reader !== subscription),
      );
    }
  }

  /** Books as they are now, one frame a market. `id` when they answer a get_snapshot. */
  sendSnapshots(
    subscription: Subscription,
    tickers: readonly string[],
    id: number | undefined,
  ): void {
    const { view, writer } = this.#options;
    for (const listing of this.#listings(tickers)) {
      const header = { id, sid: subscription.sid, seq: ++subscription.seq };
      const book = view.snapshot(listing.market);
      const frame = writer.snapshot(header, listing, book, subscription.useYesPrice);
      subscription.connection.sendOrdered(frame);
    }
  }

  sendTickers(subscription: Subscription): void {
    const { directory, clock } = this.#options;
    const listings =
      subscription.tickers === undefined
        ? directory.listings
        : this.#listings([...subscription.tickers]);
    for (const listing of listings) this.#sendTicker(subscription, listing, clock.now());
  }

  /**
   * What happens until then is counted in every sid's seq and not sent; snapshots, being answers,
   * are.
   */
  stall(durationMs: number): void {
    this.#stalledUntilMs = this.#options.clock.wall() + durationMs;
  }

  onBookEvent(event: BookEvent): void {
    const listing = this.#options.directory.byMarket(event.market);
    if (listing === undefined) return;
    const isStalled = this.#options.clock.wall() < this.#stalledUntilMs;
    const readers = this.#books.get(event.market) ?? [];
    if (event.changes.length > MAX_DELTAS && !isStalled) {
      for (const reader of readers) this.sendSnapshots(reader, [listing.ticker], undefined);
    } else if (readers.length > 0 && event.changes.length > 0) {
      this.#sendDeltas(readers, listing, event, isStalled);
    }
    for (const trade of event.trades) {
      for (const reader of this.#readers('trade', listing)) {
        reader.seq++;
        if (isStalled) continue;
        const { writer } = this.#options;
        const frame = writer.trade(reader.sid, reader.seq, listing, trade, event.venueMs);
        reader.connection.sendOrdered(frame);
      }
    }
    if (isStalled) return;
    for (const reader of this.#readers('ticker', listing)) {
      this.#sendTicker(reader, listing, event.venueMs);
    }
  }

  /** One frame a change, the same text for all readers of one price convention. */
  #sendDeltas(
    readers: readonly Subscription[],
    listing: KalshiListing,
    event: BookEvent,
    isStalled: boolean,
  ): void {
    const { shown, writer } = this.#options;
    const cause = this.#options.cause();
    const tails = (useYesPrice: boolean, id: string | undefined): string[] =>
      writer.deltaTails(listing, event, shown, useYesPrice, id);
    const shared: [string[] | undefined, string[] | undefined] = [undefined, undefined];
    for (const reader of readers) {
      if (reader.connection.isFull) {
        reader.overflow();
        continue;
      }
      const convention = reader.useYesPrice ? 1 : 0;
      // Only who caused a change is told by which order.
      const isCause =
        cause?.clientOrderId !== undefined && cause.account === reader.connection.account;
      if (isCause) this.#send(reader, tails(reader.useYesPrice, cause.clientOrderId), isStalled);
      else {
        shared[convention] ??= tails(reader.useYesPrice, undefined);
        this.#send(reader, shared[convention], isStalled);
      }
    }
  }

  #send(reader: Subscription, tails: readonly string[], isStalled: boolean): void {
    if (isStalled) {
      reader.seq += tails.length;
      return;
    }
    const { connection, sid } = reader;
    if (tails.length > 1) connection.cork();
    for (const tail of tails) {
      reader.seq++;
      this.faults.deliver(reader, deltaFrame(sid, reader.seq, tail));
    }
    if (tails.length > 1) connection.uncork();
  }

  /**
   * What a market's close sends instead of the removal of every level: one snapshot with neither
   * side.
   */
  sendGone(listing: KalshiListing): void {
    for (const reader of this.#books.get(listing.market) ?? []) {
      this.sendSnapshots(reader, [listing.ticker], undefined);
    }
  }

  #sendTicker(reader: Subscription, listing: KalshiListing, tsMs: number): void {
    const { view, tape, writer } = this.#options;
    const { market } = listing;
    const book = { bids: view.bids(market), asks: view.asks(market) };
    reader.connection.sendOrdered(writer.ticker(reader.sid, listing, book, tape.of(market), tsMs));
  }

  /** To everyone who reads the lifecycle: it has no filter (2.5). */
  onLifecycle(listing: KalshiListing, news: LifecycleNews): void {
    for (const reader of this.#unfiltered('market_lifecycle_v2')) {
      reader.connection.sendOrdered(lifecycleFrame(reader.sid, ++reader.seq, listing, news));
    }
  }

  onFeeChange(eventTicker: string, terms: FeeTerms | null): void {
    for (const reader of this.#unfiltered('market_lifecycle_v2')) {
      reader.connection.sendOrdered(eventFeeFrame(reader.sid, ++reader.seq, eventTicker, terms));
    }
  }

  onOrderGroup(group: OrderGroup, event: GroupEvent): void {
    for (const reader of this.#unfiltered('order_group_updates')) {
      if (reader.connection.account !== group.account) continue;
      const tsMs = this.#options.clock.now();
      reader.connection.sendOrdered(orderGroupFrame(reader.sid, ++reader.seq, group, event, tsMs));
    }
  }

  onFill(fill: FillRecord): void {
    for (const reader of this.#readers('fill', fill.order.listing, fill.order.account)) {
      reader.connection.sendDirect(this.#options.writer.fill(reader.sid, fill));
    }
  }

  onOrder(order: OrderRecord): void {
    for (const reader of this.#readers('user_orders', order.listing, order.account)) {
      reader.connection.sendDirect(this.#options.writer.userOrder(reader.sid, order));
    }
  }

  onPosition(account: string, position: Position): void {
    for (const reader of this.#readers('market_positions', position.listing, account)) {
      reader.connection.sendDirect(this.#options.writer.position(reader.sid, account, position));
    }
  }

  /** Subscriptions of a channel that want this market and are not too slow for it. */
  *#readers(
    channel: KalshiChannel,
    listing: KalshiListing,
    account?: string,
  ): Generator<Subscription> {
    for (const reader of this.#others.get(channel) ?? []) {
      if (account !== undefined && reader.connection.account !== account) continue;
      if (reader.tickers !== undefined && !reader.tickers.has(listing.ticker)) continue;
      if (reader.connection.isFull) reader.overflow();
      else yield reader;
    }
  }

  *#unfiltered(channel: KalshiChannel): Generator<Subscription> {
    for (const reader of this.#others.get(channel) ?? []) {
      if (reader.connection.isFull) reader.overflow();
      else yield reader;
    }
  }

  #listings(tickers: readonly string[]): KalshiListing[] {
    return tickers.flatMap((ticker) => this.#options.directory.byTicker(ticker) ?? []);
  }
}
