// secp256k1 signatures over 32-byte digests, as Ethereum writes them, and the addresses they come
// from.
import { keccak_256 } from '@noble/hashes/sha3.js';
import secp256k1 from 'secp256k1';
import { checksumAddress } from './address.js';
import { hexOf } from './eip712.js';

const ETHEREUM_V_OFFSET = 27;
const COMPACT_BYTES = 64;
export const SIGNATURE_BYTES = COMPACT_BYTES + 1;
const ADDRESS_BYTES = 20;

/** Signs a digest with a key that it knows: 0x and 65 bytes in hex. */
export type DigestSigner = (digest: Uint8Array) => string;

/**
 * Signs a digest: 0x and 65 bytes in hex, r || s || v with v 27 or 28, s in the lower half. 50 us.
 * @hot
 */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): string {
  const { signature, recid } = secp256k1.ecdsaSign(digest, privateKey);
  return `${hexOf(signature)}${recid === 0 ? '1b' : '1c'}`;
}

/**
 * The checksummed address that signed the digest. Throws RangeError when the text is not a 65-byte
 * signature with v 27 or 28, or when no key can have made it.
 */
export function recoverAddress(digest: Uint8Array, signature: string): string {
  const bytes = Buffer.from(signature.slice(2), 'hex');
  const recid = (bytes[COMPACT_BYTES] ?? 0) - ETHEREUM_V_OFFSET;
  const wellFormed =
    signature.startsWith('0x') &&
    signature.length === 2 + 2 * SIGNATURE_BYTES &&
    bytes.length === SIGNATURE_BYTES;
  if (!wellFormed || (recid !== 0 && recid !== 1)) {
    throw new RangeError(`not a signature: text=${signature.slice(0, 140)}`);
  }
  try {
    const key = secp256k1.ecdsaRecover(bytes.subarray(0, COMPACT_BYTES), recid, digest, false);
    return addressOfPublicKey(key);
  } catch (cause) {
    throw new RangeError(`no key made this signature: text=${signature}`, { cause });
  }
}

export function addressOf(privateKey: Uint8Array): string {
  return addressOfPublicKey(secp256k1.publicKeyCreate(privateKey, false));
}

function addressOfPublicKey(uncompressed: Uint8Array): string {
  const hash = keccak_256(uncompressed.subarray(1));
  return checksumAddress(hexOf(hash.subarray(hash.length - ADDRESS_BYTES)));
}
