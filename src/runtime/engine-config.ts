// The engine's settings as its threads get them: resolved, checked, in the engine's own units. Plain data: it is cloned into
// every worker. Secrets are paths here; each worker that signs reads its own.
import type { WaitName } from '../shm/wait-strategy.js';
import type { PolymarketExchanges } from '../venues/polymarket/order-signer.js';

export interface KalshiAccess {
  /** Ends in /trade-api/v2. */
  readonly restUrl: string;
  readonly wsUrl: string;
  readonly keyId: string;
  readonly privateKeyPath: string;
  /** legacy: the formats of January 2026 (kalshi-api.md 2.7). */
  readonly dialect: 'current' | 'legacy';
  readonly useYesPrice: boolean;
}

export interface PolymarketAccess {
  readonly restUrl: string;
  /** Ends in /ws; the market and user sockets are below it. */
  readonly wsUrl: string;
  readonly chainId: number;
  readonly privateKeyPath: string;
  /** polymarket-api.md 4.2. */
  readonly signatureType: 0 | 1 | 2 | 3;
  /** The wallet that holds the money; the signer's own address for type 0. */
  readonly funder: string;
  /** Exchange contracts that match standard, negative-risk and Protocol V2 markets. */
  readonly exchanges: PolymarketExchanges;
}

export interface EngineConfig {
  readonly kalshi: KalshiAccess;
  readonly polymarket: PolymarketAccess;
  /** YAML file of the approved pairs. */
  readonly pairsPath: string;
  readonly kalshiFeeds: number;
  readonly polymarketFeeds: number;
  readonly detectors: number;
  readonly executors: 1 | 2;
  readonly wait: WaitName;
  /** Detect and record, send no order. */
  readonly observe: boolean;
  readonly minNetMicros: number;
  readonly maxSizeCenti: number;
  /** Both legs of one arbitrage together. */
  readonly maxCostMicros: number;
  /** A connection that says nothing for so long is not trusted. */
  readonly maxSilenceMs: number;
  /** A frame that took so much longer than the quickest ones is not traded on. */
  readonly maxLagMs: number;
  /** Rest of a pair after an arbitrage has settled. */
  readonly refireMs: number;
  /** Rest of a pair after only one leg filled. */
  readonly oneLeggedRestMs: number;
  /** Rest of a pair after an exchange has refused an order because of the market. */
  readonly refusedRestMs: number;
  /** Rest of all pairs after Polymarket has said that it restarts or takes no takers. */
  readonly venueClosedRestMs: number;
  readonly orderTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Warm connections to each exchange's order endpoint. */
  readonly orderConnections: number;
}
