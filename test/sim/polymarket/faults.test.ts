import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Fault, UnsupportedFaultError } from '../../../src/sim/server.js';
import {
  type Exchange,
  eventually,
  type Frames,
  LISTINGS,
  type OrderRequest,
  RIVAL_KEY,
  STARTING_MICROS,
  startExchange,
  TRADER,
  Trader,
  until,
} from './exchange-fixture.js';

const [STANDARD, NEG_RISK] = LISTINGS;
const SHARES_20: OrderRequest = {
  listing: STANDARD,
  outcome: 0,
  makerAmount: 10_000_000,
  takerAmount: 20_000_000,
  orderType: 'FAK',
};
const RESTING: OrderRequest = { ...SHARES_20, orderType: 'GTC' };

let exchange: Exchange;
let trader: Trader;
beforeEach(async () => {
  exchange = await startExchange({ settlement: { minedMs: 5, confirmedMs: 10 } });
  trader = await exchange.trader();
});
afterEach(() => exchange.close());

function inject(fault: Fault): void {
  exchange.server.inject(fault);
}

async function marketSocket(extra: object = {}): Promise<Frames> {
  const frames = await exchange.socket('/ws/market');
  frames.send({ assets_ids: STANDARD.tokenIds, type: 'market', ...extra });
  await frames.settle();
  return frames;
}

async function userSocket(): Promise<Frames> {
  const frames = await exchange.socket('/ws/user');
  const { apiKey, secret, passphrase } = trader.creds;
  frames.send({ auth: { apiKey, secret, passphrase }, type: 'user' });
  await frames.settle();
  return frames;
}

function changedPrices(frames: Frames): string[] {
  return frames
    .messages()
    .filter((message) => message.event_type === 'price_change')
    .map((message) => message.price_changes[0].price);
}

describe('faults that Polymarket does not have', () => {
  it.each<Fault>([
    { kind: 'end-subscriptions', code: 10 },
    { kind: 'pause', durationMs: 1, scope: 'trading' },
    { kind: 'fee-change', market: 0, multiplier: 1 },
    { kind: 'halt', market: 0, isHalted: true },
    { kind: 'close', market: 77 },
    { kind: 'resolve', market: 77, outcome: 0 },
    { kind: 'tick-change', market: 77, tickE4: 10 },
    { kind: 'tick-change', market: 0, tickE4: 7 },
  ])('%o is refused', (fault) => {
    expect(() => inject(fault)).toThrow(UnsupportedFaultError);
  });
});

describe('market data', () => {
  it('come twice, once', async () => {
    const frames = await marketSocket();
    inject({ kind: 'duplicate' });
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    exchange.quote(0, 'bid', 4_100, 10_000_000);
    await frames.settle();
    expect(changedPrices(frames)).toEqual(['0.4', '0.4', '0.41']);
  });

  it('change places on one connection', async () => {
    const frames = await marketSocket({ custom_feature_enabled: true });
    const other = await marketSocket();
    inject({ kind: 'reorder' });
    for (const priceE4 of [4_000, 4_100, 4_200]) exchange.quote(0, 'bid', priceE4, 10_000_000);
    await frames.settle();
    await other.settle();
    expect(changedPrices(frames)).toEqual(['0.41', '0.4', '0.42']);
    expect(changedPrices(other)).toEqual(['0.4', '0.41', '0.42']);
  });

  it('stand still while PONG and REST go on, and snapshots do not come', async () => {
    const frames = await marketSocket();
    const first = frames.texts.length;
    inject({ kind: 'stall', durationMs: 1_000 });
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    const late = await marketSocket();
    await frames.settle();
    expect(frames.texts.slice(first)).toEqual(['PONG']);
    expect(late.texts).toEqual(['PONG']);
    const book = await trader.request('GET', `/book?token_id=${STANDARD.tokenIds[0]}`);
    expect(book.body.bids).toEqual([{ price: '0.4', size: '10' }]);
    let priceE4 = 4_000;
    await until(() => {
      priceE4++;
      exchange.quote(0, 'bid', priceE4, 10_000_000);
      return changedPrices(frames).length > 0;
    }, 'end of the stall');
    expect(changedPrices(frames)).not.toContain('0.4');
  });

  it('come as they were before, on sockets and by REST, with hashes of that time', async () => {
    await exchange.close();
    let nowMs = 1_800_000_000_000;
    exchange = await startExchange({ now: () => nowMs });
    const path = `/book?token_id=${STANDARD.tokenIds[1]}`;
    const reader = new Trader(exchange.server.restUrl, RIVAL_KEY);
    const read = async () => (await reader.request('GET', path)).body;
    const id = exchange.quote(0, 'bid', 4_000, 10_000_000);
    exchange.quote(0, 'ask', 4_500, 10_000_000);
    nowMs += 1_000;
    const old = await read();
    nowMs += 1_000;
    exchange.unquote(0, id);
    exchange.quote(0, 'bid', 4_700, 30_000_000);
    exchange.quote(0, 'ask', 4_900, 10_000_000);
    const fresh = await read();
    expect(fresh.hash).not.toBe(old.hash);
    inject({ kind: 'stale-snapshots', durationMs: 1_000, ageMs: 500 });
    expect(await read()).toEqual(old);
    const frames = await marketSocket();
    expect(frames.messages().map((book) => book.hash)).toContain(old.hash);
    await eventually(async () => (await read()).hash === fresh.hash, 'the end of it');
    await reader.close();
  });

  it('refuse handshakes with 502 for a time, and every socket is gone', async () => {
    const frames = await marketSocket();
    inject({ kind: 'refuse-sockets', durationMs: 700 });
    await until(() => frames.closed, 'cut');
    const refused = new WebSocket(`${exchange.server.wsUrl}/ws/market`);
    const error = await new Promise<Error>((resolve) => refused.on('error', resolve));
    expect(error.message).toContain('502');
    const accepted = async () => !(await exchange.socket('/ws/market')).closed;
    await eventually(accepted, 'handshake');
  });
});

describe('order calls', () => {
  it('are answered late although executed at once, and executed late', async () => {
    inject({ kind: 'delay-replies', count: 1, delayMs: 150 });
    const slow = trader.post(RESTING);
    await until(() => exchange.engine.bids(0).length === 1, 'execution');
    const executedAt = performance.now();
    expect((await slow).body.status).toBe('live');
    // The wait for the execution looks every 2 ms.
    expect(performance.now() - executedAt).toBeGreaterThanOrEqual(100);
    inject({ kind: 'delay-orders', count: 1, delayMs: 150 });
    const before = performance.now();
    const late = trader.post({ ...RESTING, listing: NEG_RISK });
    const rival = await exchange.trader(RIVAL_KEY);
    await rival.call('GET', '/data/orders');
    expect(exchange.engine.bids(1)).toEqual([]);
    expect((await late).body.status).toBe('live');
    expect(performance.now() - before).toBeGreaterThanOrEqual(145);
  });

  it('time out at the exchange, and are executed all the same', async () => {
    await exchange.close();
    exchange = await startExchange({ orderTimeoutMs: 20 });
    trader = await exchange.trader();
    inject({ kind: 'delay-orders', count: 1, delayMs: 100 });
    const body = trader.sign(RESTING);
    const reply = await trader.call('POST', '/order', body);
    expect([reply.status, reply.body.error]).toEqual([500, 'order timed out']);
    expect(exchange.engine.bids(0)).toEqual([]);
    await until(() => exchange.engine.bids(0).length === 1, 'execution');
    const again = await trader.call('POST', '/order', body);
    expect(again.body.error).toMatch(/Duplicated\.$/);
  });

  it('find only a part of the depth, which others have taken', async () => {
    exchange.quote(0, 'ask', 4_000, 30_000_000);
    exchange.quote(0, 'ask', 5_000, 70_000_000);
    const frames = await marketSocket();
    inject({ kind: 'partial-fills', count: 1, percent: 40 });
    const { body } = await trader.post(SHARES_20);
    expect(body).toMatchObject({ status: 'matched', takingAmount: '8', makingAmount: '4' });
    expect(exchange.engine.asks(0)).toEqual([]);
    await frames.settle();
    const prints = frames.messages().filter((m) => m.event_type === 'last_trade_price');
    expect(prints.map((m) => [m.price, m.size])).toEqual([
      ['0.4', '30'],
      ['0.5', '62'],
      ['0.5', '8'],
    ]);
    inject({ kind: 'partial-fills', count: 1, percent: 0 });
    exchange.quote(0, 'ask', 5_000, 70_000_000);
    expect((await trader.post(SHARES_20)).body.error).toMatch(/^no orders found to match with FAK/);
    exchange.quote(0, 'ask', 5_000, 70_000_000);
    expect((await trader.post(SHARES_20)).body.takingAmount).toBe('20');
  });

  it('fail by their class, with Retry-After where the exchange sends it', async () => {
    inject({ kind: 'fail-requests', count: 1, status: 429, of: 'orders' });
    inject({ kind: 'fail-requests', count: 2, status: 503, of: 'reads' });
    inject({ kind: 'fail-requests', count: 1, status: 425, of: 'all' });
    const order = await trader.post(RESTING);
    expect([order.status, order.headers['retry-after']]).toEqual([429, '1']);
    const body = JSON.stringify([{ token_id: STANDARD.tokenIds[0] }]);
    expect((await trader.request('POST', '/books', body)).status).toBe(503);
    expect((await trader.call('GET', '/data/orders')).status).toBe(503);
    expect((await trader.call('DELETE', '/cancel-all')).status).toBe(425);
    expect((await trader.post(RESTING)).body.status).toBe('live');
  });
});

describe('trades', () => {
  it('fail after they matched: accounts are as if they had never been', async () => {
    exchange.quote(0, 'ask', 5_000, 50_000_000);
    const rival = await exchange.trader(RIVAL_KEY);
    await rival.post({ ...SHARES_20, outcome: 1, orderType: 'GTC' });
    const user = await userSocket();
    inject({ kind: 'ghost-fills', count: 1 });
    const { body } = await trader.post({
      ...SHARES_20,
      makerAmount: 30_000_000,
      takerAmount: 60_000_000,
    });
    expect(body).toMatchObject({ status: 'matched', takingAmount: '60' });
    expect(exchange.accounts.heldE6(TRADER, 0, 0)).toBe(60_000_000);
    const statuses = () =>
      user.messages().flatMap((m) => (m.event_type === 'trade' ? [m.status] : []));
    await until(() => statuses().includes('FAILED'), 'failure');
    expect(statuses()).toEqual(['MATCHED', 'RETRYING', 'FAILED']);
    for (const account of exchange.accounts.ids()) {
      const { cashMicros, feesMicros, positions } = exchange.accounts.statement(account);
      expect([cashMicros, feesMicros, positions]).toEqual([STARTING_MICROS, 0, []]);
    }
    const [row] = (await trader.call('GET', `/data/trades?id=${body.tradeIDs[0]}`)).body.data;
    expect(row).toMatchObject({ status: 'FAILED', transaction_hash: '' });
    await trader.post({ ...SHARES_20, outcome: 0 });
    expect(exchange.accounts.heldE6(TRADER, 0, 0)).toBe(10_000_000);
  });

  it('are retried, then mined and confirmed', async () => {
    exchange.quote(0, 'ask', 5_000, 50_000_000);
    const user = await userSocket();
    inject({ kind: 'retry-fills', count: 1 });
    await trader.post(SHARES_20);
    await trader.post(SHARES_20);
    const byTrade = () => {
      const trades = new Map<string, string[]>();
      for (const { event_type, id, status } of user.messages()) {
        if (event_type === 'trade') trades.set(id, [...(trades.get(id) ?? []), status]);
      }
      return [...trades.values()];
    };
    await until(() => byTrade().filter((all) => all.at(-1) === 'CONFIRMED').length === 2, 'end');
    expect(byTrade()).toEqual([
      ['MATCHED', 'RETRYING', 'MINED', 'CONFIRMED'],
      ['MATCHED', 'MINED', 'CONFIRMED'],
    ]);
  });
});

describe('the clock', () => {
  it('is one: stamps, Date, /time and what it makes of signed times', async () => {
    const frames = await marketSocket();
    const skewMs = 3_600_000;
    const rival = await exchange.trader(RIVAL_KEY);
    inject({ kind: 'clock-skew', durationMs: 1_500, skewMs });
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    await frames.settle();
    const ahead = Date.now() + skewMs - 60_000;
    const stamp = String(Math.floor((Date.now() + skewMs) / 1000));
    exchange.quote(0, 'ask', 5_000, 20_000_000);
    await rival.call('POST', '/order', rival.sign(SHARES_20), { POLY_TIMESTAMP: stamp });
    const mine = await rival.call('GET', '/data/trades', '', { POLY_TIMESTAMP: stamp });
    expect(mine.body.data[0].match_time * 1000).toBeGreaterThan(ahead);
    expect(Number(frames.messages().at(-1).timestamp)).toBeGreaterThan(ahead);
    const time = await trader.request('GET', '/time');
    expect(time.body * 1000).toBeGreaterThan(ahead);
    expect(Date.parse(String(time.headers.date))).toBeGreaterThan(ahead);
    expect((await trader.call('GET', '/data/orders')).status).toBe(401);
    const theirs = await trader.call('GET', '/data/orders', '', { POLY_TIMESTAMP: stamp });
    expect(theirs.status).toBe(200);
    const accepted = async () => (await trader.call('GET', '/data/orders')).status === 200;
    await eventually(accepted, 'the right time');
  });
});

describe('modes', () => {
  it('restart: 425 for orders and cancels, then post-only, then trading', async () => {
    const { orderID } = (await trader.post(RESTING)).body;
    inject({ kind: 'mode', mode: 'restarting', durationMs: 700 });
    const cancel = () => trader.call('DELETE', '/order', JSON.stringify({ orderID }));
    const restarting = await trader.post(RESTING);
    expect([restarting.status, restarting.headers['retry-after']]).toEqual([425, '1']);
    expect((await cancel()).status).toBe(425);
    expect((await trader.call('GET', '/data/orders')).status).toBe(200);
    const statuses: number[] = [];
    while (statuses.at(-1) !== 200) {
      const reply = await trader.post({ ...RESTING, orderType: 'GTC' });
      if (reply.status === 503 && statuses.at(-1) !== 503) {
        expect(reply.body).toEqual({
          error: 'post-only mode: only post-only orders and cancels are allowed',
          code: 'post_only_mode',
          retry_after_seconds: 1,
        });
        expect(reply.headers['retry-after']).toBe('1');
        expect((await cancel()).body.canceled).toEqual([orderID]);
        expect((await trader.post({ ...RESTING, postOnly: true })).status).toBe(200);
      }
      statuses.push(reply.status);
    }
    expect([...new Set(statuses)]).toEqual([425, 503, 200]);
  });

  it.each([
    [
      'cancel-only' as const,
      'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.',
      200,
    ],
    ['disabled' as const, 'Trading is currently disabled. Check polymarket.com for updates', 503],
  ])('%s', async (mode, error, cancelStatus) => {
    inject({ kind: 'mode', mode, durationMs: 60_000 });
    const refused = await trader.post({ ...RESTING, postOnly: true });
    expect([refused.status, refused.body]).toEqual([503, { error }]);
    const batch = await trader.call('POST', '/orders', `[${trader.sign(RESTING)}]`);
    expect([batch.status, batch.body]).toEqual([503, { error }]);
    expect((await trader.call('DELETE', '/cancel-all')).status).toBe(cancelStatus);
  });
});

describe('markets', () => {
  it('change their tick: both tokens are told, orders off the new grid refused, resting ones stay', async () => {
    const resting = { ...RESTING, makerAmount: 8_200_000 };
    await trader.post(resting);
    const frames = await marketSocket();
    inject({ kind: 'tick-change', market: 0, tickE4: 1_000 });
    await frames.settle();
    const told = frames.messages().filter((m) => m.event_type === 'tick_size_change');
    expect(told.map((m) => [m.asset_id, m.old_tick_size, m.new_tick_size])).toEqual(
      STANDARD.tokenIds.map((token) => [token, '0.01', '0.1']),
    );
    expect(exchange.engine.bids(0)).toEqual([[4_100, 20_000_000]]);
    expect((await trader.post(resting)).body.error).toMatch(/breaks minimum tick size rule: 0\.1$/);
    const token = STANDARD.tokenIds[0];
    expect((await trader.request('GET', `/tick-size?token_id=${token}`)).body).toEqual({
      minimum_tick_size: 0.1,
    });
    const info = await trader.request('GET', `/clob-markets/${STANDARD.conditionId}`);
    expect(info.body.mts).toBe(0.1);
    const book = await trader.request('GET', `/book?token_id=${token}`);
    expect(book.body.tick_size).toBe('0.1');
  });

  it('follow their price to the fine tick where the exchange does so', async () => {
    await exchange.close();
    exchange = await startExchange({ tickFollowsPrice: true });
    const frames = await marketSocket();
    exchange.quote(0, 'bid', 9_500, 10_000_000);
    exchange.quote(0, 'ask', 9_600, 10_000_000);
    exchange.quote(0, 'bid', 9_300, 10_000_000);
    await frames.settle();
    const ticks = () => frames.messages().filter((m) => m.event_type === 'tick_size_change');
    expect(ticks()).toEqual([]);
    exchange.quote(0, 'bid', 9_590, 10_000_000);
    exchange.quote(0, 'ask', 9_900, 10_000_000);
    expect(ticks()).toEqual([]);
    exchange.quote(0, 'bid', 9_600, 10_000_000);
    await frames.settle();
    expect(ticks().map((m) => m.new_tick_size)).toEqual(['0.001', '0.001']);
  });

  it('close: orders are refused, the book stands still', async () => {
    const { orderID } = (await trader.post(RESTING)).body;
    const frames = await marketSocket();
    const user = await userSocket();
    inject({ kind: 'close', market: 0 });
    await frames.settle();
    await user.settle();
    expect(user.messages()).toMatchObject([{ type: 'CANCELLATION', id: orderID }]);
    const before = frames.messages().length;
    exchange.quote(0, 'bid', 4_000, 10_000_000);
    await frames.settle();
    expect(frames.messages()).toHaveLength(before);
    const refused = await trader.post(RESTING);
    expect([refused.status, refused.body.error]).toEqual([
      400,
      'the market is not yet ready to process new orders',
    ]);
    const info = await trader.request('GET', `/clob-markets/${STANDARD.conditionId}`);
    expect(info.body.ao).toBe(false);
    expect((await trader.post({ ...RESTING, listing: NEG_RISK })).status).toBe(200);
  });

  it('resolve: custom subscribers are told, the order book is no more', async () => {
    const { orderID } = (await trader.post(RESTING)).body;
    const custom = await marketSocket({ custom_feature_enabled: true });
    const plain = await marketSocket();
    const user = await userSocket();
    inject({ kind: 'resolve', market: 0, outcome: 1 });
    for (const frames of [custom, plain, user]) await frames.settle();
    expect(custom.messages().at(-1)).toMatchObject({
      event_type: 'market_resolved',
      market: STANDARD.conditionId,
      winning_asset_id: STANDARD.tokenIds[1],
      winning_outcome: 'No',
    });
    expect(plain.messages().some((m) => m.event_type === 'market_resolved')).toBe(false);
    expect(user.messages()).toMatchObject([{ id: orderID, status: 'CANCELED_MARKET_RESOLVED' }]);
    const text = 'No orderbook exists for the requested token id';
    const refused = await trader.post(RESTING);
    expect([refused.status, refused.body.error]).toEqual([404, text]);
    const book = await trader.request('GET', `/book?token_id=${STANDARD.tokenIds[0]}`);
    expect([book.status, book.body.error]).toEqual([404, text]);
    const row = await trader.request('GET', `/markets/${STANDARD.conditionId}`);
    expect(row.body).toMatchObject({
      closed: true,
      accepting_orders: false,
      tokens: [{ winner: false }, { winner: true }],
    });
  });
});
