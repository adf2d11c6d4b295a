// Wire to wire: from the moment an exchange's book opens an underround to the moment both of its orders have taken it, measured by the
// simulated exchanges themselves, in their own process. underround and the naive bot in turn, on the same seeds. The headline is the ratio.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Row,
} from './report.js';

interface Episode {
  readonly openUs: number;
  readonly firstTakesUs: readonly [number | null, number | null];
}
interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}
interface Result {
  /** A frame handed to the program to both orders' bytes handed over, by the program's clock. */
  readonly inside: Quantiles;
  /** The underround's opening in the exchanges' books to both legs bought there, by the exchanges' clock. */
  readonly wire: Quantiles;
}

const SEEDS = isSmoke ? [7] : [7, 8, 9];
const SECONDS = isSmoke ? 4 : 20;
const MARKETS = '50';
/** One an arbitrage of few seconds would be no sample. */
const DIVERGENCES = '10';
const SETTLE_MS = 1_500;

type Figure = readonly ['inside' | 'wire', 'p50' | 'p99'];
const FIGURES: readonly Figure[] = [
  ['inside', 'p50'],
  ['inside', 'p99'],
  ['wire', 'p50'],
  ['wire', 'p99'],
];

const machine = describeMachine();
const rows = new Map<string, Result[]>([
  ['underround', []],
  ['naive bot', []],
]);
for (const seed of SEEDS) {
  for (const [name, results] of rows) {
    const result = name === 'underround' ? await runEngine(seed) : await runNaive(seed);
    results.push(result);
    console.error(`seed=${seed} ${name}: ${JSON.stringify(result)}`);
  }
}
const figuresOf = (results: readonly Result[]) =>
  Object.fromEntries(FIGURES.map((figure) => [figure.join(' '), median(results, figure)]));
const reportRows: Row[] = [...rows].map(([name, results]) => ({
  name,
  unit: 'ns',
  figures: figuresOf(results),
}));
const cells = reportRows.map(({ name, figures }) => [
  name,
  ...FIGURES.map((figure) => (figures[figure.join(' ')]! / 1_000).toFixed(0)),
]);
const head = ['us, median of runs', 'frame to orders p50', 'p99', 'book to both bought p50', 'p99'];
const facts = `markets=${MARKETS} divergences=${DIVERGENCES}/s runs=${SEEDS.length} seconds=${SECONDS}`;
printReport(createReport('wire', machine, reportRows, `${markdownTable(head, cells)}\n\n${facts}`));

/** The whole program, as a person runs it. */
async function runEngine(seed: number): Promise<Result> {
  const args = ['run', '--profile', 'sim', '--seed', `${seed}`, '--markets', MARKETS, '--json'];
  args.push('--divergences-per-second', DIVERGENCES, '--duration', `${SECONDS}s`);
  const child = start(['dist/main.js', ...args], 'ignore');
  let last = '';
  for await (const line of createInterface({ input: child.stdout! })) last = line;
  const { latencyNs, wireNs } = JSON.parse(last) as {
    latencyNs: { receivedToWritten: Quantiles };
    wireNs: Quantiles;
  };
  return { inside: latencyNs.receivedToWritten, wire: wireNs };
}

async function runNaive(seed: number): Promise<Result> {
  const sim = start(
    [
      'dist/main.js',
      'sim',
      '--seed',
      `${seed}`,
      '--markets',
      MARKETS,
      '--divergences-per-second',
      DIVERGENCES,
    ],
    'pipe',
  );
  const lines = createInterface({ input: sim.stdout! });
  try {
    const ready = await new Promise<string>((resolve) => lines.once('line', resolve));
    const bot = start(
      [
        fileURLToPath(new URL('./naive-bot.js', import.meta.url)),
        ready,
        `${SECONDS * 1000 + SETTLE_MS}`,
      ],
      'ignore',
    );
    let last = '';
    for await (const line of createInterface({ input: bot.stdout! })) last = line;
    const { controlUrl } = JSON.parse(ready) as { controlUrl: string };
    const { episodes } = (await (await fetch(`${controlUrl}/truth`)).json()) as {
      episodes: Episode[];
    };
    const times = episodes
      .filter(({ firstTakesUs }) => firstTakesUs[0] !== null && firstTakesUs[1] !== null)
      .map(
        ({ openUs, firstTakesUs }) =>
          (Math.max(firstTakesUs[0]!, firstTakesUs[1]!) - openUs) * 1_000,
      )
      .sort((a, b) => a - b);
    const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
    return {
      inside: JSON.parse(last) as Quantiles,
      wire: { count: times.length, p50: at(0.5), p99: at(0.99) },
    };
  } finally {
    sim.kill('SIGTERM');
  }
}

function start(args: string[], stdin: 'ignore' | 'pipe'): ChildProcess {
  return spawn(process.execPath, args, { stdio: [stdin, 'pipe', 'ignore'] });
}

function median(results: readonly Result[], [part, rank]: Figure): number {
  const sorted = results.map((result) => result[part][rank]).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
