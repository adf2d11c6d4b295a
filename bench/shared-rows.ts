// What goes through shared memory, one by one: words, quotes, depth, the doorbell, a ring.
import { Ladder } from '../src/domain/ladder.js';
import { DEPTH_LEVELS, type DepthLevels, DepthTable } from '../src/shm/depth-table.js';
import { Doorbell } from '../src/shm/doorbell.js';
import { type Quote, QuoteTable } from '../src/shm/quote-table.js';
import { SpscRing } from '../src/shm/spsc-ring.js';
import type { FloorName, MicroRow } from './micro-row.js';

const SLOTS = 64;
const SLOT_WORDS = QuoteTable.bytes(1) / 8;
const WORD_BAR = { figure: 'ratio', atMost: 2, stretch: 1.5 };

/** The floors themselves: each gives the count of its operations when all of them happened. */
export function floorRuns(): Readonly<Record<FloorName, MicroRow['run']>> {
  const words = new Int32Array(new SharedArrayBuffer(SLOTS * 4));
  const loaded = new Int32Array(new SharedArrayBuffer(SLOTS * 4)).fill(1);
  return {
    'Int32 store + load': (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) {
        Atomics.store(words, 0, n);
        sum += Atomics.load(words, 0);
      }
      return sum === (operations * (operations - 1)) / 2 ? operations : -1;
    },
    'Int32 store': (operations) => {
      for (let n = 0; n < operations; n++) Atomics.store(words, n & 31, n + 1);
      return words[(operations - 1) & 31]!;
    },
    'Int32 load': (operations) => {
      let sum = 0;
      for (let n = 0; n < operations; n++) sum += Atomics.load(loaded, n & 31);
      return sum;
    },
  };
}

export function sharedRows(): MicroRow[] {
  return [...quoteRows(), ...depthRows(), ...wakeRows()];
}

function quoteRows(): MicroRow[] {
  const memory = new SharedArrayBuffer(QuoteTable.bytes(SLOTS));
  const quotes = new QuoteTable(memory);
  const quote: Quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
  for (let slot = 0; slot < SLOTS; slot++) quotes.publish(slot, 4_400, 5_700, 25, 40, 1, 2, 3);
  return [
    {
      name: 'quote word store',
      each: 1,
      ratio: 1.6,
      floor: 'Int32 store',
      bar: WORD_BAR,
      run: quoteWordStore(memory, quotes, quote),
    },
    {
      name: 'quote word load',
      each: 4_400 + 40,
      ratio: 1.6,
      floor: 'Int32 load',
      bar: WORD_BAR,
      run: (operations) => {
        let sum = 0;
        for (let n = 0; n < operations; n++) {
          quotes.read(32 + (n & 31), quote);
          sum += quote.yesAskE4 + quote.noSize;
        }
        return sum;
      },
    },
    {
      name: 'quote publish: word, times and count',
      each: 1,
      ratio: 1.9,
      run: (operations) => {
        const before = quotes.updates(0);
        for (let n = 0; n < operations; n++) quotes.publish(0, n, 5_700, 25, 40, n, n, n);
        quotes.read(0, quote);
        return quote.yesAskE4 === operations - 1 ? quotes.updates(0) - before : -1;
      },
    },
  ];
}

/** The word as QuoteTable.publish puts it together and stores it, without times and count; the table itself reads it back. */
function quoteWordStore(
  memory: SharedArrayBuffer,
  quotes: QuoteTable,
  quote: Quote,
): MicroRow['run'] {
  const words = new BigUint64Array(memory);
  const scratch64 = new BigUint64Array(1);
  const scratch32 = new Uint32Array(scratch64.buffer);
  return (operations) => {
    for (let n = 0; n < operations; n++) {
      scratch32[1] = ((n + 1) << 16) | 5_700;
      scratch32[0] = (Math.min(25, 0xffff) << 16) | Math.min(n, 0xffff);
      Atomics.store(words, (n & 31) * SLOT_WORDS, scratch64[0]!);
    }
    quotes.read((operations - 1) & 31, quote);
    return quote.noSize === operations - 1 ? quote.yesAskE4 : -1;
  };
}

function depthRows(): MicroRow[] {
  const depth = new DepthTable(new SharedArrayBuffer(DepthTable.bytes(2)));
  const none = new Ladder();
  const levels: DepthLevels = {
    pricesE4: new Int32Array(DEPTH_LEVELS),
    sizesCenti: new Float64Array(DEPTH_LEVELS),
    count: 0,
  };
  const bids = centsApart(22);
  return [
    {
      name: 'depth publish, 2 x 15 levels',
      each: 1,
      ratio: 8,
      run: (operations) => {
        for (let n = 0; n < operations; n++) {
          bids.sizesCenti[bids.count - 1] = n + 1;
          bids.changedFrom = 0;
          bids.changedTo = DEPTH_LEVELS;
          depth.publish(0, bids, bids, 10_000);
        }
        depth.read(0, 0, levels);
        return levels.sizesCenti[0]!;
      },
    },
    {
      name: 'depth publish, one size',
      each: 1,
      ratio: 3,
      run: (operations) => {
        for (let n = 0; n < operations; n++) {
          bids.set(bids.bestPriceE4(), n + 1);
          depth.publish(1, bids, none, 10_000);
        }
        depth.read(1, 0, levels);
        return levels.sizesCenti[0]!;
      },
    },
    {
      name: 'depth read, 15 levels',
      each: DEPTH_LEVELS,
      ratio: 15.6,
      run: (operations) => {
        let sum = 0;
        for (let n = 0; n < operations; n++) {
          if (depth.read(0, n & 1, levels)) sum += levels.count;
        }
        return sum;
      },
    },
  ];
}

function wakeRows(): MicroRow[] {
  const bell = new Doorbell(new SharedArrayBuffer(Doorbell.bytes(SLOTS)));
  const memory = new SharedArrayBuffer(SpscRing.bytes(SLOTS, 128));
  const producer = new SpscRing(memory, 128, 'producer');
  const consumer = new SpscRing(memory, 128, 'consumer');
  return [
    {
      name: 'doorbell mark + ring',
      each: 1,
      ratio: 1.9,
      run: (operations) => {
        const before = bell.rings();
        for (let n = 0; n < operations; n++) {
          bell.mark(n & 63);
          bell.ring();
        }
        return bell.takeDirty(0) === -1 ? bell.rings() - before : -1;
      },
    },
    {
      name: 'ring push + pop',
      each: 1,
      ratio: 2.3,
      run: (operations) => {
        let right = 0;
        for (let n = 0; n < operations; n++) {
          producer.ints[producer.claim() / 4] = n;
          producer.publish();
          if (consumer.ints[consumer.poll() / 4] === n) right++;
          consumer.release();
        }
        return right;
      },
    },
  ];
}

/** Levels a cent apart from 20 cents up, as the median recorded book has them. */
export function centsApart(levels: number): Ladder {
  const ladder = new Ladder();
  for (let level = 0; level < levels; level++) ladder.set(2_000 + level * 100, 7_400);
  return ladder;
}
