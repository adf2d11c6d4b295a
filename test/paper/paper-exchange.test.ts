import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { E6_PER_CENTI } from '../../src/domain/units.js';
import { KALSHI, NO, POLYMARKET, VENUES, type Venue, YES } from '../../src/domain/venue.js';
import type { Level, Shown } from '../../src/paper/ladder.js';
import {
  PaperExchange,
  type PaperMarket,
  type PaperOrder,
  type PaperRules,
} from '../../src/paper/paper-exchange.js';
import type { PaperRecord } from '../../src/paper/paper-records.js';
import type { MakerOp } from '../../src/sim/market/maker-op.js';
import { SimMatchingEngine } from '../../src/sim/market/matching-engine.js';
import type { LegReply, VenueFill } from '../../src/venues/orders.js';

const NS_PER_MS = 1_000_000;
const START = 1_000_000_000;
const NO_CHANCE = { rejectE4: 0, unknownE4: 0, ghostE4: 0, partialE4: 0 };
const RULES: PaperRules = {
  seed: 1,
  latencyMs: [10, 20],
  jitterMs: [0, 0],
  chances: NO_CHANCE,
  confirmMs: 1_000,
  cashMicros: [START, START],
};
const MARKET: PaperMarket = {
  name: 'pair',
  kalshiRate: ratio(7, 100),
  shard: 0,
  polymarketFees: { rate: ratio(1, 25), exponent: 1 },
  minSizeCenti: 500,
  takerDelay: false,
  isPaused: false,
};

/** An exchange with one market, its books by hand, and all that it says. */
class Rig {
  readonly exchange: PaperExchange;
  readonly replies = new Map<number, LegReply[]>();
  readonly fills: VenueFill[] = [];
  readonly records: PaperRecord[] = [];
  readonly books = new Map<string, Shown | undefined>();
  nowMs = 0;
  #tickets = 0;

  constructor(
    rules: Partial<PaperRules> = {},
    records: readonly PaperRecord[] = [],
    markets: readonly PaperMarket[] = [MARKET],
    shards = 1,
  ) {
    this.exchange = new PaperExchange(
      { ...RULES, ...rules },
      markets,
      shards,
      (venue, _market, outcome) => this.books.get(`${venue}${outcome}`),
      {
        recorded: (record) => this.records.push(record),
        replied: (_venue, ticket, reply) =>
          this.replies.set(ticket, [...(this.replies.get(ticket) ?? []), reply]),
        filled: (fill) => this.fills.push(fill),
        taken: () => undefined,
      },
    );
    this.exchange.restore(records);
  }

  show(venue: Venue, outcome: 0 | 1, levels: [priceE4: number, sizeCenti: number][] | undefined) {
    const shown = levels && {
      levels: levels.map(([priceE4, sizeCenti]) => ({ priceE4, sizeCenti })),
      isWhole: true,
    };
    this.books.set(`${venue}${outcome}`, shown);
    this.exchange.saw(venue, 0, outcome);
  }

  send(order: Partial<PaperOrder> = {}): number {
    const ticket = ++this.#tickets;
    const whole: PaperOrder = {
      venue: KALSHI,
      clientOrderId: `ours-${ticket}`,
      preparedId: '',
      market: 0,
      outcome: YES,
      sizeCenti: 1_000,
      limitE4: 4_000,
      spendMicros: (order.sizeCenti ?? 1_000) * (order.limitE4 ?? 4_000),
      ...order,
    };
    const then = this.books.get(`${whole.venue}${whole.outcome}`);
    this.exchange.submit(whole, then, this.nowMs * NS_PER_MS, ticket);
    return ticket;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.exchange.look(this.nowMs * NS_PER_MS, this.nowMs);
  }

  filled(ticket: number): number {
    const [reply] = this.replies.get(ticket) ?? [];
    return reply?.kind === 'acknowledged' ? reply.filledE6 / E6_PER_CENTI : -1;
  }
}

describe('the paper exchange', () => {
  it('answers after its latency, and not before', () => {
    const rig = new Rig();
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    const ticket = rig.send();
    rig.pass(9);
    expect(rig.replies.size).toBe(0);
    rig.pass(1);
    expect(rig.filled(ticket)).toBe(1_000);
  });

  it('fills at the worse of then and now, and counts no more than the lesser', () => {
    const rig = new Rig();
    rig.show(KALSHI, YES, [[3_900, 600]]);
    const worsened = rig.send();
    rig.show(KALSHI, YES, [[4_000, 500]]);
    rig.pass(10);
    expect(rig.filled(worsened)).toBe(500);
    expect(rig.fills.at(-1)?.costMicros).toBe(500 * 4_000);
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    const improved = rig.send();
    rig.show(KALSHI, YES, [[3_000, 5_000]]);
    rig.pass(10);
    // 500 of the 1,000 had been taken before.
    expect(rig.filled(improved)).toBe(500);
    expect(rig.fills.at(-1)?.costMicros).toBe(500 * 4_000);
  });

  it('fills nothing beyond what was there at any look between', () => {
    const rig = new Rig();
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    const ticket = rig.send();
    rig.show(KALSHI, YES, [[4_000, 10]]);
    rig.pass(5);
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    rig.pass(5);
    expect(rig.filled(ticket)).toBe(10);
  });

  it.each([
    ['when it was sent', true],
    ['when it arrives', false],
  ])('fills nothing on a book that is not trusted %s', (_, isThen) => {
    const rig = new Rig();
    rig.show(KALSHI, YES, isThen ? undefined : [[4_000, 1_000]]);
    const ticket = rig.send();
    rig.show(KALSHI, YES, isThen ? [[4_000, 1_000]] : undefined);
    rig.pass(10);
    expect(rig.filled(ticket)).toBe(0);
    expect(rig.exchange.cashMicros(KALSHI, 0)).toBe(START);
  });

  it('never sells twice what is still displayed, and sells what is new', () => {
    const rig = new Rig();
    const buy = () => {
      const ticket = rig.send();
      rig.pass(10);
      return rig.filled(ticket);
    };
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    expect(buy()).toBe(1_000);
    expect(buy()).toBe(0);
    rig.show(KALSHI, YES, undefined);
    rig.show(KALSHI, YES, [[4_000, 1_300]]);
    expect(buy()).toBe(300);
    rig.show(KALSHI, YES, []);
    rig.show(KALSHI, YES, [[4_000, 700]]);
    expect(buy()).toBe(700);
  });

  it('lets a Polymarket trade fail after it was told, and gives the money back', () => {
    const rig = new Rig({ chances: { ...NO_CHANCE, ghostE4: 10_000 } });
    rig.show(POLYMARKET, NO, [[4_000, 1_000]]);
    const ticket = rig.send({ venue: POLYMARKET, outcome: NO, preparedId: '0xhash' });
    rig.pass(20);
    expect(rig.filled(ticket)).toBe(1_000);
    expect(rig.exchange.heldE6(POLYMARKET, 0, NO)).toBe(10_000_000);
    rig.pass(1_000);
    expect(rig.fills.map(({ state }) => state)).toEqual(['provisional', 'failed']);
    expect(rig.exchange.heldE6(POLYMARKET, 0, NO)).toBe(0);
    expect(rig.exchange.cashMicros(POLYMARKET, 0)).toBe(START);
  });

  it('tells of an order whose reply is lost by its list alone', () => {
    const rig = new Rig({ chances: { ...NO_CHANCE, unknownE4: 10_000 } });
    let listed = 0;
    for (let count = 0; count < 20; count++) {
      rig.show(KALSHI, YES, []);
      rig.show(KALSHI, YES, [[4_000, 1_000]]);
      const ticket = rig.send();
      rig.pass(10);
      expect(rig.replies.get(ticket)).toBeUndefined();
      rig.pass(1_000);
      const own = rig.exchange.fills(KALSHI, 0, rig.nowMs);
      listed = own.length;
    }
    expect(rig.fills).toEqual([]);
    // By chance some were matched and some were not.
    expect(listed).toBeGreaterThan(0);
    expect(listed).toBeLessThan(20);
  });

  it('never gives an id twice, also when a run was cut short with orders on their way', () => {
    const rig = new Rig({ latencyMs: [10, 20], jitterMs: [40, 0] });
    for (let count = 0; count < 20; count++) rig.send({ clientOrderId: `first-${count}` });
    // Some have arrived, and not in the order in which they were sent.
    rig.pass(30);
    const arrived = rig.records.length;
    expect(arrived).toBeGreaterThan(0);
    expect(arrived).toBeLessThan(20);
    const again = new Rig({}, rig.records);
    for (let count = 0; count < 20; count++) again.send({ clientOrderId: `second-${count}` });
    again.pass(10);
    const ids = [...rig.records, ...again.records].flatMap((record) =>
      record.t === 'order' ? [record.orderId] : [],
    );
    expect(ids).toHaveLength(arrived + 20);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes no order on Kalshi while it is paused, and any on Polymarket', () => {
    const rig = new Rig({}, [], [{ ...MARKET, isPaused: true }]);
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    rig.show(POLYMARKET, YES, [[4_000, 1_000]]);
    const [paused, open] = [rig.send(), rig.send({ venue: POLYMARKET })];
    rig.pass(20);
    const reply = { kind: 'rejected', status: 409, reaction: 'rest-market' };
    expect(rig.replies.get(paused)).toMatchObject([reply]);
    expect(rig.filled(open)).toBe(1_000);
  });

  it('refuses less than the least size on Polymarket, though it is worth a dollar', () => {
    const rig = new Rig();
    rig.show(POLYMARKET, YES, [[5_000, 1_000]]);
    const small = rig.send({ venue: POLYMARKET, sizeCenti: 300, limitE4: 5_000 });
    rig.pass(20);
    const [reply] = rig.replies.get(small) ?? [];
    expect(reply).toMatchObject({ kind: 'rejected', reaction: 'rest-market' });
    expect(JSON.stringify(reply)).toContain('3 is lower than the minimum 5');
  });

  it.each([
    ['a shard is gone', 3, 1],
    ['shards are new', 1, 3],
  ])('has never more Kalshi money than is left when %s', (_what, before, after) => {
    const on = (shard: number): PaperMarket[] => [{ ...MARKET, shard }];
    const rig = new Rig({}, [], on(before - 1), before);
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    rig.send();
    rig.pass(10);
    const spent = rig.fills.reduce((sum, fill) => sum + fill.costMicros + fill.feeMicros, 0);
    expect(spent).toBeGreaterThan(4_000_000);
    const again = new Rig({}, rig.records, on(0), after);
    for (let shard = 0; shard < after; shard++) {
      expect(again.exchange.cashMicros(KALSHI, shard)).toBeLessThanOrEqual(START - spent);
    }
  });

  it('knows after a restart what it knew before', () => {
    const rig = new Rig();
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    rig.send({ sizeCenti: 400 });
    rig.pass(10);
    const again = new Rig({}, rig.records);
    expect(again.exchange.cashMicros(KALSHI, 0)).toBe(rig.exchange.cashMicros(KALSHI, 0));
    expect(again.exchange.fills(KALSHI, 0, 5_000)).toEqual(rig.exchange.fills(KALSHI, 0, 5_000));
    again.show(KALSHI, YES, [[4_000, 1_000]]);
    const ticket = again.send();
    again.pass(10);
    expect(again.filled(ticket)).toBe(600);
    const told = new Rig({}, [...rig.records, rig.exchange.takenRecord()]);
    expect(told.exchange.takenRecord()).toEqual(rig.exchange.takenRecord());
  });

  it('refuses what cannot be paid, and what is below a dollar on Polymarket', () => {
    const rig = new Rig({ cashMicros: [1_000_000, START] });
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    rig.show(POLYMARKET, YES, [[4_000, 1_000]]);
    const dear = rig.send();
    const small = rig.send({ venue: POLYMARKET, sizeCenti: 200 });
    rig.pass(20);
    expect(rig.replies.get(dear)).toMatchObject([{ kind: 'rejected' }]);
    expect(rig.replies.get(small)).toMatchObject([{ kind: 'rejected' }]);
  });
});

const price = fc.integer({ min: 40, max: 50 }).map((cents) => cents * 100);
const chance = fc.integer({ min: 0, max: 3_000 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      priceE4: price,
      size: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), nth: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      priceE4: price,
      size: fc.integer({ min: 3, max: 120 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 15 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('blind' as const) }) },
);

const CONTRACT_E6 = 1_000_000;

/** A maker's asks on a market that nobody takes from, and on one where all that paper claims to have bought is really bought. */
class TwoMarkets {
  readonly shown: SimMatchingEngine;
  readonly real: SimMatchingEngine;
  readonly #venue: Venue;
  readonly #resting: { id: number; priceE4: number; sizeE6: number }[] = [];
  #ids = 0;
  #buys = 0;

  constructor(venue: Venue) {
    this.#venue = venue;
    this.shown = new SimMatchingEngine({ venue, markets: 1, now: () => 0 });
    this.real = new SimMatchingEngine({ venue, markets: 1, now: () => 0 });
  }

  post(priceE4: number, size: number): void {
    const id = ++this.#ids;
    const sizeE6 = size * CONTRACT_E6;
    this.#resting.push({ id, priceE4, sizeE6 });
    this.#apply({ postId: id, cancelId: 0, priceE4, sizeE6 });
  }

  cancel(nth: number): void {
    const [order] = this.#resting.splice(nth % Math.max(1, this.#resting.length), 1);
    if (order === undefined) return;
    this.#apply({ postId: 0, cancelId: order.id, ...order });
  }

  displayed(): Level[] {
    return this.shown.asks(0).map(([priceE4, sizeE6]) => ({
      priceE4,
      sizeCenti: sizeE6 / E6_PER_CENTI,
    }));
  }

  buyReally(limitE4: number, sizeE6: number) {
    return this.real.buy({
      orderId: `buy-${++this.#buys}`,
      account: 'us',
      market: 0,
      outcome: YES,
      limitE4,
      sizeE6,
      spendMicros: Number.POSITIVE_INFINITY,
      timeInForce: 'ioc',
    });
  }

  #apply(op: Pick<MakerOp, 'postId' | 'cancelId' | 'priceE4' | 'sizeE6'>): void {
    const whole: MakerOp = { atUs: 0, venue: this.#venue, market: 0, side: 'ask', ...op };
    this.shown.apply(whole);
    this.real.apply(whole);
  }
}

function play(
  venue: Venue,
  rules: Partial<PaperRules>,
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
) {
  const rig = new Rig(rules);
  const markets = new TwoMarkets(venue);
  const limits = new Map<string, number>();
  let isBlind = false;
  let heard = 0;
  const show = () => {
    const levels = markets.displayed().map((l) => [l.priceE4, l.sizeCenti] as [number, number]);
    rig.books.set(
      `${venue}${YES}`,
      isBlind
        ? undefined
        : { levels: levels.map(([priceE4, sizeCenti]) => ({ priceE4, sizeCenti })), isWhole: true },
    );
  };
  const passed = (ms: number) => {
    show();
    rig.pass(ms);
    const orders = rig.records.slice(heard);
    heard = rig.records.length;
    for (const record of orders) {
      if (record.t !== 'order' || record.trades.length === 0) continue;
      const sizeE6 = record.trades.reduce((sum, trade) => sum + trade.sizeE6, 0);
      const costMicros = record.trades.reduce((sum, trade) => sum + trade.costMicros, 0);
      const limitE4 = limits.get(record.clientOrderId)!;
      const execution = markets.buyReally(limitE4, sizeE6);
      // A real market would have filled all of it, and for no more.
      expect(execution.filledE6).toBe(sizeE6);
      expect(execution.costMicros).toBeLessThanOrEqual(costMicros);
      expect(costMicros).toBeLessThanOrEqual((sizeE6 / E6_PER_CENTI) * limitE4);
    }
  };
  let tickets = 0;
  for (const each of steps) {
    if (each.do === 'post') markets.post(each.priceE4, each.size);
    else if (each.do === 'cancel') markets.cancel(each.nth);
    else if (each.do === 'blind') isBlind = !isBlind;
    else if (each.do === 'pass') passed(each.ms);
    else {
      show();
      const ticket = rig.send({ venue, sizeCenti: each.size * 100, limitE4: each.priceE4 });
      limits.set(`ours-${ticket}`, each.priceE4);
      tickets = ticket;
    }
  }
  passed(100);
  rig.exchange.settleAll();
  return { rig, tickets };
}

describe('whatever happens', () => {
  const scenario = fc.record({
    venue: fc.constantFrom(...VENUES),
    seed: fc.nat(1_000),
    chances: fc.record({ rejectE4: chance, unknownE4: chance, ghostE4: chance, partialE4: chance }),
    latency: fc.integer({ min: 0, max: 20 }),
    jitter: fc.integer({ min: 0, max: 10 }),
    steps: fc.array(step, { minLength: 10, maxLength: 120 }),
  });
  const rulesOf = ({
    seed,
    chances,
    latency,
    jitter,
  }: {
    seed: number;
    chances: PaperRules['chances'];
    latency: number;
    jitter: number;
  }) => ({
    seed,
    chances,
    latencyMs: [latency, latency] as const,
    jitterMs: [jitter, jitter] as const,
  });

  it('a real market would have filled as much, for no more', () => {
    fc.assert(
      fc.property(scenario, (each) => {
        play(each.venue, rulesOf(each), each.steps);
      }),
      { numRuns: 300 },
    );
  });

  it('each order has one reply unless it is lost, each trade one end, and no money is made', () => {
    fc.assert(
      fc.property(scenario, (each) => {
        const { rig, tickets } = play(each.venue, rulesOf(each), each.steps);
        const { exchange } = rig;
        for (let ticket = 1; ticket <= tickets; ticket++) {
          expect(rig.replies.get(ticket) ?? []).toHaveLength(isLost(rig, ticket) ? 0 : 1);
        }
        const listed = exchange.fills(each.venue, 0, Number.MAX_SAFE_INTEGER);
        expect(listed.every(({ state }) => state !== 'provisional')).toBe(true);
        const ends = rig.fills.filter(({ state }) => state !== 'provisional');
        expect(new Set(ends.map(({ tradeId }) => tradeId)).size).toBe(ends.length);
        const held = listed.filter(({ state }) => state === 'final');
        const spent = held.reduce((sum, fill) => sum + fill.costMicros + fill.feeMicros, 0);
        expect(exchange.cashMicros(each.venue, 0)).toBe(START - spent);
        const sizeE6 = held.reduce((sum, fill) => sum + fill.sizeE6, 0);
        expect(exchange.heldE6(each.venue, 0, YES)).toBe(sizeE6);
      }),
      { numRuns: 150 },
    );
  });

  it('the same seed and the same market give the same result', () => {
    fc.assert(
      fc.property(scenario, (each) => {
        const [a, b] = [0, 1].map(() => play(each.venue, rulesOf(each), each.steps).rig);
        expect(a!.records).toEqual(b!.records);
        const again = new Rig(rulesOf(each), a!.records);
        expect(again.exchange.cashMicros(each.venue, 0)).toBe(
          a!.exchange.cashMicros(each.venue, 0),
        );
      }),
      { numRuns: 50 },
    );
  });

  /** By the record that it left; the rig numbers tickets and client order ids alike. */
  function isLost(rig: Rig, ticket: number): boolean {
    return rig.records.some(
      (record) =>
        record.t === 'order' &&
        record.clientOrderId === `ours-${ticket}` &&
        record.reply === 'unknown',
    );
  }

  it('Kalshi pays a dollar back for both outcomes of one market', () => {
    const rig = new Rig();
    rig.show(KALSHI, YES, [[4_000, 1_000]]);
    rig.show(KALSHI, NO, [[5_000, 1_000]]);
    rig.send();
    rig.send({ outcome: NO, limitE4: 5_000 });
    rig.pass(10);
    const fees = rig.fills.reduce((sum, { feeMicros }) => sum + feeMicros, 0);
    expect(rig.exchange.cashMicros(KALSHI, 0)).toBe(START - 9_000_000 - fees + 10_000_000);
    expect(rig.exchange.heldE6(KALSHI, 0, YES)).toBe(0);
  });
});
