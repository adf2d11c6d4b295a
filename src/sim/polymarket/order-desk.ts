// Takes orders in, has them matched, books what they did, and remembers them. Knows no HTTP and no
// sockets.
import { ceilDiv } from '../../domain/exact.js';
import { polymarketFillFeeMicros } from '../../domain/polymarket-fee.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import type { Outcome } from '../../domain/venue.js';
import { BUY, SELL } from '../../venues/polymarket/wire/order-hash.js';
import type { CancelReply, OrderReply } from '../../venues/polymarket/wire/rest-messages.js';
import type { UserMessage } from '../../venues/polymarket/wire/ws-messages.js';
import type { Accounts } from '../accounts.js';
import type { BookEvent, MatchingEngine, Trade } from '../exchange.js';
import type { Session } from './api-keys.js';
import type { Directory, Token } from './directory.js';
import { priceOf } from './displayed-book.js';
import {
  type CheckedTerms,
  checkExpiration,
  checkGrid,
  checkMarketable,
  checkParties,
  SignatureCheck,
  type Wallet,
} from './order-checks.js';
import {
  amountText,
  boughtOutcome,
  type MakerFill,
  type OrderRecord,
  type SimTrade,
  userOrderMessage,
} from './order-records.js';
import type { PostedOrder } from './order-terms.js';
import {
  CROSSES_BOOK,
  duplicated,
  FAK_NO_MATCH,
  FOK_NOT_FILLED,
  INVALID_TOKEN,
  NOT_ENOUGH_BALANCE,
  Refusal,
} from './refusal.js';
import type { TradeLog } from './trade-log.js';

/** A run that places more forgets its oldest closed orders; an open one is never forgotten. */
const MAX_CLOSED_ORDERS = 50_000;
/** The venue drops a GTD order this long before its stated time (polymarket-api.md 4.4). */
const GTD_EARLY_S = 60;

export interface OrderDeskOptions {
  readonly engine: MatchingEngine;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly trades: TradeLog;
  readonly chainId: number;
  now(): number;
  walletOf(address: string): Wallet | undefined;
  notify(account: string, message: UserMessage): void;
}

interface Walk {
  readonly sharesE6: number;
  readonly dollarsMicros: number;
  readonly feeMicros: number;
}

export class OrderDesk {
  readonly #options: OrderDeskOptions;
  readonly #signatures: SignatureCheck;
  readonly #open = new Map<string, OrderRecord>();
  readonly #closed = new Map<string, OrderRecord>();
  /** The order that is in the matching engine right now. */
  #taking: OrderRecord | undefined;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
    this.#signatures = new SignatureCheck(options.chainId);
    options.engine.onBookEvent((event) => this.#onEvent(event));
  }

  find(id: string): OrderRecord | undefined {
    return this.#open.get(id) ?? this.#closed.get(id);
  }

  openOrders(account: string): OrderRecord[] {
    return [...this.#open.values()].filter((record) => record.account === account);
  }

  isSale(orderId: string): boolean {
    return this.#taking?.id === orderId && this.#taking.side === SELL;
  }

  /** Checks and executes one order. Throws Refusal. */
  place(posted: PostedOrder, session: Session): OrderReply {
    const { directory } = this.#options;
    const token = directory.token(posted.order.tokenId);
    if (token === undefined) throw new Refusal(400, INVALID_TOKEN);
    const { negRisk } = token.market.listing;
    const { id, owner } = this.#signatures.verify(posted, negRisk);
    const wallet = checkParties(posted, session, owner, this.#options.walletOf);
    checkExpiration(posted, this.#options.now());
    if (this.find(id) !== undefined) throw new Refusal(400, duplicated(id));
    const terms = checkGrid(posted, token, id);
    const record = this.#record(posted, session, wallet, token, terms, id);
    const walk = this.#walk(record, posted, terms);
    checkMarketable(posted, terms, walk.sharesE6 > 0);
    this.#checkBalance(record, terms, walk);
    if (posted.postOnly && walk.sharesE6 > 0) throw new Refusal(400, CROSSES_BOOK);
    this.#checkKillable(posted, terms, walk);
    return this.#execute(record, posted, terms);
  }

  cancel(ids: readonly string[], account: string): CancelReply {
    const canceled: string[] = [];
    const notCanceled: Record<string, string> = {};
    for (const id of ids) {
      const record = this.#open.get(id);
      if (record === undefined || record.account !== account) {
        const known = this.find(id)?.account === account;
        notCanceled[id] = known
          ? 'already canceled or matched'
          : "the order couldn't be found or is already canceled";
      } else {
        this.#takeOut(record);
        canceled.push(id);
      }
    }
    return { canceled, not_canceled: notCanceled };
  }

  /** Drops the GTD orders whose time has come. */
  expire(): void {
    const nowS = this.#options.now() / 1000;
    for (const record of [...this.#open.values()]) {
      if (record.orderType === 'GTD' && nowS >= record.expirationS - GTD_EARLY_S) {
        this.#takeOut(record);
      }
    }
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
      owner: session.apiKey,
      makerAddress: posted.order.maker,
      market: token.market,
      outcome: token.outcome,
      side: posted.order.side,
      priceE4: terms.priceE4,
      originalE6: terms.sharesE6,
      orderType: posted.orderType,
      createdMs: this.#options.now(),
      expirationS: posted.expirationS,
      matchedE6: 0,
      matchedMicros: 0,
      restingE6: 0,
      status: 'LIVE',
      tradeIds: [],
    };
  }

  /**
   * What the order would take from the book now: its fills at the makers' prices, up to its size
   * or its dollars.
   */
  #walk(record: OrderRecord, posted: PostedOrder, terms: CheckedTerms): Walk {
    const { engine } = this.#options;
    const { listing, schedule } = record.market;
    const bought = boughtOutcome(record);
    const limitE4 = priceOf(record.side === BUY ? 0 : 1, terms.priceE4);
    const offers = bought === 0 ? engine.asks(listing.market) : engine.bids(listing.market);
    const inDollars = isDollarSized(posted);
    let sharesE6 = 0;
    let dollarsMicros = 0;
    let feeMicros = 0;
    for (const [bookPriceE4, sizeE6] of offers) {
      const priceE4 = priceOf(bought, bookPriceE4);
      if (priceE4 > limitE4) break;
      const wantedE6 = inDollars
        ? Math.floor(((terms.dollarsMicros - dollarsMicros) * PAYOUT_E4) / priceE4)
        : terms.sharesE6 - sharesE6;
      const takenE6 = Math.min(sizeE6, wantedE6);
      if (takenE6 <= 0) break;
      sharesE6 += takenE6;
      dollarsMicros += ceilDiv(takenE6 * priceE4, PAYOUT_E4);
      feeMicros += polymarketFillFeeMicros(schedule, priceE4, takenE6);
    }
    return { sharesE6, dollarsMicros, feeMicros };
  }

  /**
   * A BUY needs its dollars and the fee on top, a SELL its shares; what open orders have set aside
   * is not there.
   */
  #checkBalance(record: OrderRecord, terms: CheckedTerms, walk: Walk): void {
    const { accounts } = this.#options;
    const { account, market, outcome, side } = record;
    let free =
      side === BUY
        ? accounts.cashMicros(account)
        : accounts.heldE6(account, market.listing.market, outcome);
    for (const open of this.#open.values()) {
      if (open.account !== account || open.side !== side) continue;
      if (side === BUY) free -= ceilDiv(open.restingE6 * open.priceE4, PAYOUT_E4);
      else if (open.market === market && open.outcome === outcome) free -= open.restingE6;
    }
    const needed = side === BUY ? terms.dollarsMicros + walk.feeMicros : terms.sharesE6;
    if (free < needed) {
      throw new Refusal(
        400,
        `${NOT_ENOUGH_BALANCE}: balance: ${Math.max(0, free)}, order amount: ${needed}`,
      );
    }
  }

  #checkKillable(posted: PostedOrder, terms: CheckedTerms, walk: Walk): void {
    if (posted.orderType === 'FAK' && walk.sharesE6 === 0) throw new Refusal(400, FAK_NO_MATCH);
    if (posted.orderType !== 'FOK') return;
    // What rounding leaves of the dollars is less than the price of a millionth of a share.
    const whole = isDollarSized(posted)
      ? terms.dollarsMicros - walk.dollarsMicros <= 1
      : walk.sharesE6 === terms.sharesE6;
    if (!whole) throw new Refusal(400, FOK_NOT_FILLED);
  }

  #execute(record: OrderRecord, posted: PostedOrder, terms: CheckedTerms): OrderReply {
    const { engine } = this.#options;
    const inDollars = isDollarSized(posted);
    this.#open.set(record.id, record);
    this.#notify(record, 'PLACEMENT');
    this.#taking = record;
    const rests = record.orderType === 'GTC' || record.orderType === 'GTD';
    const execution = engine.buy({
      orderId: record.id,
      account: record.account,
      market: record.market.listing.market,
      outcome: boughtOutcome(record),
      limitE4: priceOf(record.side === BUY ? 0 : 1, record.priceE4),
      sizeE6: inDollars ? Number.POSITIVE_INFINITY : terms.sharesE6,
      spendMicros: inDollars ? terms.dollarsMicros : Number.POSITIVE_INFINITY,
      timeInForce: rests ? 'gtc' : record.orderType === 'FOK' ? 'fok' : 'ioc',
    });
    this.#taking = undefined;
    record.restingE6 = execution.restingE6;
    if (record.restingE6 === 0) this.#close(record, inDollars ? 0 : terms.sharesE6);
    // The walk saw liquidity that turned out to be the account's own: the engine does not trade an
    // account with itself.
    if (record.matchedE6 === 0 && !rests) {
      throw new Refusal(400, record.orderType === 'FOK' ? FOK_NOT_FILLED : FAK_NO_MATCH);
    }
    const isBuy = record.side === BUY;
    const matched = record.matchedE6 > 0;
    const shares = matched ? amountText(record.matchedE6) : '';
    const dollars = matched ? amountText(record.matchedMicros) : '';
    return {
      success: true,
      errorMsg: '',
      orderID: record.id,
      status: matched ? 'matched' : record.restingE6 > 0 ? 'live' : 'unmatched',
      takingAmount: isBuy ? shares : dollars,
      makingAmount: isBuy ? dollars : shares,
      tradeIDs: [...record.tradeIds],
      transactionsHashes: [],
    };
  }

  /**
   * Everything that any order does to accounts happens here, whether ours takes, ours is taken, or
   * both.
   */
  #onEvent(event: BookEvent): void {
    const [first] = event.trades;
    if (first === undefined) return;
    const market = this.#options.directory.market(event.market);
    if (market === undefined) return;
    const taker = this.#taking?.id === first.takerOrderId ? this.#taking : undefined;
    const makers = event.trades.map((trade) => this.#bookMaker(trade, taker));
    const parties = makers.some((fill) => fill.record !== undefined) || taker !== undefined;
    if (!parties) return;
    if (taker !== undefined) this.#bookTaker(taker, event.trades);
    const outcome = taker?.outcome ?? first.takerOutcome;
    const last = event.trades.at(-1) ?? first;
    const trade: SimTrade = {
      id: first.tradeId,
      market,
      taker,
      takerOrderId: first.takerOrderId,
      outcome,
      side: taker?.side ?? BUY,
      sizeE6: event.trades.reduce((sum, { sizeE6 }) => sum + sizeE6, 0),
      priceE4: priceOf(outcome, last.priceE4),
      makers,
      matchedMs: event.venueMs,
      status: 'MATCHED',
      updatedMs: event.venueMs,
      transactionHash: '',
    };
    for (const { record } of makers) record?.tradeIds.push(trade.id);
    taker?.tradeIds.push(trade.id);
    for (const { record } of makers) if (record !== undefined) this.#afterMatch(record);
    if (taker !== undefined) this.#notify(taker, 'UPDATE');
    this.#options.trades.add(trade);
  }

  /** A maker pays no fee (polymarket-api.md 5). */
  #bookMaker(trade: Trade, taker: OrderRecord | undefined): MakerFill {
    const record = this.#open.get(trade.makerOrderId);
    if (record === undefined) {
      // The generator's order: shown as the counterpart in the taker's own token.
      const outcome = taker?.outcome ?? trade.takerOutcome;
      return {
        record,
        orderId: trade.makerOrderId,
        outcome,
        side: (taker?.side ?? BUY) === BUY ? SELL : BUY,
        priceE4: priceOf(outcome, trade.priceE4),
        sizeE6: trade.sizeE6,
      };
    }
    this.#bookFill(record, trade, 0);
    record.restingE6 -= trade.sizeE6;
    return {
      record,
      orderId: record.id,
      outcome: record.outcome,
      side: record.side,
      priceE4: priceOf(record.outcome, trade.priceE4),
      sizeE6: trade.sizeE6,
    };
  }

  #bookTaker(record: OrderRecord, trades: readonly Trade[]): void {
    for (const trade of trades) {
      const priceE4 = priceOf(record.outcome, trade.priceE4);
      const { schedule } = record.market;
      this.#bookFill(record, trade, polymarketFillFeeMicros(schedule, priceE4, trade.sizeE6));
    }
  }

  /**
   * A sale is a purchase of the other outcome at 1 - p and the return of the pair: $1 a share less
   * what that costs.
   */
  #bookFill(record: OrderRecord, trade: Trade, feeMicros: number): void {
    const bought: Outcome = boughtOutcome(record);
    const costMicros = ceilDiv(trade.sizeE6 * priceOf(bought, trade.priceE4), PAYOUT_E4);
    const sale = record.side === SELL;
    const dollarsMicros = sale ? trade.sizeE6 - costMicros : costMicros;
    this.#options.accounts.applyBuy(
      record.account,
      record.market.listing.market,
      record.outcome,
      sale ? -trade.sizeE6 : trade.sizeE6,
      sale ? -dollarsMicros : dollarsMicros,
      feeMicros,
    );
    record.matchedE6 += trade.sizeE6;
    record.matchedMicros += dollarsMicros;
  }

  #afterMatch(record: OrderRecord): void {
    if (record.restingE6 === 0) this.#retire(record, 'MATCHED');
    this.#notify(record, 'UPDATE');
  }

  /** An order that does not rest: matched, or its unfilled rest killed. */
  #close(record: OrderRecord, wantedE6: number): void {
    const killed = record.matchedE6 < wantedE6;
    this.#retire(record, record.matchedE6 > 0 ? 'MATCHED' : 'CANCELED');
    if (killed) this.#notify(record, 'CANCELLATION');
  }

  #takeOut(record: OrderRecord): void {
    this.#options.engine.cancel(record.id);
    record.restingE6 = 0;
    this.#retire(record, 'CANCELED');
    this.#notify(record, 'CANCELLATION');
  }

  #retire(record: OrderRecord, status: OrderRecord['status']): void {
    record.status = status;
    this.#open.delete(record.id);
    this.#closed.set(record.id, record);
    if (this.#closed.size <= MAX_CLOSED_ORDERS) return;
    for (const oldest of this.#closed.keys()) {
      this.#closed.delete(oldest);
      break;
    }
  }

  #notify(record: OrderRecord, type: 'PLACEMENT' | 'UPDATE' | 'CANCELLATION'): void {
    const message = userOrderMessage(record, type, this.#options.now());
    this.#options.notify(record.account, message);
  }
}

/** A market BUY spends dollars and takes whatever they buy (polymarket-api.md 4.4). */
function isDollarSized(posted: PostedOrder): boolean {
  const isMarketOrder = posted.orderType === 'FAK' || posted.orderType === 'FOK';
  return isMarketOrder && posted.order.side === BUY;
}
