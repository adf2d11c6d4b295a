// The story of a decision as a person would tell it: what was on offer, what it came to, whether that is right, and what became of it.
import { formatDecimal } from '../../domain/decimal.js';
import type { Ratio } from '../../domain/exact.js';
import { PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { VENUE_NAMES, type VenueName } from '../../domain/venue.js';
import type { StoredArbState, StoredDecision } from '../../journal/store.js';
import { printable } from '../exit-codes.js';
import { contractsText, exactDollarsText, latencyText } from '../number-text.js';
import { type Line, paint, type Span, span } from '../paint.js';
import { type Column, tableLines } from '../table.js';
import type { Arithmetic, Check, CheckUnit, Walk } from './arithmetic.js';
import type { DecisionInputs } from './decision-inputs.js';
import { factsOf, listOf, textOf, wholeOf } from './facts.js';
import type { OrderLife, Why } from './why.js';

const LABEL_WIDTH = 18;
const NS_PER_MS = 1e6;

/** Pages of text, without a line end at their end. */
export function whyText(why: Why, width: number, colour: boolean): string {
  const { decision, inputs, arithmetic } = why;
  const blocks = [
    titleLines(why),
    ...(inputs !== null && arithmetic !== null && decision !== null
      ? [
          ...(['kalshi', 'polymarket'] as const).map((name) =>
            walkLines(name, inputs, arithmetic, width),
          ),
          sumLines(decision, inputs, arithmetic),
        ]
      : []),
    verdictLines(why),
    ...why.orders.map((life) => orderLines(life, decision?.atMs ?? life.order.atMs)),
    stateLines(why, width),
    resultLines(why),
  ].filter((block) => block.length > 0);
  const lines: Line[] = blocks.flatMap((block, index) => (index === 0 ? block : [[], ...block]));
  return lines.map((line) => paint(line, colour)).join('\n');
}

function titleLines({ asked, decision, arb, unreadable }: Why): Line[] {
  const pair = decision?.pair ?? arb?.pair ?? '';
  const title: Line = [span('underround why', 'bold'), span(`  ${asked} · ${printable(pair)}`)];
  if (decision === null) {
    return [title, [span('no decision belongs to it: only what happened is told', 'warn')]];
  }
  const { id, atMs, decision: name, inputs } = decision;
  const gate = textOf(factsOf(inputs).gate);
  const lines = [
    title,
    labelled('Decision', span(`d${id} at ${new Date(atMs).toISOString()}`)),
    labelled(
      'Verdict',
      span(printable(name), name === 'fired' ? 'good' : 'warn'),
      span(decision.arb === null ? '' : ` as ${decision.arb}`),
      span(gate === undefined ? '' : `: ${printable(gate)}`),
      span(`, ${VERDICTS[name] ?? 'a reason of another version of the engine'}`, 'dim'),
    ),
  ];
  if (unreadable === null) return lines;
  return [...lines, [span(`its inputs cannot be read: ${printable(unreadable)}`, 'bad')]];
}

/** The words of pipeline/decision-record.ts. */
const VERDICTS: Readonly<Record<string, string>> = {
  fired: 'both orders were asked for',
  observing: 'the engine only watches',
  stopped: 'the engine was told to open nothing',
  held: 'the pair is held',
  'no-funds-kalshi': 'the Kalshi account has too little that is not set aside',
  'no-funds-polymarket': 'the Polymarket account has too little that is not set aside',
  'total-position': 'all positions together would pass their limit',
  'market-position': "the market's position would pass its limit",
  'ring-full': 'the executor did not keep up',
};

const WALK_COLUMNS: readonly Column[] = ['', 'price', 'offered', 'taken', 'cost', 'fee'].map(
  (title, index) => ({ title, align: index === 0 ? 'left' : 'right', sparable: 0 }),
);

function walkLines(
  name: VenueName,
  inputs: DecisionInputs,
  { walks }: Arithmetic,
  width: number,
): Line[] {
  const walk = walks[name];
  const asks = name === 'kalshi' ? inputs.kalshiAsks : inputs.polymarketAsks;
  const rows = asks.map(([priceE4, offeredCenti], level): Span[] => {
    const step = walk.steps[level];
    const style = step === undefined ? 'dim' : 'plain';
    const cells = [`  level ${level + 1}`, priceText(priceE4), centiText(offeredCenti)].concat(
      step === undefined
        ? ['-', '-', '-']
        : [
            centiText(step.takenCenti),
            exactDollarsText(step.costMicros),
            exactDollarsText(step.feeMicros),
          ],
    );
    return cells.map((text) => span(text, style));
  });
  const title = `${TITLES[name]} ${inputs.outcomes[name].toUpperCase()}`;
  const columns = WALK_COLUMNS.map((column, index) =>
    index === 0 ? { ...column, title } : column,
  );
  return [
    ...tableLines(columns, rows, width),
    [span(`  ${feeFormula(name, inputs, walk)}`, 'dim')],
  ];
}

const TITLES: Readonly<Record<VenueName, string>> = { kalshi: 'KALSHI', polymarket: 'POLYMARKET' };

function feeFormula(name: VenueName, inputs: DecisionInputs, walk: Walk): string {
  const room = `and ${exactDollarsText(walk.allowanceMicros)} for the rounding of its fills`;
  if (name === 'kalshi') {
    const rate = ratioText(inputs.kalshiFeeRate);
    return `fee = ${rate} × contracts × price × (1 - price), up to $0.000001; ${room}`;
  }
  const { rate, exponent } = inputs.polymarketFeeRate;
  const power = exponent === 1 ? '' : `^${exponent}`;
  return `fee = ${ratioText(rate)} × contracts × (price × (1 - price))${power}, up to $0.00001; ${room}`;
}

function ratioText({ numerator, denominator }: Ratio): string {
  return denominator === 1 ? String(numerator) : `${numerator}/${denominator}`;
}

function sumLines(decision: StoredDecision, inputs: DecisionInputs, worked: Arithmetic): Line[] {
  const { kalshi, polymarket } = worked.walks;
  const { limits, reservedMicros } = inputs;
  const fees = (walk: Walk) =>
    `${exactDollarsText(walk.tradeFeeMicros)} + ${exactDollarsText(walk.allowanceMicros)}`;
  return [
    labelled(
      'Contracts',
      span(centiText(worked.sizeCenti)),
      span(` because ${worked.bound}`, 'dim'),
    ),
    labelled(
      'Pays',
      span(`${centiText(worked.sizeCenti)} × $1.00 = ${exactDollarsText(worked.payoutMicros)}`),
    ),
    labelled(
      'Costs',
      span(
        `${exactDollarsText(kalshi.costMicros)} + ${exactDollarsText(polymarket.costMicros)} = ` +
          exactDollarsText(worked.costMicros),
      ),
    ),
    labelled(
      'Fees at most',
      span(`${fees(kalshi)} + ${fees(polymarket)} = ${exactDollarsText(worked.feeMicros)}`),
    ),
    labelled(
      'Nets at least',
      span(
        `${exactDollarsText(worked.payoutMicros)} - ${exactDollarsText(worked.costMicros)} - ` +
          `${exactDollarsText(worked.feeMicros)} = ${exactDollarsText(worked.netMicros)}`,
        'bold',
      ),
      span(`, written down as ${exactDollarsText(decision.netMicros)}`),
    ),
    labelled(
      'Limits',
      span(
        `at most ${centiText(limits.maxSizeCenti)} contracts and ` +
          `${exactDollarsText(limits.maxCostMicros)} cost, at least ${exactDollarsText(limits.minNetMicros)} net`,
      ),
    ),
    labelled(
      'Worst prices',
      span(`${priceText(inputs.kalshiLimitE4)} and ${priceText(inputs.polymarketLimitE4)}`),
    ),
    labelled(
      'Set aside',
      span(
        `${exactDollarsText(reservedMicros[0])} on Kalshi, ${exactDollarsText(reservedMicros[1])} on Polymarket`,
      ),
    ),
  ];
}

function verdictLines({ arithmetic, execution, addsUp, unreadable }: Why): Line[] {
  const checks = [...(arithmetic?.checks ?? []), ...execution];
  const remarks = (arithmetic?.remarks ?? []).map((remark) => [span(`  ${remark}`, 'warn')]);
  const wrong = checks.filter(({ isRight }) => !isRight);
  if (addsUp) {
    const count = span(`it adds up: ${checks.length} numbers worked out again`, 'good');
    return checks.length === 0 ? remarks : [[count], ...remarks];
  }
  const title =
    unreadable !== null && wrong.length === 0
      ? 'IT CANNOT BE CHECKED'
      : `IT DOES NOT ADD UP: ${wrong.length} of ${checks.length} numbers`;
  return [[span(title, 'bad')], ...wrong.map(wrongLine), ...remarks];
}

function wrongLine({ name, unit, relation, recorded, expected }: Check): Line {
  const words = { '=': 'should be', '<=': 'should be at most', '>=': 'should be at least' };
  return [
    span(
      `  ${printable(name)} is ${unitText(recorded, unit)}, ${words[relation]} ${unitText(expected, unit)}`,
      'bad',
    ),
  ];
}

function unitText(value: number | string, unit: CheckUnit): string {
  if (typeof value === 'string' || !Number.isSafeInteger(value)) return printable(String(value));
  switch (unit) {
    case 'micros':
      return exactDollarsText(value);
    case 'priceE4':
      return priceText(value);
    case 'sizeCenti':
      return centiText(value);
    case 'sizeE6':
      return contractsText(value);
    case 'outcome':
      return String(value);
    default:
      return unit satisfies never;
  }
}

/** Times of states and fills are since `beganMs`. */
function orderLines({ order, venue, stages, states, fills }: OrderLife, beganMs: number): Line[] {
  const what =
    `${centiText(order.sizeCenti)} ${order.outcome === 0 ? 'yes' : 'no'} at ${priceText(order.limitE4)} or better, ` +
    `${exactDollarsText(order.spendMicros)}`;
  return [
    [
      span(`${TITLES[venue]} ${order.role}`, 'bold'),
      span(`  ${printable(order.clientOrderId)}`),
      span(order.orderId === null ? '' : ` (${printable(order.orderId)})`, 'dim'),
    ],
    labelled('  order', span(what)),
    ...(stages.length === 0 ? [] : [labelled('  stages', span(stagesText(stages)))]),
    labelled('  reply', span(printable(JSON.stringify(order.reply) ?? 'none'))),
    ...states.map(({ atMs, state, why, filledE6 }) =>
      labelled(
        '  state',
        span(`${offsetText(atMs - beganMs)} ${state}`),
        span(why === '' || why === state ? '' : `: ${printable(why)}`, 'dim'),
        span(filledE6 === null ? '' : `, filled ${contractsText(filledE6)}`),
      ),
    ),
    ...fills.map(({ atMs, tradeId, sizeE6, costMicros, feeMicros, state }) =>
      labelled(
        '  fill',
        span(
          `${offsetText(atMs - beganMs)} ${contractsText(sizeE6)} for ${exactDollarsText(costMicros)}, ` +
            `fee ${exactDollarsText(feeMicros)}, ${state}`,
          state === 'failed' ? 'bad' : 'plain',
        ),
        span(` trade ${printable(tradeId)}`, 'dim'),
      ),
    ),
  ];
}

/** "received → detected 12.3 µs → written 30.1 µs": each since the one before. */
function stagesText(stages: OrderLife['stages']): string {
  return stages
    .map(({ name, sinceNs }) =>
      sinceNs === null ? printable(name) : `${printable(name)} ${latencyText(sinceNs)}`,
    )
    .join(' → ');
}

function stateLines({ states, decision }: Why, width: number): Line[] {
  if (states.length === 0) return [];
  const beganMs = decision?.atMs ?? states[0]!.atMs;
  const lines = states.flatMap((state): Line[] => [
    [
      span(`  ${offsetText(state.atMs - beganMs).padEnd(LABEL_WIDTH - 2)}`),
      span(state.state, state.state === 'abandoned' || state.state === 'unknown' ? 'bad' : 'plain'),
      span(state.why === '' ? '' : `: ${printable(state.why)}`, 'dim'),
    ],
    ...optionLines(state, width),
  ]);
  return [[span('WHAT BECAME OF IT', 'dim')], ...lines];
}

const OPTION_COLUMNS: readonly Column[] = ['    option', 'venue', 'costs', 'loses', ''].map(
  (title, index): Column => {
    return { title, align: index === 2 || index === 3 ? 'right' : 'left', sparable: 0 };
  },
);

/** What could have been done about an exposure, and what was. */
function optionLines({ facts }: StoredArbState, width: number): Line[] {
  const { options, chosen } = factsOf(facts);
  const chosenName = textOf(chosen);
  const rows = listOf(options)
    .map(factsOf)
    .map(({ option, venue, costMicros, lossMicros, obstacle }): Span[] => {
      const isTaken =
        chosenName === undefined ? venue === factsOf(chosen).venue : option === chosenName;
      return [
        span(`    ${printable(String(option ?? '?'))}`),
        span(VENUE_NAMES[wholeOf(venue) ?? -1] ?? '-'),
        span(dollarsOf(costMicros)),
        span(dollarsOf(lossMicros)),
        isTaken ? span('taken', 'good') : span(printable(textOf(obstacle) ?? ''), 'dim'),
      ];
    });
  return rows.length === 0 ? [] : tableLines(OPTION_COLUMNS, rows, width);
}

function dollarsOf(micros: unknown): string {
  const whole = wholeOf(micros);
  return whole === undefined ? '-' : exactDollarsText(whole);
}

function resultLines({ arb, decision }: Why): Line[] {
  if (arb === null) return [];
  const { outcome, state, worth, episodes } = arb;
  const fees = worth.feeMicros.kalshi + worth.feeMicros.polymarket;
  const last = episodes.at(-1);
  return [
    labelled('Legs', span(outcome), span(state === null ? '' : `, now ${state}`)),
    ...(last === undefined
      ? []
      : [
          labelled(
            'Exposed',
            span(last.afterMs === null ? 'still' : `for ${latencyText(last.afterMs * NS_PER_MS)}`),
            span(last.lossMicros === null ? '' : `, lost ${exactDollarsText(last.lossMicros)}`),
          ),
        ]),
    labelled(
      'Result',
      span(exactDollarsText(worth.pnlMicros), worth.pnlMicros < 0 ? 'bad' : 'good'),
      span(
        ` whatever happens: ${exactDollarsText(worth.worstPayoutMicros)} paid at worst - ` +
          `${exactDollarsText(worth.costMicros)} cost - ${exactDollarsText(fees)} fees`,
      ),
      span(
        decision === null ? '' : `; ${exactDollarsText(decision.netMicros)} was expected`,
        'dim',
      ),
    ),
    ...(worth.nakedE6 === 0
      ? []
      : [labelled('Naked', span(`${contractsText(worth.nakedE6)} contracts`, 'warn'))]),
  ];
}

function labelled(label: string, ...value: Span[]): Line {
  return [span(label.padEnd(LABEL_WIDTH), 'dim'), ...value];
}

function priceText(priceE4: number): string {
  return `$${formatDecimal(priceE4, PRICE_PLACES, 2)}`;
}

function centiText(sizeCenti: number): string {
  return formatDecimal(sizeCenti, SIZE_CENTI_PLACES, 2);
}

/** Wall times: a clock that was set back shows as a minus. */
function offsetText(ms: number): string {
  return ms < 0 ? `-${latencyText(-ms * NS_PER_MS)}` : `+${latencyText(ms * NS_PER_MS)}`;
}
