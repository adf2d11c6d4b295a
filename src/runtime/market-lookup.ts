// Which tokens a Polymarket market has, found by any of the names that a person may know it by (polymarket-api.md 4.12, 11).
import { z } from 'zod';
import { messageOf, RestClient, RestError } from '../net/rest-client.js';

export interface PolymarketIds {
  readonly conditionId: string;
  /** Outcome 0 first. */
  readonly tokenIds: readonly [string, string];
  readonly outcomes: readonly [string, string];
}

/** Says what was asked for, why it was not found, and what can be given instead. */
export class LookupError extends Error {
  readonly code = 'MARKET_NOT_FOUND';
}

const clobMarketSchema = z.object({
  c: z.string(),
  t: z.tuple([tokenSchema(), tokenSchema()]),
});
const tokenOwnerSchema = z.object({ condition_id: z.string() });
/** Lists inside of it are JSON in text. */
const gammaSchema = z.array(
  z.object({ conditionId: z.string(), clobTokenIds: z.string(), outcomes: z.string() }),
);
const pairSchema = z.tuple([z.string(), z.string()]);

function tokenSchema() {
  return z.object({ t: z.string().regex(/^\d{1,78}$/), o: z.string() });
}

/** Throws LookupError when the exchange does not list it, RestError when it cannot be asked. */
export async function marketOfCondition(
  rest: RestClient,
  conditionId: string,
): Promise<PolymarketIds> {
  const path = `/clob-markets/${encodeURIComponent(conditionId)}`;
  const { c, t } = await listed(`condition=${conditionId}`, () =>
    rest.call({ method: 'GET', path }, clobMarketSchema),
  );
  return { conditionId: c, tokenIds: [t[0].t, t[1].t], outcomes: [t[0].o, t[1].o] };
}

/** As marketOfCondition. The other token of the market is found through its condition. */
export async function marketOfToken(rest: RestClient, tokenId: string): Promise<PolymarketIds> {
  const path = `/markets-by-token/${encodeURIComponent(tokenId)}`;
  const { condition_id } = await listed(`token=${tokenId}`, () =>
    rest.call({ method: 'GET', path }, tokenOwnerSchema),
  );
  return marketOfCondition(rest, condition_id);
}

/** Asks Gamma at `gammaUrl`. Throws LookupError also when there is none: a token or a condition id does without it. */
export async function marketOfSlug(
  gammaUrl: string,
  slug: string,
  timeoutMs: number,
): Promise<PolymarketIds> {
  const gamma = new RestClient(gammaUrl, timeoutMs);
  const instead = 'give --token or --condition instead';
  try {
    const call = { method: 'GET', path: '/markets', query: { slug } } as const;
    const [market] = await gamma.call(call, gammaSchema);
    if (market === undefined) {
      throw new LookupError(`no open market has this slug: slug=${slug} gamma=${gammaUrl}`);
    }
    return {
      conditionId: market.conditionId,
      tokenIds: pairSchema.parse(JSON.parse(market.clobTokenIds)),
      outcomes: pairSchema.parse(JSON.parse(market.outcomes)),
    };
  } catch (cause) {
    if (cause instanceof LookupError) throw cause;
    const why = messageOf(cause);
    throw new LookupError(`cannot look the slug up: slug=${slug} ${why}; ${instead}`, { cause });
  } finally {
    await gamma.close();
  }
}

async function listed<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof RestError) || cause.status !== 404) throw cause;
    throw new LookupError(`polymarket does not list it: ${what}`, { cause });
  }
}
