import { randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import secp256k1 from 'secp256k1';
import { expect, it } from 'vitest';
import { AheadSigner } from '../../src/venues/polymarket/wire/ahead-signer.js';
import { addressOf, recoverAddress, signDigest } from '../../src/venues/polymarket/wire/sign.js';

const POOL = 8;
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

const key = fc.integer({ min: 1 }).map((seed) => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(20, seed);
  return bytes;
});
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });

const rOf = (signature: string): string => signature.slice(2, 66);
const sOf = (signature: string): bigint => BigInt(`0x${signature.slice(66, 130)}`);

it('gives signatures of the key, in the lower half, each with a nonce of its own', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(key, fc.array(digest, { minLength: 1, maxLength: POOL }), (privateKey, digests) => {
      const signer = new AheadSigner(privateKey, POOL);
      for (const each of digests) {
        const signature = signer.sign(each);
        expect(recoverAddress(each, signature)).toBe(addressOf(privateKey));
        const compact = Buffer.from(signature.slice(2, 130), 'hex');
        const publicKey = secp256k1.publicKeyCreate(privateKey);
        expect(secp256k1.ecdsaVerify(compact, each, publicKey)).toBe(true);
        expect(sOf(signature) <= HALF_ORDER).toBe(true);
        expect(signature).not.toBe(signDigest(each, privateKey));
        expect(seen.has(rOf(signature))).toBe(false);
        seen.add(rOf(signature));
      }
    }),
    { numRuns: 100 },
  );
});

it('signs without a pool as any signer does, and fills the pool again', () => {
  const privateKey = new Uint8Array(32).fill(7);
  const signer = new AheadSigner(privateKey, 2);
  const one = randomFillSync(new Uint8Array(32));
  expect(signer.refill()).toBe(false);
  const ahead = [signer.sign(one), signer.sign(one)];
  expect(signer.sign(one)).toBe(signDigest(one, privateKey));
  expect(signer.refill()).toBe(true);
  const later = signer.sign(one);
  expect(new Set([...ahead, later, signDigest(one, privateKey)]).size).toBe(4);
  expect(recoverAddress(one, later)).toBe(addressOf(privateKey));
});

it('signs a digest that is no number below the order', () => {
  const privateKey = new Uint8Array(32).fill(9);
  const signer = new AheadSigner(privateKey, 1);
  const largest = new Uint8Array(32).fill(0xff);
  expect(recoverAddress(largest, signer.sign(largest))).toBe(addressOf(privateKey));
});

it('rehearses with a key of nobody, and uses up nothing', () => {
  const privateKey = new Uint8Array(32).fill(5);
  const signer = new AheadSigner(privateKey, 1);
  const one = randomFillSync(new Uint8Array(32));
  const rehearsed = [signer.rehearse(one), signer.rehearse(one)];
  for (const signature of rehearsed) {
    expect(signature).toMatch(/^0x[0-9a-f]{130}$/);
    expect(recoverAddress(one, signature)).not.toBe(addressOf(privateKey));
  }
  const real = signer.sign(one);
  expect(recoverAddress(one, real)).toBe(addressOf(privateKey));
  expect(rOf(real)).not.toBe(rOf(rehearsed[0]!));
  expect(real).not.toBe(signDigest(one, privateKey));
});

it('leaves the key as it is, whatever kind of bytes it comes in', () => {
  for (const privateKey of [Buffer.alloc(32, 5), new Uint8Array(32).fill(5)]) {
    const before = Buffer.from(privateKey).toString('hex');
    const one = randomFillSync(new Uint8Array(32));
    const signer = new AheadSigner(privateKey, 2);
    for (let count = 0; count < 4; count++) {
      expect(recoverAddress(one, signer.sign(one))).toBe(addressOf(privateKey));
      signer.rehearse(one);
      signer.refill();
    }
    expect(Buffer.from(privateKey).toString('hex')).toBe(before);
  }
});
