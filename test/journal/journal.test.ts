// The journal with its worker on a thread of its own: what goes in comes out, and what cannot is told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { JournalRecord } from '../../src/journal/records.js';
import { SCHEMA_VERSION } from '../../src/journal/schema.js';
import { JournalStore } from '../../src/journal/store.js';
import { Journal, journalFile } from '../../src/runtime/journal.js';
import { type Bundle, bundleJournal } from './bundle.js';
import { journalRecords } from './record-arbitraries.js';

const DEADLINE_MS = 20_000;
/** Of the ring, which holds 8 MiB. */
const FILLING = 'x'.repeat(100_000);

const TRANSACTIONS = 30_000;
/** A transaction. What libsql keeps for one until it is told to let go is about 900. */
const MAX_KEPT_BYTES = 300;

let bundle: Bundle;
let directory: string;
const entry = vi.hoisted(() => ({ file: '' }));

// `Journal` looks for its worker beside the bundled program.
vi.mock('node:worker_threads', async (original) => {
  const threads = await original<typeof import('node:worker_threads')>();
  class BundledWorker extends threads.Worker {
    constructor(_file: string, options: import('node:worker_threads').WorkerOptions) {
      super(entry.file, options);
    }
  }
  return { ...threads, Worker: BundledWorker };
});

beforeAll(async () => {
  bundle = await bundleJournal();
});
afterAll(() => bundle.remove());
beforeEach(() => {
  entry.file = bundle.worker;
  directory = mkdtempSync(join(tmpdir(), 'underround-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(stateDir = directory) {
  const failures: string[] = [];
  return {
    journal: Journal.open(stateDir, {
      failed: (why) => failures.push(why),
      late: (why) => failures.push(`late ${why}`),
    }),
    failures,
  };
}

function event(text: string, facts: unknown = null): JournalRecord {
  return { t: 'event', atMs: 1, level: 'info', event: 'test', text, facts };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Every table but the runs, a record for each row, as the record that made it. */
function readBack(store: JournalStore): unknown[] {
  const without = (row: object, ...names: string[]) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !['run', ...names].includes(name)));
  const orders = store.orders({});
  return [
    ...store.decisions({}).map((row) => ({ t: 'decision', ...without(row, 'id') })),
    ...orders.map((row) => ({ t: 'order', ...without(row, 'filledE6') })),
    ...orders.flatMap(({ clientOrderId }) =>
      store.orderStates(clientOrderId).map((row) => ({ t: 'order-state', ...row })),
    ),
    ...store.fills({}).map((row) => ({ t: 'fill', ...without(row) })),
    ...store
      .arbs({})
      .flatMap(({ arb }) => store.arbStates(arb).map((row) => ({ t: 'arb-state', ...row }))),
    ...store.balances({}).map((row) => ({ t: 'balance', ...without(row) })),
    ...store.events({}).map((row) => ({ t: 'event', ...without(row) })),
  ];
}

/** JSON keeps no -0 and no undefined. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
/** As text, so that neither the order of rows nor of their fields counts. */
const sorted = (rows: readonly unknown[]) => {
  const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  return rows.map((row) => JSON.stringify(Object.entries(row as object).sort(byName))).sort();
};

it('keeps every record of any kind as it was, and once what has a name when it comes twice', async () => {
  await fc.assert(
    fc.asyncProperty(journalRecords, async (records) => {
      const stateDir = mkdtempSync(join(directory, 'case-'));
      const { journal, failures } = open(stateDir);
      const { run } = journal;
      for (const record of records) expect(journal.write(record)).toBe(true);
      expect(await journal.flush(DEADLINE_MS)).toBe(true);
      expect(journal.lagRecords).toBe(0);
      const unread = ['limit', 'latency', 'run', 'run-end'];
      const written = records.filter(({ t }) => !unread.includes(t));
      expect(sorted(readBack(journal.store))).toEqual(sorted(plain(written)));
      expect(journal.store.lastRun()?.id).toBe(run);

      const positions = journal.store.positions();
      const named = records.filter(({ t }) => t === 'order' || t === 'fill');
      for (const record of named) journal.write(record);
      expect(await journal.flush(DEADLINE_MS)).toBe(true);
      expect(sorted(readBack(journal.store))).toEqual(sorted(plain(written)));
      expect(journal.store.positions()).toEqual(positions);

      await journal.close();
      expect(failures).toEqual([]);
      const db = new Database(journalFile(stateDir), { readonly: true });
      const limits = db.prepare('SELECT at_ms AS atMs, name, value, was FROM limits').all();
      expect(sorted(limits)).toEqual(
        sorted(records.filter(({ t }) => t === 'limit').map(({ t, ...limit }) => limit)),
      );
      const latencies = db
        .prepare(
          `SELECT at_ms AS atMs, since_ms AS sinceMs, stage, count, p50_ns AS p50Ns, p95_ns AS p95Ns,
             p99_ns AS p99Ns, p999_ns AS p999Ns, max_ns AS maxNs FROM latencies`,
        )
        .all();
      expect(sorted(latencies)).toEqual(
        sorted(records.filter(({ t }) => t === 'latency').map(({ t, ...latency }) => latency)),
      );
      db.close();
    }),
    { numRuns: 25 },
  );
});

it('commits what is still in the ring when it is closed', async () => {
  const { journal, failures } = open();
  for (let n = 0; n < 5_000; n++) journal.write(event(String(n)));
  await journal.close();
  expect(failures).toEqual([]);
  const store = JournalStore.open(journalFile(directory), { readonly: true });
  expect(store.events({}).map(({ text }) => Number(text))).toEqual([...Array(5_000).keys()]);
  store.close();
});

it('commits what is written to it at rest just before it is closed', async () => {
  for (let round = 0; round < 20; round++) {
    const { journal, failures } = open();
    journal.write(event('before'));
    expect(await journal.flush(DEADLINE_MS)).toBe(true);
    journal.write(event('last'));
    await journal.close();
    expect(failures).toEqual([]);
  }
  const store = JournalStore.open(journalFile(directory), { readonly: true });
  expect(store.events({}).filter(({ text }) => text === 'last')).toHaveLength(20);
  store.close();
});

it('tells that it is late before it loses anything, then that it has, takes what fits, and commits all that it took', async () => {
  const { journal, failures } = open();
  journal.write(event('before'));
  expect(await journal.flush(DEADLINE_MS)).toBe(true);
  const other = new Database(journalFile(directory));
  other.exec('BEGIN IMMEDIATE');
  let taken = 1;
  let takenUntold = 0;
  while (journal.write(event('waiting', FILLING))) {
    taken++;
    if (failures.length === 0) takenUntold = taken;
    // The ring twice over: the worker may take one fill of it before it finds the file locked.
    if (taken > 1_000) throw new Error('the ring has no end');
  }
  expect(failures).toEqual([
    expect.stringMatching(/^late lagRecords=\d+/),
    expect.stringMatching(/its ring is full: lagRecords=\d+/),
  ]);
  expect(journal.failed).toBe(failures[1]);
  // There is room for what ends the business that is under way.
  expect(taken - takenUntold).toBeGreaterThan(10);
  expect(await journal.flush(DEADLINE_MS)).toBe(false);
  other.exec('ROLLBACK');
  other.close();
  await journal.close();
  expect(failures).toHaveLength(2);
  const store = JournalStore.open(journalFile(directory), { readonly: true });
  expect(store.events({})).toHaveLength(taken);
  store.close();
});

it('tells what could not be committed while it was being closed', async () => {
  const { journal, failures } = open();
  journal.write(event('before'));
  expect(await journal.flush(DEADLINE_MS)).toBe(true);
  const record = { ...event('bad'), atMs: Number.NaN } as JournalRecord;
  journal.write(record);
  await journal.close();
  expect(failures).toEqual([expect.stringMatching(/NOT NULL/)]);
});

it('tells that its worker died', async () => {
  entry.file = join(directory, 'no-such-worker.js');
  const { journal, failures } = open();
  await until('the failure', () => failures.length > 0);
  expect(failures).toEqual([expect.stringMatching(/no-such-worker/)]);
  await journal.close();
  expect(failures).toHaveLength(1);
});

it('is not opened on a file that is none, or is of a newer version', () => {
  writeFileSync(journalFile(directory), 'a page of something else '.repeat(400));
  expect(() => open()).toThrow(/not a database/);
  rmSync(journalFile(directory));
  JournalStore.open(journalFile(directory)).close();
  const db = new Database(journalFile(directory));
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  expect(() => open()).toThrow(/newer underround/);
});

it('gives back what a transaction took, however many there are', async () => {
  const { journal } = open();
  const commitEach = async (transactions: number) => {
    for (let n = 0; n < transactions; n++) {
      journal.write(event(String(n)));
      while (journal.lagRecords > 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  // Of this thread's own heap, which breathes, only what is beside it counts.
  const nativeMb = () => {
    const { rss, heapTotal } = process.memoryUsage();
    return (rss - heapTotal) / 2 ** 20;
  };
  await commitEach(TRANSACTIONS / 3);
  const before = nativeMb();
  await commitEach(TRANSACTIONS);
  expect(nativeMb() - before).toBeLessThan((MAX_KEPT_BYTES * TRANSACTIONS) / 2 ** 20);
  await journal.close();
}, 60_000);
