// The newest arbitrages, and how the one that is chosen went through the engine and both exchanges.
import { useState } from 'preact/hooks';
import type { ArbState } from '../../src/journal/records.js';
import type { ArbView } from '../../src/runtime/views.js';
import {
  filledText,
  WATERFALL_REACHES,
  WATERFALL_STAGES,
  type WaterfallReach,
  waterfallOf,
} from '../charts/waterfall.js';
import { WaterfallDrawing } from '../charts/waterfall-drawing.js';
import {
  centsText,
  exactDollarsText,
  momentText,
  signedDollarsText,
  sizeText,
} from '../figures/figures.js';
import { Pager } from './pager.js';
import { Nothing, Panel } from './panel.js';

const PAGE_ROWS = 12;

const TONES: Readonly<Record<ArbState, string>> = {
  fired: '',
  unknown: 'ink-bad',
  matched: 'ink-good',
  exposed: 'ink-bad',
  neutralising: 'ink-warn',
  neutral: 'ink-warn',
  abandoned: 'ink-bad',
  none: 'ink-dim',
  settled: 'ink-good',
};

export interface ArbsPanelProps {
  readonly arbs: readonly ArbView[];
  readonly nowMs: number;
}

export function ArbsPanel({ arbs, nowMs }: ArbsPanelProps) {
  const [page, setPage] = useState(0);
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  // The newest with an answer to show; it stays until another is chosen, so that the picture holds still.
  const shown =
    arbs.find((arb) => arb.arb === chosen) ?? arbs.find((arb) => arb.state !== 'fired') ?? arbs[0];
  if (shown !== undefined && chosen !== shown.arb) setChosen(shown.arb);
  const shownPage = Math.min(page, Math.max(0, Math.ceil(arbs.length / PAGE_ROWS) - 1));
  const rows = arbs.slice(shownPage * PAGE_ROWS, (shownPage + 1) * PAGE_ROWS);
  return (
    <>
      <Panel id="arbs" title="Arbitrages" aside="newest first">
        {arbs.length === 0 && <Nothing>Nothing was fired yet.</Nothing>}
        <div class="scroll-x">
          <table class="figures arbs">
            <thead>
              <tr>
                <th scope="col">fired</th>
                <th scope="col" class="left">
                  market
                </th>
                <th scope="col" class="sparable">
                  contracts
                </th>
                <th scope="col">state</th>
                <th scope="col">net</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((arb) => (
                <tr key={arb.arb} class={arb === shown ? 'chosen' : ''}>
                  <td>{momentText(arb.firedAtMs, nowMs)}</td>
                  <th scope="row">
                    <button
                      type="button"
                      class="row-button"
                      aria-pressed={arb === shown}
                      onClick={() => setChosen(arb.arb)}
                    >
                      {arb.name} <small>{arb.arb}</small>
                    </button>
                  </th>
                  <td class="sparable">{sizeText(arb.sizeCenti)}</td>
                  <td class={TONES[arb.state]}>{arb.state}</td>
                  <td class={arb.netMicros < 0 ? 'ink-bad' : ''}>
                    {signedDollarsText(arb.netMicros)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Pager
          what="arbitrages"
          page={shownPage}
          pageRows={PAGE_ROWS}
          rows={arbs.length}
          onPage={setPage}
        />
      </Panel>
      <WaterfallPanel
        arb={shown}
        onNewest={() => setChosen(arbs[0]?.arb)}
        isNewest={shown === arbs[0]}
      />
    </>
  );
}

interface WaterfallPanelProps {
  readonly arb: ArbView | undefined;
  readonly isNewest: boolean;
  readonly onNewest: () => void;
}

function WaterfallPanel({ arb, isNewest, onNewest }: WaterfallPanelProps) {
  const [reach, setReach] = useState<WaterfallReach>('answered');
  if (arb === undefined) {
    return (
      <Panel id="waterfall" title="Waterfall">
        <Nothing>Drawn from the first arbitrage on.</Nothing>
      </Panel>
    );
  }
  const title = `${arb.name}, ${sizeText(arb.sizeCenti)} contracts, ${arb.state}`;
  return (
    <Panel
      id="waterfall"
      title={`Waterfall ${arb.arb}`}
      aside={
        <button type="button" class="small" disabled={isNewest} onClick={onNewest}>
          Newest
        </button>
      }
    >
      <div class="tools">
        <p class="waterfall-title">
          {title}, net {exactDollarsText(arb.netMicros)}
        </p>
        <fieldset class="segments" aria-label="How far the axis goes">
          {WATERFALL_REACHES.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === reach}
              onClick={() => setReach(each)}
            >
              {each === 'everything' ? each : `to ${each}`}
            </button>
          ))}
        </fieldset>
      </div>
      <WaterfallDrawing
        waterfall={waterfallOf(arb)}
        reach={reach}
        label={`${title}: times since its frame was received`}
      />
      <p class="legend">
        {WATERFALL_STAGES.map((stage) => (
          <span key={stage} class={`stage-${stage}`}>
            <i aria-hidden="true" />
            {stage}
          </span>
        ))}
        <span class="chart-at">times at the right: since the frame was received</span>
      </p>
      <Legs arb={arb} />
    </Panel>
  );
}

function Legs({ arb }: { readonly arb: ArbView }) {
  return (
    <div class="scroll-x">
      <table class="figures legs">
        <thead>
          <tr>
            <th scope="col" class="sparable">
              order
            </th>
            <th scope="col">role</th>
            <th scope="col">bought</th>
            <th scope="col">limit</th>
            <th scope="col">contracts</th>
            <th scope="col">state</th>
          </tr>
        </thead>
        <tbody>
          {arb.legs.map((leg) => (
            <tr key={leg.clientOrderId}>
              <th scope="row" class="sparable">
                <code>{leg.clientOrderId}</code>
              </th>
              <td>{leg.role}</td>
              <td class={`ink-${leg.venue}`}>
                {leg.venue} {leg.outcome.toUpperCase()}
              </td>
              <td>{centsText(leg.limitE4)}</td>
              <td>{filledText(leg)}</td>
              <td>{leg.state}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
