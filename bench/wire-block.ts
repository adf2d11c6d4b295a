// One block of the wire bench: fresh exchanges, the floor, and one program that trades on them from start to end, each a process.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LatencyNs, Stage } from '../src/runtime/status.js';
import type { SimReady } from '../src/sim/sim.js';
import type { FromExchange, Phase, Played, ToExchange } from './wire-messages.js';

export const PROGRAMS = ['underround', 'naive'] as const;
export type Program = (typeof PROGRAMS)[number];

export interface BlockPlan {
  readonly seed: number;
  readonly openedPairs: number;
  readonly noisePairs: number;
  readonly warm: { readonly perSecond: number; readonly answered: number };
  readonly floor: Phase;
  readonly phases: readonly Phase[];
  /** Flags of `underround run`. */
  readonly engineFlags: readonly string[];
  /** Once the engine trades: does something beside it, and gives what ends that. Told the engine's state directory. */
  readonly beside?: (stateDir: string) => Promise<() => Promise<void>>;
}

/** What the engine's summary says that the bench reads. */
export interface EngineSummary {
  readonly latencyNs: Readonly<Record<Stage, LatencyNs>>;
  readonly opportunities: { readonly refused: Readonly<Record<string, number>> };
  readonly run: {
    readonly wait: string;
    readonly kalshiFeeds: number;
    readonly polymarketFeeds: number;
    readonly detectors: number;
    readonly executors: number;
    readonly keepAwake: boolean;
  };
}

export interface BlockResult {
  readonly floorAlone: Played;
  readonly played: readonly Played[];
  readonly warm: { readonly openings: number; readonly answered: number };
  /** Of underround; the naive bot has none. */
  readonly summary: EngineSummary | undefined;
}

/** Nothing in the bench takes longer: an engine's start with its tables, and its calm end. */
const DEADLINE_MS = 30_000;
const SETTLE_MS = 500;
/** More than any bench loses: nothing may stop the engine but its own mistakes. */
const LIMITS = [
  ['max-size', '5'],
  ['max-market-position', '20000000'],
  ['max-total-position', '20000000'],
  ['max-daily-loss', '20000000'],
  ['max-naked', '20000000'],
] as const;

/** What has been started and must be ended, in the order of the start. */
const enders: (() => Promise<void>)[] = [];
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void endAll().finally(() => process.exit(1)));
}

async function endAll(): Promise<void> {
  for (const end of enders.splice(0).reverse()) await end();
}

/** Rejects when a process does not do its part in time, or when the program answers too little to be measured. All have ended then. */
export async function runBlock(program: Program, plan: BlockPlan): Promise<BlockResult> {
  try {
    return await measure(program, plan);
  } finally {
    await endAll();
  }
}

async function measure(program: Program, plan: BlockPlan): Promise<BlockResult> {
  const exchange = new Exchange(plan);
  enders.push(() => exchange.end());
  const { ready, floorPort } = await exchange.hear('ready');
  // It ends with the exchanges' sockets.
  fork(beside('wire-floor.js'), [`${floorPort}`], { stdio: 'inherit' });
  await exchange.hear('floor-ready');
  const floorAlone = await exchange.play('floor', plan.floor);
  const trader = startTrader(program, ready, plan.engineFlags);
  exchange.tell({ kind: 'warm', ...plan.warm });
  const warm = await exchange.hear('warmed');
  if (warm.answered < plan.warm.answered) {
    throw new Error(
      `it answers too few openings: program=${program} openings=${warm.openings} answered=${warm.answered}`,
    );
  }
  if (plan.beside !== undefined) enders.push(await plan.beside(trader.stateDir));
  const played: Played[] = [];
  for (const phase of plan.phases) played.push(await exchange.play('play', phase));
  await pause(SETTLE_MS);
  return { floorAlone, played, warm, summary: await trader.finish() };
}

class Exchange {
  readonly #child: ChildProcess;

  constructor({ seed, openedPairs, noisePairs }: BlockPlan) {
    const args = [seed, openedPairs, noisePairs].map(String);
    this.#child = fork(beside('wire-exchange.js'), args, { stdio: 'inherit' });
  }

  tell(message: ToExchange): void {
    this.#child.send(message);
  }

  async play(kind: 'play' | 'floor', phase: Phase): Promise<Played> {
    this.tell({ kind, phase });
    return (await this.hear('played', phase.seconds * 1_000)).played;
  }

  hear<K extends FromExchange['kind']>(
    kind: K,
    longerMs = 0,
  ): Promise<Extract<FromExchange, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`the exchange process is late: waitedFor=${kind}`));
      const timer = setTimeout(late, DEADLINE_MS + longerMs);
      const died = () => reject(new Error(`the exchange process died: waitedFor=${kind}`));
      const heard = (message: FromExchange) => {
        if (message.kind !== kind) return;
        clearTimeout(timer);
        this.#child.off('message', heard);
        this.#child.off('exit', died);
        resolve(message as Extract<FromExchange, { kind: K }>);
      };
      this.#child.on('message', heard);
      this.#child.once('exit', died);
    });
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await ended(this.#child, 'exit');
  }
}

interface Trader {
  /** Of underround. */
  readonly stateDir: string;
  /** Ends it in peace. */
  finish(): Promise<EngineSummary | undefined>;
}

function startTrader(program: Program, ready: SimReady, flags: readonly string[]): Trader {
  if (program === 'naive') {
    run([beside('naive-bot.js'), JSON.stringify(ready)]);
    // It has nothing to say at its end.
    return { stateDir: '', finish: async () => undefined };
  }
  const directory = mkdtempSync(join(tmpdir(), 'underround-wire-'));
  enders.push(async () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  const file = join(directory, 'exchanges.json');
  writeFileSync(file, `${JSON.stringify(ready)}\n`);
  const limits = LIMITS.flatMap(([name, value]) => [`--${name}`, value]);
  const args = ['run', '--attach', file, '--json', ...limits, ...flags];
  const child = run([fileURLToPath(new URL('../main.js', import.meta.url)), ...args]);
  let last = '';
  createInterface({ input: child.stdout! }).on('line', (line) => {
    last = line;
  });
  return {
    // Beside the file of --attach, where the engine puts it.
    stateDir: join(directory, 'underround-state'),
    finish: async () => {
      child.kill('SIGINT');
      await ended(child, 'close');
      if (last === '') throw new Error(`underround gave no summary: exitCode=${child.exitCode}`);
      return JSON.parse(last) as EngineSummary;
    },
  };
}

function run(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  enders.push(async () => {
    child.kill('SIGKILL');
    await ended(child, 'close');
  });
  return child;
}

/** `close` comes after the last of its output; a process that was forked may never say it. */
async function ended(child: ChildProcess, event: 'exit' | 'close'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  await once(child, event);
  clearTimeout(timer);
}

/** The benches are bundled into one directory. */
function beside(file: string): string {
  return fileURLToPath(new URL(`./${file}`, import.meta.url));
}
