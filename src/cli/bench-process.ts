// One bench in a process of its own: its words are passed on while it runs, its last line is its report.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { type BenchReport, benchReportSchema } from './bench-report.js';
import { EXIT_FAILURE, EXIT_GOOD } from './exit-codes.js';

/** A bench that was told to end has exchanges and workers to end; then it is killed. */
const END_DEADLINE_MS = 3_000;

export interface BenchEnd {
  /** Of the process; 1 when a signal ended it or when it said nothing that is a report. */
  readonly code: number;
  readonly report: BenchReport | undefined;
}

/** Never rejects. Its standard error is ours: progress is seen at once. */
export async function runBench(
  path: string,
  args: readonly string[],
  out: Writable,
  cancelled: AbortSignal,
): Promise<BenchEnd> {
  const child = spawn(process.execPath, [path, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const killNow = (): void => void child.kill('SIGKILL');
  let deadline: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill('SIGTERM');
    deadline = setTimeout(killNow, END_DEADLINE_MS);
  };
  process.on('exit', killNow);
  cancelled.addEventListener('abort', end, { once: true });
  if (cancelled.aborted) end();
  const lastLine = passOn(child.stdout, out);
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(EXIT_FAILURE));
    child.once('close', (exitCode) => resolve(exitCode ?? EXIT_FAILURE));
  });
  clearTimeout(deadline);
  cancelled.removeEventListener('abort', end);
  process.off('exit', killNow);
  const report = readReport(lastLine());
  return { code: code === EXIT_GOOD && report === undefined ? EXIT_FAILURE : code, report };
}

/** Writes every line on, but holds back one that may be the report until another follows it. */
function passOn(from: NodeJS.ReadableStream, to: Writable): () => string {
  let held = '';
  createInterface({ input: from }).on('line', (line) => {
    if (held !== '') to.write(`${held}\n`);
    held = line.startsWith('{') ? line : '';
    if (held === '') to.write(`${line}\n`);
  });
  return () => held;
}

function readReport(line: string): BenchReport | undefined {
  try {
    return benchReportSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
