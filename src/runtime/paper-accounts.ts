// The account on paper: terms, times and pauses come from the exchanges, money, positions and fills from the paper exchange. It makes no
// private call, so it needs no keys.

import type { Clock } from '../domain/clock.js';
import { type ByVenue, KALSHI, NO, POLYMARKET, type Venue, YES } from '../domain/venue.js';
import { RestClient, type RestGuards } from '../net/rest-client.js';
import type { BucketLimits } from '../net/token-bucket.js';
import type { PaperExchange } from '../paper/paper-exchange.js';
import type { KalshiLimits } from '../venues/kalshi/limits.js';
import { KALSHI_ORDER_COST } from '../venues/kalshi/orders.js';
import type { VenueFill } from '../venues/orders.js';
import type { Cash, KalshiPositions, PolymarketPositions } from './account-state.js';
import type { EngineAccounts } from './accounts.js';
import { loadKalshiShards, loadPolymarketTime } from './accounts.js';
import type { EngineConfig } from './engine-config.js';
import { type LoadedPairs, reloadPairs } from './markets.js';
import type { ShardState } from './venue-watch.js';
import type { PolymarketSession, TradedPair } from './worker-protocol.js';

const MS_PER_SECOND = 1_000;
/** The Basic tier (kalshi-api.md 4.6): nobody's account is asked for what it may do. */
const READ_LIMITS: BucketLimits = { capacity: 200, perSecond: 200 };

export class PaperAccounts implements EngineAccounts {
  readonly kalshi: RestClient;
  readonly polymarket: RestClient;
  readonly #clock: Clock;
  readonly #ordersPerSecond: number;
  #exchange: PaperExchange | undefined;

  constructor(config: EngineConfig, clock: Clock, guards: ByVenue<Partial<RestGuards>>) {
    this.#clock = clock;
    this.#ordersPerSecond = config.paper?.kalshiOrdersPerSecond ?? 0;
    const { requestTimeoutMs } = config;
    this.kalshi = new RestClient(config.kalshi.restUrl, requestTimeoutMs, guards[KALSHI]);
    this.polymarket = new RestClient(
      config.polymarket.restUrl,
      requestTimeoutMs,
      guards[POLYMARKET],
    );
  }

  /** Before anything is asked of money or orders. */
  use(exchange: PaperExchange): void {
    this.#exchange = exchange;
  }

  async login(): Promise<PolymarketSession> {
    return { address: '', apiKey: '', secretBase64: '', passphrase: '' };
  }

  async cash(): Promise<Cash> {
    const exchange = this.#there;
    const kalshiByShard = new Map<number, number>();
    let kalshiMicros = 0;
    for (let shard = 0; shard < exchange.shards; shard++) {
      const micros = exchange.cashMicros(KALSHI, shard);
      kalshiByShard.set(shard, micros);
      kalshiMicros += micros;
    }
    return {
      kalshiByShard,
      kalshiMicros,
      polymarketMicros: exchange.cashMicros(POLYMARKET, 0),
    };
  }

  async kalshiPositions(pairs: readonly TradedPair[]): Promise<KalshiPositions> {
    const exchange = this.#there;
    return new Map(
      pairs.map((_, market) => [
        market,
        exchange.heldE6(KALSHI, market, YES) - exchange.heldE6(KALSHI, market, NO),
      ]),
    );
  }

  async polymarketPositions(
    _pairs: readonly TradedPair[],
    markets: readonly number[],
  ): Promise<PolymarketPositions> {
    const exchange = this.#there;
    return new Map(
      markets.map((market) => [
        market,
        [exchange.heldE6(POLYMARKET, market, YES), exchange.heldE6(POLYMARKET, market, NO)],
      ]),
    );
  }

  async kalshiFills(sinceS: number): Promise<readonly VenueFill[]> {
    return this.#fills(KALSHI, sinceS);
  }

  async polymarketFills(sinceS: number): Promise<readonly VenueFill[]> {
    return this.#fills(POLYMARKET, sinceS);
  }

  async kalshiShards(): Promise<ShardState[]> {
    return loadKalshiShards(this.kalshi);
  }

  async kalshiLimits(): Promise<KalshiLimits> {
    const write = this.#ordersPerSecond * KALSHI_ORDER_COST;
    return { tier: 'paper', read: READ_LIMITS, write: { capacity: write, perSecond: write } };
  }

  async polymarketTime(): Promise<number> {
    return loadPolymarketTime(this.polymarket);
  }

  async reloadPairs(pairs: readonly TradedPair[], venue: Venue): Promise<LoadedPairs> {
    return reloadPairs(pairs, venue, venue === KALSHI ? this.kalshi : this.polymarket);
  }

  async checkPolymarketMayBuy(): Promise<void> {
    // Paper money needs nobody's allowance.
  }

  async close(): Promise<void> {
    await Promise.all([this.kalshi.close(), this.polymarket.close()]);
  }

  #fills(venue: Venue, sinceS: number): readonly VenueFill[] {
    return this.#there.fills(venue, sinceS * MS_PER_SECOND, this.#clock.wallMs());
  }

  get #there(): PaperExchange {
    if (this.#exchange === undefined) throw new Error('use() comes first');
    return this.#exchange;
  }
}
