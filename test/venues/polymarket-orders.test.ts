import { afterEach, describe, expect, it } from 'vitest';
import { marketBuyAmounts } from '../../src/domain/polymarket-amounts.js';
import { NO, YES } from '../../src/domain/venue.js';
import { NO_BREAKER } from '../../src/net/circuit-breaker.js';
import { RestClient } from '../../src/net/rest-client.js';
import { type LegOrder, type LegReply, PREPARED } from '../../src/venues/orders.js';
import { OrderSigner } from '../../src/venues/polymarket/order-signer.js';
import {
  type PolymarketOrderMarket,
  type PolymarketOrderOptions,
  PolymarketOrders,
} from '../../src/venues/polymarket/orders.js';
import { CONTRACTS, POLYGON_CHAIN_ID } from '../../src/venues/polymarket/wire/contracts.js';
import { recoverDepositWalletOwner } from '../../src/venues/polymarket/wire/deposit-wallet-signature.js';
import { hexOf } from '../../src/venues/polymarket/wire/eip712.js';
import { polymarketHmac } from '../../src/venues/polymarket/wire/hmac.js';
import {
  BUY,
  createOrderHasher,
  EOA,
  type OrderHasher,
  POLY_1271,
  type PolymarketOrder,
  type SignatureType,
} from '../../src/venues/polymarket/wire/order-hash.js';
import { addressOf, recoverAddress } from '../../src/venues/polymarket/wire/sign.js';
import { until } from '../net/raw-server.js';
import { type Answer, type Asked, startAnsweringServer } from './answering-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const KEY = new Uint8Array(32).fill(7);
const OWNER = addressOf(KEY);
const SECRET = Buffer.from('secret');
const WALLET = `0x${'33'.repeat(20)}`;
const LEG: LegOrder = {
  clientOrderId: 'ur0-1-1',
  market: 0,
  outcome: YES,
  sizeCenti: 1_000,
  limitE4: 5_000,
  spendMicros: 5_000_000,
};
const EXCHANGES = {
  standard: CONTRACTS.exchangeV2,
  negRisk: CONTRACTS.negRiskExchangeV2,
  v3: CONTRACTS.exchangeV3,
};
const STANDARD: PolymarketOrderMarket = {
  tokenIds: ['11', '12'],
  negRisk: false,
  tickE4: 100,
  protocol: 'v1',
};
const MARKETS = [
  STANDARD,
  { ...STANDARD, tokenIds: ['21', '22'], negRisk: true },
  { ...STANDARD, tokenIds: ['31', '32'], protocol: 'v2' },
  { ...STANDARD, tokenIds: ['41', '42'], negRisk: true, protocol: 'v2' },
] as const;
const HASHERS: readonly OrderHasher[] = [
  [EXCHANGES.standard, '2'] as const,
  [EXCHANGES.negRisk, '2'] as const,
  [EXCHANGES.v3, '3'] as const,
  [EXCHANGES.v3, '3'] as const,
].map(([verifyingContract, domainVersion]) =>
  createOrderHasher({ chainId: POLYGON_CHAIN_ID, verifyingContract, domainVersion }),
);

function openGateway(restUrl: string, more: Partial<PolymarketOrderOptions> = {}) {
  const gateway = new PolymarketOrders({
    restUrl,
    chainId: POLYGON_CHAIN_ID,
    exchanges: EXCHANGES,
    privateKey: KEY,
    funder: OWNER,
    credentials: { address: OWNER, apiKey: 'key', secret: SECRET, passphrase: 'p' },
    markets: MARKETS,
    connections: 1,
    timeoutMs: 2_000,
    clock: { nowNs: () => 0, wallMs: () => 1_800_000_000_123 },
    breaker: NO_BREAKER,
    bucket: undefined,
    ...more,
  });
  closers.push(() => gateway.close());
  return gateway;
}

async function startExchange(answer: (request: Asked) => Answer) {
  const server = await startAnsweringServer(answer);
  closers.push(server.close);
  return server;
}

async function send(gateway: PolymarketOrders, leg: LegOrder): Promise<LegReply> {
  await until(() => gateway.canWrite, 'an idle connection');
  expect(gateway.prepare(leg)).toBe(PREPARED);
  return new Promise((resolve) => gateway.write(resolve));
}

const NOWHERE = 'http://127.0.0.1:1';
const TYPES = [0, 1, 2, 3] as const satisfies readonly SignatureType[];

describe('an order', () => {
  it.each(TYPES)('of signature type %i is signed for its wallet and exchange', async (type) => {
    const { asked, origin } = await startExchange(() => [500, {}]);
    const funder = type === EOA ? OWNER : WALLET;
    const gateway = openGateway(origin, { signatureType: type, funder });
    await gateway.start();
    for (const [market, { tokenIds }] of MARKETS.entries()) {
      const reply = await send(gateway, { ...LEG, market, outcome: NO });
      const { body, headers } = asked('POST', '/order').at(-1)!;
      expect(headers).toMatchObject({
        // The EOA's also where another wallet signs (polymarket-api.md 3.2).
        poly_address: OWNER,
        poly_api_key: 'key',
        poly_passphrase: 'p',
        poly_timestamp: '1800000000',
        poly_signature: polymarketHmac(SECRET, '1800000000', 'POST', '/order', body),
      });
      const { order, owner, orderType, postOnly } = JSON.parse(body);
      expect([owner, orderType, postOnly]).toEqual(['key', 'FAK', false]);
      expect(order.maker).toBe(funder);
      expect(order.signer).toBe(type === POLY_1271 ? WALLET : OWNER);
      expect([order.tokenId, order.signatureType]).toEqual([tokenIds[NO], type]);
      const amounts = marketBuyAmounts(LEG.spendMicros, LEG.limitE4, 100);
      expect(order).toMatchObject({
        makerAmount: String(amounts.makerAmount),
        takerAmount: String(amounts.takerAmount),
      });
      const timestampMs = Number(order.timestamp);
      const signed: PolymarketOrder = { ...order, ...amounts, side: BUY, timestampMs };
      const digest = new Uint8Array(32);
      HASHERS[market]!.hash(signed, digest);
      expect(reply).toMatchObject({ kind: 'unknown', orderId: hexOf(digest) });
      const signer =
        type === POLY_1271
          ? recoverDepositWalletOwner(HASHERS[market]!, signed, POLYGON_CHAIN_ID, order.signature)
          : recoverAddress(digest, order.signature);
      expect(signer).toBe(OWNER);
    }
  });

  it('has a salt that no other of its millisecond has, exact as a JSON number', () => {
    const signer = new OrderSigner({
      chainId: POLYGON_CHAIN_ID,
      exchanges: EXCHANGES,
      privateKey: KEY,
      signatureType: EOA,
      funder: OWNER,
    });
    const salts = new Set<number>();
    const amounts = { makerAmount: 1, takerAmount: 1 };
    for (let ms = 0; ms < 4; ms++) {
      for (let count = 0; count < 1_024; count++) {
        salts.add(signer.order(STANDARD, YES, BUY, amounts, 1_800_000_000_000 + ms).salt);
      }
    }
    expect(salts.size).toBe(4 * 1_024);
    for (const salt of salts) expect(Number.isSafeInteger(salt)).toBe(true);
  });

  it.each([
    ['spends no whole cents', { spendMicros: 5_000_001 }],
    ['spends less than a cent', { spendMicros: 9_999 }],
    ['spends nothing', { spendMicros: 0 }],
    ['spends less than nothing', { spendMicros: -10_000 }],
    ['has no price', { limitE4: 0 }],
    ['has a price that is surely paid out', { limitE4: 10_000 }],
    ['has a price off the tick', { limitE4: 5_050 }],
    ['is of a market that is not traded', { market: 4 }],
    ['is of a market that is not known', { market: 9 }],
  ])('is not built when it %s, and nothing throws', (_, wrong) => {
    const gateway = openGateway(NOWHERE, { markets: [...MARKETS, undefined] });
    expect(gateway.prepare(LEG)).toBe(PREPARED);
    expect(gateway.prepare({ ...LEG, ...wrong })).toBeLessThan(0);
  });

  it('is not built for Protocol V2 where its exchange is not known', () => {
    const { standard, negRisk } = EXCHANGES;
    const gateway = openGateway(NOWHERE, { exchanges: { standard, negRisk } });
    const codes = MARKETS.map((_, market) => gateway.prepare({ ...LEG, market }) === PREPARED);
    expect(codes).toEqual([true, true, false, false]);
  });

  it('of a plain key cannot be paid by another wallet', () => {
    expect(() => openGateway(NOWHERE, { funder: WALLET })).toThrow(/signature type 0/);
    expect(() => openGateway(NOWHERE, { signatureType: 3, funder: '0x12' })).toThrow(RangeError);
  });
});

describe('after order_version_mismatch', () => {
  const MISMATCH: Answer = [400, { error: 'order_version_mismatch' }];

  async function refused(version: () => Answer, hasRest = true) {
    const exchange = await startExchange(({ method, path }) =>
      method === 'POST' ? MISMATCH : path === '/version' ? version() : [200, 'OK'],
    );
    const rest = new RestClient(exchange.origin, 2_000);
    closers.push(() => rest.close());
    const gateway = openGateway(exchange.origin, hasRest ? { rest } : {});
    await gateway.start();
    const reply = await send(gateway, LEG);
    expect(reply).toMatchObject({ kind: 'rejected', reaction: 'retry-later' });
    return { gateway, exchange };
  }

  it('no order is built until the exchange says that it is at version 2', async () => {
    let version: Answer = [200, { version: 2 }];
    const { gateway, exchange } = await refused(() => version);
    // It asks by itself.
    await until(() => exchange.asked('GET', '/version').length === 2, 'a second look');
    await until(() => gateway.prepare(LEG) === PREPARED, 'orders again');
    for (const wrong of [
      [200, { version: 3 }],
      [200, {}],
      [503, {}],
    ] as const) {
      version = wrong;
      expect(await gateway.confirmVersion()).toBe(false);
      expect(gateway.prepare(LEG)).toBeLessThan(0);
    }
    version = [200, { version: 2 }];
    expect(await gateway.confirmVersion()).toBe(true);
    expect(gateway.prepare(LEG)).toBe(PREPARED);
  });

  it('no order is built while the answer is another version', async () => {
    let version: Answer = [200, { version: 2 }];
    const { gateway, exchange } = await refused(() => {
      const said = version;
      version = [200, { version: 3 }];
      return said;
    });
    await until(() => exchange.asked('GET', '/version').length === 2, 'a second look');
    expect(gateway.prepare(LEG)).toBeLessThan(0);
  });

  it('no order is ever built when nobody can ask', async () => {
    const { gateway } = await refused(() => [200, { version: 2 }], false);
    expect(gateway.prepare(LEG)).toBeLessThan(0);
    expect(await gateway.confirmVersion()).toBe(false);
    expect(gateway.prepare(LEG)).toBeLessThan(0);
  });

  it('a gateway does not start against an exchange of another version', async () => {
    const exchange = await startExchange(() => [200, { version: 3 }]);
    const rest = new RestClient(exchange.origin, 2_000);
    closers.push(() => rest.close());
    await expect(openGateway(exchange.origin, { rest }).start()).rejects.toThrow(/version=3/);
  });
});
