import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LegState } from '../../src/domain/order-life.js';
import { KALSHI, NO, POLYMARKET, SAME, type Venue, YES } from '../../src/domain/venue.js';
import {
  ArbBook,
  type ArbBookEvents,
  type ArbOutcome,
  type ArbSettled,
} from '../../src/pipeline/arb-book.js';
import {
  createDecisionFacts,
  DECISION_FIRED,
  type DecisionRecord,
} from '../../src/pipeline/decision-record.js';
import type { LegReport } from '../../src/pipeline/executor.js';
import type { LegReply, VenueFill } from '../../src/venues/orders.js';

const NO_EVENTS: ArbBookEvents = {
  settled: () => undefined,
  exitKnown: () => undefined,
  heard: () => undefined,
  booked: () => undefined,
  legIs: () => undefined,
  impossible: (_report, error) => {
    throw error;
  },
};

function fired(arbId: number, pair: number): DecisionRecord {
  return {
    ...createDecisionFacts(),
    arbId,
    pair,
    decision: DECISION_FIRED,
    kalshiAskE4: 0,
    polymarketAskE4: 0,
    kalshiAsks: [],
    polymarketAsks: [],
  };
}

const REPLIES = ['acknowledged', 'rejected', 'unknown', 'not-written'] as const;

/** What really happened to one leg, and what is said of it. */
interface TrueLeg {
  readonly reply: (typeof REPLIES)[number];
  /** Sizes of the trades of this order, in 1/100. */
  readonly trades: readonly {
    readonly sizeCenti: number;
    readonly priceE4: number;
    readonly fails: boolean;
  }[];
}

const trade = fc.record({
  sizeCenti: fc.integer({ min: 1, max: 10_000 }),
  priceE4: fc.integer({ min: 1, max: 9_999 }),
  fails: fc.boolean(),
});
const leg: fc.Arbitrary<TrueLeg> = fc.record({
  reply: fc.constantFrom(...REPLIES),
  trades: fc.array(trade, { maxLength: 3 }),
});

const orderIdOf = (arbId: number, venue: Venue) => `order-${arbId}-${venue}`;
const clientIdOf = (arbId: number, venue: Venue) => `client-${arbId}-${venue}`;

function tradesOf({ reply, trades }: TrueLeg): TrueLeg['trades'] {
  return reply === 'rejected' || reply === 'not-written' ? [] : trades;
}

/** A Kalshi fill is final when it comes; only Polymarket's can fail. */
function failsOf(venue: Venue, { fails }: TrueLeg['trades'][number]): boolean {
  return venue === POLYMARKET && fails;
}

function filledE6(fate: TrueLeg): number {
  return tradesOf(fate).reduce((sum, { sizeCenti }) => sum + sizeCenti * 10_000, 0);
}

function replyOf(fate: TrueLeg, arbId: number, venue: Venue): LegReply {
  switch (fate.reply) {
    case 'acknowledged':
      return {
        kind: 'acknowledged',
        orderId: orderIdOf(arbId, venue),
        filledE6: filledE6(fate),
        costMicros: undefined,
      };
    case 'rejected':
      return { kind: 'rejected', status: 400, code: 'x' };
    case 'unknown':
      // Kalshi's ids are the exchange's: nobody knows them without a reply. Polymarket's are hashes.
      return {
        kind: 'unknown',
        orderId: venue === POLYMARKET ? orderIdOf(arbId, venue) : undefined,
        why: 'x',
      };
    case 'not-written':
      return { kind: 'not-written', why: 'x' };
  }
}

function reportOf(fate: TrueLeg, arbId: number, venue: Venue): LegReport {
  return {
    type: 'leg',
    role: 'entry',
    arbId,
    venue,
    pair: arbId % 2,
    direction: YES,
    outcome: venue === KALSHI ? YES : NO,
    sizeCenti: 30_000,
    limitE4: 5_000,
    spendMicros: 150_000_000,
    orderId: venue === POLYMARKET ? orderIdOf(arbId, venue) : '',
    clientOrderId: clientIdOf(arbId, venue),
    reply: replyOf(fate, arbId, venue),
    receivedNs: 0,
    publishedNs: 0,
    preparedNs: 0,
    detectedNs: 0,
    dequeuedNs: 0,
    writtenNs: 1,
    answeredNs: 1,
  };
}

type Event = { readonly rank: number; run(book: ArbBook): void };

/** All that is said of one arbitrage, each with a place in the order that chance gives it; trades may be told again and again. */
function eventsOf(arbId: number, fates: readonly [TrueLeg, TrueLeg], ranks: () => number): Event[] {
  const events: Event[] = [
    {
      rank: ranks(),
      run: (book) => book.decided(fired(arbId, arbId % 2)),
    },
  ];
  for (const venue of [KALSHI, POLYMARKET] as const) {
    const fate = fates[venue]!;
    events.push({ rank: ranks(), run: (book) => book.legReported(reportOf(fate, arbId, venue)) });
    tradesOf(fate).forEach((told, index) => {
      const isByClient = venue === KALSHI;
      const fill = (state: VenueFill['state']): VenueFill => ({
        venue,
        tradeId: `${arbId}-${venue}-${index}`,
        orderId: orderIdOf(arbId, venue),
        clientOrderId: isByClient ? clientIdOf(arbId, venue) : undefined,
        market: arbId % 2,
        outcome: venue === KALSHI ? YES : NO,
        sizeE6: told.sizeCenti * 10_000,
        costMicros: told.sizeCenti * told.priceE4,
        feeMicros: told.sizeCenti,
        state,
      });
      const states: VenueFill['state'][] =
        venue === KALSHI
          ? ['final', 'final']
          : [
              'provisional',
              'provisional',
              failsOf(venue, told) ? 'failed' : 'final',
              'provisional',
            ];
      for (const state of states) {
        events.push({ rank: ranks(), run: (book) => book.filled(fill(state)) });
      }
    });
  }
  return events;
}

function outcomeOf([kalshi, polymarket]: readonly [TrueLeg, TrueLeg]): ArbOutcome {
  if (kalshi.reply === 'unknown' || polymarket.reply === 'unknown') return 'unknown';
  const filled = [filledE6(kalshi) > 0, filledE6(polymarket) > 0].filter(Boolean).length;
  return (['none-filled', 'one-legged', 'both-filled'] as const)[filled]!;
}

/** What the lists say of a leg that nobody answered for: its trades, without those that failed. */
function lookedUpOutcomeOf(fates: readonly [TrueLeg, TrueLeg]): ArbOutcome {
  const filled = ([KALSHI, POLYMARKET] as const).filter((venue) => {
    const fate = fates[venue]!;
    if (fate.reply !== 'unknown') return filledE6(fate) > 0;
    return tradesOf(fate).some((told) => !failsOf(venue, told));
  });
  return (['none-filled', 'one-legged', 'both-filled'] as const)[filled.length]!;
}

function expectAllCounted({ counts }: ArbBook): void {
  const { bothFilled, oneLegged, noneFilled, unknown, fired } = counts;
  expect(bothFilled + oneLegged + noneFilled + unknown).toBe(fired);
}

it('books every trade once and settles every arbitrage once, in whatever order it hears of them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(leg, leg), { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.nat(1_000_000)),
      // How soon a final leg is forgotten changes nothing, not even when reports of it go on coming.
      fc.constantFrom(0, 1, 3, 1_000),
      (arbs, random, keptLegs) => {
        const settled: ArbSettled[] = [];
        const states = new Map<string, LegState>();
        let booked = 0;
        const book = new ArbBook(
          [SAME, SAME],
          {
            ...NO_EVENTS,
            settled: (one) => settled.push(one),
            booked: ({ costMicros }, sign) => {
              booked += sign * costMicros;
            },
            legIs: ({ clientOrderId }, state) => states.set(clientOrderId, state),
          },
          keptLegs,
        );
        const ranks = () => random.next().value as number;
        const events = arbs.flatMap((fates, arbId) => eventsOf(arbId, fates, ranks));
        events.sort((a, b) => a.rank - b.rank);
        for (const { run } of events) run(book);

        expect(settled.map(({ arbId }) => arbId).sort()).toEqual(arbs.map((_, arbId) => arbId));
        for (const { arbId, outcome } of settled) {
          expect(outcome).toBe(outcomeOf(arbs[arbId]!));
        }
        expect(book.inFlight).toBe(0);
        expectAllCounted(book);

        const good = arbs.flatMap((fates) =>
          ([KALSHI, POLYMARKET] as const).flatMap((venue) =>
            tradesOf(fates[venue]!).filter((told) => !failsOf(venue, told)),
          ),
        );
        const totals = book.totals();
        expect(totals.costMicros).toBe(
          good.reduce((sum, { sizeCenti, priceE4 }) => sum + sizeCenti * priceE4, 0),
        );
        expect(totals.feeMicros[0] + totals.feeMicros[1]).toBe(
          good.reduce((sum, { sizeCenti }) => sum + sizeCenti, 0),
        );

        // Only what nobody answered for is left to be looked up; then nothing is, and nothing was lost by it.
        const left = book.unresolved();
        expect(left.every(({ reply }) => reply.kind === 'unknown')).toBe(true);
        settled.length = 0;
        for (const report of left) book.resolve(report);
        expect(book.unresolved()).toEqual([]);
        expect(book.unconfirmed()).toEqual([]);
        expect(book.totals()).toEqual(totals);

        // What was unknown settles a second time, as what it was; what was known does not.
        const unknown = arbs.flatMap((fates, arbId) =>
          outcomeOf(fates) === 'unknown' ? [arbId] : [],
        );
        expect(settled.map(({ arbId }) => arbId).sort()).toEqual(unknown);
        for (const { arbId, outcome } of settled) {
          expect(outcome).toBe(lookedUpOutcomeOf(arbs[arbId]!));
        }
        expect(book.counts.unknown).toBe(0);
        expectAllCounted(book);
        expect(booked).toBe(totals.costMicros);
        // Every leg has come to its end, unless it was forgotten before the last word on it.
        const open = ['intended', 'written', 'acknowledged', 'unknown', 'matched', 'mined'];
        if (keptLegs === 1_000) {
          for (const state of states.values()) expect(open).not.toContain(state);
        }
      },
    ),
    { numRuns: 500 },
  );
});

it('keeps one entry for a trade of an order that is not ours, however often the lists tell of it', () => {
  const book = new ArbBook([SAME], NO_EVENTS);
  const stranger: VenueFill = {
    venue: KALSHI,
    tradeId: 't',
    orderId: 'theirs',
    clientOrderId: undefined,
    market: 0,
    outcome: YES,
    sizeE6: 1_000_000,
    costMicros: 400_000,
    feeMicros: 1,
    state: 'final',
  };
  for (let look = 0; look < 20_000; look++) book.filled(stranger);
  expect(book.totals().costMicros).toBe(0);
  const fate: TrueLeg = {
    reply: 'acknowledged',
    trades: [{ sizeCenti: 100, priceE4: 4_000, fails: false }],
  };
  const report = reportOf(fate, 0, KALSHI);
  book.legReported({ ...report, reply: { ...report.reply, orderId: 'theirs' } as LegReply });
  expect(book.totals().costMicros).toBe(400_000);
});

const POLYMARKET_TRADE: TrueLeg = {
  reply: 'acknowledged',
  trades: [{ sizeCenti: 100, priceE4: 4_000, fails: false }],
};

function polymarketFill(arbId: number, state: VenueFill['state']): VenueFill {
  return {
    venue: POLYMARKET,
    tradeId: `trade-${arbId}`,
    orderId: orderIdOf(arbId, POLYMARKET),
    clientOrderId: undefined,
    market: arbId % 2,
    outcome: NO,
    sizeE6: 1_000_000,
    costMicros: 400_000,
    feeMicros: 0,
    state,
  };
}

it('forgets final legs, never one with a trade that may still fail', () => {
  const keptLegs = 2;
  const impossible: string[] = [];
  const events = { ...NO_EVENTS, impossible: () => impossible.push('confirmed and undone') };
  const book = new ArbBook([SAME, SAME], events, keptLegs);
  const legs = 6;
  for (let arbId = 0; arbId < legs; arbId++) {
    book.legReported(reportOf(POLYMARKET_TRADE, arbId, POLYMARKET));
    book.filled(polymarketFill(arbId, 'provisional'));
    if (arbId > 0) book.filled(polymarketFill(arbId, 'final'));
  }
  const costs = () => book.totals().costMicros / 400_000;
  expect(costs()).toBe(legs);
  expect(book.unconfirmed().map(({ arbId }) => arbId)).toEqual([0]);
  // A forgotten leg is beyond any report: its trade is neither booked again nor taken back.
  for (const state of ['provisional', 'final', 'failed'] as const) {
    book.filled(polymarketFill(1, state));
    expect(costs()).toBe(legs);
  }
  // Undone after it was confirmed, which cannot be: taken back all the same, and somebody is told.
  book.filled(polymarketFill(5, 'failed'));
  expect(costs()).toBe(legs - 1);
  expect(impossible).toEqual(['confirmed and undone']);
  book.filled(polymarketFill(0, 'failed'));
  expect(costs()).toBe(legs - 2);
  expect(book.unconfirmed()).toEqual([]);
});

it('books a fill that the lists told only after its leg was given up as not filled', () => {
  const book = new ArbBook([SAME, SAME], NO_EVENTS);
  const report = reportOf({ ...POLYMARKET_TRADE, reply: 'unknown' }, 0, POLYMARKET);
  book.legReported(report);
  book.resolve(report);
  expect(book.unresolved()).toEqual([]);
  book.filled(polymarketFill(0, 'final'));
  expect(book.totals().costMicros).toBe(400_000);
  expect(book.unresolved()).toEqual([]);
});

it('lets the oldest fills of strangers go rather than grow or break', () => {
  const book = new ArbBook([SAME, SAME], NO_EVENTS);
  const strangers = 10_500;
  for (let arbId = 0; arbId < strangers; arbId++) book.filled(polymarketFill(arbId, 'final'));
  for (const arbId of [0, strangers - 1]) {
    book.legReported(reportOf(POLYMARKET_TRADE, arbId, POLYMARKET));
  }
  expect(book.totals().costMicros).toBe(400_000);
  expect(book.unresolved().map(({ arbId }) => arbId)).toEqual([0]);
});

it('books at the end what filled for an executor that died before it could say so', () => {
  const book = new ArbBook([SAME, SAME], NO_EVENTS);
  book.decided(fired(1, 1));
  book.filled(polymarketFill(1, 'provisional'));
  // Of another pair, with nothing under way: a stranger's.
  book.filled(polymarketFill(2, 'final'));
  expect(book.totals().costMicros).toBe(0);
  book.adoptStrays();
  book.adoptStrays();
  expect(book.totals().costMicros).toBe(400_000);
});
