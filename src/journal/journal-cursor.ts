// Reads what the journal has committed since a number, for whoever copies it elsewhere: the journal is the queue. It never writes, and
// holds no more rows than it was asked for.
import Database from 'libsql';
import { requireKnownVersion, SCHEMA_VERSION } from './schema.js';

const BUSY_MS = 5_000;

/** Every table that is copied. The order is that of the rows of one change: what it names comes before it. Never reordered. */
export const JOURNAL_TABLES = [
  'runs',
  'decisions',
  'arbs',
  'arb_states',
  'orders',
  'order_states',
  'fills',
  'balances',
  'limits',
  'events',
  'latencies',
] as const;
export type JournalTable = (typeof JOURNAL_TABLES)[number];

/** As the journal has it: integers and text; what is JSON there is text here. */
export type JournalValues = Readonly<Record<string, string | number | null>>;

export interface JournalRow {
  /** Of the row's newest change: a row that is written over is seen again under a higher number. */
  readonly seq: number;
  readonly table: JournalTable;
  readonly values: JournalValues;
}

export interface JournalWindow {
  /** By number, then table: at most two of one number. */
  readonly rows: readonly JournalRow[];
  /** All there is up to this number is in here or was before it. */
  readonly through: number;
}

/**
 * Each record that is appended has the next number, and gives it to the rows that it writes. There is one writer, so numbers appear in
 * their order: whoever has seen everything up to a number has to look above it only.
 */
export class JournalCursor {
  /** Of this journal and of no other, as long as the file lives: 32 hexadecimal digits. */
  readonly id: string;
  readonly #db: Database.Database;
  readonly #newest: Database.Statement;
  readonly #next: Database.Statement;
  readonly #count: Database.Statement;
  readonly #windows: readonly Database.Statement[];

  /** The file must be there, with all the steps of its schema. */
  static open(path: string): JournalCursor {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    try {
      const version = requireKnownVersion(db, path);
      if (version < SCHEMA_VERSION) {
        throw new Error(`the journal is not migrated: path=${path} version=${version}`);
      }
      return new JournalCursor(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private constructor(db: Database.Database) {
    this.#db = db;
    this.#newest = db.prepare('SELECT id, seq FROM identity');
    this.id = this.#identity().id;
    const ofAll = (sql: (table: string) => string) => JOURNAL_TABLES.map(sql).join(' UNION ALL ');
    const nexts = ofAll((table) => `SELECT MIN(seq) AS next FROM ${table} WHERE seq > ?1`);
    const counts = ofAll((table) => `SELECT COUNT(*) AS count FROM ${table} WHERE seq > ?1`);
    this.#next = db.prepare(`SELECT MIN(next) AS next FROM (${nexts})`);
    this.#count = db.prepare(`SELECT SUM(count) AS count FROM (${counts})`);
    this.#windows = JOURNAL_TABLES.map((table) =>
      db.prepare(`SELECT * FROM ${table} WHERE seq BETWEEN ? AND ?`),
    );
  }

  /** Number of the newest change; 0 before the first. */
  newest(): number {
    return this.#identity().seq;
  }

  /** Rows that are not copied yet by who has seen all up to `after`. It looks at each of them: 10 million a second. */
  countAfter(after: number): number {
    if (after >= this.newest()) return 0;
    return (this.#count.get(after) as { count: number }).count;
  }

  /** What has changed since: the rows of at most so many changes. */
  read(after: number, mostChanges: number): JournalWindow {
    // One view of all tables: a row must not be looked for where it was.
    this.#db.exec('BEGIN');
    try {
      const newest = this.newest();
      const { next } = this.#next.get(after) as { next: number | null };
      if (next === null) return { rows: [], through: Math.max(after, newest) };
      // Not beyond the newest: what comes there next would be taken for seen.
      const through = Math.min(next + mostChanges - 1, newest);
      return { rows: this.#window(next, through), through };
    } finally {
      this.#db.exec('COMMIT');
    }
  }

  close(): void {
    this.#db.close();
  }

  #window(from: number, through: number): JournalRow[] {
    const rows = this.#windows.flatMap((statement, index) =>
      (statement.all(from, through) as JournalValues[]).map((values) => ({
        seq: values.seq as number,
        table: JOURNAL_TABLES[index]!,
        values,
      })),
    );
    // Stable: rows of one number stay in the order of the tables.
    return rows.sort((one, other) => one.seq - other.seq);
  }

  #identity(): { id: string; seq: number } {
    return this.#newest.get() as { id: string; seq: number };
  }
}
