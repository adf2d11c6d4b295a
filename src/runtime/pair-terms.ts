// A pair's terms in the form that sizing reckons with. Fee tables are shared by all pairs of one schedule: there are few schedules
// and 40 KB a table.
import { kalshiFeeTable, polymarketFeeTable } from '../domain/fee-table.js';
import type { PairTerms } from '../domain/sizing.js';
import type { TradedPair } from './worker-protocol.js';

export function createPairTerms(): (pair: TradedPair) => PairTerms {
  const tables = new Map<string, Uint32Array>();
  const tableOf = (key: string, make: () => Uint32Array) => {
    const known = tables.get(key) ?? make();
    tables.set(key, known);
    return known;
  };
  return ({ kalshi: { takerRate }, polymarket: { fees, minSizeCenti } }) => ({
    kalshiRate: takerRate,
    kalshiFees: tableOf(`k${takerRate.numerator}/${takerRate.denominator}`, () =>
      kalshiFeeTable(takerRate),
    ),
    polymarketSchedule: fees,
    polymarketFees: tableOf(
      `p${fees.rate.numerator}/${fees.rate.denominator}^${fees.exponent}`,
      () => polymarketFeeTable(fees),
    ),
    polymarketMinSizeCenti: minSizeCenti,
  });
}
