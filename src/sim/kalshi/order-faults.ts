// Which of the next orders go wrong, and how: faults take their turn in the order in which they
// were injected.
import type { OrderFault as AnyOrderFault } from '../server.js';

/** Those that Kalshi has. */
export type OrderFault = Exclude<AnyOrderFault, { kind: 'ghost-fills' | 'retry-fills' }>;

interface Pending {
  readonly fault: OrderFault;
  left: number;
}

export class OrderFaults {
  readonly #pending: Pending[] = [];

  add(fault: OrderFault): void {
    if (fault.count > 0) this.#pending.push({ fault, left: fault.count });
  }

  /** The fault of the order at hand, undefined when it goes well. */
  next(): OrderFault | undefined {
    const first = this.#pending[0];
    if (first === undefined) return undefined;
    first.left--;
    if (first.left === 0) this.#pending.shift();
    return first.fault;
  }
}
