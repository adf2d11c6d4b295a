// The tables in PostgreSQL, as steps from one version to the next, and how they are taken. A step that was released is never changed.
import type { Client } from 'pg';
import { SinkRefusal } from '../sink.js';

/** Of pg_advisory_xact_lock: two engines that start together take the steps one after the other. "undr" in ASCII. */
const MIGRATION_LOCK = 0x756e6472;

/** Of these, TimescaleDB makes hypertables where it is installed: they grow with time, and are asked for by it. */
export const HYPERTABLES = [
  'opportunities',
  'orders',
  'order_states',
  'fills',
  'arbs',
  'arb_states',
  'balances',
  'events',
  'latency_metrics',
  'paper_trades',
] as const;
const CHUNK = '7 days';

export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE underround.cursors (journal_id text PRIMARY KEY, journal integer GENERATED ALWAYS AS IDENTITY UNIQUE,
     seq bigint NOT NULL, changed timestamptz NOT NULL DEFAULT now());
   CREATE TABLE underround.runs (journal integer NOT NULL, run integer NOT NULL, time timestamptz NOT NULL, profile text NOT NULL,
     version text NOT NULL, ended timestamptz, why text, summary jsonb, seq bigint NOT NULL, PRIMARY KEY (journal, run));
   CREATE TABLE underround.opportunities (time timestamptz NOT NULL, journal integer NOT NULL, id bigint NOT NULL,
     run integer NOT NULL, arb text, pair text NOT NULL, kalshi_outcome text NOT NULL, decision text NOT NULL,
     is_new boolean NOT NULL, size_centi bigint NOT NULL, net_micros bigint NOT NULL, inputs jsonb, seq bigint NOT NULL,
     PRIMARY KEY (journal, id, time));
   CREATE INDEX opportunities_by_arb ON underround.opportunities (journal, arb);
   CREATE TABLE underround.orders (time timestamptz NOT NULL, journal integer NOT NULL, client_order_id text NOT NULL,
     order_id text, run integer NOT NULL, arb text NOT NULL, role text NOT NULL, venue text NOT NULL, pair text NOT NULL,
     outcome text NOT NULL, size_centi bigint NOT NULL, limit_e4 bigint NOT NULL, spend_micros bigint NOT NULL,
     state text NOT NULL, filled_e6 bigint, reply jsonb, stamps_ns jsonb, seq bigint NOT NULL,
     PRIMARY KEY (journal, client_order_id, time));
   CREATE INDEX orders_by_arb ON underround.orders (journal, arb);
   CREATE TABLE underround.order_states (time timestamptz NOT NULL, journal integer NOT NULL, id bigint NOT NULL,
     run integer NOT NULL, client_order_id text NOT NULL, state text NOT NULL, why text NOT NULL, filled_e6 bigint,
     seq bigint NOT NULL, PRIMARY KEY (journal, id, time));
   CREATE INDEX order_states_by_order ON underround.order_states (journal, client_order_id);
   CREATE TABLE underround.fills (time timestamptz NOT NULL, journal integer NOT NULL, venue text NOT NULL,
     trade_id text NOT NULL, order_id text NOT NULL, outcome text NOT NULL, client_order_id text, run integer NOT NULL,
     pair text NOT NULL, size_e6 bigint NOT NULL, cost_micros bigint NOT NULL, fee_micros bigint NOT NULL, state text NOT NULL,
     source text NOT NULL, seq bigint NOT NULL, PRIMARY KEY (journal, venue, trade_id, order_id, outcome, time));
   CREATE INDEX fills_by_order ON underround.fills (journal, client_order_id);
   CREATE TABLE underround.arbs (time timestamptz NOT NULL, journal integer NOT NULL, arb text NOT NULL, run integer NOT NULL,
     pair text NOT NULL, changed timestamptz NOT NULL, state text NOT NULL, seq bigint NOT NULL,
     PRIMARY KEY (journal, arb, time));
   CREATE TABLE underround.arb_states (time timestamptz NOT NULL, journal integer NOT NULL, id bigint NOT NULL,
     run integer NOT NULL, arb text NOT NULL, pair text NOT NULL, state text NOT NULL, why text NOT NULL, facts jsonb,
     seq bigint NOT NULL, PRIMARY KEY (journal, id, time));
   CREATE INDEX arb_states_by_arb ON underround.arb_states (journal, arb);
   CREATE TABLE underround.balances (time timestamptz NOT NULL, journal integer NOT NULL, id bigint NOT NULL,
     run integer NOT NULL, venue text NOT NULL, shard integer NOT NULL, micros bigint NOT NULL, source text NOT NULL,
     seq bigint NOT NULL, PRIMARY KEY (journal, id, time));
   CREATE TABLE underround.limits (time timestamptz NOT NULL, journal integer NOT NULL, id bigint NOT NULL,
     run integer NOT NULL, name text NOT NULL, value text NOT NULL, was text, seq bigint NOT NULL,
     PRIMARY KEY (journal, id, time));
   CREATE TABLE underround.events (time timestamptz NOT NULL, journal integer NOT NULL, id bigint NOT NULL,
     run integer NOT NULL, level text NOT NULL, event text NOT NULL, text text NOT NULL, facts jsonb,
     seq bigint NOT NULL, PRIMARY KEY (journal, id, time));
   CREATE TABLE underround.latency_metrics (time timestamptz NOT NULL, since timestamptz NOT NULL, journal integer NOT NULL,
     id bigint NOT NULL, run integer NOT NULL, stage text NOT NULL, count bigint NOT NULL, p50_ns bigint NOT NULL,
     p95_ns bigint NOT NULL, p99_ns bigint NOT NULL, p999_ns bigint NOT NULL, max_ns bigint NOT NULL, seq bigint NOT NULL,
     PRIMARY KEY (journal, id, time));
   CREATE TABLE underround.paper_trades (time timestamptz NOT NULL, journal integer NOT NULL, arb text NOT NULL,
     run integer NOT NULL, pair text NOT NULL, state text NOT NULL, size_centi bigint NOT NULL, expected_net_micros bigint NOT NULL,
     kalshi_filled_e6 bigint NOT NULL, polymarket_filled_e6 bigint NOT NULL, cost_micros bigint NOT NULL, fee_micros bigint NOT NULL,
     detection_latency_ms double precision, order_latency_ms double precision, websocket_connected boolean NOT NULL,
     PRIMARY KEY (journal, arb, time));
   ${HYPERTABLES.map((table) => `CREATE INDEX ${table}_time_idx ON underround.${table} (time DESC);`).join('\n')}`,
];

/**
 * Takes the steps that are missing, all or none. Rejects with SinkRefusal for tables of a newer version. Resolves with how many
 * hypertables were made of new tables, or with why none could be. `steps`: for tests.
 */
export async function migratePostgres(
  client: Client,
  steps: readonly string[] = MIGRATIONS,
): Promise<number | Error> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  const version = await versionOf(client);
  refuseNewer(version, steps.length);
  for (let next = version; next < steps.length; next++) {
    if (next === 0) await createSchema(client);
    await client.query(steps[next]!);
    await client.query('INSERT INTO underround.migrations (version) VALUES ($1)', [next + 1]);
  }
  // Of empty tables only: moving rows takes as long as it takes, and is for a person to begin.
  const hypertables = version === 0 ? await tryHypertables(client) : 0;
  await client.query('COMMIT');
  return hypertables;
}

/** What the next run finds or makes, in words. Throws SinkRefusal where it would not get on. */
export async function stateOfTables(client: Client): Promise<string> {
  const version = await versionOf(client);
  refuseNewer(version, MIGRATIONS.length);
  if (version > 0) return `tables of version ${version} of ${MIGRATIONS.length}`;
  const { rows } = await client.query<{ may_create: boolean }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') OR EXISTS
       (SELECT 1 FROM pg_namespace WHERE nspname = 'underround' AND has_schema_privilege(oid, 'CREATE')) AS may_create`,
  );
  if (rows[0]?.may_create === true) return 'no tables yet, the next run makes them';
  throw new SinkRefusal(
    'it has no tables and this user may make none: do="create schema underround authorization this user"',
  );
}

function refuseNewer(version: number, known: number): void {
  if (version <= known) return;
  throw new SinkRefusal(
    `its tables are of a newer underround: version=${version} known=${known} do="use that one, or another database"`,
  );
}

async function versionOf(client: Client): Promise<number> {
  const found = await client.query<{ at: string | null }>(
    "SELECT to_regclass('underround.migrations') AS at",
  );
  if (found.rows[0]?.at === null) return 0;
  const { rows } = await client.query<{ version: number | null }>(
    'SELECT max(version) AS version FROM underround.migrations',
  );
  return rows[0]?.version ?? 0;
}

/** Whoever may not create a schema may have been given one. */
async function createSchema(client: Client): Promise<void> {
  const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'underround'");
  if (rows.length === 0) await client.query('CREATE SCHEMA underround');
  await client.query(
    'CREATE TABLE underround.migrations (version integer PRIMARY KEY, taken timestamptz NOT NULL DEFAULT now())',
  );
}

/** Plain tables hold the same rows: what TimescaleDB has against it is told, and no reason to stop. */
async function tryHypertables(client: Client): Promise<number | Error> {
  const { rows } = await client.query<{ schema: string }>(
    `SELECT quote_ident(nspname) AS schema FROM pg_extension
       JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'timescaledb'`,
  );
  const schema = rows[0]?.schema;
  if (schema === undefined) return 0;
  await client.query('SAVEPOINT plain');
  try {
    for (const table of HYPERTABLES) {
      await client.query(
        `SELECT ${schema}.create_hypertable('underround.${table}'::regclass, 'time'::name,
           chunk_time_interval => interval '${CHUNK}', if_not_exists => true)`,
      );
    }
    return HYPERTABLES.length;
  } catch (error) {
    await client.query('ROLLBACK TO plain');
    return error instanceof Error ? error : new Error(String(error));
  }
}
