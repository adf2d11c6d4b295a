// One market's resting orders in price-time priority. Knows prices of outcome 0 and makers; no takers, no money.
import type { LevelChange, Levels } from '../exchange.js';

export type Side = LevelChange['side'];

export interface RestingOrder {
  readonly orderId: string;
  /** undefined for the generator's own orders. */
  readonly account: string | undefined;
  readonly market: number;
  readonly side: Side;
  readonly priceE4: number;
  sizeE6: number;
}

/** Orders in the order of their arrival; a Set keeps it and takes one out in constant time. */
export interface BookLevel {
  readonly priceE4: number;
  sizeE6: number;
  readonly orders: Set<RestingOrder>;
}

/** Levels with the best last, so that the changes, which are mostly near the best, move few of them. */
export class BookSide {
  readonly side: Side;
  readonly #levels: BookLevel[] = [];

  constructor(side: Side) {
    this.side = side;
  }

  best(): BookLevel | undefined {
    return this.#levels.at(-1);
  }

  /** The level `depth` places behind the best, which is depth 0. */
  level(depth: number): BookLevel | undefined {
    return this.#levels[this.#levels.length - 1 - depth];
  }

  get depth(): number {
    return this.#levels.length;
  }

  add(order: RestingOrder): BookLevel {
    const index = this.#find(order.priceE4);
    let level = this.#levels[index];
    if (level?.priceE4 !== order.priceE4) {
      level = { priceE4: order.priceE4, sizeE6: 0, orders: new Set() };
      this.#levels.splice(index, 0, level);
    }
    level.orders.add(order);
    level.sizeE6 += order.sizeE6;
    return level;
  }

  /** Takes size from a resting order; an order with nothing left goes, and so does its level. Returns the level's new size. */
  reduce(order: RestingOrder, sizeE6: number): number {
    const index = this.#find(order.priceE4);
    const level = this.#levels[index];
    if (level === undefined || !level.orders.has(order)) {
      throw new Error(`order does not rest: orderId=${order.orderId} priceE4=${order.priceE4}`);
    }
    order.sizeE6 -= sizeE6;
    level.sizeE6 -= sizeE6;
    if (order.sizeE6 === 0) level.orders.delete(order);
    if (level.orders.size === 0) this.#levels.splice(index, 1);
    return level.sizeE6;
  }

  /** Best first. */
  toLevels(): Levels {
    const levels: [number, number][] = new Array(this.#levels.length);
    for (let depth = 0; depth < levels.length; depth++) {
      const { priceE4, sizeE6 } = this.#levels[levels.length - 1 - depth]!;
      levels[depth] = [priceE4, sizeE6];
    }
    return levels;
  }

  /** First index whose level is not worse than `priceE4`. */
  #find(priceE4: number): number {
    let index = this.#levels.length;
    if (this.side === 'bid') {
      while (index > 0 && this.#levels[index - 1]!.priceE4 >= priceE4) index--;
    } else {
      while (index > 0 && this.#levels[index - 1]!.priceE4 <= priceE4) index--;
    }
    return index;
  }
}

export interface OrderBook {
  readonly bid: BookSide;
  readonly ask: BookSide;
}

export function createOrderBook(): OrderBook {
  return { bid: new BookSide('bid'), ask: new BookSide('ask') };
}
