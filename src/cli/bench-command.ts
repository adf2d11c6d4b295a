// `underround bench`: measures, each bench in a process of its own. It starts what the build put beside our main, and knows of it only
// its name and what it says at its end.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { gateProblems } from './bench-gate.js';
import { benchPage } from './bench-page.js';
import { runBench } from './bench-process.js';
import { type BenchEntry, type BenchReport, benchListSchema } from './bench-report.js';
import { EXIT_FAILURE, EXIT_GOOD, UsageError } from './exit-codes.js';
import { RunEnd } from './run-end.js';

const ALL = 'all';
/** Flags with a file that one bench alone understands. */
const FILE_FLAGS = { tune: 'sweep', svg: 'wire' } as const;
type FileFlag = keyof typeof FILE_FLAGS;
const EXAMPLES = `
Exit codes: 0 all were measured; that of the bench that failed; 1 a gate's bar is broken, or Ctrl-C; 2 wrong flags.

Examples:
  $ underround bench                        all of them; best on a machine that does nothing else
  $ underround bench micro wire
  $ underround bench micro --json | tail -n 1
  $ underround bench sweep --tune underround.yaml
  $ underround bench --smoke --gate         what a check of every change runs
`;

interface BenchFlags {
  readonly smoke?: boolean;
  readonly json?: boolean;
  readonly write?: string;
  readonly gate?: boolean;
  readonly tune?: string;
  readonly svg?: string;
}

export interface BenchCommandParts {
  /** Our own main: the benches are in bench/ beside it. */
  readonly mainPath: string;
  ended(code: number): void;
}

export function benchCommand({ mainPath, ended }: BenchCommandParts): Command {
  const directory = join(dirname(mainPath), 'bench');
  const command = new Command('bench')
    .description('measure latencies and throughput')
    .argument('[names...]', `benches to run (default: ${ALL})`)
    .option('--smoke', 'short runs, to see that all of it works; forgets a --write before it')
    .option('--json', 'print the rows of all as one JSON object, alone on standard output')
    .option('--write <file>', 'write a page; sections of benches that did not run stay')
    .option('--gate', 'fail when a ratio is worse than its bar and a margin for noise')
    .option('--tune <file>', 'write the setting that sweep recommends into a configuration')
    .option('--svg <file>', 'draw the distribution of wire latencies')
    .addHelpText('after', () => `\n${listText(directory)}${EXAMPLES}`)
    .action(async (names: readonly string[], flags: BenchFlags) => {
      ended(await runBenches(directory, names, flags));
    });
  // `npm run bench -- --smoke` must not replace what was measured at length.
  command.on('option:smoke', () => {
    command.setOptionValue('write', undefined);
    command.setOptionValue('svg', undefined);
  });
  return command;
}

async function runBenches(
  directory: string,
  names: readonly string[],
  flags: BenchFlags,
): Promise<number> {
  const { smoke, json, write, gate } = flags;
  const benches = readList(directory);
  const chosen = chooseBenches(benches, names);
  refuseStrayTune(chosen, flags);
  const human = json === true ? process.stderr : process.stdout;
  const end = new RunEnd();
  const reports: BenchReport[] = [];
  for (const [at, { name, about }] of chosen.entries()) {
    human.write(`\n== ${name} (${at + 1} of ${chosen.length}): ${about}\n\n`);
    const startMs = performance.now();
    const args = [...(smoke === true ? ['--smoke'] : []), ...fileArgs(name, flags)];
    const { code, report } = await runBench(join(directory, `${name}.js`), args, human, end.signal);
    if (end.signal.aborted) return EXIT_FAILURE;
    if (code !== EXIT_GOOD || report === undefined) {
      process.stderr.write(`error: a bench failed: bench=${name} exitCode=${code}\n`);
      return code;
    }
    reports.push(report);
    human.write(`\n-- ${name} took ${((performance.now() - startMs) / 1_000).toFixed(0)} s\n`);
  }
  if (write !== undefined) writeFileSync(write, benchPage(readPage(write), benches, reports));
  const rows = reports.flatMap((report) => report.rows);
  if (json === true) process.stdout.write(`${JSON.stringify({ rows })}\n`);
  if (gate !== true) return EXIT_GOOD;
  const problems = gateProblems(rows);
  for (const problem of problems) process.stderr.write(`error: ${problem}\n`);
  return problems.length === 0 ? EXIT_GOOD : EXIT_FAILURE;
}

/** A picture that nobody draws is none; a configuration that nobody writes was wanted. */
function refuseStrayTune(chosen: readonly BenchEntry[], { tune }: BenchFlags): void {
  if (tune === undefined || chosen.some(({ name }) => name === FILE_FLAGS.tune)) return;
  const names = chosen.map(({ name }) => name).join(',');
  throw new UsageError(`--tune is for ${FILE_FLAGS.tune}, which does not run: names=${names}`);
}

function fileArgs(bench: string, flags: BenchFlags): string[] {
  return (Object.keys(FILE_FLAGS) as FileFlag[]).flatMap((flag) => {
    const file = flags[flag];
    return file !== undefined && FILE_FLAGS[flag] === bench ? [`--${flag}`, file] : [];
  });
}

function chooseBenches(
  benches: readonly BenchEntry[],
  names: readonly string[],
): readonly BenchEntry[] {
  const unknown = names.filter(
    (name) => name !== ALL && !benches.some((bench) => bench.name === name),
  );
  if (unknown.length > 0) {
    const allowed = [ALL, ...benches.map(({ name }) => name)].join(' | ');
    throw new UsageError(`unknown bench: given=${unknown.join(',')} allowed: ${allowed}`);
  }
  if (names.length === 0 || names.includes(ALL)) return benches;
  return benches.filter(({ name }) => names.includes(name));
}

function readList(directory: string): readonly BenchEntry[] {
  const path = join(directory, 'benches.json');
  try {
    return benchListSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).benches;
  } catch (cause) {
    throw new Error(`benches are not built: file=${path} do="npm run build"`, { cause });
  }
}

function listText(directory: string): string {
  try {
    const lines = readList(directory).map(({ name, about }) => `  ${name.padEnd(12)} ${about}`);
    return `Benches:\n${lines.join('\n')}\n`;
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
}

function readPage(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
