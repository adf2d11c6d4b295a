// Against a real Redis of the test's own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/journal/records.js';
import { JournalStore } from '../../src/journal/store.js';
import { QuoteTable, TRUSTED } from '../../src/shm/quote-table.js';
import { PRICES_CHANNEL, PricePublisher } from '../../src/sinks/redis/price-publisher.js';
import {
  RedisSink,
  SIGNALS_CHANNEL,
  STREAMS_KEY,
  streamKey,
} from '../../src/sinks/redis/redis-sink.js';
import { journalRecords } from '../journal/record-arbitraries.js';
import { expectRedisCopy, journalId } from './copies.js';
import { CuttingProxy } from './cutting-proxy.js';
import { until } from './free-port.js';
import { Pumping } from './pumping.js';
import { RedisServer, redisProgram } from './redis-server.js';
import { SINKS } from './sinks-settings.js';

const program = redisProgram();
/** Many journals and connections are made: seconds, or many on a machine that is busy otherwise. */
const PATIENCE = { timeout: 180_000 };

describe.skipIf(program === undefined)('the Redis sink', () => {
  let server: RedisServer;
  let directory: string;
  const cleanups: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await RedisServer.start(program!, { isDurable: true });
  });
  afterAll(() => server?.remove());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'underround-sinks-'));
  });
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
    rmSync(directory, { recursive: true, force: true });
  });

  const path = () => join(directory, 'journal.sqlite');
  const open = (): JournalStore => {
    const store = JournalStore.open(path());
    cleanups.push(() => Promise.resolve(store.close()));
    return store;
  };
  const pump = (redisUrl: string, more: Partial<typeof SINKS> = {}) => {
    const pumping = new Pumping(new RedisSink({ ...SINKS, redisUrl, ...more }), path());
    cleanups.push(() => pumping.end());
    return pumping;
  };
  const compare = (of = server) => of.ask((redis) => expectRedisCopy(path(), redis));
  const records = (seed: number) => fc.sample(journalRecords, { numRuns: 4, seed }).flat();

  it(
    'has every row once, whatever is written, whatever is cut and whenever',
    PATIENCE,
    async () => {
      const proxy = await CuttingProxy.to(server.port);
      cleanups.push(() => proxy.close());
      const step = fc.oneof(
        { weight: 3, arbitrary: journalRecords.map((made) => ({ made })) },
        { weight: 3, arbitrary: fc.nat(9_000).map((cut) => ({ cut })) },
        { weight: 2, arbitrary: fc.nat(20).map((waitMs) => ({ waitMs })) },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 3, maxLength: 14 }),
          fc.integer({ min: 1, max: 40 }),
          async (steps, batchRows) => {
            rmSync(path(), { force: true });
            const store = JournalStore.open(path());
            const sink = new RedisSink({ ...SINKS, redisUrl: server.url(proxy.port) });
            const pumping = new Pumping(sink, path(), { batchRows, random: () => 0.02 });
            try {
              for (const each of steps) {
                if ('made' in each) store.append(each.made);
                else if ('cut' in each) proxy.cutAfter(each.cut);
                else await new Promise((go) => setTimeout(go, each.waitMs));
              }
              await pumping.caughtUp();
            } finally {
              await pumping.end();
              store.close();
            }
            await compare();
          },
        ),
        { numRuns: 8 },
      );
      expect(proxy.cuts).toBeGreaterThan(0);
    },
  );

  it('goes on after the server was killed under load, with no entry missing or doubled', async () => {
    const store = open();
    const pumping = pump(server.url());
    let seed = 1;
    const load = setInterval(() => store.append(records(seed++)), 5);
    cleanups.push(() => Promise.resolve(clearInterval(load)));
    await until('the first entries', () => pumping.pump.status().state === 'up');
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await server.stop(signal);
      await until('it is down', () => pumping.pump.status().state === 'down');
      await until('rows wait', () => pumping.pump.status().lagRows > 500);
      await server.begin();
      await until('it is up again', () => pumping.pump.status().state === 'up');
    }
    clearInterval(load);
    await pumping.caughtUp();
    expect(await compare()).toBeGreaterThan(1_000);
  });

  it('fills a server again that has lost everything, while connected or not', async () => {
    const forgetful = await RedisServer.start(program!);
    cleanups.push(() => forgetful.remove());
    const store = open();
    store.append(records(1));
    const pumping = pump(forgetful.url());
    await pumping.caughtUp();
    await forgetful.ask((redis) => redis.flushall());
    store.append(records(2));
    await until('all of it', () =>
      compare(forgetful).then(
        () => true,
        () => undefined,
      ),
    );
    await forgetful.stop();
    await forgetful.begin();
    await until('all of it again', () =>
      compare(forgetful).then(
        () => true,
        () => undefined,
      ),
    );
  });

  it('takes no entry twice from whoever is late, by the ids that Redis itself refuses', async () => {
    const store = open();
    store.append(records(1));
    const both = [pump(server.url()), pump(server.url())];
    for (let seed = 2; seed < 20; seed++) {
      store.append(records(seed));
      await new Promise((go) => setTimeout(go, 2));
    }
    for (const each of both) await each.caughtUp();
    await compare();
    const key = streamKey(journalId(path()));
    await server.ask(async (redis) => {
      expect(await redis.smembers(STREAMS_KEY)).toContain(key);
      const [last] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
      await expect(redis.xadd(key, last![0], 'table', 'x')).rejects.toThrow(/equal or smaller/);
    });
  });

  it('keeps a stream about as long as it was told', async () => {
    const store = open();
    const said = (n: number): JournalRecord => ({
      ...{ t: 'event', atMs: 1, level: 'warn', event: 'said', text: String(n), facts: null },
    });
    store.append(Array.from({ length: 3_000 }, (_, n) => said(n)));
    const pumping = pump(server.url(), { redisStreamLength: 500 });
    await pumping.caughtUp();
    const length = () => server.ask((redis) => redis.xlen(streamKey(journalId(path()))));
    expect(await length()).toBeLessThan(1_000);
    // What was trimmed is not copied again.
    await pumping.end();
    await pump(server.url(), { redisStreamLength: 500 }).caughtUp();
    expect(await length()).toBeLessThan(1_000);
  });

  it('tells prices and signals to whoever listens, when it was asked to', async () => {
    const store = open();
    const heard: [channel: string, text: string][] = [];
    const listener = server.client();
    await listener.connect();
    cleanups.push(() => Promise.resolve(listener.disconnect()));
    listener.on('message', (channel: string, text: string) => heard.push([channel, text]));
    await listener.subscribe(PRICES_CHANNEL, SIGNALS_CHANNEL);
    const decision = (atMs: number, pair: string): JournalRecord => ({
      ...({ t: 'decision', atMs, arb: null, pair, direction: 0, decision: 'fired' } as const),
      ...{ isNew: true, sizeCenti: 100, netMicros: 5, inputs: null },
    });
    const pumping = pump(server.url(), { redisSignals: true });
    await pumping.caughtUp();
    store.append([decision(1, 'old'), decision(Date.now(), 'new')]);
    await until('the signal', () => heard.length > 0);
    const memory = new SharedArrayBuffer(QuoteTable.bytes(4));
    const quotes = new QuoteTable(memory);
    for (const slot of [1, 2]) quotes.publish(slot, 4_200 + slot, 5_900, 10, 20, 1, 1, 77);
    quotes.setTrust(1, 0, TRUSTED);
    const publisher = new PricePublisher(memory, ['first', 'second']);
    const speaker = server.client();
    await speaker.connect();
    cleanups.push(() => Promise.resolve(speaker.disconnect()));
    await publisher.sample(speaker);
    await publisher.sample(speaker);
    quotes.publish(1, 4_300, 5_900, 10, 20, 1, 1, 78);
    await publisher.sample(speaker);
    await until('both prices', () => heard.length >= 3);
    const told = heard.map(([channel, text]) => [channel, JSON.parse(text) as object]);
    const quote = { market: 'second', venue: 'kalshi', noAskE4: 5_900, yesSize: 10, noSize: 20 };
    expect(told).toEqual([
      [SIGNALS_CHANNEL, expect.objectContaining({ pair: 'new', decision: 'fired' })],
      [
        PRICES_CHANNEL,
        { atMs: expect.any(Number), quotes: [{ ...quote, yesAskE4: 4_201, venueMs: 77 }] },
      ],
      [
        PRICES_CHANNEL,
        { atMs: expect.any(Number), quotes: [{ ...quote, yesAskE4: 4_300, venueMs: 78 }] },
      ],
    ]);
  });

  it('says clearly once what is wrong with it, and never says a password', async () => {
    const password = 'redis-Correct.Horse/7';
    const guarded = await RedisServer.start(program!, { password });
    cleanups.push(() => guarded.remove());
    open().append(records(1));
    const file = join(directory, 'password');
    const words: string[] = [];
    const expectRefusal = async (wanted: RegExp, more: Partial<typeof SINKS> = {}) => {
      const pumping = pump(guarded.url(), more);
      await until('the refusal', () => pumping.said.length > 0);
      expect(pumping.said).toEqual([expect.stringMatching(wanted)]);
      words.push(...pumping.said, String(pumping.pump.status().why));
      await pumping.end();
    };
    await expectRefusal(/^error sink-refused redis: NOAUTH/);
    await expectRefusal(/ENOENT/, { redisPasswordFile: file });
    writeFileSync(file, 'wrong-Secret.9');
    await expectRefusal(/^error sink-refused redis: WRONGPASS/, { redisPasswordFile: file });
    writeFileSync(file, `${password}\n`);
    await pump(guarded.url(), { redisPasswordFile: file }).caughtUp();
    await compare(guarded);
    expect(words.join()).not.toMatch(/wrong-Secret|Correct/);
  });
});
