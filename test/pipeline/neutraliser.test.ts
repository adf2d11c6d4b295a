// The desk's logic as a model: arbitrages whose legs do anything in any order, exits that fill, miss, vanish or are refused, books that
// come and go, trades that fail on chain. Whatever happens, nothing is overspent, nothing stays naked without an alarm, and all ends.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NakedBudget } from '../../src/domain/naked-budget.js';
import { createAskLevels } from '../../src/domain/sizing.js';
import { KALSHI, POLYMARKET, SAME, type Venue, YES } from '../../src/domain/venue.js';
import { ArbBook } from '../../src/pipeline/arb-book.js';
import { createDecisionFacts, DECISION_FIRED } from '../../src/pipeline/decision-record.js';
import type { ExitOrder, LegReport } from '../../src/pipeline/executor.js';
import { Neutraliser } from '../../src/pipeline/neutraliser.js';
import type { LegReply, VenueFill } from '../../src/venues/orders.js';
import { SteppedClock } from '../venues/feed-model.js';
import { TERMS } from './pipeline-rig.js';

const PAIR = 0;
const MAX_LOSS_MICROS = 8_000_000;
/** $10 for a second. */
const BUDGET = 10_000_000;
const TICK_MS = 50;
const FIRST_EXIT = 1_000;

/** What one order comes to. */
interface Fate {
  readonly fate: 'fills' | 'partly' | 'misses' | 'rejected' | 'lost' | 'not-written';
  /** Of a lost one: whether the exchange had it, and how long until that is known. */
  readonly percent: number;
  readonly afterTicks: number;
  /** Its trade is undone on chain; Polymarket only. */
  readonly fails: boolean;
}

type Step =
  | { readonly kind: 'fire'; readonly legs: readonly [Fate, Fate]; readonly sizeCenti: number }
  | { readonly kind: 'books'; readonly kalshiE4: number; readonly polymarketE4: number }
  | { readonly kind: 'pass'; readonly ticks: number };

const fate: fc.Arbitrary<Fate> = fc.record({
  fate: fc.constantFrom('fills', 'fills', 'partly', 'misses', 'rejected', 'lost', 'not-written'),
  percent: fc.integer({ min: 0, max: 100 }),
  afterTicks: fc.integer({ min: 0, max: 10 }),
  fails: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('fire' as const),
    legs: fc.tuple(fate, fate),
    sizeCenti: fc.integer({ min: 1, max: 20 }).map((fives) => fives * 500),
  }),
  fc.record({
    kind: fc.constant('books' as const),
    // 0: not trusted. Asks of the complement: evening out costs more than it brings above 60.
    kalshiE4: fc.constantFrom(0, 3_000, 5_900, 6_200, 8_000),
    polymarketE4: fc.constantFrom(0, 3_000, 5_800, 6_300, 8_000),
  }),
  fc.record({ kind: fc.constant('pass' as const), ticks: fc.integer({ min: 1, max: 20 }) }),
);

class World {
  readonly clock = new SteppedClock();
  readonly alarms: string[] = [];
  readonly fates: Iterator<Fate>;
  readonly book: ArbBook;
  readonly neutraliser: Neutraliser;
  asksE4: [number, number] = [5_900, 5_800];
  updates = 0;
  arbs = 0;
  orders = 0;
  exits = 0;
  undoneMicros = 0;
  isFlying = false;
  readonly exiting = new Set<number>();
  readonly impossible: unknown[] = [];
  readonly later: { dueNs: number; run: () => void }[] = [];
  readonly sentPerUpdate = new Set<string>();

  constructor(fates: Iterator<Fate>) {
    this.fates = fates;
    this.book = new ArbBook([SAME], {
      settled: ({ outcome }) => {
        if (outcome !== 'unknown') this.isFlying = false;
      },
      exitKnown: ({ writtenNs }, filledE6) => {
        this.exiting.clear();
        this.neutraliser.exitKnown(PAIR, writtenNs > 0, filledE6);
      },
      heard: () => undefined,
      booked: () => undefined,
      legIs: () => undefined,
      impossible: (_report, error) => this.impossible.push(error),
    });
    this.neutraliser = new Neutraliser(
      {
        exposure: (pair) => this.book.exposure(pair),
        nakedMicros: (pair) => this.book.nakedMicros(pair),
        valueMicros: (pair) => this.book.valueMicros(pair),
        isBusy: (pair) => this.book.isBusy(pair) || this.exiting.size > 0,
        books: () => ({
          kalshiAsks: this.#asks(KALSHI),
          polymarketAsks: this.#asks(POLYMARKET),
          kalshiUpdate: this.updates,
          polymarketUpdate: this.updates,
        }),
        terms: () => ({ terms: TERMS, kalshiStepCenti: 1 }),
        mayExit: () => true,
        send: (order) => this.#exit(order),
        events: {
          exposed: () => undefined,
          neutralising: () => undefined,
          neutral: (_pair, _after, lossMicros) => {
            // What was allowed, a cent for rounding, and what went with trades that were undone: that is no order's loss.
            const undoneMicros = this.undoneMicros;
            expect(lossMicros).toBeLessThanOrEqual(MAX_LOSS_MICROS + 10_000 + undoneMicros);
          },
          abandoned: (_pair, _exposure, why) => this.alarms.push(why),
        },
      },
      { maxLossMicros: MAX_LOSS_MICROS },
      new NakedBudget({ maxDollarSecondsMicros: BUDGET }),
      this.clock,
      FIRST_EXIT,
    );
  }

  fire(sizeCenti: number, legs: readonly [Fate, Fate]): void {
    // As the engine does: not while one is under way, and not while the pair is held.
    if (this.isFlying || this.neutraliser.isExposed(PAIR)) return;
    this.isFlying = true;
    const arbId = ++this.arbs;
    this.book.decided({
      ...createDecisionFacts(),
      arbId,
      pair: PAIR,
      decision: DECISION_FIRED,
      kalshiAskE4: 0,
      polymarketAskE4: 0,
      kalshiAsks: [],
      polymarketAsks: [],
    });
    for (const venue of [KALSHI, POLYMARKET] as const) {
      this.#order(legs[venue], arbId, 'entry', venue, venue === KALSHI ? 0 : 1, sizeCenti, 4_000);
    }
  }

  pass(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.clock.advanceMs(TICK_MS);
      this.updates++;
      const nowNs = this.clock.nowNs();
      const due = this.later.filter(({ dueNs }) => dueNs <= nowNs);
      for (const each of due) {
        this.later.splice(this.later.indexOf(each), 1);
        each.run();
      }
      this.look();
    }
  }

  look(): void {
    this.neutraliser.check(PAIR);
    for (const pair of this.neutraliser.exposedPairs) this.neutraliser.check(pair);
  }

  #asks(venue: Venue) {
    const priceE4 = this.asksE4[venue];
    if (priceE4 === 0) return undefined;
    const asks = createAskLevels(1);
    asks.pricesE4[0] = priceE4;
    asks.sizesCenti[0] = 100_000;
    asks.count = 1;
    return asks;
  }

  #exit(order: ExitOrder): void {
    // One at a time, and never again on the book that it has met.
    expect(this.exiting.size).toBe(0);
    const mark = `${order.venue} ${this.updates}`;
    expect(this.sentPerUpdate.has(mark)).toBe(false);
    this.sentPerUpdate.add(mark);
    const exposure = this.book.exposure(PAIR);
    expect(order.sizeCenti * 10_000).toBeLessThanOrEqual(exposure.sizeE6);
    this.exiting.add(order.exitId);
    this.exits++;
    const { exitId, venue, outcome, sizeCenti, limitE4 } = order;
    const drawn = this.fates.next().value as Fate;
    this.#order(
      drawn,
      exitId,
      'exit',
      venue,
      outcome,
      sizeCenti,
      Math.min(limitE4, this.asksE4[venue]),
    );
  }

  #order(
    { fate: kind, percent, afterTicks, fails }: Fate,
    arbId: number,
    role: 'entry' | 'exit',
    venue: Venue,
    outcome: 0 | 1,
    sizeCenti: number,
    priceE4: number,
  ): void {
    const id = `${role}-${++this.orders}`;
    const share = kind === 'fills' ? 100 : kind === 'partly' || kind === 'lost' ? percent : 0;
    const filledCenti = Math.floor((sizeCenti * share) / 100);
    const nowNs = this.clock.nowNs();
    const report: LegReport = {
      type: 'leg',
      role,
      arbId,
      venue,
      pair: PAIR,
      direction: YES,
      outcome,
      sizeCenti,
      limitE4: priceE4,
      spendMicros: 0,
      clientOrderId: id,
      orderId: venue === POLYMARKET ? `hash-${id}` : '',
      reply: replyOf(kind, id, filledCenti),
      receivedNs: 0,
      publishedNs: 0,
      preparedNs: 0,
      detectedNs: nowNs,
      dequeuedNs: nowNs,
      writtenNs: kind === 'not-written' ? -1 : nowNs,
      answeredNs: nowNs,
    };
    this.#after(1, () => this.book.legReported(report));
    const told = (state: VenueFill['state']): VenueFill => ({
      venue,
      tradeId: `trade-${id}`,
      orderId: venue === POLYMARKET ? `hash-${id}` : `order-${id}`,
      clientOrderId: venue === KALSHI ? id : undefined,
      market: PAIR,
      outcome,
      sizeE6: filledCenti * 10_000,
      costMicros: filledCenti * priceE4,
      feeMicros: filledCenti,
      state,
    });
    const isTraded = filledCenti > 0;
    if (isTraded) {
      this.#after(1 + afterTicks, () =>
        this.book.filled(told(venue === KALSHI ? 'final' : 'provisional')),
      );
      if (venue === POLYMARKET) {
        this.#after(12 + afterTicks, () => {
          const before = this.book.valueMicros(PAIR);
          this.book.filled(told(fails ? 'failed' : 'final'));
          this.undoneMicros += Math.max(0, before - this.book.valueMicros(PAIR));
        });
      }
    }
    if (kind === 'lost') this.#after(11 + afterTicks, () => this.book.resolve(report));
  }

  #after(ticks: number, run: () => void): void {
    this.later.push({ dueNs: this.clock.nowNs() + ticks * TICK_MS * 1e6, run });
  }
}

function replyOf(kind: Fate['fate'], id: string, filledCenti: number): LegReply {
  switch (kind) {
    case 'rejected':
      return { kind: 'rejected', status: 400, code: 'x' };
    case 'lost':
      return { kind: 'unknown', orderId: undefined, why: 'x' };
    case 'not-written':
      return { kind: 'not-written', why: 'x' };
    default:
      return {
        kind: 'acknowledged',
        orderId: `order-${id}`,
        filledE6: filledCenti * 10_000,
        costMicros: undefined,
      };
  }
}

it('never leaves anything naked without an alarm, never loses more than is allowed, and always ends', () => {
  let exits = 0;
  let alarms = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.infiniteStream(fate),
      (steps, fates) => {
        const world = new World(fates);
        for (const each of steps) {
          if (each.kind === 'fire') world.fire(each.sizeCenti, each.legs);
          else if (each.kind === 'books') world.asksE4 = [each.kalshiE4, each.polymarketE4];
          else world.pass(each.ticks);
          world.look();
        }
        // Nothing new, and time enough for the longest lost order, the chain and the budget.
        world.pass(3_000);
        expect(world.later).toEqual([]);
        expect(world.book.inFlight).toBe(0);
        expect(world.book.unresolved()).toEqual([]);
        expect(world.impossible).toEqual([]);
        expect(world.exiting.size).toBe(0);
        const { sizeE6 } = world.book.exposure(PAIR);
        const isTold = world.neutraliser.isAbandoned(PAIR);
        // Less than one contract is more than no exchange's order can even out.
        if (sizeE6 >= 1_000_000) expect(isTold).toBe(true);
        if (isTold) expect(world.alarms.length).toBeGreaterThan(0);
        exits += world.exits;
        alarms += world.alarms.length;
      },
    ),
    { numRuns: 1_500 },
  );
  // A property about exits and alarms that saw none would prove nothing.
  expect(exits).toBeGreaterThan(300);
  expect(alarms).toBeGreaterThan(20);
});

it('spends of its budget what is naked, and acts no more when that is gone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (fives) => {
      const always: Fate = { fate: 'misses', percent: 0, afterTicks: 0, fails: false };
      const world = new World([][Symbol.iterator]() as Iterator<Fate>);
      // Nothing is trusted: nothing can be done.
      world.asksE4 = [0, 0];
      const filled: Fate = { ...always, fate: 'fills' };
      world.fire(fives * 500, [filled, always]);
      world.pass(3);
      const nakedMicros = world.book.nakedMicros(PAIR);
      expect(nakedMicros).toBeGreaterThan(0);
      const seconds = BUDGET / nakedMicros;
      const before = Math.max(0, Math.floor((seconds * 1_000) / TICK_MS) - 3);
      world.pass(before);
      expect(world.alarms).toEqual([]);
      world.pass(6);
      expect(world.alarms).toHaveLength(1);
      world.asksE4 = [3_000, 3_000];
      world.pass(50);
      expect(world.exits).toBe(0);
    }),
    { numRuns: 60 },
  );
});
