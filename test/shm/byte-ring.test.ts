import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { BYTE_RING_LAYOUT, ByteRing } from '../../src/shm/byte-ring.js';
import {
  expectCaught,
  expectOutcomes,
  HUNG,
  type Mutation,
  type OutcomeTable,
  RACE_OPERATIONS,
  removeBundles,
  runRace,
} from './race.js';

const CAPACITY = 256;

function open(headStart = 0) {
  const memory = new SharedArrayBuffer(ByteRing.bytes(CAPACITY));
  // As if so many bytes had gone through it: places and differences wrap.
  new Int32Array(memory).fill(headStart | 0, 0, 1);
  new Int32Array(memory).fill(headStart | 0, 16, 17);
  return { producer: new ByteRing(memory), consumer: new ByteRing(memory) };
}

type Step = { readonly push: number } | { readonly drain: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 0, max: CAPACITY + 8 }) }) },
  { weight: 2, arbitrary: fc.record({ drain: fc.integer({ min: 0, max: 6 }) }) },
);

it('hands over every record whole, once and in order, and refuses what does not fit', () => {
  let refusals = 0;
  let wraps = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.constantFrom(0, 2 ** 32 - 64, 2 ** 31 - 32),
      (steps, headStart) => {
        const { producer, consumer } = open(headStart);
        const waiting: Uint8Array[] = [];
        let written = 0;
        const take = (max: number) =>
          consumer.drain((record) => {
            expect([...record]).toEqual([...waiting.shift()!]);
          }, max);
        for (const [index, each] of steps.entries()) {
          if ('drain' in each) {
            const before = waiting.length;
            expect(take(each.drain)).toBe(Math.min(before, each.drain));
            continue;
          }
          const record = Uint8Array.from({ length: each.push }, (_, at) => (index * 31 + at) & 255);
          const usedBefore = producer.used;
          if (producer.push(record)) {
            waiting.push(record);
            written += each.push;
          } else {
            refusals++;
            expect(producer.used).toBe(usedBefore);
            // Empty, it takes anything up to the rest of the ring or half of it, whichever is more.
            if (usedBefore === 0) expect(each.push).toBeGreaterThan(CAPACITY / 2 - 8);
          }
          expect(producer.used).toBeLessThanOrEqual(CAPACITY);
        }
        take(Number.POSITIVE_INFINITY);
        expect(waiting).toEqual([]);
        expect(consumer.used).toBe(0);
        if (written > CAPACITY) wraps++;
      },
    ),
    { numRuns: 1_000 },
  );
  expect(refusals).toBeGreaterThan(100);
  expect(wraps).toBeGreaterThan(100);
});

it('takes no memory that it could not address', () => {
  expect(() => new ByteRing(new SharedArrayBuffer(ByteRing.bytes(100)))).toThrow(/bytes=100/);
});

describe('under two threads', () => {
  const RACED_BYTES = 256;
  /** A record with its checks costs some 20 times a word. */
  const STREAMED = RACE_OPERATIONS / 20;
  const LOCKSTEP = RACE_OPERATIONS / 400;
  const MUTANT_RECORDS = 100_000;
  const LOST_WAKE_MS = 500;
  const TEST_MS = 120_000 + RACE_OPERATIONS / 100;

  afterAll(removeBundles);

  const outcomes: OutcomeTable = {
    published: 'expected',
    inOrder: 'expected',
    full: 'allowed',
    waits: 'expected',
    timedOut: 'allowed',
    lostWake: 'forbidden: slept until the timeout although a record was there',
    lost: 'forbidden: a record was skipped',
    doubled: 'forbidden: a record came twice',
    mixed: 'forbidden: bytes of two records',
    [HUNG]: 'forbidden: a thread never ended',
  };
  const race = (operations: number, options: Record<string, number>, mutation?: Mutation) => {
    const memory = new SharedArrayBuffer(ByteRing.bytes(RACED_BYTES));
    const words = new Int32Array(memory);
    // Wraps in the middle of the race, which has about 20 bytes a record.
    for (const name of ['head', 'tail']) {
      const { offset } = BYTE_RING_LAYOUT.fields.find((field) => field.name === name)!;
      words[offset / 4] = -operations * 10 - ((operations * 10) % 4);
    }
    return runRace({
      roles: ['byteProducer', 'byteConsumer'],
      memory,
      operations,
      options: { ...options, timeoutMs: LOST_WAKE_MS },
      ...(mutation && { mutation, deadlineMs: 10_000 }),
    });
  };
  const stream = { dawdles: 5_000 };
  const oneByOne = { lockstep: 1, pauses: 2_000 };

  it('hands over every record of a stream whole, once and in order', {
    timeout: TEST_MS,
  }, async () => {
    const tally = await race(STREAMED, stream);
    expectOutcomes(tally, { ...outcomes, full: 'expected' });
    expect(tally.inOrder).toBe(STREAMED);
  });

  it('loses no wake when records come one by one', { timeout: TEST_MS }, async () => {
    const tally = await race(LOCKSTEP, oneByOne);
    expectOutcomes(tally, outcomes);
    expect(tally.inOrder).toBe(LOCKSTEP);
  });

  const SET = 'this.#bytes.set(record, start + LENGTH_BYTES);';
  const mutants: Readonly<Record<string, readonly [Record<string, number>, Mutation['changes']]>> =
    {
      'publishes before it writes': [
        stream,
        [
          [SET, ''],
          ['Atomics.notify(', `${SET}\nAtomics.notify(`],
        ],
      ],
      'writes over what is being read': [
        stream,
        [['> this.capacity) return false', '> this.capacity + 64) return false']],
      ],
      'forgets what it has left out at the end': [
        stream,
        [['head + skipped + needed', 'head + needed']],
      ],
      'does not wake its reader': [
        oneByOne,
        [['Atomics.notify(this.#ints, HEAD_OFFSET / 4);', '']],
      ],
      'sleeps on what it has not compared': [
        oneByOne,
        [
          [
            'Atomics.wait(this.#ints, HEAD_OFFSET / 4, head, timeoutMs)',
            `for (let turn = 0; turn < 500; turn++) Atomics.load(this.#ints, TAIL_OFFSET / 4);
             const seen = Atomics.load(this.#ints, HEAD_OFFSET / 4);
             Atomics.wait(this.#ints, HEAD_OFFSET / 4, seen, timeoutMs)`,
          ],
        ],
      ],
    };
  it.each(Object.entries(mutants))(
    'is caught when it %s',
    {
      timeout: TEST_MS,
    },
    async (_name, [options, changes]) => {
      const mutation = { file: 'byte-ring.ts', changes };
      await expectCaught(() => race(MUTANT_RECORDS, options, mutation), outcomes);
    },
  );
});
