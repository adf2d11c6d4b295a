// Whether an order may leave now, asked by the executor: as an opening, as one that evens out, and by the kill word alone immediately
// before each write. It reads shared words and decides nothing else; it must not know exchanges' formats, sockets or the journal.
import type { Clock } from '../domain/clock.js';
import { PAYOUT_E4 } from '../domain/units.js';
import { type ByVenue, KALSHI, POLYMARKET } from '../domain/venue.js';
import { type ControlBlock, ENGINE_RUNNING } from '../shm/control-block.js';
import type { FlightTable } from '../shm/flight-table.js';
import { ARMED, type RiskTable, STOP_OPENING } from '../shm/risk-table.js';
import type { VenueTable } from '../shm/venue-table.js';
import { MAX_FEED_AGE_NS } from './detector.js';
import type { ExecutionRequest } from './execution-request.js';

/** Why an order may not leave, in the order in which it is asked. Stable words: they stand in logs and the journal. */
export const RISK_REASONS = [
  'ok',
  'killed',
  'stop-opening',
  'engine-stopped',
  'order-size',
  'order-cost',
  'daily-loss',
  'failures',
  'naked',
  'stale-feed',
  'clock-skew',
  'market-close',
  'price-band',
  'held',
] as const;
export const RISK_OK = 0;
const RISK_KILLED = 1;
const RISK_STOP_OPENING = 2;
const RISK_ENGINE_STOPPED = 3;
const RISK_ORDER_SIZE = 4;
const RISK_ORDER_COST = 5;
const RISK_DAILY_LOSS = 6;
const RISK_FAILURES = 7;
const RISK_NAKED = 8;
const RISK_STALE_FEED = 9;
const RISK_CLOCK_SKEW = 10;
const RISK_MARKET_CLOSE = 11;
const RISK_PRICE_BAND = 12;
const RISK_HELD = 13;

/** The shared words that the gate reads. */
export interface RiskGateMemory {
  readonly risk: RiskTable;
  readonly control: ControlBlock;
  readonly venues: VenueTable;
  readonly flights: FlightTable;
}

/**
 * Every check says what must hold, never what must not: a word that nobody has written, NaN and undefined all refuse.
 * mayOpen() takes 0.2 us, a good part of it two looks at clocks; with the reservation, its release and the kill word before both
 * writes it is 0.4 us (bench/risk-rows.ts; AMD EPYC, Node 20.20), where 2 us would be bearable.
 */
export class RiskGate {
  readonly #risk: RiskTable;
  readonly #control: ControlBlock;
  readonly #venues: VenueTable;
  readonly #flights: FlightTable;
  readonly #clock: Clock;

  constructor({ risk, control, venues, flights }: RiskGateMemory, clock: Clock) {
    this.#risk = risk;
    this.#control = control;
    this.#venues = venues;
    this.#flights = flights;
    this.#clock = clock;
  }

  /**
   * RISK_OK, or an index of RISK_REASONS. `closeMs`: wall clock, the earlier close of both exchanges, Infinity when there is none.
   * `feedWorkers`: whose heartbeats vouch for the two quotes. @hot
   */
  mayOpen(request: ExecutionRequest, closeMs: number, feedWorkers: ByVenue<number>): number {
    const level = this.#risk.killLevel();
    if (level !== ARMED) return level === STOP_OPENING ? RISK_STOP_OPENING : RISK_KILLED;
    if (this.#control.state() !== ENGINE_RUNNING) return RISK_ENGINE_STOPPED;
    const account = this.#account(request);
    return account === RISK_OK ? this.#market(request, closeMs, feedWorkers) : account;
  }

  /**
   * RISK_OK, or an index of RISK_REASONS. The limits of size and price are those of openings: an exit must only be an order at all,
   * because leaving contracts naked is the greater risk. @hot
   */
  mayExit(sizeCenti: number, limitE4: number): number {
    if (!this.mayWrite(true)) return RISK_KILLED;
    if (!(sizeCenti > 0)) return RISK_ORDER_SIZE;
    if (!this.#areClocksClose()) return RISK_CLOCK_SKEW;
    return limitE4 > 0 && limitE4 < PAYOUT_E4 ? RISK_OK : RISK_PRICE_BAND;
  }

  /** The kill word alone, to be read immediately before each socket write. @hot */
  mayWrite(isExit: boolean): boolean {
    const level = this.#risk.killLevel();
    return level === ARMED || (isExit && level === STOP_OPENING);
  }

  /** The order's own bounds, and what the account may still lose. @hot */
  #account({ sizeCenti, kalshiSpendMicros, polymarketSpendMicros }: ExecutionRequest): number {
    const risk = this.#risk;
    const costMicros = kalshiSpendMicros + polymarketSpendMicros;
    const maxLossMicros = risk.limit('maxDailyLossMicros');
    const maxNakedMicros = risk.limit('maxNakedMicros');
    if (!(sizeCenti > 0 && sizeCenti <= risk.limit('maxOrderSizeCenti'))) return RISK_ORDER_SIZE;
    if (!(costMicros > 0 && costMicros <= risk.limit('maxOrderCostMicros'))) return RISK_ORDER_COST;
    if (!(maxLossMicros > 0 && -risk.dayPnlMicros() < maxLossMicros)) return RISK_DAILY_LOSS;
    if (!(risk.consecutiveFailures() < risk.limit('maxConsecutiveFailures'))) return RISK_FAILURES;
    if (!(maxNakedMicros > 0 && risk.nakedMicros() < maxNakedMicros)) return RISK_NAKED;
    return RISK_OK;
  }

  /** Whether what we know of the market is of now, and whether it may be traded. @hot */
  #market(request: ExecutionRequest, closeMs: number, feedWorkers: ByVenue<number>): number {
    const nowNs = this.#clock.nowNs();
    if (!this.#isFresh(feedWorkers[KALSHI], nowNs)) return RISK_STALE_FEED;
    if (!this.#isFresh(feedWorkers[POLYMARKET], nowNs)) return RISK_STALE_FEED;
    if (!this.#areClocksClose()) return RISK_CLOCK_SKEW;
    if (!this.#isOpenLongEnough(closeMs)) return RISK_MARKET_CLOSE;
    if (!this.#isInBand(request.kalshiLimitE4)) return RISK_PRICE_BAND;
    if (!this.#isInBand(request.polymarketLimitE4)) return RISK_PRICE_BAND;
    return this.#flights.isHeld(request.pair) ? RISK_HELD : RISK_OK;
  }

  /** As the detector asks when it reads a quote: an order may have waited since. @hot */
  #isFresh(feedWorker: number, nowNs: number): boolean {
    return (
      nowNs - this.#control.heartbeatNs(feedWorker) <= MAX_FEED_AGE_NS &&
      nowNs <= this.#control.freshUntilNs(feedWorker)
    );
  }

  /** @hot */
  #areClocksClose(): boolean {
    const maxSkewMs = this.#risk.limit('maxClockSkewMs');
    return (
      maxSkewMs > 0 &&
      Math.abs(this.#venues.skewMs(KALSHI)) <= maxSkewMs &&
      Math.abs(this.#venues.skewMs(POLYMARKET)) <= maxSkewMs
    );
  }

  /** @hot */
  #isOpenLongEnough(closeMs: number): boolean {
    const minMs = this.#risk.limit('minMsToClose');
    if (!(minMs > 0)) return false;
    return closeMs === Number.POSITIVE_INFINITY || closeMs - this.#clock.wallMs() >= minMs;
  }

  /** @hot */
  #isInBand(limitE4: number): boolean {
    const minE4 = this.#risk.limit('minPriceE4');
    return minE4 > 0 && limitE4 >= minE4 && limitE4 <= this.#risk.limit('maxPriceE4');
  }
}
