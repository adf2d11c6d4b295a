// The executor: takes requests from the rings, passes them by the risk gate, prepares the legs it is responsible for, tells the
// operating system what it is about to send, writes the legs in the order of the policy, and reports what became of each. It
// decides nothing but whether an order may leave.
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import { MICROS_PER_CENT } from '../domain/units.js';
import {
  type ByVenue,
  type Direction,
  KALSHI,
  type Outcome,
  type Polarity,
  polymarketOutcome,
  type Venue,
} from '../domain/venue.js';
import { RING_EMPTY, type SpscRing } from '../shm/spsc-ring.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED } from '../venues/orders.js';
import {
  createExecutionRequest,
  type ExecutionRequest,
  readExecutionRequest,
} from './execution-request.js';
import type { LegPolicy } from './leg-policy.js';
import type { RecordNs } from './publisher.js';
import { RISK_OK, RISK_REASONS } from './risk-gate.js';

/** Requests handled in one step: the event loop must come round to read replies. */
const REQUESTS_PER_STEP = 64;
const KILLED = 'stopped before the write';
const NOT_BUILDABLE = 'the order cannot be built';
const NO_INTENT = 'the intent could not be recorded';
/** Of an order that is never sent: 10 contracts at 50 cents are on every grid. */
const REHEARSED = { sizeCenti: 1_000, limitE4: 5_000, spendMicros: 5_000_000 } as const;
/** A request that waited longer is about a market of the past. */
const MAX_REQUEST_AGE_NS = 100 * NS_PER_MS;

/** entry: a leg of an arbitrage. exit: an order that evens out what a leg left. */
export type LegRole = 'entry' | 'exit';

/** One leg as it ended, with the time of every stage. */
export interface LegReport {
  readonly type: 'leg';
  readonly role: LegRole;
  readonly arbId: number;
  readonly venue: Venue;
  readonly pair: number;
  readonly direction: Direction;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly spendMicros: number;
  readonly clientOrderId: string;
  /** The exchange's id where it is known before the order is sent, else ''. */
  readonly orderId: string;
  readonly reply: LegReply;
  readonly receivedNs: number;
  readonly publishedNs: number;
  readonly detectedNs: number;
  readonly dequeuedNs: number;
  /** Its bytes were whole, signature and all. */
  readonly preparedNs: number;
  /** NOT_WRITTEN when nothing left. */
  readonly writtenNs: number;
  readonly answeredNs: number;
}

/** One order that evens out an exposure. */
export interface ExitOrder {
  /** In place of an arbitrage's id: no other order has it. */
  readonly exitId: number;
  readonly pair: number;
  readonly venue: Venue;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly spendMicros: number;
}

export interface ExecutorTimings {
  readonly detectedToDequeued: RecordNs;
  readonly dequeuedToWritten: RecordNs;
  readonly receivedToWritten: RecordNs;
  readonly writtenToAnswered: RecordNs;
}

/** Whether an order may leave (pipeline/risk-gate.ts). */
export interface WriteGate {
  /** RISK_OK, or an index of RISK_REASONS. @hot */
  mayOpen(request: ExecutionRequest, closeMs: number, feedWorkers: ByVenue<number>): number;
  mayExit(sizeCenti: number, limitE4: number): number;
  /** The kill word, read immediately before each write. @hot */
  mayWrite(isExit: boolean): boolean;
}

/** Where it is put down that an order is about to be sent, so that a process that is killed has not sent what nobody knows of. */
export interface IntentSink {
  /** @hot */
  add(leg: LegOrder, venue: Venue, orderId: string, arbId: number, role: LegRole): void;
  /**
   * All added since the last are with the operating system, or forgotten by the same way. False: they are not, and nothing may be
   * written. @hot
   */
  commit(isRehearsal?: boolean): boolean;
}

/** What an executor must know of a pair. */
export interface ExecutorPair {
  readonly polarity: Polarity;
  /** Wall clock; the sooner of both exchanges. */
  readonly closeMs: number;
  readonly feedWorkers: ByVenue<number>;
}

export interface ExecutorParts {
  readonly gateways: readonly OrderGateway[];
  /** By market; kept up to date by setPair(). */
  readonly pairs: readonly ExecutorPair[];
  readonly policy: LegPolicy;
  readonly gate: WriteGate;
  readonly intents: IntentSink;
  readonly nextOrderId: () => string;
  readonly clock: Clock;
  readonly timings: ExecutorTimings;
  readonly report: (report: LegReport) => void;
}

export class Executor {
  readonly #parts: ExecutorParts;
  readonly #gateways: readonly OrderGateway[];
  readonly #pairs: ExecutorPair[];
  readonly #request: ExecutionRequest = createExecutionRequest();
  /** One a gateway, reused. */
  readonly #legs: LegOrder[];
  /** Of the legs that are about to be written. */
  readonly #drafts: LegReport[] = [];
  #rehearsedPair = -1;
  /** By exchange: when the newest order was signed. */
  readonly #preparedNs: [kalshi: number, polymarket: number] = [0, 0];

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
    this.#gateways = parts.gateways;
    this.#pairs = [...parts.pairs];
    this.#legs = parts.gateways.map(createLegOrder);
  }

  /** The pair's terms are these from now on. */
  setPair(market: number, pair: ExecutorPair): void {
    this.#pairs[market] = pair;
  }

  /** Handles what waits in one detector's ring. Returns how many requests that were. @hot */
  step(ring: SpscRing): number {
    let handled = 0;
    while (handled < REQUESTS_PER_STEP) {
      const record = ring.poll();
      if (record === RING_EMPTY) break;
      const dequeuedNs = this.#parts.clock.nowNs();
      readExecutionRequest(ring, record, this.#request);
      ring.release();
      this.#execute(dequeuedNs, false);
      handled++;
    }
    return handled;
  }

  /**
   * Goes the way of a request, the very same code, with orders that nobody gets: at the start, until the code is compiled, and then whenever
   * there is nothing to do, so that code and data stay in the processor's caches. Dequeued to written, p50 of ten requests a second on 2
   * cores: 567 us without. @hot
   */
  rehearse(): void {
    const nowNs = this.#parts.clock.nowNs();
    const request = this.#request;
    const { sizeCenti, limitE4, spendMicros } = REHEARSED;
    this.#rehearsedPair = (this.#rehearsedPair + 1) % this.#pairs.length;
    request.arbId = 0;
    request.pair = this.#rehearsedPair;
    request.direction = 1 - request.direction;
    request.receivedNs = nowNs;
    request.detectedNs = nowNs;
    request.sizeCenti = sizeCenti;
    request.kalshiLimitE4 = limitE4;
    request.polymarketLimitE4 = limitE4;
    request.kalshiSpendMicros = spendMicros;
    request.polymarketSpendMicros = spendMicros;
    this.#execute(nowNs, true);
  }

  /** Sends one order that evens out an exposure, when its exchange is one of this executor's. */
  exit(order: ExitOrder): void {
    const index = this.#gateways.findIndex(({ venue }) => venue === order.venue);
    if (index === -1) return;
    const gateway = this.#gateways[index]!;
    const leg = this.#legs[index]!;
    const dequeuedNs = this.#parts.clock.nowNs();
    leg.clientOrderId = this.#parts.nextOrderId();
    leg.market = order.pair;
    leg.outcome = order.outcome;
    leg.sizeCenti = order.sizeCenti;
    leg.limitE4 = order.limitE4;
    leg.spendMicros = order.spendMicros;
    const draft = (orderId: string) => this.#exitDraft(order, leg, orderId, dequeuedNs);
    const refuse = (why: string) =>
      this.#parts.report({ ...draft(''), reply: { kind: 'not-written', why } });
    const risk = this.#parts.gate.mayExit(order.sizeCenti, order.limitE4);
    if (risk !== RISK_OK) refuse(RISK_REASONS[risk] ?? 'refused');
    else if (gateway.prepare(leg) !== PREPARED) refuse(NOT_BUILDABLE);
    else if (!gateway.canWrite) refuse(gateway.obstacle);
    else {
      this.#parts.intents.add(leg, order.venue, gateway.preparedId, order.exitId, 'exit');
      if (!this.#parts.intents.commit()) refuse(NO_INTENT);
      else this.#write(gateway, draft(gateway.preparedId), false);
    }
  }

  /**
   * All legs are prepared before the first is written, so that they leave together. A rehearsal is refused by nothing that concerns the
   * market, and tells nobody. @hot
   */
  #execute(dequeuedNs: number, isRehearsal: boolean): void {
    const request = this.#request;
    const refusal = this.#refusal(dequeuedNs);
    if (refusal !== undefined && !isRehearsal) {
      this.#refuseAll(refusal, dequeuedNs);
      return;
    }
    for (let index = 0; index < this.#gateways.length; index++) {
      const gateway = this.#gateways[index]!;
      const leg = this.#legs[index]!;
      this.#fillLeg(leg, gateway.venue);
      if (gateway.prepare(leg, isRehearsal) !== PREPARED) {
        if (!isRehearsal) this.#refuseAll(NOT_BUILDABLE, dequeuedNs);
        return;
      }
      this.#preparedNs[gateway.venue] = this.#parts.clock.nowNs();
    }
    // One leg alone is a loss: if one exchange cannot be reached now, the other is not written to.
    for (const gateway of this.#gateways) {
      if (gateway.canOpen || isRehearsal) continue;
      this.#refuseAll(gateway.obstacle, dequeuedNs);
      return;
    }
    if (this.#parts.policy.first !== undefined && this.#gateways.length > 1 && !isRehearsal) {
      this.#writeInTurn(dequeuedNs);
      return;
    }
    for (let index = 0; index < this.#gateways.length; index++) this.#intend(index, 'entry');
    if (!this.#parts.intents.commit(isRehearsal)) {
      if (!isRehearsal) this.#refuseAll(NO_INTENT, dequeuedNs);
      return;
    }
    for (let index = 0; index < this.#gateways.length; index++) {
      this.#drafts[index] = this.#draft(this.#gateways[index]!, this.#legs[index]!, dequeuedNs);
    }
    let lastWrittenNs = 0;
    for (let index = 0; index < this.#gateways.length; index++) {
      const writtenNs = this.#write(this.#gateways[index]!, this.#drafts[index]!, isRehearsal);
      if (writtenNs > lastWrittenNs) lastWrittenNs = writtenNs;
    }
    if (isRehearsal) return;
    this.#time(dequeuedNs, lastWrittenNs, request.detectedNs, request.receivedNs);
  }

  /** One leg, and the other only for what is known to have filled of it. Not the quick way: it may allocate. */
  #writeInTurn(dequeuedNs: number): void {
    const { policy, intents } = this.#parts;
    const firstAt = this.#gateways.findIndex(({ venue }) => venue === policy.first);
    const first = this.#gateways[firstAt]!;
    const later = this.#gateways[1 - firstAt]!;
    const firstDraft = this.#draft(first, this.#legs[firstAt]!, dequeuedNs);
    // Its order is prepared anew when its time comes: the id stays its own.
    const laterLeg = { ...this.#legs[1 - firstAt]! };
    const laterDraft: LegReport = {
      ...this.#draft(later, this.#legs[1 - firstAt]!, dequeuedNs),
      orderId: '',
    };
    const skip = (why: string) =>
      this.#parts.report({ ...laterDraft, reply: { kind: 'not-written', why } });
    this.#intend(firstAt, 'entry');
    if (!intents.commit()) {
      this.#refuseAll(NO_INTENT, dequeuedNs);
      return;
    }
    const { detectedNs, receivedNs } = this.#request;
    const writtenNs = this.#write(first, firstDraft, false, (reply) =>
      this.#follow(later, laterLeg, laterDraft, reply),
    );
    if (writtenNs < 0) skip(first.obstacle);
    this.#time(dequeuedNs, writtenNs, detectedNs, receivedNs);
  }

  #follow(gateway: OrderGateway, leg: LegOrder, draft: LegReport, first: LegReply): void {
    const { policy, intents, report } = this.#parts;
    const sizeCenti = policy.followCenti(first, leg.sizeCenti);
    const skip = (why: string) => report({ ...draft, reply: { kind: 'not-written', why } });
    if (sizeCenti <= 0) {
      skip(`the first leg is ${first.kind}`);
      return;
    }
    const spendMicros = shareOfSpend(leg, sizeCenti);
    const order: LegOrder = { ...leg, sizeCenti, spendMicros };
    if (gateway.prepare(order) !== PREPARED) skip(NOT_BUILDABLE);
    else if (!gateway.canWrite) skip(gateway.obstacle);
    else {
      intents.add(order, gateway.venue, gateway.preparedId, draft.arbId, 'entry');
      const orderId = gateway.preparedId;
      if (!intents.commit()) skip(NO_INTENT);
      else this.#write(gateway, { ...draft, sizeCenti, spendMicros, orderId }, false);
    }
  }

  /** @hot */
  #intend(index: number, role: LegRole): void {
    const gateway = this.#gateways[index]!;
    const leg = this.#legs[index]!;
    this.#parts.intents.add(leg, gateway.venue, gateway.preparedId, this.#request.arbId, role);
  }

  /** @hot */
  #time(dequeuedNs: number, writtenNs: number, detectedNs: number, receivedNs: number): void {
    const { timings } = this.#parts;
    timings.detectedToDequeued(dequeuedNs - detectedNs);
    if (writtenNs <= 0) return;
    timings.dequeuedToWritten(writtenNs - dequeuedNs);
    if (receivedNs > 0) timings.receivedToWritten(writtenNs - receivedNs);
  }

  /** Why nothing is written, or undefined. Looked at for each request, as late as can be. @hot */
  #refusal(dequeuedNs: number): string | undefined {
    const request = this.#request;
    if (dequeuedNs - request.detectedNs > MAX_REQUEST_AGE_NS) return 'the request is too old';
    const { closeMs, feedWorkers } = this.#pairs[request.pair]!;
    const risk = this.#parts.gate.mayOpen(request, closeMs, feedWorkers);
    return risk === RISK_OK ? undefined : (RISK_REASONS[risk] ?? 'refused');
  }

  /** @hot */
  #fillLeg(leg: LegOrder, venue: Venue): void {
    const request = this.#request;
    const direction = request.direction as Direction;
    const isKalshi = venue === KALSHI;
    leg.clientOrderId = this.#parts.nextOrderId();
    leg.market = request.pair;
    leg.outcome = isKalshi
      ? direction
      : polymarketOutcome(direction, this.#pairs[request.pair]!.polarity);
    leg.sizeCenti = request.sizeCenti;
    leg.limitE4 = isKalshi ? request.kalshiLimitE4 : request.polymarketLimitE4;
    leg.spendMicros = isKalshi ? request.kalshiSpendMicros : request.polymarketSpendMicros;
  }

  /** Reads the kill word, writes, and reports the answer; `then` hears it first. @hot */
  #write(
    gateway: OrderGateway,
    draft: LegReport,
    isRehearsal: boolean,
    then?: (reply: LegReply) => void,
  ): number {
    const { gate, timings, report } = this.#parts;
    if (!gate.mayWrite(draft.role === 'exit') && !isRehearsal) {
      report({ ...draft, reply: { kind: 'not-written', why: KILLED } });
      return -1;
    }
    const writtenNs = gateway.write((reply, answeredNs) => {
      timings.writtenToAnswered(answeredNs - writtenNs);
      report({ ...draft, reply, writtenNs, answeredNs });
      then?.(reply);
    });
    if (writtenNs < 0 && !isRehearsal) {
      report({ ...draft, reply: { kind: 'not-written', why: gateway.obstacle } });
    }
    return writtenNs;
  }

  #refuseAll(why: string, dequeuedNs: number): void {
    for (let index = 0; index < this.#gateways.length; index++) {
      const gateway = this.#gateways[index]!;
      const leg = this.#legs[index]!;
      this.#fillLeg(leg, gateway.venue);
      this.#parts.report({
        ...this.#draft(gateway, leg, dequeuedNs),
        orderId: '',
        reply: { kind: 'not-written', why },
      });
    }
  }

  /** What is known of a leg before it is written. */
  #draft(gateway: OrderGateway, leg: LegOrder, dequeuedNs: number): LegReport {
    return {
      type: 'leg',
      role: 'entry',
      arbId: this.#request.arbId,
      venue: gateway.venue,
      pair: this.#request.pair,
      direction: this.#request.direction as Direction,
      outcome: leg.outcome,
      sizeCenti: leg.sizeCenti,
      limitE4: leg.limitE4,
      spendMicros: leg.spendMicros,
      clientOrderId: leg.clientOrderId,
      orderId: gateway.preparedId,
      reply: { kind: 'not-written', why: '' },
      receivedNs: this.#request.receivedNs,
      publishedNs: this.#request.publishedNs,
      detectedNs: this.#request.detectedNs,
      dequeuedNs,
      preparedNs: this.#preparedNs[gateway.venue]!,
      writtenNs: -1,
      answeredNs: -1,
    };
  }

  #exitDraft(order: ExitOrder, leg: LegOrder, orderId: string, dequeuedNs: number): LegReport {
    return {
      type: 'leg',
      role: 'exit',
      arbId: order.exitId,
      venue: order.venue,
      pair: order.pair,
      direction: 0,
      outcome: order.outcome,
      sizeCenti: order.sizeCenti,
      limitE4: order.limitE4,
      spendMicros: order.spendMicros,
      clientOrderId: leg.clientOrderId,
      orderId,
      reply: { kind: 'not-written', why: '' },
      receivedNs: 0,
      publishedNs: 0,
      detectedNs: dequeuedNs,
      dequeuedNs,
      preparedNs: this.#parts.clock.nowNs(),
      writtenNs: -1,
      answeredNs: -1,
    };
  }
}

function createLegOrder(): LegOrder {
  return {
    clientOrderId: '',
    market: 0,
    outcome: 0,
    sizeCenti: 0,
    limitE4: 0,
    spendMicros: 0,
  };
}

/** Whole cents, at the prices seen: a smaller order walks no further into the book. */
function shareOfSpend({ spendMicros, sizeCenti }: LegOrder, partCenti: number): number {
  const cents = BigInt(spendMicros) / BigInt(MICROS_PER_CENT);
  return Number((cents * BigInt(partCenti)) / BigInt(sizeCenti)) * MICROS_PER_CENT;
}
