// What every exchange's order gateway must do, whatever its protocol, against a real server with real books: say what was bought, say
// when it does not know, and never send twice.
import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NO, type Outcome, YES } from '../../src/domain/venue.js';
import { type Breaker, sharedBreaker } from '../../src/net/circuit-breaker.js';
import { VenueTable } from '../../src/shm/venue-table.js';
import type { Fault, OrderFault } from '../../src/sim/server.js';
import {
  type LegOrder,
  type LegReply,
  type OrderGateway,
  PREPARED,
  type VenueFill,
} from '../../src/venues/orders.js';
import { until } from '../net/raw-server.js';

export const TIMEOUT_MS = 300;
const BREAKER_REST_MS = 300;

export const clock = {
  nowNs: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e9 + nanoseconds;
  },
  wallMs: () => Date.now(),
};

/** The exchange's end: its books, its accounts, its faults; and our gateway on it. */
export interface OrderExchange {
  readonly gateway: OrderGateway;
  readonly orderPath: string;
  /** Puts contracts of the outcome up for sale in market 0. */
  offer(outcome: Outcome, priceE4: number, sizeCenti: number): void;
  inject(fault: Fault): void;
  /** Of the outcome, as the exchange's own accounts have it, in 1/1,000,000. */
  heldE6(outcome: Outcome): number;
  /** Cash that left the account. */
  paidMicros(): number;
  /** Our fills as the exchange lists them. */
  fills(): Promise<readonly VenueFill[]>;
  close(): Promise<void>;
}

export interface OrderVenueUnderTest {
  readonly name: string;
  open(breaker: Breaker): Promise<OrderExchange>;
  /** How the exchange refuses; for reject-orders. */
  refusal: { readonly status: number; readonly body: string };
}

interface Rig extends OrderExchange {
  readonly breaker: Breaker;
  /** Order requests that reached the exchange's HTTP server. */
  posted(): number;
  written: number;
  send(leg?: Partial<LegOrder>): Promise<LegReply>;
}

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

let orders = 0;

async function openRig(venue: OrderVenueUnderTest): Promise<Rig> {
  const memory = new SharedArrayBuffer(VenueTable.bytes(1));
  const rule = { failures: 3, restMs: BREAKER_REST_MS, successes: 2 };
  const breaker = sharedBreaker(new VenueTable(memory, rule), 0, clock);
  const exchange = await venue.open(breaker);
  await exchange.gateway.start();
  let posted = 0;
  const onRequest = (message: unknown) => {
    const { request } = message as { request: IncomingMessage };
    if (request.method === 'POST' && request.url === exchange.orderPath) posted++;
  };
  diagnosticsChannel.subscribe('http.server.request.start', onRequest);
  const rig: Rig = {
    ...exchange,
    breaker,
    written: 0,
    posted: () => posted,
    async send(over = {}) {
      const leg = legOf(over);
      await until(() => exchange.gateway.canWrite, 'an order that may be written');
      expect(exchange.gateway.prepare(leg)).toBe(PREPARED);
      return new Promise<LegReply>((resolve, reject) => {
        const atNs = exchange.gateway.write((reply) => resolve(reply));
        if (atNs < 0) reject(new Error('not written'));
        else rig.written++;
      });
    },
    async close() {
      diagnosticsChannel.unsubscribe('http.server.request.start', onRequest);
      await exchange.gateway.close();
      await exchange.close();
    },
  };
  rigs.push(rig);
  return rig;
}

function legOf(over: Partial<LegOrder>): LegOrder {
  const leg = {
    clientOrderId: `urc-${process.pid}-${++orders}`,
    market: 0,
    outcome: YES as Outcome,
    sizeCenti: 1_000,
    limitE4: 5_000,
    ...over,
  };
  return { spendMicros: leg.sizeCenti * leg.limitE4, ...leg };
}

const filledOf = (reply: LegReply) => (reply.kind === 'acknowledged' ? reply.filledE6 : undefined);

export function describeOrders(venue: OrderVenueUnderTest): void {
  describe(`the orders of ${venue.name}`, () => {
    describeFills(venue);
    describeDoubt(venue);
    describeLimits(venue);
  });
}

function describeFills(venue: OrderVenueUnderTest): void {
  it.each([YES, NO] as const)(
    'buys outcome %s at the makers prices, and says how much',
    async (outcome) => {
      const rig = await openRig(venue);
      rig.offer(outcome, 4_900, 400);
      rig.offer(outcome, 5_000, 5_000);
      const reply = await rig.send({ outcome });
      expect(filledOf(reply)).toBe(rig.heldE6(outcome));
      expect(rig.heldE6(outcome)).toBeGreaterThanOrEqual(10_000_000);
      const fills = await listed(() => rig.fills());
      expect(sum(fills, ({ sizeE6 }) => sizeE6)).toBe(rig.heldE6(outcome));
      expect(sum(fills, ({ costMicros, feeMicros }) => costMicros + feeMicros)).toBe(
        rig.paidMicros(),
      );
      expect(new Set(fills.map((fill) => fill.outcome))).toEqual(new Set([outcome]));
      expect(rig.posted()).toBe(1);
    },
  );

  it('buys what there is and leaves nothing behind', async () => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 700);
    expect(filledOf(await rig.send())).toBe(7_000_000);
    rig.offer(YES, 5_000, 10_000);
    await rig.fills();
    expect(rig.heldE6(YES)).toBe(7_000_000);
  });

  it('buys nothing above its limit, and says so', async () => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_100, 10_000);
    expect(filledOf(await rig.send())).toBe(0);
    expect(rig.heldE6(YES)).toBe(0);
    expect(rig.paidMicros()).toBe(0);
  });
}

/** What each fault of an order must come to: whether it was executed, and which replies are honest then. */
const DOUBTS: readonly {
  readonly fault: OrderFault;
  readonly isExecuted: boolean;
  readonly replies: readonly LegReply['kind'][];
}[] = [
  { fault: { kind: 'lose-reply', count: 1 }, isExecuted: true, replies: ['unknown'] },
  { fault: { kind: 'reset-after-accept', count: 1 }, isExecuted: true, replies: ['unknown'] },
  { fault: { kind: 'reset-before-accept', count: 1 }, isExecuted: false, replies: ['unknown'] },
  {
    fault: { kind: 'delay-replies', count: 1, delayMs: TIMEOUT_MS / 3 },
    isExecuted: true,
    replies: ['acknowledged'],
  },
  {
    fault: { kind: 'delay-replies', count: 1, delayMs: TIMEOUT_MS * 3 },
    isExecuted: true,
    replies: ['unknown'],
  },
  {
    fault: { kind: 'delay-orders', count: 1, delayMs: TIMEOUT_MS / 3 },
    isExecuted: true,
    replies: ['acknowledged'],
  },
];

function describeDoubt(venue: OrderVenueUnderTest): void {
  it.each(DOUBTS)('is honest about $fault', async ({ fault, isExecuted, replies }) => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 10_000);
    rig.inject(fault);
    const reply = await rig.send();
    expect(replies).toContain(reply.kind);
    expect(rig.heldE6(YES)).toBe(isExecuted ? 10_000_000 : 0);
    expect(rig.posted()).toBe(1);
    // Looking tells what the reply did not.
    const fills = await rig.fills();
    expect(sum(fills, ({ sizeE6 }) => sizeE6)).toBe(rig.heldE6(YES));
    if (reply.kind === 'unknown' && isExecuted) {
      const own = `urc-${process.pid}-${orders}`;
      expect(
        fills.every((fill) => fill.clientOrderId === own || fill.orderId === reply.orderId),
      ).toBe(true);
    }
  });

  it('says unknown when an order is held for longer than we wait, and it may still be executed', async () => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 10_000);
    rig.inject({ kind: 'delay-orders', count: 1, delayMs: TIMEOUT_MS * 2 });
    expect((await rig.send()).kind).toBe('unknown');
    await until(() => rig.heldE6(YES) === 10_000_000, 'the late execution');
    expect(rig.posted()).toBe(1);
  });

  it('knows a refusal, of which nothing comes', async () => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 10_000);
    rig.inject({ kind: 'reject-orders', count: 1, ...venue.refusal });
    const reply = await rig.send();
    expect(reply.kind).toBe('rejected');
    expect(rig.heldE6(YES)).toBe(0);
  });

  it('fills in part when others were faster', async () => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 10_000);
    rig.inject({ kind: 'partial-fills', count: 1, percent: 40 });
    const reply = await rig.send();
    expect(filledOf(reply)).toBe(rig.heldE6(YES));
    expect(rig.heldE6(YES)).toBe(4_000_000);
  });

  it('loses no contract and sends nothing twice, whatever happens in whatever order', async () => {
    const step = fc.record({
      offerCenti: fc.constantFrom(0, 300, 1_000, 5_000),
      sizeCenti: fc.constantFrom(600, 1_000, 2_000),
      fault: fc.option(
        fc.constantFrom<OrderFault>(
          // A reply that never comes costs its whole time-out: it has its own test.
          ...DOUBTS.map(({ fault }) => fault).filter(({ kind }) => kind !== 'lose-reply'),
          { kind: 'partial-fills', count: 1, percent: 50 },
          { kind: 'reject-orders', count: 1, ...venue.refusal },
        ),
        { nil: undefined },
      ),
    });
    const trial = fc.record({
      outcome: fc.constantFrom<Outcome>(YES, NO),
      steps: fc.array(step, { minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(trial, async ({ outcome, steps }) => {
        const rig = await openRig(venue);
        for (const { offerCenti, sizeCenti, fault } of steps) {
          if (offerCenti > 0) rig.offer(outcome, 5_000, offerCenti);
          if (fault !== undefined) rig.inject(fault);
          const beforeE6 = rig.heldE6(outcome);
          const reply = await rig.send({ outcome, sizeCenti });
          const boughtE6 = rig.heldE6(outcome) - beforeE6;
          const filledE6 = reply.kind === 'rejected' ? 0 : filledOf(reply);
          if (filledE6 !== undefined) expect(boughtE6).toBe(filledE6);
        }
        const fills = await rig.fills();
        expect(sum(fills, ({ sizeE6 }) => sizeE6)).toBe(rig.heldE6(outcome));
        expect(rig.posted()).toBe(rig.written);
        await rigs.pop()?.close();
      }),
      { numRuns: 12 },
    );
  });
}

function describeLimits(venue: OrderVenueUnderTest): void {
  it.each([429, 425])(
    'is refused by a %s, executes nothing, and keeps the breaker closed',
    async (status) => {
      const rig = await openRig(venue);
      rig.offer(YES, 5_000, 100_000);
      rig.inject({ kind: 'fail-requests', count: 8, status, of: 'orders' });
      for (let count = 1; count <= 8; count++) {
        const reply = await rig.send();
        expect(reply).toMatchObject({ kind: 'rejected', status });
        expect(rig.breaker.isClosed).toBe(true);
        expect(rig.posted()).toBe(count);
      }
      expect(rig.heldE6(YES)).toBe(0);
      expect(filledOf(await rig.send())).toBe(10_000_000);
    },
  );

  it.each([500, 503])('does not know what a %s has done, and looks', async (status) => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 10_000);
    rig.inject({ kind: 'fail-requests', count: 1, status, of: 'orders' });
    const reply = await rig.send();
    // A 503 whose text says that orders are not taken now is a refusal (polymarket-api.md 4.8).
    expect(['unknown', 'rejected']).toContain(reply.kind);
    expect(rig.heldE6(YES)).toBe(sum(await rig.fills(), ({ sizeE6 }) => sizeE6));
    expect(rig.posted()).toBe(1);
  });

  it('leaves an exchange alone that does not answer, and comes back when it does', async () => {
    const rig = await openRig(venue);
    rig.offer(YES, 5_000, 100_000);
    rig.inject({ kind: 'fail-requests', count: 3, status: 500, of: 'all' });
    for (let failure = 0; failure < 3 && rig.breaker.isClosed; failure++) await rig.send();
    expect(rig.gateway.canWrite).toBe(false);
    expect(rig.gateway.prepare(legOf({}))).toBe(PREPARED);
    const before = rig.posted();
    expect(rig.gateway.write(() => undefined)).toBeLessThan(0);
    expect(rig.posted()).toBe(before);
    await until(() => rig.gateway.canWrite, 'a closed breaker');
    expect(filledOf(await rig.send())).toBe(10_000_000);
  });
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Lists lag: asks until there is something in them. */
async function listed<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const items = await ask();
    if (items.length > 0 || performance.now() > deadline) return items;
  }
}
