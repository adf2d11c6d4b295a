// The process is killed, its worker dies, both databases crash and come back, all at seeded random moments: in the end each of them has
// what the journal has.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journalFile } from '../../src/runtime/journal.js';
import { Rng } from '../../src/sim/market/rng.js';
import { PostgresSink } from '../../src/sinks/postgres/postgres-sink.js';
import { RedisSink } from '../../src/sinks/redis/redis-sink.js';
import { expectPostgresCopy, expectRedisCopy } from './copies.js';
import { until } from './free-port.js';
import { PostgresServer, postgresPrograms } from './postgres-server.js';
import { Pumping } from './pumping.js';
import { RedisServer, redisProgram } from './redis-server.js';
import type { SinksArguments } from './sinks-process.js';
import { SINKS } from './sinks-settings.js';

const KILLS = 3;
const SEED = 5;
const LIFE_MS = [300, 1_400] as const;
/** Of a worker, at the longest: shorter than most lives of its process. */
const WORKER_LIFE_MS = 1_000;

const programs = postgresPrograms();
const program = redisProgram();

describe.skipIf(programs === undefined || program === undefined)('sinks and faults', () => {
  let directory: string;
  let postgres: PostgresServer;
  let redis: RedisServer;
  let child: ChildProcess | undefined;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'underround-sinks-'));
    symlinkSync(resolve('node_modules'), join(directory, 'node_modules'), 'junction');
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
    await build({
      entryPoints: [
        { in: resolve('test/sinks/sinks-process.ts'), out: 'main' },
        { in: resolve('workers/journal.ts'), out: 'workers/journal' },
        { in: resolve('workers/sinks.ts'), out: 'workers/sinks' },
      ],
      outdir: directory,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    renameSync(join(directory, 'workers/sinks.js'), join(directory, 'workers/real-sinks.js'));
    writeFileSync(
      join(directory, 'workers/sinks.js'),
      `setTimeout(() => { throw new Error('a death that was wanted'); }, Math.random() * ${WORKER_LIFE_MS}).unref();
       await import('./real-sinks.js');`,
    );
    postgres = await PostgresServer.start(programs!);
    redis = await RedisServer.start(program!, { isDurable: true });
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await postgres?.remove();
    await redis?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  function start(...args: SinksArguments) {
    const running = spawn(process.execPath, [join(directory, 'main.js'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = running;
    return running;
  }

  it('lose nothing and double nothing', async () => {
    const rng = new Rng(SEED);
    const state = join(directory, 'state');
    let said = '';
    for (let kill = 0; kill < KILLS; kill++) {
      const running = start(state, postgres.url(), redis.url());
      const exited = once(running, 'exit');
      running.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await once(running.stdout, 'data');
      const [shortest, longest] = LIFE_MS;
      await new Promise((go) => setTimeout(go, shortest + rng.unit() * (longest - shortest)));
      if (kill % 2 === 0) {
        await Promise.all([postgres.stop('SIGQUIT'), redis.stop('SIGKILL')]);
        await Promise.all([postgres.begin(), redis.begin()]);
      }
      running.kill('SIGKILL');
      await exited;
    }
    const path = journalFile(state);
    const config = { ...SINKS, postgresUrl: postgres.url(), redisUrl: redis.url() };
    for (const sink of [new PostgresSink(config), new RedisSink(config)]) {
      const last = new Pumping(sink, path);
      await last.caughtUp();
      await last.end();
    }
    const rows = await expectPostgresCopy(path, postgres, 'postgres');
    expect(await redis.ask((client) => expectRedisCopy(path, client))).toBe(rows);
    expect(rows).toBeGreaterThan(KILLS * 50);
    expect(said).toMatch(/sink-up postgres/);
    expect(said).toMatch(/sink-up redis/);
    expect(said).toMatch(/warn sinks-died .*a death that was wanted/);
    const [{ count, matched } = { count: 0, matched: 0 }] = await postgres.query<
      Record<'count' | 'matched', number>
    >(
      `SELECT count(*) AS count, count(*) FILTER (WHERE t.state = a.state) AS matched
         FROM underround.arbs a LEFT JOIN underround.paper_trades t USING (journal, arb, time)`,
    );
    expect(count).toBeGreaterThan(0);
    expect(matched).toBe(count);
  });

  it('are not waited for when nobody is there', async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
    const running = start(join(directory, 'alone'), postgres.url(), redis.url());
    let said = '';
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const lag = () => Number(/.*"lagRows":(\d+)[^\n]*\n$/s.exec(said)?.[1] ?? 0);
    await until('rows wait in the journal', () => lag() > 300);
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
    expect(said).not.toMatch(/^journal/m);
    expect(said).toMatch(/sink-down postgres: .*ECONNREFUSED/);
    expect(said).toMatch(/"name":"redis","state":"down"/);
  });
});
