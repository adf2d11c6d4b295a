import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openJournal } from '../../src/cli/report/journal-source.js';
import { stagesOf, whyOf } from '../../src/cli/report/why.js';
import { storyRows } from '../../src/cli/report/why-id.js';
import { whyText } from '../../src/cli/report/why-text.js';
import type { JournalRecord } from '../../src/journal/records.js';
import type { StoredDecision } from '../../src/journal/store.js';
import { BuiltProgram } from './built-program.js';
import { JournalDirectories } from './journal-directory.js';
import {
  type DecisionPlan,
  decisionOf,
  journals,
  type MadeJournal,
  type Sizing,
  STARTED_MS,
  sizings,
} from './made-journal.js';

const plans: fc.Arbitrary<DecisionPlan> = fc.record({
  sizing: sizings,
  pair: fc.nat(2),
  direction: fc.constantFrom<0 | 1>(0, 1),
});

const NOTHING = { runs: [], orders: [], orderStates: [], fills: [], arbStates: [] };

function rowOf(plan: DecisionPlan): StoredDecision {
  const made = { atMs: STARTED_MS, arb: null, decision: 'held', isNew: true };
  const { t, ...row } = decisionOf(plan, made);
  return { id: 1, run: 1, ...row };
}

function whyOfRow(row: StoredDecision) {
  return whyOf('d1', { ...NOTHING, decisions: [row] }, row);
}

/** Every number of the record that the arithmetic goes by or comes to, by its path. */
const NUMBERS = [
  'sizeCenti',
  'netMicros',
  'direction',
  'inputs.kalshiAskE4',
  'inputs.polymarketAskE4',
  'inputs.kalshiCostMicros',
  'inputs.polymarketCostMicros',
  'inputs.feeMicros',
  'inputs.kalshiLimitE4',
  'inputs.polymarketLimitE4',
  'inputs.kalshiAsks.0.0',
  'inputs.polymarketAsks.0.0',
];

function tampered<T>(row: T, path: string, by: number): T {
  const copy = structuredClone(row);
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = copy as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  at[last] = (at[last] as number) + by;
  return copy;
}

describe('the arithmetic of a decision', () => {
  it('adds up for what the engine sized', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const why = whyOfRow(rowOf(plan));
        expect(why.unreadable).toBeNull();
        expect(why.arithmetic?.checks.filter(({ isRight }) => !isRight)).toEqual([]);
        expect(why.arithmetic?.netMicros).toBe(plan.sizing.sized.netMicros);
        expect(why.arithmetic?.feeMicros).toBe(plan.sizing.sized.feeMicros);
        expect(why.addsUp).toBe(true);
      }),
    );
  });

  it.each(NUMBERS)('shows that %s was changed', (path) => {
    const by = fc.integer({ min: -5_000, max: 5_000 }).filter((change) => change !== 0);
    fc.assert(
      fc.property(plans, by, (plan, change) => {
        const why = whyOfRow(tampered(rowOf(plan), path, change));
        expect(why.addsUp).toBe(false);
        expect(whyText(why, 120, false)).toMatch(/IT DOES NOT ADD UP|IT CANNOT BE CHECKED/);
      }),
    );
  });

  it('shows that a rate was changed, where a fee is more than its rounding', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const row = rowOf(plan);
        const inputs = { ...(row.inputs as object), kalshiFeeRate: '9/100' };
        expect(whyOfRow({ ...row, inputs }).addsUp).toBe(false);
      }),
    );
  });

  it('shows that a limit was passed', () => {
    fc.assert(
      fc.property(plans, fc.constantFrom('maxSizeCenti', 'maxCostMicros'), (plan, name) => {
        const row = rowOf(plan);
        const { sized, limits } = plan.sizing;
        const cost = sized.kalshiCostMicros + sized.polymarketCostMicros;
        const below = (name === 'maxSizeCenti' ? sized.sizeCenti : cost) - 1;
        const inputs = { ...(row.inputs as object), limits: { ...limits, [name]: below } };
        const wrong = whyOfRow({ ...row, inputs }).arithmetic?.checks.filter(
          (each) => !each.isRight,
        );
        const own = name === 'maxSizeCenti' ? 'contracts' : 'cost';
        expect(wrong?.map((each) => each.name)).toContain(own);
      }),
    );
  });

  it('does not judge a walk that went deeper than what was put down', () => {
    const deep: Sizing['kalshiAsks'] = Array.from({ length: 8 }, (_, level) => [
      1_000 + level * 100,
      100,
    ]);
    const plan = fc.sample(plans, { numRuns: 1, seed: 3 })[0]!;
    const inputs = { ...(rowOf(plan).inputs as object), kalshiAsks: deep, kalshiAskE4: 1_000 };
    const { arithmetic } = whyOfRow({ ...rowOf(plan), sizeCenti: 900, inputs });
    expect(arithmetic?.walks.kalshi.missingCenti).toBe(100);
    expect(arithmetic?.remarks.join()).toContain('deeper than the levels that were put down');
    expect(arithmetic?.checks.map(({ name }) => name)).not.toContain('Kalshi cost');
  });

  it.each([
    ['not an object', null, 'field=inputs'],
    ['without its levels', { kalshiAsks: undefined }, 'field=kalshiAsks'],
    ['with a rate that is none', { kalshiFeeRate: 'a/b' }, 'field=kalshiFeeRate'],
    ['with a price above a dollar', { kalshiAsks: [[12_000, 100]] }, 'field=kalshiAsks.0.0'],
  ])('says what is wrong with inputs %s', (_, change, field) => {
    const row = rowOf(fc.sample(plans, { numRuns: 1, seed: 1 })[0]!);
    const inputs = change === null ? 'lost' : { ...(row.inputs as object), ...change };
    const why = whyOfRow({ ...row, inputs });
    expect(why.unreadable).toContain(field);
    expect(why).toMatchObject({ addsUp: false, arithmetic: null });
    expect(whyText(why, 120, false)).toContain('IT CANNOT BE CHECKED');
  });
});

const directories = new JournalDirectories();
afterAll(() => directories.remove());

/** The story of an ID as the command finds it. */
function whyIn(directory: string, id: string) {
  const journal = openJournal(directory);
  try {
    const { rows, decision } = storyRows(id, journal);
    return whyOf(id, rows, decision);
  } finally {
    journal.close();
  }
}

/** How many fills are read for it. */
function fillsOf(directory: string, arb: string): number {
  const journal = openJournal(directory);
  try {
    return journal.rowsOfArb(arb).fills.length;
  } finally {
    journal.close();
  }
}

type RecordOf<T extends JournalRecord['t']> = Extract<JournalRecord, { t: T }>;
const all = <T extends JournalRecord['t']>(records: readonly JournalRecord[], t: T) =>
  records.filter((record): record is RecordOf<T> => record.t === t);

describe('the story of an arbitrage', () => {
  it('has all of its records and none of another, by each of its names', () => {
    fc.assert(
      fc.property(journals, ({ records }) => {
        const directory = directories.make(records);
        for (const [index, decision] of all(records, 'decision').entries()) {
          const byNumber = whyIn(directory, `d${index + 1}`);
          expect(byNumber.decision?.netMicros).toBe(decision.netMicros);
          expect(whyIn(directory, String(index + 1))).toEqual({
            ...byNumber,
            asked: String(index + 1),
          });
          const { arb } = decision;
          if (arb === null) {
            expect(byNumber).toMatchObject({ arb: null, orders: [], states: [], addsUp: true });
            continue;
          }
          const orders = all(records, 'order').filter((order) => order.arb === arb);
          const why = whyIn(directory, arb);
          expect(why).toEqual({ ...byNumber, asked: arb });
          expect(why.addsUp).toBe(true);
          expect(why.orders.map(({ order }) => order.clientOrderId)).toEqual(
            orders.map(({ clientOrderId }) => clientOrderId),
          );
          expect(why.states).toHaveLength(
            all(records, 'arb-state').filter((state) => state.arb === arb).length,
          );
          expect(fillsOf(directory, arb)).toBe(
            why.orders.reduce((sum, { fills }) => sum + fills.length, 0),
          );
          for (const { order, fills } of why.orders) {
            const own = all(records, 'fill').filter(({ orderId }) => orderId === order.orderId);
            expect(new Set(fills.map(({ tradeId }) => tradeId))).toEqual(
              new Set(own.map(({ tradeId }) => tradeId)),
            );
            expect(whyIn(directory, order.clientOrderId).orders).toEqual(why.orders);
          }
          expect(whyText(why, 120, false)).not.toMatch(/undefined|NaN|\[object/);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('shows an order beyond its decision, and a fill beyond its order', () => {
    const { records } = rich();
    const { arb, orderId } = filledOrder(records);
    const change = (of: (record: JournalRecord) => JournalRecord) =>
      whyIn(directories.make(records.map(of)), arb);
    expect(change((record) => record).addsUp).toBe(true);
    const isOwn = (record: JournalRecord) => 'orderId' in record && record.orderId === orderId;
    const dear = change((record) =>
      record.t === 'fill' && isOwn(record)
        ? { ...record, costMicros: record.costMicros + 10 ** 9 }
        : record,
    );
    expect(dear.addsUp).toBe(false);
    const worse = change((record) =>
      record.t === 'order' && isOwn(record) ? { ...record, limitE4: record.limitE4 + 1 } : record,
    );
    expect(worse.execution.filter(({ isRight }) => !isRight).map(({ unit }) => unit)).toContain(
      'priceE4',
    );
  });

  it('tells the stages of an order in the order in which they were, without those that never came', () => {
    const stages = stagesOf({
      writtenNs: -1,
      dequeuedNs: 20_000,
      receivedNs: 1_000,
      detectedNs: 13_300,
    });
    expect(stages).toEqual([
      { name: 'received', atNs: 1_000, sinceNs: null },
      { name: 'detected', atNs: 13_300, sinceNs: 12_300 },
      { name: 'dequeued', atNs: 20_000, sinceNs: 6_700 },
    ]);
  });

  it('names what could have been done about an exposure, and what was', () => {
    const { records } = rich();
    const state = all(records, 'arb-state').find(({ state }) => state === 'neutralising')!;
    const text = whyText(whyIn(directories.make(records), state.arb), 120, false);
    expect(text).toMatch(/complete +polymarket +\$0\.50/);
    expect(text).toMatch(/unwind +kalshi +\$0\.40 .* taken/);
  });
});

/** One with much in it. */
const rich = (): MadeJournal =>
  fc
    .sample(journals, { numRuns: 40, seed: 7 })
    .reduce((a, b) => (b.records.length > a.records.length ? b : a));

function filledOrder(records: readonly JournalRecord[]) {
  const entries = all(records, 'order').filter(({ role }) => role === 'entry');
  return entries.find(({ orderId }) =>
    all(records, 'fill').some((fill) => fill.orderId === orderId),
  )!;
}

describe('underround why', () => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await BuiltProgram.build();
  });
  afterAll(() => program.remove());
  const why = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program.mainPath, 'why', ...args],
      { encoding: 'utf8', cwd: program.directory, env: { PATH: process.env.PATH } },
    );
    return { status, stdout, stderr };
  };

  it('prints the story, as text or as one JSON object, and ends with 0', () => {
    const { records } = rich();
    const directory = directories.make(records);
    const { arb } = filledOrder(records);
    const text = why(arb, '--state-dir', directory);
    expect(text).toMatchObject({ status: 0, stderr: '' });
    for (const word of ['it adds up', 'received → detected 12.3 µs', 'KALSHI entry', 'fee = ']) {
      expect(text.stdout).toContain(word);
    }
    expect(text.stdout).not.toContain('\u001b');
    const json = why(arb, '--state-dir', directory, '--json');
    expect(json).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(JSON.stringify(whyIn(directory, arb))));
  });

  it('ends with 1 when a number is not right', () => {
    const { records } = rich();
    const directory = directories.make(
      records.map((record) =>
        record.t === 'decision' ? tampered(record, 'netMicros', 1) : record,
      ),
    );
    const { status, stdout } = why('d1', '--state-dir', directory);
    expect(status).toBe(1);
    expect(stdout).toContain('IT DOES NOT ADD UP: 1 of');
    expect(JSON.parse(why('1', '--state-dir', directory, '--json').stdout).addsUp).toBe(false);
  });

  it('ends with 2 for what is not there, and says what is near', () => {
    const { records } = rich();
    const directory = directories.make(records);
    const { arb, clientOrderId } = filledOrder(records);
    const last = all(records, 'decision').length;
    for (const [id, word] of [
      [`${arb}9`, arb],
      [`${clientOrderId}x`, clientOrderId],
      ['d99999', `known="d1 to d${last}"`],
      ['0', `known="d1 to d${last}"`],
      ['nonsense-that-is-like-nothing', 'newest="r1.0.'],
      ['', 'An ID is an arbitrage such as r3.0.17'],
    ] as const) {
      const { status, stdout, stderr } = why(id, '--state-dir', directory);
      expect({ id, status, stdout }).toEqual({ id, status: 2, stdout: '' });
      expect(stderr).toContain(word);
      expect(stderr).toContain('such as d1234 or 1234');
    }
    expect(why('r1.0.1', '--state-dir', '/nowhere')).toMatchObject({ status: 2, stdout: '' });
    expect(why('--state-dir', directory)).toMatchObject({ status: 2, stdout: '' });
  });
});
