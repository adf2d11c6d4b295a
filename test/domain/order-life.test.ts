import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ARB_TRANSITIONS,
  type ArbEvent,
  ArbLife,
  type ArbState,
  IllegalTransition,
  LEG_TRANSITIONS,
  type LegEvent,
  LegLife,
  type LegState,
} from '../../src/domain/order-life.js';
import { KALSHI, POLYMARKET, VENUES, type Venue } from '../../src/domain/venue.js';

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface Machine {
  readonly name: string;
  readonly table: Table;
  readonly start: string;
  create(): { state: string; isFinal: boolean; apply(event: string): string };
}

const asMachine = (life: LegLife | ArbLife) => life as ReturnType<Machine['create']>;
const MACHINES: readonly Machine[] = [
  ...VENUES.map((venue) => ({
    name: `leg on exchange ${venue}`,
    table: LEG_TRANSITIONS[venue] as Table,
    start: 'intended',
    create: () => asMachine(new LegLife(venue)),
  })),
  {
    name: 'arbitrage',
    table: ARB_TRANSITIONS as Table,
    start: 'fired',
    create: () => asMachine(new ArbLife()),
  },
];

const EVENTS = [
  ...new Set(
    MACHINES.flatMap(({ table }) => Object.values(table).flatMap((row) => Object.keys(row))),
  ),
];

/** Every state that can be come to from one, with a shortest way of events to it. */
function reachable(table: Table, from: string): Map<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[from, []]]);
  // A Map is walked in the order of insertion, additions included: breadth first.
  for (const [state, way] of ways) {
    for (const [event, next] of Object.entries(table[state] ?? {})) {
      if (!ways.has(next)) ways.set(next, [...way, event]);
    }
  }
  return ways;
}

function at(machine: Machine, way: readonly string[]) {
  const life = machine.create();
  for (const event of way) life.apply(event);
  return life;
}

const nextOf = (table: Table, state: string) => new Set(Object.values(table[state] ?? {}));

describe.each(MACHINES)('$name', (machine) => {
  const { table, start } = machine;

  test('can come from every state that it can be in to a final one', () => {
    for (const [state, way] of reachable(table, start)) {
      const ends = [...reachable(table, state).values()];
      expect(
        ends.some((further) => at(machine, [...way, ...further]).isFinal),
        state,
      ).toBe(true);
    }
  });

  test('follows its table, refuses everything else, and stays where it was then', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 60 }), (events) => {
        const life = machine.create();
        for (const event of events) {
          const from = life.state;
          const next = table[from]?.[event];
          if (next === undefined) {
            expect(() => life.apply(event)).toThrow(
              expect.objectContaining({ code: 'ILLEGAL_TRANSITION', from, event }),
            );
            expect(life.state).toBe(from);
          } else {
            expect(life.apply(event)).toBe(next);
            expect(life.state).toBe(next);
          }
        }
      }),
    );
    expect(() => machine.create().apply('settled')).toThrow(IllegalTransition);
  });

  test('takes news again and is where it was', () => {
    for (const row of Object.values(table)) {
      for (const [event, next] of Object.entries(row)) {
        // A refusal of an order whose fate was unknown tells that nothing was filled: it is not told twice.
        if (event === 'rejected' && next === 'none') continue;
        expect(table[next]?.[event], `${event} again in ${next}`).toBe(next);
      }
    }
  });
});

describe('leg', () => {
  const [kalshi, polymarket] = LEG_TRANSITIONS as unknown as readonly [Table, Table];

  test('is written once: nothing leads back to before the write', () => {
    for (const table of [kalshi, polymarket]) {
      for (const state of Object.keys(table)) {
        if (state !== 'intended') expect(nextOf(table, state)).not.toContain('intended');
        const isBefore = state === 'intended' || state === 'written';
        if (!isBefore) expect(nextOf(table, state)).not.toContain('written');
      }
      for (const end of ['not-written', 'rejected', 'settled']) {
        expect(nextOf(table, end)).toEqual(new Set([end]));
      }
    }
  });

  test('that is unknown becomes what was filled, and nothing else', () => {
    for (const table of [kalshi, polymarket]) {
      expect(nextOf(table, 'unknown')).toEqual(new Set(['unknown', 'filled', 'partly', 'none']));
    }
  });

  test('that is confirmed cannot fail, and one that failed cannot be confirmed, but for a trade told late', () => {
    for (const [state, other] of [
      ['confirmed', 'failed'],
      ['failed', 'confirmed'],
    ] as const) {
      expect(nextOf(polymarket, state)).not.toContain(other);
      const leaving = Object.entries(polymarket[state]!).filter(([, next]) => next !== state);
      expect(leaving).toEqual([
        ['fill', 'matched'],
        ['settled', 'settled'],
      ]);
    }
    expect(nextOf(polymarket, 'mined')).toEqual(
      new Set(['mined', 'matched', 'confirmed', 'failed']),
    );
  });

  test('that is sent to the chain again is mined again', () => {
    const life = new LegLife(POLYMARKET);
    const news = ['written', 'acknowledged', 'filled', 'mined', 'retrying', 'mined', 'confirmed'];
    const states = news.map((event) => life.apply(event as LegEvent));
    expect(states.slice(3)).toEqual(['mined', 'matched', 'mined', 'confirmed']);
  });

  test('hears nothing of a chain on Kalshi', () => {
    const ways = reachable(kalshi, 'intended');
    for (const state of ['matched', 'mined', 'confirmed', 'failed']) {
      expect([...ways.keys()]).not.toContain(state);
    }
    for (const way of ways.values()) {
      for (const event of ['matched', 'mined', 'retrying', 'confirmed', 'failed']) {
        expect(() => at(MACHINES[KALSHI]!, [...way, event])).toThrow(IllegalTransition);
      }
    }
  });
});

type Status = 'matched' | 'mined' | 'retrying' | 'confirmed' | 'failed';

/** One order as its exchange had it. Trades are of one contract each. */
interface Order {
  readonly venue: Venue;
  readonly reply: 'acknowledged' | 'rejected' | 'lost' | 'not-written' | 'killed';
  readonly sizeContracts: number;
  /** By trade: what the exchange said of it, in order. */
  readonly trades: readonly (readonly Status[])[];
}

type News =
  | { readonly kind: 'written' | 'reply' }
  | { readonly kind: 'trade'; readonly trade: number; readonly status: Status }
  /** The lists, read after the order's end; they lag, and may leave out the youngest trades. */
  | { readonly kind: 'lists'; readonly trades: number };

const chain = fc
  .tuple(
    fc.array(fc.constantFrom<Status>('mined', 'retrying'), { maxLength: 3 }),
    fc.constantFrom<Status>('confirmed', 'confirmed', 'failed'),
  )
  .map(([between, end]): Status[] => ['matched', ...between, end]);

const orders: fc.Arbitrary<Order> = fc
  .record({
    venue: fc.constantFrom<Venue>(KALSHI, POLYMARKET),
    reply: fc.constantFrom<Order['reply']>(
      'acknowledged',
      'lost',
      'killed',
      'rejected',
      'not-written',
    ),
    unfilled: fc.nat(2),
    trades: fc.array(chain, { maxLength: 3 }),
  })
  .map(({ venue, reply, unfilled, trades: chains }) => {
    const isRefused = reply === 'rejected' || reply === 'not-written';
    const trades = isRefused ? [] : chains;
    return { venue, reply, trades, sizeContracts: Math.max(1, trades.length + unfilled) };
  });

/** All that is heard of an order: delayed, doubled, and the streams out of step with reply and lists. */
const histories = orders.chain((order) => {
  const said: News[] = order.trades.flatMap((statuses, trade) =>
    (order.venue === KALSHI ? statuses.slice(-1) : statuses).map((status) => {
      return { kind: 'trade' as const, trade, status };
    }),
  );
  const lists = order.trades.map((_, trades): News => ({ kind: 'lists', trades }));
  const all: News[] = [...said, ...said, ...lists];
  return fc
    .record({
      all: fc.shuffledSubarray(all, { minLength: Math.ceil(all.length / 2) }),
      writtenAt: fc.nat(3),
      replyAfter: fc.nat(6),
    })
    .map(({ all: heard, writtenAt, replyAfter }) => {
      const news: News[] = [...heard];
      if (order.reply !== 'not-written' && order.reply !== 'killed') {
        news.splice(writtenAt, 0, { kind: 'written' });
      }
      news.splice(writtenAt + 1 + replyAfter, 0, { kind: 'reply' });
      // In the end somebody looks, and the lists have everything.
      news.push({ kind: 'lists', trades: order.trades.length });
      for (const [trade, statuses] of order.trades.entries()) {
        news.push({ kind: 'trade', trade, status: statuses.at(-1)! });
      }
      return { order, news };
    });
});

/** Tells a LegLife what news means, by the rules of LegEvent. */
class Follower {
  readonly life: LegLife;
  readonly #order: Order;
  readonly #trades = new Map<number, Status>();
  #amount: number | undefined;
  #hasReply = false;

  constructor(order: Order) {
    this.#order = order;
    this.life = new LegLife(order.venue);
  }

  hear(news: News): void {
    switch (news.kind) {
      case 'written':
        this.life.apply('written');
        break;
      case 'reply':
        this.#reply();
        break;
      case 'trade':
        this.#trade(news.trade, news.status);
        break;
      case 'lists':
        for (let trade = 0; trade < news.trades; trade++) this.#trade(trade, 'matched');
        if (this.#hasReply && this.#amount === undefined) this.#amountIs(this.#trades.size);
        break;
      default:
        news satisfies never;
    }
    const isComplete = this.#amount === this.#trades.size && this.#trades.size > 0;
    if (isComplete && this.#order.venue === POLYMARKET) this.life.apply(this.#chain());
  }

  #reply(): void {
    const { reply, trades } = this.#order;
    this.#hasReply = true;
    this.life.apply(reply === 'killed' ? 'lost' : reply);
    if (reply === 'acknowledged') this.#amountIs(trades.length);
    if (reply === 'rejected' || reply === 'not-written') this.#amountIs(0);
  }

  #amountIs(contracts: number): void {
    this.#amount = contracts;
    const isWhole = contracts === this.#order.sizeContracts;
    this.life.apply(contracts === 0 ? 'none' : isWhole ? 'filled' : 'partly');
  }

  #trade(trade: number, status: Status): void {
    const before = this.#trades.get(trade);
    if (before === 'confirmed' || before === 'failed') return;
    this.#trades.set(trade, status);
    if (before !== undefined) return;
    this.life.apply('fill');
    if (this.#trades.size === this.#order.sizeContracts) this.life.apply('filled');
    // The lists had left it out.
    if (this.#amount !== undefined && this.#amount < this.#trades.size) this.#amount++;
  }

  #chain(): Status {
    const statuses = [...this.#trades.values()];
    for (const behind of ['retrying', 'matched', 'mined'] as const) {
      if (statuses.includes(behind)) return behind;
    }
    return statuses.includes('failed') ? 'failed' : 'confirmed';
  }
}

function endOf({ venue, reply, trades, sizeContracts }: Order): LegState {
  if (reply === 'rejected' || reply === 'not-written') return reply;
  if (trades.length === 0) return 'none';
  if (venue === KALSHI) return trades.length === sizeContracts ? 'filled' : 'partly';
  return trades.some((statuses) => statuses.at(-1) === 'failed') ? 'failed' : 'confirmed';
}

test('a leg of which everything was heard in the end is what its order was', () => {
  const seen = new Set<LegState>();
  fc.assert(
    fc.property(histories, ({ order, news }) => {
      const follower = new Follower(order);
      for (const one of news) follower.hear(one);
      const end = endOf(order);
      expect(follower.life.state).toBe(end);
      expect(follower.life.isFinal).toBe(true);
      seen.add(end);
      if (['rejected', 'not-written', 'none'].includes(end)) return;
      expect(follower.life.apply('settled')).toBe('settled');
    }),
    { numRuns: 3_000 },
  );
  expect(seen.size).toBe(7);
});

test('a refusal of what was filled is impossible, and so is a fill of what was refused', () => {
  const ways: readonly (readonly LegEvent[])[] = [
    ['written', 'fill', 'rejected'],
    ['written', 'filled', 'rejected'],
    ['written', 'rejected', 'fill'],
    ['not-written', 'fill'],
    ['fill', 'not-written'],
    ['written', 'acknowledged', 'filled', 'none'],
  ];
  for (const venue of VENUES) {
    for (const way of ways) {
      const life = new LegLife(venue);
      for (const event of way.slice(0, -1)) life.apply(event);
      const event = way.at(-1)!;
      expect(() => life.apply(event)).toThrow(`from=${life.state} event=${event}`);
    }
  }
});

/** What happens to an arbitrage of so many contracts, step by step. */
type Step =
  | { readonly kind: 'ghost' | 'late'; readonly leg: 0 | 1 }
  | { readonly kind: 'exit'; readonly fills: number; readonly isLost: boolean }
  | { readonly kind: 'budget' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('ghost' as const, 'late' as const),
      leg: fc.constantFrom(0 as const, 1 as const),
    }),
    fc.record({ kind: fc.constant('exit' as const), fills: fc.nat(5), isLost: fc.boolean() }),
    fc.record({ kind: fc.constant('budget' as const) }),
  ),
  { maxLength: 20 },
);

test('nothing more is tried for an arbitrage that was abandoned', () => {
  const { abandoned } = ARB_TRANSITIONS;
  expect(new Set(Object.values(abandoned))).toEqual(
    new Set(['abandoned', 'none', 'neutral', 'settled']),
  );
});

test('an arbitrage whose legs do not match is being evened out, or somebody was called', () => {
  const seen = new Set<ArbState>();
  const first = fc.record({ held: fc.tuple(fc.nat(5), fc.nat(5)), isLost: fc.boolean() });
  fc.assert(
    fc.property(first, steps, fc.boolean(), ({ held: filled, isLost }, later, isSettled) => {
      const held: [number, number] = [...filled];
      const life = new ArbLife();
      const apply = (event: ArbEvent) => seen.add(life.apply(event));
      const known = () => {
        apply(held[0] === held[1] ? 'even' : 'uneven');
        const isNaked = held[0] !== held[1];
        expect(isNaked).toBe(['exposed', 'neutralising', 'abandoned'].includes(life.state));
      };
      if (isLost) apply('lost');
      if (held[0] + held[1] === 0) apply('none');
      else known();
      const exit = (fills: number, isExitLost: boolean) => {
        apply('exit-sent');
        if (isExitLost) apply('lost');
        const light = held[0] < held[1] ? 0 : 1;
        held[light] += Math.min(fills, Math.abs(held[0] - held[1]));
        known();
      };
      for (const step of later) {
        if (step.kind === 'ghost' && held[step.leg] > 0) {
          held[step.leg]--;
          known();
        } else if (step.kind === 'late') {
          held[step.leg]++;
          known();
        } else if (step.kind === 'exit' && life.state === 'exposed') {
          exit(step.fills, step.isLost);
        } else if (step.kind === 'budget' && life.state === 'exposed') {
          apply('given-up');
        }
      }
      if (life.state === 'exposed') exit(Number.POSITIVE_INFINITY, false);
      expect(life.isFinal).toBe(true);
      expect(held[0] !== held[1]).toBe(life.state === 'abandoned');
      if (isSettled && life.state !== 'none') apply('settled');
    }),
    { numRuns: 2_000 },
  );
  expect([...seen].sort()).toEqual(
    Object.keys(ARB_TRANSITIONS)
      .filter((state) => state !== 'fired')
      .sort(),
  );
});
