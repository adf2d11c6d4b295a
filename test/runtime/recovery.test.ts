import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KALSHI, type Outcome, POLYMARKET, YES } from '../../src/domain/venue.js';
import { IntentLog, intentFile } from '../../src/journal/intent-log.js';
import type { LegReport } from '../../src/pipeline/executor.js';
import { type RecoveryParts, recover } from '../../src/runtime/recovery.js';

const CLOCK = { nowNs: () => 1e9, wallMs: () => 1_700_000_000_000 };

let stateDir = '';
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'underround-recovery-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

/** An account that holds nothing, and a desk that writes down what it is told. */
function partsOf(tickers: readonly string[]) {
  const restored: { ticker: string; clientOrderId: string }[] = [];
  const said: { level: string; event: string; text: string }[] = [];
  const none = async () => [];
  const parts = {
    stateDir,
    store: { orders: () => [], fills: () => [], openOrders: () => [], arbs: () => [] },
    run: 2,
    pairs: tickers.map((ticker) => ({
      name: `pair of ${ticker}`,
      kalshi: { ticker },
      polymarket: {},
    })),
    accounts: {
      kalshiFills: none,
      polymarketFills: none,
      kalshiPositions: async () => new Map(),
      polymarketPositions: async () => new Map(),
    },
    desk: {
      arbKey: (id: number, run: number) => `r${run}.${id}`,
      beginDay: () => undefined,
      filled: () => undefined,
      restoreIntent: ({ pair, clientOrderId }: LegReport) =>
        restored.push({ ticker: tickers[pair] ?? 'none', clientOrderId }),
      book: { unresolved: () => [], heldE6: () => 0, isBusy: () => false },
    },
    lateLegs: { lookNow: async () => undefined },
    clock: CLOCK,
    say: (level: string, event: string, text: string) => said.push({ level, event, text }),
  };
  return { parts: parts as unknown as RecoveryParts, restored, said };
}

/** Orders that were about to leave when a run with these pairs was killed. */
function intend(tickers: readonly string[], orders: readonly [ticker: string, id: string][]): void {
  const log = IntentLog.open(intentFile(stateDir, 0), CLOCK, tickers);
  for (const [ticker, clientOrderId] of orders) {
    const sizes = { sizeCenti: 500, limitE4: 5_000, spendMicros: 2_500_000 };
    const leg = {
      clientOrderId,
      market: tickers.indexOf(ticker),
      outcome: YES as Outcome,
      ...sizes,
    };
    log.add(leg, ticker === 'KXB' ? POLYMARKET : KALSHI, '', 1, 'entry');
  }
  expect(log.commit()).toBe(true);
  log.close();
}

it('gives an order that may have left to its own market, though markets have moved', async () => {
  intend(
    ['KXA', 'KXB', 'KXC'],
    [
      ['KXB', 'order-b'],
      ['KXC', 'order-c'],
    ],
  );
  // KXA has settled: all others stand one place sooner.
  const { parts, restored, said } = partsOf(['KXB', 'KXC']);
  await recover(parts);
  expect(restored).toEqual([
    { ticker: 'KXB', clientOrderId: 'order-b' },
    { ticker: 'KXC', clientOrderId: 'order-c' },
  ]);
  expect(said.filter(({ level }) => level === 'error')).toEqual([]);
});

it('calls somebody for an order of a market that is not traded now', async () => {
  intend(['KXA', 'KXB'], [['KXB', 'order-b']]);
  const { parts, restored, said } = partsOf(['KXA', 'KXC']);
  await recover(parts);
  expect(restored).toEqual([]);
  expect(said).toMatchObject([{ level: 'error', event: 'alert-foreign' }]);
  expect(said[0]?.text).toMatch(/KXB.*polymarket.*order-b/);
});
