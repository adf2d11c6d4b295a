import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { createAskLevels } from '../../src/domain/sizing.js';
import { KALSHI, NO, POLYMARKET, SAME, YES } from '../../src/domain/venue.js';
import type { JournalRecord } from '../../src/journal/records.js';
import {
  createDecisionFacts,
  DECISION_FIRED,
  DECISION_RECORD_BYTES,
  writeDecisionRecord,
} from '../../src/pipeline/decision-record.js';
import type { LegReport } from '../../src/pipeline/executor.js';
import { Engine } from '../../src/runtime/engine.js';
import type { EngineConfig } from '../../src/runtime/engine-config.js';
import type { JournalEvents } from '../../src/runtime/journal.js';
import { killFile, readKillState, writeKillState } from '../../src/runtime/kill-switch.js';
import type { EngineEvent } from '../../src/runtime/status.js';
import type { WorkerEvents } from '../../src/runtime/supervisor.js';
import { openVenueTable } from '../../src/runtime/venue-guards.js';
import type { EngineMessage, TradedPair, WorkerInput } from '../../src/runtime/worker-protocol.js';
import { ControlBlock, ENGINE_RUNNING, ENGINE_STOPPED } from '../../src/shm/control-block.js';
import { FlightTable } from '../../src/shm/flight-table.js';
import { QuoteTable } from '../../src/shm/quote-table.js';
import { RiskTable } from '../../src/shm/risk-table.js';
import { SpscRing } from '../../src/shm/spsc-ring.js';
import { REASON_TRUSTED } from '../../src/venues/feed.js';
import type { VenueFill } from '../../src/venues/orders.js';
import { until } from '../net/raw-server.js';

const BUCKET = { capacity: 100, perSecond: 100 };
type FillList = (sinceS: number) => Promise<VenueFill[]>;

/** What stands in for threads and exchanges. The engine between them is the real one. */
const world = vi.hoisted(() => ({
  events: undefined as WorkerEvents | undefined,
  inputs: [] as WorkerInput[],
  started: [] as string[],
  ended: 0,
  closed: 0,
  told: [] as string[],
  journal: [] as JournalRecord[],
  failJournal: ((_why: string) => undefined) as (why: string) => void,
  lateJournal: ((_why: string) => undefined) as (why: string) => void,
  shards: [{ exchangeIndex: 3, isTrading: true }],
  login: (async () => ({})) as () => Promise<unknown>,
  ready: (async () => undefined) as () => Promise<void>,
  kalshiFills: (async () => []) as FillList,
  polymarketFills: (async () => []) as FillList,
}));

vi.mock('../../src/runtime/supervisor.js', () => ({
  Supervisor: class {
    constructor(events: WorkerEvents) {
      world.events = events;
    }
    get alive(): string[] {
      return [];
    }
    tell(prefix: string, message: EngineMessage): number {
      world.told.push(`${prefix} ${message.type}`);
      return 1;
    }
    start(name: string, input: WorkerInput): Promise<void> {
      world.started.push(name);
      world.inputs.push(input);
      if (input.role.kind === 'feed') {
        new QuoteTable(input.memory.quotes).setTrust(input.role.venue, 0, REASON_TRUSTED);
      }
      return world.ready();
    }
    async end(): Promise<void> {
      world.ended++;
    }
  },
}));
vi.mock('../../src/runtime/accounts.js', () => ({
  Accounts: class {
    login = () => world.login();
    cash = async () => ({
      kalshiByShard: new Map([[3, 1e9]]),
      kalshiMicros: 1e9,
      polymarketMicros: 1e9,
    });
    kalshiPositions = async () => new Map();
    polymarketPositions = async () => new Map();
    kalshiShards = async () => world.shards;
    polymarketTime = async () => 1;
    kalshiLimits = async () => ({ tier: 'basic', read: BUCKET, write: BUCKET });
    checkPolymarketMayBuy = async () => undefined;
    reloadPairs = async (pairs: TradedPair[]) => ({ traded: pairs, refused: [] });
    kalshiFills = (sinceS: number) => world.kalshiFills(sinceS);
    polymarketFills = (sinceS: number) => world.polymarketFills(sinceS);
    close = async () => {
      world.closed++;
    };
  },
}));
vi.mock('../../src/runtime/journal.js', () => ({
  Journal: {
    open: (_dir: string, { failed, late }: JournalEvents) => {
      world.failJournal = failed;
      world.lateJournal = late;
      return {
        run: 1,
        store: { orders: () => [], fills: () => [], openOrders: () => [], hasOrders: () => false },
        write: (record: JournalRecord) => world.journal.push(record),
        close: async () => undefined,
      };
    },
  },
}));
vi.mock('../../src/runtime/pairs.js', () => ({ loadPairs: () => [] }));
vi.mock('../../src/runtime/markets.js', () => ({
  loadTradedPairs: async () => ({
    traded: [
      {
        name: 'pair',
        polarity: SAME,
        kalshi: { exchangeIndex: 3, takerRate: ratio(0, 1) },
        polymarket: { fees: { rate: ratio(0, 1), exponent: 1 } },
      },
    ],
    refused: [],
  }),
}));

const stateDir = mkdtempSync(join(tmpdir(), 'underround-engine-'));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

const config = {
  profile: 'sim',
  stateDir,
  acceptDifferences: false,
  legPolicy: 'simultaneous',
  kalshi: { keyId: 'key' },
  maxSizeCenti: 10_000,
  maxCostMicros: 100_000_000,
  minNetMicros: 1,
  refusedRestMs: 60_000,
  venueClosedRestMs: 60_000,
  kalshiFeeds: 1,
  polymarketFeeds: 1,
  detectors: 1,
  executors: 1,
  keepAwake: false,
  refireMs: 0,
  oneLeggedRestMs: 60_000,
  risk: {
    maxMarketPositionMicros: 1e9,
    maxTotalPositionMicros: 1e9,
    maxDailyLossMicros: 1e9,
    maxConsecutiveFailures: 3,
    maxNakedMicros: 1e9,
    nakedBudgetMicroSeconds: 1e9,
    maxLossPerArbMicros: 1e6,
    maxClockSkewMs: 1_000,
    minMinutesToClose: 1,
    minPriceE4: 100,
    maxPriceE4: 9_900,
    mismatchesBeforeRest: 3,
    mismatchRestMs: 300_000,
    unknownDeadlineMs: 60_000,
  },
} as EngineConfig;

let said: EngineEvent[];
let engine: Engine;

beforeEach(() => {
  said = [];
  world.inputs.length = 0;
  world.started.length = 0;
  world.ended = 0;
  world.closed = 0;
  world.told.length = 0;
  world.shards = [{ exchangeIndex: 3, isTrading: true }];
  world.login = async () => ({});
  world.ready = async () => undefined;
  world.kalshiFills = async () => [];
  world.polymarketFills = async () => [];
  world.journal.length = 0;
  rmSync(killFile(stateDir), { force: true });
  engine = new Engine(config, (event) => said.push(event));
});
afterEach(async () => {
  await engine.stop();
});

const memory = () => world.inputs[0]!.memory;
const control = () => new ControlBlock(memory().control);

/** The detector's side of a fire. */
function fire(): FlightTable {
  return fireOf(1);
}

function fireOf(arbId: number): FlightTable {
  const flights = new FlightTable(memory().flights);
  const ring = new SpscRing(memory().decisions[0]!, DECISION_RECORD_BYTES, 'producer');
  flights.fire(0);
  const decision = { ...createDecisionFacts(), arbId, decision: DECISION_FIRED, isNew: true };
  const reserved = { kalshiReservedCents: 600, polymarketReservedCents: 600, positionCents: 90 };
  const asks = createAskLevels(1);
  writeDecisionRecord(ring, ring.claim(), { ...decision, ...reserved }, asks, asks);
  ring.publish();
  return flights;
}

function leg(venue: typeof KALSHI | typeof POLYMARKET, reply: LegReport['reply']): LegReport {
  const nowNs = process.hrtime();
  const [originS, originNs] = world.inputs[0]!.origin;
  const atNs = (nowNs[0] - originS) * 1e9 + nowNs[1] - originNs;
  return {
    type: 'leg',
    role: 'entry',
    arbId: 1,
    venue,
    pair: 0,
    direction: YES,
    outcome: venue === KALSHI ? YES : NO,
    sizeCenti: 100,
    limitE4: 4_000,
    spendMicros: 400_000,
    orderId: '',
    clientOrderId: `client-${venue}`,
    reply,
    receivedNs: atNs,
    publishedNs: atNs,
    preparedNs: atNs,
    detectedNs: atNs,
    dequeuedNs: atNs,
    writtenNs: atNs,
    // As if it had been answered long ago: what the lists say of it is all there is.
    answeredNs: atNs - 10e9,
  };
}

function fill(venue: typeof KALSHI | typeof POLYMARKET): VenueFill {
  return {
    venue,
    tradeId: `trade-${venue}`,
    orderId: `order-${venue}`,
    clientOrderId: venue === KALSHI ? 'client-0' : undefined,
    market: 0,
    outcome: venue === KALSHI ? YES : NO,
    sizeE6: 1_000_000,
    costMicros: 400_000,
    feeMicros: 0,
    state: 'final',
  };
}

const LOST = { kind: 'unknown', orderId: undefined, why: 'lost' } as const;
const matched = (venue: number) =>
  ({
    kind: 'acknowledged',
    orderId: `order-${venue}`,
    filledE6: 1_000_000,
    costMicros: 1,
  }) as const;
const heard = (event: string) => said.some((each) => each.event === event);

describe('an engine that is stopped while it starts', () => {
  it('starts no worker, and never runs, when its terms come too late', async () => {
    let answer: (() => void) | undefined;
    world.login = () => new Promise((resolve) => (answer = () => resolve({})));
    const started = engine.start();
    await until(() => answer !== undefined, 'the login');
    const stopped = engine.stop();
    answer?.();
    await expect(started).rejects.toThrow(/stopped while it started/);
    await stopped;
    expect(world.started).toEqual([]);
    expect(world.closed).toBe(1);
  });

  it('does not run when its workers are ready too late', async () => {
    let answer: () => void = () => undefined;
    world.ready = () => new Promise<void>((resolve) => (answer = resolve));
    const started = engine.start();
    await until(() => world.started.length === 4, 'the workers');
    world.ready = async () => undefined;
    const stopped = engine.stop();
    answer();
    started.catch(() => undefined);
    await stopped;
    expect(world.ended).toBe(1);
    expect(control().state()).not.toBe(ENGINE_RUNNING);
    expect(heard('running')).toBe(false);
  });
});

describe('an outcome that nobody answered for', () => {
  it('is looked up, settled as what it was, and its pair is free again', async () => {
    await engine.start();
    world.kalshiFills = async () => [fill(KALSHI)];
    const flights = fire();
    world.events!.message(leg(KALSHI, LOST), 3);
    world.events!.message(leg(POLYMARKET, matched(POLYMARKET)), 3);
    world.events!.message({ type: 'fill', fill: fill(POLYMARKET) }, 3);
    await until(() => heard('arb-unknown'), 'the unknown');
    expect(flights.isInFlight(0)).toBe(true);
    expect(engine.status().arbs).toMatchObject({ fired: 1, unknown: 1, bothFilled: 0 });
    await until(() => heard('arb-filled'), 'the look-up');
    await until(() => !flights.isInFlight(0), 'the pair');
    const { arbs, pnlMicros, latencyNs } = engine.status();
    expect(arbs).toMatchObject({ fired: 1, unknown: 0, bothFilled: 1 });
    expect(pnlMicros).toBe(200_000);
    expect(latencyNs.legSkew.count).toBe(1);
  });

  it('is read from about when it was sent, not from the start of the run', async () => {
    await engine.start();
    const asked: number[] = [];
    world.kalshiFills = async (sinceS) => {
      asked.push(sinceS);
      return [];
    };
    fire();
    world.events!.message(leg(KALSHI, LOST), 3);
    await until(() => asked.length > 0, 'the look-up');
    const nowS = Date.now() / 1000;
    expect(asked[0]).toBeGreaterThan(nowS - 120);
    expect(asked[0]).toBeLessThan(nowS - 30);
  });

  it('of one exchange is known though the other cannot be read', async () => {
    await engine.start();
    world.kalshiFills = async () => {
      throw new Error('down');
    };
    world.polymarketFills = async () => [fill(POLYMARKET)];
    fire();
    world.events!.message(leg(KALSHI, LOST), 3);
    world.events!.message(leg(POLYMARKET, matched(POLYMARKET)), 3);
    await until(() => heard('look-up-failed'), 'the failure');
    await until(() => engine.status().costMicros === 400_000, 'the fill of the other');
    expect(engine.status().arbs.unknown).toBe(1);
  });
});

it('ends its workers and says what is open, though no exchange answers any more', async () => {
  await engine.start();
  const down = async () => {
    throw new Error('gone');
  };
  world.kalshiFills = down;
  world.polymarketFills = down;
  fire();
  world.events!.message(leg(KALSHI, LOST), 3);
  world.events!.message(leg(POLYMARKET, LOST), 3);
  const stopping = engine.stop();
  // What is under way is followed to its end, but nothing new is fired meanwhile.
  expect(control().state()).toBe(ENGINE_STOPPED);
  const status = await stopping;
  expect(world.ended).toBe(1);
  expect(world.closed).toBe(1);
  expect(status.arbs.unknown).toBe(1);
  expect(heard('unresolved')).toBe(true);
});

it('stops firing when too many orders are not accounted for', async () => {
  await engine.start();
  expect(control().state()).toBe(ENGINE_RUNNING);
  for (let arb = 0; arb <= 1_001; arb++) {
    const report = leg(KALSHI, matched(KALSHI));
    const reply = { ...matched(KALSHI), orderId: `order-${arb}` };
    const atNs = report.dequeuedNs + 60e9;
    const own = { arbId: arb, clientOrderId: `c${arb}`, reply, answeredNs: atNs };
    world.events!.message({ ...report, ...own }, 3);
  }
  await until(() => engine.status().stoppedBecause !== undefined, 'the stop');
  expect(engine.status().stoppedBecause).toMatch(/not accounted for: unresolved=1002/);
});

describe('what an exchange refuses', () => {
  const refused = (
    venue: typeof KALSHI | typeof POLYMARKET,
    status: number,
    reaction: 'retry-later' | 'rest-market' | 'stop',
  ): LegReport => leg(venue, { kind: 'rejected', status, code: 'code', reaction });
  const isHeld = () => new FlightTable(memory().flights).isHeld(0);
  const hear = (report: LegReport) => world.events?.message(report, 0);

  it('rests the market, and has its terms read again', async () => {
    await engine.start();
    hear(refused(KALSHI, 400, 'rest-market'));
    expect(isHeld()).toBe(true);
    expect(engine.status().held).toMatchObject({ refused: 1, 'new-terms': 1 });
    await until(() => engine.status().held['new-terms'] === undefined, 'the terms');
    expect(world.told).toContain('kalshi-feed- readmit');
    expect(isHeld()).toBe(true);
    expect(control().state()).toBe(ENGINE_RUNNING);
  });

  it.each([425, 503])('rests everything when Polymarket answers %s', async (status) => {
    await engine.start();
    hear(refused(POLYMARKET, status, 'retry-later'));
    hear(refused(POLYMARKET, status, 'retry-later'));
    expect(engine.status().held).toEqual({ 'venue-closed': 1 });
    expect(said.filter(({ event }) => event === 'venue-closed')).toHaveLength(1);
  });

  it('asks for the time when it is the time that was refused', async () => {
    await engine.start();
    hear(refused(KALSHI, 401, 'retry-later'));
    expect(engine.status().held).toEqual({ clock: 1 });
    await until(() => !isHeld(), 'the end of the rest');
  });

  it('ends all firing when no order of ours will be taken', async () => {
    await engine.start();
    hear(refused(POLYMARKET, 400, 'stop'));
    expect(control().state()).toBe(ENGINE_STOPPED);
    expect(engine.status().stoppedBecause).toContain('polymarket: 400 code');
    // It outlasts the process: the next start opens nothing either, until somebody re-arms.
    expect(engine.status().kill).toBe('stop-opening');
    expect(readKillState(stateDir)).toMatchObject({ level: 1, by: 'engine' });
    const next = new Engine(config, () => undefined);
    await next.start();
    expect(next.status().kill).toBe('stop-opening');
    await next.stop();
  });

  it('changes nothing when the next order may be taken', async () => {
    await engine.start();
    hear(refused(KALSHI, 429, 'retry-later'));
    expect(isHeld()).toBe(false);
    expect(control().state()).toBe(ENGINE_RUNNING);
  });
});

describe('an exchange that does not trade', () => {
  const isHeld = () => new FlightTable(memory().flights).isHeld(0);

  it('holds the pairs of a shard that is paused, from the start', async () => {
    world.shards = [{ exchangeIndex: 3, isTrading: false }];
    await engine.start();
    expect(isHeld()).toBe(true);
    world.shards = [{ exchangeIndex: 3, isTrading: true }];
    await until(() => !isHeld(), 'the end of the pause');
  });

  it('holds every pair while its breaker is not closed', async () => {
    await engine.start();
    const table = openVenueTable(memory().venues);
    for (let failure = 0; failure < 3; failure++) table.failed(POLYMARKET, 0);
    await until(isHeld, 'the hold');
    expect(engine.status().held).toEqual({ 'breaker-polymarket': 1 });
    expect(engine.status().feeds.polymarket).toMatchObject({ breaker: 'open', breakerOpenings: 1 });
    expect(table.allows(POLYMARKET, 61e9)).toBe(true);
    for (let success = 0; success < 2; success++) table.succeeded(POLYMARKET);
    await until(() => !isHeld(), 'the closed breaker');
  });

  it('has new terms read and given to everybody before its market is believed', async () => {
    await engine.start();
    world.events?.message({ type: 'terms-changed', venue: POLYMARKET, market: 0 }, 0);
    expect(engine.status().held).toEqual({ 'new-terms': 1 });
    await until(() => !isHeld(), 'the terms');
    expect(world.told).toEqual(['polymarket-feed- readmit']);
  });
});

describe('a stop', () => {
  const killLevel = () => new RiskTable(memory().risk).killLevel();

  it('comes from a journal that fails: nothing new is opened, what is naked is evened out', async () => {
    await engine.start();
    expect(killLevel()).toBe(0);
    world.failJournal('the disk is full');
    expect(killLevel()).toBe(1);
    expect(readKillState(stateDir).why).toContain('the disk is full');
    // What would be done from now on nobody would know.
    expect(() => engine.resume('mended', 'command')).toThrow(/start it again/);
    expect(killLevel()).toBe(1);
  });

  it('comes from a journal that is late, and may be taken back when it has caught up', async () => {
    await engine.start();
    world.lateJournal('lagRecords=9');
    expect(killLevel()).toBe(1);
    engine.resume('it has caught up', 'command');
    expect(killLevel()).toBe(0);
  });

  it('is told again by a start that finds it: nothing looks as if it traded', async () => {
    writeKillState(stateDir, { level: 1, why: 'a bad night', by: 'command', atMs: 5 });
    await engine.start();
    const told = said.filter(({ event }) => event === 'kill');
    expect(told).toMatchObject([{ level: 'error' }]);
    expect(told[0]?.text).toContain('a bad night');
  });

  it('comes from the file, and is taken back by it alone', async () => {
    await engine.start();
    const write = (level: 0 | 1 | 2) =>
      writeKillState(stateDir, { level, why: 'test', by: 'command', atMs: 1 });
    write(2);
    await until(() => killLevel() === 2, 'the stop');
    engine.kill(1, 'less than that', 'signal');
    expect(killLevel()).toBe(2);
    write(0);
    await until(() => killLevel() === 0, 'the re-arming');
  });

  it('comes after so many failures in a row, and not before', async () => {
    await engine.start();
    for (let arb = 1; arb <= 3; arb++) {
      expect(killLevel()).toBe(0);
      fireOf(arb);
      for (const venue of [KALSHI, POLYMARKET] as const) {
        const reply = {
          kind: 'rejected',
          status: 400,
          code: 'x',
          reaction: 'retry-later',
        } as const;
        const own = { arbId: arb, clientOrderId: `c${arb}-${venue}` };
        world.events!.message({ ...leg(venue, reply), ...own }, 3);
      }
      await until(() => engine.status().arbs.noneFilled === arb, 'the misses');
    }
    expect(killLevel()).toBe(1);
  });
});

it('writes down what it decided, sent, was told and became of it', async () => {
  await engine.start();
  fire();
  for (const venue of [KALSHI, POLYMARKET] as const) {
    world.events!.message(leg(venue, matched(venue)), 3);
    world.events!.message({ type: 'fill', fill: fill(venue) }, 3);
  }
  await until(() => heard('arb-filled'), 'the arbitrage');
  const kinds = world.journal.map(({ t }) => t);
  for (const kind of ['run', 'balance', 'decision', 'order', 'order-state', 'fill', 'arb-state']) {
    expect(kinds).toContain(kind);
  }
  const states = world.journal.flatMap((record) =>
    record.t === 'arb-state' ? [record.state] : [],
  );
  expect(states).toEqual(['fired', 'matched']);
  expect(JSON.stringify(world.journal)).not.toContain('"key"');
});

describe('a lone leg', () => {
  it('holds its pair and is looked after until it is even', async () => {
    await engine.start();
    fire();
    world.events!.message(leg(KALSHI, matched(KALSHI)), 3);
    world.events!.message({ type: 'fill', fill: fill(KALSHI) }, 3);
    world.events!.message(leg(POLYMARKET, { kind: 'rejected', status: 400, code: 'x' }), 3);
    await until(() => heard('exposed'), 'the exposure');
    expect(engine.status()).toMatchObject({ exposed: 1, held: { exposed: 1 } });
    // No book is trusted here, so nothing is sent; a fill that was told late evens it out.
    const late = { ...fill(POLYMARKET), orderId: 'exit', clientOrderId: 'exit-1' };
    const exit = {
      ...leg(POLYMARKET, matched(POLYMARKET)),
      role: 'exit' as const,
      arbId: 99,
      clientOrderId: 'exit-1',
    };
    world.events!.message({ ...exit, reply: { ...matched(POLYMARKET), orderId: 'exit' } }, 3);
    world.events!.message({ type: 'fill', fill: late }, 3);
    await until(() => heard('neutral'), 'the end of it');
    expect(engine.status().exposed).toBe(0);
    expect(engine.status().held).not.toHaveProperty('exposed');
  });
});
