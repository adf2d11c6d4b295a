import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { outletFindings } from '../../src/cli/doctor/outlet-checks.js';
import { toSinksConfig } from '../../src/runtime/config.js';
import { configSchema } from '../../src/runtime/config-schema.js';
import { PostgresSink } from '../../src/sinks/postgres/postgres-sink.js';
import { freePort } from '../sinks/free-port.js';
import { POSTGRES_PASSWORD, PostgresServer, postgresPrograms } from '../sinks/postgres-server.js';
import { RedisServer, redisProgram } from '../sinks/redis-server.js';

const programs = postgresPrograms();
const redisPath = redisProgram();
const REDIS_PASSWORD = 'redis-Correct.Horse/7';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'doctor-outlets-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(directory, name);
  writeFileSync(path, text, { mode });
  return path;
};
const findingsOf = (settings: object): Promise<Finding[]> =>
  outletFindings(configSchema.parse(settings));
async function findingOf(name: string, settings: object): Promise<Finding> {
  const found = (await findingsOf(settings)).find((finding) => finding.name === name);
  if (found === undefined) throw new Error(`no such finding: ${name}`);
  return found;
}

describe('alerts', () => {
  it('that nobody gets are a warning with real money, and nothing else with play money', async () => {
    expect(await findingsOf({ profile: 'sim' })).toMatchObject([{ verdict: 'skipped' }]);
    const [finding] = await findingsOf({ profile: 'live' });
    expect(finding).toMatchObject({ name: 'alerts', verdict: 'warn' });
    expect(finding?.advice).toContain('alerts.telegramTokenFile');
  });

  it('are told to the targets that are named, and no address is said', async () => {
    const slackUrlFile = file('slack', 'https://hooks.example/T0/very-secret\n');
    const finding = await findingOf('alerts', { alerts: { slackUrlFile } });
    expect(finding).toMatchObject({ verdict: 'ok' });
    expect(finding.text).toContain('slack');
    expect(JSON.stringify(finding)).not.toContain('very-secret');
  });

  it.each<[string, () => object, RegExp]>([
    ['is not there', () => ({ slackUrlFile: join(directory, 'none') }), /ENOENT/],
    ['holds no address', () => ({ discordUrlFile: file('empty', '') }), /holds no URL/],
    [
      'is for all to read',
      () => ({ webhookUrlFile: file('open', 'https://hooks.example/x', 0o644) }),
      /mode 644/,
    ],
    [
      'has no chat',
      () => ({ telegramTokenFile: file('bot', '123456:abc') }),
      /without alerts.telegramChat/,
    ],
  ])('fail when the file %s', async (_what, alerts, text) => {
    const finding = await findingOf('alerts', { alerts: alerts() });
    expect(finding.verdict).toBe('fail');
    expect(finding.text).toMatch(text);
  });
});

it('a database that nobody serves is a warning: a run trades without', async () => {
  const port = await freePort();
  const sinks = {
    postgresUrl: `postgres://trader@127.0.0.1:${port}/x`,
    redisUrl: `redis://127.0.0.1:${port}`,
  };
  for (const name of ['postgres', 'redis']) {
    const finding = await findingOf(name, { sinks });
    expect(finding.verdict).toBe('warn');
    expect(finding.text).toContain('ECONNREFUSED');
    expect(finding.advice).toContain(`sinks.${name}Url`);
  }
});

describe.runIf(programs !== undefined)('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start(programs ?? '');
  }, 60_000);
  afterAll(() => server?.remove());

  it('is asked what it has, and is changed by nothing', async () => {
    const sinks = { postgresUrl: server.url() };
    const empty = await findingOf('postgres', { sinks });
    expect(empty).toMatchObject({ verdict: 'ok' });
    expect(empty.text).toMatch(/^PostgreSQL \d+.*, no tables yet/);
    const schemas = "SELECT 1 FROM pg_namespace WHERE nspname = 'underround'";
    expect(await server.query(schemas)).toEqual([]);

    const config = toSinksConfig(configSchema.parse({ sinks }).sinks);
    if (config === undefined) throw new Error('no sinks');
    const sink = new PostgresSink(config);
    await sink.open('a-journal');
    await sink.close();
    expect((await findingOf('postgres', { sinks })).text).toMatch(/tables of version (\d+) of \1$/);
    await server.query('INSERT INTO underround.migrations (version) VALUES (99)');
    const newer = await findingOf('postgres', { sinks });
    expect(newer).toMatchObject({ verdict: 'warn' });
    expect(newer.text).toContain('newer underround: version=99');
  });

  it('that lets this user make no tables is a warning', async () => {
    await server.query('CREATE DATABASE other');
    await server.query('CREATE USER guest');
    const postgresUrl = server.url('other').replace('trader', 'guest');
    const finding = await findingOf('postgres', { sinks: { postgresUrl } });
    expect(finding).toMatchObject({ verdict: 'warn' });
    expect(finding.text).toContain('may make none');
    expect(JSON.stringify(finding)).not.toContain(POSTGRES_PASSWORD);
  });
});

it.runIf(redisPath !== undefined)('Redis is asked who it is, with its password', async () => {
  const server = await RedisServer.start(redisPath ?? '', { password: REDIS_PASSWORD });
  try {
    const redisUrl = `redis://127.0.0.1:${server.port}`;
    const redisPasswordFile = file('redis', REDIS_PASSWORD);
    const right = await findingOf('redis', { sinks: { redisUrl, redisPasswordFile } });
    expect(right).toMatchObject({ verdict: 'ok', text: expect.stringMatching(/^Redis \d+\./) });
    const wrong = file('wrong', 'not-the-password');
    const finding = await findingOf('redis', { sinks: { redisUrl, redisPasswordFile: wrong } });
    expect(finding).toMatchObject({ verdict: 'warn' });
    expect(finding.text).toContain('WRONGPASS');
  } finally {
    await server.remove();
  }
});
