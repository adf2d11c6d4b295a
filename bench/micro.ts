// The building blocks of the path from a frame to two orders, one by one, on one thread and against a bare 32-bit atomic.
import { cpus } from 'node:os';
import { Bench } from 'tinybench';
import { parseDecimal, parseSignedDecimal } from '../src/domain/decimal.js';
import { kalshiFeeTable, polymarketFeeTable } from '../src/domain/fee-table.js';
import { kalshiTakerRate, kalshiTradeFeeMicros } from '../src/domain/kalshi-fee.js';
import { Ladder } from '../src/domain/ladder.js';
import { polymarketFeeBoundMicros, polymarketFeeSchedule } from '../src/domain/polymarket-fee.js';
import {
  createAskLevels,
  createSizedPair,
  edgeMicros,
  type PairTerms,
  sizePair,
} from '../src/domain/sizing.js';
import { DEPTH_LEVELS, type DepthLevels, DepthTable } from '../src/shm/depth-table.js';
import { Doorbell } from '../src/shm/doorbell.js';
import { type Quote, QuoteTable } from '../src/shm/quote-table.js';
import { SpscRing } from '../src/shm/spsc-ring.js';
import { journalRows } from './journal-rows.js';
import { parserRows } from './parser-rows.js';
import { riskRows } from './risk-rows.js';

/** Operations in one measured call: the clock's 30 ns vanish in it. */
const BATCH = 1_000;
const FLOOR = 'Int32 atomic store + load';

/** Runs `operations` operations and returns a sum that depends on each of them, which the row checks. */
type Operation = (operations: number) => number;

interface Row {
  readonly name: string;
  readonly run: Operation;
  /** The sum that BATCH operations must give. */
  readonly wanted: number;
  /** Of design.md, where it states one. */
  readonly goalNs?: number;
}

function row(name: string, wanted: number, run: Operation, goalNs?: number): Row {
  return { name, run, wanted, ...(goalNs !== undefined && { goalNs }) };
}

function times(operations: number, value: number): number {
  return operations * value;
}

function sharedRows(): Row[] {
  const words = new Int32Array(new SharedArrayBuffer(64));
  const quotes = new QuoteTable(new SharedArrayBuffer(QuoteTable.bytes(64)));
  const quote: Quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
  for (let slot = 0; slot < 64; slot++) quotes.publish(slot, 4_400, 5_700, 25, 40, 1, 2, 3);
  const bell = new Doorbell(new SharedArrayBuffer(Doorbell.bytes(64)));
  const ring = new SharedArrayBuffer(SpscRing.bytes(64, 128));
  const producer = new SpscRing(ring, 128, 'producer');
  const consumer = new SpscRing(ring, 128, 'consumer');
  return [
    row(FLOOR, (BATCH * (BATCH - 1)) / 2, (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        Atomics.store(words, 0, n);
        sum += Atomics.load(words, 0);
      }
      return sum;
    }),
    row(
      'quote publish',
      times(BATCH, 1),
      (operations) => {
        const before = quotes.updates(0);
        for (let n = 0; n < operations; n++) quotes.publish(0, n, 5_700, 25, 40, n, n, n);
        quotes.read(0, quote);
        return quote.yesAskE4 === operations - 1 ? quotes.updates(0) - before : -1;
      },
      13,
    ),
    row(
      'quote load + unpack',
      times(BATCH, 4_400 + 40),
      (operations) => {
        let sum = 0;
        for (let n = 0; n < operations; n++) {
          quotes.read(1 + (n & 31), quote);
          sum += quote.yesAskE4 + quote.noSize;
        }
        return sum;
      },
      10,
    ),
    row('doorbell mark + ring', BATCH, (operations) => {
      const before = bell.rings();
      for (let n = 0; n < operations; n++) {
        bell.mark(n & 63);
        bell.ring();
      }
      return bell.takeDirty(0) === -1 ? bell.rings() - before : -1;
    }),
    row('ring push + pop', (BATCH * (BATCH - 1)) / 2, (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        producer.ints[producer.claim() / 4] = n;
        producer.publish();
        sum += consumer.ints[consumer.poll() / 4]!;
        consumer.release();
      }
      return sum;
    }),
    ...depthRows(),
  ];
}

function depthRows(): Row[] {
  const depth = new DepthTable(new SharedArrayBuffer(DepthTable.bytes(1)));
  const levels: DepthLevels = {
    pricesE4: new Int32Array(DEPTH_LEVELS),
    sizesCenti: new Float64Array(DEPTH_LEVELS),
    count: 0,
  };
  const bids = book(22);
  return [
    row('depth publish, 2 x 15 levels', times(BATCH, 1), (operations) => {
      for (let n = 0; n < operations; n++) {
        bids.sizesCenti[bids.count - 1] = n + 1;
        depth.publish(0, bids, bids, 10_000);
      }
      depth.read(0, 0, levels);
      return levels.sizesCenti[0]!;
    }),
    row('depth read, 15 levels', times(BATCH, DEPTH_LEVELS), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        if (depth.read(0, n & 1, levels)) sum += levels.count;
      }
      return sum;
    }),
  ];
}

/** Levels a cent apart, as the median recorded book has them. */
function book(levels: number): Ladder {
  const ladder = new Ladder();
  for (let level = 0; level < levels; level++) ladder.set(2_000 + level * 100, 7_400);
  return ladder;
}

function terms(): PairTerms {
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

function domainRows(): Row[] {
  const pair = terms();
  const bids = book(22);
  const bestE4 = bids.bestPriceE4();
  return [
    row('edge of a pair', times(BATCH, edgeMicros(pair, 4_400, 5_000)), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) sum += edgeMicros(pair, 4_400, 5_000 + (n & 0));
      return sum;
    }),
    ...sizingRows(pair),
    row('Kalshi trade fee', times(BATCH, 17_500), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        sum += kalshiTradeFeeMicros(pair.kalshiRate, 5_000, 100 + (n & 0));
      }
      return sum;
    }),
    row('Polymarket fee', times(BATCH, 1_250_000), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        sum += polymarketFeeBoundMicros(pair.polymarketSchedule, 5_000, 10_000 + (n & 0));
      }
      return sum;
    }),
    row('price text', times(BATCH, 4_405), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) sum += parseDecimal(PRICE_TEXTS[n & 1]!, 4);
      return sum;
    }),
    row('delta text', times(BATCH, -1_234.5), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) sum += parseSignedDecimal(DELTA_TEXTS[n & 1]!, 2);
      return sum;
    }),
    row('ladder add near the best', times(BATCH, 7_400.5), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        sum += bids.add(bestE4 - (n & 2) * 50, (n & 1) === 0 ? 1 : -1);
      }
      return sum;
    }),
    row('ladder level in + out', times(BATCH, 3.5), (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) sum += bids.add(bestE4 - 550, (n & 1) === 0 ? 7 : -7);
      return sum;
    }),
  ];
}
const PRICE_TEXTS = ['0.4400', '0.4410'];
const DELTA_TEXTS = ['-12.50', '-12.19'];

function sizingRows(pair: PairTerms): Row[] {
  const sized = createSizedPair();
  const limits = { maxSizeCenti: 100_000, maxCostMicros: 10 ** 9, minNetMicros: 1 };
  return [1, 5].map((levels) => {
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
    const wanted = times(BATCH, sized.netMicros);
    return row(`size a pair, ${levels} x ${levels} levels`, wanted, (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        sizePair(pair, kalshi, polymarket, limits, sized);
        sum += sized.netMicros;
      }
      return sum;
    });
  });
}

async function main(): Promise<void> {
  const others = [...parserRows(), ...riskRows(), ...journalRows()].map(({ name, each, run }) =>
    row(name, times(BATCH, each), run),
  );
  const rows = [...sharedRows(), ...domainRows(), ...others];
  const bench = new Bench({ time: 150, warmupTime: 50 });
  for (const { name, run, wanted } of rows) {
    bench.add(name, () => {
      const sum = run(BATCH);
      if (sum !== wanted) throw new Error(`wrong result: row=${name} sum=${sum} wanted=${wanted}`);
    });
  }
  await bench.run();
  print(rows, bench);
}

function print(rows: readonly Row[], bench: Bench): void {
  const nanos = rows.map(({ name }) => {
    const task = bench.getTask(name);
    const result = task?.result;
    if (result === undefined || !('latency' in result)) {
      throw new Error(`no result: row=${name}`, { cause: result });
    }
    return (result.latency.p50 * 1_000_000) / BATCH;
  });
  const floor = nanos[rows.findIndex(({ name }) => name === FLOOR)]!;
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'} x ${cpus().length}, Node ${process.version}`,
  );
  console.log(`p50 of batches of ${BATCH}; every result was checked\n`);
  console.log('| operation | ns | x atomic | goal ns |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const [at, { name, goalNs }] of rows.entries()) {
    const ns = nanos[at]!;
    console.log(`| ${name} | ${ns.toFixed(1)} | ${(ns / floor).toFixed(1)} | ${goalNs ?? ''} |`);
  }
}

await main();
