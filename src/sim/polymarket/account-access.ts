// Who may trade (polymarket-api.md 4.8, 7): a key is free, may only close positions, or is banned.
import { checksumAddress } from '../../venues/polymarket/wire/address.js';
import { banned, closedOnly, Refusal } from './refusal.js';

export type Access = 'free' | 'closed-only' | 'banned';

export class AccountAccess {
  readonly #restricted = new Map<string, Access>();

  /** Throws RangeError for what is not an address. */
  set(address: string, access: Access): void {
    this.#restricted.set(checksumAddress(address), access);
  }

  isClosedOnly(address: string): boolean {
    return this.#restricted.get(address) === 'closed-only';
  }

  /** Throws Refusal unless this key may place such an order. */
  check(address: string, isSale: boolean): void {
    const access = this.#restricted.get(address);
    if (access === 'banned') throw new Refusal(400, banned(address));
    if (access === 'closed-only' && !isSale) throw new Refusal(400, closedOnly(address));
  }
}
