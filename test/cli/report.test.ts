import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_TIME } from '../../src/cli/report/journal-rows.js';
import { accountOf, reportOf } from '../../src/cli/report/report.js';
import { journals } from './made-journal.js';
import { rowsOf } from '/tmp/rowsof.ts';

describe('a report', () => {
  it('sums what was counted while the journal was made', () => {
    fc.assert(
      fc.property(journals, ({ records, truth }) => {
        const report = reportOf(accountOf(rowsOf(records), ALL_TIME));
        const { fired, both, oneLegged, none, unknown, open } = report.arbs;
        expect({ fired, both, oneLegged, none, unknown, open }).toEqual(truth.arbs);
        for (const [venue, name] of (['kalshi', 'polymarket'] as const).entries()) {
          expect(report.orders[name].entries).toBe(truth.entries[venue]);
          expect(report.orders[name].exits).toBe(truth.exits[venue]);
          const { fills, failed, contractsE6, costMicros, feeMicros } = report.fills[name];
          expect({ fills, failed }).toEqual({ fills: truth.fills[venue], failed: truth.failed[venue] });
          expect(BigInt(contractsE6)).toBe(truth.contractsE6[venue]);
          expect(BigInt(costMicros)).toBe(truth.costMicros[venue]);
          expect(BigInt(feeMicros)).toBe(truth.feeMicros[venue]);
          const { againstAskMicros, againstLimitMicros } = report.slippage[name];
          expect(Math.abs(againstAskMicros - Number(truth.againstAsk[venue]!) / 1e4)).toBeLessThan(0.51);
          expect(Math.abs(againstLimitMicros - Number(truth.againstLimit[venue]!) / 1e4)).toBeLessThan(0.51);
        }
        expect(BigInt(report.money.expectedMicros)).toBe(truth.expectedMicros);
        expect(BigInt(report.money.pnlMicros)).toBe(truth.pnlMicros);
        expect(report.neutral.timesMs.count).toBe(truth.timesMs.length);
        expect(report.neutral.timesMs.max ?? 0).toBe(Math.max(0, ...truth.timesMs));
        expect(report.neutral.lossesMicros.total).toBe(truth.lossesMicros.reduce((a, b) => a + b, 0));
        expect(new Set(report.orphans.fills.map(({ tradeId }) => tradeId))).toEqual(truth.strays);
        expect(new Set(report.orphans.orders.map(({ clientOrderId }) => clientOrderId))).toEqual(truth.orphanOrders);
        const missed = report.missed.byReason.map(({ reason, underrounds, netMicros }) => [reason, { underrounds, netMicros: BigInt(netMicros) }] as const);
        expect(new Map(missed)).toEqual(truth.missed);
      }),
    );
  });
});
