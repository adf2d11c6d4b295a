// One run of the pipeline bench, a process of its own: the engine's real feed and detector workers against a blaster, counted, timed and
// checked. Started by pipeline.ts with its run as JSON; its output is the result as JSON.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ByVenue } from '../src/domain/venue.js';
import { KALSHI, POLYMARKET, VENUES } from '../src/domain/venue.js';
import type { FeedCounter } from '../src/venues/feed.js';
import { createBlastListings } from './blast-market.js';
import type { FromBlaster, RunResult, RunSpec, ToBlaster } from './blast-protocol.js';
import { PipelineEngine } from './pipeline-engine.js';
import { connectSinks } from './pipeline-sink.js';

const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 5;
/** For what is in the sockets and for books that were asked for. */
const SETTLE_MS = 10_000;
const MAX_PROBLEMS = 8;
/** What a good run has none of. */
const FAULTS: readonly FeedCounter[] = ['gaps', 'garbage', 'fallbacks', 'reconnects', 'lates'];

const spec = JSON.parse(process.argv[2] ?? '') as RunSpec;
const blaster = startBlaster();
try {
  const { port } = await heard('ready');
  const result = await (spec.isSink ? measureSender(port) : measureEngine(port));
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  blaster.kill();
}

async function measureEngine(port: number): Promise<RunResult> {
  const engine = new PipelineEngine(spec, createBlastListings(spec.markets), port);
  try {
    await engine.start();
    await until(
      () => engine.hasBooks,
      () => `books: ${engine.doubts()}`,
    );
    tell({ type: 'go' });
    await until(
      () => engine.isTrusted,
      () => `trusted books: ${engine.doubts()}`,
    );
    const result = await measure(async () => ({
      frames: engine.frames(),
      conflated: engine.counted('conflated'),
      resyncs: engine.counted('resyncs'),
    }));
    const problems = await check(engine);
    if (problems.length > 0) throw new Error(problems.slice(0, MAX_PROBLEMS).join('\n'));
    return result;
  } finally {
    await engine.end();
  }
}

/** The blaster against readers that throw away: what it could send, if only it were let. */
async function measureSender(port: number): Promise<RunResult> {
  const sinks = await connectSinks(port, createBlastListings(spec.markets));
  tell({ type: 'go' });
  const result = await measure(async () => ({
    frames: (await askBlaster()).frames,
    conflated: 0,
    resyncs: 0,
  }));
  for (const sink of sinks) sink.destroy();
  return result;
}

interface Counts {
  readonly frames: ByVenue<number>;
  readonly conflated: number;
  readonly resyncs: number;
}

/** Counts what the blaster does once all is warm. */
async function measure(count: () => Promise<Counts>): Promise<RunResult> {
  await sleep(spec.warmUpMs);
  const read = async () => ({
    ...(await count()),
    blasterCpuUs: (await askBlaster()).cpuUs,
    cpuUs: cpuUs(),
    atMs: performance.now(),
  });
  const before = await read();
  await sleep(spec.measureMs);
  const after = await read();
  const elapsedMs = after.atMs - before.atMs;
  const kalshi = after.frames[KALSHI] - before.frames[KALSHI];
  const polymarket = after.frames[POLYMARKET] - before.frames[POLYMARKET];
  const all = kalshi + polymarket;
  return {
    framesPerSecond: [(kalshi * 1_000) / elapsedMs, (polymarket * 1_000) / elapsedMs],
    cpuNsPerFrame: ((after.cpuUs - before.cpuUs) * 1_000) / all,
    conflatedShare: (after.conflated - before.conflated) / all,
    blasterCpuShare: (after.blasterCpuUs - before.blasterCpuUs) / (elapsedMs * 1_000),
    resyncs: after.resyncs - before.resyncs,
  };
}

/**
 * Lets the blaster end and the engine come to its last frame; then nothing may be missing, and nothing may differ. A feed may still ask
 * for books, so what was sent is asked for again too.
 */
async function check(engine: PipelineEngine): Promise<string[]> {
  tell({ type: 'stop' });
  const { books } = await heard('sent');
  const deadlineMs = performance.now() + SETTLE_MS;
  const problems = [...engine.problems()];
  for (;;) {
    const sent = (await askBlaster()).frames.join();
    const counted = engine.frames().join();
    const wrong = VENUES.flatMap((venue) => engine.differences(venue, books[venue]));
    if (sent !== counted) wrong.unshift(`frames sent=${sent} counted=${counted}`);
    if (wrong.length > 0 && performance.now() < deadlineMs) {
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    problems.push(...wrong);
    break;
  }
  for (const counter of FAULTS) {
    const count = engine.counted(counter);
    if (count > 0) problems.push(`${counter}=${count}`);
  }
  return problems;
}

function startBlaster(): ChildProcess {
  const path = fileURLToPath(import.meta.url);
  const entry = fileURLToPath(new URL(`./blaster${extname(path)}`, import.meta.url));
  // Profilers and what else was asked of this process are not meant for it.
  return fork(entry, [JSON.stringify(spec)], {
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

function tell(message: ToBlaster): void {
  blaster.send(message);
}

async function heard<T extends FromBlaster['type']>(
  type: T,
): Promise<Extract<FromBlaster, { type: T }>> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const [message] = (await once(blaster, 'message', { signal: deadline })) as [FromBlaster];
    if (isOfType(message, type)) return message;
  }
}

function isOfType<T extends FromBlaster['type']>(
  message: FromBlaster,
  type: T,
): message is Extract<FromBlaster, { type: T }> {
  return message.type === type;
}

function askBlaster(): Promise<Extract<FromBlaster, { type: 'counted' }>> {
  tell({ type: 'count' });
  return heard('counted');
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`it did not come: ${what()}`);
    await sleep(LOOK_EVERY_MS);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
