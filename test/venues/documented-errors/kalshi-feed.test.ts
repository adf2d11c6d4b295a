// Every error of Kalshi's WebSocket (kalshi-api.md 2.1, 2.3): provoked on a real socket of the simulated exchange, and what our
// session does about it: never trusted beside the truth, and trusted again soon.
import { afterEach, describe, expect, it } from 'vitest';
import { KalshiFillStream } from '../../../src/venues/kalshi/fills.js';
import { KALSHI_WS_ERROR as CODE } from '../../../src/venues/kalshi/wire/error-codes.js';
import type { VenueFill } from '../../../src/venues/orders.js';
import { until } from '../../net/raw-server.js';
import { KalshiFeedRun, LISTINGS, type RunOptions, type SaidCommand } from './kalshi-feed-run.js';
import { passSteps, passUntil } from './passing-time.js';

let run: KalshiFeedRun | undefined;
afterEach(async () => {
  await run?.close();
  run = undefined;
});

type Spoil = NonNullable<RunOptions['spoil']>;
const spoilt =
  (cmd: string, change: (params: SaidCommand['params']) => object): Spoil =>
  (command) =>
    command.cmd === cmd ? { ...command, params: change(command.params) } : undefined;
const subscribe = (change: (params: SaidCommand['params']) => object) =>
  spoilt('subscribe', change);
const update = (change: (params: SaidCommand['params']) => object) =>
  spoilt('update_subscription', change);
const dance: Spoil = (command) => ({ ...command, cmd: 'dance' });

interface Row extends RunOptions {
  readonly code: number;
  readonly when: string;
  /** `renumbered`: the exchange refuses a command, and its error gets this number on the way: it has no such error of its own. */
  readonly by: 'request' | 'option' | 'fault' | 'renumbered';
  /** Connections until all is well again: 1 when the one that stands is kept. */
  readonly connections: 1 | 2;
  /** Done once all books are trusted, and before: an update is spoilt. */
  readonly lose?: true;
  readonly isEnded?: 10 | 25;
  /** Both clocks go forward by so much after the error. */
  readonly passMs?: number;
  /** Markets that are not trusted in the end, and why. */
  readonly lost?: Readonly<Record<number, string>>;
}

/** The command is wrong and would be wrong again: the session is given up, and the next one is right. */
const REFUSED: Row[] = [
  {
    code: CODE.UNABLE_TO_PROCESS,
    when: 'half a command comes: its error names no command, which has no answer then',
    by: 'request',
    spoil: ({ cmd }) => (cmd === 'subscribe' ? '{"id":1,' : undefined),
    passMs: 6_000,
    connections: 2,
  },
  {
    code: CODE.PARAMS_REQUIRED,
    when: 'a command has no params',
    by: 'request',
    spoil: ({ id, cmd }) => ({ id, cmd }),
    connections: 2,
  },
  {
    code: CODE.CHANNELS_REQUIRED,
    when: 'no channel is named',
    by: 'request',
    spoil: subscribe((params) => ({ ...params, channels: [] })),
    connections: 2,
  },
  {
    code: CODE.SIDS_REQUIRED,
    when: 'an update names no sid',
    by: 'request',
    spoil: update(({ sids: _, ...params }) => params),
    lose: true,
    connections: 2,
  },
  {
    code: CODE.UNKNOWN_COMMAND,
    when: 'the command is not known',
    by: 'request',
    spoil: dance,
    connections: 2,
  },
  {
    code: CODE.UNKNOWN_CHANNEL,
    when: 'the channel is gone',
    by: 'request',
    spoil: subscribe((params) => ({ ...params, channels: ['ticker_v2'] })),
    connections: 2,
  },
  {
    code: CODE.EXACTLY_ONE_SID,
    when: 'an update names two sids',
    by: 'request',
    spoil: update((params) => ({ ...params, sids: [1, 2] })),
    lose: true,
    connections: 2,
  },
  {
    code: CODE.UNSUPPORTED_ACTION,
    when: 'the action of an update is not known',
    by: 'request',
    spoil: update((params) => ({ ...params, action: 'dance' })),
    lose: true,
    connections: 2,
  },
  {
    code: CODE.MARKET_TICKER_REQUIRED,
    when: 'books are asked for of no market',
    by: 'request',
    spoil: subscribe(({ channels }) => ({ channels })),
    connections: 2,
  },
  {
    code: CODE.ACTION_REQUIRED,
    when: 'an update has no action',
    by: 'request',
    spoil: update(({ action: _, ...params }) => params),
    lose: true,
    connections: 2,
  },
  {
    code: CODE.INDEX_IDS_REQUIRED,
    when: 'an index channel is asked for without its ids',
    by: 'request',
    spoil: subscribe((params) => ({ ...params, channels: ['cfbenchmarks_value'] })),
    connections: 2,
  },
  {
    code: CODE.UNDERLYING_TICKERS_REQUIRED,
    when: 'a price channel is asked for without its tickers',
    by: 'request',
    spoil: subscribe((params) => ({ ...params, channels: ['pyth_value'] })),
    connections: 2,
  },
  ...[6, 16, 17, 19, 20, 21, 22, 23].map(
    (code): Row => ({
      code,
      when: 'a number is retired, or of a channel that we do not use',
      by: 'renumbered',
      renumber: code,
      spoil: dance,
      connections: 2,
    }),
  ),
];

const DEAD: Row[] = [
  {
    code: CODE.AUTHENTICATION_REQUIRED,
    when: 'the connection is not authenticated: only a handshake mends it',
    by: 'renumbered',
    renumber: CODE.AUTHENTICATION_REQUIRED,
    spoil: dance,
    connections: 2,
  },
  {
    code: CODE.CHANNEL_ERROR,
    when: 'the subscriptions end',
    by: 'fault',
    isEnded: 10,
    connections: 2,
  },
  {
    code: CODE.BUFFER_OVERFLOW,
    when: 'the subscriptions end, as those of a client that is too slow',
    by: 'fault',
    isEnded: 25,
    connections: 2,
  },
];

const MENDED: Row[] = [
  {
    code: CODE.UNKNOWN_SID,
    when: 'the exchange has forgotten the sid: all is subscribed again on the same connection',
    by: 'request',
    spoil: update((params) => ({ ...params, sids: [99] })),
    lose: true,
    connections: 1,
  },
  {
    code: CODE.INVALID_PARAMETER,
    when: 'one ticker is not known, and named: the others are subscribed without it',
    by: 'request',
    moreTickers: ['KXNONE'],
    lost: { 3: 'closed' },
    connections: 1,
  },
  {
    code: CODE.INVALID_PARAMETER,
    when: 'it does not say what is wrong: smaller commands find out',
    by: 'request',
    spoil: subscribe((params) => ({ ...params, market_tickers: [5] })),
    connections: 1,
  },
  {
    code: CODE.COMMAND_TIMEOUT,
    when: 'a command is not served in time: the same again, later',
    by: 'renumbered',
    renumber: CODE.COMMAND_TIMEOUT,
    spoil: dance,
    passMs: 1_000,
    connections: 1,
  },
  {
    code: CODE.TOO_MANY_REQUESTS,
    when: 'the books are asked for too soon: the same again, later',
    by: 'renumbered',
    renumber: CODE.TOO_MANY_REQUESTS,
    spoil: dance,
    passMs: 1_000,
    connections: 1,
  },
];

const ROWS = [...REFUSED, ...DEAD, ...MENDED];

describe('the error', () => {
  it.each(ROWS)('$code: $when (by $by)', async (row) => {
    const own = await KalshiFeedRun.feed(row);
    run = own;
    if (row.lose === true) await own.loseFrame();
    if (row.isEnded !== undefined) {
      await until(() => own.allTrusted, 'trusted books');
      own.harness.server.inject({ kind: 'end-subscriptions', code: row.isEnded });
    }
    await until(() => own.errors.some(({ msg }) => msg.code === row.code), 'the error');
    expect(own.counts.get('refusals')).toBeGreaterThanOrEqual(1);
    if (row.connections === 2) {
      const [first] = own.errors;
      if (first?.sid === undefined) expect(own.trusted).toEqual([]);
    }
    own.pass(row.passMs ?? 0);
    const whole = LISTINGS.map(({ market }) => market);
    await until(
      () => own.connections >= row.connections && own.trusted.length === whole.length,
      `trusted books on connection ${row.connections}`,
    );
    expect(own.trusted.sort()).toEqual(whole);
    expect(own.connections).toBe(row.connections);
    for (const [market, reason] of Object.entries(row.lost ?? {})) {
      expect(own.reasonOf(Number(market))).toBe(reason);
    }
  });

  it('has a row for every number from 1 to 28', () => {
    const all = [...ROWS.map(({ code }) => code), CODE.MARKET_LIMIT];
    expect([...new Set(all)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 28 }, (_, index) => index + 1),
    );
    for (const code of Object.values(CODE)) expect(all).toContain(code);
  });
});

it('26: a connection takes so many markets only: fewer at a time, and those that it takes are trusted', async () => {
  const own = await KalshiFeedRun.feed({ server: { maxMarketSubscriptions: 2 } });
  run = own;
  await passUntil(own, 250, () => own.trusted.length === 2, 'as many markets as it takes');
  const [first] = own.errors;
  expect(first?.msg.code).toBe(CODE.MARKET_LIMIT);
  const sizes = [...own.said('subscribe'), ...own.said('update_subscription')]
    .map(({ params }) => (params.market_tickers as string[] | undefined)?.length)
    .filter((size) => size !== undefined);
  expect(sizes[0]).toBe(3);
  expect(sizes.slice(1).every((size) => size < 3)).toBe(true);
  // The one that is too many is asked for again and again, ever more seldom.
  const before = own.errors.length;
  await passSteps(own, 1_000, 120);
  expect(own.errors.length - before).toBeGreaterThanOrEqual(2);
  expect(own.errors.length - before).toBeLessThan(12);
  expect(own.trusted.sort()).toEqual([0, 1]);
  expect(own.connections).toBe(1);
});

it('27: commands come too fast: what was refused is asked for again, and the books stay trusted', async () => {
  const own = await KalshiFeedRun.feed({ server: { maxCommandsPerSecond: 1 } });
  run = own;
  await until(() => own.errors.length > 0, 'the error');
  expect(own.errors[0]?.msg.code).toBe(CODE.TOO_MANY_REQUESTS);
  const lifecycle = () =>
    own.frames.some((text) => text.includes('"subscribed"') && text.includes('lifecycle'));
  expect(lifecycle()).toBe(false);
  await passUntil(own, 250, lifecycle, 'the second subscription');
  expect(own.allTrusted).toBe(true);
  expect(own.connections).toBe(1);
});

it('the lifecycle channel is refused: the books go on without it', async () => {
  const lifecycle: Spoil = (command) =>
    JSON.stringify(command).includes('lifecycle') ? { ...command, cmd: 'dance' } : undefined;
  const own = await KalshiFeedRun.feed({ spoil: lifecycle });
  run = own;
  await until(() => own.errors.length > 0 && own.allTrusted, 'books without a lifecycle');
  expect(own.connections).toBe(1);
});

describe('the socket', () => {
  it('is cut without a close frame and refused with 502 (2.1): nothing is trusted until it stands again', async () => {
    const own = await KalshiFeedRun.feed();
    run = own;
    await until(() => own.allTrusted, 'trusted books');
    own.harness.server.inject({ kind: 'refuse-sockets', durationMs: 300 });
    await until(() => own.trusted.length === 0, 'no trust');
    expect(own.connections).toBe(1);
    own.pass(300);
    await until(() => own.connections === 2 && own.allTrusted, 'trusted books again');
  });

  it('loses a frame (2.4): every book of the sid is doubted, asked for by get_snapshot, and trusted', async () => {
    const own = await KalshiFeedRun.feed();
    run = own;
    await own.loseFrame();
    await until(() => own.allTrusted, 'trusted books again');
    const [asked] = own.said('update_subscription');
    expect(asked?.params).toMatchObject({ action: 'get_snapshot', sids: [1] });
    expect(asked?.params.market_tickers).toHaveLength(LISTINGS.length);
    expect(own.connections).toBe(1);
  });
});

describe('the stream of our own fills', () => {
  async function streamed(spoil: Spoil) {
    const fills: VenueFill[] = [];
    const markets = new Map(LISTINGS.map(({ ticker, market }) => [ticker, market]));
    const own = await KalshiFeedRun.protocol(
      { spoil },
      () => new KalshiFillStream(markets, (fill) => fills.push(fill)),
    );
    run = own;
    return { own, fills };
  }
  const spoilChannel =
    (channel: string): Spoil =>
    (command) =>
      JSON.stringify(command).includes(`"${channel}"`)
        ? { ...command, params: { channels: ['gone'] } }
        : undefined;
  const isSubscribed = (own: KalshiFeedRun, channel: string) =>
    own.frames.some((text) => text.includes('"subscribed"') && text.includes(`"${channel}"`));

  it('is given up when it is refused, and opened again', async () => {
    const { own, fills } = await streamed(spoilChannel('fill'));
    await until(() => own.connections === 2 && isSubscribed(own, 'fill'), 'the stream');
    expect(own.errors[0]?.msg.code).toBe(CODE.UNKNOWN_CHANNEL);
    await own.harness.create({ price: '0.6000' });
    await until(() => fills.length === 1, 'a fill');
  });

  it('goes on without news of orders', async () => {
    const { own, fills } = await streamed(spoilChannel('user_orders'));
    await until(() => own.errors.length === 1 && isSubscribed(own, 'fill'), 'the stream');
    await own.harness.create({ price: '0.6000' });
    await until(() => fills.length === 1, 'a fill');
    expect(own.connections).toBe(1);
  });
});
