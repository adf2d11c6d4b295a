// Our orders beside those of the unmodified official client: amounts, signatures, bodies, headers.
import {
  ClobClient,
  type OrderType as OfficialType,
  OrderBuilder,
  Side,
  type SignatureTypeV2,
  type SignedOrder,
  type TickSize,
} from '@polymarket/clob-client-v2';
import fc from 'fast-check';
import { createWalletClient, hashTypedData, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { polygon } from 'viem/chains';
import { describe, expect, it } from 'vitest';
import {
  limitAmounts,
  marketBuyAmounts,
  marketBuyUnitE6,
  marketSellAmounts,
  type OrderAmounts,
  POLYMARKET_TICKS_E4,
} from '../../src/domain/polymarket-amounts.js';
import { YES } from '../../src/domain/venue.js';
import { OrderSigner } from '../../src/venues/polymarket/order-signer.js';
import { CONTRACTS, POLYGON_CHAIN_ID } from '../../src/venues/polymarket/wire/contracts.js';
import { decodeSecret, polymarketHmac } from '../../src/venues/polymarket/wire/hmac.js';
import {
  batchBody,
  type OrderType,
  orderBody,
} from '../../src/venues/polymarket/wire/order-body.js';
import {
  BUY,
  EOA,
  ORDER_TYPE,
  type PolymarketOrder,
  SELL,
  type SignatureType,
  ZERO_BYTES32,
} from '../../src/venues/polymarket/wire/order-hash.js';

const ORDERS = 10_080;
const SWEEP = 60_000;
const BATCH = 15;
const SEED = Date.now() % 1_000_000_000;

const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const OWNER = privateKeyToAccount(KEY).address;
const FUNDER = `0x${'1a'.repeat(20)}`;
const CREDS = {
  key: 'b1f6ff5e-0000-4000-8000-000000000001',
  secret: Buffer.alloc(32, 0xfb).toString('base64'),
  passphrase: 'phrase',
};
const TIME_S = 1_780_000_000;
const TICKS: Readonly<Record<number, TickSize>> = {
  1000: '0.1',
  100: '0.01',
  50: '0.005',
  25: '0.0025',
  10: '0.001',
  1: '0.0001',
};
const EXCHANGES = {
  standard: CONTRACTS.exchangeV2,
  negRisk: CONTRACTS.negRiskExchangeV2,
  v3: CONTRACTS.exchangeV3,
};

interface Wish {
  readonly tickE4: number;
  readonly priceE4: number;
  /** Hundredths of a share, or of a dollar for a market BUY. */
  readonly amountCenti: number;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly negRisk: boolean;
  readonly protocol: 'v1' | 'v2';
  readonly tokenId: string;
  readonly expirationS: number;
  readonly metadata: string;
  readonly builder: string;
}

const bytes32 = fc.oneof(
  fc.constant(ZERO_BYTES32),
  fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`),
);
const anyWish: fc.Arbitrary<Wish> = fc.constantFrom(...POLYMARKET_TICKS_E4).chain((tickE4) =>
  fc.record({
    tickE4: fc.constant(tickE4),
    priceE4: fc
      .oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 10_000 / tickE4 - 1 }) },
        { weight: 1, arbitrary: fc.constantFrom(1, 2, 10_000 / tickE4 - 1) },
      )
      .map((ticks) => ticks * tickE4),
    amountCenti: fc.integer({ min: 1, max: 200_000 }),
    side: fc.constantFrom(Side.BUY, Side.SELL),
    orderType: fc.constantFrom<OrderType>('GTC', 'GTD', 'FOK', 'FAK'),
    negRisk: fc.boolean(),
    protocol: fc.constantFrom('v1', 'v1', 'v1', 'v2'),
    tokenId: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String),
    expirationS: fc.integer({ min: 1_780_000_000, max: 1_900_000_000 }),
    metadata: bytes32,
    builder: bytes32,
  }),
);

const isMarket = ({ orderType }: Wish) => orderType === 'FAK' || orderType === 'FOK';

/** What our code makes of the wish; market BUYs where the client has more decimals come apart. */
function ourAmounts(wish: Wish): OrderAmounts {
  const { side, priceE4, amountCenti, tickE4 } = wish;
  if (!isMarket(wish)) return limitAmounts(side, priceE4, amountCenti, tickE4);
  return side === Side.BUY
    ? marketBuyAmounts(amountCenti * 10_000, priceE4, tickE4)
    : marketSellAmounts(amountCenti, priceE4, tickE4);
}

/** From this many shares on the client's floats may be a millionth short. */
const FLOAT_SHARES_E6 = 100_000_000_000;

/**
 * Fails unless the client's amounts are ours. Its shares of a market BUY may have a sixth decimal,
 * which the server refuses (polymarket-api.md 4.5): ours are then its amount rounded down to five.
 * True when its floats were a millionth short of the exact quotient.
 */
function compareAmounts(wish: Wish, theirs: OrderAmounts): boolean {
  const ours = ourAmounts(wish);
  const facts = `seed=${SEED} wish=${JSON.stringify(wish)}`;
  expect(ours.makerAmount, facts).toBe(theirs.makerAmount);
  if (!isMarket(wish) || wish.side === Side.SELL) {
    expect(ours.takerAmount, facts).toBe(theirs.takerAmount);
    return false;
  }
  const unit = marketBuyUnitE6(wish.tickE4);
  const isShort = theirs.takerAmount % unit === unit - 1 && theirs.takerAmount < ours.takerAmount;
  const taker = theirs.takerAmount + (isShort ? 1 : 0);
  expect(ours.takerAmount, facts).toBe(taker - (taker % unit));
  if (isShort) {
    expect(ours.takerAmount, facts).toBeGreaterThan(FLOAT_SHARES_E6);
    expect((BigInt(ours.makerAmount) * 10_000n) % BigInt(wish.priceE4), facts).toBe(0n);
  }
  return isShort;
}

const ORDER_FIELDS = ORDER_TYPE.slice('Order('.length, -1)
  .split(',')
  .map((field) => {
    const [type = '', name = ''] = field.split(' ');
    return { type, name };
  });

/** The order's hash as viem has it. */
function hashOf(wish: Wish, order: PolymarketOrder): string {
  const isV3 = wish.protocol === 'v2';
  const v2 = wish.negRisk ? EXCHANGES.negRisk : EXCHANGES.standard;
  return hashTypedData({
    domain: {
      name: 'Polymarket CTF Exchange',
      version: isV3 ? '3' : '2',
      chainId: POLYGON_CHAIN_ID,
      verifyingContract: isV3 ? EXCHANGES.v3 : v2,
    },
    types: { Order: ORDER_FIELDS },
    primaryType: 'Order',
    message: { ...order, timestamp: order.timestampMs } as never,
  });
}

interface Posted {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** The official client of one signature type; `posted` is what it would have sent last. */
function openClient(signatureType: SignatureType) {
  const signer = createWalletClient({
    account: privateKeyToAccount(KEY),
    chain: polygon,
    transport: http('http://127.0.0.1:1'),
  });
  const client = new ClobClient({
    host: 'http://127.0.0.1:1',
    chain: POLYGON_CHAIN_ID,
    signer,
    creds: CREDS,
    signatureType: signatureType as unknown as SignatureTypeV2,
    ...(signatureType === EOA ? {} : { funderAddress: FUNDER }),
    useServerTime: true,
  });
  let posted: Posted = { body: '', headers: {} };
  // The instance's own `get` and `post` are what all its calls go through; axios serialises so.
  Object.assign(client, {
    get: async (url: string) => {
      if (url.endsWith('/time')) return TIME_S;
      return { builder_maker_fee_rate_bps: 0, builder_taker_fee_rate_bps: 0 };
    },
    post: async (_url: string, { data, headers }: { data: unknown; headers: never }) => {
      posted = { body: JSON.stringify(data), headers };
      return { success: true };
    },
  });
  return { client, posted: () => posted };
}

async function officialOrder(client: ClobClient, wish: Wish): Promise<SignedOrder> {
  const { tokenId, tickE4, negRisk, protocol, metadata, builder } = wish;
  const options = {
    tickSize: TICKS[tickE4]!,
    negRisk,
    version: protocol === 'v2' ? 3 : 2,
  } as const;
  client.tickSizes[tokenId] = TICKS[tickE4]!;
  client.feeInfos[tokenId] = { rate: 0, exponent: 0 };
  const own = {
    tokenID: tokenId,
    price: wish.priceE4 / 10_000,
    side: wish.side,
    metadata,
    builderCode: builder,
  };
  const amount = wish.amountCenti / 100;
  if (isMarket(wish)) return client.createMarketOrder({ ...own, amount } as never, options);
  const expiration = wish.orderType === 'GTD' ? wish.expirationS : 0;
  return client.createOrder({ ...own, size: amount, expiration } as never, options);
}

/** The HMAC header that we would send with this body at the client's time. */
function expectHeaders({ headers, body }: Posted, path: string): void {
  const signature = polymarketHmac(decodeSecret(CREDS.secret), String(TIME_S), 'POST', path, body);
  expect(headers).toMatchObject({
    POLY_ADDRESS: OWNER,
    POLY_API_KEY: CREDS.key,
    POLY_PASSPHRASE: CREDS.passphrase,
    POLY_TIMESTAMP: String(TIME_S),
    POLY_SIGNATURE: signature,
  });
}

/** A signature that was made ahead has another nonce; all else is the same, and it is as long. */
function expectSameButSigned(ahead: Signed, plain: Signed, facts: string): void {
  const unsigned = ({ body }: Signed) => body.replace(SIGNATURE, '"signature":""');
  expect(ahead.orderId, facts).toBe(plain.orderId);
  expect(ahead.body, facts).not.toBe(plain.body);
  expect(ahead.body.length, facts).toBe(plain.body.length);
  expect(unsigned(ahead), facts).toBe(unsigned(plain));
}
const SIGNATURE = /"signature":"0x[0-9a-f]+"/i;
type Signed = ReturnType<OrderSigner['sign']>;

describe('our orders and those of the official client', () => {
  const types = [0, 1, 2, 3] as const satisfies readonly SignatureType[];
  it.each(types)('are the same to the byte for signature type %i', async (signatureType) => {
    const { client, posted } = openClient(signatureType);
    const options = {
      chainId: POLYGON_CHAIN_ID,
      exchanges: EXCHANGES,
      privateKey: Buffer.from(KEY.slice(2), 'hex'),
      signatureType,
      funder: signatureType === EOA ? OWNER : FUNDER,
    };
    const signer = new OrderSigner({ ...options, signedAhead: 0 });
    const ahead = new OrderSigner({ ...options, signedAhead: 1 });
    const wishes = fc.sample(anyWish, { seed: SEED + signatureType, numRuns: ORDERS / 4 });
    let batch: { theirs: SignedOrder; orderType: OrderType; body: string }[] = [];
    for (const [index, wish] of wishes.entries()) {
      const facts = `seed=${SEED} wish=${JSON.stringify(wish)}`;
      const theirs = await officialOrder(client, wish);
      const postOnly = !isMarket(wish) && index % 3 === 0;
      await client.postOrder(theirs, wish.orderType as OfficialType, postOnly);
      const sent = posted();
      expectHeaders(sent, '/order');
      const said = JSON.parse(sent.body).order;
      const amounts = {
        makerAmount: Number(said.makerAmount),
        takerAmount: Number(said.takerAmount),
      };
      compareAmounts(wish, amounts);
      const market = {
        tokenIds: [wish.tokenId, ''],
        negRisk: wish.negRisk,
        protocol: wish.protocol,
      } as const;
      const side = wish.side === Side.BUY ? BUY : SELL;
      const order: PolymarketOrder = {
        ...signer.order(market, YES, side, amounts, Number(said.timestamp)),
        salt: said.salt,
        metadata: wish.metadata,
        builder: wish.builder,
      };
      const envelope = {
        owner: CREDS.key,
        orderType: wish.orderType,
        postOnly,
        expirationS: wish.orderType === 'GTD' ? wish.expirationS : 0,
      };
      const ours = signer.sign(market, order, envelope);
      expect(ours.body, facts).toBe(sent.body);
      expect(ours.orderId, facts).toBe(hashOf(wish, order));
      expectSameButSigned(ahead.sign(market, order, envelope), ours, facts);
      ahead.sign(market, order, envelope, true);
      const body = orderBody(order, said.signature, { ...envelope, postOnly: false });
      batch.push({ theirs, orderType: wish.orderType, body });
      if (batch.length < BATCH) continue;
      await client.postOrders(
        batch.map(({ theirs: order, orderType }) => ({
          order,
          orderType: orderType as OfficialType,
        })) as never,
      );
      expectHeaders(posted(), '/orders');
      expect(batchBody(batch.map((item) => item.body)), facts).toBe(posted().body);
      batch = [];
    }
  });

  it('have the same amounts over a wider sweep, but where its floats are a millionth short', async () => {
    // A signer that does not sign: only the amounts count.
    const signer = { _signTypedData: async () => '0x', getAddress: async () => OWNER };
    const builder = new OrderBuilder(signer as never, POLYGON_CHAIN_ID);
    let short = 0;
    for (const wish of fc.sample(anyWish, { seed: SEED, numRuns: SWEEP })) {
      const own = { tokenID: '1', price: wish.priceE4 / 10_000, side: wish.side };
      const amount = wish.amountCenti / 100;
      const options = { tickSize: TICKS[wish.tickE4]! };
      const { makerAmount, takerAmount } = isMarket(wish)
        ? await builder.buildMarketOrder({ ...own, amount }, options, 2)
        : await builder.buildOrder({ ...own, size: amount }, options, 2);
      const theirs = { makerAmount: Number(makerAmount), takerAmount: Number(takerAmount) };
      if (compareAmounts(wish, theirs)) short++;
    }
    expect(short).toBeLessThan(SWEEP / 100);
  });
});
