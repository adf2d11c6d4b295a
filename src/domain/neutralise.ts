// What to buy so that contracts without their other leg are even again, and what that loses. Buying the missing outcome evens them out on
// either exchange: where the other leg is missing it completes the arbitrage; where the lone contracts are it unwinds them, because YES and
// NO of one exchange pay $1 too. So the cheaper ask wins, and the worst of doing nothing is that all they cost is lost. Pure arithmetic:
// it must not know what was tried before, nor who sends the order.
import { ceilDiv, floorDiv } from './exact.js';
import {
  affordableCenti,
  kalshiOffer,
  largestOrder,
  type Offer,
  type OneLegOrder,
  polymarketOffer,
  unitMicros,
} from './one-leg-order.js';
import type { AskLevels, PairTerms } from './sizing.js';
import { CENTI_PER_CONTRACT, MICROS_PER_DOLLAR } from './units.js';
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

/** Completing buys the leg that is missing; unwinding buys the complement of the one that is held. */
type Purchase = 'complete' | 'unwind';

/**
 * One of the things that could be done, for whoever asks why. A too-dear purchase has the figures of buying all that it can; holding
 * has those of the worst result.
 */
export type NeutralisationOption =
  | ({ readonly option: Purchase; readonly obstacle?: 'too-dear' } & OneLegOrder)
  | {
      readonly option: Purchase;
      readonly venue: Venue;
      readonly obstacle: Exclude<WaitReason, 'too-dear'>;
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

type OrderPair = readonly [kalshi: OneLegOrder | undefined, polymarket: OneLegOrder | undefined];

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
 * Orders on one exchange and on both are weighed by the most that can be lost once they are filled: their own loss, and all that the
 * contracts cost which are naked even then. Of two orders the larger is sent; the next call finds the other, or something better.
 */
export function planNeutralisation(input: NeutralisationInput): Plan {
  const { sizeCenti, basisMicrosPerContract, maxLossMicros } = input;
  const offers = [
    kalshiOffer(input.kalshiAsks, input.kalshiStepCenti, input.terms),
    polymarketOffer(input.polymarketAsks, input.terms),
  ] as const;
  const chosen = leastAtWorst(orderPairs(offers, input), input);
  const options: NeutralisationOption[] = offers.map((offer) => {
    const alone = () => largestOrder(offer, basisMicrosPerContract, sizeCenti, maxLossMicros);
    return optionOf(offer, input, chosen[offer.venue] ?? alone());
  });
  options.push({ option: 'hold', lossMicros: costOfHolding(sizeCenti, basisMicrosPerContract) });
  const order = larger(chosen);
  if (order === undefined) return waiting(options);
  const { costMicros: spendMicros, ...figures } = order;
  return { kind: 'buy', ...figures, spendMicros, options };
}

/**
 * What is weighed. Polymarket's steps and minimum are the coarser: it sells nothing, all that it can, or what is next below or above the
 * share that the cheapest asks of both books leave it; and Kalshi sells the rest.
 */
function orderPairs(offers: readonly [Offer, Offer], input: NeutralisationInput): OrderPair[] {
  const [kalshi, polymarket] = offers;
  const { sizeCenti, basisMicrosPerContract, maxLossMicros } = input;
  const upTo = (maxSizeCenti: number) =>
    largestOrder(polymarket, basisMicrosPerContract, maxSizeCenti, maxLossMicros);
  const shareCenti = polymarketShareCenti(offers, input);
  const below = upTo(shareCenti);
  // The first size above the share at which the largest order is another one: it is the smallest that is above the share.
  let [without, within] = [shareCenti, sizeCenti];
  while (within - without > 1) {
    const middle = Math.floor((without + within) / 2);
    if (upTo(middle)?.sizeCenti === below?.sizeCenti) without = middle;
    else within = middle;
  }
  return [undefined, upTo(sizeCenti), below, upTo(within)].map((order) => {
    const restCenti = sizeCenti - (order?.sizeCenti ?? 0);
    const lossMicros = maxLossMicros - Math.max(0, order?.lossMicros ?? 0);
    return [largestOrder(kalshi, basisMicrosPerContract, restCenti, lossMicros), order];
  });
}

/** How many contracts Polymarket sells when the cheapest of both books are bought, as far as exposure and loss go. */
function polymarketShareCenti(
  offers: readonly [Offer, Offer],
  { sizeCenti, basisMicrosPerContract, maxLossMicros }: NeutralisationInput,
): number {
  const levels: [number, number] = [0, 0];
  let shareCenti = 0;
  let leftCenti = sizeCenti;
  // In 1/100 micro: micros a contract times 1/100 contract.
  let room = maxLossMicros * CENTI_PER_CONTRACT;
  while (leftCenti > 0) {
    const [kalshi, polymarket] = offers.map((offer) => unitMicros(offer, levels[offer.venue]));
    const venue = kalshi! <= polymarket! ? KALSHI : POLYMARKET;
    const unit = Math.min(kalshi!, polymarket!);
    if (unit >= MICROS_PER_DOLLAR) break;
    const loss = unit + basisMicrosPerContract - MICROS_PER_DOLLAR;
    const affordable = affordableCenti(room, loss);
    const offered = offers[venue].asks!.sizesCenti[levels[venue]]!;
    const taken = Math.min(offered, leftCenti, affordable);
    if (venue === POLYMARKET) shareCenti += taken;
    leftCenti -= taken;
    room -= taken * loss;
    levels[venue]++;
    if (taken === affordable) break;
  }
  return shareCenti;
}

function leastAtWorst(pairs: readonly OrderPair[], input: NeutralisationInput): OrderPair {
  const { sizeCenti, basisMicrosPerContract } = input;
  const worstMicros = ([kalshi, polymarket]: OrderPair) => {
    const boughtCenti = (kalshi?.sizeCenti ?? 0) + (polymarket?.sizeCenti ?? 0);
    return (
      (kalshi?.lossMicros ?? 0) +
      (polymarket?.lossMicros ?? 0) +
      costOfHolding(sizeCenti - boughtCenti, basisMicrosPerContract)
    );
  };
  return pairs.reduce((best, pair) => (worstMicros(pair) < worstMicros(best) ? pair : best));
}

/** Of equals Kalshi's: its fills are final at once. */
function larger([kalshi, polymarket]: OrderPair): OneLegOrder | undefined {
  if (kalshi === undefined || polymarket === undefined) return kalshi ?? polymarket;
  return polymarket.sizeCenti > kalshi.sizeCenti ? polymarket : kalshi;
}

function optionOf(
  offer: Offer,
  { heldVenue, sizeCenti, basisMicrosPerContract }: NeutralisationInput,
  order: OneLegOrder | undefined,
): NeutralisationOption {
  const { venue, asks, minSizeCenti } = offer;
  const option = venue === heldVenue ? 'unwind' : 'complete';
  if (order !== undefined) return { option, ...order };
  if (sizeCenti < minSizeCenti) return { option, venue, obstacle: 'too-small' };
  if (asks === undefined) return { option, venue, obstacle: 'no-trusted-book' };
  if (unitMicros(offer, 0) >= MICROS_PER_DOLLAR) return { option, venue, obstacle: 'no-asks' };
  const dear = largestOrder(offer, basisMicrosPerContract, sizeCenti, ANY_LOSS_MICROS);
  if (dear === undefined) return { option, venue, obstacle: 'too-small' };
  return { option, obstacle: 'too-dear', ...dear };
}

const NEAREST_FIRST: readonly WaitReason[] = ['too-dear', 'no-trusted-book', 'no-asks'];

/** What stands in the way on the exchange that is nearest to an order. */
function waiting(options: readonly NeutralisationOption[]): Plan {
  const obstacles = new Set<WaitReason | undefined>();
  const losses: number[] = [];
  for (const option of options) {
    if (option.option === 'hold') continue;
    obstacles.add(option.obstacle);
    if (option.obstacle === 'too-dear') losses.push(option.lossMicros);
  }
  const why = NEAREST_FIRST.find((reason) => obstacles.has(reason)) ?? 'too-small';
  if (why !== 'too-dear') return { kind: 'wait', why, options };
  return { kind: 'wait', why, cheapestLossMicros: Math.min(...losses), options };
}
