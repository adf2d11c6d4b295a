// Takes orders in, has them matched, and remembers them. Knows no HTTP and no sockets.
import { BUY, SELL } from '../../venues/polymarket/wire/order-hash.js';
import type { CancelReply, OrderReply } from '../../venues/polymarket/wire/rest-messages.js';
import type { UserMessage } from '../../venues/polymarket/wire/ws-messages.js';
import type { Accounts } from '../accounts.js';
import type { BookEvent, MatchingEngine } from '../exchange.js';
import type { AccountAccess } from './account-access.js';
import type { Session } from './api-keys.js';
import type { ExchangeClock } from './clock.js';
import { type Directory, isHydrated, type Market, type Token } from './directory.js';
import { FillBooking } from './fill-booking.js';
import { type Appetite, boughtLimitE4, type Liquidity, type Walk } from './liquidity.js';
import {
  type CheckedTerms,
  checkExpiration,
  checkGrid,
  checkMarketable,
  checkParties,
  SignatureCheck,
  type Wallet,
} from './order-checks.js';
import { amountText, boughtOutcome, type OrderRecord, userOrderMessage } from './order-records.js';
import { OrderStore } from './order-store.js';
import type { PostedOrder } from './order-terms.js';
import {
  ALREADY_CLOSED,
  CANCEL_HELD,
  CROSSES_BOOK,
  crossesBook,
  duplicated,
  FAK_NO_MATCH,
  FOK_NOT_FILLED,
  INVALID_TOKEN,
  NO_ORDERBOOK,
  NOT_ENOUGH_BALANCE,
  NOT_READY,
  Refusal,
  UNKNOWN_ORDER,
} from './refusal.js';
import type { TradeLog } from './trade-log.js';
import type { TradingMode } from './trading-mode.js';

/** The venue drops a GTD order this long before its stated time (polymarket-api.md 4.4). */
const GTD_EARLY_S = 60;

export interface OrderDeskOptions {
  readonly engine: MatchingEngine;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly liquidity: Liquidity;
  readonly trades: TradeLog;
  readonly mode: TradingMode;
  readonly access: AccountAccess;
  readonly clock: ExchangeClock;
  readonly chainId: number;
  /** By its address: the maker of its orders. */
  walletOf(address: string): Wallet | undefined;
  notify(party: string, message: UserMessage): void;
}

/** An order that has passed every check that does not depend on the moment. */
interface Intake {
  readonly record: OrderRecord;
  readonly posted: PostedOrder;
  readonly terms: CheckedTerms;
  readonly wallet: Wallet;
  /** One of a batch. */
  readonly isLeg: boolean;
}

export class OrderDesk {
  readonly #options: OrderDeskOptions;
  readonly #signatures: SignatureCheck;
  readonly #store = new OrderStore();
  readonly #booking: FillBooking;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #started = new Set<Market>();
  /** The order that is in the matching engine right now. */
  #taking: OrderRecord | undefined;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
    this.#signatures = new SignatureCheck(options.chainId);
    this.#booking = new FillBooking(options.accounts, this.#store);
    options.engine.onBookEvent((event) => this.#onEvent(event));
  }

  get booking(): FillBooking {
    return this.#booking;
  }

  find(id: string): OrderRecord | undefined {
    return this.#store.find(id);
  }

  openOrders(party: string): OrderRecord[] {
    return this.#store.openOf(party);
  }

  isSale(orderId: string): boolean {
    return this.#taking?.id === orderId && this.#taking.side === SELL;
  }

  /**
   * Checks and executes one order; it resolves later where the market holds those that take
   * (polymarket-api.md 4.9). Throws, or rejects with, Refusal.
   */
  place(posted: PostedOrder, session: Session, isLeg = false): OrderReply | Promise<OrderReply> {
    const intake = this.#takeIn(posted, session, isLeg);
    const { takerDelayMs = 0, secondsDelay = 0 } = intake.record.market.listing;
    const walk = this.#judge(intake);
    const isHeld = walk.sharesE6 > 0 && (takerDelayMs > 0 || secondsDelay > 0);
    if (!isHeld) return this.#execute(intake);
    this.#store.hold(intake.record, this.#need(intake, walk));
    return secondsDelay > 0 ? this.#queue(intake, secondsDelay) : this.#hold(intake, takerDelayMs);
  }

  cancel(ids: readonly string[], party: string): CancelReply {
    const canceled: string[] = [];
    const notCanceled: Record<string, string> = {};
    for (const id of ids) {
      const record = this.#store.find(id);
      if (record?.party !== party) notCanceled[id] = UNKNOWN_ORDER;
      else if (this.#store.isHeld(id)) notCanceled[id] = CANCEL_HELD;
      else if (this.#store.open(id) === undefined) notCanceled[id] = ALREADY_CLOSED;
      else {
        this.#takeOut(record, 'CANCELED');
        canceled.push(id);
      }
    }
    return { canceled, not_canceled: notCanceled };
  }

  /** What cancel-all names: open orders, and those held, which will not be cancelled. */
  cancellable(party: string): string[] {
    return [...this.#store.openOf(party), ...this.#store.heldOf(party)].map(({ id }) => id);
  }

  /** Takes every order of the market out of the book. */
  wipe(market: Market, status: 'CANCELED' | 'CANCELED_MARKET_RESOLVED'): void {
    for (const record of this.#store.allOpen()) {
      if (record.market === market) this.#takeOut(record, status);
    }
  }

  /** Drops the GTD orders whose time has come, and the orders of games that begin. */
  expire(): void {
    const { clock, directory } = this.#options;
    const nowMs = clock.now();
    for (const record of this.#store.allOpen()) {
      const isOver = nowMs >= (record.expirationS - GTD_EARLY_S) * 1000;
      if (record.orderType === 'GTD' && isOver) this.#takeOut(record, 'CANCELED');
    }
    for (const market of directory.markets) {
      const { clearBookOnStart, gameStartMs } = market.listing;
      if (!clearBookOnStart || gameStartMs === undefined || nowMs < gameStartMs) continue;
      if (this.#started.has(market)) continue;
      this.#started.add(market);
      this.wipe(market, 'CANCELED');
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Everything about an order that stays true while it is held. Throws Refusal. */
  #takeIn(posted: PostedOrder, session: Session, isLeg: boolean): Intake {
    const { directory, access, clock, walletOf } = this.#options;
    const token = directory.token(posted.order.tokenId);
    if (token === undefined) throw new Refusal(400, INVALID_TOKEN);
    const { id, owner } = this.#signatures.verify(posted, token.market.listing);
    const wallet = checkParties(posted, session, owner, walletOf);
    access.check(session.address, posted.order.side === SELL);
    checkExpiration(posted, clock.now());
    if (this.find(id) !== undefined) throw new Refusal(400, duplicated(id));
    const terms = checkGrid(posted, token, id);
    const record = this.#record(posted, session, wallet, token, terms, id);
    return { record, posted, terms, wallet, isLeg };
  }

  /** Everything that may change while an order is held. Throws Refusal. */
  #judge(intake: Intake): Walk {
    const { record, posted, terms } = intake;
    this.#options.mode.admitOrder(posted.postOnly);
    checkOpen(record.market);
    const walk = this.#options.liquidity.walk(record, appetiteOf(posted, terms));
    checkMarketable(posted, terms, walk.sharesE6 > 0);
    this.#checkBalance(intake, walk);
    if (posted.postOnly && walk.sharesE6 > 0) {
      throw new Refusal(400, intake.isLeg ? crossesBook(record.id) : CROSSES_BOOK);
    }
    checkKillable(posted, terms, walk);
    return walk;
  }

  /**
   * The call stays open; whoever made it may go away, the order does not (polymarket-api.md 4.9).
   */
  #hold(intake: Intake, delayMs: number): Promise<OrderReply> {
    return new Promise((resolve, reject) => {
      this.#later(delayMs, () => {
        this.#store.release(intake.record);
        try {
          this.#judge(intake);
          resolve(this.#execute(intake));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Answered at once; what becomes of it is told on the user socket. */
  #queue(intake: Intake, delayS: number): OrderReply {
    const { record } = intake;
    record.status = 'DELAYED';
    this.#notify(record, 'PLACEMENT');
    this.#later(delayS * 1000, () => {
      this.#store.release(record);
      record.status = 'LIVE';
      try {
        this.#judge(intake);
        this.#execute(intake, true);
        const isResting = record.matchedE6 === 0 && record.restingE6 > 0;
        if (isResting) this.#notify(record, 'UPDATE', 'UNMATCHED');
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#store.retire(record, 'CANCELED');
        this.#notify(record, 'CANCELLATION');
      }
    });
    return replyOf(record, 'delayed');
  }

  #record(
    posted: PostedOrder,
    session: Session,
    wallet: Wallet,
    token: Token,
    terms: CheckedTerms,
    id: string,
  ): OrderRecord {
    return {
      id,
      account: wallet.account,
      party: session.address,
      owner: session.apiKey,
      makerAddress: posted.order.maker,
      market: token.market,
      outcome: token.outcome,
      side: posted.order.side,
      priceE4: terms.priceE4,
      originalE6: terms.sharesE6,
      orderType: posted.orderType,
      createdMs: this.#options.clock.now(),
      expirationS: posted.expirationS,
      matchedE6: 0,
      matchedMicros: 0,
      restingE6: 0,
      heldNeed: 0,
      closedAt: 0,
      status: 'LIVE',
      tradeIds: [],
    };
  }

  #need({ record, terms }: Intake, walk: Walk): number {
    return record.side === BUY ? terms.dollarsMicros + walk.feeMicros : terms.sharesE6;
  }

  /**
   * A BUY needs its dollars and the fee on top, a SELL its shares; what open orders have set aside
   * is not there.
   */
  #checkBalance(intake: Intake, walk: Walk): void {
    const { accounts } = this.#options;
    const { record, wallet } = intake;
    const { account, market, outcome, side } = record;
    const needed = this.#need(intake, walk);
    if (wallet.isApproved === false) {
      throw new Refusal(400, `${NOT_ENOUGH_BALANCE}: allowance: 0, order amount: ${needed}`);
    }
    const held =
      side === BUY
        ? accounts.cashMicros(account)
        : accounts.heldE6(account, market.listing.market, outcome);
    const free = held - this.#store.reserved(record);
    if (free < needed) {
      throw new Refusal(
        400,
        `${NOT_ENOUGH_BALANCE}: balance: ${Math.max(0, free)}, order amount: ${needed}`,
      );
    }
  }

  #execute(intake: Intake, isAnnounced = false): OrderReply {
    const { engine, liquidity } = this.#options;
    const { record, posted, terms } = intake;
    const appetite = appetiteOf(posted, terms);
    if (liquidity.takeFirst(record)) {
      checkKillable(posted, terms, liquidity.walk(record, appetite));
    }
    this.#store.add(record);
    if (!isAnnounced) this.#notify(record, 'PLACEMENT');
    this.#taking = record;
    const rests = record.orderType === 'GTC' || record.orderType === 'GTD';
    const execution = engine.buy({
      orderId: record.id,
      account: record.account,
      market: record.market.listing.market,
      outcome: boughtOutcome(record),
      limitE4: boughtLimitE4(record),
      sizeE6: appetite.sharesE6,
      spendMicros: appetite.dollarsMicros,
      timeInForce: rests ? 'gtc' : record.orderType === 'FOK' ? 'fok' : 'ioc',
    });
    this.#taking = undefined;
    record.restingE6 = execution.restingE6;
    if (record.restingE6 === 0) this.#close(record, isDollarSized(posted) ? 0 : terms.sharesE6);
    // The walk saw liquidity that turned out to be the account's own: the engine does not trade an
    // account with itself.
    if (record.matchedE6 === 0 && !rests && !isAnnounced) {
      throw new Refusal(400, record.orderType === 'FOK' ? FOK_NOT_FILLED : FAK_NO_MATCH);
    }
    if (record.matchedE6 > 0) return replyOf(record, 'matched');
    return replyOf(record, record.restingE6 > 0 ? 'live' : 'unmatched');
  }

  #onEvent(event: BookEvent): void {
    const [first] = event.trades;
    const market = this.#options.directory.market(event.market);
    if (first === undefined || market === undefined) return;
    const taker = this.#taking?.id === first.takerOrderId ? this.#taking : undefined;
    const trade = this.#booking.book(event, market, taker, this.#options.clock.now());
    if (trade === undefined) return;
    for (const { record } of trade.makers) record?.tradeIds.push(trade.id);
    taker?.tradeIds.push(trade.id);
    for (const { record } of trade.makers) if (record !== undefined) this.#afterMatch(record);
    if (taker !== undefined) this.#notify(taker, 'UPDATE');
    this.#options.trades.add(trade);
  }

  #afterMatch(record: OrderRecord): void {
    if (record.restingE6 === 0) this.#store.retire(record, 'MATCHED');
    this.#notify(record, 'UPDATE');
  }

  /** An order that does not rest: matched, or its unfilled rest killed. */
  #close(record: OrderRecord, wantedE6: number): void {
    const killed = record.matchedE6 < wantedE6;
    this.#store.retire(record, record.matchedE6 > 0 ? 'MATCHED' : 'CANCELED');
    if (killed) this.#notify(record, 'CANCELLATION');
  }

  #takeOut(record: OrderRecord, status: 'CANCELED' | 'CANCELED_MARKET_RESOLVED'): void {
    this.#options.engine.cancel(record.id);
    record.restingE6 = 0;
    this.#store.retire(record, status);
    this.#notify(record, 'CANCELLATION');
  }

  #notify(
    record: OrderRecord,
    type: 'PLACEMENT' | 'UPDATE' | 'CANCELLATION',
    status = record.status,
  ): void {
    const message = userOrderMessage(record, type, this.#options.clock.now(), status);
    this.#options.notify(record.party, message);
  }

  #later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** Throws Refusal for a market that takes no orders: not yet, not any more. */
function checkOpen(market: Market): void {
  if (market.phase === 'resolved') throw new Refusal(404, NO_ORDERBOOK);
  if (market.phase === 'closed' || !isHydrated(market)) throw new Refusal(400, NOT_READY);
}

function checkKillable(posted: PostedOrder, terms: CheckedTerms, walk: Walk): void {
  if (posted.orderType === 'FAK' && walk.sharesE6 === 0) throw new Refusal(400, FAK_NO_MATCH);
  if (posted.orderType !== 'FOK') return;
  // What rounding leaves of the dollars is less than the price of a millionth of a share.
  const whole = isDollarSized(posted)
    ? terms.dollarsMicros - walk.dollarsMicros <= 1
    : walk.sharesE6 === terms.sharesE6;
  if (!whole) throw new Refusal(400, FOK_NOT_FILLED);
}

/** A market BUY spends dollars and takes whatever they buy (polymarket-api.md 4.4). */
function isDollarSized(posted: PostedOrder): boolean {
  const isMarketOrder = posted.orderType === 'FAK' || posted.orderType === 'FOK';
  return isMarketOrder && posted.order.side === BUY;
}

function appetiteOf(posted: PostedOrder, terms: CheckedTerms): Appetite {
  const unbounded = Number.POSITIVE_INFINITY;
  return isDollarSized(posted)
    ? { sharesE6: unbounded, dollarsMicros: terms.dollarsMicros }
    : { sharesE6: terms.sharesE6, dollarsMicros: unbounded };
}

function replyOf(record: OrderRecord, status: OrderReply['status']): OrderReply {
  const isBuy = record.side === BUY;
  const matched = record.matchedE6 > 0;
  const shares = matched ? amountText(record.matchedE6) : '';
  const dollars = matched ? amountText(record.matchedMicros) : '';
  return {
    success: true,
    errorMsg: '',
    orderID: record.id,
    status,
    takingAmount: isBuy ? shares : dollars,
    makingAmount: isBuy ? dollars : shares,
    tradeIDs: [...record.tradeIds],
    transactionsHashes: [],
  };
}
