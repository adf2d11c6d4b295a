// A chart of lines over wall-clock time, by uPlot; above it what the lines say now, or at the pointer.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { HistoryPoint } from '../../src/runtime/views.js';
import { NOTHING, timeText } from '../figures/figures.js';
import { chartColour, type Ink } from './chart-colour.js';

export interface ChartLine {
  readonly title: string;
  readonly ink: Ink;
  /** Null where the point has no such figure. */
  readonly valueOf: (point: HistoryPoint) => number | null;
  readonly isFilled?: boolean;
}

export interface LineChartProps {
  /** What it shows; another label is another chart. */
  readonly label: string;
  readonly points: readonly HistoryPoint[];
  readonly lines: readonly ChartLine[];
  readonly text: (value: number) => string;
  readonly heightPx: number;
  /** Whether equal distances are equal ratios. */
  readonly isLogarithmic?: boolean;
  /** Changes with the colours. */
  readonly theme: string;
}

const AXIS_FONT = '11px system-ui, sans-serif';
const MS_PER_SECOND = 1_000;

export function LineChart(props: LineChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [shown, setShown] = useState<number | undefined>(undefined);
  const { theme, heightPx, isLogarithmic, lines, points, text, label } = props;
  const inks = lines.map((line) => line.ink).join();

  // Data go in by setData below; only what uPlot is made from makes it anew.
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const width = Math.max(120, element.clientWidth);
    const made = new uPlot(optionsOf(props, width, setShown), dataOf(props), element);
    plot.current = made;
    const observer = new ResizeObserver(([entry]) => {
      const wide = Math.floor(entry?.contentRect.width ?? 0);
      if (wide > 0 && wide !== made.width) made.setSize({ width: wide, height: heightPx });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [theme, heightPx, isLogarithmic, inks]);

  // Lines are told apart by the label; a new array would redraw at each frame.
  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [points, label]);

  const point = points[shown ?? points.length - 1];
  const figureOf = (line: ChartLine): string => {
    const value = point === undefined ? null : line.valueOf(point);
    return value === null ? NOTHING : text(value);
  };
  return (
    <figure class="chart">
      <figcaption>
        {lines.map((line) => (
          <span key={line.title} class={`key ink-${line.ink}`}>
            <i aria-hidden="true" />
            {line.title} <b>{figureOf(line)}</b>
          </span>
        ))}
        <span class="chart-at">{shown === undefined ? 'now' : timeText(point?.atMs ?? 0)}</span>
      </figcaption>
      <div
        ref={host}
        class="plot"
        role="img"
        aria-label={`${label}: ${lines.map((line) => `${line.title} ${figureOf(line)}`).join(', ')}`}
      />
    </figure>
  );
}

function dataOf({ points, lines }: LineChartProps): uPlot.AlignedData {
  return [
    points.map((point) => point.atMs / MS_PER_SECOND),
    ...lines.map((line) => points.map(line.valueOf)),
  ];
}

function optionsOf(
  { lines, heightPx, isLogarithmic, text }: LineChartProps,
  width: number,
  show: (index: number | undefined) => void,
): uPlot.Options {
  const dim = chartColour('dim');
  const grid: uPlot.Axis.Grid = {
    stroke: chartColour('grid'),
    width: 1,
    ...(isLogarithmic === true ? { filter: (_, splits) => splits.map(powerOfTen) } : {}),
  };
  const ticks = { show: false };
  return {
    width,
    height: heightPx,
    // The newest label is centred on the edge.
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
    hooks: { setCursor: [(made) => show(made.cursor.idx ?? undefined)] },
    scales: { y: isLogarithmic ? { distr: 3 } : {} },
    axes: [
      {
        font: AXIS_FONT,
        stroke: dim,
        grid: { show: false },
        ticks,
        size: 24,
        space: 70,
        values: (_, splits, _axis, _space, stepS) =>
          splits.map((split) => axisTimeText(split, stepS)),
      },
      {
        font: AXIS_FONT,
        stroke: dim,
        grid,
        ticks,
        size: 58,
        space: 28,
        values: (_, splits) =>
          splits.map((split) => (typeof split === 'number' ? text(split) : null)),
      },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line))],
  };
}

/** With seconds where labels are less than a minute apart: else neighbours would say the same. */
function axisTimeText(atS: number, stepS: number): string {
  const text = timeText(atS * MS_PER_SECOND);
  return stepS < 60 ? text : text.slice(0, 5);
}

/** A logarithmic axis is split at every digit; lines at all of them would be a fence. */
function powerOfTen(split: number): number | null {
  return Number.isInteger(Math.round(Math.log10(split) * 1e9) / 1e9) ? split : null;
}

function seriesOf(line: ChartLine): uPlot.Series {
  const stroke = chartColour(line.ink);
  return {
    label: line.title,
    stroke,
    width: 1.5,
    points: { show: false },
    ...(line.isFilled === true
      ? { fill: stroke.replace('rgb(', 'rgba(').replace(')', ', 0.12)') }
      : {}),
  };
}
