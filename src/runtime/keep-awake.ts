// A thread a core that runs only when nothing else would, so that no core goes to sleep: to wake one takes longer than to decide what to
// buy. On two cores of a virtual machine, at 25 orders a second: second order 2.2 -> 1.7 times the floor, dequeued to written 204 -> 130
// us. Linux only; its scheduler's idle class makes way at once for every other thread.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { AwakeWord } from './keep-awake-worker.js';

const run = promisify(execFile);
const CHRT_DEADLINE_MS = 2_000;

export class KeepAwake {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /** Rejects, and leaves no thread, where a thread cannot be put into the idle class: in any other it would take time from orders. */
  static async start(cores: number): Promise<KeepAwake> {
    if (process.platform !== 'linux') throw new Error(`needs Linux: platform=${process.platform}`);
    const word: AwakeWord = new Int32Array(new SharedArrayBuffer(4));
    // Beside the bundled dist/main.js, where the build puts it.
    const entry = fileURLToPath(new URL('./workers/keep-awake.js', import.meta.url));
    const workers = Array.from(
      { length: cores },
      (_, core) => new Worker(entry, { workerData: word, name: `keep-awake-${core}` }),
    );
    const awake = new KeepAwake(workers);
    try {
      await Promise.all(workers.map(makeIdle));
    } catch (error) {
      await awake.end();
      throw error;
    }
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    return awake;
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function makeIdle(worker: Worker): Promise<void> {
  const [threadId] = (await once(worker, 'message')) as [number];
  await run('chrt', ['--idle', '--pid', '0', String(threadId)], { timeout: CHRT_DEADLINE_MS });
}
