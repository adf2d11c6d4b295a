// ECDSA signatures whose costly half is made ahead. s = (z + r d) / k: the point R = k G, with r its x, and 1 / k need no digest, so
// they wait in a pool of nonces; with one of them a digest is signed by an addition and a multiplication modulo n, 2 us in place
// of 33 (bench micro). Such signatures are as valid as deterministic ones, and differ from them.
//
// Who has two signatures with one nonce has the key: a nonce is random, leaves the pool before it is used, is wiped after, and is
// never written down.
import { randomFillSync } from 'node:crypto';
import secp256k1 from 'secp256k1';
import { hexOf, WORD_BYTES } from './eip712.js';
import { signDigest } from './sign.js';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_ORDER = bytesOf(ORDER >> 1n);
const UNCOMPRESSED_X = 1;
const UNCOMPRESSED_END = 65;
const COMPACT_BYTES = 2 * WORD_BYTES;
const V_EVEN = '1b';
const V_ODD = '1c';

interface Nonce {
  readonly r: Uint8Array;
  /** r x private key; becomes s. */
  readonly rd: Uint8Array;
  /** 1 / k. */
  readonly inverse: Uint8Array;
  readonly isOdd: boolean;
}

export class AheadSigner {
  readonly #privateKey: Uint8Array;
  readonly #size: number;
  readonly #nonces: Nonce[] = [];
  readonly #signature = new Uint8Array(COMPACT_BYTES);
  /** Of a key that nobody has: what is signed with it is worth nothing. */
  readonly #rehearsal = createNonce(randomKey());

  /** Makes `size` nonces, 50 us each. */
  constructor(privateKey: Uint8Array, size: number) {
    this.#privateKey = privateKey;
    this.#size = size;
    while (this.refill());
  }

  /** Makes one nonce ahead: 50 us. False when the pool is full. */
  refill(): boolean {
    if (this.#nonces.length >= this.#size) return false;
    this.#nonces.push(createNonce(this.#privateKey));
    return true;
  }

  /** As signDigest() does: 0x and 65 bytes in hex, s in the lower half. @hot */
  sign(digest: Uint8Array): string {
    const nonce = this.#nonces.pop();
    if (nonce === undefined) return signDigest(digest, this.#privateKey);
    // One digest in 2^128 is too large to be added: then this nonce is lost.
    return this.#signWith(nonce, digest) ?? signDigest(digest, this.#privateKey);
  }

  /** Does what sign() does, and gives a signature of nobody. @hot */
  rehearse(digest: Uint8Array): string {
    const { r, rd, inverse, isOdd } = this.#rehearsal;
    const copy = { r, rd: copyOf(rd), inverse: copyOf(inverse), isOdd };
    return this.#signWith(copy, digest) ?? '';
  }

  /** Uses the nonce up. */
  #signWith({ r, rd: s, inverse, isOdd }: Nonce, digest: Uint8Array): string | undefined {
    try {
      secp256k1.privateKeyTweakAdd(s, digest);
      secp256k1.privateKeyTweakMul(s, inverse);
      const isHigh = Buffer.compare(s, HALF_ORDER) > 0;
      if (isHigh) secp256k1.privateKeyNegate(s);
      this.#signature.set(r);
      this.#signature.set(s, WORD_BYTES);
      return `${hexOf(this.#signature)}${isOdd === isHigh ? V_EVEN : V_ODD}`;
    } catch {
      return undefined;
    } finally {
      s.fill(0);
      inverse.fill(0);
    }
  }
}

function createNonce(privateKey: Uint8Array): Nonce {
  for (;;) {
    const k = randomKey();
    const point = secp256k1.publicKeyCreate(k, false);
    const r = copyOf(point.subarray(UNCOMPRESSED_X, UNCOMPRESSED_X + WORD_BYTES));
    // x of n or more would need another recovery id: one point in 2^128.
    if (!secp256k1.privateKeyVerify(r)) continue;
    const isOdd = (point[UNCOMPRESSED_END - 1]! & 1) === 1;
    const rd = secp256k1.privateKeyTweakMul(copyOf(privateKey), r);
    const inverse = bytesOf(invert(numberOf(k)));
    k.fill(0);
    return { r, rd, inverse, isOdd };
  }
}

/** Not slice(): a Buffer's is a view, and what is done to it is done to the private key. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

function randomKey(): Uint8Array {
  const key = new Uint8Array(WORD_BYTES);
  do randomFillSync(key);
  while (!secp256k1.privateKeyVerify(key));
  return key;
}

/** 1 / value modulo the order, by Euclid's extended algorithm; value is from 1 to n - 1. */
function invert(value: bigint): bigint {
  let [high, low, highFactor, lowFactor] = [ORDER, value, 0n, 1n];
  while (low !== 1n) {
    const quotient = high / low;
    [high, low] = [low, high - quotient * low];
    [highFactor, lowFactor] = [lowFactor, highFactor - quotient * lowFactor];
  }
  return lowFactor < 0n ? lowFactor + ORDER : lowFactor;
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(hexOf(bytes));
}

function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * WORD_BYTES, '0'), 'hex'));
}
