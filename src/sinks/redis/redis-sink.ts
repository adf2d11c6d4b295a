// Redis as a sink: a stream of the audit trail whose ids are the journal's numbers, so that the stream itself says how far it is.
import type { Redis } from 'ioredis';
import { JOURNAL_TABLES, type JournalRow } from '../../journal/journal-cursor.js';
import { spokenWhy } from '../password.js';
import type { Sink } from '../sink.js';
import type { SinksConfig } from '../sinks-config.js';
import { APPEND_SCRIPT, STREAM_START } from './append-script.js';
import { createRedis, redisRefusalOf } from './redis-access.js';

/** Every stream that there is, so that a reader finds them. */
export const STREAMS_KEY = 'underround:streams';
export const SIGNALS_CHANNEL = 'underround:signals';
/** A signal is for now: what is caught up with later is none. */
const SIGNAL_FRESH_MS = 2_000;
/** Of one script: Redis does nothing else meanwhile. */
const MOST_ROWS = 500;
/** Columns of the journal that are JSON: they become part of the row's. */
const JSON_COLUMNS: ReadonlySet<string> = new Set([
  ...['summary', 'inputs', 'reply', 'stamps', 'facts'],
]);
/** Addresses and paths of this machine: nobody's business there. */
const LEFT_OUT = 'config';

export function streamKey(journalId: string): string {
  return `underround:${journalId}:trail`;
}

export class RedisSink implements Sink {
  readonly name = 'redis';
  readonly #config: SinksConfig;
  #redis: Redis | undefined;
  #key = '';
  #stands = STREAM_START;
  #failure: Error | undefined;
  #password: string | undefined;

  constructor(config: SinksConfig) {
    this.#config = config;
  }

  /** While it is up, for what is only told to whoever listens. */
  get connection(): Redis | undefined {
    return this.#failure === undefined ? this.#redis : undefined;
  }

  probe(): Promise<string> {
    return this.#connected(async (redis) => {
      await redis.ping();
      const version = /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1];
      return `Redis ${version ?? ''}`.trim();
    });
  }

  open(journalId: string): Promise<number> {
    return this.#connected(async () => {
      this.#key = streamKey(journalId);
      // No stream stands nowhere: nothing is appended.
      this.#stands = await this.#append('', []);
      return this.#complete();
    });
  }

  async write(rows: readonly JournalRow[], through: number): Promise<number> {
    const missing = rows.filter((row) => isAfter(row, this.#stands));
    try {
      for (let from = 0; from < missing.length; from += MOST_ROWS) {
        const part = missing.slice(from, from + MOST_ROWS);
        const stands = await this.#append(this.#stands, part);
        this.#stands = stands;
        if (stands !== idOf(part.at(-1)!)) return this.#complete();
      }
      return through;
    } catch (error) {
      throw redisRefusalOf(error);
    }
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  wordsOf(error: unknown): string {
    return spokenWhy(error, this.#password);
  }

  close(): Promise<void> {
    const redis = this.#redis;
    this.#redis = undefined;
    redis?.disconnect();
    return Promise.resolve();
  }

  async #connected<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    this.#failure = undefined;
    const { redis, password } = createRedis(this.#config);
    this.#password = password;
    this.#redis = redis;
    let heard: Error | undefined;
    redis.on('error', (error) => {
      heard = error;
    });
    redis.on('end', () => {
      if (this.#redis === redis) this.#failure ??= heard ?? new Error('the connection ended');
    });
    try {
      await redis.connect();
      return await work(redis);
    } catch (error) {
      // What was heard before says more than that the connection is closed.
      throw redisRefusalOf(heard ?? error);
    }
  }

  /** Of a change that wrote two rows, one may be here: it is looked at again. */
  #complete(): number {
    return Math.max(0, parseId(this.#stands)[0] - 1);
  }

  async #append(stands: string, rows: readonly JournalRow[]): Promise<string> {
    const redis = this.#redis;
    if (redis === undefined) throw new Error('not connected');
    const freshMs = Date.now() - SIGNAL_FRESH_MS;
    const isSignal = ({ table, values }: JournalRow) =>
      this.#config.redisSignals && table === 'decisions' && Number(values.at_ms) >= freshMs;
    const entries = rows.flatMap((row) => [
      idOf(row),
      row.table,
      rowText(row),
      isSignal(row) ? '1' : '0',
    ]);
    const { redisStreamLength } = this.#config;
    const keys = [this.#key, STREAMS_KEY];
    return String(
      await redis.eval(
        APPEND_SCRIPT,
        keys.length,
        ...keys,
        ...[stands, redisStreamLength, SIGNALS_CHANNEL],
        ...entries,
      ),
    );
  }
}

/** One change writes at most one row a table: number and table are an id, in the order of the rows. */
function idOf({ seq, table }: JournalRow): string {
  return `${seq}-${JOURNAL_TABLES.indexOf(table) + 1}`;
}

function parseId(id: string): [seq: number, table: number] {
  const [seq = '0', table = '0'] = id.split('-');
  return [Number(seq), Number(table)];
}

function isAfter(row: JournalRow, stands: string): boolean {
  const [seq, table] = parseId(stands);
  const [ownSeq, ownTable] = parseId(idOf(row));
  return ownSeq > seq || (ownSeq === seq && ownTable > table);
}

function rowText({ values }: JournalRow): string {
  const members = Object.entries(values).flatMap(([name, value]) => {
    if (name === LEFT_OUT) return [];
    const text = JSON_COLUMNS.has(name) && value !== null ? String(value) : JSON.stringify(value);
    return `"${name}":${text}`;
  });
  return `{${members.join(',')}}`;
}
