// The result of a run: one object for a program, one page for a person, both made of the same numbers.
import { VENUE_NAMES, type VenueName } from '../domain/venue.js';
import type { EngineConfig } from '../runtime/engine-config.js';
import type { EngineStatus, FeedStatus, LatencyNs, Stage } from '../runtime/status.js';
import type { Score } from '../sim/score.js';
import type { AccountsReply } from './exchange-replies.js';
import { latencyLines } from './live-view.js';
import {
  clockText,
  contractsText,
  countText,
  exactDollarsText,
  latencyText,
  percentText,
} from './number-text.js';
import { type Line, paint, type Span, type Style, span } from './paint.js';
import { type Column, tableLines } from './table.js';

/** What `--json` prints. Null is what could not be asked for: the exchanges were gone. */
export interface RunSummary {
  readonly opportunities: {
    readonly truth: number | null;
    readonly detected: number;
    /** Of which an ask was not the exchange's within the last 200 ms. */
    readonly false: number | null;
    /** Of which each ask was, but the one had gone when the other came. */
    readonly skewed: number | null;
    /** Underrounds that lived at least 50 ms; the ratio is null when there were none. */
    readonly recall50ms: {
      readonly lived: number;
      readonly detected: number;
      readonly ratio: number | null;
    } | null;
    /** Stretches above the threshold as the engine counts them, and what became of them. */
    readonly seen: number;
    readonly fired: number;
    readonly refused: Readonly<Record<string, number>>;
  };
  readonly arbs: Omit<EngineStatus['arbs'], 'inFlight'>;
  readonly orders: Readonly<Record<VenueName, number>>;
  /** Of them, those that evened out a leg that was alone. */
  readonly exits: Readonly<Record<VenueName, number>>;
  readonly pnlMicros: number;
  readonly exchangePnlMicros: number | null;
  readonly pnlAgrees: boolean | null;
  readonly costMicros: number;
  readonly fees: Readonly<Record<VenueName, number>>;
  readonly exchangeFees: Readonly<Record<VenueName, number>> | null;
  readonly nakedE6: number;
  readonly latencyNs: Readonly<Record<Stage, LatencyNs>>;
  /** From an underround's opening in the exchanges' books to both legs bought there, by the exchanges' clock. */
  readonly wireNs: LatencyNs | null;
  readonly feeds: Readonly<Record<VenueName, FeedStatus>>;
  readonly run: RunFacts;
}

export interface RunFacts {
  readonly profile: string;
  /** Of the simulated market; null on real exchanges. */
  readonly seed: number | null;
  readonly markets: number;
  /** From the first moment in which the engine could fire to the wish to end. */
  readonly durationMs: number;
  readonly endedBy: string;
  readonly stoppedBecause: string | null;
  readonly wait: string;
  readonly kalshiFeeds: number;
  readonly polymarketFeeds: number;
  readonly detectors: number;
  readonly executors: number;
  readonly keepAwake: boolean;
  readonly observe: boolean;
  /** Orders went to the paper exchange. */
  readonly isPaper: boolean;
  readonly node: string;
  readonly cores: number;
}

export interface RunResult {
  readonly status: EngineStatus;
  readonly score: Score | undefined;
  readonly accounts: AccountsReply | undefined;
  readonly run: RunFacts;
}

export function summarise({ status, score, accounts, run }: RunResult): RunSummary {
  const { detected: seen, fired, refused } = status.opportunities;
  const { inFlight, ...arbs } = status.arbs;
  const exchangePnlMicros = accounts?.combined.pnlMicros ?? null;
  return {
    opportunities: {
      truth: score?.truth ?? null,
      detected: score?.detected ?? seen,
      false: score?.false ?? null,
      skewed: score?.skewed ?? null,
      recall50ms: score === undefined ? null : recallOf(score),
      seen,
      fired,
      refused,
    },
    // What is still in flight when a run ends has no known outcome.
    arbs: { ...arbs, unknown: arbs.unknown + inFlight },
    orders: status.orders,
    exits: status.exits,
    pnlMicros: status.pnlMicros,
    exchangePnlMicros,
    pnlAgrees: exchangePnlMicros === null ? null : exchangePnlMicros === status.pnlMicros,
    costMicros: status.costMicros,
    fees: status.fees,
    exchangeFees:
      accounts === undefined
        ? null
        : { kalshi: accounts.kalshi.feesMicros, polymarket: accounts.polymarket.feesMicros },
    nakedE6: status.nakedE6,
    latencyNs: status.latencyNs,
    wireNs: score === undefined ? null : wireLatency(score.takeTimesUs),
    feeds: status.feeds,
    run,
  };
}

function wireLatency(sortedUs: readonly number[]): LatencyNs {
  const at = (share: number) =>
    (sortedUs[Math.min(sortedUs.length - 1, Math.floor(sortedUs.length * share))] ?? 0) * 1_000;
  return {
    count: sortedUs.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
}

function recallOf({ recall50ms: { lived, detected } }: Score) {
  return { lived, detected, ratio: lived === 0 ? null : detected / lived };
}

export function engineFacts(config: EngineConfig) {
  const { wait, keepAwake, kalshiFeeds, polymarketFeeds } = config;
  const { detectors, executors, observe } = config;
  const isPaper = config.paper !== undefined;
  const feeds = { kalshiFeeds, polymarketFeeds };
  return { wait, keepAwake, ...feeds, detectors, executors, observe, isPaper };
}

const LABEL_WIDTH = 18;
const FIGURES_WIDTH = 120;

/** A page of text, without a line end at its end. */
export function summaryText(summary: RunSummary, status: EngineStatus, colour: boolean): string {
  const width = FIGURES_WIDTH;
  const blocks: Line[][] = [
    titleLines(summary),
    resultLines(summary),
    latencyLines(status, width, summary.wireNs ?? undefined),
    feedLines(summary, width),
  ];
  const lines: Line[] = blocks.flatMap((block, index) => (index === 0 ? block : [[], ...block]));
  return lines.map((line) => paint(line, colour)).join('\n');
}

function titleLines({ run }: RunSummary): Line[] {
  const engine =
    `feeds ${run.kalshiFeeds}+${run.polymarketFeeds} · detectors ${run.detectors} · ` +
    `executors ${run.executors} · wait ${run.wait}${run.keepAwake ? ', awake' : ''} · ` +
    `${run.cores} cores · node ${run.node}`;
  const lines: Line[] = [
    [
      span('underround', 'bold'),
      ...(run.isPaper ? [span('  PAPER', 'warn')] : []),
      span(`  ${run.profile}${run.seed === null ? '' : ` · seed ${run.seed}`}`),
      span(` · ${countText(run.markets)} markets`),
      span(` · ${clockText(run.durationMs)} · ended by ${run.endedBy}`),
    ],
    [span(engine, 'dim')],
  ];
  if (run.stoppedBecause !== null) {
    lines.push([span(`stopped firing: ${run.stoppedBecause}`, 'bad')]);
  }
  return lines;
}

function resultLines(summary: RunSummary): Line[] {
  const { opportunities, arbs, orders, fees } = summary;
  return [
    labelled('Underrounds', opportunityText(opportunities)),
    labelled('Recall', recallSpan(opportunities.recall50ms)),
    labelled(
      'Arbitrages',
      span(
        `${countText(arbs.fired)} fired: ${countText(arbs.bothFilled)} both legs, ` +
          `${countText(arbs.oneLegged)} one leg, ${countText(arbs.noneFilled)} missed, ` +
          `${countText(arbs.unknown)} unknown`,
      ),
    ),
    labelled(
      'Orders',
      span(`${countText(orders.kalshi)} kalshi, ${countText(orders.polymarket)} polymarket`),
    ),
    labelled('Locked in', moneySpan(summary)),
    labelled(
      'Spent',
      span(
        `${exactDollarsText(summary.costMicros)}, fees ${exactDollarsText(fees.kalshi)} kalshi, ` +
          `${exactDollarsText(fees.polymarket)} polymarket`,
      ),
    ),
    labelled(
      'Naked',
      span(`${contractsText(summary.nakedE6)} contracts`, summary.nakedE6 === 0 ? 'plain' : 'warn'),
    ),
  ];
}

function labelled(label: string, value: Span): Line {
  return [span(label.padEnd(LABEL_WIDTH), 'dim'), value];
}

function opportunityText({
  truth,
  detected,
  false: wrong,
  seen,
}: RunSummary['opportunities']): Span {
  if (truth === null || wrong === null) {
    return span(`${countText(seen)} seen; not compared with the truth`, 'warn');
  }
  const text = `${countText(truth)} existed, ${countText(detected)} detected, ${countText(wrong)} false`;
  return span(text, wrong === 0 ? 'plain' : 'bad');
}

function recallSpan(recall: RunSummary['opportunities']['recall50ms']): Span {
  if (recall === null || recall.ratio === null) return span('-', 'dim');
  const { lived, detected, ratio } = recall;
  return span(
    `${percentText(ratio)} of those that lived 50 ms or more (${countText(detected)} of ${countText(lived)})`,
  );
}

function moneySpan({ pnlMicros, exchangePnlMicros, pnlAgrees, run }: RunSummary): Span {
  const own = exactDollarsText(pnlMicros);
  if (run.isPaper) return span(`${own} on paper: no order was real`, 'warn');
  if (exchangePnlMicros === null) return span(`${own}, not compared`, 'warn');
  const style: Style = pnlAgrees === true ? 'good' : 'bad';
  return pnlAgrees === true
    ? span(`${own}, and the exchanges' books say the same`, style)
    : span(`${own}, but the exchanges' books say ${exactDollarsText(exchangePnlMicros)}`, style);
}

const FEED_COLUMNS: readonly Column[] = ['FEEDS', 'frames', 'conflated', 'gaps', 'garbage']
  .concat('silences', 'resyncs', 'reconnects', '429s', 'breaker', 'back in p50', 'p99')
  .map((title, index) => ({ title, align: index === 0 ? 'left' : 'right', sparable: 0 }));

function feedLines({ feeds }: RunSummary, width: number): Line[] {
  const rows = VENUE_NAMES.map((name): Span[] => {
    const feed = feeds[name];
    const { count, p50, p99 } = feed.resyncNs;
    const opened = feed.breakerOpenings;
    return [
      span(name),
      ...[feed.frames, feed.conflated, feed.gaps, feed.garbage].map((n) => span(countText(n))),
      ...[feed.silences, feed.resyncs, feed.reconnects].map((n) => span(countText(n))),
      span(countText(feed.backOffs)),
      span(
        opened === 0 ? feed.breaker : `opened ${countText(opened)}`,
        opened === 0 ? 'plain' : 'bad',
      ),
      ...[p50, p99].map((ns) => span(count === 0 ? '-' : latencyText(ns))),
    ];
  });
  return tableLines(FEED_COLUMNS, rows, width);
}
