// Every error that Kalshi documents for REST and for the handshake (kalshi-api.md 1.2, 3.1 to 3.4, 4.1, 4.6, 5): how it is provoked
// in the simulated exchange, and what our clients must make of it. It runs nothing.
import { z } from 'zod';
import { WsSession } from '../../../src/net/ws-session.js';
import type { KalshiServerOptions } from '../../../src/sim/kalshi/server.js';
import { findKalshiOrder, listKalshiOrders } from '../../../src/venues/kalshi/account.js';
import { kalshiHeaders } from '../../../src/venues/kalshi/headers.js';
import { KALSHI_WS_PATH } from '../../../src/venues/kalshi/wire/auth.js';
import { KALSHI_ERROR as CODE } from '../../../src/venues/kalshi/wire/error-codes.js';
import { until } from '../../net/raw-server.js';
import { KEYS } from '../../sim/kalshi/harness.js';
import {
  clock,
  failureOf,
  identity,
  type KalshiRig,
  newOrder,
  ORDERS_PATH,
  TICKERS,
} from './kalshi-rig.js';

const ignore = () => undefined;

const PAUSE_MS = 3_600_000;
const ADMIN_KEY = { publicKey: KEYS.alice!.publicKey, account: 'alice' };
const NEVER_MADE = '0a11a5e0-0000-4000-8000-00000000dead';

export const refused = (status: number, code: string, reaction: string) => ({
  kind: 'rejected',
  status,
  code,
  reaction,
});
type Reaction = 'retry-later' | 'rest-market' | 'stop' | 'unknown';

export interface KalshiErrorRow {
  readonly code: string;
  readonly status: number;
  readonly when: string;
  /** How it is provoked: a wrong request of ours, how the server was started, or a fault that makes it do or say so. */
  readonly by: 'request' | 'option' | 'fault';
  readonly server?: Partial<KalshiServerOptions>;
  /** What our own client makes of it. */
  readonly act: (rig: KalshiRig) => Promise<unknown>;
  readonly engine: unknown;
  /** What the body has beside the code, in the shape that the reference gives it. */
  readonly body?: object;
  /** The answer is given again, to our order gateway, where `act` was not about it. */
  readonly order?: Reaction;
  /** Calls that may change something; the default is one. */
  readonly writes?: number;
}

const nested = (code: string, more: object = {}) => ({ error: { code, ...more } });
const rawOrder = (over: object) => ({
  ticker: TICKERS[0],
  side: 'bid',
  count: '1.00',
  price: '0.5000',
  time_in_force: 'immediate_or_cancel',
  self_trade_prevention_type: 'taker_at_cross',
  ...over,
});
const post = (over: object) => (own: KalshiRig) => own.call('POST', ORDERS_PATH, rawOrder(over));
const unknownRef = { orderId: NEVER_MADE, ticker: TICKERS[0]!, exchangeIndex: 0 };
const pause = (own: KalshiRig, scope: 'trading' | 'exchange') =>
  own.harness.server.inject({ kind: 'pause', scope, durationMs: PAUSE_MS });
const closeMarket = (own: KalshiRig) => own.harness.server.inject({ kind: 'close', market: 0 });
/** The order gateway is given this answer as it stands in the reference. */
const told = (status: number, body: object) => async (own: KalshiRig) => {
  const text = JSON.stringify(body);
  own.harness.server.inject({ kind: 'reject-orders', count: 1, status, body: text });
  return own.send();
};

const AUTHENTICATION: KalshiErrorRow[] = [
  {
    code: CODE.AUTHENTICATION,
    status: 401,
    when: 'the key is not known',
    by: 'request',
    body: nested(CODE.AUTHENTICATION, { message: 'authentication_error', details: 'NOT_FOUND' }),
    act: async (own) => own.send({}, await own.gateway({ keyId: 'key-nobody' })),
    engine: refused(401, CODE.AUTHENTICATION, 'stop'),
  },
  {
    code: CODE.AUTHENTICATION,
    status: 401,
    when: 'the signature is of another key',
    by: 'request',
    body: nested(CODE.AUTHENTICATION, { details: 'INCORRECT_API_KEY_SIGNATURE' }),
    act: async (own) => own.send({}, await own.gateway({ privateKey: KEYS.bob!.privateKey })),
    engine: refused(401, CODE.AUTHENTICATION, 'stop'),
  },
  {
    code: CODE.SIGNATURE_MISSING,
    status: 401,
    when: 'a private call has no headers',
    by: 'request',
    writes: 0,
    act: (own) => failureOf(own.rest.get('/portfolio/balance', {}, {}, z.unknown())),
    engine: { status: 401, code: CODE.SIGNATURE_MISSING },
    order: 'stop',
  },
  {
    code: CODE.TIMESTAMP_EXPIRED,
    status: 401,
    when: 'the clocks are apart; the next order is signed anew and taken',
    by: 'fault',
    writes: 2,
    body: nested(CODE.TIMESTAMP_EXPIRED, { message: 'header timestamp expired' }),
    act: async (own) => {
      const gateway = await own.gateway();
      const { server } = own.harness;
      server.inject({ kind: 'clock-skew', durationMs: PAUSE_MS, skewMs: 60_000 });
      const late = await own.send({}, gateway);
      server.inject({ kind: 'clock-skew', durationMs: 0, skewMs: 0 });
      return [late, await own.send({}, gateway)];
    },
    engine: [
      refused(401, CODE.TIMESTAMP_EXPIRED, 'retry-later'),
      { kind: 'acknowledged', filledE6: 10_000_000 },
    ],
  },
  {
    code: CODE.WS_AUTHENTICATION,
    status: 401,
    when: 'a socket is opened with a signature of another key; it is tried again, signed anew',
    by: 'request',
    writes: 0,
    act: async (own) => {
      const stamps = new Set<number>();
      const headers = () => {
        const atMs = clock.wallMs() - stamps.size;
        stamps.add(atMs);
        return kalshiHeaders(identity.keyId, KEYS.bob!.privateKey, atMs, 'GET', KALSHI_WS_PATH);
      };
      const whys = await handshakes(own, headers, ({ length }) => length === 3);
      return { whys: new Set(whys), signatures: stamps.size };
    },
    engine: { whys: new Set(['Unexpected server response: 401']), signatures: 3 },
    order: 'stop',
  },
  {
    code: 'insufficient_scope',
    status: 403,
    when: 'the key may only read',
    by: 'option',
    server: { keys: [{ ...ADMIN_KEY, keyId: identity.keyId, scopes: ['read'] }] },
    act: (own) => own.send(),
    engine: refused(403, 'insufficient_scope', 'stop'),
  },
];

const VALIDATION: KalshiErrorRow[] = [
  {
    code: CODE.BAD_REQUEST,
    status: 400,
    when: 'a number stands where a string belongs (flat body)',
    by: 'request',
    body: {
      code: CODE.BAD_REQUEST,
      details:
        'json: cannot unmarshal number into Go struct field CreateOrderV2Request.count of type string',
    },
    act: post({ count: 1 }),
    engine: { status: 400, code: CODE.BAD_REQUEST },
    order: 'stop',
  },
  {
    code: CODE.INVALID_PRICE,
    status: 400,
    when: 'the price is off the grid',
    by: 'request',
    body: nested(CODE.INVALID_PRICE),
    act: (own) => own.send({ limitE4: 5_005 }),
    engine: refused(400, CODE.INVALID_PRICE, 'rest-market'),
  },
  {
    code: CODE.INVALID_PRICE,
    status: 400,
    when: 'the market was regridded since its terms were read',
    by: 'fault',
    act: (own) => {
      own.harness.server.inject({ kind: 'tick-change', market: 0, tickE4: 200 });
      return own.send({ limitE4: 5_100 });
    },
    engine: refused(400, CODE.INVALID_PRICE, 'rest-market'),
  },
  {
    code: CODE.INVALID_ORDER,
    status: 400,
    when: 'a post-only order would cross',
    by: 'request',
    body: nested(CODE.INVALID_ORDER, { details: 'post only cross' }),
    act: post({ time_in_force: 'good_till_canceled', post_only: true }),
    engine: { status: 400, code: CODE.INVALID_ORDER },
    order: 'rest-market',
  },
  {
    code: CODE.INVALID_ORDER_SIZE,
    status: 400,
    when: 'the order is larger than any may be',
    by: 'request',
    act: (own) => own.send({ sizeCenti: 50_000_001 }),
    engine: refused(400, CODE.INVALID_ORDER_SIZE, 'rest-market'),
  },
  {
    code: CODE.INVALID_PARAMETERS,
    status: 400,
    when: 'the client order id is too long',
    by: 'request',
    act: (own) => own.send({ clientOrderId: 'x'.repeat(65) }),
    engine: refused(400, CODE.INVALID_PARAMETERS, 'rest-market'),
  },
  {
    code: CODE.INVALID_PARAMETERS,
    status: 400,
    when: 'an expiration has passed',
    by: 'request',
    body: nested(CODE.INVALID_PARAMETERS, {
      details: 'Expiration timestamp must be in the future',
    }),
    act: post({ time_in_force: 'good_till_canceled', expiration_time: 1 }),
    engine: { status: 400, code: CODE.INVALID_PARAMETERS },
    order: 'rest-market',
  },
  {
    code: CODE.INSUFFICIENT_BALANCE,
    status: 400,
    when: 'the order costs more than there is',
    by: 'request',
    act: (own) => own.send({ sizeCenti: 30_000_000 }),
    engine: refused(400, CODE.INSUFFICIENT_BALANCE, 'stop'),
  },
  {
    code: CODE.AVAILABLE_BALANCE_TOO_LOW,
    status: 400,
    when: 'the exchange says it in the newer word',
    by: 'fault',
    act: told(400, nested(CODE.AVAILABLE_BALANCE_TOO_LOW, { message: 'too low' })),
    engine: refused(400, CODE.AVAILABLE_BALANCE_TOO_LOW, 'stop'),
  },
  {
    code: CODE.ORDER_SIDE_MISMATCH,
    status: 400,
    when: 'an amend is of the other side',
    by: 'request',
    act: async (own) => own.calls.amend(await own.resting(), { ...AMENDED, side: 'ask' }),
    engine: refused(400, CODE.ORDER_SIDE_MISMATCH, 'rest-market'),
    order: 'rest-market',
  },
  {
    code: CODE.ORDER_TICKER_MISMATCH,
    status: 400,
    when: 'an amend is of another market',
    by: 'request',
    act: async (own) => own.calls.amend({ ...(await own.resting()), ticker: TICKERS[2]! }, AMENDED),
    engine: refused(400, CODE.ORDER_TICKER_MISMATCH, 'rest-market'),
    order: 'rest-market',
  },
  {
    code: CODE.ORDER_ID_MISMATCH,
    status: 400,
    when: 'an amend has the client order id of another order',
    by: 'request',
    act: async (own) =>
      own.calls.amend(await own.resting(), { ...AMENDED, clientOrderId: 'another' }),
    engine: refused(400, CODE.ORDER_ID_MISMATCH, 'rest-market'),
    order: 'rest-market',
  },
];

const AMENDED = { side: 'bid', yesPriceE4: 3_100, sizeCenti: 100 } as const;

const GONE_AND_DOUBLE: KalshiErrorRow[] = [
  {
    code: CODE.NOT_FOUND,
    status: 404,
    when: 'a cancel is of an order that never was',
    by: 'request',
    act: (own) => own.calls.cancelOrder(unknownRef),
    engine: { kind: 'gone-or-never-there' },
    order: 'rest-market',
  },
  {
    code: CODE.NOT_FOUND,
    status: 404,
    when: 'a cancel is of an order that was canceled: the same answer',
    by: 'request',
    writes: 2,
    act: async (own) => {
      const order = await own.resting();
      return [await own.calls.cancelOrder(order), await own.calls.cancelOrder(order)];
    },
    engine: [{ kind: 'canceled', reducedCenti: 100 }, { kind: 'gone-or-never-there' }],
  },
  {
    code: CODE.NOT_FOUND,
    status: 404,
    when: 'a cancel is of an order that filled: the same answer, and the order tells',
    by: 'request',
    act: async (own) => {
      const order = await own.resting({ price: '0.5000', client_order_id: 'filled' });
      const canceled = await own.calls.cancelOrder(order);
      return [canceled, await findKalshiOrder(own.rest, identity, 'filled', 0)];
    },
    engine: [
      { kind: 'gone-or-never-there' },
      { kind: 'found', order: { status: 'executed', filledCenti: 100 } },
    ],
  },
  {
    code: CODE.NOT_FOUND,
    status: 404,
    when: 'a cancel goes to another shard',
    by: 'request',
    act: async (own) => own.calls.cancelOrder({ ...(await own.resting()), exchangeIndex: 2 }),
    engine: { kind: 'gone-or-never-there' },
  },
  {
    code: CODE.NOT_FOUND,
    status: 404,
    when: 'an amend is of no order',
    by: 'request',
    act: (own) => own.calls.amend(unknownRef, AMENDED),
    engine: { kind: 'gone-or-never-there' },
  },
  {
    code: CODE.NOT_FOUND,
    status: 404,
    when: 'a market is not known',
    by: 'request',
    writes: 0,
    act: (own) => own.call('GET', '/markets/KXNONE'),
    engine: { status: 404, code: CODE.NOT_FOUND },
  },
  {
    code: CODE.USER_NOT_FOUND,
    status: 404,
    when: 'the account holds nothing on the shard',
    by: 'option',
    server: { funding: 'primary' },
    act: (own) => own.send({ market: 1 }),
    engine: refused(404, CODE.USER_NOT_FOUND, 'rest-market'),
  },
  {
    code: CODE.MARKET_NOT_FOUND,
    status: 404,
    when: 'the market is on another shard',
    by: 'request',
    act: async (own) => {
      const markets = [{ ticker: TICKERS[0]!, exchangeIndex: 2 }];
      return own.send({}, await own.gateway({ markets }));
    },
    engine: refused(404, CODE.MARKET_NOT_FOUND, 'rest-market'),
  },
  {
    code: CODE.ORDER_ALREADY_EXISTS,
    status: 409,
    when: 'a client order id comes again: the first got through, and is found',
    by: 'request',
    writes: 2,
    act: async (own) => {
      const first = await own.send({ clientOrderId: 'twice' });
      const second = await own.send({ clientOrderId: 'twice' });
      const found = await findKalshiOrder(own.rest, identity, 'twice', 0);
      return { first, second, found, heldE6: own.heldE6 };
    },
    engine: {
      first: { kind: 'acknowledged', filledE6: 10_000_000 },
      second: { kind: 'unknown', orderId: undefined },
      found: { kind: 'found', order: { filledCenti: 1_000 } },
      heldE6: 10_000_000,
    },
  },
  {
    code: CODE.ORDER_ALREADY_EXISTS,
    status: 409,
    when: 'a client order id was burned by a canceled order',
    by: 'request',
    writes: 2,
    act: async (own) => {
      const order = await own.resting({ client_order_id: 'burned' });
      await own.calls.cancelOrder(order);
      const again = await own.send({ clientOrderId: 'burned' });
      return [again, await findKalshiOrder(own.rest, identity, 'burned', 0)];
    },
    engine: [{ kind: 'unknown' }, { kind: 'found', order: { status: 'canceled', filledCenti: 0 } }],
  },
  {
    code: CODE.FOK_INSUFFICIENT_VOLUME,
    status: 409,
    when: 'a fill-or-kill finds too little: no duplicate, and nothing is made',
    by: 'request',
    act: post({ time_in_force: 'fill_or_kill', price: '0.4000' }),
    engine: { status: 409, code: CODE.FOK_INSUFFICIENT_VOLUME },
    order: 'retry-later',
  },
];

const CLOSED: KalshiErrorRow[] = [
  {
    code: CODE.TRADING_PAUSED,
    status: 409,
    when: 'trading pauses',
    by: 'fault',
    act: (own) => {
      pause(own, 'trading');
      return own.send();
    },
    engine: refused(409, CODE.TRADING_PAUSED, 'rest-market'),
  },
  {
    code: CODE.TRADING_PAUSED,
    status: 409,
    when: 'trading pauses: no amend, but a cancel works',
    by: 'fault',
    writes: 2,
    act: async (own) => {
      const order = await own.resting();
      pause(own, 'trading');
      return [await own.calls.amend(order, AMENDED), await own.calls.cancelOrder(order)];
    },
    engine: [refused(409, CODE.TRADING_PAUSED, 'rest-market'), { kind: 'canceled' }],
  },
  {
    code: CODE.TRADING_PAUSED,
    status: 409,
    when: 'a single market is halted; the others are not',
    by: 'fault',
    writes: 2,
    act: async (own) => {
      own.harness.server.inject({ kind: 'halt', market: 0, isHalted: true });
      const gateway = await own.gateway();
      return [await own.send({}, gateway), await own.send({ market: 2 }, gateway)];
    },
    engine: [
      refused(409, CODE.TRADING_PAUSED, 'rest-market'),
      { kind: 'acknowledged', filledE6: 0 },
    ],
  },
  {
    code: CODE.EXCHANGE_PAUSED,
    status: 409,
    when: 'the exchange pauses',
    by: 'fault',
    act: (own) => {
      pause(own, 'exchange');
      return own.send();
    },
    engine: refused(409, CODE.EXCHANGE_PAUSED, 'rest-market'),
  },
  {
    code: CODE.EXCHANGE_PAUSED,
    status: 409,
    when: 'the exchange pauses: not even a cancel works',
    by: 'fault',
    writes: 2,
    act: async (own) => {
      const order = await own.resting();
      pause(own, 'exchange');
      return [await own.calls.cancelOrder(order), await own.calls.cancelAll()];
    },
    engine: [
      refused(409, CODE.EXCHANGE_PAUSED, 'rest-market'),
      refused(409, CODE.EXCHANGE_PAUSED, 'rest-market'),
    ],
  },
  {
    code: CODE.MARKET_INACTIVE,
    status: 409,
    when: 'the market has closed',
    by: 'fault',
    act: (own) => {
      closeMarket(own);
      return own.send();
    },
    engine: refused(409, CODE.MARKET_INACTIVE, 'rest-market'),
  },
  {
    code: 'market_closed',
    status: 400,
    when: 'a closed market is called by another word, which is not confirmed',
    by: 'fault',
    act: told(400, nested('market_closed')),
    engine: refused(400, 'market_closed', 'rest-market'),
  },
  {
    code: CODE.DEPRECATED_V1,
    status: 410,
    when: 'an order is written as in January 2026',
    by: 'request',
    body: nested(CODE.DEPRECATED_V1, { message: 'Please switch to the V2 endpoints' }),
    act: async (own) => own.send({}, await own.gateway({ dialect: 'legacy' })),
    engine: refused(410, CODE.DEPRECATED_V1, 'stop'),
  },
];

const STRING_429 = 'too many requests';
const LIMITS: KalshiErrorRow[] = [
  {
    code: CODE.TOO_MANY_REQUESTS,
    status: 429,
    when: 'more orders are written than the account may; the next one, later, is taken',
    by: 'option',
    server: { limits: 'basic' },
    writes: 12,
    body: nested(CODE.TOO_MANY_REQUESTS),
    act: async (own) => {
      freezeClock(own);
      const gateway = await own.gateway();
      for (let count = 0; count < 10; count++) await own.send({ limitE4: 4_000 }, gateway);
      const over = await own.send({}, gateway);
      own.harness.skewMs += 1_000;
      return [over, await own.send({}, gateway)];
    },
    engine: [
      refused(429, CODE.TOO_MANY_REQUESTS, 'retry-later'),
      { kind: 'acknowledged', filledE6: 10_000_000 },
    ],
  },
  {
    code: CODE.TOO_MANY_REQUESTS,
    status: 429,
    when: 'a batch does not fit at once: all of it is refused',
    by: 'option',
    server: { limits: 'basic' },
    writes: 2,
    act: async (own) => {
      freezeClock(own);
      await own.calls.createOrders([newOrder({ yesPriceE4: 100 })]);
      const batch = Array.from({ length: 10 }, () => newOrder());
      const replies = await own.calls.createOrders(batch);
      const listed = await listKalshiOrders(own.rest, identity, 0);
      return { replies, made: listed.orders.length };
    },
    engine: {
      replies: Array.from({ length: 10 }, () =>
        refused(429, CODE.TOO_MANY_REQUESTS, 'retry-later'),
      ),
      made: 1,
    },
  },
  {
    code: STRING_429,
    status: 429,
    when: 'more is read than the account may: the read waits, and is made again (string body)',
    by: 'option',
    server: { limits: 'basic' },
    writes: 0,
    body: { error: STRING_429 },
    act: async (own) => {
      freezeClock(own);
      const failures: unknown[] = [];
      for (let count = 0; count < 41; count++) {
        failures.push(await own.call('GET', '/portfolio/balance'));
      }
      return { failures: failures.filter((failure) => failure !== undefined), waits: own.waitsMs };
    },
    engine: { failures: [], waits: [4_000] },
    order: 'retry-later',
  },
  {
    code: STRING_429,
    status: 429,
    when: 'a read meets it again and again: five more tries, each after twice the wait, and no more',
    by: 'fault',
    writes: 0,
    act: async (own) => {
      own.harness.server.inject({ kind: 'fail-requests', count: 6, status: 429, of: 'reads' });
      const failure = await own.call('GET', '/portfolio/balance');
      return { failure, waits: own.waitsMs, asked: own.tap.calls.length };
    },
    // The sixth body is of the other shape.
    engine: {
      failure: { status: 429, code: CODE.TOO_MANY_REQUESTS },
      waits: [4_000, 8_000, 16_000, 32_000, 64_000],
      asked: 6,
    },
  },
  {
    code: STRING_429,
    status: 429,
    when: 'a cancel meets it: it is not made again by itself',
    by: 'fault',
    act: async (own) => {
      const order = await own.resting();
      own.harness.server.inject({ kind: 'fail-requests', count: 1, status: 429, of: 'orders' });
      return own.calls.cancelOrder(order);
    },
    engine: refused(429, STRING_429, 'retry-later'),
  },
  {
    code: STRING_429,
    status: 429,
    when: 'the account has too many sockets; one is tried again until there is room',
    by: 'option',
    server: { maxConnections: 1 },
    writes: 0,
    act: async (own) => {
      const holder = await own.harness.connect();
      const headers = () =>
        kalshiHeaders(identity.keyId, identity.key, clock.wallMs(), 'GET', KALSHI_WS_PATH);
      const whys = await handshakes(own, headers, (ends) => {
        if (ends.length === 2) holder.socket.terminate();
        return ends.includes('open');
      });
      return new Set(whys);
    },
    engine: new Set(['Unexpected server response: 429', 'open']),
  },
];

const LIMIT_REFUSED = 'Parameter validation failed for GetOrders: limit must be 1 to 1000';
const READS: KalshiErrorRow[] = [
  {
    code: LIMIT_REFUSED,
    status: 400,
    when: 'a page is asked for that is too long (bare body)',
    by: 'request',
    writes: 0,
    body: { msg: LIMIT_REFUSED },
    act: (own) => own.call('GET', '/portfolio/orders?limit=1001'),
    engine: { status: 400, code: LIMIT_REFUSED },
    order: 'rest-market',
  },
];

export const KALSHI_REST_ERRORS: readonly KalshiErrorRow[] = [
  ...AUTHENTICATION,
  ...VALIDATION,
  ...GONE_AND_DOUBLE,
  ...CLOSED,
  ...LIMITS,
  ...READS,
];

/** Stops the exchange's clock, so that its buckets do not fill by themselves. */
function freezeClock({ harness }: KalshiRig): void {
  const atMs = Date.now();
  harness.now = () => atMs + harness.skewMs;
}

/** Opens a socket again and again until it is done; says how each try ended. */
async function handshakes(
  own: KalshiRig,
  headers: () => Record<string, string>,
  isDone: (ends: readonly string[]) => boolean,
): Promise<string[]> {
  const ends: string[] = [];
  let done = false;
  const ended = (how: string) => {
    if (done) return;
    ends.push(how);
    done = isDone(ends);
  };
  const session = new WsSession(
    { url: own.tap.through(own.harness.server.wsUrl), headers },
    { opened: ignore, closed: ignore, frame: ignore, tick: ignore },
    { connected: () => ended('open'), disconnected: ended },
    clock,
    () => 0,
    1_000,
  );
  try {
    await until(() => done, 'enough handshakes');
  } finally {
    session.close();
  }
  return ends;
}
