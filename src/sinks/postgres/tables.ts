// Which row of the journal becomes which row of PostgreSQL. Names and types are those of migrations.ts; amounts stay the engine's integers.
import { VENUE_NAMES } from '../../domain/venue.js';
import type { JournalRow, JournalTable, JournalValues } from '../../journal/journal-cursor.js';

type Form = 'same' | 'time' | 'venue' | 'outcome' | 'bool' | 'json';

/** A column here, its type, where it is in the journal and how it is written there. */
type Column = readonly [name: string, type: string, from: string, form: Form];

export interface Target {
  readonly table: string;
  readonly columns: readonly Column[];
  /** What is one row here: the journal's own key, and the time because a hypertable's key must hold it. */
  readonly key: readonly string[];
}

const OUTCOME_NAMES = ['yes', 'no'] as const;
const text = (name: string, from = name): Column => [name, 'text', from, 'same'];
const big = (name: string, from = name): Column => [name, 'bigint', from, 'same'];
const small = (name: string, from = name): Column => [name, 'integer', from, 'same'];
const json = (name: string, from = name): Column => [name, 'jsonb', from, 'json'];
const time = (name = 'time', from = 'at_ms'): Column => [name, 'timestamptz', from, 'time'];
const run = small('run');
const seq = big('seq');
const venue: Column = ['venue', 'text', 'venue', 'venue'];
const outcome: Column = ['outcome', 'text', 'outcome', 'outcome'];

export const TARGETS: Readonly<Record<JournalTable, Target>> = {
  runs: {
    table: 'runs',
    key: ['journal', 'run'],
    columns: [
      small('run', 'id'),
      time('time', 'started_ms'),
      ...[text('profile'), text('version'), time('ended', 'ended_ms'), text('why')],
      ...[json('summary'), seq],
    ],
  },
  decisions: {
    table: 'opportunities',
    key: ['journal', 'id', 'time'],
    columns: [
      ...[time(), big('id'), run, text('arb'), text('pair')],
      ['kalshi_outcome', 'text', 'direction', 'outcome'],
      text('decision'),
      ['is_new', 'boolean', 'is_new', 'bool'],
      ...[big('size_centi'), big('net_micros'), json('inputs'), seq],
    ],
  },
  orders: {
    table: 'orders',
    key: ['journal', 'client_order_id', 'time'],
    columns: [
      ...[time(), text('client_order_id'), text('order_id'), run, text('arb'), text('role')],
      ...[venue, text('pair'), outcome, big('size_centi'), big('limit_e4'), big('spend_micros')],
      ...[text('state'), big('filled_e6'), json('reply'), json('stamps_ns', 'stamps'), seq],
    ],
  },
  order_states: {
    table: 'order_states',
    key: ['journal', 'id', 'time'],
    columns: [
      ...[time(), big('id'), run, text('client_order_id'), text('state'), text('why')],
      ...[big('filled_e6'), seq],
    ],
  },
  fills: {
    table: 'fills',
    key: ['journal', 'venue', 'trade_id', 'order_id', 'outcome', 'time'],
    columns: [
      ...[time(), venue, text('trade_id'), text('order_id'), outcome, text('client_order_id')],
      ...[run, text('pair'), big('size_e6'), big('cost_micros'), big('fee_micros')],
      ...[text('state'), text('source'), seq],
    ],
  },
  arbs: {
    table: 'arbs',
    key: ['journal', 'arb', 'time'],
    columns: [
      time('time', 'fired_ms'),
      ...[text('arb'), run, text('pair'), time('changed', 'at_ms'), text('state'), seq],
    ],
  },
  arb_states: {
    table: 'arb_states',
    key: ['journal', 'id', 'time'],
    columns: [
      ...[time(), big('id'), run, text('arb'), text('pair'), text('state'), text('why')],
      ...[json('facts'), seq],
    ],
  },
  balances: {
    table: 'balances',
    key: ['journal', 'id', 'time'],
    columns: [
      ...[time(), big('id'), run, venue, small('shard'), big('micros'), text('source'), seq],
    ],
  },
  limits: {
    table: 'limits',
    key: ['journal', 'id', 'time'],
    columns: [time(), big('id'), run, text('name'), text('value'), text('was'), seq],
  },
  events: {
    table: 'events',
    key: ['journal', 'id', 'time'],
    columns: [
      ...[time(), big('id'), run, text('level'), text('event'), text('text'), json('facts'), seq],
    ],
  },
  latencies: {
    table: 'latency_metrics',
    key: ['journal', 'id', 'time'],
    columns: [
      ...[time(), time('since', 'since_ms'), big('id'), run, text('stage'), big('count')],
      ...[big('p50_ns'), big('p95_ns'), big('p99_ns'), big('p999_ns'), big('max_ns'), seq],
    ],
  },
};

/** $1: the journal's number here; $2: rows as jsonText makes them. A row that is here already becomes as it is there. */
export function upsertOf({ table, columns, key }: Target): string {
  const names = columns.map(([name]) => name);
  const news = names
    .filter((name) => !key.includes(name))
    .map((name) => `${name} = excluded.${name}`);
  return `INSERT INTO underround.${table} (journal, ${names.join(', ')})
    SELECT $1, ${names.join(', ')}
    FROM json_to_recordset($2::json) AS rows(${columns.map(([name, type]) => `${name} ${type}`).join(', ')})
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${news.join(', ')}`;
}

/** All rows of one table in one text: one parameter, however many rows. */
export function jsonText({ columns }: Target, rows: readonly JournalRow[]): string {
  const texts = rows.map(({ values }) => {
    const members = columns.map(
      ([name, , from, form]) => `"${name}":${valueText(values, from, form)}`,
    );
    return `{${members.join(',')}}`;
  });
  return withoutUnstorable(`[${texts.join(',')}]`);
}

function valueText(values: JournalValues, from: string, form: Form): string {
  const value = values[from] ?? null;
  if (value === null) return 'null';
  switch (form) {
    case 'same':
      return JSON.stringify(value);
    case 'json':
      return String(value);
    case 'time':
      return `"${new Date(Number(value)).toISOString()}"`;
    case 'venue':
      return JSON.stringify(VENUE_NAMES[Number(value)] ?? String(value));
    case 'outcome':
      return JSON.stringify(OUTCOME_NAMES[Number(value)] ?? String(value));
    case 'bool':
      return value === 1 ? 'true' : 'false';
    default:
      return form satisfies never;
  }
}

/**
 * PostgreSQL's text holds neither NUL nor halves of characters, and one such row would hold up all that come after it. JSON writes both as
 * escapes: each becomes the character that stands for what cannot be shown.
 */
export function withoutUnstorable(jsonOfRows: string): string {
  if (!/\\u(?:0000|d[89a-f])/i.test(jsonOfRows)) return jsonOfRows;
  return jsonOfRows.replace(/\\(?:u[0-9a-f]{4}|.)/gi, (escaped) =>
    /^\\u(?:0000|d[89a-f]..)$/i.test(escaped) ? '\\ufffd' : escaped,
  );
}
