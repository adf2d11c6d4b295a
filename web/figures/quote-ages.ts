// How old the quotes of an exchange are, over its markets.
import type { VenueName } from '../../src/domain/venue.js';
import type { MarketRow } from '../stream/page-state.js';

export interface QuoteAges {
  readonly medianMs: number | undefined;
  /** Of the markets that are trusted: a market nobody trusts may be as old as it likes. */
  readonly oldestTrustedMs: number | undefined;
}

export function quoteAges(rows: Iterable<MarketRow>, venue: VenueName, nowMs: number): QuoteAges {
  const all: number[] = [];
  let oldestTrustedMs: number | undefined;
  for (const row of rows) {
    const ageMs = quoteAgeMs(row, venue, nowMs);
    if (ageMs === undefined) continue;
    all.push(ageMs);
    if (row.view.books[venue].trust === 'trusted') {
      oldestTrustedMs = Math.max(oldestTrustedMs ?? 0, ageMs);
    }
  }
  all.sort((a, b) => a - b);
  return { medianMs: all[Math.floor(all.length / 2)], oldestTrustedMs };
}

/** An age grows while nobody says anything new of its market. */
export function quoteAgeMs(row: MarketRow, venue: VenueName, nowMs: number): number | undefined {
  const { ageMs } = row.view.books[venue];
  return ageMs === undefined ? undefined : ageMs + Math.max(0, nowMs - row.seenAtMs);
}
