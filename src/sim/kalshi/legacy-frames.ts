// The frames of January 2026 (kalshi-api.md 2.7): whole cents and whole contracts as JSON numbers,
// with prices in dollars beside them.
import { formatDecimal } from '../../domain/decimal.js';
import { floorDiv } from '../../domain/exact.js';
import { MICROS_PER_CENT, MICROS_PER_DOLLAR, PAYOUT_E4 } from '../../domain/units.js';
import type { BookEvent, KalshiListing, LevelChange, Levels, Trade } from '../exchange.js';
import type { FrameHeader, FrameWriter } from './frames.js';
import { type FillRecord, type OrderRecord, sideOf, yesPriceE4 } from './order-record.js';
import type { Position } from './positions.js';
import type { ShownBook, ShownBooks } from './shown-books.js';
import type { TapeRecord } from './tape.js';
import { isoTime, unixSeconds } from './text.js';
import {
  byCent,
  E4_PER_CENT,
  E6_PER_CONTRACT,
  wholeCentE4,
  wholeContractsE6,
} from './whole-contracts.js';

export const LEGACY_WRITER: FrameWriter = {
  snapshot,
  deltaTails,
  trade,
  ticker,
  fill,
  userOrder: () => '',
  position,
};

const cents = (priceE4: number): number => floorDiv(priceE4, E4_PER_CENT);
const count = (sizeE6: number): number => Math.trunc(sizeE6 / E6_PER_CONTRACT);
/** Three places: "0.410". */
const dollars = (priceE4: number): string => formatDecimal(priceE4, 4, 3);
const wholeCents = (micros: number): number => Math.trunc(micros / MICROS_PER_CENT);

/** `book` in whole cents and contracts; the NO side always in NO price. */
function snapshot(header: FrameHeader, listing: KalshiListing, { bids, asks }: ShownBook): string {
  const no = asks.map(([priceE4, sizeE6]) => [PAYOUT_E4 - priceE4, sizeE6] as const);
  return JSON.stringify({
    type: 'orderbook_snapshot',
    ...(header.id === undefined ? {} : { id: header.id }),
    sid: header.sid,
    seq: header.seq,
    msg: {
      market_ticker: listing.ticker,
      market_id: listing.marketId,
      ...sidePart('yes', bids),
      ...sidePart('no', no),
    },
  });
}

function sidePart(side: 'yes' | 'no', levels: Levels): object {
  if (levels.length === 0) return {};
  const worstFirst = [...levels].reverse();
  return {
    [side]: worstFirst.map(([priceE4, sizeE6]) => [cents(priceE4), count(sizeE6)]),
    [`${side}_dollars`]: worstFirst.map(([priceE4, sizeE6]) => [dollars(priceE4), count(sizeE6)]),
  };
}

/** One frame for each whole cent at which the shown number of contracts has changed; often none. */
function deltaTails(
  listing: KalshiListing,
  event: BookEvent,
  books: Pick<ShownBooks, 'bids' | 'asks'>,
  _useYesPrice: boolean,
  clientOrderId: string | undefined,
): string[] {
  const tails: string[] = [];
  for (const [side, deltas] of deltasByCent(event)) {
    const now = byCent(side === 'bid' ? books.bids(event.market) : books.asks(event.market), side);
    for (const [centE4, deltaE6] of deltas) {
      const afterE6 = now.get(centE4) ?? 0;
      const shownE6 = wholeContractsE6(afterE6) - wholeContractsE6(afterE6 - deltaE6);
      if (shownE6 === 0) continue;
      const priceE4 = side === 'bid' ? centE4 : PAYOUT_E4 - centE4;
      const msg = {
        market_ticker: listing.ticker,
        market_id: listing.marketId,
        price: cents(priceE4),
        price_dollars: dollars(priceE4),
        delta: count(shownE6),
        side: side === 'bid' ? 'yes' : 'no',
        ...(clientOrderId === undefined ? {} : { client_order_id: clientOrderId }),
        ts: isoTime(event.venueMs),
      };
      tails.push(`,"msg":${JSON.stringify(msg)}}`);
    }
  }
  return tails;
}

function deltasByCent({ changes }: BookEvent): Map<LevelChange['side'], Map<number, number>> {
  const sides = new Map<LevelChange['side'], Map<number, number>>();
  for (const { side, priceE4, deltaE6 } of changes) {
    const centE4 = wholeCentE4(priceE4, side);
    if (centE4 === 0 || centE4 === PAYOUT_E4) continue;
    const deltas = sides.get(side) ?? new Map<number, number>();
    deltas.set(centE4, (deltas.get(centE4) ?? 0) + deltaE6);
    sides.set(side, deltas);
  }
  return sides;
}

function trade(
  sid: number,
  seq: number,
  listing: KalshiListing,
  each: Trade,
  tsMs: number,
): string {
  return JSON.stringify({
    type: 'trade',
    sid,
    seq,
    msg: {
      trade_id: each.tradeId,
      market_ticker: listing.ticker,
      yes_price: cents(each.priceE4),
      no_price: 100 - cents(each.priceE4),
      yes_price_dollars: dollars(each.priceE4),
      no_price_dollars: dollars(PAYOUT_E4 - each.priceE4),
      count: count(each.sizeE6),
      taker_side: sideOf(each.takerOutcome),
      ts: unixSeconds(tsMs),
    },
  });
}

function ticker(
  sid: number,
  listing: KalshiListing,
  { bids: [bid], asks: [ask] }: ShownBook,
  tape: TapeRecord,
  tsMs: number,
): string {
  const [bidE4, askE4] = [bid?.[0] ?? 0, ask?.[0] ?? PAYOUT_E4];
  const traded = Math.floor(tape.takenMicros / MICROS_PER_DOLLAR);
  return JSON.stringify({
    type: 'ticker',
    sid,
    msg: {
      market_id: listing.marketId,
      market_ticker: listing.ticker,
      price: cents(tape.lastPriceE4),
      yes_bid: cents(bidE4),
      yes_ask: cents(askE4),
      price_dollars: dollars(tape.lastPriceE4),
      yes_bid_dollars: dollars(bidE4),
      yes_ask_dollars: dollars(askE4),
      volume: count(tape.volumeE6),
      open_interest: count(tape.volumeE6),
      dollar_volume: traded,
      dollar_open_interest: traded,
      ts: unixSeconds(tsMs),
    },
  });
}

function fill(sid: number, each: FillRecord): string {
  const { order } = each;
  const yesE4 = yesPriceE4(order.outcome, each.priceE4);
  const { action, side } = legacyDirection(order);
  return JSON.stringify({
    type: 'fill',
    sid,
    msg: {
      trade_id: each.tradeId,
      order_id: order.orderId,
      ...(order.clientOrderId === undefined ? {} : { client_order_id: order.clientOrderId }),
      market_ticker: order.listing.ticker,
      is_taker: each.isTaker,
      side,
      action,
      purchased_side: sideOf(order.outcome),
      yes_price: cents(yesE4),
      no_price: 100 - cents(yesE4),
      yes_price_dollars: dollars(yesE4),
      count: count(each.sizeE6),
      post_position: count(each.positionE6),
      ts: unixSeconds(each.tsMs),
    },
  });
}

function position(sid: number, account: string, each: Position): string {
  return JSON.stringify({
    type: 'market_position',
    sid,
    msg: {
      user_id: account,
      market_ticker: each.listing.ticker,
      position: count(each.netE6),
      position_cost: wholeCents(each.exposureMicros),
      realized_pnl: wholeCents(each.realizedMicros),
      fees_paid: wholeCents(each.feesMicros),
      volume: count(each.volumeE6),
    },
  });
}

/** As the order was sent: V1 could sell one side where today the other is bought. */
export function legacyDirection({ request, outcome }: OrderRecord) {
  return request.legacy ?? { action: 'buy' as const, side: sideOf(outcome) };
}
