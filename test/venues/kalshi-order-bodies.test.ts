import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KALSHI_HOSTS } from '../../src/venues/kalshi/hosts.js';
import { KALSHI_REST_PATH, KALSHI_WS_PATH } from '../../src/venues/kalshi/wire/auth.js';
import { kalshiLegacyIocBody } from '../../src/venues/kalshi/wire/legacy-order-body.js';
import {
  type KalshiNewOrder,
  KalshiOrderBodyError,
  type KalshiOrderRef,
  kalshiAmendBody,
  kalshiBatchBody,
  kalshiCancelBatchBody,
  kalshiDecreaseBody,
  kalshiIocBody,
  kalshiIocFrame,
  kalshiOrderBody,
} from '../../src/venues/kalshi/wire/order-body.js';

const ORDER: KalshiNewOrder = {
  ticker: 'KXAAA-26DEC01',
  clientOrderId: 'ur0-mh2k9x1c-7',
  side: 'bid',
  sizeCenti: 500,
  yesPriceE4: 4_400,
  timeInForce: 'immediate_or_cancel',
  selfTradePrevention: 'taker_at_cross',
  exchangeIndex: 2,
};
const REF: KalshiOrderRef = { orderId: 'o-1', ticker: 'KXA-1', exchangeIndex: 3 };

describe('the body of a V2 order', () => {
  it('is as the reference writes it', () => {
    expect(kalshiOrderBody(ORDER)).toBe(
      '{"ticker":"KXAAA-26DEC01","client_order_id":"ur0-mh2k9x1c-7","side":"bid","count":"5.00"' +
        ',"price":"0.4400","time_in_force":"immediate_or_cancel"' +
        ',"self_trade_prevention_type":"taker_at_cross","exchange_index":2}',
    );
  });

  it('carries every option under its own name', () => {
    const order: KalshiNewOrder = {
      ...ORDER,
      side: 'ask',
      sizeCenti: 1,
      yesPriceE4: 9_999,
      timeInForce: 'good_till_canceled',
      selfTradePrevention: 'maker',
      expirationS: 1_793_613_600,
      postOnly: true,
      cancelOnPause: true,
      subaccount: 63,
      orderGroupId: 'g-1',
    };
    expect(JSON.parse(kalshiOrderBody(order))).toEqual({
      ticker: 'KXAAA-26DEC01',
      client_order_id: 'ur0-mh2k9x1c-7',
      side: 'ask',
      count: '0.01',
      price: '0.9999',
      time_in_force: 'good_till_canceled',
      self_trade_prevention_type: 'maker',
      exchange_index: 2,
      expiration_time: 1_793_613_600,
      post_only: true,
      cancel_order_on_pause: true,
      subaccount: 63,
      order_group_id: 'g-1',
    });
    const kill = kalshiOrderBody({ ...ORDER, timeInForce: 'fill_or_kill' });
    expect(JSON.parse(kill).time_in_force).toBe('fill_or_kill');
    expect(JSON.parse(kalshiOrderBody({ ...ORDER, reduceOnly: true })).reduce_only).toBe(true);
  });

  it('is the same bytes from the quick writer and the full one', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.stringMatching(/^[a-z0-9-]{1,24}$/),
        fc.constantFrom('bid' as const, 'ask' as const),
        fc.integer({ min: 1, max: 50_000_000 }),
        fc.integer({ min: 1, max: 9_999 }),
        fc.nat(9),
        (ticker, clientOrderId, side, sizeCenti, yesPriceE4, exchangeIndex) => {
          const frame = kalshiIocFrame(ticker, exchangeIndex);
          const order = {
            ...ORDER,
            ticker,
            clientOrderId,
            side,
            sizeCenti,
            yesPriceE4,
            exchangeIndex,
          };
          expect(kalshiIocBody(frame, clientOrderId, side, sizeCenti, yesPriceE4)).toBe(
            kalshiOrderBody(order),
          );
        },
      ),
    );
  });

  it.each<[string, Partial<KalshiNewOrder>]>([
    ['an expiration with IOC', { expirationS: 1_793_613_600 }],
    ['post only with IOC', { postOnly: true }],
    ['reduce only that rests', { reduceOnly: true, timeInForce: 'good_till_canceled' }],
    ['reduce only with FOK', { reduceOnly: true, timeInForce: 'fill_or_kill' }],
    ['no size', { sizeCenti: 0 }],
    ['less than no size', { sizeCenti: -1 }],
    ['a part of a hundredth', { sizeCenti: 1.5 }],
    ['a size that is no number', { sizeCenti: Number.NaN }],
    ['a price of 0', { yesPriceE4: 0 }],
    ['a price of 1', { yesPriceE4: 10_000 }],
    ['a price between two steps', { yesPriceE4: 4_400.5 }],
  ])('is not written with %s', (_what, over) => {
    expect(() => kalshiOrderBody({ ...ORDER, ...over })).toThrow(KalshiOrderBodyError);
    expect(() => kalshiBatchBody([ORDER, { ...ORDER, ...over }])).toThrow(KalshiOrderBodyError);
  });
});

it('writes a batch as a list of the bodies of its orders', () => {
  const other = { ...ORDER, ticker: 'KXB' };
  expect(kalshiBatchBody([ORDER, other])).toBe(
    `{"orders":[${kalshiOrderBody(ORDER)},${kalshiOrderBody(other)}]}`,
  );
});

it('names market and shard of every order that it cancels', () => {
  expect(kalshiCancelBatchBody([REF, { ...REF, orderId: 'o-2', subaccount: 4 }])).toBe(
    '{"orders":[{"order_id":"o-1","exchange_index":3,"market_ticker":"KXA-1"}' +
      ',{"order_id":"o-2","subaccount":4,"exchange_index":3,"market_ticker":"KXA-1"}]}',
  );
});

it('says exactly one size of a decrease', () => {
  const common = '"exchange_index":3,"market_ticker":"KXA-1"}';
  expect(kalshiDecreaseBody(REF, { byCenti: 125 })).toBe(`{"reduce_by":"1.25",${common}`);
  expect(kalshiDecreaseBody(REF, { toCenti: 0 })).toBe(`{"reduce_to":"0.00",${common}`);
  expect(() => kalshiDecreaseBody(REF, { byCenti: 0 })).toThrow(KalshiOrderBodyError);
});

it('amends with a total size, and with 0 for an expiration that is to go', () => {
  const body = kalshiAmendBody(REF, {
    side: 'ask',
    yesPriceE4: 120,
    sizeCenti: 700,
    updatedClientOrderId: 'c-2',
    expirationS: 0,
  });
  expect(body).toBe(
    '{"ticker":"KXA-1","side":"ask","price":"0.0120","count":"7.00"' +
      ',"updated_client_order_id":"c-2","expiration_time":0,"exchange_index":3}',
  );
});

describe('the body of a January 2026 order', () => {
  interface Recorded {
    readonly url: string;
    readonly body: {
      readonly action: 'buy' | 'sell';
      readonly client_order_id: string;
      readonly count: number;
      readonly side: 'yes' | 'no';
      readonly ticker: string;
      readonly yes_price: number;
    };
  }
  const path = '../shared/data/recorded/orders/http_exchanges_2026-01-20.jsonl';
  const recorded = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly request: Recorded }).request)
    .filter(({ url }) => url.endsWith('kalshi.com/trade-api/v2/portfolio/orders'));

  it('is byte for byte what was recorded', () => {
    expect(recorded.length).toBe(6);
    for (const { body } of recorded) {
      const {
        action,
        client_order_id: clientOrderId,
        count,
        side,
        ticker,
        yes_price: cents,
      } = body;
      expect(
        kalshiLegacyIocBody(ticker, clientOrderId, action, side, count * 100, cents * 100),
      ).toBe(JSON.stringify(body));
    }
  });

  it('names the price of the outcome that is bought', () => {
    const body = kalshiLegacyIocBody('KXA', 'c-1', 'buy', 'no', 300, 4_400);
    expect(JSON.parse(body ?? '')).toEqual({
      action: 'buy',
      client_order_id: 'c-1',
      count: 3,
      side: 'no',
      ticker: 'KXA',
      time_in_force: 'immediate_or_cancel',
      type: 'limit',
      no_price: 44,
    });
  });

  it('is none for parts of a cent or of a contract', () => {
    expect(kalshiLegacyIocBody('KXA', 'c-1', 'buy', 'yes', 300, 4_410)).toBeUndefined();
    expect(kalshiLegacyIocBody('KXA', 'c-1', 'buy', 'yes', 250, 4_400)).toBeUndefined();
  });
});

it('knows hosts whose paths are the ones that are signed', () => {
  const hosts = Object.values(KALSHI_HOSTS).flatMap((sets) => Object.values(sets));
  expect(new Set(hosts.map(({ restUrl }) => restUrl)).size).toBe(4);
  for (const { restUrl, wsUrl } of hosts) {
    const [rest, ws] = [new URL(restUrl), new URL(wsUrl)];
    expect([rest.protocol, rest.pathname]).toEqual(['https:', KALSHI_REST_PATH]);
    expect([ws.protocol, ws.pathname]).toEqual(['wss:', KALSHI_WS_PATH]);
  }
  expect(KALSHI_HOSTS.prod.external.restUrl).toBe('https://external-api.kalshi.com/trade-api/v2');
  expect(KALSHI_HOSTS.demo.elections.wsUrl).toBe('wss://demo-api.kalshi.co/trade-api/ws/v2');
});
