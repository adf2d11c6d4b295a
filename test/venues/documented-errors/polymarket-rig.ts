// A simulated Polymarket with our own clients on it, through a relay that shows what was said. Knows no error.

import { z } from 'zod';
import type { Clock } from '../../../src/domain/clock.js';
import { polymarketFeeSchedule } from '../../../src/domain/polymarket-fee.js';
import { YES } from '../../../src/domain/venue.js';
import { NO_BREAKER } from '../../../src/net/circuit-breaker.js';
import { RestClient, RestError } from '../../../src/net/rest-client.js';
import type { PolymarketServerOptions } from '../../../src/sim/polymarket/server.js';
import type { Fault } from '../../../src/sim/server.js';
import { type LegOrder, type LegReply, PREPARED } from '../../../src/venues/orders.js';
import { loadPolymarketCredentials } from '../../../src/venues/polymarket/account.js';
import { PolymarketOrderCalls } from '../../../src/venues/polymarket/order-calls.js';
import { OrderSigner } from '../../../src/venues/polymarket/order-signer.js';
import {
  type PolymarketCredentials,
  type PolymarketOrderOptions,
  PolymarketOrders,
} from '../../../src/venues/polymarket/orders.js';
import {
  type PolymarketIdentity,
  privateCall,
} from '../../../src/venues/polymarket/private-call.js';
import { CONTRACTS, POLYGON_CHAIN_ID } from '../../../src/venues/polymarket/wire/contracts.js';
import { EOA } from '../../../src/venues/polymarket/wire/order-hash.js';
import { until } from '../../net/raw-server.js';
import {
  type Exchange,
  LISTINGS,
  STARTING_MICROS,
  startExchange,
  TRADER,
  TRADER_KEY,
  Trader,
} from '../../sim/polymarket/exchange-fixture.js';
import { type WireCall, WireTap } from './wire-tap.js';

/** What is for sale in market 0: any order of the rig that is taken fills. */
const OFFER_E4 = 5_000;
const OFFERED_E6 = 10_000_000_000;
const ORDER_TIMEOUT_MS = 2_000;
export const EXCHANGES = {
  standard: CONTRACTS.exchangeV2,
  negRisk: CONTRACTS.negRiskExchangeV2,
};

export const clock: Clock = {
  nowNs: () => Math.round(performance.now() * 1e6),
  wallMs: () => Date.now(),
};

export const FILL_MARKETS = new Map(
  LISTINGS.map(({ market, conditionId, tokenIds, feeRate, feeExponent }) => {
    const fees = polymarketFeeSchedule(feeRate, feeExponent);
    if (fees === undefined) throw new Error('the listing has no fee');
    return [conditionId, { market, conditionId, tokenIds, fees }] as const;
  }),
);

export class PolymarketRig {
  readonly exchange: Exchange;
  readonly tap: WireTap;
  readonly rest: RestClient;
  readonly identity: PolymarketIdentity;
  readonly calls: PolymarketOrderCalls;
  /** How long the client waited before it asked again. The exchange's clock goes on meanwhile. */
  readonly waitsMs: number[] = [];
  readonly #time: { skewMs: number };
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(
    exchange: Exchange,
    tap: WireTap,
    credentials: PolymarketCredentials,
    time: { skewMs: number },
  ) {
    this.exchange = exchange;
    this.tap = tap;
    this.#time = time;
    this.rest = new RestClient(tap.through(exchange.server.restUrl), 5_000, {
      sleep: async (ms) => {
        this.waitsMs.push(ms);
        this.pass(ms);
      },
    });
    this.identity = { credentials, clock };
    this.calls = new PolymarketOrderCalls(this.rest, this.identity);
  }

  static async open(options: Partial<PolymarketServerOptions> = {}): Promise<PolymarketRig> {
    const time = { skewMs: 0 };
    const exchange = await startExchange({ now: () => Date.now() + time.skewMs, ...options });
    exchange.quote(0, 'ask', OFFER_E4, OFFERED_E6);
    const credentials = await credentialsOf(exchange, TRADER_KEY);
    const tap = await WireTap.open(exchange.server.port);
    return new PolymarketRig(exchange, tap, credentials, time);
  }

  /** Neither money nor shares have moved. */
  get isUntouched(): boolean {
    return this.exchange.accounts.cashMicros(TRADER) === STARTING_MICROS && this.heldE6 === 0;
  }

  get heldE6(): number {
    return this.exchange.accounts.heldE6(TRADER, 0, YES);
  }

  /** Calls about orders that may change something. */
  get writes(): readonly WireCall[] {
    return this.tap.writes.filter(({ path }) => !path.startsWith('/auth'));
  }

  inject(fault: Fault): void {
    this.exchange.server.inject(fault);
  }

  get aheadMs(): number {
    return this.#time.skewMs;
  }

  /** The exchange's clock goes forward. */
  pass(ms: number): void {
    this.#time.skewMs += ms;
  }

  credentials(key: Buffer): Promise<PolymarketCredentials> {
    return credentialsOf(this.exchange, key);
  }

  async gateway(over: Partial<PolymarketOrderOptions> = {}): Promise<PolymarketOrders> {
    const { credentials } = this.identity;
    const gateway = new PolymarketOrders({
      restUrl: this.tap.through(this.exchange.server.restUrl),
      chainId: POLYGON_CHAIN_ID,
      exchanges: EXCHANGES,
      privateKey: new Uint8Array(TRADER_KEY),
      funder: credentials.address,
      credentials,
      markets: LISTINGS.map(({ tokenIds, negRisk, tickE4 }) => ({
        tokenIds,
        negRisk,
        tickE4,
        protocol: 'v1' as const,
      })),
      connections: 2,
      timeoutMs: ORDER_TIMEOUT_MS,
      clock,
      breaker: NO_BREAKER,
      bucket: undefined,
      rest: this.rest,
      ...over,
    });
    this.#closers.push(() => gateway.close());
    await gateway.start();
    return gateway;
  }

  /** One order by our gateway; of market 0 it would fill. */
  async send(leg: Partial<LegOrder> = {}, gateway?: PolymarketOrders): Promise<LegReply> {
    const own = gateway ?? (await this.gateway());
    await until(() => own.canWrite, 'a line for an order');
    const order: LegOrder = {
      clientOrderId: 'unused',
      market: 0,
      outcome: YES,
      sizeCenti: 1_000,
      limitE4: OFFER_E4,
      spendMicros: 5_000_000,
      ...leg,
    };
    if (own.prepare(order) !== PREPARED) throw new Error('the order cannot be said');
    return new Promise((resolve, reject) => {
      if (own.write(resolve) < 0) reject(new Error('not written'));
    });
  }

  /** Orders that our gateway does not make, for our batch calls. */
  signer(): OrderSigner {
    return new OrderSigner({
      chainId: POLYGON_CHAIN_ID,
      exchanges: EXCHANGES,
      privateKey: new Uint8Array(TRADER_KEY),
      signatureType: EOA,
      funder: this.identity.credentials.address,
    });
  }

  /** A plain client that says what ours never would. */
  async trader(): Promise<Trader> {
    const trader = new Trader(this.tap.through(this.exchange.server.restUrl), TRADER_KEY);
    this.#closers.push(() => trader.close());
    await trader.login();
    return trader;
  }

  /** A signed read by our REST client: what it says of a refusal, undefined when it went well. */
  read(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const call = privateCall(this.rest, this.identity, { method: 'GET', path, query });
    return failureOf(this.rest.call(call, z.unknown()));
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    await this.rest.close();
    await this.tap.close();
    await this.exchange.close();
  }
}

async function credentialsOf(exchange: Exchange, key: Buffer): Promise<PolymarketCredentials> {
  const rest = new RestClient(exchange.server.restUrl, 5_000);
  try {
    return await loadPolymarketCredentials(rest, new Uint8Array(key), POLYGON_CHAIN_ID, clock);
  } finally {
    await rest.close();
  }
}

/** undefined for a call that went well. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return { status: error.status, body: error.body };
  }
}
