// Frames of both exchanges in the shapes of the recorded ones, read by the byte scanner where there is one and by the general parser.

import { DeltaScanner } from '../src/venues/kalshi/wire/delta-scanner.js';
import { KalshiFrame } from '../src/venues/kalshi/wire/frame.js';
import { FrameParser } from '../src/venues/kalshi/wire/frame-parser.js';
import { FrameReader, READ_UNREADABLE } from '../src/venues/kalshi/wire/frame-reader.js';
import { TickerIndex } from '../src/venues/kalshi/wire/ticker-index.js';
import { TokenBook } from '../src/venues/polymarket/token-book.js';
import { PriceChangeScanner } from '../src/venues/polymarket/wire/frame-scanner.js';
import {
  decodePriceChange,
  PriceChanges,
  readEvents,
} from '../src/venues/polymarket/wire/frames.js';
import { TokenIndex } from '../src/venues/polymarket/wire/token-index.js';
import { kalshiSnapshot, LEVELS, polymarketBook } from './feed-rows.js';
import type { MicroRow } from './micro-row.js';

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

export function parserRows(): MicroRow[] {
  return [...changeRows(), ...bookRows()];
}

const repeat = (read: () => number) => (frames: number) => {
  let sum = 0;
  for (let n = 0; n < frames; n++) sum += read();
  return sum;
};

function changeRows(): MicroRow[] {
  const tickers = new TickerIndex([TICKER]);
  const frame = new KalshiFrame();
  const deltas = new DeltaScanner(tickers, false);
  const parser = new FrameParser(tickers, { dialect: 'current', useYesPrice: false });
  const tokens = new TokenIndex(TOKENS);
  const changes = new PriceChanges();
  const scanner = new PriceChangeScanner(tokens);
  return [
    {
      name: 'Kalshi delta, scanned',
      ratio: 12,
      each: PRICE_E4,
      run: repeat(() => (deltas.scan(DELTA, frame) ? frame.priceE4 : -1)),
    },
    {
      name: 'Kalshi delta, general parser',
      ratio: 95,
      batch: 200,
      each: PRICE_E4,
      run: repeat(() => (parser.parse(DELTA, frame) ? frame.priceE4 : -1)),
    },
    {
      name: 'Polymarket price_change of 2, scanned',
      ratio: 31,
      batch: 400,
      each: 2,
      run: repeat(() => (scanner.scan(CHANGE, changes) ? changes.count : -1)),
    },
    {
      name: 'Polymarket price_change of 2, general parser',
      ratio: 240,
      batch: 100,
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

/** Whole books, which come at the start and after a loss. */
function bookRows(): MicroRow[] {
  const format = { dialect: 'current', useYesPrice: false } as const;
  const reader = new FrameReader([TICKER], format);
  const parser = new FrameParser(new TickerIndex([TICKER]), format);
  const frame = new KalshiFrame();
  const snapshot = Buffer.from(JSON.stringify(kalshiSnapshot(TICKER, 1)));
  const token = new TokenBook(TOKENS[0]);
  const book = Buffer.from(JSON.stringify(polymarketBook(TOKENS[0], 42, 43)));
  const levels = () => frame.yesBids.count + frame.noBids.count;
  return [
    {
      name: `Kalshi snapshot of 2 x ${LEVELS}, as the feed reads it`,
      each: 2 * LEVELS,
      ratio: 790,
      batch: 20,
      run: repeat(() => (reader.read(snapshot, frame) !== READ_UNREADABLE ? levels() : -1)),
    },
    {
      name: `Kalshi snapshot of 2 x ${LEVELS}, general parser`,
      each: 2 * LEVELS,
      ratio: 780,
      batch: 20,
      run: repeat(() => (parser.parse(snapshot, frame) ? levels() : -1)),
    },
    {
      name: `Polymarket book of 2 x ${LEVELS}, general parser`,
      each: 2 * LEVELS,
      ratio: 1_050,
      batch: 20,
      run: repeat(() => {
        const event = readEvents(book.toString('utf8'))?.[0];
        return event !== undefined && token.fill(event.bids, event.asks)
          ? token.bids.count + token.asks.count
          : -1;
      }),
    },
  ];
}
