// The engine in a storm: a fault a second on both exchanges, of every kind from which trading can come back. `npm run test:soak` is
// the same for an hour.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { EngineRun, endAllRuns, expectHonestBooks } from './engine-process.js';

const MINUTES = Number(process.env.UNDERROUND_SOAK_MINUTES ?? '0.5');
const SEED = Number(process.env.UNDERROUND_SOAK_SEED ?? '7');
const SOAK_MS = MINUTES * 60_000;
/** At the end, without faults: trading has time to come back, and the last lost replies are looked up. */
const CALM_MS = Math.min(60_000, SOAK_MS / 3);
const ASK_EVERY_MS = 2_000;

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

/** From each fault to the next arbitrage of which both legs filled; undefined when none came. */
function resumptions(played: Played, filledMs: readonly number[]) {
  return played.map((fault) => ({
    ...fault,
    afterMs: (filledMs.find((ms) => ms > fault.atMs) ?? Number.NaN) - fault.atMs,
  }));
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

it('never fires on what it cannot trust, never sends twice, and trades again after each fault', {
  timeout: SOAK_MS + 120_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'underround-storm-'));
  const faults = join(directory, 'storm.yaml');
  const orders = join(directory, 'orders.jsonl');
  writeFileSync(orders, '');
  const until = `${Math.round(SOAK_MS - CALM_MS)}ms`;
  writeFileSync(faults, `version: 1\nstorm: { every: 1s, until: ${until}, seed: ${SEED} }\n`);
  const run = new EngineRun(
    [
      ...['--seed', String(SEED), '--markets', '100', '--divergences-per-second', '10'],
      ...['--faults', faults, '--duration', `${Math.round(SOAK_MS)}ms`],
      // Rests that are sensible for a person's money would be longer than a storm's calm.
      ...['--one-legged-rest-ms', '1000', '--refused-rest-ms', '1000'],
      ...['--venue-closed-rest-ms', '1000', '--order-timeout-ms', '2000'],
    ],
    { preload: 'tap-orders.mjs', env: { ORDERS_FILE: orders } },
  );
  const played = await watchFaults(run);
  const { code, summary } = await run.summary();
  const ids = readFileSync(orders, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { body: string }).body)
    .map((body) => /"client_order_id":"([^"]+)"|"salt":(\d+)/.exec(body)?.slice(1).join(''));
  rmSync(directory, { recursive: true, force: true });

  const filledMs = run.linesOf('arb-filled').map(({ atMs }) => atMs);
  const resumed = resumptions(played, filledMs);
  const times = resumed.map(({ afterMs }) => afterMs).sort((a, b) => a - b);
  const { arbs, feeds } = summary;
  // The detections' clock is the machine's monotonic one.
  const wallLessMonotonicMs = Date.now() - Number(process.hrtime.bigint() / 1_000_000n);
  const mistakes = run.linesOf('false-detection').map(({ text }) => {
    const atMs = Number(/atUs=(\d+)/.exec(text)?.[1]) / 1_000 + wallLessMonotonicMs;
    const before = played
      .filter((fault) => fault.atMs < atMs && fault.atMs > atMs - 4_000)
      .map(({ venue, kind, atMs: faultMs }) => `${venue} ${kind} ${Math.round(atMs - faultMs)} ms`);
    return { text, before };
  });
  process.stdout.write(
    `${JSON.stringify({
      storm: { seed: SEED, minutes: MINUTES, faults: played.length },
      resumedMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: times.at(-1) },
      slowest: resumed.sort((a, b) => b.afterMs - a.afterMs).slice(0, 3),
      resyncMs: Object.fromEntries(
        Object.entries(feeds).map(([venue, { resyncNs }]) => [
          venue,
          [resyncNs.count, resyncNs.p50 / 1e6, resyncNs.p99 / 1e6, resyncNs.max / 1e6],
        ]),
      ),
      arbs,
      orders: ids.length,
      opportunities: summary.opportunities,
      breakers: Object.values(feeds).map(({ breakerOpenings, backOffs }) => [
        breakerOpenings,
        backOffs,
      ]),
      nakedE6: summary.nakedE6,
      mistakes,
      unresolved: run.linesOf('unresolved').map(({ text }) => text),
      unknown: run
        .linesOf('arb-unknown')
        .map(({ atMs, text }) => `${atMs} ${text.slice(0, 300)}`)
        .slice(-3),
      lookUps: run
        .linesOf('look-up-failed')
        .map(({ atMs, text }) => `${atMs} ${text}`)
        .slice(-3),
    })}\n`,
  );

  expect({ code, stopped: summary.run.stoppedBecause }).toEqual({ code: 0, stopped: null });
  expect(played.length).toBeGreaterThan(((SOAK_MS - CALM_MS) / 1_000) * 0.8);
  expectHonestBooks(summary);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain(undefined);
  expect(arbs.unknown).toBe(0);
  expect(arbs.bothFilled).toBeGreaterThan(0);
  expect(resumed.filter(({ afterMs }) => Number.isNaN(afterMs))).toEqual([]);
  for (const feed of Object.values(feeds)) expect(feed.breakerOpenings).toBe(0);
});
