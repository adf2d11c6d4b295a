import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { JOURNAL_TABLES, JournalCursor } from '../../src/journal/journal-cursor.js';
import type { JournalRecord } from '../../src/journal/records.js';
import { migrate, SCHEMA_STEPS } from '../../src/journal/schema.js';
import { JournalStore } from '../../src/journal/store.js';
import { journalRecords } from './record-arbitraries.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-cursor-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = () => join(directory, 'journal.sqlite');
const event = (text: string): JournalRecord => ({
  ...({ t: 'event', atMs: 1, level: 'warn', event: 'said', text, facts: null } as const),
});

/** All rows of all tables as they stand, by table and number. */
function standing(): Map<string, unknown> {
  const db = new Database(path(), { readonly: true });
  const all = JOURNAL_TABLES.flatMap((table) =>
    (db.prepare(`SELECT * FROM ${table}`).all() as { seq: number }[]).map(
      (row) => [`${row.seq} ${table}`, row] as const,
    ),
  );
  db.close();
  return new Map(all);
}

it('shows each row as it stands to who reads while others write, whatever the windows', () => {
  const step = fc.oneof(
    journalRecords.map((records) => ({ append: records })),
    fc.integer({ min: 1, max: 9 }).map((most) => ({ read: most })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      rmSync(path(), { force: true });
      const store = JournalStore.open(path());
      const cursor = JournalCursor.open(path());
      const seen = new Map<string, unknown>();
      let after = 0;
      const read = (most: number) => {
        const { rows, through } = cursor.read(after, most);
        expect(through).toBeGreaterThanOrEqual(after);
        expect(new Set(rows.map(({ seq }) => seq)).size).toBeLessThanOrEqual(most);
        for (const { seq, table, values } of rows) {
          expect(seq).toBeGreaterThan(after);
          expect(seq).toBeLessThanOrEqual(through);
          expect(seen.has(`${seq} ${table}`)).toBe(false);
          seen.set(`${seq} ${table}`, values);
        }
        after = through;
      };
      for (const each of steps) {
        if ('append' in each) store.append(each.append);
        else read(each.read);
      }
      const left = cursor.countAfter(after);
      const before = seen.size;
      while (after < cursor.newest()) read(7);
      expect(seen.size - before).toBe(left);
      expect(cursor.countAfter(after)).toBe(0);
      // Of a row that was written over, an earlier state may have been seen too; nothing is missing.
      for (const [key, row] of standing()) expect(seen.get(key)).toEqual(row);
      cursor.close();
      store.close();
    }),
    { numRuns: 60 },
  );
});

it('numbers the rows of an older journal, and goes on from there', () => {
  const db = new Database(path());
  migrate(db, path(), SCHEMA_STEPS.slice(0, 1));
  const insert = db.prepare(
    "INSERT INTO events (run, at_ms, level, event, text, facts) VALUES (1, 1, 'warn', 'said', ?, 'null')",
  );
  for (const text of ['a', 'b', 'c']) insert.run(text);
  db.exec(
    "INSERT INTO arbs (arb, run, pair, fired_ms, at_ms, state) VALUES ('r1.0.1', 1, 'p', 1, 1, 'fired')",
  );
  db.close();
  const store = JournalStore.open(path());
  store.append([event('d')]);
  store.close();
  const cursor = JournalCursor.open(path());
  const { rows, through } = cursor.read(0, 100);
  expect(rows.map(({ table, values }) => [table, values.text ?? values.arb])).toEqual([
    ['arbs', 'r1.0.1'],
    ...['a', 'b', 'c', 'd'].map((text) => ['events', text]),
  ]);
  expect(through).toBe(5);
  expect(cursor.id).toMatch(/^[0-9a-f]{32}$/);
  cursor.close();
});

it('gives no number again that may have been seen before a machine lost its power', () => {
  const store = JournalStore.open(path());
  const run: JournalRecord = { t: 'run', atMs: 1, profile: 'test', version: '0', config: null };
  store.append([run, event('seen')]);
  const cursor = JournalCursor.open(path());
  const before = cursor.newest();
  store.append([run]);
  expect(cursor.newest()).toBeGreaterThan(before + 99_999);
  // What lies between is no work.
  expect(cursor.read(before, 1).rows.map(({ table }) => table)).toEqual(['runs']);
  cursor.close();
  store.close();
});
