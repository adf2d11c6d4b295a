// Who is calling: API keys issued to wallets (polymarket-api.md 3.1) and calls signed with them
// (3.2).
import { createHmac, timingSafeEqual } from 'node:crypto';
import { checksumAddress } from '../../venues/polymarket/wire/address.js';
import { clobAuthDigest } from '../../venues/polymarket/wire/clob-auth.js';
import {
  type ApiKeyReply,
  decodeSecret,
  polymarketHmac,
} from '../../venues/polymarket/wire/hmac.js';
import { recoverAddress } from '../../venues/polymarket/wire/sign.js';
import { INVALID_API_KEY, INVALID_L1_HEADERS, Refusal } from './refusal.js';

const MAX_KEYS = 10_000;
const KEY_SEED = 'underround simulated polymarket';

export interface Session {
  readonly apiKey: string;
  /** Checksummed address of the signing wallet. */
  readonly address: string;
  /** A read-only key may not place or cancel orders. */
  readonly isReadOnly: boolean;
}

interface IssuedKey extends Session {
  readonly reply: ApiKeyReply;
  readonly secret: Buffer;
}

export interface Call {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly body: Buffer;
  header(name: string): string;
}

export interface ApiKeysOptions {
  readonly chainId: number;
  /** How far a signed time may be from the exchange's clock, either way (3.2). */
  readonly toleranceS: number;
  now(): number;
}

export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #keys = new Map<string, IssuedKey>();
  /** Builder keys sign nothing here: they are issued and listed. */
  readonly #builderKeys = new Map<string, string>();

  constructor(options: ApiKeysOptions) {
    this.#options = options;
  }

  /** The key of this wallet and nonce, always the same. */
  static keyOf(address: string, nonce: string): ApiKeyReply {
    const material = (purpose: string) =>
      createHmac('sha256', KEY_SEED).update(`${purpose}:${address.toLowerCase()}:${nonce}`);
    const id = material('id').digest('hex');
    return {
      apiKey:
        `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}` +
        `-8${id.slice(17, 20)}-${id.slice(20, 32)}`,
      secret: material('secret').digest('base64').replaceAll('+', '-').replaceAll('/', '_'),
      passphrase: material('passphrase').digest('hex'),
    };
  }

  create(call: Call): ApiKeyReply {
    const { address, nonce } = this.#wallet(call);
    const reply = ApiKeys.keyOf(address, nonce);
    if (this.#keys.has(reply.apiKey)) throw new Refusal(400, 'Could not create api key');
    this.#issue(address, reply);
    return reply;
  }

  /** Throws Refusal 400 for a key that was never created. */
  derive(call: Call): ApiKeyReply {
    const { address, nonce } = this.#wallet(call);
    const reply = ApiKeys.keyOf(address, nonce);
    if (!this.#keys.has(reply.apiKey)) throw new Refusal(400, 'Could not derive api key');
    return reply;
  }

  list(session: Session): { apiKeys: string[] } {
    return { apiKeys: this.#keysOf(session, false) };
  }

  delete(session: Session): 'OK' {
    this.#keys.delete(session.apiKey);
    return 'OK';
  }

  createReadOnly(session: Session): ApiKeyReply {
    const count = this.#keysOf(session, true).length;
    const reply = ApiKeys.keyOf(session.address, `read-only-${count}`);
    this.#issue(session.address, reply, true);
    return reply;
  }

  listReadOnly(session: Session): string[] {
    return this.#keysOf(session, true);
  }

  deleteReadOnly(session: Session, apiKey: unknown): boolean {
    const own = this.#keysOf(session, true).find((key) => key === apiKey);
    return own !== undefined && this.#keys.delete(own);
  }

  createBuilder(session: Session): { key: string; secret: string; passphrase: string } {
    const { apiKey, secret, passphrase } = ApiKeys.keyOf(session.address, 'builder');
    this.#builderKeys.set(session.address, apiKey);
    return { key: apiKey, secret, passphrase };
  }

  listBuilder(session: Session): { key: string }[] {
    const key = this.#builderKeys.get(session.address);
    return key === undefined ? [] : [{ key }];
  }

  revokeBuilder(session: Session): 'OK' {
    this.#builderKeys.delete(session.address);
    return 'OK';
  }

  /** As authenticate, and Refusal 401 for a key that may only read. */
  authenticateTrader(call: Call): Session {
    const session = this.authenticate(call);
    if (session.isReadOnly) throw new Refusal(401, INVALID_API_KEY);
    return session;
  }

  /** Throws Refusal 401 unless the call is signed with an issued key over these very bytes, now. */
  authenticate(call: Call): Session {
    const key = this.#keys.get(call.header('POLY_API_KEY'));
    const timestamp = call.header('POLY_TIMESTAMP');
    const valid =
      key !== undefined &&
      this.#isCurrent(timestamp) &&
      key.address.toLowerCase() === call.header('POLY_ADDRESS').toLowerCase() &&
      key.reply.passphrase === call.header('POLY_PASSPHRASE') &&
      equalText(
        polymarketHmac(key.secret, timestamp, call.method, call.path, call.body),
        call.header('POLY_SIGNATURE'),
      );
    if (!valid) throw new Refusal(401, INVALID_API_KEY);
    return key;
  }

  /** The user socket sends the three parts of a key themselves (9). */
  login(apiKey: unknown, secret: unknown, passphrase: unknown): Session | undefined {
    const key = typeof apiKey === 'string' ? this.#keys.get(apiKey) : undefined;
    if (key === undefined || typeof secret !== 'string') return undefined;
    const matches = key.reply.passphrase === passphrase && decodeSecret(secret).equals(key.secret);
    return matches ? key : undefined;
  }

  #keysOf({ address }: Session, isReadOnly: boolean): string[] {
    return [...this.#keys.values()]
      .filter((key) => key.address === address && key.isReadOnly === isReadOnly)
      .map((key) => key.apiKey);
  }

  #issue(address: string, reply: ApiKeyReply, isReadOnly = false): void {
    if (this.#keys.size >= MAX_KEYS) throw new Refusal(400, 'Could not create api key');
    const { apiKey } = reply;
    const secret = decodeSecret(reply.secret);
    this.#keys.set(apiKey, { apiKey, address, isReadOnly, reply, secret });
  }

  /** Throws Refusal 401 unless the headers prove control of the wallet, now. */
  #wallet(call: Call): { address: string; nonce: string } {
    const timestamp = call.header('POLY_TIMESTAMP');
    const nonce = call.header('POLY_NONCE');
    if (this.#isCurrent(timestamp)) {
      try {
        const address = checksumAddress(call.header('POLY_ADDRESS'));
        const digest = clobAuthDigest(address, this.#options.chainId, timestamp, nonce);
        if (recoverAddress(digest, call.header('POLY_SIGNATURE')) === address) {
          return { address, nonce };
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }
    throw new Refusal(401, INVALID_L1_HEADERS);
  }

  #isCurrent(timestampS: string): boolean {
    if (!/^\d{1,12}$/.test(timestampS)) return false;
    const { toleranceS } = this.#options;
    return Math.abs(this.#options.now() / 1000 - Number(timestampS)) <= toleranceS;
  }
}

function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
