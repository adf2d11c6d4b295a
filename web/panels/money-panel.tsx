// What was gained: the curve of what is locked in and what has come back as cash, and what it cost.
import type { EngineStatus } from '../../src/runtime/status.js';
import type { HistoryPoint } from '../../src/runtime/views.js';
import { LineChart } from '../charts/line-chart.js';
import { countText, dollarsText, exactDollarsText } from '../figures/figures.js';
import { Panel } from './panel.js';

export interface MoneyPanelProps {
  readonly status: EngineStatus;
  readonly history: readonly HistoryPoint[];
  readonly colours: string;
}

export function MoneyPanel({ status, history, colours }: MoneyPanelProps) {
  const { arbs, fees, orders, exits } = status;
  return (
    <Panel id="money" title="Money" aside={`locked in ${exactDollarsText(status.pnlMicros)}`}>
      <LineChart
        label="Profit and loss"
        points={history}
        lines={[
          {
            title: 'locked in',
            ink: 'good',
            valueOf: (point) => point.lockedMicros,
            isFilled: true,
          },
          { title: 'realised', ink: 'accent', valueOf: (point) => point.realisedMicros },
          { title: 'naked', ink: 'warn', valueOf: (point) => point.nakedMicros },
        ]}
        text={dollarsText}
        heightPx={262}
        theme={colours}
      />
      <table class="figures">
        <tbody>
          <FigureRow title="spent on positions" text={dollarsText(status.costMicros)} />
          <FigureRow
            title="fees kalshi · polymarket"
            text={`${dollarsText(fees.kalshi)} · ${dollarsText(fees.polymarket)}`}
          />
          <FigureRow
            title="orders kalshi · polymarket"
            text={`${countText(orders.kalshi)} · ${countText(orders.polymarket)}`}
          />
          <FigureRow
            title="of them to even out"
            text={`${countText(exits.kalshi)} · ${countText(exits.polymarket)}`}
          />
          <FigureRow
            title="both legs · one · none"
            text={`${countText(arbs.bothFilled)} · ${countText(arbs.oneLegged)} · ${countText(arbs.noneFilled)}`}
          />
          <FigureRow
            title="unknown · in flight"
            text={`${countText(arbs.unknown)} · ${countText(arbs.inFlight)}`}
            tone={arbs.unknown > 0 ? 'bad' : undefined}
          />
        </tbody>
      </table>
    </Panel>
  );
}

interface FigureRowProps {
  readonly title: string;
  readonly text: string;
  readonly tone?: 'bad' | undefined;
}

function FigureRow({ title, text, tone }: FigureRowProps) {
  return (
    <tr>
      <th scope="row">{title}</th>
      <td class={tone && `ink-${tone}`}>{text}</td>
    </tr>
  );
}
