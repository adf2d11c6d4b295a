// Wire to wire, the figure that counts: from the departure of the frame that opens an underround to the arrival of both orders, stamped by
// the exchanges' own process. underround and the naive bot in turn, the floor between the openings of both. The headline is the ratio of
// underround's second order to the floor's only one. How it is measured and how to read it: bench/README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { latencyChart } from './latency-chart.js';
import { createReport, describeMachine, isSmoke, printReport } from './report.js';
import {
  type BlockPlan,
  type BlockResult,
  PROGRAMS,
  type Program,
  runBlock,
} from './wire-block.js';
import { countsOf, createRows, figuresAt, playedAt, type WireRun } from './wire-rows.js';
import { wirePage } from './wire-text.js';

const HEADLINE_PER_SECOND = 25;
const RATES_PER_SECOND = [5, 10, HEADLINE_PER_SECOND];
/** The engine keeps to 32 orders a second on Polymarket, the exchange's lowest tier less a margin: beyond it that limit is measured. */
const MOST_PER_SECOND = 30;
/** At the most openings a second, 2.5 s from one opening of a pair to its next. */
const OPENED_PAIRS = 76;
/** About 200 book changes a second. */
const NOISE_PAIRS = 24;
const FLOOR_ALONE = { perSecond: 100, seconds: 1 };
const ENGINE_FLAGS = [
  'wait',
  'detectors',
  'executors',
  'kalshi-feeds',
  'polymarket-feeds',
  'keep-awake',
] as const;
const FIRST_SEED = 7;
const LEAST_ANSWERED = 0.9;

const { values } = parseArgs({
  options: {
    ...{ wait: { type: 'string' }, detectors: { type: 'string' }, executors: { type: 'string' } },
    ...{ 'kalshi-feeds': { type: 'string' }, 'polymarket-feeds': { type: 'string' } },
    'keep-awake': { type: 'string' },
    /** Of each rate. */
    seconds: { type: 'string', default: isSmoke ? '3' : '10' },
    /** Blocks of each program. */
    rounds: { type: 'string', default: isSmoke ? '1' : '3' },
    /** Openings a second, instead of all rates. */
    rate: { type: 'string' },
    svg: { type: 'string' },
    json: { type: 'boolean' },
    smoke: { type: 'boolean' },
  },
});

const seconds = positive('seconds', values.seconds);
const rounds = positive('rounds', values.rounds);
const rate = values.rate === undefined ? undefined : positive('rate', values.rate, MOST_PER_SECOND);
const headline = rate ?? HEADLINE_PER_SECOND;
const rates = rate !== undefined || isSmoke ? [headline] : RATES_PER_SECOND;
const engineFlags = ENGINE_FLAGS.flatMap((name) => {
  const value = values[name];
  return value === undefined ? [] : [`--${name}`, value];
});

const machine = describeMachine();
const blocks: Record<Program, BlockResult[]> = { underround: [], naive: [] };
for (let round = 0; round < rounds; round++) {
  // The first of two neighbours is not always the same one.
  for (const program of round % 2 === 0 ? PROGRAMS : PROGRAMS.toReversed()) {
    const block = await runBlock(program, planOf(round));
    blocks[program].push(block);
    process.stderr.write(`round ${round + 1} of ${rounds}, ${program}: ${progressOf(block)}\n`);
  }
}
const run: WireRun = { headline, rates, blocks, cores: machine.cores };
for (const program of PROGRAMS) assertAnswered(program);
if (values.svg !== undefined) writeChart(values.svg);
printReport(createReport('wire', machine, createRows(run), wirePage(run)));

function planOf(round: number): BlockPlan {
  return {
    seed: FIRST_SEED + round,
    openedPairs: OPENED_PAIRS,
    noisePairs: NOISE_PAIRS,
    warm: { perSecond: HEADLINE_PER_SECOND, answered: isSmoke ? 40 : 150 },
    floor: FLOOR_ALONE,
    // Which rate comes first is another one in each round.
    phases: rates.map((_, index) => ({
      perSecond: rates[(index + round) % rates.length]!,
      seconds,
    })),
    engineFlags,
  };
}

function progressOf(block: BlockResult): string {
  const { second, floor } = figuresAt([block], headline);
  const us = (ns: number) => `${(ns / 1_000).toFixed(0)} us`;
  return `second order p50 ${us(second.p50)}, floor p50 ${us(floor.p50)}`;
}

function writeChart(file: string): void {
  const ours = figuresAt(blocks.underround, headline);
  const naive = figuresAt(blocks.naive, headline);
  const title = `From the opening frame to the last order, ${headline} openings a second`;
  const lines = [
    { name: 'underround, second order', samples: ours.samples.second },
    { name: 'naive bot, second order', samples: naive.samples.second },
    { name: 'floor: canned bytes, one order', samples: ours.samples.floor },
  ];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, latencyChart(title, lines));
}

/** Latencies of the few that were answered say nothing of a program that does not keep up. */
function assertAnswered(program: Program): void {
  const counts = countsOf(playedAt(blocks[program], headline));
  const openings = counts.answered + counts.unanswered + counts['one order only'];
  if (openings > 0 && counts.answered / openings >= LEAST_ANSWERED) return;
  const figures = Object.entries(counts).map(([name, count]) => `"${name}"=${count}`);
  throw new Error(`too few openings were answered: program=${program} ${figures.join(' ')}`);
}

function positive(name: string, text: string, most?: number): number {
  const value = Number(text);
  if (value > 0 && value <= (most ?? Number.MAX_SAFE_INTEGER)) return value;
  const allowed = most === undefined ? 'a number above 0' : `a number above 0, at most ${most}`;
  process.stderr.write(`wrong flag: --${name}=${text} allowed="${allowed}"\n`);
  process.exit(2);
}
