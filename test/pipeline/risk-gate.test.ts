// The risk gate: situations in which everything holds, often by nothing to spare, and each bound crossed by the least there is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/domain/clock.js';
import type { ByVenue } from '../../src/domain/venue.js';
import { MAX_FEED_AGE_NS } from '../../src/pipeline/detector.js';
import {
  createExecutionRequest,
  type ExecutionRequest,
} from '../../src/pipeline/execution-request.js';
import { RISK_OK, RISK_REASONS, RiskGate } from '../../src/pipeline/risk-gate.js';
import {
  ControlBlock,
  ENGINE_ENDING,
  ENGINE_RUNNING,
  ENGINE_STARTING,
  ENGINE_STOPPED,
  type EngineState,
} from '../../src/shm/control-block.js';
import { FlightTable } from '../../src/shm/flight-table.js';
import {
  ARMED,
  type KillLevel,
  RISK_LIMITS,
  type RiskLimit,
  RiskTable,
  STOP_EVERYTHING,
  STOP_OPENING,
} from '../../src/shm/risk-table.js';
import { VenueTable } from '../../src/shm/venue-table.js';

const PAIRS = 3;
const WORKERS = 4;
const NOW_NS = 5_000_000_000;
const WALL_MS = 1_790_000_000_000;
const STILL: Clock = { nowNs: () => NOW_NS, wallMs: () => WALL_MS };

type Reason = (typeof RISK_REASONS)[number];

/** All that the gate goes by. */
interface Situation {
  killLevel: number;
  state: EngineState;
  limits: Record<RiskLimit, number>;
  failures: number;
  nakedMicros: number;
  dayPnlMicros: number;
  skewMs: [number, number];
  workers: ByVenue<number>;
  heartbeatNs: [number, number];
  freshUntilNs: [number, number];
  closeMs: number;
  isHeld: boolean;
  request: ExecutionRequest;
}

/** Nothing to spare, or some. */
const slack = (most: number) => fc.oneof(fc.constant(0), fc.nat(most));
const eitherVenue = fc.constantFrom(0 as const, 1 as const);

/** Each value inside its bound; the bounds and what is to spare are drawn one by one. */
const holds: fc.Arbitrary<Situation> = fc
  .record({
    limits: fc.record({
      maxOrderSizeCenti: fc.integer({ min: 1, max: 10 ** 7 }),
      maxOrderCostMicros: fc.integer({ min: 2, max: 10 ** 12 }),
      maxDailyLossMicros: fc.integer({ min: 1, max: 10 ** 12 }),
      maxConsecutiveFailures: fc.integer({ min: 1, max: 1_000 }),
      maxNakedMicros: fc.integer({ min: 1, max: 10 ** 12 }),
      maxClockSkewMs: fc.integer({ min: 1, max: 60_000 }),
      minMsToClose: fc.integer({ min: 1, max: 86_400_000 }),
      minPriceE4: fc.integer({ min: 2, max: 5_000 }),
      maxPriceE4: fc.integer({ min: 5_000, max: 9_998 }),
    }),
    below: fc.record({
      size: slack(10 ** 7),
      cost: slack(10 ** 12),
      loss: slack(2 * 10 ** 12),
      failures: slack(1_000),
      naked: slack(10 ** 12),
      skews: fc.tuple(slack(60_000), slack(60_000)),
      close: fc.oneof(slack(10 ** 10), fc.constant(Number.POSITIVE_INFINITY)),
      heartbeats: fc.tuple(slack(MAX_FEED_AGE_NS), slack(MAX_FEED_AGE_NS)),
      fresh: fc.tuple(slack(10 ** 9), slack(10 ** 9)),
      prices: fc.tuple(slack(3_000), slack(3_000)),
    }),
    signs: fc.tuple(fc.constantFrom(1, -1), fc.constantFrom(1, -1)),
    fromTop: fc.tuple(fc.boolean(), fc.boolean()),
    kalshiShare: fc.double({ min: 0, max: 1, noNaN: true }),
    pair: fc.nat(PAIRS - 1),
    workers: fc.constantFrom<ByVenue<number>>([0, 1], [1, 0], [0, 3], [2, 3]),
  })
  .map(({ limits, below, signs, fromTop, kalshiShare, pair, workers }) => {
    const costMicros = Math.max(1, limits.maxOrderCostMicros - below.cost);
    const kalshiSpendMicros = Math.floor(costMicros * kalshiShare);
    const skewOf = (at: 0 | 1) => signs[at] * Math.max(0, limits.maxClockSkewMs - below.skews[at]);
    const priceOf = (at: 0 | 1) =>
      fromTop[at]
        ? Math.max(limits.minPriceE4, limits.maxPriceE4 - below.prices[at])
        : Math.min(limits.maxPriceE4, limits.minPriceE4 + below.prices[at]);
    return {
      killLevel: ARMED,
      state: ENGINE_RUNNING,
      limits,
      failures: Math.max(0, limits.maxConsecutiveFailures - 1 - below.failures),
      nakedMicros: Math.max(0, limits.maxNakedMicros - 1 - below.naked),
      dayPnlMicros: below.loss - (limits.maxDailyLossMicros - 1),
      skewMs: [skewOf(0), skewOf(1)],
      workers,
      heartbeatNs: [
        NOW_NS - MAX_FEED_AGE_NS + below.heartbeats[0],
        NOW_NS - MAX_FEED_AGE_NS + below.heartbeats[1],
      ],
      freshUntilNs: [NOW_NS + below.fresh[0], NOW_NS + below.fresh[1]],
      closeMs: WALL_MS + limits.minMsToClose + below.close,
      isHeld: false,
      request: {
        ...createExecutionRequest(),
        pair,
        sizeCenti: Math.max(1, limits.maxOrderSizeCenti - below.size),
        kalshiSpendMicros,
        polymarketSpendMicros: costMicros - kalshiSpendMicros,
        kalshiLimitE4: priceOf(0),
        polymarketLimitE4: priceOf(1),
      },
    };
  });

type Crossing = fc.Arbitrary<(situation: Situation) => void>;
const cross = (change: (situation: Situation) => void): Crossing => fc.constant(change);

/** By reason: how its bound is crossed, by the least there is. */
const CROSSINGS: Readonly<Record<Exclude<Reason, 'ok'>, Crossing>> = {
  killed: fc.constantFrom<number>(STOP_EVERYTHING, 3, -1, 2 ** 31 - 1).map((level) => (at) => {
    at.killLevel = level;
  }),
  'stop-opening': cross((at) => {
    at.killLevel = STOP_OPENING;
  }),
  'engine-stopped': fc
    .constantFrom<EngineState>(ENGINE_STARTING, ENGINE_STOPPED, ENGINE_ENDING)
    .map((state) => (at) => {
      at.state = state;
    }),
  'order-size': fc.constantFrom<((at: Situation) => void)[]>(
    (at) => {
      at.request.sizeCenti = at.limits.maxOrderSizeCenti + 1;
    },
    (at) => {
      at.request.sizeCenti = 0;
    },
  ),
  'order-cost': fc
    .constantFrom('kalshiSpendMicros' as const, 'polymarketSpendMicros' as const)
    .map((leg) => ({ limits, request }) => {
      const costMicros = request.kalshiSpendMicros + request.polymarketSpendMicros;
      request[leg] += limits.maxOrderCostMicros + 1 - costMicros;
    }),
  'daily-loss': cross((at) => {
    at.dayPnlMicros = -at.limits.maxDailyLossMicros;
  }),
  failures: cross((at) => {
    at.failures = at.limits.maxConsecutiveFailures;
  }),
  naked: cross((at) => {
    at.nakedMicros = at.limits.maxNakedMicros;
  }),
  'stale-feed': fc
    .tuple(eitherVenue, fc.boolean())
    .map(([venue, isHeartbeat]) => ({ heartbeatNs, freshUntilNs }) => {
      if (isHeartbeat) heartbeatNs[venue] = NOW_NS - MAX_FEED_AGE_NS - 1;
      else freshUntilNs[venue] = NOW_NS - 1;
    }),
  'clock-skew': fc
    .tuple(eitherVenue, fc.constantFrom(1, -1))
    .map(([venue, sign]) => ({ skewMs, limits }) => {
      skewMs[venue] = sign * (limits.maxClockSkewMs + 1);
    }),
  'market-close': fc
    .constantFrom(-1, Number.NaN, Number.NEGATIVE_INFINITY, -(10 ** 9))
    .map((more) => (at) => {
      at.closeMs = WALL_MS + at.limits.minMsToClose + more;
    }),
  'price-band': fc
    .tuple(fc.constantFrom('kalshiLimitE4' as const, 'polymarketLimitE4' as const), fc.boolean())
    .map(([leg, isAbove]) => ({ request, limits }) => {
      request[leg] = isAbove ? limits.maxPriceE4 + 1 : limits.minPriceE4 - 1;
    }),
  held: cross((at) => {
    at.isHeld = true;
  }),
};
const REASONS = RISK_REASONS.filter((reason) => reason !== 'ok');

/** The gate over memory that says all this; a limit that is undefined is left as allocated. */
function gateIn(situation: Situation, unset?: RiskLimit) {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const memory = shared(RiskTable.bytes());
  const risk = new RiskTable(memory);
  const control = new ControlBlock(shared(ControlBlock.bytes(WORKERS)));
  const rule = { failures: 3, restMs: 1_000, successes: 2 };
  const venues = new VenueTable(shared(VenueTable.bytes(2)), rule);
  const flights = new FlightTable(shared(FlightTable.bytes(PAIRS)));
  risk.kill(situation.killLevel as KillLevel);
  risk.setConsecutiveFailures(situation.failures);
  risk.setNakedMicros(situation.nakedMicros);
  risk.setDayPnlMicros(situation.dayPnlMicros);
  for (const name of RISK_LIMITS) {
    if (name !== unset) risk.setLimit(name, situation.limits[name]);
  }
  control.advance(situation.state);
  for (const venue of [0, 1] as const) {
    control.beat(situation.workers[venue], situation.heartbeatNs[venue]);
    control.setFreshUntil(situation.workers[venue], situation.freshUntilNs[venue]);
    venues.setSkewMs(venue, situation.skewMs[venue]);
  }
  for (let pair = 0; pair < PAIRS; pair++) {
    // Every other pair is the other way: only the request's own counts.
    flights.hold(pair, (pair === situation.request.pair) === situation.isHeld);
  }
  return { risk, gate: new RiskGate({ risk, control, venues, flights }, STILL) };
}

function verdict(situation: Situation, unset?: RiskLimit): Reason | undefined {
  const { gate } = gateIn(situation, unset);
  return RISK_REASONS[gate.mayOpen(situation.request, situation.closeMs, situation.workers)];
}

describe('opening', () => {
  test('is allowed when every bound holds, by nothing to spare too', () => {
    fc.assert(
      fc.property(holds, (situation) => {
        expect(verdict(situation)).toBe('ok');
      }),
      { numRuns: 500 },
    );
  });

  test.each(REASONS)('is refused, and why is said, when one bound is crossed: %s', (reason) => {
    fc.assert(
      fc.property(holds, CROSSINGS[reason], (situation, crossIt) => {
        crossIt(situation);
        expect(verdict(situation)).toBe(reason);
      }),
      { numRuns: 200 },
    );
  });

  test('is refused for the first of several reasons, in the order of the list', () => {
    const several = fc.subarray(
      REASONS.filter((reason) => reason !== 'killed'),
      { minLength: 2 },
    );
    const crossed = several.chain((reasons) =>
      fc.tuple(
        fc.constant(reasons),
        fc.tuple(...reasons.map((reason) => CROSSINGS[reason] as Crossing)),
      ),
    );
    fc.assert(
      fc.property(holds, crossed, (situation, [reasons, changes]) => {
        for (const change of changes) change(situation);
        expect(verdict(situation)).toBe(reasons[0]);
      }),
      { numRuns: 300 },
    );
  });

  const REASON_OF_LIMIT: Readonly<Record<RiskLimit, Reason>> = {
    maxOrderSizeCenti: 'order-size',
    maxOrderCostMicros: 'order-cost',
    maxDailyLossMicros: 'daily-loss',
    maxConsecutiveFailures: 'failures',
    maxNakedMicros: 'naked',
    maxClockSkewMs: 'clock-skew',
    minMsToClose: 'market-close',
    minPriceE4: 'price-band',
    maxPriceE4: 'price-band',
  };
  test.each(RISK_LIMITS)('is refused while nobody has set %s, however quiet it is', (limit) => {
    fc.assert(
      fc.property(holds, (situation) => {
        const quiet: Situation = {
          ...situation,
          failures: 0,
          nakedMicros: 0,
          dayPnlMicros: 1_000_000,
          skewMs: [0, 0],
          closeMs: Number.POSITIVE_INFINITY,
        };
        expect(verdict(quiet)).toBe('ok');
        expect(verdict(quiet, limit)).toBe(REASON_OF_LIMIT[limit]);
      }),
    );
  });

  test.each([
    ['order-size', (at: Situation) => (at.request.sizeCenti = Number.NaN)],
    ['order-cost', (at: Situation) => (at.request.kalshiSpendMicros = Number.NaN)],
    ['daily-loss', (at: Situation) => (at.dayPnlMicros = Number.NaN)],
    ['naked', (at: Situation) => (at.nakedMicros = Number.NaN)],
    ['stale-feed', (at: Situation) => (at.heartbeatNs[1] = Number.NaN)],
    ['stale-feed', (at: Situation) => (at.freshUntilNs[0] = Number.NaN)],
    ['price-band', (at: Situation) => (at.request.polymarketLimitE4 = Number.NaN)],
  ] as const)('is refused when what it goes by is no number: %s', (reason, spoil) => {
    fc.assert(
      fc.property(holds, (situation) => {
        spoil(situation);
        expect(verdict(situation)).toBe(reason);
      }),
    );
  });

  test('is refused when no such feed worker exists', () => {
    fc.assert(
      fc.property(holds, eitherVenue, (situation, venue) => {
        const { gate } = gateIn(situation);
        const workers: ByVenue<number> = venue === 0 ? [WORKERS, 1] : [0, WORKERS];
        const code = gate.mayOpen(situation.request, situation.closeMs, workers);
        expect(RISK_REASONS[code]).toBe('stale-feed');
      }),
    );
  });

  test('goes by a limit as it is now', () => {
    fc.assert(
      fc.property(holds, (situation) => {
        const { gate, risk } = gateIn(situation);
        const { request, closeMs, workers } = situation;
        expect(gate.mayOpen(request, closeMs, workers)).toBe(RISK_OK);
        risk.setLimit('maxOrderSizeCenti', request.sizeCenti - 0.5);
        expect(RISK_REASONS[gate.mayOpen(request, closeMs, workers)]).toBe('order-size');
        risk.setLimit('maxOrderSizeCenti', Number.POSITIVE_INFINITY);
        expect(gate.mayOpen(request, closeMs, workers)).toBe(RISK_OK);
      }),
    );
  });
});

describe('evening out', () => {
  const priceE4 = fc.integer({ min: 1, max: 9_999 });
  const sizeCenti = fc.integer({ min: 1, max: 10 ** 9 });
  const notForExits = REASONS.filter((reason) => reason !== 'killed' && reason !== 'clock-skew');
  const crossedOtherwise = fc
    .subarray(notForExits)
    .chain((reasons) => fc.tuple(...reasons.map((reason) => CROSSINGS[reason] as Crossing)));

  test('is allowed whatever forbids opening, at any size and price', () => {
    fc.assert(
      fc.property(
        holds,
        crossedOtherwise,
        sizeCenti,
        priceE4,
        (situation, changes, size, price) => {
          for (const change of changes) change(situation);
          expect(gateIn(situation).gate.mayExit(size, price)).toBe(RISK_OK);
        },
      ),
    );
  });

  test.each(['killed', 'clock-skew'] as const)('is refused, and why is said: %s', (reason) => {
    fc.assert(
      fc.property(
        holds,
        CROSSINGS[reason],
        sizeCenti,
        priceE4,
        (situation, crossIt, size, price) => {
          crossIt(situation);
          expect(RISK_REASONS[gateIn(situation).gate.mayExit(size, price)]).toBe(reason);
        },
      ),
    );
  });

  test('is refused while nobody has set how far clocks may differ', () => {
    fc.assert(
      fc.property(holds, sizeCenti, priceE4, (situation, size, price) => {
        const agreeing: Situation = { ...situation, skewMs: [0, 0] };
        const { gate } = gateIn(agreeing, 'maxClockSkewMs');
        expect(RISK_REASONS[gate.mayExit(size, price)]).toBe('clock-skew');
      }),
    );
  });

  test.each([
    ['order-size', 0, 5_000],
    ['order-size', -100, 5_000],
    ['order-size', Number.NaN, 5_000],
    ['price-band', 100, 0],
    ['price-band', 100, 10_000],
    ['price-band', 100, Number.NaN],
  ] as const)('is refused when it is no order: %s size=%s limit=%s', (reason, size, price) => {
    const [situation] = fc.sample(holds, 1);
    expect(RISK_REASONS[gateIn(situation!).gate.mayExit(size, price)]).toBe(reason);
  });
});

describe('kill word', () => {
  test('alone says whether a write may happen; what is no level stops everything', () => {
    const level = fc.oneof(
      fc.constantFrom<number>(ARMED, STOP_OPENING, STOP_EVERYTHING),
      fc.integer(),
    );
    fc.assert(
      fc.property(level, fc.boolean(), (killLevel, isExit) => {
        // Memory as allocated: nothing else is looked at.
        const risk = new RiskTable(new SharedArrayBuffer(RiskTable.bytes()));
        const rule = { failures: 1, restMs: 1, successes: 1 };
        const gate = new RiskGate(
          {
            risk,
            control: new ControlBlock(new SharedArrayBuffer(ControlBlock.bytes(0))),
            venues: new VenueTable(new SharedArrayBuffer(0), rule),
            flights: new FlightTable(new SharedArrayBuffer(0)),
          },
          STILL,
        );
        expect(gate.mayWrite(isExit)).toBe(true);
        risk.kill(killLevel as KillLevel);
        expect(risk.killLevel()).toBe(killLevel);
        expect(gate.mayWrite(isExit)).toBe(killLevel === 0 || (killLevel === 1 && isExit));
      }),
    );
  });

  test('wakes who waits for it', async () => {
    const memory = new SharedArrayBuffer(RiskTable.bytes());
    const waiting = Atomics.waitAsync(new Int32Array(memory), 0, ARMED, 10_000);
    new RiskTable(memory).kill(STOP_OPENING);
    expect(await waiting.value).toBe('ok');
  });
});

describe('risk table', () => {
  test('keeps every word by itself', () => {
    const words = ['killLevel', 'failures', 'naked', 'pnl', ...RISK_LIMITS] as const;
    const write = fc.record({
      word: fc.constantFrom(...words),
      value: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    });
    fc.assert(
      fc.property(fc.array(write), (writes) => {
        const risk = new RiskTable(new SharedArrayBuffer(RiskTable.bytes()));
        const model = new Map<string, number>(words.map((word) => [word, 0]));
        for (const { word, value } of writes) {
          model.set(word, value);
          if (word === 'killLevel') risk.kill(value as KillLevel);
          else if (word === 'failures') risk.setConsecutiveFailures(value);
          else if (word === 'naked') risk.setNakedMicros(value);
          else if (word === 'pnl') risk.setDayPnlMicros(value);
          else risk.setLimit(word, value);
        }
        const found = new Map<string, number>([
          ['killLevel', risk.killLevel()],
          ['failures', risk.consecutiveFailures()],
          ['naked', risk.nakedMicros()],
          ['pnl', risk.dayPnlMicros()],
          ...RISK_LIMITS.map((name) => [name, risk.limit(name)] as const),
        ]);
        expect(found).toEqual(model);
      }),
    );
  });

  test('takes no limit that would read as unset', () => {
    const risk = new RiskTable(new SharedArrayBuffer(RiskTable.bytes()));
    for (const value of [0, -1, Number.NaN]) {
      expect(() => risk.setLimit('minMsToClose', value)).toThrow(/limit=minMsToClose value=/);
    }
    expect(risk.limit('minMsToClose')).toBe(0);
  });
});
