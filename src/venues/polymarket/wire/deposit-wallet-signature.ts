// Signature type 3 (polymarket-api.md 4.2): a deposit wallet's signature is ERC-7739's, the owner's
// key signing a struct that holds the order.
import {
  addressWord,
  DIGEST_STRUCT_OFFSET,
  digestPrefix,
  hexOf,
  keccakText,
  uint256Word,
  WORD_BYTES,
} from './eip712.js';
import { keccak256Into } from './keccak.js';
import { ORDER_TYPE, type OrderHasher, type PolymarketOrder } from './order-hash.js';
import { type DigestSigner, recoverAddress, SIGNATURE_BYTES, signDigest } from './sign.js';

const TYPED_DATA_SIGN_TYPE =
  'TypedDataSign(Order contents,string name,string version,uint256 chainId,' +
  `address verifyingContract,bytes32 salt)${ORDER_TYPE}`;
const TYPE_HASH = keccakText(TYPED_DATA_SIGN_TYPE);
const NAME_HASH = keccakText('DepositWallet');
const VERSION_HASH = keccakText('1');

/** The type's text and its length in two bytes, in hex. */
const ORDER_TYPE_SUFFIX =
  Buffer.from(ORDER_TYPE, 'latin1').toString('hex') +
  ORDER_TYPE.length.toString(16).padStart(4, '0');

//  0               1         2           3              4         5       6
//  +---------------+---------+-----------+--------------+---------+-------+---------+
//  | type hash     | order's | hash of   | hash of the  | chain id| wallet| salt, 0 |
//  | TypedDataSign | struct  | its name  | version      |         |       |         |
//  +---------------+---------+-----------+--------------+---------+-------+---------+
const WORD_COUNT = 7;
const CONTENTS_OFFSET = WORD_BYTES;

export interface DepositWalletSigner {
  /**
   * The 317 bytes for the order whose struct hash this is, in hex: owner's signature || exchange's
   * domain separator || order's struct hash || type || its length. @hot
   */
  sign(contents: Uint8Array, sign: DigestSigner): string;
}

/**
 * A signer for one wallet on one exchange. All but the order's struct hash is hashed once, so a
 * signature costs three Keccak permutations beside the ECDSA. Throws RangeError for a malformed
 * wallet.
 */
export function createDepositWalletSigner(
  domainSeparator: Uint8Array,
  chainId: number,
  wallet: string,
): DepositWalletSigner {
  const digester = createDigester(domainSeparator, chainId, wallet);
  const separatorHex = hexOf(domainSeparator).slice(2);
  return {
    sign(contents, sign) {
      const signature = sign(digester(contents));
      return signature + separatorHex + hexOf(contents).slice(2) + ORDER_TYPE_SUFFIX;
    },
  };
}

/** Signs one order; who signs many for one wallet keeps a DepositWalletSigner. */
export function signForDepositWallet(
  hasher: OrderHasher,
  order: PolymarketOrder,
  chainId: number,
  privateKey: Uint8Array,
): string {
  const contents = new Uint8Array(WORD_BYTES);
  hasher.hashStruct(order, contents);
  const signer = createDepositWalletSigner(hasher.domainSeparator, chainId, order.maker);
  return signer.sign(contents, (digest) => signDigest(digest, privateKey));
}

/**
 * The address whose key signed for the wallet. Throws RangeError when the wrapping is not this
 * order's.
 */
export function recoverDepositWalletOwner(
  hasher: OrderHasher,
  order: PolymarketOrder,
  chainId: number,
  signature: string,
): string {
  const contents = new Uint8Array(WORD_BYTES);
  hasher.hashStruct(order, contents);
  const inner = signature.slice(0, 2 + 2 * SIGNATURE_BYTES);
  const wrapping =
    hexOf(hasher.domainSeparator).slice(2) + hexOf(contents).slice(2) + ORDER_TYPE_SUFFIX;
  if (signature.slice(inner.length).toLowerCase() !== wrapping) {
    throw new RangeError(`wrapped signature is of another order: wallet=${order.maker}`);
  }
  const digester = createDigester(hasher.domainSeparator, chainId, order.maker);
  return recoverAddress(digester(contents), inner);
}

/** Gives the digest that the owner signs; the array is reused. */
function createDigester(
  domainSeparator: Uint8Array,
  chainId: number,
  wallet: string,
): (contents: Uint8Array) => Uint8Array {
  const struct = new Uint8Array(WORD_COUNT * WORD_BYTES);
  struct.set(TYPE_HASH, 0);
  struct.set(NAME_HASH, 2 * WORD_BYTES);
  struct.set(VERSION_HASH, 3 * WORD_BYTES);
  struct.set(uint256Word(String(chainId)), 4 * WORD_BYTES);
  struct.set(addressWord(wallet), 5 * WORD_BYTES);
  const message = digestPrefix(domainSeparator);
  const structHash = message.subarray(DIGEST_STRUCT_OFFSET);
  const digest = new Uint8Array(WORD_BYTES);
  return (contents) => {
    struct.set(contents, CONTENTS_OFFSET);
    keccak256Into(struct, structHash);
    keccak256Into(message, digest);
    return digest;
  };
}
