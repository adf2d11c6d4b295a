// The text of the WebSocket frames that the simulated exchange sends (kalshi-api.md 2.3, 2.6), keys
// in recorded order.
import { MICROS_PER_DOLLAR, PAYOUT_E4 } from '../../domain/units.js';
import { YES } from '../../domain/venue.js';
import type { KalshiWsErrorCode } from '../../venues/kalshi/wire/error-codes.js';
import type {
  KalshiChannel,
  KalshiFillMessage,
  KalshiLevel,
  KalshiPositionMessage,
  KalshiSnapshot,
  KalshiTicker,
  KalshiTrade,
  KalshiUserOrderMessage,
  KalshiWsError,
} from '../../venues/kalshi/wire/ws-messages.js';
import type { BookEvent, KalshiListing, LevelChange, Levels, Trade } from '../exchange.js';
import {
  bookSideOf,
  type FillRecord,
  type OrderRecord,
  sideOf,
  yesPriceE4,
} from './order-record.js';
import type { Position } from './positions.js';
import type { ShownBook, ShownBooks } from './shown-books.js';
import type { TapeRecord } from './tape.js';
import { countText, dollarsText, isoTime, priceText, unixSeconds } from './text.js';

/** One way to write the frames whose format has changed since January 2026. */
export interface FrameWriter {
  snapshot(
    header: FrameHeader,
    listing: KalshiListing,
    book: ShownBook,
    useYesPrice: boolean,
  ): string;
  /**
   * Everything after the seq of each delta frame of one event; `books` are as they are after it.
   */
  deltaTails(
    listing: KalshiListing,
    event: BookEvent,
    books: Pick<ShownBooks, 'bids' | 'asks'>,
    useYesPrice: boolean,
    clientOrderId: string | undefined,
  ): string[];
  trade(sid: number, seq: number, listing: KalshiListing, trade: Trade, tsMs: number): string;
  ticker(
    sid: number,
    listing: KalshiListing,
    book: ShownBook,
    tape: TapeRecord,
    tsMs: number,
  ): string;
  fill(sid: number, fill: FillRecord): string;
  userOrder(sid: number, order: OrderRecord): string;
  position(sid: number, account: string, position: Position): string;
}

export interface FrameHeader {
  readonly id: number | undefined;
  readonly sid: number;
  readonly seq: number;
}

/** Today's formats: decimal strings. */
export const CURRENT_WRITER: FrameWriter = {
  snapshot: snapshotFrame,
  deltaTails: (listing, event, _books, useYesPrice, clientOrderId) =>
    event.changes.map((change) => deltaTail(listing, event, change, useYesPrice, clientOrderId)),
  trade: tradeFrame,
  ticker: tickerFrame,
  fill: fillFrame,
  userOrder: userOrderFrame,
  position: positionFrame,
};

/**
 * The part of an `orderbook_delta` frame that all readers of one price convention share: everything
 * after the seq. Strings are put together, because a delta goes out some thousand times a second to
 * every feed; @hot of the simulator.
 */
function deltaTail(
  listing: KalshiListing,
  event: BookEvent,
  change: LevelChange,
  useYesPrice: boolean,
  clientOrderId: string | undefined,
): string {
  const isYes = change.side === 'bid';
  const priceE4 = isYes || useYesPrice ? change.priceE4 : PAYOUT_E4 - change.priceE4;
  const cause = clientOrderId === undefined ? '' : `,"client_order_id":${quote(clientOrderId)}`;
  return (
    `,"msg":{"market_ticker":"${listing.ticker}","market_id":"${listing.marketId}",` +
    `"price_dollars":"${priceText(priceE4)}","delta_fp":"${countText(change.deltaE6)}",` +
    `"side":"${isYes ? 'yes' : 'no'}"${cause},"ts":"${isoTime(event.venueMs)}",` +
    `"ts_ms":${event.venueMs}}}`
  );
}

export function deltaFrame(sid: number, seq: number, tail: string): string {
  return `{"type":"orderbook_delta","sid":${sid},"seq":${seq}${tail}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function snapshotFrame(
  header: FrameHeader,
  listing: KalshiListing,
  { bids, asks }: ShownBook,
  useYesPrice: boolean,
): string {
  const yes = yesLevels(bids);
  const no = noLevels(asks, useYesPrice);
  return JSON.stringify({
    type: 'orderbook_snapshot',
    ...(header.id === undefined ? {} : { id: header.id }),
    sid: header.sid,
    seq: header.seq,
    msg: {
      market_ticker: listing.ticker,
      market_id: listing.marketId,
      ...(yes.length === 0 ? {} : { yes_dollars_fp: yes }),
      ...(no.length === 0 ? {} : { no_dollars_fp: no }),
    },
  } satisfies KalshiSnapshot);
}

/** YES bids, worst first. */
export function yesLevels(bids: Levels): KalshiLevel[] {
  return bids
    .map(([priceE4, sizeE6]) => [priceText(priceE4), countText(sizeE6)] as const)
    .reverse();
}

/** NO bids, worst first: an ask of YES at p is a bid for NO at 1 - p. */
export function noLevels(asks: Levels, useYesPrice: boolean): KalshiLevel[] {
  return asks
    .map(([priceE4, sizeE6]) => {
      const shownE4 = useYesPrice ? priceE4 : PAYOUT_E4 - priceE4;
      return [priceText(shownE4), countText(sizeE6)] as const;
    })
    .reverse();
}

function tradeFrame(
  sid: number,
  seq: number,
  listing: KalshiListing,
  trade: Trade,
  tsMs: number,
): string {
  return JSON.stringify({
    type: 'trade',
    sid,
    seq,
    msg: {
      trade_id: trade.tradeId,
      market_ticker: listing.ticker,
      yes_price_dollars: priceText(trade.priceE4),
      no_price_dollars: priceText(PAYOUT_E4 - trade.priceE4),
      count_fp: countText(trade.sizeE6),
      taker_side: sideOf(trade.takerOutcome),
      taker_outcome_side: sideOf(trade.takerOutcome),
      taker_book_side: bookSideOf(trade.takerOutcome),
      ts: unixSeconds(tsMs),
      ts_ms: tsMs,
    },
  } satisfies KalshiTrade);
}

function tickerFrame(
  sid: number,
  listing: KalshiListing,
  { bids: [bid], asks: [ask] }: ShownBook,
  tape: TapeRecord,
  tsMs: number,
): string {
  return JSON.stringify({
    type: 'ticker',
    sid,
    msg: {
      market_id: listing.marketId,
      market_ticker: listing.ticker,
      price_dollars: priceText(tape.lastPriceE4),
      yes_bid_dollars: priceText(bid?.[0] ?? 0),
      yes_ask_dollars: priceText(ask?.[0] ?? PAYOUT_E4),
      yes_bid_size_fp: countText(bid?.[1] ?? 0),
      yes_ask_size_fp: countText(ask?.[1] ?? 0),
      last_trade_size_fp: countText(tape.lastSizeE6),
      volume_fp: countText(tape.volumeE6),
      // The generator's own accounts are not followed: every trade counts as newly opened.
      open_interest_fp: countText(tape.volumeE6),
      dollar_volume: Math.floor(tape.takenMicros / MICROS_PER_DOLLAR),
      dollar_open_interest: Math.floor(tape.takenMicros / MICROS_PER_DOLLAR),
      ts: unixSeconds(tsMs),
      ts_ms: tsMs,
      time: isoTime(tsMs),
    },
  } satisfies KalshiTicker);
}

function fillFrame(sid: number, fill: FillRecord): string {
  const { order } = fill;
  const side = sideOf(order.outcome);
  return JSON.stringify({
    type: 'fill',
    sid,
    msg: {
      trade_id: fill.tradeId,
      order_id: order.orderId,
      ...(order.clientOrderId === undefined ? {} : { client_order_id: order.clientOrderId }),
      market_ticker: order.listing.ticker,
      exchange_index: order.listing.exchangeIndex,
      is_taker: fill.isTaker,
      side,
      action: 'buy',
      purchased_side: side,
      outcome_side: side,
      book_side: bookSideOf(order.outcome),
      yes_price_dollars: priceText(yesPriceE4(order.outcome, fill.priceE4)),
      count_fp: countText(fill.sizeE6),
      fee_cost: dollarsText(fill.feeMicros),
      post_position_fp: countText(fill.positionE6),
      ts: unixSeconds(fill.tsMs),
      ts_ms: fill.tsMs,
    },
  } satisfies KalshiFillMessage);
}

function userOrderFrame(sid: number, order: OrderRecord): string {
  const { request, listing, outcome } = order;
  const side = sideOf(outcome);
  return JSON.stringify({
    type: 'user_order',
    sid,
    msg: {
      order_id: order.orderId,
      user_id: order.account,
      ticker: listing.ticker,
      exchange_index: listing.exchangeIndex,
      status: order.status,
      side,
      is_yes: outcome === YES,
      outcome_side: side,
      book_side: bookSideOf(outcome),
      yes_price_dollars: priceText(yesPriceE4(outcome, order.limitE4)),
      fill_count_fp: countText(order.filledE6),
      remaining_count_fp: countText(order.restingE6),
      initial_count_fp: countText(order.initialE6),
      taker_fill_cost_dollars: dollarsText(order.takerCostMicros),
      maker_fill_cost_dollars: dollarsText(order.makerCostMicros),
      taker_fees_dollars: dollarsText(order.takerFeesMicros),
      maker_fees_dollars: dollarsText(order.makerFeesMicros),
      client_order_id: order.clientOrderId ?? '',
      ...(request.orderGroupId === undefined ? {} : { order_group_id: request.orderGroupId }),
      self_trade_prevention_type: request.selfTradePrevention,
      created_time: isoTime(order.createdMs),
      created_ts_ms: order.createdMs,
      last_updated_ts_ms: order.updatedMs,
      ...(order.expirationMs === undefined ? {} : { expiration_ts_ms: order.expirationMs }),
      ...(order.lastReason === undefined ? {} : { last_update_reason: order.lastReason }),
    },
  } satisfies KalshiUserOrderMessage);
}

function positionFrame(sid: number, account: string, position: Position): string {
  return JSON.stringify({
    type: 'market_position',
    sid,
    msg: {
      user_id: account,
      market_ticker: position.listing.ticker,
      position_fp: countText(position.netE6),
      position_cost_dollars: dollarsText(position.exposureMicros),
      realized_pnl_dollars: dollarsText(position.realizedMicros),
      fees_paid_dollars: dollarsText(position.feesMicros),
      position_fee_cost_dollars: dollarsText(position.feesMicros),
      volume_fp: countText(position.volumeE6),
    },
  } satisfies KalshiPositionMessage);
}

/** The command's id as the first key after the type, left out when the command had none. */
function idPart(id: number | undefined): { readonly id?: number } {
  return id === undefined ? {} : { id };
}

export function subscribedFrame(
  id: number | undefined,
  channel: KalshiChannel,
  sid: number,
): string {
  return JSON.stringify({ type: 'subscribed', ...idPart(id), msg: { channel, sid } });
}

export function unsubscribedFrame(id: number | undefined, sid: number, seq: number): string {
  return JSON.stringify({ type: 'unsubscribed', ...idPart(id), sid, seq });
}

/** `tickers` undefined: the sid was subscribed with skip_ticker_ack. */
export function updatedFrame(
  id: number | undefined,
  sid: number,
  seq: number,
  tickers: readonly string[] | undefined,
): string {
  const msg = tickers === undefined ? {} : { msg: { market_tickers: tickers } };
  return JSON.stringify({ type: 'ok', ...idPart(id), sid, seq, ...msg });
}

export function subscriptionListFrame(
  id: number | undefined,
  subscriptions: readonly { readonly channel: KalshiChannel; readonly sid: number }[],
): string {
  const msg = subscriptions.map(({ channel, sid }) => ({ channel, sid }));
  return JSON.stringify({ type: 'ok', ...idPart(id), msg });
}

/** What each code says (kalshi-api.md 2.3). */
const ERROR_TEXTS: Readonly<Record<KalshiWsErrorCode, string>> = {
  1: 'Unable to process message',
  2: 'Params required',
  3: 'Channels required',
  4: 'Subscription IDs required',
  5: 'Unknown command',
  7: 'Unknown subscription ID',
  8: 'Unknown channel name',
  9: 'Authentication required',
  10: 'Channel error',
  11: 'Invalid parameter',
  12: 'Exactly one subscription ID is required',
  13: 'Unsupported action',
  14: 'Market ticker required',
  15: 'Action required',
  18: 'Command timeout',
  24: 'Index IDs required',
  25: 'Subscription buffer overflow',
  26: 'Subscription market limit exceeded',
  27: 'Too many requests',
  28: 'Underlying tickers required',
};

export interface ErrorFacts {
  readonly id?: number | undefined;
  readonly sid?: number;
  readonly seq?: number;
  readonly tickers?: readonly string[];
}

export function errorFrame(code: KalshiWsErrorCode, facts: ErrorFacts): string {
  return JSON.stringify({
    type: 'error',
    ...idPart(facts.id),
    ...(facts.sid === undefined ? {} : { sid: facts.sid }),
    ...(facts.seq === undefined ? {} : { seq: facts.seq }),
    msg: {
      code,
      msg: ERROR_TEXTS[code],
      ...(facts.tickers === undefined ? {} : { market_tickers: facts.tickers }),
    },
  } satisfies KalshiWsError);
}
