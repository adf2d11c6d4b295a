// The EIP-712 hash of an order, which is also its id (polymarket-api.md 4.1): known before the
// order is sent.
import {
  addressWord,
  bytes32Word,
  DIGEST_STRUCT_OFFSET,
  digestPrefix,
  domainSeparator,
  keccakText,
  uint256Word,
  WORD_BYTES,
  writeNumberWord,
} from './eip712.js';
import { keccak256Into } from './keccak.js';

export const BUY = 0;
export const SELL = 1;
export type OrderSide = typeof BUY | typeof SELL;
export type OrderSideName = 'BUY' | 'SELL';
export const ORDER_SIDE_NAMES: readonly [OrderSideName, OrderSideName] = ['BUY', 'SELL'];

/** polymarket-api.md 4.2. */
export const EOA = 0;
export const POLY_PROXY = 1;
export const POLY_GNOSIS_SAFE = 2;
export const POLY_1271 = 3;
export type SignatureType =
  | typeof EOA
  | typeof POLY_PROXY
  | typeof POLY_GNOSIS_SAFE
  | typeof POLY_1271;

export const ZERO_BYTES32 = `0x${'0'.repeat(64)}`;

/** The struct that V2 and V3 sign. Amounts are in 1/1,000,000; numbers are whole and below 2^53. */
export interface PolymarketOrder {
  readonly salt: number;
  readonly maker: string;
  readonly signer: string;
  /** Decimal text of the uint256. */
  readonly tokenId: string;
  readonly makerAmount: number;
  readonly takerAmount: number;
  readonly side: OrderSide;
  readonly signatureType: SignatureType;
  readonly timestampMs: number;
  /** 0x and 64 hex digits. */
  readonly metadata: string;
  readonly builder: string;
}

export const ORDER_TYPE =
  'Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,' +
  'uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,' +
  'bytes32 builder)';

const DOMAIN_NAME = 'Polymarket CTF Exchange';

export interface OrderHasherOptions {
  readonly chainId: number;
  readonly verifyingContract: string;
  /** "2" for CLOB V2, "3" for Protocol V2 assets. */
  readonly domainVersion: '2' | '3';
}

export interface OrderHasher {
  readonly domainSeparator: Uint8Array;
  /**
   * Writes the digest that is signed, which is the order id, to the first 32 bytes of `out`, and
   * the struct hash, which a type 3 signature carries beside it, to those of `structOut`. @hot
   */
  hash(order: PolymarketOrder, out: Uint8Array, structOut?: Uint8Array): void;
  /** Writes the struct hash alone. */
  hashStruct(order: PolymarketOrder, out: Uint8Array): void;
}

//  0          1     2      3       4         5       6       7     8     9     10        11
//  +----------+-----+------+-------+---------+-------+-------+-----+-----+-----+---------+--------+
//  | type hash| salt| maker| signer| token id| maker | taker | side| sig.| time| metadata| builder|
//  |          |     |      |       |         | amount| amount|     | type|     |         |        |
//  +----------+-----+------+-------+---------+-------+-------+-----+-----+-----+---------+--------+
const WORD_COUNT = 12;

/**
 * A hasher for one exchange contract. The words of ids and addresses are kept, so an order of a
 * known market does no BigInt arithmetic and no hex parsing: four Keccak permutations, about 20 us.
 * hash() throws RangeError for malformed ids, addresses and bytes32.
 */
export function createOrderHasher(options: OrderHasherOptions): OrderHasher {
  const separator = domainSeparator({
    name: DOMAIN_NAME,
    version: options.domainVersion,
    chainId: options.chainId,
    verifyingContract: options.verifyingContract,
  });
  const message = new Uint8Array(WORD_COUNT * WORD_BYTES);
  message.set(keccakText(ORDER_TYPE), 0);
  const words = new DataView(message.buffer);
  const digest = digestPrefix(separator);
  const structHash = digest.subarray(DIGEST_STRUCT_OFFSET);
  const tokens = new WordCache(uint256Word);
  const addresses = new WordCache(addressWord);
  const constants = new WordCache(bytes32Word);

  function encode(order: PolymarketOrder): void {
    writeNumberWord(words, 1, order.salt);
    message.set(addresses.get(order.maker), 2 * WORD_BYTES);
    message.set(addresses.get(order.signer), 3 * WORD_BYTES);
    message.set(tokens.get(order.tokenId), 4 * WORD_BYTES);
    writeNumberWord(words, 5, order.makerAmount);
    writeNumberWord(words, 6, order.takerAmount);
    writeNumberWord(words, 7, order.side);
    writeNumberWord(words, 8, order.signatureType);
    writeNumberWord(words, 9, order.timestampMs);
    message.set(constants.get(order.metadata), 10 * WORD_BYTES);
    message.set(constants.get(order.builder), 11 * WORD_BYTES);
  }

  return {
    domainSeparator: separator,
    hash(order, out, structOut) {
      encode(order);
      keccak256Into(message, structHash);
      structOut?.set(structHash);
      keccak256Into(digest, out);
    },
    hashStruct(order, out) {
      encode(order);
      keccak256Into(message, out);
    },
  };
}

/** Bounds the cache of a hasher that sees foreign ids: a full one starts anew. */
const MAX_CACHED_WORDS = 16_384;

class WordCache {
  readonly #encode: (text: string) => Uint8Array;
  readonly #words = new Map<string, Uint8Array>();

  constructor(encode: (text: string) => Uint8Array) {
    this.#encode = encode;
  }

  get(text: string): Uint8Array {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    const word = this.#encode(text);
    if (this.#words.size >= MAX_CACHED_WORDS) this.#words.clear();
    this.#words.set(text, word);
    return word;
  }
}
