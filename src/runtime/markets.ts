// From the registry to what is traded: reads both exchanges' terms of every approved pair and keeps
// the pairs that are understood.
import { KALSHI, type Venue } from '../domain/venue.js';
import type { RestClient } from '../net/rest-client.js';
import { type KalshiTermsResult, loadKalshiTerms } from '../venues/kalshi/terms.js';
import { loadPolymarketTerms, type PolymarketTermsResult } from '../venues/polymarket/terms.js';
import type { ApprovedPair } from './pairs.js';
import type { TradedPair } from './worker-protocol.js';

export interface RefusedPair {
  readonly name: string;
  readonly why: string;
}

export interface LoadedPairs {
  readonly traded: TradedPair[];
  readonly refused: RefusedPair[];
}

export async function loadTradedPairs(
  approved: readonly ApprovedPair[],
  kalshi: RestClient,
  polymarket: RestClient,
  loaded?: (count: number) => void,
): Promise<LoadedPairs> {
  const [kalshiTerms, polymarketTerms] = await Promise.all([
    loadKalshiTerms(
      kalshi,
      approved.map(({ ticker }) => ticker),
    ),
    loadPolymarketTerms(
      polymarket,
      approved.map(({ conditionId }) => conditionId),
      loaded,
    ),
  ]);
  return joinPairs(approved, kalshiTerms, polymarketTerms);
}

/** The same pairs with the terms of one exchange read again, the other's as they are. */
export async function reloadPairs(
  pairs: readonly TradedPair[],
  venue: Venue,
  rest: RestClient,
): Promise<LoadedPairs> {
  const kalshi = pairs.map((pair) => pair.kalshi);
  const polymarket = pairs.map((pair) => pair.polymarket);
  if (venue === KALSHI) {
    const tickers = kalshi.map(({ ticker }) => ticker);
    return joinPairs(pairs, await loadKalshiTerms(rest, tickers), polymarket);
  }
  const conditionIds = polymarket.map(({ conditionId }) => conditionId);
  return joinPairs(pairs, kalshi, await loadPolymarketTerms(rest, conditionIds));
}

function joinPairs(
  pairs: readonly Pick<TradedPair, 'name' | 'polarity'>[],
  kalshiTerms: readonly KalshiTermsResult[],
  polymarketTerms: readonly PolymarketTermsResult[],
): LoadedPairs {
  const traded: TradedPair[] = [];
  const refused: RefusedPair[] = [];
  pairs.forEach(({ name, polarity }, index) => {
    const kalshi = kalshiTerms[index]!;
    const polymarket = polymarketTerms[index]!;
    if ('refused' in kalshi) refused.push({ name, why: `${kalshi.ticker}: ${kalshi.refused}` });
    else if ('refused' in polymarket) {
      refused.push({ name, why: `${polymarket.conditionId}: ${polymarket.refused}` });
    } else traded.push({ name, polarity, kalshi, polymarket });
  });
  return { traded, refused };
}
