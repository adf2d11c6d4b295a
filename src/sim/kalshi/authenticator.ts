// Who is calling: checks key, clock and signature of a request or a WebSocket handshake
// (kalshi-api.md 1.2).
import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  KALSHI_KEY_HEADER,
  KALSHI_SIGNATURE_HEADER,
  KALSHI_TIMESTAMP_HEADER,
  kalshiMessage,
  verifyKalshi,
} from '../../venues/kalshi/wire/auth.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type { Refusal } from './reply.js';

export interface ApiKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
  readonly account: string;
  /** What the key may do (kalshi-api.md 1.2); default everything. */
  readonly scopes?: readonly KeyScope[];
}

export type KeyScope =
  | 'read'
  | 'read::portfolio_balance'
  | 'write'
  | 'write::trade'
  | 'write::transfer';

/** Whether the key has any of these scopes. */
export function hasScope({ scopes }: ApiKey, ...wanted: readonly KeyScope[]): boolean {
  return scopes === undefined || wanted.some((scope) => scopes.includes(scope));
}

/** Not documented; kalshi-api.md 1.2 suggests it from what was seen accepted and refused. */
export const DEFAULT_CLOCK_TOLERANCE_MS = 15_000;

/**
 * Good signatures that are remembered. A client may use one many times within the tolerance, and
 * verifying takes 30 us.
 */
const MAX_REMEMBERED = 10_000;

export class Authenticator {
  readonly #keys = new Map<string, ApiKey>();
  readonly #toleranceMs: number;
  readonly #now: () => number;
  readonly #verified = new Set<string>();

  constructor(keys: readonly ApiKey[], toleranceMs: number, now: () => number) {
    for (const key of keys) this.#keys.set(key.keyId, key);
    this.#toleranceMs = toleranceMs;
    this.#now = now;
  }

  /** `path` is from the root, with or without its query. */
  authenticate(method: string, path: string, headers: IncomingHttpHeaders): ApiKey | Refusal {
    const keyId = headers[KALSHI_KEY_HEADER];
    const timestampMs = headers[KALSHI_TIMESTAMP_HEADER];
    const signature = headers[KALSHI_SIGNATURE_HEADER];
    if (
      typeof keyId !== 'string' ||
      typeof timestampMs !== 'string' ||
      typeof signature !== 'string'
    ) {
      const code = KALSHI_ERROR.SIGNATURE_MISSING;
      return { status: 401, error: { code, message: code.replaceAll('_', ' ') } };
    }
    const key = this.#keys.get(keyId);
    if (key === undefined) return unauthenticated('NOT_FOUND');
    if (!this.#isCurrent(timestampMs)) {
      const code = KALSHI_ERROR.TIMESTAMP_EXPIRED;
      return { status: 401, error: { code, message: 'header timestamp expired' } };
    }
    const message = kalshiMessage(timestampMs, method, path);
    return this.#isSigned(key, message, signature)
      ? key
      : unauthenticated('INCORRECT_API_KEY_SIGNATURE');
  }

  #isCurrent(timestampMs: string): boolean {
    if (!/^\d{1,16}$/.test(timestampMs)) return false;
    return Math.abs(Number(timestampMs) - this.#now()) <= this.#toleranceMs;
  }

  #isSigned(key: ApiKey, message: string, signature: string): boolean {
    const entry = `${key.keyId} ${message} ${signature}`;
    if (this.#verified.has(entry)) return true;
    if (!verifyKalshi(key.publicKey, message, signature)) return false;
    if (this.#verified.size >= MAX_REMEMBERED) this.#verified.clear();
    this.#verified.add(entry);
    return true;
  }
}

function unauthenticated(details: string): Refusal {
  const code = KALSHI_ERROR.AUTHENTICATION;
  return { status: 401, error: { code, message: code, details } };
}
