// All markets, searched, sorted, a page at a time. Prices change in place; rows change places only now and then, and never under a hand.
import { useRef, useState } from 'preact/hooks';
import type { Controls } from '../controls/controls.js';
import { countText } from '../figures/figures.js';
import {
  FIRST_DESCENDING,
  hasEdge,
  MARKET_FILTERS,
  type MarketFilter,
  type MarketQuery,
  type MarketSort,
  orderedMarkets,
} from '../figures/market-order.js';
import type { MarketRow } from '../stream/page-state.js';
import { MarketRows } from './market-rows.js';
import { Pager } from './pager.js';
import { Nothing, Panel } from './panel.js';

const PAGE_ROWS = 20;
const REORDER_MS = 3_000;

const FILTER_TITLES: Readonly<Record<MarketFilter, string>> = {
  all: 'all markets',
  edge: 'with a net edge',
  ready: 'nothing in the way',
  blocked: 'not traded now',
  frozen: 'frozen',
};

const COLUMNS: readonly (readonly [title: string, sort: MarketSort | undefined, kind: string])[] = [
  ['market', 'name', 'name'],
  ['YES ask', 'kalshi', 'ink-kalshi'],
  ['NO ask', undefined, 'ink-kalshi'],
  ['YES ask', 'polymarket', 'ink-polymarket'],
  ['NO ask', undefined, 'ink-polymarket'],
  ['net edge / contract', 'edge', ''],
  ['settles in', 'settles', ''],
  ['why not traded now', 'blocked', 'why'],
];

export interface MarketsPanelProps {
  readonly markets: ReadonlyMap<number, MarketRow>;
  readonly nowMs: number;
  readonly controls: Controls;
}

export function MarketsPanel({ markets, nowMs, controls }: MarketsPanelProps) {
  const [query, setQuery] = useState<MarketQuery>({
    search: '',
    filter: 'all',
    sort: 'edge',
    isDescending: true,
  });
  const [page, setPage] = useState(0);
  const [open, setOpen] = useState<number | undefined>(undefined);
  const held = useRef(false);
  const order = useSteadyOrder(markets, query, held);
  const pages = Math.max(1, Math.ceil(order.length / PAGE_ROWS));
  const shownPage = Math.min(page, pages - 1);
  const rows = order
    .slice(shownPage * PAGE_ROWS, (shownPage + 1) * PAGE_ROWS)
    .flatMap((market) => markets.get(market) ?? []);
  const change = (part: Partial<MarketQuery>): void => {
    setQuery({ ...query, ...part });
    setPage(0);
  };
  const views = [...markets.values()].map((row) => row.view);
  const edges = views.filter(hasEdge).length;
  const blocked = views.filter((view) => view.blocked.length > 0).length;
  return (
    <Panel
      id="markets"
      title="Markets"
      aside={`${countText(edges)} with an edge · ${countText(blocked)} not traded now`}
    >
      <search class="tools">
        <input
          type="search"
          placeholder="Search name, ticker, slug"
          aria-label="Search markets"
          value={query.search}
          onInput={(event) => change({ search: event.currentTarget.value })}
        />
        <select
          aria-label="Which markets"
          value={query.filter}
          onChange={(event) => change({ filter: event.currentTarget.value as MarketFilter })}
        >
          {MARKET_FILTERS.map((filter) => (
            <option key={filter} value={filter}>
              {FILTER_TITLES[filter]}
            </option>
          ))}
        </select>
      </search>
      <div
        class="scroll-x"
        onPointerEnter={() => {
          held.current = true;
        }}
        onPointerLeave={() => {
          held.current = false;
        }}
      >
        <table class="markets">
          <MarketHead query={query} onQuery={change} />
          <MarketRows
            rows={rows}
            nowMs={nowMs}
            open={open}
            onOpen={(market) => setOpen(market === open ? undefined : market)}
            controls={controls}
          />
        </table>
      </div>
      {rows.length === 0 && <Nothing>No market is like that.</Nothing>}
      <Pager
        what="markets"
        page={shownPage}
        pageRows={PAGE_ROWS}
        rows={order.length}
        onPage={setPage}
      />
    </Panel>
  );
}

/** The order of the rows: anew when something else is asked for, else every few seconds while no pointer is on them. */
function useSteadyOrder(
  markets: ReadonlyMap<number, MarketRow>,
  query: MarketQuery,
  held: { readonly current: boolean },
): readonly number[] {
  const kept = useRef<{ order: readonly number[]; query: MarketQuery; atMs: number; size: number }>(
    undefined,
  );
  const last = kept.current;
  const nowMs = performance.now();
  const isAnotherQuestion =
    last === undefined || last.query !== query || last.size !== markets.size;
  const isDue = last !== undefined && nowMs - last.atMs >= REORDER_MS && !held.current;
  if (isAnotherQuestion || isDue) {
    const order = orderedMarkets(markets.values(), query);
    kept.current = { order, query, atMs: nowMs, size: markets.size };
    return order;
  }
  return last.order;
}

interface MarketHeadProps {
  readonly query: MarketQuery;
  readonly onQuery: (part: Partial<MarketQuery>) => void;
}

function MarketHead({ query, onQuery }: MarketHeadProps) {
  const sortBy = (sort: MarketSort): void =>
    onQuery({
      sort,
      isDescending: query.sort === sort ? !query.isDescending : FIRST_DESCENDING[sort],
    });
  return (
    <thead>
      <tr class="groups">
        <td />
        <th scope="colgroup" colSpan={2} class="ink-kalshi">
          kalshi
        </th>
        <th scope="colgroup" colSpan={2} class="ink-polymarket">
          polymarket
        </th>
        <td colSpan={3} />
      </tr>
      <tr>
        {COLUMNS.map(([title, sort, kind], index) => (
          <th key={`${index}`} scope="col" class={kind} aria-sort={ariaSort(query, sort)}>
            {sort === undefined ? (
              title
            ) : (
              <button type="button" onClick={() => sortBy(sort)}>
                {title}
                <span aria-hidden="true">{arrow(query, sort)}</span>
              </button>
            )}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function ariaSort(query: MarketQuery, sort: MarketSort | undefined) {
  if (sort === undefined || query.sort !== sort) return undefined;
  return query.isDescending ? 'descending' : 'ascending';
}

function arrow(query: MarketQuery, sort: MarketSort): string {
  if (query.sort !== sort) return '';
  return query.isDescending ? ' ↓' : ' ↑';
}
