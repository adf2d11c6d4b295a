// Against a real PostgreSQL of the test's own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/journal/records.js';
import { JournalStore } from '../../src/journal/store.js';
import { MIGRATIONS, migratePostgres } from '../../src/sinks/postgres/migrations.js';
import { PostgresSink } from '../../src/sinks/postgres/postgres-sink.js';
import { journalRecords } from '../journal/record-arbitraries.js';
import { expectPostgresCopy } from './copies.js';
import { CuttingProxy } from './cutting-proxy.js';
import { until } from './free-port.js';
import { POSTGRES_PASSWORD, PostgresServer, postgresPrograms } from './postgres-server.js';
import { Pumping } from './pumping.js';
import { SINKS } from './sinks-settings.js';

const programs = postgresPrograms();
/** Many journals and connections are made: seconds, or many on a machine that is busy otherwise. */
const PATIENCE = { timeout: 180_000 };

describe.skipIf(programs === undefined)('the PostgreSQL sink', () => {
  let server: PostgresServer;
  let directory: string;
  let databases = 0;
  const cleanups: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await PostgresServer.start(programs!);
  });
  afterAll(() => server?.remove());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'underround-sinks-'));
  });
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
    rmSync(directory, { recursive: true, force: true });
  });

  const path = () => join(directory, 'journal.sqlite');
  const fresh = async () => {
    const name = `t${++databases}`;
    await server.createDatabase(name);
    return name;
  };
  const open = (): JournalStore => {
    const store = JournalStore.open(path());
    cleanups.push(() => Promise.resolve(store.close()));
    return store;
  };
  const pump = (postgresUrl: string, options: ConstructorParameters<typeof Pumping>[2] = {}) => {
    const pumping = new Pumping(
      new PostgresSink({ ...SINKS, postgresUrl, ...passwordFile }),
      path(),
      options,
    );
    cleanups.push(() => pumping.end());
    return pumping;
  };
  let passwordFile: { postgresPasswordFile?: string } = {};
  afterEach(() => {
    passwordFile = {};
  });
  const connect = async (database: string) => {
    const client = new Client({ connectionString: server.url(database) });
    await client.connect();
    cleanups.push(() => client.end());
    return client;
  };
  const event = (text: string, facts: unknown = null): JournalRecord => ({
    ...({ t: 'event', atMs: 1, level: 'warn', event: 'said', text, facts } as const),
  });

  it(
    'has every row once, whatever is written, whatever is cut and whenever',
    PATIENCE,
    async () => {
      const database = await fresh();
      const proxy = await CuttingProxy.to(server.port);
      cleanups.push(() => proxy.close());
      let copied = 0;
      const step = fc.oneof(
        { weight: 3, arbitrary: journalRecords.map((records) => ({ records })) },
        // A window of these is about 10,000 bytes: some cuts fall between a commit and its answer.
        { weight: 2, arbitrary: fc.nat(12_000).map((cut) => ({ cut })) },
        { weight: 1, arbitrary: fc.constant({ isDisconnected: true as const }) },
        { weight: 2, arbitrary: fc.nat(25).map((waitMs) => ({ waitMs })) },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 3, maxLength: 14 }),
          fc.integer({ min: 1, max: 40 }),
          async (steps, batchRows) => {
            rmSync(path(), { force: true });
            const store = JournalStore.open(path());
            const pumping = new Pumping(
              new PostgresSink({ ...SINKS, postgresUrl: server.url(database, proxy.port) }),
              path(),
              { batchRows, random: () => 0.02 },
            );
            try {
              for (const each of steps) {
                if ('records' in each) store.append(each.records);
                else if ('cut' in each) proxy.cutAfter(each.cut);
                else if ('waitMs' in each) await new Promise((go) => setTimeout(go, each.waitMs));
                else await server.disconnectAll();
              }
              await pumping.caughtUp();
            } finally {
              await pumping.end();
              store.close();
            }
            copied += await expectPostgresCopy(path(), server, database);
          },
        ),
        { numRuns: 8 },
      );
      expect(proxy.cuts).toBeGreaterThan(0);
      expect(copied).toBeGreaterThan(0);
    },
  );

  it('goes on after the server was stopped and crashed under load, with no row missing or doubled', async () => {
    const database = await fresh();
    const store = open();
    const pumping = pump(server.url(database), { batchRows: 300 });
    let seed = 3;
    const load = setInterval(() => {
      store.append(fc.sample(journalRecords, { numRuns: 3, seed: seed++ }).flat());
    }, 5);
    cleanups.push(() => Promise.resolve(clearInterval(load)));
    await until('the first rows', () => pumping.pump.status().state === 'up');
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      await server.stop(signal);
      await until('it is down', () => pumping.pump.status().state === 'down');
      await until('rows wait', () => pumping.pump.status().lagRows > 500);
      await server.begin();
      await until('it is up again', () => pumping.pump.status().state === 'up');
    }
    clearInterval(load);
    await pumping.caughtUp();
    expect(await expectPostgresCopy(path(), server, database)).toBeGreaterThan(1_000);
    expect(pumping.said.filter((line) => line.startsWith('warn sink-down'))).toHaveLength(2);
  });

  it('takes what PostgreSQL cannot hold, and holds up nothing for it', async () => {
    const database = await fresh();
    const store = open();
    const halves = JSON.parse('"a\\ud800b\\udfffc"') as string;
    const odd = { 'a\0b': `\\u0000 ${halves} \0 "\\ud800" 𝕏`, deep: [{ n: 1e300, z: -0 }] };
    store.append([event('before'), event(halves, odd), event('', '\0'), event('after')]);
    await pump(server.url(database)).caughtUp();
    expect(await expectPostgresCopy(path(), server, database)).toBe(4);
  });

  it('keeps journals apart, and tells when one has less than was copied of it', async () => {
    const database = await fresh();
    JournalStore.open(path()).close();
    const other = join(directory, 'other.sqlite');
    const theirs = JournalStore.open(other);
    theirs.append(fc.sample(journalRecords, { numRuns: 5, seed: 1 }).flat());
    theirs.close();
    const both = [
      pump(server.url(database)),
      new Pumping(new PostgresSink({ ...SINKS, postgresUrl: server.url(database) }), other),
    ];
    cleanups.push(() => both[1]!.end());
    const store = open();
    store.append(fc.sample(journalRecords, { numRuns: 5, seed: 1 }).flat());
    for (const each of both) await each.caughtUp();
    await expectPostgresCopy(path(), server, database);
    await expectPostgresCopy(other, server, database);
    await both[0]!.end();
    await server.query('UPDATE underround.cursors SET seq = 1e12', database);
    const late = pump(server.url(database));
    await until('the refusal', () => late.said.length > 0);
    expect(late.said).toEqual([
      expect.stringMatching(/^error sink-refused .*more than this journal/),
    ]);
  });

  it('makes its tables once, whoever comes first, and refuses those of a newer version', async () => {
    const database = await fresh();
    const clients = await Promise.all([1, 2, 3, 4].map(() => connect(database)));
    await Promise.all(clients.map((client) => migratePostgres(client)));
    const [client] = clients;
    await migratePostgres(client!);
    const versions = await server.query('SELECT version FROM underround.migrations', database);
    expect(versions).toEqual(MIGRATIONS.map((_, index) => ({ version: index + 1 })));
    await migratePostgres(client!, [...MIGRATIONS, 'CREATE TABLE underround.later (x integer)']);
    JournalStore.open(path()).close();
    const pumping = pump(server.url(database));
    await until('the refusal', () => pumping.said.length > 0);
    expect(pumping.said).toEqual([
      expect.stringMatching(/^error sink-refused postgres: its tables are of a newer underround/),
    ]);
    expect(pumping.pump.status()).toMatchObject({
      state: 'down',
      why: expect.stringMatching(/newer/),
    });
  });

  it('takes all steps or none', async () => {
    const database = await fresh();
    const client = await connect(database);
    const steps = [
      'CREATE TABLE underround.a (x integer)',
      'CREATE TABLE underround.a (x integer)',
    ];
    await expect(migratePostgres(client, steps)).rejects.toThrow(/already exists/);
    await client.query('ROLLBACK');
    await migratePostgres(client, steps.slice(0, 1));
    expect(await server.query('SELECT version FROM underround.migrations', database)).toHaveLength(
      1,
    );
  });

  it('makes hypertables where TimescaleDB is, of tables that may be ones, and none where it fails', async () => {
    for (const isBroken of [false, true]) {
      const database = await fresh();
      const client = await connect(database);
      // In the place of the extension: what it would be asked for, and the rule that every unique index has the time.
      await client.query(`SET allow_system_table_mods = on;
        INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
          SELECT 99999, 'timescaledb', 10, oid, false, '2' FROM pg_namespace WHERE nspname = 'public';
        CREATE TABLE public.made (name text);
        CREATE FUNCTION public.create_hypertable(relation regclass, time_column name, chunk_time_interval interval,
          if_not_exists boolean) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            IF ${isBroken} THEN RAISE 'out of chunks'; END IF;
            IF EXISTS (SELECT 1 FROM pg_index WHERE indrelid = relation AND indisunique AND NOT EXISTS (SELECT 1 FROM pg_attribute
              WHERE attrelid = relation AND attname = time_column AND attnum = ANY(indkey))) THEN RAISE 'key without time'; END IF;
            INSERT INTO public.made VALUES (relation::text);
          END $$`);
      const store = JournalStore.open(join(directory, `${isBroken}.sqlite`));
      store.append(fc.sample(journalRecords, { numRuns: 5, seed: 2 }).flat());
      store.close();
      const outcomes: (number | Error)[] = [];
      const sink = new PostgresSink({ ...SINKS, postgresUrl: server.url(database) }, (outcome) =>
        outcomes.push(outcome),
      );
      const pumping = new Pumping(sink, join(directory, `${isBroken}.sqlite`));
      await pumping.caughtUp();
      await pumping.end();
      const made = await server.query('SELECT name FROM public.made', database);
      expect(made.map(({ name }) => name)).toHaveLength(isBroken ? 0 : 10);
      expect(String(outcomes)).toMatch(isBroken ? /out of chunks/ : /^10$/);
      await expectPostgresCopy(join(directory, `${isBroken}.sqlite`), server, database);
    }
  });

  it('says clearly once what is wrong with it, goes on trying, and never says a password', async () => {
    const database = await fresh();
    JournalStore.open(path()).close();
    await server.askForPasswords();
    const file = join(directory, 'password');
    const said: string[] = [];
    const expectRefusal = async (words: RegExp, url = server.url(database)) => {
      const pumping = pump(url);
      await until('the refusal', () => pumping.said.length > 0);
      expect(pumping.said).toEqual([expect.stringMatching(words)]);
      said.push(...pumping.said, String(pumping.pump.status().why));
      await pumping.end();
    };
    await expectRefusal(/it wants a password: .*PGPASSWORD or ~\/.pgpass/);
    passwordFile = { postgresPasswordFile: file };
    await expectRefusal(/password cannot be read: path=.*ENOENT/);
    writeFileSync(file, 'wrong-Secret.9\n');
    await expectRefusal(/sink-refused .*password authentication failed.*28P01/);
    writeFileSync(file, `${POSTGRES_PASSWORD}\n`);
    await expectRefusal(/sink-refused .*"nowhere" does not exist/, server.url('nowhere'));
    await pump(server.url(database)).caughtUp();
    expect(said.join()).not.toMatch(/wrong-Secret|Correct/);
  });
});
