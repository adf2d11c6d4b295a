// Level 1 authentication (polymarket-api.md 3.1): the wallet signs that it controls itself, to
// create or derive API keys.
import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  addressWord,
  DIGEST_STRUCT_OFFSET,
  digestPrefix,
  keccakText,
  uint256Word,
  WORD_BYTES,
} from './eip712.js';
import { keccak256Into } from './keccak.js';
import { addressOf, signDigest } from './sign.js';

const DOMAIN_TYPE = 'EIP712Domain(string name,string version,uint256 chainId)';
const AUTH_TYPE = 'ClobAuth(address address,string timestamp,uint256 nonce,string message)';
const MESSAGE = 'This message attests that I control the given wallet';

export interface L1Headers {
  readonly POLY_ADDRESS: string;
  readonly POLY_SIGNATURE: string;
  readonly POLY_TIMESTAMP: string;
  readonly POLY_NONCE: string;
}

/**
 * Headers that create or derive the API key of this wallet and nonce. `timestampS` is unix
 * seconds.
 */
export function l1Headers(
  privateKey: Uint8Array,
  chainId: number,
  timestampS: number,
  nonce = 0,
): L1Headers {
  const address = addressOf(privateKey);
  const digest = clobAuthDigest(address, chainId, String(timestampS), String(nonce));
  return {
    POLY_ADDRESS: address,
    POLY_SIGNATURE: signDigest(digest, privateKey),
    POLY_TIMESTAMP: String(timestampS),
    POLY_NONCE: String(nonce),
  };
}

/** The digest behind POLY_SIGNATURE. Throws RangeError for a malformed address or nonce. */
export function clobAuthDigest(
  address: string,
  chainId: number,
  timestampS: string,
  nonce: string,
): Uint8Array {
  const separator = keccak_256(
    Buffer.concat([
      keccakText(DOMAIN_TYPE),
      keccakText('ClobAuthDomain'),
      keccakText('1'),
      uint256Word(String(chainId)),
    ]),
  );
  const struct = Buffer.concat([
    keccakText(AUTH_TYPE),
    addressWord(address),
    keccakText(timestampS),
    uint256Word(nonce),
    keccakText(MESSAGE),
  ]);
  const message = digestPrefix(separator);
  keccak256Into(struct, message.subarray(DIGEST_STRUCT_OFFSET));
  const digest = new Uint8Array(WORD_BYTES);
  keccak256Into(message, digest);
  return digest;
}
