// Books as a reader of the frames has them, and as a book of levels reads in the same words.
import { expect } from 'vitest';
import type { Levels } from '../../../src/sim/exchange.js';
import type { KalshiLevel } from '../../../src/venues/kalshi/wire/ws-messages.js';
import type { Client } from './harness.js';

/** Side, then price in the frames' own words, to size in 1/100. */
export type Sizes = Record<'yes' | 'no', Record<string, number>>;

const centi = (text: string): number => Number(text.replace('.', ''));
const sideOf = (levels: readonly KalshiLevel[] | undefined): Record<string, number> =>
  Object.fromEntries((levels ?? []).map(([price, size]) => [price, centi(size)]));

/** By market. No level may ever be below nothing. */
export function rebuiltBooks(client: Client): Map<string, Sizes> {
  const books = new Map<string, Sizes>();
  for (const frame of client.frames) {
    if (frame.type === 'orderbook_snapshot') {
      const { msg } = frame;
      const yes = sideOf(msg.yes_dollars_fp);
      books.set(msg.market_ticker, { yes, no: sideOf(msg.no_dollars_fp) });
    } else if (frame.type === 'orderbook_delta') {
      const { msg } = frame;
      const side = books.get(msg.market_ticker)![msg.side]!;
      const size = (side[msg.price_dollars] ?? 0) + centi(msg.delta_fp);
      expect(size).toBeGreaterThanOrEqual(0);
      if (size === 0) delete side[msg.price_dollars];
      else side[msg.price_dollars] = size;
    }
  }
  return books;
}

export function sizesOf(bids: Levels, asks: Levels, useYesPrice: boolean): Sizes {
  const price = (e4: number): string => `0.${String(e4).padStart(4, '0')}`;
  return {
    yes: Object.fromEntries(bids.map(([e4, e6]) => [price(e4), e6 / 10_000])),
    no: Object.fromEntries(
      asks.map(([e4, e6]) => [price(useYesPrice ? e4 : 10_000 - e4), e6 / 10_000]),
    ),
  };
}

export function sequencesOf(client: Client): number[] {
  return client.frames.flatMap((frame) => ('seq' in frame ? (frame.seq ?? []) : []));
}
