// Fans out what happens on the exchange to the subscriptions that want it: book changes, trades, tickers, and each account's
// own fills, orders and positions (kalshi-api.md 2.4 to 2.6). It must not know sockets or commands.
import type { KalshiChannel } from '../../venues/kalshi/wire/ws-messages.js';
import type { BookEvent, KalshiListing, MatchingEngine } from '../exchange.js';
import type { Connection } from './connection.js';
import type { Cause, DeskListener } from './desk.js';
import type { Directory } from './directory.js';
import {
  deltaFrame,
  deltaTail,
  fillFrame,
  positionFrame,
  snapshotFrame,
  tickerFrame,
  tradeFrame,
  userOrderFrame,
} from './frames.js';
import type { FillRecord, OrderRecord } from './order-record.js';
import type { Position } from './positions.js';
import type { Tape } from './tape.js';

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
  readonly engine: MatchingEngine;
  readonly directory: Directory;
  readonly tape: Tape;
  /** Whose order is being executed, asked during a book event. */
  cause(): Cause | undefined;
  now(): number;
}

export class Feed implements DeskListener {
  readonly #options: FeedOptions;
  /** Readers of a market's book. Lists are replaced, never changed: a reader may end while one is walked. */
  readonly #books = new Map<number, readonly Subscription[]>();
  readonly #others = new Map<KalshiChannel, readonly Subscription[]>();
  #framesToLose = 0;

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
    const { engine } = this.#options;
    for (const listing of this.#listings(tickers)) {
      const { market } = listing;
      const header = { id, sid: subscription.sid, seq: ++subscription.seq };
      const frame = snapshotFrame(
        header,
        listing,
        engine.bids(market),
        engine.asks(market),
        subscription.useYesPrice,
      );
      subscription.connection.sendOrdered(frame);
    }
  }

  sendTickers(subscription: Subscription): void {
    const { directory, now } = this.#options;
    const listings =
      subscription.tickers === undefined
        ? directory.listings
        : this.#listings([...subscription.tickers]);
    for (const listing of listings) this.#sendTicker(subscription, listing, now());
  }

  /** The next delta to any one reader is counted and not sent. */
  loseFrame(): void {
    this.#framesToLose++;
  }

  onBookEvent(event: BookEvent): void {
    const listing = this.#options.directory.byMarket(event.market);
    if (listing === undefined) return;
    const readers = this.#books.get(event.market) ?? [];
    if (readers.length > 0 && event.changes.length > 0) this.#sendDeltas(readers, listing, event);
    for (const trade of event.trades) {
      for (const reader of this.#readers('trade', listing)) {
        const frame = tradeFrame(reader.sid, ++reader.seq, listing, trade, event.venueMs);
        reader.connection.sendOrdered(frame);
      }
    }
    for (const reader of this.#readers('ticker', listing)) {
      this.#sendTicker(reader, listing, event.venueMs);
    }
  }

  /** One frame a change, the same text for all readers of one price convention. */
  #sendDeltas(readers: readonly Subscription[], listing: KalshiListing, event: BookEvent): void {
    const cause = this.#options.cause();
    const tails = (useYesPrice: boolean, id: string | undefined): string[] =>
      event.changes.map((change) => deltaTail(listing, event, change, useYesPrice, id));
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
      if (isCause) this.#send(reader, tails(reader.useYesPrice, cause.clientOrderId));
      else {
        shared[convention] ??= tails(reader.useYesPrice, undefined);
        this.#send(reader, shared[convention]);
      }
    }
  }

  #send(reader: Subscription, tails: readonly string[]): void {
    const { connection, sid } = reader;
    if (tails.length > 1) connection.cork();
    for (const tail of tails) {
      reader.seq++;
      if (this.#framesToLose > 0) this.#framesToLose--;
      else connection.sendOrdered(deltaFrame(sid, reader.seq, tail));
    }
    if (tails.length > 1) connection.uncork();
  }

  #sendTicker(reader: Subscription, listing: KalshiListing, tsMs: number): void {
    const { engine, tape } = this.#options;
    const { market } = listing;
    const bid = engine.bids(market)[0];
    const ask = engine.asks(market)[0];
    const frame = tickerFrame(reader.sid, listing, bid, ask, tape.of(market), tsMs);
    reader.connection.sendOrdered(frame);
  }

  onFill(fill: FillRecord): void {
    for (const reader of this.#readers('fill', fill.order.listing, fill.order.account)) {
      reader.connection.sendDirect(fillFrame(reader.sid, fill));
    }
  }

  onOrder(order: OrderRecord): void {
    for (const reader of this.#readers('user_orders', order.listing, order.account)) {
      reader.connection.sendDirect(userOrderFrame(reader.sid, order));
    }
  }

  onPosition(account: string, position: Position): void {
    for (const reader of this.#readers('market_positions', position.listing, account)) {
      reader.connection.sendDirect(positionFrame(reader.sid, account, position));
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

  #listings(tickers: readonly string[]): KalshiListing[] {
    return tickers.flatMap((ticker) => this.#options.directory.byTicker(ticker) ?? []);
  }
}
