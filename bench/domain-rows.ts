// Prices, fees, sizes and books: pure functions of src/domain.
import { parseDecimal, parseSignedDecimal } from '../src/domain/decimal.js';
import { kalshiFeeTable, polymarketFeeTable } from '../src/domain/fee-table.js';
import { kalshiTakerRate, kalshiTradeFeeMicros } from '../src/domain/kalshi-fee.js';
import { polymarketFeeBoundMicros, polymarketFeeSchedule } from '../src/domain/polymarket-fee.js';
import {
  createAskLevels,
  createSizedPair,
  edgeMicros,
  type PairTerms,
  sizePair,
} from '../src/domain/sizing.js';
import { DEPTH_LEVELS } from '../src/shm/depth-table.js';
import { DEFAULT_BATCH, type MicroRow } from './micro-row.js';
import { centsApart } from './shared-rows.js';

const PRICE_TEXTS = ['0.4400', '0.4410'];
const DELTA_TEXTS = ['-12.50', '-12.19'];

export function pairTerms(): PairTerms {
  const kalshiRate = kalshiTakerRate('quadratic', 1);
  const polymarketSchedule = polymarketFeeSchedule(0.05, 1);
  if (kalshiRate === undefined || polymarketSchedule === undefined) throw new Error('no terms');
  return {
    kalshiRate,
    kalshiFees: kalshiFeeTable(kalshiRate),
    polymarketSchedule,
    polymarketFees: polymarketFeeTable(polymarketSchedule),
    polymarketMinSizeCenti: 500,
  };
}

/** Sums what each operation gives. */
function summing(value: (operation: number) => number): MicroRow['run'] {
  return (operations) => {
    let sum = 0;
    for (let n = 0; n < operations; n++) sum += value(n);
    return sum;
  };
}

export function domainRows(): MicroRow[] {
  const pair = pairTerms();
  return [
    {
      name: 'edge of a pair',
      each: edgeMicros(pair, 4_400, 5_000),
      ratio: 0.37,
      run: summing((n) => edgeMicros(pair, 4_400, 5_000 + (n & 0))),
    },
    sizingRow(pair, 1, 11),
    sizingRow(pair, 5, 66),
    {
      name: 'Kalshi trade fee',
      each: 17_500,
      ratio: 0.81,
      run: summing((n) => kalshiTradeFeeMicros(pair.kalshiRate, 5_000, 100 + (n & 0))),
    },
    {
      name: 'Polymarket fee',
      each: 1_250_000,
      ratio: 0.86,
      run: summing((n) =>
        polymarketFeeBoundMicros(pair.polymarketSchedule, 5_000, 10_000 + (n & 0)),
      ),
    },
    {
      name: 'price text',
      each: 4_405,
      ratio: 1.5,
      run: summing((n) => parseDecimal(PRICE_TEXTS[n & 1]!, 4)),
    },
    {
      name: 'delta text',
      each: -1_234.5,
      ratio: 1.4,
      run: summing((n) => parseSignedDecimal(DELTA_TEXTS[n & 1]!, 2)),
    },
    ...ladderRows(),
  ];
}

function sizingRow(pair: PairTerms, levels: number, ratio: number): MicroRow {
  const limits = { maxSizeCenti: 100_000, maxCostMicros: 10 ** 9, minNetMicros: 1 };
  const sized = createSizedPair();
  const kalshi = createAskLevels(DEPTH_LEVELS);
  const polymarket = createAskLevels(DEPTH_LEVELS);
  for (let level = 0; level < levels; level++) {
    kalshi.pricesE4[level] = 4_400 + level * 50;
    polymarket.pricesE4[level] = 4_300 + level * 100;
    kalshi.sizesCenti[level] = 2_377;
    polymarket.sizesCenti[level] = 3_050;
  }
  kalshi.count = levels;
  polymarket.count = levels;
  sizePair(pair, kalshi, polymarket, limits, sized);
  return {
    name: `size a pair, ${levels} x ${levels} levels`,
    each: sized.netMicros,
    ratio,
    batch: Math.round(DEFAULT_BATCH / levels),
    run: summing(() => {
      sizePair(pair, kalshi, polymarket, limits, sized);
      return sized.netMicros;
    }),
  };
}

function ladderRows(): MicroRow[] {
  const bids = centsApart(22);
  const bestE4 = bids.bestPriceE4();
  return [
    {
      name: 'ladder add near the best',
      each: 7_400.5,
      ratio: 0.56,
      run: summing((n) => bids.add(bestE4 - (n & 2) * 50, (n & 1) === 0 ? 1 : -1)),
    },
    {
      name: 'ladder level in + out',
      each: 3.5,
      ratio: 3.1,
      run: summing((n) => bids.add(bestE4 - 550, (n & 1) === 0 ? 7 : -7)),
    },
  ];
}
