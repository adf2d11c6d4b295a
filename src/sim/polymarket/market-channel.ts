// The market socket (polymarket-api.md 8): subscriptions, snapshots, and each matching event as its
// frames. No accounts.
import type { WebSocket } from 'ws';
import { formatDecimal } from '../../domain/decimal.js';
import { MICROS_PLACES } from '../../domain/units.js';
import { type Outcome, opposite } from '../../domain/venue.js';
import { NO_NEW_ASSETS, PING, PONG } from '../../venues/polymarket/wire/ws-messages.js';
import type { BookEvent, MatchingEngine, Trade } from '../exchange.js';
import type { Directory, Token } from './directory.js';
import { DisplayedBook, priceOf } from './displayed-book.js';
import {
  bestBidAskFrame,
  bookFrame,
  lastTradePriceFrame,
  marketResolvedFrame,
  type Print,
  priceChangeFrame,
  spaced,
  tickSizeChangeFrame,
} from './market-frames.js';
import type { Outbound } from './outbound.js';

/** Tokens that one connection may watch: far above what the venue was seen to serve. */
const MAX_ASSETS = 4_096;

interface Client {
  readonly socket: WebSocket;
  readonly assets: Set<string>;
  custom: boolean;
}

export interface MarketChannelOptions {
  readonly engine: MatchingEngine;
  readonly directory: Directory;
  readonly outbound: Outbound;
  /** True when the taker's order sold the outcome other than the one that the engine bought. */
  isSale(takerOrderId: string): boolean;
  now(): number;
}

export class MarketChannel {
  readonly #options: MarketChannelOptions;
  readonly #books = new Map<number, DisplayedBook>();
  readonly #clients = new Set<Client>();
  /** Clients that watch either token, by market. */
  readonly #watchers = new Map<number, Set<Client>>();

  constructor(options: MarketChannelOptions) {
    this.#options = options;
    const { engine, directory } = options;
    for (const { listing } of directory.markets) {
      const { market } = listing;
      const book = new DisplayedBook(
        listing,
        engine.bids(market),
        engine.asks(market),
        options.now(),
      );
      this.#books.set(market, book);
    }
    engine.onBookEvent((event) => this.#onEvent(event));
  }

  book(market: number): DisplayedBook {
    const book = this.#books.get(market);
    if (book === undefined) throw new RangeError(`unknown market: market=${market}`);
    return book;
  }

  connect(socket: WebSocket): void {
    const client: Client = { socket, assets: new Set(), custom: false };
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

  cut(): void {
    for (const { socket } of this.#clients) socket.terminate();
  }

  sendTickSizeChange(market: number, oldTickE4: number, newTickE4: number): void {
    const book = this.book(market);
    const nowMs = this.#options.now();
    for (const outcome of [0, 1] as const) {
      this.#toWatchersOf(
        book,
        outcome,
        tickSizeChangeFrame(book, outcome, oldTickE4, newTickE4, nowMs),
        false,
      );
    }
  }

  sendMarketResolved(market: number, winner: Outcome): void {
    const frame = marketResolvedFrame(this.book(market), winner, this.#options.now());
    for (const client of this.#watchers.get(market) ?? []) {
      if (client.custom) this.#options.outbound.sendData(client.socket, frame);
    }
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
    if (message.operation === 'unsubscribe') this.#unwatch(client, message.assets);
    else this.#watch(client, message.assets, message.dump);
  }

  #watch(client: Client, assets: readonly string[], dump: boolean): void {
    const added: Token[] = [];
    const { directory, outbound } = this.#options;
    for (const asset of assets) {
      if (client.assets.has(asset) || client.assets.size >= MAX_ASSETS) continue;
      client.assets.add(asset);
      const token = directory.token(asset);
      if (token !== undefined) added.push(token);
    }
    if (assets.length > 0 && added.length === 0 && assets.every((a) => directory.token(a))) {
      outbound.sendControl(client.socket, NO_NEW_ASSETS);
      return;
    }
    for (const { market } of added) {
      const watchers = this.#watchers.get(market.listing.market) ?? new Set();
      this.#watchers.set(market.listing.market, watchers.add(client));
    }
    if (!dump) return;
    const books = added.map((token) => bookFrame(this.#bookOf(token), token.outcome));
    outbound.sendData(client.socket, `[${books.join(',')}]`);
  }

  #unwatch(client: Client, assets: readonly string[]): void {
    for (const asset of assets) {
      client.assets.delete(asset);
      const listing = this.#options.directory.token(asset)?.market.listing;
      if (listing === undefined || listing.tokenIds.some((id) => client.assets.has(id))) continue;
      this.#watchers.get(listing.market)?.delete(client);
    }
  }

  #bookOf(token: Token): DisplayedBook {
    return this.book(token.market.listing.market);
  }

  /**
   * One matching event: best prices first, then its changes, then books and prints when it traded
   * (recorded README).
   */
  #onEvent(event: BookEvent): void {
    const book = this.#books.get(event.market);
    if (book === undefined) return;
    const watchers = this.#watchers.get(event.market);
    const before = book.best(0);
    const prints = event.trades.map((trade) => this.#print(trade));
    book.apply(event, prints.at(-1)?.priceE4);
    if (watchers === undefined || watchers.size === 0) return;
    const after = book.best(0);
    if (after.bidE4 !== before.bidE4 || after.askE4 !== before.askE4) {
      for (const outcome of [0, 1] as const) {
        this.#toWatchersOf(book, outcome, bestBidAskFrame(book, outcome), true);
      }
    }
    for (const change of event.changes) {
      if (this.#options.outbound.takeSkip()) continue;
      const frame = priceChangeFrame(book, change);
      for (const { socket } of watchers) this.#options.outbound.sendData(socket, frame);
    }
    if (prints.length === 0) return;
    for (const outcome of [0, 1] as const) {
      this.#toWatchersOf(book, outcome, spaced(bookFrame(book, outcome)), false);
    }
    for (const print of prints) {
      this.#toWatchersOf(book, print.outcome, lastTradePriceFrame(book, print), false);
    }
  }

  #toWatchersOf(book: DisplayedBook, outcome: Outcome, frame: string, customOnly: boolean): void {
    const asset = book.listing.tokenIds[outcome];
    for (const client of this.#watchers.get(book.listing.market) ?? []) {
      if (!client.assets.has(asset) || (customOnly && !client.custom)) continue;
      this.#options.outbound.sendData(client.socket, frame);
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

interface Subscription {
  readonly operation: 'subscribe' | 'unsubscribe';
  readonly assets: readonly string[];
  readonly dump: boolean;
  readonly custom: boolean;
}

function parseSubscription(text: string): Subscription | undefined {
  const message = parseObject(text);
  if (message === undefined) return undefined;
  const { assets_ids: assets, operation = 'subscribe' } = message;
  if (!Array.isArray(assets) || !assets.every((asset) => typeof asset === 'string')) {
    return undefined;
  }
  if (operation !== 'subscribe' && operation !== 'unsubscribe') return undefined;
  if (message.operation === undefined && message.type !== 'market') return undefined;
  return {
    operation,
    assets,
    dump: message.initial_dump !== false,
    custom: message.custom_feature_enabled === true,
  };
}

/** undefined when the text is not a JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
