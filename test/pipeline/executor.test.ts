import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  INVERTED,
  KALSHI,
  NO,
  POLYMARKET,
  type Polarity,
  SAME,
  type Venue,
  YES,
} from '../../src/domain/venue.js';
import {
  createExecutionRequest,
  EXECUTION_REQUEST_BYTES,
  type ExecutionRequest,
  writeExecutionRequest,
} from '../../src/pipeline/execution-request.js';
import { Executor, type ExitOrder, type LegReport } from '../../src/pipeline/executor.js';
import { LEG_POLICIES, type LegPolicyName } from '../../src/pipeline/leg-policy.js';
import { SpscRing } from '../../src/shm/spsc-ring.js';
import type { LegOrder, LegReply, OrderGateway } from '../../src/venues/orders.js';
import { SteppedClock } from '../venues/feed-model.js';

const NOT_WRITTEN = -1;
const ACKNOWLEDGED: LegReply = {
  kind: 'acknowledged',
  orderId: 'o',
  filledE6: 1,
  costMicros: undefined,
};

/** Writes nothing anywhere; a shared log tells in which order things were done. */
class FakeGateway implements OrderGateway {
  readonly venue: Venue;
  readonly log: string[];
  readonly prepared: LegOrder[] = [];
  readonly replies: ((reply: LegReply, atNs: number) => void)[] = [];
  preparedId = '';
  canWrite = true;
  /** In the exchange's limit, for an exit after this order. */
  hasSpare = true;
  readonly obstacle = 'no way to write';
  canPrepare = true;
  isFree = true;
  isRehearsal = false;
  readonly #clock: SteppedClock;

  constructor(venue: Venue, log: string[], clock: SteppedClock) {
    this.venue = venue;
    this.log = log;
    this.#clock = clock;
  }

  get canOpen(): boolean {
    return this.canWrite && this.hasSpare;
  }

  async start(): Promise<void> {
    this.log.push('start');
  }

  prepare(order: LegOrder, isRehearsal = false): number {
    this.log.push(`${isRehearsal ? 'rehearse' : 'prepare'} ${this.venue}`);
    this.isRehearsal = isRehearsal;
    this.prepared.push({ ...order });
    this.preparedId = this.venue === POLYMARKET ? `hash-${order.clientOrderId}` : '';
    return this.canPrepare ? 0 : -1;
  }

  write(onReply: (reply: LegReply, atNs: number) => void): number {
    this.log.push(`${this.isRehearsal ? 'write to nobody' : 'write'} ${this.venue}`);
    if (!this.isFree) return NOT_WRITTEN;
    this.replies.push(onReply);
    return this.#clock.nowNs();
  }

  async close(): Promise<void> {
    this.log.push('close');
  }
}

interface RigOptions {
  readonly polarities?: readonly Polarity[];
  readonly policy?: LegPolicyName;
}

function rigOf(venues: readonly Venue[], options: RigOptions = {}) {
  const { polarities = [SAME], policy = 'simultaneous' } = options;
  const clock = new SteppedClock();
  const memory = new SharedArrayBuffer(SpscRing.bytes(128, EXECUTION_REQUEST_BYTES));
  const producer = new SpscRing(memory, EXECUTION_REQUEST_BYTES, 'producer');
  const consumer = new SpscRing(memory, EXECUTION_REQUEST_BYTES, 'consumer');
  const log: string[] = [];
  const gateways = venues.map((venue) => new FakeGateway(venue, log, clock));
  const reports: LegReport[] = [];
  /** How many writes of each kind are still let through. */
  const gate = {
    open: 0,
    exit: 0,
    entryWrites: Number.POSITIVE_INFINITY,
    exitWrites: Number.POSITIVE_INFINITY,
  };
  const disk = { works: true };
  let ids = 0;
  const executor = new Executor({
    gateways,
    pairs: polarities.map((polarity) => ({
      polarity,
      closeMs: Number.POSITIVE_INFINITY,
      feedWorkers: [0, 1],
    })),
    policy: LEG_POLICIES[policy],
    gate: {
      mayOpen: () => gate.open,
      mayExit: () => gate.exit,
      mayWrite: (isExit) => (isExit ? gate.exitWrites-- : gate.entryWrites--) > 0,
    },
    intents: {
      add: (leg, venue, orderId, arbId, role) =>
        log.push(
          `intend ${venue} ${leg.clientOrderId} ${orderId} ${arbId} ${role}`.replaceAll(
            '  ',
            ' - ',
          ),
        ),
      commit: (isRehearsal = false) => {
        log.push(isRehearsal ? 'forget' : 'commit');
        return disk.works;
      },
    },
    nextOrderId: () => `id-${++ids}`,
    clock,
    timings: {
      detectedToDequeued: () => undefined,
      dequeuedToWritten: () => undefined,
      receivedToWritten: () => undefined,
      writtenToAnswered: () => undefined,
    },
    report: (report) => reports.push(report),
  });
  const request = (facts: Partial<ExecutionRequest> = {}) => {
    writeExecutionRequest(producer, producer.claim(), {
      ...createExecutionRequest(),
      arbId: 7,
      detectedNs: clock.nowNs(),
      sizeCenti: 1_000,
      kalshiLimitE4: 4_000,
      polymarketLimitE4: 5_200,
      kalshiSpendMicros: 4_000_000,
      polymarketSpendMicros: 5_200_000,
      ...facts,
    });
    producer.publish();
  };
  const step = () => executor.step(consumer);
  return { clock, gate, disk, log, gateways, reports, request, step, executor };
}

const BOTH = [KALSHI, POLYMARKET] as const;

it('prepares both legs before it writes the first, and reports each once with its own id', () => {
  const { log, gateways, reports, request, step } = rigOf(BOTH);
  request();
  expect(step()).toBe(1);
  // The operating system knows of both before the first byte of either leaves.
  expect(log).toEqual([
    'prepare 0',
    'prepare 1',
    'intend 0 id-1 - 7 entry',
    'intend 1 id-2 hash-id-2 7 entry',
    'commit',
    'write 0',
    'write 1',
  ]);
  expect(reports).toEqual([]);
  for (const { replies } of gateways) replies[0]!(ACKNOWLEDGED, 99);
  expect(reports.map(({ venue, reply, answeredNs }) => [venue, reply.kind, answeredNs])).toEqual([
    [KALSHI, 'acknowledged', 99],
    [POLYMARKET, 'acknowledged', 99],
  ]);
  expect(new Set(reports.map(({ clientOrderId }) => clientOrderId)).size).toBe(2);
  expect(step()).toBe(0);
});

it.each([
  [SAME, YES, YES, NO],
  [SAME, NO, NO, YES],
  [INVERTED, YES, YES, YES],
  [INVERTED, NO, NO, NO],
] as const)(
  'polarity %i, direction %i buys outcome %i and outcome %i',
  (polarity, direction, onKalshi, onPolymarket) => {
    const { gateways, request, step } = rigOf(BOTH, { polarities: [SAME, polarity] });
    request({ pair: 1, direction });
    step();
    expect(gateways[0]!.prepared[0]).toMatchObject({
      market: 1,
      outcome: onKalshi,
      limitE4: 4_000,
      spendMicros: 4_000_000,
      sizeCenti: 1_000,
    });
    expect(gateways[1]!.prepared[0]).toMatchObject({
      market: 1,
      outcome: onPolymarket,
      limitE4: 5_200,
      spendMicros: 5_200_000,
      sizeCenti: 1_000,
    });
  },
);

describe('writes neither leg, and says so of both, when', () => {
  type Rig = ReturnType<typeof rigOf>;
  it.each<[string, (rig: Rig) => void]>([
    [
      'the risk gate refuses',
      ({ gate }) => {
        gate.open = 4;
      },
    ],
    [
      'everything is stopped',
      ({ gate }) => {
        gate.entryWrites = 0;
      },
    ],
    [
      'the intents cannot be recorded',
      ({ disk }) => {
        disk.works = false;
      },
    ],
    ['the request is too old', ({ clock }) => clock.advanceMs(101)],
    [
      'the second leg cannot be built',
      ({ gateways }) => {
        gateways[1]!.canPrepare = false;
      },
    ],
    [
      'one exchange has no connection free',
      ({ gateways }) => {
        gateways[1]!.canWrite = false;
      },
    ],
    [
      'the other has none',
      ({ gateways }) => {
        gateways[0]!.canWrite = false;
      },
    ],
    [
      'an exit would find no room in the limit of one exchange',
      ({ gateways }) => {
        gateways[1]!.hasSpare = false;
      },
    ],
  ])('%s', (_when, prevent) => {
    const rig = rigOf(BOTH);
    rig.request();
    prevent(rig);
    rig.step();
    expect(rig.log.filter((entry) => entry.startsWith('write'))).toEqual([]);
    expect(rig.reports.map(({ venue, reply }) => [venue, reply.kind])).toEqual([
      [KALSHI, 'not-written'],
      [POLYMARKET, 'not-written'],
    ]);
  });
});

it('handles only its own exchange when there are two executors', () => {
  for (const venue of BOTH) {
    const { gateways, log, reports, request, step } = rigOf([venue]);
    request();
    step();
    expect(log.filter((entry) => !/intend|commit/.test(entry))).toEqual([
      `prepare ${venue}`,
      `write ${venue}`,
    ]);
    gateways[0]!.replies[0]!(ACKNOWLEDGED, 5);
    expect(reports).toMatchObject([{ venue, arbId: 7 }]);
  }
});

it('reports every leg exactly once, whatever the gateways do', () => {
  const flags = fc.record({
    canWrite: fc.boolean(),
    hasSpare: fc.boolean(),
    canPrepare: fc.boolean(),
    isFree: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(flags, flags), { minLength: 1, maxLength: 100 }), (turns) => {
      const rig = rigOf(BOTH);
      turns.forEach((flagsOfBoth, arbId) => {
        rig.gateways.forEach((gateway, index) => {
          Object.assign(gateway, flagsOfBoth[index]);
        });
        rig.request({ arbId });
        rig.step();
      });
      for (const { replies } of rig.gateways) for (const reply of replies) reply(ACKNOWLEDGED, 1);
      const seen = rig.reports.map(({ arbId, venue }) => arbId * 2 + venue).sort((a, b) => a - b);
      expect(seen).toEqual(Array.from({ length: turns.length * 2 }, (_, index) => index));
      const written = rig.reports.filter(({ reply }) => reply.kind !== 'not-written');
      expect(written.every(({ writtenNs }) => writtenNs > 0)).toBe(true);
      const ids = new Set(rig.reports.map(({ clientOrderId }) => clientOrderId));
      expect(ids.size).toBe(rig.reports.length);
    }),
  );
});

it('reads the kill word before each write: what it stops between two legs does not leave', () => {
  const rig = rigOf(BOTH);
  rig.gate.entryWrites = 1;
  rig.request();
  rig.step();
  expect(rig.log.filter((entry) => entry.startsWith('write'))).toEqual(['write 0']);
  expect(rig.reports).toMatchObject([{ venue: POLYMARKET, reply: { kind: 'not-written' } }]);
});

describe('one leg after the other', () => {
  const ORDER = { 'kalshi-first': BOTH, 'polymarket-first': [POLYMARKET, KALSHI] } as const;
  const filled = (contracts: number): LegReply => ({ ...ACKNOWLEDGED, filledE6: contracts * 1e6 });

  it.each(['kalshi-first', 'polymarket-first'] as const)(
    '%s writes the other when it is answered',
    (policy) => {
      const rig = rigOf(BOTH, { policy });
      const [first, later] = ORDER[policy];
      rig.request();
      rig.step();
      const writes = () => rig.log.filter((entry) => entry.startsWith('write'));
      expect(writes()).toEqual([`write ${first}`]);
      rig.gateways[first]!.replies[0]!(filled(10), 9);
      expect(writes()).toEqual([`write ${first}`, `write ${later}`]);
      rig.gateways[later]!.replies[0]!(filled(10), 10);
      expect(rig.reports.map(({ venue, sizeCenti }) => [venue, sizeCenti])).toEqual([
        [first, 1_000],
        [later, 1_000],
      ]);
    },
  );

  it('buys of the other what filled of the first, in whole contracts and whole cents', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_200 }),
        fc.constantFrom('kalshi-first' as const, 'polymarket-first' as const),
        (filledCenti, policy) => {
          const rig = rigOf(BOTH, { policy });
          const [first, later] = ORDER[policy];
          rig.request();
          rig.step();
          rig.gateways[first]!.replies[0]!(filled(filledCenti / 100), 9);
          const wanted = filledCenti >= 1_000 ? 1_000 : Math.floor(filledCenti / 100) * 100;
          const report = rig.reports.find(({ venue }) => venue === later);
          if (wanted === 0) {
            expect(report?.reply.kind).toBe('not-written');
            return;
          }
          const order = rig.gateways[later]!.prepared.at(-1)!;
          expect(order.sizeCenti).toBe(wanted);
          const whole = later === KALSHI ? 4_000_000 : 5_200_000;
          expect(order.spendMicros % 10_000).toBe(0);
          expect(order.spendMicros).toBeLessThanOrEqual((whole * wanted) / 1_000);
          expect(order.spendMicros).toBeGreaterThan((whole * wanted) / 1_000 - 10_000);
        },
      ),
    );
  });

  it.each<LegReply>([
    { kind: 'unknown', orderId: undefined, why: 'no answer' },
    { kind: 'rejected', status: 400, code: 'no' },
  ])('does not write the other after $kind', (reply) => {
    const rig = rigOf(BOTH, { policy: 'polymarket-first' });
    rig.request();
    rig.step();
    rig.gateways[POLYMARKET]!.replies[0]!(reply, 9);
    expect(rig.reports.map(({ venue, reply: { kind } }) => [venue, kind])).toEqual([
      [POLYMARKET, reply.kind],
      [KALSHI, 'not-written'],
    ]);
  });
});

describe('an order that evens out', () => {
  const exit: ExitOrder = {
    exitId: 77,
    pair: 0,
    venue: POLYMARKET,
    outcome: NO,
    sizeCenti: 500,
    limitE4: 4_000,
    spendMicros: 2_000_000,
  };

  it('is intended, written on its exchange alone, and reported as what it is', () => {
    const rig = rigOf(BOTH);
    rig.gate.entryWrites = 0;
    for (const gateway of rig.gateways) gateway.hasSpare = false;
    rig.executor.exit(exit);
    expect(rig.log).toEqual(['prepare 1', 'intend 1 id-1 hash-id-1 77 exit', 'commit', 'write 1']);
    rig.gateways[POLYMARKET]!.replies[0]!(ACKNOWLEDGED, 9);
    expect(rig.reports).toMatchObject([
      { role: 'exit', arbId: 77, venue: POLYMARKET, outcome: NO },
    ]);
  });

  it.each<[string, (rig: ReturnType<typeof rigOf>) => void]>([
    [
      'the gate refuses',
      ({ gate }) => {
        gate.exit = 1;
      },
    ],
    [
      'everything is stopped',
      ({ gate }) => {
        gate.exitWrites = 0;
      },
    ],
    [
      'it cannot be built',
      ({ gateways }) => {
        gateways[1]!.canPrepare = false;
      },
    ],
    [
      'no connection is free',
      ({ gateways }) => {
        gateways[1]!.canWrite = false;
      },
    ],
    [
      'its intent cannot be recorded',
      ({ disk }) => {
        disk.works = false;
      },
    ],
  ])('is not written, and said so once, when %s', (_when, prevent) => {
    const rig = rigOf(BOTH);
    prevent(rig);
    rig.executor.exit(exit);
    expect(rig.log.filter((entry) => entry.startsWith('write'))).toEqual([]);
    expect(rig.reports).toMatchObject([{ role: 'exit', reply: { kind: 'not-written' } }]);
  });
});

describe('a rehearsal', () => {
  const way = [
    ...['rehearse 0', 'rehearse 1'],
    ...['intend 0 id-1 - 0 entry', 'intend 1 id-2 hash-id-2 0 entry', 'forget'],
    ...['write to nobody 0', 'write to nobody 1'],
  ];

  it('goes the way of a request, to nobody, and says nothing', () => {
    const rig = rigOf(BOTH);
    rig.executor.rehearse();
    expect(rig.log).toEqual(way);
    expect(rig.reports).toEqual([]);
  });

  it('does so whatever would stop an order', () => {
    const rig = rigOf(BOTH, { policy: 'polymarket-first' });
    rig.gate.open = 1;
    rig.gate.entryWrites = 0;
    for (const gateway of rig.gateways) gateway.canWrite = false;
    rig.executor.rehearse();
    expect(rig.log).toEqual(way);
    expect(rig.reports).toEqual([]);
  });

  it.each<[string, (rig: ReturnType<typeof rigOf>) => void]>([
    [
      'it cannot be built',
      ({ gateways }) => {
        gateways[1]!.canPrepare = false;
      },
    ],
    [
      'the disk fails',
      ({ disk }) => {
        disk.works = false;
      },
    ],
    [
      'there is nobody to write to',
      ({ gateways }) => {
        gateways[0]!.isFree = false;
      },
    ],
  ])('says nothing when %s', (_when, prevent) => {
    const rig = rigOf(BOTH);
    prevent(rig);
    rig.executor.rehearse();
    expect(rig.log.filter((entry) => entry.startsWith('write '))).toEqual(
      rig.log.filter((entry) => entry.startsWith('write to nobody')),
    );
    expect(rig.reports).toEqual([]);
  });
});
