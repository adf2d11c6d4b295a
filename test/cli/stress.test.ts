import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isGoodStress, stressText } from '../../src/cli/stress-text.js';
import { createClock } from '../../src/runtime/monotonic-clock.js';
import { RecentFigures } from '../../src/runtime/recent-figures.js';
import { StressRun, type StressTarget } from '../../src/runtime/stress-run.js';
import { httpReply, type RawServer, startRawServer } from '../net/raw-server.js';
import { BuiltProgram } from './built-program.js';

const clock = createClock(process.hrtime());
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A server that answers request n with the status that `statuses` gives it. */
async function serverOf(statusOf: (request: number) => number | undefined): Promise<RawServer> {
  let requests = 0;
  const server = await startRawServer(({ socket }) => {
    const status = statusOf(requests++);
    if (status !== undefined) socket.write(httpReply(status, '{}'));
  });
  cleanups.push(() => server.close());
  return server;
}

function runAgainst(server: RawServer, options: Partial<StressTarget> = {}) {
  const slept: number[] = [];
  const run = new StressRun(
    {
      baseUrl: server.origin,
      call: { method: 'GET', path: '/read', cost: 1 },
      timeoutMs: 200,
      limits: undefined,
      spent: 0,
      ...options,
    },
    clock,
    async (ms) => void slept.push(ms),
  );
  cleanups.push(() => run.close());
  return { run, slept };
}

describe('a stress run', () => {
  it('tells back-offs of 4, 8, 16 s from waits for its own tokens', async () => {
    const server = await serverOf((request) => (request < 3 ? 429 : 200));
    const { run, slept } = runAgainst(server);
    await run.burst(1);
    expect(slept).toEqual([4_000, 8_000, 16_000]);
    const status = run.status();
    expect(status).toMatchObject({
      asked: 1,
      answered: 1,
      sent: 4,
      tooMany: 3,
      backOffs: { 4000: 1, 8000: 1, 16000: 1 },
      paced: { count: 0 },
      failures: {},
      openings: 0,
    });
    expect(isGoodStress(status)).toBe(true);
    expect(stressText(status, false)).toContain('1 × 4 s, 1 × 8 s, 1 × 16 s');
  });

  it('paces a burst by its own tokens, less what is spent already', async () => {
    const server = await serverOf(() => 200);
    const limits = { capacity: 5, perSecond: 0.001 };
    const { run, slept } = runAgainst(server, { limits, spent: 2 });
    const working = run.burst(3);
    expect(run.status().tokens).toEqual({ left: 0, capacity: 5 });
    await working;
    expect(slept).toEqual([]);
    expect(run.status()).toMatchObject({ answered: 3, sent: 3, paced: { count: 0 } });
    const { run: narrow, slept: waits } = runAgainst(server, {
      limits: { capacity: 1, perSecond: 1_000 },
    });
    await narrow.burst(2);
    expect(waits.length).toBeGreaterThan(0);
    expect(narrow.status()).toMatchObject({ answered: 2, tooMany: 0, backOffs: {} });
    expect(narrow.status().paced.count).toBe(waits.length);
  });

  it('is not good when the exchange fails, and says that the breaker opened', async () => {
    const server = await serverOf(() => 503);
    const { run } = runAgainst(server);
    for (let round = 0; round < 5; round++) await run.burst(1);
    const status = run.status();
    expect(status).toMatchObject({
      asked: 5,
      answered: 0,
      sent: 3,
      failures: { 'status 503': 3, 'the exchange is left alone after failures': 2 },
      breaker: 'open',
      openings: 1,
    });
    expect(isGoodStress(status)).toBe(false);
    expect(stressText(status, false)).toContain('opened 1 times, is open');
  });

  it('is not good when a request gets no answer, nor after the last back-off', async () => {
    const silent = runAgainst(await serverOf(() => undefined)).run;
    await silent.burst(1);
    expect(isGoodStress(silent.status())).toBe(false);
    expect(Object.values(silent.status().failures)).toEqual([1]);
    const refused = runAgainst(await serverOf(() => 429)).run;
    await refused.burst(1);
    expect(refused.status()).toMatchObject({
      sent: 6,
      tooMany: 6,
      failures: { 'status 429': 1 },
      breaker: 'closed',
    });
  });
});

describe('recent figures', () => {
  it('are those of the last 4,096, of any sign', () => {
    const figures = new RecentFigures();
    expect(figures.percentiles()).toBeUndefined();
    for (let value = 1; value <= 100; value++) figures.add(value - 51);
    expect(figures.percentiles()).toEqual({ count: 100, min: -50, p50: -1, p99: 48, max: 49 });
    for (let value = 0; value < 4_096; value++) figures.add(7);
    expect(figures.percentiles()).toEqual({ count: 4_196, min: 7, p50: 7, p99: 7, max: 7 });
  });
});

describe('stress as a command', () => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await BuiltProgram.build();
  }, 60_000);
  afterAll(() => program?.remove());

  const summaryOf = async (...args: string[]) => {
    const run = program.start('stress', '--json', '--markets', '2', ...args);
    const code = await run.ended;
    return { code, summary: JSON.parse(run.said.out), err: run.said.err };
  };

  it('paces by a share of the limits that the exchange states for the account', async () => {
    const { code, summary } = await summaryOf('--venue', 'kalshi', '--burst', '20');
    expect(summary).toMatchObject({ answered: 20, tooMany: 0, breaker: 'closed', isGood: true });
    expect(summary.tokens.capacity).toBe(320);
    expect(code).toBe(0);
  }, 30_000);

  it('paces by a limit of our own', async () => {
    // All of it fits into the exchange's bucket, however late it comes.
    const { code, summary } = await summaryOf(
      ...['--venue', 'kalshi', '--burst', '30', '--per-second', '20'],
    );
    expect(summary).toMatchObject({ asked: 30, answered: 30, tooMany: 0, isGood: true });
    expect(summary.tokens.capacity).toBe(200);
    expect(summary.paced.count).toBeGreaterThan(0);
    expect(code).toBe(0);
  }, 30_000);

  it('meets 429s without pacing, backs off, and gets every answer with the breaker closed', async () => {
    const { code, summary, err } = await summaryOf(
      ...['--venue', 'polymarket', '--no-pacing', '--burst', '32', '--polymarket-per-second', '20'],
    );
    expect(summary).toMatchObject({ answered: 32, tokens: null, openings: 0, isGood: true });
    expect(summary.tooMany).toBeGreaterThan(0);
    expect(summary.backOffs['4000']).toBe(summary.tooMany);
    expect(err).toContain('stayed closed');
    expect(code).toBe(0);
  }, 30_000);

  it.each([
    [['--venue', 'kalshi', '--endpoint', 'book'], 'balance | markets'],
    [['--venue', 'kalshi', '--burst', '0'], 'a whole number from 1'],
    [['--venue', 'polymarket', '--profile', 'live', '--endpoint', 'orders'], 'privateKeyPath'],
  ])('%j is refused with code 2 and a word that helps', async (args, word) => {
    const run = program.start('stress', ...args);
    expect(await run.ended).toBe(2);
    expect(run.said.err).toContain(word);
  });
});
