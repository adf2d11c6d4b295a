import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import {
  type AmendOrderV2Request,
  Configuration,
  type CreateOrderV2Request,
  EventsApi,
  OrdersApi,
  PortfolioApi,
} from 'kalshi-typescript';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatDecimal } from '../../src/domain/decimal.js';
import {
  kalshiMessage,
  readKalshiPrivateKey,
  verifyKalshi,
} from '../../src/venues/kalshi/wire/auth.js';
import {
  type KalshiNewOrder,
  kalshiAmendBody,
  kalshiBatchBody,
  kalshiOrderBody,
} from '../../src/venues/kalshi/wire/order-body.js';
import {
  KALSHI_SELF_TRADE_PREVENTIONS,
  KALSHI_TIMES_IN_FORCE,
} from '../../src/venues/kalshi/wire/rest-messages.js';

/** What the official client was about to send. */
interface Intercepted {
  readonly url: string;
  readonly method: string;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEMS = ['pkcs1', 'pkcs8'] as const;

/** The official client's APIs on a key, with an adapter in the place of the network. */
function officialClient(type: (typeof PEMS)[number]) {
  const seen: Intercepted[] = [];
  const adapter = async (config: Intercepted) => {
    seen.push(config);
    return { data: {}, status: 200, statusText: 'OK', headers: {}, config };
  };
  const pem = privateKey.export({ type, format: 'pem' }).toString();
  const keyId = `key-${type}`;
  const configuration = new Configuration({
    apiKey: keyId,
    privateKeyPem: pem,
    baseOptions: { adapter },
  });
  /**
   * Each of its APIs adds a signer to the axios that all share: one a key must be alone on its own.
   */
  class Own extends OrdersApi {
    get http() {
      return this.axios;
    }
  }
  const http = new Own(new Configuration()).http.create();
  const orders = new OrdersApi(configuration, undefined, http);
  // These sign nothing of their own: the signer of the first is on the same axios.
  const unsigned = new Configuration({ baseOptions: { adapter } });
  const portfolio = new PortfolioApi(unsigned, undefined, http);
  const events = new EventsApi(unsigned, undefined, http);
  const last = () => seen.at(-1)!;
  return { keyId, pem, orders, portfolio, events, last };
}

afterEach(() => {
  vi.useRealTimers();
});

const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !/^\.{1,2}$/.test(text));

describe.each(PEMS)('the official client with a key in %s', (type) => {
  const { keyId, pem, orders, portfolio, events, last } = officialClient(type);
  const publicKey = createPublicKey(readKalshiPrivateKey(pem));

  it('signs what our message is, for any path, query and time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const call = fc.oneof(
      word.map((id) => () => orders.getOrder(id)),
      fc.tuple(word, fc.option(word, { nil: undefined }), fc.nat(9)).map(
        ([id, ticker, shard]) =>
          () =>
            orders.cancelOrderV2(id, undefined, shard, ticker),
      ),
      fc.tuple(word, word).map(
        ([ticker, cursor]) =>
          () =>
            portfolio.getFills(ticker, undefined, undefined, undefined, undefined, cursor),
      ),
      word.map((ticker) => () => events.getEvent(ticker, true)),
      fc.constant(() => orders.createOrderV2(request({ ...ORDER, exchangeIndex: 0 }))),
    );
    await fc.assert(
      fc.asyncProperty(call, fc.integer({ min: 1, max: 4_000_000_000_000 }), async (run, atMs) => {
        vi.setSystemTime(atMs);
        await run();
        const { url, method, headers } = last();
        const { pathname, search } = new URL(url);
        expect(headers['KALSHI-ACCESS-KEY']).toBe(keyId);
        expect(headers['KALSHI-ACCESS-TIMESTAMP']).toBe(String(atMs));
        const message = kalshiMessage(String(atMs), method, pathname + search);
        const signature = String(headers['KALSHI-ACCESS-SIGNATURE']);
        expect(verifyKalshi(publicKey, message, signature)).toBe(true);
        expect(verifyKalshi(publicKey, `${message}x`, signature)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

const ORDER: KalshiNewOrder = {
  ticker: 'KXA-1',
  clientOrderId: 'c-1',
  side: 'bid',
  sizeCenti: 500,
  yesPriceE4: 4_400,
  timeInForce: 'immediate_or_cancel',
  selfTradePrevention: 'taker_at_cross',
  exchangeIndex: 0,
};

const anyOrder: fc.Arbitrary<KalshiNewOrder> = fc
  .record({
    ticker: fc.stringMatching(/^KX[A-Z0-9.-]{1,30}$/),
    clientOrderId: fc.uuid(),
    side: fc.constantFrom('bid' as const, 'ask' as const),
    sizeCenti: fc.integer({ min: 1, max: 50_000_000 }),
    yesPriceE4: fc.integer({ min: 1, max: 9_999 }),
    timeInForce: fc.constantFrom(...KALSHI_TIMES_IN_FORCE),
    selfTradePrevention: fc.constantFrom(...KALSHI_SELF_TRADE_PREVENTIONS),
    exchangeIndex: fc.integer({ min: 0, max: 9 }),
    options: fc.record(
      {
        expirationS: fc.integer({ min: 1_700_000_000, max: 1_999_999_999 }),
        postOnly: fc.boolean(),
        reduceOnly: fc.boolean(),
        cancelOnPause: fc.boolean(),
        subaccount: fc.nat(63),
        orderGroupId: fc.uuid(),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ options: { expirationS, postOnly, reduceOnly, ...others }, ...order }) => ({
    ...order,
    ...others,
    ...(order.timeInForce === 'good_till_canceled' && expirationS !== undefined && { expirationS }),
    ...(order.timeInForce === 'good_till_canceled' && postOnly !== undefined && { postOnly }),
    ...(order.timeInForce === 'immediate_or_cancel' && reduceOnly !== undefined && { reduceOnly }),
  }));

/**
 * The order as the official client's own type wants it, in the order of our fields: it writes what
 * it is given as it is given.
 */
function request(order: KalshiNewOrder): CreateOrderV2Request {
  return {
    ticker: order.ticker,
    client_order_id: order.clientOrderId,
    side: order.side,
    count: formatDecimal(order.sizeCenti, 2, 2),
    price: formatDecimal(order.yesPriceE4, 4, 4),
    time_in_force: order.timeInForce,
    self_trade_prevention_type: order.selfTradePrevention,
    exchange_index: order.exchangeIndex,
    ...(order.expirationS !== undefined && { expiration_time: order.expirationS }),
    ...(order.postOnly !== undefined && { post_only: order.postOnly }),
    ...(order.reduceOnly !== undefined && { reduce_only: order.reduceOnly }),
    ...(order.cancelOnPause !== undefined && { cancel_order_on_pause: order.cancelOnPause }),
    ...(order.subaccount !== undefined && { subaccount: order.subaccount }),
    ...(order.orderGroupId !== undefined && { order_group_id: order.orderGroupId }),
  };
}

describe('the bodies that the official client sends', () => {
  const { orders, last } = officialClient('pkcs8');

  it('are ours, byte for byte, for any order', async () => {
    await fc.assert(
      fc.asyncProperty(anyOrder, async (order) => {
        await orders.createOrderV2(request(order));
        const { url, method, data } = last();
        expect([method.toUpperCase(), new URL(url).pathname]).toEqual([
          'POST',
          '/trade-api/v2/portfolio/events/orders',
        ]);
        expect(kalshiOrderBody(order)).toBe(data);
      }),
      { numRuns: 300 },
    );
  });

  it('are ours for batches and amendments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOrder, { minLength: 1, maxLength: 5 }), async (batch) => {
        await orders.batchCreateOrdersV2({ orders: batch.map(request) });
        expect(kalshiBatchBody(batch)).toBe(last().data);
        const { ticker, side, yesPriceE4, sizeCenti, exchangeIndex } = batch[0]!;
        const amendment: AmendOrderV2Request = {
          ticker,
          side,
          price: formatDecimal(yesPriceE4, 4, 4),
          count: formatDecimal(sizeCenti, 2, 2),
          updated_client_order_id: 'c-2',
          exchange_index: exchangeIndex,
        };
        await orders.amendOrderV2('o-1', amendment);
        const changed = { side, yesPriceE4, sizeCenti, updatedClientOrderId: 'c-2' };
        const ref = { orderId: 'o-1', ticker, exchangeIndex };
        expect(kalshiAmendBody(ref, changed)).toBe(last().data);
      }),
      { numRuns: 50 },
    );
  });
});
