// Which pairs are watched but not fired, and why. A pair is let go when nothing holds it any more.
import type { FlightTable } from '../shm/flight-table.js';

export class Holds {
  readonly #flights: FlightTable;
  readonly #reasons = new Map<number, Map<string, number>>();

  constructor(flights: FlightTable) {
    this.#flights = flights;
  }

  /** Holds the pair until each hold for this reason was released. */
  hold(pair: number, reason: string): void {
    const own = this.#reasons.get(pair) ?? new Map<string, number>();
    this.#reasons.set(pair, own);
    own.set(reason, (own.get(reason) ?? 0) + 1);
    this.#flights.hold(pair, true);
  }

  /** True when nothing holds the pair any more. */
  release(pair: number, reason: string): boolean {
    const own = this.#reasons.get(pair);
    const count = own?.get(reason);
    if (own === undefined || count === undefined) return false;
    if (count > 1) own.set(reason, count - 1);
    else own.delete(reason);
    if (own.size > 0) return false;
    this.#reasons.delete(pair);
    this.#flights.hold(pair, false);
    return true;
  }

  isHeldFor(pair: number, reason: string): boolean {
    return this.#reasons.get(pair)?.has(reason) === true;
  }

  /** Why the pair is held. */
  reasonsOf(pair: number): readonly string[] {
    return [...(this.#reasons.get(pair)?.keys() ?? [])];
  }

  /** Pairs held, by reason. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const own of this.#reasons.values()) {
      for (const reason of own.keys()) counts[reason] = (counts[reason] ?? 0) + 1;
    }
    return counts;
  }
}
