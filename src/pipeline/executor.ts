// The executor: takes requests from the rings, prepares the legs it is responsible for, writes them back to back, and reports what
// became of each. It decides nothing but whether it is too late.
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import {
  type Direction,
  KALSHI,
  type Outcome,
  type Polarity,
  polymarketOutcome,
  type Venue,
} from '../domain/venue.js';
import { type ControlBlock, ENGINE_RUNNING } from '../shm/control-block.js';
import { RING_EMPTY, type SpscRing } from '../shm/spsc-ring.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED } from '../venues/orders.js';
import {
  createExecutionRequest,
  type ExecutionRequest,
  readExecutionRequest,
} from './execution-request.js';
import type { RecordNs } from './publisher.js';

/** Requests handled in one step: the event loop must come round to read replies. */
const REQUESTS_PER_STEP = 64;
const NO_CONNECTION = 'no warm connection was free';
/** A request that waited longer is about a market of the past. */
const MAX_REQUEST_AGE_NS = 100 * NS_PER_MS;

/** One leg as it ended, with the time of every stage. */
export interface LegReport {
  readonly type: 'leg';
  readonly arbId: number;
  readonly venue: Venue;
  readonly pair: number;
  readonly direction: Direction;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly clientOrderId: string;
  readonly reply: LegReply;
  readonly receivedNs: number;
  readonly detectedNs: number;
  readonly dequeuedNs: number;
  /** NOT_WRITTEN when nothing left. */
  readonly writtenNs: number;
  readonly answeredNs: number;
}

export interface ExecutorTimings {
  readonly detectedToDequeued: RecordNs;
  readonly dequeuedToWritten: RecordNs;
  readonly receivedToWritten: RecordNs;
  readonly writtenToAnswered: RecordNs;
}

export class Executor {
  readonly #gateways: readonly OrderGateway[];
  readonly #polarities: readonly Polarity[];
  readonly #control: ControlBlock;
  readonly #nextOrderId: () => string;
  readonly #clock: Clock;
  readonly #timings: ExecutorTimings;
  readonly #report: (report: LegReport) => void;
  readonly #request: ExecutionRequest = createExecutionRequest();
  /** One a gateway, reused. */
  readonly #legs: LegOrder[];

  constructor(
    gateways: readonly OrderGateway[],
    polarities: readonly Polarity[],
    control: ControlBlock,
    nextOrderId: () => string,
    clock: Clock,
    timings: ExecutorTimings,
    report: (report: LegReport) => void,
  ) {
    this.#gateways = gateways;
    this.#polarities = polarities;
    this.#control = control;
    this.#nextOrderId = nextOrderId;
    this.#clock = clock;
    this.#timings = timings;
    this.#report = report;
    this.#legs = gateways.map(() => ({
      clientOrderId: '',
      market: 0,
      outcome: 0,
      sizeCenti: 0,
      limitE4: 0,
      spendMicros: 0,
    }));
  }

  /** Handles what waits in one detector's ring. Returns how many requests that were. @hot */
  step(ring: SpscRing): number {
    let handled = 0;
    while (handled < REQUESTS_PER_STEP) {
      const record = ring.poll();
      if (record === RING_EMPTY) break;
      const dequeuedNs = this.#clock.nowNs();
      readExecutionRequest(ring, record, this.#request);
      ring.release();
      this.#execute(dequeuedNs);
      handled++;
    }
    return handled;
  }

  /** All legs are prepared before the first is written, so that they leave together. @hot */
  #execute(dequeuedNs: number): void {
    const request = this.#request;
    const refusal = this.#refusal(dequeuedNs);
    if (refusal !== undefined) {
      this.#refuseAll(refusal, dequeuedNs);
      return;
    }
    for (let index = 0; index < this.#gateways.length; index++) {
      const gateway = this.#gateways[index]!;
      const leg = this.#legs[index]!;
      this.#fillLeg(leg, gateway.venue);
      if (gateway.prepare(leg) !== PREPARED) {
        this.#refuseAll('the order cannot be built', dequeuedNs);
        return;
      }
    }
    // One leg alone is a loss: if one exchange cannot be reached now, the other is not written to.
    for (const gateway of this.#gateways) {
      if (gateway.canWrite) continue;
      this.#refuseAll(NO_CONNECTION, dequeuedNs);
      return;
    }
    let lastWrittenNs = 0;
    for (let index = 0; index < this.#gateways.length; index++) {
      const writtenNs = this.#write(this.#gateways[index]!, this.#legs[index]!, dequeuedNs);
      if (writtenNs > lastWrittenNs) lastWrittenNs = writtenNs;
    }
    this.#timings.detectedToDequeued(dequeuedNs - request.detectedNs);
    if (lastWrittenNs === 0) return;
    this.#timings.dequeuedToWritten(lastWrittenNs - dequeuedNs);
    if (request.receivedNs > 0) {
      this.#timings.receivedToWritten(lastWrittenNs - request.receivedNs);
    }
  }

  /** Why nothing is written, or undefined. Looked at for each request, as late as can be. @hot */
  #refusal(dequeuedNs: number): string | undefined {
    if (this.#control.state() !== ENGINE_RUNNING) return 'the engine is stopped';
    if (dequeuedNs - this.#request.detectedNs > MAX_REQUEST_AGE_NS) return 'the request is too old';
    return undefined;
  }

  /** @hot */
  #fillLeg(leg: LegOrder, venue: Venue): void {
    const request = this.#request;
    const direction = request.direction as Direction;
    const isKalshi = venue === KALSHI;
    leg.clientOrderId = this.#nextOrderId();
    leg.market = request.pair;
    leg.outcome = isKalshi
      ? direction
      : polymarketOutcome(direction, this.#polarities[request.pair]!);
    leg.sizeCenti = request.sizeCenti;
    leg.limitE4 = isKalshi ? request.kalshiLimitE4 : request.polymarketLimitE4;
    leg.spendMicros = isKalshi ? request.kalshiSpendMicros : request.polymarketSpendMicros;
  }

  /** @hot */
  #write(gateway: OrderGateway, leg: LegOrder, dequeuedNs: number): number {
    const report = this.#draft(gateway.venue, leg, dequeuedNs);
    const writtenNs = gateway.write((reply, answeredNs) => {
      this.#timings.writtenToAnswered(answeredNs - writtenNs);
      this.#report({ ...report, reply, writtenNs, answeredNs });
    });
    if (writtenNs < 0) {
      this.#report({ ...report, reply: { kind: 'not-written', why: NO_CONNECTION } });
    }
    return writtenNs;
  }

  #refuseAll(why: string, dequeuedNs: number): void {
    for (let index = 0; index < this.#gateways.length; index++) {
      const { venue } = this.#gateways[index]!;
      const leg = this.#legs[index]!;
      this.#fillLeg(leg, venue);
      this.#report({
        ...this.#draft(venue, leg, dequeuedNs),
        reply: { kind: 'not-written', why },
      });
    }
  }

  /** What is known of a leg before it is written. */
  #draft(venue: Venue, leg: LegOrder, dequeuedNs: number): LegReport {
    return {
      type: 'leg',
      arbId: this.#request.arbId,
      venue,
      pair: this.#request.pair,
      direction: this.#request.direction as Direction,
      outcome: leg.outcome,
      sizeCenti: leg.sizeCenti,
      limitE4: leg.limitE4,
      clientOrderId: leg.clientOrderId,
      reply: { kind: 'not-written', why: '' },
      receivedNs: this.#request.receivedNs,
      detectedNs: this.#request.detectedNs,
      dequeuedNs,
      writtenNs: -1,
      answeredNs: -1,
    };
  }
}
