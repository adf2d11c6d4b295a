import { AssetType, ClobClient, OrderType, Side } from '@polymarket/clob-client-v2';
import { createWalletClient, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { polygon } from 'viem/chains';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exchange, LISTINGS, startExchange, TRADER_KEY } from './exchange-fixture.js';

const [STANDARD, NEG_RISK] = LISTINGS;

describe('the official client, unmodified', () => {
  let exchange: Exchange;
  let client: ClobClient;

  beforeAll(async () => {
    exchange = await startExchange({ settlement: { minedMs: 5, confirmedMs: 10 } });
    for (const market of [0, 1]) {
      exchange.quote(market, 'ask', 5_200, 40_000_000);
      exchange.quote(market, 'ask', 5_300, 500_000_000);
      exchange.quote(market, 'bid', 5_000, 100_000_000);
    }
    const signer = createWalletClient({
      account: privateKeyToAccount(`0x${TRADER_KEY.toString('hex')}`),
      chain: polygon,
      transport: http('http://127.0.0.1:1'),
    });
    const host = exchange.server.restUrl;
    const creds = await new ClobClient({ host, chain: 137, signer }).createOrDeriveApiKey();
    client = new ClobClient({ host, chain: 137, signer, creds, throwOnError: true });
    const again = await new ClobClient({ host, chain: 137, signer }).deriveApiKey();
    expect(again).toEqual(creds);
  });
  afterAll(() => exchange.close());

  it('reads the terms of a market', async () => {
    expect(await client.getOk()).toBe('OK');
    expect(await client.getVersion()).toBe(2);
    expect(await client.getTickSize(NEG_RISK.tokenIds[0])).toBe('0.001');
    expect(await client.getNegRisk(NEG_RISK.tokenIds[1])).toBe(true);
    expect(await client.getNegRisk(STANDARD.tokenIds[1])).toBe(false);
    const info = await client.getClobMarketInfo(STANDARD.conditionId);
    expect(info).toMatchObject({ mts: 0.01, mos: 5, fd: { r: 0.07, e: 1, to: true } });
    expect(await client.getApiKeys()).toEqual({ apiKeys: [expect.any(String)] });
    expect(await client.getClosedOnlyMode()).toEqual({ closed_only: false });
    const markets = await client.getMarkets();
    expect(markets.count).toBe(LISTINGS.length);
    expect(markets.next_cursor).toBe('LTE=');
  });

  it('reads books whose hash its own function reproduces, and their mirrored prices', async () => {
    const books = await client.getOrderBooks(
      NEG_RISK.tokenIds.map((token_id) => ({ token_id, side: Side.BUY })),
    );
    expect(books).toHaveLength(2);
    for (const book of books) {
      const served = book.hash;
      expect(await client.getOrderBookHash(book)).toBe(served);
    }
    const no = await client.getOrderBook(NEG_RISK.tokenIds[1]);
    expect(no.bids.at(-1)).toEqual({ price: '0.48', size: '40' });
    expect(no.asks.at(-1)).toEqual({ price: '0.5', size: '100' });
    expect(await client.getMidpoint(NEG_RISK.tokenIds[0])).toEqual({ mid: '0.51' });
    expect(await client.getSpread(NEG_RISK.tokenIds[0])).toEqual({ spread: '0.02' });
    expect(await client.getPrice(NEG_RISK.tokenIds[0], Side.BUY)).toEqual({ price: '0.5' });
  });

  it.each([STANDARD, NEG_RISK])(
    'buys at market on $slug and follows the trade to its end',
    async (at) => {
      const tokenID = at.tokenIds[0];
      const before = Number(
        (await client.getBalanceAllowance({ asset_type: AssetType.COLLATERAL })).balance,
      );
      const reply = await client.createAndPostMarketOrder(
        { tokenID, amount: 26.1, side: Side.BUY },
        undefined,
        OrderType.FAK,
      );
      // 40 at 0.52, then what is left of the dollars at 0.53.
      expect(reply).toMatchObject({ success: true, status: 'matched', makingAmount: '26.1' });
      expect(reply.takingAmount).toBe('50');
      // The client has resolved the transaction of the trade itself, from /data/trades.
      expect(reply.transactionsHashes).toHaveLength(1);
      const trades = await client.getTrades({ id: reply.tradeIDs?.[0] ?? '' });
      expect(trades).toHaveLength(1);
      expect(trades[0]).toMatchObject({ size: '50', trader_side: 'TAKER', side: 'BUY' });
      expect(trades[0]?.maker_orders.map((m) => [m.matched_amount, m.price])).toEqual([
        ['40', '0.52'],
        ['10', '0.53'],
      ]);
      const shares = await client.getBalanceAllowance({
        asset_type: AssetType.CONDITIONAL,
        token_id: tokenID,
      });
      expect(shares.balance).toBe('50000000');
      const after = Number(
        (await client.getBalanceAllowance({ asset_type: AssetType.COLLATERAL })).balance,
      );
      // 40 x r x 0.52 x 0.48 and 10 x r x 0.53 x 0.47, each to five decimals.
      const fee = at.feeRate === 0.07 ? 698_880 + 174_370 : 399_360 + 99_640;
      expect(before - after).toBe(26_100_000 + fee);
      expect(await client.getOrder(reply.orderID)).toMatchObject({ status: 'MATCHED' });
    },
  );

  it('rests a limit order, finds it open, and cancels it', async () => {
    const reply = await client.createAndPostOrder(
      { tokenID: STANDARD.tokenIds[1], price: 0.41, size: 12.5, side: Side.BUY },
      undefined,
      OrderType.GTC,
      true,
    );
    expect(reply).toMatchObject({ success: true, status: 'live', takingAmount: '' });
    const open = await client.getOpenOrders({ market: STANDARD.conditionId });
    expect(open).toMatchObject([{ id: reply.orderID, price: '0.41', original_size: '12.5' }]);
    const book = await client.getOrderBook(STANDARD.tokenIds[0]);
    expect(book.asks.find((level) => level.price === '0.59')?.size).toBe('12.5');
    expect(await client.cancelOrder({ orderID: reply.orderID })).toEqual({
      canceled: [reply.orderID],
      not_canceled: {},
    });
    expect(await client.getOpenOrders()).toEqual([]);
    expect(await client.cancelOrders([reply.orderID])).toEqual({
      canceled: [],
      not_canceled: { [reply.orderID]: 'already canceled or matched' },
    });
  });

  it('sells what it holds, in a batch beside an order that is refused', async () => {
    const tokenID = STANDARD.tokenIds[0];
    const sell = await client.createOrder({ tokenID, price: 0.5, size: 20, side: Side.SELL });
    const tooMuch = await client.createOrder({ tokenID, price: 0.5, size: 900, side: Side.SELL });
    const replies = await client.postOrders([
      { order: sell, orderType: OrderType.GTC },
      { order: tooMuch, orderType: OrderType.GTC },
    ]);
    expect(replies[0]).toMatchObject({ status: 'matched', takingAmount: '10', makingAmount: '20' });
    expect(replies[1]).toMatchObject({ success: true, orderID: '' });
    expect(replies[1]?.errorMsg).toContain('not enough balance / allowance');
  });

  it('cancels all, and beats', async () => {
    for (const price of [0.1, 0.2]) {
      await client.createAndPostOrder({
        tokenID: NEG_RISK.tokenIds[0],
        price,
        size: 10,
        side: Side.BUY,
      });
    }
    const canceled = await client.cancelMarketOrders({ market: STANDARD.conditionId });
    expect(canceled).toEqual({ canceled: [], not_canceled: {} });
    expect((await client.cancelAll()).canceled).toHaveLength(2);
    const beat = await client.postHeartbeat();
    expect(await client.postHeartbeat(beat.heartbeat_id)).not.toEqual(beat);
    expect(exchange.logs).toEqual([]);
  });
});
