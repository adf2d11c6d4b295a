// `underround report`: what a state directory's journal says was fired, filled, paid, gained and missed. It only reads, also while the
// engine runs.
import { Command, Option } from 'commander';
import { EXIT_GOOD, type ExitCode, UsageError } from './exit-codes.js';
import { textOption, wholeNumber } from './read-flags.js';
import { openJournal } from './report/journal-source.js';
import { accountOf, reportOf } from './report/report.js';
import { REPORT_TABLES, type ReportTable, tableCsv } from './report/report-tables.js';
import { reportText } from './report/report-text.js';
import { addStateDirFlag, stateDirOf } from './report/state-dir.js';
import { windowOf } from './report/window.js';
import { wantsColour } from './run-output.js';

const EXAMPLES = `
Money in --json and --csv is in micro-dollars (...Micros), contracts in millionths (...E6) or hundredths (...Centi), prices in
1/10,000 dollar (...E4), times in milliseconds of the wall clock (...Ms). Keys of --json:
  window, runs   what was looked at; a run lasts until the next one begins
  arbs           fired; how the legs ended (both, oneLegged, none, unknown, open); exposed and abandoned of them
  orders, fills  by exchange; a trade counts once, one that failed on chain not at all
  money          expectedMicros: net of the decisions that fired; pnlMicros: worst payout - cost - fees, gained in the window
  slippage       of entry legs by exchange: average price, against the best ask seen and against the limit
  neutral        exposures, times from exposed to neutral and losses: p50, p90, p99, max, total
  orphans        orders without an end or fills, fills without orders, open arbitrages, naked pairs: whenever they began
  missed         underrounds that nothing was bought of, by reason, most dollars first

Exit codes: 0 it reported; 2 wrong flags, or there is no journal.

Examples:
  $ underround report                                     everything, as text
  $ underround report --since 24h --json | jq .money
  $ underround report --run 3 --csv --table arbs > arbs.csv
`;

type ReportForm = 'text' | 'json' | { readonly csv: ReportTable };

/** Of the text when it does not go to a terminal. */
const PLAIN_WIDTH = 120;
const MAX_RUN = 999_999_999;

export function reportCommand(ended: (code: ExitCode) => void): Command {
  const command = new Command('report')
    .description('what was fired, filled, paid, gained and missed, from the journal')
    .option('--since <when>', 'from then on: 24h, 7d, or a date such as 2026-09-04T12:00Z')
    .option('--run <n>', 'only one run of the engine', wholeNumber(1, MAX_RUN))
    .option('--json', 'print one JSON object')
    .option('--csv', 'print one table as CSV (RFC 4180)')
    .addOption(new Option('--table <name>', 'the table of --csv').choices(REPORT_TABLES))
    .addHelpText('after', EXAMPLES)
    .action((options: Record<string, unknown>) => {
      process.stdout.write(reportOutput(options));
      ended(EXIT_GOOD);
    });
  return addStateDirFlag(command);
}

function reportOutput(options: Readonly<Record<string, unknown>>): string {
  const form = formOf(options);
  const journal = openJournal(stateDirOf(options, process.env));
  try {
    const run = typeof options.run === 'number' ? options.run : undefined;
    const wish = { since: textOption(options, 'since'), run };
    const window = windowOf(wish, journal.runs(), Date.now());
    const account = accountOf(journal.rows(window), window);
    if (typeof form === 'object') return tableCsv(form.csv, account);
    const report = reportOf(account);
    if (form === 'json') return `${JSON.stringify(report)}\n`;
    const width = process.stdout.columns ?? PLAIN_WIDTH;
    return `${reportText(report, width, wantsColour(process.stdout, process.env))}\n`;
  } finally {
    journal.close();
  }
}

function formOf({ json, csv, table }: Readonly<Record<string, unknown>>): ReportForm {
  if (json === true && csv === true) throw new UsageError('give --json or --csv, not both');
  const named = REPORT_TABLES.find((name) => name === table);
  if (csv === true) {
    if (named === undefined)
      throw new UsageError(`which table? --table ${REPORT_TABLES.join('|')}`);
    return { csv: named };
  }
  if (named !== undefined) throw new UsageError('--table is of --csv: give both');
  return json === true ? 'json' : 'text';
}
