// The parts of EIP-712 that Polymarket needs: 32-byte words written in place, the domain separator,
// the digest.
import { keccak_256 } from '@noble/hashes/sha3.js';

export const WORD_BYTES = 32;
const UINT32_RANGE = 2 ** 32;
const UINT256_LIMIT = 2n ** 256n;
const DOMAIN_TYPE =
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';

export interface OrderDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: string;
}

export function keccakText(text: string): Uint8Array {
  return keccak_256(new TextEncoder().encode(text));
}

/**
 * Writes a whole number below 2^53 as a big-endian word; the 24 bytes above it must be zero
 * already. @hot
 */
export function writeNumberWord(words: DataView, word: number, value: number): void {
  const low = value % UINT32_RANGE;
  words.setUint32(word * WORD_BYTES + 24, (value - low) / UINT32_RANGE);
  words.setUint32(word * WORD_BYTES + 28, low);
}

/** The word of a uint256 in decimal text. Throws RangeError when it is not one. */
export function uint256Word(decimal: string): Uint8Array {
  if (!/^\d{1,78}$/.test(decimal)) throw new RangeError(`not a uint256: text=${decimal}`);
  const value = BigInt(decimal);
  if (value >= UINT256_LIMIT) throw new RangeError(`not a uint256: text=${decimal}`);
  return hexWord(value.toString(16).padStart(64, '0'), 64);
}

/**
 * The word of an address: 12 zero bytes and its 20. Throws RangeError when the text is not an
 * address.
 */
export function addressWord(address: string): Uint8Array {
  return hexWord(withoutPrefix(address), 40);
}

/** The word of a bytes32 in hex. Throws RangeError when the text is not 32 bytes. */
export function bytes32Word(hex: string): Uint8Array {
  return hexWord(withoutPrefix(hex), 64);
}

export function domainSeparator(domain: OrderDomain): Uint8Array {
  return keccak_256(
    Buffer.concat([
      keccakText(DOMAIN_TYPE),
      keccakText(domain.name),
      keccakText(domain.version),
      uint256Word(String(domain.chainId)),
      addressWord(domain.verifyingContract),
    ]),
  );
}

/**
 * A buffer `0x19 0x01 separator struct` whose struct hash is filled in later: see
 * DIGEST_STRUCT_OFFSET.
 */
export function digestPrefix(separator: Uint8Array): Uint8Array {
  const message = new Uint8Array(DIGEST_STRUCT_OFFSET + WORD_BYTES);
  message[0] = 0x19;
  message[1] = 0x01;
  message.set(separator, 2);
  return message;
}

export const DIGEST_STRUCT_OFFSET = 2 + WORD_BYTES;

export function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

function withoutPrefix(hex: string): string {
  if (!hex.startsWith('0x')) throw new RangeError(`not hex: text=${hex}`);
  return hex.slice(2);
}

function hexWord(digits: string, length: 40 | 64): Uint8Array {
  const bytes = Buffer.from(digits, 'hex');
  if (digits.length !== length || bytes.length !== length / 2) {
    throw new RangeError(`not hex of ${length / 2} bytes: text=${digits}`);
  }
  const word = new Uint8Array(WORD_BYTES);
  word.set(bytes, WORD_BYTES - bytes.length);
  return word;
}
