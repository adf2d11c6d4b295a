// A feed of one market that nobody hears of, and a change of its books that can be told again and again: see kalshi/feed-rehearsal.ts.
import type { Clock } from '../../domain/clock.js';
import { type FeedSink, REHEARSAL_LIMITS } from '../feed.js';
import { PolymarketFeed } from './feed.js';

const YES = '1'.repeat(77);
const NO = '2'.repeat(77);
const MARKET = `0x${'77'.repeat(32)}`;
const HASH = '7fa265cf6f'.repeat(4);
const STAMP = '1785207904574';

/** Each call is one change of both tokens, from its bytes to the sink. */
export function rehearsePolymarketFeed(sink: FeedSink, clock: Clock): () => void {
  const feed = new PolymarketFeed(
    [{ market: 0, tokenIds: [YES, NO] }],
    sink,
    () => undefined,
    REHEARSAL_LIMITS,
    clock,
  );
  feed.opened(() => undefined, clock.nowNs());
  const books = [bookOf(YES, '0.42', '0.43'), bookOf(NO, '0.57', '0.58')];
  feed.frame(Buffer.from(JSON.stringify(books)), clock.nowNs());
  const changes = ['64', '74'].map((size) => Buffer.from(changeText(size)));
  let turn = 0;
  return () => feed.frame(changes[turn++ & 1]!, clock.nowNs());
}

function bookOf(tokenId: string, bid: string, ask: string): object {
  return {
    event_type: 'book',
    asset_id: tokenId,
    market: MARKET,
    bids: [{ price: bid, size: '74' }],
    asks: [{ price: ask, size: '74' }],
    timestamp: STAMP,
    hash: HASH,
  };
}

/** The size at the best bid of YES, and at the best ask of NO, which is the same order. */
function changeText(size: string): string {
  const item = (token: string, price: string, side: string, bid: string, ask: string) =>
    `{"asset_id":"${token}", "price":"${price}", "size":"${size}", "side":"${side}", ` +
    `"hash":"${HASH}", "best_bid":"${bid}", "best_ask":"${ask}"}`;
  return (
    `{"market":"${MARKET}", "price_changes":[${item(YES, '0.42', 'BUY', '0.42', '0.43')}, ` +
    `${item(NO, '0.58', 'SELL', '0.57', '0.58')}], ` +
    `"timestamp":"${STAMP}", "event_type":"price_change"}`
  );
}
