// The detector: for every pair whose quotes changed, is there an underround, how much of it is worth buying, and may it be fired?
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import {
  createAskLevels,
  createSizedPair,
  edgeMicros,
  type PairTerms,
  type SizingLimits,
  sizePair,
} from '../domain/sizing.js';
import {
  DIRECTION_COUNT,
  type Direction,
  KALSHI,
  type Outcome,
  POLYMARKET,
  type Polarity,
  polymarketOutcome,
  VENUE_COUNT,
  YES,
} from '../domain/venue.js';
import { type ControlBlock, ENGINE_RUNNING } from '../shm/control-block.js';
import { DEPTH_LEVELS, type DepthTable } from '../shm/depth-table.js';
import type { Doorbell } from '../shm/doorbell.js';
import type { FlightTable } from '../shm/flight-table.js';
import type { PurseTable } from '../shm/purse-table.js';
import { type Quote, type QuoteTable, TRUSTED, trustReason } from '../shm/quote-table.js';
import { RING_FULL, type SpscRing } from '../shm/spsc-ring.js';
import {
  createDecisionFacts,
  DECISION_FIRED,
  DECISION_HELD,
  DECISION_NOT_RESERVED,
  DECISION_OBSERVING,
  DECISION_RING_FULL,
  DECISION_STOPPED,
  type DecisionFacts,
  writeDecisionRecord,
} from './decision-record.js';
import { createExecutionRequest, writeExecutionRequest } from './execution-request.js';
import type { RecordNs } from './publisher.js';
import { createReservation, fillReservation, RESERVED, release, reserve } from './reservation.js';

/**
 * A feed worker beats every 10 ms, each time with no frame left unread: one that has not for this long was not let run, and
 * its quotes are so old. The limit was 250 ms; two engines on two cores then fired on quotes 60 to 140 ms old.
 */
export const MAX_FEED_AGE_NS = 40 * NS_PER_MS;
/** arbId is detector x 2^40 + count: 10^12 arbitrages a detector. */
const ARBS_PER_DETECTOR = 2 ** 40;
const NO_DECISION = -1;
/** Dirty bits in one of the doorbell's words. */
const PAIRS_PER_WORD = 32;

export interface DetectorPair {
  readonly polarity: Polarity;
  /** undefined when a fee or a rule of the pair is not known: it is never traded. */
  readonly terms: PairTerms | undefined;
  /** Its Kalshi shard, whose money pays its orders (kalshi-api.md 3.8). */
  readonly shard: number;
  /** Worker whose heartbeat vouches for each side's feed. */
  readonly feedWorkers: readonly [kalshi: number, polymarket: number];
}

export interface DetectorMemory {
  readonly quotes: QuoteTable;
  readonly depth: DepthTable;
  readonly doorbell: Doorbell;
  readonly flights: FlightTable;
  readonly purses: PurseTable;
  readonly control: ControlBlock;
  /** To every executor: a request goes to all of them, each takes its legs. */
  readonly requests: readonly SpscRing[];
  readonly decisions: SpscRing;
}

export interface DetectorSettings {
  readonly detector: number;
  readonly observe: boolean;
  readonly limits: SizingLimits;
  /** Set aside on each exchange, beyond a contract's complement, to even out a leg that is left alone. */
  readonly exitReserveMicros: number;
}

/** One side's quote as checked: trusted at the moment of reading, and its feed alive. */
interface Side {
  readonly quote: Quote;
  slot: number;
  /** The trust word that vouched for it: any other, later, is another stretch of trust. */
  trust: number;
  update: number;
}

export class Detector {
  readonly #pairs: DetectorPair[];
  readonly #memory: DetectorMemory;
  readonly #settings: DetectorSettings;
  readonly #clock: Clock;
  readonly #recordNs: RecordNs;
  readonly #kalshi = createSide();
  readonly #polymarket = createSide();
  readonly #kalshiAsks = createAskLevels(DEPTH_LEVELS);
  readonly #polymarketAsks = createAskLevels(DEPTH_LEVELS);
  readonly #sized = createSizedPair();
  readonly #request = createExecutionRequest();
  readonly #record: DecisionFacts = createDecisionFacts();
  readonly #reservation = createReservation();
  /** By pair x 2 + direction: what was decided on the underround that stands now, to report changes only. */
  readonly #lastDecision: Int32Array;
  readonly #lastAsks: Uint32Array;
  /** By slot: the update that was last fired on. The same quote is never hit twice. */
  readonly #firedUpdate: Uint32Array;
  /** By slot: the update that was last looked at, to tell a look that a frame caused from one that something else did. */
  readonly #seenUpdate: Uint32Array;
  /** Those that have a bit of ours: the doorbell's memory is rounded up to whole lines. */
  readonly #dirtyWords: number;
  #arbs = 0;
  #isFresh = false;

  constructor(
    pairs: readonly DetectorPair[],
    memory: DetectorMemory,
    settings: DetectorSettings,
    clock: Clock,
    recordNs: RecordNs,
  ) {
    this.#pairs = [...pairs];
    this.#dirtyWords = Math.ceil(pairs.length / PAIRS_PER_WORD);
    this.#memory = memory;
    this.#settings = settings;
    this.#clock = clock;
    this.#recordNs = recordNs;
    this.#lastDecision = new Int32Array(pairs.length * DIRECTION_COUNT).fill(NO_DECISION);
    this.#lastAsks = new Uint32Array(pairs.length * DIRECTION_COUNT);
    this.#firedUpdate = new Uint32Array(pairs.length * VENUE_COUNT);
    this.#seenUpdate = new Uint32Array(pairs.length * VENUE_COUNT);
  }

  /** The pair's terms are these from now on. Called while one of its markets is not trusted, between two steps. */
  setPair(pair: number, terms: DetectorPair): void {
    this.#pairs[pair] = terms;
  }

  /** Looks at every pair marked since the last step. False when there was none. @hot */
  step(): boolean {
    const { doorbell } = this.#memory;
    let worked = false;
    for (let word = 0; word < this.#dirtyWords; word++) {
      let bits = doorbell.takeDirty(word);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        worked = true;
        this.#check(word * PAIRS_PER_WORD + bit);
      }
    }
    return worked;
  }

  /** @hot */
  #check(pair: number): void {
    const { polarity, terms, feedWorkers } = this.#pairs[pair]!;
    if (terms === undefined) return;
    const nowNs = this.#clock.nowNs();
    if (
      !this.#readSide(this.#kalshi, pair, feedWorkers[KALSHI], nowNs) ||
      !this.#readSide(this.#polymarket, this.#pairs.length + pair, feedWorkers[POLYMARKET], nowNs)
    ) {
      this.#forget(pair);
      return;
    }
    this.#noteUpdates();
    // Our own orders are changing these books, and the two feeds tell of it one after the other: what they show together until
    // both have is not a market that ever was.
    if (this.#memory.flights.isInFlight(pair) || this.#isSameQuote(pair)) return;
    for (let direction = 0; direction < DIRECTION_COUNT; direction++) {
      this.#checkDirection(pair, direction as Direction, polarity, terms);
      // Quotes that show an underround both ways belong to no market; at the most one of them is fired on.
      if (this.#memory.flights.isInFlight(pair)) return;
    }
  }

  /**
   * A pair that is looked at again because its rest is over, or for the first time, has old quotes: their age is no latency of ours.
   * @hot
   */
  #noteUpdates(): void {
    const { slot: kalshi, update: kalshiUpdate } = this.#kalshi;
    const { slot: polymarket, update: polymarketUpdate } = this.#polymarket;
    const kalshiSeen = this.#seenUpdate[kalshi]!;
    const polymarketSeen = this.#seenUpdate[polymarket]!;
    const isFirst = kalshiSeen === 0 || polymarketSeen === 0;
    this.#isFresh =
      !isFirst && (kalshiSeen !== kalshiUpdate || polymarketSeen !== polymarketUpdate);
    this.#seenUpdate[kalshi] = kalshiUpdate;
    this.#seenUpdate[polymarket] = polymarketUpdate;
  }

  /**
   * Reads a quote between two equal looks at its trust. False: not trusted, its feed shows no sign of life, or its exchange has said
   * nothing for longer than is usual. @hot
   */
  #readSide(side: Side, slot: number, feedWorker: number, nowNs: number): boolean {
    const { quotes, control } = this.#memory;
    if (nowNs - control.heartbeatNs(feedWorker) > MAX_FEED_AGE_NS) return false;
    if (nowNs > control.freshUntilNs(feedWorker)) return false;
    const trust = quotes.trustWord(slot);
    if (trustReason(trust) !== TRUSTED) return false;
    side.slot = slot;
    side.trust = trust;
    side.update = quotes.updates(slot);
    quotes.read(slot, side.quote);
    return quotes.trustWord(slot) === trust;
  }

  /** @hot */
  #checkDirection(pair: number, direction: Direction, polarity: Polarity, terms: PairTerms): void {
    const outcome = polymarketOutcome(direction, polarity);
    const kalshiAskE4 = askOf(this.#kalshi.quote, direction);
    const polymarketAskE4 = askOf(this.#polymarket.quote, outcome);
    if (
      kalshiAskE4 === 0 ||
      polymarketAskE4 === 0 ||
      edgeMicros(terms, kalshiAskE4, polymarketAskE4) <= 0 ||
      !this.#size(direction, outcome, terms)
    ) {
      this.#lastDecision[pair * DIRECTION_COUNT + direction] = NO_DECISION;
      return;
    }
    this.#decide(pair, direction);
  }

  /** Sizes on depth that is newer or as new as the quote, in the same stretch of trust. @hot */
  #size(direction: Direction, outcome: Outcome, terms: PairTerms): boolean {
    const { depth, quotes } = this.#memory;
    if (
      !depth.read(this.#kalshi.slot, direction, this.#kalshiAsks) ||
      !depth.read(this.#polymarket.slot, outcome, this.#polymarketAsks)
    ) {
      return false;
    }
    if (
      quotes.trustWord(this.#kalshi.slot) !== this.#kalshi.trust ||
      quotes.trustWord(this.#polymarket.slot) !== this.#polymarket.trust
    ) {
      return false;
    }
    sizePair(terms, this.#kalshiAsks, this.#polymarketAsks, this.#settings.limits, this.#sized);
    return this.#sized.sizeCenti > 0;
  }

  /** @hot */
  #decide(pair: number, direction: Direction): void {
    const detectedNs = this.#clock.nowNs();
    const decision = this.#verdict(pair);
    const fired =
      decision === DECISION_FIRED ? this.#reserveAndFire(pair, direction, detectedNs) : decision;
    this.#report(pair, direction, fired, detectedNs);
  }

  /** @hot */
  #verdict(pair: number): number {
    const { control, flights } = this.#memory;
    if (this.#settings.observe) return DECISION_OBSERVING;
    if (control.state() !== ENGINE_RUNNING) return DECISION_STOPPED;
    if (flights.isHeld(pair)) return DECISION_HELD;
    return DECISION_FIRED;
  }

  /** The same quote is never hit twice: once an order has left, both books must have moved. @hot */
  #isSameQuote(pair: number): boolean {
    if (this.#memory.flights.wasUnwritten(pair)) return false;
    return (
      this.#firedUpdate[this.#kalshi.slot] === this.#kalshi.update ||
      this.#firedUpdate[this.#polymarket.slot] === this.#polymarket.update
    );
  }

  /** Sets money aside for both legs before any order can leave, or fires nothing. @hot */
  #reserveAndFire(pair: number, direction: Direction, detectedNs: number): number {
    const { purses } = this.#memory;
    const reservation = this.#reservation;
    const { shard } = this.#pairs[pair]!;
    fillReservation(reservation, pair, shard, this.#sized, this.#settings.exitReserveMicros);
    const refusal = reserve(purses, reservation);
    if (refusal !== RESERVED) return DECISION_NOT_RESERVED + refusal - 1;
    const decision = this.#fire(pair, direction, detectedNs);
    if (decision !== DECISION_FIRED) release(purses, reservation);
    return decision;
  }

  /** Hands both legs to every executor, or to none. @hot */
  #fire(pair: number, direction: Direction, detectedNs: number): number {
    const { requests, quotes, flights } = this.#memory;
    const sized = this.#sized;
    const request = this.#request;
    // A fire that cannot be told to the main thread would never settle: it needs room in the decisions' ring too.
    if (this.#memory.decisions.claim() === RING_FULL) return DECISION_RING_FULL;
    for (const ring of requests) if (ring.claim() === RING_FULL) return DECISION_RING_FULL;
    const later =
      quotes.publishedNs(this.#kalshi.slot) > quotes.publishedNs(this.#polymarket.slot)
        ? this.#kalshi.slot
        : this.#polymarket.slot;
    request.arbId = this.#settings.detector * ARBS_PER_DETECTOR + ++this.#arbs;
    request.receivedNs = this.#isFresh ? quotes.receiveNs(later) : 0;
    request.publishedNs = quotes.publishedNs(later);
    request.detectedNs = detectedNs;
    request.netMicros = sized.netMicros;
    request.kalshiSpendMicros = sized.kalshiCostMicros;
    request.polymarketSpendMicros = sized.polymarketCostMicros;
    request.pair = pair;
    request.direction = direction;
    request.sizeCenti = sized.sizeCenti;
    request.kalshiLimitE4 = sized.kalshiLimitE4;
    request.polymarketLimitE4 = sized.polymarketLimitE4;
    flights.fire(pair);
    for (const ring of requests) {
      writeExecutionRequest(ring, ring.claim(), request);
      ring.publish();
    }
    // Counted anew: the depth that was hit may be newer than the count that was read before it.
    this.#firedUpdate[this.#kalshi.slot] = quotes.updates(this.#kalshi.slot);
    this.#firedUpdate[this.#polymarket.slot] = quotes.updates(this.#polymarket.slot);
    return DECISION_FIRED;
  }

  /** Reports an underround when it is new, when its prices or the decision changed, and every fire. @hot */
  #report(pair: number, direction: Direction, decision: number, detectedNs: number): void {
    const { decisions, quotes } = this.#memory;
    const at = pair * DIRECTION_COUNT + direction;
    const kalshiAskE4 = this.#kalshiAsks.pricesE4[0]!;
    const polymarketAskE4 = this.#polymarketAsks.pricesE4[0]!;
    const asks = (kalshiAskE4 << 16) | polymarketAskE4;
    const isNew = this.#lastDecision[at] === NO_DECISION;
    const isKnown = this.#lastDecision[at] === decision && this.#lastAsks[at] === asks >>> 0;
    if (isKnown && decision !== DECISION_FIRED) return;
    const offset = decisions.claim();
    // Not told, and counted as refused by the ring: it stays new until it is.
    if (offset === RING_FULL) return;
    this.#lastDecision[at] = decision;
    this.#lastAsks[at] = asks;
    if (isNew && this.#isFresh) {
      this.#recordNs(
        detectedNs -
          Math.max(
            quotes.publishedNs(this.#kalshi.slot),
            quotes.publishedNs(this.#polymarket.slot),
          ),
      );
    }
    const record = this.#record;
    const sized = this.#sized;
    const reservation = this.#reservation;
    const isFired = decision === DECISION_FIRED;
    record.arbId = isFired ? this.#request.arbId : 0;
    record.detectedNs = detectedNs;
    record.netMicros = sized.netMicros;
    record.kalshiCostMicros = sized.kalshiCostMicros;
    record.polymarketCostMicros = sized.polymarketCostMicros;
    record.feeMicros = sized.feeMicros;
    record.pair = pair;
    record.direction = direction;
    record.decision = decision;
    record.isNew = isNew;
    record.sizeCenti = sized.sizeCenti;
    record.kalshiLimitE4 = sized.kalshiLimitE4;
    record.polymarketLimitE4 = sized.polymarketLimitE4;
    record.kalshiReservedCents = isFired ? reservation.kalshiCents : 0;
    record.polymarketReservedCents = isFired ? reservation.polymarketCents : 0;
    record.positionCents = isFired ? reservation.positionCents : 0;
    writeDecisionRecord(decisions, offset, record, this.#kalshiAsks, this.#polymarketAsks);
    decisions.publish();
  }

  /** A side is not to be relied on: whatever stood before has to be found again. */
  #forget(pair: number): void {
    for (let direction = 0; direction < DIRECTION_COUNT; direction++) {
      this.#lastDecision[pair * DIRECTION_COUNT + direction] = NO_DECISION;
    }
  }
}

function createSide(): Side {
  return {
    quote: { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 },
    slot: 0,
    trust: 0,
    update: 0,
  };
}

/** @hot */
function askOf(quote: Quote, outcome: Outcome): number {
  return outcome === YES ? quote.yesAskE4 : quote.noAskE4;
}
