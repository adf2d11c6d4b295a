// Faults of order calls (src/sim/server.ts): the exchange refuses without looking, forgets to
// answer, or hangs up.
import type { Fault } from '../server.js';
import { NoReply, RawReply } from './http-front.js';
import { Refusal } from './refusal.js';

type OrderFault = Extract<
  Fault,
  { kind: 'reject-orders' | 'lose-reply' | 'reset-after-accept' | 'reset-before-accept' }
>;

/** More than this many are not kept waiting. */
const MAX_PENDING = 1_000;

export class OrderFaults {
  readonly #pending: { readonly fault: OrderFault; left: number }[] = [];

  add(fault: OrderFault): void {
    if (fault.count > 0 && this.#pending.length < MAX_PENDING) {
      this.#pending.push({ fault, left: fault.count });
    }
  }

  /** Runs one order call under the fault whose turn it is; each counts calls, not orders. */
  run(execute: () => unknown): unknown {
    const fault = this.#take();
    switch (fault?.kind) {
      case undefined:
        return execute();
      case 'reject-orders':
        return new RawReply(fault.body, fault.status);
      case 'reset-before-accept':
        throw new NoReply(true);
      case 'lose-reply':
        attempt(execute);
        throw new NoReply(false);
      case 'reset-after-accept':
        attempt(execute);
        throw new NoReply(true);
    }
  }

  #take(): OrderFault | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    if (--first.left === 0) this.#pending.shift();
    return first.fault;
  }
}

/** A refusal is a reply too: it is lost with the rest. */
function attempt(execute: () => unknown): void {
  try {
    execute();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
