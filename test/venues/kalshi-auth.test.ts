import { constants, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  KALSHI_WS_PATH,
  KalshiKeyError,
  kalshiMessage,
  readKalshiPrivateKey,
  signKalshi,
  signKalshiAsync,
  verifyKalshi,
} from '../../src/venues/kalshi/wire/auth.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const pems = {
  'RSA PKCS#1': rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  'RSA PKCS#8': rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  Ed25519: ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

const message = fc
  .tuple(
    fc.nat(2_000_000_000_000).map(String),
    fc.constantFrom('GET', 'POST', 'DELETE'),
    fc.webPath().map((path) => `/trade-api/v2${path}`),
  )
  .map(([timestampMs, method, path]) => kalshiMessage(timestampMs, method, path));

describe.each(Object.entries(pems))('a signature with a key in %s', (_name, pem) => {
  const key = readKalshiPrivateKey(pem);
  const publicKey = createPublicKey(key);

  it('verifies, and is standard base64', () => {
    fc.assert(
      fc.property(message, (text) => {
        const signature = signKalshi(key, text);
        expect(signature).toMatch(/^[A-Za-z0-9+/]+=*$/);
        expect(verifyKalshi(publicKey, text, signature)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('made on the thread pool verifies too', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        expect(verifyKalshi(publicKey, text, await signKalshiAsync(key, text))).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('does not verify for another message or with a changed byte', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (text, at, flip) => {
        const bytes = Buffer.from(signKalshi(key, text), 'base64');
        expect(verifyKalshi(publicKey, `${text}/x`, bytes.toString('base64'))).toBe(false);
        bytes[at % bytes.length]! ^= flip;
        expect(verifyKalshi(publicKey, text, bytes.toString('base64'))).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it.each(['', 'not base64 !!', 'AAAA'])(
    'is refused without an exception when it is %j',
    (text) => {
      expect(verifyKalshi(publicKey, 'message', text)).toBe(false);
    },
  );
});

it('uses a salt as long as the digest', () => {
  const text = kalshiMessage('1793613600123', 'get', KALSHI_WS_PATH);
  expect(text).toBe('1793613600123GET/trade-api/ws/v2');
  const signature = Buffer.from(signKalshi(rsa.privateKey, text), 'base64');
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const withSalt = (saltLength: number): boolean =>
    verify('sha256', Buffer.from(text), { key: rsa.publicKey, padding, saltLength }, signature);
  expect([withSalt(32), withSalt(20), withSalt(0)]).toEqual([true, false, false]);
});

it('signs the message itself with Ed25519, nothing hashed before', () => {
  fc.assert(
    fc.property(message, (text) => {
      const signature = sign(null, Buffer.from(text), ed25519.privateKey);
      expect(signKalshi(ed25519.privateKey, text)).toBe(signature.toString('base64'));
      expect(verifyKalshi(ed25519.publicKey, text, signature.toString('base64'))).toBe(true);
    }),
  );
});

it('signs the path without its query', () => {
  expect(kalshiMessage('1', 'GET', '/trade-api/v2/portfolio/orders?limit=5')).toBe(
    '1GET/trade-api/v2/portfolio/orders',
  );
});

it('refuses a key of one type for a signature of the other', () => {
  expect(verifyKalshi(ed25519.publicKey, 'm', signKalshi(rsa.privateKey, 'm'))).toBe(false);
  expect(verifyKalshi(rsa.publicKey, 'm', signKalshi(ed25519.privateKey, 'm'))).toBe(false);
});

describe('reading a key', () => {
  it('names the type of a key that Kalshi does not take', () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    expect(() => readKalshiPrivateKey(pem.toString())).toThrow(/type=ec/);
  });

  it('says what was found instead of a key, and not its content', () => {
    const secret = 'c2VjcmV0';
    const pem = `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----`;
    expect(() => readKalshiPrivateKey(pem)).toThrow(/header=OPENSSH_PRIVATE_KEY/);
    expect(() => readKalshiPrivateKey(pem)).not.toThrow(secret);
    expect(() => readKalshiPrivateKey('')).toThrow(KalshiKeyError);
  });
});
