// Kalshi's request signatures (kalshi-api.md 1.2), made and verified; it must not know HTTP,
// sockets or clocks.
import { constants, createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';

/** API key id. Node lower-cases incoming header names, so these are lower case. */
export const KALSHI_KEY_HEADER = 'kalshi-access-key';
/** Unix time in milliseconds as decimal text: the same text that is signed. */
export const KALSHI_TIMESTAMP_HEADER = 'kalshi-access-timestamp';
export const KALSHI_SIGNATURE_HEADER = 'kalshi-access-signature';

/** The path that the WebSocket handshake signs, and its method. */
export const KALSHI_WS_PATH = '/trade-api/ws/v2';
export const KALSHI_REST_PATH = '/trade-api/v2';

const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
} as const;

/**
 * The text that is signed. `path` starts at the root, with /trade-api/v2 and without the query; a
 * query is cut off here, because signing it is the commonest way to get a 401. The body and the
 * host are not signed.
 */
export function kalshiMessage(timestampMs: string, method: string, path: string): string {
  const query = path.indexOf('?');
  return timestampMs + method.toUpperCase() + (query === -1 ? path : path.slice(0, query));
}

export class KalshiKeyError extends Error {
  readonly code = 'KALSHI_KEY';
}

/**
 * Reads an RSA key (PKCS#1 or PKCS#8 PEM) or an Ed25519 key (PKCS#8 PEM). Throws KalshiKeyError on
 * anything else; neither its message nor its cause repeats what the text holds.
 */
export function readKalshiPrivateKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new KalshiKeyError(
      'cannot read the Kalshi private key: give an unencrypted PEM file as downloaded from Kalshi ' +
        `(BEGIN RSA PRIVATE KEY or BEGIN PRIVATE KEY) header=${pemLabel(pem)}`,
      { cause },
    );
  }
  const type = key.asymmetricKeyType;
  if (type !== 'rsa' && type !== 'ed25519') {
    throw new KalshiKeyError(`Kalshi keys are rsa or ed25519: type=${type ?? 'unknown'}`);
  }
  return key;
}

function pemLabel(pem: string): string {
  return /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(pem)?.[1]?.replaceAll(' ', '_') ?? 'none';
}

/**
 * Base64 signature, RSA-PSS with SHA-256 or Ed25519 by the key's type. About 250 us with RSA 2048:
 * sign ahead.
 */
export function signKalshi(key: KeyObject, message: string): string {
  return signatureOf(key, message).toString('base64');
}

/** As signKalshi, on libuv's thread pool: the event loop is not held up. */
export function signKalshiAsync(key: KeyObject, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(digestOf(key), Buffer.from(message), { key, ...PSS }, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}

/**
 * True when the signature is this key's for this message. Wrong base64, length or key type is
 * false, never an exception.
 */
export function verifyKalshi(
  publicKey: KeyObject,
  message: string,
  signatureBase64: string,
): boolean {
  const signature = Buffer.from(signatureBase64, 'base64');
  return verify(digestOf(publicKey), Buffer.from(message), { key: publicKey, ...PSS }, signature);
}

function signatureOf(key: KeyObject, message: string): Buffer {
  return sign(digestOf(key), Buffer.from(message), { key, ...PSS });
}

/** Ed25519 hashes by itself: node takes no digest for it, and ignores the PSS options. */
function digestOf(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}
