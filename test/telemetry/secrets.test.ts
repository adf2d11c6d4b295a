import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HIDDEN, hidePatterns } from '../../src/telemetry/secret-patterns.js';
import { MIN_SECRET_CHARS, Secrets } from '../../src/telemetry/secrets.js';

function keeping(...values: string[]): Secrets {
  const secrets = new Secrets();
  for (const each of values) secrets.keep(each);
  return secrets;
}

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** Anything that a person or an exchange may have made up; what is a part of our own mark cannot be told from it. */
const secretValue = fc
  .oneof(
    fc.string({ minLength: MIN_SECRET_CHARS, maxLength: 60 }),
    fc.string({ unit: 'binary', minLength: MIN_SECRET_CHARS, maxLength: 20 }),
    fc.base64String({ minLength: 16, maxLength: 88 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key).toString('hex')),
  )
  .filter((text) => text.trim().length >= MIN_SECRET_CHARS && !HIDDEN.includes(text.trim()));
const around = fc.string({ maxLength: 40 });

/** Every way in which a text can carry a secret, and how it is found in what is left. */
const CARRIERS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  json: (secret) => JSON.stringify(secret).slice(1, -1),
  'json in json': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  url: (secret) => encodeURIComponent(secret.toWellFormed()),
  form: (secret) => new URLSearchParams([['', secret]]).toString().slice(1),
  base64,
  'base64 for URLs': (secret) => Buffer.from(secret, 'utf8').toString('base64url'),
};

describe('kept secrets', () => {
  it.each(Object.entries(CARRIERS))('do not survive the scrubber: %s', (_, carry) => {
    fc.assert(
      fc.property(secretValue, around, around, (secret, before, after) => {
        const carried = carry(secret);
        const shown = keeping(secret).hide(`${before}${carried}${after}`);
        expect(shown.includes(carried)).toBe(false);
        expect(shown.includes(secret)).toBe(false);
      }),
    );
  });

  it('are found in the base64 of a text that holds them anywhere', () => {
    fc.assert(
      fc.property(
        // Bytes whose base64 is not the same in both alphabets.
        fc
          .string({ unit: fc.constantFrom('~', '?', '>', 'a', 'ÿ'), minLength: 12, maxLength: 40 })
          .filter((text) => text.trim().length >= 12),
        around,
        around,
        (secret, before, after) => {
          for (const alphabet of ['base64', 'base64url'] as const) {
            const carried = Buffer.from(`${before}${secret}${after}`, 'utf8').toString(alphabet);
            const shown = keeping(secret).hide(`Basic-ish ${carried}`);
            const left = Buffer.from(shown.split(' ').at(-1) ?? '', 'base64').toString('utf8');
            expect(left.includes(secret)).toBe(false);
          }
        },
      ),
    );
  });

  it('leave no half of one beside the other where two overlap', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), maxLength: 60 }),
        (one, other, text) => {
          const shown = keeping(one, other).hide(text);
          expect(shown.includes(one) || shown.includes(other)).toBe(false);
        },
      ),
    );
  });

  it('are hidden in each line of a PEM file, also when its lines are joined', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const secrets = keeping(pem);
    const [, first = '', second = ''] = pem.split('\n');
    for (const text of [
      pem,
      pem.replaceAll('\n', ' '),
      pem.replaceAll('\n', '\\n'),
      first + second,
    ]) {
      const shown = secrets.hide(`it says ${text}.`);
      expect(shown).not.toContain(first);
      expect(shown).not.toContain(second);
      expect(shown).toMatch(/^it says /);
    }
  });

  it('are hidden in either case and either notation of a hexadecimal key', () => {
    const key = '0x00112233445566778899aabbccddeeff0123456789abcdefFEDCBA9876543210';
    const bytes = Buffer.from(key.slice(2), 'hex');
    const secrets = keeping(`${key}\n`);
    for (const form of [
      key,
      key.slice(2),
      key.toUpperCase().slice(2),
      bytes.toString('base64url'),
    ]) {
      expect(secrets.hide(`key ${form} end`)).toBe(`key ${HIDDEN} end`);
    }
  });

  it('take the path of a URL and the password of a database with them', () => {
    const secrets = keeping(
      'https://example.org/hooks/T0001/B0002?k=abcdefgh',
      'postgres://me:p%40ssw0rd-long@db.example.org/trades',
    );
    expect(secrets.hide('POST /hooks/T0001/B0002 failed')).toBe(`POST ${HIDDEN} failed`);
    expect(secrets.hide('login with p@ssw0rd-long')).toBe(`login with ${HIDDEN}`);
  });

  it('are taken out of the facts of an event, and named ones whatever they are', () => {
    const event = keeping('hunter22').clean({
      level: 'warn',
      event: 'x',
      text: 'it was hunter22',
      facts: { why: 'said hunter22', passphrase: 'never kept', count: 3, isOpen: true },
    });
    expect(event.text).toBe(`it was ${HIDDEN}`);
    expect(event.facts).toEqual({
      why: `said ${HIDDEN}`,
      passphrase: HIDDEN,
      count: 3,
      isOpen: true,
    });
  });
});

describe('what looks like a secret', () => {
  const hex = 'ab'.repeat(32);
  it.each([
    [
      'a PEM block',
      '-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----',
      'MIIEabc',
    ],
    ['a PEM block that breaks off', 'x -----BEGIN PRIVATE KEY-----\nMIIEabc', 'MIIEabc'],
    ['a bare hexadecimal key', `key is 0x${hex}`, hex],
    ['an authorization header', 'Authorization: Bearer abc.def-123', 'abc.def-123'],
    ['a bearer in a text', 'sent Bearer abcdef123456', 'abcdef123456'],
    ["Kalshi's headers", 'KALSHI-ACCESS-SIGNATURE: c2lnbmF0dXJl+/=', 'c2lnbmF0dXJl'],
    ["Polymarket's headers", '{"POLY_PASSPHRASE":"letmein","POLY_SIGNATURE":"s1gn="}', 'letmein'],
    ['JSON in JSON', '{\\"secret\\":\\"s3cr3t-value\\"}', 's3cr3t-value'],
    ['a password of a database', 'postgres://user:pa55word@db/x', 'pa55word'],
    ["Slack's webhooks", 'https://hooks.slack.com/services/T000/B000/XXXX', 'XXXX'],
    ["Discord's webhooks", 'https://discord.com/api/webhooks/123/abc-def', 'abc-def'],
    [
      "Telegram's bots",
      'https://api.telegram.org/bot123456:AAF-abcdefghijklmnopqrstuvwxyz12345/x',
      'AAF-',
    ],
    ["a bot's token alone", '12345678:AAF-abcdefghijklmnopqrstuvwxyz12345', 'AAF-'],
    ['a token of a URL', 'GET /stream?a=1&token=f00dface&b=2', 'f00dface'],
    ['a JSON web token', `eyJhbGciOiJI.eyJzdWIiOiIx.abc_def`, 'eyJzdWIiOiIx'],
    ['a signature of an order', `0x${'c'.repeat(130)}`, 'c'.repeat(60)],
    ['name=value', 'apiSecret=abc123 api_key=def456', 'def456'],
  ])('%s is hidden', (_, text, secret) => {
    expect(hidePatterns(text)).not.toContain(secret);
    expect(hidePatterns(text)).toContain(HIDDEN);
  });

  it.each([
    'btcd-0016: both legs filled arb=r3.0.17 netMicros=1760000 kalshi="filled 100"',
    'kalshi: 429, next try in 4000 ms waitMs=4000',
    'ended by duration: 15 fired, 15 both legs, locked in $47.67',
    'wrong value: key=kalshi.privateKeyPath origin=flag --kalshi-private-key-path',
    'connect ECONNREFUSED 127.0.0.1:8080 url=http://127.0.0.1:8080/state',
    'token=71321045679252212594626385532706912750332728571942532289631379312455583992563 no price',
  ])('leaves ordinary lines as they are: %s', (text) => {
    expect(hidePatterns(text)).toBe(text);
  });

  it('lets the ids of orders and markets through where a fact is named so', () => {
    const id = `0x${hex}`;
    expect(hidePatterns(id, 'orderId')).toBe(id);
    expect(hidePatterns(id, 'conditionId')).toBe(id);
    expect(hidePatterns(`order ${id} is unknown`)).toBe(`order 0xababab…${HIDDEN} is unknown`);
  });
});
