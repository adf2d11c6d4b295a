// The program as one file that node can run, and its runs as child processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Run {
  readonly child: ChildProcess;
  /** What it printed so far. */
  readonly said: { out: string; err: string };
  readonly ended: Promise<number | null>;
}

export class BuiltProgram {
  readonly directory: string;
  readonly mainPath: string;
  readonly #runs: Run[] = [];

  static async build(): Promise<BuiltProgram> {
    const program = new BuiltProgram(mkdtempSync(join(ROOT, 'node_modules/.cli-test-')));
    await build({
      entryPoints: [{ in: join(ROOT, 'src/main.ts'), out: 'main' }],
      outdir: program.directory,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
    });
    return program;
  }

  private constructor(directory: string) {
    this.directory = directory;
    this.mainPath = join(directory, 'main.js');
  }

  start(...args: string[]): Run {
    const child = spawn(process.execPath, [this.mainPath, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.directory,
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.err += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const run = { child, said, ended };
    this.#runs.push(run);
    return run;
  }

  /** Ends what still runs. */
  async remove(): Promise<void> {
    for (const { child, ended } of this.#runs) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const DEADLINE_MS = 20_000;
/** Conditions of these tests read files and other processes: they are not looked at without a pause. */
const POLL_MS = 20;

/** Waits for a condition, not for a time. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
