// PostgreSQL as a sink: rows and the cursor of the journal move in one transaction, so that neither is ever without the other.
import { Client, type ClientConfig } from 'pg';
import type { JournalRow, JournalTable } from '../../journal/journal-cursor.js';
import { readPassword, spokenWhy } from '../password.js';
import { type Sink, SinkRefusal } from '../sink.js';
import type { SinksConfig } from '../sinks-config.js';
import { migratePostgres, stateOfTables } from './migrations.js';
import { REFRESH_PAPER_TRADES, touchedTrades } from './paper-trades.js';
import { jsonText, TARGETS, upsertOf } from './tables.js';

const CONNECT_MS = 5_000;
/** A server that says nothing for so long is as good as gone. */
const QUERY_MS = 20_000;
/** Sooner than ours, so that the server itself ends what takes too long: what it still did would hold locks in our way. */
const SERVER_STATEMENT_MS = 15_000;
const CLOSE_MS = 500;

/** SQLSTATEs that another attempt does not change: who we are, what we may, what there is; and rows that it will not take. */
const REFUSALS = /^(28...|3D000|3F000|42...|22...|23...|0A000)$/;

interface Here {
  readonly client: Client;
  /** Number of our journal in this database. */
  readonly journal: number;
}

export class PostgresSink implements Sink {
  readonly name = 'postgres';
  readonly #config: SinksConfig;
  readonly #hypertables: (outcome: number | Error) => void;
  #client: Client | undefined;
  #here: Here | undefined;
  #failure: Error | undefined;
  #password: string | undefined;
  #through = 0;
  #isOnPaper = false;

  /** `hypertables` hears how many were made of new tables, or why none could be. */
  constructor(
    config: SinksConfig,
    hypertables: (outcome: number | Error) => void = () => undefined,
  ) {
    this.#config = config;
    this.#hypertables = hypertables;
  }

  async probe(): Promise<string> {
    const client = this.#connect();
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return `PostgreSQL ${rows[0]?.server_version}, ${await stateOfTables(client)}`;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  async open(journalId: string): Promise<number> {
    const client = this.#connect();
    try {
      await client.connect();
      this.#hypertables(await migratePostgres(client));
      const { journal, seq } = await cursorOf(client, journalId);
      this.#here = { client, journal };
      this.#through = seq;
      this.#isOnPaper = await hasPaperRuns(client, journal);
      return seq;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  async write(rows: readonly JournalRow[], through: number): Promise<number> {
    const here = this.#here;
    if (here === undefined) throw new Error('not connected');
    try {
      const { client, journal } = here;
      await client.query('BEGIN');
      const { rows: cursors } = await client.query<{ seq: string }>(
        'SELECT seq FROM underround.cursors WHERE journal = $1 FOR UPDATE',
        [journal],
      );
      const seq = Number(cursors[0]?.seq ?? Number.NaN);
      if (seq !== this.#through) {
        // What a connection that we gave up had under way was committed after all, or somebody has put an older copy back.
        throw new Error(
          `the cursor was moved by somebody else: ours=${this.#through} there=${seq}`,
        );
      }
      await this.#insert(here, rows);
      await client.query(
        'UPDATE underround.cursors SET seq = $2, changed = now() WHERE journal = $1',
        [journal, through],
      );
      await client.query('COMMIT');
      this.#through = through;
      return through;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  wordsOf(error: unknown): string {
    return spokenWhy(error, this.#password);
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#here = undefined;
    if (client === undefined) return;
    // With a query under way, end() cuts the connection.
    const ended = client.end().catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([ended, late]);
    clearTimeout(timer);
  }

  #connect(): Client {
    this.#failure = undefined;
    this.#password = readPassword(this.#config.postgresPasswordFile, 'PGPASSWORD');
    const config: ClientConfig = {
      connectionString: withPassword(this.#config.postgresUrl ?? '', this.#password),
      application_name: 'underround',
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      statement_timeout: SERVER_STATEMENT_MS,
      keepAlive: true,
    };
    const client = new Client(config);
    const lost = (error?: Error) => {
      if (this.#client === client) this.#failure ??= error ?? new Error('the connection ended');
    };
    client.on('error', lost);
    client.on('end', () => lost());
    this.#client = client;
    return client;
  }

  async #insert({ client, journal }: Here, rows: readonly JournalRow[]): Promise<void> {
    for (const [table, own] of groupByTable(rows)) {
      const target = TARGETS[table];
      await client.query({
        name: `upsert-${target.table}`,
        text: UPSERTS[table],
        values: [journal, jsonText(target, own)],
      });
    }
    this.#isOnPaper ||= rows.some(
      ({ table, values }) => table === 'runs' && values.profile === 'paper',
    );
    if (!this.#isOnPaper) return;
    const { arbs, orders } = touchedTrades(rows);
    if (arbs.length + orders.length > 0) {
      await client.query(REFRESH_PAPER_TRADES, [journal, arbs, orders]);
    }
  }
}

/** In memory only: what stands in a URL is stronger than what is given beside it. Without one, pg looks into ~/.pgpass. */
function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url;
  return `${url}${url.includes('?') ? '&' : '?'}password=${encodeURIComponent(password)}`;
}

const UPSERTS = Object.fromEntries(
  Object.entries(TARGETS).map(([table, target]) => [table, upsertOf(target)]),
) as Readonly<Record<JournalTable, string>>;

function groupByTable(rows: readonly JournalRow[]): Map<JournalTable, JournalRow[]> {
  const groups = new Map<JournalTable, JournalRow[]>();
  for (const row of rows) {
    const group = groups.get(row.table);
    if (group === undefined) groups.set(row.table, [row]);
    else group.push(row);
  }
  return groups;
}

async function cursorOf(
  client: Client,
  journalId: string,
): Promise<{ journal: number; seq: number }> {
  await client.query(
    'INSERT INTO underround.cursors (journal_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING',
    [journalId],
  );
  // Behind whatever a connection that was given up has under way.
  const { rows } = await client.query<{ journal: number; seq: string }>(
    'SELECT journal, seq FROM underround.cursors WHERE journal_id = $1 FOR UPDATE',
    [journalId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the cursor is gone');
  return { journal: row.journal, seq: Number(row.seq) };
}

async function hasPaperRuns(client: Client, journal: number): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT 1 FROM underround.runs WHERE journal = $1 AND profile = 'paper' LIMIT 1",
    [journal],
  );
  return rows.length > 0;
}

/** What a person must mend says so; the rest is tried again soon. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SinkRefusal) return error;
  if (/client password must be a (non-empty )?string/.test(error.message)) {
    const how = 'sinks.postgresPasswordFile, PGPASSWORD or ~/.pgpass';
    return new SinkRefusal(`it wants a password: do="give one with ${how}"`, { cause: error });
  }
  const { code } = error as Error & { code?: unknown };
  if (typeof code !== 'string' || !REFUSALS.test(code)) return error;
  return new SinkRefusal(`${error.message} code=${code}`, { cause: error });
}
