// What a simulated exchange's server knows of its market: listings, books, and the one way to trade against them. The books
// are kept by src/sim/market; the servers in src/sim/kalshi and src/sim/polymarket speak the protocols in front of them.
import type { PriceGrid } from '../domain/price-grid.js';
import type { Outcome, Venue } from '../domain/venue.js';

/** A market as both exchanges list it. Index i on one exchange is paired with index i on the other. */
export interface KalshiListing {
  readonly market: number;
  readonly ticker: string;
  readonly eventTicker: string;
  readonly seriesTicker: string;
  readonly marketId: string;
  readonly title: string;
  readonly rules: string;
  readonly exchangeIndex: number;
  readonly feeType: string;
  readonly feeMultiplier: number;
  readonly priceLevelStructure: string;
  readonly priceGrid: PriceGrid;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
}

export interface PolymarketListing {
  readonly market: number;
  readonly conditionId: string;
  readonly questionId: string;
  readonly slug: string;
  readonly question: string;
  readonly outcomes: readonly [string, string];
  /** Decimal text of the uint256 ids, outcome 0 first. */
  readonly tokenIds: readonly [string, string];
  readonly tickE4: number;
  readonly minSizeCenti: number;
  readonly negRisk: boolean;
  readonly feeRate: number;
  readonly feeExponent: number;
  readonly endDateMs: number;
}

/**
 * One book a market. Both outcomes trade in it: a bid for outcome 1 at q is an ask of outcome 0 at 1 - q (Kalshi's YES and NO,
 * Polymarket's mirrored tokens). Prices in the book are of outcome 0. Sizes are in 1/1,000,000 contract, whole numbers.
 */
export interface LevelChange {
  readonly side: 'bid' | 'ask';
  readonly priceE4: number;
  /** Displayed size after the change, 0 when the level is gone. */
  readonly sizeE6: number;
  /** Signed change of the displayed size. */
  readonly deltaE6: number;
}

export interface Trade {
  readonly tradeId: string;
  /** Price of outcome 0. */
  readonly priceE4: number;
  readonly sizeE6: number;
  /** The outcome that the taker bought. */
  readonly takerOutcome: Outcome;
  readonly takerOrderId: string;
  readonly makerOrderId: string;
  /** Account of the maker, undefined for the generator's own orders. */
  readonly makerAccount: string | undefined;
}

/** All that one matching event did to one book. Changes are in the order in which they happened. */
export interface BookEvent {
  readonly venue: Venue;
  readonly market: number;
  /** Wall clock of the exchange. */
  readonly venueMs: number;
  readonly changes: readonly LevelChange[];
  readonly trades: readonly Trade[];
}

/** A limit order to BUY one outcome. (Selling outcome 0 at p is buying outcome 1 at 1 - p against the position held.) */
export interface BuyOrder {
  readonly orderId: string;
  readonly account: string;
  readonly market: number;
  readonly outcome: Outcome;
  /** Of the outcome that is bought. */
  readonly limitE4: number;
  /** Most contracts to buy. */
  readonly sizeE6: number;
  /** Most money to spend, fees not counted; Infinity when only the size counts. */
  readonly spendMicros: number;
  readonly timeInForce: 'ioc' | 'fok' | 'gtc';
}

export interface Execution {
  /** At the makers' prices, best first. Empty when nothing matched; a fok order that cannot fill whole has none. */
  readonly fills: readonly ExecutedFill[];
  readonly filledE6: number;
  readonly costMicros: number;
  /** What now rests in the book: only a gtc order's remainder. */
  readonly restingE6: number;
  readonly venueMs: number;
}

export interface ExecutedFill {
  readonly tradeId: string;
  readonly makerOrderId: string;
  readonly makerAccount: string | undefined;
  /** Of the outcome that was bought. */
  readonly priceE4: number;
  readonly sizeE6: number;
  /** priceE4 x sizeE6 / 10,000, rounded up to a whole micro. */
  readonly costMicros: number;
}

/** Aggregated levels of one side, best first. */
export type Levels = readonly (readonly [priceE4: number, sizeE6: number])[];

/** One exchange's matching engine. Each call is one matching event; listeners hear of it before the call returns. */
export interface MatchingEngine {
  readonly venue: Venue;
  bids(market: number): Levels;
  asks(market: number): Levels;
  buy(order: BuyOrder): Execution;
  /** Takes a resting order out. Returns the size taken away in 1/1,000,000, undefined when no such order rests. */
  cancel(orderId: string): number | undefined;
  onBookEvent(listener: (event: BookEvent) => void): void;
}
