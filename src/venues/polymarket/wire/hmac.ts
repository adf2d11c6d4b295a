// Level 2 authentication (polymarket-api.md 3.2): an HMAC over the exact bytes of a private call.
import { createHmac } from 'node:crypto';

/** What the auth endpoints answer. */
export interface ApiKeyReply {
  readonly apiKey: string;
  /** base64 or base64url. */
  readonly secret: string;
  readonly passphrase: string;
}

/** The key bytes of a secret in normal or URL-safe base64. */
export function decodeSecret(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

/**
 * POLY_SIGNATURE: base64url with its padding kept. `method` is upper case, `path` has no query,
 * `body` is the exact text (or bytes) that is sent, empty when there is none. 3 us. @hot
 */
export function polymarketHmac(
  secret: Buffer,
  timestampS: string,
  method: string,
  path: string,
  body: string | Buffer,
): string {
  return createHmac('sha256', secret)
    .update(timestampS + method + path)
    .update(body)
    .digest('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
