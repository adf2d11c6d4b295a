// The simulated exchanges as a process of their own: started, asked, and ended with us, however we end.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type ExchangeQuestions, exchangeQuestions } from './exchange-questions.js';
import { type ReadyLine, readyLineSchema } from './exchange-replies.js';
import { printable } from './exit-codes.js';

const READY_DEADLINE_MS = 30_000;
/** After SIGTERM; then it is killed. */
const END_DEADLINE_MS = 1_000;
/** Last words kept for the error that a death becomes. */
const KEPT_ERROR_LINES = 20;
const REMOVALS = 3;
const FRESH_DIRECTORY = /^underround-sim-\w+$/;

export interface RunningExchange extends ExchangeQuestions {
  readonly ready: ReadyLine;
  /** Resolves, with what it said last, when the process ends without being told to. */
  readonly died: Promise<string>;
  /** Gives it up: a process that was started for us ends, and its directory of keys with it. Never rejects. */
  end(deadlineMs: number): Promise<void>;
}

export interface ExchangeCommand {
  /** The file that node runs: our own main. */
  readonly mainPath: string;
  /** After the file's name: "sim" and its flags. */
  readonly args: readonly string[];
}

/** Rejects with the process's own words when it does not get ready, and leaves nothing behind. */
export async function startExchangeProcess(
  command: ExchangeCommand,
  cancelled: AbortSignal,
): Promise<RunningExchange> {
  const process = new ExchangeProcess(command);
  const cancel = (): void => void process.end(END_DEADLINE_MS);
  cancelled.addEventListener('abort', cancel, { once: true });
  if (cancelled.aborted) cancel();
  try {
    const ready = await process.ready();
    return {
      ...exchangeQuestions(ready.controlUrl),
      ready,
      died: process.died,
      end: (deadlineMs) => process.end(deadlineMs),
    };
  } catch (error) {
    await process.end(END_DEADLINE_MS);
    throw error;
  } finally {
    cancelled.removeEventListener('abort', cancel);
  }
}

class ExchangeProcess {
  readonly died: Promise<string>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #errorLines: string[] = [];
  readonly #exited: Promise<string>;
  readonly #killNow = () => {
    this.#child.kill('SIGKILL');
    this.#removeKeys();
  };
  #directory: string | undefined;
  #ending: Promise<void> | undefined;

  constructor({ mainPath, args }: ExchangeCommand) {
    // Its own process group: Ctrl-C is for us alone, we still have questions. It ends when its stdin closes, so also when
    // we are killed without a word.
    this.#child = spawn(process.execPath, [mainPath, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    process.on('exit', this.#killNow);
    // A dead child's pipe is not our failure: its exit is heard of below.
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#errorLines.push(printable(line));
      if (this.#errorLines.length > KEPT_ERROR_LINES) this.#errorLines.shift();
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
      this.#child.once('close', (code, signal) => resolve(this.#lastWords(code, signal)));
    });
    this.died = new Promise((resolve) => {
      void this.#exited.then((words) => {
        if (this.#ending === undefined) resolve(words);
      });
    });
  }

  /** The first line of its standard output; the rest of it is read and let go. */
  ready(): Promise<ReadyLine> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(new Error(`simulated exchanges are not ready: ms=${READY_DEADLINE_MS}`));
      }, READY_DEADLINE_MS);
      const settle = (action: () => void): void => {
        clearTimeout(deadline);
        action();
      };
      createInterface({ input: this.#child.stdout }).once('line', (line) => {
        settle(() => {
          try {
            const ready = readyLineSchema.parse(JSON.parse(line));
            this.#directory = ready.directory;
            resolve(ready);
          } catch (cause) {
            const message = `simulated exchanges: not a ready line: line=${line.slice(0, 200)}`;
            reject(new Error(message, { cause }));
          }
        });
      });
      void this.#exited.then((words) => {
        settle(() => reject(new Error(`simulated exchanges did not start: ${words}`)));
      });
    });
  }

  end(deadlineMs: number): Promise<void> {
    this.#ending ??= this.#end(deadlineMs);
    return this.#ending;
  }

  async #end(deadlineMs: number): Promise<void> {
    this.#child.kill('SIGTERM');
    this.#child.stdin.end();
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
    await this.#exited;
    clearTimeout(deadline);
    process.off('exit', this.#killNow);
    this.#removeKeys();
  }

  /** It does so itself unless it was killed. Only a directory that a simulation made for itself is taken away. */
  #removeKeys(): void {
    if (this.#directory === undefined || !FRESH_DIRECTORY.test(basename(this.#directory))) return;
    // The engine's state may be in it, and a worker of ours may be writing its last word.
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: REMOVALS });
  }

  #lastWords(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `exit code=${code}` : `signal=${signal}`;
    return this.#errorLines.length === 0
      ? how
      : `${how} last words: ${this.#errorLines.join(' | ')}`;
  }
}
