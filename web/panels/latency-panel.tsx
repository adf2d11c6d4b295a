// Latency of each stage, of the newest stretch of time and since the start, and the history of the stage that is chosen.
import { useState } from 'preact/hooks';
import { type EngineStatus, STAGES, type Stage } from '../../src/runtime/status.js';
import type { HistoryPoint, RecentLatency } from '../../src/runtime/views.js';
import { LineChart } from '../charts/line-chart.js';
import { countText, latencyText, NOTHING } from '../figures/figures.js';
import { Panel } from './panel.js';

const TITLES: Readonly<Record<Stage, string>> = {
  receivedToPublished: 'received → published',
  publishedToDetected: 'published → detected',
  detectedToDequeued: 'detected → dequeued',
  dequeuedToWritten: 'dequeued → written',
  receivedToWritten: 'received → written',
  legSkew: 'skew of both legs',
  writtenToAnswered: 'written → answered',
};

const LINES = [
  { title: 'p50', ink: 'dim' },
  { title: 'p95', ink: 'soft' },
  { title: 'p99', ink: 'accent' },
] as const;

export interface LatencyPanelProps {
  readonly latencyNs: EngineStatus['latencyNs'];
  readonly history: readonly HistoryPoint[];
  readonly colours: string;
}

export function LatencyPanel({ latencyNs, history, colours }: LatencyPanelProps) {
  const [chosen, setChosen] = useState<Stage>('receivedToWritten');
  return (
    <Panel id="latency" title="Latency" aside="choose a stage for its history">
      <div class="scroll-x">
        <table class="figures">
          <thead>
            <tr class="groups">
              <td />
              <th scope="colgroup" colSpan={3}>
                last minute
              </th>
              <th scope="colgroup" colSpan={3} class="sparable">
                since the start
              </th>
            </tr>
            <tr>
              <th scope="col">stage</th>
              <th scope="col">p50</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
              <th scope="col" class="sparable">
                p99
              </th>
              <th scope="col" class="sparable">
                max
              </th>
              <th scope="col" class="sparable">
                samples
              </th>
            </tr>
          </thead>
          <tbody>
            {STAGES.map((stage) => (
              <StageRow
                key={stage}
                stage={stage}
                all={latencyNs[stage]}
                lately={history.at(-1)?.latencyNs[stage]}
                isChosen={stage === chosen}
                onChoose={setChosen}
              />
            ))}
          </tbody>
        </table>
      </div>
      <LineChart
        label={`Latency, ${TITLES[chosen]}`}
        points={history}
        lines={LINES.map((line) => ({
          ...line,
          valueOf: (point) => point.latencyNs[chosen]?.[line.title] ?? null,
        }))}
        text={latencyText}
        heightPx={196}
        isLogarithmic
        theme={colours}
      />
    </Panel>
  );
}

interface StageRowProps {
  readonly stage: Stage;
  readonly all: EngineStatus['latencyNs'][Stage];
  readonly lately: RecentLatency | undefined;
  readonly isChosen: boolean;
  readonly onChoose: (stage: Stage) => void;
}

function StageRow({ stage, all, lately, isChosen, onChoose }: StageRowProps) {
  const figure = (ns: number | undefined): string =>
    ns === undefined || all.count === 0 ? NOTHING : latencyText(ns);
  return (
    <tr class={isChosen ? 'chosen' : ''}>
      <th scope="row">
        <button
          type="button"
          class="row-button"
          aria-pressed={isChosen}
          onClick={() => onChoose(stage)}
        >
          {TITLES[stage]}
        </button>
      </th>
      <td>{figure(lately?.p50)}</td>
      <td>{figure(lately?.p95)}</td>
      <td>{figure(lately?.p99)}</td>
      <td class="ink-dim sparable">{figure(all.p99)}</td>
      <td class="ink-dim sparable">{figure(all.max)}</td>
      <td class="ink-dim sparable">{countText(all.count)}</td>
    </tr>
  );
}
