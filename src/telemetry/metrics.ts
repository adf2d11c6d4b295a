// The engine's figures as Prometheus reads them. Everything is read when it is asked for, in short pieces, so that a scrape holds
// the main thread for a moment only; the threads on the path of a price notice nothing. docs/METRICS.md is made from here.
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { MICROS_PER_DOLLAR } from '../domain/units.js';
import type { VenueName } from '../domain/venue.js';
import { type EngineStatus, type FeedStatus, STAGES, type Stage } from '../runtime/status.js';
import { MAX_OUTAGE_NS, MAX_STAGE_NS, type StageHistograms } from '../runtime/telemetry.js';
import {
  addCounter,
  addGauge,
  byLabel,
  type Labels,
  NsHistogramReader,
  ReadHistogram,
  type Sample,
} from './metric-kinds.js';

/** What the exposition is made from; what is optional is left out of it where it is not there. */
export interface MetricsSource {
  readonly version: string;
  readonly profile: string;
  status(): EngineStatus;
  readonly histograms: StageHistograms;
  /** How long markets were not trusted. */
  readonly resync?: Readonly<Record<VenueName, RecordableHistogram>>;
  /** Cost of contracts without their other leg, and the limit. */
  naked?(): { readonly micros: number; readonly maxMicros: number };
  sinks?(): readonly {
    readonly name: string;
    readonly state: 'up' | 'down';
    readonly lagRows: number;
  }[];
  alerts?(): readonly AlertTargetFigures[];
  /** Lines of the log file that could not be kept. */
  droppedLogLines?(): number;
}

export interface AlertTargetFigures {
  readonly name: string;
  readonly isUp: boolean;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly waiting: number;
}

export interface Metrics {
  readonly contentType: string;
  /** One at a time; whoever asks within `cacheMs` gets the same text. */
  text(): Promise<string>;
  /** Every metric that there can be, for the page of all of them. */
  describe(): Promise<readonly MetricDescription[]>;
  /** Ends what measures by itself. */
  close(): void;
}

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export const STAGE_BOUNDS_S = [
  10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25,
  0.5, 1, 2.5, 5, 10,
] as const;
const RESYNC_BOUNDS_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
const LOOP_BOUNDS_S = [1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

const LOOP_RESOLUTION_MS = 20;
const DEFAULT_CACHE_MS = 250;
const NS_PER_MS = 1e6;

const STAGE_LABELS: Readonly<Record<Stage, string>> = {
  receivedToPublished: 'received_to_published',
  publishedToDetected: 'published_to_detected',
  detectedToDequeued: 'detected_to_dequeued',
  dequeuedToWritten: 'dequeued_to_written',
  receivedToWritten: 'received_to_written',
  legSkew: 'leg_skew',
  writtenToAnswered: 'written_to_answered',
};

const STATES: readonly EngineStatus['state'][] = ['starting', 'running', 'stopped', 'ending'];
const KILL_LEVELS: readonly EngineStatus['kill'][] = ['armed', 'stop-opening', 'stop-everything'];
const NONE: Labels = {};

export function createMetrics(source: MetricsSource, cacheMs = DEFAULT_CACHE_MS): Metrics {
  const registry = new Registry();
  const now: Now = { status: source.status(), took: 0 };
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const readers = [...addHistograms(registry, source), ...addLoop(registry, loop)];
  addHealth(registry, source, now);
  addFeeds(registry, now);
  addOpportunities(registry, now);
  addMoney(registry, source, now);
  addBystanders(registry, source);
  addProcess(registry, now);
  let last: { readonly text: string; readonly atMs: number } | undefined;
  let scraping: Promise<string> | undefined;
  const scrape = async (): Promise<string> => {
    const startMs = performance.now();
    for (const reader of readers) {
      reader.look();
      // Whatever else the main thread has to do goes first.
      await nextTurn();
    }
    now.status = source.status();
    const text = await registry.metrics();
    now.took = (performance.now() - startMs) / 1000;
    last = { text, atMs: performance.now() };
    return text;
  };
  return {
    contentType: registry.contentType,
    text: async () => {
      if (last !== undefined && performance.now() - last.atMs < cacheMs) return last.text;
      scraping ??= scrape().finally(() => {
        scraping = undefined;
      });
      return scraping;
    },
    describe: async () => {
      const metrics = registry.getMetricsAsArray() as unknown as {
        readonly name: string;
        readonly help: string;
        readonly type: string;
        readonly labelNames: readonly string[];
      }[];
      return metrics.map(({ name, help, type, labelNames }) => ({
        name,
        help,
        type,
        labels: [...labelNames],
      }));
    },
    close: () => {
      loop.disable();
    },
  };
}

/** What one scrape reads; all metrics of it are of the same moment. */
interface Now {
  status: EngineStatus;
  /** Seconds that the last scrape took, waits included. */
  took: number;
}

function addHistograms(registry: Registry, { histograms, resync }: MetricsSource) {
  const stages = STAGES.map(
    (stage) =>
      new NsHistogramReader({ stage: STAGE_LABELS[stage] }, histograms[stage], STAGE_BOUNDS_S, {
        sharedUpToNs: MAX_STAGE_NS,
      }),
  );
  new ReadHistogram(
    registry,
    {
      name: 'underround_stage_seconds',
      help: 'Time of each stage of the way from a frame to its orders and their answers.',
      labels: ['stage'],
    },
    STAGE_BOUNDS_S,
    stages,
  );
  if (resync === undefined) return stages;
  const outages = Object.entries(resync).map(
    ([venue, histogram]) =>
      new NsHistogramReader({ venue }, histogram, RESYNC_BOUNDS_S, {
        sharedUpToNs: MAX_OUTAGE_NS,
      }),
  );
  new ReadHistogram(
    registry,
    {
      name: 'underround_feed_untrusted_seconds',
      help: 'How long a market was not trusted, each time it had been.',
      labels: ['venue'],
    },
    RESYNC_BOUNDS_S,
    outages,
  );
  return [...stages, ...outages];
}

function addLoop(registry: Registry, loop: ReturnType<typeof monitorEventLoopDelay>) {
  const reader = new NsHistogramReader({}, loop, LOOP_BOUNDS_S, {
    offsetNs: LOOP_RESOLUTION_MS * NS_PER_MS,
  });
  new ReadHistogram(
    registry,
    {
      name: 'underround_main_loop_delay_seconds',
      help: 'How late the main thread comes to its work; it is not on the path of a price.',
    },
    LOOP_BOUNDS_S,
    [reader],
  );
  return [reader];
}

function addHealth(registry: Registry, { version, profile }: MetricsSource, now: Now): void {
  const build = { version, profile, node: process.versions.node };
  addGauge(
    registry,
    {
      name: 'underround_build_info',
      help: 'Always 1; its labels say what runs.',
      labels: ['version', 'profile', 'node'],
    },
    () => [[build, 1]],
  );
  addGauge(
    registry,
    {
      name: 'underround_engine_state',
      help: '1 for the state that the engine is in, 0 for the others.',
      labels: ['state'],
    },
    () => STATES.map((state) => [{ state }, now.status.state === state ? 1 : 0]),
  );
  addGauge(
    registry,
    {
      name: 'underround_kill_level',
      help: 'Kill switch: 0 armed, 1 nothing is opened, 2 nothing is sent.',
    },
    () => [[NONE, KILL_LEVELS.indexOf(now.status.kill)]],
  );
  addGauge(
    registry,
    { name: 'underround_uptime_seconds', help: 'Since the start of the engine.' },
    () => [[NONE, now.status.uptimeMs / 1000]],
  );
  addGauge(registry, { name: 'underround_pairs', help: 'Pairs that are watched.' }, () => [
    [NONE, now.status.pairs],
  ]);
  addGauge(
    registry,
    {
      name: 'underround_pairs_held',
      help: 'Pairs that are watched but not fired, by reason.',
      labels: ['reason'],
    },
    () => byLabel('reason', now.status.held),
  );
}

/** Figures of a feed that only grow: metric, field, meaning. */
const FEED_COUNTERS: readonly (readonly [string, keyof FeedStatus, string])[] = [
  ['underround_feed_frames_total', 'frames', 'Frames received.'],
  [
    'underround_feed_conflated_total',
    'conflated',
    'Quotes overwritten before a detector read them.',
  ],
  ['underround_feed_gaps_total', 'gaps', 'Sequence numbers that were skipped.'],
  ['underround_feed_garbage_total', 'garbage', 'Frames that could not be read.'],
  ['underround_feed_resyncs_total', 'resyncs', "Times a market's book was asked for again."],
  ['underround_feed_reconnects_total', 'reconnects', 'Connections that were made again.'],
  ['underround_feed_silences_total', 'silences', 'Times a connection said nothing for too long.'],
  ['underround_feed_lates_total', 'lates', 'Times frames came too late to be believed.'],
  [
    'underround_feed_fallbacks_total',
    'fallbacks',
    'Frames that the fast parser left to the general one.',
  ],
  ['underround_feed_polls_total', 'polls', 'Books read by REST while a socket was down.'],
  ['underround_breaker_openings_total', 'breakerOpenings', "Times the exchange's breaker opened."],
  ['underround_rate_limited_total', 'backOffs', 'Calls that were answered with a 429 and waited.'],
];

const FEED_GAUGES: readonly (readonly [string, (feed: FeedStatus) => number, string])[] = [
  ['underround_feed_connections', (feed) => feed.connected, 'Connections that are up.'],
  [
    'underround_feed_connections_wanted',
    (feed) => feed.connections,
    'Connections that there should be.',
  ],
  ['underround_feed_markets', (feed) => feed.markets, 'Markets that are watched.'],
  [
    'underround_feed_markets_trusted',
    (feed) => feed.trustedMarkets,
    'Markets whose book is provably current.',
  ],
  [
    'underround_breaker_open',
    (feed) => (feed.breaker === 'closed' ? 0 : 1),
    '1 while the exchange is left alone.',
  ],
  [
    'underround_clock_skew_seconds',
    (feed) => feed.clockSkewMs / 1000,
    "The exchange's clock less ours.",
  ],
];

function addFeeds(registry: Registry, now: Now): void {
  const samples = (read: (feed: FeedStatus) => number): Sample[] =>
    Object.entries(now.status.feeds).map(([venue, feed]) => [{ venue }, read(feed)]);
  for (const [name, field, help] of FEED_COUNTERS) {
    addCounter(registry, { name, help, labels: ['venue'] }, () =>
      samples((feed) => Number(feed[field])),
    );
  }
  for (const [name, read, help] of FEED_GAUGES) {
    addGauge(registry, { name, help, labels: ['venue'] }, () => samples(read));
  }
}

function addOpportunities(registry: Registry, now: Now): void {
  addCounter(
    registry,
    {
      name: 'underround_opportunities_total',
      help: 'Underrounds seen, each stretch of time once.',
    },
    () => [[NONE, now.status.opportunities.detected]],
  );
  addCounter(
    registry,
    {
      name: 'underround_decisions_total',
      help: 'What was decided on underrounds: fired, or why not.',
      labels: ['reason'],
    },
    () => {
      const { fired, refused } = now.status.opportunities;
      return byLabel('reason', { fired, ...refused });
    },
  );
  addCounter(
    registry,
    { name: 'underround_arbitrages_fired_total', help: 'Arbitrages sent, two orders each.' },
    () => [[NONE, now.status.arbs.fired]],
  );
  addCounter(
    registry,
    {
      name: 'underround_arbitrages_total',
      help: 'Arbitrages by what became of them: both_legs, one_leg, missed.',
      labels: ['outcome'],
    },
    () => {
      const { bothFilled, oneLegged, noneFilled } = now.status.arbs;
      return byLabel('outcome', { both_legs: bothFilled, one_leg: oneLegged, missed: noneFilled });
    },
  );
  addGauge(
    registry,
    { name: 'underround_arbitrages_in_flight', help: 'Arbitrages whose orders are under way.' },
    () => [[NONE, now.status.arbs.inFlight]],
  );
  addGauge(
    registry,
    {
      name: 'underround_arbitrages_unknown',
      help: 'Arbitrages with a leg whose outcome is not known.',
    },
    () => [[NONE, now.status.arbs.unknown]],
  );
  addCounter(
    registry,
    { name: 'underround_orders_total', help: 'Orders written.', labels: ['venue'] },
    () => byLabel('venue', now.status.orders),
  );
  addCounter(
    registry,
    {
      name: 'underround_exit_orders_total',
      help: 'Of the orders, those that evened out a lone leg.',
      labels: ['venue'],
    },
    () => byLabel('venue', now.status.exits),
  );
  addCounter(
    registry,
    { name: 'underround_fills_total', help: 'Trades that were booked.', labels: ['venue'] },
    () => byLabel('venue', now.status.fills),
  );
}

const E6_PER_CONTRACT = 1_000_000;

function addMoney(registry: Registry, source: MetricsSource, now: Now): void {
  addGauge(
    registry,
    {
      name: 'underround_pnl_dollars',
      help: 'What all positions pay at the worst outcome, less cost and fees.',
    },
    () => [[NONE, now.status.pnlMicros / MICROS_PER_DOLLAR]],
  );
  addGauge(
    registry,
    { name: 'underround_cost_dollars', help: 'What was spent on positions, fees not included.' },
    () => [[NONE, now.status.costMicros / MICROS_PER_DOLLAR]],
  );
  addGauge(
    registry,
    { name: 'underround_fees_dollars', help: 'Fees paid in this run.', labels: ['venue'] },
    () =>
      Object.entries(now.status.fees).map(([venue, micros]) => [
        { venue },
        micros / MICROS_PER_DOLLAR,
      ]),
  );
  addGauge(
    registry,
    { name: 'underround_naked_contracts', help: 'Contracts held without their other leg.' },
    () => [[NONE, now.status.nakedE6 / E6_PER_CONTRACT]],
  );
  addGauge(
    registry,
    { name: 'underround_pairs_exposed', help: 'Pairs with contracts that are not evened out.' },
    () => [[NONE, now.status.exposed]],
  );
  const { naked } = source;
  if (naked === undefined) return;
  addGauge(
    registry,
    {
      name: 'underround_naked_dollars',
      help: 'What the contracts without their other leg have cost.',
    },
    () => [[NONE, naked().micros / MICROS_PER_DOLLAR]],
  );
  addGauge(
    registry,
    {
      name: 'underround_naked_limit_dollars',
      help: 'What they may cost before nothing more is opened.',
    },
    () => [[NONE, naked().maxMicros / MICROS_PER_DOLLAR]],
  );
}

/** Sinks, alerts, the log: what goes along with the engine and must not be missed when it fails. */
function addBystanders(
  registry: Registry,
  { sinks, alerts, droppedLogLines }: MetricsSource,
): void {
  if (sinks !== undefined) {
    addGauge(
      registry,
      { name: 'underround_sink_up', help: '1 while the sink takes records.', labels: ['sink'] },
      () => sinks().map(({ name, state }) => [{ sink: name }, state === 'up' ? 1 : 0]),
    );
    addGauge(
      registry,
      {
        name: 'underround_sink_lag_rows',
        help: 'Records of the journal that the sink does not have yet.',
        labels: ['sink'],
      },
      () => sinks().map(({ name, lagRows }) => [{ sink: name }, lagRows]),
    );
  }
  if (alerts !== undefined) addAlerts(registry, alerts);
  if (droppedLogLines === undefined) return;
  addCounter(
    registry,
    { name: 'underround_log_lines_dropped_total', help: 'Lines that the log file could not take.' },
    () => [[NONE, droppedLogLines()]],
  );
}

function addAlerts(registry: Registry, alerts: () => readonly AlertTargetFigures[]): void {
  const of = (read: (target: AlertTargetFigures) => number) => (): Sample[] =>
    alerts().map((target) => [{ target: target.name }, read(target)]);
  const labels = ['target'];
  addGauge(
    registry,
    { name: 'underround_alert_target_up', help: '0 while the target takes no alerts.', labels },
    of(({ isUp }) => (isUp ? 1 : 0)),
  );
  addCounter(
    registry,
    { name: 'underround_alerts_sent_total', help: 'Alerts that the target has taken.', labels },
    of(({ sent }) => sent),
  );
  addCounter(
    registry,
    { name: 'underround_alert_failures_total', help: 'Attempts that failed.', labels },
    of(({ failed }) => failed),
  );
  addCounter(
    registry,
    { name: 'underround_alerts_dropped_total', help: 'Alerts that were given up.', labels },
    of(({ dropped }) => dropped),
  );
  addGauge(
    registry,
    { name: 'underround_alerts_waiting', help: 'Alerts that are not sent yet.', labels },
    of(({ waiting }) => waiting),
  );
}

/** The names that every exporter gives to these. */
function addProcess(registry: Registry, now: Now): void {
  addGauge(
    registry,
    { name: 'process_resident_memory_bytes', help: 'Memory of all threads together.' },
    () => [[NONE, process.memoryUsage.rss()]],
  );
  addCounter(
    registry,
    { name: 'process_cpu_seconds_total', help: 'Processor time of all threads together.' },
    () => {
      const { user, system } = process.cpuUsage();
      return [[NONE, (user + system) / 1e6]];
    },
  );
  const startSeconds = Math.round(Date.now() / 1000 - process.uptime());
  addGauge(
    registry,
    { name: 'process_start_time_seconds', help: 'Unix time of the start.' },
    () => [[NONE, startSeconds]],
  );
  addGauge(registry, { name: 'process_open_fds', help: 'Open files and sockets.' }, openFiles);
  addGauge(
    registry,
    { name: 'underround_main_heap_bytes', help: "Used heap of the main thread's JavaScript." },
    () => [[NONE, process.memoryUsage().heapUsed]],
  );
  addGauge(
    registry,
    {
      name: 'underround_scrape_seconds',
      help: 'How long the scrape before this one took, waits included.',
    },
    () => [[NONE, now.took]],
  );
}

/** Nothing where the system does not say it. */
function openFiles(): Sample[] {
  try {
    return [[NONE, readdirSync('/proc/self/fd').length]];
  } catch {
    return [];
  }
}
