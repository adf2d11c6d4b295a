// Polymarket's end of a market data connection, as polymarket-api.md 8 describes it.
import { formatDecimal } from '../../src/domain/decimal.js';
import { PAYOUT_E4 } from '../../src/domain/units.js';
import { PolymarketFeed } from '../../src/venues/polymarket/feed.js';
import { bookHash, type HashedBook } from '../../src/venues/polymarket/wire/book-hash.js';
import {
  bestBid,
  copyBook,
  type FeedUnderTest,
  type Peer,
  type PeerOptions,
  type Sent,
  type Side,
  type TrueBook,
} from './feed-model.js';

export const tokensOf = (market: number): [string, string] => [`${market}01`, `${market}02`];
const price = (priceE4: number) => formatDecimal(priceE4, 4);
const size = (sizeCenti: number) => formatDecimal(sizeCenti, 2);

const QUIET_SINCE_MS = 1_789_990_000_000;

export interface Change {
  readonly side: Side;
  readonly priceE4: number;
  readonly sizeCenti: number;
}

export class PolymarketPeer implements Peer {
  readonly outbox: Sent[] = [];
  readonly #subscribed = new Set<string>();
  readonly #options: PeerOptions;
  /** Of each market's last change, as its hashes have it; long ago in a quiet market. */
  readonly #changedMs = new Map<number, number>();
  /** Text of every market's last trade. */
  lastTrade = '0.305';
  /** Of the markets whose tick is not 0.0001; shared by all connections of a test. */
  ticks: ReadonlyMap<number, string> = new Map();
  /** Books that are asked for are those of before so many changes of their market. */
  staleChanges = 0;
  /** Of each market, oldest first: the book before each change, and its time. */
  readonly #past = new Map<number, { readonly book: TrueBook; readonly changedMs: number }[]>();
  /** Markets without an order book: nothing is ever told of them. */
  readonly absent = new Set<number>();

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  opened(): void {
    this.#subscribed.clear();
  }

  heard(text: string): void {
    if (text === 'PING') {
      this.outbox.push({ data: Buffer.from('PONG') });
      return;
    }
    const message = JSON.parse(text) as { operation?: string; assets_ids: string[] };
    if (message.operation === 'unsubscribe') {
      for (const asset of message.assets_ids) this.#subscribed.delete(asset);
      return;
    }
    const fresh = message.assets_ids.filter((asset) => !this.#subscribed.has(asset));
    for (const asset of fresh) this.#subscribed.add(asset);
    if (fresh.length === 0) {
      this.outbox.push({ data: Buffer.from('NO NEW ASSETS') });
      return;
    }
    // One array with a book a token. The last one of a market is what makes its truth whole.
    const markets = [...new Set(fresh.map(marketOf))].filter((market) => !this.absent.has(market));
    for (const market of markets.length === 0 ? [] : markets) {
      const book = copyBook(this.#options.truth[market]!);
      const books = this.#asShown(market, () =>
        tokensOf(market).map((_, token) => this.bookEvent(market, token)),
      );
      this.outbox.push({ data: Buffer.from(JSON.stringify(books)), market, book });
    }
    if (markets.length === 0) this.outbox.push({ data: Buffer.from('[]') });
  }

  change(market: number, side: Side, priceE4: number, sizeCenti: number): void {
    this.event(market, [{ side, priceE4, sizeCenti }]);
  }

  /** One matching event: a frame a change, all of them stating the best prices after the last. */
  event(market: number, changes: readonly Change[]): void {
    const book = this.#options.truth[market]!;
    const past = this.#past.get(market) ?? [];
    past.push({ book: copyBook(book), changedMs: this.changedMs(market) });
    this.#past.set(market, past);
    const steps: [Change, TrueBook][] = [];
    for (const change of changes) {
      if (change.sizeCenti === 0) book[change.side].delete(change.priceE4);
      else book[change.side].set(change.priceE4, change.sizeCenti);
      steps.push([change, copyBook(book)]);
    }
    this.#changedMs.set(market, this.#options.venueMs());
    if (!this.#subscribed.has(tokensOf(market)[0])) return;
    const yesBest = bestBid(book.yes);
    const noBest = bestBid(book.no);
    for (const [change, after] of steps) {
      const frame = {
        market: `0x${market}`,
        price_changes: tokensOf(market).map((asset_id, token) =>
          this.#tokenChange(asset_id, token, change, yesBest, noBest, this.hash(market, token)),
        ),
        timestamp: this.#timestamp(market),
        event_type: 'price_change',
      };
      const data = Buffer.from(JSON.stringify(frame));
      this.outbox.push({ data, market, book: after, finalBest: [yesBest, noBest] });
    }
  }

  /** With the market as who asks for its book is shown it. */
  #asShown<T>(market: number, tell: () => T): T {
    const shown =
      this.staleChanges === 0 ? undefined : this.#past.get(market)?.at(-this.staleChanges);
    if (shown === undefined) return tell();
    const truth = this.#options.truth as TrueBook[];
    const now = { book: truth[market]!, changedMs: this.changedMs(market) };
    truth[market] = shown.book;
    this.#changedMs.set(market, shown.changedMs);
    const told = tell();
    truth[market] = now.book;
    this.#changedMs.set(market, now.changedMs);
    return told;
  }

  bookEvent(market: number, token: number): object {
    return {
      market: `0x${market}`,
      asset_id: tokensOf(market)[token],
      timestamp: this.#timestamp(market),
      hash: this.hash(market, token),
      ...this.levels(market, token),
      tick_size: this.#tick(market),
      last_trade_price: this.lastTrade,
      event_type: 'book',
    };
  }

  /** Of the whole book as it is now. */
  hash(market: number, token: number): string {
    return bookHash(this.hashed(market, token));
  }

  hashed(market: number, token: number): HashedBook {
    const { bids, asks } = this.levels(market, token);
    return {
      market: `0x${market}`,
      assetId: tokensOf(market)[token]!,
      timestamp: this.#timestamp(market),
      bidsText: JSON.stringify(bids).slice(1, -1),
      asksText: JSON.stringify(asks).slice(1, -1),
      minOrderSize: '5',
      tickSize: this.#tick(market),
      negRisk: market % 2 === 1,
      lastTradePrice: this.lastTrade,
    };
  }

  changedMs(market: number): number {
    return this.#changedMs.get(market) ?? QUIET_SINCE_MS;
  }

  #tick(market: number): string {
    return this.ticks.get(market) ?? '0.0001';
  }

  #timestamp(market: number): string {
    return String(this.changedMs(market));
  }

  levels(market: number, token: number): { bids: object[]; asks: object[] } {
    const book = this.#options.truth[market]!;
    const [own, other] = token === 0 ? [book.yes, book.no] : [book.no, book.yes];
    const ascending = (side: ReadonlyMap<number, number>) => [...side].sort(([a], [b]) => a - b);
    return {
      bids: ascending(own).map(([p, s]) => ({ price: price(p), size: size(s) })),
      asks: ascending(other).map(([p, s]) => ({ price: price(PAYOUT_E4 - p), size: size(s) })),
    };
  }

  #tokenChange(
    asset_id: string,
    token: number,
    { side, priceE4, sizeCenti }: Change,
    yesBest: number,
    noBest: number,
    hash: string,
  ): object {
    const isBid = (side === 'yes') === (token === 0);
    const [bid, ask] = token === 0 ? [yesBest, noBest] : [noBest, yesBest];
    return {
      asset_id,
      price: price(isBid ? priceE4 : PAYOUT_E4 - priceE4),
      size: size(sizeCenti),
      side: isBid ? 'BUY' : 'SELL',
      hash,
      best_bid: bid === 0 ? '0' : price(bid),
      best_ask: ask === 0 ? '1' : price(PAYOUT_E4 - ask),
    };
  }
}

const marketOf = (tokenId: string) => Number(tokenId.slice(0, -2));

export const POLYMARKET_FEED: FeedUnderTest = {
  name: 'Polymarket',
  createFeed: (markets, sink, count, limits, clock) =>
    new PolymarketFeed(
      Array.from({ length: markets }, (_, market) => ({
        market,
        tokenIds: tokensOf(market),
        minSizeText: '5',
        negRisk: market % 2 === 1,
      })),
      sink,
      count,
      limits,
      clock,
    ),
  createPeer: (options) => new PolymarketPeer(options),
};
