// What must be in a copy: every row of a journal as it stands, read and translated without the code that copies it.

import type { Redis } from 'ioredis';
import Database from 'libsql';
import { expect } from 'vitest';
import type { PostgresServer } from './postgres-server.js';

type Row = Record<string, unknown>;

const TABLES: Readonly<Record<string, { readonly table: string; readonly names: Row }>> = {
  runs: { table: 'runs', names: { id: 'run', started_ms: 'time', ended_ms: 'ended' } },
  decisions: { table: 'opportunities', names: { direction: 'kalshi_outcome' } },
  orders: { table: 'orders', names: { stamps: 'stamps_ns' } },
  order_states: { table: 'order_states', names: {} },
  fills: { table: 'fills', names: {} },
  arbs: { table: 'arbs', names: { fired_ms: 'time', at_ms: 'changed' } },
  arb_states: { table: 'arb_states', names: {} },
  balances: { table: 'balances', names: {} },
  limits: { table: 'limits', names: {} },
  events: { table: 'events', names: {} },
  latencies: { table: 'latency_metrics', names: { since_ms: 'since' } },
};
/** In the order of the ids of one change. */
const ORDER = [
  ...['runs', 'decisions', 'arbs', 'arb_states', 'orders', 'order_states', 'fills', 'balances'],
  ...['limits', 'events', 'latencies'],
];
const JSON_NAMES = ['summary', 'inputs', 'reply', 'stamps', 'facts'];
/** Rows that are written over: a copy that followed has seen earlier states of them. */
const WRITTEN_OVER = ['runs', 'orders', 'fills', 'arbs'];

export function journalId(path: string): string {
  const db = new Database(path, { readonly: true });
  const { id } = db.prepare('SELECT id FROM identity').get() as { id: string };
  db.close();
  return id;
}

function standing(path: string): { table: string; rows: Row[] }[] {
  const db = new Database(path, { readonly: true });
  const all = Object.keys(TABLES).map((table) => ({
    table,
    rows: db.prepare(`SELECT * FROM ${table}`).all() as Row[],
  }));
  db.close();
  return all;
}

/** PostgreSQL's text can hold neither: the character for what cannot be shown stands for them. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [storable(name), storable(member)]),
  );
}

function inPostgres(table: string, row: Row): Row {
  const { names } = TABLES[table]!;
  const entries = Object.entries(row).flatMap(([name, value]) => {
    if (name === 'config') return [];
    const there = names[name] ?? (name === 'at_ms' ? 'time' : name);
    if (value === null) return [[there, null]];
    if (JSON_NAMES.includes(name)) return [[there, storable(JSON.parse(String(value)))]];
    if (name === 'venue') return [[there, ['kalshi', 'polymarket'][Number(value)]]];
    if (name === 'outcome' || name === 'direction') return [[there, ['yes', 'no'][Number(value)]]];
    if (name === 'is_new') return [[there, value === 1]];
    if (name.endsWith('_ms')) return [[there, new Date(Number(value))]];
    return [[there, storable(value)]];
  });
  return Object.fromEntries(entries) as Row;
}

const bySeq = (one: Row, other: Row) => Number(one.seq) - Number(other.seq);
/** -0 is 0 in a database. */
const plain = (rows: Row[]): unknown => JSON.parse(JSON.stringify(rows.sort(bySeq)));

/** Every row of the journal is there once and as it stands, and no other is. Returns how many. */
export async function expectPostgresCopy(
  path: string,
  server: PostgresServer,
  database: string,
): Promise<number> {
  const id = journalId(path);
  let count = 0;
  for (const { table, rows } of standing(path)) {
    const there = await server.query<Row>(
      `SELECT t.* FROM underround.${TABLES[table]!.table} t JOIN underround.cursors USING (journal) WHERE journal_id = $1`,
      database,
      [id],
    );
    const copied = there.map(({ journal, ...row }) => row);
    expect(plain(copied), table).toEqual(plain(rows.map((row) => inPostgres(table, row))));
    count += rows.length;
  }
  return count;
}

/** Every row of the journal is there as it stands, once; besides them only earlier states of rows that were written over since. */
export async function expectRedisCopy(path: string, redis: Redis): Promise<number> {
  const entries = await redis.xrange(`underround:${journalId(path)}:trail`, '-', '+');
  const there = new Map(
    entries.map(([id, fields]) => [id, { table: fields[1], row: JSON.parse(fields[3]!) as Row }]),
  );
  expect(there.size).toBe(entries.length);
  let count = 0;
  for (const { table, rows } of standing(path)) {
    for (const { config, ...row } of rows) {
      const id = `${row.seq}-${ORDER.indexOf(table) + 1}`;
      for (const name of JSON_NAMES) {
        if (typeof row[name] === 'string') row[name] = JSON.parse(row[name]);
      }
      expect(there.get(id), `${table} ${id}`).toEqual({ table, row });
      there.delete(id);
      count++;
    }
  }
  for (const { table } of there.values()) expect(WRITTEN_OVER).toContain(table);
  return count;
}
