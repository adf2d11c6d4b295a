// The fault `fail-requests` (src/sim/server.ts): calls that are answered with an error before
// anybody looks at them.
import { STATUS_CODES } from 'node:http';
import type { Fault, RequestClass } from '../server.js';
import { RATE_LIMITED, RESTARTING, Refusal } from './refusal.js';

type FailRequests = Extract<Fault, { kind: 'fail-requests' }>;

const ORDER_PATHS: ReadonlySet<string> = new Set([
  '/order',
  '/orders',
  '/cancel-all',
  '/cancel-market-orders',
]);
/** Reads whose question is too long for a URL (polymarket-api.md 4.12). */
const POSTED_READS: ReadonlySet<string> = new Set([
  '/books',
  '/prices',
  '/midpoints',
  '/spreads',
  '/last-trades-prices',
]);
/** More than this many are not kept waiting. */
const MAX_PENDING = 1_000;
const RETRY_AFTER_S = 1;

export class RequestFaults {
  #pending: { readonly fault: FailRequests; left: number }[] = [];

  add(fault: FailRequests): void {
    if (fault.count > 0 && this.#pending.length < MAX_PENDING) {
      this.#pending.push({ fault, left: fault.count });
    }
  }

  /** Throws the Refusal whose turn it is for a call of this kind. */
  check(method: string, path: string): void {
    if (this.#pending.length === 0) return;
    const turn = this.#pending.find(({ fault }) => isOf(fault.of, method, path));
    if (turn === undefined) return;
    if (--turn.left === 0) this.#pending = this.#pending.filter((each) => each !== turn);
    throw failure(turn.fault.status);
  }
}

/** Placing and cancelling. */
export function isOrderCall(method: string, path: string): boolean {
  return ORDER_PATHS.has(path) && method !== 'GET';
}

function isOf(wanted: RequestClass, method: string, path: string): boolean {
  const isOrder = isOrderCall(method, path);
  if (wanted === 'orders') return isOrder;
  return wanted === 'all' || method === 'GET' || POSTED_READS.has(path);
}

function failure(status: number): Refusal {
  const retry = { 'Retry-After': String(RETRY_AFTER_S) };
  if (status === 429) return new Refusal(429, RATE_LIMITED, {}, retry);
  if (status === 425) return new Refusal(425, RESTARTING, {}, retry);
  return new Refusal(status, (STATUS_CODES[status] ?? 'error').toLowerCase());
}
