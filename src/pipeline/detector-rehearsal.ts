// A detector of one pair in memory of its own, which finds and fires an underround each time it is asked to: nobody hears of it. Code
// that did not run for 50 ms is cold and five times as slow, and real underrounds are rarer than that.
import type { Clock } from '../domain/clock.js';
import { Ladder } from '../domain/ladder.js';
import type { PairTerms } from '../domain/sizing.js';
import { PAYOUT_E4 } from '../domain/units.js';
import { KALSHI, POLYMARKET, SAME } from '../domain/venue.js';
import { ControlBlock, ENGINE_RUNNING } from '../shm/control-block.js';
import { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { FlightTable } from '../shm/flight-table.js';
import { PurseTable } from '../shm/purse-table.js';
import { QuoteTable } from '../shm/quote-table.js';
import { RING_EMPTY, SpscRing } from '../shm/spsc-ring.js';
import { REASON_TRUSTED } from '../venues/feed.js';
import { DECISION_RECORD_BYTES } from './decision-record.js';
import { Detector, type DetectorSettings } from './detector.js';
import { EXECUTION_REQUEST_BYTES } from './execution-request.js';
import { Publisher } from './publisher.js';

const PAIR = 0;
const SHARDS = 1;
const FEEDS = [0, 1] as const;
const FUNDS_CENTS = 100_000_000;
const RECORDS = 4;
const LEVELS = 5;
const LEVEL_STEP_E4 = 100;
const LEVEL_CENTI = 2_000;
/** Together far below $1: it is an underround whatever the fees. */
const KALSHI_ASK_E4 = 3_000;
const POLYMARKET_ASK_E4 = 4_000;
const DEAR_ASK_E4 = 9_000;

export class DetectorRehearsal {
  readonly #clock: Clock;
  readonly #detector: Detector;
  readonly #publishers: readonly Publisher[];
  readonly #purses = new PurseTable(shared(PurseTable.bytes(SHARDS, 1)), SHARDS);
  readonly #flights = new FlightTable(shared(FlightTable.bytes(1)));
  /** YES asks and NO asks of each exchange. */
  readonly #asks = [
    [asksFrom(KALSHI_ASK_E4), asksFrom(DEAR_ASK_E4)],
    [asksFrom(DEAR_ASK_E4), asksFrom(POLYMARKET_ASK_E4)],
  ] as const;
  readonly #rings: readonly SpscRing[];

  constructor(terms: PairTerms, settings: DetectorSettings, clock: Clock) {
    this.#clock = clock;
    const quotes = new QuoteTable(shared(QuoteTable.bytes(2)));
    const depth = new DepthTable(shared(DepthTable.bytes(2)));
    const doorbell = new Doorbell(shared(Doorbell.bytes(1)));
    const control = new ControlBlock(shared(ControlBlock.bytes(FEEDS.length)));
    control.advance(ENGINE_RUNNING);
    for (const feed of FEEDS) {
      control.beat(feed, Number.POSITIVE_INFINITY);
      control.setFreshUntil(feed, Number.POSITIVE_INFINITY);
    }
    const [requestsIn, requestsOut] = createRing(EXECUTION_REQUEST_BYTES);
    const [decisionsIn, decisionsOut] = createRing(DECISION_RECORD_BYTES);
    this.#rings = [requestsOut, decisionsOut];
    this.#publishers = [KALSHI, POLYMARKET].map((venue) => {
      const memory = { quotes, depth, doorbells: [doorbell] };
      const ignore = () => undefined;
      const publisher = new Publisher(memory, venue, 1, [PAIR], ignore, ignore, clock);
      publisher.setConnectionTrust(REASON_TRUSTED);
      publisher.setMarketTrust(PAIR, REASON_TRUSTED);
      return publisher;
    });
    this.#detector = new Detector(
      [{ polarity: SAME, terms, shard: 0, feedWorkers: FEEDS }],
      {
        quotes,
        depth,
        doorbell,
        flights: this.#flights,
        purses: this.#purses,
        control,
        requests: [requestsIn],
        decisions: decisionsIn,
      },
      { ...settings, observe: false },
      clock,
      () => undefined,
    );
  }

  /** One underround, from its quotes to its request. Returns how many records that gave: a request and a decision. @hot */
  run(): number {
    const nowNs = this.#clock.nowNs();
    for (let purse = 0; purse < SHARDS + FEEDS.length + 1; purse++) {
      this.#purses.set(purse, FUNDS_CENTS);
    }
    for (let venue = 0; venue < this.#publishers.length; venue++) {
      const [yes, no] = this.#asks[venue]!;
      this.#publishers[venue]!.publish(PAIR, yes, no, nowNs, 0);
    }
    this.#detector.step();
    this.#flights.settle(PAIR);
    let records = 0;
    for (const ring of this.#rings) {
      for (; ring.poll() !== RING_EMPTY; ring.release()) records++;
    }
    return records;
  }
}

function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

function createRing(bytes: number): [producer: SpscRing, consumer: SpscRing] {
  const memory = shared(SpscRing.bytes(RECORDS, bytes));
  return [new SpscRing(memory, bytes, 'producer'), new SpscRing(memory, bytes, 'consumer')];
}

/** As the publisher takes them: bids of the other outcome. */
function asksFrom(bestE4: number): Ladder {
  const ladder = new Ladder();
  for (let level = 0; level < LEVELS; level++) {
    ladder.set(PAYOUT_E4 - bestE4 - level * LEVEL_STEP_E4, LEVEL_CENTI);
  }
  return ladder;
}
