// Which markets the table shows, and in which order. Pure; the rows' order is kept by the panel so that rows do not jump about.
import type { MarketView } from '../../src/runtime/views.js';
import type { MarketRow } from '../stream/page-state.js';

export const MARKET_FILTERS = ['all', 'edge', 'ready', 'blocked', 'frozen'] as const;
export type MarketFilter = (typeof MARKET_FILTERS)[number];
export const MARKET_SORTS = ['name', 'edge', 'settles', 'kalshi', 'polymarket', 'blocked'] as const;
export type MarketSort = (typeof MARKET_SORTS)[number];

export interface MarketQuery {
  readonly search: string;
  readonly filter: MarketFilter;
  readonly sort: MarketSort;
  readonly isDescending: boolean;
}

/** What a click on a column shows first: most edge, soonest settlement, cheapest price. */
export const FIRST_DESCENDING: Readonly<Record<MarketSort, boolean>> = {
  name: false,
  edge: true,
  settles: false,
  kalshi: false,
  polymarket: false,
  blocked: true,
};

/** Indexes of markets. What has no figure to sort by comes last, whichever way. */
export function orderedMarkets(rows: Iterable<MarketRow>, query: MarketQuery): number[] {
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const views = [...rows]
    .map((row) => row.view)
    .filter((view) => isShown(view, query.filter) && isFound(view, words));
  const keyed = views.map((view) => ({ view, key: keyOf(view, query.sort) }));
  const sign = query.isDescending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) {
      return (
        Number(a.key === undefined) - Number(b.key === undefined) || a.view.market - b.view.market
      );
    }
    if (a.key === b.key) return a.view.market - b.view.market;
    return a.key < b.key ? -sign : sign;
  });
  return keyed.map(({ view }) => view.market);
}

function isShown(view: MarketView, filter: MarketFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'edge':
      return hasEdge(view);
    case 'ready':
      return view.blocked.length === 0;
    case 'blocked':
      return view.blocked.length > 0;
    case 'frozen':
      return view.isFrozen;
    default:
      return filter satisfies never;
  }
}

export function hasEdge({ edge }: MarketView): boolean {
  return edge.kalshiOutcome !== undefined && edge.microsPerContract > 0;
}

function isFound(view: MarketView, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = `${view.name} ${view.kalshiTicker} ${view.polymarketSlug}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function keyOf(view: MarketView, sort: MarketSort): number | string | undefined {
  switch (sort) {
    case 'name':
      return view.name;
    case 'edge':
      return view.edge.kalshiOutcome === undefined ? undefined : view.edge.microsPerContract;
    case 'settles':
      return view.settlesAtMs;
    case 'kalshi':
    case 'polymarket':
      return view.books[sort].yes[0]?.priceE4;
    case 'blocked':
      return view.blocked[0];
    default:
      return sort satisfies never;
  }
}
