import { afterEach, describe, expect, it } from 'vitest';
import { EngineRun, endAllRuns, expectHonestBooks } from './engine-process.js';

const MARKETS = ['--seed', '7', '--markets', '40', '--divergences-per-second', '12'];
const DEATH_AFTER_MS = 3_000;
/** How long the engine is watched after the death: underrounds go on opening, a dozen a second. */
const WATCHED_MS = 1_500;

afterEach(endAllRuns);

describe('a worker that dies', () => {
  it.each([
    ['a Kalshi feed', 'feed/0', 'kalshi-feed-0'],
    ['a Polymarket feed', 'feed/1', 'polymarket-feed-0'],
    ['the executor', 'executor', 'executor-0'],
  ])('is reported, and nothing is fired after it: %s', async (_, dies, name) => {
    const env = { DIES: dies, DIES_AFTER_MS: String(DEATH_AFTER_MS) };
    const run = new EngineRun(MARKETS, { preload: 'die-in-worker.mjs', env });
    await run.filledAfter(0);
    const stopped = await run.line('the report', ({ event }) => event === 'stopped');
    expect(stopped.level).toBe('error');
    expect(stopped.text).toContain(`worker ${name} died: broken on purpose`);
    await run.until('some time', () => Date.now() > stopped.atMs + WATCHED_MS);

    const { code, summary } = await run.stop();
    expect(code).toBe(1);
    expect(summary.run.stoppedBecause).toBe(`worker ${name} died: broken on purpose`);
    expectHonestBooks(summary);
    expect(summary.arbs.bothFilled).toBeGreaterThan(0);
    // Fired and answered before the death, but for what the dead executor took with it.
    expect(settledAfter(run, stopped.atMs + SETTLING_MS)).toEqual([]);
    const inFlight = name.startsWith('executor') ? MOST_IN_FLIGHT : 0;
    expect(summary.arbs.unknown).toBeLessThanOrEqual(inFlight);
    const refusals = Object.keys(summary.opportunities.refused);
    expect(refusals.filter((why) => why !== 'held' && why !== 'stopped')).toEqual([]);
  });
});

/** For orders that had left to be answered. */
const SETTLING_MS = 300;
/** Arbitrages on their way when the thread that knew of them died. */
const MOST_IN_FLIGHT = 8;

function settledAfter(run: EngineRun, atMs: number): string[] {
  return run.lines
    .filter((line) => line.event.startsWith('arb-') && line.atMs > atMs)
    .map(({ event, text }) => `${event} ${text}`);
}
