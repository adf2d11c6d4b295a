// What the main thread knows and does about our orders: the book of arbitrages, the money set aside for them, what evens out a lone
// leg, and the journal of it all. It must not know how workers are started, what an exchange's refusal means, or the terminal.
import type { Clock } from '../domain/clock.js';
import { ceilDiv } from '../domain/exact.js';
import type { Exposure } from '../domain/ledger.js';
import { NakedBudget } from '../domain/naked-budget.js';
import type { Plan } from '../domain/neutralise.js';
import { type ArbEvent, ArbLife, type ArbState } from '../domain/order-life.js';
import { type AskLevels, createAskLevels, type PairTerms } from '../domain/sizing.js';
import { E6_PER_CONTRACT, MICROS_PER_CENT, MICROS_PER_DOLLAR } from '../domain/units.js';
import {
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  polymarketOutcome,
  VENUES,
  type Venue,
  YES,
} from '../domain/venue.js';
import type { JournalRecord, OrderState } from '../journal/records.js';
import { ArbBook, type ArbSettled } from '../pipeline/arb-book.js';
import {
  DECISION_FIRED,
  DECISIONS,
  type DecisionRecord,
  type SeenLevel,
} from '../pipeline/decision-record.js';
import { MAX_FEED_AGE_NS } from '../pipeline/detector.js';
import type { ExitOrder, LegReport } from '../pipeline/executor.js';
import { type ExitBooks, Neutraliser } from '../pipeline/neutraliser.js';
import type { ControlBlock } from '../shm/control-block.js';
import { DEPTH_LEVELS, type DepthTable } from '../shm/depth-table.js';
import type { FlightTable } from '../shm/flight-table.js';
import type { PurseTable } from '../shm/purse-table.js';
import { type QuoteTable, TRUSTED, trustReason } from '../shm/quote-table.js';
import { type RiskTable, STOP_EVERYTHING } from '../shm/risk-table.js';
import type { VenueFill } from '../venues/orders.js';
import type { EngineConfig } from './engine-config.js';
import type { Holds } from './holds.js';
import type { EngineEvent } from './status.js';
import type { TradedPair } from './worker-protocol.js';

/** Exits are numbered where no detector numbers. */
const EXITS_FROM = 31 * 2 ** 40;
const ARBS_PER_DETECTOR = 2 ** 40;
/** Kalshi takes hundredths of a contract (kalshi-api.md 3.2). */
const KALSHI_STEP_CENTI = 1;

/** The shared memory that the desk reads and writes. */
export interface DeskMemory {
  readonly control: ControlBlock;
  readonly quotes: QuoteTable;
  readonly depth: DepthTable;
  readonly flights: FlightTable;
  readonly purses: PurseTable;
  readonly risk: RiskTable;
}

export interface DeskParts {
  readonly config: EngineConfig;
  /** Element i is the pair of market i, with its newest terms. */
  readonly pairs: readonly TradedPair[];
  readonly memory: DeskMemory;
  readonly holds: Holds;
  readonly clock: Clock;
  /** Number of this run in the journal: arbitrages are named by it. */
  readonly run: number;
  termsOf(pair: number): PairTerms;
  /** Whether orders to the exchange are let through. */
  takesOrders(venue: Venue): boolean;
  /** The feed worker that vouches for the market on this exchange. */
  feedWorker(venue: Venue, pair: number): number;
  /** False when the journal has failed: then nothing new is opened. */
  journal(record: JournalRecord): void;
  /** Hands an order to whoever writes to its exchange. */
  send(order: ExitOrder): void;
  /** The pair may be fired again after a rest, and is looked at even if no price changes. */
  rearm(pair: number, wasWritten: boolean, afterMs: number): void;
  /** Watched, not fired. */
  rest(pair: number, reason: string, forMs: number): void;
  hold(pair: number, reason: string): void;
  letGo(pair: number, reason: string): void;
  stopOpening(why: string): void;
  skew(ns: number): void;
  say(level: EngineEvent['level'], event: string, text: string, facts: EngineEvent['facts']): void;
}

/** An arbitrage by its name in the journal, and how far it has come. */
interface ArbInLife {
  readonly key: string;
  readonly life: ArbLife;
}

/** Money set aside for the arbitrage of a pair, and what its positions had cost before. */
interface Reserved {
  readonly arb: string;
  readonly shard: number;
  readonly cents: readonly [kalshi: number, polymarket: number];
  readonly positionCents: number;
  readonly spentBefore: readonly [kalshi: number, polymarket: number];
}

export class TradingDesk {
  readonly book: ArbBook;
  readonly #parts: DeskParts;
  readonly #neutraliser: Neutraliser;
  readonly #reserved = new Map<number, Reserved>();
  /** Decisions whose arbitrage is not settled yet. */
  readonly #firedBy = new Map<number, DecisionRecord>();
  /** By exit: the arbitrage whose exposure it evens out. */
  readonly #arbOfExit = new Map<number, string>();
  /** By pair: its newest arbitrage, and how far that has come. */
  readonly #arbs = new Map<number, ArbInLife>();
  /** By pair: the arbitrage whose exposure is being evened out. Another may have been fired since. */
  readonly #exposedArbs = new Map<number, ArbInLife>();
  readonly #mismatches = new Map<number, number>();
  readonly #dirty = new Set<number>();
  readonly #kalshiAsks = createAskLevels(DEPTH_LEVELS);
  readonly #polymarketAsks = createAskLevels(DEPTH_LEVELS);
  readonly #timeToNeutralMs: number[] = [];
  /** What is heard now was read from the journal. */
  #isKnown = false;
  #failures = 0;
  #dayStartMicros = 0;
  #day = -1;
  /** Something was booked, or an exposure began or ended, since the words of the risk gate were written. */
  #isChanged = true;
  #exitsUnderWay = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { risk } = parts.config;
    this.book = new ArbBook(
      parts.pairs.map(({ polarity }) => polarity),
      {
        settled: (settled) => this.#settled(settled),
        exitKnown: (report, filledE6) => this.#exitKnown(report, filledE6),
        heard: (fill, leg) => this.#heard(fill, leg),
        booked: (fill, sign) => this.#booked(fill, sign),
        legIs: (report, state, why, filledE6) => this.#legIs(report, state, why, filledE6),
        impossible: ({ clientOrderId }, error) =>
          parts.stopOpening(`news that cannot be of order ${clientOrderId}: ${String(error)}`),
      },
    );
    this.#neutraliser = new Neutraliser(
      {
        exposure: (pair) => this.book.exposure(pair),
        nakedMicros: (pair) => this.book.nakedMicros(pair),
        valueMicros: (pair) => this.book.valueMicros(pair),
        isBusy: (pair) => this.book.isBusy(pair) || this.#isExiting(pair),
        books: (pair, exposure) => this.#exitBooks(pair, exposure),
        terms: (pair) => ({ terms: parts.termsOf(pair), kalshiStepCenti: KALSHI_STEP_CENTI }),
        mayExit: () => !parts.config.observe && parts.memory.risk.killLevel() < STOP_EVERYTHING,
        send: (order) => this.#sendExit(order),
        events: {
          exposed: (pair, exposure) => this.#exposed(pair, exposure),
          neutralising: (pair, exposure, plan, order) =>
            this.#neutralising(pair, exposure, plan, order),
          neutral: (pair, afterMs, lossMicros, dustE6) =>
            this.#neutral(pair, afterMs, lossMicros, dustE6),
          abandoned: (pair, exposure, why) => this.#abandoned(pair, exposure, why),
        },
      },
      { maxLossMicros: risk.maxLossPerArbMicros },
      new NakedBudget({ maxDollarSecondsMicros: risk.nakedBudgetMicroSeconds }),
      parts.clock,
      EXITS_FROM,
    );
  }

  /** The text that names an arbitrage in logs and the journal: run, detector, count. */
  arbKey(arbId: number, run = this.#parts.run): string {
    const detector = Math.floor(arbId / ARBS_PER_DETECTOR);
    return `r${run}.${detector}.${arbId % ARBS_PER_DETECTOR}`;
  }

  decided(decision: DecisionRecord): void {
    const isFired = decision.decision === DECISION_FIRED;
    const arb = isFired ? this.arbKey(decision.arbId) : null;
    this.#journalDecision(decision, arb);
    if (isFired) {
      const { pair } = decision;
      this.#firedBy.set(decision.arbId, decision);
      this.#arbs.set(pair, { key: arb!, life: new ArbLife() });
      this.#reserved.set(pair, {
        arb: arb!,
        shard: this.#parts.pairs[pair]!.kalshi.exchangeIndex,
        cents: [decision.kalshiReservedCents, decision.polymarketReservedCents],
        positionCents: decision.positionCents,
        spentBefore: [this.#spentMicros(pair, KALSHI), this.#spentMicros(pair, POLYMARKET)],
      });
      this.#journalArb(pair, '', { netMicros: decision.netMicros });
    }
    this.book.decided(decision);
  }

  legReported(report: LegReport): void {
    this.#journalOrder(report);
    this.book.legReported(report);
    this.#dirty.add(report.pair);
  }

  filled(fill: VenueFill): void {
    this.book.filled(fill);
  }

  /** An order of an earlier run with the fills that the journal has of it: nothing of that is written down again. */
  restore(report: LegReport, fills: readonly VenueFill[]): void {
    this.#isKnown = true;
    this.book.restore(report);
    for (const fill of fills) this.book.filled(fill);
    this.#isKnown = false;
    this.#dirty.add(report.pair);
  }

  /** An order that was about to be sent when the last run ended, and that the journal has never heard of. */
  restoreIntent(report: LegReport, arb: string): void {
    this.#journalOrder(report, arb);
    this.book.restore(report);
    this.#dirty.add(report.pair);
  }

  /** An arbitrage of an earlier run has come to this. */
  journalEarlier(arb: string, pair: number, state: ArbState, facts: unknown): void {
    const { name } = this.#parts.pairs[pair]!;
    const why = 'found at the start';
    this.#parts.journal({
      t: 'arb-state',
      atMs: this.#nowMs(),
      arb,
      pair: name,
      state,
      why,
      facts,
    });
  }

  /** Micros that a pair's positions have cost and not paid back. */
  positionMicros(pair: number): number {
    return this.#spentMicros(pair, KALSHI) + this.#spentMicros(pair, POLYMARKET);
  }

  /** To be called many times a second: evens out what is not even, and brings the words of the risk gate up to date. */
  look(): void {
    for (const pair of this.#dirty) this.#neutraliser.check(pair);
    this.#dirty.clear();
    for (const pair of this.#neutraliser.exposedPairs) this.#neutraliser.check(pair);
    const day = dayOf(this.#nowMs());
    if (!this.#isChanged && day === this.#day) return;
    this.#isChanged = false;
    const { risk } = this.#parts.memory;
    const nakedMicros = this.#neutraliser.nakedMicros();
    risk.setNakedMicros(nakedMicros);
    // What is being evened out is not lost yet.
    const valueMicros = this.book.totals().pnlMicros + nakedMicros;
    if (day !== this.#day) {
      this.#day = day;
      this.#dayStartMicros = valueMicros;
    }
    risk.setDayPnlMicros(valueMicros - this.#dayStartMicros);
  }

  /** What the account has locked in now is what it had when the day began (UTC): the day's P&L is counted from it. */
  beginDay(): void {
    this.#day = dayOf(this.#nowMs());
    this.#dayStartMicros = this.book.totals().pnlMicros + this.#allNakedMicros();
  }

  #allNakedMicros(): number {
    return this.#parts.pairs.reduce((sum, _, pair) => sum + this.book.nakedMicros(pair), 0);
  }

  get exposedPairs(): number {
    return this.#neutraliser.exposedPairs.length;
  }

  /** From each exposure to its end, in ms, in the order of the ends. */
  get timesToNeutralMs(): readonly number[] {
    return this.#timeToNeutralMs;
  }

  isExposed(pair: number): boolean {
    return this.#neutraliser.isExposed(pair);
  }

  /** Legs without a known outcome, and exposures that are still being evened out. */
  get isOpen(): boolean {
    return this.book.inFlight > 0 || this.book.unresolved().length > 0 || this.#exitsUnderWay > 0;
  }

  /** Both legs are known: the pair goes on, or its lone contracts are evened out first. */
  #settled(settled: ArbSettled): void {
    const { pair, outcome, arbId, legs, filledE6 } = settled;
    const [kalshi, polymarket] = legs as readonly [LegReport, LegReport];
    const arb = this.arbKey(arbId);
    const decision = this.#firedBy.get(arbId);
    // An unknown one settles again, once the exchanges have said what it was.
    if (outcome !== 'unknown') {
      this.#firedBy.delete(arbId);
      if (kalshi.writtenNs > 0 && polymarket.writtenNs > 0) {
        this.#parts.skew(Math.abs(kalshi.writtenNs - polymarket.writtenNs));
      }
    }
    const name = this.#parts.pairs[pair]!.name;
    const facts = {
      arb,
      pair: name,
      sizeCenti: kalshi.sizeCenti,
      netMicros: decision?.netMicros ?? 0,
      kalshi: describe(kalshi.reply),
      polymarket: describe(polymarket.reply),
    };
    this.#countFailure(settled);
    const isEven = filledE6[KALSHI] === filledE6[POLYMARKET];
    switch (outcome) {
      case 'both-filled':
        this.#parts.say('info', 'arb-filled', `${name}: both legs filled`, facts);
        break;
      case 'none-filled':
        this.#parts.say('info', 'arb-missed', `${name}: neither leg filled`, facts);
        break;
      case 'one-legged':
        this.#parts.say('warn', 'arb-one-legged', `${name}: only one leg filled`, facts);
        break;
      case 'unknown':
        this.#parts.say(
          'error',
          'arb-unknown',
          `${name}: a leg's outcome is unknown; the pair is held`,
          facts,
        );
        this.#arbIs(pair, 'lost', 'a leg has no known outcome', facts);
        // Not settled: the pair stays in flight until somebody knows.
        return;
      default:
        outcome satisfies never;
    }
    if (outcome === 'none-filled') this.#arbIs(pair, 'none', 'neither leg filled', facts);
    else if (isEven) this.#arbIs(pair, 'even', 'both legs filled alike', facts);
    if (!isEven) this.#mismatched(pair);
    if (isEven || outcome === 'none-filled') this.#release(pair);
    const { refireMs, oneLeggedRestMs } = this.#parts.config;
    if (outcome === 'one-legged') this.#parts.rest(pair, 'one-legged', oneLeggedRestMs);
    this.#parts.rearm(
      pair,
      legs.some(({ writtenNs }) => writtenNs > 0),
      refireMs,
    );
    this.#dirty.add(pair);
  }

  /** A leg that was refused, is unknown or alone; three of a pair, and it rests. A pair of misses is only a miss. */
  #countFailure({ outcome, filledE6, legs }: ArbSettled): void {
    const isRefused = legs.some(({ reply }) => reply.kind === 'rejected');
    const isFailure =
      outcome === 'unknown' ||
      (filledE6[KALSHI] === 0) !== (filledE6[POLYMARKET] === 0) ||
      (outcome === 'none-filled' && isRefused);
    this.#failures = isFailure
      ? this.#failures + 1
      : outcome === 'both-filled'
        ? 0
        : this.#failures;
    const { risk } = this.#parts.memory;
    risk.setConsecutiveFailures(this.#failures);
    const most = this.#parts.config.risk.maxConsecutiveFailures;
    if (this.#failures === most) this.#parts.stopOpening(`${most} arbitrages in a row failed`);
  }

  #mismatched(pair: number): void {
    const { mismatchesBeforeRest, mismatchRestMs } = this.#parts.config.risk;
    const count = (this.#mismatches.get(pair) ?? 0) + 1;
    this.#mismatches.set(pair, count % mismatchesBeforeRest);
    if (count < mismatchesBeforeRest) return;
    const { name } = this.#parts.pairs[pair]!;
    const text = `${name}: ${count} times the legs did not match; it rests`;
    this.#parts.say('warn', 'mismatches', text, { pair: name, count, forMs: mismatchRestMs });
    this.#parts.rest(pair, 'mismatches', mismatchRestMs);
  }

  #isExiting(pair: number): boolean {
    return this.#exiting.has(pair);
  }

  readonly #exiting = new Set<number>();

  #sendExit(order: ExitOrder): void {
    this.#exiting.add(order.pair);
    this.#exitsUnderWay++;
    this.#arbOfExit.set(order.exitId, this.#arbOfPair(order.pair));
    this.#parts.send(order);
  }

  #exitKnown(report: LegReport, filledE6: number): void {
    if (this.#exiting.delete(report.pair)) this.#exitsUnderWay--;
    this.#neutraliser.exitKnown(report.pair, report.writtenNs > 0, filledE6);
    this.#dirty.add(report.pair);
    const { name } = this.#parts.pairs[report.pair]!;
    this.#parts.say('info', 'exit', `${name}: an order to even it out: ${describe(report.reply)}`, {
      arb: this.#arbOfExit.get(report.arbId) ?? '',
      pair: name,
      filled: filledE6 / E6_PER_CONTRACT,
    });
  }

  #exposed(pair: number, exposure: Exposure): void {
    const { name } = this.#parts.pairs[pair]!;
    const facts = exposureFacts(exposure);
    this.#parts.hold(pair, 'exposed');
    this.#parts.say(
      'warn',
      'exposed',
      `${name}: ${facts.contracts} contracts are without their other leg`,
      { pair: name, ...facts },
    );
    this.#exposedArbs.set(pair, this.#arbOf(pair));
    this.#arbIs(pair, 'uneven', 'the legs do not match', facts);
  }

  #neutralising(pair: number, exposure: Exposure, plan: Plan, order: ExitOrder): void {
    const facts = { ...exposureFacts(exposure), options: plan.options, chosen: order };
    this.#arbIs(
      pair,
      'exit-sent',
      `exit ${order.exitId % ARBS_PER_DETECTOR}`,
      facts,
      this.#exposedArbs.get(pair),
    );
  }

  #neutral(pair: number, afterMs: number, lossMicros: number, dustE6: number): void {
    this.#isChanged = true;
    const { name } = this.#parts.pairs[pair]!;
    this.#timeToNeutralMs.push(afterMs);
    const facts = { pair: name, afterMs: Math.round(afterMs), lossMicros, dustE6 };
    this.#parts.say('info', 'neutral', `${name}: even again`, facts);
    this.#arbIs(pair, 'even', 'evened out', facts, this.#exposedArbs.get(pair));
    this.#exposedArbs.delete(pair);
    this.#release(pair);
    this.#parts.letGo(pair, 'exposed');
  }

  #abandoned(pair: number, exposure: Exposure, why: string): void {
    this.#isChanged = true;
    const { name } = this.#parts.pairs[pair]!;
    const facts = { pair: name, ...exposureFacts(exposure) };
    this.#parts.hold(pair, 'abandoned');
    this.#parts.say(
      'error',
      'alert-naked',
      `${name}: ${facts.contracts} contracts stay naked, the market is stopped: ${why}`,
      facts,
    );
    this.#arbIs(pair, 'given-up', why, facts, this.#exposedArbs.get(pair));
    this.#release(pair);
  }

  /** What was set aside and not spent is free again; what an exit cost beyond it is taken. */
  #release(pair: number): void {
    const reserved = this.#reserved.get(pair);
    if (reserved === undefined) return;
    this.#reserved.delete(pair);
    const { purses } = this.#parts.memory;
    let spentCents = 0;
    for (const venue of VENUES) {
      const micros = this.#spentMicros(pair, venue) - reserved.spentBefore[venue];
      const cents = centsUp(micros);
      spentCents += cents;
      const purse = venue === KALSHI ? purses.kalshiPurse(reserved.shard) : purses.polymarketPurse;
      purses.adjust(purse, reserved.cents[venue] - cents);
    }
    purses.adjust(purses.totalPurse, reserved.positionCents - spentCents);
    purses.adjust(purses.marketPurse(pair), reserved.positionCents - spentCents);
  }

  /** Cash that the pair's positions have taken on an exchange: Kalshi gives $1 back for YES and NO of one market. */
  #spentMicros(pair: number, venue: Venue): number {
    const { costMicros, feeMicros, pairedE6 } = this.book.spent(pair, venue);
    return costMicros + feeMicros - (venue === KALSHI ? pairedE6 : 0);
  }

  #heard(fill: VenueFill, leg: LegReport | undefined): void {
    const { market: pair, venue } = fill;
    if (this.#isKnown) return;
    this.#parts.journal({
      t: 'fill',
      atMs: this.#nowMs(),
      venue,
      tradeId: fill.tradeId,
      orderId: fill.orderId,
      clientOrderId: leg?.clientOrderId ?? fill.clientOrderId ?? null,
      pair: this.#parts.pairs[pair]!.name,
      outcome: fill.outcome,
      sizeE6: fill.sizeE6,
      costMicros: fill.costMicros,
      feeMicros: fill.feeMicros,
      state: fill.state,
      source: 'stream',
    });
  }

  #booked(fill: VenueFill, sign: 1 | -1): void {
    const { market: pair, venue } = fill;
    this.#dirty.add(pair);
    this.#isChanged = true;
    if (this.#reserved.has(pair)) return;
    // Late, or undone on chain, when what was set aside for it had been given back.
    const { purses } = this.#parts.memory;
    const cents = sign * centsUp(fill.costMicros + fill.feeMicros);
    const shard = this.#parts.pairs[pair]!.kalshi.exchangeIndex;
    purses.adjust(venue === KALSHI ? purses.kalshiPurse(shard) : purses.polymarketPurse, -cents);
    purses.adjust(purses.totalPurse, -cents);
    purses.adjust(purses.marketPurse(pair), -cents);
  }

  #legIs(report: LegReport, state: OrderState, why: string, filledE6: number | undefined): void {
    if (this.#isKnown) return;
    this.#parts.journal({
      t: 'order-state',
      atMs: this.#nowMs(),
      clientOrderId: report.clientOrderId,
      state,
      why,
      filledE6: filledE6 ?? null,
    });
  }

  #exitBooks(pair: number, exposure: Exposure): ExitBooks {
    const { quotes } = this.#parts.memory;
    const pairs = this.#parts.pairs.length;
    return {
      kalshiAsks: this.#asks(KALSHI, pair, exposure.missingKalshiOutcome, this.#kalshiAsks),
      polymarketAsks: this.#asks(
        POLYMARKET,
        pair,
        exposure.missingPolymarketOutcome,
        this.#polymarketAsks,
      ),
      kalshiUpdate: quotes.updates(pair),
      polymarketUpdate: quotes.updates(pairs + pair),
    };
  }

  /** The asks of one book, when they can be bought on now. */
  #asks(venue: Venue, pair: number, outcome: Outcome, out: AskLevels): AskLevels | undefined {
    const { quotes, depth, control } = this.#parts.memory;
    // Its breaker keeps every order from it.
    if (!this.#parts.takesOrders(venue)) return undefined;
    const slot = venue * this.#parts.pairs.length + pair;
    const worker = this.#parts.feedWorker(venue, pair);
    const nowNs = this.#parts.clock.nowNs();
    if (nowNs > control.freshUntilNs(worker)) return undefined;
    if (nowNs - control.heartbeatNs(worker) > MAX_FEED_AGE_NS) return undefined;
    const trust = quotes.trustWord(slot);
    if (trustReason(trust) !== TRUSTED || !depth.read(slot, outcome, out)) return undefined;
    return quotes.trustWord(slot) === trust ? out : undefined;
  }

  #arbOfPair(pair: number): string {
    return (this.#exposedArbs.get(pair) ?? this.#arbOf(pair)).key;
  }

  #nowMs(): number {
    return this.#parts.clock.wallMs();
  }

  /** What is found exposed at the start has no arbitrage of this run: it gets a name of its own. */
  #arbOf(pair: number): ArbInLife {
    const known = this.#arbs.get(pair);
    if (known !== undefined) return known;
    const made = { key: `r${this.#parts.run}.x${pair}`, life: new ArbLife() };
    this.#arbs.set(pair, made);
    return made;
  }

  #arbIs(
    pair: number,
    event: ArbEvent,
    why: string,
    facts: unknown,
    arb = this.#arbOf(pair),
  ): void {
    try {
      arb.life.apply(event);
    } catch (error) {
      this.#parts.stopOpening(`news that cannot be of arbitrage ${arb.key}: ${String(error)}`);
    }
    this.#journalArb(pair, why, facts, arb);
  }

  #journalArb(pair: number, why: string, facts: unknown, { key, life } = this.#arbOf(pair)): void {
    const { name } = this.#parts.pairs[pair]!;
    const atMs = this.#nowMs();
    const { state } = life;
    this.#parts.journal({ t: 'arb-state', atMs, arb: key, pair: name, state, why, facts });
  }

  #journalDecision(decision: DecisionRecord, arb: string | null): void {
    const { pair, direction, kalshiAsks, polymarketAsks } = decision;
    const { name, polarity, kalshi, polymarket } = this.#parts.pairs[pair]!;
    const { maxSizeCenti, maxCostMicros, minNetMicros } = this.#parts.config;
    const theirs = polymarketOutcome(direction as Outcome, polarity);
    this.#parts.journal({
      t: 'decision',
      atMs: this.#nowMs(),
      arb,
      pair: name,
      direction,
      decision: DECISIONS[decision.decision] ?? 'unknown',
      isNew: decision.isNew,
      sizeCenti: decision.sizeCenti,
      netMicros: decision.netMicros,
      inputs: {
        kalshiAsks: kalshiAsks satisfies readonly SeenLevel[],
        polymarketAsks,
        kalshiAskE4: decision.kalshiAskE4,
        polymarketAskE4: decision.polymarketAskE4,
        kalshiCostMicros: decision.kalshiCostMicros,
        polymarketCostMicros: decision.polymarketCostMicros,
        feeMicros: decision.feeMicros,
        kalshiFeeRate: `${kalshi.takerRate.numerator}/${kalshi.takerRate.denominator}`,
        polymarketFeeRate: `${polymarket.fees.rate.numerator}/${polymarket.fees.rate.denominator}^${polymarket.fees.exponent}`,
        kalshiLimitE4: decision.kalshiLimitE4,
        polymarketLimitE4: decision.polymarketLimitE4,
        limits: { maxSizeCenti, maxCostMicros, minNetMicros },
        outcomes: { kalshi: OUTCOMES[direction], polymarket: OUTCOMES[theirs] },
        reservedMicros: [
          decision.kalshiReservedCents * MICROS_PER_CENT,
          decision.polymarketReservedCents * MICROS_PER_CENT,
        ],
      },
    });
  }

  #journalOrder(report: LegReport, arbOfEarlier?: string): void {
    const { reply, clientOrderId, role, venue, pair, outcome } = report;
    const isNamed = reply.kind === 'acknowledged' || reply.kind === 'unknown';
    const orderId = (isNamed ? reply.orderId : undefined) ?? report.orderId;
    const { receivedNs, publishedNs, detectedNs, dequeuedNs, preparedNs, writtenNs, answeredNs } =
      report;
    const arb =
      arbOfEarlier ??
      (role === 'entry'
        ? this.arbKey(report.arbId)
        : (this.#arbOfExit.get(report.arbId) ?? this.#arbOfPair(pair)));
    this.#parts.journal({
      t: 'order',
      atMs: this.#nowMs(),
      clientOrderId,
      orderId: orderId === '' ? null : orderId,
      arb,
      role,
      venue,
      pair: this.#parts.pairs[pair]!.name,
      outcome,
      sizeCenti: report.sizeCenti,
      limitE4: report.limitE4,
      spendMicros: report.spendMicros,
      state: orderStateOf(reply),
      reply,
      stampsNs: {
        receivedNs,
        publishedNs,
        detectedNs,
        dequeuedNs,
        preparedNs,
        writtenNs,
        answeredNs,
      },
    });
  }
}

const OUTCOMES = { [YES]: 'yes', [NO]: 'no' } as Readonly<Record<number, 'yes' | 'no'>>;

const DAY_MS = 86_400_000;

function dayOf(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS);
}

/** Rounded away from zero: what was spent is never counted as less. */
function centsUp(micros: number): number {
  return micros >= 0 ? ceilDiv(micros, MICROS_PER_CENT) : -Math.floor(-micros / MICROS_PER_CENT);
}

function exposureFacts({ sizeE6, basisMicrosPerContract }: Exposure) {
  return {
    contracts: sizeE6 / E6_PER_CONTRACT,
    exposureE6: sizeE6,
    basis: basisMicrosPerContract / MICROS_PER_DOLLAR,
  };
}

function orderStateOf(reply: LegReport['reply']): OrderState {
  return reply.kind;
}

function describe(reply: LegReport['reply']): string {
  switch (reply.kind) {
    case 'acknowledged':
      return `filled ${reply.filledE6 / E6_PER_CONTRACT}`;
    case 'rejected':
      return `rejected ${reply.status} ${reply.code}`;
    case 'unknown':
      return `unknown: ${reply.why}`;
    case 'not-written':
      return `not written: ${reply.why}`;
    default:
      return reply satisfies never;
  }
}
