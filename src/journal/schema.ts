// The journal's tables, as steps from one version to the next. A step that was released is never changed.
import type Database from 'libsql';

export const SCHEMA_STEPS: readonly string[] = [
  `CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, started_ms INTEGER NOT NULL, profile TEXT NOT NULL,
     version TEXT NOT NULL, config TEXT NOT NULL, ended_ms INTEGER, why TEXT, summary TEXT);
   CREATE TABLE decisions (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL, arb TEXT,
     pair TEXT NOT NULL, direction INTEGER NOT NULL, decision TEXT NOT NULL, is_new INTEGER NOT NULL,
     size_centi INTEGER NOT NULL, net_micros INTEGER NOT NULL, inputs TEXT NOT NULL);
   CREATE INDEX decisions_by_arb ON decisions (arb);
   CREATE INDEX decisions_by_time ON decisions (at_ms);
   CREATE TABLE orders (client_order_id TEXT PRIMARY KEY, order_id TEXT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     arb TEXT NOT NULL, role TEXT NOT NULL, venue INTEGER NOT NULL, pair TEXT NOT NULL, outcome INTEGER NOT NULL,
     size_centi INTEGER NOT NULL, limit_e4 INTEGER NOT NULL, spend_micros INTEGER NOT NULL, state TEXT NOT NULL,
     filled_e6 INTEGER, reply TEXT NOT NULL, stamps TEXT NOT NULL);
   CREATE INDEX orders_by_arb ON orders (arb);
   CREATE INDEX orders_by_time ON orders (at_ms);
   CREATE TABLE order_states (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     client_order_id TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, filled_e6 INTEGER);
   CREATE INDEX order_states_by_order ON order_states (client_order_id);
   CREATE TABLE fills (venue INTEGER NOT NULL, trade_id TEXT NOT NULL, order_id TEXT NOT NULL, outcome INTEGER NOT NULL,
     client_order_id TEXT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL, pair TEXT NOT NULL, size_e6 INTEGER NOT NULL,
     cost_micros INTEGER NOT NULL, fee_micros INTEGER NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
     PRIMARY KEY (venue, trade_id, order_id, outcome));
   CREATE INDEX fills_by_order ON fills (client_order_id);
   CREATE TABLE arbs (arb TEXT PRIMARY KEY, run INTEGER NOT NULL, pair TEXT NOT NULL, fired_ms INTEGER NOT NULL,
     at_ms INTEGER NOT NULL, state TEXT NOT NULL);
   CREATE TABLE arb_states (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     arb TEXT NOT NULL, pair TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, facts TEXT NOT NULL);
   CREATE INDEX arb_states_by_arb ON arb_states (arb);
   CREATE TABLE balances (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     venue INTEGER NOT NULL, shard INTEGER NOT NULL, micros INTEGER NOT NULL, source TEXT NOT NULL);
   CREATE TABLE limits (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     name TEXT NOT NULL, value TEXT NOT NULL, was TEXT);
   CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     level TEXT NOT NULL, event TEXT NOT NULL, text TEXT NOT NULL, facts TEXT NOT NULL);
   CREATE INDEX events_by_time ON events (at_ms);`,
  // What copies the journal elsewhere asks for what has changed after a number: see journal-cursor.ts.
  `CREATE TABLE identity (id TEXT NOT NULL, seq INTEGER NOT NULL);
   INSERT INTO identity VALUES (lower(hex(randomblob(16))), 0);
   CREATE TABLE latencies (id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, at_ms INTEGER NOT NULL,
     since_ms INTEGER NOT NULL, stage TEXT NOT NULL, count INTEGER NOT NULL, p50_ns INTEGER NOT NULL,
     p95_ns INTEGER NOT NULL, p99_ns INTEGER NOT NULL, p999_ns INTEGER NOT NULL, max_ns INTEGER NOT NULL);
   ${numbered([
     'runs',
     'limits',
     'balances',
     'decisions',
     'orders',
     'order_states',
     'fills',
     'arbs',
     'arb_states',
     'events',
     'latencies',
   ])}`,
];

/** Gives every row that is there a number, table by table, and later ones an index to be found by. */
function numbered(tables: readonly string[]): string {
  return tables
    .map(
      (table) => `ALTER TABLE ${table} ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
   UPDATE ${table} SET seq = rowid + (SELECT seq FROM identity);
   UPDATE identity SET seq = MAX(seq, (SELECT COALESCE(MAX(seq), 0) FROM ${table}));
   CREATE INDEX ${table}_by_seq ON ${table} (seq);`,
    )
    .join('\n');
}

export const SCHEMA_VERSION = SCHEMA_STEPS.length;

/** Written by a newer version of this program, or not a journal. */
export class JournalVersionError extends Error {
  readonly code = 'JOURNAL_VERSION';
}

export function versionOf(db: Database.Database): number {
  const row = db.prepare('PRAGMA user_version').get() as { user_version: number };
  return row.user_version;
}

/** Throws JournalVersionError for what a newer version has written: its rows may mean something else. */
export function requireKnownVersion(db: Database.Database, path: string): number {
  const version = versionOf(db);
  if (version <= SCHEMA_VERSION) return version;
  const facts = `path=${path} version=${version} known=${SCHEMA_VERSION}`;
  throw new JournalVersionError(
    `the journal is of a newer underround: ${facts} do="use that one, or another --state-dir"`,
  );
}

/** Each step is one transaction with its number: what is interrupted is done again from the last whole step. `steps`: for tests. */
export function migrate(
  db: Database.Database,
  path: string,
  steps: readonly string[] = SCHEMA_STEPS,
): void {
  for (let version = requireKnownVersion(db, path); version < steps.length; version++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(steps[version]!);
      db.exec(`PRAGMA user_version = ${version + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself when the disk is full.
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}
