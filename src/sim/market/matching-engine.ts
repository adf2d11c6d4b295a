// One simulated exchange's matching: price-time priority, fills at the makers' prices. Knows no fees, accounts or protocols.
import { PAYOUT_E4 } from '../../domain/units.js';
import { NO, type Outcome, type Venue, YES } from '../../domain/venue.js';
import type {
  BookEvent,
  BuyOrder,
  ExecutedFill,
  Execution,
  LevelChange,
  Levels,
  MatchingEngine,
  Trade,
} from '../exchange.js';
import type { MakerOp } from './maker-op.js';
import {
  type BookSide,
  createOrderBook,
  type OrderBook,
  type RestingOrder,
  type Side,
} from './order-book.js';

export interface MatchingEngineOptions {
  readonly venue: Venue;
  readonly markets: number;
  /** Wall clock of the exchange in milliseconds. */
  now(): number;
}

/** A buy seen from the book: which side it takes from and where it would rest. */
interface Intake {
  readonly orderId: string;
  readonly account: string | undefined;
  readonly market: number;
  readonly outcome: Outcome;
  readonly restingSide: Side;
  /** Of outcome 0. */
  readonly bookLimitE4: number;
  readonly sizeE6: number;
  readonly spendMicros: number;
}

interface PlannedFill {
  readonly maker: RestingOrder;
  readonly priceE4: number;
  readonly sizeE6: number;
  readonly costMicros: number;
}

interface Plan {
  readonly fills: readonly PlannedFill[];
  readonly filledE6: number;
  readonly costMicros: number;
  /** The size or the money was used up, rather than the book. */
  readonly whole: boolean;
  /** Stopped at an order of the taker's own account (taker_at_cross, kalshi-api.md 3.2): the rest may not rest. */
  readonly metOwnOrder: boolean;
}

const NOTHING: Plan = {
  fills: [],
  filledE6: 0,
  costMicros: 0,
  whole: false,
  metOwnOrder: false,
};

export class SimMatchingEngine implements MatchingEngine {
  readonly venue: Venue;
  readonly #books: OrderBook[];
  readonly #orders = new Map<string, RestingOrder>();
  readonly #listeners: ((event: BookEvent) => void)[] = [];
  readonly #now: () => number;
  #tradeCount = 0;

  constructor(options: MatchingEngineOptions) {
    this.venue = options.venue;
    this.#now = options.now;
    this.#books = Array.from({ length: options.markets }, createOrderBook);
  }

  bids(market: number): Levels {
    return this.#book(market).bid.toLevels();
  }

  asks(market: number): Levels {
    return this.#book(market).ask.toLevels();
  }

  /** What an outcome is asked at, best first, in its own price: bids for the other outcome are asks of this one. */
  asksOf(market: number, outcome: Outcome): Levels {
    if (outcome === YES) return this.asks(market);
    return this.bids(market).map(([priceE4, sizeE6]) => [PAYOUT_E4 - priceE4, sizeE6]);
  }

  /** 0 when nothing is offered. */
  bestAskOf(market: number, outcome: Outcome): number {
    const book = this.#book(market);
    if (outcome === YES) return book.ask.best()?.priceE4 ?? 0;
    const bidE4 = book.bid.best()?.priceE4;
    return bidE4 === undefined ? 0 : PAYOUT_E4 - bidE4;
  }

  onBookEvent(listener: (event: BookEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Throws RangeError for an order that no server should have let through. */
  buy(order: BuyOrder): Execution {
    assertBuyable(order);
    if (order.timeInForce === 'gtc' && this.#orders.has(order.orderId)) {
      throw new RangeError(`order id already rests: orderId=${order.orderId}`);
    }
    const intake = intakeOf(order);
    const planned = this.#plan(intake);
    const plan = order.timeInForce === 'fok' && !planned.whole ? NOTHING : planned;
    const changes: LevelChange[] = [];
    const trades: Trade[] = [];
    const fills = this.#commit(intake, plan, changes, trades);
    let restingE6 = 0;
    if (order.timeInForce === 'gtc' && !plan.whole && !plan.metOwnOrder) {
      restingE6 = order.sizeE6 - plan.filledE6;
      this.#rest(intake, restingE6, changes);
    }
    const venueMs = this.#now();
    this.#emit(order.market, venueMs, changes, trades);
    return { fills, filledE6: plan.filledE6, costMicros: plan.costMicros, restingE6, venueMs };
  }

  cancel(orderId: string): number | undefined {
    const order = this.#orders.get(orderId);
    if (order === undefined) return undefined;
    const changes: LevelChange[] = [];
    const sizeE6 = this.#takeOut(order, changes);
    this.#emit(order.market, this.#now(), changes, []);
    return sizeE6;
  }

  /** A maker's own doing, one matching event. A post that meets a customer's resting order trades with it. */
  apply(op: MakerOp): void {
    const changes: LevelChange[] = [];
    const trades: Trade[] = [];
    if (op.cancelId !== 0) {
      const order = this.#orders.get(makerOrderId(op.market, op.cancelId));
      if (order !== undefined) this.#takeOut(order, changes);
    }
    if (op.postId !== 0) {
      const intake: Intake = {
        orderId: makerOrderId(op.market, op.postId),
        account: undefined,
        market: op.market,
        outcome: op.side === 'bid' ? YES : NO,
        restingSide: op.side,
        bookLimitE4: op.priceE4,
        sizeE6: op.sizeE6,
        spendMicros: Number.POSITIVE_INFINITY,
      };
      const plan = this.#plan(intake);
      this.#commit(intake, plan, changes, trades);
      if (!plan.whole) this.#rest(intake, op.sizeE6 - plan.filledE6, changes);
    }
    this.#emit(op.market, this.#now(), merged(changes), trades);
  }

  /** What the order would fill, without touching the book. */
  #plan(intake: Intake): Plan {
    const side = this.#opposite(intake);
    const fills: PlannedFill[] = [];
    let filledE6 = 0;
    let costMicros = 0;
    for (let depth = 0; ; depth++) {
      const level = side.level(depth);
      if (level === undefined || !isWithinLimit(intake, level.priceE4)) break;
      const priceE4 = intake.outcome === YES ? level.priceE4 : PAYOUT_E4 - level.priceE4;
      for (const maker of level.orders) {
        if (maker.account !== undefined && maker.account === intake.account) {
          return { fills, filledE6, costMicros, whole: false, metOwnOrder: true };
        }
        const affordableE6 = affordable(intake.spendMicros - costMicros, priceE4);
        const sizeE6 = Math.min(intake.sizeE6 - filledE6, maker.sizeE6, affordableE6);
        if (sizeE6 === 0) return { fills, filledE6, costMicros, whole: true, metOwnOrder: false };
        const cost = costOf(priceE4, sizeE6);
        fills.push({ maker, priceE4, sizeE6, costMicros: cost });
        filledE6 += sizeE6;
        costMicros += cost;
        if (filledE6 === intake.sizeE6 || sizeE6 === affordableE6) {
          return { fills, filledE6, costMicros, whole: true, metOwnOrder: false };
        }
      }
    }
    return { fills, filledE6, costMicros, whole: false, metOwnOrder: false };
  }

  #commit(intake: Intake, plan: Plan, changes: LevelChange[], trades: Trade[]): ExecutedFill[] {
    const side = this.#opposite(intake);
    const fills: ExecutedFill[] = [];
    for (const { maker, priceE4, sizeE6, costMicros } of plan.fills) {
      const levelE6 = side.reduce(maker, sizeE6);
      if (maker.sizeE6 === 0) this.#orders.delete(maker.orderId);
      const tradeId = this.#nextTradeId();
      changes.push({
        side: maker.side,
        priceE4: maker.priceE4,
        sizeE6: levelE6,
        deltaE6: -sizeE6,
      });
      trades.push({
        tradeId,
        priceE4: maker.priceE4,
        sizeE6,
        takerOutcome: intake.outcome,
        takerOrderId: intake.orderId,
        makerOrderId: maker.orderId,
        makerAccount: maker.account,
      });
      fills.push({
        tradeId,
        makerOrderId: maker.orderId,
        makerAccount: maker.account,
        priceE4,
        sizeE6,
        costMicros,
      });
    }
    return fills;
  }

  #rest(intake: Intake, sizeE6: number, changes: LevelChange[]): void {
    const { orderId, account, market, restingSide: side, bookLimitE4: priceE4 } = intake;
    const order: RestingOrder = { orderId, account, market, side, priceE4, sizeE6 };
    const level = this.#book(market)[side].add(order);
    this.#orders.set(orderId, order);
    changes.push({ side, priceE4, sizeE6: level.sizeE6, deltaE6: sizeE6 });
  }

  #takeOut(order: RestingOrder, changes: LevelChange[]): number {
    const { side, priceE4, sizeE6 } = order;
    const levelE6 = this.#book(order.market)[side].reduce(order, sizeE6);
    this.#orders.delete(order.orderId);
    changes.push({ side, priceE4, sizeE6: levelE6, deltaE6: -sizeE6 });
    return sizeE6;
  }

  #emit(market: number, venueMs: number, changes: LevelChange[], trades: Trade[]): void {
    if (changes.length === 0) return;
    const event: BookEvent = { venue: this.venue, market, venueMs, changes, trades };
    for (const listener of this.#listeners) listener(event);
  }

  #opposite(intake: Intake): BookSide {
    const book = this.#book(intake.market);
    return intake.restingSide === 'bid' ? book.ask : book.bid;
  }

  #book(market: number): OrderBook {
    const book = this.#books[market];
    if (book === undefined) throw new RangeError(`unknown market: market=${market}`);
    return book;
  }

  #nextTradeId(): string {
    const count = (++this.#tradeCount).toString(16).padStart(12, '0');
    return `5eed000${this.venue}-0000-4000-8000-${count}`;
  }
}

/** The generator's orders are numbered; this is the id that the books know them by. */
export function makerOrderId(market: number, id: number): string {
  return `maker-${market}-${id}`;
}

/** priceE4 x sizeE6 / 10,000 rounded up, exact although the product may pass 2^53. */
export function costOf(priceE4: number, sizeE6: number): number {
  const fraction = sizeE6 % 10_000;
  return ((sizeE6 - fraction) / 10_000) * priceE4 + Math.ceil((fraction * priceE4) / 10_000);
}

/** The most contracts, in 1/1,000,000, whose cost rounded up is not above the money. */
function affordable(micros: number, priceE4: number): number {
  if (micros === Number.POSITIVE_INFINITY) return micros;
  const rest = micros % priceE4;
  return ((micros - rest) / priceE4) * 10_000 + Math.floor((rest * 10_000) / priceE4);
}

function isWithinLimit(intake: Intake, bookPriceE4: number): boolean {
  return intake.restingSide === 'bid'
    ? bookPriceE4 <= intake.bookLimitE4
    : bookPriceE4 >= intake.bookLimitE4;
}

function intakeOf(order: BuyOrder): Intake {
  const { orderId, account, market, outcome, sizeE6, spendMicros } = order;
  return {
    orderId,
    account,
    market,
    outcome,
    restingSide: outcome === YES ? 'bid' : 'ask',
    bookLimitE4: outcome === YES ? order.limitE4 : PAYOUT_E4 - order.limitE4,
    sizeE6,
    spendMicros,
  };
}

function assertBuyable(order: BuyOrder): void {
  const { limitE4, sizeE6, spendMicros, timeInForce } = order;
  if (!Number.isInteger(limitE4) || limitE4 <= 0 || limitE4 >= PAYOUT_E4) {
    throw new RangeError(`price outside (0, 1): limitE4=${limitE4}`);
  }
  const unbounded = timeInForce !== 'gtc' && spendMicros < Number.POSITIVE_INFINITY;
  const sized = Number.isSafeInteger(sizeE6) || (unbounded && sizeE6 === Number.POSITIVE_INFINITY);
  if (!sized || sizeE6 <= 0) throw new RangeError(`bad size: sizeE6=${sizeE6}`);
  const money = Number.isSafeInteger(spendMicros) || spendMicros === Number.POSITIVE_INFINITY;
  if (!money || spendMicros <= 0) throw new RangeError(`bad budget: spendMicros=${spendMicros}`);
}

/** A cancel and a post at one price are one change of that level: one delta on the wire, as a real resize is. */
function merged(changes: LevelChange[]): LevelChange[] {
  const [first, second] = changes;
  if (first === undefined || second === undefined || changes.length > 2) return changes;
  if (first.side !== second.side || first.priceE4 !== second.priceE4) return changes;
  const deltaE6 = first.deltaE6 + second.deltaE6;
  if (deltaE6 === 0) return [];
  return [{ side: second.side, priceE4: second.priceE4, sizeE6: second.sizeE6, deltaE6 }];
}
