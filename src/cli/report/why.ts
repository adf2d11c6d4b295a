// The story of one decision: what it was made from, the arithmetic done again, and what became of it.

import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI, VENUE_NAMES, type VenueName } from '../../domain/venue.js';
import type {
  StoredArbState,
  StoredDecision,
  StoredFill,
  StoredOrder,
  StoredOrderState,
} from '../../journal/store.js';
import { type ArbStory, storiesOf } from './arb-story.js';
import { type Arithmetic, arithmeticOf, type Check, check } from './arithmetic.js';
import { type DecisionInputs, readInputs } from './decision-inputs.js';
import { factsOf, numberOf } from './facts.js';
import type { JournalRows } from './journal-rows.js';

export interface Why {
  readonly asked: string;
  readonly decision: StoredDecision | null;
  readonly arithmetic: Arithmetic | null;
  readonly inputs: DecisionInputs | null;
  /** Why there is no arithmetic. */
  readonly unreadable: string | null;
  readonly arb: Omit<ArbStory, 'orders' | 'fills' | 'decision'> | null;
  readonly orders: readonly OrderLife[];
  readonly states: readonly StoredArbState[];
  /** Orders against the decision, fills against their orders. */
  readonly execution: readonly Check[];
  readonly addsUp: boolean;
}

/** One stage of an order by the engine's clock. */
export interface Stage {
  readonly name: string;
  readonly atNs: number;
  /** Since the stage before; null for the first. */
  readonly sinceNs: number | null;
}

export interface OrderLife {
  readonly order: StoredOrder;
  readonly venue: VenueName;
  readonly stages: readonly Stage[];
  readonly states: readonly StoredOrderState[];
  /** Every trade once, those that failed too. */
  readonly fills: readonly StoredFill[];
}

/** `rows` hold all of one arbitrage, or of a decision that was not fired, and nothing else. */
export function whyOf(asked: string, rows: JournalRows, decision: StoredDecision | null): Why {
  const { arbs, links } = storiesOf(rows);
  const story = arbs[0];
  const inputs = decision === null ? null : readInputs(decision.inputs);
  const isReadable = inputs !== null && typeof inputs !== 'string';
  const arithmetic = decision !== null && isReadable ? arithmeticOf(decision, inputs) : null;
  const orders = rows.orders.map((order): OrderLife => {
    const isOwn = (fill: StoredFill) => links.orderOf(fill)?.clientOrderId === order.clientOrderId;
    return {
      order,
      venue: VENUE_NAMES[order.venue],
      stages: stagesOf(order.stampsNs),
      states: rows.orderStates.filter((state) => state.clientOrderId === order.clientOrderId),
      fills: rows.fills.filter(isOwn),
    };
  });
  const execution = orders.flatMap((life) => [
    ...(decision !== null && isReadable ? entryChecks(life.order, decision, inputs) : []),
    ...fillChecks(life),
  ]);
  return {
    asked,
    decision,
    inputs: isReadable ? inputs : null,
    arithmetic,
    unreadable: typeof inputs === 'string' ? inputs : null,
    arb: story === undefined ? null : withoutRows(story),
    orders,
    states: rows.arbStates,
    execution,
    addsUp:
      typeof inputs !== 'string' &&
      [...(arithmetic?.checks ?? []), ...execution].every(({ isRight }) => isRight),
  };
}

function withoutRows({ orders, fills, decision, ...story }: ArbStory) {
  return story;
}

/** Stamps above 0, in the order in which they were taken: an order that was not written has none for it. */
export function stagesOf(stampsNs: unknown): Stage[] {
  const stamps = Object.entries(factsOf(stampsNs))
    .map(([name, value]) => ({ name: name.replace(/Ns$/, ''), atNs: numberOf(value) ?? 0 }))
    .filter(({ atNs }) => atNs > 0)
    .sort((a, b) => a.atNs - b.atNs);
  return stamps.map(({ name, atNs }, index) => {
    const before = stamps[index - 1];
    return { name, atNs, sinceNs: before === undefined ? null : atNs - before.atNs };
  });
}

/** A leg that waits for the other one may be smaller than what was decided, never larger. */
function entryChecks(
  order: StoredOrder,
  { sizeCenti }: StoredDecision,
  inputs: DecisionInputs,
): Check[] {
  if (order.role !== 'entry') return [];
  const isKalshi = order.venue === KALSHI;
  const name = VENUE_NAMES[order.venue];
  const limitE4 = isKalshi ? inputs.kalshiLimitE4 : inputs.polymarketLimitE4;
  const outcome = isKalshi ? inputs.outcomes.kalshi : inputs.outcomes.polymarket;
  return [
    check(`${name} order contracts`, 'sizeCenti', order.sizeCenti, '<=', sizeCenti),
    check(`${name} order limit`, 'priceE4', order.limitE4, '=', limitE4),
    check(`${name} order outcome`, 'outcome', OUTCOMES[order.outcome], '=', outcome),
  ];
}

const OUTCOMES = ['yes', 'no'] as const;

/** Costs may be rounded up by less than a micro a fill. */
function fillChecks({ order, venue, fills }: OrderLife): Check[] {
  if (fills.length === 0) return [];
  const sum = (of: (fill: StoredFill) => number) =>
    fills.reduce((total, fill) => total + of(fill), 0);
  const sizeE6 = sum((fill) => fill.sizeE6);
  const mostMicros = Number((BigInt(order.limitE4) * BigInt(sizeE6)) / BigInt(PAYOUT_E4));
  const costMicros = sum((fill) => fill.costMicros);
  const atLimit = check(
    `${venue} fills of ${order.clientOrderId} at the limit`,
    'micros',
    costMicros,
    '<=',
    mostMicros + fills.length,
  );
  // A Polymarket order spends dollars: at better prices it gets more contracts.
  const isSized = order.venue === KALSHI;
  const name = `${venue} fills of ${order.clientOrderId}`;
  const within = isSized
    ? check(name, 'sizeE6', sizeE6, '<=', order.sizeCenti * E6_PER_CENTI)
    : check(name, 'micros', costMicros, '<=', order.spendMicros);
  return [within, atLimit];
}
