// The engine in a storm: a fault a second on both exchanges, of every kind from which trading can come back. `npm run test:soak` is
// the same for an hour.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunSummary } from '../../src/cli/summary.js';
import { STORM } from '../../src/sim/storm.js';
import { EngineRun, endAllRuns, expectAgreement, expectHonestBooks } from './engine-process.js';
import { nakedTimes } from './naked-time.js';

const MINUTES = Number(process.env.UNDERROUND_SOAK_MINUTES ?? '0.5');
const SEED = Number(process.env.UNDERROUND_SOAK_SEED ?? '7');
const SOAK_MS = MINUTES * 60_000;
/** At the end, without faults: trading has time to come back, and the last lost replies are looked up. */
const CALM_MS = Math.min(60_000, SOAK_MS / 3);
const ASK_EVERY_MS = 2_000;
/** A storm of so many minutes covers so many market frames. */
const LONG_MINUTES = 20;
const LONG_FRAMES = 1_000_000;

afterEach(endAllRuns);

const faultsSchema = z.array(z.object({ atMs: z.number(), venue: z.string(), kind: z.string() }));
type Played = z.infer<typeof faultsSchema>;

/** The whole list of faults as the exchanges have played them, asked for until the run ends. */
async function watchFaults(run: EngineRun): Promise<Played> {
  const up = await run.line('the exchanges', ({ event }) => event === 'exchanges-up');
  const url = `${/controlUrl=(\S+)/.exec(up.text)?.[1]}/faults`;
  let played: Played = [];
  let isOver = false;
  void run.ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      played = faultsSchema.parse(await response.json());
    } catch {
      // It is ending, or too busy to answer now.
    }
    await Promise.race([run.ended, new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))]);
  }
  return played;
}

type Resumed = Played[number] & { readonly afterMs: number };

/** From each fault to the next arbitrage of which both legs filled; NaN when none came. */
function resumptions(played: Played, filledMs: readonly number[]): Resumed[] {
  return played.map((fault) => ({
    ...fault,
    afterMs: (filledMs.find((ms) => ms > fault.atMs) ?? Number.NaN) - fault.atMs,
  }));
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A run under a script of faults, with every order that it hands to a socket. */
class Storm {
  readonly run: EngineRun;
  readonly #directory = mkdtempSync(join(tmpdir(), 'underround-storm-'));
  readonly #orders = join(this.#directory, 'orders.jsonl');

  constructor(script: object, seed: number, durationMs: number) {
    const faults = join(this.#directory, 'faults.yaml');
    writeFileSync(this.#orders, '');
    // JSON is YAML.
    writeFileSync(faults, JSON.stringify({ version: 1, ...script }));
    this.run = new EngineRun(
      [
        ...['--seed', String(seed), '--markets', '100', '--divergences-per-second', '10'],
        ...['--faults', faults, '--duration', `${Math.round(durationMs)}ms`],
        // Rests that are sensible for a person's money would be longer than a storm's calm.
        ...['--one-legged-rest-ms', '1000', '--refused-rest-ms', '1000'],
        ...['--venue-closed-rest-ms', '1000', '--order-timeout-ms', '2000'],
      ],
      { preload: 'tap-orders.mjs', env: { ORDERS_FILE: this.#orders } },
    );
  }

  /** What tells each order from all others, in the order of their leaving. */
  orderIds(): (string | undefined)[] {
    const ids = readFileSync(this.#orders, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { body: string }).body)
      .map((body) => /"client_order_id":"([^"]+)"|"salt":(\d+)/.exec(body)?.slice(1).join(''));
    rmSync(this.#directory, { recursive: true, force: true });
    return ids;
  }

  /** Detections that the exchanges do not know, each with the faults of the seconds before it. */
  mistakes(played: Played): { text: string; before: string[] }[] {
    // The detections' clock is the machine's monotonic one.
    const wallLessMonotonicMs = Date.now() - Number(process.hrtime.bigint() / 1_000_000n);
    return this.run.linesOf('false-detection').map(({ text }) => {
      const atMs = Number(/atUs=(\d+)/.exec(text)?.[1]) / 1_000 + wallLessMonotonicMs;
      const before = played
        .map((fault) => ({ ...fault, sinceMs: Math.round(atMs - fault.atMs) }))
        .filter(({ sinceMs }) => sinceMs > 0 && sinceMs < 4_000)
        .map(({ venue, kind, sinceMs }) => `${venue} ${kind} ${sinceMs} ms`);
      return { text, before };
    });
  }
}

/** How long contracts were without their other leg, and what evening them out lost, dollars; abandoned ones raised an alarm. */
function exposuresOf(run: EngineRun) {
  const facts = run.linesOf('neutral').map(({ text }) => ({
    afterMs: Number(/ afterMs=(\d+)/.exec(text)?.[1]),
    lossDollars: Number(/ lossMicros=(-?\d+)/.exec(text)?.[1]) / 1e6,
  }));
  const sorted = (of: (each: (typeof facts)[number]) => number) =>
    facts.map(of).sort((a, b) => a - b);
  const spread = (values: readonly number[]) => ({
    p50: percentile(values, 0.5),
    p90: percentile(values, 0.9),
    p99: percentile(values, 0.99),
    max: values.at(-1),
  });
  return {
    began: run.linesOf('exposed').length,
    evenedOut: facts.length,
    abandoned: run.linesOf('alert-naked').map(({ text }) => text),
    toNeutralMs: spread(sorted(({ afterMs }) => afterMs)),
    lossDollars: spread(sorted(({ lossDollars }) => lossDollars)),
    kills: run.linesOf('kill').map(({ text }) => text),
  };
}

/** The default of risk.nakedBudgetDollarSeconds, and what looking and asking may take beside it. */
const BUDGET_DOLLAR_SECONDS = 3_000;
const BUDGET_SLACK = 1.1;

/** Exposures that were neither evened out nor told within their budget of dollars times seconds. */
function overBudget(run: EngineRun): string[] {
  return nakedTimes(run.lines)
    .filter(({ dollarSeconds }) => dollarSeconds > BUDGET_DOLLAR_SECONDS * BUDGET_SLACK)
    .map(({ text, dollarSeconds }) => `${text} dollarSeconds=${dollarSeconds}`);
}

function framesOf({ feeds }: RunSummary): number {
  return Object.values(feeds).reduce((sum, each) => sum + each.frames, 0);
}

/** The figures of a soak, one line of JSON. */
function tell(
  storm: Storm,
  summary: RunSummary,
  played: Played,
  resumed: readonly Resumed[],
): void {
  const times = resumed.map(({ afterMs }) => afterMs).sort((a, b) => a - b);
  const { arbs, feeds, opportunities, nakedE6 } = summary;
  const byVenue = <T>(of: (feed: RunSummary['feeds']['kalshi']) => T) =>
    Object.fromEntries(Object.entries(feeds).map(([venue, feed]) => [venue, of(feed)]));
  const figures = {
    seed: SEED,
    minutes: MINUTES,
    faults: played.length,
    resumedMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: times.at(-1) },
    slowest: [...resumed].sort((a, b) => b.afterMs - a.afterMs).slice(0, 3),
    resyncMs: byVenue(({ resyncNs }) => ({
      count: resyncNs.count,
      p50: resyncNs.p50 / 1e6,
      p99: resyncNs.p99 / 1e6,
      max: resyncNs.max / 1e6,
    })),
    breakers: byVenue(({ breakerOpenings, backOffs }) => ({ breakerOpenings, backOffs })),
    arbs,
    opportunities,
    nakedE6,
    exposures: exposuresOf(storm.run),
    frames: framesOf(summary),
    mistakes: storm.mistakes(played),
    unresolved: storm.run.linesOf('unresolved').map(({ text }) => text),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/**
 * Left out of a short storm: what opens a breaker, whose minute of rest would outlast it, and what begins as a silence or ends as a
 * burst, whose first moment nobody can tell from quiet (test/e2e/faults.test.ts has those, and says how long that moment is).
 */
const ONLY_LONG: readonly string[] = ['mode', 'freeze', 'stall', 'stale-lag', 'pause'];

function stormOf(): object | undefined {
  if (MINUTES >= 5) return undefined;
  return STORM.filter(
    ({ fault }) => !ONLY_LONG.includes(fault.kind) && !('status' in fault && fault.status >= 500),
  ).map(({ venue, fault }) => ({ venue, ...fault }));
}

it('never fires on what it cannot trust, never sends twice, and trades again after each fault', {
  timeout: SOAK_MS + 120_000,
}, async () => {
  const until = `${Math.round(SOAK_MS - CALM_MS)}ms`;
  const script = { storm: { every: '1s', until, seed: SEED, of: stormOf() } };
  const storm = new Storm(script, SEED, SOAK_MS);
  const played = await watchFaults(storm.run);
  const { code, summary } = await storm.run.summary();
  const ids = storm.orderIds();
  const filledMs = storm.run.linesOf('arb-filled').map(({ atMs }) => atMs);
  const resumed = resumptions(played, filledMs);
  tell(storm, summary, played, resumed);

  expect({ code, stopped: summary.run.stoppedBecause }).toEqual({ code: 0, stopped: null });
  expect(played.length).toBeGreaterThan(((SOAK_MS - CALM_MS) / 1_000) * 0.8);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain(undefined);
  expectAgreement(summary);
  expect(summary.arbs.unknown).toBe(0);
  expect(summary.arbs.bothFilled).toBeGreaterThan(0);
  expect(resumed.filter(({ afterMs }) => Number.isNaN(afterMs))).toEqual([]);
  expect(storm.run.linesOf('kill')).toEqual([]);
  expect(overBudget(storm.run)).toEqual([]);
  if (MINUTES >= LONG_MINUTES) expect(framesOf(summary)).toBeGreaterThanOrEqual(LONG_FRAMES);
  expect(summary.opportunities.false).toBe(0);
});

it('keeps its breakers closed through any number of 429s, and trades when they are over', async () => {
  const limited = { kind: 'fail-requests', status: 429, count: 4, of: 'all' };
  const faults = ['kalshi', 'polymarket'].map((venue) => ({
    // The engine has started by then: what it reads at its start would wait for half a minute.
    from: '4s',
    every: '200ms',
    until: '9s',
    venue,
    ...limited,
  }));
  const storm = new Storm({ faults }, SEED, 16_000);
  const played = await watchFaults(storm.run);
  const { code, summary } = await storm.run.summary();
  const ids = storm.orderIds();
  expect(code).toBe(0);
  expect(played.length).toBeGreaterThan(20);
  expectHonestBooks(summary);
  for (const feed of Object.values(summary.feeds)) expect(feed.breakerOpenings).toBe(0);
  expect(new Set(ids).size).toBe(ids.length);
  const overMs = Math.max(...played.map(({ atMs }) => atMs));
  expect(storm.run.linesOf('arb-filled').some(({ atMs }) => atMs > overMs)).toBe(true);
});
