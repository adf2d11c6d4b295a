// A run of the built engine as a person starts it: a process with its own exchanges, read by its lines and its last line of JSON,
// broken through the exchanges' control server, and always ended by its process id. It must not know the engine's insides.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type { RunSummary } from '../../src/cli/summary.js';
import type { Fault } from '../../src/sim/server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/main.js');
const PRELOADS = fileURLToPath(new URL('./preloads', import.meta.url));
/** No wait of these tests is longer, whatever the machine is doing beside them. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 10;
/** Of what a process said, in an error. */
const LAST_WORDS_CHARS = 3_000;

/** One plain log line: "<ISO time> <level> <event> <text>". */
export interface LogLine {
  readonly atMs: number;
  readonly level: string;
  readonly event: string;
  readonly text: string;
}

export interface RunEnded {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output as it came: with --json the summary alone. */
  readonly out: string;
}

export interface EngineRunOptions {
  /** A file of ./preloads that is loaded into every thread before the engine's own code. */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const started = new Set<EngineRun>();

/** For afterEach: whatever a test leaves, and however it ends, nothing of it runs on. */
export async function endAllRuns(): Promise<void> {
  for (const run of [...started]) await run.destroy();
}

export class EngineRun {
  readonly pid: number;
  readonly ended: Promise<RunEnded>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  /** Its temporary files: the exchanges' keys are in here, and must be gone at the end. */
  readonly #directory = mkdtempSync(join(tmpdir(), 'underround-e2e-'));
  readonly #children = new Set<number>();
  #out = '';
  #errors = '';
  #hasEnded = false;

  constructor(args: readonly string[], { preload, env = {} }: EngineRunOptions = {}) {
    if (!existsSync(MAIN)) throw new Error(`nothing is built: run npm run build first; no ${MAIN}`);
    const loaded =
      preload === undefined
        ? {}
        : { NODE_OPTIONS: `--import=${pathToFileURL(join(PRELOADS, preload)).href}` };
    this.#child = spawn(process.execPath, [MAIN, 'run', '--profile', 'sim', '--json', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: ROOT,
      env: { ...process.env, ...loaded, ...env, TMPDIR: this.#directory },
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal, out: this.#out });
      });
    });
    started.add(this);
  }

  /** Standard error as it came. */
  get errors(): string {
    return this.#errors;
  }

  get lines(): LogLine[] {
    return this.#errors.split('\n').flatMap((line) => readLine(line) ?? []);
  }

  linesOf(event: string): LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }

  /** Resolves with the first line that fits. Rejects at the deadline, and when the process ends before. */
  line(what: string, fits: (line: LogLine) => boolean): Promise<LogLine> {
    return this.until(what, () => this.lines.find(fits));
  }

  /** The engine watches its markets, and may fire. */
  running(): Promise<LogLine> {
    return this.line('running', ({ event }) => event === 'running');
  }

  /** Both legs of an arbitrage that was settled after a time of the wall clock. */
  filledAfter(atMs: number): Promise<LogLine> {
    return this.line(
      `an arbitrage after ${new Date(atMs).toISOString()}`,
      (line) => line.event === 'arb-filled' && line.atMs > atMs,
    );
  }

  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (this.#hasEnded) throw new Error(`ended before: ${what}\n${this.lastWords()}`);
      if (Date.now() > deadline) {
        throw new Error(`not within ms=${PATIENCE_MS}: ${what}\n${this.lastWords()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** Breaks an exchange. Returns the time of the wall clock at which it was broken. */
  async fault(venue: 'kalshi' | 'polymarket', fault: Fault): Promise<number> {
    const up = await this.line('the exchanges', ({ event }) => event === 'exchanges-up');
    const url = /controlUrl=(\S+)/.exec(up.text)?.[1];
    const response = await fetch(`${url}/fault`, {
      method: 'POST',
      body: JSON.stringify({ venue, ...fault }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 200,
      body: { injected: fault.kind },
    });
    return Date.now();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Processes that it started and that run now. The kernel says so, not the engine. */
  children(): number[] {
    for (const pid of childrenOf(this.pid)) this.#children.add(pid);
    return [...this.#children].filter(isAlive);
  }

  /** Files of its temporary directory: none once its exchanges have ended. */
  leftFiles(): string[] {
    return readdirSync(this.#directory);
  }

  /** The exit code and the summary. Standard output must hold the one line, and nothing else. */
  async summary(): Promise<{ readonly code: number | null; readonly summary: RunSummary }> {
    const { code, out } = await this.ended;
    const lines = out.split('\n');
    if (lines.length !== 2 || lines[1] !== '') {
      throw new Error(`standard output is not one line: code=${code}\n${this.lastWords()}`);
    }
    return { code, summary: JSON.parse(lines[0] ?? '') as RunSummary };
  }

  /** Ends it as a person does. */
  stop(): ReturnType<EngineRun['summary']> {
    this.signal('SIGTERM');
    return this.summary();
  }

  lastWords(): string {
    return `${this.#errors.slice(-LAST_WORDS_CHARS)}\n${this.#out.slice(-LAST_WORDS_CHARS)}`;
  }

  async destroy(): Promise<void> {
    started.delete(this);
    const children = this.children();
    for (const pid of [...(this.#hasEnded ? [] : [this.pid]), ...children]) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await this.ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const LINE = /^(\d{4}-\S+Z) (\w+) +(\S+) +(.*)$/;

function readLine(text: string): LogLine | undefined {
  const [, at = '', level = '', event = '', rest = ''] = LINE.exec(text) ?? [];
  return at === '' ? undefined : { atMs: Date.parse(at), level, event, text: rest };
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
      .filter((text) => text !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** A process that has ended may still wait to be collected. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** What must hold at the end of every run, whatever was done to it: nothing was seen that was not there, and the books agree. */
export function expectHonestBooks(summary: RunSummary): void {
  expect(summary.opportunities.false).toBe(0);
  expectAgreement(summary);
}

/** To the micro-dollar, with what the exchanges themselves booked. */
export function expectAgreement(summary: RunSummary): void {
  expect({
    pnlMicros: summary.exchangePnlMicros,
    pnlAgrees: summary.pnlAgrees,
    fees: summary.exchangeFees,
  }).toEqual({
    pnlMicros: summary.pnlMicros,
    pnlAgrees: true,
    fees: summary.fees,
  });
}
