// What a process that is killed, and a disk that is full, leave behind: real processes, real files.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { JournalStore } from '../../src/journal/store.js';
import { journalFile } from '../../src/runtime/journal.js';
import { Rng } from '../../src/sim/market/rng.js';
import { type Bundle, bundleJournal } from './bundle.js';
import type { Said } from './journal-process.js';

const KILLS = 8;
const SEED = 4;
const LATEST_KILL_MS = 250;
/** Blocks of 512 bytes, or of 1,024: either holds the tables, neither a thousand events. */
const MOST_BLOCKS = 800;
const DEADLINE_MS = 30_000;

let bundle: Bundle;
let directory: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bundle = await bundleJournal();
});
afterAll(() => bundle.remove());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-journal-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** What it said is in `said`, as it comes; `said` resolves `next` whenever something was. */
function start(first: number, limit = '') {
  const script = `${limit} exec "$0" "$@"`;
  const args = ['-c', script, process.execPath, bundle.main, directory, String(first)];
  const child = spawn('/bin/sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const said: Said[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(JSON.parse(line) as Said));
  const closed = once(lines, 'close');
  const exited = once(child, 'exit');
  return { child, said, lines, ended: Promise.all([closed, exited]) };
}

function lastCommitted(said: readonly Said[]): number {
  return Math.max(-1, ...said.map(({ committed }) => committed ?? -1));
}

/** Numbers of the events, which must be all from the first to the last, once each. */
function readNumbers(): number {
  const store = JournalStore.open(journalFile(directory));
  const numbers = store.events({}).map(({ text }) => Number(text));
  expect(numbers).toEqual(numbers.map((_, index) => index));
  store.close();
  return numbers.length;
}

it('loses nothing that was flushed when its process is killed at any moment, and is gone on with', async () => {
  const random = new Rng(SEED);
  let written = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const { child, said, lines, ended } = start(written);
    await once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE_MS) });
    await new Promise((resolve) => setTimeout(resolve, random.unit() * LATEST_KILL_MS));
    child.kill('SIGKILL');
    await ended;
    expect(said.filter(({ failed }) => failed !== undefined)).toEqual([]);
    const before = written;
    written = readNumbers();
    expect(lastCommitted(said), `seed=${SEED} kill=${kill}`).toBeLessThan(written);
    expect(written).toBeGreaterThan(before);
  }
  const store = JournalStore.open(journalFile(directory));
  expect(store.runs()).toHaveLength(KILLS);
  const runs = store.runs().map(({ id }) => id);
  expect([...new Set(store.events({}).map(({ run }) => run))]).toEqual(runs);
  store.close();
});

it('says that the disk is full, and keeps what it had said to be committed', async () => {
  const { child, said, ended } = start(0, `ulimit -f ${MOST_BLOCKS} &&`);
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  await ended;
  clearTimeout(deadline);
  expect(child.exitCode).toBe(0);
  const failures = said.flatMap(({ failed }) => failed ?? []);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(/disk/);
  expect(said.at(-1)).toEqual({ closed: true });
  expect(lastCommitted(said)).toBeGreaterThanOrEqual(0);
  expect(readNumbers()).toBeGreaterThan(lastCommitted(said));
});

it('says that its file is taken when another keeps it locked', async () => {
  JournalStore.open(journalFile(directory)).close();
  const { said, lines, ended } = start(0);
  await once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE_MS) });
  const other = new Database(journalFile(directory), { timeout: DEADLINE_MS });
  other.exec('BEGIN IMMEDIATE');
  await ended;
  other.exec('ROLLBACK');
  other.close();
  expect(said.flatMap(({ failed }) => failed ?? [])).toEqual([expect.stringMatching(/locked/)]);
  expect(readNumbers()).toBeGreaterThan(lastCommitted(said));
});
