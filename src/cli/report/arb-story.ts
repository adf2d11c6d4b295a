// What became of each arbitrage: its orders, fills and states brought together. Fills say which legs filled, because a state may have been
// lost with a process that was killed; states say what fills cannot.

import { type Polarity, VENUES } from '../../domain/venue.js';
import type { ArbState } from '../../journal/records.js';
import type { StoredArbState, StoredFill, StoredOrder } from '../../journal/store.js';
import { factsOf, listOf, numberOf, textOf, wholeOf } from './facts.js';
import { grouped } from './grouped.js';
import type { JournalRows } from './journal-rows.js';
import { isStanding, ORDER_ENDS, OrderLinks } from './order-links.js';
import { polaritiesOf, polarityOfInputs, type Worth, worthOf } from './worth.js';

/** open: a leg has no known end yet. */
export type ArbOutcome = 'both' | 'one-legged' | 'none' | 'unknown' | 'open';

/** One time that the legs did not match. */
export interface Episode {
  readonly exposedMs: number;
  readonly end: 'neutral' | 'abandoned' | 'open';
  readonly afterMs: number | null;
  /** As it came out where that was put down, else as it was planned. */
  readonly lossMicros: number | null;
}

/** The decision that an arbitrage was fired by, without its books. */
export interface FiredDecision {
  readonly id: number;
  readonly sizeCenti: number;
  readonly netMicros: number;
  readonly asksE4: readonly [kalshi: number | undefined, polymarket: number | undefined];
}

export interface ArbStory {
  readonly arb: string;
  readonly pair: string;
  /** undefined for an exposure that no arbitrage of the run has left. */
  readonly firedMs: number | undefined;
  readonly beganMs: number;
  readonly outcome: ArbOutcome;
  readonly state: ArbState | null;
  /** Since when it is in that state; of one without a state, since its first order. */
  readonly stateMs: number;
  readonly decision: FiredDecision | undefined;
  readonly orders: readonly StoredOrder[];
  /** Of trades that did not fail. */
  readonly fills: readonly StoredFill[];
  readonly episodes: readonly Episode[];
  readonly worth: Worth;
}

export interface Stories {
  readonly arbs: readonly ArbStory[];
  readonly links: OrderLinks;
  readonly polarities: ReadonlyMap<string, Polarity>;
}

/** Every arbitrage of the journal, in the order of their beginnings. */
export function storiesOf(rows: JournalRows): Stories {
  const links = new OrderLinks(rows.orders);
  const polarities = polaritiesOf(rows.orders);
  const ordersOf = grouped(rows.orders, ({ arb }) => arb);
  const statesOf = grouped(rows.arbStates, ({ arb }) => arb);
  const fillsOf = grouped(rows.fills.filter(isStanding), (fill) => links.orderOf(fill)?.arb);
  const fired = new Map<string, FiredDecision & { readonly pair: string; readonly atMs: number }>();
  for (const { id, arb, pair, atMs, sizeCenti, netMicros, inputs } of rows.decisions) {
    if (!polarities.has(pair)) {
      const polarity = polarityOfInputs(inputs);
      if (polarity !== undefined) polarities.set(pair, polarity);
    }
    if (arb === null) continue;
    const { kalshiAskE4, polymarketAskE4 } = factsOf(inputs);
    const asksE4 = [wholeOf(kalshiAskE4), wholeOf(polymarketAskE4)] as const;
    fired.set(arb, { id, pair, atMs, sizeCenti, netMicros, asksE4 });
  }
  const names = new Set([...fired.keys(), ...statesOf.keys(), ...ordersOf.keys()]);
  const arbs = [...names].map((arb): ArbStory => {
    const decision = fired.get(arb);
    const orders = ordersOf.get(arb) ?? [];
    const states = statesOf.get(arb) ?? [];
    const fills = fillsOf.get(arb) ?? [];
    const isFired =
      decision !== undefined ||
      states.some(({ state }) => state === 'fired') ||
      orders.some(({ role }) => role === 'entry');
    const beganMs = Math.min(
      ...[decision, orders[0], states[0]].map((row) => row?.atMs ?? Number.POSITIVE_INFINITY),
    );
    return {
      arb,
      pair: decision?.pair ?? orders[0]?.pair ?? states[0]?.pair ?? '',
      firedMs: isFired ? beganMs : undefined,
      beganMs,
      outcome: outcomeOf(orders, fills, states, links),
      state: states.at(-1)?.state ?? null,
      stateMs: (states.at(-1) ?? orders[0])?.atMs ?? beganMs,
      decision,
      orders,
      fills,
      episodes: episodesOf(states),
      worth: worthOf(fills, polarities),
    };
  });
  arbs.sort((a, b) => a.beganMs - b.beganMs);
  return { arbs, links, polarities };
}

/** Of the two legs that it was fired with; what was bought to even them out does not count. */
function outcomeOf(
  orders: readonly StoredOrder[],
  fills: readonly StoredFill[],
  states: readonly StoredArbState[],
  links: OrderLinks,
): ArbOutcome {
  const entries = orders.filter(({ role }) => role === 'entry');
  const ids = new Set(entries.map(({ clientOrderId }) => clientOrderId));
  const isFilled = VENUES.map((own) =>
    fills.some((fill) => fill.venue === own && ids.has(links.orderOf(fill)?.clientOrderId ?? '')),
  );
  if (isFilled.every(Boolean)) return 'both';
  // The next run finds out what became of the orders of one that was killed, and leaves its arbitrages' states alone.
  const isEnded = VENUES.every((own) =>
    entries.some((order) => order.venue === own && ORDER_ENDS[order.state] !== 'open'),
  );
  const last = states.at(-1)?.state;
  if (!isEnded && last === 'unknown') return 'unknown';
  if (!isEnded && (last === undefined || last === 'fired')) return 'open';
  return isFilled.some(Boolean) ? 'one-legged' : 'none';
}

export function episodesOf(states: readonly StoredArbState[]): Episode[] {
  const episodes: Episode[] = [];
  let exposed: StoredArbState | undefined;
  let plannedMicros: number | null = null;
  for (const row of states) {
    if (row.state === 'exposed' && exposed === undefined) {
      exposed = row;
      plannedMicros = null;
    } else if (row.state === 'neutralising') {
      exposed ??= row;
      plannedMicros = plannedLossMicros(row.facts) ?? plannedMicros;
    } else if (exposed !== undefined && (row.state === 'neutral' || row.state === 'abandoned')) {
      const { afterMs, lossMicros } = factsOf(row.facts);
      const isNeutral = row.state === 'neutral';
      episodes.push({
        exposedMs: exposed.atMs,
        end: row.state,
        // The engine's own clock knows better than the difference of two wall times.
        afterMs: numberOf(afterMs) ?? row.atMs - exposed.atMs,
        lossMicros: wholeOf(lossMicros) ?? (isNeutral ? plannedMicros : null),
      });
      exposed = undefined;
    }
  }
  if (exposed !== undefined) {
    episodes.push({ exposedMs: exposed.atMs, end: 'open', afterMs: null, lossMicros: null });
  }
  return episodes;
}

/** Of the option that was taken; `chosen` is its name, or the order with the venue that it goes to. */
function plannedLossMicros(facts: unknown): number | undefined {
  const { chosen, options } = factsOf(facts);
  const name = textOf(chosen);
  const venue = numberOf(factsOf(chosen).venue);
  const taken = listOf(options)
    .map(factsOf)
    .find((option) => (name === undefined ? option.venue === venue : option.option === name));
  return wholeOf(taken?.lossMicros);
}
