// The keys that init puts in place: read and checked before anything is written, or made. Nothing of a private key is ever shown.
import { createPublicKey, generateKeyPair } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { KeyFileError, readEvmKey } from '../../runtime/accounts.js';
import { processSecrets } from '../../telemetry/secrets.js';
import { readKalshiPrivateKey } from '../../venues/kalshi/wire/auth.js';
import { addressOf } from '../../venues/polymarket/wire/sign.js';
import type { KalshiKeySource, PolymarketKeySource } from './answers.js';

/** As Kalshi makes them. */
const RSA_BITS = 2_048;

export interface KalshiKey {
  readonly pem: string;
  /** To be given to Kalshi; undefined when the key was there before. */
  readonly publicPem: string | undefined;
}

/** Throws KalshiKeyError or KeyFileError for what is no key. */
export async function kalshiKeyOf(source: KalshiKeySource): Promise<KalshiKey> {
  if (source.kind === 'generate') {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    processSecrets.keep(pem);
    const publicKey = createPublicKey(privateKey);
    return { pem, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
  }
  const pem = readText(source.path);
  processSecrets.keep(pem);
  readKalshiPrivateKey(pem);
  return { pem, publicPem: undefined };
}

export interface PolymarketKey {
  readonly text: string;
  /** Whose orders it signs. */
  readonly address: string;
}

export function polymarketKeyOf(source: PolymarketKeySource): PolymarketKey {
  const key = source.kind === 'file' ? readEvmKey(source.path) : typedKey(source.text);
  const hex = Buffer.from(key).toString('hex');
  processSecrets.keep(hex);
  return { text: `0x${hex}\n`, address: addressOf(key) };
}

const HEX_KEY = /^(0x)?[0-9a-fA-F]{64}$/;

export function isTypedKey(text: string): boolean {
  return HEX_KEY.test(text.trim());
}

function typedKey(text: string): Uint8Array {
  if (!isTypedKey(text)) throw new KeyFileError('the wallet key must be 64 hex digits');
  return Buffer.from(text.trim().replace(/^0x/, ''), 'hex');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new KeyFileError(`cannot read the key file: path=${path}`, { cause });
  }
}
