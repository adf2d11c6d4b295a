// The picture of one market under watch, as lines for a terminal of a given size, as one line, and as an object. Pure functions of what
// they are shown.
import { formatDecimal } from '../domain/decimal.js';
import { PRICE_PLACES, SIZE_CENTI_PLACES } from '../domain/units.js';
import type { BookLevel, MonitorStatus } from '../runtime/market-monitor.js';
import type { Percentiles } from '../runtime/recent-figures.js';
import { printable } from './exit-codes.js';
import { clockText, countText, latencyText } from './number-text.js';
import { beside, cut, justified, type Line, paint, type Span, type Style, span } from './paint.js';
import { type Column, tableLines } from './table.js';

export interface MonitorView {
  readonly status: MonitorStatus;
  /** "kalshi", "KXGOLD15M-…", the address: most important first. */
  readonly title: readonly string[];
  readonly remainingMs: number | undefined;
}

const MAX_WIDTH = 116;
const MIN_WIDTH = 20;
/** From here on the book and the frames stand side by side. */
const TWO_BLOCKS_WIDTH = 84;
const SECOND_BLOCK_COLUMN = 48;
export const SHOWN_LEVELS = 8;
const MARGIN = ' ';
const NS_PER_MS = 1e6;

/** Never more lines than rows, and none wider than the terminal. */
export function renderMonitor(
  view: MonitorView,
  size: { readonly columns: number; readonly rows: number },
  colour: boolean,
): string[] {
  const width = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, size.columns - 2));
  const { status } = view;
  const blocks: Line[][] = [
    headerLines(view, width),
    countLines(status, width),
    middleLines(status, width),
    latencyLines(status, width),
    [[span('LAST FRAME', 'dim')], [span(printable(status.lastFrame))]],
  ];
  const roomy = blocks.flatMap((block, index) => (index === 0 ? block : [[], ...block]));
  // On a low terminal the blank lines go first; then the end is cut.
  const lines = roomy.length <= size.rows ? roomy : blocks.flat();
  return lines
    .slice(0, Math.max(1, size.rows))
    .map((line) => paint(cut([span(MARGIN), ...line], Math.min(size.columns, width + 2)), colour));
}

function headerLines({ status, title, remainingMs }: MonitorView, width: number): Line[] {
  const style = trustStyle(status);
  const left: Span[] = [
    span('underround monitor', 'bold'),
    span('  '),
    span('●', style),
    span(` ${status.trust}`, style),
    span(` for ${clockText(status.trustMs)}`, 'dim'),
    span(`  ${clockText(status.elapsedMs)}`),
  ];
  if (remainingMs !== undefined) {
    left.push(span(` of ${clockText(status.elapsedMs + remainingMs)}`, 'dim'));
  }
  const lines: Line[] = [
    justified(left, [span('Ctrl-C ends', 'dim')], width),
    [span(title.map(printable).join(' · '), 'dim')],
  ];
  if (status.down !== undefined) lines.push([span(downText(status.down), 'bad')]);
  return lines;
}

function trustStyle({ trust }: MonitorStatus): Style {
  return trust === 'trusted' ? 'good' : 'bad';
}

function downText({ why, retryMs }: { readonly why: string; readonly retryMs: number }): string {
  return `no connection: ${printable(why)}; next attempt after ${countText(retryMs)} ms`;
}

const COUNT_COLUMNS: readonly Column[] = [
  { title: 'CONNECTION', align: 'left', sparable: 0 },
  { title: 'frames', align: 'right', sparable: 0 },
  { title: 'frames/s', align: 'right', sparable: 0 },
  { title: 'updates/s', align: 'right', sparable: 0 },
  { title: 'gaps', align: 'right', sparable: 1 },
  { title: 'garbage', align: 'right', sparable: 5 },
  { title: 'silences', align: 'right', sparable: 4 },
  { title: 'resyncs', align: 'right', sparable: 3 },
  { title: 'reconnects', align: 'right', sparable: 2 },
];

function countLines(status: MonitorStatus, width: number): Line[] {
  const { counters, frames, updates } = status;
  const state = status.isConnected ? span('open', 'good') : span('down', 'bad');
  const row: Span[] = [
    state,
    span(countText(frames.count)),
    span(rateText(frames.perSecond)),
    span(rateText(updates.perSecond)),
    ...(['gaps', 'garbage', 'silences', 'resyncs', 'reconnects'] as const).map((name) =>
      span(countText(counters[name]), counters[name] === 0 ? 'dim' : 'warn'),
    ),
  ];
  return tableLines(COUNT_COLUMNS, [row], width);
}

function rateText(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : countText(perSecond);
}

function middleLines(status: MonitorStatus, width: number): Line[] {
  const left = bookLines(status);
  const right = kindLines(status);
  if (width < TWO_BLOCKS_WIDTH) return [...left, [], ...right];
  const rows = Math.max(left.length, right.length);
  return Array.from({ length: rows }, (_, row) =>
    beside(left[row] ?? [], right[row] ?? [], SECOND_BLOCK_COLUMN),
  );
}

const BOOK_COLUMNS: readonly Column[] = [
  { title: 'bid size', align: 'right', sparable: 0 },
  { title: 'BID YES', align: 'right', sparable: 0 },
  { title: 'ASK YES', align: 'right', sparable: 0 },
  { title: 'ask size', align: 'right', sparable: 0 },
];
const BOOK_WIDTH = 46;
/** So that the table stands still while sizes change. */
const SIZE_WIDTH = 12;

function bookLines({ bids, asks, levels, spreadE4 }: MonitorStatus): Line[] {
  const rows = Array.from({ length: SHOWN_LEVELS }, (_, row): Span[] => {
    const [bid, ask] = [bids[row], asks[row]];
    const style: Style = row === 0 ? 'bold' : 'plain';
    return [
      span(sizeText(bid).padStart(SIZE_WIDTH), style),
      span(priceText(bid?.priceE4), bid === undefined ? 'dim' : 'good'),
      span(priceText(ask?.priceE4), ask === undefined ? 'dim' : 'bad'),
      span(sizeText(ask).padStart(SIZE_WIDTH), style),
    ];
  });
  const depth = `${countText(levels.bids)} and ${countText(levels.asks)} levels`;
  const spread = spreadE4 === undefined ? 'no spread' : `spread ${dollarsText(spreadE4)}`;
  return [
    ...tableLines(BOOK_COLUMNS, rows, BOOK_WIDTH),
    [span(spread, (spreadE4 ?? 0) < 0 ? 'bad' : 'plain'), span(`  ${depth}`, 'dim')],
  ];
}

function priceText(priceE4: number | undefined): string {
  return priceE4 === undefined ? '-' : dollarsText(priceE4);
}

function dollarsText(priceE4: number): string {
  const text = formatDecimal(Math.abs(priceE4), PRICE_PLACES, 2);
  return priceE4 < 0 ? `-${text}` : text;
}

function sizeText(level: BookLevel | undefined): string {
  return level === undefined ? '' : formatDecimal(level.sizeCenti, SIZE_CENTI_PLACES, 2);
}

const KIND_COLUMNS: readonly Column[] = [
  { title: 'FRAMES BY KIND', align: 'left', sparable: 0 },
  { title: 'count', align: 'right', sparable: 0 },
  { title: 'per s', align: 'right', sparable: 0 },
];

function kindLines({ kinds }: MonitorStatus): Line[] {
  const rows = Object.entries(kinds)
    .sort(([, a], [, b]) => b.count - a.count)
    .slice(0, SHOWN_LEVELS)
    .map(([kind, { count, perSecond }]): Span[] => [
      span(printable(kind)),
      span(countText(count)),
      span(rateText(perSecond)),
    ]);
  return tableLines(KIND_COLUMNS, rows, MAX_WIDTH);
}

const LATENCY_COLUMNS: readonly Column[] = [
  { title: 'LATENCY', align: 'left', sparable: 0 },
  { title: 'min', align: 'right', sparable: 2 },
  { title: 'p50', align: 'right', sparable: 0 },
  { title: 'p99', align: 'right', sparable: 0 },
  { title: 'max', align: 'right', sparable: 1 },
  { title: 'count', align: 'right', sparable: 3 },
];
const FIGURE_WIDTH = 8;

function latencyLines({ handlingNs, lagMs }: MonitorStatus, width: number): Line[] {
  const rows = [
    latencyRow('frame → published', handlingNs, 1),
    latencyRow('exchange stamp → receipt', lagMs, NS_PER_MS),
  ];
  return [
    ...tableLines(LATENCY_COLUMNS, rows, width),
    [
      span(
        'The stamp is by the clock of the exchange: the difference of the two clocks is in it.',
        'dim',
      ),
    ],
  ];
}

function latencyRow(title: string, figures: Percentiles | undefined, toNs: number): Span[] {
  const cells = (['min', 'p50', 'p99', 'max'] as const).map((name) =>
    figures === undefined
      ? span('-'.padStart(FIGURE_WIDTH), 'dim')
      : span(signedLatency(figures[name] * toNs).padStart(FIGURE_WIDTH)),
  );
  return [span(title), ...cells, span(countText(figures?.count ?? 0), 'dim')];
}

function signedLatency(ns: number): string {
  return ns < 0 ? `-${latencyText(-ns)}` : latencyText(ns);
}

/** One line of it, for where there is no terminal. */
export function monitorLine(status: MonitorStatus): string {
  const { bids, asks, counters, frames, updates, handlingNs, lagMs } = status;
  const quote = (level: BookLevel | undefined) =>
    level === undefined ? '-' : `${priceText(level.priceE4)} x ${sizeText(level)}`;
  const lag =
    lagMs === undefined ? '' : ` stamp → receipt p50 ${signedLatency(lagMs.p50 * NS_PER_MS)}`;
  const handling =
    handlingNs === undefined
      ? ''
      : ` frame → published p50 ${latencyText(handlingNs.p50)} p99 ${latencyText(handlingNs.p99)}`;
  const down = status.down === undefined ? '' : ` ${downText(status.down)}`;
  return (
    `${clockText(status.elapsedMs)} ${status.trust} bid ${quote(bids[0])} ask ${quote(asks[0])} ` +
    `frames ${countText(frames.count)} (${rateText(frames.perSecond)}/s) ` +
    `updates ${countText(updates.count)} (${rateText(updates.perSecond)}/s) ` +
    `gaps ${counters.gaps} garbage ${counters.garbage} resyncs ${counters.resyncs} ` +
    `reconnects ${counters.reconnects}${handling}${lag}${down}`
  );
}

/** What is not known is null. Prices are in 1/10,000 dollar, sizes in 1/100 contract. */
export function monitorJson(status: MonitorStatus): string {
  return JSON.stringify(status, (_key, value: unknown) => value ?? null);
}
