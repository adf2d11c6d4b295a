// The three headers of a signed Kalshi request (kalshi-api.md 1.2), for calls off the path of an
// order.
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../domain/clock.js';
import type { RestCall, RestClient } from '../../net/rest-client.js';
import {
  KALSHI_KEY_HEADER,
  KALSHI_SIGNATURE_HEADER,
  KALSHI_TIMESTAMP_HEADER,
  kalshiMessage,
  signKalshi,
} from './wire/auth.js';

export function kalshiHeaders(
  keyId: string,
  key: KeyObject,
  wallMs: number,
  method: string,
  path: string,
): Record<string, string> {
  const timestamp = String(wallMs);
  return {
    [KALSHI_KEY_HEADER]: keyId,
    [KALSHI_TIMESTAMP_HEADER]: timestamp,
    [KALSHI_SIGNATURE_HEADER]: signKalshi(key, kalshiMessage(timestamp, method, path)),
  };
}

/** Who calls: an API key, and the clock whose time is signed. */
export interface KalshiIdentity {
  readonly keyId: string;
  readonly key: KeyObject;
  readonly clock: Clock;
}

/**
 * The call with its signature, made anew for each attempt: an old one is refused (kalshi-api.md
 * 1.2).
 */
export function signedCall(
  rest: RestClient,
  { keyId, key, clock }: KalshiIdentity,
  call: Omit<RestCall, 'headers'>,
): RestCall {
  const path = rest.signedPath(call.path);
  return {
    ...call,
    headers: () => kalshiHeaders(keyId, key, clock.wallMs(), call.method, path),
  };
}
