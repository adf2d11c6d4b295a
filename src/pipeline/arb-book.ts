// The main thread's book of arbitrages: joins decisions, leg reports and fills, settles each arbitrage once both legs are known, and
// keeps the ledger. Replies say how much was filled; only fills say what it cost, and only they are booked.
import { type Fill, Ledger, type LedgerTotals } from '../domain/ledger.js';
import { KALSHI, POLYMARKET, type Polarity, VENUE_COUNT, type Venue } from '../domain/venue.js';
import type { VenueFill } from '../venues/orders.js';
import { DECISION_FIRED, DECISIONS, type DecisionRecord } from './decision-record.js';
import type { LegReport } from './executor.js';

/** Fills that came before the reply that tells whose they are. More than this at once means that we book somebody else's. */
const MAX_ORPHANS = 10_000;

export type ArbOutcome = 'both-filled' | 'one-legged' | 'none-filled' | 'unknown';

export interface ArbSettled {
  readonly arbId: number;
  readonly pair: number;
  readonly outcome: ArbOutcome;
  readonly filledE6: readonly [kalshi: number, polymarket: number];
  readonly legs: readonly LegReport[];
  /** Set aside when it was fired, to be given back but for what was spent. */
  readonly reservedMicros: readonly [number, number];
}

interface OpenArb {
  readonly pair: number;
  readonly reservedMicros: [number, number];
  readonly legs: (LegReport | undefined)[];
  settled: boolean;
}

interface Leg {
  readonly report: LegReport;
  bookedE6: number;
  /** From the reply; undefined while unknown. */
  expectedE6: number | undefined;
}

export interface ArbCounts {
  fired: number;
  bothFilled: number;
  oneLegged: number;
  noneFilled: number;
  unknown: number;
}

export class ArbBook {
  readonly counts: ArbCounts = { fired: 0, bothFilled: 0, oneLegged: 0, noneFilled: 0, unknown: 0 };
  readonly orders: [kalshi: number, polymarket: number] = [0, 0];
  readonly decisions: Record<string, number> = {};
  detected = 0;
  readonly #ledger: Ledger;
  readonly #arbs = new Map<number, OpenArb>();
  readonly #legsByOrder = new Map<string, Leg>();
  readonly #seenTrades = new Map<string, VenueFill['state']>();
  readonly #orphans = new Map<string, VenueFill[]>();
  readonly #onSettled: (settled: ArbSettled) => void;

  constructor(polarities: readonly Polarity[], onSettled: (settled: ArbSettled) => void) {
    this.#ledger = new Ledger(polarities);
    this.#onSettled = onSettled;
  }

  totals(): LedgerTotals {
    return this.#ledger.totals();
  }

  /** Arbitrages of which a leg is still without any answer. */
  get inFlight(): number {
    let count = 0;
    for (const arb of this.#arbs.values()) if (!arb.settled) count++;
    return count;
  }

  decided(decision: DecisionRecord): void {
    if (decision.isNew) this.detected++;
    const name = DECISIONS[decision.decision] ?? 'unknown';
    this.decisions[name] = (this.decisions[name] ?? 0) + 1;
    if (decision.decision !== DECISION_FIRED) return;
    this.counts.fired++;
    const arb = this.#arb(decision.arbId, decision.pair);
    arb.reservedMicros[KALSHI] = decision.kalshiReservedMicros;
    arb.reservedMicros[POLYMARKET] = decision.polymarketReservedMicros;
    this.#settle(decision.arbId, arb);
  }

  /** A leg ended. May come before the decision that fired it: they travel by different ways. */
  legReported(report: LegReport): void {
    if (report.reply.kind !== 'not-written') this.orders[report.venue]++;
    const arb = this.#arb(report.arbId, report.pair);
    arb.legs[report.venue] = report;
    const leg: Leg = { report, bookedE6: 0, expectedE6: expectedE6(report) };
    this.#legsByOrder.set(keyOf(report.venue, report.clientOrderId), leg);
    this.#adopt(keyOf(report.venue, report.clientOrderId));
    const orderId = orderIdOf(report);
    if (orderId !== undefined) {
      this.#legsByOrder.set(keyOf(report.venue, orderId), leg);
      this.#adopt(keyOf(report.venue, orderId));
    }
    this.#settle(report.arbId, arb);
  }

  /** A fill of the private stream, or of the lists. The same trade may be reported any number of times. */
  filled(fill: VenueFill): void {
    const tradeKey = keyOf(fill.venue, fill.tradeId);
    const before = this.#seenTrades.get(tradeKey);
    if (before !== undefined && !(fill.state === 'failed' && before !== 'failed')) {
      if (before === 'provisional') this.#seenTrades.set(tradeKey, fill.state);
      return;
    }
    const leg =
      (fill.clientOrderId === undefined
        ? undefined
        : this.#legsByOrder.get(keyOf(fill.venue, fill.clientOrderId))) ??
      this.#legsByOrder.get(keyOf(fill.venue, fill.orderId));
    if (leg === undefined) {
      this.#keepOrphan(fill);
      return;
    }
    this.#seenTrades.set(tradeKey, fill.state);
    if (fill.state === 'failed' && leg.expectedE6 !== undefined) leg.expectedE6 -= fill.sizeE6;
    // A trade that fails on chain without having been booked leaves nothing to take back.
    if (fill.state === 'failed' && before === undefined) return;
    this.#book(leg, fill, fill.state === 'failed' ? -1 : 1);
  }

  /** Legs whose fills are not all here, or whose outcome is unknown: to be looked up. */
  unresolved(): LegReport[] {
    const open = new Set<Leg>();
    for (const leg of this.#legsByOrder.values()) {
      if (leg.expectedE6 === undefined || leg.bookedE6 !== leg.expectedE6) open.add(leg);
    }
    return [...open].map(({ report }) => report);
  }

  /** The lists were read after this leg ended and hold all its fills: an unknown outcome is known now. */
  resolve(report: LegReport): void {
    const leg = this.#legsByOrder.get(keyOf(report.venue, report.clientOrderId));
    if (leg !== undefined && leg.expectedE6 === undefined) leg.expectedE6 = leg.bookedE6;
  }

  #arb(arbId: number, pair: number): OpenArb {
    let arb = this.#arbs.get(arbId);
    if (arb === undefined) {
      arb = { pair, reservedMicros: [-1, -1], legs: new Array(VENUE_COUNT), settled: false };
      this.#arbs.set(arbId, arb);
    }
    return arb;
  }

  #settle(arbId: number, arb: OpenArb): void {
    const [kalshi, polymarket] = arb.legs;
    const isDecided = arb.reservedMicros[KALSHI] >= 0;
    if (arb.settled || !isDecided || kalshi === undefined || polymarket === undefined) return;
    arb.settled = true;
    const outcome = outcomeOf(kalshi, polymarket);
    switch (outcome) {
      case 'both-filled':
        this.counts.bothFilled++;
        break;
      case 'one-legged':
        this.counts.oneLegged++;
        break;
      case 'none-filled':
        this.counts.noneFilled++;
        break;
      case 'unknown':
        this.counts.unknown++;
        break;
      default:
        outcome satisfies never;
    }
    this.#arbs.delete(arbId);
    this.#onSettled({
      arbId,
      pair: arb.pair,
      outcome,
      filledE6: [expectedE6(kalshi) ?? 0, expectedE6(polymarket) ?? 0],
      legs: [kalshi, polymarket],
      reservedMicros: arb.reservedMicros,
    });
  }

  #adopt(key: string): void {
    const fills = this.#orphans.get(key);
    if (fills === undefined) return;
    this.#orphans.delete(key);
    for (const fill of fills) this.filled(fill);
  }

  #keepOrphan(fill: VenueFill): void {
    const key = keyOf(fill.venue, fill.clientOrderId ?? fill.orderId);
    const known = this.#orphans.get(key) ?? [];
    // Lists say the same again at every look, and lag: one entry a trade, and a failure stays one.
    const isFailed = known.some(
      ({ tradeId, state }) => tradeId === fill.tradeId && state === 'failed',
    );
    if (isFailed) return;
    const fills = known.filter(({ tradeId }) => tradeId !== fill.tradeId);
    if (this.#orphans.size >= MAX_ORPHANS) {
      throw new Error(`fills of unknown orders: count=${this.#orphans.size} key=${key}`);
    }
    fills.push(fill);
    this.#orphans.set(key, fills);
  }

  #book(leg: Leg, fill: VenueFill, sign: 1 | -1): void {
    leg.bookedE6 += sign * fill.sizeE6;
    const booked: Fill = {
      pair: fill.market,
      venue: fill.venue,
      outcome: fill.outcome,
      sizeE6: sign * fill.sizeE6,
      costMicros: sign * fill.costMicros,
      feeMicros: sign * fill.feeMicros,
    };
    this.#ledger.book(booked);
  }
}

function keyOf(venue: Venue, id: string): string {
  return `${venue}:${id}`;
}

function orderIdOf({ reply }: LegReport): string | undefined {
  return reply.kind === 'acknowledged' || reply.kind === 'unknown' ? reply.orderId : undefined;
}

/** What the reply says was filled; undefined when it does not know. */
function expectedE6({ reply }: LegReport): number | undefined {
  switch (reply.kind) {
    case 'acknowledged':
      return reply.filledE6;
    case 'rejected':
    case 'not-written':
      return 0;
    case 'unknown':
      return undefined;
    default:
      return reply satisfies never;
  }
}

function outcomeOf(kalshi: LegReport, polymarket: LegReport): ArbOutcome {
  const a = expectedE6(kalshi);
  const b = expectedE6(polymarket);
  if (a === undefined || b === undefined) return 'unknown';
  if (a === 0 && b === 0) return 'none-filled';
  return a === 0 || b === 0 ? 'one-legged' : 'both-filled';
}
