// The main thread's ends of everything that exists once the pairs are known: the shared memory, and the rings that detectors fill.
import { KALSHI, type Venue } from '../domain/venue.js';
import { openDepth } from '../paper/untaken-depth.js';
import { DECISION_RECORD_BYTES } from '../pipeline/decision-record.js';
import { ControlBlock } from '../shm/control-block.js';
import { CounterReader } from '../shm/counters.js';
import type { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { FlightTable } from '../shm/flight-table.js';
import { PurseTable } from '../shm/purse-table.js';
import { QuoteTable, TRUSTED, trustReason } from '../shm/quote-table.js';
import { RiskTable } from '../shm/risk-table.js';
import { SpscRing } from '../shm/spsc-ring.js';
import { FEED_COUNTERS, type FeedCounter } from '../venues/feed.js';
import type { EngineConfig } from './engine-config.js';
import { Holds } from './holds.js';
import { allocateMemory, type EngineMemory, firstWorker } from './memory.js';
import type { TradedPair } from './worker-protocol.js';

export class MainEnds {
  /** Element i is the pair of market i, with its newest terms. */
  readonly pairs: TradedPair[];
  /** Kalshi's shards: every exchange index of a pair is below it. */
  readonly shards: number;
  readonly memory: EngineMemory;
  readonly control: ControlBlock;
  readonly quotes: QuoteTable;
  readonly depth: DepthTable;
  readonly flights: FlightTable;
  readonly purses: PurseTable;
  readonly risk: RiskTable;
  readonly holds: Holds;
  readonly decisions: readonly SpscRing[];
  readonly workers: number;
  readonly #doorbells: readonly Doorbell[];
  readonly #counters: readonly CounterReader[];
  readonly #kalshiFeeds: number;

  constructor(config: EngineConfig, pairs: readonly TradedPair[], venues: SharedArrayBuffer) {
    this.pairs = [...pairs];
    this.shards = 1 + Math.max(...pairs.map(({ kalshi }) => kalshi.exchangeIndex));
    this.memory = allocateMemory(pairs.length, this.shards, config, venues);
    this.control = new ControlBlock(this.memory.control);
    this.quotes = new QuoteTable(this.memory.quotes);
    this.depth = openDepth(this.memory);
    this.flights = new FlightTable(this.memory.flights);
    this.purses = new PurseTable(this.memory.purses, this.shards);
    this.risk = new RiskTable(this.memory.risk);
    this.holds = new Holds(this.flights);
    this.decisions = this.memory.decisions.map(
      (ring) => new SpscRing(ring, DECISION_RECORD_BYTES, 'consumer'),
    );
    this.workers = firstWorker(config, 'executor') + config.executors;
    this.#doorbells = this.memory.doorbells.map((doorbell) => new Doorbell(doorbell));
    this.#counters = this.memory.counters.map((counters) => new CounterReader(counters));
    this.#kalshiFeeds = config.kalshiFeeds;
  }

  /** The pair may be fired again, and is looked at even if no price changes. */
  rearm(pair: number, wasWritten: boolean): void {
    this.flights.settle(pair, wasWritten);
    this.#lookAgain(pair);
  }

  /** When nothing holds the pair any more, what stands in its books is looked at though no price changes. */
  letGo(pair: number, reason: string): void {
    if (this.holds.release(pair, reason)) this.#lookAgain(pair);
  }

  wakeDetectors(): void {
    for (const doorbell of this.#doorbells) {
      for (let pair = 0; pair < this.pairs.length; pair++) doorbell.mark(pair);
      doorbell.ring();
    }
  }

  count(venue: Venue, counter: FeedCounter): number {
    const index = FEED_COUNTERS.indexOf(counter);
    return this.#counters
      .filter((_, feed) => feed < this.#kalshiFeeds === (venue === KALSHI))
      .reduce((sum, counters) => sum + counters.total(index), 0);
  }

  trustedMarkets(venue: Venue): number {
    let trusted = 0;
    for (let market = 0; market < this.pairs.length; market++) {
      const word = this.quotes.trustWord(venue * this.pairs.length + market);
      if (trustReason(word) === TRUSTED) trusted++;
    }
    return trusted;
  }

  #lookAgain(pair: number): void {
    const doorbell = this.#doorbells[pair % this.#doorbells.length]!;
    doorbell.mark(pair);
    doorbell.ring();
  }
}
