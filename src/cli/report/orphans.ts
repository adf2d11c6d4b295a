// What does not fit together: orders whose end nobody wrote down, fills that no order explains, contracts without their other leg. While
// the engine runs, an order under way is here too for the moment; afterwards everything here wants a person's eye.

import { E6_PER_CONTRACT } from '../../domain/units.js';
import { VENUE_NAMES, type VenueName } from '../../domain/venue.js';
import type { ArbState, OrderState } from '../../journal/records.js';
import type { StoredFill, StoredOrder } from '../../journal/store.js';
import type { ArbStory, Stories } from './arb-story.js';
import { grouped } from './grouped.js';
import { isStanding, ORDER_ENDS } from './order-links.js';
import { worthOfPair } from './worth.js';

interface OrphanOrder {
  readonly clientOrderId: string;
  readonly arb: string;
  readonly pair: string;
  readonly venue: VenueName;
  readonly state: OrderState;
  readonly atMs: number;
  /** open: it has no end yet. unbooked: it is said to have traded, and no fill is here. */
  readonly problem: 'open' | 'unbooked';
}

interface OrphanFill {
  readonly tradeId: string;
  readonly orderId: string;
  readonly pair: string;
  readonly venue: VenueName;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly atMs: number;
}

interface OpenArb {
  readonly arb: string;
  readonly pair: string;
  /** null: only its orders are known. */
  readonly state: ArbState | null;
  readonly sinceMs: number;
}

interface NakedPair {
  readonly pair: string;
  readonly nakedE6: number;
  /** What they have locked in with the pair's other contracts, at worst. */
  readonly pnlMicros: number;
}

export interface Orphans {
  readonly orders: readonly OrphanOrder[];
  readonly fills: readonly OrphanFill[];
  /** Arbitrages that wait to be evened out, looked up, or for a person. */
  readonly arbs: readonly OpenArb[];
  /** Pairs that hold at least one contract without its other leg. */
  readonly nakedPairs: readonly NakedPair[];
}

export function orphansOf(
  { arbs, links, polarities }: Stories,
  orders: readonly StoredOrder[],
  fills: readonly StoredFill[],
): Orphans {
  const standing = fills.filter(isStanding);
  const filledOrders = new Set(standing.map((fill) => links.orderOf(fill)?.clientOrderId));
  const nakedPairs = [...grouped(standing, ({ pair }) => pair)].flatMap(
    ([pair, own]): NakedPair[] => {
      const { nakedE6, pnlMicros } = worthOfPair(own, polarities.get(pair));
      return nakedE6 < E6_PER_CONTRACT ? [] : [{ pair, nakedE6, pnlMicros }];
    },
  );
  return {
    orders: orders.flatMap((order): OrphanOrder[] => {
      const { clientOrderId, arb, pair, atMs, state } = order;
      const end = ORDER_ENDS[state];
      if (end === 'nothing' || filledOrders.has(clientOrderId)) return [];
      const problem = end === 'open' ? 'open' : 'unbooked';
      return [{ clientOrderId, arb, pair, venue: VENUE_NAMES[order.venue], state, atMs, problem }];
    }),
    fills: standing
      .filter((fill) => links.orderOf(fill) === undefined)
      .map(({ tradeId, orderId, pair, venue, sizeE6, costMicros, atMs }) => ({
        ...{ tradeId, orderId, pair, venue: VENUE_NAMES[venue], sizeE6, costMicros, atMs },
      })),
    arbs: openArbs(arbs, new Set(nakedPairs.map(({ pair }) => pair))),
    nakedPairs,
  };
}

/**
 * A run that was killed leaves states that the next one never changes: what counts is whether a leg is still without an end, and whether
 * the pair still holds naked contracts.
 */
function openArbs(arbs: readonly ArbStory[], nakedPairs: ReadonlySet<string>): OpenArb[] {
  return arbs.flatMap(({ arb, pair, state, outcome, stateMs }): OpenArb[] => {
    const isWaiting = outcome === 'open' || outcome === 'unknown';
    const isExposed = state !== null && EXPOSED_STATES.includes(state) && nakedPairs.has(pair);
    if (!isWaiting && !isExposed) return [];
    return [{ arb, pair, state, sinceMs: stateMs }];
  });
}

const EXPOSED_STATES: readonly ArbState[] = ['exposed', 'neutralising', 'abandoned'];
