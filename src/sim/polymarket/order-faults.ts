// Faults of order calls (src/sim/server.ts): the exchange refuses without looking, forgets to
// answer, hangs up, or is late.
import type { OrderFault } from '../server.js';
import { NoReply, RawReply } from './http-front.js';
import { ORDER_TIMED_OUT, Refusal } from './refusal.js';

export type CallFault = Exclude<
  OrderFault,
  { kind: 'partial-fills' | 'ghost-fills' | 'retry-fills' }
>;

/** More than this many are not kept waiting. */
const MAX_PENDING = 1_000;

export class OrderFaults {
  readonly #timeoutMs: number;
  readonly #pending: { readonly fault: CallFault; left: number }[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();

  /** `timeoutMs`: an order that waits longer is answered `order timed out`, and still executed. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(fault: CallFault): void {
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
        return this.#silently(execute, false);
      case 'reset-after-accept':
        return this.#silently(execute, true);
      case 'delay-replies':
        return this.#answerLater(execute, fault.delayMs);
      case 'delay-orders':
        return this.#executeLater(execute, fault.delayMs);
      default:
        return fault satisfies never;
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #silently(execute: () => unknown, destroy: boolean): Promise<never> {
    await attempt(execute);
    throw new NoReply(destroy);
  }

  async #answerLater(execute: () => unknown, delayMs: number): Promise<unknown> {
    const answer = await attempt(execute);
    await this.#sleep(delayMs);
    if (answer instanceof Refusal) throw answer;
    return answer;
  }

  async #executeLater(execute: () => unknown, delayMs: number): Promise<unknown> {
    if (delayMs <= this.#timeoutMs) {
      await this.#sleep(delayMs);
      return execute();
    }
    void this.#sleep(delayMs).then(() => attempt(execute));
    await this.#sleep(this.#timeoutMs);
    throw new Refusal(500, ORDER_TIMED_OUT);
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, delayMs);
      this.#timers.add(timer);
    });
  }

  #take(): CallFault | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    if (--first.left === 0) this.#pending.shift();
    return first.fault;
  }
}

/** A refusal is an answer too: it is late, or lost, with the rest. */
async function attempt(execute: () => unknown): Promise<unknown> {
  try {
    return await execute();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error;
  }
}
