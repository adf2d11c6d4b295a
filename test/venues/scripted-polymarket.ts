// Polymarket's end of a market data connection, as polymarket-api.md 8 describes it.
import { formatDecimal } from '../../src/domain/decimal.js';
import { PAYOUT_E4 } from '../../src/domain/units.js';
import { PolymarketFeed } from '../../src/venues/polymarket/feed.js';
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

export interface Change {
  readonly side: Side;
  readonly priceE4: number;
  readonly sizeCenti: number;
}

export class PolymarketPeer implements Peer {
  readonly outbox: Sent[] = [];
  readonly #subscribed = new Set<string>();
  readonly #options: PeerOptions;
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
      const books = tokensOf(market).map((_, token) => this.bookEvent(market, token));
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
    const steps: [Change, TrueBook][] = [];
    for (const change of changes) {
      if (change.sizeCenti === 0) book[change.side].delete(change.priceE4);
      else book[change.side].set(change.priceE4, change.sizeCenti);
      steps.push([change, copyBook(book)]);
    }
    if (!this.#subscribed.has(tokensOf(market)[0])) return;
    const yesBest = bestBid(book.yes);
    const noBest = bestBid(book.no);
    for (const [change, after] of steps) {
      const frame = {
        market: `0x${market}`,
        price_changes: tokensOf(market).map((asset_id, token) =>
          this.#tokenChange(asset_id, token, change, yesBest, noBest),
        ),
        timestamp: String(this.#options.venueMs()),
        event_type: 'price_change',
      };
      const data = Buffer.from(JSON.stringify(frame));
      this.outbox.push({ data, market, book: after, finalBest: [yesBest, noBest] });
    }
  }

  bookEvent(market: number, token: number): object {
    const book = this.#options.truth[market]!;
    const [own, other] = token === 0 ? [book.yes, book.no] : [book.no, book.yes];
    const bids = [...own].sort(([a], [b]) => a - b);
    const asks = [...other].sort(([a], [b]) => a - b);
    return {
      market: `0x${market}`,
      asset_id: tokensOf(market)[token],
      // Of the book's last change: long ago in a quiet market.
      timestamp: String(this.#options.venueMs() - 3_600_000),
      bids: bids.map(([p, s]) => ({ price: price(p), size: size(s) })),
      asks: asks.map(([p, s]) => ({ price: price(PAYOUT_E4 - p), size: size(s) })),
      event_type: 'book',
    };
  }

  #tokenChange(
    asset_id: string,
    token: number,
    { side, priceE4, sizeCenti }: Change,
    yesBest: number,
    noBest: number,
  ): object {
    const isBid = (side === 'yes') === (token === 0);
    const [bid, ask] = token === 0 ? [yesBest, noBest] : [noBest, yesBest];
    return {
      asset_id,
      price: price(isBid ? priceE4 : PAYOUT_E4 - priceE4),
      size: size(sizeCenti),
      side: isBid ? 'BUY' : 'SELL',
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
      Array.from({ length: markets }, (_, market) => ({ market, tokenIds: tokensOf(market) })),
      sink,
      count,
      limits,
      clock,
    ),
  createPeer: (options) => new PolymarketPeer(options),
};
