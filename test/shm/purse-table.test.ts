// Purses against a plain model, then with somebody else at every step between two atomic operations, then under real threads.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MAX_PURSE_CENTS, PurseTable } from '../../src/shm/purse-table.js';
import {
  expectCaught,
  expectOutcomes,
  HUNG,
  MUTANT_OPERATIONS,
  type Mutation,
  type OutcomeTable,
  RACE_OPERATIONS,
  removeBundles,
  runRace,
} from './race.js';
import { RACED_PAIRS, RACED_SHARDS } from './races/purse-race.js';

const SHARDS = 2;
const PAIRS = 3;
const PURSES = SHARDS + 2 + PAIRS;

function createPurses(shards = SHARDS, pairs = PAIRS): PurseTable {
  return new PurseTable(new SharedArrayBuffer(PurseTable.bytes(shards, pairs)), shards);
}

/** Amounts around nothing, around each other and around all that a purse can hold. */
const cents = fc.oneof(
  { weight: 4, arbitrary: fc.nat(500) },
  { weight: 1, arbitrary: fc.integer({ min: MAX_PURSE_CENTS - 500, max: MAX_PURSE_CENTS + 500 }) },
);
/** `+ 0`: a word has no -0. */
const clamp = (amount: number) => Math.max(-MAX_PURSE_CENTS, Math.min(MAX_PURSE_CENTS, amount)) + 0;

describe('purse table', () => {
  test('has one purse for each purpose, and no word besides', () => {
    const shape = { shards: fc.integer({ min: 1, max: 5 }), pairs: fc.nat(20) };
    fc.assert(
      fc.property(fc.record(shape), ({ shards, pairs }) => {
        const purses = createPurses(shards, pairs);
        const all = [
          ...Array.from({ length: shards }, (_, shard) => purses.kalshiPurse(shard)),
          purses.polymarketPurse,
          purses.totalPurse,
          ...Array.from({ length: pairs }, (_, pair) => purses.marketPurse(pair)),
        ];
        expect(all).toEqual(Array.from({ length: shards + 2 + pairs }, (_, purse) => purse));
        expect(PurseTable.bytes(shards, pairs)).toBe(all.length * 4);
      }),
    );
  });

  test('keeps each purse by itself: taken whole or not at all, never beyond what it can hold', () => {
    const step = fc.record({
      purse: fc.nat(PURSES - 1),
      what: fc.constantFrom('take' as const, 'give' as const, 'adjust' as const, 'set' as const),
      cents,
      sign: fc.constantFrom(1, -1),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const purses = createPurses();
        const model = new Array<number>(PURSES).fill(0);
        for (const { purse, what, cents: amount, sign } of steps) {
          const before = model[purse]!;
          if (what === 'take') {
            expect(purses.take(purse, amount)).toBe(before >= amount);
            if (before >= amount) model[purse] = before - amount;
          } else if (what === 'give') {
            purses.give(purse, amount);
            model[purse] = clamp(before + amount);
          } else if (what === 'adjust') {
            purses.adjust(purse, sign * amount);
            model[purse] = clamp(before + sign * amount);
          } else {
            purses.set(purse, sign * amount);
            model[purse] = clamp(sign * amount);
          }
          expect(model.map((_, at) => purses.available(at))).toEqual(model);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('refuses what is no amount, and any amount from a purse that does not exist', () => {
    const purses = createPurses();
    for (let purse = 0; purse < PURSES; purse++) purses.set(purse, 1_000);
    const noAmount = fc.oneof(
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      fc.integer({ max: -1 }),
    );
    const noPurse = fc.oneof(
      fc.integer({ min: -PURSES, max: -1 }).map((shard) => purses.kalshiPurse(shard)),
      fc.integer({ min: SHARDS, max: 2 * PURSES }).map((shard) => purses.kalshiPurse(shard)),
      fc.integer({ min: -PURSES, max: -1 }).map((pair) => purses.marketPurse(pair)),
      fc.integer({ min: PAIRS, max: 2 * PURSES }).map((pair) => purses.marketPurse(pair)),
      fc.constant(purses.kalshiPurse(Number.NaN)),
      fc.constant(purses.marketPurse(Number.NaN)),
      fc.constantFrom(PURSES, Number.NaN),
    );
    fc.assert(
      fc.property(fc.nat(PURSES - 1), noAmount, noPurse, fc.nat(5), (purse, wrong, none, some) => {
        expect(purses.take(purse, wrong)).toBe(false);
        expect(purses.take(none, some)).toBe(false);
      }),
    );
    for (let purse = 0; purse < PURSES; purse++) expect(purses.available(purse)).toBe(1_000);
  });

  test('gives nothing back that is no amount: nobody can take by giving', () => {
    const purses = createPurses();
    purses.set(0, 5);
    for (const wrong of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) purses.give(0, wrong);
    expect(purses.available(0)).toBe(5);
  });

  test('is told only whole cents', () => {
    const purses = createPurses();
    for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => purses.set(1, wrong)).toThrow(/purse=1 cents=/);
      expect(() => purses.adjust(1, wrong)).toThrow(/purse=1 cents=/);
    }
  });

  test.each([
    ['no shards', 8, 0],
    ['fewer words than its shards need', 8, 1],
    ['half a shard', 64, 1.5],
  ])('refuses memory with %s', (_name, bytes, shards) => {
    expect(() => new PurseTable(new SharedArrayBuffer(bytes), shards)).toThrow(/bytes=/);
  });
});

describe('purse with somebody between the look and the swap', () => {
  /** Seldom adjust(), which alone may leave less than nothing: most short cases have none. */
  const act = fc.record({
    what: fc.constantFrom('take', 'take', 'take', 'give', 'give', 'give', 'adjust'),
    cents: fc.nat(120),
  });
  type Act = { readonly what: string; readonly cents: number };

  /** Runs one act of the intruders after each Atomics.load and before each compareExchange. */
  function between<T>(intrude: () => void, act: () => T): T {
    const { load, compareExchange } = Atomics;
    let busy = false;
    const step = () => {
      if (busy) return;
      busy = true;
      intrude();
      busy = false;
    };
    Atomics.load = ((...args: Parameters<typeof load>) => {
      const value = load(...args);
      step();
      return value;
    }) as typeof load;
    Atomics.compareExchange = ((...args: Parameters<typeof compareExchange>) => {
      step();
      return compareExchange(...args);
    }) as typeof compareExchange;
    try {
      return act();
    } finally {
      Atomics.load = load;
      Atomics.compareExchange = compareExchange;
    }
  }

  test('is never overspent, and not a cent is lost or made', () => {
    let met = 0;
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.array(act, { minLength: 1, maxLength: 12 }),
        fc.array(act, { maxLength: 40 }),
        (start, acts, intrusions) => {
          const purses = createPurses();
          purses.set(0, start);
          let total = start;
          let held = 0;
          const perform = ({ what, cents: amount }: Act) => {
            if (what === 'take') {
              if (purses.take(0, amount)) held += amount;
            } else if (what === 'give') {
              const back = Math.min(held, amount);
              held -= back;
              purses.give(0, back);
            } else {
              // The exchange says that there is less than was thought.
              total -= amount;
              purses.adjust(0, -amount);
            }
          };
          const mayOwe = [...acts, ...intrusions].some(({ what }) => what === 'adjust');
          const waiting = [...intrusions];
          const intrude = () => {
            const next = waiting.shift();
            if (next === undefined) return;
            met++;
            perform(next);
            if (!mayOwe) expect(purses.available(0)).toBeGreaterThanOrEqual(0);
          };
          for (const own of acts) {
            between(intrude, () => perform(own));
            expect(purses.available(0) + held).toBe(total);
            if (!mayOwe) expect(purses.available(0)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 1_000 },
    );
    expect(met).toBeGreaterThan(1_000);
  });
});

describe('purse under threads', () => {
  afterAll(removeBundles);

  /** Two takers and a watcher: as many operations altogether as the other races have. */
  const TAKERS = 2;
  const CENTS = 100;
  const TEST_MS = 60_000 + RACE_OPERATIONS / 100;
  const MUTANT_MS = 90_000;
  const outcomes: OutcomeTable = {
    taken: 'expected',
    refused: 'expected',
    looks: 'expected',
    conserved: 'expected',
    lostOrMade: 'forbidden: what is there and what is held is not what there was',
    overdrawn: 'forbidden: more was taken than there was',
    tooMuch: 'forbidden: more was given back than was taken',
    strayed: 'forbidden: another purse was touched',
    [HUNG]: 'forbidden: a thread never ended',
  };
  const race = (operations: number, mutation?: Mutation) => {
    const memory = new SharedArrayBuffer(PurseTable.bytes(RACED_SHARDS, RACED_PAIRS));
    new PurseTable(memory, RACED_SHARDS).set(0, CENTS);
    return runRace({
      roles: [...new Array<string>(TAKERS).fill('purseTaker'), 'purseWatcher'],
      memory,
      operations: operations / TAKERS,
      options: { cents: CENTS },
      ...(mutation && { mutation }),
    });
  };

  test('is never below nothing, and conserves every cent', { timeout: TEST_MS }, async () => {
    expectOutcomes(await race(RACE_OPERATIONS), outcomes);
  });

  const mutants: Readonly<Record<string, Mutation>> = {
    'takes in two steps': {
      file: 'purse-table.ts',
      changes: [
        [
          'const found = Atomics.compareExchange(this.#cents, purse, available, available - cents);',
          `Atomics.store(this.#cents, purse, available - cents);
           const found = available;`,
        ],
      ],
    },
    'gives back in two steps': {
      file: 'purse-table.ts',
      changes: [
        [
          'const found = Atomics.compareExchange(this.#cents, purse, available, next);',
          `Atomics.store(this.#cents, purse, next);
           const found = available;`,
        ],
      ],
    },
    'looks, then subtracts whatever is there': {
      file: 'purse-table.ts',
      changes: [
        [
          'const found = Atomics.compareExchange(this.#cents, purse, available, available - cents);',
          `Atomics.sub(this.#cents, purse, cents);
           const found = available;`,
        ],
      ],
    },
  };
  test.each(Object.entries(mutants))(
    'is caught when it %s',
    { timeout: MUTANT_MS },
    async (_name, mutation) => {
      await expectCaught(() => race(MUTANT_OPERATIONS, mutation), outcomes);
    },
  );
});
