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
import { Executor, type LegReport } from '../../src/pipeline/executor.js';
import { ControlBlock, ENGINE_RUNNING, ENGINE_STOPPED } from '../../src/shm/control-block.js';
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
  canWrite = true;
  canPrepare = true;
  isFree = true;
  readonly #clock: SteppedClock;

  constructor(venue: Venue, log: string[], clock: SteppedClock) {
    this.venue = venue;
    this.log = log;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    this.log.push('start');
  }

  prepare(order: LegOrder): number {
    this.log.push(`prepare ${this.venue}`);
    this.prepared.push({ ...order });
    return this.canPrepare ? 0 : -1;
  }

  write(onReply: (reply: LegReply, atNs: number) => void): number {
    this.log.push(`write ${this.venue}`);
    if (!this.isFree) return NOT_WRITTEN;
    this.replies.push(onReply);
    return this.#clock.nowNs();
  }

  async close(): Promise<void> {
    this.log.push('close');
  }
}

function rigOf(venues: readonly Venue[], polarities: readonly Polarity[] = [SAME]) {
  const clock = new SteppedClock();
  const control = new ControlBlock(new SharedArrayBuffer(ControlBlock.bytes(1)));
  control.advance(ENGINE_RUNNING);
  const memory = new SharedArrayBuffer(SpscRing.bytes(128, EXECUTION_REQUEST_BYTES));
  const producer = new SpscRing(memory, EXECUTION_REQUEST_BYTES, 'producer');
  const consumer = new SpscRing(memory, EXECUTION_REQUEST_BYTES, 'consumer');
  const log: string[] = [];
  const gateways = venues.map((venue) => new FakeGateway(venue, log, clock));
  const reports: LegReport[] = [];
  let ids = 0;
  const executor = new Executor(
    gateways,
    polarities,
    control,
    () => `id-${++ids}`,
    clock,
    {
      detectedToDequeued: () => undefined,
      dequeuedToWritten: () => undefined,
      receivedToWritten: () => undefined,
      writtenToAnswered: () => undefined,
    },
    (report) => reports.push(report),
  );
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
  return { clock, control, log, gateways, reports, request, step: () => executor.step(consumer) };
}

const BOTH = [KALSHI, POLYMARKET] as const;

it('prepares both legs before it writes the first, and reports each once with its own id', () => {
  const { log, gateways, reports, request, step } = rigOf(BOTH);
  request();
  expect(step()).toBe(1);
  expect(log).toEqual(['prepare 0', 'prepare 1', 'write 0', 'write 1']);
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
    const { gateways, request, step } = rigOf(BOTH, [SAME, polarity]);
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
    ['the engine is stopped', ({ control }) => control.advance(ENGINE_STOPPED)],
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
    expect(log).toEqual([`prepare ${venue}`, `write ${venue}`]);
    gateways[0]!.replies[0]!(ACKNOWLEDGED, 5);
    expect(reports).toMatchObject([{ venue, arbId: 7 }]);
  }
});

it('reports every leg exactly once, whatever the gateways do', () => {
  const flags = fc.record({
    canWrite: fc.boolean(),
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
