// Underrounds that were not taken, by reason, with the dollars that they would have netted: where the next dollar is to be found.

import type { StoredDecision } from '../../journal/store.js';
import { factsOf, textOf } from './facts.js';

/** Fired, and neither leg filled. */
const NOTHING_FILLED = 'nothing-filled';

export interface MissedReason {
  readonly reason: string;
  readonly underrounds: number;
  readonly netMicros: number;
  /** Of all that was missed, of this reason and those before it; 0 to 1. */
  readonly cumulativeShare: number;
}

export interface Missed {
  readonly underrounds: number;
  readonly netMicros: number;
  /** Most dollars first. */
  readonly byReason: readonly MissedReason[];
}

/** One stretch of time in which one direction of a pair stood below a dollar, at the best moment of it. */
export interface MissedUnderround {
  readonly sinceMs: number;
  readonly pair: string;
  readonly direction: number;
  readonly decision: number;
  readonly reason: string;
  readonly sizeCenti: number;
  readonly netMicros: number;
}

/** A missed one in the making. The rows themselves are not kept: they carry books, and there may be a million. */
interface Stretch {
  best: MissedUnderround;
  readonly arbs: string[];
}

/**
 * `decisions` in the order in which they were made. Every stretch counts once, with the decision that would have netted most; it was
 * not missed when an arbitrage fired in it filled anything, or may have.
 */
export function missedOf(
  decisions: Iterable<StoredDecision>,
  isEmptyHanded: (arb: string) => boolean,
): MissedUnderround[] {
  const stretches: Stretch[] = [];
  const standing = new Map<string, Stretch>();
  for (const decision of decisions) {
    const key = `${decision.direction} ${decision.pair}`;
    let stretch = decision.isNew ? undefined : standing.get(key);
    if (stretch === undefined) {
      stretch = { best: missedBy(decision, decision.atMs), arbs: [] };
      stretches.push(stretch);
      standing.set(key, stretch);
    } else if (decision.netMicros > stretch.best.netMicros) {
      stretch.best = missedBy(decision, stretch.best.sinceMs);
    }
    if (decision.arb !== null) stretch.arbs.push(decision.arb);
  }
  return stretches
    .filter(({ arbs }) => arbs.every(isEmptyHanded))
    .map(({ best, arbs }) => (arbs.length > 0 ? { ...best, reason: NOTHING_FILLED } : best));
}

function missedBy(decision: StoredDecision, sinceMs: number): MissedUnderround {
  const { id, pair, direction, sizeCenti, netMicros } = decision;
  return {
    sinceMs,
    pair,
    direction,
    decision: id,
    reason: reasonOf(decision),
    sizeCenti,
    netMicros,
  };
}

function reasonOf({ decision, inputs }: StoredDecision): string {
  const gate = textOf(factsOf(inputs).gate);
  return gate === undefined ? decision : `${decision}: ${gate}`;
}

export function paretoOf(missed: readonly MissedUnderround[]): Missed {
  const sums = new Map<string, { underrounds: number; netMicros: number }>();
  let totalMicros = 0;
  for (const { reason, netMicros } of missed) {
    const sum = sums.get(reason) ?? { underrounds: 0, netMicros: 0 };
    sums.set(reason, sum);
    sum.underrounds++;
    sum.netMicros += netMicros;
    totalMicros += netMicros;
  }
  const ranked = [...sums].sort(
    ([, a], [, b]) => b.netMicros - a.netMicros || b.underrounds - a.underrounds,
  );
  let soFarMicros = 0;
  const byReason = ranked.map(([reason, sum]): MissedReason => {
    soFarMicros += sum.netMicros;
    return { reason, ...sum, cumulativeShare: totalMicros > 0 ? soFarMicros / totalMicros : 0 };
  });
  return { underrounds: missed.length, netMicros: totalMicros, byReason };
}
