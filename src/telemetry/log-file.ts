// The log as JSON, a line an event, in files that take turns. Written behind the engine's back: a disk that is slow or full costs lines,
// which are counted, never a moment of the engine's.
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino } from 'pino';
import openRolling from 'pino-roll';
import type { ToldEvent } from './event-hub.js';
import { HIDDEN } from './secret-patterns.js';

/** What waits to be written at the most; lines beyond it are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Whoever may read the log may read what is traded. */
const FILE_MODE = 0o600;
/** Names under which a secret would stand if somebody told it as a fact; values are scrubbed before. */
const HIDDEN_FACTS = [
  'secret',
  'passphrase',
  'password',
  'privateKey',
  'apiKey',
  'authorization',
  'signature',
  'token',
];

export interface LogFileOptions {
  /** "engine.log" becomes engine.1.log, engine.2.log and so on; the highest is the one that is written. */
  readonly path: string;
  readonly maxFileMegabytes: number;
  readonly maxFiles: number;
  /** Told each time when writing begins to fail. */
  readonly failed: (why: string) => void;
}

export interface LogFile {
  readonly write: (event: ToldEvent) => void;
  /** Lines that could not be kept. */
  dropped(): number;
  /** Waits until all is written, or so long. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

/** Rejects when the file cannot be opened. */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  const { path, maxFileMegabytes, maxFiles } = options;
  const destination = await openRolling({
    file: path,
    size: `${maxFileMegabytes}m`,
    // It counts those beside the one that is written.
    limit: { count: maxFiles - 1, removeOtherLogFiles: true },
    mkdir: true,
    mode: FILE_MODE,
    sync: false,
    maxLength: MAX_WAITING_BYTES,
  });
  let dropped = 0;
  let hasFailed = false;
  let isClosed = false;
  destination.on('drop', () => {
    dropped++;
  });
  await new Promise<void>((resolve, reject) => {
    destination.once('ready', resolve);
    destination.once('error', reject);
  });
  // What could not be written waits, and is written later or dropped.
  destination.on('write', () => {
    hasFailed = false;
  });
  destination.on('error', (error: Error) => {
    if (hasFailed) return;
    hasFailed = true;
    options.failed(error.message);
  });
  const log = pino(
    {
      level: 'info',
      base: { pid: process.pid },
      timestamp: false,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: HIDDEN_FACTS.map((name) => `facts.${name}`), censor: HIDDEN },
    },
    destination,
  );
  // Also when the process is ended in the middle: what was told is on the disk.
  // It is not asked of a disk that takes nothing: there it would try again for ever, and the process would never end.
  const flushNow = (): void => {
    try {
      const { bavail, bsize } = statfsSync(dirname(path));
      if (hasFailed || bavail * bsize < MAX_WAITING_BYTES) return;
      destination.flushSync();
    } catch {
      dropped++;
    }
  };
  process.on('exit', flushNow);
  return {
    write: ({ level, event, text, facts, part, atMs }) => {
      if (isClosed) dropped++;
      else log[level]({ time: new Date(atMs).toISOString(), part, event, facts }, text);
    },
    dropped: () => dropped,
    close: async (deadlineMs) => {
      if (isClosed) return;
      isClosed = true;
      process.off('exit', flushNow);
      if (!(await isWritten(destination, deadlineMs))) dropped++;
    },
  };
}

type Destination = ReturnType<typeof pino.destination>;

/** False when it had to be given up: how many lines went with it nobody knows. */
async function isWritten(destination: Destination, deadlineMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const written = await new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), deadlineMs);
    destination.once('close', () => resolve(true));
    destination.once('error', () => resolve(false));
    destination.end();
  });
  clearTimeout(timer);
  return written;
}
