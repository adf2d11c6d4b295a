// The main thread's end of the sinks: starts their worker, starts it again when it dies, and knows how each of them is. Nothing here is
// waited for while the engine runs: what is not copied yet is in the journal.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { backoffMs } from '../net/backoff.js';
import type { SinksInput, SinksMessage } from './sinks-worker.js';
import type { EngineEvent, SinkStatus } from './status.js';

const RESTART = { baseMs: 1_000, capMs: 60_000 } as const;
/** A worker that has lived so long did not die of what the one before died of. */
const HEALTHY_MS = 60_000;

export interface SinksParts {
  readonly input: SinksInput;
  say(level: EngineEvent['level'], event: string, text: string, facts: EngineEvent['facts']): void;
}

export class Sinks {
  readonly #parts: SinksParts;
  #statuses: readonly SinkStatus[];
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #deaths = 0;
  #isEnding = false;

  constructor(parts: SinksParts) {
    this.#parts = parts;
    this.#statuses = namesOf(parts.input).map((name) => downFor(name, 'not connected yet'));
  }

  start(): void {
    const startedMs = performance.now();
    // Beside the bundled dist/main.js, where the build puts it.
    const entry = fileURLToPath(new URL('./workers/sinks.js', import.meta.url));
    const worker = new Worker(entry, { workerData: this.#parts.input, name: 'sinks' });
    this.#worker = worker;
    let why = 'it ended';
    worker.on('message', (message: SinksMessage) => this.#heard(message));
    worker.on('error', (error) => {
      why = error.message;
    });
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        resolve();
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        if (performance.now() - startedMs > HEALTHY_MS) this.#deaths = 0;
        this.#died(why);
      });
    });
  }

  statuses(): readonly SinkStatus[] {
    return this.#statuses;
  }

  /** Copies what is committed now into each sink that is up, for so long at the most; what is left is copied by the next run. */
  async end(deadlineMs: number): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.postMessage('end');
    const deadline = setTimeout(() => void worker.terminate(), deadlineMs);
    await this.#exited;
    clearTimeout(deadline);
  }

  #heard(message: SinksMessage): void {
    switch (message.type) {
      case 'statuses':
        this.#statuses = message.statuses;
        break;
      case 'event': {
        const { level, event, text, facts } = message.event;
        this.#parts.say(level, event, text, facts);
        break;
      }
      default:
        message satisfies never;
    }
  }

  #died(why: string): void {
    if (this.#isEnding) return;
    this.#statuses = this.#statuses.map(({ name, lagRows }) => ({
      ...downFor(name, `its worker died: ${why}`),
      lagRows,
    }));
    // Once a row of deaths: the next ones follow each other ever more slowly.
    if (this.#deaths === 0) {
      this.#parts.say('warn', 'sinks-died', `the sinks' worker died: ${why}`, { why });
    }
    this.#restart = setTimeout(
      () => this.start(),
      backoffMs(RESTART, this.#deaths++, Math.random()),
    );
  }
}

function namesOf({ config }: SinksInput): string[] {
  return [
    ...(config.postgresUrl === undefined ? [] : ['postgres']),
    ...(config.redisUrl === undefined ? [] : ['redis']),
  ];
}

function downFor(name: string, why: string): SinkStatus {
  return { name, state: 'down', lagRows: 0, why };
}
