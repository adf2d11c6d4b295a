// Frames of both exchanges in the shapes of the recorded ones, read by the byte scanner and by the general parser.

import { DeltaScanner } from '../src/venues/kalshi/wire/delta-scanner.js';
import { KalshiFrame } from '../src/venues/kalshi/wire/frame.js';
import { FrameParser } from '../src/venues/kalshi/wire/frame-parser.js';
import { TickerIndex } from '../src/venues/kalshi/wire/ticker-index.js';
import { PriceChangeScanner } from '../src/venues/polymarket/wire/frame-scanner.js';
import {
  decodePriceChange,
  PriceChanges,
  readEvents,
} from '../src/venues/polymarket/wire/frames.js';
import { TokenIndex } from '../src/venues/polymarket/wire/token-index.js';

export interface ParserRow {
  readonly name: string;
  /** What each frame adds to the sum. */
  readonly each: number;
  readonly run: (frames: number) => number;
}

const TICKER = 'KXAAA-26DEC01-T5';
const DELTA = Buffer.from(
  `{"type":"orderbook_delta","sid":1,"seq":13299399,"msg":{"market_ticker":"${TICKER}",` +
    '"market_id":"11111111-2222-4333-8444-555555555555","price_dollars":"0.5400",' +
    '"delta_fp":"-10.00","side":"no","ts":"2026-08-05T11:45:36.564039Z","ts_ms":1785930336564}}',
);
const PRICE_E4 = 5_400;

const TOKENS = [`1${'7'.repeat(76)}`, `8${'3'.repeat(75)}`] as const;
const item = (token: string, price: string, side: string, bid: string, ask: string): string =>
  `{"asset_id":"${token}", "price":"${price}", "size":"228.6", "side":"${side}", ` +
  `"hash":"${'7fa265cf6f'.repeat(4)}", "best_bid":"${bid}", "best_ask":"${ask}"}`;
const CHANGE = Buffer.from(
  `{"market":"0x${'77'.repeat(32)}", "price_changes":[` +
    `${item(TOKENS[0], '0.26', 'BUY', '0.42', '0.43')}, ` +
    `${item(TOKENS[1], '0.74', 'SELL', '0.57', '0.58')}], ` +
    '"timestamp":"1785207904574", "event_type":"price_change"}',
);

export function parserRows(): ParserRow[] {
  const tickers = new TickerIndex([TICKER]);
  const frame = new KalshiFrame();
  const deltas = new DeltaScanner(tickers, false);
  const parser = new FrameParser(tickers, { dialect: 'current', useYesPrice: false });
  const tokens = new TokenIndex(TOKENS);
  const changes = new PriceChanges();
  const scanner = new PriceChangeScanner(tokens);
  const repeat = (read: () => number) => (frames: number) => {
    let sum = 0;
    for (let n = 0; n < frames; n++) sum += read();
    return sum;
  };
  return [
    {
      name: 'Kalshi delta, scanned',
      each: PRICE_E4,
      run: repeat(() => (deltas.scan(DELTA, frame) ? frame.priceE4 : -1)),
    },
    {
      name: 'Kalshi delta, general parser',
      each: PRICE_E4,
      run: repeat(() => (parser.parse(DELTA, frame) ? frame.priceE4 : -1)),
    },
    {
      name: 'Polymarket price_change of 2, scanned',
      each: 2,
      run: repeat(() => (scanner.scan(CHANGE, changes) ? changes.count : -1)),
    },
    {
      name: 'Polymarket price_change of 2, general parser',
      each: 2,
      run: repeat(() => {
        const event = readEvents(CHANGE.toString('utf8'))?.[0];
        return event !== undefined && decodePriceChange(event, tokens, changes)
          ? changes.count
          : -1;
      }),
    },
  ];
}
