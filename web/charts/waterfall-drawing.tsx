// The waterfall of one arbitrage as SVG: what lies beyond the axis is cut at its end with an arrow and its time.
import { latencyText } from '../figures/figures.js';
import { useWidth } from './use-width.js';
import {
  axisTicksNs,
  type Waterfall,
  type WaterfallBar,
  type WaterfallReach,
  type WaterfallRow,
} from './waterfall.js';

const AXIS_PX = 22;
const BAR_PX = 12;
const END_PX = 76;
/** Below this the titles stand above their bars. */
const NARROW_PX = 560;
const TITLE_PX = 208;

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly rowPx: number;
  readonly isNarrow: boolean;
  readonly reachNs: number;
}

export interface WaterfallDrawingProps {
  readonly waterfall: Waterfall;
  readonly reach: WaterfallReach;
  readonly label: string;
}

export function WaterfallDrawing({ waterfall, reach, label }: WaterfallDrawingProps) {
  const [ref, width] = useWidth<HTMLDivElement>(640);
  const isNarrow = width < NARROW_PX;
  const frame: Frame = {
    isNarrow,
    left: isNarrow ? 2 : TITLE_PX,
    right: width - END_PX,
    rowPx: isNarrow ? 42 : 28,
    reachNs: waterfall.reachNs[reach],
  };
  const height = AXIS_PX + waterfall.rows.length * frame.rowPx + 4;
  const ticks = axisTicksNs(
    frame.reachNs,
    Math.max(2, Math.floor((frame.right - frame.left) / 80)),
  );
  return (
    <div ref={ref} class="waterfall">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img">
        <title>{label}</title>
        {ticks.map((tick) => {
          const x = xOf(tick, frame);
          return (
            <g key={tick}>
              <line class="tick" x1={x} x2={x} y1={AXIS_PX - 4} y2={height} />
              <text class="tick-text" x={x} y={12} text-anchor={tick === 0 ? 'start' : 'middle'}>
                {tick === 0 ? '0' : latencyText(tick)}
              </text>
            </g>
          );
        })}
        {waterfall.rows.map((row, index) => (
          <Row key={row.key} row={row} frame={frame} top={AXIS_PX + index * frame.rowPx} />
        ))}
      </svg>
    </div>
  );
}

function xOf(atNs: number, { left, right, reachNs }: Frame): number {
  return left + (Math.min(atNs, reachNs) / reachNs) * (right - left);
}

interface RowProps {
  readonly row: WaterfallRow;
  readonly frame: Frame;
  readonly top: number;
}

function Row({ row, frame, top }: RowProps) {
  const barTop = frame.isNarrow ? top + 22 : top + (frame.rowPx - BAR_PX) / 2;
  const middle = barTop + BAR_PX / 2;
  const endNs = row.endNs;
  const isCut = endNs !== undefined && endNs > frame.reachNs;
  return (
    <g>
      <line class="row-line" x1={0} x2={frame.right + END_PX} y1={top} y2={top} />
      {frame.isNarrow ? (
        <text class="row-title" x={2} y={top + 15}>
          {row.title}
          <tspan class="row-detail"> {row.detail}</tspan>
        </text>
      ) : (
        <g>
          <text class="row-title" x={2} y={row.detail === '' ? middle + 4 : top + 12}>
            {row.title}
          </text>
          <text class="row-detail" x={2} y={top + 24}>
            {row.detail}
          </text>
        </g>
      )}
      {row.bars
        .filter((bar) => bar.fromNs <= frame.reachNs)
        .map((bar) => (
          <Bar key={bar.stage} bar={bar} frame={frame} y={barTop} />
        ))}
      {isCut && (
        <path
          class="cut"
          d={`M${frame.right + 2} ${barTop} l6 ${BAR_PX / 2} l-6 ${BAR_PX / 2} z`}
        />
      )}
      {endNs !== undefined && (
        <text class="row-end" x={frame.right + END_PX - 2} y={middle + 4} text-anchor="end">
          {latencyText(endNs)}
        </text>
      )}
    </g>
  );
}

interface BarProps {
  readonly bar: WaterfallBar;
  readonly frame: Frame;
  readonly y: number;
}

/** A stage that took no visible time is still one pixel. */
function Bar({ bar, frame, y }: BarProps) {
  const x = xOf(bar.fromNs, frame);
  const width = Math.max(1.5, xOf(bar.toNs, frame) - x);
  return (
    <rect class={`stage-${bar.stage}`} x={x} y={y} width={width} height={BAR_PX} rx={1.5}>
      <title>{`${bar.stage}: ${latencyText(bar.toNs - bar.fromNs)}`}</title>
    </rect>
  );
}
