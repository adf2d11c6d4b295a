// Journals as an engine would leave them, made from random plans, with what a report of them must say counted while they are made:
// plainly, in BigInt, and without anything of the report.
import fc from 'fast-check';
import { kalshiFeeTable, polymarketFeeTable } from '../../src/domain/fee-table.js';
import { kalshiTradeFeeMicros } from '../../src/domain/kalshi-fee.js';
import { polymarketFillFeeMicros } from '../../src/domain/polymarket-fee.js';
import {
  createAskLevels,
  createSizedPair,
  type PairTerms,
  type SizedPair,
  sizePair,
} from '../../src/domain/sizing.js';
import {
  INVERTED,
  KALSHI,
  type Outcome,
  POLYMARKET,
  type Polarity,
  polymarketOutcome,
  SAME,
  VENUES,
  type Venue,
} from '../../src/domain/venue.js';
import type { JournalRecord } from '../../src/journal/records.js';

export const STARTED_MS = Date.UTC(2026, 8, 4, 12);
/** Names that a table must not break on. */
export const PAIRS = ['fed-december', 'rain, "heavy"\nin NYC', 'élections/été'] as const;
export const INVERTED_PAIR = 1;
const POLARITIES: readonly Polarity[] = [SAME, INVERTED, SAME];

type Level = readonly [priceE4: number, sizeCenti: number];

export interface Sizing {
  readonly kalshiAsks: readonly Level[];
  readonly polymarketAsks: readonly Level[];
  readonly terms: PairTerms;
  readonly limits: { maxSizeCenti: number; maxCostMicros: number; minNetMicros: number };
  readonly sized: Readonly<SizedPair>;
}

const asks = (most: number, gridE4: number) =>
  fc
    .tuple(
      fc.integer({ min: 100, max: most }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40_000 })), {
        minLength: 1,
        maxLength: 8,
      }),
    )
    .map(([first, levels]) => {
      let priceE4 = first - (first % gridE4);
      return levels.map(([step, sizeCenti], index): Level => {
        if (index > 0) priceE4 += step * gridE4;
        return [priceE4, sizeCenti];
      });
    });

/** Books that a detector would have decided on, sized by the engine's own search. */
export const sizings: fc.Arbitrary<Sizing> = fc
  .record({
    kalshiAsks: asks(5_000, 100),
    polymarketAsks: asks(4_500, 100),
    kalshiRate: fc.constantFrom(
      { numerator: 7, denominator: 100 },
      { numerator: 0, denominator: 1 },
    ),
    polymarketRate: fc.constantFrom(
      { numerator: 0, denominator: 1 },
      { numerator: 1, denominator: 20 },
    ),
    exponent: fc.constantFrom<1 | 2>(1, 2),
    minSizeCenti: fc.constantFrom(0, 500),
    limits: fc.record({
      maxSizeCenti: fc.constantFrom(1_000, 10_000, 1_000_000),
      maxCostMicros: fc.constantFrom(20_000_000, 500_000_000, 10 ** 10),
      minNetMicros: fc.constantFrom(1, 10_000),
    }),
  })
  .map((plan): Sizing => {
    const { kalshiAsks, polymarketAsks, kalshiRate, exponent, limits } = plan;
    const polymarketSchedule = { rate: plan.polymarketRate, exponent };
    const terms: PairTerms = {
      kalshiRate,
      kalshiFees: kalshiFeeTable(kalshiRate),
      polymarketSchedule,
      polymarketFees: polymarketFeeTable(polymarketSchedule),
      polymarketMinSizeCenti: plan.minSizeCenti,
    };
    const sized = createSizedPair();
    sizePair(terms, levelsOf(kalshiAsks), levelsOf(polymarketAsks), limits, sized);
    return { kalshiAsks, polymarketAsks, terms, limits, sized };
  })
  .filter(({ sized }) => sized.sizeCenti > 0);

function levelsOf(levels: readonly Level[]) {
  const asks = createAskLevels(levels.length);
  asks.count = levels.length;
  for (const [index, [priceE4, sizeCenti]] of levels.entries()) {
    asks.pricesE4[index] = priceE4;
    asks.sizesCenti[index] = sizeCenti;
  }
  return asks;
}

export interface DecisionPlan {
  readonly sizing: Sizing;
  readonly pair: number;
  readonly direction: Outcome;
}

type DecisionRecord = Extract<JournalRecord, { t: 'decision' }>;

export function decisionOf(
  { sizing, pair, direction }: DecisionPlan,
  made: { atMs: number; arb: string | null; decision: string; isNew: boolean; gate?: string },
): DecisionRecord {
  const { kalshiAsks, polymarketAsks, terms, limits, sized } = sizing;
  const { rate, exponent } = terms.polymarketSchedule;
  const theirs = polymarketOutcome(direction, POLARITIES[pair]!);
  const { gate, ...rest } = made;
  return {
    t: 'decision',
    ...rest,
    pair: PAIRS[pair]!,
    direction,
    sizeCenti: sized.sizeCenti,
    netMicros: sized.netMicros,
    inputs: {
      kalshiAsks: [...kalshiAsks],
      polymarketAsks: [...polymarketAsks],
      kalshiAskE4: kalshiAsks[0]![0],
      polymarketAskE4: polymarketAsks[0]![0],
      kalshiCostMicros: sized.kalshiCostMicros,
      polymarketCostMicros: sized.polymarketCostMicros,
      feeMicros: sized.feeMicros,
      kalshiFeeRate: `${terms.kalshiRate.numerator}/${terms.kalshiRate.denominator}`,
      polymarketFeeRate: `${rate.numerator}/${rate.denominator}^${exponent}`,
      kalshiLimitE4: sized.kalshiLimitE4,
      polymarketLimitE4: sized.polymarketLimitE4,
      limits,
      outcomes: { kalshi: OUTCOMES[direction], polymarket: OUTCOMES[theirs] },
      reservedMicros: [sized.kalshiCostMicros, sized.polymarketCostMicros],
      ...(gate === undefined ? {} : { gate }),
    },
  };
}

const OUTCOMES = ['yes', 'no'] as const;

type LegEnding = 'filled' | 'partly' | 'none' | 'rejected' | 'not-written' | 'unknown' | 'lost';

interface LegPlan {
  readonly ending: LegEnding;
  readonly parts: number;
  /** Paid less than was asked when it was decided. */
  readonly isCheaper: boolean;
  readonly isTwice: boolean;
  readonly isFinal: boolean;
  readonly isFailed: boolean;
}

const legs: fc.Arbitrary<LegPlan> = fc.record({
  ending: fc.oneof(
    { weight: 4, arbitrary: fc.constant<LegEnding>('filled') },
    {
      weight: 6,
      arbitrary: fc.constantFrom<LegEnding>(
        ...(['partly', 'none', 'rejected', 'not-written', 'unknown', 'lost'] as const),
      ),
    },
  ),
  parts: fc.integer({ min: 1, max: 3 }),
  isCheaper: fc.boolean(),
  isTwice: fc.boolean(),
  isFinal: fc.boolean(),
  isFailed: fc.constantFrom(false, false, false, true),
});

interface MadeOrder {
  readonly clientOrderId: string;
  readonly orderId: string;
  readonly outcome: Outcome;
  readonly limitE4: number;
  readonly spendMicros: number;
}

interface StretchPlan extends DecisionPlan {
  readonly refusals: readonly string[];
  readonly gate: string | undefined;
  readonly fired: readonly [LegPlan, LegPlan] | undefined;
  readonly evening: 'neutral' | 'abandoned' | 'open';
  readonly lossMicros: number;
  readonly tookMs: number;
}

const stretches: fc.Arbitrary<StretchPlan> = fc.record({
  sizing: sizings,
  pair: fc.nat(PAIRS.length - 1),
  direction: fc.constantFrom<Outcome>(0, 1),
  refusals: fc.array(fc.constantFrom('observing', 'held', 'no-funds-kalshi'), { maxLength: 2 }),
  gate: fc.constantFrom(undefined, 'daily-loss'),
  fired: fc.option(fc.tuple(legs, legs), { nil: undefined, freq: 4 }),
  evening: fc.constantFrom('neutral', 'neutral', 'abandoned', 'open'),
  lossMicros: fc.integer({ min: -1_000, max: 5_000_000 }),
  tookMs: fc.integer({ min: 1, max: 90_000 }),
});

/** What a report of the whole journal must say. */
export interface Truth {
  readonly arbs: Record<'fired' | 'both' | 'oneLegged' | 'none' | 'unknown' | 'open', number>;
  readonly entries: [number, number];
  readonly exits: [number, number];
  readonly fills: [number, number];
  readonly failed: [number, number];
  readonly contractsE6: [bigint, bigint];
  readonly costMicros: [bigint, bigint];
  readonly feeMicros: [bigint, bigint];
  expectedMicros: bigint;
  pnlMicros: bigint;
  /** Of entry fills, cost less the best ask and less the limit, in 1/10,000 micro. */
  readonly againstAsk: [bigint, bigint];
  readonly againstLimit: [bigint, bigint];
  readonly timesMs: number[];
  readonly lossesMicros: number[];
  readonly strays: Set<string>;
  /** Orders that have no end, or traded without a fill. */
  readonly orphanOrders: Set<string>;
  readonly missed: Map<string, { underrounds: number; netMicros: bigint }>;
}

export interface MadeJournal {
  readonly records: readonly JournalRecord[];
  readonly truth: Truth;
}

export const journals: fc.Arbitrary<MadeJournal> = fc
  .record({
    stretches: fc.array(stretches, { maxLength: 12 }),
    strays: fc.array(fc.integer({ min: 1, max: 10 ** 9 }), { maxLength: 2 }),
  })
  .map(({ stretches, strays }) => {
    const maker = new Maker();
    for (const stretch of stretches) maker.stretch(stretch);
    for (const sizeE6 of strays) maker.stray(sizeE6);
    return maker.made();
  });

class Maker {
  readonly #records: JournalRecord[] = [];
  readonly #truth: Truth = {
    arbs: { fired: 0, both: 0, oneLegged: 0, none: 0, unknown: 0, open: 0 },
    entries: [0, 0],
    exits: [0, 0],
    fills: [0, 0],
    failed: [0, 0],
    contractsE6: [0n, 0n],
    costMicros: [0n, 0n],
    feeMicros: [0n, 0n],
    expectedMicros: 0n,
    pnlMicros: 0n,
    againstAsk: [0n, 0n],
    againstLimit: [0n, 0n],
    timesMs: [],
    lossesMicros: [],
    strays: new Set(),
    orphanOrders: new Set(),
    missed: new Map(),
  };
  /** By pair: what it pays should Kalshi say yes, and should it say no. */
  readonly #payouts = PAIRS.map((): [bigint, bigint] => [0n, 0n]);
  #atMs = STARTED_MS;
  #count = 0;

  constructor() {
    this.#put({ t: 'run', atMs: this.#atMs, profile: 'sim', version: '0.1.0', config: {} });
  }

  made(): MadeJournal {
    const paid = this.#payouts.reduce((sum, [yes, no]) => sum + (yes < no ? yes : no), 0n);
    const { costMicros, feeMicros } = this.#truth;
    const spent = [...costMicros, ...feeMicros].reduce((sum, micros) => sum + micros, 0n);
    this.#truth.pnlMicros = paid - spent;
    return { records: this.#records, truth: this.#truth };
  }

  stretch(plan: StretchPlan): void {
    const { refusals, fired, gate, sizing } = plan;
    const words = fired === undefined && refusals.length === 0 ? ['stopped'] : refusals;
    for (const [index, decision] of words.entries()) {
      const made = { atMs: this.#now(), arb: null, decision, isNew: index === 0 };
      this.#put(decisionOf(plan, gate === undefined ? made : { ...made, gate }));
    }
    const net = BigInt(sizing.sized.netMicros);
    if (fired === undefined) {
      // All decisions of the stretch net the same: the first names the reason.
      this.#miss(gate === undefined ? words[0]! : `${words[0]}: ${gate}`, net);
      return;
    }
    const outcome = this.#fire(plan, fired, words.length === 0);
    if (outcome === 'none') this.#miss('nothing-filled', net);
  }

  stray(sizeE6: number): void {
    const tradeId = `stray-${++this.#count}`;
    this.#truth.strays.add(tradeId);
    this.#fill(KALSHI, 0, 0, tradeId, 'not-ours', null, sizeE6, Math.ceil(sizeE6 / 2), 'final');
  }

  #miss(reason: string, netMicros: bigint): void {
    const sum = this.#truth.missed.get(reason) ?? { underrounds: 0, netMicros: 0n };
    this.#truth.missed.set(reason, {
      underrounds: sum.underrounds + 1,
      netMicros: sum.netMicros + netMicros,
    });
  }

  #fire(plan: StretchPlan, fired: readonly [LegPlan, LegPlan], isNew: boolean): string {
    const { pair, direction, sizing } = plan;
    const arb = `r1.0.${++this.#count}`;
    this.#truth.arbs.fired++;
    this.#truth.expectedMicros += BigInt(sizing.sized.netMicros);
    this.#put(decisionOf(plan, { atMs: this.#now(), arb, decision: 'fired', isNew }));
    this.#arbIs(arb, pair, 'fired', {});
    const filled = VENUES.map((venue) => this.#leg(plan, arb, venue, fired[venue]));
    const outcome = outcomeOf(fired, filled as [bigint, bigint]);
    this.#truth.arbs[outcome]++;
    if (outcome === 'unknown') this.#arbIs(arb, pair, 'unknown', {});
    if (outcome === 'none') this.#arbIs(arb, pair, 'none', {});
    const isEnded = fired.every(({ ending }) => ending !== 'lost' && ending !== 'unknown');
    if (isEnded && outcome !== 'none') {
      if (filled[0] === filled[1]) this.#arbIs(arb, pair, 'matched', {});
      else this.#evenOut(plan, arb, direction);
    }
    return outcome;
  }

  #leg(plan: StretchPlan, arb: string, venue: Venue, leg: LegPlan): bigint {
    const { pair, direction, sizing } = plan;
    const { sized } = sizing;
    const clientOrderId = `ur${venue}-made-${++this.#count}`;
    const orderId =
      leg.ending === 'rejected' || leg.ending === 'not-written' ? null : `x${clientOrderId}`;
    const outcome = venue === KALSHI ? direction : polymarketOutcome(direction, POLARITIES[pair]!);
    const limitE4 = venue === KALSHI ? sized.kalshiLimitE4 : sized.polymarketLimitE4;
    const spendMicros = venue === KALSHI ? sized.kalshiCostMicros : sized.polymarketCostMicros;
    const [first, last] = STATES_OF[leg.ending];
    this.#put({
      t: 'order',
      atMs: this.#now(),
      clientOrderId,
      orderId,
      arb,
      role: 'entry',
      venue,
      pair: PAIRS[pair]!,
      outcome,
      sizeCenti: sized.sizeCenti,
      limitE4,
      spendMicros,
      state: first,
      reply: { kind: first },
      stampsNs: {
        receivedNs: 1_000,
        detectedNs: 13_300,
        dequeuedNs: 20_000,
        writtenNs: 51_000,
        answeredNs: 4_051_000,
      },
    });
    this.#truth.entries[venue]++;
    if (last !== first) {
      this.#put({
        t: 'order-state',
        atMs: this.#now(),
        clientOrderId,
        state: last,
        why: 'made',
        filledE6: null,
      });
    }
    if (leg.ending === 'lost' || leg.ending === 'unknown') {
      this.#truth.orphanOrders.add(clientOrderId);
      return 0n;
    }
    if (leg.ending !== 'filled' && leg.ending !== 'partly') return 0n;
    return this.#fillLeg(plan, leg, venue, {
      clientOrderId,
      orderId: orderId!,
      outcome,
      limitE4,
      spendMicros,
    });
  }

  #fillLeg({ pair, sizing }: StretchPlan, leg: LegPlan, venue: Venue, order: MadeOrder): bigint {
    const { clientOrderId, orderId, outcome, limitE4, spendMicros } = order;
    const wholeE6 = sizing.sized.sizeCenti * 10_000;
    const sizeE6 = leg.ending === 'filled' ? wholeE6 : Math.max(1, Math.floor(wholeE6 / 3));
    const askE4 = (venue === KALSHI ? sizing.kalshiAsks : sizing.polymarketAsks)[0]![0];
    let heldE6 = 0n;
    for (let part = 0; part < leg.parts; part++) {
      const partE6 = Math.floor(sizeE6 / leg.parts) + (part === 0 ? sizeE6 % leg.parts : 0);
      if (partE6 === 0) continue;
      const tradeId = `t${++this.#count}`;
      const isFailed = leg.isFailed && venue === POLYMARKET;
      const share = (BigInt(spendMicros) * BigInt(partE6)) / BigInt(wholeE6);
      const costMicros = Number(leg.isCheaper ? (share * 9n) / 10n : share);
      // Some fills know our id, some only the exchange's.
      const knownId = part % 2 === 0 ? clientOrderId : null;
      const put = (state: 'provisional' | 'final' | 'failed') =>
        this.#fill(venue, pair, outcome, tradeId, orderId, knownId, partE6, costMicros, state);
      put('provisional');
      if (leg.isTwice) put('provisional');
      if (leg.isFinal) put('final');
      if (isFailed) {
        put('failed');
        continue;
      }
      heldE6 += BigInt(partE6);
      const paid = BigInt(costMicros) * 10_000n;
      this.#truth.againstAsk[venue] += paid - BigInt(askE4) * BigInt(partE6);
      this.#truth.againstLimit[venue] += paid - BigInt(limitE4) * BigInt(partE6);
    }
    if (heldE6 === 0n) this.#truth.orphanOrders.add(clientOrderId);
    return heldE6;
  }

  /** Writes a report of a fill, and counts the trade as far as it is news. */
  #fill(
    venue: Venue,
    pair: number,
    outcome: Outcome,
    tradeId: string,
    orderId: string,
    clientOrderId: string | null,
    sizeE6: number,
    costMicros: number,
    state: 'provisional' | 'final' | 'failed',
  ): void {
    const priceE4 = Math.min(9_999, Math.floor((costMicros * 10_000) / sizeE6));
    const sizeCenti = Math.ceil(sizeE6 / 10_000);
    const feeMicros =
      venue === KALSHI
        ? kalshiTradeFeeMicros({ numerator: 7, denominator: 100 }, priceE4, sizeCenti)
        : polymarketFillFeeMicros(
            { rate: { numerator: 1, denominator: 20 }, exponent: 1 },
            priceE4,
            sizeE6,
          );
    this.#put({
      t: 'fill',
      atMs: this.#now(),
      venue,
      tradeId,
      orderId,
      clientOrderId,
      pair: PAIRS[pair]!,
      outcome,
      sizeE6,
      costMicros,
      feeMicros,
      state,
      source: 'stream',
    });
    this.#book(venue, pair, outcome, tradeId, { sizeE6, costMicros, feeMicros }, state);
  }

  readonly #booked = new Map<string, 'booked' | 'failed'>();

  #book(
    venue: Venue,
    pair: number,
    outcome: Outcome,
    tradeId: string,
    amounts: { sizeE6: number; costMicros: number; feeMicros: number },
    state: string,
  ): void {
    const before = this.#booked.get(tradeId);
    if (before === 'failed' || (before === 'booked' && state !== 'failed')) return;
    const sign = state === 'failed' ? -1n : 1n;
    this.#booked.set(tradeId, state === 'failed' ? 'failed' : 'booked');
    const { contractsE6, costMicros, feeMicros, fills, failed } = this.#truth;
    if (state === 'failed') failed[venue]++;
    fills[venue] += Number(sign);
    contractsE6[venue] += sign * BigInt(amounts.sizeE6);
    costMicros[venue] += sign * BigInt(amounts.costMicros);
    feeMicros[venue] += sign * BigInt(amounts.feeMicros);
    for (const answer of [0, 1] as const) {
      const winning = venue === KALSHI || POLARITIES[pair] === SAME ? answer : 1 - answer;
      if (outcome === winning) this.#payouts[pair]![answer] += sign * BigInt(amounts.sizeE6);
    }
  }

  #evenOut(
    { pair, evening, lossMicros, tookMs, sizing }: StretchPlan,
    arb: string,
    direction: Outcome,
  ): void {
    this.#arbIs(arb, pair, 'exposed', { exposureE6: 1_000_000 });
    if (evening === 'open') return;
    this.#atMs += tookMs;
    if (evening === 'abandoned') {
      this.#arbIs(arb, pair, 'abandoned', {});
      return;
    }
    const options = [
      { option: 'complete', venue: POLYMARKET, costMicros: 500_000, lossMicros: lossMicros + 1 },
      { option: 'unwind', venue: KALSHI, costMicros: 400_000, lossMicros },
    ];
    this.#arbIs(arb, pair, 'neutralising', { exposureE6: 1_000_000, options, chosen: 'unwind' });
    const clientOrderId = `ur0-exit-${++this.#count}`;
    const orderId = `x${clientOrderId}`;
    const outcome: Outcome = direction === 0 ? 1 : 0;
    this.#put({
      t: 'order',
      atMs: this.#now(),
      clientOrderId,
      orderId,
      arb,
      role: 'exit',
      venue: KALSHI,
      pair: PAIRS[pair]!,
      outcome,
      sizeCenti: 100,
      limitE4: sizing.sized.kalshiLimitE4,
      spendMicros: 500_000,
      state: 'filled',
      reply: { kind: 'acknowledged' },
      stampsNs: { dequeuedNs: 1_000, writtenNs: 2_000 },
    });
    this.#truth.exits[KALSHI]++;
    const costMicros = sizing.sized.kalshiLimitE4 * 100;
    this.#fill(
      KALSHI,
      pair,
      outcome,
      `t${++this.#count}`,
      orderId,
      clientOrderId,
      1_000_000,
      costMicros,
      'final',
    );
    this.#arbIs(arb, pair, 'neutral', { afterMs: tookMs, lossMicros });
    this.#truth.timesMs.push(tookMs);
    this.#truth.lossesMicros.push(lossMicros);
  }

  #arbIs(
    arb: string,
    pair: number,
    state: Extract<JournalRecord, { t: 'arb-state' }>['state'],
    facts: unknown,
  ): void {
    this.#put({
      t: 'arb-state',
      atMs: this.#now(),
      arb,
      pair: PAIRS[pair]!,
      state,
      why: 'made',
      facts,
    });
  }

  #now(): number {
    return ++this.#atMs;
  }

  #put(record: JournalRecord): void {
    this.#records.push(record);
  }
}

type OrderState = Extract<JournalRecord, { t: 'order' }>['state'];

/** As first put down, and in the end. */
const STATES_OF: Readonly<Record<LegEnding, readonly [OrderState, OrderState]>> = {
  filled: ['acknowledged', 'filled'],
  partly: ['acknowledged', 'partly'],
  none: ['acknowledged', 'none'],
  rejected: ['rejected', 'rejected'],
  'not-written': ['not-written', 'not-written'],
  unknown: ['unknown', 'unknown'],
  lost: ['written', 'written'],
};

function outcomeOf(
  fired: readonly [LegPlan, LegPlan],
  [kalshi, polymarket]: readonly [bigint, bigint],
): 'both' | 'oneLegged' | 'none' | 'unknown' | 'open' {
  if (kalshi > 0n && polymarket > 0n) return 'both';
  if (fired.some(({ ending }) => ending === 'unknown')) return 'unknown';
  if (fired.some(({ ending }) => ending === 'lost')) return 'open';
  return kalshi > 0n || polymarket > 0n ? 'oneLegged' : 'none';
}
