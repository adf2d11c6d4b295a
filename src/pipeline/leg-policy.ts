// In which order the legs of an arbitrage are written, and how much of the later one once the earlier is known. Plug-ins of the
// executor: a policy knows replies and sizes, not exchanges' formats, threads or money.
import { CENTI_PER_CONTRACT, E6_PER_CENTI } from '../domain/units.js';
import { KALSHI, POLYMARKET, type Venue } from '../domain/venue.js';
import type { LegReply } from '../venues/orders.js';

export interface LegPolicy {
  /** The leg that is written alone, and answered, before the other; undefined: both at once. */
  readonly first: Venue | undefined;
  /** Contracts of the later leg, in 1/100, after this answer to the first; 0: it is not written. */
  followCenti(reply: LegReply, sizeCenti: number): number;
}

/** Only what is known to be bought is matched, in whole contracts: what is unknown is looked up first. */
function matchWhatFilled(reply: LegReply, sizeCenti: number): number {
  if (reply.kind !== 'acknowledged') return 0;
  const filledCenti = Math.floor(reply.filledE6 / E6_PER_CENTI);
  if (filledCenti >= sizeCenti) return sizeCenti;
  return filledCenti - (filledCenti % CENTI_PER_CONTRACT);
}

export const LEG_POLICIES = {
  /** Quickest, and the default: both orders leave together, and a miss is evened out afterwards. */
  simultaneous: { first: undefined, followCenti: (_reply, sizeCenti) => sizeCenti },
  /** The leg that can fail on chain first: Kalshi is bought for what Polymarket matched. */
  'polymarket-first': { first: POLYMARKET, followCenti: matchWhatFilled },
  'kalshi-first': { first: KALSHI, followCenti: matchWhatFilled },
} as const satisfies Readonly<Record<string, LegPolicy>>;

export type LegPolicyName = keyof typeof LEG_POLICIES;
