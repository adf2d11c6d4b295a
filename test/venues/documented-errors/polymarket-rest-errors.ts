// Every error that Polymarket documents for REST (polymarket-api.md 3.1, 4.5 to 4.10, 6, 7, 11): how it is provoked in the simulated
// exchange, and what our clients must make of it. It runs nothing.
import type { Clock } from '../../../src/domain/clock.js';
import type { PolymarketServerOptions } from '../../../src/sim/polymarket/server.js';
import type { Fault } from '../../../src/sim/server.js';
import {
  isPolymarketClosedOnly,
  loadPolymarketCredentials,
  loadPolymarketFills,
  loadPolymarketFunds,
  PolymarketAccountError,
  requirePolymarketAllowances,
} from '../../../src/venues/polymarket/account.js';
import { loadPolymarketTerms } from '../../../src/venues/polymarket/terms.js';
import { POLYGON_CHAIN_ID } from '../../../src/venues/polymarket/wire/contracts.js';
import { BUY, POLY_PROXY } from '../../../src/venues/polymarket/wire/order-hash.js';
import { addressOf } from '../../../src/venues/polymarket/wire/sign.js';
import { until } from '../../net/raw-server.js';
import {
  LISTINGS,
  type OrderRequest,
  RIVAL_KEY,
  STRANGER_KEY,
  TRADER,
  TRADER_KEY,
  type Trader,
  WALLETS,
} from '../../sim/polymarket/exchange-fixture.js';
import { clock, EXCHANGES, FILL_MARKETS, failureOf, type PolymarketRig } from './polymarket-rig.js';

/** `filled-nothing` is an acknowledgement of nothing; `no-word` a refusal that says nothing of the next order. */
export type OrderReaction =
  | 'retry-later'
  | 'rest-market'
  | 'stop'
  | 'no-word'
  | 'unknown'
  | 'filled-nothing';

export interface PolymarketErrorRow {
  /** As the reference has it, without what differs from order to order. */
  readonly text: string;
  readonly status: number;
  readonly when: string;
  /** How it is provoked: a wrong request of ours, how the server was started, or a fault that makes it do or say so. */
  readonly by: 'request' | 'option' | 'fault';
  readonly server?: Partial<PolymarketServerOptions>;
  /** What our own client makes of it; undefined where only a plain client can provoke it. */
  readonly act: (rig: PolymarketRig) => Promise<unknown>;
  readonly engine?: unknown;
  /** Beside the text, in the body and in the reply's head. */
  readonly body?: object;
  readonly header?: RegExp;
  /** The answer is given again, alone, to our order gateway, where `act` was not about it. */
  readonly order?: OrderReaction;
  /** Calls about orders that may change something; the default is one. */
  readonly writes?: number;
}

const HOUR_MS = 3_600_000;
const [FIRST] = LISTINGS;
const ORDER_ID = `0x${'5e'.repeat(32)}`;
const AHEAD: Clock = { ...clock, wallMs: () => Date.now() + 5 * 60_000 };

export const refused = (status: number, text: string, reaction: OrderReaction): object => ({
  kind: 'rejected',
  status,
  code: text,
  ...(reaction === 'no-word' ? {} : { reaction }),
});
/** A GTC buy of 10 shares at 0.50, which crosses the rig's offer. */
const order = (over: Partial<OrderRequest> = {}): OrderRequest => ({
  listing: FIRST,
  outcome: 0,
  makerAmount: 5_000_000,
  takerAmount: 10_000_000,
  ...over,
});
const plain = (say: (trader: Trader) => Promise<unknown>) => async (rig: PolymarketRig) => {
  await say(await rig.trader());
};
/** A good order with something in it changed before it is signed for the way. */
const changed = (change: (order: Record<string, unknown>) => void) =>
  plain((trader) => {
    const body = JSON.parse(trader.sign(order())) as { order: Record<string, unknown> };
    change(body.order);
    return trader.call('POST', '/order', JSON.stringify(body));
  });
const told = (status: number, text: string) => (rig: PolymarketRig) => {
  const body = JSON.stringify({ error: text });
  rig.inject({ kind: 'reject-orders', count: 1, status, body });
  return rig.send();
};
const under = (fault: Fault) => (rig: PolymarketRig) => {
  rig.inject(fault);
  return rig.send();
};
/** One that the order gateway provokes by itself. */
const ours = (
  status: number,
  text: string,
  reaction: OrderReaction,
  when: string,
  act: PolymarketErrorRow['act'],
  by: PolymarketErrorRow['by'] = 'request',
): PolymarketErrorRow => ({
  text,
  status,
  when,
  by,
  act,
  engine: replyOf(status, text, reaction),
});
/** One that only a plain client, or the exchange's own trouble, brings about. */
const theirs = (
  status: number,
  text: string,
  reaction: OrderReaction,
  when: string,
  act: PolymarketErrorRow['act'],
): PolymarketErrorRow => ({ text, status, when, by: 'request', act, order: reaction });
/** One that the exchange says by order of the test: nothing else makes the simulator say it. */
const spoken = (status: number, text: string, reaction: OrderReaction, when: string) =>
  ours(status, text, reaction, when, told(status, text), 'fault');

function replyOf(status: number, text: string, reaction: OrderReaction): object {
  if (reaction === 'unknown') return { kind: 'unknown' };
  return reaction === 'filled-nothing'
    ? { kind: 'acknowledged', filledE6: 0, costMicros: 0 }
    : refused(status, text, reaction);
}

const ORDER_ITSELF: PolymarketErrorRow[] = [
  theirs(
    400,
    'Invalid order payload',
    'stop',
    'the order has no fields',
    plain((trader) => trader.call('POST', '/order', '{}')),
  ),
  ours(
    400,
    'invalid signature',
    'stop',
    'the order is signed for the wrong exchange',
    async (rig) => {
      const markets = [{ ...FIRST, negRisk: true, protocol: 'v1' as const }];
      return rig.send({}, await rig.gateway({ markets }));
    },
  ),
  ours(400, 'invalid signature', 'stop', 'the funder is of another type of wallet', async (rig) => {
    const [, safe] = WALLETS;
    const gateway = await rig.gateway({ signatureType: POLY_PROXY, funder: safe.address });
    return rig.send({}, gateway);
  }),
  theirs(
    400,
    'order_version_mismatch',
    'retry-later',
    'the order is one of V1',
    changed((fields) => {
      fields.nonce = '0';
      delete fields.timestamp;
    }),
  ),
  theirs(
    400,
    'invalid order version, please use the latest clob-client',
    'stop',
    'the order is neither V1 nor V2',
    changed((fields) => {
      fields.nonce = '0';
    }),
  ),
  theirs(
    400,
    'Invalid side',
    'stop',
    'the side is no side',
    changed((fields) => {
      fields.side = 'HOLD';
    }),
  ),
  ours(400, 'Invalid token id', 'rest-market', 'the token is not known', async (rig) => {
    const markets = [{ ...FIRST, tokenIds: ['1', '2'] as const, protocol: 'v1' as const }];
    return rig.send({}, await rig.gateway({ markets }));
  }),
  theirs(
    400,
    'invalid expiration',
    'stop',
    'a GTD order expires in a minute',
    plain((trader) =>
      trader.post(order({ orderType: 'GTD', expirationS: Math.floor(Date.now() / 1000) + 60 })),
    ),
  ),
  spoken(400, 'invalid nonce', 'stop', 'as V1 said'),
  spoken(
    400,
    'order canceled in the CTF exchange contract',
    'rest-market',
    'the order was canceled on chain',
  ),
  theirs(
    400,
    'is invalid. Duplicated.',
    'unknown',
    'the same order comes again: the first got through',
    plain(async (trader) => {
      const body = trader.sign(order({ makerAmount: 2_000_000 }));
      await trader.call('POST', '/order', body);
      await trader.call('POST', '/order', body);
    }),
  ),
].map((row) => (row.text.endsWith('Duplicated.') ? { ...row, writes: 2 } : row));

const PARTIES: PolymarketErrorRow[] = [
  theirs(
    400,
    'the order owner has to be the owner of the API KEY',
    'stop',
    'the owner is another API key',
    plain((trader) => trader.post(order({ owner: 'another-key' }))),
  ),
  ours(
    400,
    'the order signer address has to be the address of the API KEY',
    'stop',
    'the key that signs is not the key that calls',
    async (rig) => {
      const privateKey = new Uint8Array(RIVAL_KEY);
      const gateway = await rig.gateway({ privateKey, funder: addressOf(RIVAL_KEY) });
      return rig.send({}, gateway);
    },
  ),
  {
    ...ours(
      400,
      `'${addressOf(TRADER_KEY)}' address banned`,
      'stop',
      'the key is banned',
      (rig) => {
        rig.exchange.server.setAccess(addressOf(TRADER_KEY), 'banned');
        return rig.send();
      },
    ),
    by: 'option',
  },
  {
    text: `'${addressOf(TRADER_KEY)}' address in closed only mode`,
    status: 400,
    when: 'the key may only sell, and it can be asked for',
    by: 'option',
    act: async (rig) => {
      rig.exchange.server.setAccess(addressOf(TRADER_KEY), 'closed-only');
      return [await rig.send(), await isPolymarketClosedOnly(rig.rest, rig.identity)];
    },
    engine: [{ kind: 'rejected', status: 400, reaction: 'stop' }, true],
  },
  ours(
    400,
    'maker address not allowed, please use the deposit wallet flow',
    'stop',
    'the key is new and pays from its own wallet',
    async (rig) => {
      const credentials = await rig.credentials(STRANGER_KEY);
      const privateKey = new Uint8Array(STRANGER_KEY);
      const { address: funder } = credentials;
      return rig.send({}, await rig.gateway({ credentials, privateKey, funder }));
    },
  ),
  ours(401, 'Unauthorized/Invalid api key', 'stop', 'the passphrase is wrong', async (rig) => {
    const credentials = { ...rig.identity.credentials, passphrase: 'wrong' };
    return rig.send({}, await rig.gateway({ credentials }));
  }),
  ours(401, 'Unauthorized/Invalid api key', 'stop', 'our clock is ahead', async (rig) =>
    rig.send({}, await rig.gateway({ clock: AHEAD })),
  ),
  {
    text: 'Unauthorized/Invalid api key',
    status: 401,
    when: 'a read is signed with another secret: it is not made again',
    by: 'request',
    writes: 0,
    act: async (rig) => {
      const credentials = { ...rig.identity.credentials, secret: Buffer.from('another') };
      const funds = loadPolymarketFunds(rig.rest, { credentials, clock }, 0);
      return [await failureOf(funds), rig.tap.calls.length];
    },
    engine: [{ status: 401 }, 1],
  },
  {
    text: 'Invalid L1 Request headers',
    status: 401,
    when: 'a key is asked for while our clock is ahead: neither derived nor created',
    by: 'request',
    writes: 0,
    act: async (rig) => {
      const key = new Uint8Array(TRADER_KEY);
      const asked = loadPolymarketCredentials(rig.rest, key, POLYGON_CHAIN_ID, AHEAD);
      return [await failureOf(asked), rig.tap.calls.map(({ path }) => path)];
    },
    engine: [{ status: 401 }, ['/auth/derive-api-key', '/auth/api-key']],
    order: 'stop',
  },
  {
    text: 'Could not derive api key',
    status: 400,
    when: 'the wallet has no key yet: it is created; the next time it is derived',
    by: 'request',
    writes: 0,
    act: async (rig) => {
      const key = new Uint8Array(STRANGER_KEY);
      const load = () => loadPolymarketCredentials(rig.rest, key, POLYGON_CHAIN_ID, clock);
      const [first, second] = [await load(), await load()];
      return {
        isSame: first.apiKey === second.apiKey,
        asked: rig.tap.calls.map(({ method, reply }) => `${method} ${reply?.status}`),
      };
    },
    engine: { isSame: true, asked: ['GET 400', 'POST 200', 'GET 200'] },
  },
];

const TERMS: PolymarketErrorRow[] = [
  {
    text: 'is invalid. Price (0.55) breaks minimum tick size rule: 0.1',
    status: 400,
    when: 'the tick changed since the terms were read',
    by: 'fault',
    act: (rig) => {
      rig.inject({ kind: 'tick-change', market: 0, tickE4: 1_000 });
      return rig.send({ limitE4: 5_500, spendMicros: 5_500_000 });
    },
    engine: { kind: 'rejected', status: 400, reaction: 'rest-market' },
  },
  {
    text: 'is invalid. Size (4) lower than the minimum: 5',
    status: 400,
    when: 'fewer shares are bought than any order may',
    by: 'request',
    act: (rig) => rig.send({ spendMicros: 2_000_000 }),
    engine: { kind: 'rejected', status: 400, reaction: 'rest-market' },
  },
  ours(
    400,
    'invalid amount for a marketable BUY order ($0.6), min size: $1',
    'rest-market',
    'less than a dollar is spent',
    (rig) => rig.send({ limitE4: 1_000, spendMicros: 600_000 }),
  ),
  theirs(
    400,
    'the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 5 decimals',
    'rest-market',
    'a market order spends parts of cents',
    plain((trader) =>
      trader.post(order({ orderType: 'FAK', makerAmount: 5_005_000, takerAmount: 10_010_000 })),
    ),
  ),
  theirs(
    400,
    'invalid post-only order: order crosses book',
    'rest-market',
    'a post-only order would cross',
    plain((trader) => trader.post(order({ postOnly: true }))),
  ),
  {
    text: 'crosses the book',
    status: 200,
    when: 'a post-only order of a batch would cross: success:true, no orderID, and a refusal',
    by: 'request',
    act: (rig) => {
      const envelope = {
        owner: rig.identity.credentials.apiKey,
        orderType: 'GTC',
        postOnly: true,
        expirationS: 0,
      } as const;
      const market = { ...FIRST, protocol: 'v1' as const };
      const amounts = { makerAmount: 5_000_000, takerAmount: 10_000_000 };
      const signer = rig.signer();
      const signed = signer.order(market, 0, BUY, amounts, Date.now());
      return rig.calls.place([signer.sign(market, signed, envelope)]);
    },
    engine: [{ kind: 'rejected', status: 200, reaction: 'rest-market' }],
    order: 'rest-market',
  },
  ours(
    400,
    'the market is not yet ready to process new orders',
    'rest-market',
    'the market takes no orders',
    under({ kind: 'close', market: 0 }),
    'fault',
  ),
  {
    text: 'No orderbook exists for the requested token id',
    status: 404,
    when: 'the market is resolved: no order, no book, no terms to trade on',
    by: 'fault',
    act: async (rig) => {
      rig.inject({ kind: 'resolve', market: 0, outcome: 0 });
      const reply = await rig.send();
      const book = await rig.read('/book', { token_id: FIRST.tokenIds[0] });
      return [reply, book, await loadPolymarketTerms(rig.rest, [FIRST.conditionId])];
    },
    engine: [
      refused(404, 'No orderbook exists for the requested token id', 'rest-market'),
      { status: 404 },
      [{ refused: 'it accepts no orders' }],
    ],
  },
  {
    text: 'market not found',
    status: 404,
    when: 'a market is not known, or not yet (11): it is not listed',
    by: 'option',
    writes: 0,
    act: (rig) => {
      rig.exchange.server.announce(0, HOUR_MS);
      return loadPolymarketTerms(rig.rest, [FIRST.conditionId, '0xunknown']);
    },
    engine: [
      { refused: 'polymarket does not list it' },
      { refused: 'polymarket does not list it' },
    ],
  },
  {
    text: 'not enough balance / allowance',
    status: 400,
    when: 'more is spent than there is, with details behind the text',
    by: 'request',
    act: (rig) => rig.send({ spendMicros: 2_000_000_000 }),
    engine: { kind: 'rejected', status: 400, reaction: 'stop' },
  },
  {
    text: 'not enough balance / allowance',
    status: 400,
    when: 'the exchange may not take the money: seen before an order, too',
    by: 'option',
    server: { wallets: [{ address: addressOf(TRADER_KEY), account: TRADER, isApproved: false }] },
    act: async (rig) => {
      const funds = await loadPolymarketFunds(rig.rest, rig.identity, 0);
      return [
        isAllowed(() => requirePolymarketAllowances(funds, EXCHANGES, MARKETS)),
        await rig.send(),
      ];
    },
    engine: [false, { kind: 'rejected', status: 400, reaction: 'stop' }],
  },
];

const MARKETS = [{ ...FIRST, protocol: 'v1' as const }];

function isAllowed(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof PolymarketAccountError) return false;
    throw error;
  }
}

const MATCHING: PolymarketErrorRow[] = [
  theirs(
    400,
    "order couldn't be fully filled. FOK orders are fully filled or killed.",
    'filled-nothing',
    'a fill-or-kill finds too little',
    plain((trader) => trader.post(order({ orderType: 'FOK', makerAmount: 4_000_000 }))),
  ),
  ours(
    400,
    'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.',
    'filled-nothing',
    'nothing is offered at our price',
    (rig) => rig.send({ limitE4: 4_000, spendMicros: 4_000_000 }),
  ),
  spoken(400, 'order match delayed due to market conditions', 'unknown', 'it may match yet'),
  spoken(400, 'context canceled', 'unknown', 'the call was given up within the exchange'),
  {
    text: 'order timed out',
    status: 500,
    when: 'the order waits too long, is unknown, and is executed all the same: the list tells',
    by: 'fault',
    server: { orderTimeoutMs: 50 },
    act: async (rig) => {
      rig.inject({ kind: 'delay-orders', count: 1, delayMs: 200 });
      const reply = await rig.send();
      await until(() => rig.heldE6 > 0, 'the late execution');
      const { fills } = await loadPolymarketFills(rig.rest, rig.identity, 0, FILL_MARKETS);
      const isOurs =
        reply.kind === 'unknown' && fills.every((fill) => fill.orderId === reply.orderId);
      return { reply, isOurs, boughtE6: fills.reduce((sum, { sizeE6 }) => sum + sizeE6, 0) };
    },
    engine: { reply: { kind: 'unknown' }, isOurs: true, boughtE6: 10_000_000 },
  },
  spoken(500, 'there are no matching orders', 'unknown', 'a 500 says nothing of the order'),
  spoken(500, 'the trade contains rounding issues', 'unknown', 'a 500 says nothing of the order'),
  spoken(
    500,
    "the price of the taker's order has a discrepancy greater than allowed with the worst maker order",
    'unknown',
    'a 500 says nothing of the order',
  ),
  spoken(400, 'a reason that nobody has heard of', 'no-word', 'the table does not have it'),
];

const MODES: PolymarketErrorRow[] = [
  {
    text: 'restarting',
    status: 425,
    when: 'the matching engine restarts; market data go on',
    by: 'fault',
    header: /retry-after: \d+/i,
    act: async (rig) => {
      rig.inject({ kind: 'mode', mode: 'restarting', durationMs: HOUR_MS });
      return [await rig.send(), await rig.read('/book', { token_id: FIRST.tokenIds[0] })];
    },
    engine: [{ kind: 'rejected', status: 425, reaction: 'retry-later' }, undefined],
  },
  {
    text: 'post-only mode: only post-only orders and cancels are allowed',
    status: 503,
    when: 'a restart is over: no order of ours yet, and for how long; cancels work',
    by: 'fault',
    body: { code: 'post_only_mode', retry_after_seconds: 79 },
    header: /retry-after: 79/i,
    writes: 2,
    act: async (rig) => {
      const gateway = await rig.gateway();
      rig.inject({ kind: 'mode', mode: 'post-only', durationMs: 79_000 });
      return [await rig.send({}, gateway), await rig.calls.cancelAll()];
    },
    engine: [
      refused(
        503,
        'post-only mode: only post-only orders and cancels are allowed retry_after_seconds=79',
        'retry-later',
      ),
      { canceled: [] },
    ],
  },
  {
    text: 'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.',
    status: 503,
    when: 'only cancels are taken',
    by: 'fault',
    writes: 2,
    act: async (rig) => {
      rig.inject({ kind: 'mode', mode: 'cancel-only', durationMs: HOUR_MS });
      return [await rig.send(), await rig.calls.cancelAll()];
    },
    engine: [{ kind: 'rejected', status: 503, reaction: 'retry-later' }, { canceled: [] }],
  },
  {
    text: 'Trading is currently disabled. Check polymarket.com for updates',
    status: 503,
    when: 'nothing is taken, not even a cancel',
    by: 'fault',
    writes: 2,
    act: async (rig) => {
      rig.inject({ kind: 'mode', mode: 'disabled', durationMs: HOUR_MS });
      return [await rig.send(), await failureOf(rig.calls.cancelAll())];
    },
    engine: [{ kind: 'rejected', status: 503, reaction: 'retry-later' }, { status: 503 }],
  },
];

const LIMIT_TEXT = 'Too Many Requests';
const LIMITS: PolymarketErrorRow[] = [
  {
    text: LIMIT_TEXT,
    status: 429,
    when: 'the signer is over its limit: not sent again; the next order, later, is taken',
    by: 'option',
    server: { limits: { perSigner: { perSecond: 0.001, burst: 1 } } },
    header: /poly-ratelimit-remaining: 0[\s\S]*retry-after: \d+/i,
    writes: 3,
    act: async (rig) => {
      const gateway = await rig.gateway();
      await rig.send({ limitE4: 4_000, spendMicros: 4_000_000 }, gateway);
      const over = await rig.send({}, gateway);
      rig.pass(2 * HOUR_MS);
      return [over, await rig.send({}, await rig.gateway({ clock: later(rig) }))];
    },
    engine: [
      { kind: 'rejected', status: 429, reaction: 'retry-later' },
      { kind: 'acknowledged', filledE6: 10_000_000 },
    ],
  },
  {
    text: LIMIT_TEXT,
    status: 429,
    when: 'a batch costs one token an order: all of it is refused',
    by: 'option',
    server: { limits: { perSigner: { perSecond: 0.001, burst: 1 } } },
    act: (rig) => {
      const signer = rig.signer();
      const envelope = {
        owner: rig.identity.credentials.apiKey,
        orderType: 'FAK',
        postOnly: false,
        expirationS: 0,
      } as const;
      const amounts = { makerAmount: 5_000_000, takerAmount: 10_000_000 };
      const market = { ...FIRST, protocol: 'v1' as const };
      const orders = [0, 1].map((more) =>
        signer.sign(market, signer.order(market, 0, BUY, amounts, Date.now() + more), envelope),
      );
      return rig.calls.place(orders);
    },
    engine: [
      { kind: 'rejected', status: 429, reaction: 'retry-later' },
      { kind: 'rejected', status: 429, reaction: 'retry-later' },
    ],
  },
  {
    text: LIMIT_TEXT,
    status: 429,
    when: 'an address reads too much: the read waits, and is made again',
    by: 'option',
    server: { limits: { reads: { perSecond: 0.25, burst: 2 } } },
    writes: 0,
    act: async (rig) => {
      // The rig has used up the burst.
      rig.pass(4_000);
      const failures = [await rig.read('/ok'), await rig.read('/ok')];
      return [failures, rig.waitsMs];
    },
    engine: [[undefined, undefined], [4_000]],
  },
  {
    text: LIMIT_TEXT,
    status: 429,
    when: 'a read meets it again and again: five more tries, each after twice the wait, and no more',
    by: 'fault',
    writes: 0,
    act: async (rig) => {
      rig.inject({ kind: 'fail-requests', count: 6, status: 429, of: 'reads' });
      return [await rig.read('/ok'), rig.waitsMs, rig.tap.calls.length];
    },
    engine: [{ status: 429 }, [4_000, 8_000, 16_000, 32_000, 64_000], 6],
  },
];

/** Our clock, as far ahead as the exchange's was put. */
function later(rig: PolymarketRig): Clock {
  return { ...clock, wallMs: () => Date.now() + rig.aheadMs };
}

const OTHER_CALLS: PolymarketErrorRow[] = [
  theirs(
    400,
    'Too many orders in payload: 16, max allowed: 15',
    'stop',
    'a batch is too long',
    plain((trader) => {
      const bodies = Array.from({ length: 16 }, () => trader.sign(order()));
      return trader.call('POST', '/orders', `[${bodies.join(',')}]`);
    }),
  ),
  theirs(
    400,
    'Invalid payload',
    'stop',
    'a cancel is no object',
    plain((trader) => trader.call('DELETE', '/order', '[]')),
  ),
  theirs(
    400,
    'Payload exceeds the limit',
    'stop',
    'more than a thousand orders are canceled at once',
    plain((trader) =>
      trader.call(
        'DELETE',
        '/orders',
        JSON.stringify(Array.from({ length: 1_001 }, () => ORDER_ID)),
      ),
    ),
  ),
  {
    text: 'Invalid orderID',
    status: 400,
    when: 'a cancel names no order id',
    by: 'request',
    act: (rig) => failureOf(rig.calls.cancel('nonsense')),
    engine: { status: 400, body: '{"error":"Invalid orderID"}' },
    order: 'stop',
  },
  {
    text: 'Invalid asset type',
    status: 400,
    when: 'a balance is asked for of nothing',
    by: 'request',
    writes: 0,
    act: (rig) => rig.read('/balance-allowance', { asset_type: 'GOLD' }),
    engine: { status: 400 },
    order: 'stop',
  },
  {
    text: 'Invalid signature_type',
    status: 400,
    when: 'a balance is asked for of a wallet of no type',
    by: 'request',
    writes: 0,
    act: (rig) => failureOf(loadPolymarketFunds(rig.rest, rig.identity, 7)),
    engine: { status: 400 },
    order: 'stop',
  },
  {
    text: 'Invalid next_cursor',
    status: 400,
    when: 'a page is asked for behind the last one (LTE=)',
    by: 'request',
    writes: 0,
    act: (rig) => rig.read('/data/trades', { next_cursor: 'LTE=' }),
    engine: { status: 400 },
  },
  {
    text: 'offset too large, use /markets/keyset',
    status: 422,
    when: 'a list of markets is read beyond 2000',
    by: 'request',
    writes: 0,
    act: (rig) => rig.read('/gamma/markets', { offset: '2001' }),
    engine: { status: 422 },
  },
  {
    text: 'order fields are not valid: end_date',
    status: 422,
    when: 'a list of markets is ordered by a name with an underscore',
    by: 'request',
    writes: 0,
    act: (rig) => rig.read('/gamma/markets', { order: 'end_date' }),
    engine: { status: 422 },
  },
];

export const POLYMARKET_REST_ERRORS: readonly PolymarketErrorRow[] = [
  ...ORDER_ITSELF,
  ...PARTIES,
  ...TERMS,
  ...MATCHING,
  ...MODES,
  ...LIMITS,
  ...OTHER_CALLS,
];
