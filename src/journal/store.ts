// The journal: SQLite, one file, appended to in transactions and read by recovery and reports. It must not know rings, threads or
// exchanges.
import Database from 'libsql';
import type { Outcome, Venue } from '../domain/venue.js';
import type { ArbState, JournalRecord, OrderRole, OrderState } from './records.js';
import { migrate, requireKnownVersion } from './schema.js';

const BUSY_MS = 5_000;
/**
 * Changes are numbered, and a run begins so much higher: a machine that lost its power may have lost the last commits, and must not
 * give numbers again that a copy has seen.
 */
export const RUN_GAP = 100_000;
/** Nothing more is heard of an order in these: of one that filled, the fills say whether all of it is here. */
const CLOSED_STATES: readonly OrderState[] = [
  'not-written',
  'rejected',
  'none',
  'confirmed',
  'failed',
  'settled',
];
/** A fill knows its order only. */
const FILLS_OF_ARB = 'client_order_id IN (SELECT client_order_id FROM orders WHERE arb = ?)';

export interface StoredRun {
  readonly id: number;
  readonly startedMs: number;
  readonly profile: string;
  readonly version: string;
  readonly endedMs: number | null;
  readonly why: string | null;
}

export interface StoredDecision {
  readonly id: number;
  readonly run: number;
  readonly atMs: number;
  readonly arb: string | null;
  readonly pair: string;
  readonly direction: number;
  readonly decision: string;
  readonly isNew: boolean;
  readonly sizeCenti: number;
  readonly netMicros: number;
  readonly inputs: unknown;
}

export interface StoredOrder {
  readonly run: number;
  readonly atMs: number;
  readonly clientOrderId: string;
  readonly orderId: string | null;
  readonly arb: string;
  readonly role: OrderRole;
  readonly venue: Venue;
  readonly pair: string;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly spendMicros: number;
  /** The newest. */
  readonly state: OrderState;
  /** As the newest state has it; null while nobody knows. */
  readonly filledE6: number | null;
  readonly reply: unknown;
  readonly stampsNs: Readonly<Record<string, number>>;
}

export interface StoredOrderState {
  readonly atMs: number;
  readonly clientOrderId: string;
  readonly state: OrderState;
  readonly why: string;
  readonly filledE6: number | null;
}

export interface StoredFill {
  readonly run: number;
  readonly atMs: number;
  readonly venue: Venue;
  readonly tradeId: string;
  readonly orderId: string;
  readonly clientOrderId: string | null;
  readonly pair: string;
  readonly outcome: Outcome;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
  readonly state: 'provisional' | 'final' | 'failed';
  readonly source: string;
}

export interface StoredArb {
  readonly arb: string;
  readonly run: number;
  readonly pair: string;
  readonly firedMs: number;
  readonly atMs: number;
  readonly state: ArbState;
}

export interface StoredArbState {
  readonly atMs: number;
  readonly arb: string;
  readonly pair: string;
  readonly state: ArbState;
  readonly why: string;
  readonly facts: unknown;
}

export interface StoredPosition {
  readonly pair: string;
  readonly venue: Venue;
  readonly outcome: Outcome;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
}

export interface StoredBalance {
  readonly run: number;
  readonly atMs: number;
  readonly venue: Venue;
  readonly shard: number;
  readonly micros: number;
  readonly source: string;
}

export interface StoredEvent {
  readonly run: number;
  readonly atMs: number;
  readonly level: string;
  readonly event: string;
  readonly text: string;
  readonly facts: unknown;
}

export interface Since {
  readonly sinceMs?: number;
  readonly arb?: string;
  readonly run?: number;
}

type Row = Readonly<Record<string, unknown>>;

export class JournalStore {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #run: number;
  /** Of the newest change; read anew in each transaction. */
  #seq = 0;

  /** Creates and migrates it unless `readonly`. Throws JournalVersionError, or what SQLite says of a file that is no journal. */
  static open(path: string, { readonly = false } = {}): JournalStore {
    const db = new Database(path, { readonly, fileMustExist: readonly, timeout: BUSY_MS });
    try {
      if (readonly) requireKnownVersion(db, path);
      else {
        // The process may be killed at any moment: what is committed is in the operating system's hands.
        db.exec('PRAGMA journal_mode = WAL');
        db.exec('PRAGMA synchronous = NORMAL');
        migrate(db, path);
      }
      return new JournalStore(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private constructor(db: Database.Database) {
    this.#db = db;
    this.#run = this.lastRun()?.id ?? 0;
  }

  close(): void {
    this.#db.close();
  }

  /** All of them, or none when it throws. Twice the same leaves rows that have a name of their own as they were. */
  append(records: readonly JournalRecord[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    const run = this.#run;
    try {
      this.#seq = this.#all('SELECT seq FROM identity')[0]?.seq as number;
      for (const record of records) this.#append(record);
      this.#write('UPDATE identity SET seq = ?', this.#seq);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#run = run;
      // SQLite has rolled back by itself when the disk is full.
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  lastRun(): StoredRun | undefined {
    return this.runs().at(-1);
  }

  runs(): StoredRun[] {
    return this.#all('SELECT * FROM runs ORDER BY id').map((row) => ({
      id: row.id as number,
      startedMs: row.started_ms as number,
      profile: row.profile as string,
      version: row.version as string,
      endedMs: row.ended_ms as number | null,
      why: row.why as string | null,
    }));
  }

  /** Whether there was ever an order. */
  hasOrders(): boolean {
    return this.#all('SELECT 1 FROM orders LIMIT 1').length > 0;
  }

  orders(since: Since): StoredOrder[] {
    return this.#since('orders', since, 'at_ms, rowid').map(readOrder);
  }

  /** Orders of which something is still to be heard: no outcome, fills that are not all here, trades that are not final. */
  openOrders(): StoredOrder[] {
    const closed = CLOSED_STATES.map((state) => `'${state}'`).join(', ');
    return this.#all(
      `SELECT * FROM orders WHERE state NOT IN (${closed}) AND NOT (state IN ('filled', 'partly') AND venue = 0
         AND filled_e6 = (SELECT COALESCE(SUM(size_e6), 0) FROM fills
           WHERE fills.client_order_id = orders.client_order_id AND fills.state != 'failed'))
       ORDER BY at_ms`,
    ).map(readOrder);
  }

  fills(since: Since): StoredFill[] {
    return this.#since('fills', since, 'at_ms, rowid').map(readFill);
  }

  arbs(since: Since): StoredArb[] {
    return this.#since('arbs', since, 'fired_ms', 'fired_ms').map((row) => ({
      arb: row.arb as string,
      run: row.run as number,
      pair: row.pair as string,
      firedMs: row.fired_ms as number,
      atMs: row.at_ms as number,
      state: row.state as ArbState,
    }));
  }

  arbStates(arb: string): StoredArbState[] {
    return this.#all('SELECT * FROM arb_states WHERE arb = ? ORDER BY id', arb).map((row) => ({
      atMs: row.at_ms as number,
      arb: row.arb as string,
      pair: row.pair as string,
      state: row.state as ArbState,
      why: row.why as string,
      facts: JSON.parse(row.facts as string) as unknown,
    }));
  }

  orderStates(clientOrderId: string): StoredOrderState[] {
    const sql = 'SELECT * FROM order_states WHERE client_order_id = ? ORDER BY id';
    return this.#all(sql, clientOrderId).map((row) => ({
      atMs: row.at_ms as number,
      clientOrderId: row.client_order_id as string,
      state: row.state as OrderState,
      why: row.why as string,
      filledE6: row.filled_e6 as number | null,
    }));
  }

  decision(id: number): StoredDecision | undefined {
    return this.#all('SELECT * FROM decisions WHERE id = ?', id).map(readDecision)[0];
  }

  decisions(since: Since): StoredDecision[] {
    return this.#since('decisions', since, 'id').map(readDecision);
  }

  /** What all fills but the failed ones add up to. */
  positions(): StoredPosition[] {
    return this.#all(
      `SELECT pair, venue, outcome, SUM(size_e6) AS size_e6, SUM(cost_micros) AS cost_micros,
         SUM(fee_micros) AS fee_micros FROM fills WHERE state != 'failed' GROUP BY pair, venue, outcome`,
    ).map((row) => ({
      pair: row.pair as string,
      venue: row.venue as Venue,
      outcome: row.outcome as Outcome,
      sizeE6: row.size_e6 as number,
      costMicros: row.cost_micros as number,
      feeMicros: row.fee_micros as number,
    }));
  }

  balances(since: Since): StoredBalance[] {
    return this.#since('balances', since, 'id').map((row) => ({
      run: row.run as number,
      atMs: row.at_ms as number,
      venue: row.venue as Venue,
      shard: row.shard as number,
      micros: row.micros as number,
      source: row.source as string,
    }));
  }

  events({ level, ...since }: Since & { readonly level?: string }): StoredEvent[] {
    return this.#since('events', since, 'id')
      .filter((row) => level === undefined || row.level === level)
      .map((row) => ({
        run: row.run as number,
        atMs: row.at_ms as number,
        level: row.level as string,
        event: row.event as string,
        text: row.text as string,
        facts: JSON.parse(row.facts as string) as unknown,
      }));
  }

  #append(record: JournalRecord): void {
    const run = this.#run;
    if (record.t === 'run') this.#seq += RUN_GAP;
    // Rows that are written over get the number of their newest change.
    const seq = ++this.#seq;
    switch (record.t) {
      case 'run':
        this.#write(
          'INSERT INTO runs (started_ms, profile, version, config, seq) VALUES (?, ?, ?, ?, ?)',
          record.atMs,
          record.profile,
          record.version,
          json(record.config),
          seq,
        );
        this.#run = this.lastRun()?.id ?? 0;
        return;
      case 'run-end':
        this.#write(
          'UPDATE runs SET ended_ms = ?, why = ?, summary = ?, seq = ? WHERE id = ?',
          record.atMs,
          record.why,
          json(record.summary),
          seq,
          run,
        );
        return;
      case 'decision':
        this.#write(
          `INSERT INTO decisions (run, at_ms, arb, pair, direction, decision, is_new, size_centi, net_micros, inputs,
             seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          run,
          record.atMs,
          record.arb,
          record.pair,
          record.direction,
          record.decision,
          record.isNew ? 1 : 0,
          record.sizeCenti,
          record.netMicros,
          json(record.inputs),
          seq,
        );
        return;
      case 'order':
        this.#write(
          `INSERT INTO orders (client_order_id, order_id, run, at_ms, arb, role, venue, pair, outcome, size_centi,
             limit_e4, spend_micros, state, reply, stamps, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (client_order_id) DO UPDATE SET order_id = COALESCE(excluded.order_id, order_id),
             state = excluded.state, reply = excluded.reply, stamps = excluded.stamps,
             seq = excluded.seq`,
          record.clientOrderId,
          record.orderId,
          run,
          record.atMs,
          record.arb,
          record.role,
          record.venue,
          record.pair,
          record.outcome,
          record.sizeCenti,
          record.limitE4,
          record.spendMicros,
          record.state,
          json(record.reply),
          json(record.stampsNs),
          seq,
        );
        return;
      case 'order-state':
        this.#write(
          `INSERT INTO order_states (run, at_ms, client_order_id, state, why, filled_e6, seq) VALUES (?, ?, ?, ?, ?, ?, ?)`,
          run,
          record.atMs,
          record.clientOrderId,
          record.state,
          record.why,
          record.filledE6,
          seq,
        );
        this.#write(
          'UPDATE orders SET state = ?, filled_e6 = ?, seq = ? WHERE client_order_id = ?',
          record.state,
          record.filledE6,
          seq,
          record.clientOrderId,
        );
        return;
      case 'fill':
        this.#write(
          `INSERT INTO fills (venue, trade_id, order_id, outcome, client_order_id, run, at_ms, pair, size_e6, cost_micros,
             fee_micros, state, source, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET state = excluded.state, size_e6 = excluded.size_e6,
             cost_micros = excluded.cost_micros, fee_micros = excluded.fee_micros,
             client_order_id = COALESCE(excluded.client_order_id, client_order_id), seq = excluded.seq`,
          record.venue,
          record.tradeId,
          record.orderId,
          record.outcome,
          record.clientOrderId,
          run,
          record.atMs,
          record.pair,
          record.sizeE6,
          record.costMicros,
          record.feeMicros,
          record.state,
          record.source,
          seq,
        );
        return;
      case 'arb-state':
        this.#write(
          `INSERT INTO arb_states (run, at_ms, arb, pair, state, why, facts, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          run,
          record.atMs,
          record.arb,
          record.pair,
          record.state,
          record.why,
          json(record.facts),
          seq,
        );
        this.#write(
          `INSERT INTO arbs (arb, run, pair, fired_ms, at_ms, state, seq) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (arb) DO UPDATE SET at_ms = excluded.at_ms, state = excluded.state, seq = excluded.seq`,
          record.arb,
          run,
          record.pair,
          record.atMs,
          record.atMs,
          record.state,
          seq,
        );
        return;
      case 'balance':
        this.#write(
          'INSERT INTO balances (run, at_ms, venue, shard, micros, source, seq) VALUES (?, ?, ?, ?, ?, ?, ?)',
          run,
          record.atMs,
          record.venue,
          record.shard,
          record.micros,
          record.source,
          seq,
        );
        return;
      case 'limit':
        this.#write(
          'INSERT INTO limits (run, at_ms, name, value, was, seq) VALUES (?, ?, ?, ?, ?, ?)',
          run,
          record.atMs,
          record.name,
          record.value,
          record.was,
          seq,
        );
        return;
      case 'event':
        this.#write(
          'INSERT INTO events (run, at_ms, level, event, text, facts, seq) VALUES (?, ?, ?, ?, ?, ?, ?)',
          run,
          record.atMs,
          record.level,
          record.event,
          record.text,
          json(record.facts),
          seq,
        );
        return;
      case 'latency':
        this.#write(
          `INSERT INTO latencies (run, at_ms, since_ms, stage, count, p50_ns, p95_ns, p99_ns, p999_ns, max_ns, seq)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          run,
          record.atMs,
          record.sinceMs,
          record.stage,
          record.count,
          record.p50Ns,
          record.p95Ns,
          record.p99Ns,
          record.p999Ns,
          record.maxNs,
          seq,
        );
        return;
      default:
        record satisfies never;
    }
  }

  #since(table: string, { sinceMs, arb, run }: Since, order: string, time = 'at_ms'): Row[] {
    const wheres: string[] = [];
    const values: unknown[] = [];
    const where = (sql: string, value: unknown) => {
      if (value === undefined) return;
      wheres.push(sql);
      values.push(value);
    };
    where(`${time} >= ?`, sinceMs);
    where(table === 'fills' ? FILLS_OF_ARB : 'arb = ?', arb);
    where('run = ?', run);
    const filter = wheres.length === 0 ? '' : `WHERE ${wheres.join(' AND ')}`;
    return this.#all(`SELECT * FROM ${table} ${filter} ORDER BY ${order}`, ...values);
  }

  #all(sql: string, ...values: unknown[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  #write(sql: string, ...values: unknown[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): Database.Statement {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}

function json(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function readOrder(row: Row): StoredOrder {
  return {
    run: row.run as number,
    atMs: row.at_ms as number,
    clientOrderId: row.client_order_id as string,
    orderId: row.order_id as string | null,
    arb: row.arb as string,
    role: row.role as OrderRole,
    venue: row.venue as Venue,
    pair: row.pair as string,
    outcome: row.outcome as Outcome,
    sizeCenti: row.size_centi as number,
    limitE4: row.limit_e4 as number,
    spendMicros: row.spend_micros as number,
    state: row.state as OrderState,
    filledE6: row.filled_e6 as number | null,
    reply: JSON.parse(row.reply as string) as unknown,
    stampsNs: JSON.parse(row.stamps as string) as Readonly<Record<string, number>>,
  };
}

function readFill(row: Row): StoredFill {
  return {
    run: row.run as number,
    atMs: row.at_ms as number,
    venue: row.venue as Venue,
    tradeId: row.trade_id as string,
    orderId: row.order_id as string,
    clientOrderId: row.client_order_id as string | null,
    pair: row.pair as string,
    outcome: row.outcome as Outcome,
    sizeE6: row.size_e6 as number,
    costMicros: row.cost_micros as number,
    feeMicros: row.fee_micros as number,
    state: row.state as StoredFill['state'],
    source: row.source as string,
  };
}

function readDecision(row: Row): StoredDecision {
  return {
    id: row.id as number,
    run: row.run as number,
    atMs: row.at_ms as number,
    arb: row.arb as string | null,
    pair: row.pair as string,
    direction: row.direction as number,
    decision: row.decision as string,
    isNew: row.is_new === 1,
    sizeCenti: row.size_centi as number,
    netMicros: row.net_micros as number,
    inputs: JSON.parse(row.inputs as string) as unknown,
  };
}
