// Is this file a journal that can be gone on with? Looked at without changing it, also while an engine writes it.
import Database from 'libsql';
import { requireKnownVersion, SCHEMA_VERSION } from './schema.js';

const BUSY_MS = 1_000;
const MAX_PROBLEMS = 5;

export interface JournalState {
  readonly version: number;
  /** What this program writes; an older journal is brought there at the next start. */
  readonly newestVersion: number;
  /** Whether there was ever an order. */
  readonly hasOrders: boolean;
  /** What SQLite finds wrong in the file; empty when it is whole. Undefined when it was not asked. */
  readonly problems: readonly string[] | undefined;
}

/**
 * Throws JournalVersionError for one of a newer version, or what SQLite says of a file that is no journal. `whole`: also reads all of
 * it, which takes about a second for each gigabyte and holds up the thread.
 */
export function checkJournal(path: string, whole: boolean): JournalState {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  try {
    const version = requireKnownVersion(db, path);
    const problems = whole ? problemsOf(db) : undefined;
    const hasOrders = db.prepare('SELECT 1 FROM orders LIMIT 1').get() !== undefined;
    return { version, newestVersion: SCHEMA_VERSION, hasOrders, problems };
  } finally {
    db.close();
  }
}

function problemsOf(db: Database.Database): string[] {
  const rows = db.prepare(`PRAGMA quick_check(${MAX_PROBLEMS})`).all() as {
    quick_check: string;
  }[];
  return rows.map((row) => row.quick_check).filter((text) => text !== 'ok');
}
