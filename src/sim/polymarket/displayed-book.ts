// One market's book as clients see it: levels as text for both tokens, and the hashes over them.
// Follows the engine's events.
import { formatDecimal } from '../../domain/decimal.js';
import { E6_PER_CENTI, PAYOUT_E4, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import type { Outcome } from '../../domain/venue.js';
import { bookHash, type HashedBook } from '../../venues/polymarket/wire/book-hash.js';
import type { OrderSideName } from '../../venues/polymarket/wire/order-hash.js';
import type { BookEvent, LevelChange, Levels } from '../exchange.js';
import { BookHistory, type UndoneLevel } from './book-history.js';
import type { ServedListing } from './served-listing.js';

/** `last_trade_price` has at least three decimals (recorded README, "book hashes"). */
const LAST_TRADE_DECIMALS = 3;

interface Level {
  readonly priceE4: number;
  sizeCenti: number;
  /** `{"price":"0.5","size":"10"}` by token; the second token's price is 1 - p. */
  texts: readonly [string, string];
}

export interface BestPrices {
  /** 0 when nobody bids. */
  readonly bidE4: number;
  /** 1 dollar when nobody asks: the mirror of no bid for the other token. */
  readonly askE4: number;
}

export class DisplayedBook {
  readonly listing: ServedListing;
  /** Of outcome 0; the best is the last of each. */
  readonly #bids: Level[] = [];
  readonly #asks: Level[] = [];
  readonly #hashes: [string, string] = ['', ''];
  readonly #history = new BookHistory();
  #tickText: string;
  #timestamp: string;
  #lastTradePrice = '';
  #lastTradeSide: OrderSideName | '' = '';

  constructor(listing: ServedListing, bids: Levels, asks: Levels, nowMs: number) {
    this.listing = listing;
    this.#tickText = priceText(listing.tickE4);
    this.#timestamp = String(nowMs);
    for (const [priceE4, sizeE6] of bids) this.#set('bid', priceE4, displayedCenti(sizeE6));
    for (const [priceE4, sizeE6] of asks) this.#set('ask', priceE4, displayedCenti(sizeE6));
  }

  /**
   * Applies one matching event, stamped `skewMs` off. `lastTradePriceE4` is of its last trade,
   * undefined when it had none.
   */
  apply(
    event: BookEvent,
    lastTradePriceE4: number | undefined,
    lastTradeSide: OrderSideName = 'BUY',
    skewMs = 0,
  ): void {
    const levels: UndoneLevel[] = [];
    for (const { side, priceE4, sizeE6 } of event.changes) {
      levels.push({ side, priceE4, sizeCenti: this.#set(side, priceE4, displayedCenti(sizeE6)) });
    }
    this.#history.add({
      atMs: event.venueMs,
      timestamp: this.#timestamp,
      lastTradePrice: this.#lastTradePrice,
      levels,
    });
    if (lastTradePriceE4 !== undefined) {
      this.#lastTradePrice = formatDecimal(lastTradePriceE4, PRICE_PLACES, LAST_TRADE_DECIMALS);
      this.#lastTradeSide = lastTradeSide;
    }
    this.#touch(event.venueMs + skewMs);
  }

  /** What rests stays; the hash covers the tick (polymarket-api.md 4.14). */
  changeTick(tickE4: number, nowMs: number): void {
    this.#tickText = priceText(tickE4);
    this.#touch(nowMs);
  }

  /** The book as it was at `atMs` on the engine's clock, or as early as is remembered. */
  asOf(atMs: number): DisplayedBook {
    const past = new DisplayedBook(this.listing, [], [], 0);
    past.#bids.push(...this.#bids.map((level) => ({ ...level })));
    past.#asks.push(...this.#asks.map((level) => ({ ...level })));
    past.#tickText = this.#tickText;
    past.#timestamp = this.#timestamp;
    past.#lastTradePrice = this.#lastTradePrice;
    for (const { timestamp, lastTradePrice, levels } of this.#history.since(atMs)) {
      // A level that changed twice in one event: its first change is undone last.
      for (const { side, priceE4, sizeCenti } of [...levels].reverse()) {
        past.#set(side, priceE4, sizeCenti);
      }
      past.#timestamp = timestamp;
      past.#lastTradePrice = lastTradePrice;
    }
    return past;
  }

  get tickText(): string {
    return this.#tickText;
  }

  get timestamp(): string {
    return this.#timestamp;
  }

  get lastTradePrice(): string {
    return this.#lastTradePrice;
  }

  /** Of the taker; "" before the first trade. */
  get lastTradeSide(): OrderSideName | '' {
    return this.#lastTradeSide;
  }

  best(outcome: Outcome): BestPrices {
    const bidE4 = this.#bids.at(-1)?.priceE4 ?? 0;
    const askE4 = this.#asks.at(-1)?.priceE4 ?? PAYOUT_E4;
    return outcome === 0
      ? { bidE4, askE4 }
      : { bidE4: PAYOUT_E4 - askE4, askE4: PAYOUT_E4 - bidE4 };
  }

  /** Computed when first asked for: a market that nobody watches costs no hashing. */
  hash(outcome: Outcome): string {
    if (this.#hashes[outcome] === '') this.#hashes[outcome] = bookHash(this.hashed(outcome));
    return this.#hashes[outcome];
  }

  /** `depth` cuts each side to its best levels; hashes are always over the whole book. */
  hashed(outcome: Outcome, depth = Number.POSITIVE_INFINITY): HashedBook {
    const { listing } = this;
    const cut = (levels: readonly Level[]) =>
      levels.length > depth ? levels.slice(-depth) : levels;
    const bids = cut(this.#bids);
    const asks = cut(this.#asks);
    return {
      market: listing.conditionId,
      assetId: listing.tokenIds[outcome],
      timestamp: this.#timestamp,
      bidsText: levelsText(outcome === 0 ? bids : asks, outcome),
      asksText: levelsText(outcome === 0 ? asks : bids, outcome),
      minOrderSize: formatDecimal(listing.minSizeCenti, SIZE_CENTI_PLACES),
      tickSize: this.tickText,
      negRisk: listing.negRisk,
      lastTradePrice: this.#lastTradePrice,
    };
  }

  #touch(nowMs: number): void {
    this.#timestamp = String(nowMs);
    this.#hashes[0] = '';
    this.#hashes[1] = '';
  }

  /** Returns the size that was displayed before. */
  #set(side: LevelChange['side'], priceE4: number, sizeCenti: number): number {
    const levels = side === 'bid' ? this.#bids : this.#asks;
    let index = levels.length;
    if (side === 'bid') while (index > 0 && levels[index - 1]!.priceE4 >= priceE4) index--;
    else while (index > 0 && levels[index - 1]!.priceE4 <= priceE4) index--;
    const level = levels[index];
    const present = level !== undefined && level.priceE4 === priceE4;
    const beforeCenti = present ? level.sizeCenti : 0;
    if (sizeCenti === 0) {
      if (present) levels.splice(index, 1);
    } else if (!present) {
      levels.splice(index, 0, { priceE4, sizeCenti, texts: levelTexts(priceE4, sizeCenti) });
    } else if (level.sizeCenti !== sizeCenti) {
      level.sizeCenti = sizeCenti;
      level.texts = levelTexts(priceE4, sizeCenti);
    }
    return beforeCenti;
  }
}

/** Books show two decimals; what a level holds beyond them is not shown. */
export function displayedCenti(sizeE6: number): number {
  return Math.floor(sizeE6 / E6_PER_CENTI);
}

export function priceText(priceE4: number): string {
  return formatDecimal(priceE4, PRICE_PLACES);
}

export function sizeText(sizeCenti: number): string {
  return formatDecimal(sizeCenti, SIZE_CENTI_PLACES);
}

/** The price of an outcome, given that of outcome 0; its own inverse. */
export function priceOf(outcome: Outcome, priceE4: number): number {
  return outcome === 0 ? priceE4 : PAYOUT_E4 - priceE4;
}

function levelTexts(priceE4: number, sizeCenti: number): readonly [string, string] {
  const size = sizeText(sizeCenti);
  return [
    `{"price":"${priceText(priceE4)}","size":"${size}"}`,
    `{"price":"${priceText(PAYOUT_E4 - priceE4)}","size":"${size}"}`,
  ];
}

function levelsText(levels: readonly Level[], outcome: Outcome): string {
  let text = '';
  for (const level of levels)
    text += text === '' ? level.texts[outcome] : `,${level.texts[outcome]}`;
  return text;
}
