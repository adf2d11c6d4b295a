// The shared memory under real threads: every outcome of a race is listed, and each race must catch the defect it is for.
import { afterAll, describe, expect, test } from 'vitest';
import { DEPTH_RECORD_LAYOUT, DepthTable } from '../../src/shm/depth-table.js';
import { Doorbell } from '../../src/shm/doorbell.js';
import type { Layout } from '../../src/shm/layout.js';
import { QuoteTable } from '../../src/shm/quote-table.js';
import { SPSC_RING_LAYOUT, SpscRing } from '../../src/shm/spsc-ring.js';
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
import { DOORBELL_PAIRS } from './races/doorbell-race.js';
import { publishNumber } from './races/quote-race.js';
import { RING_RECORD_BYTES } from './races/ring-race.js';

const TEST_MS = 60_000 + RACE_OPERATIONS / 100;
const MUTANT_MS = 90_000;
/** Rounds in which each operation is one sleep and one wake of a thread: some 10 us each. */
const LOCKSTEP_ROUNDS = RACE_OPERATIONS / 400;
const MUTANT_ROUNDS = 20_000;
const LOST_WAKE_MS = 2_000;
/** Shorter: Node keeps a timer for every asynchronous wait until its timeout. */
const LOST_ASYNC_WAKE_MS = 200;

afterAll(removeBundles);

const hung = { [HUNG]: 'forbidden: a thread never ended' } as const;

function offsetOf(layout: Layout, name: string): number {
  const field = layout.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no such field: name=${name}`);
  return field.offset;
}

describe('quote word', () => {
  const outcomes: OutcomeTable = {
    published: 'expected',
    whole: 'expected',
    changed: 'expected',
    tornPrices: 'forbidden: prices of two publications',
    tornSizes: 'forbidden: sizes of another publication than the prices',
    ...hung,
  };
  const race = (operations: number, mutation?: Mutation) => {
    const memory = new SharedArrayBuffer(QuoteTable.bytes(1));
    publishNumber(new QuoteTable(memory), 0);
    return runRace({
      roles: ['quoteWriter', 'quoteReader'],
      memory,
      operations,
      ...(mutation && { mutation }),
    });
  };

  test('is never torn', { timeout: TEST_MS }, async () => {
    expectOutcomes(await race(RACE_OPERATIONS), outcomes);
  });

  test('would be torn if it were stored as two words', { timeout: MUTANT_MS }, async () => {
    const twoWords: Mutation = {
      file: 'quote-table.ts',
      changes: [
        [
          'Atomics.store(this.#words, (base + QUOTE_OFFSET) / 8, this.#scratch64[0]!);',
          `Atomics.store(this.#ints, base / 4 + HIGH, this.#scratch32[HIGH]!);
           Atomics.store(this.#ints, base / 4 + LOW, this.#scratch32[LOW]!);`,
        ],
      ],
    };
    await expectCaught(() => race(MUTANT_OPERATIONS, twoWords), outcomes);
  });
});

describe('trust word', () => {
  const outcomes: OutcomeTable = {
    published: 'expected',
    accepted: 'expected',
    untrusted: 'expected',
    changed: 'allowed',
    oldEpoch: 'forbidden: a quote of an earlier connection was accepted',
    poison: 'forbidden: a quote published while untrusted was accepted',
    ...hung,
  };
  const race = (operations: number, options: Record<string, number> = {}) => {
    const memory = new SharedArrayBuffer(QuoteTable.bytes(1));
    return runRace({ roles: ['trustWriter', 'trustReader'], memory, operations, options });
  };

  test('read before and after keeps old and untrusted quotes out', {
    timeout: TEST_MS,
  }, async () => {
    expectOutcomes(await race(RACE_OPERATIONS), outcomes);
  });

  test('is not enough when it is read only before', { timeout: MUTANT_MS }, async () => {
    await expectCaught(() => race(MUTANT_OPERATIONS, { looksOnce: 1 }), outcomes);
  });

  test('is not enough when trust returns within an epoch', { timeout: MUTANT_MS }, async () => {
    await expectCaught(() => race(MUTANT_OPERATIONS, { keepsEpoch: 1 }), outcomes);
  });
});

describe('depth record', () => {
  const outcomes: OutcomeTable = {
    published: 'expected',
    whole: 'expected',
    gaveUp: 'allowed',
    mixed: 'forbidden: levels of two publications',
    wentBack: 'forbidden: an older record after a newer one',
    ...hung,
  };
  const raceOf = (roles: readonly string[], operations: number, mutation?: Mutation) =>
    runRace({
      roles,
      memory: new SharedArrayBuffer(DepthTable.bytes(1)),
      operations,
      ...(mutation && { mutation }),
    });
  const race = (operations: number, mutation?: Mutation) =>
    raceOf(['depthWriter', 'depthReader'], operations, mutation);

  test('never shows a size without the one that changed before it', {
    timeout: TEST_MS,
  }, async () => {
    expectOutcomes(await raceOf(['sizeWriter', 'sizeReader'], RACE_OPERATIONS), outcomes);
  });

  test('would, if a size were not counted', { timeout: MUTANT_MS }, async () => {
    const uncounted: Mutation = {
      file: 'depth-table.ts',
      changes: [['Atomics.add(words, base, 2);', '']],
    };
    const roles = ['sizeWriter', 'sizeReader'];
    await expectCaught(() => raceOf(roles, MUTANT_OPERATIONS, uncounted), outcomes);
  });

  test('is never read half written', { timeout: TEST_MS }, async () => {
    expectOutcomes(await race(RACE_OPERATIONS), outcomes);
  });

  test('would be, without the odd step of the sequence', { timeout: MUTANT_MS }, async () => {
    const noOddStep: Mutation = {
      file: 'depth-table.ts',
      changes: [
        ['Atomics.add(words, base, 1);', ''],
        ['Atomics.add(words, base, 1);', 'Atomics.add(words, base, 2);'],
      ],
    };
    await expectCaught(() => race(MUTANT_OPERATIONS, noOddStep), outcomes);
  });

  test('would be, without the second look at the sequence', { timeout: MUTANT_MS }, async () => {
    const oneLook: Mutation = {
      file: 'depth-table.ts',
      changes: [['if (Atomics.load(words, base) === before) {', 'if (before >= 0) {']],
    };
    await expectCaught(() => race(MUTANT_OPERATIONS, oneLook), outcomes);
  });

  test('wraps its sequence number', { timeout: MUTANT_MS }, async () => {
    const memory = new SharedArrayBuffer(DepthTable.bytes(1));
    new Int32Array(memory)[offsetOf(DEPTH_RECORD_LAYOUT, 'sequence') / 4] = -100_000;
    const operations = 1_000_000;
    const tally = await runRace({ roles: ['depthWriter', 'depthReader'], memory, operations });
    expectOutcomes(tally, outcomes);
  });
});

/** A ring whose indices stand at `start`, as after that many records. */
function ringMemory(capacity: number, start: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(SpscRing.bytes(capacity, RING_RECORD_BYTES));
  const words = new Int32Array(memory);
  words[offsetOf(SPSC_RING_LAYOUT, 'tail') / 4] = start;
  words[offsetOf(SPSC_RING_LAYOUT, 'head') / 4] = start;
  return memory;
}

describe('ring', () => {
  const outcomes: OutcomeTable = {
    published: 'expected',
    inOrder: 'expected',
    full: 'expected',
    empty: 'allowed',
    lost: 'forbidden: a record was skipped',
    doubled: 'forbidden: a record came twice',
    mixed: 'forbidden: words of two records',
    miscounted: 'forbidden: refusals counted wrongly',
    ...hung,
  };
  const race = (operations: number, start: number, mutation?: Mutation) =>
    runRace({
      roles: ['ringProducer', 'ringConsumer'],
      memory: ringMemory(8, start),
      operations,
      ...(mutation && { mutation, deadlineMs: 2_500 }),
    });

  test('hands over every record once, in order, full and over 2^32', {
    timeout: TEST_MS,
  }, async () => {
    const tally = await race(RACE_OPERATIONS, -RACE_OPERATIONS / 2);
    expectOutcomes(tally, outcomes);
    expect(tally.inOrder).toBe(RACE_OPERATIONS);
  });

  test('does so over 2^31', { timeout: TEST_MS }, async () => {
    const tally = await race(MUTANT_OPERATIONS, 2 ** 31 - MUTANT_OPERATIONS / 2);
    expectOutcomes(tally, outcomes);
    expect(tally.inOrder).toBe(MUTANT_OPERATIONS);
  });

  const mutants: Readonly<Record<string, Mutation>> = {
    'claims a record that is being read': {
      file: 'spsc-ring.ts',
      changes: [
        [
          '(this.#own - this.#cachedPeer) | 0) > this.#mask',
          '(this.#own - this.#cachedPeer) | 0) > this.#mask + 1',
        ],
        [
          '(this.#own - this.#cachedPeer) | 0) > this.#mask)',
          '(this.#own - this.#cachedPeer) | 0) > this.#mask + 1)',
        ],
      ],
    },
    'publishes when it claims': {
      file: 'spsc-ring.ts',
      changes: [
        [
          'return RECORDS_OFFSET + (this.#own & this.#mask)',
          'Atomics.store(this.ints, TAIL, this.#own + 1); return RECORDS_OFFSET + (this.#own & this.#mask)',
        ],
      ],
    },
    'never releases': {
      file: 'spsc-ring.ts',
      changes: [['Atomics.store(this.ints, HEAD, this.#own);', '']],
    },
    'does not wrap its index': {
      file: 'spsc-ring.ts',
      changes: [
        [
          'this.#own = (this.#own + 1) | 0;\n    Atomics.store(this.ints, HEAD',
          'this.#own = this.#own + 1;\n    Atomics.store(this.ints, HEAD',
        ],
      ],
    },
  };
  test.each(Object.entries(mutants))(
    'is caught when it %s',
    { timeout: MUTANT_MS },
    async (_name, mutation) => {
      const start = 2 ** 31 - MUTANT_OPERATIONS / 2;
      await expectCaught(() => race(MUTANT_OPERATIONS, start, mutation), outcomes);
    },
  );
});

describe('ring with an event loop behind it', () => {
  const outcomes: OutcomeTable = {
    published: 'expected',
    inOrder: 'expected',
    waits: 'expected',
    full: 'allowed',
    timedOut: 'allowed',
    lostWake: 'forbidden: slept until the timeout although a record was there',
    lost: 'forbidden: a record was skipped',
    doubled: 'forbidden: a record came twice',
    mixed: 'forbidden: words of two records',
    miscounted: 'forbidden: refusals counted wrongly',
    ...hung,
  };
  const stream = { pauses: 1_000, burst: 512 };
  const oneByOne = { pauses: 2_000, burst: 1, lockstep: 1 };
  const race = (operations: number, options: Record<string, number>, mutation?: Mutation) =>
    runRace({
      roles: ['ringProducer', 'loopConsumer'],
      memory: ringMemory(1024, 0),
      operations,
      options: { ...options, timeoutMs: LOST_ASYNC_WAKE_MS },
      ...(mutation && { mutation }),
    });

  test('hands over every record of a stream', { timeout: TEST_MS }, async () => {
    const tally = await race(RACE_OPERATIONS, stream);
    expectOutcomes(tally, outcomes);
    expect(tally.inOrder).toBe(RACE_OPERATIONS);
  });

  test('loses no wake when records come one by one', { timeout: TEST_MS }, async () => {
    expectOutcomes(await race(LOCKSTEP_ROUNDS / 2, oneByOne), outcomes);
  });

  const mutants: Readonly<Record<string, Mutation>> = {
    'does not raise its flag': {
      file: 'spsc-ring.ts',
      changes: [['Atomics.store(this.ints, WAITING, 1);', '']],
    },
    'compares before it raises its flag': {
      file: 'spsc-ring.ts',
      changes: [
        [
          'Atomics.store(this.ints, WAITING, 1);\n    const waiting = Atomics.waitAsync(this.ints, TAIL, this.#own, timeoutMs);',
          `if (Atomics.load(this.ints, TAIL) !== this.#own) return;
           const tail = Atomics.load(this.ints, TAIL);
           for (let turn = 0; turn < 500; turn++) Atomics.load(this.ints, HEAD);
           const seen = Atomics.load(this.ints, TAIL);
           Atomics.store(this.ints, WAITING, 1);
           const waiting = Atomics.waitAsync(this.ints, TAIL, Math.max(seen, tail), timeoutMs);`,
        ],
      ],
    },
  };
  test.each(Object.entries(mutants))(
    'is caught when it %s',
    { timeout: MUTANT_MS },
    async (_name, mutation) => {
      await expectCaught(() => race(MUTANT_ROUNDS, oneByOne, mutation), outcomes);
    },
  );
});

describe('doorbell', () => {
  const outcomes: OutcomeTable = {
    bursts: 'expected',
    taken: 'expected',
    sleeps: 'expected',
    timedOut: 'allowed',
    unseen: 'forbidden: a dirty bit was lost',
    lostWake: 'forbidden: slept until the timeout although the bell had rung',
    ...hung,
  };
  const race = (operations: number, mutation?: Mutation) =>
    runRace({
      roles: ['marker', 'marker', 'detector'],
      memory: new SharedArrayBuffer(Doorbell.bytes(DOORBELL_PAIRS)),
      operations,
      options: {
        timeoutMs: LOST_WAKE_MS,
        ...(mutation && { burst: DOORBELL_PAIRS, burstDeadlineMs: 1_500 }),
      },
      ...(mutation && { mutation }),
    });

  test('loses no mark of two feeds and no wake', { timeout: TEST_MS }, async () => {
    expectOutcomes(await race(RACE_OPERATIONS), outcomes);
  });

  test('would lose marks if marking were not one step', { timeout: MUTANT_MS }, async () => {
    const twoSteps: Mutation = {
      file: 'doorbell.ts',
      changes: [
        [
          'return (Atomics.or(this.#words, word, bit) & bit) !== 0;',
          `const was = this.#words[word]!;
           for (let turn = 0; turn < 20; turn++) Atomics.load(this.#words, WAITING);
           this.#words[word] = was | bit;
           return (was & bit) !== 0;`,
        ],
      ],
    };
    await expectCaught(() => race(MUTANT_OPERATIONS, twoSteps), outcomes);
  });

  const lockstepOutcomes: OutcomeTable = {
    rung: 'expected',
    sleeps: 'expected',
    timedOut: 'allowed',
    lostWake: 'forbidden: slept until the timeout although the bell had rung',
    ...hung,
  };
  const lockstep = (operations: number, mutation?: Mutation) =>
    runRace({
      roles: ['lockstepMarker', 'lockstepDetector'],
      memory: new SharedArrayBuffer(Doorbell.bytes(DOORBELL_PAIRS)),
      operations,
      options: { timeoutMs: LOST_WAKE_MS },
      ...(mutation && { mutation }),
    });

  test('loses no wake at any distance from falling asleep', { timeout: TEST_MS }, async () => {
    expectOutcomes(await lockstep(LOCKSTEP_ROUNDS), lockstepOutcomes);
  });

  const sleepers: Readonly<Record<string, Mutation>> = {
    'raises no flag': {
      file: 'doorbell.ts',
      changes: [['Atomics.store(this.#words, WAITING, 1);', '']],
    },
    'compares before it raises its flag': {
      file: 'doorbell.ts',
      changes: [
        [
          'Atomics.store(this.#words, WAITING, 1);',
          `if (Atomics.load(this.#words, BELL) !== seenRings) return;
           for (let turn = 0; turn < 500; turn++) Atomics.load(this.#words, DIRTY);
           seenRings = Atomics.load(this.#words, BELL);
           Atomics.store(this.#words, WAITING, 1);`,
        ],
      ],
    },
  };
  test.each(Object.entries(sleepers))(
    'is caught when its sleeper %s',
    { timeout: MUTANT_MS },
    async (_name, mutation) => {
      await expectCaught(() => lockstep(MUTANT_ROUNDS, mutation), lockstepOutcomes);
    },
  );
});
