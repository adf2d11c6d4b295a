// The account on both exchanges as the engine needs it at the start and to look things up: keys,
// money, fills.

import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../domain/clock.js';
import { RestClient } from '../net/rest-client.js';
import { listKalshiFills } from '../venues/kalshi/fills.js';
import { loadKalshiBalanceMicros } from '../venues/kalshi/terms.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import type { VenueFill } from '../venues/orders.js';
import {
  listPolymarketFills,
  loadPolymarketBalanceMicros,
  loadPolymarketCredentials,
  type PolymarketFillMarket,
} from '../venues/polymarket/account.js';
import type { PolymarketCredentials } from '../venues/polymarket/orders.js';
import type { EngineConfig } from './engine-config.js';
import type { PolymarketSession, TradedPair } from './worker-protocol.js';

export class KeyFileError extends Error {
  readonly code = 'KEY_FILE';
}

/**
 * A private key of 32 bytes in a file as hex, with or without 0x. The text never appears in an
 * error.
 */
export function readEvmKey(path: string): Uint8Array {
  const text = readKeyFile(path).trim().replace(/^0x/, '');
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new KeyFileError(`the Polymarket key file must hold 64 hex digits: path=${path}`);
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new KeyFileError(`cannot read the key file: path=${path}`, { cause });
  }
}

export class Accounts {
  readonly kalshi: RestClient;
  readonly polymarket: RestClient;
  readonly #config: EngineConfig;
  readonly #clock: Clock;
  readonly #kalshiKey: KeyObject;
  readonly #polymarketKey: Uint8Array;
  #credentials: PolymarketCredentials | undefined;

  constructor(config: EngineConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.kalshi = new RestClient(config.kalshi.restUrl, config.requestTimeoutMs);
    this.polymarket = new RestClient(config.polymarket.restUrl, config.requestTimeoutMs);
    this.#kalshiKey = readKalshiPrivateKey(readKeyFile(config.kalshi.privateKeyPath));
    this.#polymarketKey = readEvmKey(config.polymarket.privateKeyPath);
  }

  /** Derives the wallet's API key. */
  async login(): Promise<PolymarketSession> {
    const credentials = await loadPolymarketCredentials(
      this.polymarket,
      this.#polymarketKey,
      this.#config.polymarket.chainId,
      this.#clock,
    );
    this.#credentials = credentials;
    return {
      address: credentials.address,
      apiKey: credentials.apiKey,
      secretBase64: credentials.secret.toString('base64'),
      passphrase: credentials.passphrase,
    };
  }

  /** Cash on Kalshi and on Polymarket, in micros. */
  async balancesMicros(): Promise<[kalshi: number, polymarket: number]> {
    return Promise.all([
      loadKalshiBalanceMicros(this.kalshi, this.#config.kalshi.keyId, this.#kalshiKey, this.#clock),
      loadPolymarketBalanceMicros(
        this.polymarket,
        this.#loggedIn(),
        this.#config.polymarket.signatureType,
        this.#clock,
      ),
    ]);
  }

  async kalshiFills(sinceS: number, pairs: readonly TradedPair[]): Promise<VenueFill[]> {
    return listKalshiFills(
      this.kalshi,
      this.#config.kalshi.keyId,
      this.#kalshiKey,
      this.#clock,
      sinceS,
      kalshiMarketIndex(pairs),
    );
  }

  async polymarketFills(sinceS: number, pairs: readonly TradedPair[]): Promise<VenueFill[]> {
    return listPolymarketFills(
      this.polymarket,
      this.#loggedIn(),
      this.#clock,
      sinceS,
      polymarketFillMarkets(pairs),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.kalshi.close(), this.polymarket.close()]);
  }

  #loggedIn(): PolymarketCredentials {
    if (this.#credentials === undefined) throw new Error('login() comes first');
    return this.#credentials;
  }
}

export function kalshiMarketIndex(pairs: readonly TradedPair[]): ReadonlyMap<string, number> {
  return new Map(pairs.map(({ kalshi }, market) => [kalshi.ticker, market]));
}

export function polymarketFillMarkets(
  pairs: readonly TradedPair[],
): ReadonlyMap<string, PolymarketFillMarket> {
  return new Map(
    pairs.map(({ polymarket }, market) => [
      polymarket.conditionId,
      {
        market,
        conditionId: polymarket.conditionId,
        tokenIds: polymarket.tokenIds,
        fees: polymarket.fees,
      },
    ]),
  );
}
