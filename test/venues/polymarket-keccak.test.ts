import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keccak256Into } from '../../src/venues/polymarket/wire/keccak.js';

/** Two blocks and a bit: every place at which a message can end in a block. */
const MAX_BYTES = 300;

it('hashes as the library does, messages of every length', () => {
  fc.assert(
    fc.property(fc.nat(MAX_BYTES), fc.infiniteStream(fc.nat(255)), (length, bytes) => {
      const message = Uint8Array.from(bytes.take(length));
      const out = new Uint8Array(32);
      keccak256Into(message, out);
      expect(Buffer.from(out).toString('hex')).toBe(
        Buffer.from(keccak_256(message)).toString('hex'),
      );
    }),
    { numRuns: 2_000 },
  );
  for (let length = 0; length <= MAX_BYTES; length++) {
    const message = new Uint8Array(length).fill(0xa5);
    const out = new Uint8Array(40);
    keccak256Into(message, out);
    expect([length, out.subarray(0, 32)]).toEqual([length, keccak_256(message)]);
    expect(out.subarray(32)).toEqual(new Uint8Array(8));
  }
});

it('may write its hash over a part of the message', () => {
  const message = new Uint8Array(64).fill(1);
  const wanted = keccak_256(message);
  keccak256Into(message, message.subarray(32));
  expect(message.subarray(32)).toEqual(wanted);
});
