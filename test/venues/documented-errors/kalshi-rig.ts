// A simulated Kalshi with our own clients on it, through a relay that shows what was said. Knows no error.

import { z } from 'zod';
import type { Clock } from '../../../src/domain/clock.js';
import { YES } from '../../../src/domain/venue.js';
import { NO_BREAKER } from '../../../src/net/circuit-breaker.js';
import { RestClient, RestError } from '../../../src/net/rest-client.js';
import type { KalshiServerOptions } from '../../../src/sim/kalshi/server.js';
import { parseObject } from '../../../src/venues/json.js';
import { errorCode } from '../../../src/venues/kalshi/error-reactions.js';
import { type KalshiIdentity, signedCall } from '../../../src/venues/kalshi/headers.js';
import { KalshiOrderCalls } from '../../../src/venues/kalshi/order-calls.js';
import { type KalshiOrderOptions, KalshiOrders } from '../../../src/venues/kalshi/orders.js';
import type { KalshiNewOrder, KalshiOrderRef } from '../../../src/venues/kalshi/wire/order-body.js';
import { type LegOrder, type LegReply, PREPARED } from '../../../src/venues/orders.js';
import { until } from '../../net/raw-server.js';
import { Harness, KEYS, listing, STARTING_MICROS } from '../../sim/kalshi/harness.js';
import { WireTap } from './wire-tap.js';

export const ORDERS_PATH = '/portfolio/events/orders';
/** Market 1 is on another shard than 0 and 2. */
export const LISTINGS = [
  listing(0),
  listing(1, { ticker: 'KXBBB-26DEC01-T1', eventTicker: 'KXBBB-26DEC01', exchangeIndex: 2 }),
  listing(2),
];
export const TICKERS = LISTINGS.map(({ ticker }) => ticker);
const ACCOUNT = 'alice';
/** What is for sale in market 0: any order of the rig that is taken fills. */
const OFFER_E4 = 5_000;
const OFFERED_CONTRACTS = 1_000_000;
const ORDER_TIMEOUT_MS = 2_000;

export const clock: Clock = {
  nowNs: () => Math.round(performance.now() * 1e6),
  wallMs: () => Date.now(),
};
export const identity: KalshiIdentity = {
  keyId: `key-${ACCOUNT}`,
  key: KEYS[ACCOUNT]!.privateKey,
  clock,
};

let orderCount = 0;

export class KalshiRig {
  readonly harness: Harness;
  readonly tap: WireTap;
  readonly rest: RestClient;
  readonly calls: KalshiOrderCalls;
  /** How long the client waited before it asked again. The exchange's clock goes on meanwhile. */
  readonly waitsMs: number[] = [];
  readonly #gateways: KalshiOrders[] = [];

  private constructor(harness: Harness, tap: WireTap) {
    this.harness = harness;
    this.tap = tap;
    this.rest = new RestClient(tap.through(harness.server.restUrl), 5_000, {
      sleep: async (ms) => {
        this.waitsMs.push(ms);
        harness.skewMs += ms;
      },
    });
    this.calls = new KalshiOrderCalls(this.rest, identity);
  }

  static async open(options: Partial<KalshiServerOptions> = {}): Promise<KalshiRig> {
    const harness = await Harness.start(LISTINGS, options);
    harness.post(0, 'ask', OFFER_E4, OFFERED_CONTRACTS);
    return new KalshiRig(harness, await WireTap.open(harness.server.port));
  }

  /** Neither money nor contracts have moved. */
  get isUntouched(): boolean {
    const { accounts } = this.harness;
    return accounts.cashMicros(ACCOUNT) === STARTING_MICROS && this.heldE6 === 0;
  }

  get heldE6(): number {
    return this.harness.accounts.signedE6(ACCOUNT, 0);
  }

  async gateway(over: Partial<KalshiOrderOptions> = {}): Promise<KalshiOrders> {
    const gateway = new KalshiOrders({
      restUrl: this.tap.through(this.harness.server.restUrl),
      keyId: identity.keyId,
      privateKey: identity.key,
      markets: LISTINGS,
      connections: 2,
      timeoutMs: ORDER_TIMEOUT_MS,
      clock,
      breaker: NO_BREAKER,
      bucket: undefined,
      ...over,
    });
    this.#gateways.push(gateway);
    await gateway.start();
    return gateway;
  }

  /** One order by our gateway; of market 0 it would fill. */
  async send(leg: Partial<LegOrder> = {}, gateway?: KalshiOrders): Promise<LegReply> {
    const own = gateway ?? (await this.gateway());
    await until(() => own.canWrite, 'a line for an order');
    const order: LegOrder = {
      clientOrderId: `leg-${++orderCount}`,
      market: 0,
      outcome: YES,
      sizeCenti: 1_000,
      limitE4: OFFER_E4,
      spendMicros: 0,
      ...leg,
    };
    if (own.prepare(order) !== PREPARED) throw new Error('the order cannot be said');
    return new Promise((resolve, reject) => {
      if (own.write(resolve) < 0) reject(new Error('not written'));
    });
  }

  /** A signed call of our REST client: undefined when it went well, else what it says of the refusal. */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const [bare = '', search = ''] = path.split('?');
    const call = {
      method,
      path: bare,
      query: new URLSearchParams(search),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    return failureOf(this.rest.call(signedCall(this.rest, identity, call), z.unknown()));
  }

  /** A resting order of ours in market 0, made past the relay. */
  async resting(over: Record<string, unknown> = {}): Promise<KalshiOrderRef> {
    const { body } = await this.harness.create({
      price: '0.3000',
      time_in_force: 'good_till_canceled',
      ...over,
    });
    return { orderId: body.order_id, ticker: TICKERS[0]!, exchangeIndex: 0 };
  }

  async close(): Promise<void> {
    for (const gateway of this.#gateways) await gateway.close();
    await this.rest.close();
    await this.tap.close();
    await this.harness.stop();
  }
}

/** An order for a batch, which in market 0 would fill. */
export function newOrder(over: Partial<KalshiNewOrder> = {}): KalshiNewOrder {
  return {
    ticker: TICKERS[0]!,
    clientOrderId: `batch-${++orderCount}`,
    side: 'bid',
    sizeCenti: 100,
    yesPriceE4: OFFER_E4,
    timeInForce: 'immediate_or_cancel',
    selfTradePrevention: 'taker_at_cross',
    exchangeIndex: 0,
    ...over,
  };
}

/** undefined for a call that went well. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return { status: error.status, code: errorCode(parseObject(error.body)) };
  }
}
