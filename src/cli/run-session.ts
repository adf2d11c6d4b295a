// One run from start to summary. Exchanges, lock and engine come in as arguments; every way out gives all of them up.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { toEngineConfig } from '../runtime/config.js';
import type { Config } from '../runtime/config-schema.js';
import type { Detection } from '../runtime/engine.js';
import type { EngineConfig } from '../runtime/engine-config.js';
import type { InstanceLock } from '../runtime/instance-lock.js';
import { type EngineEvent, type EngineStatus, NO_STATUS } from '../runtime/status.js';
import type { Score } from '../sim/score.js';
import type { RunningExchange } from './exchange-process.js';
import type { AccountsReply, ReadyLine, TruthReply } from './exchange-replies.js';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode } from './exit-codes.js';
import { type EndReason, endText, type RunEnd } from './run-end.js';
import type { RunOutput } from './run-output.js';
import { scoreRun, type WatchedTime } from './run-score.js';
import { engineFacts, type RunFacts, type RunSummary, summarise } from './summary.js';

export interface RunEngine {
  start(): Promise<void>;
  status(): EngineStatus;
  hearDetections(heard: (detection: Detection) => void): void;
  stop(): Promise<EngineStatus>;
}

export interface SessionParts {
  /** Undefined where the exchanges are the real ones: nobody starts them, and nobody knows the truth. */
  readonly startExchange: ((cancelled: AbortSignal) => Promise<RunningExchange>) | undefined;
  /**
   * Rejects when another instance trades on these accounts or has this state. `locksDir`: where whoever trades on them looks; undefined:
   * the accounts are real.
   */
  lock(config: EngineConfig, locksDir: string | undefined): Promise<InstanceLock>;
  createEngine(config: EngineConfig, log: (event: EngineEvent) => void): RunEngine;
  /** Lets others see and steer the engine that was created last. */
  openControl(config: EngineConfig): Promise<SessionControl>;
}

export interface SessionControl {
  /** For the person at the terminal alone. */
  readonly pageUrl: string | undefined;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly config: Config;
  readonly durationMs: number | undefined;
  /** undefined: with the simulated exchanges' keys, and gone with them. */
  readonly stateDir: string | undefined;
  readonly acceptDifferences: boolean;
  /** Orders go to the paper exchange, whatever the profile. */
  readonly paper?: boolean;
}

export interface SessionResult {
  readonly code: ExitCode;
  readonly summary: RunSummary;
  readonly status: EngineStatus;
}

/** A person who pressed Ctrl-C has the prompt back within two seconds; a run that ends by itself may settle in peace. */
const HURRIED_END_MS = 1_800;
const CALM_END_MS = 20_000;
/** Of that, what is kept for the exchanges: their answers, and their end. */
const ASKING_MS = 450;
const EXCHANGE_END_MS = 150;

/**
 * Rejects when exchange or engine cannot start, with all that had started ended. `end` may be asked for at any time, also
 * during the start: the summary is then of what there was.
 */
export async function runSession(
  options: SessionOptions,
  parts: SessionParts,
  output: RunOutput,
  end: RunEnd,
): Promise<SessionResult> {
  if (parts.startExchange === undefined) return locked(options, parts, output, end, undefined);
  const exchange = await parts.startExchange(end.signal).catch((error: unknown) => {
    if (end.signal.aborted) return undefined;
    throw error;
  });
  if (exchange === undefined) return notStarted(options, endText(await end.reason));
  try {
    void exchange.died.then((words) => end.ask({ kind: 'exchange-died', words }));
    return await locked(options, parts, output, end, exchange);
  } finally {
    await exchange.end(EXCHANGE_END_MS);
  }
}

async function locked(
  options: SessionOptions,
  parts: SessionParts,
  output: RunOutput,
  end: RunEnd,
  exchange: RunningExchange | undefined,
): Promise<SessionResult> {
  const engineConfig = engineConfigOf(options, exchange?.ready);
  // Whoever knows the simulated accounts has their keys from that directory.
  const lock = await parts.lock(engineConfig, exchange?.ready.directory);
  try {
    return await trade(options, engineConfig, parts, output, end, exchange);
  } finally {
    lock.release();
  }
}

/** Throws ConfigError naming what is missing. `ready`: what the simulated exchanges said. */
export function engineConfigOf(
  { config, stateDir, acceptDifferences, paper = false }: SessionOptions,
  ready: ReadyLine | undefined,
): EngineConfig {
  const machine = { cores: availableParallelism() };
  if (ready !== undefined) {
    const choices = {
      stateDir: stateDir ?? join(ready.directory, 'state'),
      acceptDifferences,
      paper,
    };
    return toEngineConfig(withAccess(config, ready), machine, choices);
  }
  if (stateDir === undefined) throw new Error(`no state directory: profile=${config.profile}`);
  return toEngineConfig(config, machine, { stateDir, acceptDifferences, paper });
}

async function trade(
  options: SessionOptions,
  engineConfig: EngineConfig,
  parts: SessionParts,
  output: RunOutput,
  end: RunEnd,
  exchange: RunningExchange | undefined,
): Promise<SessionResult> {
  const engine = parts.createEngine(engineConfig, (event) => output.event(event));
  const detections: Detection[] = [];
  if (isComparable(engineConfig, exchange)) engine.hearDetections((each) => detections.push(each));
  let control: SessionControl | undefined;
  let fromUs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    control = await parts.openControl(engineConfig);
    output.open(titleOf(exchange?.ready, engineConfig), options.durationMs, control.pageUrl);
    if (exchange !== undefined) output.event(exchangesUp(exchange.ready));
    timer = setInterval(() => output.show(engine.status()), output.everyMs);
    // After an early end, what the start still says does not matter.
    const started = engine.start().then(() => true);
    if (await Promise.race([started, end.reason.then(() => false)])) {
      fromUs = machineUs();
      if (options.durationMs !== undefined) end.after(options.durationMs);
    }
    const reason = await end.reason;
    const untilUs = machineUs();
    const watched = { fromUs: fromUs ?? untilUs, untilUs };
    return await finish(engine, engineConfig, exchange, reason, { watched, detections }, output);
  } catch (error) {
    await within(engine.stop(), HURRIED_END_MS);
    throw error;
  } finally {
    clearInterval(timer);
    await control?.close();
    end.close();
    output.close();
  }
}

/** On paper the exchanges know nothing of our orders, and what stands in their books may be taken already. */
function isComparable(
  { paper }: EngineConfig,
  exchange: RunningExchange | undefined,
): exchange is RunningExchange {
  return exchange !== undefined && paper === undefined;
}

interface Seen {
  readonly watched: WatchedTime;
  readonly detections: readonly Detection[];
}

/** Stops the engine, asks the exchanges what they know, and puts both together. */
async function finish(
  engine: RunEngine,
  engineConfig: EngineConfig,
  exchange: RunningExchange | undefined,
  reason: EndReason,
  { watched, detections }: Seen,
  output: RunOutput,
): Promise<SessionResult> {
  if (reason.kind === 'exchange-died') {
    const facts = { words: reason.words };
    output.event({ level: 'error', event: 'exchange-died', text: 'the exchanges died', facts });
  }
  const totalMs = reason.kind === 'duration' ? CALM_END_MS : HURRIED_END_MS;
  const deadlineMs = performance.now() + totalMs - EXCHANGE_END_MS;
  const stopped = await within(engine.stop(), totalMs - EXCHANGE_END_MS - ASKING_MS);
  const status = stopped ?? engine.status();
  if (stopped === undefined) {
    const text = 'the engine did not end in time: these are its figures of now';
    output.event({ level: 'error', event: 'stop-late', text, facts: {} });
  }
  const remainingMs = deadlineMs - performance.now();
  const isThere = isComparable(engineConfig, exchange) && reason.kind !== 'exchange-died';
  const [truth, accounts] = isThere ? await ask(exchange, remainingMs, output) : [];
  const run: RunFacts = {
    profile: engineConfig.profile,
    seed: exchange?.ready.seed ?? null,
    markets: exchange?.ready.markets ?? status.pairs,
    durationMs: Math.round((watched.untilUs - watched.fromUs) / 1000),
    endedBy: endText(reason),
    stoppedBecause: status.stoppedBecause ?? null,
    ...engineFacts(engineConfig),
    node: process.versions.node,
    cores: availableParallelism(),
  };
  const score =
    truth !== undefined && isSameCriteria(truth, engineConfig, output)
      ? scoreRun(truth.episodes, truth.passings, detections, watched)
      : undefined;
  if (score !== undefined) tellMistakes(score, output);
  const summary = summarise({ status, score, accounts, run });
  const bad =
    reason.kind === 'exchange-died' ||
    stopped === undefined ||
    status.stoppedBecause !== undefined ||
    summary.pnlAgrees === false;
  return { code: bad ? EXIT_FAILURE : EXIT_GOOD, summary, status };
}

/** Exchanges that were started by somebody else may count other underrounds than the engine looks for. */
function isSameCriteria(
  { criteria }: TruthReply,
  engine: EngineConfig,
  output: RunOutput,
): boolean {
  const keys = ['minNetMicros', 'maxSizeCenti', 'maxCostMicros'] as const;
  const differing = keys.filter((key) => criteria[key] !== engine[key]);
  if (differing.length === 0) return true;
  const text = 'the exchanges count other underrounds than the engine looks for: no score';
  const facts = differing.map((key) => [key, `${criteria[key]} ours ${engine[key]}`] as const);
  output.event({ level: 'warn', event: 'truth-differs', text, facts: Object.fromEntries(facts) });
  return false;
}

const TOLD_MISTAKES = 10;

/** Examples of what the truth does not know and of what was missed: the way to their cause. */
function tellMistakes({ falseDetections, recall50ms }: Score, output: RunOutput): void {
  for (const facts of falseDetections.slice(0, TOLD_MISTAKES)) {
    const text = 'a detection that the exchanges do not know';
    output.event({ level: 'warn', event: 'false-detection', text, facts: { ...facts } });
  }
  for (const episode of recall50ms.missed.slice(0, TOLD_MISTAKES)) {
    const { pair, direction, openUs, closeUs, bestNetMicros, endedBy } = episode;
    const lifeMs = Math.round(((closeUs ?? openUs) - openUs) / 1000);
    const facts = { pair, direction, openUs, lifeMs, bestNetMicros, endedBy };
    const text = 'an underround of 50 ms or more was not detected';
    output.event({ level: 'warn', event: 'missed', text, facts });
  }
}

async function ask(
  exchange: RunningExchange,
  timeoutMs: number,
  output: RunOutput,
): Promise<[TruthReply?, AccountsReply?]> {
  try {
    return await Promise.all([exchange.truth(timeoutMs), exchange.accounts(timeoutMs)]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = 'the exchanges could not be asked for the truth';
    output.event({ level: 'warn', event: 'truth-unknown', text, facts: { why } });
    return [];
  }
}

/** The result, or undefined when it does not come in time. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The simulator's addresses and keys in the place of configured ones: profile sim never leaves this machine. */
function withAccess(config: Config, ready: ReadyLine): Config {
  const { exchanges, ...polymarket } = ready.polymarket;
  return {
    ...config,
    kalshi: { ...config.kalshi, ...ready.kalshi },
    polymarket: {
      ...config.polymarket,
      ...polymarket,
      standardExchange: exchanges.standard,
      negRiskExchange: exchanges.negRisk,
    },
    pairs: { path: ready.pairsPath },
  };
}

/** Where a person, or a test, asks the exchanges for the truth and breaks them on purpose. */
function exchangesUp({ controlUrl }: ReadyLine): EngineEvent {
  const text = 'the simulated exchanges are up';
  return { level: 'info', event: 'exchanges-up', text, facts: { controlUrl } };
}

function titleOf(ready: ReadyLine | undefined, engine: EngineConfig): string[] {
  const title: string[] = [engine.profile];
  if (engine.paper !== undefined) title.push('PAPER: no order is real');
  if (ready !== undefined) title.push(`seed ${ready.seed}`, `${ready.markets} markets`);
  title.push(`wait ${engine.wait}${engine.keepAwake ? ', awake' : ''}`);
  title.push(`feeds ${engine.kalshiFeeds}+${engine.polymarketFeeds}`);
  title.push(`detectors ${engine.detectors}`, `executors ${engine.executors}`);
  if (engine.observe) title.push('observing: no orders');
  return title;
}

/** Microseconds of the machine's monotonic clock, as the exchanges' truth has them. */
function machineUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

/** The end came before the exchanges were up: there is nothing but the wish. */
function notStarted({ config, paper = false }: SessionOptions, endedBy: string): SessionResult {
  const { engine, trading, sim, profile } = config;
  const status: EngineStatus = { ...NO_STATUS, state: 'ending' };
  const run: RunFacts = {
    profile,
    seed: sim.seed ?? 0,
    markets: sim.markets ?? 0,
    durationMs: 0,
    endedBy,
    stoppedBecause: null,
    ...engine,
    executors: Number(engine.executors),
    observe: trading.observe,
    isPaper: paper || profile === 'paper',
    node: process.versions.node,
    cores: availableParallelism(),
  };
  const summary = summarise({ status, score: undefined, accounts: undefined, run });
  return { code: EXIT_GOOD, summary, status };
}
