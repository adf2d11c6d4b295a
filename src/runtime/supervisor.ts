// Starts the engine's workers, hears of their end, and ends them. A worker that ends by itself is a
// broken engine.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { EngineMessage, WorkerInput, WorkerMessage } from './worker-protocol.js';

const READY_DEADLINE_MS = 15_000;
const END_DEADLINE_MS = 500;

export interface WorkerEvents {
  message(message: WorkerMessage, worker: number): void;
  /** It ended without being told to. */
  died(name: string, why: string): void;
}

interface Running {
  readonly name: string;
  readonly worker: Worker;
  alive: boolean;
}

export class Supervisor {
  readonly #events: WorkerEvents;
  readonly #running: Running[] = [];
  #ending = false;

  constructor(events: WorkerEvents) {
    this.#events = events;
  }

  /**
   * Starts a worker; resolves when it says that it is ready, rejects when it ends or takes too
   * long.
   */
  start(name: string, input: WorkerInput): Promise<void> {
    if (this.#ending) return Promise.reject(new Error(`the engine ends: worker=${name}`));
    // Beside the bundled dist/main.js, where the build puts them.
    const entry = fileURLToPath(new URL(`./workers/${input.role.kind}.js`, import.meta.url));
    const worker = new Worker(entry, { workerData: input, name });
    const running: Running = { name, worker, alive: true };
    this.#running.push(running);
    return new Promise((resolve, reject) => {
      let failure = '';
      const deadline = setTimeout(
        () => reject(new Error(`worker is not ready: worker=${name} ms=${READY_DEADLINE_MS}`)),
        READY_DEADLINE_MS,
      );
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'ready') {
          clearTimeout(deadline);
          resolve();
        } else {
          this.#events.message(message, input.worker);
        }
      });
      worker.on('error', (error) => {
        failure = error.message;
      });
      worker.on('exit', (code) => {
        running.alive = false;
        clearTimeout(deadline);
        const why = failure === '' ? `exit code=${code}` : failure;
        reject(new Error(`worker ended while starting: worker=${name} why=${why}`));
        if (!this.#ending) this.#events.died(name, why);
      });
    });
  }

  /** Names of the workers that run. */
  get alive(): string[] {
    return this.#running.filter(({ alive }) => alive).map(({ name }) => name);
  }

  /** Tells every living worker whose name begins so. Returns how many were told. */
  tell(prefix: string, message: EngineMessage): number {
    const told = this.#running.filter(({ alive, name }) => alive && name.startsWith(prefix));
    for (const { worker } of told) worker.postMessage(message);
    return told.length;
  }

  /**
   * Asks every worker to leave and takes those away that do not. Detectors leave by the control
   * block's state.
   */
  async end(): Promise<void> {
    this.#ending = true;
    const end: EngineMessage = { type: 'end' };
    await Promise.all(
      this.#running.map(async ({ worker, alive }) => {
        if (!alive) return;
        const left = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
        worker.postMessage(end);
        const deadline = setTimeout(() => worker.terminate(), END_DEADLINE_MS);
        await left;
        clearTimeout(deadline);
      }),
    );
  }
}
