import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../src/domain/clock.js';
import { RestClient } from '../../src/net/rest-client.js';
import { WsSession } from '../../src/net/ws-session.js';
import {
  findKalshiOrder,
  listKalshiOrders,
  listKalshiPositions,
  loadKalshiCash,
  loadKalshiFills,
} from '../../src/venues/kalshi/account.js';
import { loadKalshiExchangeStatus } from '../../src/venues/kalshi/exchange-status.js';
import { KalshiFillStream } from '../../src/venues/kalshi/fills.js';
import { type KalshiIdentity, kalshiHeaders } from '../../src/venues/kalshi/headers.js';
import { loadKalshiCosts, loadKalshiLimits } from '../../src/venues/kalshi/limits.js';
import { KalshiOrderCalls } from '../../src/venues/kalshi/order-calls.js';
import type { KalshiOrderState } from '../../src/venues/kalshi/portfolio-rows.js';
import { loadKalshiTerms } from '../../src/venues/kalshi/terms.js';
import { KALSHI_WS_PATH } from '../../src/venues/kalshi/wire/auth.js';
import type { KalshiNewOrder } from '../../src/venues/kalshi/wire/order-body.js';
import type { VenueFill } from '../../src/venues/orders.js';
import { Harness, KEYS, listing, STARTING_MICROS, until } from '../sim/kalshi/harness.js';

const clock: Clock = { nowNs: () => Math.round(performance.now() * 1e6), wallMs: () => Date.now() };
const identity: KalshiIdentity = { keyId: 'key-alice', key: KEYS.alice!.privateKey, clock };
const LISTINGS = [
  listing(0),
  listing(1, { ticker: 'KXBBB-26DEC01-T1', eventTicker: 'KXBBB-26DEC01', exchangeIndex: 2 }),
];
const MARKETS = new Map(LISTINGS.map(({ ticker, market }) => [ticker, market]));
const TICKERS = LISTINGS.map(({ ticker }) => ticker);

let harness: Harness;
let rest: RestClient;
let calls: KalshiOrderCalls;
beforeEach(async () => {
  harness = await Harness.start(LISTINGS);
  rest = new RestClient(harness.server.restUrl, 2_000);
  calls = new KalshiOrderCalls(rest, identity);
});
afterEach(async () => {
  await rest.close();
  await harness.stop();
});

const order = (market: number, clientOrderId: string, over: Partial<KalshiNewOrder> = {}) => ({
  ticker: TICKERS[market]!,
  clientOrderId,
  side: 'bid' as const,
  sizeCenti: 500,
  yesPriceE4: 4_400,
  timeInForce: 'immediate_or_cancel' as const,
  selfTradePrevention: 'taker_at_cross' as const,
  exchangeIndex: LISTINGS[market]!.exchangeIndex,
  ...over,
});

/** Asks again until the reads, which lag, say it. */
async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const endMs = Date.now() + 5_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > endMs) throw new Error(`never came: ${JSON.stringify(value)}`);
  }
}

it('trades, and the account says so everywhere', async () => {
  harness.post(0, 'ask', 4_300, 3);
  const fills: VenueFill[] = [];
  const orders: KalshiOrderState[] = [];
  const unreadable: string[] = [];
  let isOpen = false;
  const stream = new KalshiFillStream(MARKETS, (fill) => fills.push(fill), {
    onOrder: (one) => orders.push(one),
    onUnreadable: (text) => unreadable.push(text),
  });
  const headers = () =>
    kalshiHeaders(identity.keyId, identity.key, clock.wallMs(), 'GET', KALSHI_WS_PATH);
  const session = new WsSession(
    { url: harness.server.wsUrl, headers },
    {
      opened: (send, nowNs) => stream.opened(send, nowNs),
      closed: () => stream.closed(),
      tick: (nowNs) => stream.tick(nowNs),
      frame: (data, receiveNs) => {
        isOpen ||= data.includes('"user_orders"');
        stream.frame(data, receiveNs);
      },
    },
    { connected: () => undefined, disconnected: () => undefined },
    clock,
    Math.random,
    250,
  );
  try {
    await until(() => isOpen);
    const replies = await calls.createOrders([
      order(0, 'c-filled'),
      order(1, 'c-killed'),
      order(0, 'c-filled'),
      order(0, 'c-lost', { ticker: 'KXNONE' }),
    ]);
    expect(replies).toMatchObject([
      { kind: 'acknowledged', filledE6: 3_000_000 },
      { kind: 'acknowledged', filledE6: 0 },
      { kind: 'unknown' },
      { kind: 'rejected', reaction: 'rest-market' },
    ]);
    await until(() => fills.length === 1 && orders.some((one) => one.clientOrderId === 'c-killed'));
    expect(fills[0]).toMatchObject({ clientOrderId: 'c-filled', market: 0, sizeE6: 3_000_000 });
    expect(fills[0]!.costMicros).toBe(3 * 430_000);
    const killed = orders.find((one) => one.clientOrderId === 'c-killed');
    expect(killed).toMatchObject({ status: 'canceled', filledCenti: 0, remainingCenti: 0 });
    expect(unreadable).toEqual([]);
  } finally {
    session.close();
  }
  const { micros } = await loadKalshiCash(rest, identity);
  expect(STARTING_MICROS - micros).toBe(fills[0]!.costMicros + fills[0]!.feeMicros);
  const listed = await eventually(
    () => loadKalshiFills(rest, identity, 0, MARKETS),
    (all) => all.fills.length === 1 && all.fills[0]?.clientOrderId === 'c-filled',
  );
  expect(listed).toEqual({ fills, unreadable: { count: 0, firstText: '' } });
  const { positions } = await eventually(
    () => listKalshiPositions(rest, identity),
    (all) => all.positions.length === 1,
  );
  expect(positions[0]).toMatchObject({ ticker: TICKERS[0], netCenti: 300 });
  const found = await findKalshiOrder(rest, identity, 'c-filled', 0);
  expect(found).toMatchObject({ kind: 'found', order: { filledCenti: 300, status: 'canceled' } });
  expect(await findKalshiOrder(rest, identity, 'c-never', 0)).toEqual({ kind: 'absent' });
});

it('cancels orders on their own shards', async () => {
  const resting = { timeInForce: 'good_till_canceled' as const };
  const replies = await calls.createOrders([
    order(0, 'c-0', resting),
    order(1, 'c-1', resting),
    order(1, 'c-2', resting),
    order(1, 'c-3', resting),
  ]);
  const refs = replies.map((reply, index) => ({
    orderId: reply.kind === 'acknowledged' ? reply.orderId : '',
    ticker: TICKERS[index === 0 ? 0 : 1]!,
    exchangeIndex: index === 0 ? 0 : 2,
  }));
  const canceled = { kind: 'canceled', reducedCenti: 500 };
  expect(await calls.cancelOrder(refs[1]!)).toEqual(canceled);
  expect(await calls.cancelOrder(refs[1]!)).toEqual({ kind: 'gone-or-never-there' });
  expect(await calls.cancelOrder({ ...refs[2]!, exchangeIndex: 0 })).toMatchObject({
    kind: 'gone-or-never-there',
  });
  expect(await calls.cancelOrders([refs[0]!, refs[1]!, refs[2]!])).toEqual([
    canceled,
    { kind: 'gone-or-never-there' },
    canceled,
  ]);
  expect(await calls.cancelAll()).toEqual({ kind: 'taken' });
  const { orders } = await eventually(
    () => listKalshiOrders(rest, identity, 0),
    (all) => all.orders.length === 4 && all.orders.every(({ status }) => status === 'canceled'),
  );
  expect(orders.map(({ filledCenti }) => filledCenti)).toEqual([0, 0, 0, 0]);
});

it('reads terms, limits, costs and status', async () => {
  const terms = await loadKalshiTerms(rest, [...TICKERS, 'KXNONE']);
  expect(terms).toMatchObject([
    { ticker: TICKERS[0], eventTicker: 'KXAAA-26DEC01', exchangeIndex: 0 },
    { ticker: TICKERS[1], eventTicker: 'KXBBB-26DEC01', exchangeIndex: 2 },
    { ticker: 'KXNONE', refused: 'kalshi does not list it' },
  ]);
  const { read, write } = await loadKalshiLimits(rest, identity);
  expect([read.capacity, write.perSecond].every((limit) => limit > 0)).toBe(true);
  const costs = await loadKalshiCosts(rest, identity);
  const path = '/portfolio/events/orders';
  expect([costs.costOf('POST', path), costs.costOf('DELETE', `${path}/o-1`)]).toEqual([10, 2]);
  const { shards } = await loadKalshiExchangeStatus(rest);
  expect([...shards.keys()]).toEqual([0, 2]);
  expect([...shards.values()].every(({ tradingActive }) => tradingActive)).toBe(true);
});
