// The text of every market frame, with the key order and spacing of the recorded ones: `, `
// between, no space after a colon.
import type { Outcome } from '../../domain/venue.js';
import type { LevelChange } from '../exchange.js';
import {
  type DisplayedBook,
  displayedCenti,
  priceOf,
  priceText,
  sizeText,
} from './displayed-book.js';
import type { ServedListing } from './served-listing.js';

/** Snapshots are compact, as recorded; `spaced` gives the form of the frames that follow them. */
export function bookFrame(book: DisplayedBook, outcome: Outcome, depth?: number): string {
  const hashed = book.hashed(outcome, depth);
  return (
    `{"market":"${hashed.market}","asset_id":"${hashed.assetId}"` +
    `,"timestamp":"${hashed.timestamp}","hash":"${book.hash(outcome)}"` +
    `,"bids":[${hashed.bidsText}],"asks":[${hashed.asksText}]` +
    `,"tick_size":"${hashed.tickSize}","event_type":"book"` +
    `,"last_trade_price":"${hashed.lastTradePrice}"}`
  );
}

/** No text of a frame that trades send has a comma inside a string. */
export function spaced(compact: string): string {
  return compact.replaceAll(/,(?=["{])/g, ', ');
}

/**
 * One change, for both tokens; hash and best prices are the book's, which has the whole matching
 * event in it.
 */
export function priceChangeFrame(book: DisplayedBook, change: LevelChange): string {
  return (
    `{"market":"${book.listing.conditionId}", "price_changes":[${tokenChange(book, change, 0)}` +
    `, ${tokenChange(book, change, 1)}], "timestamp":"${book.timestamp}"` +
    `, "event_type":"price_change"}`
  );
}

function tokenChange(book: DisplayedBook, change: LevelChange, outcome: Outcome): string {
  const { bidE4, askE4 } = book.best(outcome);
  const isBid = (change.side === 'bid') === (outcome === 0);
  return (
    `{"asset_id":"${book.listing.tokenIds[outcome]}"` +
    `, "price":"${priceText(priceOf(outcome, change.priceE4))}"` +
    `, "size":"${sizeText(displayedCenti(change.sizeE6))}", "side":"${isBid ? 'BUY' : 'SELL'}"` +
    `, "hash":"${book.hash(outcome)}", "best_bid":"${priceText(bidE4)}"` +
    `, "best_ask":"${priceText(askE4)}"}`
  );
}

export function bestBidAskFrame(book: DisplayedBook, outcome: Outcome): string {
  const { bidE4, askE4 } = book.best(outcome);
  return (
    `{"market":"${book.listing.conditionId}", "asset_id":"${book.listing.tokenIds[outcome]}"` +
    `, "best_bid":"${priceText(bidE4)}", "best_ask":"${priceText(askE4)}"` +
    `, "spread":"${priceText(askE4 - bidE4)}", "timestamp":"${book.timestamp}"` +
    `, "event_type":"best_bid_ask"}`
  );
}

export interface Print {
  readonly outcome: Outcome;
  /** Of that outcome. */
  readonly priceE4: number;
  readonly size: string;
  readonly side: 'BUY' | 'SELL';
}

export function lastTradePriceFrame(book: DisplayedBook, print: Print): string {
  return (
    `{"market":"${book.listing.conditionId}", "asset_id":"${book.listing.tokenIds[print.outcome]}"` +
    `, "price":"${priceText(print.priceE4)}", "size":"${print.size}", "fee_rate_bps":"0"` +
    `, "side":"${print.side}", "timestamp":"${book.timestamp}", "event_type":"last_trade_price"}`
  );
}

export function tickSizeChangeFrame(
  book: DisplayedBook,
  outcome: Outcome,
  oldTickE4: number,
  newTickE4: number,
  nowMs: number,
): string {
  return (
    `{"market":"${book.listing.conditionId}", "asset_id":"${book.listing.tokenIds[outcome]}"` +
    `, "old_tick_size":"${priceText(oldTickE4)}", "new_tick_size":"${priceText(newTickE4)}"` +
    `, "timestamp":"${nowMs}", "event_type":"tick_size_change"}`
  );
}

export function marketResolvedFrame(book: DisplayedBook, winner: Outcome, nowMs: number): string {
  const { listing } = book;
  return JSON.stringify({
    id: String(listing.market),
    market: listing.conditionId,
    assets_ids: listing.tokenIds,
    winning_asset_id: listing.tokenIds[winner],
    winning_outcome: listing.outcomes[winner],
    event_message: eventMessage(listing),
    tags: [],
    timestamp: String(nowMs),
    event_type: 'market_resolved',
  });
}

/** Told before the book exists (polymarket-api.md 8, 11). */
export function newMarketFrame({ listing }: DisplayedBook, nowMs: number): string {
  return JSON.stringify({
    id: String(listing.market),
    question: listing.question,
    market: listing.conditionId,
    slug: listing.slug,
    description: listing.question,
    assets_ids: listing.tokenIds,
    outcomes: listing.outcomes,
    event_message: eventMessage(listing),
    timestamp: String(nowMs),
    tags: [],
    condition_id: listing.conditionId,
    active: true,
    clob_token_ids: listing.tokenIds,
    sports_market_type: '',
    line: '',
    game_start_time: '',
    order_price_min_tick_size: priceText(listing.tickE4),
    group_item_title: '',
    taker_base_fee: '1000',
    fees_enabled: listing.feeRate > 0,
    fee_schedule: {
      exponent: String(listing.feeExponent),
      rate: String(listing.feeRate),
      taker_only: true,
      rebate_rate: '0.25',
    },
    event_type: 'new_market',
  });
}

function eventMessage({ market, slug, question }: ServedListing) {
  return { id: String(market), ticker: slug, slug, title: question, description: question };
}
