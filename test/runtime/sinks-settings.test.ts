import { expect, it } from 'vitest';
import { ConfigError, resolveConfig, toEngineConfig } from '../../src/runtime/config.js';

const SECRET = 'hunter2.Secret';

function given(values: Record<string, string>, env: Record<string, string> = {}) {
  return resolveConfig({ flags: values, env }).config.sinks;
}

function problemsOf(values: Record<string, string>, env: Record<string, string> = {}): string {
  try {
    given(values, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return '';
}

it.each([
  'postgres://trader@db.example:5432/trades',
  'postgresql://db.example/trades?sslmode=verify-full&connect_timeout=3',
  'postgres:///trades?host=/var/run/postgresql',
  'postgres://trader@[::1]:5432/trades',
  'postgres://compass-word@db/pass?application_name=pass',
])('takes the address of a PostgreSQL: %s', (url) => {
  expect(given({ 'sinks.postgresUrl': url }).postgresUrl).toBe(url);
});

it.each(['redis://127.0.0.1', 'redis://trader@cache.example:6380/3', 'rediss://[::1]:6379'])(
  'takes the address of a Redis: %s',
  (url) => {
    expect(given({ 'sinks.redisUrl': url }).redisUrl).toBe(url);
  },
);

it.each([
  ['postgresUrl', `postgres://trader:${SECRET}@db.example/trades`],
  ['postgresUrl', `postgres://:${SECRET}@db.example/trades`],
  ['postgresUrl', `postgres://trader:${SECRET}/with@signs@db.example/trades`],
  ['postgresUrl', `postgres://db.example/trades?password=${SECRET}`],
  ['postgresUrl', `postgres://db.example/trades?sslmode=require&password=${SECRET}`],
  ['postgresUrl', `postgres://db.example/trades?sslmode=require&PASSWORD=${SECRET}&x=1`],
  ['postgresUrl', `postgres://db.example/trades?p%61ssword=${SECRET}`],
  ['postgresUrl', `mysql://${SECRET}@db.example/trades`],
  ['redisUrl', `redis://:${SECRET}@127.0.0.1:6379`],
  ['redisUrl', `redis://trader:${SECRET}@127.0.0.1:6379/0`],
  ['redisUrl', `redis://127.0.0.1:6379/0?password=${SECRET}`],
])('refuses sinks.%s with a password in it, unseen', (key, url) => {
  const env = { [`UNDERROUND_SINKS_${key === 'redisUrl' ? 'REDIS' : 'POSTGRES'}_URL`]: url };
  for (const problems of [problemsOf({ [`sinks.${key}`]: url }), problemsOf({}, env)]) {
    expect(problems).toMatch(
      /wrong value: key=sinks\.\w+Url .*given=\(hidden\).*without a password/,
    );
    expect(problems).not.toContain('hunter2');
  }
});

it('copies nothing anywhere unless an address is given', () => {
  const access = {
    'kalshi.restUrl': 'http://k',
    'kalshi.wsUrl': 'ws://k',
    'kalshi.keyId': 'k',
    'kalshi.privateKeyPath': 'k.pem',
    'polymarket.restUrl': 'http://p',
    'polymarket.wsUrl': 'ws://p',
    'polymarket.privateKeyPath': 'p.key',
    'polymarket.funder': `0x${'1'.repeat(40)}`,
    'polymarket.standardExchange': `0x${'2'.repeat(40)}`,
    'polymarket.negRiskExchange': `0x${'3'.repeat(40)}`,
    'pairs.path': 'pairs.yaml',
  };
  const engineOf = (flags: Record<string, string>) => {
    const { config } = resolveConfig({ flags: { ...access, ...flags }, env: {} });
    return toEngineConfig(config, { cores: 2 }, { stateDir: 's', acceptDifferences: false });
  };
  expect(engineOf({ 'sinks.redisPrices': 'true' }).sinks).toBeUndefined();
  expect(engineOf({ 'sinks.redisUrl': 'redis://r' }).sinks).toEqual({
    postgresUrl: undefined,
    postgresPasswordFile: undefined,
    redisUrl: 'redis://r',
    redisPasswordFile: undefined,
    batchRows: 2_000,
    redisStreamLength: 100_000,
    redisPrices: false,
    redisSignals: false,
    pricesPerSecond: 4,
  });
});
