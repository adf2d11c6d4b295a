// The building blocks of the path from a frame to two orders, one by one, on one thread. Each is measured in turns with a bare atomic,
// and all of them in rounds, so that a slow moment of the machine hits all alike.
import { Bench } from 'tinybench';
import { tuneCompiler } from '../src/runtime/compiler.js';
import { detectorRows } from './detector-rows.js';
import { domainRows } from './domain-rows.js';
import { feedRows } from './feed-rows.js';
import { journalRows } from './journal-rows.js';
import { DEFAULT_BATCH, FLOORS, type MicroRow } from './micro-row.js';
import { orderRows } from './order-rows.js';
import { parserRows } from './parser-rows.js';
import { median } from './quantiles.js';
import {
  type Bar,
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Row,
} from './report.js';
import { riskRows } from './risk-rows.js';
import { floorRuns, sharedRows } from './shared-rows.js';

/** The first round is for the compiler and is not counted. */
const ROUNDS = isSmoke ? 3 : 7;
/** Of a row in a round, and the same again for its floor. */
const ROW_MS = isSmoke ? 10 : 40;
/** At the least, however slow it is. */
const BATCHES = 10;

tuneCompiler();
const machine = describeMachine();
const runs = floorRuns();
const floors: MicroRow[] = FLOORS.map((name) => ({
  name,
  run: runs[name],
  each: 1,
  floor: name,
}));
const rows = [
  ...floors,
  ...sharedRows(),
  ...parserRows(),
  ...feedRows(),
  ...domainRows(),
  ...detectorRows(),
  ...riskRows(),
  ...orderRows(),
  ...journalRows(),
];

/** By row: what each round measured. */
const rounds = rows.map(() => ({ ns: [] as number[], ratios: [] as number[] }));
for (let round = 0; round <= ROUNDS; round++) {
  process.stderr.write(`round ${round} of ${ROUNDS}\n`);
  for (const [at, row] of rows.entries()) {
    const { ns, ratio } = await measure(row);
    if (round === 0) continue;
    rounds[at]!.ns.push(ns);
    rounds[at]!.ratios.push(ratio);
  }
}
const reportRows = rows.map((row, at) => reportRow(row, rounds[at]!.ns, rounds[at]!.ratios));
printReport(createReport('micro', machine, reportRows, textOf(reportRows)));

/** The row and its floor one right after the other: they see the same machine. */
async function measure({ name, run, each, floor = FLOORS[0], batch = DEFAULT_BATCH }: MicroRow) {
  const bench = new Bench({ time: ROW_MS, iterations: BATCHES, warmup: false });
  const runFloor = runs[floor];
  bench.add('floor', () => check(floor, runFloor(DEFAULT_BATCH), DEFAULT_BATCH));
  bench.add('row', () => check(name, run(batch), batch * each));
  await bench.run();
  const [floorNs, ns] = bench.tasks.map((task) => {
    const { result } = task;
    if (!('latency' in result)) throw new Error(`no result: row="${name}"`, { cause: result });
    return result.latency.p50 * 1e6;
  });
  return { ns: ns! / batch, ratio: ns! / batch / (floorNs! / DEFAULT_BATCH) };
}

function check(name: string, sum: number, wanted: number): void {
  // Money adds up exactly, other sums of fractions do not.
  if (Math.abs(sum - wanted) > 1e-6 * Math.abs(wanted)) {
    throw new Error(`wrong result: row="${name}" sum=${sum} wanted=${wanted}`);
  }
}

function reportRow({ name, bar, ratio }: MicroRow, ns: number[], ratios: number[]): Row {
  return {
    name,
    unit: 'ns',
    figures: {
      p50: median(ns),
      ratio: median(ratios),
      'best round': Math.min(...ns),
      'worst round': Math.max(...ns),
    },
    ...(bar !== undefined && { bar }),
    ...(ratio !== undefined && { gate: { figure: 'ratio', atMost: ratio } }),
  };
}

function textOf(reported: readonly Row[]): string {
  const head = ['operation', 'ns', 'best to worst round', 'x floor', 'goal, stretch', 'floor'];
  const cells = reported.map(({ name, figures, bar }, at) => [
    name,
    number(figures.p50!),
    `${number(figures['best round']!)} to ${number(figures['worst round']!)}`,
    number(figures.ratio!),
    bar === undefined ? '' : goalText(bar, figures[bar.figure]!),
    rows[at]!.floor ?? FLOORS[0],
  ]);
  const how =
    `Medians of ${ROUNDS} rounds, each the p50 of batches; the sum of every batch was checked. The floor is a bare ` +
    `32-bit atomic of this thread, measured in turns with each row.`;
  return `${how}\n\n${markdownTable(head, cells)}`;
}

function goalText(bar: Bar, measured: number): string {
  if (!('atMost' in bar)) throw new Error(`not a bar of this bench: figure=${bar.figure}`);
  const { figure, atMost, stretch = 0 } = bar;
  const unit = figure === 'ratio' ? 'x' : ' ns';
  const isMet = measured <= atMost ? 'met' : 'missed';
  return `${atMost}${unit}, ${stretch}${unit}: ${measured <= stretch ? 'both met' : isMet}`;
}

/** Three digits are all that such a figure is worth. */
function number(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
