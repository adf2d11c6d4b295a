import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Venue } from '../../src/domain/venue.js';
import {
  decodeRecord,
  encodeRecord,
  type JournalRecord,
  type OrderState,
} from '../../src/journal/records.js';
import { migrate, SCHEMA_VERSION, versionOf } from '../../src/journal/schema.js';
import { JournalStore } from '../../src/journal/store.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = () => join(directory, 'journal.sqlite');
const id = fc.nat(12).map(String);
const atMs = fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 });
const micros = fc.nat(2 ** 40);
const json = fc.jsonValue();

type Fill = Extract<JournalRecord, { t: 'fill' }>;
type Order = Extract<JournalRecord, { t: 'order' }>;

const order: fc.Arbitrary<Order> = fc.record({
  t: fc.constant('order' as const),
  atMs,
  clientOrderId: id,
  orderId: fc.option(id),
  arb: id,
  role: fc.constantFrom('entry' as const, 'exit' as const),
  venue: fc.constantFrom(0 as const, 1 as const),
  pair: id,
  outcome: fc.constantFrom(0 as const, 1 as const),
  sizeCenti: fc.nat(10_000),
  limitE4: fc.nat(9_999),
  spendMicros: micros,
  state: fc.constantFrom('acknowledged' as const, 'unknown' as const, 'rejected' as const),
  reply: json,
  stampsNs: fc.dictionary(fc.constantFrom('writtenNs', 'answeredNs'), fc.nat()),
});
const fill: fc.Arbitrary<Fill> = fc.record({
  t: fc.constant('fill' as const),
  atMs,
  venue: fc.constantFrom(0 as const, 1 as const),
  tradeId: id,
  orderId: id,
  clientOrderId: fc.option(id),
  pair: fc.constantFrom('a', 'b'),
  outcome: fc.constantFrom(0 as const, 1 as const),
  sizeE6: micros,
  costMicros: micros,
  feeMicros: micros,
  state: fc.constantFrom('provisional' as const, 'final' as const, 'failed' as const),
  source: fc.constantFrom('stream' as const, 'list' as const),
});
const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  order,
  fill,
  fc.record({
    t: fc.constant('order-state' as const),
    atMs,
    clientOrderId: id,
    state: fc.constantFrom('filled' as const, 'none' as const, 'confirmed' as const),
    why: fc.string(),
    filledE6: fc.option(micros),
  }),
  fc.record({
    t: fc.constant('arb-state' as const),
    atMs,
    arb: id,
    pair: id,
    state: fc.constantFrom('fired' as const, 'matched' as const, 'exposed' as const),
    why: fc.string(),
    facts: json,
  }),
  fc.record({
    t: fc.constant('run' as const),
    atMs,
    profile: fc.constant('sim'),
    version: fc.constant('0'),
    config: json,
  }),
  fc.record({
    t: fc.constant('event' as const),
    atMs,
    level: fc.constantFrom('warn', 'error'),
    event: id,
    text: fc.string(),
    facts: json,
  }),
);

/** JSON keeps no -0 and no undefined. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

it('keeps what a model keeps: one row an order and a trade, the newest state of each, all of the rest', () => {
  fc.assert(
    fc.property(fc.array(fc.array(record, { maxLength: 8 }), { maxLength: 8 }), (batches) => {
      rmSync(path(), { force: true });
      const store = JournalStore.open(path());
      const orders = new Map<string, { state: string; reply: unknown; filledE6: number | null }>();
      const fills = new Map<string, Fill>();
      const arbs = new Map<string, string>();
      let events = 0;
      let runs = 0;
      for (const batch of batches) {
        store.append(batch.map((each) => decodeRecord(encodeRecord(each))));
        for (const each of batch) {
          switch (each.t) {
            case 'order': {
              const { clientOrderId, state, reply } = each;
              const filledE6 = orders.get(clientOrderId)?.filledE6 ?? null;
              orders.set(clientOrderId, { state, reply, filledE6 });
              break;
            }
            case 'order-state': {
              const known = orders.get(each.clientOrderId);
              if (known === undefined) break;
              const { state, filledE6 } = each;
              orders.set(each.clientOrderId, { ...known, state, filledE6 });
              break;
            }
            case 'fill': {
              const key = [each.venue, each.tradeId, each.orderId, each.outcome].join();
              const before = fills.get(key);
              const clientOrderId = each.clientOrderId ?? before?.clientOrderId ?? null;
              fills.set(key, { ...each, pair: before?.pair ?? each.pair, clientOrderId });
              break;
            }
            case 'arb-state':
              arbs.set(each.arb, each.state);
              break;
            case 'event':
              events++;
              break;
            case 'run':
              runs++;
              break;
          }
        }
      }
      store.close();
      const read = JournalStore.open(path(), { readonly: true });
      const seen = new Map(
        read
          .orders({})
          .map(({ clientOrderId, state, reply, filledE6 }) => [
            clientOrderId,
            { state, reply, filledE6 },
          ]),
      );
      expect(seen).toEqual(new Map([...orders].map(([key, value]) => [key, plain(value)])));
      expect(read.fills({})).toHaveLength(fills.size);
      expect(new Map(read.arbs({}).map(({ arb, state }) => [arb, state]))).toEqual(arbs);
      expect(read.events({})).toHaveLength(events);
      expect(read.lastRun()?.id ?? 0).toBe(runs);
      for (const { pair, venue, outcome, sizeE6, costMicros } of read.positions()) {
        const own = [...fills.values()].filter(
          (each) =>
            each.pair === pair &&
            each.venue === venue &&
            each.outcome === outcome &&
            each.state !== 'failed',
        );
        expect(sizeE6).toBe(own.reduce((sum, each) => sum + each.sizeE6, 0));
        expect(costMicros).toBe(own.reduce((sum, each) => sum + each.costMicros, 0));
      }
      read.close();
    }),
    { numRuns: 60 },
  );
});

it('appends all records of a batch or none', () => {
  const store = JournalStore.open(path());
  const [good] = fc.sample(order, { numRuns: 1, seed: 1 });
  const bad = { ...good!, clientOrderId: 'bad', sizeCenti: undefined } as unknown as JournalRecord;
  expect(() => store.append([good!, bad])).toThrow();
  expect(store.orders({})).toEqual([]);
  store.append([good!]);
  expect(store.orders({})).toHaveLength(1);
  store.close();
});

it('finds the fills of an arbitrage by its orders, since a time and of a run', () => {
  fc.assert(
    fc.property(
      fc.array(order, { maxLength: 8 }),
      fc.array(fill, { maxLength: 12 }),
      id,
      fc.option(atMs, { nil: undefined }),
      (orders, fills, arb, sinceMs) => {
        rmSync(path(), { force: true });
        const store = JournalStore.open(path());
        store.append([...orders, ...fills]);
        const own = store.orders({ arb }).map(({ clientOrderId }) => clientOrderId);
        const wanted = store
          .fills({})
          .filter((each) => each.clientOrderId !== null && own.includes(each.clientOrderId))
          .filter((each) => sinceMs === undefined || each.atMs >= sinceMs);
        expect(store.fills({ arb, ...(sinceMs !== undefined && { sinceMs }) })).toEqual(wanted);
        expect(store.fills({ arb, run: 1 })).toEqual([]);
        store.close();
      },
    ),
    { numRuns: 60 },
  );
});

it('leaves an order open until its outcome is known and all of its fills are here', () => {
  const [made] = fc.sample(order, { numRuns: 1, seed: 1 });
  const [traded] = fc.sample(fill, { numRuns: 1, seed: 1 });
  const filledE6 = 7_000_000;
  const clientOrderId = 'o';
  const isOpen = (state: OrderState, venue: Venue, fills: readonly Partial<Fill>[]) => {
    rmSync(path(), { force: true });
    const store = JournalStore.open(path());
    store.append([
      { ...made!, clientOrderId, venue, state: 'acknowledged' },
      { t: 'order-state', atMs: 1, clientOrderId, state, why: '', filledE6 },
      ...fills.map(
        (each, index): Fill => ({
          ...{ ...traded!, clientOrderId, venue, tradeId: `t${index}`, state: 'final' },
          ...each,
        }),
      ),
    ]);
    const open = store.openOrders().length === 1;
    store.close();
    return open;
  };
  const ofBoth = (each: readonly OrderState[], fills: readonly Partial<Fill>[]) =>
    each.flatMap((state) => [isOpen(state, 0, fills), isOpen(state, 1, fills)]);
  const closed = ['not-written', 'rejected', 'none', 'confirmed', 'failed', 'settled'] as const;
  expect(new Set(ofBoth(closed, []))).toEqual(new Set([false]));
  const pending = ['intended', 'written', 'acknowledged', 'unknown', 'matched', 'mined'] as const;
  expect(new Set(ofBoth([...pending, 'filled', 'partly'], []))).toEqual(new Set([true]));
  const whole = [{ sizeE6: 3_000_000 }, { sizeE6: 4_000_000 }];
  expect(new Set(ofBoth(pending, whole))).toEqual(new Set([true]));
  // Kalshi's trades are final; Polymarket's are so when they are confirmed.
  expect(ofBoth(['filled', 'partly'], whole)).toEqual([false, true, false, true]);
  expect(isOpen('filled', 0, [{ sizeE6: 6_999_999 }])).toBe(true);
  expect(isOpen('filled', 0, [{ sizeE6: filledE6, state: 'failed' }])).toBe(true);
});

it('refuses the journal of a newer version, and a file that is none', () => {
  JournalStore.open(path()).close();
  const db = new Database(path());
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  expect(() => JournalStore.open(path())).toThrow(/newer underround.*version=\d+ known=\d+/);
  expect(() => JournalStore.open(directory)).toThrow();
});

it('takes the rows of an older version along, by the steps that it lacks', () => {
  const store = JournalStore.open(path());
  store.append(fc.sample(order, { numRuns: 1, seed: 1 }));
  store.close();
  const db = new Database(path());
  const taken = Array.from({ length: SCHEMA_VERSION }, () => 'a step that was taken');
  migrate(db, path(), [...taken, "ALTER TABLE orders ADD COLUMN note TEXT DEFAULT 'new'"]);
  expect(versionOf(db)).toBe(SCHEMA_VERSION + 1);
  expect(db.prepare('SELECT note FROM orders').all()).toEqual([{ note: 'new' }]);
  db.close();
});

it('goes on from the last whole step of a migration that was interrupted', () => {
  const db = new Database(path());
  const steps = [
    'CREATE TABLE a (x INTEGER)',
    'CREATE TABLE b (x INTEGER); CREATE TABLE a (y INTEGER)',
  ];
  expect(() => migrate(db, path(), steps)).toThrow();
  expect(versionOf(db)).toBe(1);
  migrate(db, path(), [steps[0]!, 'CREATE TABLE b (x INTEGER)']);
  expect(versionOf(db)).toBe(2);
  expect(db.prepare('SELECT * FROM b').all()).toEqual([]);
  db.close();
});
