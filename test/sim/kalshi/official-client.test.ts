import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  AccountApi,
  Configuration,
  EventsApi,
  ExchangeApi,
  HistoricalApi,
  MarketApi,
  OrderGroupsApi,
  OrdersApi,
  PortfolioApi,
} from 'kalshi-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemsOf } from './declared-types.js';
import { Harness, KEYS, listing } from './harness.js';

/**
 * Every client of a process signs through one axios instance, by all keys that it was given:
 * another key needs another.
 */
class OwnAxios extends AccountApi {
  fresh() {
    return this.axios.create();
  }
}

let harness: Harness;
let config: Configuration;
beforeAll(async () => {
  harness = await Harness.start([
    listing(0),
    listing(1),
    listing(2, { eventTicker: 'KXBBB-1', seriesTicker: 'KXBBB', exchangeIndex: 2 }),
    listing(3, { closeTimeMs: 1000 }),
  ]);
  harness.post(0, 'ask', 4400, 7);
  harness.post(0, 'ask', 4500, 10);
  harness.post(0, 'bid', 4100, 12.5);
  config = configure('bob', KEYS.bob!.privateKey);
});
afterAll(() => harness.stop());

function configure(account: string, key: KeyObject): Configuration {
  return new Configuration({
    apiKey: `key-${account}`,
    privateKeyPem: key.export({ type: 'pkcs1', format: 'pem' }).toString(),
    basePath: harness.server.restUrl,
  });
}

/** The reply's body, once it is what the client declares it to be. */
async function declared<T>(name: string, call: Promise<{ data: T }>): Promise<T> {
  const { data } = await call;
  expect(problemsOf(name, data)).toEqual([]);
  return data;
}

/** How the client tells of a refused call. */
async function refusal(call: Promise<unknown>): Promise<[status: number, body: unknown]> {
  try {
    await call;
  } catch (error) {
    const { response } = error as { response: { status: number; data: unknown } };
    return [response.status, response.data];
  }
  throw new Error('was not refused');
}

const ticker = 'KXAAA-26DEC01-T0';
let orderCount = 0;
const order = (over: object = {}) => ({
  ticker,
  client_order_id: `official-${++orderCount}`,
  side: 'bid' as const,
  count: '1.00',
  price: '0.4000',
  time_in_force: 'good_till_canceled' as const,
  self_trade_prevention_type: 'taker_at_cross' as const,
  ...over,
});

it('the check of declared types finds what is missing, wrong and not of the words', () => {
  expect(problemsOf('CancelOrderV2Response', { order_id: 'a', reduced_by: 1 })).toEqual([
    'CancelOrderV2Response.reduced_by is 1, not string',
    'CancelOrderV2Response.ts_ms is missing, not number',
  ]);
  expect(problemsOf('GetOrderResponse', { order: { outcome_side: 'maybe' } }).join()).toContain(
    'GetOrderResponse.order.outcome_side is "maybe"',
  );
});

describe('the official client, unmodified, reads', () => {
  it('markets, books and trades', async () => {
    const api = new MarketApi(config);
    const { markets } = await declared('GetMarketsResponse', api.getMarkets(2));
    expect(markets.map((market) => market.ticker)).toEqual([ticker, 'KXAAA-26DEC01-T1']);
    const { market } = await declared('GetMarketResponse', api.getMarket(ticker));
    expect(market).toMatchObject({ status: 'active', yes_bid_dollars: '0.4100' });
    const { orderbook_fp } = await declared(
      'GetMarketOrderbookResponse',
      api.getMarketOrderbook(ticker),
    );
    expect(orderbook_fp.no_dollars.at(-1)).toEqual(['0.5600', '7.00']);
    const unknown = await declared('GetMarketOrderbookResponse', api.getMarketOrderbook('KXNONE'));
    expect(unknown.orderbook_fp).toEqual({ yes_dollars: [], no_dollars: [] });
    const many = await declared(
      'GetMarketOrderbooksResponse',
      api.getMarketOrderbooks([ticker, 'KXAAA-26DEC01-T1']),
    );
    expect(many.orderbooks.map((book) => book.ticker)).toEqual([ticker, 'KXAAA-26DEC01-T1']);
    await declared('GetTradesResponse', api.getTrades());
    await declared('GetSeriesResponse', api.getSeries('KXAAA'));
    const { series } = await declared('GetSeriesListResponse', api.getSeriesList());
    expect(series.map((each) => each.ticker)).toEqual(['KXAAA', 'KXBBB']);
  });

  it('events and their fees', async () => {
    const api = new EventsApi(config);
    const { events } = await declared('GetEventsResponse', api.getEvents());
    expect(events).toHaveLength(2);
    const { event } = await declared('GetEventResponse', api.getEvent('KXBBB-1'));
    expect(event.exchange_index).toBe(2);
    await declared('GetEventResponse', api.getEvent('KXBBB-1', true));
    harness.server.inject({ kind: 'fee-change', market: 2, multiplier: 0.5 });
    const changes = await declared('GetEventFeeChangesResponse', api.getEventFeeChanges('KXBBB-1'));
    expect(changes.event_fee_changes).toMatchObject([{ fee_multiplier_override: 0.5 }]);
    await declared('GetSeriesFeeChangesResponse', new ExchangeApi(config).getSeriesFeeChanges());
  });

  it('the exchange and the account', async () => {
    const exchange = new ExchangeApi(config);
    const status = await declared('ExchangeStatus', exchange.getExchangeStatus());
    expect(status).toMatchObject({ exchange_active: true, trading_active: true });
    await declared('GetExchangeScheduleResponse', exchange.getExchangeSchedule());
    await declared('GetUserDataTimestampResponse', exchange.getUserDataTimestamp());
    await declared('GetHistoricalCutoffResponse', new HistoricalApi(config).getHistoricalCutoff());
    const account = new AccountApi(config);
    await declared('GetAccountApiLimitsResponse', account.getAccountApiLimits());
    const costs = await declared(
      'GetAccountEndpointCostsResponse',
      account.getAccountEndpointCosts(),
    );
    expect(costs.default_cost).toBe(10);
    const balance = await declared('GetBalanceResponse', new PortfolioApi(config).getBalance());
    expect(balance.balance_breakdown!.map((each) => each.exchange_index)).toEqual([0, 2]);
    expect(balance.balance_dollars).toBe('1000.0000');
  });
});

describe('the official client, unmodified, trades', () => {
  it('creates, reads, amends, decreases and cancels', async () => {
    const api = new OrdersApi(config);
    const made = await declared('CreateOrderV2Response', api.createOrderV2(order({ count: '5' })));
    expect(made).toMatchObject({ fill_count: '0.00', remaining_count: '5.00' });
    const { order: read } = await declared('GetOrderResponse', api.getOrder(made.order_id));
    expect(read).toMatchObject({ status: 'resting', book_side: 'bid', initial_count_fp: '5.00' });
    const amended = await declared(
      'AmendOrderV2Response',
      api.amendOrderV2(made.order_id, {
        ticker,
        side: 'bid',
        price: '0.3900',
        count: '4',
      }),
    );
    expect(amended.remaining_count).toBe('4.00');
    const decreased = await declared(
      'DecreaseOrderV2Response',
      api.decreaseOrderV2(made.order_id, { reduce_by: '1.50' }),
    );
    expect(decreased.remaining_count).toBe('2.50');
    const canceled = await declared('CancelOrderV2Response', api.cancelOrderV2(made.order_id));
    expect(canceled.reduced_by).toBe('2.50');
    const { orders } = await declared('GetOrdersResponse', api.getOrders(ticker));
    expect(orders[0]).toMatchObject({ order_id: made.order_id, status: 'canceled' });
  });

  it('in batches, and cancels everything', async () => {
    const api = new OrdersApi(config);
    const { orders } = await declared(
      'BatchCreateOrdersV2Response',
      api.batchCreateOrdersV2({ orders: [order(), order({ price: '0.4050' }), order()] }),
    );
    expect(orders.map((each) => each.error?.code)).toEqual([undefined, 'invalid_price', undefined]);
    const ids = [orders[0]!.order_id!, 'no-such-order'];
    const canceled = await declared(
      'BatchCancelOrdersV2Response',
      api.batchCancelOrdersV2({ orders: ids.map((order_id) => ({ order_id })) }),
    );
    expect(canceled.orders.map((each) => each.reduced_by)).toEqual(['1.00', '0.00']);
    expect((await api.cancelAllOrders()).status).toBe(204);
    expect(
      (await api.getOrders(undefined, undefined, undefined, undefined, 'resting')).data.orders,
    ).toEqual([]);
  });

  it('fills, and finds it in fills, positions, trades and settlements', async () => {
    const taken = order({ count: '9', price: '0.4500', time_in_force: 'immediate_or_cancel' });
    const made = await new OrdersApi(config).createOrderV2(taken);
    expect(problemsOf('CreateOrderV2Response', made.data)).toEqual([]);
    expect(made.data).toMatchObject({ fill_count: '9.00', average_fill_price: '0.4422' });
    const api = new PortfolioApi(config);
    const { fills } = await declared('GetFillsResponse', api.getFills(ticker));
    expect(fills.map((fill) => fill.count_fp)).toEqual(['2.00', '7.00']);
    const positions = await declared('GetPositionsResponse', api.getPositions());
    expect(positions.market_positions[0]).toMatchObject({ ticker, position_fp: '9.00' });
    const { trades } = await declared('GetTradesResponse', new MarketApi(config).getTrades());
    expect(trades.map((trade) => trade.trade_id)).toEqual(fills.map((fill) => fill.trade_id));
    await declared('GetSettlementsResponse', api.getSettlements());
  });

  it('moves cash between shards', async () => {
    const api = new PortfolioApi(config);
    const before = (await api.getBalance(undefined, 2)).data.balance_dollars;
    const { transfer_id } = await declared(
      'IntraExchangeInstanceTransferResponse',
      api.intraExchangeInstanceTransfer({
        source: 'event_contract',
        destination: 'event_contract',
        amount: 15_000,
        destination_exchange_shard: 2,
      }),
    );
    const { transfer } = await declared(
      'GetIntraExchangeInstanceTransferResponse',
      api.getIntraExchangeInstanceTransfer(transfer_id),
    );
    expect(transfer).toMatchObject({ amount: '1.5000', status: 'complete' });
    await declared(
      'GetIntraExchangeInstanceTransfersResponse',
      api.getIntraExchangeInstanceTransfers(),
    );
    const after = (await api.getBalance(undefined, 2)).data.balance_dollars;
    expect(Number(after) - Number(before)).toBeCloseTo(1.5, 9);
    await declared('GetTargetBalanceAllocationResponse', api.getTargetBalanceAllocation());
    await api.setTargetBalanceAllocation({ allocations: [] });
    expect((await api.getTargetBalanceAllocation()).data.allocations).toEqual([]);
  });

  it('keeps order groups', async () => {
    const api = new OrderGroupsApi(config);
    const group = await declared(
      'CreateOrderGroupResponse',
      api.createOrderGroup({ contracts_limit: 5 }),
    );
    const id = group.order_group_id;
    await new OrdersApi(config).createOrderV2(order({ order_group_id: id }));
    const read = await declared('GetOrderGroupResponse', api.getOrderGroup(id));
    expect(read).toMatchObject({ is_auto_cancel_enabled: true, contracts_limit_fp: '5.00' });
    expect(read.orders).toHaveLength(1);
    await declared('GetOrderGroupsResponse', api.getOrderGroups());
    await api.updateOrderGroupLimit(id, { contracts_limit_fp: '6.50' });
    await api.triggerOrderGroup(id);
    const triggered = (await api.getOrderGroup(id)).data;
    expect(triggered).toMatchObject({
      is_auto_cancel_enabled: false,
      contracts_limit_fp: '6.50',
      orders: [],
    });
    await api.resetOrderGroup(id);
    await api.deleteOrderGroup(id);
    expect((await refusal(api.getOrderGroup(id)))[0]).toBe(404);
  });
});

describe('the official client, unmodified, is told', () => {
  it('400, 404 and 409 with their codes', async () => {
    const api = new OrdersApi(config);
    const code = async (call: Promise<unknown>): Promise<unknown[]> => {
      const [status, body] = await refusal(call);
      return [status, (body as { error: { code: string } }).error.code];
    };
    expect(await code(api.createOrderV2(order({ price: '0.4050' })))).toEqual([
      400,
      'invalid_price',
    ]);
    expect(await code(api.createOrderV2(order({ count: '99999', price: '0.9900' })))).toEqual([
      400,
      'insufficient_balance',
    ]);
    expect(await code(api.createOrderV2(order({ ticker: 'KXNONE' })))).toEqual([
      404,
      'market_not_found',
    ]);
    expect(await code(api.cancelOrderV2('no-such-order'))).toEqual([404, 'not_found']);
    expect(await code(api.getOrder('no-such-order'))).toEqual([404, 'not_found']);
    const twice = order();
    await api.createOrderV2(twice);
    expect(await code(api.createOrderV2(twice))).toEqual([409, 'order_already_exists']);
    const closed = order({ ticker: 'KXAAA-26DEC01-T3' });
    expect(await code(api.createOrderV2(closed))).toEqual([409, 'MARKET_INACTIVE']);
    const [status, body] = await refusal(new MarketApi(config).getMarkets(1001));
    expect(status).toBe(400);
    expect((body as { msg: string }).msg).toMatch(/^Parameter validation failed for GetMarkets/);
  });

  it('401 with the reason', async () => {
    const axios = new OwnAxios(config).fresh();
    const wrong = configure(
      'alice',
      createPrivateKey(KEYS.bob!.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    );
    const [status, body] = await refusal(
      new PortfolioApi(wrong, harness.server.restUrl, axios).getBalance(),
    );
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: { details: 'INCORRECT_API_KEY_SIGNATURE' } });
  });
});
