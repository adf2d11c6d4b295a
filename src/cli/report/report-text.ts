// The report as a person reads it: a block a question, empty blocks left out.
import { VENUE_NAMES, VENUES } from '../../domain/venue.js';
import { printable } from '../exit-codes.js';
import {
  contractsText,
  countText,
  dollarsText,
  exactDollarsText,
  latencyText,
  percentText,
} from '../number-text.js';
import { type Line, paint, type Span, type Style, span } from '../paint.js';
import { type Column, tableLines } from '../table.js';
import type { Orphans } from './orphans.js';
import type { Spread } from './ranks.js';
import type { Report } from './report.js';
import type { LegSlippage } from './slippage.js';

const LABEL_WIDTH = 18;
/** Lists of what does not fit end here; `--json` and `--csv` have all of it. */
const MAX_LISTED = 20;

/** A page of text, without a line end at its end. */
export function reportText(report: Report, width: number, colour: boolean): string {
  const blocks = [
    titleLines(report),
    arbLines(report),
    moneyLines(report),
    venueLines(report, width),
    slippageLines(report, width),
    neutralLines(report),
    orphanLines(report.orphans, width),
    missedLines(report, width),
  ].filter((block) => block.length > 0);
  const lines: Line[] = blocks.flatMap((block, index) => (index === 0 ? block : [[], ...block]));
  return lines.map((line) => paint(line, colour)).join('\n');
}

function titleLines({ window, runs }: Report): Line[] {
  const from = window.sinceMs === null ? 'the beginning' : timeText(window.sinceMs);
  const to = window.untilMs === null ? 'now' : timeText(window.untilMs);
  const last = runs.at(-1);
  const run =
    last === undefined
      ? 'no run'
      : `${countText(runs.length)} ${runs.length === 1 ? 'run' : 'runs'}, the last ${last.id} ` +
        `(${printable(last.profile)}, ${printable(last.version)}) since ${timeText(last.startedMs)}`;
  return [[span('underround report', 'bold'), span(`  from ${from} to ${to}`)], [span(run, 'dim')]];
}

function arbLines({ arbs, orphans }: Report): Line[] {
  const { fired, both, oneLegged, none, unknown, open, exposed, abandoned } = arbs;
  return [
    labelled(
      'Arbitrages',
      span(
        `${countText(fired)} fired: ${countText(both)} both legs, ${countText(oneLegged)} one leg, ` +
          `${countText(none)} none, ${countText(unknown)} unknown, ${countText(open)} open`,
        unknown > 0 ? 'warn' : 'plain',
      ),
    ),
    labelled(
      'Exposed',
      span(`${countText(exposed)} for a time, ${countText(abandoned)} abandoned`, bad(abandoned)),
    ),
    labelled('Fit together', orphanSummary(orphans)),
  ];
}

function orphanSummary({ orders, fills, arbs, nakedPairs }: Orphans): Span {
  const counts = [
    [orders.length, 'orders without an end or a fill'],
    [fills.length, 'fills without an order'],
    [arbs.length, 'open arbitrages'],
    [nakedPairs.length, 'pairs with naked contracts'],
  ] as const;
  const told = counts.filter(([count]) => count > 0);
  if (told.length === 0) return span('every order, fill and position', 'good');
  return span(told.map(([count, words]) => `${countText(count)} ${words}`).join(', '), 'bad');
}

function moneyLines({ money }: Report): Line[] {
  const { pnlMicros, expectedMicros, expectedBothMicros, differenceMicros, nakedE6 } = money;
  const fees = money.feeMicros.kalshi + money.feeMicros.polymarket;
  return [
    labelled(
      'Expected',
      span(
        `${exactDollarsText(expectedMicros)} locked in when decided, ` +
          `${exactDollarsText(expectedBothMicros)} of it where both legs filled`,
      ),
    ),
    labelled(
      'Realised',
      span(`${exactDollarsText(pnlMicros)} whatever happens`, pnlMicros < 0 ? 'bad' : 'good'),
      span(`, ${signedDollars(differenceMicros)} against expected`),
    ),
    labelled(
      '  of that',
      span(
        `${exactDollarsText(money.worstPayoutMicros)} paid at worst - ` +
          `${exactDollarsText(money.costMicros)} cost - ${exactDollarsText(fees)} fees`,
      ),
    ),
    labelled(
      'Naked',
      span(`${contractsText(nakedE6)} contracts`, nakedE6 === 0 ? 'plain' : 'warn'),
    ),
  ];
}

function venueLines({ orders, fills, money }: Report, width: number): Line[] {
  const rows = VENUES.map((venue): Span[] => {
    const name = VENUE_NAMES[venue];
    const { entries, exits } = orders[name];
    const { contractsE6, costMicros, failed } = fills[name];
    return [
      span(name),
      ...[entries, exits, fills[name].fills].map((count) => span(countText(count))),
      span(countText(failed), bad(failed)),
      span(contractsText(contractsE6)),
      span(exactDollarsText(costMicros)),
      span(exactDollarsText(money.feeMicros[name])),
      span(statesText(orders[name].byState), 'dim'),
    ];
  });
  return tableLines(
    columns(
      ['ORDERS', 'entries', 'exits', 'fills', 'failed', 'contracts', 'cost', 'fees'],
      ['states'],
    ),
    rows,
    width,
  );
}

function statesText(byState: Readonly<Record<string, number>>): string {
  return Object.entries(byState)
    .map(([state, count]) => `${countText(count)} ${printable(state)}`)
    .join(', ');
}

function slippageLines({ slippage }: Report, width: number): Line[] {
  const rows = VENUES.map((venue): Span[] => {
    const leg: LegSlippage = slippage[VENUE_NAMES[venue]];
    return [
      span(VENUE_NAMES[venue]),
      span(countText(leg.legs)),
      span(contractsText(leg.contractsE6)),
      span(priceText(leg.averageE4)),
      span(signedPrice(leg.againstAskE4), bad(Math.max(0, leg.againstAskMicros))),
      span(signedDollars(leg.againstAskMicros)),
      span(signedPrice(leg.againstLimitE4)),
      span(signedDollars(leg.againstLimitMicros)),
    ];
  });
  const titles = ['SLIPPAGE', 'legs', 'contracts', 'avg price', 'vs ask', 'dollars', 'vs limit'];
  const note = span('prices in 1/10,000 dollar; above 0 is paid more', 'dim');
  return [...tableLines(columns([...titles, 'dollars']), rows, width), [note]];
}

function neutralLines({ neutral }: Report): Line[] {
  const { exposures, neutralised, abandoned, open, cutOff, timesMs, lossesMicros } = neutral;
  if (exposures === 0) return [];
  const line = labelled(
    'Exposures',
    span(
      `${countText(exposures)}: ${countText(neutralised)} evened out, ` +
        `${countText(abandoned)} abandoned, ${countText(open)} open` +
        (cutOff > 0 ? `, ${countText(cutOff)} left to the next run` : ''),
      bad(abandoned + open),
    ),
  );
  const ms = (value: number) => latencyText(value * 1e6);
  return [
    line,
    labelled('  time to neutral', spreadSpan(timesMs, ms)),
    labelled(
      '  loss',
      spreadSpan(lossesMicros, exactDollarsText),
      span(`, ${exactDollarsText(lossesMicros.total)} in all`),
    ),
  ];
}

function spreadSpan({ p50, p90, p99, max }: Spread, text: (value: number) => string): Span {
  const shown = [
    ['p50', p50],
    ['p90', p90],
    ['p99', p99],
    ['max', max],
  ] as const;
  return span(
    shown.map(([name, value]) => `${name} ${value === null ? '-' : text(value)}`).join('  '),
  );
}

function orphanLines(orphans: Orphans, width: number): Line[] {
  const rows = [
    ...orphans.nakedPairs.map(({ pair, nakedE6, pnlMicros }) => [
      'naked',
      pair,
      `${contractsText(nakedE6)} contracts, ${exactDollarsText(pnlMicros)} at worst`,
    ]),
    ...orphans.arbs.map(({ arb, pair, state, sinceMs }) => [
      `arb ${state ?? 'open'}`,
      pair,
      `${arb} since ${timeText(sinceMs)}`,
    ]),
    ...orphans.orders.map(({ clientOrderId, arb, pair, venue, state, problem }) => [
      `order ${problem}`,
      pair,
      `${venue} ${clientOrderId} of ${arb} is ${state}`,
    ]),
    ...orphans.fills.map(({ tradeId, orderId, pair, venue, sizeE6, costMicros }) => [
      'fill',
      pair,
      `${venue} ${contractsText(sizeE6)} for ${exactDollarsText(costMicros)}, trade ${tradeId} of order ${orderId}`,
    ]),
  ].map((cells) => cells.map((text) => span(printable(text))));
  if (rows.length === 0) return [];
  const lines = tableLines(
    columns(['DOES NOT FIT'], ['pair', 'what']),
    rows.slice(0, MAX_LISTED),
    width,
  );
  const left = rows.length - MAX_LISTED;
  return left > 0 ? [...lines, [span(`and ${countText(left)} more: --json`, 'dim')]] : lines;
}

function missedLines({ missed }: Report, width: number): Line[] {
  if (missed.underrounds === 0) return [];
  const rows = missed.byReason.map(({ reason, underrounds, netMicros, cumulativeShare }) => [
    span(printable(reason)),
    span(countText(underrounds)),
    span(dollarsText(netMicros)),
    span(percentText(cumulativeShare)),
  ]);
  const total = span(
    `${countText(missed.underrounds)} underrounds, ${dollarsText(missed.netMicros)} at their best moments`,
    'dim',
  );
  return [...tableLines(columns(['MISSED', 'times', 'would net', 'so far']), rows, width), [total]];
}

/** The first column and those after `right` are text. */
function columns(right: readonly string[], left: readonly string[] = []): Column[] {
  return [
    ...right.map((title, index): Column => {
      return { title, align: index === 0 ? 'left' : 'right', sparable: 0 };
    }),
    ...left.map((title, index): Column => ({ title, align: 'left', sparable: index })),
  ];
}

function labelled(label: string, ...value: Span[]): Line {
  return [span(label.padEnd(LABEL_WIDTH), 'dim'), ...value];
}

function bad(count: number): Style {
  return count > 0 ? 'bad' : 'plain';
}

function priceText(priceE4: number | null): string {
  return priceE4 === null ? '-' : priceE4.toFixed(2);
}

function signedPrice(priceE4: number | null): string {
  return priceE4 !== null && priceE4 > 0 ? `+${priceText(priceE4)}` : priceText(priceE4);
}

function signedDollars(micros: number): string {
  return `${micros > 0 ? '+' : ''}${exactDollarsText(micros)}`;
}

/** "2026-09-04 12:00:00Z": as the logs, without the thousandths. */
function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
