// What goes wrong on Polymarket's two sockets (polymarket-api.md 8, 9, 14), provoked on real sockets of the simulated exchange, and
// what our sessions do about it: never trusted beside the truth, and trusted again soon.
import { afterEach, expect, it } from 'vitest';
import type { Clock } from '../../../src/domain/clock.js';
import { type SocketProtocol, WsSession } from '../../../src/net/ws-session.js';
import type { PolymarketServerOptions } from '../../../src/sim/polymarket/server.js';
import { type FeedCounter, REASON_TRUSTED, TRUST_REASONS } from '../../../src/venues/feed.js';
import type { VenueFill } from '../../../src/venues/orders.js';
import { PolymarketFeed } from '../../../src/venues/polymarket/feed.js';
import { PolymarketFillStream } from '../../../src/venues/polymarket/user-stream.js';
import { NO_NEW_ASSETS } from '../../../src/venues/polymarket/wire/ws-messages.js';
import { until } from '../../net/raw-server.js';
import { type Exchange, LISTINGS, startExchange } from '../../sim/polymarket/exchange-fixture.js';
import { passSteps, passUntil } from './passing-time.js';
import { FILL_MARKETS, PolymarketRig } from './polymarket-rig.js';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const TICK_MS = 2;
const NS_PER_MS = 1e6;
/** So long that only what is provoked ends anything. */
const LIMITS = { maxSilenceMs: 600_000, maxLagMs: 600_000 };
const STRANGERS = { market: LISTINGS.length, tokenIds: ['111', '222'] as const };

interface Opened {
  readonly connections: () => number;
  readonly whys: string[];
  readonly texts: string[];
  /** Our clock goes forward. */
  pass(ms: number): void;
}

/** A session on a socket of the exchange; what it says can be changed on its way. */
function session(
  url: string,
  open: (clock: Clock) => SocketProtocol,
  say: (text: string) => readonly string[] = (text) => [text],
): Opened {
  let aheadMs = 0;
  let connections = 0;
  const texts: string[] = [];
  const whys: string[] = [];
  const clock: Clock = {
    nowNs: () => Math.round((performance.now() + aheadMs) * NS_PER_MS),
    wallMs: () => Date.now(),
  };
  const protocol = open(clock);
  const socket = new WsSession(
    { url, headers: () => ({}) },
    {
      opened: (send, nowNs) =>
        protocol.opened((text) => {
          for (const said of say(text)) send(said);
        }, nowNs),
      frame: (data, receiveNs) => {
        texts.push(data.toString());
        protocol.frame(data, receiveNs);
      },
      closed: (why) => protocol.closed(why),
      tick: (nowNs) => protocol.tick(nowNs),
    },
    { connected: () => connections++, disconnected: (why) => whys.push(why) },
    clock,
    () => 0,
    TICK_MS,
  );
  closers.push(() => socket.close());
  const pass = (ms: number) => {
    aheadMs += ms;
  };
  return { connections: () => connections, whys, texts, pass };
}

/** The exchange has heard what was said when the socket opened: it says nothing to a login, but answers a PING behind it. */
async function heard(opened: Opened): Promise<void> {
  await until(() => opened.connections() === 1, 'the stream');
  opened.pass(11_000);
  await until(() => opened.texts.includes('PONG'), 'an answer');
}

interface Fed extends Opened {
  readonly exchange: Exchange;
  readonly counts: ReadonlyMap<FeedCounter, number>;
  trusted(): number[];
  reasonOf(market: number): string | undefined;
}

async function fed(
  options: Partial<PolymarketServerOptions> = {},
  more: readonly { market: number; tokenIds: readonly [string, string] }[] = [],
  say?: (text: string) => readonly string[],
): Promise<Fed> {
  const exchange = await startExchange(options);
  closers.push(() => exchange.close());
  for (const { market } of LISTINGS) {
    exchange.quote(market, 'bid', 4_000, 10_000_000);
    exchange.quote(market, 'ask', 6_000, 10_000_000);
  }
  const reasons = new Map<number, number>();
  const counts = new Map<FeedCounter, number>();
  let connectionReason = 0;
  const opened = session(
    `${exchange.server.wsUrl}/ws/market`,
    (clock) =>
      new PolymarketFeed(
        [...LISTINGS, ...more].map(({ market, tokenIds }) => ({ market, tokenIds })),
        {
          publish: () => undefined,
          setMarketTrust: (market, reason) => reasons.set(market, reason),
          setConnectionTrust: (reason) => {
            connectionReason = reason;
          },
          setFreshUntil: () => undefined,
          termsChanged: () => undefined,
          ring: () => undefined,
        },
        (counter) => counts.set(counter, (counts.get(counter) ?? 0) + 1),
        LIMITS,
        clock,
      ),
    say,
  );
  const trusted = () => {
    if (connectionReason !== REASON_TRUSTED) return [];
    return [...reasons].filter(([, why]) => why === REASON_TRUSTED).map(([market]) => market);
  };
  const reasonOf = (market: number) => TRUST_REASONS[reasons.get(market) ?? 0];
  return { ...opened, exchange, counts, trusted, reasonOf };
}

const ALL = LISTINGS.map(({ market }) => market);
const isWhole = ({ trusted }: Fed) => trusted().length === ALL.length;

it('NO NEW ASSETS answers a subscription of what is there: no book changes, nothing is garbage', async () => {
  const own = await fed({}, [], (text) => [text, text]);
  await until(() => own.texts.includes(NO_NEW_ASSETS) && isWhole(own), 'the answer');
  expect(own.counts.get('garbage')).toBeUndefined();
  expect(own.connections()).toBe(1);
});

it('a text that is not in the documents is garbage: nothing is trusted until a new connection tells anew', async () => {
  let said = 0;
  const own = await fed({}, [], (text) => (said++ === 0 ? ['{"type":"nonsense"}'] : [text]));
  await until(() => own.connections() === 2 && isWhole(own), 'trusted books');
  expect(own.texts).toContain('INVALID OPERATION');
  expect(own.counts.get('garbage')).toBe(1);
});

it('tokens that are not known get []: their market is never trusted, and the others are', async () => {
  const own = await fed({}, [STRANGERS]);
  await until(() => own.trusted().length === ALL.length, 'the others');
  await passUntil(own, 200, () => own.connections() === 2, 'a new connection, no better');
  await until(() => own.trusted().length === ALL.length, 'the others again');
  expect(own.reasonOf(STRANGERS.market)).toBe('no-snapshot');
  const asked = own.counts.get('resyncs') ?? 0;
  await passSteps(own, 1_000, 40);
  expect((own.counts.get('resyncs') ?? 0) - asked).toBeLessThanOrEqual(1);
  expect(own.connections()).toBe(2);
  expect(own.trusted().sort()).toEqual(ALL);
});

it('assets beyond what a connection shows (8: 500) get no book: never trusted', async () => {
  const own = await fed({ snapshotAssets: 4 });
  await until(() => own.reasonOf(1) === 'unconfirmed', 'books');
  // Who leaves and joins is shown none either: it takes a change to confirm those that were shown.
  for (const market of [0, 1]) own.exchange.quote(market, 'bid', 3_900, 10_000_000);
  await until(() => own.trusted().length === 2, 'those that are shown');
  expect(own.trusted().sort()).toEqual([0, 1]);
  expect(own.reasonOf(2)).toBe('no-snapshot');
});

it('the connection is cut without a close frame and refused with 502: nothing is trusted until it stands', async () => {
  const own = await fed();
  await until(() => isWhole(own), 'trusted books');
  own.exchange.server.inject({ kind: 'refuse-sockets', durationMs: 200 });
  await until(() => own.trusted().length === 0, 'no trust');
  expect(own.connections()).toBe(1);
  await until(() => own.connections() === 2 && isWhole(own), 'trusted books again');
  expect(own.whys).toContain('Unexpected server response: 502');
});

it('the data stand still while PONGs go on (8, silent stall): given up, and told anew', async () => {
  const own = await fed();
  await until(() => isWhole(own), 'trusted books');
  own.exchange.server.inject({ kind: 'stall', durationMs: 300 });
  own.exchange.quote(0, 'bid', 4_100, 10_000_000);
  own.pass(11_000);
  await until(() => own.texts.includes('PONG'), 'a PONG all the same');
  expect(own.connections()).toBe(1);
  own.pass(50_000);
  await until(() => own.connections() >= 2, 'a new connection');
  await passUntil(own, 50, () => isWhole(own), 'trusted books again');
});

it('the market is resolved: it is closed for good', async () => {
  const own = await fed();
  await until(() => isWhole(own), 'trusted books');
  own.exchange.server.inject({ kind: 'resolve', market: 1, outcome: 0 });
  await until(() => own.reasonOf(1) === 'closed', 'the end');
  expect(own.trusted().sort()).toEqual([0, 2]);
});

it('the tick changes (14, 13): the market is not traded until its terms are read anew', async () => {
  const own = await fed();
  await until(() => isWhole(own), 'trusted books');
  own.exchange.server.inject({ kind: 'tick-change', market: 0, tickE4: 10 });
  await until(() => own.reasonOf(0) === 'terms-changed', 'the change');
  expect(own.trusted().sort()).toEqual([1, 2]);
});

it('the user socket closes without a word on a wrong key (9), and is tried again; with the right one it tells', async () => {
  const rig = await PolymarketRig.open({ settlement: { minedMs: 5, confirmedMs: 10 } });
  closers.push(() => rig.close());
  const url = `${rig.exchange.server.wsUrl}/ws/user`;
  const { credentials } = rig.identity;
  const wrong: VenueFill[] = [];
  const refused = session(
    url,
    () =>
      new PolymarketFillStream({ ...credentials, passphrase: 'wrong' }, FILL_MARKETS, (fill) =>
        wrong.push(fill),
      ),
  );
  const fills: VenueFill[] = [];
  const right = session(
    url,
    () => new PolymarketFillStream(credentials, FILL_MARKETS, (fill) => fills.push(fill)),
  );
  await until(() => refused.connections() >= 3, 'tries');
  expect(new Set(refused.whys)).toEqual(new Set(['closed code=1005']));
  expect(refused.texts).toEqual([]);
  await heard(right);
  await rig.send();
  await until(() => fills.some(({ state }) => state === 'final'), 'the trade');
  expect(wrong).toEqual([]);
});

it('a trade that fails on chain (9) is told as failed', async () => {
  const rig = await PolymarketRig.open({ settlement: { minedMs: 5, confirmedMs: 10 } });
  closers.push(() => rig.close());
  rig.inject({ kind: 'ghost-fills', count: 1 });
  const fills: VenueFill[] = [];
  const { credentials } = rig.identity;
  const opened = session(
    `${rig.exchange.server.wsUrl}/ws/user`,
    () => new PolymarketFillStream(credentials, FILL_MARKETS, (fill) => fills.push(fill)),
  );
  await heard(opened);
  await rig.send();
  await until(() => fills.some(({ state }) => state === 'failed'), 'the failure');
  expect(fills[0]?.state).toBe('provisional');
  await until(() => rig.isUntouched, 'the fill taken back');
});
