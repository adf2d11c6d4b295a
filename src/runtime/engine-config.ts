// The engine's settings as its threads get them: resolved, checked, in the engine's own units. Plain data: it is cloned into
// every worker. Secrets are paths here; each worker that signs reads its own.

import type { PaperRules } from '../paper/paper-exchange.js';
import type { LegPolicyName } from '../pipeline/leg-policy.js';
import type { WaitName } from '../shm/wait-strategy.js';
import type { SinksConfig } from '../sinks/sinks-config.js';
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

/** Where nothing more is opened, and how far a lone leg may go. Each is explained in docs/CONFIGURATION.md. */
export interface RiskConfig {
  /** Spent on the positions of one pair, and of all. */
  readonly maxMarketPositionMicros: number;
  readonly maxTotalPositionMicros: number;
  /** Since 00:00 UTC. */
  readonly maxDailyLossMicros: number;
  readonly maxConsecutiveFailures: number;
  readonly maxNakedMicros: number;
  /** Micro-dollars times seconds. */
  readonly nakedBudgetMicroSeconds: number;
  readonly maxLossPerArbMicros: number;
  readonly maxClockSkewMs: number;
  readonly minMinutesToClose: number;
  readonly minPriceE4: number;
  readonly maxPriceE4: number;
  readonly mismatchesBeforeRest: number;
  readonly mismatchRestMs: number;
  readonly unknownDeadlineMs: number;
}

export interface PaperConfig extends PaperRules {
  readonly kalshiOrdersPerSecond: number;
}

export interface EngineConfig {
  readonly profile: 'sim' | 'demo' | 'live' | 'paper';
  /** Orders go to an exchange in this process, by these rules; undefined: to the real ones of the profile. */
  readonly paper: PaperConfig | undefined;
  /** Journal, kill switch: what outlasts the process. */
  readonly stateDir: string;
  /** Opens all other markets although the journal and the exchanges differ in some. */
  readonly acceptDifferences: boolean;
  readonly kalshi: KalshiAccess;
  readonly polymarket: PolymarketAccess;
  /** YAML file of the approved pairs. */
  readonly pairsPath: string;
  readonly kalshiFeeds: number;
  readonly polymarketFeeds: number;
  readonly detectors: number;
  readonly executors: 1 | 2;
  readonly wait: WaitName;
  /** No core sleeps: one busy thread each, in the scheduler's idle class. */
  readonly keepAwake: boolean;
  /** Detect and record, send no order. */
  readonly observe: boolean;
  /** Which leg leaves first; other than simultaneous only with one executor. */
  readonly legPolicy: LegPolicyName;
  readonly minNetMicros: number;
  readonly maxSizeCenti: number;
  /** Both legs of one arbitrage together. */
  readonly maxCostMicros: number;
  readonly risk: RiskConfig;
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
  /** Where the journal is copied to; nowhere when undefined. */
  readonly sinks?: SinksConfig | undefined;
}
