// Frames as fast as possible through the engine's real feed and detector workers: how many a second, and what each costs. Every run ends
// with the proof that nothing was lost. Layouts take turns, each run in processes of its own.
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KALSHI, POLYMARKET } from '../src/domain/venue.js';
import { defaultWait, WAIT_STRATEGIES, type WaitName } from '../src/shm/wait-strategy.js';
import type { Layout, RunResult, RunSpec } from './blast-protocol.js';
import { median } from './quantiles.js';
import {
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Row,
} from './report.js';

const RUN_DEADLINE_MS = 120_000;
/** The layout that is held against the bar. */
const HEADLINE = '200 markets, 2 feeds';
const BAR = { figure: 'total', atLeast: 150_000, stretch: 400_000 } as const;
const SENDER_NAME = 'the blaster alone, 200 markets';

interface Case {
  readonly name: string;
  readonly layout: Layout;
  readonly isSink: boolean;
}

const flags = parseArgs({
  strict: false,
  options: {
    markets: { type: 'string' },
    'kalshi-feeds': { type: 'string' },
    'polymarket-feeds': { type: 'string' },
    detectors: { type: 'string' },
    wait: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
}).values;
const isOneLayout = ['markets', 'kalshi-feeds', 'polymarket-feeds', 'detectors', 'wait'].some(
  (name) => name in flags,
);
const rounds = wholeFlag('rounds', isSmoke ? 1 : 3);
const measureMs = 1_000 * wholeFlag('seconds', isSmoke ? 1 : 3);
const warmUpMs = isSmoke ? 500 : 1_500;

const machine = describeMachine();
const cases = isOneLayout ? [caseOf(layoutOfFlags())] : standardCases();
const results = new Map<string, RunResult[]>(cases.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const { name, layout, isSink } of cases) {
    const result = run({ ...layout, isSink, warmUpMs, measureMs });
    results.get(name)!.push(result);
    process.stderr.write(`round=${round} ${name}: ${JSON.stringify(result)}\n`);
  }
}
const rows = cases.flatMap(rowsOf);
printReport(createReport('pipeline', machine, rows, pageOf()));

function standardCases(): Case[] {
  const layouts: Partial<Layout>[] = isSmoke
    ? [{}]
    : [
        { markets: 1 },
        { markets: 10 },
        {},
        { markets: 2_000 },
        { kalshiFeeds: 2, polymarketFeeds: 2 },
        { detectors: 2 },
      ];
  const sender = { name: SENDER_NAME, layout: layoutOf({}), isSink: true };
  return [...layouts.map((given) => caseOf(layoutOf(given))), sender];
}

function caseOf(layout: Layout): Case {
  const { markets, kalshiFeeds, polymarketFeeds, detectors, wait } = layout;
  const feeds =
    kalshiFeeds === polymarketFeeds
      ? `${kalshiFeeds + polymarketFeeds} feeds`
      : `${kalshiFeeds}+${polymarketFeeds} feeds`;
  const name = `${markets} ${markets === 1 ? 'market' : 'markets'}, ${feeds}`;
  const more = [
    ...(detectors === 1 ? [] : [`${detectors} detectors`]),
    ...(wait === layoutOf(layout).wait && !('wait' in flags) ? [] : [wait]),
  ];
  return { name: [name, ...more].join(', '), layout, isSink: false };
}

function layoutOf(given: Partial<Layout>): Layout {
  const counts = { markets: 200, kalshiFeeds: 1, polymarketFeeds: 1, detectors: 1, ...given };
  const { kalshiFeeds, polymarketFeeds, detectors } = counts;
  // The executor is not started here, and counted all the same: this is the wait that an engine would have.
  const threads = kalshiFeeds + polymarketFeeds + detectors + 1;
  return { wait: defaultWait(availableParallelism(), threads), ...counts };
}

function layoutOfFlags(): Layout {
  const wait = WAIT_STRATEGIES.find((name) => name === flags.wait);
  if (flags.wait !== undefined && wait === undefined) {
    throw new Error(`no such wait: given=${flags.wait} allowed=${WAIT_STRATEGIES.join(' | ')}`);
  }
  return layoutOf({
    markets: wholeFlag('markets', 200),
    kalshiFeeds: wholeFlag('kalshi-feeds', 1),
    polymarketFeeds: wholeFlag('polymarket-feeds', 1),
    detectors: wholeFlag('detectors', 1),
    ...(wait === undefined ? {} : { wait }),
  });
}

function wholeFlag(name: string, standard: number): number {
  const given = flags[name];
  if (given === undefined) return standard;
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`not a whole number above 0: flag=--${name} given=${String(given)}`);
}

/** A run that fails its checks ends the bench: its figures would be those of another program. */
function run(spec: RunSpec): RunResult {
  const path = fileURLToPath(import.meta.url);
  const entry = fileURLToPath(new URL(`./pipeline-run${extname(path)}`, import.meta.url));
  const output = execFileSync(process.execPath, [entry, JSON.stringify(spec)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: RUN_DEADLINE_MS,
  });
  return JSON.parse(output) as RunResult;
}

interface Medians {
  readonly total: number;
  readonly kalshi: number;
  readonly polymarket: number;
  readonly cpuNs: number;
  readonly conflatedPercent: number;
  readonly blasterPercent: number;
}

function mediansOf(name: string): Medians {
  const all = results.get(name) ?? [];
  const of = (figure: (result: RunResult) => number) => median(all.map(figure));
  return {
    total: of(({ framesPerSecond: [kalshi, polymarket] }) => kalshi + polymarket),
    kalshi: of(({ framesPerSecond }) => framesPerSecond[KALSHI]),
    polymarket: of(({ framesPerSecond }) => framesPerSecond[POLYMARKET]),
    cpuNs: of(({ cpuNsPerFrame }) => cpuNsPerFrame),
    conflatedPercent: 100 * of(({ conflatedShare }) => conflatedShare),
    blasterPercent: 100 * of(({ blasterCpuShare }) => blasterCpuShare),
  };
}

function rowsOf({ name, layout, isSink }: Case): Row[] {
  const { total, kalshi, polymarket, cpuNs, conflatedPercent, blasterPercent } = mediansOf(name);
  const marks = marksOf(name, layout);
  const noted = marks.length === 0 ? {} : { marks };
  const bar = name === HEADLINE ? { bar: BAR } : {};
  const rate: Row = {
    name,
    unit: 'per-second',
    figures: { total, kalshi, polymarket },
    ...bar,
    ...noted,
  };
  if (isSink) return [rate];
  return [
    rate,
    { name: `${name}: CPU a frame`, unit: 'ns', figures: { median: cpuNs }, ...noted },
    {
      name: `${name}: shares`,
      unit: 'percent',
      figures: { conflated: conflatedPercent, blaster: blasterPercent },
      ...noted,
    },
  ];
}

function marksOf(
  name: string,
  { wait, detectors, kalshiFeeds, polymarketFeeds }: Layout,
): string[] {
  const busy = kalshiFeeds + polymarketFeeds + (wait === 'block' ? 0 : detectors);
  const isSpinning: WaitName[] = ['spin', 'yield', 'hybrid'];
  const cores = availableParallelism();
  const resyncs = (results.get(name) ?? []).reduce((sum, each) => sum + each.resyncs, 0);
  return [
    ...(isSpinning.includes(wait) && busy > cores
      ? [`threads that spin outnumber the cores: ${busy} on ${cores}`]
      : []),
    ...(resyncs > 0 ? [`books were asked for again while measured: ${resyncs} times`] : []),
  ];
}

function pageOf(): string {
  const whole = (value: number) => Math.round(value).toLocaleString('en-US');
  const table = markdownTable(
    [
      'frames a second, median of runs',
      'all',
      'Kalshi',
      'Polymarket',
      'CPU ns a frame',
      'conflated %',
      'blaster, % of a core',
    ],
    cases.map(({ name, isSink }) => {
      const { total, kalshi, polymarket, cpuNs, conflatedPercent, blasterPercent } =
        mediansOf(name);
      return [
        name,
        ...[total, kalshi, polymarket].map(whole),
        isSink ? '' : whole(cpuNs),
        isSink ? '' : conflatedPercent.toFixed(0),
        blasterPercent.toFixed(0),
      ];
    }),
  );
  const marks = cases.flatMap(({ name, layout }) =>
    marksOf(name, layout).map((mark) => `\n- ${name}: ${mark}`),
  );
  return (
    `${table}\n\n${rounds} runs of ${measureMs / 1_000} s each, in turn, after ${warmUpMs / 1_000} s to warm up. ` +
    'Nothing was lost in any: frames counted are frames sent, the last quotes and depth are those of the sender, no sequence gap, ' +
    `no frame read by the slow parser.${marks.join('')}\n`
  );
}
