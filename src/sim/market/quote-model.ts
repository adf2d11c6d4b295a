// A maker's own picture of one book on one exchange: where its orders stand, and how it moves them. It never sees takers, so
// what it does is a function of its random stream alone.
import { gridPrices, type PriceGrid } from '../../domain/price-grid.js';
import { E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI, type Venue } from '../../domain/venue.js';
import type { MakerSink } from './maker-op.js';
import type { Side } from './order-book.js';
import type { Rng } from './rng.js';

/** Best prices of one book, in the same outcome's terms on both sides. */
export interface Quotes {
  readonly bidE4: number;
  readonly askE4: number;
}

interface MakerLevel {
  readonly priceE4: number;
  readonly orders: { readonly id: number; readonly sizeE6: number }[];
}

/** Nearest price at or below, and at or above; the whole grid is precomputed because jumps look up many. */
export class PriceSteps {
  readonly #below = new Int16Array(PAYOUT_E4 + 1);
  readonly #above = new Int16Array(PAYOUT_E4 + 1);

  constructor(grid: PriceGrid) {
    const prices = gridPrices(grid);
    let index = 0;
    for (let priceE4 = 0; priceE4 <= PAYOUT_E4; priceE4++) {
      while (index < prices.length && prices[index]! <= priceE4) index++;
      this.#below[priceE4] = prices[index - 1] ?? prices[0]!;
    }
    index = prices.length - 1;
    for (let priceE4 = PAYOUT_E4; priceE4 >= 0; priceE4--) {
      while (index >= 0 && prices[index]! >= priceE4) index--;
      this.#above[priceE4] = prices[index + 1] ?? prices.at(-1)!;
    }
  }

  atOrBelow(priceE4: number): number {
    return this.#below[Math.max(0, Math.min(PAYOUT_E4, Math.floor(priceE4)))]!;
  }

  atOrAbove(priceE4: number): number {
    return this.#above[Math.max(0, Math.min(PAYOUT_E4, Math.ceil(priceE4)))]!;
  }
}

export interface QuoteModelOptions {
  readonly venue: Venue;
  readonly market: number;
  readonly steps: PriceSteps;
  /** Resting orders a side that the noise keeps to. */
  readonly targetOrders: number;
  readonly rng: Rng;
}

/** Distance from the best in cents, of every change (recorded README, "Figures for a simulator"). */
const DISTANCE_CENTS: readonly (readonly [readonly [number, number], number])[] = [
  [[0, 0], 0.22],
  [[1, 1], 0.13],
  [[2, 2], 0.11],
  [[3, 3], 0.1],
  [[4, 4], 0.08],
  [[5, 9], 0.21],
  [[10, 19], 0.07],
  [[20, 40], 0.08],
];
/** What "deep" means: further from the best than takers reach. */
const DEEP_CENTS = DISTANCE_CENTS.slice(5);
const CENT_E4 = 100;
const DEEP_E4 = 4 * CENT_E4;

export class QuoteModel {
  readonly #options: QuoteModelOptions;
  /** Best first. */
  readonly #bids: MakerLevel[] = [];
  readonly #asks: MakerLevel[] = [];
  #orderCounts = { bid: 0, ask: 0 };
  #nextId = 1;

  constructor(options: QuoteModelOptions) {
    this.#options = options;
  }

  get quotes(): Quotes {
    return { bidE4: this.#bids[0]?.priceE4 ?? 0, askE4: this.#asks[0]?.priceE4 ?? PAYOUT_E4 };
  }

  /** Full depth around the first quotes. */
  seed(quotes: Quotes, atUs: number, sink: MakerSink): void {
    this.#post('bid', quotes.bidE4, this.#bestSizeE6(), atUs, sink);
    this.#post('ask', quotes.askE4, this.#bestSizeE6(), atUs, sink);
    for (const side of ['bid', 'ask'] as const) {
      for (let count = 1; count < this.#options.targetOrders; count++) {
        const priceE4 = this.#priceBehindBest(side, false);
        this.#post(side, priceE4, this.#sizeE6(), atUs, sink);
      }
    }
  }

  /**
   * Moves both best prices, each in one step: what is behind the new best is cancelled from the back, so no price in
   * between is ever the best, and the side that retreats goes first, so that the book is never crossed.
   */
  moveTo(quotes: Quotes, atUs: number, sink: MakerSink): void {
    const askFirst = quotes.askE4 > this.quotes.askE4;
    this.#moveSide(askFirst ? 'ask' : 'bid', askFirst ? quotes.askE4 : quotes.bidE4, atUs, sink);
    this.#moveSide(askFirst ? 'bid' : 'ask', askFirst ? quotes.bidE4 : quotes.askE4, atUs, sink);
  }

  /** One change that leaves the best prices where they are. `deep` keeps away from them. */
  noise(deep: boolean, atUs: number, sink: MakerSink): void {
    const { rng, targetOrders } = this.#options;
    const side: Side = rng.chance(0.5) ? 'bid' : 'ask';
    const missing = (targetOrders - this.#orderCounts[side]) / targetOrders;
    const roll = rng.unit();
    const priceE4 = this.#priceBehindBest(side, deep);
    if (roll < 0.35 + missing / 2) {
      this.#post(side, priceE4, this.#sizeE6(), atUs, sink);
      return;
    }
    const level = this.#removableLevel(side, priceE4, deep);
    if (level === undefined) return;
    const victim = rng.between(0, level.orders.length - 1);
    if (roll < 0.7 + missing / 2) this.#cancel(side, level, victim, atUs, sink);
    else this.#requote(side, level, victim, deep, atUs, sink);
  }

  #moveSide(side: Side, bestE4: number, atUs: number, sink: MakerSink): void {
    const levels = this.#levels(side);
    const oldE4 = levels[0]?.priceE4;
    if (oldE4 === bestE4) return;
    const improves = oldE4 === undefined || isBetter(side, bestE4, oldE4);
    if (improves || !levels.some((level) => level.priceE4 === bestE4)) {
      this.#post(side, bestE4, this.#bestSizeE6(), atUs, sink);
    }
    if (improves) {
      if (oldE4 !== undefined) this.#fillBetween(side, bestE4, oldE4, atUs, sink);
      this.#trim(side, atUs, sink);
      return;
    }
    let behind = levels.findIndex((level) => level.priceE4 === bestE4);
    while (--behind >= 0) {
      const level = levels[behind]!;
      while (level.orders.length > 0)
        this.#cancel(side, level, level.orders.length - 1, atUs, sink);
    }
  }

  /** Orders between a new best and the old one, about one a cent, as a ladder that follows a jump has. */
  #fillBetween(side: Side, bestE4: number, oldE4: number, atUs: number, sink: MakerSink): void {
    const step = side === 'bid' ? -CENT_E4 : CENT_E4;
    for (let cents = 1; cents * CENT_E4 < Math.abs(bestE4 - oldE4); cents++) {
      const priceE4 = this.#snap(side, bestE4 + cents * step);
      this.#post(side, priceE4, this.#sizeE6(), atUs, sink);
    }
  }

  /** A ladder that has walked a long way drops its far end: depth stays bounded. */
  #trim(side: Side, atUs: number, sink: MakerSink): void {
    const levels = this.#levels(side);
    while (this.#orderCounts[side] > 2 * this.#options.targetOrders) {
      const last = levels.at(-1)!;
      this.#cancel(side, last, last.orders.length - 1, atUs, sink);
    }
  }

  #post(side: Side, priceE4: number, sizeE6: number, atUs: number, sink: MakerSink): void {
    const id = this.#nextId++;
    this.#insert(side, priceE4, id, sizeE6);
    const { venue, market } = this.#options;
    sink({ atUs, venue, market, cancelId: 0, postId: id, side, priceE4, sizeE6 });
  }

  #cancel(side: Side, level: MakerLevel, index: number, atUs: number, sink: MakerSink): void {
    const { venue, market } = this.#options;
    const { priceE4 } = level;
    const { id, sizeE6 } = this.#take(side, level, index);
    sink({ atUs, venue, market, cancelId: id, postId: 0, side, priceE4, sizeE6 });
  }

  /** Cancels one order and posts it elsewhere in the same matching event. */
  #requote(
    side: Side,
    level: MakerLevel,
    index: number,
    deep: boolean,
    atUs: number,
    sink: MakerSink,
  ): void {
    const priceE4 = this.#priceBehindBest(side, deep);
    const { venue, market } = this.#options;
    const { id, sizeE6 } = this.#take(side, level, index);
    const postId = this.#nextId++;
    this.#insert(side, priceE4, postId, sizeE6);
    sink({ atUs, venue, market, cancelId: id, postId, side, priceE4, sizeE6 });
  }

  #insert(side: Side, priceE4: number, id: number, sizeE6: number): void {
    const levels = this.#levels(side);
    let index = levels.findIndex((level) => !isBetter(side, level.priceE4, priceE4));
    if (index < 0) index = levels.length;
    if (levels[index]?.priceE4 !== priceE4) levels.splice(index, 0, { priceE4, orders: [] });
    levels[index]!.orders.push({ id, sizeE6 });
    this.#orderCounts[side]++;
  }

  #take(side: Side, level: MakerLevel, index: number): { id: number; sizeE6: number } {
    const [order] = level.orders.splice(index, 1);
    if (order === undefined) throw new Error(`no such order: priceE4=${level.priceE4}`);
    if (level.orders.length === 0) {
      const levels = this.#levels(side);
      levels.splice(levels.indexOf(level), 1);
    }
    this.#orderCounts[side]--;
    return order;
  }

  /** The level nearest to a price that can lose an order without moving the best. */
  #removableLevel(side: Side, priceE4: number, deep: boolean): MakerLevel | undefined {
    const levels = this.#levels(side);
    const bestE4 = levels[0]!.priceE4;
    let nearest: MakerLevel | undefined;
    for (let index = 0; index < levels.length; index++) {
      const level = levels[index]!;
      if (index === 0 && level.orders.length === 1) continue;
      if (deep && Math.abs(level.priceE4 - bestE4) < DEEP_E4) continue;
      const distance = Math.abs(level.priceE4 - priceE4);
      if (nearest === undefined || distance < Math.abs(nearest.priceE4 - priceE4)) nearest = level;
    }
    return nearest;
  }

  #priceBehindBest(side: Side, deep: boolean): number {
    const { rng } = this.#options;
    const [low, high] = rng.weighted(deep ? DEEP_CENTS : DISTANCE_CENTS);
    const cents = rng.between(low, high);
    const distanceE4 = cents === 0 ? 0 : cents * CENT_E4 - rng.between(0, CENT_E4 - 1);
    const bestE4 = this.#levels(side)[0]!.priceE4;
    return this.#snap(side, side === 'bid' ? bestE4 - distanceE4 : bestE4 + distanceE4);
  }

  /** Onto the grid, away from the best, and never at 0 or 1. */
  #snap(side: Side, priceE4: number): number {
    const { steps } = this.#options;
    const inside = Math.max(CENT_E4, Math.min(PAYOUT_E4 - CENT_E4, priceE4));
    return side === 'bid' ? steps.atOrBelow(inside) : steps.atOrAbove(inside);
  }

  /** Recorded changes: p25 10, p50 26, p75 59, p95 400 contracts, 16 % of them fractional. */
  #sizeE6(): number {
    const { rng, venue } = this.#options;
    const contracts = rng.logNormal(venue === KALSHI ? 26 : 30, 1.3);
    return roundSizeE6(contracts, rng);
  }

  /** Recorded sizes at the best: p25 23, p50 74, p75 233 on Kalshi; 10 to 100 shares on Polymarket. */
  #bestSizeE6(): number {
    const { rng, venue } = this.#options;
    const contracts = venue === KALSHI ? rng.logNormal(74, 1.2) : rng.logNormal(45, 0.9);
    return roundSizeE6(Math.max(6, contracts), rng);
  }

  #levels(side: Side): MakerLevel[] {
    return side === 'bid' ? this.#bids : this.#asks;
  }
}

const MAX_CONTRACTS = 20_000;

function roundSizeE6(contracts: number, rng: Rng): number {
  const bounded = Math.min(MAX_CONTRACTS, Math.max(1, contracts));
  const sizeCenti = rng.chance(0.16) ? Math.round(bounded * 100) : Math.round(bounded) * 100;
  return sizeCenti * E6_PER_CENTI;
}

function isBetter(side: Side, priceE4: number, thanE4: number): boolean {
  return side === 'bid' ? priceE4 > thanE4 : priceE4 < thanE4;
}
