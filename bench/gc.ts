// Garbage collections of the engine's threads under load: of the whole engine on simulated exchanges that drift apart all the time, and of
// feeds and detector at as many frames as they take. A pause of the detector is a pause of all trading on its pairs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { defaultWait } from '../src/shm/wait-strategy.js';
import type { RunSpec } from './blast-protocol.js';
import type { ThreadCollections } from './gc-protocol.js';
import {
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Row,
} from './report.js';

const SECONDS = isSmoke ? 5 : 60;
const NS_PER_US = 1_000;
const MARKETS = 200;
const DIVERGENCES_PER_SECOND = 20;
const WARM_UP_MS = 1_000;
/** Starting, ending and checking take a while beside the run. */
const DEADLINE_MS = (SECONDS + 60) * 1_000;
/** V8's names of what stops a thread to look through all of its heap. */
const MAJOR: readonly string[] = ['MarkSweepCompact', 'MarkCompact'];
const MINOR: readonly string[] = ['Scavenge', 'MinorMarkCompact'];
const KINDS = ['detector', 'feed', 'executor', 'journal'] as const;
const BAR = { figure: 'major', atMost: 0 } as const;

interface Load {
  readonly name: string;
  run(): readonly ThreadCollections[];
}

const ownPath = fileURLToPath(import.meta.url);
const LOADS: readonly Load[] = [
  { name: 'the whole engine', run: () => listen([mainPath(), ...engineArgs()]) },
  {
    name: 'frames as fast as they are taken',
    run: () => listen([companion('pipeline-run'), JSON.stringify(pipelineSpec())]),
  },
];

const machine = describeMachine();
const measured = LOADS.map(({ name, run }) => ({ name, threads: run() }));
const figures = measured.flatMap(({ name, threads }) =>
  KINDS.flatMap((kind) => {
    const own = threads.filter((thread) => thread.kind === kind);
    return own.length === 0 ? [] : [figuresOf(name, kind, own)];
  }),
);
const rows = figures.flatMap(({ name, kind, major, minor, pauseNs, longestNs }): Row[] => [
  {
    name: `${kind}, ${name}`,
    unit: 'count',
    figures: { major, minor },
    ...(kind === 'detector' ? { bar: BAR } : {}),
  },
  {
    name: `${kind}, ${name}: pauses`,
    unit: 'ns',
    figures: { total: pauseNs, longest: longestNs },
  },
]);
printReport(createReport('gc', machine, rows, pageOf()));

type Figures = ReturnType<typeof figuresOf>;

function figuresOf(name: string, kind: string, threads: readonly ThreadCollections[]) {
  const all = threads.flatMap(({ collections }) => collections);
  const countOf = (types: readonly string[]) =>
    all.filter(({ gcType }) => types.includes(gcType)).length;
  return {
    name,
    kind,
    threads: threads.length,
    major: countOf(MAJOR),
    minor: countOf(MINOR),
    pauseNs: NS_PER_US * all.reduce((sum, { pauseUs }) => sum + pauseUs, 0),
    longestNs: NS_PER_US * Math.max(0, ...all.map(({ pauseUs }) => pauseUs)),
    seconds: Math.max(...threads.map(({ elapsedMs }) => elapsedMs)) / 1_000,
  };
}

/** Runs a program whose threads write down their collections, and reads what they wrote. */
function listen(args: readonly string[]): ThreadCollections[] {
  const directory = mkdtempSync(join(tmpdir(), 'underround-gc-'));
  try {
    execFileSync(process.execPath, args, {
      env: {
        ...process.env,
        NODE_OPTIONS: `--import=${pathToFileURL(companion('gc-preload')).href}`,
        UNDERROUND_BENCH_GC: directory,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: DEADLINE_MS,
    });
    const threads = readdirSync(directory).map(
      (file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as ThreadCollections,
    );
    if (!threads.some(({ kind }) => kind === 'detector')) {
      throw new Error(`no detector wrote down its collections: threads=${threads.length}`);
    }
    return threads;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function engineArgs(): string[] {
  return [
    'run',
    ...['--profile', 'sim'],
    ...['--markets', `${MARKETS}`],
    ...['--divergences-per-second', `${DIVERGENCES_PER_SECOND}`],
    ...['--duration', `${SECONDS}s`],
    '--json',
  ];
}

function pipelineSpec(): RunSpec {
  const wait = defaultWait(availableParallelism(), 4);
  const counts = { markets: MARKETS, kalshiFeeds: 1, polymarketFeeds: 1, detectors: 1 };
  return { ...counts, wait, isSink: false, warmUpMs: WARM_UP_MS, measureMs: SECONDS * 1_000 };
}

function companion(name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(ownPath)}`, import.meta.url));
}

/** Beside the built bench, or in the build of the directory where it is run. */
function mainPath(): string {
  const beside = fileURLToPath(new URL('../main.js', import.meta.url));
  return existsSync(beside) ? beside : resolve('dist/main.js');
}

function pageOf(): string {
  const ms = (ns: number) => (ns / 1e6).toFixed(1);
  const table = markdownTable(
    ['thread, load', 'major', 'minor', 'paused, ms', 'longest, ms'],
    figures.map(({ kind, name, threads, major, minor, pauseNs, longestNs }: Figures) => [
      `${threads === 1 ? kind : `${threads} ${kind}s`}, ${name}`,
      `${major}`,
      `${minor}`,
      ms(pauseNs),
      ms(longestNs),
    ]),
  );
  return (
    `${table}\n\nFrom the moment that each thread was ready, ${SECONDS} s of load: ${MARKETS} markets, in the whole engine ` +
    `${DIVERGENCES_PER_SECOND} divergences a second.\n`
  );
}
