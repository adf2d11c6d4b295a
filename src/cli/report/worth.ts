// What fills have locked in, by the engine's own ledger: one a pair, because the journal names pairs and numbers none.

import { type Fill, Ledger, type LedgerTotals } from '../../domain/ledger.js';
import { INVERTED, KALSHI, opposite, POLYMARKET, type Polarity, SAME } from '../../domain/venue.js';
import type { StoredFill, StoredOrder } from '../../journal/store.js';
import { factsOf } from './facts.js';
import { grouped } from './grouped.js';
import { isStanding } from './order-links.js';

/** By pair; a pair is missing when nothing that was read tells. */
export type Polarities = ReadonlyMap<string, Polarity>;

/** From the entry orders of each arbitrage: they buy opposite results. */
export function polaritiesOf(orders: readonly StoredOrder[]): Map<string, Polarity> {
  const polarities = new Map<string, Polarity>();
  const entries = new Map<string, StoredOrder>();
  for (const order of orders) {
    if (order.role !== 'entry') continue;
    const other = entries.get(order.arb);
    if (other === undefined) entries.set(order.arb, order);
    else if (other.venue !== order.venue) {
      polarities.set(order.pair, other.outcome === opposite(order.outcome) ? SAME : INVERTED);
    }
  }
  return polarities;
}

/** From the outcomes that a decision names. */
export function polarityOfInputs(inputs: unknown): Polarity | undefined {
  const { kalshi, polymarket } = factsOf(factsOf(inputs).outcomes);
  if (kalshi === undefined || polymarket === undefined) return undefined;
  return kalshi === polymarket ? INVERTED : SAME;
}

/** Of one pair. Where it is not known how its markets belong together, the worse of both ways. */
export function worthOfPair(fills: readonly StoredFill[], polarity: Polarity | undefined) {
  const standing = fills.filter(isStanding);
  if (polarity !== undefined) return totalsOf(standing, polarity);
  const [same, inverted] = [totalsOf(standing, SAME), totalsOf(standing, INVERTED)];
  return same.pnlMicros <= inverted.pnlMicros ? same : inverted;
}

function totalsOf(fills: readonly StoredFill[], polarity: Polarity): LedgerTotals {
  const ledger = new Ledger([polarity]);
  for (const fill of fills) ledger.book(bookable(fill));
  return ledger.totals();
}

function bookable({ venue, outcome, sizeE6, costMicros, feeMicros }: StoredFill): Fill {
  return { pair: 0, venue, outcome, sizeE6, costMicros, feeMicros };
}

export interface Worth {
  readonly costMicros: number;
  readonly feeMicros: { readonly kalshi: number; readonly polymarket: number };
  /** What the positions pay in the worst outcome of every pair. */
  readonly worstPayoutMicros: number;
  /** worstPayout - cost - fees. */
  readonly pnlMicros: number;
  readonly nakedE6: number;
}

export function worthOf(fills: readonly StoredFill[], polarities: Polarities): Worth {
  const sum = { costMicros: 0, worstPayoutMicros: 0, pnlMicros: 0, nakedE6: 0 };
  const feeMicros = { kalshi: 0, polymarket: 0 };
  for (const [pair, own] of grouped(fills, ({ pair }) => pair)) {
    const worth = worthOfPair(own, polarities.get(pair));
    sum.costMicros += worth.costMicros;
    sum.worstPayoutMicros += worth.worstPayoutMicros;
    sum.pnlMicros += worth.pnlMicros;
    sum.nakedE6 += worth.nakedE6;
    feeMicros.kalshi += worth.feeMicros[KALSHI];
    feeMicros.polymarket += worth.feeMicros[POLYMARKET];
  }
  return { ...sum, feeMicros };
}

/** How much was added from one moment to a later one: what a window of time has gained. Naked is what it is at its end. */
export function gained(before: Worth, after: Worth): Worth {
  return {
    costMicros: after.costMicros - before.costMicros,
    feeMicros: {
      kalshi: after.feeMicros.kalshi - before.feeMicros.kalshi,
      polymarket: after.feeMicros.polymarket - before.feeMicros.polymarket,
    },
    worstPayoutMicros: after.worstPayoutMicros - before.worstPayoutMicros,
    pnlMicros: after.pnlMicros - before.pnlMicros,
    nakedE6: after.nakedE6,
  };
}
