// A feed of one market that nobody hears of, and a change of its book that can be told again and again: code that did not run for 50 ms is
// cold, and real changes may be rarer than that.
import type { Clock } from '../../domain/clock.js';
import { type FeedSink, REHEARSAL_LIMITS } from '../feed.js';
import { KalshiFeed } from './feed.js';

const TICKER = 'REHEARSAL';
/** So many digits that they are never used up. */
const FIRST_SEQ = 100_000_000_000;
const DELTA_HEAD = '{"type":"orderbook_delta","sid":1,"seq":';
const NINE = 0x39;
const ZERO = 0x30;

/** Each call is one change, from its bytes to the sink. */
export function rehearseKalshiFeed(sink: FeedSink, clock: Clock): () => void {
  const feed = new KalshiFeed(
    [{ market: 0, ticker: TICKER }],
    sink,
    () => undefined,
    REHEARSAL_LIMITS,
    clock,
  );
  const tell = (frame: object) => feed.frame(Buffer.from(JSON.stringify(frame)), clock.nowNs());
  feed.opened(() => undefined, clock.nowNs());
  tell({ id: 1, type: 'ok', sid: 1, seq: FIRST_SEQ, msg: { market_tickers: [TICKER] } });
  tell({
    type: 'orderbook_snapshot',
    sid: 1,
    seq: FIRST_SEQ + 1,
    msg: {
      market_ticker: TICKER,
      yes_dollars_fp: [['0.4400', '50.00']],
      no_dollars_fp: [['0.5400', '50.00']],
    },
  });
  const changes = ['-10.00', '10.00'].map((delta) => Buffer.from(deltaText(delta)));
  let turn = 0;
  const seq = Buffer.from(String(FIRST_SEQ + 1));
  return () => {
    addOne(seq);
    const frame = changes[turn++ & 1]!;
    seq.copy(frame, DELTA_HEAD.length);
    feed.frame(frame, clock.nowNs());
  };
}

function deltaText(delta: string): string {
  return (
    `${DELTA_HEAD}${FIRST_SEQ},"msg":{"market_ticker":"${TICKER}",` +
    '"market_id":"11111111-2222-4333-8444-555555555555","price_dollars":"0.5400",' +
    `"delta_fp":"${delta}","side":"no","ts":"2026-08-05T11:45:36.564039Z","ts_ms":1785930336564}}`
  );
}

/** In the digits. */
function addOne(digits: Buffer): void {
  let at = digits.length - 1;
  while (digits[at] === NINE) digits[at--] = ZERO;
  digits[at]!++;
}
