// The terms of Polymarket's markets as the CLOB serves them (polymarket-api.md 4.12, 5): tokens,
// tick, minimum, fee schedule. What is missing or not understood makes a market untradable, with
// the reason in words.
import { z } from 'zod';
import { parseDecimal } from '../../domain/decimal.js';
import { POLYMARKET_TICKS_E4 } from '../../domain/polymarket-amounts.js';
import { type PolymarketFeeSchedule, polymarketFeeSchedule } from '../../domain/polymarket-fee.js';
import { PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { isFinalAnswer, type RestClient } from '../../net/rest-client.js';

/** Requests under way at once: far below /clob-markets' share of 9,000 in 10 s. */
const CONCURRENCY = 8;

export interface PolymarketTerms {
  readonly conditionId: string;
  readonly tokenIds: readonly [string, string];
  readonly tickE4: number;
  readonly minSizeCenti: number;
  readonly negRisk: boolean;
  readonly fees: PolymarketFeeSchedule;
  /** v2: tokens and exchange of Protocol V2 (polymarket-api.md 1). */
  readonly protocol: 'v1' | 'v2';
  /** A taker's order is held for a while before it matches; the reply waits with it (4.9). */
  readonly takerDelay: boolean;
}

export type PolymarketTermsResult =
  | PolymarketTerms
  | { readonly conditionId: string; readonly refused: string };

const marketSchema = z.object({
  c: z.string(),
  t: z.array(z.object({ t: z.string().regex(/^\d{1,78}$/), o: z.string() })),
  mts: z.number(),
  mos: z.number(),
  nr: z.boolean().optional(),
  fd: z.object({ r: z.number(), e: z.number(), to: z.boolean() }).optional(),
  ao: z.boolean().optional(),
  sd: z.number().optional(),
  itode: z.boolean().optional(),
  v: z.string().optional(),
});
type Market = z.infer<typeof marketSchema>;

/**
 * Reads the terms of every condition id, in their order. Rejects when the exchange cannot be read
 * at all. `loaded` hears after each how many are known: the exchange's limits make it a minute for two thousand.
 */
export async function loadPolymarketTerms(
  rest: RestClient,
  conditionIds: readonly string[],
  loaded: (count: number) => void = () => undefined,
): Promise<PolymarketTermsResult[]> {
  const results = new Array<PolymarketTermsResult>(conditionIds.length);
  let next = 0;
  let count = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < conditionIds.length; index = next++) {
      results[index] = await loadMarket(rest, conditionIds[index]!);
      loaded(++count);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}

async function loadMarket(rest: RestClient, conditionId: string): Promise<PolymarketTermsResult> {
  const path = `/clob-markets/${encodeURIComponent(conditionId)}`;
  try {
    return readTerms(conditionId, await rest.get(path, {}, {}, marketSchema));
  } catch (error) {
    if (!isFinalAnswer(error)) throw error;
    if (error.status === 404) return { conditionId, refused: 'polymarket does not list it' };
    return { conditionId, refused: `its terms are not understood: ${error.message}` };
  }
}

function readTerms(conditionId: string, market: Market): PolymarketTermsResult {
  const refused = (why: string) => ({ conditionId, refused: why });
  const tickE4 = parseDecimal(String(market.mts), PRICE_PLACES);
  const minSizeCenti = parseDecimal(String(market.mos), SIZE_CENTI_PLACES);
  const fees =
    market.fd === undefined ? undefined : polymarketFeeSchedule(market.fd.r, market.fd.e);
  const [first, second] = market.t;
  if (market.c.toLowerCase() !== conditionId.toLowerCase())
    return refused(`the reply is of ${market.c}`);
  if (first === undefined || second === undefined || market.t.length !== 2) {
    return refused(`it has ${market.t.length} tokens`);
  }
  if (!POLYMARKET_TICKS_E4.includes(tickE4)) return refused(`tick is ${market.mts}`);
  if (Number.isNaN(minSizeCenti)) return refused(`minimum size is ${market.mos}`);
  if (market.nr === undefined) return refused('it does not say which exchange matches it');
  if (fees === undefined || market.fd?.to !== true) {
    return refused(`fee is not known fd=${JSON.stringify(market.fd)}`);
  }
  if (market.ao === false) return refused('it accepts no orders');
  if ((market.sd ?? 0) > 0) return refused(`orders wait ${market.sd} s before they match`);
  const protocol = market.v ?? 'v1';
  if (protocol !== 'v1' && protocol !== 'v2') return refused(`protocol is ${protocol}`);
  return {
    conditionId,
    tokenIds: [first.t, second.t],
    tickE4,
    minSizeCenti,
    negRisk: market.nr,
    fees,
    protocol,
    takerDelay: market.itode === true,
  };
}
