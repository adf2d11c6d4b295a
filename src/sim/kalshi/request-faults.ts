// Which of the next requests fail before anything looks at them, and with what. It must not know
// routes.
import { STATUS_CODES } from 'node:http';
import type { Fault, RequestClass } from '../server.js';
import { json, type Reply } from './reply.js';

type RequestFault = Extract<Fault, { kind: 'fail-requests' }>;

interface Pending {
  readonly fault: RequestFault;
  left: number;
}

export class RequestFaults {
  readonly #pending: Pending[] = [];
  #refusals = 0;

  add(fault: RequestFault): void {
    if (fault.count > 0) this.#pending.push({ fault, left: fault.count });
  }

  /**
   * The reply of the request at hand, undefined when nothing is wrong with it. The request is not
   * carried out.
   */
  next(kind: Exclude<RequestClass, 'all'> | undefined): Reply | undefined {
    const index = this.#pending.findIndex(({ fault }) => fault.of === 'all' || fault.of === kind);
    const pending = this.#pending[index];
    if (pending === undefined) return undefined;
    pending.left--;
    if (pending.left === 0) this.#pending.splice(index, 1);
    return this.#reply(pending.fault.status);
  }

  /**
   * A 429 comes with either of the bodies that were seen (kalshi-api.md 3.4), by turns; everything
   * else is nested.
   */
  #reply(status: number): Reply {
    if (status === 429 && this.#refusals++ % 2 === 0) {
      return json(429, { error: 'too many requests' });
    }
    const message = (STATUS_CODES[status] ?? 'error').toLowerCase();
    return json(status, { error: { code: message.replaceAll(' ', '_'), message } });
  }
}
