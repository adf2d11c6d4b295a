// One row a market, and below the one that is open its depth on both exchanges and the switch that freezes it.
import { Fragment } from 'preact';
import type { VenueName } from '../../src/domain/venue.js';
import { VENUE_NAMES } from '../../src/domain/venue.js';
import type { LevelView, MarketView, OutcomeName } from '../../src/runtime/views.js';
import type { Controls } from '../controls/controls.js';
import {
  ageText,
  centsText,
  edgeText,
  NOTHING,
  percentOf,
  sizeText,
  untilText,
  wordsText,
} from '../figures/figures.js';
import { hasEdge } from '../figures/market-order.js';
import { quoteAgeMs } from '../figures/quote-ages.js';
import type { MarketRow } from '../stream/page-state.js';

const COLUMN_COUNT = 8;
const SHOWN_LEVELS = 8;
/** On a phone, above a price. */
const SHORT_NAMES: Readonly<Record<VenueName, string>> = { kalshi: 'kalshi', polymarket: 'polym.' };
const OUTCOMES: readonly OutcomeName[] = ['yes', 'no'];

export interface MarketRowsProps {
  readonly rows: readonly MarketRow[];
  readonly nowMs: number;
  readonly open: number | undefined;
  readonly onOpen: (market: number) => void;
  readonly controls: Controls;
}

export function MarketRows({ rows, nowMs, open, onOpen, controls }: MarketRowsProps) {
  return (
    <tbody>
      {rows.map((row) => {
        const { market } = row.view;
        const isOpen = market === open;
        return (
          <Fragment key={market}>
            <Row view={row.view} nowMs={nowMs} isOpen={isOpen} onOpen={onOpen} />
            {isOpen && (
              <tr class="market-detail">
                <td colSpan={COLUMN_COUNT}>
                  <MarketDetail row={row} nowMs={nowMs} controls={controls} />
                </td>
              </tr>
            )}
          </Fragment>
        );
      })}
    </tbody>
  );
}

interface RowProps {
  readonly view: MarketView;
  readonly nowMs: number;
  readonly isOpen: boolean;
  readonly onOpen: (market: number) => void;
}

function Row({ view, nowMs, isOpen, onOpen }: RowProps) {
  const bought = hasEdge(view) ? view.edge.kalshiOutcome : undefined;
  return (
    <tr class={`market-row ${isOpen ? 'chosen' : ''} ${view.isFrozen ? 'frozen' : ''}`}>
      <th scope="row" class="name">
        <button
          type="button"
          class="row-button"
          aria-expanded={isOpen}
          onClick={() => onOpen(view.market)}
        >
          {view.name}
          <small>{view.kalshiTicker}</small>
        </button>
      </th>
      {VENUE_NAMES.flatMap((venue) =>
        OUTCOMES.map((outcome) => (
          <PriceCell
            key={`${venue} ${outcome}`}
            venue={venue}
            outcome={outcome}
            view={view}
            isBought={bought !== undefined && outcome === boughtOutcome(view, venue, bought)}
          />
        )),
      )}
      <td data-label="net edge" class={`edge ${bought === undefined ? 'ink-dim' : 'ink-good'}`}>
        {view.edge.kalshiOutcome === undefined ? NOTHING : edgeText(view.edge.microsPerContract)}
      </td>
      <td data-label="settles in">
        {view.settlesAtMs === undefined ? 'unknown' : untilText(view.settlesAtMs - nowMs)}
      </td>
      <td data-label="not traded because" class="why">
        {view.blocked.length === 0 ? (
          <span class="ink-dim">{bought === undefined ? 'no underround' : 'ready'}</span>
        ) : (
          <Blocked blocked={view.blocked} />
        )}
      </td>
    </tr>
  );
}

/** What is bought on an exchange when `kalshiOutcome` is bought on Kalshi: both must not pay together. */
function boughtOutcome(
  { polarity }: MarketView,
  venue: VenueName,
  kalshiOutcome: OutcomeName,
): OutcomeName {
  if (venue === 'kalshi' || polarity === 'opposite') return kalshiOutcome;
  return kalshiOutcome === 'yes' ? 'no' : 'yes';
}

function Blocked({ blocked }: { readonly blocked: readonly string[] }) {
  const [first = '', ...others] = blocked;
  return (
    <span title={blocked.map(wordsText).join(', ')}>
      {wordsText(first)}
      {others.length > 0 && <small> +{others.length}</small>}
    </span>
  );
}

interface PriceCellProps {
  readonly venue: VenueName;
  readonly outcome: OutcomeName;
  readonly view: MarketView;
  readonly isBought: boolean;
}

function PriceCell({ venue, outcome, view, isBought }: PriceCellProps) {
  const book = view.books[venue];
  const best = book[outcome][0];
  const isTrusted = book.trust === 'trusted';
  return (
    <td
      data-label={`${SHORT_NAMES[venue]} ${outcome.toUpperCase()}`}
      class={`price ${isBought ? 'bought' : ''} ${isTrusted ? '' : 'untrusted'}`}
      title={isTrusted ? undefined : `not believed: ${book.trust}`}
    >
      {best === undefined ? (
        <span class="ink-dim">{NOTHING}</span>
      ) : (
        <>
          <b>{centsText(best.priceE4)}</b>
          <small>×{sizeText(best.sizeCenti)}</small>
        </>
      )}
    </td>
  );
}

interface MarketDetailProps {
  readonly row: MarketRow;
  readonly nowMs: number;
  readonly controls: Controls;
}

function MarketDetail({ row, nowMs, controls }: MarketDetailProps) {
  const { view } = row;
  const { market, name } = view;
  const freeze = (): void =>
    controls.ask({
      kind: view.isFrozen ? 'unfreeze' : 'freeze',
      market,
      name,
      why: 'by hand, from the page',
    });
  return (
    <div class="detail">
      <div class="books">
        {VENUE_NAMES.map((venue) => (
          <Book key={venue} row={row} venue={venue} nowMs={nowMs} />
        ))}
      </div>
      <div class="detail-facts">
        <p>
          {view.kalshiTicker} · {view.polymarketSlug}
          <br />
          Polymarket’s YES is Kalshi’s {view.polarity === 'same' ? 'YES' : 'NO'}.{' '}
          {directionText(view)}
          <br />
          {view.blocked.length > 0 && `Not traded now: ${view.blocked.map(wordsText).join(', ')}.`}
        </p>
        <button type="button" class={view.isFrozen ? 'resume' : ''} onClick={freeze}>
          {view.isFrozen ? 'Unfreeze this market' : 'Freeze this market'}
        </button>
      </div>
    </div>
  );
}

function directionText(view: MarketView): string {
  const { kalshiOutcome, microsPerContract } = view.edge;
  if (kalshiOutcome === undefined) return 'A price is missing.';
  const other = boughtOutcome(view, 'polymarket', kalshiOutcome);
  return `The better way: Kalshi ${kalshiOutcome.toUpperCase()} with Polymarket ${other.toUpperCase()}, ${edgeText(microsPerContract)} a contract after fees.`;
}

interface BookProps {
  readonly row: MarketRow;
  readonly venue: VenueName;
  readonly nowMs: number;
}

function Book({ row, venue, nowMs }: BookProps) {
  const book = row.view.books[venue];
  const ageMs = quoteAgeMs(row, venue, nowMs);
  const most = Math.max(1, ...[...book.yes, ...book.no].map((level) => level.sizeCenti));
  return (
    <div class="book">
      <h4>
        <span class={`ink-${venue}`}>{venue}</span>
        <small class={book.trust === 'trusted' ? '' : 'ink-warn'}>
          {wordsText(book.trust)} · {ageMs === undefined ? 'no quote yet' : `${ageText(ageMs)} old`}
        </small>
      </h4>
      <div class="ladders">
        {OUTCOMES.map((outcome) => (
          <Ladder
            key={outcome}
            title={`${outcome.toUpperCase()} asks`}
            levels={book[outcome]}
            most={most}
            venue={venue}
          />
        ))}
      </div>
    </div>
  );
}

interface LadderProps {
  readonly title: string;
  readonly levels: readonly LevelView[];
  readonly most: number;
  readonly venue: VenueName;
}

function Ladder({ title, levels, most, venue }: LadderProps) {
  return (
    <table class="ladder">
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col">contracts</th>
        </tr>
      </thead>
      <tbody>
        {levels.slice(0, SHOWN_LEVELS).map((level) => (
          <tr key={level.priceE4}>
            <td>{centsText(level.priceE4)}</td>
            <td>
              <i
                class={`depth fill-${venue}`}
                style={{ width: `${percentOf(level.sizeCenti, most)}%` }}
              />
              <span>{sizeText(level.sizeCenti)}</span>
            </td>
          </tr>
        ))}
        {levels.length === 0 && (
          <tr>
            <td colSpan={2} class="ink-dim">
              nothing offered
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
