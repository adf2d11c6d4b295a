import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NS_PER_MS } from '../../src/domain/clock.js';
import { edgeMicros } from '../../src/domain/sizing.js';
import {
  INVERTED,
  KALSHI,
  NO,
  POLYMARKET,
  type Polarity,
  polymarketOutcome,
  SAME,
  type Venue,
  YES,
} from '../../src/domain/venue.js';
import { DECISIONS } from '../../src/pipeline/decision-record.js';
import { MAX_FEED_AGE_NS } from '../../src/pipeline/detector.js';
import { ENGINE_RUNNING, ENGINE_STOPPED } from '../../src/shm/control-block.js';
import { REASON_GARBAGE, REASON_SILENT, REASON_TRUSTED } from '../../src/venues/feed.js';
import {
  asksOf,
  EXIT_RESERVE_MICROS,
  PipelineRig,
  type RigOptions,
  TERMS,
} from './pipeline-rig.js';

const DEEP = 100_000;

/** Asks of both outcomes at these prices, deep. */
function quote(rig: PipelineRig, venue: Venue, pair: number, yesE4: number, noE4: number): void {
  rig.publish(venue, pair, asksOf([[yesE4, DEEP]]), asksOf([[noE4, DEEP]]));
}

/** Running, connected, trusted, with a market that has nothing in it: 52 + 52 on both sides. */
function open(options: RigOptions): PipelineRig {
  const rig = new PipelineRig(options);
  rig.control.advance(ENGINE_RUNNING);
  for (const venue of [KALSHI, POLYMARKET] as const) {
    rig.publishers[venue]!.setConnectionTrust(REASON_TRUSTED);
    for (let pair = 0; pair < rig.pairs; pair++) {
      quote(rig, venue, pair, 5_200, 5_200);
      rig.publishers[venue]!.setMarketTrust(pair, REASON_TRUSTED);
    }
  }
  rig.detector.step();
  return rig;
}

/** Kalshi YES at 40 cents; beside SAME pairing, Polymarket NO at 52: eight cents under a dollar. */
function fire(rig: PipelineRig): void {
  quote(rig, KALSHI, 0, 4_000, 6_200);
  rig.detector.step();
}

describe('which legs are bought', () => {
  it.each([
    [SAME, YES],
    [SAME, NO],
    [INVERTED, YES],
    [INVERTED, NO],
  ] as const)(
    'polarity %i, direction %i: both outcomes together pay a dollar',
    (polarity, direction) => {
      const rig = open({ polarities: [polarity] });
      const outcome = polymarketOutcome(direction, polarity);
      quote(rig, KALSHI, 0, direction === YES ? 4_000 : 6_300, direction === NO ? 4_000 : 6_300);
      quote(rig, POLYMARKET, 0, outcome === YES ? 5_000 : 6_300, outcome === NO ? 5_000 : 6_300);
      rig.detector.step();
      const requests = rig.takeRequests();
      expect(requests).toHaveLength(1);
      expect(requests[0]).toMatchObject({
        pair: 0,
        direction,
        kalshiLimitE4: 4_000,
        polymarketLimitE4: 5_000,
      });
      expect(rig.takeDecisions()).toMatchObject([{ decision: 0, isNew: true, direction }]);
    },
  );
});

describe('what keeps it from firing', () => {
  const cases: [string, string | undefined, (rig: PipelineRig) => void, RigOptions?][] = [
    [
      'Kalshi is not trusted',
      undefined,
      (rig) => rig.publishers[KALSHI]!.setMarketTrust(0, REASON_GARBAGE),
    ],
    [
      'Polymarket is not trusted',
      undefined,
      (rig) => rig.publishers[POLYMARKET]!.setMarketTrust(0, REASON_GARBAGE),
    ],
    [
      'a connection is not trusted',
      undefined,
      (rig) => rig.publishers[POLYMARKET]!.setConnectionTrust(REASON_SILENT),
    ],
    ['a feed shows no sign of life', undefined, (rig) => rig.clock.advanceMs(251)],
    [
      'an exchange has told nothing for longer than is usual',
      undefined,
      (rig) => rig.control.setFreshUntil(1, rig.clock.nowNs() - 1),
    ],
    ['the engine is stopped', 'stopped', (rig) => rig.control.advance(ENGINE_STOPPED)],
    ['the pair is held', 'held', (rig) => rig.flights.hold(0, true)],
    ['the pair is in flight', undefined, (rig) => rig.flights.fire(0)],
    ['it only observes', 'observing', () => undefined, { polarities: [SAME], observe: true }],
    [
      'there is no money',
      'no-funds-kalshi',
      () => undefined,
      { polarities: [SAME], fundsCents: 100 },
    ],
    [
      'the fees are not known',
      undefined,
      () => undefined,
      { polarities: [SAME], terms: [undefined] },
    ],
  ];
  it.each(cases)('%s', (_when, decision, prevent, options) => {
    const rig = open(options ?? { polarities: [SAME] });
    prevent(rig);
    fire(rig);
    expect(rig.takeRequests()).toEqual([]);
    const names = rig.takeDecisions().map((record) => DECISIONS[record.decision]);
    expect(names).toEqual(decision === undefined ? [] : [decision]);
  });

  it('an edge that the fees eat', () => {
    const rig = open({ polarities: [SAME] });
    expect(edgeMicros(TERMS, 4_700, 5_200)).toBeLessThan(0);
    quote(rig, KALSHI, 0, 4_700, 6_200);
    rig.detector.step();
    expect(rig.takeRequests()).toEqual([]);
    expect(rig.takeDecisions()).toEqual([]);
  });

  it('the quotes it has fired on: both must have moved since', () => {
    const rig = open({ polarities: [SAME] });
    fire(rig);
    expect(rig.takeRequests()).toHaveLength(1);
    rig.flights.settle(0);
    for (const venue of [KALSHI, KALSHI] as const) {
      quote(rig, venue, 0, 4_000, 6_200);
      rig.detector.step();
      expect(rig.takeRequests()).toEqual([]);
    }
    quote(rig, POLYMARKET, 0, 5_200, 5_200);
    rig.detector.step();
    expect(rig.takeRequests()).toHaveLength(1);
  });

  it('nothing, when no order of the last arbitrage left: its quotes are untouched', () => {
    const rig = open({ polarities: [SAME] });
    fire(rig);
    expect(rig.takeRequests()).toHaveLength(1);
    rig.flights.settle(0, false);
    rig.doorbell.mark(0);
    rig.detector.step();
    expect(rig.takeRequests()).toHaveLength(1);
    rig.flights.settle(0, true);
    rig.doorbell.mark(0);
    rig.detector.step();
    expect(rig.takeRequests()).toEqual([]);
  });

  it('a ring without room, for either executor or for the decision itself', () => {
    const rig = open({ polarities: [SAME, SAME, SAME], executors: 2, requestCapacity: 2 });
    for (const pair of [0, 1, 2]) quote(rig, KALSHI, pair, 4_000, 6_200);
    rig.detector.step();
    expect(rig.takeRequests().map(({ pair }) => pair)).toEqual([0, 1]);
    const names = rig.takeDecisions().map(({ decision }) => DECISIONS[decision]);
    expect(names).toEqual(['fired', 'fired', 'ring-full']);
    expect(rig.flights.isInFlight(2)).toBe(false);

    const deaf = open({ polarities: [SAME, SAME], decisionCapacity: 1 });
    for (const pair of [0, 1]) quote(deaf, KALSHI, pair, 4_000, 6_200);
    deaf.detector.step();
    // What could not be told is not done: the main thread would never settle it.
    expect(deaf.takeRequests().map(({ pair }) => pair)).toEqual([0]);
    expect(deaf.flights.isInFlight(1)).toBe(false);
    expect(deaf.takeDecisions()).toHaveLength(1);
    quote(deaf, KALSHI, 1, 4_000, 6_200);
    deaf.detector.step();
    expect(deaf.takeDecisions()).toMatchObject([{ pair: 1, decision: 0, isNew: true }]);
  });
});

type Step =
  | { kind: 'quote'; venue: Venue; pair: number; yesE4: number; noE4: number }
  | { kind: 'trust'; venue: Venue; pair: number; isTrusted: boolean }
  | { kind: 'connection'; venue: Venue; isTrusted: boolean }
  | { kind: 'settle' | 'hold' | 'release'; pair: number }
  | { kind: 'pass'; ms: number; isBeating: boolean }
  | { kind: 'grant'; cents: number };

it('never fires on a side that is not trusted or not alive, nor while in flight, nor beyond its money', () => {
  const venue = fc.constantFrom<Venue>(KALSHI, POLYMARKET);
  const pair = fc.nat(1);
  const cents = fc.integer({ min: 30, max: 60 }).map((value) => value * 100);
  const isTrusted = fc.boolean();
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('quote' as const),
        venue,
        pair,
        yesE4: cents,
        noE4: cents,
      }),
    },
    fc.record({ kind: fc.constant('trust' as const), venue, pair, isTrusted }),
    fc.record({ kind: fc.constant('connection' as const), venue, isTrusted }),
    fc.record({
      kind: fc.constantFrom('settle' as const, 'hold' as const, 'release' as const),
      pair,
    }),
    fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 30, 100),
      isBeating: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('grant' as const),
      cents: fc.integer({ min: 0, max: 4_000_00 }),
    }),
  );
  let fires = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.constantFrom<Polarity>(SAME, INVERTED),
      (steps, polarity) => {
        const rig = open({
          polarities: [polarity, polarity],
          executors: 2,
          fundsCents: 5_000_00,
        });
        const markets = [
          [true, true],
          [true, true],
        ];
        const connections = [true, true];
        const inFlight = [false, false];
        const held = [false, false];
        const moved = [
          [true, true],
          [true, true],
        ];
        const asks = [
          [
            [5_200, 5_200],
            [5_200, 5_200],
          ],
          [
            [5_200, 5_200],
            [5_200, 5_200],
          ],
        ];
        let grant = 5_000_00;
        let beatAgeMs = 0;
        const committed = [0, 0];
        for (const action of steps) {
          switch (action.kind) {
            case 'quote':
              quote(rig, action.venue, action.pair, action.yesE4, action.noE4);
              asks[action.venue]![action.pair] = [action.yesE4, action.noE4];
              moved[action.venue]![action.pair] = true;
              break;
            case 'trust':
              markets[action.venue]![action.pair] = action.isTrusted;
              rig.publishers[action.venue]!.setMarketTrust(
                action.pair,
                action.isTrusted ? REASON_TRUSTED : REASON_GARBAGE,
              );
              break;
            case 'connection':
              connections[action.venue] = action.isTrusted;
              rig.publishers[action.venue]!.setConnectionTrust(
                action.isTrusted ? REASON_TRUSTED : REASON_SILENT,
              );
              break;
            case 'settle':
              if (inFlight[action.pair]) rig.flights.settle(action.pair);
              inFlight[action.pair] = false;
              rig.doorbell.mark(action.pair);
              break;
            case 'hold':
            case 'release':
              held[action.pair] = action.kind === 'hold';
              rig.flights.hold(action.pair, held[action.pair]!);
              rig.doorbell.mark(action.pair);
              break;
            case 'pass':
              rig.clock.advanceMs(action.ms);
              beatAgeMs = action.isBeating ? 0 : beatAgeMs + action.ms;
              if (action.isBeating) rig.beat();
              break;
            case 'grant':
              grant += action.cents;
              for (const purse of rig.allPurses()) rig.purses.adjust(purse, action.cents);
              break;
            default:
              action satisfies never;
          }
          rig.detector.step();
          const requests = rig.takeRequests();
          const fired = rig.takeDecisions().filter(({ decision }) => decision === 0);
          expect(fired.map(({ arbId }) => arbId)).toEqual(requests.map(({ arbId }) => arbId));
          requests.forEach((request, index) => {
            fires++;
            const at = request.pair;
            expect(inFlight[at]).toBe(false);
            expect(held[at]).toBe(false);
            expect(beatAgeMs).toBeLessThanOrEqual(MAX_FEED_AGE_NS / NS_PER_MS);
            for (const side of [KALSHI, POLYMARKET]) {
              expect(connections[side] && markets[side]![at]).toBe(true);
              expect(moved[side]![at]).toBe(true);
              moved[side]![at] = false;
            }
            const outcome = polymarketOutcome(request.direction as 0 | 1, polarity);
            const kalshiAsk = asks[KALSHI]![at]![request.direction]!;
            const polymarketAsk = asks[POLYMARKET]![at]![outcome]!;
            expect([request.kalshiLimitE4, request.polymarketLimitE4]).toEqual([
              kalshiAsk,
              polymarketAsk,
            ]);
            expect(edgeMicros(TERMS, kalshiAsk, polymarketAsk)).toBeGreaterThan(0);
            inFlight[at] = true;
            committed[KALSHI]! += fired[index]!.kalshiReservedCents;
            committed[POLYMARKET]! += fired[index]!.polymarketReservedCents;
            // Enough for the leg, its fees, and the complement of a leg that is left alone.
            const { sizeCenti, kalshiReservedCents, polymarketReservedCents } = fired[index]!;
            expect(Math.min(kalshiReservedCents, polymarketReservedCents)).toBeGreaterThanOrEqual(
              sizeCenti + EXIT_RESERVE_MICROS / 10_000,
            );
          });
          expect(Math.max(...committed)).toBeLessThanOrEqual(grant);
        }
      },
    ),
    { numRuns: 1_000 },
  );
  // A property about fires that saw none would prove nothing.
  expect(fires).toBeGreaterThan(100);
});
