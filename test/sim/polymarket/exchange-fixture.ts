// A simulated Polymarket exchange on a free port, its books set by hand, and a plain client that
// signs and posts.
import { Client } from 'undici';
import { WebSocket } from 'ws';
import { POLYMARKET } from '../../../src/domain/venue.js';
import { Accounts } from '../../../src/sim/accounts.js';
import { SimMatchingEngine } from '../../../src/sim/market/matching-engine.js';
import type { ServedListing } from '../../../src/sim/polymarket/served-listing.js';
import {
  type PolymarketServer,
  type PolymarketServerOptions,
  startPolymarketServer,
} from '../../../src/sim/polymarket/server.js';
import { l1Headers } from '../../../src/venues/polymarket/wire/clob-auth.js';
import {
  CONTRACTS,
  exchangeAddress,
  POLYGON_CHAIN_ID,
} from '../../../src/venues/polymarket/wire/contracts.js';
import { signForDepositWallet } from '../../../src/venues/polymarket/wire/deposit-wallet-signature.js';
import { hexOf } from '../../../src/venues/polymarket/wire/eip712.js';
import {
  type ApiKeyReply,
  decodeSecret,
  polymarketHmac,
} from '../../../src/venues/polymarket/wire/hmac.js';
import { type OrderType, orderBody } from '../../../src/venues/polymarket/wire/order-body.js';
import {
  BUY,
  createOrderHasher,
  EOA,
  POLY_1271,
  POLY_GNOSIS_SAFE,
  POLY_PROXY,
  type PolymarketOrder,
  type SignatureType,
  ZERO_BYTES32,
} from '../../../src/venues/polymarket/wire/order-hash.js';
import { addressOf, signDigest } from '../../../src/venues/polymarket/wire/sign.js';

export const TRADER_KEY = Buffer.from(
  'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  'hex',
);
export const RIVAL_KEY = Buffer.alloc(32, 7);
export const STRANGER_KEY = Buffer.alloc(32, 9);
export const TRADER = 'trader';
export const RIVAL = 'rival';
export const STARTING_MICROS = 1_000_000_000;

/** The trader's wallets that are contracts, each with an account of its own. */
export const WALLETS = [
  { type: POLY_PROXY, address: `0x${'11'.repeat(20)}`, account: 'proxy' },
  { type: POLY_GNOSIS_SAFE, address: `0x${'22'.repeat(20)}`, account: 'safe' },
  { type: POLY_1271, address: `0x${'33'.repeat(20)}`, account: 'deposit' },
] as const;

export function listing(market: number, terms: Partial<ServedListing> = {}): ServedListing {
  const id = (market + 1).toString(16).padStart(4, '0');
  return {
    market,
    conditionId: `0x${id.repeat(16)}`,
    questionId: `0x${id.repeat(16)}`,
    slug: `market-${market}`,
    question: `Market ${market}?`,
    outcomes: ['Yes', 'No'],
    tokenIds: [BigInt(`0x1${id.repeat(15)}`).toString(), BigInt(`0x2${id.repeat(15)}`).toString()],
    tickE4: 100,
    minSizeCenti: 500,
    negRisk: false,
    feeRate: 0.07,
    feeExponent: 1,
    endDateMs: 1_800_000_000_000,
    ...terms,
  };
}

export const LISTINGS = [
  listing(0),
  listing(1, { tickE4: 10, negRisk: true, feeRate: 0.04 }),
  listing(2, { feeRate: 0.25, feeExponent: 2 }),
] as const;

export interface Exchange {
  readonly server: PolymarketServer;
  readonly engine: SimMatchingEngine;
  readonly accounts: Accounts;
  readonly logs: string[];
  /** Posts an order of the generator's. */
  quote(market: number, side: 'bid' | 'ask', priceE4: number, sizeE6: number): number;
  unquote(market: number, id: number): void;
  trader(key?: Buffer): Promise<Trader>;
  socket(path: string): Promise<Frames>;
  close(): Promise<void>;
}

export async function startExchange(
  options: Partial<PolymarketServerOptions> = {},
): Promise<Exchange> {
  const listings = options.listings ?? LISTINGS;
  const now = options.now ?? Date.now;
  const engine = new SimMatchingEngine({ venue: POLYMARKET, markets: listings.length, now });
  const accounts = new Accounts({ nets: false });
  accounts.open(TRADER, STARTING_MICROS);
  accounts.open(RIVAL, STARTING_MICROS);
  for (const { account } of WALLETS) accounts.open(account, STARTING_MICROS);
  const logs: string[] = [];
  const owner = addressOf(TRADER_KEY);
  const server = await startPolymarketServer({
    host: '127.0.0.1',
    port: 0,
    engine,
    accounts,
    listings,
    wallets: [
      { address: owner, account: TRADER },
      { address: addressOf(RIVAL_KEY), account: RIVAL },
      ...WALLETS.map((wallet) => ({ ...wallet, owner })),
    ],
    chainId: POLYGON_CHAIN_ID,
    now,
    log: (line) => logs.push(line),
    ...options,
  });
  const closing: (() => Promise<void>)[] = [];
  let postId = 0;
  const apply = (market: number, op: object) =>
    engine.apply({
      atUs: 0,
      venue: POLYMARKET,
      market,
      cancelId: 0,
      postId: 0,
      side: 'bid',
      priceE4: 0,
      sizeE6: 0,
      ...op,
    });
  return {
    server,
    engine,
    accounts,
    logs,
    quote(market, side, priceE4, sizeE6) {
      apply(market, { postId: ++postId, side, priceE4, sizeE6 });
      return postId;
    },
    unquote: (market, id) => apply(market, { cancelId: id }),
    async trader(key = TRADER_KEY) {
      const trader = new Trader(server.restUrl, key);
      closing.push(() => trader.close());
      await trader.login();
      return trader;
    },
    async socket(path) {
      const frames = await Frames.open(`${server.wsUrl}${path}`);
      closing.push(async () => frames.socket.terminate());
      return frames;
    },
    async close() {
      for (const step of closing) await step();
      await server.close();
    },
  };
}

/** Maker and signer of an order of this type (polymarket-api.md 4.2). */
export function walletFields(type: SignatureType): Partial<PolymarketOrder> {
  const wallet = WALLETS.find((each) => each.type === type);
  if (wallet === undefined) return {};
  const signer = type === POLY_1271 ? { signer: wallet.address } : {};
  return { maker: wallet.address, signatureType: type, ...signer };
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whatever JSON the server answered; tests look into it. */
  // biome-ignore lint/suspicious/noExplicitAny: replies of many shapes are compared field by field
  readonly body: any;
}

export interface OrderRequest {
  readonly listing: ServedListing;
  readonly outcome: 0 | 1;
  readonly makerAmount: number;
  readonly takerAmount: number;
  readonly side?: 0 | 1;
  readonly orderType?: OrderType;
  readonly postOnly?: boolean;
  readonly expirationS?: number;
  readonly fields?: Partial<PolymarketOrder>;
  readonly negRisk?: boolean;
  readonly owner?: string;
}

let salt = 1;

export class Trader {
  readonly key: Buffer;
  readonly address: string;
  readonly client: Client;
  creds: ApiKeyReply = { apiKey: '', secret: '', passphrase: '' };

  constructor(url: string, key: Buffer) {
    this.key = key;
    this.address = addressOf(key);
    this.client = new Client(url);
  }

  async login(): Promise<void> {
    const headers = { ...l1Headers(this.key, POLYGON_CHAIN_ID, Math.floor(Date.now() / 1000)) };
    const created = await this.request('POST', '/auth/api-key', '', headers);
    const isNew = created.status === 200;
    const reply = isNew ? created : await this.request('GET', '/auth/derive-api-key', '', headers);
    this.creds = reply.body;
  }

  sign(request: OrderRequest): string {
    return this.signed(request).body;
  }

  /** The order's id is its hash. */
  signed(request: OrderRequest): { id: string; body: string } {
    const order: PolymarketOrder = {
      salt: salt++,
      maker: this.address,
      signer: this.address,
      tokenId: request.listing.tokenIds[request.outcome],
      makerAmount: request.makerAmount,
      takerAmount: request.takerAmount,
      side: request.side ?? BUY,
      signatureType: EOA,
      timestampMs: Date.now(),
      metadata: ZERO_BYTES32,
      builder: ZERO_BYTES32,
      ...request.fields,
    };
    const hasher = createOrderHasher({
      chainId: POLYGON_CHAIN_ID,
      ...(request.listing.version === 'v2'
        ? { verifyingContract: CONTRACTS.exchangeV3, domainVersion: '3' }
        : {
            verifyingContract: exchangeAddress(request.negRisk ?? request.listing.negRisk),
            domainVersion: '2',
          }),
    });
    const digest = new Uint8Array(32);
    hasher.hash(order, digest);
    const signature =
      order.signatureType === POLY_1271
        ? signForDepositWallet(hasher, order, POLYGON_CHAIN_ID, this.key)
        : signDigest(digest, this.key);
    const body = orderBody(order, signature, {
      owner: request.owner ?? this.creds.apiKey,
      orderType: request.orderType ?? 'GTC',
      postOnly: request.postOnly ?? false,
      expirationS: request.expirationS ?? 0,
    });
    return { id: hexOf(digest), body };
  }

  post(request: OrderRequest): Promise<Reply> {
    return this.call('POST', '/order', this.sign(request));
  }

  /** A private call: signed over the path without its query. */
  call(
    method: string,
    path: string,
    body = '',
    overrides: Record<string, string> = {},
  ): Promise<Reply> {
    const timestamp = overrides.POLY_TIMESTAMP ?? String(Math.floor(Date.now() / 1000));
    const signedPath = path.split('?')[0] ?? path;
    return this.request(method, path, body, {
      POLY_ADDRESS: this.address,
      POLY_TIMESTAMP: timestamp,
      POLY_API_KEY: this.creds.apiKey,
      POLY_PASSPHRASE: this.creds.passphrase,
      POLY_SIGNATURE: polymarketHmac(
        decodeSecret(this.creds.secret),
        timestamp,
        method,
        signedPath,
        body,
      ),
      ...overrides,
    });
  }

  async request(
    method: string,
    path: string,
    body = '',
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const reply = await this.client.request({
      method: method as 'GET',
      path,
      headers,
      ...(body === '' ? {} : { body }),
    });
    const text = await reply.body.text();
    return { status: reply.statusCode, headers: reply.headers, text, body: JSON.parse(text) };
  }

  close(): Promise<void> {
    return this.client.destroy();
  }
}

const DEADLINE_MS = 10_000;

/** Resolves when the condition holds; fails at the deadline. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: for=${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** As until, for a condition that has to be asked for. */
export async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: for=${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A plain WebSocket that keeps every frame it got. */
export class Frames {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  closed = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.texts.push(data.toString()));
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => {
      this.closed = true;
    });
  }

  static async open(url: string): Promise<Frames> {
    const socket = new WebSocket(url);
    const frames = new Frames(socket);
    await until(() => socket.readyState === WebSocket.OPEN || frames.closed, 'open');
    return frames;
  }

  send(value: unknown): void {
    this.socket.send(typeof value === 'string' ? value : JSON.stringify(value));
  }

  /**
   * Everything sent before this call has arrived when it resolves: PONG comes after it, in order.
   */
  async settle(): Promise<void> {
    const pongs = () => this.texts.filter((text) => text === 'PONG').length;
    const before = pongs();
    this.send('PING');
    await until(() => pongs() > before, 'PONG');
  }

  // biome-ignore lint/suspicious/noExplicitAny: messages of many shapes are compared field by field
  messages(): any[] {
    return this.texts
      .filter((text) => text.startsWith('{') || text.startsWith('['))
      .flatMap((text) => JSON.parse(text));
  }
}
