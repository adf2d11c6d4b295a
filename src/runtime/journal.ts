// The main thread's end of the journal: records go into a ring and nothing waits for the disk. When the journal cannot keep up, or
// fails, whoever opens arbitrages must hear of it at once.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { encodeRecord, type JournalRecord } from '../journal/records.js';
import { JournalStore } from '../journal/store.js';
import { ByteRing } from '../shm/byte-ring.js';
import { CounterBlock, CounterReader } from '../shm/counters.js';
import type { JournalInput, JournalMessage } from './journal-worker.js';

const FILE = 'journal.sqlite';
/** A minute of the busiest trading. */
const RING_BYTES = 2 ** 23;
/** Fuller than this, and what is written next may not fit. */
const FULL_SHARE = 0.8;
/** Less than this, and it has caught up. */
const CALM_SHARE = 0.2;
/** Longer than its worker waits for another that has the file locked. */
const CLOSE_DEADLINE_MS = 6_000;

export function journalFile(stateDir: string): string {
  return join(stateDir, FILE);
}

export interface JournalEvents {
  /** Once: it takes no record any more, or has lost some. */
  failed(why: string): void;
  /** It has fallen behind so far that records may soon be lost; again after it had caught up. */
  late(why: string): void;
}

export class Journal {
  /** Number of this run: rows are marked by it, arbitrages named. */
  readonly run: number;
  /** Reads what is committed. */
  readonly store: JournalStore;
  readonly #ring: ByteRing;
  readonly #committed: CounterReader;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #events: JournalEvents;
  #written = 0;
  #isClosing = false;
  #isLate = false;
  #failed: string | undefined;

  /**
   * Makes the directory and the file where they are missing, and starts the worker. Throws for a journal of a newer version or a file
   * that is none.
   */
  static open(stateDir: string, events: JournalEvents): Journal {
    mkdirSync(stateDir, { recursive: true });
    const path = journalFile(stateDir);
    // Made and migrated here, so that what is wrong with it is known before anything starts.
    JournalStore.open(path).close();
    return new Journal(path, events);
  }

  private constructor(path: string, events: JournalEvents) {
    this.#events = events;
    this.store = JournalStore.open(path, { readonly: true });
    this.run = (this.store.lastRun()?.id ?? 0) + 1;
    const ring = new SharedArrayBuffer(ByteRing.bytes(RING_BYTES));
    const progress = new SharedArrayBuffer(CounterBlock.bytes(1));
    this.#ring = new ByteRing(ring);
    this.#committed = new CounterReader(progress);
    const input: JournalInput = { path, ring, progress };
    // Beside the bundled dist/main.js, where the build puts it.
    const entry = fileURLToPath(new URL('./workers/journal.js', import.meta.url));
    this.#worker = new Worker(entry, { workerData: input, name: 'journal' });
    this.#worker.on('message', ({ why }: JournalMessage) => this.#fail(why));
    this.#worker.on('error', (error) => this.#fail(error.message));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        if (!this.#isClosing) this.#fail('its worker ended');
        resolve();
      });
    });
  }

  /** What is wrong with it, if something is. */
  get failed(): string | undefined {
    return this.#failed;
  }

  /** Records that are not committed yet. */
  get lagRecords(): number {
    return this.#written - this.#committed.total(0);
  }

  /** False when it could not be taken: it is lost to the journal, and that has been told. */
  write(record: JournalRecord): boolean {
    const isTaken = this.#ring.push(encodeRecord(record));
    const { used } = this.#ring;
    if (isTaken) this.#written++;
    if (!isTaken) this.#fail(`its ring is full: lagRecords=${this.lagRecords}`);
    else if (used > RING_BYTES * FULL_SHARE) this.#fallBehind();
    else if (used < RING_BYTES * CALM_SHARE) this.#isLate = false;
    return isTaken;
  }

  /** True when all that was written is committed, within so long. */
  async flush(deadlineMs: number): Promise<boolean> {
    const until = performance.now() + deadlineMs;
    while (this.lagRecords > 0) {
      if (this.#failed !== undefined || performance.now() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return true;
  }

  /** Commits what is still on its way. What cannot be is a failure like any other. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#worker.postMessage('end');
    const deadline = setTimeout(() => void this.#worker.terminate(), CLOSE_DEADLINE_MS);
    await this.#exited;
    clearTimeout(deadline);
    if (this.lagRecords > 0) this.#fail(`closed too early: lagRecords=${this.lagRecords}`);
    this.#failed ??= 'it is closed';
    this.store.close();
  }

  #fallBehind(): void {
    if (this.#isLate) return;
    this.#isLate = true;
    this.#events.late(`lagRecords=${this.lagRecords}`);
  }

  #fail(why: string): void {
    if (this.#failed !== undefined) return;
    this.#failed = why;
    this.#events.failed(why);
  }
}
