// A simulated Kalshi on loopback with its matching engine in reach, and a plain client for each
// side of its protocol.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { KALSHI } from '../../../src/domain/venue.js';
import { Accounts } from '../../../src/sim/accounts.js';
import type { KalshiListing } from '../../../src/sim/exchange.js';
import { type KalshiServerOptions, startKalshiServer } from '../../../src/sim/kalshi/server.js';
import { SimMatchingEngine } from '../../../src/sim/market/matching-engine.js';
import type { SimServer } from '../../../src/sim/server.js';
import { kalshiMessage, signKalshi } from '../../../src/venues/kalshi/wire/auth.js';
import type {
  KalshiAccountLimits,
  KalshiBalance,
  KalshiBatchCancelItem,
  KalshiCancelReply,
  KalshiCreateReply,
  KalshiErrorBody,
  KalshiEvent,
  KalshiEventFeeChange,
  KalshiEventPosition,
  KalshiExchangeStatus,
  KalshiFill,
  KalshiMarket,
  KalshiMarketPosition,
  KalshiOrder,
  KalshiOrderbook,
  KalshiSeries,
  KalshiSettlement,
} from '../../../src/venues/kalshi/wire/rest-messages.js';
import type { KalshiServerMessage } from '../../../src/venues/kalshi/wire/ws-messages.js';

export const STARTING_MICROS = 1_000_000_000;
const DEADLINE_MS = 5_000;

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const KEYS: Readonly<Record<string, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  alice: ed25519,
  bob: rsa,
};

export function listing(market: number, over: Partial<KalshiListing> = {}): KalshiListing {
  return {
    market,
    ticker: `KXAAA-26DEC01-T${market}`,
    eventTicker: 'KXAAA-26DEC01',
    seriesTicker: 'KXAAA',
    marketId: `11111111-2222-4333-8444-${String(market).padStart(12, '0')}`,
    title: `Will A be above ${market}?`,
    rules: 'If A is above, then the market resolves to Yes.',
    exchangeIndex: 0,
    feeType: 'quadratic',
    feeMultiplier: 1,
    priceLevelStructure: 'linear_cent',
    priceGrid: [{ startE4: 0, endE4: 10_000, stepE4: 100 }],
    openTimeMs: 0,
    closeTimeMs: 4_000_000_000_000,
    ...over,
  };
}

/**
 * Every field that a test reads from any reply: the one it asks for is there, or the test fails on
 * undefined.
 */
export interface Body
  extends KalshiCreateReply,
    KalshiCancelReply,
    KalshiBalance,
    KalshiAccountLimits,
    KalshiExchangeStatus,
    KalshiErrorBody {
  readonly error: KalshiErrorBody;
  readonly msg: string;
  readonly cursor: string;
  readonly client_order_id: string;
  readonly market: KalshiMarket;
  readonly markets: readonly KalshiMarket[];
  readonly event: KalshiEvent;
  readonly events: readonly KalshiEvent[];
  readonly series: KalshiSeries & readonly KalshiSeries[];
  readonly orderbook_fp: KalshiOrderbook;
  readonly orderbooks: readonly { ticker: string; orderbook_fp: KalshiOrderbook }[];
  readonly order: KalshiOrder;
  readonly orders: readonly (KalshiOrder & KalshiCreateReply & KalshiBatchCancelItem)[];
  readonly fills: readonly KalshiFill[];
  readonly market_positions: readonly KalshiMarketPosition[];
  readonly event_positions: readonly KalshiEventPosition[];
  readonly settlements: readonly KalshiSettlement[];
  readonly event_fee_changes: readonly KalshiEventFeeChange[];
  readonly allocations: readonly { exchange_index: number; percent: number }[];
  readonly order_group_id: string;
  readonly endpoint_costs: readonly { method: string; path: string; cost: number }[];
}

export interface Reply {
  readonly status: number;
  readonly body: Body;
  readonly date: string;
}

export type Frame = KalshiServerMessage;
export type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>;

/** One WebSocket that keeps every frame it gets. */
export class Client {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  /** Those of the texts that are JSON. */
  readonly frames: Frame[] = [];
  readonly pings: string[] = [];
  closed = false;
  #nextId = 1000;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const text = String(data);
      this.texts.push(text);
      if (text.endsWith('}')) this.frames.push(JSON.parse(text));
    });
    socket.on('ping', (data) => this.pings.push(String(data)));
    socket.on('close', () => {
      this.closed = true;
    });
  }

  of<T extends Frame['type']>(type: T): FrameOf<T>[] {
    return this.frames.filter((frame): frame is FrameOf<T> => frame.type === type);
  }

  /** The nth frame of a type, from 0. */
  nth<T extends Frame['type']>(type: T, index = 0): Promise<FrameOf<T>> {
    return until(() => this.of(type)[index]);
  }

  send(command: object | string): void {
    this.socket.send(typeof command === 'string' ? command : JSON.stringify(command));
  }

  /** The first frame that answers a command with this id. */
  async call(command: { readonly id: number; readonly [key: string]: unknown }): Promise<Frame> {
    this.send(command);
    return this.frame((frame) => 'id' in frame && frame.id === command.id);
  }

  frame(matches: (frame: Frame) => boolean): Promise<Frame> {
    return until(() => this.frames.find(matches));
  }

  /** Waits until everything that was sent before has been received. */
  async settle(): Promise<void> {
    await this.call({ id: this.#nextId++, cmd: 'list_subscriptions' });
  }

  /** Subscribes one channel without a filter. */
  channel(channel: string): Promise<Frame> {
    const id = this.#nextId++;
    return this.call({ id, cmd: 'subscribe', params: { channels: [channel] } });
  }

  async book(tickers: readonly string[], params: object = {}): Promise<Frame> {
    const id = this.#nextId++;
    return this.call({
      id,
      cmd: 'subscribe',
      params: { channels: ['orderbook_delta'], market_tickers: tickers, ...params },
    });
  }
}

/** The value of `probe` once it is neither undefined nor false. */
export async function until<T>(probe: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${String(probe)}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export class Harness {
  readonly engine: SimMatchingEngine;
  readonly accounts = new Accounts({ nets: true });
  readonly listings: readonly KalshiListing[];
  readonly clients: Client[] = [];
  server!: SimServer;
  /** Added to the real clock: the exchange's time is this far ahead. */
  skewMs = 0;
  #postId = 0;
  #clientOrderId = 0;

  constructor(listings: readonly KalshiListing[]) {
    this.listings = listings;
    this.engine = new SimMatchingEngine({
      venue: KALSHI,
      markets: listings.length,
      now: () => this.now(),
    });
  }

  now(): number {
    return Date.now() + this.skewMs;
  }

  static async start(
    listings: readonly KalshiListing[] = [listing(0), listing(1)],
    options: Partial<KalshiServerOptions> = {},
  ): Promise<Harness> {
    const harness = new Harness(listings);
    for (const account of Object.keys(KEYS)) harness.accounts.open(account, STARTING_MICROS);
    harness.server = await startKalshiServer({
      host: '127.0.0.1',
      port: 0,
      engine: harness.engine,
      accounts: harness.accounts,
      now: () => harness.now(),
      log: () => undefined,
      listings,
      keys: Object.entries(KEYS).map(([account, { publicKey }]) => {
        return { keyId: `key-${account}`, publicKey, account };
      }),
      ...options,
    });
    return harness;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.clients) socket.terminate();
    await this.server.close();
  }

  /** A maker of the market posts; returns its id for `pull`. */
  post(market: number, side: 'bid' | 'ask', priceE4: number, contracts: number): number {
    const postId = ++this.#postId;
    const sizeE6 = Math.round(contracts * 100) * 10_000;
    this.#apply(market, { cancelId: 0, postId, side, priceE4, sizeE6 });
    return postId;
  }

  pull(market: number, cancelId: number): void {
    this.#apply(market, { cancelId, postId: 0, side: 'bid', priceE4: 0, sizeE6: 0 });
  }

  #apply(
    market: number,
    op: { cancelId: number; postId: number; side: 'bid' | 'ask'; priceE4: number; sizeE6: number },
  ): void {
    this.engine.apply({ atUs: 0, venue: KALSHI, market, ...op });
  }

  headers(
    account: string,
    method: string,
    path: string,
    atMs = this.now(),
  ): Record<string, string> {
    const timestamp = String(atMs);
    const key = KEYS[account]!.privateKey;
    return {
      'KALSHI-ACCESS-KEY': `key-${account}`,
      'KALSHI-ACCESS-TIMESTAMP': timestamp,
      'KALSHI-ACCESS-SIGNATURE': signKalshi(key, kalshiMessage(timestamp, method, path)),
    };
  }

  async rest(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply> {
    const url = new URL(`${this.server.restUrl}${path}`);
    const reply = await request(url, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(headers ?? this.headers('alice', method, url.pathname)),
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await reply.body.text();
    return {
      status: reply.statusCode,
      body: text === '' ? undefined! : JSON.parse(text),
      date: String(reply.headers.date),
    };
  }

  get(path: string): Promise<Reply> {
    return this.rest('GET', path);
  }

  delete(path: string): Promise<Reply> {
    return this.rest('DELETE', path);
  }

  order(over: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      ticker: this.listings[0]!.ticker,
      client_order_id: `order-${++this.#clientOrderId}`,
      side: 'bid',
      count: '1.00',
      price: '0.5000',
      time_in_force: 'immediate_or_cancel',
      self_trade_prevention_type: 'taker_at_cross',
      ...over,
    };
  }

  /** Stops the clock; `skewMs` moves it from then on. */
  freezeClock(): void {
    const frozenMs = Date.now();
    this.now = () => frozenMs + this.skewMs;
  }

  create(over: Record<string, unknown> = {}, account = 'alice'): Promise<Reply> {
    const path = '/portfolio/events/orders';
    const headers = this.headers(account, 'POST', `/trade-api/v2${path}`);
    return this.rest('POST', path, this.order(over), headers);
  }

  async connect(account = 'alice'): Promise<Client> {
    const headers = this.headers(account, 'GET', '/trade-api/ws/v2');
    const socket = new WebSocket(this.server.wsUrl, { headers, perMessageDeflate: false });
    const client = new Client(socket);
    socket.on('error', () => undefined);
    this.clients.push(client);
    await until(() => socket.readyState === WebSocket.OPEN);
    return client;
  }

  /** The HTTP status that an upgrade is refused with. */
  refusedUpgrade(headers: Record<string, string>): Promise<{ status: number; body: Body }> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.server.wsUrl, { headers });
      socket.on('open', () => reject(new Error('accepted')));
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: text === '' ? undefined! : JSON.parse(text),
          });
        });
      });
    });
  }
}
