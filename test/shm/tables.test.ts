// The shared tables from one thread: each against a plain model of what it holds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ladder } from '../../src/domain/ladder.js';
import {
  ControlBlock,
  ENGINE_ENDING,
  ENGINE_RUNNING,
  ENGINE_STOPPED,
  type EngineState,
} from '../../src/shm/control-block.js';
import { CounterBlock, CounterReader } from '../../src/shm/counters.js';
import { DEPTH_LEVELS, type DepthLevels, DepthTable } from '../../src/shm/depth-table.js';
import { Doorbell } from '../../src/shm/doorbell.js';
import { FlightTable } from '../../src/shm/flight-table.js';
import { type Quote, QuoteTable, TRUSTED, trustReason } from '../../src/shm/quote-table.js';
import { RING_EMPTY, RING_FULL, SpscRing } from '../../src/shm/spsc-ring.js';
import { createWait, WAIT_STRATEGIES } from '../../src/shm/wait-strategy.js';

const SLOTS = 5;
const slot = fc.nat(SLOTS - 1);
const priceE4 = fc.integer({ min: 0, max: 10_000 });
const emptyQuote = (): Quote => ({ yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 });

describe('quote table', () => {
  test('gives back what was published last in each slot, sizes saturated', () => {
    const size = fc.integer({ min: 0, max: 200_000 });
    const quote = fc.record({ at: slot, yes: priceE4, no: priceE4, yesSize: size, noSize: size });
    fc.assert(
      fc.property(fc.array(quote), (quotes) => {
        const table = new QuoteTable(new SharedArrayBuffer(QuoteTable.bytes(SLOTS)));
        const model = Array.from({ length: SLOTS }, () => ({ quote: emptyQuote(), updates: 0 }));
        for (const [n, { at, yes, no, yesSize, noSize }] of quotes.entries()) {
          table.publish(at, yes, no, yesSize, noSize, n, n + 0.5, n + 1_790_000_000_000);
          model[at] = {
            quote: {
              yesAskE4: yes,
              noAskE4: no,
              yesSize: Math.min(yesSize, 65_535),
              noSize: Math.min(noSize, 65_535),
            },
            updates: model[at]!.updates + 1,
          };
          expect(table.receiveNs(at)).toBe(n);
          expect(table.publishedNs(at)).toBe(n + 0.5);
          expect(table.venueMs(at)).toBe(n + 1_790_000_000_000);
        }
        for (const [at, { quote: wanted, updates }] of model.entries()) {
          const found = emptyQuote();
          table.read(at, found);
          expect(found).toEqual(wanted);
          expect(table.updates(at)).toBe(updates);
        }
      }),
    );
  });

  test('keeps trust apart from quotes and from its neighbours', () => {
    const change = fc.record({ at: slot, epoch: fc.nat(70_000), reason: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const table = new QuoteTable(new SharedArrayBuffer(QuoteTable.bytes(SLOTS)));
        const model = new Map<number, number>();
        for (const { at, epoch, reason } of changes) {
          table.setTrust(at, epoch, reason);
          table.publish(at, 10_000, 10_000, 65_535, 65_535, 1, 1, 1);
          model.set(at, (epoch % 65_536) * 65_536 + reason);
        }
        for (const [at, word] of model) {
          expect(table.trustWord(at)).toBe(word);
          expect(trustReason(table.trustWord(at)) === TRUSTED).toBe(word % 65_536 === TRUSTED);
        }
      }),
    );
  });

  test('trusts no slot that nobody has written', () => {
    const table = new QuoteTable(new SharedArrayBuffer(QuoteTable.bytes(1)));
    expect(trustReason(table.trustWord(0))).not.toBe(TRUSTED);
  });

  test('refuses memory that is no whole number of slots', () => {
    expect(() => new QuoteTable(new SharedArrayBuffer(100))).toThrow(/bytes=100/);
  });
});

describe('depth table', () => {
  test('gives back the best levels of each outcome as asks, best first', () => {
    const bids = fc
      .uniqueArray(fc.integer({ min: 1, max: 9_999 }), { maxLength: 40, size: 'max' })
      .chain((prices) =>
        fc
          .array(fc.integer({ min: 1, max: 2 ** 33 }), {
            minLength: prices.length,
            maxLength: prices.length,
          })
          .map((sizes) => ({
            pricesE4: Int32Array.from(prices.toSorted((a, b) => a - b)),
            sizesCenti: Float64Array.from(sizes),
            count: prices.length,
            changedFrom: 0,
            changedTo: DEPTH_LEVELS,
            published: () => undefined,
          })),
      );
    fc.assert(
      fc.property(fc.nat(2), bids, bids, (record, yesAsks, noAsks) => {
        const table = new DepthTable(new SharedArrayBuffer(DepthTable.bytes(3)));
        table.publish(record, yesAsks, noAsks, 10_000);
        for (const [outcome, side] of [yesAsks, noAsks].entries()) {
          const out: DepthLevels = {
            pricesE4: new Int32Array(DEPTH_LEVELS),
            sizesCenti: new Float64Array(DEPTH_LEVELS),
            count: -1,
          };
          expect(table.read(record, outcome, out)).toBe(true);
          const best = [...side.pricesE4].map(
            (price, at) => [price, side.sizesCenti[at]!] as const,
          );
          const wanted = best.reverse().slice(0, DEPTH_LEVELS);
          expect(out.count).toBe(wanted.length);
          expect([...out.pricesE4.subarray(0, out.count)]).toEqual(
            wanted.map(([price]) => 10_000 - price),
          );
          expect([...out.sizesCenti.subarray(0, out.count)]).toEqual(
            wanted.map(([, size]) => Math.min(size, 2 ** 31 - 1)),
          );
        }
      }),
    );
  });

  test('has all that two ladders have, whatever changed between two publications', () => {
    const prices = fc.integer({ min: 1, max: 45 }).map((cents) => cents * 100);
    const step = fc.record({
      kind: fc.oneof(
        { weight: 40, arbitrary: fc.constantFrom('set', 'add', 'publish', 'publish') },
        { weight: 1, arbitrary: fc.constantFrom('clear', 'other-market') },
      ),
      side: fc.constantFrom(0, 1),
      priceE4: prices,
      sizeCenti: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const table = new DepthTable(new SharedArrayBuffer(DepthTable.bytes(2)));
        const sides = [new Ladder(), new Ladder()] as const;
        const others = [new Ladder(), new Ladder()] as const;
        // Around the last level that is published, where what comes and goes is half seen.
        for (const side of sides)
          for (let cents = 1; cents <= 14; cents++) side.set(cents * 300, 2);
        for (const { kind, side, priceE4, sizeCenti } of steps) {
          if (kind === 'set') sides[side]!.set(priceE4, sizeCenti);
          else if (kind === 'add') sides[side]!.add(priceE4, sizeCenti - 1);
          else if (kind === 'clear') sides[side]!.clear();
          else if (kind === 'other-market') {
            // The same record from other ladders, and these ladders in another record: polled books, and ladders that change hands.
            table.publish(0, others[0], others[1], 10_000);
            table.publish(1, sides[0], sides[1], 10_000);
          } else {
            table.publish(0, sides[0], sides[1], 10_000);
            for (const [outcome, ladder] of sides.entries()) {
              expect(depthOf(table, 0, outcome)).toEqual(bestOf(ladder));
            }
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('gives up on a record that stays half written', () => {
    const memory = new SharedArrayBuffer(DepthTable.bytes(1));
    new Int32Array(memory)[0] = 1;
    const out = { pricesE4: new Int32Array(15), sizesCenti: new Float64Array(15), count: 7 };
    expect(new DepthTable(memory).read(0, 0, out)).toBe(false);
    expect(out.count).toBe(7);
  });
});

describe('ring', () => {
  const RECORD_BYTES = 64;
  const step = fc.constantFrom('push' as const, 'pop' as const, 'reopen' as const);
  const start = fc.oneof(fc.constantFrom(-3, 0, 2 ** 31 - 3, -(2 ** 31)), fc.integer());

  test('is a bounded queue, wherever its indices stand and whenever an end is taken over', () => {
    fc.assert(
      fc.property(
        start,
        fc.constantFrom(1, 2, 8),
        fc.array(step, { maxLength: 200, size: 'max' }),
        (from, capacity, steps) => {
          const memory = new SharedArrayBuffer(SpscRing.bytes(capacity, RECORD_BYTES));
          const words = new Int32Array(memory);
          words[0] = from;
          words[16] = from;
          let producer = new SpscRing(memory, RECORD_BYTES, 'producer');
          let consumer = new SpscRing(memory, RECORD_BYTES, 'consumer');
          const model: number[] = [];
          let refused = 0;
          for (const [n, what] of steps.entries()) {
            if (what === 'push') {
              const at = producer.claim();
              expect(at === RING_FULL).toBe(model.length === capacity);
              if (at === RING_FULL) refused++;
              else {
                producer.ints[at / 4] = n;
                producer.publish();
                model.push(n);
              }
            } else if (what === 'pop') {
              const at = consumer.poll();
              expect(at === RING_EMPTY).toBe(model.length === 0);
              if (at !== RING_EMPTY) {
                expect(consumer.ints[at / 4]).toBe(model.shift());
                consumer.release();
              }
            } else {
              producer = new SpscRing(memory, RECORD_BYTES, 'producer');
              consumer = new SpscRing(memory, RECORD_BYTES, 'consumer');
            }
          }
          expect(producer.refused()).toBe(refused);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('refuses capacities and records that its arithmetic cannot hold', () => {
    const bytes = SpscRing.bytes(3, RECORD_BYTES);
    expect(() => new SpscRing(new SharedArrayBuffer(bytes), 64, 'producer')).toThrow(/capacity=3/);
    const odd = new SharedArrayBuffer(SpscRing.bytes(4, 40));
    expect(() => new SpscRing(odd, 40, 'producer')).toThrow(/recordBytes=40/);
  });
});

describe('doorbell', () => {
  test('conflates marks of a pair and gives each dirty pair once', () => {
    const PAIRS = 100;
    fc.assert(
      fc.property(fc.array(fc.nat(PAIRS - 1)), (marked) => {
        const bell = new Doorbell(new SharedArrayBuffer(Doorbell.bytes(PAIRS)));
        const model = new Set<number>();
        for (const pair of marked) {
          expect(bell.mark(pair)).toBe(model.has(pair));
          model.add(pair);
        }
        const taken: number[] = [];
        for (let word = 0; word < bell.dirtyWords; word++) {
          const dirty = bell.takeDirty(word);
          for (let bit = 0; bit < 32; bit++) {
            if ((dirty >>> bit) & 1) taken.push(word * 32 + bit);
          }
          expect(bell.takeDirty(word)).toBe(0);
        }
        expect(taken).toEqual([...model].sort((a, b) => a - b));
      }),
    );
  });

  test.each(WAIT_STRATEGIES)('that has rung is not waited for: %s', (name) => {
    const bell = new Doorbell(new SharedArrayBuffer(Doorbell.bytes(1)));
    const wait = createWait(name);
    const seen = bell.rings();
    bell.ring();
    wait(bell, seen);
    expect(bell.rings()).not.toBe(seen);
  });
});

describe('flight table', () => {
  test('says in flight exactly while more was fired than settled', () => {
    const step = fc.record({ pair: slot, what: fc.constantFrom('fire', 'settle', 'hold') });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const table = new FlightTable(new SharedArrayBuffer(FlightTable.bytes(SLOTS)));
        const open = new Array<number>(SLOTS).fill(0);
        const held = new Array<boolean>(SLOTS).fill(false);
        for (const { pair, what } of steps) {
          if (what === 'fire') {
            table.fire(pair);
            open[pair]!++;
          } else if (what === 'hold') {
            held[pair] = !held[pair];
            table.hold(pair, held[pair]);
          } else if (open[pair]! > 0) {
            table.settle(pair);
            open[pair]!--;
          }
          for (let at = 0; at < SLOTS; at++) {
            expect(table.isInFlight(at)).toBe(open[at]! > 0);
            expect(table.isHeld(at)).toBe(held[at]);
          }
        }
      }),
    );
  });
});

describe('counters', () => {
  test('add up to the totals of their writer, also over 2^32', () => {
    const addition = fc.record({ counter: fc.nat(15), amount: fc.nat(2 ** 31) });
    fc.assert(
      fc.property(fc.array(addition), (additions) => {
        const memory = new SharedArrayBuffer(CounterBlock.bytes(16));
        const writer = new CounterBlock(memory);
        const reader = new CounterReader(memory);
        const model = new Array<number>(16).fill(0);
        for (const { counter, amount } of additions) {
          writer.add(counter, amount);
          model[counter]! += amount;
          expect(reader.total(counter)).toBe(model[counter]);
        }
      }),
    );
  });
});

describe('control block', () => {
  test('only moves forward', () => {
    const block = new ControlBlock(new SharedArrayBuffer(ControlBlock.bytes(9)));
    const state = fc.constantFrom<EngineState>(ENGINE_RUNNING, ENGINE_STOPPED, ENGINE_ENDING);
    let furthest = 0;
    fc.assert(
      fc.property(state, (next) => {
        block.advance(next);
        furthest = Math.max(furthest, next);
        expect(block.state()).toBe(furthest);
      }),
    );
  });

  test('keeps a heartbeat a worker, beside the state', () => {
    const block = new ControlBlock(new SharedArrayBuffer(ControlBlock.bytes(9)));
    for (let worker = 0; worker < 9; worker++) block.beat(worker, worker + 1);
    for (let worker = 0; worker < 9; worker++) expect(block.heartbeatNs(worker)).toBe(worker + 1);
    expect(block.state()).toBe(0);
  });
});

function depthOf(table: DepthTable, record: number, outcome: number): [number, number][] {
  const out = {
    pricesE4: new Int32Array(DEPTH_LEVELS),
    sizesCenti: new Float64Array(DEPTH_LEVELS),
    count: -1,
  };
  expect(table.read(record, outcome, out)).toBe(true);
  return Array.from({ length: out.count }, (_, at) => [out.pricesE4[at]!, out.sizesCenti[at]!]);
}

function bestOf({ pricesE4, sizesCenti, count }: Ladder): [number, number][] {
  return Array.from({ length: Math.min(count, DEPTH_LEVELS) }, (_, level) => {
    const at = count - 1 - level;
    return [10_000 - pricesE4[at]!, sizesCenti[at]!];
  });
}
