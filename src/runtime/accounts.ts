// The account on both exchanges as the engine needs it at the start and to look things up: keys,
// money, positions, orders, fills.

import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../domain/clock.js';
import { type ByVenue, KALSHI, POLYMARKET, type Venue } from '../domain/venue.js';
import { RestClient, type RestGuards } from '../net/rest-client.js';
import {
  listKalshiOpenOrders,
  listKalshiOrders,
  loadKalshiCash,
  loadKalshiFills,
} from '../venues/kalshi/account.js';
import { loadKalshiExchangeStatus } from '../venues/kalshi/exchange-status.js';
import type { KalshiIdentity } from '../venues/kalshi/headers.js';
import { type KalshiLimits, loadKalshiLimits } from '../venues/kalshi/limits.js';
import type { KalshiOrderState } from '../venues/kalshi/portfolio-rows.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import type { VenueFill } from '../venues/orders.js';
import {
  isPolymarketClosedOnly,
  loadPolymarketCredentials,
  loadPolymarketFills,
  loadPolymarketFunds,
  type PolymarketFillMarket,
  requirePolymarketAllowances,
} from '../venues/polymarket/account.js';
import type { PolymarketOrderState } from '../venues/polymarket/account-rows.js';
import { PolymarketOrderCalls } from '../venues/polymarket/order-calls.js';
import type { PolymarketCredentials } from '../venues/polymarket/orders.js';
import type { PolymarketIdentity } from '../venues/polymarket/private-call.js';
import {
  type AccountState,
  type Cash,
  type KalshiPositions,
  type PolymarketPositions,
  readKalshiPositions,
  readPolymarketPositions,
  requireReadable,
} from './account-state.js';
import type { EngineConfig } from './engine-config.js';
import { type LoadedPairs, reloadPairs } from './markets.js';
import type { ShardState } from './venue-watch.js';
import type { PolymarketSession, TradedPair } from './worker-protocol.js';

export type { Cash } from './account-state.js';

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

/** What the engine asks of an account, real or on paper. */
export type EngineAccounts = Pick<
  Accounts,
  | 'kalshi'
  | 'polymarket'
  | 'login'
  | 'cash'
  | 'kalshiPositions'
  | 'polymarketPositions'
  | 'kalshiFills'
  | 'polymarketFills'
  | 'kalshiShards'
  | 'kalshiLimits'
  | 'polymarketTime'
  | 'reloadPairs'
  | 'checkPolymarketMayBuy'
  | 'close'
>;

export class Accounts {
  readonly kalshi: RestClient;
  readonly polymarket: RestClient;
  readonly #config: EngineConfig;
  readonly #clocks: ByVenue<Clock>;
  readonly #kalshiKey: KeyObject;
  readonly #polymarketKey: Uint8Array;
  #credentials: PolymarketCredentials | undefined;

  /** `guards` stand before every call of an exchange; `clocks` are ours as each exchange sees time, for signatures. */
  constructor(config: EngineConfig, clocks: ByVenue<Clock>, guards: ByVenue<Partial<RestGuards>>) {
    this.#config = config;
    this.#clocks = clocks;
    const { requestTimeoutMs } = config;
    this.kalshi = new RestClient(config.kalshi.restUrl, requestTimeoutMs, guards[KALSHI]);
    this.polymarket = new RestClient(
      config.polymarket.restUrl,
      requestTimeoutMs,
      guards[POLYMARKET],
    );
    this.#kalshiKey = readKalshiPrivateKey(readKeyFile(config.kalshi.privateKeyPath));
    this.#polymarketKey = readEvmKey(config.polymarket.privateKeyPath);
  }

  /** Derives the wallet's API key. */
  async login(): Promise<PolymarketSession> {
    const credentials = await loadPolymarketCredentials(
      this.polymarket,
      this.#polymarketKey,
      this.#config.polymarket.chainId,
      this.#clocks[POLYMARKET],
    );
    this.#credentials = credentials;
    return {
      address: credentials.address,
      apiKey: credentials.apiKey,
      secretBase64: credentials.secret.toString('base64'),
      passphrase: credentials.passphrase,
    };
  }

  async cash(): Promise<Cash> {
    const { signatureType } = this.#config.polymarket;
    const [kalshi, polymarket] = await Promise.all([
      loadKalshiCash(this.kalshi, this.#kalshiIdentity),
      loadPolymarketFunds(this.polymarket, this.#polymarketIdentity, signatureType),
    ]);
    const { micros, byShard } = kalshi;
    return {
      // An exchange that does not break it down has one shard only.
      kalshiByShard: byShard ?? new Map([[0, micros]]),
      kalshiMicros: micros,
      polymarketMicros: polymarket.micros,
    };
  }

  async kalshiPositions(pairs: readonly TradedPair[]): Promise<KalshiPositions> {
    return readKalshiPositions(this.kalshi, this.#kalshiIdentity, kalshiMarketIndex(pairs));
  }

  /** Of the markets given, two calls each. */
  async polymarketPositions(
    pairs: readonly TradedPair[],
    markets: readonly number[],
  ): Promise<PolymarketPositions> {
    const { signatureType } = this.#config.polymarket;
    const identity = this.#polymarketIdentity;
    return readPolymarketPositions(this.polymarket, identity, signatureType, pairs, markets);
  }

  /** All orders made since a time (unix seconds), those of other markets too. */
  async kalshiOrders(sinceS: number): Promise<readonly KalshiOrderState[]> {
    const list = await listKalshiOrders(this.kalshi, this.#kalshiIdentity, sinceS);
    requireReadable(KALSHI, 'orders', list.unreadable);
    return list.orders;
  }

  /** What rests, in any market. */
  async kalshiOpenOrders(): Promise<readonly KalshiOrderState[]> {
    const list = await listKalshiOpenOrders(this.kalshi, this.#kalshiIdentity);
    requireReadable(KALSHI, 'open orders', list.unreadable);
    return list.orders;
  }

  /** What rests, in any market. */
  async polymarketOpenOrders(): Promise<readonly PolymarketOrderState[]> {
    const calls = new PolymarketOrderCalls(this.polymarket, this.#polymarketIdentity);
    const list = await calls.openOrders();
    requireReadable(POLYMARKET, 'open orders', list.unreadable);
    return list.orders;
  }

  /**
   * Everything that both exchanges say of the account; fills and orders since a time (unix seconds). Token balances are asked for of
   * `markets` alone. Rejects with UnreadableAccountError when any row cannot be read.
   */
  async state(
    pairs: readonly TradedPair[],
    sinceS: number,
    markets: readonly number[] = pairs.map((_, market) => market),
  ): Promise<AccountState> {
    const [cash, ofKalshi, ofPolymarket] = await Promise.all([
      this.cash(),
      Promise.all([
        this.kalshiPositions(pairs),
        this.kalshiOpenOrders(),
        this.kalshiFills(sinceS, pairs),
        this.kalshiOrders(sinceS),
      ]),
      Promise.all([
        this.polymarketPositions(pairs, markets),
        this.polymarketOpenOrders(),
        this.polymarketFills(sinceS, pairs),
      ]),
    ]);
    const [netPositions, resting, kalshiFills, orders] = ofKalshi;
    const [positions, openOrders, fills] = ofPolymarket;
    return {
      kalshi: {
        cashMicros: cash.kalshiMicros,
        byShard: cash.kalshiByShard,
        positions: netPositions,
        openOrders: resting,
        fills: kalshiFills,
        orders,
      },
      polymarket: { cashMicros: cash.polymarketMicros, positions, openOrders, fills },
    };
  }

  /** Rejects when a row of the list cannot be read: nothing may be taken for not filled because of it. */
  async kalshiFills(sinceS: number, pairs: readonly TradedPair[]): Promise<readonly VenueFill[]> {
    const { fills, unreadable } = await loadKalshiFills(
      this.kalshi,
      this.#kalshiIdentity,
      sinceS,
      kalshiMarketIndex(pairs),
    );
    requireReadable(KALSHI, 'fills', unreadable);
    return fills;
  }

  /** Which of Kalshi's shards take orders now. */
  async kalshiShards(): Promise<ShardState[]> {
    return loadKalshiShards(this.kalshi);
  }

  async kalshiLimits(): Promise<KalshiLimits> {
    return loadKalshiLimits(this.kalshi, this.#kalshiIdentity);
  }

  /** Unix seconds of Polymarket's own clock. */
  async polymarketTime(): Promise<number> {
    return loadPolymarketTime(this.polymarket);
  }

  async reloadPairs(pairs: readonly TradedPair[], venue: Venue): Promise<LoadedPairs> {
    return reloadPairs(pairs, venue, venue === KALSHI ? this.kalshi : this.polymarket);
  }

  /** As kalshiFills. */
  async polymarketFills(
    sinceS: number,
    pairs: readonly TradedPair[],
  ): Promise<readonly VenueFill[]> {
    const { fills, unreadable } = await loadPolymarketFills(
      this.polymarket,
      this.#polymarketIdentity,
      sinceS,
      polymarketFillMarkets(pairs),
    );
    requireReadable(POLYMARKET, 'trades', unreadable);
    return fills;
  }

  /** Rejects with what keeps the wallet from buying these markets, before an order finds out. */
  async checkPolymarketMayBuy(pairs: readonly TradedPair[]): Promise<void> {
    const identity = this.#polymarketIdentity;
    if (await isPolymarketClosedOnly(this.polymarket, identity)) {
      throw new Error('polymarket lets this account only close positions: venue=polymarket');
    }
    const { exchanges, signatureType } = this.#config.polymarket;
    const funds = await loadPolymarketFunds(this.polymarket, identity, signatureType);
    requirePolymarketAllowances(
      funds,
      exchanges,
      pairs.map(({ polymarket }) => polymarket),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.kalshi.close(), this.polymarket.close()]);
  }

  get #kalshiIdentity(): KalshiIdentity {
    const { keyId } = this.#config.kalshi;
    return { keyId, key: this.#kalshiKey, clock: this.#clocks[KALSHI] };
  }

  get #polymarketIdentity(): PolymarketIdentity {
    return { credentials: this.#loggedIn(), clock: this.#clocks[POLYMARKET] };
  }

  #loggedIn(): PolymarketCredentials {
    if (this.#credentials === undefined) throw new Error('login() comes first');
    return this.#credentials;
  }
}

/** Anybody may ask. */
export async function loadKalshiShards(rest: RestClient): Promise<ShardState[]> {
  const { shards } = await loadKalshiExchangeStatus(rest);
  return [...shards].map(([exchangeIndex, { exchangeActive, tradingActive }]) => ({
    exchangeIndex,
    isTrading: exchangeActive && tradingActive,
  }));
}

/** Anybody may ask. */
export async function loadPolymarketTime(rest: RestClient): Promise<number> {
  return rest.call({ method: 'GET', path: '/time', cost: 1 }, z.number());
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
