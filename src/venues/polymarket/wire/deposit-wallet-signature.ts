// Signature type 3 (polymarket-api.md 4.2): a deposit wallet's signature is ERC-7739's, the owner's
// key signing a struct that holds the order.
import {
  addressWord,
  DIGEST_STRUCT_OFFSET,
  digestPrefix,
  hexOf,
  keccakInto,
  keccakText,
  uint256Word,
  WORD_BYTES,
} from './eip712.js';
import { ORDER_TYPE, type OrderHasher, type PolymarketOrder } from './order-hash.js';
import { recoverAddress, SIGNATURE_BYTES, signDigest } from './sign.js';

const TYPED_DATA_SIGN_TYPE =
  'TypedDataSign(Order contents,string name,string version,uint256 chainId,' +
  `address verifyingContract,bytes32 salt)${ORDER_TYPE}`;
const WALLET_NAME = 'DepositWallet';
const WALLET_VERSION = '1';

const ORDER_TYPE_HEX = Buffer.from(ORDER_TYPE, 'latin1').toString('hex');
const ORDER_TYPE_LENGTH_HEX = ORDER_TYPE.length.toString(16).padStart(4, '0');

/**
 * The 317 bytes: owner's signature || exchange's domain separator || order's struct hash || type
 * || its length.
 */
export function signForDepositWallet(
  hasher: OrderHasher,
  order: PolymarketOrder,
  chainId: number,
  privateKey: Uint8Array,
): string {
  const contents = new Uint8Array(WORD_BYTES);
  hasher.hashStruct(order, contents);
  const digest = walletDigest(hasher, contents, chainId, order.maker);
  return signDigest(digest, privateKey) + wrapping(hasher, contents);
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
  if (signature.slice(inner.length).toLowerCase() !== wrapping(hasher, contents)) {
    throw new RangeError(`wrapped signature is of another order: wallet=${order.maker}`);
  }
  return recoverAddress(walletDigest(hasher, contents, chainId, order.maker), inner);
}

function wrapping(hasher: OrderHasher, contents: Uint8Array): string {
  return (
    hexOf(hasher.domainSeparator).slice(2) +
    hexOf(contents).slice(2) +
    ORDER_TYPE_HEX +
    ORDER_TYPE_LENGTH_HEX
  );
}

function walletDigest(
  hasher: OrderHasher,
  contents: Uint8Array,
  chainId: number,
  wallet: string,
): Uint8Array {
  const struct = Buffer.concat([
    keccakText(TYPED_DATA_SIGN_TYPE),
    contents,
    keccakText(WALLET_NAME),
    keccakText(WALLET_VERSION),
    uint256Word(String(chainId)),
    addressWord(wallet),
    new Uint8Array(WORD_BYTES),
  ]);
  const message = digestPrefix(hasher.domainSeparator);
  keccakInto(struct, message.subarray(DIGEST_STRUCT_OFFSET));
  const digest = new Uint8Array(WORD_BYTES);
  keccakInto(message, digest);
  return digest;
}
