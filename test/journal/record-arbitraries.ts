// Sequences of records of every kind, as a run could write them: an order and a trade have one record each.
import fc from 'fast-check';
import type { JournalRecord } from '../../src/journal/records.js';

const atMs = fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 });
const micros = fc.integer({ min: -(2 ** 45), max: 2 ** 45 });
const amount = fc.nat(2 ** 45);
const name = fc.string({ minLength: 1, maxLength: 12 });
/** Whatever an exchange may have said, but for NUL and halves of characters. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .map((said) => said.replaceAll('\0', ''));
const json = fc.jsonValue({ maxDepth: 3 });
const venue = fc.constantFrom(0 as const, 1 as const);
const outcome = fc.constantFrom(0 as const, 1 as const);
const orderState = fc.constantFrom('acknowledged', 'unknown', 'filled', 'partly', 'mined');

type Kind = JournalRecord['t'];
type Of<K extends Kind> = Extract<JournalRecord, { t: K }>;
type Shape<K extends Kind> = { [F in keyof Of<K>]: fc.Arbitrary<Of<K>[F]> };
const record = <K extends Kind>(shape: Shape<K>) =>
  fc.record(
    shape as Record<string, fc.Arbitrary<unknown>>,
  ) as fc.Arbitrary<unknown> as fc.Arbitrary<Of<K>>;
const kind = <K extends Kind>(t: K) => fc.constant(t) as fc.Arbitrary<Of<K>['t']>;

const order = record<'order'>({
  t: kind('order'),
  atMs,
  clientOrderId: name,
  orderId: fc.option(name),
  arb: name,
  role: fc.constantFrom('entry', 'exit'),
  venue,
  pair: name,
  outcome,
  sizeCenti: amount,
  limitE4: fc.nat(9_999),
  spendMicros: amount,
  state: orderState,
  reply: json,
  stampsNs: fc.dictionary(fc.constantFrom('writtenNs', 'answeredNs'), amount),
});
const fill = record<'fill'>({
  t: kind('fill'),
  atMs,
  venue,
  tradeId: name,
  orderId: name,
  clientOrderId: fc.option(name),
  pair: name,
  outcome,
  sizeE6: amount,
  costMicros: amount,
  feeMicros: micros,
  state: fc.constantFrom('provisional', 'final', 'failed'),
  source: fc.constantFrom('stream', 'list'),
});
const orderStateChange = record<'order-state'>({
  t: kind('order-state'),
  atMs,
  clientOrderId: name,
  state: orderState,
  why: text,
  filledE6: fc.option(amount),
});
const others = fc.oneof(
  record<'decision'>({
    t: kind('decision'),
    atMs,
    arb: fc.option(name),
    pair: name,
    direction: fc.nat(1),
    decision: name,
    isNew: fc.boolean(),
    sizeCenti: amount,
    netMicros: micros,
    inputs: json,
  }),
  record<'arb-state'>({
    t: kind('arb-state'),
    atMs,
    arb: name,
    pair: name,
    state: fc.constantFrom('fired', 'matched', 'exposed', 'neutral'),
    why: text,
    facts: json,
  }),
  record<'balance'>({ t: kind('balance'), atMs, venue, shard: fc.nat(9), micros, source: name }),
  record<'limit'>({ t: kind('limit'), atMs, name, value: text, was: fc.option(text) }),
  record<'event'>({ t: kind('event'), atMs, level: name, event: name, text, facts: json }),
  record<'latency'>({
    t: kind('latency'),
    atMs,
    sinceMs: atMs,
    stage: name,
    count: amount,
    p50Ns: amount,
    p95Ns: amount,
    p99Ns: amount,
    p999Ns: amount,
    maxNs: amount,
  }),
);

const run: JournalRecord = { t: 'run', atMs: 1, profile: 'test', version: '0', config: null };
const end: JournalRecord = { t: 'run-end', atMs: 2, why: 'asked', summary: null };

/** An order and, with it, a change of its state that it had before: the order's own record is the newest. */
const ordered = fc.tuple(order, orderStateChange);

export const journalRecords: fc.Arbitrary<readonly JournalRecord[]> = fc
  .record({
    orders: fc.uniqueArray(ordered, {
      maxLength: 6,
      selector: ([{ clientOrderId }]) => clientOrderId,
    }),
    fills: fc.uniqueArray(fill, {
      maxLength: 6,
      selector: (each) => JSON.stringify([each.venue, each.tradeId, each.orderId, each.outcome]),
    }),
    others: fc.array(others, { maxLength: 12 }),
  })
  .map(({ orders, fills, others: rest }) => [
    run,
    ...orders.flatMap(([each, change]) => [{ ...change, clientOrderId: each.clientOrderId }, each]),
    ...rest,
    ...fills,
    end,
  ]);
