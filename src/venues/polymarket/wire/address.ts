// How addresses are spelt: capitals tell a wrong digit (EIP-55).
import { keccak_256 } from '@noble/hashes/sha3.js';

/** The EIP-55 spelling of an address in any case. */
export function checksumAddress(address: string): string {
  const digits = address.slice(2).toLowerCase();
  if (!address.startsWith('0x') || !/^[0-9a-f]{40}$/.test(digits)) {
    throw new RangeError(`not an address: text=${address.slice(0, 80)}`);
  }
  const hash = keccak_256(new TextEncoder().encode(digits));
  let checksummed = '0x';
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charAt(index);
    const nibble = index % 2 === 0 ? hash[index >> 1]! >> 4 : hash[index >> 1]! & 15;
    checksummed += nibble >= 8 ? digit.toUpperCase() : digit;
  }
  return checksummed;
}

/** False for an address whose capitals are not those of its digits; one without capitals, or without small letters, has none to check. */
export function hasRightChecksum(address: string): boolean {
  const digits = address.slice(2);
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true;
  return checksumAddress(address) === address;
}
