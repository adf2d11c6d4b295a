// The market socket (polymarket-api.md 8): subscriptions, snapshots, and each matching event as its
// frames. No accounts.
import type { WebSocket } from 'ws';
import { formatDecimal } from '../../domain/decimal.js';
import { MICROS_PLACES, PAYOUT_E4 } from '../../domain/units.js';
import { type Outcome, opposite } from '../../domain/venue.js';
import { NO_NEW_ASSETS, PING, PONG } from '../../venues/polymarket/wire/ws-messages.js';
import type { BookEvent, LevelChange, MatchingEngine, Trade } from '../exchange.js';
import type { Books } from './books.js';
import type { ExchangeClock } from './clock.js';
import { type Directory, isHydrated, type Market, type Token } from './directory.js';
import { type BestPrices, type DisplayedBook, priceOf } from './displayed-book.js';
import {
  bestBidAskFrame,
  bookFrame,
  lastTradePriceFrame,
  marketResolvedFrame,
  newMarketFrame,
  type Print,
  priceChangeFrame,
  spaced,
  tickSizeChangeFrame,
} from './market-frames.js';
import type { Outbound } from './outbound.js';
import { parseSubscription } from './subscription-message.js';

/** Tokens that one connection may watch: far above what the venue was seen to serve. */
const MAX_ASSETS = 4_096;
/** Level 1 shows the best level alone; 2 and 3 the whole book, which has no finer form here. */
const TOP_ONLY = 1;
/** Prices at which a cent is too coarse (polymarket-api.md 4.6). */
const FINE_BELOW_E4 = 400;
const FINE_ABOVE_E4 = 9_600;
const FINE_TICK_E4 = 10;

interface Client {
  readonly socket: WebSocket;
  readonly assets: Set<string>;
  custom: boolean;
  level: 1 | 2 | 3;
}

export interface MarketChannelOptions {
  readonly engine: MatchingEngine;
  readonly directory: Directory;
  readonly books: Books;
  readonly outbound: Outbound;
  readonly clock: ExchangeClock;
  /** Assets of a connection beyond so many get no snapshot (polymarket-api.md 8). */
  readonly snapshotAssets: number;
  /** True where the tick follows the price (polymarket-api.md 4.6). */
  readonly tickFollowsPrice: boolean;
  /** True when the taker's order sold the outcome other than the one that the engine bought. */
  isSale(takerOrderId: string): boolean;
}

export class MarketChannel {
  readonly #options: MarketChannelOptions;
  readonly #clients = new Set<Client>();
  /** Clients that watch either token, by market. */
  readonly #watchers = new Map<number, Set<Client>>();

  constructor(options: MarketChannelOptions) {
    this.#options = options;
    options.engine.onBookEvent((event) => this.#onEvent(event));
  }

  connect(socket: WebSocket): void {
    const client: Client = { socket, assets: new Set(), custom: false, level: 2 };
    this.#clients.add(client);
    socket.on('message', (data) => this.#onMessage(client, data.toString()));
    socket.on('close', () => {
      this.#unwatch(client, [...client.assets]);
      this.#clients.delete(client);
    });
  }

  /** Half a message, to everybody. */
  sendGarbage(): void {
    for (const { socket } of this.#clients) this.#options.outbound.sendData(socket, '{"type":');
  }

  /** Both tokens' grid is this one from now on; what rests stays (polymarket-api.md 4.6). */
  changeTick(market: Market, tickE4: number): void {
    const { books, clock } = this.#options;
    const old = market.tickE4;
    if (old === tickE4) return;
    market.tickE4 = tickE4;
    const book = books.book(market.listing.market);
    book.changeTick(tickE4, clock.now());
    for (const outcome of [0, 1] as const) {
      const frame = tickSizeChangeFrame(book, outcome, old, tickE4, clock.now());
      this.#toWatchersOf(book, outcome, frame);
    }
  }

  announceResolved(market: Market, winner: Outcome): void {
    const { books, clock } = this.#options;
    const frame = marketResolvedFrame(books.book(market.listing.market), winner, clock.now());
    this.#toCustom(this.#watchers.get(market.listing.market) ?? [], frame);
  }

  /** To everybody who asked for custom events: it is about no asset that one could have named. */
  announceNew(market: Market): void {
    const { books, clock } = this.#options;
    this.#toCustom(this.#clients, newMarketFrame(books.book(market.listing.market), clock.now()));
  }

  #onMessage(client: Client, text: string): void {
    if (text === PING) {
      this.#options.outbound.sendControl(client.socket, PONG);
      return;
    }
    const message = parseSubscription(text);
    if (message === undefined) {
      this.#options.outbound.sendControl(client.socket, 'INVALID OPERATION');
      return;
    }
    if (message.custom) client.custom = true;
    if (message.level !== undefined) client.level = message.level;
    if (message.operation === 'unsubscribe') this.#unwatch(client, message.assets);
    else this.#watch(client, message.assets, message.dump);
  }

  #watch(client: Client, assets: readonly string[], dump: boolean): void {
    const added: Token[] = [];
    const snapshots: string[] = [];
    const { directory, outbound, snapshotAssets } = this.#options;
    for (const asset of assets) {
      if (client.assets.has(asset) || client.assets.size >= MAX_ASSETS) continue;
      client.assets.add(asset);
      const token = directory.token(asset);
      if (token === undefined) continue;
      added.push(token);
      const isShown = client.assets.size <= snapshotAssets && hasBook(token.market);
      if (isShown) snapshots.push(this.#snapshot(client, token));
    }
    if (assets.length > 0 && added.length === 0 && assets.every((a) => directory.token(a))) {
      outbound.sendControl(client.socket, NO_NEW_ASSETS);
      return;
    }
    for (const { market } of added) {
      const watchers = this.#watchers.get(market.listing.market) ?? new Set();
      this.#watchers.set(market.listing.market, watchers.add(client));
    }
    if (dump) outbound.sendMove(client.socket, `[${snapshots.join(',')}]`);
  }

  #snapshot(client: Client, { market, outcome }: Token): string {
    const depth = client.level === TOP_ONLY ? 1 : undefined;
    return bookFrame(this.#options.books.snapshot(market), outcome, depth);
  }

  #unwatch(client: Client, assets: readonly string[]): void {
    for (const asset of assets) {
      client.assets.delete(asset);
      const listing = this.#options.directory.token(asset)?.market.listing;
      if (listing === undefined || listing.tokenIds.some((id) => client.assets.has(id))) continue;
      this.#watchers.get(listing.market)?.delete(client);
    }
  }

  /**
   * One matching event: best prices first, then its changes, then books and prints when it traded
   * (recorded README).
   */
  #onEvent(event: BookEvent): void {
    const { books, clock, directory, tickFollowsPrice } = this.#options;
    const market = directory.market(event.market);
    // The book of a market that takes no orders stands still.
    if (market?.phase !== 'open') return;
    const book = books.book(event.market);
    const watchers = this.#watchers.get(event.market);
    const before = book.best(0);
    const prints = event.trades.map((trade) => this.#print(trade));
    // Of the token that it was in (recorded README, "book hashes").
    const last = prints.at(-1);
    book.apply(event, last?.priceE4, last?.side ?? 'BUY', clock.skewMs);
    const after = book.best(0);
    if (watchers !== undefined && watchers.size > 0 && isHydrated(market)) {
      this.#sendEvent(book, event, prints, before, watchers);
    }
    if (tickFollowsPrice && isExtreme(after) && market.tickE4 > FINE_TICK_E4) {
      this.changeTick(market, FINE_TICK_E4);
    }
  }

  #sendEvent(
    book: DisplayedBook,
    event: BookEvent,
    prints: readonly Print[],
    before: BestPrices,
    watchers: ReadonlySet<Client>,
  ): void {
    const after = book.best(0);
    if (after.bidE4 !== before.bidE4 || after.askE4 !== before.askE4) {
      for (const outcome of [0, 1] as const) {
        const frame = bestBidAskFrame(book, outcome);
        this.#toCustom(this.#watching(book, outcome), frame);
      }
    }
    for (const change of event.changes) {
      this.#sendChange(book, change, isTop(change, before, after), watchers);
    }
    if (prints.length === 0) return;
    for (const outcome of [0, 1] as const) {
      const whole = spaced(bookFrame(book, outcome));
      for (const { socket, level } of this.#watching(book, outcome)) {
        const frame = level === TOP_ONLY ? spaced(bookFrame(book, outcome, 1)) : whole;
        this.#options.outbound.sendMove(socket, frame);
      }
    }
    for (const print of prints) {
      this.#toWatchersOf(book, print.outcome, lastTradePriceFrame(book, print));
    }
  }

  #sendChange(
    book: DisplayedBook,
    change: LevelChange,
    top: boolean,
    watchers: ReadonlySet<Client>,
  ): void {
    const { outbound } = this.#options;
    if (outbound.takeSkip()) return;
    const frame = priceChangeFrame(book, change);
    const isDoubled = outbound.takeDuplicate();
    for (const { socket, level } of watchers) {
      if (level === TOP_ONLY && !top) continue;
      outbound.sendMove(socket, frame);
      if (isDoubled) outbound.sendMove(socket, frame);
    }
  }

  *#watching(book: DisplayedBook, outcome: Outcome): Iterable<Client> {
    const asset = book.listing.tokenIds[outcome];
    for (const client of this.#watchers.get(book.listing.market) ?? []) {
      if (client.assets.has(asset)) yield client;
    }
  }

  #toWatchersOf(book: DisplayedBook, outcome: Outcome, frame: string): void {
    for (const { socket } of this.#watching(book, outcome)) {
      this.#options.outbound.sendData(socket, frame);
    }
  }

  #toCustom(clients: Iterable<Client>, frame: string): void {
    for (const { socket, custom } of clients) {
      if (custom) this.#options.outbound.sendData(socket, frame);
    }
  }

  #print(trade: Trade): Print {
    const sale = this.#options.isSale(trade.takerOrderId);
    const outcome = sale ? opposite(trade.takerOutcome) : trade.takerOutcome;
    return {
      outcome,
      priceE4: priceOf(outcome, trade.priceE4),
      size: formatDecimal(trade.sizeE6, MICROS_PLACES),
      side: sale ? 'SELL' : 'BUY',
    };
  }
}

function hasBook(market: Market): boolean {
  return market.phase !== 'resolved' && isHydrated(market);
}

/** True when the change is at a best price, as it was or as it is. */
function isTop({ side, priceE4 }: LevelChange, before: BestPrices, after: BestPrices): boolean {
  return side === 'bid'
    ? priceE4 === before.bidE4 || priceE4 === after.bidE4
    : priceE4 === before.askE4 || priceE4 === after.askE4;
}

/** The price is the midpoint: a side that nobody quotes has none. */
function isExtreme({ bidE4, askE4 }: BestPrices): boolean {
  if (bidE4 === 0 || askE4 === PAYOUT_E4) return false;
  const doubledMid = bidE4 + askE4;
  return doubledMid < 2 * FINE_BELOW_E4 || doubledMid > 2 * FINE_ABOVE_E4;
}
