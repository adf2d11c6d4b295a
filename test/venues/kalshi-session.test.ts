import { describe, expect, it } from 'vitest';
import { REASON_TERMS_CHANGED } from '../../src/venues/feed.js';
import { KalshiFeed } from '../../src/venues/kalshi/feed.js';
import { COMMAND_LIMITS, TICKERS_PER_COMMAND } from '../../src/venues/kalshi/subscription.js';
import { FeedRig, LIMITS, SteppedClock } from './feed-model.js';
import {
  type KalshiPeer,
  type KalshiPeerOptions,
  kalshiFeed,
  LIFECYCLE_SID,
  tickerOf,
} from './scripted-kalshi.js';

interface Opened {
  readonly rig: FeedRig;
  /** Of the connection that stands. */
  peer(): KalshiPeer;
  readmit(market: number): void;
}

/** Told its books, with `prepare` done to each new peer before it hears a word. */
function open(
  markets: number,
  protocol: KalshiPeerOptions = {},
  prepare: (peer: KalshiPeer) => void = () => undefined,
): Opened {
  const feed = kalshiFeed('Kalshi', protocol);
  let isReady = false;
  const createPeer: typeof feed.createPeer = (options) => {
    const peer = feed.createPeer(options) as KalshiPeer;
    if (isReady) prepare(peer);
    return peer;
  };
  const rig = new FeedRig({ ...feed, createPeer }, markets);
  isReady = true;
  rig.connect();
  rig.deliver();
  return {
    rig,
    peer: () => rig.peer as KalshiPeer,
    readmit: (market) => (rig.feed as KalshiFeed).readmit(market),
  };
}

/** Time passes with the exchange's answers as they come. */
function live({ rig }: Opened, ms: number): void {
  for (let passed = 0; passed < ms; passed += 25) {
    rig.pass(25, false);
    rig.deliver();
  }
}

/** One frame of the lifecycle channel, told and heard. */
function tell({ rig, peer }: Opened, event_type: string, market: number, more: object = {}): void {
  peer().lifecycle('market_lifecycle_v2', { event_type, market_ticker: tickerOf(market), ...more });
  rig.deliver(1);
}

function all(markets: number, value: boolean): boolean[] {
  return new Array<boolean>(markets).fill(value);
}

/** A lost frame: every book is doubted and asked for. */
function skipOne({ rig, peer }: Opened): void {
  peer().seq++;
  peer().change(0, 'yes', 500, 100 + peer().seq);
  rig.deliver(1);
}

describe("Kalshi's errors, in answer to the subscription", () => {
  it.each([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 28, 99,
  ])('%i: the connection is given up', (code) => {
    let isFirst = true;
    const { rig } = open(3, {}, (peer) => {
      if (isFirst) peer.refusals.push(code);
      isFirst = false;
    });
    expect(rig.trusted()).toEqual(all(3, false));
    expect(rig.pass(25, false)).toContain(`code=${code}`);
    expect(rig.counts.refusals).toBe(1);
    rig.settle();
    expect(rig.trusted()).toEqual(all(3, true));
    expect(rig.connections).toBe(2);
  });

  it.each([
    [11, 'which ticker it is shows by halves'],
    [18, 'asked again'],
    [26, 'asked again with fewer'],
    [27, 'asked again later'],
  ])('%i: %s, on the same connection', (code) => {
    const { rig, peer } = open(4, {}, (each) => each.refusals.push(code));
    if (code !== 11) expect(rig.trusted()).toEqual(all(4, false));
    rig.settle();
    expect(rig.trusted()).toEqual(all(4, true));
    expect(rig.connections).toBe(1);
    const again = code === 11 || code === 26 ? 2 : 4;
    const asked = peer().heardCommands.filter((heard) => !heard.startsWith('list'));
    expect(asked.slice(0, 2)).toEqual(['orderbook_delta 4', `orderbook_delta ${again}`]);
  });
});

describe("Kalshi's errors, in answer to a question for snapshots", () => {
  it.each([7, 11, 18, 26, 27])('%i: the books come back on the same connection', (code) => {
    const opened = open(3);
    opened.peer().refusals.push(code);
    skipOne(opened);
    opened.rig.settle();
    expect(opened.rig.trusted()).toEqual(all(3, true));
    expect(opened.rig.connections).toBe(1);
  });

  it.each([1, 5, 13, 15])('%i: a new connection brings them', (code) => {
    const opened = open(3);
    opened.peer().refusals.push(code);
    skipOne(opened);
    opened.rig.settle();
    expect(opened.rig.trusted()).toEqual(all(3, true));
    expect(opened.rig.connections).toBe(2);
  });

  it('a sid that is forgotten is subscribed anew, with new numbers', () => {
    const opened = open(3);
    const { rig, peer } = opened;
    peer().refusals.push(7);
    skipOne(opened);
    rig.deliver();
    expect(rig.trusted()).toEqual(all(3, true));
    // This time the exchange has really lost it.
    peer().sid = 0;
    peer().refusals.push(7);
    skipOne(opened);
    peer().seq = 0;
    rig.deliver();
    expect(rig.trusted()).toEqual(all(3, true));
    expect(rig.connections).toBe(1);
    expect(
      peer().heardCommands.filter((heard) => heard.startsWith('orderbook_delta')),
    ).toHaveLength(3);
  });

  it('a sid that is forgotten is forgotten for the markets that nobody asked about as well', () => {
    const { rig, peer } = open(3);
    peer().refusals.push(7);
    const msg = { market_ticker: tickerOf(0), side: 'yes', price_dollars: 'x' };
    rig.handText(JSON.stringify({ type: 'orderbook_delta', sid: 1, seq: ++peer().seq, msg }));
    expect(peer().heardCommands.at(-1)).toBe('get_snapshot 1');
    peer().sid = 0;
    peer().seq = 0;
    rig.deliver(1);
    expect(rig.trusted()).toEqual(all(3, false));
    expect(peer().heardCommands.at(-1)).toBe('orderbook_delta 3');
    rig.deliver();
    expect(rig.trusted()).toEqual(all(3, true));
  });

  it('a ticker that has dropped out of the sid is added again', () => {
    const opened = open(3);
    const { rig, peer } = opened;
    peer().unknown.add(tickerOf(1));
    skipOne(opened);
    peer().unknown.clear();
    rig.deliver();
    expect(rig.trusted()).toEqual(all(3, true));
    expect(peer().heardCommands.slice(-3)).toEqual([
      'get_snapshot 3',
      'add_markets 1',
      'get_snapshot 2',
    ]);
  });
});

describe('a command that Kalshi refuses', () => {
  it.each([
    ['names', false],
    ['does not name', true],
  ])('for one ticker, which it %s, costs only that market', (_what, isVague) => {
    for (const wrong of [0, 17, 39]) {
      const { rig } = open(40, {}, (peer) => {
        peer.isVague = isVague;
        peer.unknown.add(tickerOf(wrong));
      });
      rig.settle();
      expect(rig.trusted()).toEqual(all(40, true).with(wrong, false));
      expect(rig.reasonOf(wrong)).toBe('closed');
      expect(rig.connections).toBe(1);
    }
  });

  it('for its only ticker may be wrong in all: the connection is given up, the market is not', () => {
    let connections = 0;
    const { rig } = open(1, {}, (peer) => {
      peer.isVague = true;
      if (++connections === 1) peer.unknown.add(tickerOf(0));
    });
    expect(rig.pass(25)).toContain('code=11');
    rig.settle();
    expect(rig.trusted()).toEqual([true]);
    expect(rig.connections).toBe(2);
  });

  it('for too many markets is sent with fewer, more and more slowly, and never in a storm', () => {
    const { rig, peer } = open(40, { maxTickers: 6 });
    for (let turn = 0; turn < 60; turn++) {
      rig.pass(250);
      rig.deliver();
    }
    expect(rig.trusted()).toEqual(all(40, true));
    expect(rig.connections).toBe(1);
    const adds = peer().heardCommands.filter((heard) => /orderbook_delta|add_markets/.test(heard));
    // 40, 20 and 10 are refused; 5 are taken, and stay the measure.
    expect(adds.map((heard) => Number(heard.split(' ')[1]))).toEqual([
      40,
      20,
      10,
      ...new Array(8).fill(5),
    ]);
  });

  it('for too many commands is sent again after ever longer waits', () => {
    const { rig, peer } = open(3);
    const before = peer().heardCommands.length;
    for (let refusal = 0; refusal < 4; refusal++) peer().refusals.push(27);
    skipOne({ rig, peer, readmit: () => undefined });
    rig.deliver();
    const waitedMs: number[] = [];
    for (let passed = 0, asked = 1, since = 0; passed < 20_000 && asked < 5; passed += 25) {
      // Data go on, so that nothing asks whether the line stands.
      peer().change(1, 'no', 500, 100 + passed);
      rig.pass(25, false);
      rig.deliver();
      const now = peer()
        .heardCommands.slice(before)
        .filter((heard) => heard.startsWith('get_snapshot')).length;
      if (now > asked) {
        waitedMs.push(passed + 25 - since);
        since = passed + 25;
        asked = now;
      }
    }
    expect(waitedMs.map((ms) => Math.round(ms / 1_000))).toEqual([1, 2, 4, 8]);
    expect(rig.trusted()).toEqual(all(3, true));
    expect(rig.connections).toBe(1);
  });
});

it('Kalshi: gaps upon gaps in a wide market do not make more commands than a few a second', () => {
  const markets = 5_000;
  const clock = new SteppedClock();
  const commands: { cmd: string; params: { action?: string; market_tickers?: string[] } }[] = [];
  const sink = {
    publish: () => undefined,
    setMarketTrust: () => undefined,
    setConnectionTrust: () => undefined,
    setFreshUntil: () => undefined,
    termsChanged: () => undefined,
    ring: () => undefined,
  };
  const tickers = Array.from({ length: markets }, (_, market) => tickerOf(market));
  const feed = new KalshiFeed(
    tickers.map((ticker, market) => ({ market, ticker })),
    sink,
    () => undefined,
    { ...LIMITS, maxSilenceMs: 60_000 },
    clock,
  );
  const hand = (frame: object) => feed.frame(Buffer.from(JSON.stringify(frame)), clock.nowNs());
  let seq = 0;
  feed.opened((text) => {
    const command = JSON.parse(text) as { id: number; cmd: string; params: { action?: string } };
    commands.push(command);
    const { id, cmd, params } = command;
    if (params.action === 'add_markets') hand({ id, type: 'ok', sid: 1, seq: ++seq });
    else if (cmd === 'subscribe') {
      hand({ id, type: 'subscribed', msg: { channel: 'orderbook_delta', sid: 1 } });
    }
  }, clock.nowNs());
  const seconds = 20;
  for (let passed = 0; passed < seconds * 1_000; passed += 25) {
    if (passed < 10_000) {
      seq += 2;
      hand({ type: 'orderbook_delta', sid: 1, seq, msg: { market_ticker: 'KXTEST-1' } });
    }
    clock.advanceMs(25);
    feed.tick(clock.nowNs());
  }
  // A probe is never held back; there is one at most for each third of the silence that is allowed.
  const paced = commands.filter(({ cmd }) => cmd !== 'list_subscriptions');
  expect(paced.length).toBeLessThanOrEqual(
    COMMAND_LIMITS.capacity + COMMAND_LIMITS.perSecond * seconds,
  );
  const asked = commands.filter(({ params }) => params.action === 'get_snapshot').slice(-10);
  expect(new Set(asked.flatMap(({ params }) => params.market_tickers)).size).toBe(markets);
  expect(asked.every(({ params }) => params.market_tickers?.length === TICKERS_PER_COMMAND)).toBe(
    true,
  );
});

it('Kalshi: markets whose adding is never answered are added again', () => {
  const { rig, peer } = open(501);
  rig.disconnect();
  let lost = 0;
  rig.connect();
  const connected = peer();
  const hear = connected.heard.bind(connected);
  connected.heard = (text) => {
    if (text.includes('add_markets') && lost++ === 0) return;
    hear(text);
  };
  rig.settle();
  expect(rig.trusted()).not.toContain(false);
  expect(rig.connections).toBe(2);
});

it('Kalshi: deltas in the exchange’s shape are read from their bytes, others are counted', () => {
  const { rig, peer } = open(3);
  peer().change(0, 'yes', 500, 100);
  peer().change(1, 'no', 500, 100);
  rig.deliver();
  expect(rig.counts.fallbacks).toBe(0);
  // The truth does not change by nothing.
  const msg = {
    side: 'yes',
    price_dollars: '0.0600',
    delta_fp: '0.00',
    market_ticker: tickerOf(2),
  };
  rig.handText(JSON.stringify({ type: 'orderbook_delta', sid: 1, seq: ++peer().seq, msg }));
  expect(rig.counts.fallbacks).toBe(1);
  expect(rig.counts.garbage).toBe(0);
});

it('Kalshi: there are no YES prices in the legacy dialect', () => {
  expect(() => open(1, { dialect: 'legacy', useYesPrice: true })).toThrow('no such protocol');
});

describe("Kalshi's lifecycle channel", () => {
  const lifecycle = { lifecycle: true };

  it('is asked for last', () => {
    const { peer } = open(1_203, lifecycle);
    expect(peer().heardCommands).toEqual([
      'orderbook_delta 500',
      'add_markets 500',
      'add_markets 203',
      'market_lifecycle_v2 0',
    ]);
  });

  it.each([8, 9, 10, 11, 26])('may be refused with error %i, and the books stay', (code) => {
    const { rig, peer } = open(3, lifecycle, (each) => each.refusals.push(0, code));
    rig.settle();
    expect(rig.trusted()).toEqual(all(3, true));
    expect(rig.connections).toBe(1);
    expect(
      peer().heardCommands.filter((heard) => heard.startsWith('market_lifecycle')),
    ).toHaveLength(1);
    expect(rig.termsChanged).toEqual([]);
  });

  it('halts a market, and starts it again from a new book', () => {
    const opened = open(3, lifecycle);
    const { rig, peer } = opened;
    tell(opened, 'deactivated', 1, { is_deactivated: true });
    expect(rig.reasonOf(1)).toBe('halted');
    peer().change(1, 'yes', 500, 100);
    rig.deliver();
    expect(rig.trusted()).toEqual([true, false, true]);
    tell(opened, 'activated', 1, { is_deactivated: false });
    expect(rig.reasonOf(1)).toBe('no-snapshot');
    expect(peer().heardCommands.at(-1)).toBe('get_snapshot 1');
    rig.deliver();
    expect(rig.trusted()).toEqual(all(3, true));
  });

  it.each([
    ['close_date_updated', { close_ts: 1_790_100_000 }],
    ['price_level_structure_updated', { price_level_structure: 'deci_cent' }],
  ])('%s keeps the market out until its terms are read', (event, more) => {
    const opened = open(3, lifecycle);
    const { rig, readmit } = opened;
    tell(opened, event, 2, more);
    expect(rig.termsChanged).toEqual([2]);
    rig.settle();
    expect(rig.trusted()).toEqual([true, true, false]);
    expect(rig.reasonOf(2)).toBe('terms-changed');
    readmit(2);
    expect(rig.isTrusted(2)).toBe(false);
    rig.deliver();
    expect(rig.trusted()).toEqual(all(3, true));
  });

  it('a fee of an event is a term of its markets', () => {
    const { rig, peer } = open(3, lifecycle);
    peer().lifecycle('event_fee_update', { event_ticker: 'EVENT-0', fee_type_override: null });
    rig.deliver();
    expect(rig.termsChanged).toEqual([0, 1]);
    expect(rig.trusted()).toEqual([false, false, true]);
  });

  it('a market that does not know its event takes it from its ticker', () => {
    const told: number[] = [];
    const sink = {
      publish: () => undefined,
      setMarketTrust: () => undefined,
      setConnectionTrust: () => undefined,
      setFreshUntil: () => undefined,
      termsChanged: (market: number) => void told.push(market),
      ring: () => undefined,
    };
    const tickers = ['KXA-26DEC-B1', 'KXA-26DEC', 'KXA-26DECX-B1', 'KXB-26DEC-B1'];
    const markets = tickers.map((ticker, market) => ({ market: market + 10, ticker }));
    const feed = new KalshiFeed(markets, sink, () => undefined, LIMITS, new SteppedClock());
    const hand = (frame: object) => feed.frame(Buffer.from(JSON.stringify(frame)), 0);
    feed.opened(() => undefined, 0);
    hand({ type: 'subscribed', msg: { channel: 'orderbook_delta', sid: 1 } });
    hand({ type: 'subscribed', msg: { channel: 'market_lifecycle_v2', sid: 2 } });
    hand({ type: 'event_fee_update', sid: 2, seq: 1, msg: { event_ticker: 'KXA-26DEC' } });
    expect(told).toEqual([10, 11]);
  });

  it.each(['determined', 'settled'])('%s closes the market for good', (event) => {
    const opened = open(3, lifecycle);
    const { rig, peer, readmit } = opened;
    tell(opened, event, 0);
    expect(rig.reasonOf(0)).toBe('closed');
    tell(opened, 'activated', 0);
    rig.disconnect();
    rig.connect();
    expect(peer().heardCommands[0]).toBe('orderbook_delta 2');
    rig.settle();
    for (const market of [0, 1, 2]) readmit(market);
    rig.settle();
    expect(rig.trusted()).toEqual([false, true, true]);
    expect(rig.reasonOf(0)).toBe('closed');
  });

  it('a market that is over is not asked for any more', () => {
    const opened = open(3, lifecycle);
    tell(opened, 'settled', 0);
    skipOne(opened);
    expect(opened.peer().heardCommands.at(-1)).toBe('get_snapshot 2');
  });

  it('a market that is said to be deactivated is halted, whatever the event', () => {
    const opened = open(2, lifecycle);
    tell(opened, 'a_word_of_next_year', 1, { is_deactivated: true });
    expect([opened.rig.reasonOf(0), opened.rig.reasonOf(1)]).toEqual(['trusted', 'halted']);
  });

  it.each(['created', 'metadata_updated', 'a_word_of_next_year'])('%s changes nothing', (event) => {
    const opened = open(3, lifecycle);
    tell(opened, event, 0);
    tell(opened, 'determined', 77);
    expect(opened.rig.trusted()).toEqual(all(3, true));
    expect(opened.rig.termsChanged).toEqual([]);
  });

  it.each<[string, (opened: Opened) => void]>([
    ['a number that is missing', ({ peer }) => void peer().lifecycleSeq++],
    ['a number that was there before', ({ peer }) => void peer().lifecycleSeq--],
    [
      'an event without a market',
      ({ rig, peer }) => {
        peer().lifecycle('market_lifecycle_v2', { event_type: 'deactivated' });
        rig.deliver();
      },
    ],
    [
      'a fee without an event',
      ({ rig, peer }) => {
        peer().lifecycle('event_fee_update', {});
        rig.deliver();
      },
    ],
    ['a frame that is none', ({ rig }) => rig.handText('{"type":"market_lif')],
  ])('%s may hide a change of any market', (_what, spoil) => {
    const opened = open(3, lifecycle);
    const { rig, readmit } = opened;
    tell(opened, 'created', 0);
    tell(opened, 'deactivated', 1);
    spoil(opened);
    tell(opened, 'created', 0);
    expect(rig.termsChanged.slice(0, 3)).toEqual([0, 1, 2]);
    rig.settle();
    expect(rig.trusted()).toEqual(all(3, false));
    // The halt of before may be over: who read the terms has seen the market active.
    for (const market of [0, 1, 2]) readmit(market);
    rig.settle();
    expect(rig.trusted()).toEqual(all(3, true));
    expect(rig.connections).toBe(1);
  });

  it('a halt after the gap is not lifted by terms that were read before it', () => {
    const opened = open(2, lifecycle);
    opened.peer().lifecycleSeq++;
    tell(opened, 'created', 0);
    tell(opened, 'deactivated', 0);
    for (const market of [0, 1]) opened.readmit(market);
    opened.rig.settle();
    expect(opened.rig.trusted()).toEqual([false, true]);
    expect(opened.rig.reasonOf(0)).toBe('halted');
  });

  it('what changed while the connection was down is read before anything is trusted', () => {
    const { rig, peer, readmit } = open(2, lifecycle);
    expect(rig.termsChanged).toEqual([]);
    rig.disconnect();
    rig.connect();
    // Books first: the changes are not told again yet, so terms read now would not be the last
    // ones.
    rig.deliver(3);
    expect(peer().heardCommands).toContain('market_lifecycle_v2 0');
    expect(rig.termsChanged).toEqual([]);
    readmit(0);
    expect(rig.trusted()).toEqual([false, false]);
    rig.deliver();
    expect(rig.termsChanged).toEqual([0, 1]);
    expect(rig.marketReasons).toEqual([REASON_TERMS_CHANGED, REASON_TERMS_CHANGED]);
    for (const market of [0, 1]) readmit(market);
    rig.settle();
    expect(rig.trusted()).toEqual([true, true]);
  });

  it('that is refused after a reconnect leaves the terms of this moment to be read', () => {
    let connections = 0;
    const { rig, readmit } = open(2, lifecycle, (peer) => {
      if (++connections === 2) peer.refusals.push(0, 8);
    });
    rig.disconnect();
    rig.connect();
    rig.deliver();
    expect(rig.termsChanged).toEqual([0, 1]);
    for (const market of [0, 1]) readmit(market);
    rig.deliver();
    expect(rig.trusted()).toEqual([true, true]);
  });

  it('that has died is asked for again, and the books stay', () => {
    const { rig, peer, readmit } = open(2, lifecycle);
    rig.handText(`{"type":"error","sid":${LIFECYCLE_SID},"msg":{"code":25,"msg":"x"}}`);
    expect(rig.trusted()).toEqual([false, false]);
    expect(rig.termsChanged).toEqual([]);
    peer().lifecycleSeq = 0;
    rig.settle();
    expect(rig.termsChanged).toEqual([0, 1]);
    for (const market of [0, 1]) readmit(market);
    rig.settle();
    expect(rig.trusted()).toEqual([true, true]);
    expect(rig.connections).toBe(1);
  });
});

describe('the close of a Kalshi market', () => {
  /** The rig's wall clock begins 1 s after this. */
  const startMs = 1_790_000_000_000;
  const closing = { lifecycle: true, closeMs: startMs + 11_000 };

  it('is at its time, whatever its book says', () => {
    const opened = open(2, closing);
    const { rig, peer } = opened;
    live(opened, 9_950);
    expect(rig.trusted()).toEqual([true, true]);
    live(opened, 50);
    expect([rig.reasonOf(0), rig.reasonOf(1)]).toEqual(['closed', 'closed']);
    peer().change(0, 'yes', 500, 100);
    rig.settle();
    expect(rig.trusted()).toEqual([false, false]);
    expect(rig.connections).toBe(1);
  });

  it('is later when the exchange says so, once that is read', () => {
    const opened = open(2, closing);
    const { rig, readmit } = opened;
    live(opened, 10_000);
    tell(opened, 'close_date_updated', 0, { close_ts: startMs / 1_000 + 25 });
    expect(rig.reasonOf(0)).toBe('terms-changed');
    readmit(0);
    rig.deliver();
    expect(rig.trusted()).toEqual([true, false]);
    live(opened, 14_000);
    expect(rig.reasonOf(0)).toBe('closed');
  });

  it('is earlier when the exchange says so', () => {
    const opened = open(1, closing);
    tell(opened, 'close_date_updated', 0, { close_ts: startMs / 1_000 + 5 });
    opened.readmit(0);
    opened.rig.deliver();
    expect(opened.rig.trusted()).toEqual([true]);
    live(opened, 4_000);
    expect(opened.rig.reasonOf(0)).toBe('closed');
  });

  it('stays where it was when the new one cannot be read', () => {
    const opened = open(1, closing);
    tell(opened, 'close_date_updated', 0, { close_ts: startMs + 60_000 });
    opened.readmit(0);
    opened.rig.deliver();
    expect(opened.rig.trusted()).toEqual([true]);
    live(opened, 10_000);
    expect(opened.rig.reasonOf(0)).toBe('closed');
  });

  it('may come with empty snapshots: a book with nothing in it is a good book', () => {
    const { rig, peer } = open(1);
    rig.truth[0]!.yes.clear();
    rig.truth[0]!.no.clear();
    const id = rig.commands.length + 5;
    const params = { action: 'get_snapshot', market_tickers: [tickerOf(0)] };
    for (const _ of [1, 2])
      peer().heard(JSON.stringify({ id, cmd: 'update_subscription', params }));
    rig.deliver();
    expect(rig.trusted()).toEqual([true]);
    expect(rig.published(0)).toEqual({ yes: new Map(), no: new Map() });
  });
});
