// Kalshi's end of a market data connection, as kalshi-api.md 2 describes it.
import { formatDecimal } from '../../src/domain/decimal.js';
import { KalshiFeed } from '../../src/venues/kalshi/feed.js';
import {
  copyBook,
  type FeedUnderTest,
  type Peer,
  type PeerOptions,
  type Sent,
  type Side,
} from './feed-model.js';

export const tickerOf = (market: number) => `KXTEST-${market}`;
const marketOf = (ticker: string) => Number(ticker.split('-')[1]);
const price = (priceE4: number) => formatDecimal(priceE4, 4, 4);
const size = (sizeCenti: number) => formatDecimal(sizeCenti, 2, 2);

interface Command {
  readonly id: number;
  readonly cmd: string;
  readonly params: { readonly action?: string; readonly market_tickers?: readonly string[] };
}

export class KalshiPeer implements Peer {
  readonly outbox: Sent[] = [];
  readonly subscribed = new Set<number>();
  /** Tickers that it says it does not know (error 11). */
  readonly unknown = new Set<string>();
  readonly #options: PeerOptions;
  sid = 0;
  seq = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  opened(): void {
    this.sid = 0;
    this.seq = 0;
  }

  heard(text: string): void {
    const { id, cmd, params } = JSON.parse(text) as Command;
    const tickers = params.market_tickers ?? [];
    if (tickers.length > 500) throw new Error(`too many tickers: count=${tickers.length}`);
    const unknown = tickers.filter((ticker) => this.unknown.has(ticker));
    if (unknown.length > 0) {
      const msg = { code: 11, msg: 'Invalid parameter', market_tickers: unknown };
      this.#send({ id, type: 'error', msg });
    } else if (cmd === 'subscribe') {
      this.sid = 1;
      this.#send({ id, type: 'subscribed', msg: { channel: 'orderbook_delta', sid: 1 } });
      for (const ticker of tickers) this.#snapshot(marketOf(ticker), undefined);
    } else if (cmd === 'list_subscriptions') {
      this.#send({ id, type: 'ok', msg: [{ channel: 'orderbook_delta', sid: 1 }] });
    } else if (params.action === 'add_markets') {
      for (const ticker of tickers) this.subscribed.add(marketOf(ticker));
      this.#send({ id, sid: 1, seq: ++this.seq, type: 'ok', msg: { market_tickers: tickers } });
      for (const ticker of tickers) this.#snapshot(marketOf(ticker), undefined);
    } else if (params.action === 'get_snapshot') {
      for (const ticker of tickers) this.#snapshot(marketOf(ticker), id);
    }
  }

  change(market: number, side: Side, priceE4: number, sizeCenti: number): void {
    const book = this.#options.truth[market]!;
    const delta = sizeCenti - (book[side].get(priceE4) ?? 0);
    if (delta === 0) return;
    if (sizeCenti === 0) book[side].delete(priceE4);
    else book[side].set(priceE4, sizeCenti);
    if (!this.subscribed.has(market)) return;
    const msg = {
      market_ticker: tickerOf(market),
      price_dollars: price(priceE4),
      delta_fp: size(delta),
      side,
      ts_ms: this.#options.venueMs(),
    };
    const frame = { type: 'orderbook_delta', sid: 1, seq: ++this.seq, msg };
    this.#send(frame, { market, book: copyBook(book) });
  }

  #snapshot(market: number, id: number | undefined): void {
    this.subscribed.add(market);
    const book = copyBook(this.#options.truth[market]!);
    const side = (name: Side) =>
      [...book[name]].sort(([a], [b]) => a - b).map(([p, s]) => [price(p), size(s)]);
    const msg = {
      market_ticker: tickerOf(market),
      ...(book.yes.size > 0 ? { yes_dollars_fp: side('yes') } : {}),
      ...(book.no.size > 0 ? { no_dollars_fp: side('no') } : {}),
    };
    const head = id === undefined ? {} : { id };
    const frame = { ...head, type: 'orderbook_snapshot', sid: 1, seq: ++this.seq, msg };
    this.#send(frame, { market, book });
  }

  #send(frame: object, facts: Omit<Sent, 'data'> = {}): void {
    this.outbox.push({ data: Buffer.from(JSON.stringify(frame)), ...facts });
  }
}

export const KALSHI_FEED: FeedUnderTest = {
  name: 'Kalshi',
  createFeed: (markets, sink, count, limits, clock) =>
    new KalshiFeed(
      Array.from({ length: markets }, (_, market) => ({ market, ticker: tickerOf(market) })),
      sink,
      count,
      limits,
      clock,
    ),
  createPeer: (options) => new KalshiPeer(options),
};
