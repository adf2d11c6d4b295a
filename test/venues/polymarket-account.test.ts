import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { polymarketFillFeeMicros } from '../../src/domain/polymarket-fee.js';
import { NO, POLYMARKET, YES } from '../../src/domain/venue.js';
import { RestClient } from '../../src/net/rest-client.js';
import type { VenueFill } from '../../src/venues/orders.js';
import {
  listPolymarketFills,
  loadPolymarketCredentials,
  PolymarketFillStream,
} from '../../src/venues/polymarket/account.js';
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

interface Maker {
  readonly matched_amount: string;
  readonly price: string;
  readonly asset_id: string;
}

/** As the list and the user socket send it (polymarket-api.md 4.10, 9); keys that we do not read are there too. */
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

function openStream() {
  const fills: VenueFill[] = [];
  const sent: string[] = [];
  const stream = new PolymarketFillStream(CREDENTIALS, MARKETS, (fill) => fills.push(fill));
  stream.opened((text) => sent.push(text), 0);
  const hear = (message: unknown) => {
    fills.length = 0;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    stream.frame(Buffer.from(text), 1);
    return [...fills];
  };
  return { stream, sent, hear };
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

  it.each([
    ['a status that nobody knows', trade({ status: 'LOST' })],
    ['a trade of another market', trade({ market: '0xother' })],
    ['another token', trade({ asset_id: '333' })],
    ['a trade in which we were the maker', trade({ trader_side: 'MAKER' })],
    ['a sale', trade({ side: 'SELL' })],
    [
      'an amount that is no number',
      trade({ maker_orders: [{ matched_amount: '1e3', price: '0.4', asset_id: '111' }] }),
    ],
    [
      'a price with too many places',
      trade({ maker_orders: [{ matched_amount: '1', price: '0.44444', asset_id: '111' }] }),
    ],
    ['an order event', { event_type: 'order', id: 'x' }],
    ['PONG', 'PONG'],
    ['garbage', '{"type":'],
    ['null', null],
  ])('makes nothing of %s', (_, message) => {
    expect(openStream().hear(message)).toEqual([]);
  });

  it('reads frames that hold several events, and those around a broken one', () => {
    const { hear } = openStream();
    const events = [trade({ id: 'a' }), { id: 3 }, trade({ id: 'b', status: 'FAILED' })];
    expect(hear(events).map(({ tradeId, state }) => `${tradeId} ${state}`)).toEqual([
      'a provisional',
      'b failed',
    ]);
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
  const rest = new RestClient(server.origin, 2_000);
  closers.push(server.close, () => rest.close());
  return { rest, heads };
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
    const fills = await listPolymarketFills(rest, CREDENTIALS, clock, 123, MARKETS);
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
    const listed = await listPolymarketFills(rest, CREDENTIALS, clock, 0, MARKETS);
    expect(listed).toEqual(openStream().hear(rows));
    expect(listed).toHaveLength(2);
  });

  it('is given up when it does not end', async () => {
    const { rest, heads } = await openRest(() => page([], 'Mg=='));
    const listing = listPolymarketFills(rest, CREDENTIALS, clock, 0, MARKETS);
    await expect(listing).rejects.toThrow(/does not end: pages=100/);
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
    expect(heads).toEqual(['GET /auth/derive-api-key']);
  });
});
