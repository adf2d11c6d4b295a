// From the registry to what is traded: reads both exchanges' terms of every approved pair and keeps
// the pairs that are understood.
import type { RestClient } from '../net/rest-client.js';
import { loadKalshiTerms } from '../venues/kalshi/terms.js';
import { loadPolymarketTerms } from '../venues/polymarket/terms.js';
import type { ApprovedPair } from './pairs.js';
import type { TradedPair } from './worker-protocol.js';

export interface RefusedPair {
  readonly name: string;
  readonly why: string;
}

export async function loadTradedPairs(
  approved: readonly ApprovedPair[],
  kalshi: RestClient,
  polymarket: RestClient,
): Promise<{ traded: TradedPair[]; refused: RefusedPair[] }> {
  const [kalshiTerms, polymarketTerms] = await Promise.all([
    loadKalshiTerms(
      kalshi,
      approved.map(({ ticker }) => ticker),
    ),
    loadPolymarketTerms(
      polymarket,
      approved.map(({ conditionId }) => conditionId),
    ),
  ]);
  const traded: TradedPair[] = [];
  const refused: RefusedPair[] = [];
  approved.forEach(({ name, polarity, ticker, conditionId }, index) => {
    const left = kalshiTerms[index]!;
    const right = polymarketTerms[index]!;
    if ('refused' in left) refused.push({ name, why: `${ticker}: ${left.refused}` });
    else if ('refused' in right) refused.push({ name, why: `${conditionId}: ${right.refused}` });
    else traded.push({ name, polarity, kalshi: left, polymarket: right });
  });
  return { traded, refused };
}
