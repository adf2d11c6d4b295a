// The picture of a running engine, as lines for a terminal of a given size. A pure function of what it is shown.
import { E6_PER_CENTI } from '../domain/units.js';
import { VENUE_NAMES } from '../domain/venue.js';
import type { EngineEvent, EngineStatus, LatencyNs, Stage } from '../runtime/status.js';
import { STAGES } from '../runtime/status.js';
import { printable } from './exit-codes.js';
import { clockText, contractsText, countText, dollarsText, latencyText } from './number-text.js';
import { beside, cut, justified, type Line, paint, type Span, type Style, span } from './paint.js';
import { type Column, tableLines } from './table.js';

export interface TimedEvent {
  /** Wall clock, "16:04:05". */
  readonly at: string;
  readonly event: EngineEvent;
}

export interface View {
  readonly status: EngineStatus;
  /** "sim", "seed 7", "wait block": what the run is, most important first. */
  readonly title: readonly string[];
  readonly framesPerSecond: Readonly<Record<(typeof VENUE_NAMES)[number], number>>;
  /** Newest last. */
  readonly events: readonly TimedEvent[];
  readonly remainingMs: number | undefined;
}

export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
}

/** Wider than this, a line is harder to read than to wrap. */
const MAX_WIDTH = 116;
const MIN_WIDTH = 20;
/** From here on there is room for two blocks side by side. */
const TWO_BLOCKS_WIDTH = 66;
const SECOND_BLOCK_COLUMN = 34;
export const SHOWN_EVENTS = 6;
const MARGIN = ' ';

export const STAGE_TITLES: Readonly<Record<Stage, string>> = {
  receivedToPublished: 'received → published',
  publishedToDetected: 'published → detected',
  detectedToDequeued: 'detected → dequeued',
  dequeuedToWritten: 'dequeued → written',
  receivedToWritten: 'received → written',
  legSkew: 'leg skew',
  writtenToAnswered: 'written → answered',
};

/** Never more lines than rows, and none wider than the terminal. */
export function renderView(view: View, size: ViewSize, colour: boolean): string[] {
  const width = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, size.columns - 2));
  const blocks: Line[][] = [
    headerLines(view, width),
    feedLines(view, width),
    middleLines(view.status, width),
    latencyLines(view.status, width),
  ];
  const events = eventLines(view.events);
  const roomy = [...blocks.flatMap((block) => [...block, []]), ...events];
  // On a low terminal the blank lines go first; then the end is cut.
  const lines = roomy.length <= size.rows ? roomy : [...blocks.flat(), ...events];
  return lines
    .slice(0, Math.max(1, size.rows))
    .map((line) => paint(cut([span(MARGIN), ...line], size.columns), colour));
}

const STATE_STYLES: Readonly<Record<EngineStatus['state'], Style>> = {
  starting: 'warn',
  running: 'good',
  stopped: 'bad',
  ending: 'dim',
};

function headerLines({ status, title, remainingMs }: View, width: number): Line[] {
  const style = STATE_STYLES[status.state];
  const left: Span[] = [
    span('underround', 'bold'),
    ...(status.isPaper ? [span('  PAPER', 'warn')] : []),
    span('  '),
    span('●', style),
    span(` ${status.state}`, style),
    span(`  ${clockText(status.uptimeMs)}`),
  ];
  if (remainingMs !== undefined)
    left.push(span(` of ${clockText(status.uptimeMs + remainingMs)}`, 'dim'));
  const right = [span('Ctrl-C ends', 'dim')];
  const lines: Line[] = [
    justified(left, right, width),
    cut([span(title.map(printable).join(' · '), 'dim')], width),
  ];
  if (status.stoppedBecause !== undefined) {
    lines.push([span(`not firing: ${printable(status.stoppedBecause)}`, 'bad')]);
  }
  return lines;
}

const FEED_COLUMNS: readonly Column[] = [
  { title: 'FEEDS', align: 'left', sparable: 0 },
  { title: 'links', align: 'right', sparable: 0 },
  { title: 'trusted', align: 'right', sparable: 0 },
  { title: 'frames/s', align: 'right', sparable: 0 },
  { title: 'frames', align: 'right', sparable: 6 },
  { title: 'conflated', align: 'right', sparable: 1 },
  { title: 'gaps', align: 'right', sparable: 1 },
  { title: 'garbage', align: 'right', sparable: 5 },
  { title: 'silences', align: 'right', sparable: 4 },
  { title: 'resyncs', align: 'right', sparable: 3 },
  { title: 'reconnects', align: 'right', sparable: 2 },
  { title: '429s', align: 'right', sparable: 7 },
  { title: 'breaker', align: 'right', sparable: 8 },
];

function feedLines({ status, framesPerSecond }: View, width: number): Line[] {
  const rows = VENUE_NAMES.map((name): Span[] => {
    const feed = status.feeds[name];
    return [
      span(name, 'bold'),
      share(feed.connected, feed.connections),
      share(feed.trustedMarkets, feed.markets),
      span(countText(framesPerSecond[name])),
      span(countText(feed.frames)),
      count(feed.conflated),
      count(feed.gaps, 'warn'),
      count(feed.garbage, 'warn'),
      count(feed.silences, 'warn'),
      count(feed.resyncs, 'warn'),
      count(feed.reconnects, 'warn'),
      count(feed.backOffs, 'warn'),
      span(feed.breaker, feed.breaker === 'closed' ? 'dim' : 'bad'),
    ];
  });
  return tableLines(FEED_COLUMNS, rows, width);
}

function share(part: number, whole: number): Span {
  return span(
    `${countText(part)}/${countText(whole)}`,
    part === whole && whole > 0 ? 'good' : 'warn',
  );
}

/** Zeros stay quiet, so that what is not zero is seen. */
function count(value: number, style: Style = 'plain'): Span {
  return span(countText(value), value === 0 ? 'dim' : style);
}

function middleLines(status: EngineStatus, width: number): Line[] {
  const left = underroundLines(status);
  const right = moneyLines(status);
  const refused = [
    reasonsLine('refused', status.opportunities.refused),
    reasonsLine('held pairs', status.held),
  ];
  if (width < TWO_BLOCKS_WIDTH) return [...left, ...refused, [], ...right];
  const rows = Math.max(left.length, right.length);
  const lines = Array.from({ length: rows }, (_, row) =>
    beside(left[row] ?? [], right[row] ?? [], SECOND_BLOCK_COLUMN),
  );
  return [...lines, ...refused];
}

const LABEL_WIDTH = 15;
const VALUE_WIDTH = 12;

function labelled(label: string, value: Span): Line {
  return [span(label.padEnd(LABEL_WIDTH)), span(' '.repeat(room(value))), value];
}

function room(value: Span): number {
  return Math.max(0, VALUE_WIDTH - [...value.text].length);
}

function underroundLines({ opportunities, arbs }: EngineStatus): Line[] {
  return [
    [span('UNDERROUNDS', 'dim')],
    labelled('seen', count(opportunities.detected, 'bold')),
    labelled('fired', count(arbs.fired, 'bold')),
    labelled('both legs', count(arbs.bothFilled, 'good')),
    labelled('one leg', count(arbs.oneLegged, 'bad')),
    labelled('missed', count(arbs.noneFilled, 'warn')),
    labelled('unknown', count(arbs.unknown, 'bad')),
    labelled('in flight', count(arbs.inFlight)),
  ];
}

function moneyLines(status: EngineStatus): Line[] {
  const { pnlMicros, costMicros, fees, nakedE6, orders } = status;
  let style: Style = 'plain';
  if (pnlMicros !== 0) style = pnlMicros > 0 ? 'good' : 'bad';
  return [
    [span('MONEY', 'dim')],
    labelled('locked in', span(dollarsText(pnlMicros), style)),
    labelled('spent', span(dollarsText(costMicros))),
    labelled('fees kalshi', span(dollarsText(fees.kalshi))),
    labelled('  polymarket', span(dollarsText(fees.polymarket))),
    labelled('naked', nakedE6 === 0 ? span('0', 'dim') : span(contractsText(nakedE6), 'bad')),
    labelled('orders kalshi', count(orders.kalshi)),
    labelled('  polymarket', count(orders.polymarket)),
  ];
}

function reasonsLine(label: string, counts: Readonly<Record<string, number>>): Line {
  const reasons = Object.entries(counts).filter(([, times]) => times > 0);
  reasons.sort(([, a], [, b]) => b - a);
  const total = reasons.reduce((sum, [, times]) => sum + times, 0);
  const text = reasons.map(([reason, times]) => `${reason} ${countText(times)}`).join(' · ');
  return [...labelled(label, count(total)), span(text === '' ? '' : `   ${text}`, 'dim')];
}

const LATENCY_COLUMNS: readonly Column[] = [
  { title: 'LATENCY', align: 'left', sparable: 0 },
  { title: 'p50', align: 'right', sparable: 0 },
  { title: 'p95', align: 'right', sparable: 4 },
  { title: 'p99', align: 'right', sparable: 0 },
  { title: 'p99.9', align: 'right', sparable: 2 },
  { title: 'max', align: 'right', sparable: 1 },
  { title: 'count', align: 'right', sparable: 3 },
];

/** `wire` is known once the exchanges were asked: their own times from a book to both orders. */
export function latencyLines(status: EngineStatus, width: number, wire?: LatencyNs): Line[] {
  const rows = STAGES.map((stage) =>
    // The whole way is the figure that counts.
    latencyRow(
      STAGE_TITLES[stage],
      status.latencyNs[stage],
      stage === 'receivedToWritten' ? 'bold' : 'plain',
    ),
  );
  if (wire !== undefined) rows.push(latencyRow('book → both bought', wire, 'bold'));
  return tableLines(LATENCY_COLUMNS, rows, width);
}

/** Widest figure is "59.9 µs"; the column keeps its place while numbers change. */
const FIGURE_WIDTH = 8;

function latencyRow(title: string, { count: samples, ...times }: LatencyNs, style: Style): Span[] {
  const figure = (ns: number): Span =>
    samples === 0
      ? span('-'.padStart(FIGURE_WIDTH), 'dim')
      : span(latencyText(ns).padStart(FIGURE_WIDTH), style);
  return [
    span(title, style),
    figure(times.p50),
    figure(times.p95),
    figure(times.p99),
    figure(times.p999),
    figure(times.max),
    span(countText(samples).padStart(FIGURE_WIDTH), 'dim'),
  ];
}

const LEVEL_STYLES: Readonly<Record<EngineEvent['level'], Style>> = {
  info: 'plain',
  warn: 'warn',
  error: 'bad',
};

function eventLines(events: readonly TimedEvent[]): Line[] {
  const lines = events
    .slice(-SHOWN_EVENTS)
    .map(
      ({ at, event }): Line => [
        span(at, 'dim'),
        span('  '),
        span(printable(event.text), LEVEL_STYLES[event.level]),
        span(dealText(event), 'dim'),
      ],
    );
  return [[span('RECENT', 'dim')], ...lines];
}

/** Size and net of the arbitrage that an event is about. */
function dealText({ facts: { sizeCenti, netMicros } }: EngineEvent): string {
  const size =
    typeof sizeCenti === 'number' ? `  ${contractsText(sizeCenti * E6_PER_CENTI)} contracts` : '';
  const isNetKnown = typeof netMicros === 'number' && netMicros !== 0;
  return isNetKnown ? `${size}, net ${dollarsText(netMicros)}` : size;
}
