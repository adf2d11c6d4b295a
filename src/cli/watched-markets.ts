// Which markets a command watches, from what a person names them by: tickers, ids, slugs, or a file of approved pairs.

import { RestClient } from '../net/rest-client.js';
import { marketOfCondition } from '../runtime/market-lookup.js';
import { loadPairs } from '../runtime/pairs.js';
import type { Watch } from '../runtime/watched-feeds.js';
import { type ExchangeAccess, type ReadVenue, required } from './exchange-access.js';
import { UsageError } from './exit-codes.js';

export interface NamedMarkets {
  /** Kalshi tickers or Polymarket condition ids; undefined: those of the pairs. */
  readonly names: readonly string[] | undefined;
  /** File of pairs that was asked for; the settings' one otherwise. */
  readonly pairsPath: string | undefined;
}

/** Throws UsageError when nothing says which markets. */
export function marketNames(
  venue: ReadVenue,
  { names, pairsPath }: NamedMarkets,
  access: ExchangeAccess,
): readonly string[] {
  if (names !== undefined) return names;
  const path = pairsPath ?? access.pairsPath;
  if (path === undefined) {
    const flag = venue === 'kalshi' ? '--tickers' : '--conditions';
    throw new UsageError(`no markets: give ${flag} A,B or --pairs FILE`);
  }
  return loadPairs(path).map((pair) => (venue === 'kalshi' ? pair.ticker : pair.conditionId));
}

/** `useYesPrice`: see the setting; a recording is always made without it, so that every recording says the same thing. */
export function kalshiWatch(
  { kalshi }: ExchangeAccess,
  tickers: readonly string[],
  useYesPrice: boolean,
): Watch {
  const [wsUrl, keyId, privateKeyPath] = required(
    ['kalshi.wsUrl', 'kalshi.keyId', 'kalshi.privateKeyPath'],
    [kalshi.wsUrl, kalshi.keyId, kalshi.privateKeyPath],
  );
  const { dialect } = kalshi;
  return { venue: 'kalshi', wsUrl, keyId, privateKeyPath, tickers, dialect, useYesPrice };
}

/** Requests for tokens under way at once. */
const CONCURRENCY = 8;

/** Asks the exchange for the tokens of every condition id. Throws LookupError. */
export async function polymarketWatch(
  { polymarket }: ExchangeAccess,
  conditionIds: readonly string[],
  timeoutMs: number,
): Promise<Watch> {
  const [wsUrl, restUrl] = required(
    ['polymarket.wsUrl', 'polymarket.restUrl'],
    [polymarket.wsUrl, polymarket.restUrl],
  );
  const rest = new RestClient(restUrl, timeoutMs);
  try {
    const markets = await mapFew(conditionIds, (id) => marketOfCondition(rest, id));
    return { venue: 'polymarket', wsUrl, markets };
  } finally {
    await rest.close();
  }
}

async function mapFew<A, B>(items: readonly A[], map: (item: A) => Promise<B>): Promise<B[]> {
  const results = new Array<B>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await map(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}
