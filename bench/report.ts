// What every bench says: rows of figures, each naming where it was measured, for people and for programs. Times are nanoseconds.
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';

export type Unit = 'ns' | 'per-second' | 'ratio' | 'count' | 'percent';

/** What a figure must be at the least, or at the most. `stretch` is what would be better still. */
export type Bar = { readonly figure: string; readonly stretch?: number } & (
  | { readonly atMost: number }
  | { readonly atLeast: number }
);

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /** Such as p50, p99, ratio: whole words of the field's. */
  readonly figures: Readonly<Record<string, number>>;
  readonly bar?: Bar;
  /**
   * A ratio that `bench --gate` holds it to, as idle runs measure it; the margin for noise is the gate's. Without one, a bar
   * whose figure begins with "ratio" is the gate.
   */
  readonly gate?: Bar;
  /** What a reader must know before believing it, such as that spinning threads outnumber the cores. Such rows are no headline. */
  readonly marks?: readonly string[];
}

export interface Machine {
  readonly machine: string;
  readonly cores: number;
  readonly load: number;
  readonly node: string;
  readonly commit: string;
  /** ISO date, UTC. */
  readonly date: string;
}

/** One bench as it ended. `text` is its page in bench/RESULTS.md, without a heading. */
export interface Report {
  readonly bench: string;
  readonly rows: readonly (Row & Machine & { readonly bench: string })[];
  readonly text: string;
}

/** The load is that of this moment: call it when the bench begins, not when its own work is the load. */
export function describeMachine(): Machine {
  return {
    machine: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    load: loadavg()[0] ?? 0,
    node: process.version,
    commit: commitOf(),
    date: new Date().toISOString().slice(0, 10),
  };
}

export function createReport(
  bench: string,
  machine: Machine,
  rows: readonly Row[],
  text: string,
): Report {
  return { bench, rows: rows.map((row) => ({ ...row, ...machine, bench })), text };
}

/** A bench ends with this: its page, and for a program that asked its rows as one line of JSON. */
export function printReport(report: Report): void {
  process.stdout.write(`${report.text.trimEnd()}\n`);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(report)}\n`);
}

export const isSmoke = process.argv.includes('--smoke');

/** A table of GitHub's markdown; all columns but the first are numbers. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}

function commitOf(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
