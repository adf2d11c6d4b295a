import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EOA,
  POLY_1271,
  POLY_GNOSIS_SAFE,
  POLY_PROXY,
  type PolymarketOrder,
} from '../../../src/venues/polymarket/wire/order-hash.js';
import {
  type Exchange,
  LISTINGS,
  type OrderRequest,
  type Reply,
  RIVAL,
  RIVAL_KEY,
  STARTING_MICROS,
  STRANGER_KEY,
  startExchange,
  TRADER,
  type Trader,
  until,
  WALLETS,
  walletFields,
} from './exchange-fixture.js';

const [STANDARD, NEG_RISK, SQUARED] = LISTINGS;

let exchange: Exchange;
let trader: Trader;
beforeEach(async () => {
  exchange = await startExchange();
  trader = await exchange.trader();
});
afterEach(() => exchange.close());

/** FAK BUY of dollars at a limit. */
function fak(dollars: number, priceE4: number, more: Partial<OrderRequest> = {}): OrderRequest {
  const makerAmount = dollars * 1_000_000;
  const takerAmount = Math.floor((makerAmount * 100) / priceE4) * 100;
  return { listing: STANDARD, outcome: 0, makerAmount, takerAmount, orderType: 'FAK', ...more };
}

/** GTC BUY of whole shares at a price. */
function gtc(shares: number, priceE4: number, more: Partial<OrderRequest> = {}): OrderRequest {
  return {
    listing: STANDARD,
    outcome: 0,
    makerAmount: shares * priceE4 * 100,
    takerAmount: shares * 1_000_000,
    ...more,
  };
}

function expectRefusal(reply: Reply, status: number, text: string | RegExp): void {
  if (typeof text === 'string') expect(reply.body.error).toBe(text);
  else expect(reply.body.error).toMatch(text);
  expect(reply.status).toBe(status);
}

describe('refusals', () => {
  it.each<[string, Partial<OrderRequest> & { base?: OrderRequest }, string | RegExp]>([
    ['the other exchange', { negRisk: true }, 'invalid signature'],
    ['a stranger as signer', { fields: { signer: `0x${'22'.repeat(20)}` } }, 'invalid signature'],
    ['a foreign owner', { owner: 'nobody' }, 'the order owner has to be the owner of the API KEY'],
    [
      'a maker that is not the wallet',
      { fields: { maker: `0x${'22'.repeat(20)}` } },
      'maker address not allowed, please use the deposit wallet flow',
    ],
    ['an unknown token', { fields: { tokenId: '77' } }, 'Invalid token id'],
    ['an expiration on GTC', { expirationS: 1 }, 'invalid expiration'],
    ['a GTD that is too near', { orderType: 'GTD', expirationS: 1 }, 'invalid expiration'],
    [
      'a price off the tick',
      { makerAmount: 5_050_000 },
      /^order 0x[0-9a-f]{64} is invalid\. Price \(0\.505\) breaks minimum tick size rule: 0\.01$/,
    ],
    [
      'too few shares',
      { makerAmount: 2_000_000, takerAmount: 4_000_000 },
      /^order 0x[0-9a-f]{64} is invalid\. Size \(4\) lower than the minimum: 5$/,
    ],
    [
      'less than a dollar that takes',
      { makerAmount: 700_000, takerAmount: 7_000_000, orderType: 'FAK' },
      'invalid amount for a marketable BUY order ($0.7), min size: $1',
    ],
    [
      'fractions of cents in a market buy',
      { makerAmount: 5_005_000, takerAmount: 10_010_000, orderType: 'FAK' },
      'the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 5 decimals',
    ],
    [
      'shares too fine in a market buy',
      { makerAmount: 5_000_000, takerAmount: 10_000_001, orderType: 'FOK' },
      'the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 5 decimals',
    ],
    [
      'more dollars than there are',
      { makerAmount: 5_000_000_000, takerAmount: 10_000_000_000 },
      /^not enough balance \/ allowance/,
    ],
    [
      'a sale of what is not held',
      { side: 1, makerAmount: 10_000_000, takerAmount: 5_000_000 },
      /^not enough balance/,
    ],
    [
      'a FAK with nothing to match',
      { orderType: 'FAK' },
      'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.',
    ],
    [
      'a FOK that cannot fill whole',
      { orderType: 'FOK', makerAmount: 60_000_000, takerAmount: 100_000_000 },
      "order couldn't be fully filled. FOK orders are fully filled or killed.",
    ],
    [
      'a post-only order that crosses',
      { postOnly: true, makerAmount: 6_000_000 },
      'invalid post-only order: order crosses book',
    ],
    ['a post-only FAK', { postOnly: true, orderType: 'FAK' }, 'Invalid order payload'],
  ])('%s', async (_, change, text) => {
    exchange.quote(0, 'ask', 6_000, 20_000_000);
    const reply = await trader.post(gtc(10, 5_000, change));
    expectRefusal(reply, 400, text);
    expect(exchange.accounts.statement(TRADER).cashMicros).toBe(STARTING_MICROS);
    expect(exchange.engine.bids(0)).toEqual([]);
  });

  it('the same order twice, dead V1 bodies, broken JSON and missing fields', async () => {
    const body = trader.sign(gtc(10, 5_000));
    expect((await trader.call('POST', '/order', body)).body.status).toBe('live');
    const again = await trader.call('POST', '/order', body);
    expectRefusal(again, 400, /^order 0x[0-9a-f]{64} is invalid\. Duplicated\.$/);
    const v1 = body.replace(/"timestamp":"\d+"/, '"nonce":"0","feeRateBps":"0"');
    expectRefusal(await trader.call('POST', '/order', v1), 400, 'order_version_mismatch');
    expectRefusal(await trader.call('POST', '/order', '{"order":'), 400, 'Invalid order payload');
    const without = body.replace(/"builder":"0x0+",/, '');
    expectRefusal(await trader.call('POST', '/order', without), 400, 'Invalid order payload');
    const batch = `[${Array(16).fill(body).join(',')}]`;
    expectRefusal(
      await trader.call('POST', '/orders', batch),
      400,
      'Too many orders in payload: 16, max allowed: 15',
    );
    expectRefusal(await trader.call('DELETE', '/order', '{"orderID":"x"}'), 400, 'Invalid orderID');
    const unknown = await trader.request('GET', '/book?token_id=5');
    expectRefusal(unknown, 404, 'No orderbook exists for the requested token id');
  });

  it('a signature of another key, and an order signed by another wallet than the caller', async () => {
    const rival = await exchange.trader(RIVAL_KEY);
    const foreign = rival.sign(gtc(10, 5_000, { owner: trader.creds.apiKey }));
    expectRefusal(
      await trader.call('POST', '/order', foreign),
      400,
      'the order signer address has to be the address of the API KEY',
    );
    const stranger = await exchange.trader(STRANGER_KEY);
    expectRefusal(
      await stranger.post(gtc(10, 5_000)),
      400,
      'maker address not allowed, please use the deposit wallet flow',
    );
    const bent = trader.sign(gtc(10, 5_000)).replace('"makerAmount":"5', '"makerAmount":"4');
    expectRefusal(await trader.call('POST', '/order', bent), 400, 'invalid signature');
  });

  it('calls that are not signed over these bytes, this path, now, with this key', async () => {
    const nowS = Math.floor(Date.now() / 1000);
    for (const skewS of [-50, 50]) {
      const reply = await trader.call('GET', '/data/orders', '', {
        POLY_TIMESTAMP: String(nowS + skewS),
      });
      expect(reply.status).toBe(200);
    }
    const wrong: Record<string, string>[] = [
      { POLY_SIGNATURE: 'AAAA' },
      { POLY_TIMESTAMP: String(nowS - 70) },
      { POLY_TIMESTAMP: String(nowS + 70) },
      { POLY_API_KEY: 'nobody' },
      { POLY_PASSPHRASE: 'x' },
      { POLY_ADDRESS: `0x${'22'.repeat(20)}` },
    ];
    for (const overrides of wrong) {
      const reply = await trader.call('GET', '/data/orders', '', overrides);
      expectRefusal(reply, 401, 'Unauthorized/Invalid api key');
    }
    expectRefusal(await trader.request('GET', '/data/orders'), 401, 'Unauthorized/Invalid api key');
    expectRefusal(
      await trader.request('GET', '/auth/derive-api-key', '', { POLY_ADDRESS: trader.address }),
      401,
      'Invalid L1 Request headers',
    );
    const end = await trader.call('GET', '/data/orders?next_cursor=LTE=');
    expect(end.status).toBe(400);
  });

  it('more than the limits allow, with Retry-After', async () => {
    await exchange.close();
    exchange = await startExchange({ limits: { perSigner: { perSecond: 0.001, burst: 1 } } });
    trader = await exchange.trader();
    expect((await trader.post(gtc(10, 5_000))).status).toBe(200);
    const request = trader.sign(gtc(10, 5_000));
    const refused = await trader.call('POST', '/order', request);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // Not executed: the same order is not a duplicate later.
    expect(exchange.engine.bids(0)).toEqual([[5_000, 10_000_000]]);
  });
});

describe('market buys', () => {
  it('spend their dollars at better prices and get more shares', async () => {
    exchange.quote(0, 'ask', 5_000, 4_000_000);
    exchange.quote(0, 'ask', 5_600, 100_000_000);
    const { body } = await trader.post(fak(10, 5_600));
    expect(body).toMatchObject({
      success: true,
      status: 'matched',
      makingAmount: '10',
      takingAmount: '18.285714',
      transactionsHashes: [],
    });
    expect(body.tradeIDs).toHaveLength(1);
  });

  it('fill in part what the book has within the limit', async () => {
    exchange.quote(0, 'ask', 5_000, 10_000_000);
    exchange.quote(0, 'ask', 6_000, 10_000_000);
    const { body } = await trader.post(fak(10, 5_500));
    expect(body).toMatchObject({ status: 'matched', makingAmount: '5', takingAmount: '10' });
    expect((await trader.call('GET', `/data/order/${body.orderID}`)).body).toMatchObject({
      status: 'MATCHED',
      size_matched: '10',
    });
    expect(exchange.engine.asks(0)).toEqual([[6_000, 10_000_000]]);
  });

  it('take the other outcome from its mirrored bids', async () => {
    exchange.quote(1, 'bid', 6_000, 100_000_000);
    const { body } = await trader.post(fak(40, 4_000, { listing: NEG_RISK, outcome: 1 }));
    expect(body).toMatchObject({ status: 'matched', makingAmount: '40', takingAmount: '100' });
    expect(exchange.accounts.heldE6(TRADER, 1, 1)).toBe(100_000_000);
  });

  it('have the limit that their amounts imply, to the nearest tick', async () => {
    exchange.quote(1, 'ask', 3_330, 100_000_000);
    // $7 at 0.333 is 21.02102 shares: 0.33300001 implied.
    const reply = await trader.post({
      listing: NEG_RISK,
      outcome: 0,
      makerAmount: 7_000_000,
      takerAmount: 21_021_020,
      orderType: 'FAK',
    });
    expect(reply.body).toMatchObject({ status: 'matched', makingAmount: '7' });
  });
});

describe('sales', () => {
  it('print as sales of the token sold, and pay from the proceeds', async () => {
    exchange.quote(0, 'ask', 5_000, 20_000_000);
    await trader.post(fak(10, 5_000));
    exchange.quote(0, 'bid', 4_500, 8_000_000);
    const cashBefore = exchange.accounts.cashMicros(TRADER);
    const frames = await exchange.socket('/ws/market');
    frames.send({ assets_ids: STANDARD.tokenIds, type: 'market' });
    await frames.settle();
    const makerAmount = 10_000_000;
    const { body } = await trader.post({
      listing: STANDARD,
      outcome: 0,
      side: 1,
      makerAmount,
      takerAmount: 4_000_000,
      orderType: 'FAK',
    });
    expect(body).toMatchObject({ status: 'matched', makingAmount: '8', takingAmount: '3.6' });
    // 8 x 0.07 x 0.45 x 0.55 = 0.1386
    expect(exchange.accounts.cashMicros(TRADER) - cashBefore).toBe(3_600_000 - 138_600);
    expect(exchange.accounts.heldE6(TRADER, 0, 0)).toBe(12_000_000);
    await frames.settle();
    const print = frames.messages().find((m) => m.event_type === 'last_trade_price');
    expect(print).toMatchObject({ asset_id: STANDARD.tokenIds[0], price: '0.45', side: 'SELL' });
  });
});

describe('signature types of wallets', () => {
  it.each([EOA, POLY_PROXY, POLY_GNOSIS_SAFE, POLY_1271] as const)(
    'of type %i pay from their own account',
    async (type) => {
      exchange.quote(0, 'ask', 5_000, 20_000_000);
      const account = WALLETS.find((wallet) => wallet.type === type)?.account ?? TRADER;
      const reply = await trader.post(fak(10, 5_000, { fields: walletFields(type) }));
      expect(reply.body).toMatchObject({ status: 'matched', takingAmount: '20' });
      const balances = await Promise.all(
        [EOA, POLY_PROXY, POLY_GNOSIS_SAFE, POLY_1271].map(async (each) => {
          const query = `asset_type=COLLATERAL&signature_type=${each}`;
          return Number((await trader.call('GET', `/balance-allowance?${query}`)).body.balance);
        }),
      );
      expect(balances.map((balance) => balance < STARTING_MICROS)).toEqual(
        [EOA, POLY_PROXY, POLY_GNOSIS_SAFE, POLY_1271].map((each) => each === type),
      );
      expect(exchange.accounts.heldE6(account, 0, 0)).toBe(20_000_000);
      expect((await trader.call('GET', '/data/trades')).body.data).toHaveLength(1);
    },
  );

  it('refuse another wallet, another type, and a signature that is not wrapped', async () => {
    const wrapped = trader.sign(gtc(10, 5_000, { fields: walletFields(POLY_1271) }));
    const plain = wrapped.replace(/("signature":"0x[0-9a-f]{130})[0-9a-f]+/, '$1');
    expectRefusal(await trader.call('POST', '/order', plain), 400, 'invalid signature');
    const asSafe: Partial<PolymarketOrder> = {
      ...walletFields(POLY_PROXY),
      signatureType: POLY_GNOSIS_SAFE,
    };
    expectRefusal(await trader.post(gtc(10, 5_000, { fields: asSafe })), 400, 'invalid signature');
    const rival = await exchange.trader(RIVAL_KEY);
    const foreign = gtc(10, 5_000, { fields: walletFields(POLY_PROXY) });
    expectRefusal(await rival.post(foreign), 400, 'invalid signature');
  });
});

type Step = {
  readonly at: 0 | 1 | 2;
  readonly outcome: 0 | 1;
  readonly kind: 'fak' | 'sell' | 'quote' | 'cross';
  readonly ticks: number;
  readonly amount: number;
};

const anyStep: fc.Arbitrary<Step> = fc.record({
  at: fc.constantFrom(0 as const, 1 as const, 2 as const),
  outcome: fc.constantFrom(0 as const, 1 as const),
  kind: fc.constantFrom(
    'fak' as const,
    'fak' as const,
    'sell' as const,
    'quote' as const,
    'quote' as const,
    'cross' as const,
  ),
  ticks: fc.integer({ min: 5, max: 95 }),
  amount: fc.integer({ min: 5, max: 60 }),
});

/**
 * The fee by the published formula in rationals, independent of the code under test: 10 micro
 * steps, half up.
 */
function expectedFee(at: 0 | 1 | 2, priceE4: bigint, sizeE6: bigint): bigint {
  const [rate, power] = (
    [
      [7n, 1n],
      [4n, 1n],
      [25n, 2n],
    ] as const
  )[at];
  const variance = (priceE4 * (10_000n - priceE4)) ** power;
  const numerator = rate * variance * sizeE6;
  const denominator = 100n * 10n ** (8n * power) * 10n;
  return ((2n * numerator + denominator) / (2n * denominator)) * 10n;
}

describe('accounts', () => {
  it('hold to the micro what an independent recomputation from the trades gives', async () => {
    const rival = await exchange.trader(RIVAL_KEY);
    const drainTrades = async (who: Trader) => {
      // biome-ignore lint/suspicious/noExplicitAny: rows are looked into field by field
      const rows: any[] = [];
      for (let cursor = 'MA=='; cursor !== 'LTE='; ) {
        const { body } = await who.call('GET', `/data/trades?next_cursor=${cursor}`);
        rows.push(...body.data);
        cursor = body.next_cursor;
      }
      return rows;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 40 }), async (steps) => {
        for (const { at, outcome, kind, ticks, amount } of steps) {
          const listing = LISTINGS[at];
          const priceE4 = ticks * 100;
          if (kind === 'quote') {
            exchange.quote(at, outcome === 0 ? 'bid' : 'ask', priceE4, amount * 1_000_000);
          } else if (kind === 'fak') {
            await trader.post(fak(amount, priceE4, { listing, outcome }));
          } else if (kind === 'cross') {
            await rival.post(gtc(amount, priceE4, { listing, outcome }));
          } else {
            const makerAmount = amount * 1_000_000;
            const takerAmount = amount * priceE4 * 100;
            await trader.post({ listing, outcome, side: 1, makerAmount, takerAmount });
          }
        }
      }),
      { numRuns: 12 },
    );
    const ceil = (n: bigint, d: bigint) => (n + d - 1n) / d;
    const e6 = (text: string) => BigInt(Math.round(Number(text) * 1e6));
    const e4 = (text: string) => BigInt(Math.round(Number(text) * 1e4));
    for (const [account, who] of [
      [TRADER, trader],
      [RIVAL, rival],
    ] as const) {
      let cash = BigInt(STARTING_MICROS);
      const held = new Map<string, bigint>();
      const move = (asset: string, side: string, price: bigint, size: bigint, fee: bigint) => {
        const sale = side === 'SELL';
        const dollars = sale
          ? size - ceil(size * (10_000n - price), 10_000n)
          : -ceil(size * price, 10_000n);
        cash += dollars - fee;
        held.set(asset, (held.get(asset) ?? 0n) + (sale ? -size : size));
      };
      const rows = await drainTrades(who);
      expect(rows.length).toBeGreaterThan(10);
      for (const row of rows) {
        const at = LISTINGS.findIndex((l) => l.conditionId === row.market) as 0 | 1 | 2;
        for (const maker of row.maker_orders) {
          const size = e6(maker.matched_amount);
          const price = e4(maker.price);
          if (row.trader_side === 'TAKER') {
            const same = maker.asset_id === row.asset_id;
            const own = same ? price : 10_000n - price;
            move(row.asset_id, row.side, own, size, expectedFee(at, own, size));
          } else if (maker.owner === who.creds.apiKey) {
            move(maker.asset_id, maker.side, price, size, 0n);
          }
        }
      }
      expect(BigInt(exchange.accounts.cashMicros(account))).toBe(cash);
      for (const listing of [STANDARD, NEG_RISK, SQUARED]) {
        for (const outcome of [0, 1] as const) {
          const now = exchange.accounts.heldE6(account, listing.market, outcome);
          expect(BigInt(now)).toBe(held.get(listing.tokenIds[outcome]) ?? 0n);
        }
      }
    }
    expect(exchange.logs).toEqual([]);
  });

  it('set aside what open orders may cost', async () => {
    const half = gtc(1000, 5_000);
    expect((await trader.post(half)).body.status).toBe('live');
    expect((await trader.post(gtc(1000, 4_900))).body.status).toBe('live');
    expectRefusal(await trader.post(gtc(100, 5_000)), 400, /^not enough balance/);
    const open = (await trader.call('GET', '/data/orders')).body.data;
    await trader.call('DELETE', '/order', JSON.stringify({ orderID: open[0].id }));
    expect((await trader.post(gtc(100, 5_000))).body.status).toBe('live');
  });

  it('do not trade with themselves', async () => {
    await trader.post(gtc(10, 5_000));
    const reply = await trader.post(fak(5, 5_000, { outcome: 1 }));
    expect(reply.status).toBe(400);
    expect(exchange.accounts.fills(TRADER)).toEqual([]);
  });
});

describe('the life of an order', () => {
  it('ends a GTD order a minute before its stated time', async () => {
    await exchange.close();
    let skewMs = 0;
    exchange = await startExchange({ now: () => Date.now() + skewMs });
    trader = await exchange.trader();
    const expirationS = Math.floor(Date.now() / 1000) + 200;
    await trader.post(gtc(10, 5_000, { orderType: 'GTD', expirationS }));
    skewMs = 130_000;
    expect(exchange.engine.bids(0)).toHaveLength(1);
    skewMs = 141_000;
    await until(() => exchange.engine.bids(0).length === 0, 'expiry');
  });

  it('is told to its owner alone, from placement to confirmation', async () => {
    const { apiKey, secret, passphrase } = trader.creds;
    const own = await exchange.socket('/ws/user');
    own.send({
      auth: { apiKey, secret, passphrase },
      type: 'user',
      markets: [STANDARD.conditionId],
    });
    const rival = await exchange.trader(RIVAL_KEY);
    const other = await exchange.socket('/ws/user');
    other.send({
      auth: {
        apiKey: rival.creds.apiKey,
        secret: rival.creds.secret,
        passphrase: rival.creds.passphrase,
      },
      type: 'user',
    });
    await own.settle();
    await other.settle();
    const resting = (await trader.post(gtc(40, 5_000))).body.orderID;
    await trader.post(gtc(10, 5_000, { listing: NEG_RISK }));
    exchange.quote(0, 'ask', 5_000, 10_000_000);
    const taken = (await rival.post(fak(10, 5_000, { outcome: 1 }))).body;
    await trader.call('DELETE', '/order', JSON.stringify({ orderID: resting }));
    const trades = () => own.messages().filter((m) => m.event_type === 'trade');
    await until(() => trades().filter((m) => m.status === 'CONFIRMED').length === 2, 'confirmed');
    const orders = own.messages().filter((m) => m.event_type === 'order');
    expect(orders.map((m) => [m.type, m.id, m.size_matched, m.status])).toEqual([
      ['PLACEMENT', resting, '0', 'LIVE'],
      ['UPDATE', resting, '10', 'LIVE'],
      ['UPDATE', resting, '30', 'LIVE'],
      ['CANCELLATION', resting, '30', 'CANCELED'],
    ]);
    const shared = trades().filter((m) => m.id === taken.tradeIDs[0]);
    expect(shared.map((m) => m.status)).toEqual(['MATCHED', 'MINED', 'CONFIRMED']);
    // A mint: the taker bought the other token at 0.5, the maker's own entry names the maker's.
    expect(shared[0]).toMatchObject({
      trader_side: 'MAKER',
      asset_id: STANDARD.tokenIds[1],
      maker_orders: [{ order_id: resting, matched_amount: '20', price: '0.5', side: 'BUY' }],
    });
    expect(shared[0].maker_orders[0].asset_id).toBe(STANDARD.tokenIds[0]);
    expect(shared[0].transaction_hash).toBe('');
    expect(shared[1].transaction_hash).toMatch(/^0x[0-9a-f]{64}$/);
    await until(() => other.messages().some((m) => m.status === 'CONFIRMED'), 'taker confirmed');
    expect(other.messages().some((m) => m.id === resting)).toBe(false);
  });

  it('closes a user socket with wrong credentials', async () => {
    const frames = await exchange.socket('/ws/user');
    frames.send({ auth: { apiKey: 'x', secret: 'y', passphrase: 'z' }, type: 'user' });
    await until(() => frames.closed, 'close');
  });
});

describe('faults of order calls', () => {
  it('refuse without executing', async () => {
    exchange.server.inject({
      kind: 'reject-orders',
      count: 1,
      status: 425,
      body: '{"error":"restart"}',
    });
    const refused = await trader.post(gtc(10, 5_000));
    expect([refused.status, refused.text]).toEqual([425, '{"error":"restart"}']);
    expect(exchange.engine.bids(0)).toEqual([]);
    expect((await trader.post(gtc(10, 5_000))).status).toBe(200);
  });

  it('hang up before and after the order was executed', async () => {
    exchange.server.inject({ kind: 'reset-before-accept', count: 1 });
    await expect(trader.post(gtc(10, 5_000))).rejects.toThrow();
    expect(exchange.engine.bids(0)).toEqual([]);
    exchange.server.inject({ kind: 'reset-after-accept', count: 1 });
    await expect(trader.post(gtc(10, 5_000))).rejects.toThrow();
    expect(exchange.engine.bids(0)).toEqual([[5_000, 10_000_000]]);
  });

  it('never answer an order that was executed', async () => {
    exchange.server.inject({ kind: 'lose-reply', count: 1 });
    let answered = false;
    const lost = trader.post(gtc(10, 5_000)).then(
      () => {
        answered = true;
      },
      () => undefined,
    );
    await until(() => exchange.engine.bids(0).length === 1, 'execution');
    const rival = await exchange.trader(RIVAL_KEY);
    await rival.call('GET', '/data/orders');
    expect(answered).toBe(false);
    await trader.close();
    await lost;
  });
});
