import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KALSHI, NO, type Outcome, YES } from '../../../src/domain/venue.js';
import type { BookEvent, BuyOrder, Levels } from '../../../src/sim/exchange.js';
import { SimMatchingEngine } from '../../../src/sim/market/matching-engine.js';

// The model: a flat list of orders, sorted anew for every order that comes in; sums in BigInt.
interface ModelOrder {
  readonly id: string;
  readonly account: string | undefined;
  readonly outcome: Outcome;
  readonly limitE4: number;
  readonly arrival: number;
  sizeE6: number;
}

class Model {
  orders: ModelOrder[] = [];
  #arrivals = 0;

  buy(order: Omit<BuyOrder, 'account' | 'market'> & { account: string | undefined }) {
    const against = this.orders
      .filter((one) => one.outcome !== order.outcome && 10_000 - one.limitE4 <= order.limitE4)
      .sort((a, b) => b.limitE4 - a.limitE4 || a.arrival - b.arrival);
    const fills: [id: string, priceE4: number, sizeE6: number, costMicros: number][] = [];
    let wantedE6 = order.sizeE6;
    let money = order.spendMicros;
    let whole = false;
    let own = false;
    for (const maker of against) {
      if (maker.account !== undefined && maker.account === order.account) {
        own = true;
        break;
      }
      const priceE4 = 10_000 - maker.limitE4;
      const payable =
        money === Number.POSITIVE_INFINITY
          ? money
          : Number((BigInt(money) * 10_000n) / BigInt(priceE4));
      const sizeE6 = Math.min(wantedE6, maker.sizeE6, payable);
      const cost = sizeE6 === 0 ? 0 : Number((BigInt(priceE4) * BigInt(sizeE6) + 9_999n) / 10_000n);
      if (sizeE6 > 0) fills.push([maker.id, priceE4, sizeE6, cost]);
      wantedE6 -= sizeE6;
      money -= cost;
      whole = wantedE6 === 0 || sizeE6 === payable;
      if (whole) break;
    }
    const kept = order.timeInForce === 'fok' && !whole ? [] : fills;
    for (const [id, , sizeE6] of kept) {
      const maker = this.orders.find((one) => one.id === id)!;
      maker.sizeE6 -= sizeE6;
    }
    this.orders = this.orders.filter(({ sizeE6 }) => sizeE6 > 0);
    const rests = order.timeInForce === 'gtc' && !whole && !own;
    if (rests) {
      this.orders.push({
        id: order.orderId,
        account: order.account,
        outcome: order.outcome,
        limitE4: order.limitE4,
        arrival: this.#arrivals++,
        sizeE6: wantedE6,
      });
    }
    return { fills: kept, restingE6: rests ? wantedE6 : 0 };
  }

  cancel(id: string): number | undefined {
    const found = this.orders.find((one) => one.id === id);
    this.orders = this.orders.filter((one) => one !== found);
    return found?.sizeE6;
  }

  levels(outcome: Outcome): Levels {
    const sums = new Map<number, number>();
    for (const one of this.orders) {
      if (one.outcome !== outcome) continue;
      const priceE4 = outcome === YES ? one.limitE4 : 10_000 - one.limitE4;
      sums.set(priceE4, (sums.get(priceE4) ?? 0) + one.sizeE6);
    }
    const sign = outcome === YES ? -1 : 1;
    return [...sums].sort((a, b) => sign * (a[0] - b[0]));
  }
}

const price = fc.integer({ min: 30, max: 70 }).map((cents) => cents * 100);
const size = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((contracts) => contracts * 1_000_000),
  fc.integer({ min: 1, max: 3_000_000 }),
);
const outcome = fc.constantFrom<Outcome>(YES, NO);
const buyCommand = fc.record({
  kind: fc.constant('buy' as const),
  account: fc.constantFrom('ann', 'bob'),
  outcome,
  limitE4: price,
  sizeE6: size,
  spendMicros: fc.oneof(
    fc.constant(Number.POSITIVE_INFINITY),
    fc.integer({ min: 1, max: 20_000_000 }),
  ),
  timeInForce: fc.constantFrom('ioc' as const, 'fok' as const, 'gtc' as const),
});
const makeCommand = fc.record({
  kind: fc.constant('make' as const),
  outcome,
  priceE4: price,
  sizeE6: size,
  replaces: fc.integer({ min: 0, max: 30 }),
});
const cancelCommand = fc.record({
  kind: fc.constant('cancel' as const),
  victim: fc.integer({ min: 0, max: 60 }),
});
const commands = fc.array(fc.oneof(makeCommand, buyCommand, cancelCommand), { maxLength: 60 });

function setUp() {
  const engine = new SimMatchingEngine({ venue: KALSHI, markets: 1, now: () => 1 });
  const events: BookEvent[] = [];
  engine.onBookEvent((event) => events.push(event));
  return { engine, events, model: new Model() };
}

/** What a client that only hears the events believes the book to be. */
function follow(events: readonly BookEvent[]): {
  bid: Map<number, number>;
  ask: Map<number, number>;
} {
  const book = { bid: new Map<number, number>(), ask: new Map<number, number>() };
  for (const { changes } of events) {
    for (const { side, priceE4, sizeE6, deltaE6 } of changes) {
      expect((book[side].get(priceE4) ?? 0) + deltaE6).toBe(sizeE6);
      if (sizeE6 === 0) book[side].delete(priceE4);
      else book[side].set(priceE4, sizeE6);
    }
  }
  return book;
}

describe('matching engine', () => {
  it('fills, rests and cancels as a list of orders sorted by price and time would', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const { engine, events, model } = setUp();
        let ids = 0;
        const placed: string[] = [];
        for (const command of list) {
          if (command.kind === 'cancel') {
            const id = placed[command.victim % Math.max(1, placed.length)] ?? 'none';
            expect(engine.cancel(id)).toBe(model.cancel(id));
          } else if (command.kind === 'make') {
            const postId = ++ids;
            const { replaces: cancelId, priceE4, sizeE6 } = command;
            const side = command.outcome === YES ? 'bid' : 'ask';
            if (cancelId !== 0) model.cancel(`maker-0-${cancelId}`);
            engine.apply({
              atUs: 0,
              venue: KALSHI,
              market: 0,
              cancelId,
              postId,
              side,
              priceE4,
              sizeE6,
            });
            const limitE4 = command.outcome === YES ? priceE4 : 10_000 - priceE4;
            model.buy({
              orderId: `maker-0-${postId}`,
              account: undefined,
              outcome: command.outcome,
              limitE4,
              sizeE6,
              spendMicros: Number.POSITIVE_INFINITY,
              timeInForce: 'gtc',
            });
            placed.push(`maker-0-${postId}`);
          } else {
            const { kind: _, ...terms } = command;
            const order = { ...terms, orderId: `order-${++ids}` };
            const got = engine.buy({ ...order, market: 0 });
            const expected = model.buy(order);
            expect(
              got.fills.map((f) => [f.makerOrderId, f.priceE4, f.sizeE6, f.costMicros]),
            ).toEqual(expected.fills);
            expect(got.restingE6).toBe(expected.restingE6);
            expect(got.filledE6).toBe(expected.fills.reduce((sum, [, , e6]) => sum + e6, 0));
            expect(got.costMicros).toBeLessThanOrEqual(order.spendMicros);
            placed.push(order.orderId);
          }
          const bids = engine.bids(0);
          const asks = engine.asks(0);
          expect(bids).toEqual(model.levels(YES));
          expect(asks).toEqual(model.levels(NO));
        }
        const followed = follow(events);
        expect([...followed.bid].sort((a, b) => b[0] - a[0])).toEqual(engine.bids(0));
        expect([...followed.ask].sort((a, b) => a[0] - b[0])).toEqual(engine.asks(0));
      }),
      { numRuns: 400 },
    );
  });

  it('is never crossed after an event unless an account would trade with itself', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(makeCommand, buyCommand), { maxLength: 60 }), (list) => {
        const { engine, events } = setUp();
        list.forEach((command, index) => {
          if (command.kind === 'make') {
            const side = command.outcome === YES ? 'bid' : 'ask';
            const { priceE4, sizeE6, replaces: cancelId } = command;
            engine.apply({
              atUs: 0,
              venue: KALSHI,
              market: 0,
              cancelId,
              postId: index + 1,
              side,
              priceE4,
              sizeE6,
            });
          } else {
            const { kind: _, ...terms } = command;
            engine.buy({ ...terms, orderId: `order-${index}`, market: 0 });
          }
          const bidE4 = engine.bids(0)[0]?.[0] ?? 0;
          const askE4 = engine.asks(0)[0]?.[0] ?? 10_000;
          expect(bidE4).toBeLessThan(askE4);
        });
        for (const { trades, changes } of events) {
          const traded = trades.reduce((sum, { sizeE6 }) => sum + sizeE6, 0);
          const taken = changes.slice(0, trades.length + 1).filter(({ deltaE6 }) => deltaE6 < 0);
          expect(taken.reduce((sum, { deltaE6 }) => sum - deltaE6, 0)).toBeGreaterThanOrEqual(
            traded,
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it('shows a resize by cancel and post as one change', () => {
    const { engine, events } = setUp();
    const op = { atUs: 0, venue: KALSHI, market: 0, side: 'bid', priceE4: 4_000 } as const;
    engine.apply({ ...op, cancelId: 0, postId: 1, sizeE6: 5_000_000 });
    engine.apply({ ...op, cancelId: 1, postId: 2, sizeE6: 3_000_000 });
    engine.apply({ ...op, cancelId: 2, postId: 3, sizeE6: 3_000_000 });
    expect(events.map(({ changes }) => changes)).toEqual([
      [{ side: 'bid', priceE4: 4_000, sizeE6: 5_000_000, deltaE6: 5_000_000 }],
      [{ side: 'bid', priceE4: 4_000, sizeE6: 3_000_000, deltaE6: -2_000_000 }],
    ]);
  });

  it('refuses orders that no exchange would take', () => {
    const { engine } = setUp();
    const good: BuyOrder = {
      orderId: 'a',
      account: 'ann',
      market: 0,
      outcome: YES,
      limitE4: 5_000,
      sizeE6: 1_000_000,
      spendMicros: Number.POSITIVE_INFINITY,
      timeInForce: 'gtc',
    };
    for (const limitE4 of [-100, 0, 0.5, 10_000]) {
      expect(() => engine.buy({ ...good, limitE4 })).toThrow(RangeError);
    }
    expect(() => engine.buy({ ...good, sizeE6: 0 })).toThrow(RangeError);
    expect(() => engine.buy({ ...good, sizeE6: Number.POSITIVE_INFINITY })).toThrow(RangeError);
    expect(() => engine.buy({ ...good, spendMicros: 0.5 })).toThrow(RangeError);
    expect(() => engine.buy({ ...good, market: 7 })).toThrow(RangeError);
    engine.buy(good);
    expect(() => engine.buy(good)).toThrow(/already rests/);
  });
});
