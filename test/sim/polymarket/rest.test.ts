import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EOA, POLY_PROXY } from '../../../src/venues/polymarket/wire/order-hash.js';
import {
  type Exchange,
  eventually,
  LISTINGS,
  listing,
  type OrderRequest,
  type Reply,
  RIVAL_KEY,
  startExchange,
  TRADER,
  TRADER_KEY,
  Trader,
  WALLETS,
  walletFields,
} from './exchange-fixture.js';

const [STANDARD, NEG_RISK] = LISTINGS;
const RESTING: OrderRequest = {
  listing: STANDARD,
  outcome: 0,
  makerAmount: 5_000_000,
  takerAmount: 10_000_000,
};

let exchange: Exchange;
let trader: Trader;

async function start(options: Parameters<typeof startExchange>[0] = {}): Promise<void> {
  exchange = await startExchange(options);
  trader = await exchange.trader();
}

beforeEach(() => start());
afterEach(() => exchange.close());

async function restart(options: Parameters<typeof startExchange>[0]): Promise<void> {
  await exchange.close();
  await start(options);
}

function get(path: string): Promise<Reply> {
  return trader.request('GET', path);
}

function post(path: string, body: unknown): Promise<Reply> {
  return trader.request('POST', path, JSON.stringify(body));
}

describe('prices', () => {
  beforeEach(() => {
    exchange.quote(0, 'bid', 5_000, 10_000_000);
    exchange.quote(0, 'ask', 5_300, 20_000_000);
  });

  it('are the same one by one and many at a time', async () => {
    const [yes, no] = STANDARD.tokenIds;
    const both = [
      { token_id: yes, side: 'BUY' },
      { token_id: yes, side: 'SELL' },
      { token_id: no, side: 'SELL' },
    ];
    expect((await post('/prices', both)).body).toEqual({
      [yes]: { BUY: '0.5', SELL: '0.53' },
      [no]: { SELL: '0.5' },
    });
    expect((await get(`/price?token_id=${no}&side=SELL`)).body).toEqual({ price: '0.5' });
    expect((await post('/midpoints', both)).body).toEqual({ [yes]: '0.515', [no]: '0.485' });
    expect((await get(`/midpoint?token_id=${no}`)).body).toEqual({ mid: '0.485' });
    expect((await post('/spreads', both)).body).toEqual({ [yes]: '0.03', [no]: '0.03' });
    expect((await get(`/spread?token_id=${yes}`)).body).toEqual({ spread: '0.03' });
    expect((await get(`/price?token_id=${no}&side=X`)).body.error).toBe('Invalid side');
    expect((await get(`/prices?token_id=${no}`)).status).toBe(404);
    const books = (await post('/books', [{ token_id: no }, { token_id: yes }])).body;
    expect(books).toEqual([
      (await get(`/book?token_id=${no}`)).body,
      (await get(`/book?token_id=${yes}`)).body,
    ]);
    expect((await post('/books', Array(501).fill({ token_id: yes }))).body.error).toBe(
      'Payload exceeds the limit',
    );
    expect((await post('/books', [{ token_id: '5' }])).status).toBe(404);
  });

  it('say the last trade with the side of its taker', async () => {
    const [yes, no] = STANDARD.tokenIds;
    expect((await get(`/last-trade-price?token_id=${yes}`)).body.side).toBe('');
    await trader.post({ ...RESTING, makerAmount: 5_300_000, orderType: 'FAK' });
    expect((await get(`/last-trade-price?token_id=${yes}`)).body).toMatchObject({ side: 'BUY' });
    const sale = { ...RESTING, side: 1, makerAmount: 10_000_000, takerAmount: 5_000_000 } as const;
    expect((await trader.post({ ...sale, orderType: 'FAK' })).body.status).toBe('matched');
    expect((await post('/last-trades-prices', [{ token_id: no }])).body).toEqual([
      { token_id: no, price: '0.500', side: 'SELL' },
    ]);
    expect((await get('/prices-history?market=1&interval=1d')).body).toEqual({ history: [] });
  });
});

describe('lists of markets', () => {
  it('page, shorten, and leave out what takes no orders', async () => {
    exchange.server.inject({ kind: 'close', market: 1 });
    const all = (await get('/markets')).body;
    expect(all).toMatchObject({ count: 3, limit: 1000, next_cursor: 'LTE=' });
    expect((await get('/sampling-markets')).body.count).toBe(2);
    const simple = (await get('/simplified-markets')).body.data[1];
    expect(simple).toMatchObject({ condition_id: NEG_RISK.conditionId, accepting_orders: false });
    expect(simple.question).toBeUndefined();
    expect((await get('/sampling-simplified-markets')).body.count).toBe(2);
    expect((await get(`/markets-by-token/${NEG_RISK.tokenIds[1]}`)).body).toMatchObject({
      condition_id: NEG_RISK.conditionId,
    });
    expect((await get(`/fee-rate?token_id=${NEG_RISK.tokenIds[1]}`)).body).toEqual({
      base_fee: 1000,
    });
    expect((await get('/markets/0x1')).status).toBe(404);
    expect((await get('/markets?next_cursor=LTE%3D')).status).toBe(400);
  });
});

describe('Gamma', () => {
  const path = (query: string) => `/gamma/${query}`;

  it('has its own URL, text with JSON in it, and numbers', async () => {
    exchange.quote(0, 'bid', 5_000, 10_000_000);
    exchange.quote(0, 'ask', 5_300, 20_000_000);
    expect(exchange.server.gammaUrl).toBe(`${exchange.server.restUrl}/gamma`);
    const [market] = (await get(path(`markets?slug=${STANDARD.slug}`))).body;
    expect(market).toMatchObject({
      version: 'v1',
      conditionId: STANDARD.conditionId,
      outcomes: '["Yes","No"]',
      clobTokenIds: JSON.stringify(STANDARD.tokenIds),
      outcomePrices: '["0.515","0.485"]',
      positionIds: [],
      bestBid: 0.5,
      bestAsk: 0.53,
      orderPriceMinTickSize: 0.01,
      orderMinSize: 5,
      feesEnabled: true,
      feeSchedule: { exponent: 1, rate: 0.07, takerOnly: true },
      acceptingOrders: true,
    });
    expect(market.events[0].slug).toBe(STANDARD.slug);
    const [event] = (await get(path(`events?slug=${STANDARD.slug}`))).body;
    expect(event.markets[0].conditionId).toBe(STANDARD.conditionId);
    expect((await get(path(`markets/${market.id}`))).body.id).toBe(market.id);
    expect((await get(path(`events/${event.id}`))).body.id).toBe(event.id);
    expect((await get(path('markets/slug/nothing'))).status).toBe(404);
  });

  it('filters by condition and token, and hides what is closed unless asked', async () => {
    exchange.server.inject({ kind: 'resolve', market: 1, outcome: 0 });
    const ids = async (query: string) =>
      (await get(path(`markets?${query}`))).body.map((row: { slug: string }) => row.slug);
    expect(await ids('')).toEqual(['market-0', 'market-2']);
    expect(await ids('closed=true')).toEqual(['market-1']);
    const wanted = LISTINGS.map((each) => `condition_ids=${each.conditionId}`).join('&');
    expect(await ids(wanted)).toEqual(['market-0', 'market-2']);
    expect(await ids(`clob_token_ids=${STANDARD.tokenIds[1]}`)).toEqual(['market-0']);
    expect(await ids('order=conditionId&ascending=false')).toEqual(['market-2', 'market-0']);
    expect((await get(path('markets?order=end_date'))).status).toBe(422);
    const far = await get(path('markets?offset=2001'));
    expect([far.status, far.body.error]).toEqual([422, 'offset too large, use /markets/keyset']);
    const [closed] = (await get(path('markets?closed=true'))).body;
    expect(closed).toMatchObject({ outcomePrices: '["1","0"]', umaResolutionStatus: 'resolved' });
  });

  it('walks by keyset to the end', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await get(path(`markets/keyset?limit=2&after_cursor=${cursor}`));
      seen.push(...body.markets.map((row: { slug: string }) => row.slug));
      cursor = body.next_cursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(['market-0', 'market-1', 'market-2']);
    expect((await get(path('markets/keyset?limit=101'))).status).toBe(422);
    expect((await get(path('events/keyset?after_cursor=AAAA'))).status).toBe(422);
    expect((await get(path('events/keyset'))).body.events).toHaveLength(3);
  });

  it('knows a new market before the CLOB does', async () => {
    const frames = await exchange.socket('/ws/market');
    const plain = await exchange.socket('/ws/market');
    frames.send({ assets_ids: [], type: 'market', custom_feature_enabled: true });
    plain.send({ assets_ids: [], type: 'market' });
    await frames.settle();
    await plain.settle();
    exchange.server.announce(0, 1_000);
    await frames.settle();
    await plain.settle();
    expect(frames.messages()).toMatchObject([
      {
        event_type: 'new_market',
        condition_id: STANDARD.conditionId,
        clob_token_ids: [...STANDARD.tokenIds],
        fee_schedule: { exponent: '1', rate: '0.07', taker_only: true },
      },
    ]);
    expect(plain.messages()).toEqual([]);
    const [market] = (await get(path(`markets?slug=${STANDARD.slug}`))).body;
    expect([market.clobTokenIds, market.acceptingOrders]).toEqual(['[]', false]);
    expect((await get(`/book?token_id=${STANDARD.tokenIds[0]}`)).status).toBe(404);
    expect((await get(`/clob-markets/${STANDARD.conditionId}`)).status).toBe(404);
    expect((await trader.post(RESTING)).body.error).toMatch(/^the market is not yet ready/);
    const listed = async () => (await get(`/clob-markets/${STANDARD.conditionId}`)).status === 200;
    await eventually(listed, 'hydration');
    expect((await trader.post(RESTING)).body.status).toBe('live');
    expect(() => exchange.server.announce(9, 1)).toThrow('does not list');
  });
});

describe('keys', () => {
  it('are derived only when they were created, listed, and deleted', async () => {
    const stranger = new Trader(exchange.server.restUrl, Buffer.alloc(32, 5));
    const { l1Headers } = await import('../../../src/venues/polymarket/wire/clob-auth.js');
    const headers = () => ({ ...l1Headers(stranger.key, 137, Math.floor(Date.now() / 1000)) });
    const underived = await stranger.request('GET', '/auth/derive-api-key', '', headers());
    expect(underived.status).toBe(400);
    await stranger.login();
    const derived = await stranger.request('GET', '/auth/derive-api-key', '', headers());
    expect(derived.body).toEqual(stranger.creds);
    expect((await stranger.request('POST', '/auth/api-key', '', headers())).status).toBe(400);
    expect((await stranger.call('DELETE', '/auth/api-key')).body).toBe('OK');
    expect((await stranger.call('GET', '/auth/api-keys')).status).toBe(401);
    await stranger.close();
  });

  it('that may only read, read', async () => {
    const created = (await trader.call('POST', '/auth/readonly-api-key')).body;
    expect((await trader.call('GET', '/auth/readonly-api-keys')).body).toEqual([created.apiKey]);
    const full = trader.creds;
    trader.creds = created;
    expect((await trader.call('GET', '/data/orders')).status).toBe(200);
    expect((await trader.post(RESTING)).status).toBe(401);
    expect((await trader.call('DELETE', '/cancel-all')).status).toBe(401);
    trader.creds = full;
    const body = JSON.stringify({ key: created.apiKey });
    expect((await trader.call('DELETE', '/auth/readonly-api-key', body)).body).toBe(true);
    expect((await trader.call('DELETE', '/auth/readonly-api-key', body)).body).toBe(false);
    const builder = (await trader.call('POST', '/auth/builder-api-key')).body;
    expect((await trader.call('GET', '/auth/builder-api-key')).body).toEqual([
      { key: builder.key },
    ]);
    await trader.call('DELETE', '/auth/builder-api-key');
    expect((await trader.call('GET', '/auth/builder-api-key')).body).toEqual([]);
  });

  it('may be closed-only or banned', async () => {
    exchange.quote(0, 'ask', 5_000, 10_000_000);
    await trader.post({ ...RESTING, orderType: 'FAK' });
    const status = async () => (await trader.call('GET', '/auth/ban-status/closed-only')).body;
    expect(await status()).toEqual({ closed_only: false });
    exchange.server.setAccess(trader.address, 'closed-only');
    expect(await status()).toEqual({ closed_only: true });
    const sale = { ...RESTING, side: 1, makerAmount: 10_000_000, takerAmount: 5_000_000 } as const;
    expect((await trader.post(RESTING)).body.error).toBe(
      `'${trader.address}' address in closed only mode`,
    );
    expect((await trader.post(sale)).body.status).toBe('live');
    exchange.server.setAccess(trader.address, 'banned');
    expect((await trader.post(sale)).body.error).toBe(`'${trader.address}' address banned`);
    exchange.server.setAccess(trader.address, 'free');
    expect((await trader.post({ ...RESTING, makerAmount: 4_000_000 })).body.status).toBe('live');
  });
});

describe('orders and balances', () => {
  it('that are closed come back empty, at once or after a time', async () => {
    await restart({ closedOrdersMs: 600 });
    exchange.quote(0, 'ask', 5_000, 10_000_000);
    const order = async (id: string) => (await trader.call('GET', `/data/order/${id}`)).body;
    const matched = (await trader.post({ ...RESTING, orderType: 'FAK' })).body.orderID;
    expect(await order(matched)).toMatchObject({ status: 'MATCHED', size_matched: '10' });
    const canceled = (await trader.post(RESTING)).body.orderID;
    expect(await order(canceled)).toMatchObject({ status: 'LIVE' });
    await trader.call('DELETE', '/order', JSON.stringify({ orderID: canceled }));
    expect(await order(canceled)).toBeNull();
    await eventually(async () => (await order(matched)) === null, 'forgetting');
    expect((await trader.call('GET', '/data/order/7')).body.error).toBe('Invalid orderID');
    expect((await trader.call('GET', '/data/pre-migration-orders')).body.data).toEqual([]);
  });

  it('of trades are filtered by every documented field', async () => {
    const rival = await exchange.trader(RIVAL_KEY);
    const resting = (await rival.post({ ...RESTING, outcome: 1 })).body.orderID;
    await trader.post({ ...RESTING, orderType: 'FAK' });
    const count = async (query: string) =>
      (await trader.call('GET', `/data/trades?${query}`)).body.data.length;
    const nowS = Math.floor(Date.now() / 1000);
    for (const query of [
      '',
      `market=${STANDARD.conditionId}`,
      `asset_id=${STANDARD.tokenIds[0]}`,
      `maker_address=${rival.address}`,
      `maker_address=${trader.address.toLowerCase()}`,
      `after=${nowS - 60}&before=${nowS + 60}`,
    ]) {
      expect([query, await count(query)]).toEqual([query, 1]);
    }
    for (const query of [
      'id=x',
      `market=${NEG_RISK.conditionId}`,
      `asset_id=${STANDARD.tokenIds[1]}`,
      `maker_address=0x${'55'.repeat(20)}`,
      `after=${nowS + 60}`,
      `before=${nowS - 60}`,
    ]) {
      expect([query, await count(query)]).toEqual([query, 0]);
    }
    const [row] = (await rival.call('GET', '/data/trades')).body.data;
    expect(row).toMatchObject({ trader_side: 'MAKER', maker_orders: [{ order_id: resting }] });
  });

  it('need an allowance, and a known kind of asset and of signature', async () => {
    await restart({
      wallets: [
        { address: new Trader('http://127.0.0.1:1', TRADER_KEY).address, account: TRADER },
        { ...WALLETS[0], owner: trader.address, isApproved: false },
      ],
    });
    const balance = async (query: string) =>
      (await trader.call('GET', `/balance-allowance?${query}`)).body;
    const ample = await balance(`asset_type=COLLATERAL&signature_type=${EOA}`);
    const none = await balance(`asset_type=COLLATERAL&signature_type=${POLY_PROXY}`);
    expect(new Set(Object.values(none.allowances))).toEqual(new Set(['0']));
    expect(Object.keys(ample.allowances)).toHaveLength(3);
    const refused = await trader.post({ ...RESTING, fields: walletFields(POLY_PROXY) });
    expect(refused.body.error).toMatch(/^not enough balance \/ allowance: allowance: 0/);
    expect((await balance('asset_type=GOLD')).error).toBe('Invalid asset type');
    expect((await balance('asset_type=COLLATERAL&signature_type=9')).error).toBe(
      'Invalid signature_type',
    );
    expect((await balance('asset_type=CONDITIONAL&token_id=5')).error).toBe('Invalid token id');
    const update = await trader.call('GET', '/balance-allowance/update?asset_type=COLLATERAL');
    expect([update.status, update.body]).toEqual([200, '']);
  });

  it('of Protocol V2 markets are signed for Exchange V3, and only for it', async () => {
    const v2 = listing(0, { version: 'v2' });
    await restart({ listings: [v2] });
    const order = { ...RESTING, listing: v2 };
    expect((await trader.post(order)).body.status).toBe('live');
    const current = await trader.post({ ...order, listing: listing(0) });
    expect(current.body.error).toBe('invalid signature');
    expect((await get(`/clob-markets/${v2.conditionId}`)).body.v).toBe('v2');
    const [market] = (await get('/gamma/markets')).body;
    expect(market).toMatchObject({
      version: 'v2',
      clobTokenIds: '[]',
      positionIds: [...v2.tokenIds],
    });
    const held = await trader.call(
      'GET',
      `/balance-allowance?asset_type=CONDITIONAL-V2&token_id=${v2.tokenIds[0]}`,
    );
    expect(held.body.balance).toBe('0');
  });

  it('are refused in words that tell old clients, sides and legs apart', async () => {
    const body = trader.sign(RESTING);
    const mixed = body.replace('"timestamp"', '"nonce":"0","timestamp"');
    expect((await trader.call('POST', '/order', mixed)).body.error).toBe(
      'invalid order version, please use the latest clob-client',
    );
    const sideless = body.replace('"BUY"', '"HOLD"');
    expect((await trader.call('POST', '/order', sideless)).body.error).toBe('Invalid side');
    exchange.quote(0, 'ask', 5_000, 10_000_000);
    const leg = `[${trader.sign({ ...RESTING, postOnly: true })}]`;
    const [reply] = (await trader.call('POST', '/orders', leg)).body;
    expect(reply).toMatchObject({ success: true, orderID: '' });
    expect(reply.errorMsg).toMatch(/^order 0x[0-9a-f]{64} crosses the book$/);
    const many = JSON.stringify(Array(1001).fill(`0x${'0'.repeat(64)}`));
    expect((await trader.call('DELETE', '/orders', many)).body.error).toBe(
      'Payload exceeds the limit',
    );
    const thousand = JSON.stringify(
      Array.from({ length: 1000 }, (_, index) => `0x${index.toString(16).padStart(64, '0')}`),
    );
    const { body: cancels } = await trader.call('DELETE', '/orders', thousand);
    expect(Object.keys(cancels.not_canceled)).toHaveLength(1000);
  });
});

describe('limits', () => {
  it('of a signer stand in the headers, and a batch is taken whole or not', async () => {
    await restart({
      limits: {
        perSigner: { perSecond: 0.001, burst: 3 },
        cancels: { perSecond: 0.001, burst: 2 },
        tier: 'Copper',
      },
    });
    const batch = (count: number) =>
      trader.call(
        'POST',
        '/orders',
        `[${Array.from({ length: count }, () => trader.sign(RESTING)).join(',')}]`,
      );
    const refused = await batch(4);
    expect(refused.status).toBe(429);
    expect(refused.headers['poly-ratelimit-remaining']).toBe('3');
    const taken = await batch(2);
    expect(taken.headers).toMatchObject({
      'poly-ratelimit-remaining': '1',
      'poly-ratelimit-reset': '2000',
      'poly-ratelimit-tier': 'Copper',
    });
    expect(taken.headers['poly-ratelimit-warning']).toBeUndefined();
    const last = await trader.post(RESTING);
    expect(last.headers['poly-ratelimit-warning']).toBeDefined();
    const again = await trader.post(RESTING);
    expect(again.status).toBe(429);
    expect(Number(again.headers['retry-after'])).toBeGreaterThan(0);
    expect((await trader.call('GET', '/v1/user/rate-limit-tier')).body).toEqual({ tier: 'Copper' });
    // 1 + 3 from a bucket of 2: it may owe, but not while it owes.
    expect((await trader.call('DELETE', '/cancel-all')).body.canceled).toHaveLength(3);
    expect((await trader.call('DELETE', '/cancel-all')).status).toBe(429);
  });

  it('of an address are those of the documents, or a bucket for reads', async () => {
    let nowMs = 1_800_000_000_000;
    await exchange.close();
    exchange = await startExchange({ limits: { documented: true }, now: () => nowMs });
    trader = new Trader(exchange.server.restUrl, TRADER_KEY);
    const token = STANDARD.tokenIds[0];
    const tick = () => get(`/tick-size?token_id=${token}`);
    for (let call = 0; call < 200; call++) expect((await tick()).status).toBe(200);
    const refused = await tick();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
    expect((await get(`/neg-risk?token_id=${token}`)).status).toBe(200);
    // Halfway through the next window half of the last one still counts.
    nowMs += 15_000;
    let taken = 0;
    while ((await tick()).status === 200) taken++;
    expect(taken).toBe(100);
    await trader.close();
    await restart({ limits: { reads: { perSecond: 0.001, burst: 2 } } });
    expect((await get('/ok')).status).toBe(200);
    expect((await get('/ok')).status).toBe(429);
    expect((await trader.post(RESTING)).status).toBe(200);
  });
});

describe('heartbeats', () => {
  it('chain their ids, and silence cancels everything', async () => {
    await restart({ heartbeatMs: 800 });
    const beat = (heartbeat_id: string) =>
      trader.call('POST', '/v1/heartbeats', JSON.stringify({ heartbeat_id }));
    await trader.post(RESTING);
    expect((await beat('unknown')).status).toBe(400);
    const first = (await beat('')).body.heartbeat_id;
    const wrong = await beat('');
    expect([wrong.status, wrong.body]).toEqual([
      400,
      { error_msg: 'Invalid Heartbeat ID', heartbeat_id: first },
    ]);
    const second = (await beat(first)).body.heartbeat_id;
    expect((await beat(first)).body.heartbeat_id).toBe(second);
    expect((await trader.call('GET', '/data/orders')).body.data).toHaveLength(1);
    await eventually(async () => exchange.engine.bids(0).length === 0, 'silence');
    const late = await beat(second);
    expect(late.status).toBe(400);
    expect((await beat(late.body.heartbeat_id)).status).toBe(200);
    expect((await trader.call('POST', '/heartbeats')).body).toEqual({ status: 'ok' });
  });
});

describe('the market socket', () => {
  it('shows level 1 the top alone, and no snapshots beyond its number of assets', async () => {
    await restart({ snapshotAssets: 2 });
    for (const priceE4 of [4_000, 4_100]) exchange.quote(0, 'bid', priceE4, 10_000_000);
    const frames = await exchange.socket('/ws/market');
    frames.send({ assets_ids: STANDARD.tokenIds, type: 'market', level: 1 });
    await frames.settle();
    expect(frames.messages().map((book) => [book.bids, book.asks])).toEqual([
      [[{ price: '0.41', size: '10' }], []],
      [[], [{ price: '0.59', size: '10' }]],
    ]);
    exchange.quote(0, 'bid', 4_050, 10_000_000);
    exchange.quote(0, 'bid', 4_200, 10_000_000);
    await frames.settle();
    const changes = frames.messages().filter((m) => m.event_type === 'price_change');
    expect(changes.map((m) => m.price_changes[0].price)).toEqual(['0.42']);
    frames.send({ operation: 'subscribe', assets_ids: NEG_RISK.tokenIds });
    await frames.settle();
    expect(frames.texts.at(-2)).toBe('[]');
    exchange.quote(1, 'bid', 4_200, 10_000_000);
    await frames.settle();
    expect(frames.messages().at(-1).market).toBe(NEG_RISK.conditionId);
    frames.send({ assets_ids: [], type: 'market', level: 4 });
    await frames.settle();
    expect(frames.texts.at(-2)).toBe('INVALID OPERATION');
  });
});

describe('the user socket', () => {
  it('filters by the conditions that were named, added and taken away', async () => {
    const frames = await exchange.socket('/ws/user');
    const { apiKey, secret, passphrase } = trader.creds;
    const auth = { apiKey, secret, passphrase };
    frames.send({ auth, type: 'user', markets: [STANDARD.conditionId] });
    await frames.settle();
    const seen = async () => {
      const before = frames.messages().length;
      await trader.post(RESTING);
      await trader.post({ ...RESTING, listing: NEG_RISK });
      await frames.settle();
      return frames
        .messages()
        .slice(before)
        .map((message) => message.market);
    };
    expect(await seen()).toEqual([STANDARD.conditionId]);
    frames.send({ operation: 'subscribe', markets: [NEG_RISK.conditionId] });
    expect(await seen()).toEqual([STANDARD.conditionId, NEG_RISK.conditionId]);
    frames.send({ operation: 'unsubscribe', markets: [STANDARD.conditionId] });
    expect(await seen()).toEqual([NEG_RISK.conditionId]);
  });
});
