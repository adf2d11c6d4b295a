// The built engine trades on while its sinks are away, ends and is killed with them behind: in the end they have what its journal has.
// `npm run test:sinks` keeps them away for 60 seconds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { journalFile } from '../../src/runtime/journal.js';
import { PostgresSink } from '../../src/sinks/postgres/postgres-sink.js';
import { RedisSink } from '../../src/sinks/redis/redis-sink.js';
import { expectPostgresCopy, expectRedisCopy } from '../sinks/copies.js';
import { PostgresServer, postgresPrograms } from '../sinks/postgres-server.js';
import { Pumping } from '../sinks/pumping.js';
import { RedisServer, redisProgram } from '../sinks/redis-server.js';
import { SINKS } from '../sinks/sinks-settings.js';
import { EngineRun, endAllRuns, expectHonestBooks } from './engine-process.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const AWAY_MS = 1_000 * Number(process.env.UNDERROUND_TEST_SINKS_AWAY_SECONDS ?? '1');

const programs = postgresPrograms();
const program = redisProgram();
const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  await endAllRuns();
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** They outlive the engines that trade on them. */
async function startExchanges(directory: string): Promise<string> {
  const args = ['sim', '--seed', '7', '--markets', '50', '--divergences-per-second', '20'];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanups.push(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const file = join(directory, 'exchanges.json');
  writeFileSync(file, `${line}\n`);
  return file;
}

describe.skipIf(programs === undefined || program === undefined)('an engine with sinks', () => {
  it('copies every row once, over their absence and its own death', {
    timeout: 60_000 + AWAY_MS,
  }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'underround-e2e-sinks-'));
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
    const postgres = await PostgresServer.start(programs!);
    cleanups.push(() => postgres.remove());
    const redis = await RedisServer.start(program!, { isDurable: true });
    cleanups.push(() => redis.remove());
    const urls = ['--sinks-postgres-url', postgres.url(), '--sinks-redis-url', redis.url()];
    const attach = await startExchanges(directory);
    const start = () =>
      new EngineRun(['--attach', attach, '--state-dir', join(directory, 'state'), ...urls]);

    const run = start();
    await run.running();
    await run.until('both sinks are up', () => run.linesOf('sink-up').length === 2);
    await Promise.all([postgres.stop('SIGQUIT'), redis.stop('SIGKILL')]);
    await run.until('both are down', () => run.linesOf('sink-down').length === 2);
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
    await run.filledAfter(Date.now());
    await Promise.all([postgres.begin(), redis.begin()]);
    await run.until('both are up again', () => run.linesOf('sink-up').length === 4);
    await run.filledAfter(Date.now());
    const { code, summary } = await run.stop();
    expectHonestBooks(summary);
    expect(code).toBe(0);

    // The next one is killed in the middle.
    const next = start();
    await next.running();
    await next.until('both sinks are up', () => next.linesOf('sink-up').length === 2);
    next.signal('SIGKILL');
    await next.ended;

    const path = journalFile(join(directory, 'state'));
    const config = { ...SINKS, postgresUrl: postgres.url(), redisUrl: redis.url() };
    for (const sink of [new PostgresSink(config), new RedisSink(config)]) {
      const last = new Pumping(sink, path);
      await last.caughtUp();
      await last.end();
    }
    const rows = await expectPostgresCopy(path, postgres, 'postgres');
    expect(await redis.ask((client) => expectRedisCopy(path, client))).toBe(rows);
    process.stdout.write(`${JSON.stringify({ awayMs: AWAY_MS, rows })}\n`);
    const [{ stages } = { stages: 0 }] = await postgres.query<Record<'stages', number>>(
      'SELECT count(DISTINCT stage) AS stages FROM underround.latency_metrics',
    );
    expect(stages).toBeGreaterThanOrEqual(7);
  });
});
