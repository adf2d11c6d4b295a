// Looks at the key files: there, for their owner's eyes alone, and able to sign what their public half verifies. No part of a key leaves
// this file except inside the key objects that calls are signed with.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { readEvmKey } from '../../runtime/accounts.js';
import type { PolymarketAccess } from '../../runtime/engine-config.js';
import { readKalshiPrivateKey, signKalshi, verifyKalshi } from '../../venues/kalshi/wire/auth.js';
import { clobAuthDigest } from '../../venues/polymarket/wire/clob-auth.js';
import { addressOf, recoverAddress, signDigest } from '../../venues/polymarket/wire/sign.js';
import { bad, type Checked, doubtful, examine, good, type Told } from './finding.js';

/** Anybody but the owner. */
const OTHERS = 0o077;
const SMALL_RSA_BITS = 2_048;
const SIGNED_TEXT = '1700000000000GET/trade-api/v2/portfolio/balance';
const PLAIN_KEY = 0;

export function kalshiKey(path: string): Promise<Checked<KeyObject>> {
  return examine({
    name: 'kalshi key',
    advice: keyAdvice(
      path,
      'give the PEM file that Kalshi let you download, or make a new API key',
    ),
    look: async (): Promise<Told<KeyObject>> => {
      const exposed = exposedTo(path);
      const key = readKalshiPrivateKey(await readFile(path, 'utf8'));
      const kind = kindOf(key);
      const signature = signKalshi(key, SIGNED_TEXT);
      if (!verifyKalshi(createPublicKey(key), SIGNED_TEXT, signature)) {
        return bad(`${path}: ${kind}, its signature does not verify`, 'make a new API key');
      }
      // A key that others can read still signs: what is behind it is looked at too.
      return exposed === undefined ? modestKey(path, kind, key) : { ...exposed, value: key };
    },
  });
}

function modestKey(path: string, kind: string, key: KeyObject): Told<KeyObject> {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? SMALL_RSA_BITS;
  if (bits < SMALL_RSA_BITS) {
    return bad(`${path}: ${kind} is short`, 'make a new API key, Kalshi makes them of 2048 bits');
  }
  return good(`${path}: ${kind}, signs and verifies, only its owner reads it`, key);
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const bits = asymmetricKeyDetails?.modulusLength;
  return bits === undefined ? String(asymmetricKeyType) : `${asymmetricKeyType} ${bits}`;
}

export function polymarketKey(access: PolymarketAccess): Promise<Checked<Uint8Array>> {
  const { privateKeyPath: path } = access;
  return examine({
    name: 'polymarket key',
    advice: keyAdvice(path, 'give a file with the 64 hex digits of the private key of the wallet'),
    look: (): Told<Uint8Array> => {
      const exposed = exposedTo(path);
      const key = readEvmKey(path);
      const address = addressOf(key);
      const digest = clobAuthDigest(address, access.chainId, '1700000000', '0');
      if (recoverAddress(digest, signDigest(digest, key)) !== address) {
        return bad(
          `${path}: its signature is not of ${address}`,
          'the file is spoiled: copy it anew',
        );
      }
      if (exposed !== undefined) return { ...exposed, value: key };
      return signerTold(access, address, key);
    },
  });
}

/** For signature type 0 the signer holds the money itself. */
function signerTold(access: PolymarketAccess, address: string, key: Uint8Array): Told<Uint8Array> {
  const { privateKeyPath: path, signatureType, funder } = access;
  const isFunder = address.toLowerCase() === funder.toLowerCase();
  if (signatureType === PLAIN_KEY && !isFunder) {
    const text = `${path}: signs for ${address}, and polymarket.funder is ${funder} with signature type 0`;
    const todo =
      'set polymarket.funder to that address, or polymarket.signatureType to the kind of wallet the funder is';
    return bad(text, todo, key);
  }
  const text = `${path}: signs for ${address}, only its owner reads it`;
  if (isFunder || funder !== funder.toLowerCase()) return good(text, key);
  // Nobody says here which wallet the key's orders are paid from: a wrong digit shows only in the first order, with its other leg bought.
  const todo =
    'copy it from your profile on Polymarket with its capital letters: they tell a wrong digit';
  return doubtful(
    `${text}; polymarket.funder ${funder} cannot be compared with anything`,
    todo,
    key,
  );
}

/** Undefined when only the owner reads and writes the file. `renew`: what to do when others may have read it. */
export function exposedTo(path: string, renew = 'make a new key'): Told<never> | undefined {
  accessSync(path, constants.R_OK);
  const mode = statSync(path).mode & 0o777;
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return undefined;
  const text = `${path}: mode ${mode.toString(8)}, other users can read or write it`;
  return bad(text, `chmod 600 ${path}; if others use this machine, ${renew}`);
}

function keyAdvice(path: string, otherwise: string): (error: unknown) => string {
  return (error) => {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') return `there is no ${path}: put the key there, or set its path`;
    if (code === 'EACCES') return `let this user read it: chown and chmod 600 ${path}`;
    return otherwise;
  };
}
