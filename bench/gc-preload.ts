// Loaded into every thread of the engine before its own code: counts the thread's garbage collections from the moment it is ready, and
// writes them down when it ends. For `NODE_OPTIONS=--import`; where to is in UNDERROUND_BENCH_GC.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GCProfiler } from 'node:v8';
import { isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';
import type { WorkerInput, WorkerMessage } from '../src/runtime/worker-protocol.js';
import type { ThreadCollections } from './gc-protocol.js';

const directory = process.env.UNDERROUND_BENCH_GC;
if (!isMainThread && parentPort !== null && directory !== undefined)
  countFrom(parentPort, directory);

function countFrom(port: NonNullable<typeof parentPort>, into: string): void {
  // The journal's worker has no role.
  const { role } = workerData as Partial<WorkerInput>;
  const kind = role?.kind ?? 'journal';
  const profiler = new GCProfiler();
  let startMs: number | undefined;
  const start = () => {
    startMs ??= performance.now();
    profiler.start();
  };
  // A detector has no turns of an event loop, so nothing else could tell when its code is loaded.
  const send = port.postMessage.bind(port);
  port.postMessage = (message: WorkerMessage) => {
    if (message.type === 'ready') start();
    send(message);
  };
  if (kind === 'journal') start();
  process.on('exit', () => {
    if (startMs === undefined) return;
    const collections = profiler.stop().statistics.map(({ gcType, cost }) => ({
      gcType,
      pauseUs: cost,
    }));
    const text: ThreadCollections = { kind, elapsedMs: performance.now() - startMs, collections };
    writeFileSync(join(into, `${kind}-${process.pid}-${threadId}.json`), JSON.stringify(text));
  });
}
