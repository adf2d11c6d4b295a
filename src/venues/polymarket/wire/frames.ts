// The market channel's frames as the session reads them (polymarket-api.md 8), and the general
// parser: everything that is JSON in any documented form. Knows no books and keeps nothing.
import { parseDecimal } from '../../../domain/decimal.js';
import { isPrice } from '../../../domain/price-grid.js';
import { E6_PER_CENTI, PAYOUT_E4, PRICE_PLACES } from '../../../domain/units.js';
import { isObject, textOf } from '../../json.js';
import { type TokenIndex, UNKNOWN_TOKEN } from './token-index.js';

/** Books show two decimals, trades six (recorded README); more is not read. */
const SIZE_PLACES = 6;
export const HASH_WORDS = 5;
const HASH_TEXT = /^[0-9a-f]{40}$/;
/** What a number's text is when it can be made again from the number. */
const CANONICAL = /^(0|[1-9]\d*)(\.\d*[1-9])?$/;
/** Objects kept for the next frame; one with more changes makes its own. */
const KEPT_CHANGES = 256;

/** A size as kept: whole hundredths and what is left below them, which is never traded on. */
export interface DecodedSize {
  sizeCenti: number;
  /** 0 to 9,999 millionths of a share. */
  restE6: number;
}

/** One level of one token's book, set anew. Reused: nobody keeps it beyond the frame. */
export interface PriceChange extends DecodedSize {
  /** Of the connection's TokenIndex. */
  token: number;
  /** False when a value is none: the change is lost. The other fields then mean nothing. */
  isGood: boolean;
  priceE4: number;
  isBid: boolean;
  /**
   * Price and size are the only texts of their numbers: the book's hash can be made from the
   * numbers.
   */
  isCanonical: boolean;
  /** The schema before 2025-09-15 states no best prices. */
  statesBest: boolean;
  /** 0 when nobody bids. */
  bestBidE4: number;
  /** PAYOUT_E4 when nobody asks. */
  bestAskE4: number;
  hasHash: boolean;
  /** SHA-1 of the token's book after the whole matching event, as five big-endian words. */
  readonly hash: Int32Array;
}

/** A decoded price_change frame: what both parsers fill. One object is used for every frame. */
export class PriceChanges {
  /** The exchange's stamp, 0 when there is none. */
  venueMs = 0;
  count = 0;
  readonly items: PriceChange[] = [];

  clear(): void {
    this.count = 0;
    this.venueMs = 0;
    if (this.items.length > KEPT_CHANGES) this.items.length = KEPT_CHANGES;
  }

  /** The next change, to be filled. @hot */
  next(): PriceChange {
    if (this.count === this.items.length) this.items.push(emptyChange());
    return this.items[this.count++]!;
  }
}

function emptyChange(): PriceChange {
  return {
    token: UNKNOWN_TOKEN,
    isGood: false,
    priceE4: 0,
    sizeCenti: 0,
    restE6: 0,
    isBid: false,
    isCanonical: false,
    statesBest: false,
    bestBidE4: 0,
    bestAskE4: PAYOUT_E4,
    hasHash: false,
    hash: new Int32Array(HASH_WORDS),
  };
}

/** The parts of a frame that are read. Nothing of it is checked yet. */
export interface WireEvent {
  readonly event_type?: unknown;
  readonly market?: unknown;
  readonly asset_id?: unknown;
  readonly assets_ids?: unknown;
  readonly timestamp?: unknown;
  readonly hash?: unknown;
  readonly bids?: unknown;
  readonly asks?: unknown;
  readonly price_changes?: unknown;
  /** The schema before 2025-09-15: changes of one asset, without best prices. */
  readonly changes?: unknown;
  readonly best_bid?: unknown;
  readonly best_ask?: unknown;
  readonly price?: unknown;
  readonly tick_size?: unknown;
  readonly new_tick_size?: unknown;
  readonly min_order_size?: unknown;
  readonly neg_risk?: unknown;
  readonly last_trade_price?: unknown;
}

/**
 * The events of a frame, or undefined when it is not one: not JSON, or anything but objects in it.
 */
export function readEvents(text: string): readonly WireEvent[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const events: readonly unknown[] = Array.isArray(value) ? value : [value];
  return events.every(isObject) ? (events as readonly WireEvent[]) : undefined;
}

/** The exchange's time of an event in milliseconds, 0 when it states none. */
export function stampOf({ timestamp }: WireEvent): number {
  if (typeof timestamp === 'number') return Number.isSafeInteger(timestamp) ? timestamp : 0;
  const venueMs = parseDecimal(textOf(timestamp), 0);
  return Number.isNaN(venueMs) ? 0 : venueMs;
}

/**
 * Reads a price_change of either schema. False when it is none: its changes are lost, whichever
 * they were.
 */
export function decodePriceChange(
  event: WireEvent,
  tokens: TokenIndex,
  into: PriceChanges,
): boolean {
  into.clear();
  const changes = event.price_changes ?? event.changes;
  if (!Array.isArray(changes)) return false;
  into.venueMs = stampOf(event);
  for (const change of changes as readonly unknown[]) {
    if (!isObject(change)) return false;
    const assetId = textOf(change.asset_id ?? event.asset_id);
    const item = into.next();
    item.token = tokens.ofText(assetId);
    const side = sideOf(change.side);
    const price = textOf(change.price);
    const size = textOf(change.size);
    item.priceE4 = parseDecimal(price, PRICE_PLACES);
    item.isBid = side === 'bid';
    item.isCanonical = isCanonical(price) && isCanonical(size);
    const isSize = parseSize(size, item);
    item.hasHash = parseHash(change.hash ?? event.hash, item.hash);
    item.isGood =
      readBest(change.best_bid, change.best_ask, item) &&
      isSize &&
      side !== undefined &&
      isPrice(item.priceE4);
  }
  return true;
}

/** What an event states of the best prices of one token. */
export interface StatedBest {
  statesBest: boolean;
  bestBidE4: number;
  bestAskE4: number;
}

/** Reads stated best prices; both may be left out together. False when one is no price. */
export function readBest(bestBid: unknown, bestAsk: unknown, into: StatedBest): boolean {
  into.statesBest = bestBid !== undefined || bestAsk !== undefined;
  if (!into.statesBest) return true;
  into.bestBidE4 = bestPriceE4(bestBid, 0);
  into.bestAskE4 = bestPriceE4(bestAsk, PAYOUT_E4);
  return !Number.isNaN(into.bestBidE4) && !Number.isNaN(into.bestAskE4);
}

/** An empty side is stated as "", "0" or "1"; any other text is a price. */
function bestPriceE4(text: unknown, emptyE4: number): number {
  if (text === '') return emptyE4;
  const priceE4 = parseDecimal(textOf(text), PRICE_PLACES);
  if (priceE4 === 0 || priceE4 === PAYOUT_E4) return emptyE4;
  return priceE4 < PAYOUT_E4 ? priceE4 : Number.NaN;
}

function sideOf(side: unknown): 'bid' | 'ask' | undefined {
  if (side === 'BUY' || side === 'buy') return 'bid';
  return side === 'SELL' || side === 'sell' ? 'ask' : undefined;
}

/**
 * True for text that formatDecimal would give for its number: no zeros that could be left out, none
 * missing.
 */
export function isCanonical(text: string): boolean {
  return CANONICAL.test(text);
}

/**
 * Reads a size; what is below 1/100 is kept apart, so that the size is rounded down, never up.
 * False when it is none.
 */
export function parseSize(text: string, into: DecodedSize): boolean {
  const sizeE6 = parseDecimal(text, SIZE_PLACES);
  if (Number.isNaN(sizeE6)) return false;
  into.restE6 = sizeE6 % E6_PER_CENTI;
  into.sizeCenti = (sizeE6 - into.restE6) / E6_PER_CENTI;
  return true;
}

/**
 * Reads 40 lower-case hex digits into five words. False, and nothing written, when they are not
 * that.
 */
export function parseHash(text: unknown, into: Int32Array): boolean {
  if (typeof text !== 'string' || !HASH_TEXT.test(text)) return false;
  for (let word = 0; word < HASH_WORDS; word++) {
    into[word] = Number.parseInt(text.slice(word * 8, word * 8 + 8), 16) | 0;
  }
  return true;
}
