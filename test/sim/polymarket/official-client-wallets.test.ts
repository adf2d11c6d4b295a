import {
  ApiError,
  AssetType,
  ClobClient,
  OrderType,
  Side,
  SignatureTypeV2,
} from '@polymarket/clob-client-v2';
import { createWalletClient, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { polygon } from 'viem/chains';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServedListing } from '../../../src/sim/polymarket/served-listing.js';
import {
  type Exchange,
  listing,
  startExchange,
  TRADER,
  TRADER_KEY,
  WALLETS,
} from './exchange-fixture.js';

const STANDARD = listing(0);
const NEG_RISK = listing(1, { tickE4: 10, negRisk: true, feeRate: 0.04 });
const PROTOCOL_V2 = listing(2, { version: 'v2' });
const HELD = listing(3, { takerDelayMs: 60 });
const TYPES = [
  SignatureTypeV2.EOA,
  SignatureTypeV2.POLY_PROXY,
  SignatureTypeV2.POLY_GNOSIS_SAFE,
  SignatureTypeV2.POLY_1271,
] as const;
const CASES = TYPES.flatMap((type) => [
  { type, name: SignatureTypeV2[type], kind: 'standard', at: STANDARD },
  { type, name: SignatureTypeV2[type], kind: 'neg-risk', at: NEG_RISK },
]);

let exchange: Exchange;
beforeAll(async () => {
  exchange = await startExchange({
    listings: [STANDARD, NEG_RISK, PROTOCOL_V2, HELD],
    settlement: { minedMs: 2, confirmedMs: 4 },
  });
});
afterAll(() => exchange.close());

/** The client as its users make it, logged in. */
async function login(type: SignatureTypeV2, throwOnError = true): Promise<ClobClient> {
  const signer = createWalletClient({
    account: privateKeyToAccount(`0x${TRADER_KEY.toString('hex')}`),
    chain: polygon,
    transport: http('http://127.0.0.1:1'),
  });
  const host = exchange.server.restUrl;
  const creds = await new ClobClient({ host, chain: 137, signer }).createOrDeriveApiKey();
  const funder = WALLETS.find((wallet) => Number(wallet.type) === Number(type))?.address;
  return new ClobClient({
    host,
    chain: 137,
    signer,
    creds,
    signatureType: type,
    throwOnError,
    ...(funder === undefined ? {} : { funderAddress: funder }),
  });
}

function accountOf(type: SignatureTypeV2): string {
  return WALLETS.find((wallet) => Number(wallet.type) === Number(type))?.account ?? TRADER;
}

/** One ask of 100 at 0.52, one bid of 100 at 0.5: nothing else. */
function quote({ market }: ServedListing): void {
  for (const side of ['bid', 'ask'] as const) {
    const levels = side === 'bid' ? exchange.engine.bids(market) : exchange.engine.asks(market);
    for (const [priceE4, sizeE6] of levels) {
      exchange.engine.buy({
        orderId: 'sweep',
        account: 'sweep',
        market,
        outcome: side === 'ask' ? 0 : 1,
        limitE4: side === 'ask' ? priceE4 : 10_000 - priceE4,
        sizeE6,
        spendMicros: Number.POSITIVE_INFINITY,
        timeInForce: 'ioc',
      });
    }
  }
  exchange.quote(market, 'ask', 5_200, 100_000_000);
  exchange.quote(market, 'bid', 5_000, 100_000_000);
}

describe.each(CASES)('the official client as $name on a $kind market', ({ type, at }) => {
  const tokenID = at.tokenIds[0];
  let client: ClobClient;
  beforeAll(async () => {
    client = await login(type);
    quote(at);
  });

  const limit = (price: number, size: number) => ({ tokenID, price, size, side: Side.BUY });

  it('buys and sells at market, FAK and FOK, from its own wallet', async () => {
    const account = accountOf(type);
    const heldBefore = exchange.accounts.heldE6(account, at.market, 0);
    const market = { tokenID, side: Side.BUY };
    const fak = await client.createAndPostMarketOrder(
      { ...market, amount: 5.2, price: 0.52 },
      undefined,
      OrderType.FAK,
    );
    expect(fak).toMatchObject({ success: true, status: 'matched', takingAmount: '10' });
    const fok = await client.createAndPostMarketOrder({ ...market, amount: 10.4, price: 0.52 });
    expect(fok).toMatchObject({ status: 'matched', makingAmount: '10.4', takingAmount: '20' });
    const sale = await client.createAndPostMarketOrder(
      { tokenID, amount: 12, side: Side.SELL, price: 0.5 },
      undefined,
      OrderType.FOK,
    );
    expect(sale).toMatchObject({ status: 'matched', makingAmount: '12', takingAmount: '6' });
    expect(exchange.accounts.heldE6(account, at.market, 0) - heldBefore).toBe(18_000_000);
    const shares = await client.getBalanceAllowance({
      asset_type: AssetType.CONDITIONAL,
      token_id: tokenID,
    });
    expect(shares.balance).toBe(String(heldBefore + 18_000_000));
    const money = await client.getBalanceAllowance({ asset_type: AssetType.COLLATERAL });
    expect(money.balance).toBe(String(exchange.accounts.cashMicros(account)));
    await client.updateBalanceAllowance({ asset_type: AssetType.COLLATERAL });
    const trades = await client.getTrades({ market: at.conditionId });
    for (const reply of [fak, fok, sale]) {
      const trade = trades.find((each) => each.id === reply.tradeIDs?.[0]);
      expect(trade).toMatchObject({ taker_order_id: reply.orderID, trader_side: 'TAKER' });
      expect(reply.transactionsHashes).toEqual([trade?.transaction_hash]);
    }
  });

  it('rests GTC, GTD and post-only orders, and cancels one, many, a market and all', async () => {
    const gtc = await client.createAndPostOrder(limit(0.4, 10));
    const expiration = Math.floor(Date.now() / 1000) + 600;
    const gtd = await client.createAndPostOrder(
      { ...limit(0.41, 11), expiration },
      undefined,
      OrderType.GTD,
    );
    const postOnly = await client.createAndPostOrder(
      limit(0.42, 12),
      undefined,
      OrderType.GTC,
      true,
    );
    const ids = [gtc, gtd, postOnly].map((reply) => reply.orderID);
    expect([gtc, gtd, postOnly].map((reply) => reply.status)).toEqual(['live', 'live', 'live']);
    const open = await client.getOpenOrders({ market: at.conditionId });
    expect(open.map((order) => [order.id, order.price, order.original_size])).toEqual([
      [ids[0], '0.4', '10'],
      [ids[1], '0.41', '11'],
      [ids[2], '0.42', '12'],
    ]);
    expect(await client.getOrder(gtd.orderID)).toMatchObject({
      order_type: 'GTD',
      expiration: String(expiration),
      status: 'LIVE',
    });
    expect(await client.cancelOrder({ orderID: gtc.orderID })).toEqual({
      canceled: [ids[0]],
      not_canceled: {},
    });
    expect((await client.cancelOrders(ids.slice(0, 2))).canceled).toEqual([ids[1]]);
    const inMarket = await client.cancelMarketOrders({ market: at.conditionId });
    expect(inMarket.canceled).toEqual([ids[2]]);
    await client.createAndPostOrder(limit(0.3, 10));
    expect((await client.cancelAll()).canceled).toHaveLength(1);
    expect(await client.getOpenOrders()).toEqual([]);
  });

  it('posts a batch, each leg with its own answer', async () => {
    const orders = await Promise.all(
      [limit(0.31, 10), limit(0.32, 10), limit(0.33, 5_000)].map((each) =>
        client.createOrder(each).then((order) => ({ order, orderType: OrderType.GTC })),
      ),
    );
    const replies = await client.postOrders(orders);
    expect(replies.map((reply) => reply.status)).toEqual(['live', 'live', '']);
    expect(replies[2]?.errorMsg).toMatch(/^not enough balance/);
    expect((await client.cancelAll()).canceled).toEqual([replies[0]?.orderID, replies[1]?.orderID]);
  });

  it('throws its own error for what is refused', async () => {
    const refusal = async (order: Promise<unknown>) => {
      const error: unknown = await order.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ApiError);
      return [(error as ApiError).status, (error as ApiError).message];
    };
    expect(
      await refusal(client.createAndPostOrder(limit(0.6, 10), undefined, OrderType.GTC, true)),
    ).toEqual([400, 'invalid post-only order: order crosses book']);
    const noMatch = { tokenID, amount: 10, side: Side.BUY, price: 0.4 };
    expect(
      (await refusal(client.createAndPostMarketOrder(noMatch, undefined, OrderType.FAK)))[1],
    ).toMatch(/^no orders found to match with FAK order/);
    const tooMuch = { tokenID, amount: 90, side: Side.BUY, price: 0.52 };
    expect((await refusal(client.createAndPostMarketOrder(tooMuch)))[1]).toMatch(
      /^order couldn't be fully filled/,
    );
    expect((await refusal(client.createAndPostOrder(limit(0.4, 1))))[1]).toMatch(/lower than/);
  });
});

describe('the official client', () => {
  it('buys on a Protocol V2 market with its version 3 orders', async () => {
    quote(PROTOCOL_V2);
    const client = await login(SignatureTypeV2.EOA);
    const order = { tokenID: PROTOCOL_V2.tokenIds[0], amount: 5.2, price: 0.52, side: Side.BUY };
    const reply = await client.createAndPostMarketOrder(order, { version: 3 }, OrderType.FAK);
    expect(reply).toMatchObject({ status: 'matched', takingAmount: '10' });
    await expect(
      client.createAndPostMarketOrder(order, { version: 2 }, OrderType.FAK),
    ).rejects.toThrow('invalid signature');
  });

  it('is told that its V1 orders are dead', async () => {
    const client = await login(SignatureTypeV2.EOA);
    const order = { tokenID: STANDARD.tokenIds[0], price: 0.4, size: 10, side: Side.BUY };
    const v1 = await client.createOrder(order, { version: 1 });
    await expect(client.postOrder(v1)).rejects.toThrow('order_version_mismatch');
  });

  it('waits out a taker delay, and says what the exchange says in trouble', async () => {
    quote(HELD);
    const client = await login(SignatureTypeV2.EOA);
    const order = { tokenID: HELD.tokenIds[0], amount: 5.2, price: 0.52, side: Side.BUY };
    const reply = await client.createAndPostMarketOrder(order, undefined, OrderType.FAK);
    expect(reply).toMatchObject({ status: 'matched', takingAmount: '10' });
    exchange.server.inject({ kind: 'fail-requests', count: 1, status: 429, of: 'reads' });
    await expect(client.getOpenOrders()).rejects.toMatchObject({ status: 429 });
    exchange.server.inject({ kind: 'mode', mode: 'cancel-only', durationMs: 60_000 });
    await expect(client.createAndPostOrder({ ...order, size: 10 })).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(/^Trading is currently cancel-only/),
    });
    exchange.server.inject({ kind: 'mode', mode: 'post-only', durationMs: 60_000 });
    await expect(client.createAndPostOrder({ ...order, size: 10 })).rejects.toMatchObject({
      status: 503,
      data: { code: 'post_only_mode' },
    });
    exchange.server.inject({ kind: 'mode', mode: 'post-only', durationMs: 0 });
  });

  it('reads everything that needs no key, and its keys', async () => {
    const client = await login(SignatureTypeV2.EOA);
    const [token_id] = NEG_RISK.tokenIds;
    quote(NEG_RISK);
    const params = [{ token_id, side: Side.BUY }];
    expect(await client.getMidpoints(params)).toEqual({ [token_id]: '0.51' });
    expect(await client.getSpreads(params)).toEqual({ [token_id]: '0.02' });
    expect(await client.getPrices(params)).toEqual({ [token_id]: { BUY: '0.5' } });
    expect(await client.getLastTradesPrices(params)).toMatchObject([{ token_id }]);
    expect(await client.getLastTradePrice(token_id)).toMatchObject({ side: expect.any(String) });
    expect((await client.getSamplingMarkets()).count).toBe(4);
    expect((await client.getSimplifiedMarkets()).count).toBe(4);
    expect((await client.getSamplingSimplifiedMarkets()).count).toBe(4);
    expect(await client.getMarket(NEG_RISK.conditionId)).toMatchObject({ neg_risk: true });
    expect(await client.getFeeExponent(token_id)).toBe(1);
    expect(Math.abs((await client.getServerTime()) - Date.now() / 1000)).toBeLessThan(5);
    expect(await client.getNotifications()).toEqual([]);
    expect(await client.getPreMigrationOrders()).toEqual([]);
    expect(await client.createReadonlyApiKey()).toMatchObject({ apiKey: expect.any(String) });
    expect(await client.getReadonlyApiKeys()).toHaveLength(1);
    expect(await client.createBuilderApiKey()).toMatchObject({ key: expect.any(String) });
    expect(await client.getBuilderApiKeys()).toHaveLength(1);
    expect(exchange.logs).toEqual([]);
  });
});
