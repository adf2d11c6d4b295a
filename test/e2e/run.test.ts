import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/cli/summary.js';
import { STAGES } from '../../src/runtime/status.js';
import { WAIT_STRATEGIES } from '../../src/shm/wait-strategy.js';
import { EngineRun, endAllRuns, expectHonestBooks } from './engine-process.js';

const RECORDING = '../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG050800-00.ndjson.gz';
const SMALL = ['--seed', '7', '--markets', '60', '--duration', '5s'];
/** Underrounds come thick enough for a share of them to mean something. */
const BUSY = [...SMALL, '--divergences-per-second', '12'];
const SHORT = ['--seed', '7', '--markets', '20', '--divergences-per-second', '8'];
/** Below so many, what was missed says little. */
const ENOUGH = 20;
/** One in a hundred may be missed. Of fewer than a hundred none would have to be: an engine that is as good as that would fail one run in three. */
const MISSED_SHARE = 0.01;

afterEach(endAllRuns);

/** The lines of the run that a summary ended. */
const runs = new WeakMap<RunSummary, EngineRun>();

async function run(...args: string[]): Promise<RunSummary> {
  const engine = new EngineRun(args);
  const { code, summary } = await engine.summary();
  runs.set(summary, engine);
  expect(code).toBe(0);
  expectHonestBooks(summary);
  expectWhole(summary);
  return summary;
}

const whole = expect.toSatisfy((value: number) => Number.isSafeInteger(value) && value >= 0);

/** Every key that a program may rely on, with a number that can be. */
function expectWhole(summary: RunSummary): void {
  const { arbs, opportunities } = summary;
  expect(summary).toMatchObject({
    opportunities: { truth: whole, detected: whole, false: 0 },
    arbs: { fired: whole, bothFilled: whole, oneLegged: whole, noneFilled: whole, unknown: 0 },
    orders: { kalshi: whole, polymarket: whole },
    fees: { kalshi: whole, polymarket: whole },
    run: { profile: 'sim', stoppedBecause: null, endedBy: 'duration' },
  });
  expect(arbs.bothFilled + arbs.oneLegged + arbs.noneFilled).toBe(arbs.fired);
  expect(opportunities.detected).toBeLessThanOrEqual(opportunities.truth ?? 0);
  for (const feed of [summary.feeds.kalshi, summary.feeds.polymarket]) {
    expect(feed).toMatchObject({ conflated: whole, gaps: 0, reconnects: 0, garbage: 0 });
    expect(feed.frames).toBeGreaterThan(0);
    expect(feed.trustedMarkets).toBeLessThanOrEqual(feed.markets);
  }
  for (const stage of STAGES) {
    const { count, p50, p95, p99, p999, max } = summary.latencyNs[stage];
    expect([stage, p50 <= p95 && p95 <= p99 && p99 <= p999 && p999 <= max]).toEqual([stage, true]);
    expect([stage, count > 0 ? p50 > 0 : max === 0]).toEqual([stage, true]);
  }
}

function expectRecall(summary: RunSummary): void {
  const { recall50ms } = summary.opportunities;
  if (recall50ms === null || recall50ms.lived < ENOUGH) return;
  const seen = recall50ms.detected + besideOwnOrders(runs.get(summary));
  const allowed = Math.max(1, Math.floor(recall50ms.lived * MISSED_SHARE));
  expect(recall50ms.lived - seen).toBeLessThanOrEqual(allowed);
}

/** From an arbitrage's orders to the line that tells of them, and until its pair may be fired again. */
const ORDERS_MS = 300;
const REFIRE_MS = 60;

/**
 * Undetected underrounds in whose time orders of ours on the same pair were under way: the detector leaves a pair alone until both books
 * have told of them.
 */
function besideOwnOrders(engine: EngineRun | undefined): number {
  const [seconds, nanoseconds] = process.hrtime();
  const wallLessMonotonicMs = Date.now() - seconds * 1e3 - nanoseconds / 1e6;
  const arbs = engine?.lines.filter(({ event }) => event.startsWith('arb-')) ?? [];
  const missed = engine?.linesOf('missed') ?? [];
  return missed.filter(({ text }) => {
    const pair = / pair=(\d+)/.exec(text)?.[1]?.padStart(4, '0');
    const openMs = Number(/ openUs=(\d+)/.exec(text)?.[1]) / 1e3 + wallLessMonotonicMs;
    const closeMs = openMs + Number(/ lifeMs=(\d+)/.exec(text)?.[1]);
    return arbs.some(
      (arb) =>
        new RegExp(` pair=\\S+-${pair} `).test(arb.text) &&
        arb.atMs > openMs - REFIRE_MS &&
        arb.atMs < closeMs + ORDERS_MS,
    );
  }).length;
}

/** What left is what was fired, and was answered. Two executors may each refuse a leg of their own. */
function expectFired({ arbs, orders, exits, latencyNs }: RunSummary): void {
  expect(arbs.bothFilled).toBeGreaterThan(0);
  const kalshi = orders.kalshi - exits.kalshi;
  const polymarket = orders.polymarket - exits.polymarket;
  expect(Math.max(kalshi, polymarket)).toBeLessThanOrEqual(arbs.fired);
  expect(Math.min(kalshi, polymarket)).toBeGreaterThanOrEqual(arbs.bothFilled);
  expect(Math.abs(kalshi - polymarket)).toBeLessThanOrEqual(arbs.oneLegged + arbs.noneFilled);
  expect(latencyNs.legSkew.count).toBeLessThanOrEqual(Math.min(kalshi, polymarket));
  expect(latencyNs.writtenToAnswered.count).toBe(orders.kalshi + orders.polymarket);
  expect(latencyNs.receivedToWritten.count).toBeGreaterThan(0);
}

describe('a run on the simulated exchanges', () => {
  it('finds what there is and sends nothing when it observes', async () => {
    const summary = await run(...BUSY, '--observe');
    expect(summary.orders).toEqual({ kalshi: 0, polymarket: 0 });
    expect(summary.pnlMicros).toBe(0);
    expect(summary.opportunities.recall50ms?.lived).toBeGreaterThanOrEqual(ENOUGH);
    expectRecall(summary);
  });

  it('buys both legs of what it finds', async () => {
    const summary = await run(...BUSY);
    expectFired(summary);
    expectRecall(summary);
    expect(summary.run.durationMs).toBeGreaterThanOrEqual(5_000);
  });

  it('shares the markets between several workers of each kind', async () => {
    const workers = ['--kalshi-feeds', '2', '--polymarket-feeds', '2', '--detectors', '2'];
    const summary = await run(...BUSY, ...workers, '--executors', '2');
    expectFired(summary);
    expectRecall(summary);
    expect(summary.feeds.kalshi).toMatchObject({ connected: 2, connections: 2 });
    expect(summary.feeds.polymarket).toMatchObject({ connected: 2, connections: 2 });
  });

  it.each(WAIT_STRATEGIES)('waits by %s', async (wait) => {
    const summary = await run(...SHORT, '--duration', '2s', '--wait', wait);
    expect(summary.run.wait).toBe(wait);
    expectFired(summary);
  });

  it.skipIf(!existsSync(RECORDING))(
    `trades a recorded market (skipped when there is no ${RECORDING})`,
    async () => {
      const summary = await run('--replay', RECORDING, '--markets', '1', '--duration', '5s');
      expect(summary.feeds.kalshi).toMatchObject({ markets: 1 });
      expect(summary.opportunities.truth).toBeGreaterThan(0);
      expectRecall(summary);
    },
  );
});
