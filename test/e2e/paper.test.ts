// Paper as a person starts it: after kill -9, with the exchanges knowing nothing of it, and against the simulated exchanges with live orders, on the same seed: never better.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { exchangeQuestions } from '../../src/cli/exchange-questions.js';
import type { RunSummary } from '../../src/cli/summary.js';
import { EngineRun, endAllRuns } from './engine-process.js';

/** `npm run test:paper` has more seeds, and longer runs. */
const SEEDS = Number(process.env.UNDERROUND_TEST_PAPER_SEEDS ?? 2);
const SECONDS = Number(process.env.UNDERROUND_TEST_PAPER_SECONDS ?? 2);
/** A line a seed, for whoever wants the figures. */
const FIGURES = process.env.UNDERROUND_TEST_PAPER_FIGURES;
const PATIENCE_MS = 60_000;

const MARKET = ['--markets', '60', '--divergences-per-second', '12'];
/** As easy as the rules can be made: no more latency than the simulated exchanges have, and no bad luck. */
const SOFTEST = Object.entries({
  'kalshi-latency-ms': 5,
  'polymarket-latency-ms': 5,
  'kalshi-jitter-ms': 0,
  'polymarket-jitter-ms': 0,
  'reject-rate': 0,
  'unknown-rate': 0,
  'ghost-rate': 0,
  'partial-rate': 0,
}).flatMap(([name, value]) => [`--paper-${name}`, String(value)]);

afterEach(endAllRuns);

async function run(seed: number, ...args: string[]): Promise<RunSummary> {
  const engine = new EngineRun([
    ...MARKET,
    ...['--seed', String(seed), '--duration', `${SECONDS}s`],
    ...args,
  ]);
  const { code, summary } = await engine.summary();
  expect({ code, why: code === 0 ? '' : engine.lastWords() }).toEqual({ code: 0, why: '' });
  return summary;
}

function tell(seed: number, name: string, { pnlMicros, arbs, nakedE6 }: RunSummary): void {
  if (FIGURES === undefined) return;
  const facts = { seed, name, pnlMicros, nakedE6, ...arbs };
  appendFileSync(FIGURES, `${JSON.stringify(facts)}\n`);
}

describe('paper', () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    'gains no more than live orders on seed %i',
    async (seed) => {
      const live = await run(seed);
      const paper = await run(seed, '--paper');
      tell(seed, 'live', live);
      tell(seed, 'paper', paper);
      expect(live.run.isPaper).toBe(false);
      expect(paper).toMatchObject({ run: { isPaper: true }, exchangePnlMicros: null });
      expect(paper.orders.kalshi).toBeGreaterThan(0);
      expect(paper.orders.polymarket).toBeGreaterThan(0);
      expect(paper.pnlMicros).toBeLessThanOrEqual(live.pnlMicros);
      if (FIGURES === undefined) return;
      tell(seed, 'softest', await run(seed, '--paper', ...SOFTEST));
    },
    PATIENCE_MS + SECONDS * 3_000,
  );

  it('is unknown to the exchanges, and knows itself again after kill -9', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'underround-paper-'));
    try {
      const args = [...MARKET, '--seed', '5', '--paper', '--plain', '--state-dir', stateDir];
      const killed = new EngineRun(args);
      await killed.line('paper', ({ event, text }) => event === 'paper' && text.includes('PAPER'));
      await killed.filledAfter(0);
      const up = await killed.line('the exchanges', ({ event }) => event === 'exchanges-up');
      const controlUrl = /controlUrl=(\S+)/.exec(up.text)?.[1] ?? '';
      const theirs = await exchangeQuestions(controlUrl).accounts(PATIENCE_MS);
      expect(theirs.combined.pnlMicros).toBe(0);
      expect(theirs.kalshi.feesMicros + theirs.polymarket.feesMicros).toBe(0);
      killed.signal('SIGKILL');
      await killed.ended;

      const again = new EngineRun(args);
      await again.line('recovered', ({ event }) => event === 'recovered');
      await again.running();
      expect(again.linesOf('differs')).toEqual([]);
      const { summary } = await again.stop();
      expect(summary.run.isPaper).toBe(true);

      // Real orders of another run must not get into its journal.
      const real = new EngineRun([...MARKET, '--state-dir', stateDir]);
      const { code } = await real.ended;
      expect(code).toBe(1);
      expect(real.lastWords()).toContain('the state directory is of paper trading');
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  });
});
