// An order's name, bytes and signatures, each alone.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createOrderIds } from '../src/domain/order-id.js';
import { kalshiMessage, signKalshi, verifyKalshi } from '../src/venues/kalshi/wire/auth.js';
import { kalshiIocBody, kalshiIocFrame } from '../src/venues/kalshi/wire/order-body.js';
import { polymarketHmac } from '../src/venues/polymarket/wire/hmac.js';
import { type OrderEnvelope, orderBody } from '../src/venues/polymarket/wire/order-body.js';
import {
  BUY,
  createOrderHasher,
  EOA,
  type PolymarketOrder,
  ZERO_BYTES32,
} from '../src/venues/polymarket/wire/order-hash.js';
import { addressOf, recoverAddress, signDigest } from '../src/venues/polymarket/wire/sign.js';
import { counting, type MicroRow } from './micro-row.js';

const PRIVATE_KEY = new Uint8Array(32).fill(7);
const ADDRESS = addressOf(PRIVATE_KEY);
const SIGNATURE = `0x${'ab'.repeat(65)}`;
const SALTS = 1_700_000_000_000_000;
const ORDER: PolymarketOrder = {
  salt: SALTS,
  maker: ADDRESS,
  signer: ADDRESS,
  tokenId: `1${'7'.repeat(76)}`,
  makerAmount: 4_400_000,
  takerAmount: 10_000_000,
  side: BUY,
  signatureType: EOA,
  timestampMs: 1_785_930_336_564,
  metadata: ZERO_BYTES32,
  builder: ZERO_BYTES32,
};
/** Of different salts, so that no two in a row are alike. */
const ORDERS = Array.from({ length: 64 }, (_, at) => ({ ...ORDER, salt: SALTS + at }));
const orderAt = (operation: number) => ORDERS[operation % ORDERS.length]!;
const ENVELOPE: OrderEnvelope = {
  owner: '11111111-2222-4333-8444-555555555555',
  orderType: 'FAK',
  postOnly: false,
  expirationS: 0,
};

export function orderRows(): MicroRow[] {
  return [...nameAndBodyRows(), hmacRow(), ...orderHashRows(), rsaRow()];
}

function nameAndBodyRows(): MicroRow[] {
  const nextId = createOrderIds('ur0', Date.now);
  let lastId = '';
  const frame = kalshiIocFrame('KXAAA-26DEC01-T5', 0);
  const kalshiBody = (n: number) => kalshiIocBody(frame, 'ur0-mwsiu1qb-d', 'bid', 1_000 + n, 4_400);
  const polymarketBody = (n: number) => orderBody(orderAt(n), SIGNATURE, ENVELOPE);
  return [
    {
      name: 'order id',
      each: 1,
      ratio: 9.3,
      bar: { figure: 'p50', atMost: 100, stretch: 40 },
      run: counting(() => {
        const id = nextId();
        const isNew = id !== lastId;
        lastId = id;
        return isNew;
      }),
    },
    { name: 'Kalshi order body', each: 1, ratio: 24, run: countingBytes(kalshiBody) },
    {
      name: 'Polymarket order body',
      each: 1,
      ratio: 57,
      batch: 250,
      run: countingBytes(polymarketBody),
    },
  ];
}

/** Counts the texts that are as long as the first, and makes bytes of each: a text that nobody reads is not put together. */
function countingBytes(text: (operation: number) => string): MicroRow['run'] {
  const wanted = text(0).length;
  return counting((n) => Buffer.from(text(n), 'latin1').length === wanted);
}

function hmacRow(): MicroRow {
  const secret = Buffer.alloc(32, 7);
  const body = orderBody(ORDER, SIGNATURE, ENVELOPE);
  const wanted = polymarketHmac(secret, '1785930336', 'POST', '/order', body);
  return {
    name: 'HMAC of a Polymarket order',
    each: 1,
    ratio: 173,
    batch: 100,
    run: counting(() => polymarketHmac(secret, '1785930336', 'POST', '/order', body) === wanted),
  };
}

function orderHashRows(): MicroRow[] {
  const hasher = createOrderHasher({
    chainId: 137,
    verifyingContract: `0x${'1a'.repeat(20)}`,
    domainVersion: '2',
  });
  const digest = new Uint8Array(32);
  let hashes = 0;
  const hashNext = (): boolean => {
    const before = digest[0]! * 256 + digest[1]! + digest[31]! * 65_536;
    hasher.hash(orderAt(hashes++), digest);
    return digest[0]! * 256 + digest[1]! + digest[31]! * 65_536 !== before;
  };
  const signature = () => signDigest(digest, PRIVATE_KEY);
  hashNext();
  if (recoverAddress(digest, signature()) !== ADDRESS) throw new Error('not our signature');
  return [
    {
      name: 'EIP-712 hash of an order',
      each: 1,
      ratio: 1_370,
      batch: 10,
      run: counting(hashNext),
    },
    {
      name: 'EIP-712 hash of an order and its signature',
      each: 1,
      ratio: 4_200,
      batch: 4,
      run: counting(() => hashNext() && signature().length === SIGNATURE.length),
    },
  ];
}

function rsaRow(): MicroRow {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const message = kalshiMessage('1785930336564', 'POST', '/trade-api/v2/portfolio/events/orders');
  const wanted = checkedLength(privateKey, message);
  return {
    name: 'RSA-PSS signature of a Kalshi order',
    each: 1,
    ratio: 20_200,
    batch: 1,
    run: counting(() => signKalshi(privateKey, message).length === wanted),
  };
}

function checkedLength(privateKey: KeyObject, message: string): number {
  const signature = signKalshi(privateKey, message);
  const isOurs = verifyKalshi(createPublicKey(privateKey), message, signature);
  if (!isOurs) throw new Error('not our signature');
  return signature.length;
}
