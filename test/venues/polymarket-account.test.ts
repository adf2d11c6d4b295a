import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { polymarketFillFeeMicros } from '../../src/domain/polymarket-fee.js';
import { NO, POLYMARKET, YES } from '../../src/domain/venue.js';
import { RestClient } from '../../src/net/rest-client.js';
import type { VenueFill } from '../../src/venues/orders.js';
import {
  deletePolymarketKey,
  isPolymarketClosedOnly,
  listPolymarketKeys,
  loadPolymarketCredentials,
  loadPolymarketFills,
  loadPolymarketFunds,
  PolymarketAccountError,
  refreshPolymarketFunds,
  requirePolymarketAllowances,
} from '../../src/venues/polymarket/account.js';
import {
  PolymarketFillStream,
  type PolymarketOrderEvent,
} from '../../src/venues/polymarket/user-stream.js';
import { polymarketHmac } from '../../src/venues/polymarket/wire/hmac.js';
import { httpReply, type RawRequest, startRawServer } from '../net/raw-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const TOKENS = ['111', '222'] as const;
const fees = { rate: ratio(1, 25), exponent: 1 } as const;
const MARKETS = new Map([
  ['0xm', { market: 7, conditionId: '0xm', tokenIds: TOKENS, fees } as const],
]);
const CREDENTIALS = {
  address: '0xwallet',
  apiKey: 'key',
  // Base64 of these bytes has both letters that the URL alphabet replaces.
  secret: Buffer.from([0xfb, 0xef, 0xbe, 0xff, 0xff]),
  passphrase: 'phrase',
};
const clock = { nowNs: () => 0, wallMs: () => 1_700_000_000_000 };
const IDENTITY = { credentials: CREDENTIALS, clock };

interface Maker {
  readonly matched_amount: string;
  readonly price: string;
  readonly asset_id: string;
}

/**
 * As the list and the user socket send it (polymarket-api.md 4.10, 9); keys that we do not read are
 * there too.
 */
function trade(over: Record<string, unknown> = {}) {
  const maker_orders: Maker[] = [{ matched_amount: '10', price: '0.4', asset_id: TOKENS[0] }];
  return {
    event_type: 'trade',
    id: 'trade-1',
    taker_order_id: '0xorder',
    market: '0xm',
    asset_id: TOKENS[0],
    side: 'BUY',
    size: '10',
    price: '0.4',
    status: 'MATCHED',
    trader_side: 'TAKER',
    maker_orders,
    ...over,
  };
}

/** An order of ours among the makers of somebody else's trade, which sold the other token. */
const OWN_MAKER = {
  order_id: '0xown',
  owner: 'key',
  matched_amount: '4',
  price: '0.35',
  asset_id: TOKENS[1],
  side: 'BUY',
};
const made = (maker: object = {}, over: object = {}) =>
  trade({
    trader_side: 'MAKER',
    owner: 'stranger',
    side: 'SELL',
    maker_orders: [
      { ...OWN_MAKER, owner: 'other', order_id: '0xother', matched_amount: '6' },
      { ...OWN_MAKER, ...maker },
    ],
    ...over,
  });

function order(over: Record<string, unknown> = {}) {
  return {
    event_type: 'order',
    type: 'UPDATE',
    id: '0xorder',
    market: '0xm',
    asset_id: TOKENS[1],
    side: 'BUY',
    original_size: '10',
    size_matched: '2.5',
    price: '0.51',
    status: 'LIVE',
    ...over,
  };
}

function openStream() {
  const fills: VenueFill[] = [];
  const orders: PolymarketOrderEvent[] = [];
  const unreadable: string[] = [];
  const sent: string[] = [];
  const stream = new PolymarketFillStream(CREDENTIALS, MARKETS, (fill) => fills.push(fill), {
    onOrder: (event) => orders.push(event),
    onUnreadable: (text) => unreadable.push(text),
  });
  stream.opened((text) => sent.push(text), 0);
  const hear = (message: unknown) => {
    fills.length = 0;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    stream.frame(Buffer.from(text), 1);
    return [...fills];
  };
  return { stream, sent, hear, orders, unreadable };
}

describe('the user stream', () => {
  it('subscribes with the key, the secret in the URL alphabet', () => {
    const secret = CREDENTIALS.secret.toString('base64url').padEnd(8, '=');
    expect(secret).toMatch(/-.*_.*=/);
    expect(openStream().sent.map((text) => JSON.parse(text))).toEqual([
      { auth: { apiKey: 'key', secret, passphrase: 'phrase' }, type: 'user' },
    ]);
  });

  it('books a buy at what each maker was paid, with a fee a maker', () => {
    const { hear } = openStream();
    const maker_orders = [
      { matched_amount: '10.5', price: '0.41', asset_id: TOKENS[0] },
      { matched_amount: '0.000001', price: '0.415', asset_id: TOKENS[0] },
    ];
    expect(hear(trade({ maker_orders, price: '0.4' }))).toEqual([
      {
        venue: POLYMARKET,
        tradeId: 'trade-1',
        orderId: '0xorder',
        clientOrderId: undefined,
        market: 7,
        outcome: YES,
        sizeE6: 10_500_001,
        // A millionth of a share costs a whole micro: the venue rounds what is paid up.
        costMicros: 4_305_000 + 1,
        feeMicros: polymarketFillFeeMicros(fees, 4_100, 10_500_000),
        state: 'provisional',
      },
    ]);
  });

  it('pays the rest of the dollar to a maker who bought the other token', () => {
    const amount = fc.integer({ min: 1, max: 100_000 }).map((centi) => centi * 10_000);
    const priceE4 = fc.integer({ min: 1, max: 9_999 });
    const makers = fc.array(fc.record({ amount, priceE4, isMint: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(makers, fc.constantFrom(YES, NO), (each, outcome) => {
        const own = TOKENS[outcome];
        const other = TOKENS[1 - outcome];
        const maker_orders = each.map(({ amount: e6, priceE4: paid, isMint }) => ({
          matched_amount: (e6 / 1e6).toFixed(6),
          price: ((isMint ? 10_000 - paid : paid) / 10_000).toFixed(4),
          asset_id: isMint ? other : own,
        }));
        const [fill] = openStream().hear(trade({ asset_id: own, maker_orders }));
        expect(fill?.outcome).toBe(outcome);
        expect(fill?.sizeE6).toBe(each.reduce((sum, { amount: e6 }) => sum + e6, 0));
        expect(fill?.costMicros).toBe(
          each.reduce((sum, { amount: e6, priceE4: paid }) => sum + (e6 / 10_000) * paid, 0),
        );
        const feeOf = ({ amount: e6, priceE4: paid }: (typeof each)[number]) =>
          polymarketFillFeeMicros(fees, paid, e6);
        expect(fill?.feeMicros).toBe(each.map(feeOf).reduce((sum, fee) => sum + fee, 0));
      }),
    );
  });

  it.each([
    ['MATCHED', 'provisional'],
    ['MATCHED_NOT_BROADCASTED', 'provisional'],
    ['TRADE_STATUS_MINED', 'provisional'],
    ['RETRYING', 'provisional'],
    ['TRADE_STATUS_CONFIRMED', 'final'],
    ['FAILED', 'failed'],
  ])('reads the status %s as %s', (status, state) => {
    expect(
      openStream()
        .hear(trade({ status }))
        .map((fill) => fill.state),
    ).toEqual([state]);
  });

  it('books an order of ours among the makers at its own price, without a fee', () => {
    const { hear, unreadable } = openStream();
    const booked = {
      venue: POLYMARKET,
      tradeId: 'trade-1:0xown',
      orderId: '0xown',
      clientOrderId: undefined,
      market: 7,
      outcome: NO,
      sizeE6: 4_000_000,
      costMicros: 1_400_000,
      feeMicros: 0,
      state: 'provisional',
    };
    expect(hear(made())).toEqual([booked]);
    // Where the exchange does not say which side we were on, the owner does.
    expect(hear(made({}, { trader_side: undefined }))).toEqual([booked]);
    expect(hear(trade({ trader_side: undefined, owner: 'key' }))).toHaveLength(1);
    expect(unreadable).toEqual([]);
  });

  it('books both sides of a trade with ourselves', () => {
    const { hear } = openStream();
    const fills = hear(trade({ maker_orders: [OWN_MAKER] }));
    expect(fills.map(({ tradeId, outcome }) => [tradeId, outcome])).toEqual([
      ['trade-1:0xown', NO],
      ['trade-1', YES],
    ]);
    // What one paid and what the other paid is a dollar a share.
    expect(fills.reduce((sum, { costMicros }) => sum + costMicros, 0)).toBe(4_000_000);
  });

  it.each([
    ['a trade of another market', trade({ market: '0xother' })],
    ['an order of another market', order({ market: '0xother' })],
    ['PONG', 'PONG'],
    ['no events', []],
  ])('makes nothing of %s', (_, message) => {
    const { hear, orders, unreadable } = openStream();
    expect([hear(message), orders, unreadable]).toEqual([[], [], []]);
  });

  it.each([
    ['a status that nobody knows', trade({ status: 'LOST' })],
    ['another token', trade({ asset_id: '333' })],
    ['a trade of makers of whom none is ours', trade({ trader_side: 'MAKER' })],
    ['a trade of nobody', trade({ trader_side: undefined })],
    ['a sale', trade({ side: 'SELL' })],
    ['a sale of ours as a maker', made({ side: 'SELL' })],
    ['a maker order without its id', made({ order_id: undefined })],
    ['a maker order of another token', made({ asset_id: '333' })],
    ['one maker order twice', trade({ maker_orders: [OWN_MAKER, OWN_MAKER] })],
    ['a trade without makers', trade({ maker_orders: [] })],
    ['a trade without an id', trade({ id: '' })],
    [
      'an amount that is no number',
      trade({ maker_orders: [{ matched_amount: '1e3', price: '0.4', asset_id: '111' }] }),
    ],
    [
      'an amount of nothing',
      trade({ maker_orders: [{ matched_amount: '0', price: '0.4', asset_id: '111' }] }),
    ],
    [
      'a price with too many places',
      trade({ maker_orders: [{ matched_amount: '1', price: '0.44444', asset_id: '111' }] }),
    ],
    [
      'a price above a dollar',
      trade({ maker_orders: [{ matched_amount: '1', price: '1.2', asset_id: '222' }] }),
    ],
    [
      'a cost that is not exact',
      trade({ maker_orders: [{ matched_amount: '9000000000', price: '0.4', asset_id: '111' }] }),
    ],
    ['an order without a side', order({ side: 'HOLD' })],
    ['an order of a status that nobody knows', order({ status: 'SLEEPING' })],
    ['an order with no size', order({ original_size: '' })],
    ['an order that matched no number', order({ size_matched: 'x' })],
    ['an order event of another kind', order({ type: 'constructor' })],
    ['an event of another kind', { event_type: 'position', id: 'x' }],
    ['garbage', '{"type":'],
    ['null', null],
  ])('says that it cannot read %s', (_, message) => {
    const { hear, orders, unreadable } = openStream();
    expect(hear(message)).toEqual([]);
    expect(orders).toEqual([]);
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    expect(unreadable).toEqual([text.slice(0, 300)]);
  });

  it.each([
    ['PLACEMENT', 'LIVE', '', 'placed', 'live', undefined],
    ['PLACEMENT', 'DELAYED', '0', 'placed', 'delayed', 0],
    ['PLACEMENT', 'UNMATCHED', '0', 'placed', 'unmatched', 0],
    ['UPDATE', 'ORDER_STATUS_MATCHED', '10', 'matched', 'matched', 10_000_000],
    ['CANCELLATION', 'CANCELED', '2.5', 'canceled', 'canceled', 2_500_000],
    ['CANCELLATION', 'CANCELED_MARKET_RESOLVED', '0', 'canceled', 'canceled', 0],
    ['CANCELLATION', 'INVALID', '0', 'canceled', 'invalid', 0],
  ])('tells of an order: %s %s', (type, status, size_matched, change, told, matchedE6) => {
    const { hear, orders, unreadable } = openStream();
    hear([order({ type, status, size_matched })]);
    expect(unreadable).toEqual([]);
    expect(orders).toEqual([
      {
        orderId: '0xorder',
        conditionId: '0xm',
        tokenId: TOKENS[1],
        status: told,
        side: 'BUY',
        priceE4: 5_100,
        originalE6: 10_000_000,
        matchedE6,
        change,
      },
    ]);
  });

  it('reads frames that hold several events, and those around a broken one', () => {
    const { hear, unreadable } = openStream();
    const events = [trade({ id: 'a' }), { id: 3 }, trade({ id: 'b', status: 'FAILED' })];
    expect(hear(events).map(({ tradeId, state }) => `${tradeId} ${state}`)).toEqual([
      'a provisional',
      'b failed',
    ]);
    expect(unreadable).toEqual(['{"id":3}']);
  });

  it('pings every 10 s, and gives a dead connection up, but not one that answers', () => {
    const second = 1_000_000_000;
    const { stream, sent } = openStream();
    let givenUpAt = 0;
    for (let at = 1; at <= 600 && givenUpAt === 0; at++) {
      if (at <= 200) stream.frame(Buffer.from('PONG'), at * second);
      if (stream.tick(at * second) !== undefined) givenUpAt = at;
    }
    expect(givenUpAt).toBeGreaterThan(200);
    expect(givenUpAt).toBeLessThan(600);
    const pings = sent.filter((text) => text === 'PING').length;
    expect(pings).toBeGreaterThanOrEqual(Math.floor(givenUpAt / 11));
    expect(pings).toBeLessThanOrEqual(givenUpAt / 10);
    stream.closed();
    expect(stream.tick(10_000 * second)).toBeUndefined();
  });
});

async function openRest(answer: (request: RawRequest, query: URLSearchParams) => string) {
  const heads: string[] = [];
  const server = await startRawServer((request) => {
    const url = new URL(request.path, 'http://x');
    heads.push(`${request.method} ${url.pathname}`);
    request.socket.write(answer(request, url.searchParams));
  });
  const rest = new RestClient(server.origin, 2_000, { sleep: async () => undefined });
  closers.push(server.close, () => rest.close());
  return { rest, heads, requests: server.requests };
}

const page = (data: unknown[], next_cursor: string) =>
  httpReply(200, JSON.stringify({ data, next_cursor, limit: 1, count: data.length }));

describe('the list of trades', () => {
  it('is read to its end, page by page, from the time asked for', async () => {
    const cursors: (string | null)[] = [];
    const { rest } = await openRest((_, query) => {
      cursors.push(query.get('next_cursor'));
      expect(query.get('after')).toBe('123');
      if (cursors.length === 1) return page([trade({ id: 'a' }), { odd: true }], 'Mg==');
      if (cursors.length === 2) return page([trade({ id: 'b', status: 'FAILED' })], 'Mw==');
      return page([trade({ id: 'c', status: 'CONFIRMED' })], 'LTE=');
    });
    const { fills, unreadable } = await loadPolymarketFills(rest, IDENTITY, 123, MARKETS);
    expect(unreadable).toEqual({ count: 1, firstText: '{"odd":true}' });
    expect(fills.map(({ tradeId, state }) => `${tradeId} ${state}`)).toEqual([
      'a provisional',
      'b failed',
      'c final',
    ]);
    expect(cursors).toEqual(['MA==', 'Mg==', 'Mw==']);
  });

  it('says the same of a trade as the stream does', async () => {
    const rows = [trade(), trade({ id: 'x', asset_id: TOKENS[1], status: 'TRADE_STATUS_MINED' })];
    const { rest } = await openRest(() => page(rows, 'LTE='));
    const { fills } = await loadPolymarketFills(rest, IDENTITY, 0, MARKETS);
    expect(fills).toEqual(openStream().hear(rows));
    expect(fills).toHaveLength(2);
  });

  it('is given up when it does not end', async () => {
    const { rest, heads } = await openRest(() => page([], 'Mg=='));
    const listing = loadPolymarketFills(rest, IDENTITY, 0, MARKETS);
    await expect(listing).rejects.toThrow(/does not end: .*pages=100/);
    expect(heads).toHaveLength(100);
  });
});

describe('the API key', () => {
  const key = Buffer.alloc(32, 7);
  const secret = Buffer.from('secret bytes').toString('base64');
  const good = httpReply(200, JSON.stringify({ apiKey: 'k', secret, passphrase: 'p' }));
  const login = (rest: RestClient) => loadPolymarketCredentials(rest, key, 137, clock);

  it('is derived, and its secret serves for signatures', async () => {
    const { rest, heads } = await openRest(() => good);
    const credentials = await login(rest);
    expect(heads).toEqual(['GET /auth/derive-api-key']);
    expect(credentials.address).toMatch(/^0x[0-9a-fA-F]{40}$/);
    expect(polymarketHmac(credentials.secret, '1', 'GET', '/x', '')).toBe(
      polymarketHmac(Buffer.from('secret bytes'), '1', 'GET', '/x', ''),
    );
  });

  it('is created when the wallet has none', async () => {
    const { rest, heads } = await openRest(({ method }) =>
      method === 'GET' ? httpReply(400, '{"error":"none"}') : good,
    );
    expect((await login(rest)).apiKey).toBe('k');
    expect(heads).toEqual(['GET /auth/derive-api-key', 'POST /auth/api-key']);
  });

  it.each([429, 500, 503])('is not created because of a %s', async (status) => {
    const { rest, heads } = await openRest(() => httpReply(status, '{}'));
    await expect(login(rest)).rejects.toThrow(`status=${status}`);
    expect(new Set(heads)).toEqual(new Set(['GET /auth/derive-api-key']));
  });

  it.each(['has "quotes"', '', 'a\\'])('is not taken when it is no id: %s', async (apiKey) => {
    const reply = JSON.stringify({ apiKey, secret: 's3cret', passphrase: 'p' });
    const { rest } = await openRest(() => httpReply(200, reply));
    const refused = await login(rest).catch((error: unknown) => String(error));
    expect(refused).toMatch(/unexpected reply/);
    expect(refused).not.toMatch(/s3cret/);
  });

  it('is listed, ended, and may be one that only closes', async () => {
    const { rest, heads } = await openRest(({ method, path }) => {
      if (method === 'DELETE') return httpReply(200, '"OK"');
      return httpReply(
        200,
        path === '/auth/api-keys' ? '{"apiKeys":["a","b"]}' : '{"closed_only":true}',
      );
    });
    expect(await listPolymarketKeys(rest, IDENTITY)).toEqual(['a', 'b']);
    expect(await isPolymarketClosedOnly(rest, IDENTITY)).toBe(true);
    await deletePolymarketKey(rest, IDENTITY);
    expect(heads).toEqual([
      'GET /auth/api-keys',
      'GET /auth/ban-status/closed-only',
      'DELETE /auth/api-key',
    ]);
  });
});

describe('the money', () => {
  const unlimited = (2n ** 256n - 1n).toString();
  const exchanges = { standard: '0xAA', negRisk: '0xBB', v3: '0xCC' };
  const market = { tokenIds: TOKENS, negRisk: false, protocol: 'v1' } as const;
  const funds = (body: object) => openRest(() => httpReply(200, JSON.stringify(body)));

  it('is asked for by signature type, and is what the exchange says to the micro', async () => {
    const asked: string[] = [];
    const { rest } = await openRest((_, query) => {
      asked.push(query.toString());
      return httpReply(200, JSON.stringify({ balance: '12500001', allowances: { '0xAa': '5' } }));
    });
    const { micros, allowances } = await loadPolymarketFunds(rest, IDENTITY, 3);
    expect([micros, [...allowances]]).toEqual([12_500_001, [['0xaa', 5n]]]);
    expect(asked).toEqual(['asset_type=COLLATERAL&signature_type=3']);
  });

  it.each(['-1', '1.5', '', '99999999999999999999'])('that reads %s is none', async (balance) => {
    const { rest } = await funds({ balance, allowances: {} });
    await expect(loadPolymarketFunds(rest, IDENTITY, 0)).rejects.toThrow(/balance/);
  });

  it.each([
    ['a standard market', market, '0xaa'],
    ['a negative-risk market', { ...market, negRisk: true }, '0xbb'],
    ['a market of Protocol V2', { ...market, negRisk: true, protocol: 'v2' as const }, '0xcc'],
  ])('must be open to the exchange of %s', async (_, traded, contract) => {
    const open = { '0xAA': unlimited, '0xBb': unlimited, '0xcc': '1' };
    const { rest } = await funds({ balance: '1', allowances: open });
    const all = await loadPolymarketFunds(rest, IDENTITY, 0);
    expect(() => requirePolymarketAllowances(all, exchanges, [traded])).not.toThrow();
    const allowances = new Map([...all.allowances].filter(([name]) => name !== contract));
    for (const closed of [allowances, new Map(all.allowances).set(contract, 0n)]) {
      const check = () =>
        requirePolymarketAllowances({ micros: 1, allowances: closed }, exchanges, [traded]);
      expect(check).toThrow(PolymarketAccountError);
      expect(check).toThrow(new RegExp(`exchange=${contract}`, 'i'));
    }
  });

  it('is closed where the exchange is not known or says nothing of allowances', async () => {
    const { rest } = await funds({ balance: '1' });
    const none = await loadPolymarketFunds(rest, IDENTITY, 0);
    expect(() => requirePolymarketAllowances(none, exchanges, [market])).toThrow(/exchange=0xAA/);
    const { standard, negRisk } = exchanges;
    const v2 = { ...market, protocol: 'v2' as const };
    const check = () => requirePolymarketAllowances(none, { standard, negRisk }, [v2]);
    expect(check).toThrow(/exchange=unknown/);
    expect(() => requirePolymarketAllowances(none, exchanges, [])).not.toThrow();
  });

  it('is read anew by the exchange when it is told to', async () => {
    const { rest, requests } = await openRest(() => httpReply(200, ''));
    await refreshPolymarketFunds(rest, IDENTITY, 2);
    expect(requests.map(({ path }) => path)).toEqual([
      '/balance-allowance/update?asset_type=COLLATERAL&signature_type=2',
    ]);
  });
});
