// The orders that the exchange remembers: open, held before they match, closed. Knows no matching.
import { ceilDiv } from '../../domain/exact.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import { BUY } from '../../venues/polymarket/wire/order-hash.js';
import type { OrderRecord } from './order-records.js';

/** A run that places more forgets its oldest closed orders; an open one is never forgotten. */
const MAX_CLOSED_ORDERS = 50_000;

export class OrderStore {
  readonly #open = new Map<string, OrderRecord>();
  readonly #held = new Map<string, OrderRecord>();
  readonly #closed = new Map<string, OrderRecord>();

  find(id: string): OrderRecord | undefined {
    return this.#open.get(id) ?? this.#held.get(id) ?? this.#closed.get(id);
  }

  open(id: string): OrderRecord | undefined {
    return this.#open.get(id);
  }

  isHeld(id: string): boolean {
    return this.#held.has(id);
  }

  /** Of one key. */
  openOf(party: string): OrderRecord[] {
    return [...this.#open.values()].filter((record) => record.party === party);
  }

  heldOf(party: string): OrderRecord[] {
    return [...this.#held.values()].filter((record) => record.party === party);
  }

  allOpen(): OrderRecord[] {
    return [...this.#open.values()];
  }

  add(record: OrderRecord): void {
    this.#open.set(record.id, record);
  }

  hold(record: OrderRecord, need: number): void {
    record.heldNeed = need;
    this.#held.set(record.id, record);
  }

  release(record: OrderRecord): void {
    record.heldNeed = 0;
    this.#held.delete(record.id);
  }

  retire(record: OrderRecord, status: OrderRecord['status']): void {
    record.status = status;
    record.closedAt = performance.now();
    this.#open.delete(record.id);
    this.#closed.set(record.id, record);
    if (this.#closed.size <= MAX_CLOSED_ORDERS) return;
    for (const oldest of this.#closed.keys()) {
      this.#closed.delete(oldest);
      break;
    }
  }

  /** What orders like this one have set aside: micros for a BUY, shares of its token for a SELL. */
  reserved({ account, side, market, outcome }: OrderRecord): number {
    let reserved = 0;
    for (const records of [this.#open, this.#held]) {
      for (const other of records.values()) {
        if (other.account !== account || other.side !== side) continue;
        const isSameToken = other.market === market && other.outcome === outcome;
        if (side !== BUY && !isSameToken) continue;
        const restingE6 = other.restingE6;
        const resting = side === BUY ? ceilDiv(restingE6 * other.priceE4, PAYOUT_E4) : restingE6;
        reserved += resting + other.heldNeed;
      }
    }
    return reserved;
  }
}
