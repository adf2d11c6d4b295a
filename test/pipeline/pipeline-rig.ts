// The engine's shared memory with its real ends, a stepped clock, and pairs of simple terms: an engine without threads.
import { kalshiFeeTable, polymarketFeeTable } from '../../src/domain/fee-table.js';
import { Ladder } from '../../src/domain/ladder.js';
import type { PairTerms } from '../../src/domain/sizing.js';
import { KALSHI, POLYMARKET, type Polarity, type Venue } from '../../src/domain/venue.js';
import {
  DECISION_RECORD_BYTES,
  type DecisionRecord,
  readDecisionRecord,
} from '../../src/pipeline/decision-record.js';
import { Detector } from '../../src/pipeline/detector.js';
import {
  createExecutionRequest,
  EXECUTION_REQUEST_BYTES,
  type ExecutionRequest,
  readExecutionRequest,
} from '../../src/pipeline/execution-request.js';
import { Publisher } from '../../src/pipeline/publisher.js';
import { ControlBlock } from '../../src/shm/control-block.js';
import { DepthTable } from '../../src/shm/depth-table.js';
import { Doorbell } from '../../src/shm/doorbell.js';
import { FlightTable } from '../../src/shm/flight-table.js';
import { PurseTable } from '../../src/shm/purse-table.js';
import { QuoteTable } from '../../src/shm/quote-table.js';
import { RING_EMPTY, SpscRing } from '../../src/shm/spsc-ring.js';
import { SteppedClock } from '../venues/feed-model.js';

const KALSHI_RATE = { numerator: 7, denominator: 100 };
const POLYMARKET_FEES = { rate: { numerator: 4, denominator: 100 }, exponent: 1 } as const;

export const TERMS: PairTerms = {
  kalshiRate: KALSHI_RATE,
  kalshiFees: kalshiFeeTable(KALSHI_RATE),
  polymarketSchedule: POLYMARKET_FEES,
  polymarketFees: polymarketFeeTable(POLYMARKET_FEES),
  polymarketMinSizeCenti: 500,
};

export const EXIT_RESERVE_MICROS = 5_000_000;

/** Heartbeats: the Kalshi feed is worker 0, the Polymarket feed worker 1. */
const WORKERS = 2;

export interface RigOptions {
  readonly polarities: readonly Polarity[];
  readonly observe?: boolean;
  readonly executors?: number;
  readonly requestCapacity?: number;
  readonly decisionCapacity?: number;
  /** In every purse. */
  readonly fundsCents?: number;
  readonly terms?: readonly (PairTerms | undefined)[];
}

function ring(capacity: number, bytes: number): [producer: SpscRing, consumer: SpscRing] {
  const memory = new SharedArrayBuffer(SpscRing.bytes(capacity, bytes));
  return [new SpscRing(memory, bytes, 'producer'), new SpscRing(memory, bytes, 'consumer')];
}

/** Asks of one outcome as the ladder that the publisher takes: bids of the other. */
export function asksOf(levels: readonly (readonly [priceE4: number, sizeCenti: number])[]): Ladder {
  const ladder = new Ladder();
  for (const [priceE4, sizeCenti] of levels) ladder.set(10_000 - priceE4, sizeCenti);
  return ladder;
}

export class PipelineRig {
  readonly clock = new SteppedClock();
  readonly pairs: number;
  readonly quotes: QuoteTable;
  readonly depth: DepthTable;
  readonly flights: FlightTable;
  readonly purses: PurseTable;
  readonly control: ControlBlock;
  readonly doorbell: Doorbell;
  readonly publishers: readonly Publisher[];
  readonly detector: Detector;
  readonly requests: readonly SpscRing[];
  readonly decisions: SpscRing;
  conflated = 0;

  constructor(options: RigOptions) {
    const { polarities, executors = 1 } = options;
    const pairs = polarities.length;
    this.pairs = pairs;
    const shared = (bytes: number) => new SharedArrayBuffer(bytes);
    this.quotes = new QuoteTable(shared(QuoteTable.bytes(pairs * 2)));
    this.depth = new DepthTable(shared(DepthTable.bytes(pairs * 2)));
    this.flights = new FlightTable(shared(FlightTable.bytes(pairs)));
    this.purses = new PurseTable(shared(PurseTable.bytes(1, pairs)), 1);
    this.control = new ControlBlock(shared(ControlBlock.bytes(WORKERS)));
    this.doorbell = new Doorbell(shared(Doorbell.bytes(pairs)));
    const requests = Array.from({ length: executors }, () =>
      ring(options.requestCapacity ?? 64, EXECUTION_REQUEST_BYTES),
    );
    const decisions = ring(options.decisionCapacity ?? 1_024, DECISION_RECORD_BYTES);
    this.requests = requests.map(([, consumer]) => consumer);
    this.decisions = decisions[1];
    for (const purse of this.allPurses()) {
      this.purses.set(purse, options.fundsCents ?? 100_000_000);
    }
    const memory = { quotes: this.quotes, depth: this.depth, doorbells: [this.doorbell] };
    const markets = polarities.map((_, market) => market);
    const count = () => {
      this.conflated++;
    };
    this.publishers = [KALSHI, POLYMARKET].map(
      (venue) => new Publisher(memory, venue, pairs, markets, count, () => undefined, this.clock),
    );
    this.detector = new Detector(
      polarities.map((polarity, pair) => ({
        polarity,
        terms: options.terms === undefined ? TERMS : options.terms[pair],
        shard: 0,
        feedWorkers: [0, 1] as const,
      })),
      {
        quotes: this.quotes,
        depth: this.depth,
        doorbell: this.doorbell,
        flights: this.flights,
        purses: this.purses,
        control: this.control,
        requests: requests.map(([producer]) => producer),
        decisions: decisions[0],
      },
      {
        detector: 0,
        observe: options.observe ?? false,
        limits: { maxSizeCenti: 100_000, maxCostMicros: 1_000_000_000, minNetMicros: 1 },
        exitReserveMicros: EXIT_RESERVE_MICROS,
      },
      this.clock,
      () => undefined,
    );
    this.beat();
  }

  allPurses(): number[] {
    const { purses } = this;
    const markets = Array.from({ length: this.pairs }, (_, pair) => purses.marketPurse(pair));
    return [purses.kalshiPurse(0), purses.polymarketPurse, purses.totalPurse, ...markets];
  }

  beat(): void {
    for (let worker = 0; worker < WORKERS; worker++) {
      this.control.beat(worker, this.clock.nowNs());
      this.control.setFreshUntil(worker, Number.POSITIVE_INFINITY);
    }
  }

  publish(venue: Venue, pair: number, yesAsks: Ladder, noAsks: Ladder): void {
    const nowNs = this.clock.nowNs();
    this.publishers[venue]!.publish(pair, yesAsks, noAsks, nowNs, 0);
    this.publishers[venue]!.ring();
  }

  /** What waits in every executor's ring; all rings hold the same. */
  takeRequests(): ExecutionRequest[] {
    const all = this.requests.map((consumer) => {
      const taken: ExecutionRequest[] = [];
      for (let record = consumer.poll(); record !== RING_EMPTY; record = consumer.poll()) {
        const request = createExecutionRequest();
        readExecutionRequest(consumer, record, request);
        consumer.release();
        taken.push(request);
      }
      return taken;
    });
    for (const taken of all) {
      if (JSON.stringify(taken) !== JSON.stringify(all[0])) throw new Error('executors differ');
    }
    return all[0]!;
  }

  takeDecisions(): DecisionRecord[] {
    const taken: DecisionRecord[] = [];
    const { decisions } = this;
    for (let record = decisions.poll(); record !== RING_EMPTY; record = decisions.poll()) {
      taken.push(readDecisionRecord(decisions, record));
      decisions.release();
    }
    return taken;
  }
}
