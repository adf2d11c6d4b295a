// What was not earned and why: dollars by reason, most first, with what they add up to; then what holds pairs back now.
import type { EngineStatus } from '../../src/runtime/status.js';
import type { MissedView } from '../../src/runtime/views.js';
import { countText, dollarsText, percentOf, shareText, wordsText } from '../figures/figures.js';
import { Nothing, Panel } from './panel.js';

const SHOWN_REASONS = 10;

export interface MissedPanelProps {
  readonly status: EngineStatus;
  readonly missed: readonly MissedView[];
}

export function MissedPanel({ status, missed }: MissedPanelProps) {
  const { detected, fired, refused } = status.opportunities;
  return (
    <Panel
      id="missed"
      title="Underrounds"
      aside={`${countText(detected)} seen · fired ${countText(fired)} times`}
    >
      <h3>Missed dollars by reason</h3>
      <Pareto missed={missed} />
      <Counts
        title="Not fired, by reason"
        counts={refused}
        textOf={(count) => `${countText(count)}×`}
      />
      <Counts
        title="Pairs held back now"
        counts={status.held}
        textOf={(count) => (count === 1 ? '1 pair' : `${countText(count)} pairs`)}
      />
    </Panel>
  );
}

function Pareto({ missed }: { readonly missed: readonly MissedView[] }) {
  const sorted = [...missed].sort((a, b) => b.netMicros - a.netMicros);
  const total = sorted.reduce((sum, { netMicros }) => sum + netMicros, 0);
  if (sorted.length === 0) return <Nothing>Nothing was missed.</Nothing>;
  const most = sorted[0]?.netMicros ?? 0;
  let sum = 0;
  return (
    <ol class="pareto">
      {sorted.slice(0, SHOWN_REASONS).map(({ reason, count, netMicros }) => {
        sum += netMicros;
        return (
          <li key={reason}>
            <span class="pareto-reason">{wordsText(reason)}</span>
            <span class="pareto-count">{countText(count)}×</span>
            <span class="bar fill-accent" aria-hidden="true">
              <i style={{ width: `${percentOf(netMicros, most)}%` }} />
            </span>
            <b>{dollarsText(netMicros)}</b>
            <span class="pareto-sum" title="with those above, of all that was missed">
              Σ {shareText(sum, total)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

interface CountsProps {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly textOf: (count: number) => string;
}

function Counts({ title, counts, textOf }: CountsProps) {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  return (
    <>
      <h3>{title}</h3>
      {rows.length === 0 ? (
        <Nothing>None.</Nothing>
      ) : (
        <ul class="counts">
          {rows.map(([reason, count]) => (
            <li key={reason}>
              {wordsText(reason)} <b>{textOf(count)}</b>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
