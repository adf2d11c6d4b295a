import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClobClient, Side } from '@polymarket/clob-client-v2';
import fc from 'fast-check';
import { createWalletClient, hashTypedData, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { polygon } from 'viem/chains';
import { describe, expect, it } from 'vitest';
import { checksumAddress } from '../../src/venues/polymarket/wire/address.js';
import { bookHash, sha1 } from '../../src/venues/polymarket/wire/book-hash.js';
import { clobAuthDigest, l1Headers } from '../../src/venues/polymarket/wire/clob-auth.js';
import {
  CONTRACTS,
  exchangeAddress,
  POLYGON_CHAIN_ID,
} from '../../src/venues/polymarket/wire/contracts.js';
import {
  recoverDepositWalletOwner,
  signForDepositWallet,
} from '../../src/venues/polymarket/wire/deposit-wallet-signature.js';
import { hexOf } from '../../src/venues/polymarket/wire/eip712.js';
import { decodeSecret, polymarketHmac } from '../../src/venues/polymarket/wire/hmac.js';
import { orderBody } from '../../src/venues/polymarket/wire/order-body.js';
import {
  BUY,
  createOrderHasher,
  EOA,
  ORDER_TYPE,
  type OrderHasher,
  type OrderSide,
  POLY_1271,
  type PolymarketOrder,
  type SignatureType,
  ZERO_BYTES32,
} from '../../src/venues/polymarket/wire/order-hash.js';
import { addressOf, recoverAddress, signDigest } from '../../src/venues/polymarket/wire/sign.js';

type Hex = `0x${string}`;
const KEY_HEX: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const KEY = Buffer.from(KEY_HEX.slice(2), 'hex');
const ADDRESS = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';

const VECTOR: PolymarketOrder = {
  salt: 1234567890,
  maker: ADDRESS,
  signer: ADDRESS,
  tokenId: '71321045679252212594626385532706912750332728571942532289631379312455583992563',
  makerAmount: 5_000_000,
  takerAmount: 10_000_000,
  side: BUY,
  signatureType: EOA,
  timestampMs: 1_780_000_000_000,
  metadata: ZERO_BYTES32,
  builder: ZERO_BYTES32,
};

const DOMAINS = {
  standard: { verifyingContract: exchangeAddress(false), domainVersion: '2' },
  negRisk: { verifyingContract: exchangeAddress(true), domainVersion: '2' },
  v3: { verifyingContract: CONTRACTS.exchangeV3, domainVersion: '3' },
} as const;

function hasher(domain: keyof typeof DOMAINS): OrderHasher {
  return createOrderHasher({ chainId: POLYGON_CHAIN_ID, ...DOMAINS[domain] });
}

function digestOf(orders: OrderHasher, order: PolymarketOrder): Uint8Array {
  const out = new Uint8Array(32);
  orders.hash(order, out);
  return out;
}

const ORDER_FIELDS = ORDER_TYPE.slice('Order('.length, -1)
  .split(',')
  .map((field) => {
    const [type, name] = field.split(' ');
    return { type: type as string, name: name as string };
  });

function typedData(domain: keyof typeof DOMAINS, order: PolymarketOrder) {
  const { verifyingContract, domainVersion } = DOMAINS[domain];
  return {
    domain: {
      name: 'Polymarket CTF Exchange',
      version: domainVersion,
      chainId: POLYGON_CHAIN_ID,
      verifyingContract: verifyingContract as Hex,
    },
    types: { Order: ORDER_FIELDS },
    primaryType: 'Order',
    message: {
      salt: BigInt(order.salt),
      maker: order.maker,
      signer: order.signer,
      tokenId: BigInt(order.tokenId),
      makerAmount: BigInt(order.makerAmount),
      takerAmount: BigInt(order.takerAmount),
      side: order.side,
      signatureType: order.signatureType,
      timestamp: BigInt(order.timestampMs),
      metadata: order.metadata,
      builder: order.builder,
    },
  } as const;
}

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => hexOf(value));
const address = hex(20).map(checksumAddress);
const whole = fc.oneof(fc.nat(1e9), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const anyOrder: fc.Arbitrary<PolymarketOrder> = fc.record({
  salt: whole,
  maker: address,
  signer: address,
  tokenId: fc
    .oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.bigInt(0n, 3n))
    .map((id) => id.toString()),
  makerAmount: whole,
  takerAmount: whole,
  side: fc.constantFrom<OrderSide>(0, 1),
  signatureType: fc.constantFrom<SignatureType>(0, 1, 2),
  timestampMs: whole,
  metadata: fc.oneof(fc.constant(ZERO_BYTES32), hex(32)),
  builder: fc.oneof(fc.constant(ZERO_BYTES32), hex(32)),
});
const anyDomain = fc.constantFrom<keyof typeof DOMAINS>('standard', 'negRisk', 'v3');

describe('order hash', () => {
  it.each([
    [
      'standard',
      '0x3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2',
      '0x5ed87356f31dda8d3a0fed7b1b768261f4ede15ea5c8eec600815528769e86ac',
      '0xd9284159a29e6a8157a1e85e9c4c88d4c8556a416225f77661dfc61ad1ce9f9c36ef49c06de77a1c6e5e3e0ed152334230f1c88a2ecddb59f2511851b72206e31b',
    ],
    [
      'negRisk',
      '0x9b858f53327b0bd13af8ec14cfb35234fb9eb7b0504d1a4e61f433840d30e81a',
      '0x71e3a7c95000b9451e71b52881777538713a456ce7e22e20f27adf57ad66db25',
      '0x67056bcf0c616026b4fac108d50a2926da07979531c45a2da0c47d4153a0b653534db65bc84cf6dbbe8a9810123cd3aadf0cd36cbd49ac1d7e9b073fd1886d001b',
    ],
    [
      'v3',
      '0x466c63910185bbd55e8679264200c4e0abdcbb0c6264eb3d41d13326022e095b',
      '0x43e370bd22e906bf00d50366bd7efea2684b145432183adcc52dcb072bc73dda',
      undefined,
    ],
  ] as const)(
    'matches the published vector of the %s domain',
    (domain, separator, id, signature) => {
      const orders = hasher(domain);
      const digest = digestOf(orders, VECTOR);
      expect(hexOf(orders.domainSeparator)).toBe(separator);
      expect(hexOf(digest)).toBe(id);
      if (signature !== undefined) expect(signDigest(digest, KEY)).toBe(signature);
    },
  );

  it('equals viem for any order in every domain, with one hasher reused', () => {
    const hashers = { standard: hasher('standard'), negRisk: hasher('negRisk'), v3: hasher('v3') };
    fc.assert(
      fc.property(anyDomain, anyOrder, (domain, order) => {
        const ours = hexOf(digestOf(hashers[domain], order));
        expect(ours).toBe(hashTypedData(typedData(domain, order)));
      }),
      { numRuns: 300 },
    );
  });

  it('is signed and recovered as viem signs it, by any key', async () => {
    await fc.assert(
      fc.asyncProperty(anyDomain, anyOrder, fc.integer({ min: 1 }), async (domain, order, seed) => {
        const key = Buffer.alloc(32);
        key.writeUInt32BE(seed, 20);
        const account = privateKeyToAccount(hexOf(key) as Hex);
        const digest = digestOf(hasher(domain), order);
        const signature = signDigest(digest, key);
        expect(signature).toBe(await account.signTypedData(typedData(domain, order)));
        expect(recoverAddress(digest, signature)).toBe(account.address);
        expect(addressOf(key)).toBe(account.address);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses ids and addresses that are malformed', () => {
    const orders = hasher('standard');
    const wrong: readonly Partial<PolymarketOrder>[] = [
      { tokenId: '-1' },
      { tokenId: '0x1' },
      { tokenId: (2n ** 256n).toString() },
      { maker: '0x12' },
      { signer: ADDRESS.replace('0x', '0z') },
      { metadata: '0x' },
      { builder: `0x${'g'.repeat(64)}` },
    ];
    for (const fields of wrong) {
      expect(() => digestOf(orders, { ...VECTOR, ...fields })).toThrow(RangeError);
    }
  });

  it('refuses text that is no signature', () => {
    const digest = digestOf(hasher('standard'), VECTOR);
    const good = signDigest(digest, KEY);
    for (const text of ['', '0x', good.slice(0, -2), `${good}00`, `${good.slice(0, -2)}1d`]) {
      expect(() => recoverAddress(digest, text)).toThrow(RangeError);
    }
    expect(() => recoverAddress(digest, `0x${'ff'.repeat(64)}1b`)).toThrow(RangeError);
  });
});

describe('deposit wallet signature', () => {
  const wallet = `0x${'11'.repeat(20)}`;
  const order = { ...VECTOR, maker: wallet, signer: wallet, signatureType: POLY_1271 } as const;

  it('matches the published vector', () => {
    const orders = hasher('standard');
    const signature = signForDepositWallet(orders, order, POLYGON_CHAIN_ID, KEY);
    expect(hexOf(digestOf(orders, order))).toBe(
      '0x5dd88643f1e6b1877862ea33ea17e751e2c2862bf73f5921737ba6e5a6046261',
    );
    expect((signature.length - 2) / 2).toBe(317);
    expect(signature.slice(0, 132)).toBe(
      '0xc9377f07aa1dcff14e450941c2c36a4501ebafe95850e4ca2c3bcb0193229fa448bd5568ec36c0ec2306c5e81ff2bfc2c3191aa156bc5d8476aa6d3044e5ed841c',
    );
    expect(signature.slice(132, 132 + 128)).toBe(
      '3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2' +
        '049edaaa6b427a7aa80b0b9645a6ef04ce5525c4c1322ddd4ae1134f4ffed5e9',
    );
    expect(Buffer.from(signature.slice(260), 'hex').toString('latin1')).toBe(
      `${ORDER_TYPE}\x00\xba`,
    );
  });

  it('equals viem for any order and gives its owner back', async () => {
    const account = privateKeyToAccount(KEY_HEX);
    await fc.assert(
      fc.asyncProperty(anyDomain, anyOrder, async (domain, base) => {
        const wrapped: PolymarketOrder = {
          ...base,
          signer: base.maker,
          signatureType: POLY_1271,
        };
        const orders = hasher(domain);
        const signature = signForDepositWallet(orders, wrapped, POLYGON_CHAIN_ID, KEY);
        const data = typedData(domain, wrapped);
        const expected = await account.signTypedData({
          domain: data.domain,
          types: {
            TypedDataSign: [
              { name: 'contents', type: 'Order' },
              { name: 'name', type: 'string' },
              { name: 'version', type: 'string' },
              { name: 'chainId', type: 'uint256' },
              { name: 'verifyingContract', type: 'address' },
              { name: 'salt', type: 'bytes32' },
            ],
            Order: ORDER_FIELDS,
          },
          primaryType: 'TypedDataSign',
          message: {
            contents: data.message,
            name: 'DepositWallet',
            version: '1',
            chainId: BigInt(POLYGON_CHAIN_ID),
            verifyingContract: wrapped.maker as Hex,
            salt: ZERO_BYTES32 as Hex,
          },
        } as Parameters<typeof account.signTypedData>[0]);
        expect(signature.slice(0, 132)).toBe(expected);
        const owner = recoverDepositWalletOwner(orders, wrapped, POLYGON_CHAIN_ID, signature);
        expect(owner).toBe(ADDRESS);
        const other = { ...wrapped, salt: wrapped.salt === 0 ? 1 : wrapped.salt - 1 };
        expect(() => recoverDepositWalletOwner(orders, other, POLYGON_CHAIN_ID, signature)).toThrow(
          RangeError,
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('authentication', () => {
  it('signs level 1 headers as the published vectors', () => {
    expect(l1Headers(KEY, 137, 1_780_000_000).POLY_SIGNATURE).toBe(
      '0x20e16d3674a1ba23b50f830c1c6e88807173acd4ed0b825e24c2d83923f14d757ce99d990aa08c01f651bd6ae2e829060d28bca72b053a5508627f70e16483061c',
    );
    const amoy = l1Headers(KEY, 80_002, 10_000_000, 23);
    expect(amoy).toEqual({
      POLY_ADDRESS: ADDRESS,
      POLY_TIMESTAMP: '10000000',
      POLY_NONCE: '23',
      POLY_SIGNATURE:
        '0xf62319a987514da40e57e2f4d7529f7bac38f0355bd88bb5adbb3768d80de6c1682518e0af677d5260366425f4361e7b70c25ae232aff0ab2331e2b164a1aedc1b',
    });
    const digest = clobAuthDigest(ADDRESS, 80_002, '10000000', '23');
    expect(recoverAddress(digest, amoy.POLY_SIGNATURE)).toBe(ADDRESS);
  });

  it('signs level 2 headers as the published vectors', () => {
    const secret = decodeSecret(Buffer.alloc(32).toString('base64'));
    expect(polymarketHmac(secret, '1000000', 'test-sign', '/orders', '{"hash": "0x123"}')).toBe(
      'ZwAdJKvoYRlEKDkNMwd5BuwNNtg93kNaR_oU2HrfVvc=',
    );
    expect(polymarketHmac(secret, '1780000000', 'DELETE', '/cancel-all', '')).toBe(
      'UYTRelgxlF2dCbjFn2QEA0hjBC98cqvdrkpe8MXzWd0=',
    );
  });

  it('reads a secret in either alphabet, and hashes text as its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.string(), (bytes, body) => {
        const plain = decodeSecret(Buffer.from(bytes).toString('base64'));
        const urlSafe = decodeSecret(Buffer.from(bytes).toString('base64url'));
        expect(plain).toEqual(Buffer.from(bytes));
        expect(urlSafe).toEqual(plain);
        const ofText = polymarketHmac(plain, '1', 'POST', '/order', body);
        expect(polymarketHmac(plain, '1', 'POST', '/order', Buffer.from(body))).toBe(ofText);
        expect(ofText).toMatch(/^[\w-]{43}=$/);
      }),
    );
  });
});

describe('order body', () => {
  it('is byte for byte what the official client posts', async () => {
    const signer = createWalletClient({
      account: privateKeyToAccount(KEY_HEX),
      chain: polygon,
      transport: http('http://127.0.0.1:1'),
    });
    const creds = { key: 'b1f6ff5e-0000-4000-8000-000000000001', secret: 'AAAA', passphrase: 'p' };
    const client = new ClobClient({ host: 'http://127.0.0.1:1', chain: 137, signer, creds });
    let posted = '';
    // The instance's own `post` is what postOrder hands the payload to; it is serialised as axios does.
    Object.assign(client, {
      get: async () => ({ minimum_tick_size: 0.01 }),
      post: async (_url: string, options: { data: unknown }) => {
        posted = JSON.stringify(options.data);
        return { success: true };
      },
    });
    for (const negRisk of [false, true]) {
      const signed = await client.createOrder(
        { tokenID: VECTOR.tokenId, price: 0.56, size: 21.04, side: Side.BUY },
        { tickSize: '0.01', negRisk, version: 2 },
      );
      await client.postOrder(signed);
      const sent = JSON.parse(posted).order;
      const order: PolymarketOrder = {
        salt: sent.salt,
        maker: sent.maker,
        signer: sent.signer,
        tokenId: sent.tokenId,
        makerAmount: Number(sent.makerAmount),
        takerAmount: Number(sent.takerAmount),
        side: BUY,
        signatureType: EOA,
        timestampMs: Number(sent.timestamp),
        metadata: ZERO_BYTES32,
        builder: ZERO_BYTES32,
      };
      const signature = signDigest(digestOf(hasher(negRisk ? 'negRisk' : 'standard'), order), KEY);
      const body = orderBody(order, signature, {
        owner: creds.key,
        orderType: 'GTC',
        postOnly: false,
        expirationS: 0,
      });
      expect(body).toBe(posted);
    }
  });
});

interface Level {
  readonly price: string;
  readonly size: string;
}
interface Checkpoint {
  readonly market: string;
  readonly min_order_size: string;
  readonly tick_size: string;
  readonly neg_risk: boolean;
  readonly last_trade_price: string;
  readonly books: {
    asset_id: string;
    timestamp: string;
    hash: string;
    bids: Level[];
    asks: Level[];
  }[];
}

describe('book hash', () => {
  it('hashes the V1 client vector, whose keys are in another order', () => {
    const text = JSON.stringify({
      market: '0xaabbcc',
      asset_id: '100',
      timestamp: '123456789',
      bids: [
        { price: '0.3', size: '100' },
        { price: '0.4', size: '100' },
      ],
      asks: [
        { price: '0.6', size: '100' },
        { price: '0.7', size: '100' },
      ],
      min_order_size: '15',
      tick_size: '0.001',
      neg_risk: false,
      hash: '',
    });
    expect(sha1(text)).toBe('36f56998e26d9a7c553446f35b240481efb271a3');
  });

  it('reproduces every hash of the recorded batches, both tokens', () => {
    const path = resolve('../shared/data/recorded/polymarket-ws/sports_batches_2026-09-11.jsonl');
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    const books = new Map<string, Map<string, Map<string, string>>>();
    let checkpoint: Checkpoint | undefined;
    let batch = '';
    const wanted = new Map<string, { hash: string; timestamp: string }>();
    let checked = 0;

    function verify(): void {
      for (const [token, { hash, timestamp }] of wanted) {
        const sides = books.get(token);
        if (sides === undefined || checkpoint === undefined) throw new Error('no checkpoint');
        const text = (side: string, sign: number) =>
          [...(sides.get(side) as Map<string, string>)]
            .sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
            .map(([price, size]) => `{"price":"${price}","size":"${size}"}`)
            .join(',');
        const ours = bookHash({
          market: checkpoint.market,
          assetId: token,
          timestamp,
          bidsText: text('BUY', 1),
          asksText: text('SELL', -1),
          minOrderSize: checkpoint.min_order_size,
          tickSize: checkpoint.tick_size,
          negRisk: checkpoint.neg_risk,
          lastTradePrice: checkpoint.last_trade_price,
        });
        expect(ours).toBe(hash);
        checked++;
      }
      wanted.clear();
    }

    for (const line of lines) {
      const record = JSON.parse(line);
      if (record.kind === 'checkpoint') {
        verify();
        checkpoint = record as Checkpoint;
        for (const book of checkpoint.books) {
          const side = (levels: Level[]) => new Map(levels.map((l) => [l.price, l.size]));
          books.set(
            book.asset_id,
            new Map([
              ['BUY', side(book.bids)],
              ['SELL', side(book.asks)],
            ]),
          );
          wanted.set(book.asset_id, { hash: book.hash, timestamp: book.timestamp });
        }
        verify();
        batch = '';
        continue;
      }
      const message = JSON.parse(record.raw);
      if (message.event_type !== 'price_change') continue;
      if (message.timestamp !== batch) verify();
      batch = message.timestamp;
      for (const change of message.price_changes) {
        const side = books.get(change.asset_id)?.get(change.side) as Map<string, string>;
        if (change.size === '0') side.delete(change.price);
        else side.set(change.price, change.size);
        wanted.set(change.asset_id, { hash: change.hash, timestamp: message.timestamp });
      }
    }
    verify();
    expect(checked).toBe(10);
  });
});
