// The keys of the simulated accounts: fresh ones in files that only their owner can read. The servers keep the public halves.
import { generateKeyPair, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checksumAddress } from '../venues/polymarket/wire/address.js';
import { addressOf } from '../venues/polymarket/wire/sign.js';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

export interface SimKeys {
  readonly kalshi: {
    readonly keyId: string;
    readonly publicKey: KeyObject;
    readonly privateKeyPath: string;
  };
  readonly polymarket: { readonly address: string; readonly privateKeyPath: string };
}

export async function createSimKeys(directory: string): Promise<SimKeys> {
  mkdirSync(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  const rsa = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const kalshiPath = join(directory, 'kalshi.pem');
  writeSecret(kalshiPath, rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const secret = randomBytes(32);
  const polymarketPath = join(directory, 'polymarket.key');
  writeSecret(polymarketPath, `0x${secret.toString('hex')}\n`);
  return {
    kalshi: { keyId: randomUUID(), publicKey: rsa.publicKey, privateKeyPath: kalshiPath },
    polymarket: {
      address: checksumAddress(addressOf(secret)),
      privateKeyPath: polymarketPath,
    },
  };
}

/** The mode given at creation does not tighten a file that was there before. */
function writeSecret(path: string, text: string): void {
  writeFileSync(path, text, { mode: OWNER_ONLY_FILE });
  chmodSync(path, OWNER_ONLY_FILE);
}
