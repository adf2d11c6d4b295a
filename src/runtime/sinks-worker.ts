// The sinks' worker: copies the journal to the databases that are configured, each at its own pace. Nobody waits for it.
import type { MessagePort } from 'node:worker_threads';
import { JournalCursor } from '../journal/journal-cursor.js';
import { PostgresSink } from '../sinks/postgres/postgres-sink.js';
import { SinkPump } from '../sinks/pump.js';
import { PricePublisher } from '../sinks/redis/price-publisher.js';
import { RedisSink } from '../sinks/redis/redis-sink.js';
import type { SinksConfig } from '../sinks/sinks-config.js';
import type { EngineEvent, SinkStatus } from './status.js';

const STATUS_EVERY_MS = 250;
const MS_PER_SECOND = 1_000;

export interface SinksInput {
  readonly journalPath: string;
  readonly config: SinksConfig;
  /** The newest quote of every market, and the markets' names by index. */
  readonly quotes: SharedArrayBuffer;
  readonly markets: readonly string[];
}

export type SinksMessage =
  | { readonly type: 'statuses'; readonly statuses: readonly SinkStatus[] }
  | { readonly type: 'event'; readonly event: EngineEvent };

/** Ends when it is told to, after what is committed by then is in every sink that is up. */
export function runSinks({ journalPath, config, quotes, markets }: SinksInput, port: MessagePort) {
  const send = (message: SinksMessage) => port.postMessage(message);
  const say = (
    level: EngineEvent['level'],
    event: string,
    text: string,
    facts: EngineEvent['facts'],
  ) => send({ type: 'event', event: { level, event, text, facts } });
  const journal = JournalCursor.open(journalPath);
  const parts = { batchRows: config.batchRows, random: Math.random, say };
  const pumps: SinkPump[] = [];
  if (config.postgresUrl !== undefined) {
    pumps.push(new SinkPump(new PostgresSink(config, tellHypertables(say)), journal, parts));
  }
  let prices: NodeJS.Timeout | undefined;
  if (config.redisUrl !== undefined) {
    const redis = new RedisSink(config);
    pumps.push(new SinkPump(redis, journal, parts));
    if (config.redisPrices) {
      const publisher = new PricePublisher(quotes, markets);
      const everyMs = Math.ceil(MS_PER_SECOND / config.pricesPerSecond);
      prices = setInterval(() => {
        if (redis.connection !== undefined) void publisher.sample(redis.connection);
      }, everyMs);
    }
  }
  const tell = () => send({ type: 'statuses', statuses: pumps.map((pump) => pump.status()) });
  const telling = setInterval(tell, STATUS_EVERY_MS);
  port.once('message', () => {
    for (const pump of pumps) pump.end();
  });
  void Promise.all(pumps.map((pump) => pump.run())).then(() => {
    clearInterval(telling);
    clearInterval(prices);
    tell();
    journal.close();
    port.close();
  });
}

function tellHypertables(say: (...said: SaidEvent) => void): (outcome: number | Error) => void {
  return (outcome) => {
    if (outcome === 0) return;
    if (typeof outcome === 'number') {
      say('info', 'hypertables', `postgres: ${outcome} hypertables made`, { tables: outcome });
    } else {
      const why = outcome.message;
      const text = `postgres: plain tables, TimescaleDB makes no hypertables of them: ${why}`;
      say('warn', 'no-hypertables', text, { why });
    }
  };
}

type SaidEvent = [
  level: EngineEvent['level'],
  event: string,
  text: string,
  facts: EngineEvent['facts'],
];
