// The three headers of a signed Kalshi request (kalshi-api.md 1.2), for calls off the path of an order.
import type { KeyObject } from 'node:crypto';
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
