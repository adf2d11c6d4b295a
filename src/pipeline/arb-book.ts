// The main thread's book of arbitrages: joins decisions, leg reports and fills, settles each
// arbitrage once both legs are known, and keeps the ledger. Replies say how much was filled; only
// fills say what it cost, and only they are booked.
import {
  type Exposure,
  type Fill,
  Ledger,
  type LedgerTotals,
  type Spent,
} from '../domain/ledger.js';
import { type LegEvent, LegLife, type LegState } from '../domain/order-life.js';
import { E6_PER_CENTI } from '../domain/units.js';
import {
  type Outcome,
  POLYMARKET,
  type Polarity,
  VENUE_COUNT,
  type Venue,
} from '../domain/venue.js';
import type { VenueFill } from '../venues/orders.js';
import { DECISION_FIRED, DECISIONS, type DecisionRecord } from './decision-record.js';
import type { LegReport } from './executor.js';

/**
 * Fills of orders that no leg has told us of: early ones of ours, and a stranger's on the same
 * account. The oldest go.
 */
const MAX_ORPHAN_FILLS = 10_000;
/**
 * Legs of which nothing more should come and which are still known. A duplicate that comes even
 * later finds no leg: it becomes an orphan, and no leg will ever adopt it, because no order id is
 * used twice. So it cannot be booked again.
 */
const KEPT_FINAL_LEGS = 10_000;

export type ArbOutcome = 'both-filled' | 'one-legged' | 'none-filled' | 'unknown';

/**
 * Told once of each arbitrage; of an unknown one a second time, with its real outcome, once that is
 * known.
 */
export interface ArbSettled {
  readonly arbId: number;
  readonly pair: number;
  readonly outcome: ArbOutcome;
  readonly filledE6: readonly [kalshi: number, polymarket: number];
  readonly legs: readonly LegReport[];
}

export interface ArbBookEvents {
  settled(settled: ArbSettled): void;
  /** An order that evens out is known to its end. */
  exitKnown(report: LegReport, filledE6: number): void;
  /** News of a trade of ours, each once; `leg` undefined: nobody has reported its order. */
  heard(fill: VenueFill, leg: LegReport | undefined): void;
  /** What is held of the pair is another: a fill was booked, or taken back. */
  booked(fill: VenueFill, sign: 1 | -1): void;
  /** A leg went on in its life. */
  legIs(report: LegReport, state: LegState, why: LegEvent, filledE6: number | undefined): void;
  /** News came that cannot be: what is believed of this order is wrong. */
  impossible(report: LegReport, error: unknown): void;
}

interface OpenArb {
  readonly pair: number;
  isDecided: boolean;
  readonly legs: (Leg | undefined)[];
  outcome: ArbOutcome | undefined;
}

interface Leg {
  readonly report: LegReport;
  readonly life: LegLife;
  /** Under which #legsByKey holds it. */
  readonly keys: readonly string[];
  /** By trade id, the last that was heard of it. */
  readonly trades: Map<string, VenueFill['state']>;
  /** Trades that can still fail on chain. */
  provisional: number;
  bookedE6: number;
  /** From the reply, or from the lists when the reply did not say; undefined while unknown. */
  expectedE6: number | undefined;
}

export interface ArbCounts {
  fired: number;
  bothFilled: number;
  oneLegged: number;
  noneFilled: number;
  unknown: number;
}

const COUNT_NAMES: Readonly<Record<ArbOutcome, keyof ArbCounts>> = {
  'both-filled': 'bothFilled',
  'one-legged': 'oneLegged',
  'none-filled': 'noneFilled',
  unknown: 'unknown',
};

export class ArbBook {
  readonly counts: ArbCounts = { fired: 0, bothFilled: 0, oneLegged: 0, noneFilled: 0, unknown: 0 };
  readonly orders: [kalshi: number, polymarket: number] = [0, 0];
  /** Of them, those that even out. */
  readonly exits: [kalshi: number, polymarket: number] = [0, 0];
  /** Trades that were booked, each once. */
  readonly fills: [kalshi: number, polymarket: number] = [0, 0];
  readonly decisions: Record<string, number> = {};
  detected = 0;
  readonly #ledger: Ledger;
  readonly #keptLegs: number;
  /**
   * Those without a known outcome: as many as there are pairs at the most, because each keeps its
   * pair in flight.
   */
  readonly #arbs = new Map<number, OpenArb>();
  readonly #legsByKey = new Map<string, Leg>();
  /**
   * Every known leg is in one of these. The engine stops firing when the first two grow too long.
   */
  readonly #unresolved = new Set<Leg>();
  readonly #unconfirmed = new Set<Leg>();
  readonly #final = new Set<Leg>();
  readonly #orphans = new Map<string, VenueFill[]>();
  #orphanFills = 0;
  readonly #events: ArbBookEvents;

  constructor(
    polarities: readonly Polarity[],
    events: ArbBookEvents,
    keptLegs: number = KEPT_FINAL_LEGS,
  ) {
    this.#ledger = new Ledger(polarities);
    this.#events = events;
    this.#keptLegs = keptLegs;
  }

  /** Contracts of the pair that are held without their other leg. */
  exposure(pair: number): Exposure {
    return this.#ledger.exposure(pair);
  }

  /** Micros that the pair's positions have locked in, were what is naked worth what it cost. */
  valueMicros(pair: number): number {
    return this.#ledger.valueMicros(pair);
  }

  /** What the naked contracts of a pair cost, fees included. */
  nakedMicros(pair: number): number {
    return this.#ledger.nakedMicros(pair);
  }

  spent(pair: number, venue: Venue): Spent {
    return this.#ledger.spent(pair, venue);
  }

  heldE6(pair: number, venue: Venue, outcome: Outcome): number {
    return this.#ledger.heldE6(pair, venue, outcome);
  }

  /** An order of the pair is under way, or what became of it is not known: what is held may change. */
  isBusy(pair: number): boolean {
    for (const { pair: own } of this.#arbs.values()) if (own === pair) return true;
    for (const { report } of this.#unresolved) if (report.pair === pair) return true;
    return false;
  }

  totals(): LedgerTotals {
    return this.#ledger.totals();
  }

  /** Arbitrages of which a leg is still without any answer. */
  get inFlight(): number {
    let count = 0;
    for (const { outcome } of this.#arbs.values()) if (outcome === undefined) count++;
    return count;
  }

  decided(decision: DecisionRecord): void {
    if (decision.isNew) this.detected++;
    const name = DECISIONS[decision.decision] ?? 'unknown';
    this.decisions[name] = (this.decisions[name] ?? 0) + 1;
    if (decision.decision !== DECISION_FIRED) return;
    this.counts.fired++;
    const arb = this.#arb(decision.arbId, decision.pair);
    arb.isDecided = true;
    this.#settle(decision.arbId, arb);
  }

  /** A leg ended. May come before the decision that fired it: they travel by different ways. */
  legReported(report: LegReport): void {
    if (report.reply.kind !== 'not-written') {
      this.orders[report.venue]++;
      if (report.role === 'exit') this.exits[report.venue]++;
    }
    const leg = this.#track(report);
    if (report.role === 'exit') {
      this.#tellExit(leg);
      return;
    }
    const arb = this.#arb(report.arbId, report.pair);
    arb.legs[report.venue] = leg;
    this.#settle(report.arbId, arb);
  }

  /** A leg of an earlier run: its fills are booked like any other's, and it is looked up while its outcome is unknown. */
  restore(report: LegReport): void {
    this.#track(report);
  }

  #track(report: LegReport): Leg {
    const leg: Leg = {
      report,
      life: new LegLife(report.venue),
      keys: keysOf(report),
      trades: new Map(),
      provisional: 0,
      bookedE6: 0,
      expectedE6: repliedE6(report),
    };
    this.#live(leg, report);
    for (const key of leg.keys) {
      this.#legsByKey.set(key, leg);
      for (const fill of this.#takeOrphans(key)) this.#apply(leg, fill);
    }
    this.#sort(leg);
    return leg;
  }

  /**
   * A fill of the private stream, or of the lists. The same trade may be reported any number of
   * times.
   */
  filled(fill: VenueFill): void {
    const leg =
      (fill.clientOrderId === undefined
        ? undefined
        : this.#legsByKey.get(keyOf(fill.venue, fill.clientOrderId))) ??
      this.#legsByKey.get(keyOf(fill.venue, fill.orderId));
    if (leg === undefined) {
      this.#keepOrphan(fill);
      return;
    }
    this.#apply(leg, fill);
    this.#sort(leg);
  }

  /** Legs whose fills are not all here, or whose outcome is unknown: to be looked up. */
  unresolved(): LegReport[] {
    return [...this.#unresolved].map(({ report }) => report);
  }

  /**
   * Legs that are booked, with a trade that is not final: its failure may have been said while
   * nobody listened.
   */
  unconfirmed(): LegReport[] {
    return [...this.#unconfirmed].map(({ report }) => report);
  }

  /**
   * The lists were read after this leg ended and hold all its fills: an unknown outcome is known
   * now.
   */
  resolve(report: LegReport): void {
    const leg = this.#legsByKey.get(keyOf(report.venue, report.clientOrderId));
    if (leg === undefined || leg.expectedE6 !== undefined) return;
    leg.expectedE6 = leg.bookedE6;
    this.#advance(leg, amountOf(leg.report, leg.bookedE6));
    this.#sort(leg);
    if (report.role === 'exit') this.#tellExit(leg);
    const arb = this.#arbs.get(report.arbId);
    if (arb !== undefined) this.#settle(report.arbId, arb);
  }

  /**
   * At the end: fills of pairs whose leg was never reported, because the executor that knew it has
   * died. A pair has one arbitrage under way, so they are its. No outcome follows from them; the
   * ledger must hold them all the same.
   */
  adoptStrays(): void {
    for (const { pair, legs } of this.#arbs.values()) {
      for (const [key, fills] of this.#orphans) {
        const isStray = ({ venue, market }: VenueFill) =>
          market === pair && legs[venue] === undefined;
        if (!fills.every(isStray)) continue;
        for (const fill of this.#takeOrphans(key)) {
          if (fill.state === 'failed') continue;
          this.#ledger.book(bookable(fill, 1));
          this.#events.heard(fill, undefined);
          this.#events.booked(fill, 1);
        }
      }
    }
  }

  #arb(arbId: number, pair: number): OpenArb {
    let arb = this.#arbs.get(arbId);
    if (arb === undefined) {
      arb = { pair, isDecided: false, legs: new Array(VENUE_COUNT), outcome: undefined };
      this.#arbs.set(arbId, arb);
    }
    return arb;
  }

  #settle(arbId: number, arb: OpenArb): void {
    const [kalshi, polymarket] = arb.legs;
    if (!arb.isDecided || kalshi === undefined || polymarket === undefined) return;
    const outcome = outcomeOf(kalshi, polymarket);
    if (outcome === arb.outcome) return;
    if (arb.outcome === 'unknown') this.counts.unknown--;
    arb.outcome = outcome;
    this.counts[COUNT_NAMES[outcome]]++;
    if (outcome !== 'unknown') this.#arbs.delete(arbId);
    this.#events.settled({
      arbId,
      pair: arb.pair,
      outcome,
      filledE6: [filledE6(kalshi) ?? 0, filledE6(polymarket) ?? 0],
      legs: [kalshi.report, polymarket.report],
    });
  }

  /** The leg's life up to its report. */
  #live(leg: Leg, report: LegReport): void {
    const { reply } = report;
    if (reply.kind === 'not-written') {
      this.#advance(leg, 'not-written');
      return;
    }
    this.#advance(leg, 'written');
    if (reply.kind === 'rejected') this.#advance(leg, 'rejected');
    else if (reply.kind === 'unknown') this.#advance(leg, 'lost');
    else {
      this.#advance(leg, 'acknowledged');
      this.#advance(leg, amountOf(report, reply.filledE6));
    }
  }

  #advance(leg: Leg, event: LegEvent): void {
    const before = leg.life.state;
    try {
      leg.life.apply(event);
    } catch (error) {
      this.#events.impossible(leg.report, error);
      return;
    }
    const { state } = leg.life;
    if (state !== before) this.#events.legIs(leg.report, state, event, leg.expectedE6);
  }

  /** What the chain has made of the order's trades: of those that are not final, or of all. */
  #onChain(leg: Leg): void {
    if (leg.report.venue !== POLYMARKET || leg.expectedE6 === undefined) return;
    const states = [...leg.trades.values()];
    if (states.length === 0) return;
    if (states.includes('provisional')) this.#advance(leg, 'matched');
    else this.#advance(leg, states.includes('failed') ? 'failed' : 'confirmed');
  }

  #tellExit(leg: Leg): void {
    const filled = filledE6(leg);
    if (filled !== undefined) this.#events.exitKnown(leg.report, filled);
  }

  /** Takes what is new in a report of a trade into the leg and the ledger. */
  #apply(leg: Leg, fill: VenueFill): void {
    const before = leg.trades.get(fill.tradeId);
    if (!isNews(before, fill.state)) return;
    leg.trades.set(fill.tradeId, fill.state);
    this.#events.heard(fill, leg.report);
    if (before === 'provisional') leg.provisional--;
    if (fill.state === 'provisional') leg.provisional++;
    if (fill.state === 'failed') {
      if (leg.expectedE6 !== undefined) leg.expectedE6 -= fill.sizeE6;
      // A trade that fails on chain without having been booked leaves nothing to take back.
      if (before !== undefined) this.#book(leg, fill, -1);
    } else if (before === undefined) {
      this.#book(leg, fill, 1);
    }
    // No reply said how much: a fill that even the lists told late is simply one more.
    const isLookedUp = leg.report.reply.kind === 'unknown' && leg.expectedE6 !== undefined;
    if (isLookedUp) leg.expectedE6 = leg.bookedE6;
    if (before === undefined) this.#advance(leg, 'fill');
    this.#onChain(leg);
  }

  /**
   * Puts a leg where it belongs now. A final leg is forgotten, with all its trades, when enough
   * others came after it.
   */
  #sort(leg: Leg): void {
    this.#unresolved.delete(leg);
    this.#unconfirmed.delete(leg);
    this.#final.delete(leg);
    if (leg.bookedE6 !== leg.expectedE6) this.#unresolved.add(leg);
    else if (leg.provisional > 0) this.#unconfirmed.add(leg);
    else this.#final.add(leg);
    if (this.#final.size <= this.#keptLegs) return;
    const [oldest] = this.#final;
    if (oldest === undefined) return;
    this.#final.delete(oldest);
    for (const key of oldest.keys) this.#legsByKey.delete(key);
  }

  #takeOrphans(key: string): readonly VenueFill[] {
    const fills = this.#orphans.get(key) ?? [];
    this.#orphans.delete(key);
    this.#orphanFills -= fills.length;
    return fills;
  }

  /** One entry a trade: the lists tell the same at every look, and lag. */
  #keepOrphan(fill: VenueFill): void {
    const key = keyOf(fill.venue, fill.clientOrderId ?? fill.orderId);
    const fills = this.#orphans.get(key) ?? [];
    this.#orphans.set(key, fills);
    const at = fills.findIndex(({ tradeId }) => tradeId === fill.tradeId);
    if (at === -1) {
      fills.push(fill);
      this.#orphanFills++;
    } else if (isNews(fills[at]!.state, fill.state)) {
      fills[at] = fill;
    }
    if (this.#orphanFills <= MAX_ORPHAN_FILLS) return;
    // If it was ours, its leg stays unresolved and the lists will tell of it again.
    const [oldest] = this.#orphans.keys();
    if (oldest !== undefined) this.#takeOrphans(oldest);
  }

  #book(leg: Leg, fill: VenueFill, sign: 1 | -1): void {
    leg.bookedE6 += sign * fill.sizeE6;
    if (sign === 1) this.fills[fill.venue]++;
    this.#ledger.book(bookable(fill, sign));
    this.#events.booked(fill, sign);
  }
}

function bookable(fill: VenueFill, sign: 1 | -1): Fill {
  return {
    pair: fill.market,
    venue: fill.venue,
    outcome: fill.outcome,
    sizeE6: sign * fill.sizeE6,
    costMicros: sign * fill.costMicros,
    feeMicros: sign * fill.feeMicros,
  };
}

/**
 * Whether a report changes what is known of a trade: they come doubled and out of order, and a
 * failure is the last word.
 */
function isNews(before: VenueFill['state'] | undefined, now: VenueFill['state']): boolean {
  switch (before) {
    case undefined:
      return true;
    case 'provisional':
      return now !== 'provisional';
    case 'final':
      return now === 'failed';
    case 'failed':
      return false;
    default:
      return before satisfies never;
  }
}

function keyOf(venue: Venue, id: string): string {
  return `${venue}:${id}`;
}

/** By our own id, and by the exchange's where it is known. */
function keysOf({ venue, clientOrderId, orderId: preparedId, reply }: LegReport): string[] {
  const isNamed = reply.kind === 'acknowledged' || reply.kind === 'unknown';
  const repliedId = isNamed ? (reply.orderId ?? '') : '';
  const ids = new Set([clientOrderId, repliedId, preparedId].filter((id) => id !== ''));
  return [...ids].map((id) => keyOf(venue, id));
}

/** What the reply says was filled; undefined when it does not know. */
function repliedE6({ reply }: LegReport): number | undefined {
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

/**
 * As matched: a trade that fails later does not change the outcome, it opens the exposure in the
 * ledger.
 */
function filledE6(leg: Leg): number | undefined {
  return repliedE6(leg.report) ?? leg.expectedE6;
}

function outcomeOf(kalshi: Leg, polymarket: Leg): ArbOutcome {
  const a = filledE6(kalshi);
  const b = filledE6(polymarket);
  if (a === undefined || b === undefined) return 'unknown';
  if (a === 0 && b === 0) return 'none-filled';
  return a === 0 || b === 0 ? 'one-legged' : 'both-filled';
}

function amountOf({ sizeCenti }: LegReport, filledE6: number): LegEvent {
  if (filledE6 <= 0) return 'none';
  return filledE6 >= sizeCenti * E6_PER_CENTI ? 'filled' : 'partly';
}
