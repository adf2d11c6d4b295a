import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvText } from '../../src/cli/report/csv.js';
import { ALL_TIME, type Window } from '../../src/cli/report/journal-rows.js';
import { openJournal } from '../../src/cli/report/journal-source.js';
import { accountOf, reportOf } from '../../src/cli/report/report.js';
import { REPORT_TABLES, type ReportTable, tableCsv } from '../../src/cli/report/report-tables.js';
import { reportText } from '../../src/cli/report/report-text.js';
import { windowOf } from '../../src/cli/report/window.js';
import { VENUE_NAMES, VENUES, type Venue } from '../../src/domain/venue.js';
import type { JournalRecord } from '../../src/journal/records.js';
import { JournalStore } from '../../src/journal/store.js';
import { journalFile } from '../../src/runtime/journal.js';
import { BuiltProgram, until } from './built-program.js';
import { JournalDirectories } from './journal-directory.js';
import {
  decisionOf,
  INVERTED_PAIR,
  journals,
  type MadeJournal,
  PAIRS,
  STARTED_MS,
  sizings,
} from './made-journal.js';

const directories = new JournalDirectories();
afterAll(() => directories.remove());

function accountIn(directory: string, window: Window = ALL_TIME) {
  const journal = openJournal(directory);
  try {
    const rows = journal.rows(window);
    return accountOf({ ...rows, decisions: [...rows.decisions] }, window);
  } finally {
    journal.close();
  }
}

/** One with much in it. */
const rich = (): MadeJournal =>
  fc
    .sample(journals, { numRuns: 40, seed: 7 })
    .reduce((a, b) => (b.records.length > a.records.length ? b : a));

describe('a report', () => {
  it('sums to what was counted while the journal was made', () => {
    fc.assert(
      fc.property(journals, ({ records, truth }) => {
        const report = reportOf(accountIn(directories.make(records)));
        const { fired, both, oneLegged, none, unknown, open } = report.arbs;
        expect({ fired, both, oneLegged, none, unknown, open }).toEqual(truth.arbs);
        for (const venue of VENUES) {
          const name = VENUE_NAMES[venue];
          expect(report.orders[name].entries).toBe(truth.entries[venue]);
          expect(report.orders[name].exits).toBe(truth.exits[venue]);
          const { fills, failed, contractsE6, costMicros, feeMicros } = report.fills[name];
          expect(fills).toBe(truth.fills[venue]);
          expect(failed).toBe(truth.failed[venue]);
          expect(BigInt(contractsE6)).toBe(truth.contractsE6[venue]);
          expect(BigInt(costMicros)).toBe(truth.costMicros[venue]);
          expect(BigInt(feeMicros)).toBe(truth.feeMicros[venue]);
          expect(BigInt(report.money.feeMicros[name])).toBe(truth.feeMicros[venue]);
          const { againstAskMicros, againstLimitMicros } = report.slippage[name];
          expect(BigInt(againstAskMicros)).toBe(wholeMicros(truth.againstAsk[venue]));
          expect(BigInt(againstLimitMicros)).toBe(wholeMicros(truth.againstLimit[venue]));
        }
        expect(BigInt(report.money.expectedMicros)).toBe(truth.expectedMicros);
        expect(BigInt(report.money.pnlMicros)).toBe(truth.pnlMicros);
        expect(report.neutral.timesMs.count).toBe(truth.timesMs.length);
        expect(report.neutral.timesMs.max).toBe(truth.timesMs.toSorted((a, b) => b - a)[0] ?? null);
        const lost = truth.lossesMicros.reduce((sum, micros) => sum + micros, 0);
        expect(report.neutral.lossesMicros.total).toBe(lost);
        const { orphans } = report;
        expect(new Set(orphans.fills.map(({ tradeId }) => tradeId))).toEqual(truth.strays);
        const orders = orphans.orders.map(({ clientOrderId }) => clientOrderId);
        expect(new Set(orders)).toEqual(truth.orphanOrders);
        const missed = report.missed.byReason.map(
          ({ reason, underrounds, netMicros }) =>
            [reason, { underrounds, netMicros: BigInt(netMicros) }] as const,
        );
        expect(new Map(missed)).toEqual(truth.missed);
      }),
    );
  });

  it('of two windows that meet has what the whole has', () => {
    fc.assert(
      fc.property(journals, fc.nat(100_000), ({ records }, afterMs) => {
        const directory = directories.make(records);
        const cutMs = STARTED_MS + afterMs;
        const [whole, before, after] = [
          ALL_TIME,
          { ...ALL_TIME, untilMs: cutMs },
          { ...ALL_TIME, sinceMs: cutMs },
        ].map((window) => reportOf(accountIn(directory, window)));
        const adds = (of: (report: NonNullable<typeof whole>) => number) =>
          expect(of(before!) + of(after!)).toBe(of(whole!));
        adds(({ arbs }) => arbs.fired);
        adds(({ arbs }) => arbs.both);
        adds(({ money }) => money.pnlMicros);
        adds(({ money }) => money.costMicros);
        adds(({ money }) => money.expectedMicros);
        adds(({ fills }) => fills.kalshi.fills);
        adds(({ fills }) => fills.polymarket.feeMicros);
        adds(({ orders }) => orders.kalshi.entries);
        expect(after!.orphans).toEqual(whole!.orphans);
      }),
    );
  });

  it('says every sum in its text, without a control character of an exchange', () => {
    fc.assert(
      fc.property(journals, ({ records }) => {
        const report = reportOf(accountIn(directories.make(records)));
        const text = reportText(report, 120, false);
        expect(text).toContain(`${report.arbs.fired} fired`);
        expect(text).not.toMatch(/undefined|NaN|\[object/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      }),
    );
  });

  it('knows how the markets of a pair belong together by a decision, and fears the worse way without', () => {
    const sizing = fc.sample(sizings, { numRuns: 1, seed: 2 })[0]!;
    const made = { atMs: STARTED_MS, arb: null, decision: 'held', isNew: true };
    const amounts = { sizeE6: 2_000_000, costMicros: 900_000, feeMicros: 1_000 };
    const fill = (venue: Venue, tradeId: string): JournalRecord => ({
      ...{ t: 'fill', atMs: STARTED_MS, venue, tradeId, orderId: 'x', clientOrderId: null },
      ...{ pair: PAIRS[INVERTED_PAIR]!, outcome: 0, ...amounts, state: 'final', source: 'stream' },
    });
    // Kalshi YES and Polymarket's own YES: opposite results where the pair is inverted.
    const fills = [fill(0, 'a'), fill(1, 'b')];
    const run = { t: 'run', atMs: STARTED_MS, profile: 'sim', version: '1', config: {} } as const;
    const decision = decisionOf({ sizing, pair: INVERTED_PAIR, direction: 0 }, made);
    const pnl = (records: JournalRecord[]) =>
      reportOf(accountIn(directories.make(records))).money.pnlMicros;
    expect(pnl([run, decision, ...fills])).toBe(2_000_000 - 1_802_000);
    expect(pnl([run, ...fills])).toBe(-1_802_000);
  });

  it('takes the lower rank of an even count, and never more than the largest', () => {
    const made = rich();
    const { timesMs } = reportOf(accountIn(directories.make(made.records))).neutral;
    const sorted = made.truth.timesMs.toSorted((a, b) => a - b);
    expect(sorted.length).toBeGreaterThan(1);
    expect(timesMs.p50).toBe(sorted[Math.ceil(sorted.length / 2) - 1]);
    expect(timesMs.p99).toBe(sorted.at(-1));
  });
});

/** Half away from zero, as cents are rounded by a person. */
function wholeMicros(tenThousandths: bigint): bigint {
  const sign = tenThousandths < 0n ? -1n : 1n;
  return (sign * (sign * tenThousandths + 5_000n)) / 10_000n;
}

describe('the window of a report', () => {
  const runs = [1, 2, 3].map((id) => ({
    ...{ id, startedMs: STARTED_MS + id * 1_000, profile: 'sim', version: '1' },
    ...{ endedMs: null, why: null },
  }));
  const of = (since: string | undefined, run: number | undefined) =>
    windowOf({ since, run }, runs, STARTED_MS);

  it.each([
    ['24h', STARTED_MS - 86_400_000],
    ['1h30m', STARTED_MS - 5_400_000],
    ['2026-09-04', Date.UTC(2026, 8, 4)],
    ['2026-09-04T12:00', Date.UTC(2026, 8, 4, 12)],
    ['2026-09-04T12:00:01.5Z', Date.UTC(2026, 8, 4, 12, 0, 1, 500)],
    ['2026-09-04T12:00+02:00', Date.UTC(2026, 8, 4, 10)],
  ])('of --since %s begins there', (since, sinceMs) => {
    expect(of(since, undefined)).toEqual({ ...ALL_TIME, sinceMs });
  });

  it.each(['yesterday', '24', '2026-13-01', '2026-02-30T25:00', '', '04.09.2026'])(
    'is refused for --since %j',
    (since) => {
      expect(() => of(since, undefined)).toThrow('key=since origin=flag --since');
    },
  );

  it('of --run ends where the next run begins', () => {
    expect(of(undefined, 2)).toEqual({ sinceMs: runs[1]!.startedMs, untilMs: runs[2]!.startedMs });
    expect(of(undefined, 3)).toEqual({ ...ALL_TIME, sinceMs: runs[2]!.startedMs });
    expect(() => of(undefined, 4)).toThrow('run=4 known=1 to 3');
    expect(() => of('24h', 2)).toThrow('not both');
  });
});

/** RFC 4180, read character by character. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at++;
      } else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === ',') {
      row.push(cell);
      cell = '';
    } else if (character === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell]);
      row = [];
      cell = '';
      at++;
    } else cell += character;
  }
  expect({ isQuoted, cell, row }).toEqual({ isQuoted: false, cell: '', row: [] });
  return rows;
}

describe('a table of a report', () => {
  it('gives back any text that went into it', () => {
    const cells = fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', ' ', '=', 'é') });
    fc.assert(
      fc.property(fc.array(fc.tuple(cells, cells)), (rows) => {
        expect(readCsv(csvText(['one', 'two'], rows))).toEqual([['one', 'two'], ...rows]);
      }),
    );
  });

  const sizes: Readonly<Record<ReportTable, (made: MadeJournal) => number>> = {
    arbs: ({ truth }) => truth.arbs.fired,
    orders: ({ truth: { entries, exits } }) => entries[0] + entries[1] + exits[0],
    fills: ({ truth: { fills, failed } }) => fills[0] + fills[1] + failed[0] + failed[1],
    decisions: ({ records }) => records.filter(({ t }) => t === 'decision').length,
    missed: ({ truth }) =>
      [...truth.missed.values()].reduce((sum, each) => sum + each.underrounds, 0),
  };

  it.each(REPORT_TABLES)('%s has a row a thing, and as many cells as names in each', (table) => {
    fc.assert(
      fc.property(journals, (made) => {
        const [names, ...rows] = readCsv(
          tableCsv(table, accountIn(directories.make(made.records))),
        );
        expect(rows).toHaveLength(sizes[table](made));
        for (const row of rows) expect(row).toHaveLength(names!.length);
      }),
      { numRuns: 30 },
    );
  });

  it('has sums that are those of the report', () => {
    const account = accountIn(directories.make(rich().records));
    const [names, ...rows] = readCsv(tableCsv('fills', account));
    const column = (name: string) => names!.indexOf(name);
    const standing = rows.filter((row) => row[column('state')] !== 'failed');
    const cost = standing.reduce((sum, row) => sum + Number(row[column('costMicros')]), 0);
    expect(cost).toBe(reportOf(account).money.costMicros);
    const pairs = new Set(rows.map((row) => row[column('pair')]));
    expect(pairs).toContain('rain, "heavy"\nin NYC');
  });
});

describe('underround report', () => {
  let program: BuiltProgram;
  beforeAll(async () => {
    program = await BuiltProgram.build();
  });
  afterAll(() => program.remove());
  const report = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program.mainPath, 'report', ...args],
      { encoding: 'utf8', cwd: program.directory, env: { PATH: process.env.PATH } },
    );
    return { status, stdout, stderr };
  };

  it('prints one JSON object, a table, or text without a colour', () => {
    const { records, truth } = rich();
    const directory = directories.make(records);
    const json = report('--state-dir', directory, '--json');
    expect({ ...json, stdout: '' }).toEqual({ status: 0, stdout: '', stderr: '' });
    const whole = JSON.parse(json.stdout);
    expect(whole).toEqual(JSON.parse(JSON.stringify(reportOf(accountIn(directory)))));
    expect(whole.money.pnlMicros).toBe(Number(truth.pnlMicros));
    expect(json.stdout.endsWith('}\n')).toBe(true);
    const csv = report('--state-dir', directory, '--csv', '--table', 'orders');
    expect(csv).toEqual({
      status: 0,
      stdout: tableCsv('orders', accountIn(directory)),
      stderr: '',
    });
    const text = report('--state-dir', directory);
    expect(text).toMatchObject({ status: 0, stderr: '' });
    expect(text.stdout).toContain('underround report');
    expect(text.stdout).not.toContain('\u001b');
    const later = report('--state-dir', directory, '--json', '--since', '2126-01-01');
    expect(JSON.parse(later.stdout).arbs.fired).toBe(0);
    expect(
      JSON.parse(report('--state-dir', directory, '--json', '--run', '1').stdout).arbs,
    ).toEqual(whole.arbs);
  });

  it.each([
    [[], '--state-dir'],
    [['--state-dir', '/nowhere'], 'no journal there: file=/nowhere/journal.sqlite'],
    [['--state-dir', '.', '--csv'], '--table arbs|orders|fills|decisions|missed'],
    [['--state-dir', '.', '--table', 'arbs'], '--csv'],
    [['--state-dir', '.', '--csv', '--table', 'tables'], 'arbs, orders'],
    [['--state-dir', '.', '--csv', '--json'], 'not both'],
    [['--state-dir', '.', '--run', '0'], 'whole number'],
  ])('refuses %j with code 2', (args, word) => {
    const { status, stdout, stderr } = report(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('refuses a file that is no journal with code 2', () => {
    const directory = directories.empty();
    const path = journalFile(directory);
    for (const content of ['', 'not a database, though long enough to be looked at'.repeat(20)]) {
      writeFileSync(path, content);
      const { status, stdout, stderr } = report('--state-dir', directory);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(`not a journal that can be read: file=${path}`);
    }
  });

  it('reads what a writer has committed that is still writing', () => {
    const { records } = rich();
    const directory = directories.make([]);
    const store = JournalStore.open(journalFile(directory));
    const half = Math.floor(records.length / 2);
    store.append(records.slice(0, half));
    const before = report('--state-dir', directory, '--json');
    store.append(records.slice(half));
    const after = report('--state-dir', directory, '--json');
    store.close();
    expect(before.status).toBe(0);
    const whole = reportOf(accountIn(directories.make(records)));
    expect(JSON.parse(after.stdout).arbs).toEqual(whole.arbs);
    expect(JSON.parse(before.stdout).arbs.fired).toBeLessThan(whole.arbs.fired);
  });

  it('reads what a writer has left that was killed', async () => {
    const directory = directories.make([]);
    const script = `
      const Database = require('libsql');
      const db = new Database(process.argv[1]);
      db.exec('PRAGMA wal_autocheckpoint = 0');
      db.exec("INSERT INTO runs (started_ms, profile, version, config) VALUES (1, 'killed', '1', '{}')");
      db.exec('BEGIN IMMEDIATE');
      db.exec("INSERT INTO runs (started_ms, profile, version, config) VALUES (2, 'never', '1', '{}')");
      console.log('written');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script, journalFile(directory)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: program.directory,
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await until(() => said.includes('written'), 'the record');
    child.kill('SIGKILL');
    await ended;
    const { status, stdout, stderr } = report('--state-dir', directory, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout).runs.map(({ profile }: { profile: string }) => profile)).toEqual([
      'killed',
    ]);
  });
});
