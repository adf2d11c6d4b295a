// What both exchanges say of the account: cash, positions, open orders, fills. By market index, in the engine's units. A row that cannot
// be read makes the reading fail: nothing may be taken for not there because of it. It must not know what we believe to hold.
import { E6_PER_CENTI } from '../domain/units.js';
import { KALSHI, NO, VENUE_NAMES, type Venue, YES } from '../domain/venue.js';
import type { RestClient } from '../net/rest-client.js';
import { listKalshiPositions } from '../venues/kalshi/account.js';
import type { KalshiIdentity } from '../venues/kalshi/headers.js';
import type { KalshiOrderState } from '../venues/kalshi/portfolio-rows.js';
import type { VenueFill } from '../venues/orders.js';
import { loadPolymarketTokens } from '../venues/polymarket/account.js';
import type { PolymarketOrderState } from '../venues/polymarket/account-rows.js';
import type { PolymarketIdentity } from '../venues/polymarket/private-call.js';
import type { TradedPair } from './worker-protocol.js';

/** By market: YES contracts less NO contracts, in 1/1,000,000, as Kalshi nets them. A market that is not here has none. */
export type KalshiPositions = ReadonlyMap<number, number>;
/** By market, of those that were asked about: tokens held, in 1/1,000,000. Polymarket holds both side by side. */
export type PolymarketPositions = ReadonlyMap<number, readonly [yesE6: number, noE6: number]>;

export interface Cash {
  /** By exchange_index; an order is paid from its own shard alone (kalshi-api.md 3.8). */
  readonly kalshiByShard: ReadonlyMap<number, number>;
  readonly kalshiMicros: number;
  /** What open orders hold is in it. */
  readonly polymarketMicros: number;
}

/** Read call by call, each list lagging by about a second: of one moment only when nothing trades. */
export interface AccountState {
  readonly kalshi: {
    readonly cashMicros: number;
    readonly byShard: ReadonlyMap<number, number>;
    readonly positions: KalshiPositions;
    readonly openOrders: readonly KalshiOrderState[];
    readonly fills: readonly VenueFill[];
    /** Since the time asked for, whatever became of them. */
    readonly orders: readonly KalshiOrderState[];
  };
  readonly polymarket: {
    readonly cashMicros: number;
    readonly positions: PolymarketPositions;
    readonly openOrders: readonly PolymarketOrderState[];
    readonly fills: readonly VenueFill[];
  };
}

export class UnreadableAccountError extends Error {
  readonly code = 'ACCOUNT_UNREADABLE';
}

/** Throws UnreadableAccountError, with the first of them, when there are rows that cannot be read. */
export function requireReadable(
  venue: Venue,
  rows: string,
  { count, firstText }: { readonly count: number; readonly firstText: string },
): void {
  if (count === 0) return;
  const facts = `venue=${VENUE_NAMES[venue]} count=${count} first=${firstText}`;
  throw new UnreadableAccountError(`${rows} cannot be read: ${facts}`);
}

/** Positions in markets that are not traded here are left out. */
export async function readKalshiPositions(
  rest: RestClient,
  identity: KalshiIdentity,
  markets: ReadonlyMap<string, number>,
): Promise<KalshiPositions> {
  const { positions, unreadable } = await listKalshiPositions(rest, identity);
  requireReadable(KALSHI, 'positions', unreadable);
  const byMarket = new Map<number, number>();
  for (const { ticker, netCenti } of positions) {
    const market = markets.get(ticker);
    if (market === undefined) continue;
    const netE6 = netCenti * E6_PER_CENTI;
    const known = byMarket.get(market);
    // A list that moves while its pages are read may tell a row twice; two rows that differ are not one position.
    if (known !== undefined && known !== netE6) {
      const facts = `ticker=${ticker} e6=${known} e6=${netE6}`;
      throw new UnreadableAccountError(`a market has two positions: venue=kalshi ${facts}`);
    }
    byMarket.set(market, netE6);
  }
  return byMarket;
}

/** Two calls a market, one market after the other: the exchange answers few of them a second (polymarket-api.md 6). */
export async function readPolymarketPositions(
  rest: RestClient,
  identity: PolymarketIdentity,
  signatureType: number,
  pairs: readonly TradedPair[],
  markets: readonly number[],
): Promise<PolymarketPositions> {
  const byMarket = new Map<number, readonly [number, number]>();
  for (const market of markets) {
    const pair = pairs[market];
    if (pair === undefined) throw new RangeError(`no such market: market=${market}`);
    const { tokenIds, protocol } = pair.polymarket;
    const heldE6 = (outcome: typeof YES | typeof NO) =>
      loadPolymarketTokens(rest, identity, signatureType, tokenIds[outcome], protocol);
    byMarket.set(market, await Promise.all([heldE6(YES), heldE6(NO)]));
  }
  return byMarket;
}
