// What a feed worker reads by REST beside its sockets: books for the time while one is down, and a few books now and then to hold
// against what a socket tells. Nobody trades on either.
import type { RestClient } from '../net/rest-client.js';
import { readKalshiBooks } from '../venues/kalshi/polled-books.js';
import type { PolymarketFeed, PolymarketFeedMarket } from '../venues/polymarket/feed.js';
import { readPolymarketBooks } from '../venues/polymarket/polled-books.js';
import type { MarketBooks } from './price-polling.js';

export interface NamedMarket {
  readonly market: number;
  readonly ticker: string;
}

export async function readKalshiMarkets(
  rest: RestClient,
  markets: readonly NamedMarket[],
): Promise<MarketBooks[]> {
  const tickers = markets.map(({ ticker }) => ticker);
  const books = await readKalshiBooks(rest, tickers);
  return markets.flatMap(({ market }, index) => {
    const book = books[index];
    return book === undefined ? [] : [{ market, yesAsks: book.noBids, noAsks: book.yesBids }];
  });
}

export async function readPolymarketMarkets(
  rest: RestClient,
  markets: readonly PolymarketFeedMarket[],
): Promise<MarketBooks[]> {
  const tokenIds = markets.flatMap((market) => market.tokenIds);
  const books = await readPolymarketBooks(rest, tokenIds);
  return markets.flatMap(({ market, tokenIds: [first, second] }) => {
    const yes = books.get(first);
    const no = books.get(second);
    if (yes === undefined || no === undefined) return [];
    return [{ market, yesAsks: yes.asks, noAsks: no.asks }];
  });
}

const COMPARE_EVERY_MS = 5_000;
const TOKENS_A_LOOK = 20;

/** Holds a few of a connection's books against REST, in turn: a socket can stand still and answer (polymarket-api.md 8). */
export class BookComparison {
  readonly #rest: RestClient;
  readonly #feed: PolymarketFeed;
  readonly #tokenIds: readonly string[];
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  constructor(rest: RestClient, feed: PolymarketFeed, tokenIds: readonly string[]) {
    this.#rest = rest;
    this.#feed = feed;
    this.#tokenIds = tokenIds;
    // A look that fails is made up for by the next one.
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), COMPARE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const own = this.#tokenIds.slice(this.#next, this.#next + TOKENS_A_LOOK);
    this.#next =
      this.#next + TOKENS_A_LOOK < this.#tokenIds.length ? this.#next + TOKENS_A_LOOK : 0;
    const books = await readPolymarketBooks(this.#rest, own);
    for (const [tokenId, { hash, timestampMs }] of books) {
      this.#feed.compare(tokenId, hash, timestampMs);
    }
  }
}
