// The rows behind a report's sums, one table each, for a spreadsheet: the same integers as in `--json`, times as ISO 8601.
import { VENUE_NAMES } from '../../domain/venue.js';
import { type Cell, csvText } from './csv.js';
import { type Account, decisionsWithin } from './report.js';

export const REPORT_TABLES = ['arbs', 'orders', 'fills', 'decisions', 'missed'] as const;
export type ReportTable = (typeof REPORT_TABLES)[number];

interface Table {
  readonly names: readonly string[];
  rows(account: Account): Cell[][];
}

const TABLES: Readonly<Record<ReportTable, Table>> = {
  arbs: {
    names: [
      ...['arb', 'pair', 'firedAt', 'outcome', 'state', 'decision', 'sizeCenti', 'expectedMicros'],
      ...['costMicros', 'kalshiFeeMicros', 'polymarketFeeMicros', 'pnlMicros', 'nakedE6'],
      ...['exposures', 'neutralAfterMs', 'lossMicros'],
    ],
    rows: ({ arbs }) =>
      arbs.map(({ arb, pair, firedMs, outcome, state, decision, worth, episodes }) => {
        const last = episodes.at(-1);
        return [
          ...[arb, pair, firedMs === undefined ? null : isoText(firedMs), outcome, state],
          ...[decision?.id ?? null, decision?.sizeCenti ?? null, decision?.netMicros ?? null],
          ...[worth.costMicros, worth.feeMicros.kalshi, worth.feeMicros.polymarket],
          ...[worth.pnlMicros, worth.nakedE6, episodes.length],
          ...[last?.afterMs ?? null, last?.lossMicros ?? null],
        ];
      }),
  },
  orders: {
    names: [
      ...['at', 'clientOrderId', 'orderId', 'arb', 'role', 'venue', 'pair', 'outcome'],
      ...['sizeCenti', 'limitE4', 'spendMicros', 'state'],
    ],
    rows: ({ orders }) =>
      orders.map((order) => [
        ...[isoText(order.atMs), order.clientOrderId, order.orderId, order.arb, order.role],
        ...[VENUE_NAMES[order.venue], order.pair, order.outcome, order.sizeCenti, order.limitE4],
        ...[order.spendMicros, order.state],
      ]),
  },
  fills: {
    names: [
      ...['at', 'venue', 'tradeId', 'orderId', 'clientOrderId', 'arb', 'pair', 'outcome'],
      ...['sizeE6', 'costMicros', 'feeMicros', 'state'],
    ],
    rows: ({ fills, stories: { links } }) =>
      fills.map((fill) => [
        ...[isoText(fill.atMs), VENUE_NAMES[fill.venue], fill.tradeId, fill.orderId],
        ...[fill.clientOrderId, links.orderOf(fill)?.arb ?? null, fill.pair, fill.outcome],
        ...[fill.sizeE6, fill.costMicros, fill.feeMicros, fill.state],
      ]),
  },
  decisions: {
    names: [
      ...['id', 'at', 'arb', 'pair', 'direction', 'decision', 'isNew', 'sizeCenti', 'netMicros'],
    ],
    rows: ({ rows, window }) =>
      Array.from(decisionsWithin(rows.decisions, window), (row) => [
        ...[row.id, isoText(row.atMs), row.arb, row.pair, row.direction, row.decision],
        ...[row.isNew, row.sizeCenti, row.netMicros],
      ]),
  },
  missed: {
    names: ['since', 'pair', 'direction', 'decision', 'reason', 'sizeCenti', 'netMicros'],
    rows: ({ missed }) =>
      missed.map(({ sinceMs, pair, direction, decision, reason, sizeCenti, netMicros }) => [
        ...[isoText(sinceMs), pair, direction, decision, reason, sizeCenti, netMicros],
      ]),
  },
};

export function tableCsv(table: ReportTable, account: Account): string {
  const { names, rows } = TABLES[table];
  return csvText(names, rows(account));
}

function isoText(atMs: number): string {
  return new Date(atMs).toISOString();
}
