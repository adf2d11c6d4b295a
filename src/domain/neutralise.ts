// What to buy so that contracts without their other leg are even again, and what that loses. Buying the missing outcome evens them out on
// either exchange: where the other leg is missing it completes the arbitrage; where the lone contracts are it unwinds them, because YES and
// NO of one exchange pay $1 too. So the cheaper ask wins, and the worst of doing nothing is that all they cost is lost. Pure arithmetic:
// it must not know what was tried before, nor who sends the order.
import { ceilDiv, floorDiv } from './exact.js';
import type { FeeTable } from './fee-table.js';
import { KALSHI_BALANCE_STEP_MICROS, KALSHI_ROUNDING_ALLOWANCE_MICROS } from './kalshi-fee.js';
import { orderableCenti, POLYMARKET_MIN_NOTIONAL_MICROS } from './polymarket-amounts.js';
import {
  POLYMARKET_FEE_STEP_MICROS,
  POLYMARKET_ROUNDING_ALLOWANCE_MICROS,
} from './polymarket-fee.js';
import type { AskLevels, PairTerms } from './sizing.js';
import { CENTI_PER_CONTRACT, MICROS_PER_DOLLAR, MICROS_PER_PRICE_E4, PAYOUT_E4 } from './units.js';
import { KALSHI, POLYMARKET, type Venue } from './venue.js';

export interface NeutralisationInput {
  /** Naked contracts, in 1/100. */
  readonly sizeCenti: number;
  /** What one of them cost, fees included. */
  readonly basisMicrosPerContract: number;
  /** Where they are held. */
  readonly heldVenue: Venue;
  /** What may still be lost on them. */
  readonly maxLossMicros: number;
  /** Asks of the missing outcome on each exchange; undefined: not to be trusted now. */
  readonly kalshiAsks: AskLevels | undefined;
  readonly polymarketAsks: AskLevels | undefined;
  readonly terms: PairTerms;
  /** What Kalshi's counts are multiples of. */
  readonly kalshiStepCenti: number;
}

/**
 * `no-asks`: nothing is offered below $1, fee included; holding is as good.
 * `too-small`: of what is naked and offered, the exchange takes no order.
 */
export type WaitReason = 'no-trusted-book' | 'no-asks' | 'too-small' | 'too-dear';

/** An order and its arithmetic. */
interface OrderFigures {
  readonly venue: Venue;
  readonly sizeCenti: number;
  readonly limitE4: number;
  /** At the prices seen. On Polymarket whole cents. */
  readonly costMicros: number;
  /** Upper bound. */
  readonly feeMicros: number;
  /** basis + cost + fee - payout of these contracts, basis and fee rounded up together; below 0 it is a gain. */
  readonly lossMicros: number;
}

/** Completing buys the leg that is missing; unwinding buys the complement of the one that is held. */
type Purchase = 'complete' | 'unwind';

/**
 * One of the things that could be done, for whoever asks why. A too-dear purchase has the figures of buying all that it can; holding
 * has those of the worst result.
 */
export type NeutralisationOption =
  | ({ readonly option: Purchase; readonly obstacle?: 'too-dear' } & OrderFigures)
  | {
      readonly option: Purchase;
      readonly obstacle: Exclude<WaitReason, 'too-dear'>;
      readonly venue: Venue;
    }
  | { readonly option: 'hold'; readonly lossMicros: number };

export type Plan =
  | {
      readonly kind: 'buy';
      readonly venue: Venue;
      readonly sizeCenti: number;
      readonly limitE4: number;
      readonly spendMicros: number;
      readonly feeMicros: number;
      readonly lossMicros: number;
      readonly options: readonly NeutralisationOption[];
    }
  | {
      readonly kind: 'wait';
      readonly why: WaitReason;
      /** When it is too dear: what buying all that is offered would lose, on the exchange where that is less. */
      readonly cheapestLossMicros?: number;
      readonly options: readonly NeutralisationOption[];
    };

/** One exchange's side of the question. */
interface Market {
  readonly venue: Venue;
  readonly asks: AskLevels | undefined;
  readonly fees: FeeTable;
  /** No order for fewer contracts than this is ever taken, whatever the book. */
  readonly minSizeCenti: number;
  minSpendMicros(limitE4: number): number;
  /** Room for what the exchange's rounding may add to the fee of an order that reaches this many levels down. */
  roundingMicros(level: number): number;
  /** The largest count up to `mostCenti` that an order may take of a level, given what it takes of those above; else below 1. */
  orderableCenti(
    mostCenti: number,
    priceE4: number,
    beforeCenti: number,
    spentMicros: number,
  ): number;
}

/** More than any loss; a hundred times it is still exact. */
const ANY_LOSS_MICROS = floorDiv(Number.MAX_SAFE_INTEGER, 2 * CENTI_PER_CONTRACT);

/** What is lost at worst when nothing is bought: all that the contracts cost, in micros rounded up. */
export function costOfHolding(sizeCenti: number, basisMicrosPerContract: number): number {
  return ceilDiv(sizeCenti * basisMicrosPerContract, CENTI_PER_CONTRACT);
}

/**
 * The next order that evens an exposure out, or why there is none. It buys no more than is naked, at less than $1 fee included, and loses
 * no more than is allowed, when it fills at the prices seen.
 *
 * The cheapest asks of both books together, as far as exposure and loss go, say how much each exchange should sell. Of the largest orders
 * that fit into those two shares the larger is sent first; the other is the next call's. When neither exchange takes an order for its
 * share, it is the largest that either takes for the whole exposure; of two, that which loses less a contract.
 */
export function planNeutralisation(input: NeutralisationInput): Plan {
  const { sizeCenti, maxLossMicros } = input;
  const markets = [kalshiMarket(input), polymarketMarket(input)] as const;
  const shares = sharesCenti(markets, input);
  const within = markets.map((market) =>
    largestOrder(market, input, shares[market.venue], maxLossMicros),
  );
  const whole = markets.map((market) => largestOrder(market, input, sizeCenti, maxLossMicros));
  const options = [
    ...markets.map((market) =>
      optionOf(market, input, within[market.venue] ?? whole[market.venue]),
    ),
    {
      option: 'hold' as const,
      lossMicros: costOfHolding(sizeCenti, input.basisMicrosPerContract),
    },
  ];
  const order = pick(within, coversMore) ?? pick(whole, losesLessEach);
  if (order === undefined) return waiting(options);
  const { costMicros: spendMicros, ...figures } = order;
  return { kind: 'buy', ...figures, spendMicros, options };
}

function kalshiMarket({ kalshiAsks, kalshiStepCenti, terms }: NeutralisationInput): Market {
  return {
    venue: KALSHI,
    asks: kalshiAsks,
    fees: terms.kalshiFees,
    minSizeCenti: kalshiStepCenti,
    minSpendMicros: () => 0,
    roundingMicros: (level) =>
      KALSHI_ROUNDING_ALLOWANCE_MICROS + level * KALSHI_BALANCE_STEP_MICROS,
    orderableCenti: (mostCenti, _priceE4, beforeCenti) =>
      mostCenti - ((beforeCenti + mostCenti) % kalshiStepCenti),
  };
}

function polymarketMarket({ polymarketAsks, terms }: NeutralisationInput): Market {
  const minSizeCenti = terms.polymarketMinSizeCenti;
  return {
    venue: POLYMARKET,
    asks: polymarketAsks,
    fees: terms.polymarketFees,
    minSizeCenti,
    // The exchange reads an order's shares as its spend at the limit price.
    minSpendMicros: (limitE4) => Math.max(POLYMARKET_MIN_NOTIONAL_MICROS, minSizeCenti * limitE4),
    roundingMicros: (level) =>
      POLYMARKET_ROUNDING_ALLOWANCE_MICROS + level * POLYMARKET_FEE_STEP_MICROS,
    orderableCenti: (mostCenti, priceE4, _beforeCenti, spentMicros) =>
      orderableCenti(mostCenti, priceE4, spentMicros),
  };
}

/** What a contract costs at a level with its fee, in micros; a dollar or more where the book ends: nobody would buy it. */
function unitMicros({ asks, fees }: Market, level: number): number {
  if (asks === undefined || level >= asks.count) return MICROS_PER_DOLLAR;
  const priceE4 = asks.pricesE4[level]!;
  return priceE4 * MICROS_PER_PRICE_E4 + fees[priceE4]!;
}

/** How many contracts each exchange sells when the cheapest of both books are bought, as far as exposure and loss go. */
function sharesCenti(
  markets: readonly [Market, Market],
  { sizeCenti, basisMicrosPerContract, maxLossMicros }: NeutralisationInput,
): [kalshi: number, polymarket: number] {
  const shares: [number, number] = [0, 0];
  const levels: [number, number] = [0, 0];
  let leftCenti = sizeCenti;
  // In 1/100 micro: losses are micros a contract, and sizes 1/100 contract.
  let room = maxLossMicros * CENTI_PER_CONTRACT;
  while (leftCenti > 0) {
    const units = markets.map((market) => unitMicros(market, levels[market.venue]));
    const venue = units[KALSHI]! <= units[POLYMARKET]! ? KALSHI : POLYMARKET;
    if (units[venue]! >= MICROS_PER_DOLLAR) break;
    const loss = units[venue]! + basisMicrosPerContract - MICROS_PER_DOLLAR;
    const affordable = affordableCenti(room, loss);
    const offered = markets[venue].asks!.sizesCenti[levels[venue]]!;
    const taken = Math.min(offered, leftCenti, affordable);
    shares[venue] += taken;
    leftCenti -= taken;
    room -= taken * loss;
    levels[venue]++;
    if (taken === affordable) break;
  }
  return shares;
}

/** The largest order up to a size that the exchange takes, that loses no more than this, and that costs less than it pays. */
function largestOrder(
  { venue, asks, ...market }: Market,
  { basisMicrosPerContract }: NeutralisationInput,
  maxSizeCenti: number,
  maxLossMicros: number,
): OrderFigures | undefined {
  let largest: OrderFigures | undefined;
  let before = 0;
  let spent = 0;
  let fees = 0;
  for (let level = 0; asks !== undefined && level < asks.count && before < maxSizeCenti; level++) {
    const priceE4 = asks.pricesE4[level]!;
    const sizeCenti = asks.sizesCenti[level]!;
    const fee = market.fees[priceE4]!;
    const unit = priceE4 * MICROS_PER_PRICE_E4 + fee;
    if (unit >= MICROS_PER_DOLLAR) break;
    const rounding = market.roundingMicros(level);
    // In 1/100 micro, and without the contracts of this level.
    const lossBefore =
      before * basisMicrosPerContract +
      fees +
      (spent + rounding - before * PAYOUT_E4) * CENTI_PER_CONTRACT;
    const loss = unit + basisMicrosPerContract - MICROS_PER_DOLLAR;
    const room = maxLossMicros * CENTI_PER_CONTRACT - lossBefore;
    const taken = market.orderableCenti(
      Math.min(sizeCenti, maxSizeCenti - before, affordableCenti(room, loss)),
      priceE4,
      before,
      spent,
    );
    const order: OrderFigures = {
      venue,
      sizeCenti: before + taken,
      limitE4: priceE4,
      costMicros: spent + taken * priceE4,
      feeMicros: ceilDiv(fees + taken * fee, CENTI_PER_CONTRACT) + rounding,
      lossMicros: ceilDiv(lossBefore + taken * loss, CENTI_PER_CONTRACT),
    };
    const isTaken = taken > 0 && order.costMicros >= market.minSpendMicros(priceE4);
    const isWorthIt = order.costMicros + order.feeMicros < order.sizeCenti * PAYOUT_E4;
    if (isTaken && isWorthIt && order.lossMicros <= maxLossMicros) largest = order;
    before += sizeCenti;
    spent += sizeCenti * priceE4;
    fees += sizeCenti * fee;
  }
  return largest;
}

/** Contracts, in 1/100, whose loss fits into the room; a contract that gains always does. */
function affordableCenti(room: number, lossMicrosPerContract: number): number {
  if (lossMicrosPerContract <= 0) return Number.POSITIVE_INFINITY;
  return floorDiv(Math.max(0, room), lossMicrosPerContract);
}

function optionOf(
  market: Market,
  input: NeutralisationInput,
  order: OrderFigures | undefined,
): NeutralisationOption {
  const { venue, asks, minSizeCenti } = market;
  const option = venue === input.heldVenue ? 'unwind' : 'complete';
  if (order !== undefined) return { option, ...order };
  if (input.sizeCenti < minSizeCenti) return { option, venue, obstacle: 'too-small' };
  if (asks === undefined) return { option, venue, obstacle: 'no-trusted-book' };
  if (unitMicros(market, 0) >= MICROS_PER_DOLLAR) return { option, venue, obstacle: 'no-asks' };
  const dear = largestOrder(market, input, input.sizeCenti, ANY_LOSS_MICROS);
  if (dear === undefined) return { option, venue, obstacle: 'too-small' };
  return { option, obstacle: 'too-dear', ...dear };
}

/** What stands in the way of the exchange that is nearest to an order. */
function waiting(options: readonly NeutralisationOption[]): Plan {
  const obstacles: (WaitReason | undefined)[] = [];
  const losses: number[] = [];
  for (const option of options) {
    if (option.option === 'hold') continue;
    obstacles.push(option.obstacle);
    if (option.obstacle === 'too-dear') losses.push(option.lossMicros);
  }
  const why = NEAREST_FIRST.find((reason) => obstacles.includes(reason)) ?? 'too-small';
  if (why !== 'too-dear') return { kind: 'wait', why, options };
  return { kind: 'wait', why, cheapestLossMicros: Math.min(...losses), options };
}

const NEAREST_FIRST: readonly WaitReason[] = ['too-dear', 'no-trusted-book', 'no-asks'];

function pick(
  [kalshi, polymarket]: readonly (OrderFigures | undefined)[],
  isBetter: (order: OrderFigures, than: OrderFigures) => boolean,
): OrderFigures | undefined {
  if (kalshi === undefined || polymarket === undefined) return kalshi ?? polymarket;
  // Alike, Kalshi's: its fills are final at once.
  return isBetter(polymarket, kalshi) ? polymarket : kalshi;
}

function coversMore(order: OrderFigures, than: OrderFigures): boolean {
  return order.sizeCenti > than.sizeCenti;
}

function losesLessEach(order: OrderFigures, than: OrderFigures): boolean {
  // The products pass 2^53.
  return (
    BigInt(order.lossMicros) * BigInt(than.sizeCenti) <
    BigInt(than.lossMicros) * BigInt(order.sizeCenti)
  );
}
