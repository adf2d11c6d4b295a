import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteRing } from '../../src/shm/byte-ring.js';

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
