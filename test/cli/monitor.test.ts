import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningExchange, startExchangeProcess } from '../../src/cli/exchange-process.js';
import { type MonitorView, monitorLine, renderMonitor } from '../../src/cli/monitor-view.js';
import { EventRates } from '../../src/runtime/event-rates.js';
import type { MonitorStatus } from '../../src/runtime/market-monitor.js';
import { loadPairs } from '../../src/runtime/pairs.js';
import { FEED_COUNTERS, type FeedCounter } from '../../src/venues/feed.js';
import { BuiltProgram, until } from './built-program.js';

const noCounts = Object.fromEntries(FEED_COUNTERS.map((name) => [name, 0])) as Record<
  FeedCounter,
  number
>;
const figures = { count: 12, min: -3, p50: 1, p99: 4, max: 70 };
const STATUS: MonitorStatus = {
  elapsedMs: 61_000,
  isConnected: true,
  down: undefined,
  trust: 'sequence-gap',
  trustMs: 2_000,
  frames: { count: 1_234, perSecond: 12.34 },
  kinds: {
    orderbook_snapshot: { count: 1, perSecond: 0 },
    orderbook_delta: { count: 1_200, perSecond: 12 },
  },
  updates: { count: 1_201, perSecond: 12 },
  bids: [
    { priceE4: 4_300, sizeCenti: 12_050 },
    { priceE4: 4_250, sizeCenti: 1 },
  ],
  asks: [{ priceE4: 4_405, sizeCenti: 700 }],
  levels: { bids: 2, asks: 1 },
  spreadE4: 105,
  handlingNs: figures,
  lagMs: figures,
  counters: { ...noCounts, gaps: 3 },
  lastFrame: '{"type":"orderbook_delta","msg":{"text":"\u001b[2Jfoul"}}',
};
const VIEW: MonitorView = { status: STATUS, title: ['kalshi', 'KXA-1'], remainingMs: undefined };

describe('the picture of a market', () => {
  it('shows trust and its reason, the book of YES, gaps, latency and the last frame', () => {
    const lines = renderMonitor(VIEW, { columns: 110, rows: 40 }, false);
    const text = lines.join('\n');
    expect(text).toContain('● sequence-gap for 00:00:02');
    expect(lines.find((line) => line.includes('0.43'))).toMatch(/120\.50 +0\.43 +0\.4405 +7\.00/);
    expect(text).toContain('spread 0.0105  2 and 1 levels');
    expect(text).toMatch(/orderbook_delta +1,200 +12\.0/);
    expect(text).toMatch(/frame → published +-3 ns +1 ns +4 ns +70 ns +12/);
    expect(text).toMatch(/exchange stamp → receipt +-3\.00 ms +1\.00 ms/);
    expect(text).toContain('{"type":"orderbook_delta","msg":{"text":" [2Jfoul"}}');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing from an exchange may steer the terminal
    expect(text).not.toMatch(/\u001b/);
  });

  it('says why there is no connection', () => {
    const down = { why: 'Unexpected server response: 401', retryMs: 250 };
    const status = { ...STATUS, isConnected: false, down };
    const text = renderMonitor({ ...VIEW, status }, { columns: 110, rows: 40 }, false).join('\n');
    expect(text).toContain(
      'no connection: Unexpected server response: 401; next attempt after 250',
    );
    expect(monitorLine(status)).toContain('no connection: Unexpected server response: 401');
  });

  it('fits every terminal', () => {
    for (let columns = 1; columns < 140; columns += 7) {
      for (let rows = 1; rows < 45; rows += 3) {
        const lines = renderMonitor(VIEW, { columns, rows }, false);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('holds when nothing is known yet', () => {
    const status: MonitorStatus = {
      ...STATUS,
      bids: [],
      asks: [],
      spreadE4: undefined,
      handlingNs: undefined,
      lagMs: undefined,
      lastFrame: '',
    };
    const text = renderMonitor({ ...VIEW, status }, { columns: 110, rows: 40 }, false).join('\n');
    expect(text).toContain('no spread');
    expect(monitorLine(status)).toContain('bid - ask -');
  });
});

describe('rates', () => {
  it('are of the last two seconds, and kinds are bounded', () => {
    const rates = new EventRates(0);
    for (let second = 1; second <= 10; second++) {
      for (let times = 0; times < second; times++) rates.add('a');
      rates.sample(second * 1e9);
    }
    expect(rates.counts()).toEqual({ a: { count: 55, perSecond: (9 + 10) / 2 } });
    for (let kind = 0; kind < 100; kind++) rates.add(`kind ${kind}`);
    rates.sample(11e9);
    expect(Object.keys(rates.counts())).toHaveLength(33);
    expect(rates.counts().other?.count).toBe(100 - 31);
  });
});

describe('monitor as a command', () => {
  let program: BuiltProgram;
  let exchange: RunningExchange;
  beforeAll(async () => {
    program = await BuiltProgram.build();
    // Books that stand still can be compared.
    const args = ['sim', '--seed', '7', '--markets', '5', '--auto-start', 'no'];
    const command = { mainPath: program.mainPath, args };
    exchange = await startExchangeProcess(command, new AbortController().signal);
  }, 60_000);
  afterAll(async () => {
    await exchange?.end(1_000);
    await program?.remove();
  });

  const kalshiFlags = () => {
    const { restUrl, wsUrl, keyId, privateKeyPath } = exchange.ready.kalshi;
    return [
      ...['--venue', 'kalshi', '--kalshi-rest-url', restUrl, '--kalshi-ws-url', wsUrl],
      ...['--kalshi-key-id', keyId, '--kalshi-private-key-path', privateKeyPath],
    ];
  };
  const polymarketFlags = () => {
    const { restUrl, wsUrl } = exchange.ready.polymarket;
    return [
      ...['--venue', 'polymarket'],
      ...['--polymarket-rest-url', restUrl, '--polymarket-ws-url', wsUrl],
    ];
  };
  const pairs = () => loadPairs(exchange.ready.pairsPath);
  const objects = (out: string) =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as MonitorStatus);

  it('shows the book that the exchange has, and what becomes of the connection', async () => {
    const { ticker } = pairs()[2]!;
    const run = program.start('monitor', ...kalshiFlags(), '--ticker', ticker, '--json');
    const last = () => objects(run.said.out).at(-1);
    await until(() => last()?.trust === 'trusted', 'trust');
    const reply = await fetch(`${exchange.ready.kalshi.restUrl}/markets/${ticker}/orderbook`);
    const { orderbook_fp: book } = (await reply.json()) as {
      orderbook_fp: Record<'yes_dollars' | 'no_dollars', [string, string][]>;
    };
    const level = ([price, size]: [string, string]) => ({
      priceE4: Math.round(Number(price) * 10_000),
      sizeCenti: Math.round(Number(size) * 100),
    });
    const bids = book.yes_dollars.map(level).reverse();
    const asks = book.no_dollars
      .map(level)
      .reverse()
      .map(({ priceE4, sizeCenti }) => ({ priceE4: 10_000 - priceE4, sizeCenti }));
    expect(last()).toMatchObject({
      isConnected: true,
      bids: bids.slice(0, 8),
      asks: asks.slice(0, 8),
      levels: { bids: bids.length, asks: asks.length },
      spreadE4: asks[0]!.priceE4 - bids[0]!.priceE4,
      counters: { gaps: 0, garbage: 0, reconnects: 0 },
      down: null,
    });
    await fault({ venue: 'kalshi', kind: 'halt', market: 2, isHalted: true });
    await until(() => last()?.trust === 'halted', 'the halt');
    await fault({ venue: 'kalshi', kind: 'halt', market: 2, isHalted: false });
    await until(() => last()?.trust === 'trusted', 'trust after the halt');
    await fault({ venue: 'kalshi', kind: 'garbage' });
    await until(() => last()?.counters.garbage === 1, 'garbage');
    expect(last()?.kinds['not JSON']?.count).toBe(1);
    await fault({ venue: 'kalshi', kind: 'cut' });
    await until(() => last()?.counters.reconnects === 1, 'a new connection');
    await until(() => last()?.trust === 'trusted', 'trust again');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(run.said.err).toBe('');
  }, 60_000);

  it('prints each frame as it came with --raw', async () => {
    const { ticker } = pairs()[0]!;
    const run = program.start('monitor', ...kalshiFlags(), '--ticker', ticker, '--raw');
    await until(() => run.said.out.includes('orderbook_snapshot'), 'the snapshot');
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    const frames = run.said.out
      .trimEnd()
      .split('\n')
      .map((line) => {
        expect(line).toMatch(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z \{/);
        return JSON.parse(line.slice(line.indexOf(' ') + 1)) as { type: string };
      });
    expect(frames[0]?.type).toBe('subscribed');
  }, 60_000);

  it('finds a Polymarket market by condition, token and slug', async () => {
    const { conditionId } = pairs()[1]!;
    const { restUrl } = exchange.ready.polymarket;
    const row = await (await fetch(`${restUrl}/markets/${conditionId}`)).json();
    const { market_slug: slug, tokens } = row as {
      market_slug: string;
      tokens: { token_id: string }[];
    };
    const bookOf = async (...names: string[]) => {
      const run = program.start('monitor', ...polymarketFlags(), ...names, '--json');
      const last = () => objects(run.said.out).at(-1);
      await until(() => (last()?.bids.length ?? 0) > 0, `a book with ${names[0]}`);
      run.child.kill('SIGTERM');
      expect(await run.ended).toBe(0);
      const { bids, asks } = last()!;
      return { bids, asks };
    };
    const byCondition = await bookOf('--condition', conditionId);
    // The other token of the market is the same book, seen from YES.
    expect(await bookOf('--token', tokens[1]!.token_id)).toEqual(byCondition);
    expect(await bookOf('--slug', slug)).toEqual(byCondition);
  }, 60_000);

  it('starts and ends exchanges of its own, and reports their death', async () => {
    const run = program.start('monitor', '--venue', 'kalshi', '--markets', '1');
    await until(() => run.said.out.includes(' status '), 'a line');
    expect(run.said.out).toMatch(/ started +kalshi · KX/);
    const pid = run.child.pid!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    expect(children).toHaveLength(1);
    process.kill(Number(children[0]), 'SIGKILL');
    expect(await run.ended).toBe(1);
    expect(run.said.err).toContain('the exchanges died');
  }, 60_000);

  it.each([
    [['--venue', 'kalshi', '--slug', 'x'], 2, '--slug is not for --venue kalshi'],
    [['--venue', 'polymarket', '--slug', 'x', '--token', '1'], 2, 'only one of --slug, --token'],
    [['--venue', 'kalshi', '--raw', '--json'], 2, '--raw or --json'],
    [['--venue', 'kalshi', '--duration', 'long'], 2, 'key=duration'],
    [['--venue', 'nasdaq'], 2, 'kalshi, polymarket'],
  ])('%j is refused with a word that helps', async (args, code, word) => {
    const run = program.start('monitor', ...args);
    expect(await run.ended).toBe(code);
    expect(run.said.err).toContain(word);
  });

  it.each([
    [['--condition', '0x12'], 'polymarket does not list it: condition=0x12'],
    [['--token', '12'], 'polymarket does not list it: token=12'],
    [['--slug', 'no-such'], 'no open market has this slug: slug=no-such'],
    [
      ['--slug', 'x', '--polymarket-gamma-url', 'http://127.0.0.1:1/'],
      'give --token or --condition instead',
    ],
  ])('a market that is not found is an error that says so: %j', async (args, word) => {
    const run = program.start('monitor', ...polymarketFlags(), ...args);
    expect(await run.ended).toBe(1);
    expect(run.said.err).toContain(word);
    expect(run.said.err.trim().split('\n')).toHaveLength(1);
  });

  async function fault(body: object): Promise<void> {
    const reply = await fetch(`${exchange.ready.controlUrl}/fault`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(reply.ok).toBe(true);
  }
});
