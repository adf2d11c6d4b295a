// The arithmetic of one decision, done again from its inputs by the way a person would: walk both books to the count that was chosen, add
// up costs and fees level by level, subtract. The engine walks both books at once and keeps running sums (domain/sizing.ts), so a slip in
// either shows as a difference.
import { kalshiFeeTable, polymarketFeeTable } from '../../domain/fee-table.js';
import {
  KALSHI_BALANCE_STEP_MICROS,
  KALSHI_ROUNDING_ALLOWANCE_MICROS,
  kalshiTradeFeeMicros,
} from '../../domain/kalshi-fee.js';
import { orderableCenti } from '../../domain/polymarket-amounts.js';
import {
  POLYMARKET_ROUNDING_ALLOWANCE_MICROS,
  polymarketFeeBoundMicros,
} from '../../domain/polymarket-fee.js';
import {
  type AskLevels,
  createAskLevels,
  createSizedPair,
  edgeMicros,
  type PairTerms,
  sizePair,
} from '../../domain/sizing.js';
import { MICROS_PER_CENT, PAYOUT_E4 } from '../../domain/units.js';
import type { StoredDecision } from '../../journal/store.js';
import { DECISION_LEVELS } from '../../pipeline/decision-record.js';
import type { ByVenueName } from './by-venue.js';
import type { DecisionInputs } from './decision-inputs.js';

export interface WalkStep {
  readonly priceE4: number;
  readonly offeredCenti: number;
  readonly takenCenti: number;
  readonly costMicros: number;
  readonly feeMicros: number;
}

export interface Walk {
  /** Levels that something was taken from. */
  readonly steps: readonly WalkStep[];
  readonly costMicros: number;
  readonly tradeFeeMicros: number;
  /** Room for the exchange's rounding, on top of the trade fees. */
  readonly allowanceMicros: number;
  /** Worst price reached; 0 when nothing was taken. */
  readonly reachedE4: number;
  /** Contracts that the levels put down do not account for: the walk went on where the record ends. */
  readonly missingCenti: number;
  /** Price of the contract after the last one taken; undefined where no level was put down. */
  readonly nextE4: number | undefined;
}

export type CheckUnit = 'micros' | 'priceE4' | 'sizeCenti' | 'sizeE6' | 'outcome';

/** One number of the record against the same one worked out here. */
export interface Check {
  readonly name: string;
  readonly unit: CheckUnit;
  readonly relation: '=' | '<=' | '>=';
  readonly recorded: number | string;
  readonly expected: number | string;
  readonly isRight: boolean;
}

export interface Arithmetic {
  readonly sizeCenti: number;
  readonly walks: ByVenueName<Walk>;
  readonly payoutMicros: number;
  readonly costMicros: number;
  readonly feeMicros: number;
  readonly netMicros: number;
  /** Why not one contract more. */
  readonly bound: string;
  readonly checks: readonly Check[];
  /** What could not be checked, and what a person may wonder about. */
  readonly remarks: readonly string[];
}

export function arithmeticOf(decision: StoredDecision, inputs: DecisionInputs): Arithmetic {
  const { sizeCenti } = decision;
  const terms = termsOf(inputs);
  const kalshi = walkOf(inputs.kalshiAsks, sizeCenti, (priceE4, centi) =>
    kalshiTradeFeeMicros(inputs.kalshiFeeRate, priceE4, centi),
  );
  const polymarket = walkOf(inputs.polymarketAsks, sizeCenti, (priceE4, centi) =>
    polymarketFeeBoundMicros(inputs.polymarketFeeRate, priceE4, centi),
  );
  const walks: ByVenueName<Walk> = {
    kalshi: {
      ...kalshi,
      // Each further level may round its trade fee up by a balance step.
      allowanceMicros:
        KALSHI_ROUNDING_ALLOWANCE_MICROS +
        Math.max(0, kalshi.steps.length - 1) * KALSHI_BALANCE_STEP_MICROS,
    },
    polymarket: { ...polymarket, allowanceMicros: POLYMARKET_ROUNDING_ALLOWANCE_MICROS },
  };
  const sides = [walks.kalshi, walks.polymarket];
  const payoutMicros = sizeCenti * PAYOUT_E4;
  const costMicros = sumOf(sides, (walk) => walk.costMicros);
  const feeMicros = sumOf(sides, (walk) => walk.tradeFeeMicros + walk.allowanceMicros);
  const worked: Worked = {
    sizeCenti,
    walks,
    payoutMicros,
    costMicros,
    feeMicros,
    netMicros: payoutMicros - costMicros - feeMicros,
  };
  const { best, remarks } = bestCount(terms, inputs, worked);
  return {
    ...worked,
    bound: boundOf(terms, inputs, worked),
    checks: [...checksOf(decision, inputs, worked), ...best],
    remarks,
  };
}

type Worked = Omit<Arithmetic, 'bound' | 'checks' | 'remarks'>;

function sumOf<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}

/** `polymarketMinSizeCenti` is not in the record: 0 lets every count be a candidate. */
function termsOf({ kalshiFeeRate, polymarketFeeRate }: DecisionInputs): PairTerms {
  return {
    kalshiRate: kalshiFeeRate,
    kalshiFees: kalshiFeeTable(kalshiFeeRate),
    polymarketSchedule: polymarketFeeRate,
    polymarketFees: polymarketFeeTable(polymarketFeeRate),
    polymarketMinSizeCenti: 0,
  };
}

function walkOf(
  asks: DecisionInputs['kalshiAsks'],
  sizeCenti: number,
  feeOf: (priceE4: number, centi: number) => number,
): Omit<Walk, 'allowanceMicros'> {
  const steps: WalkStep[] = [];
  let missingCenti = sizeCenti;
  let nextE4: number | undefined;
  for (const [priceE4, offeredCenti] of asks) {
    const takenCenti = Math.min(offeredCenti, missingCenti);
    if (takenCenti > 0) {
      const costMicros = takenCenti * priceE4;
      const feeMicros = feeOf(priceE4, takenCenti);
      steps.push({ priceE4, offeredCenti, takenCenti, costMicros, feeMicros });
      missingCenti -= takenCenti;
    }
    if (takenCenti < offeredCenti) {
      nextE4 = priceE4;
      break;
    }
  }
  return {
    steps,
    costMicros: sumOf(steps, (step) => step.costMicros),
    tradeFeeMicros: sumOf(steps, (step) => step.feeMicros),
    reachedE4: steps.at(-1)?.priceE4 ?? 0,
    missingCenti,
    nextE4,
  };
}

/** `name` of the record against what was worked out. */
export function check(
  name: string,
  unit: CheckUnit,
  recorded: number | string,
  relation: Check['relation'],
  expected: number | string,
): Check {
  const isRight =
    relation === '='
      ? recorded === expected
      : relation === '<='
        ? recorded <= expected
        : recorded >= expected;
  return { name, unit, relation, recorded, expected, isRight };
}

function checksOf(decision: StoredDecision, inputs: DecisionInputs, worked: Worked): Check[] {
  const { kalshi, polymarket } = worked.walks;
  const { limits } = inputs;
  const recordedCost = inputs.kalshiCostMicros + inputs.polymarketCostMicros;
  const recordedNet = decision.sizeCenti * PAYOUT_E4 - recordedCost - inputs.feeMicros;
  return [
    check(
      'Kalshi outcome',
      'outcome',
      inputs.outcomes.kalshi,
      '=',
      OUTCOMES[decision.direction] ?? '?',
    ),
    ...bookChecks('Kalshi', inputs.kalshiAsks, kalshi, {
      askE4: inputs.kalshiAskE4,
      costMicros: inputs.kalshiCostMicros,
      limitE4: inputs.kalshiLimitE4,
    }),
    ...bookChecks('Polymarket', inputs.polymarketAsks, polymarket, {
      askE4: inputs.polymarketAskE4,
      costMicros: inputs.polymarketCostMicros,
      limitE4: inputs.polymarketLimitE4,
    }),
    check(
      'Polymarket cost beyond whole cents',
      'micros',
      inputs.polymarketCostMicros % MICROS_PER_CENT,
      '=',
      0,
    ),
    ...(isWhole(worked) ? [check('fees', 'micros', inputs.feeMicros, '=', worked.feeMicros)] : []),
    check('net', 'micros', decision.netMicros, '=', recordedNet),
    check('contracts', 'sizeCenti', decision.sizeCenti, '<=', limits.maxSizeCenti),
    check('cost', 'micros', recordedCost, '<=', limits.maxCostMicros),
    check('net', 'micros', decision.netMicros, '>=', limits.minNetMicros),
  ];
}

const OUTCOMES: readonly string[] = ['yes', 'no'];

function bookChecks(
  name: string,
  asks: DecisionInputs['kalshiAsks'],
  walk: Walk,
  recorded: { readonly askE4: number; readonly costMicros: number; readonly limitE4: number },
): Check[] {
  const best = check(`${name} best ask`, 'priceE4', recorded.askE4, '=', asks[0]?.[0] ?? 0);
  const prices = asks.map(([priceE4]) => priceE4);
  const falls = prices.filter((priceE4, index) => index > 0 && priceE4 <= prices[index - 1]!);
  const order = check(`${name} asks out of order`, 'priceE4', falls[0] ?? 0, '=', 0);
  if (walk.missingCenti > 0) return [best, order];
  return [
    best,
    order,
    check(`${name} cost`, 'micros', recorded.costMicros, '=', walk.costMicros),
    check(`${name} limit`, 'priceE4', recorded.limitE4, '=', walk.reachedE4),
  ];
}

function isWhole({ walks: { kalshi, polymarket } }: Worked): boolean {
  return kalshi.missingCenti === 0 && polymarket.missingCenti === 0;
}

/** Whether another count would have netted more, by the engine's own search through the same levels. */
function bestCount(
  terms: PairTerms,
  inputs: DecisionInputs,
  worked: Worked,
): { best: Check[]; remarks: string[] } {
  const { kalshiAsks, polymarketAsks, limits } = inputs;
  const deepest = Math.max(kalshiAsks.length, polymarketAsks.length);
  if (!isWhole(worked)) {
    const isCut = deepest >= DECISION_LEVELS;
    const words = isCut ? 'the walk went deeper than the levels that were put down' : '';
    const missing = `missingCenti=${worked.walks.kalshi.missingCenti},${worked.walks.polymarket.missingCenti}`;
    if (isCut)
      return {
        best: [],
        remarks: [`${words}: costs, limits and fees cannot be checked ${missing}`],
      };
    const offered = Math.min(offeredCenti(kalshiAsks), offeredCenti(polymarketAsks));
    return {
      best: [check('contracts on offer', 'sizeCenti', worked.sizeCenti, '<=', offered)],
      remarks: [],
    };
  }
  const sized = createSizedPair();
  sizePair(terms, levelsOf(kalshiAsks), levelsOf(polymarketAsks), limits, sized);
  const best = check('net of the best count', 'micros', sized.netMicros, '>=', worked.netMicros);
  if (sized.netMicros <= worked.netMicros) return { best: [best], remarks: [] };
  const more =
    `another count nets more on these levels: sizeCenti=${sized.sizeCenti} netMicros=${sized.netMicros}; ` +
    "the exchange's minimum order, which is not put down, may forbid it";
  return { best: [best], remarks: [more] };
}

function offeredCenti(asks: DecisionInputs['kalshiAsks']): number {
  return sumOf(asks, ([, sizeCenti]) => sizeCenti);
}

function levelsOf(asks: DecisionInputs['kalshiAsks']): AskLevels {
  const levels = createAskLevels(asks.length);
  levels.count = asks.length;
  for (const [index, [priceE4, sizeCenti]] of asks.entries()) {
    levels.pricesE4[index] = priceE4;
    levels.sizesCenti[index] = sizeCenti;
  }
  return levels;
}

/** The first that holds of what ends a walk, in the order in which a person would look. */
function boundOf(terms: PairTerms, { limits }: DecisionInputs, worked: Worked): string {
  const { sizeCenti, walks, costMicros } = worked;
  if (!isWhole(worked)) return 'not known: the walk went deeper than the levels that were put down';
  if (sizeCenti >= limits.maxSizeCenti) return 'the largest order that the limits allow';
  const { nextE4: kalshiE4 } = walks.kalshi;
  const { nextE4: polymarketE4 } = walks.polymarket;
  if (kalshiE4 === undefined) return 'the levels of the Kalshi book are used up';
  if (polymarketE4 === undefined) return 'the levels of the Polymarket book are used up';
  if (edgeMicros(terms, kalshiE4, polymarketE4) <= 0) {
    return 'the next contract would cost more than it pays';
  }
  const stepCenti = nextOrderableCenti(polymarketE4, walks.polymarket.costMicros);
  if (costMicros + stepCenti * (kalshiE4 + polymarketE4) > limits.maxCostMicros) {
    return 'the largest cost that the limits allow';
  }
  return 'a larger count would have to be one that costs whole cents on Polymarket';
}

/** Contracts to the next count that costs whole cents, when all of them are at this price. */
function nextOrderableCenti(priceE4: number, spentMicros: number): number {
  for (let mostCenti = 1; mostCenti <= MICROS_PER_CENT; mostCenti++) {
    if (orderableCenti(mostCenti, priceE4, spentMicros) > 0) return mostCenti;
  }
  return MICROS_PER_CENT;
}
