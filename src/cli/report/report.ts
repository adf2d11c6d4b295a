// The account of a stretch of time, made from the journal alone: what was fired, filled, paid, gained, missed, and what does not fit.
import type { Venue } from '../../domain/venue.js';
import type { StoredDecision, StoredFill, StoredOrder, StoredRun } from '../../journal/store.js';
import { type ArbOutcome, type ArbStory, type Stories, storiesOf } from './arb-story.js';
import { type ByVenueName, byVenueName } from './by-venue.js';
import { isWithin, type JournalRows, type Window } from './journal-rows.js';
import { type Missed, type MissedUnderround, missedOf, paretoOf } from './missed.js';
import { isStanding } from './order-links.js';
import { type Orphans, orphansOf } from './orphans.js';
import { type Spread, spreadOf } from './ranks.js';
import { type Slippage, slippageOf } from './slippage.js';
import { gained, type Worth, worthOf } from './worth.js';

/** Money in micro-dollars, contracts in 1/1,000,000 (E6), prices in 1/10,000 dollar (E4), times in ms of the wall clock. */
export interface Report {
  readonly window: { readonly sinceMs: number | null; readonly untilMs: number | null };
  readonly runs: readonly StoredRun[];
  readonly arbs: ArbCounts;
  readonly orders: ByVenueName<OrderCounts>;
  readonly fills: ByVenueName<FillSums>;
  readonly money: Money;
  readonly slippage: Slippage;
  readonly neutral: Neutral;
  /** Of the whole journal, whatever the window: what is open is open. */
  readonly orphans: Orphans;
  readonly missed: Missed;
}

export interface ArbCounts {
  readonly fired: number;
  readonly both: number;
  readonly oneLegged: number;
  readonly none: number;
  readonly unknown: number;
  /** Under way, or lost with a process that was killed. */
  readonly open: number;
  /** Of those fired: the legs did not match at some time; and nothing more is tried. */
  readonly exposed: number;
  readonly abandoned: number;
}

export interface OrderCounts {
  readonly entries: number;
  readonly exits: number;
  readonly byState: Readonly<Record<string, number>>;
}

export interface FillSums {
  readonly fills: number;
  readonly contractsE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
  readonly provisional: number;
  /** Trades that failed on chain: not in the sums. */
  readonly failed: number;
}

export interface Money extends Worth {
  /** What the decisions that fired expected to net, and how much of it was of arbitrages that filled both legs. */
  readonly expectedMicros: number;
  readonly expectedBothMicros: number;
  /** Realised: the change of what the positions have locked in at worst, less cost and fees; and that less what was expected. */
  readonly pnlMicros: number;
  readonly differenceMicros: number;
}

export interface Neutral {
  readonly exposures: number;
  readonly neutralised: number;
  readonly abandoned: number;
  readonly open: number;
  /** The process ended before it knew; the next run took them over, under names of its own. */
  readonly cutOff: number;
  /** Of those that were evened out. */
  readonly timesMs: Spread;
  readonly lossesMicros: Spread;
}

/** Everything that a report or one of its tables is made from. */
export interface Account {
  readonly window: Window;
  readonly rows: JournalRows;
  readonly stories: Stories;
  /** What began within the window. */
  readonly arbs: readonly ArbStory[];
  readonly orders: readonly StoredOrder[];
  /** Failed ones too. */
  readonly fills: readonly StoredFill[];
  readonly missed: readonly MissedUnderround[];
}

/** Everything is told as it is known now, also of a window that ended: what was looked up later is true of it all the same. */
export function accountOf(rows: JournalRows, window: Window): Account {
  const stories = storiesOf(rows);
  const emptyHanded = new Set(
    stories.arbs.filter(({ outcome }) => outcome === 'none').map(({ arb }) => arb),
  );
  return {
    window,
    rows,
    stories,
    arbs: stories.arbs.filter(({ beganMs }) => isWithin(window, { atMs: beganMs })),
    orders: rows.orders.filter((order) => isWithin(window, order)),
    fills: rows.fills.filter((fill) => isWithin(window, fill)),
    missed: missedOf(decisionsWithin(rows.decisions, window), (arb) => emptyHanded.has(arb)),
  };
}

export function decisionsWithin(
  decisions: Iterable<StoredDecision>,
  window: Window,
): Iterable<StoredDecision> {
  return filtered(decisions, (row) => isWithin(window, row));
}

function* filtered<T>(rows: Iterable<T>, isKept: (row: T) => boolean): Generator<T> {
  for (const row of rows) if (isKept(row)) yield row;
}

export function reportOf(account: Account): Report {
  const { window, rows, stories, arbs, orders, fills, missed } = account;
  const { sinceMs, untilMs } = window;
  const orphans = orphansOf(stories, rows.orders, rows.fills);
  const fired = arbs.filter(({ firedMs }) => firedMs !== undefined);
  return {
    window: {
      sinceMs: Number.isFinite(sinceMs) ? sinceMs : null,
      untilMs: Number.isFinite(untilMs) ? untilMs : null,
    },
    runs: runsWithin(rows.runs, window),
    arbs: arbCounts(fired),
    orders: byVenueName((venue) => orderCounts(ofVenue(orders, venue))),
    fills: byVenueName((venue) => fillSums(ofVenue(fills, venue))),
    money: moneyOf(fired, account),
    slippage: slippageOf(fired, stories.links),
    neutral: neutralOf(arbs, orphans),
    orphans,
    missed: paretoOf(missed),
  };
}

/** A run goes on until the next one begins. */
function runsWithin(runs: readonly StoredRun[], { sinceMs, untilMs }: Window): StoredRun[] {
  return runs.filter((run, index) => {
    const next = runs[index + 1];
    const isOver = next !== undefined && next.startedMs <= sinceMs;
    return run.startedMs < untilMs && !isOver;
  });
}

function ofVenue<T extends { readonly venue: Venue }>(rows: readonly T[], venue: Venue): T[] {
  return rows.filter((row) => row.venue === venue);
}

function arbCounts(fired: readonly ArbStory[]): ArbCounts {
  const ended = (outcome: ArbOutcome) => fired.filter((arb) => arb.outcome === outcome).length;
  return {
    fired: fired.length,
    both: ended('both'),
    oneLegged: ended('one-legged'),
    none: ended('none'),
    unknown: ended('unknown'),
    open: ended('open'),
    exposed: fired.filter(({ episodes }) => episodes.length > 0).length,
    abandoned: fired.filter(({ state }) => state === 'abandoned').length,
  };
}

function orderCounts(orders: readonly StoredOrder[]): OrderCounts {
  const byState: Record<string, number> = {};
  for (const { state } of orders) {
    byState[state] = (byState[state] ?? 0) + 1;
  }
  const entries = orders.filter(({ role }) => role === 'entry').length;
  return { entries, exits: orders.length - entries, byState };
}

function fillSums(fills: readonly StoredFill[]): FillSums {
  const standing = fills.filter(isStanding);
  const sum = (of: (fill: StoredFill) => number) =>
    standing.reduce((total, fill) => total + of(fill), 0);
  return {
    fills: standing.length,
    contractsE6: sum(({ sizeE6 }) => sizeE6),
    costMicros: sum(({ costMicros }) => costMicros),
    feeMicros: sum(({ feeMicros }) => feeMicros),
    provisional: standing.filter(({ state }) => state === 'provisional').length,
    failed: fills.length - standing.length,
  };
}

/**
 * The difference of two moments, not the sum of the window's fills: a leg that was filled before the window and evened out within it has
 * gained what evening it out was worth, and has not cost its first leg again.
 */
function moneyOf(fired: readonly ArbStory[], { window, rows, stories }: Account): Money {
  const worthAt = (momentMs: number) =>
    worthOf(
      rows.fills.filter(({ atMs }) => atMs < momentMs),
      stories.polarities,
    );
  const worth = gained(worthAt(window.sinceMs), worthAt(window.untilMs));
  const expected = (arbs: readonly ArbStory[]) =>
    arbs.reduce((sum, { decision }) => sum + (decision?.netMicros ?? 0), 0);
  const expectedMicros = expected(fired);
  return {
    expectedMicros,
    expectedBothMicros: expected(fired.filter(({ outcome }) => outcome === 'both')),
    ...worth,
    differenceMicros: worth.pnlMicros - expectedMicros,
  };
}

function neutralOf(arbs: readonly ArbStory[], { arbs: openArbs }: Orphans): Neutral {
  const stillOpen = new Set(openArbs.map(({ arb }) => arb));
  const episodes = arbs.flatMap(({ arb, episodes: own }) =>
    own.map((episode) => ({ ...episode, isOpen: stillOpen.has(arb) })),
  );
  const neutralised = episodes.filter(({ end }) => end === 'neutral');
  const unended = episodes.filter(({ end }) => end === 'open');
  const open = unended.filter(({ isOpen }) => isOpen).length;
  return {
    exposures: episodes.length,
    neutralised: neutralised.length,
    abandoned: episodes.filter(({ end }) => end === 'abandoned').length,
    open,
    cutOff: unended.length - open,
    timesMs: spreadOf(neutralised.flatMap(({ afterMs }) => afterMs ?? [])),
    lossesMicros: spreadOf(neutralised.flatMap(({ lossMicros }) => lossMicros ?? [])),
  };
}
