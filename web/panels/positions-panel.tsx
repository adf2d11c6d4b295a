// What is held, what of it lacks its other leg, and on which day the money comes back.
import { useState } from 'preact/hooks';
import type { CapitalView, PositionView } from '../../src/runtime/views.js';
import {
  contractsText,
  countText,
  dollarsText,
  percentOf,
  signedDollarsText,
  untilText,
} from '../figures/figures.js';
import { Pager } from './pager.js';
import { Nothing, Panel } from './panel.js';

const PAGE_ROWS = 14;
const SHOWN_DAYS = 14;

export interface PositionsPanelProps {
  readonly positions: readonly PositionView[];
  readonly nowMs: number;
}

/** What is naked comes first, then what costs most. */
export function PositionsPanel({ positions, nowMs }: PositionsPanelProps) {
  const [page, setPage] = useState(0);
  const sorted = [...positions].sort(
    (a, b) => b.nakedMicros - a.nakedMicros || b.costMicros - a.costMicros || a.market - b.market,
  );
  const naked = positions.filter((position) => position.nakedE6 > 0).length;
  const shownPage = Math.min(page, Math.max(0, Math.ceil(sorted.length / PAGE_ROWS) - 1));
  const rows = sorted.slice(shownPage * PAGE_ROWS, (shownPage + 1) * PAGE_ROWS);
  return (
    <Panel
      id="positions"
      title="Positions"
      aside={`${countText(positions.length)} pairs · ${countText(naked)} naked`}
    >
      {positions.length === 0 && <Nothing>Nothing is held.</Nothing>}
      <div class="scroll-x">
        <table class="figures positions">
          <thead>
            <tr>
              <th scope="col">market, contracts YES / NO</th>
              <th scope="col" class="ink-kalshi">
                kalshi
              </th>
              <th scope="col" class="ink-polymarket">
                polymarket
              </th>
              <th scope="col" class="sparable">
                cost
              </th>
              <th scope="col">locked in</th>
              <th scope="col">naked</th>
              <th scope="col">settles in</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((position) => (
              <PositionRow key={position.market} position={position} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </div>
      <Pager
        what="pairs"
        page={shownPage}
        pageRows={PAGE_ROWS}
        rows={sorted.length}
        onPage={setPage}
      />
    </Panel>
  );
}

interface PositionRowProps {
  readonly position: PositionView;
  readonly nowMs: number;
}

function PositionRow({ position, nowMs }: PositionRowProps) {
  const { contractsE6, nakedE6, nakedMicros, settlesAtMs } = position;
  const held = ({ yes, no }: { yes: number; no: number }): string =>
    `${contractsText(yes)} / ${contractsText(no)}`;
  return (
    <tr>
      <th scope="row">{position.name}</th>
      <td>{held(contractsE6.kalshi)}</td>
      <td>{held(contractsE6.polymarket)}</td>
      <td class="sparable">{dollarsText(position.costMicros)}</td>
      <td class={position.lockedMicros < 0 ? 'ink-bad' : ''}>
        {signedDollarsText(position.lockedMicros)}
      </td>
      <td class={nakedE6 > 0 ? 'ink-bad' : 'ink-dim'}>
        {nakedE6 > 0 ? `${contractsText(nakedE6)} · ${dollarsText(nakedMicros)}` : 'none'}
      </td>
      <td>{settlesAtMs === undefined ? 'unknown' : untilText(settlesAtMs - nowMs)}</td>
    </tr>
  );
}

export function CapitalPanel({ capital }: { readonly capital: readonly CapitalView[] }) {
  const sorted = [...capital].sort((a, b) => dayKey(a).localeCompare(dayKey(b)));
  const total = sorted.reduce((sum, { costMicros }) => sum + costMicros, 0);
  const most = Math.max(1, ...sorted.map(({ payoutMicros }) => payoutMicros));
  const later = sorted.slice(SHOWN_DAYS);
  return (
    <Panel id="capital" title="Capital by settlement" aside={`${dollarsText(total)} tied up`}>
      {sorted.length === 0 && <Nothing>No money is tied up.</Nothing>}
      <ol class="capital">
        {sorted.slice(0, SHOWN_DAYS).map(({ day, costMicros, payoutMicros }) => (
          <li key={dayKey({ day })}>
            <span>{day ?? 'not known'}</span>
            <span class="bar fill-good" aria-hidden="true">
              <i style={{ width: `${percentOf(payoutMicros, most)}%` }} />
              <i class="cost" style={{ width: `${percentOf(costMicros, most)}%` }} />
            </span>
            <span>
              <b>{dollarsText(payoutMicros)}</b> <small>for {dollarsText(costMicros)}</small>
            </span>
          </li>
        ))}
      </ol>
      {later.length > 0 && (
        <Nothing>
          and {countText(later.length)} later days,{' '}
          {dollarsText(later.reduce((sum, { payoutMicros }) => sum + payoutMicros, 0))}
        </Nothing>
      )}
    </Panel>
  );
}

/** Days that are not known come last. */
function dayKey({ day }: Pick<CapitalView, 'day'>): string {
  return day ?? '~';
}
