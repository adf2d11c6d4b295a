// Both exchanges, on paper: books are shown to it, orders come in, replies and fills go out. Harder than the real ones in every question
// that cannot be known. A state machine: time is told, and chance comes from the seed.
import { NS_PER_MS } from '../domain/clock.js';
import { floorDiv, type Ratio } from '../domain/exact.js';
import { kalshiFillFeeMicros, kalshiTradeFeeMicros } from '../domain/kalshi-fee.js';
import { POLYMARKET_MIN_NOTIONAL_MICROS } from '../domain/polymarket-amounts.js';
import { type PolymarketFeeSchedule, polymarketFeeBoundMicros } from '../domain/polymarket-fee.js';
import { CENTI_PER_CONTRACT, E6_PER_CENTI } from '../domain/units.js';
import { type ByVenue, KALSHI, type Outcome, POLYMARKET, type Venue } from '../domain/venue.js';
import type { LegReply, Reaction, VenueFill } from '../venues/orders.js';
import { CERTAIN_E4, type Chances, type Fate, fateOf } from './draws.js';
import { firstOf, type Level, type Shown, totalCenti, within, worse } from './ladder.js';
import { PaperMoney } from './paper-money.js';
import type { PaperOrderRecord, PaperRecord, PaperTrade, TakenSide } from './paper-records.js';
import { TakenDepth } from './taken.js';

/** The lists of an exchange lag by about so much (kalshi-api.md 3.5). */
const LIST_LAG_MS = 1_000;
/** A taker's order that is held before it matches (polymarket-api.md 4.9); longer than was seen. */
const TAKER_DELAY_MS = 500;
const REFUSED = 400;
const PAUSED = 409;
/** Orders with trades that the lists tell of; the oldest half goes when there are more. */
const MAX_BOOKED = 200_000;

export interface PaperRules {
  readonly seed: number;
  /** From the write to the match and its reply. */
  readonly latencyMs: ByVenue<number>;
  /** Up to so much more. */
  readonly jitterMs: ByVenue<number>;
  readonly chances: Chances;
  /** Until a Polymarket trade is final, or fails. */
  readonly confirmMs: number;
  readonly cashMicros: ByVenue<number>;
}

/** A market of both exchanges: its pair. */
export interface PaperMarket {
  readonly name: string;
  readonly kalshiRate: Ratio;
  readonly shard: number;
  readonly polymarketFees: PolymarketFeeSchedule;
  /** Of an order on Polymarket. */
  readonly minSizeCenti: number;
  readonly takerDelay: boolean;
  /** Kalshi takes no orders for it now. */
  readonly isPaused: boolean;
}

export interface PaperOrder {
  readonly venue: Venue;
  readonly clientOrderId: string;
  /** The exchange's, where it is known before the order is sent, else ''. */
  readonly preparedId: string;
  readonly market: number;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly spendMicros: number;
}

export interface PaperEvents {
  /** To be kept before anything of it is told. */
  recorded(record: PaperRecord): void;
  /** The one reply to an order, by the ticket that it came with; none when the reply is lost. */
  replied(venue: Venue, ticket: number, reply: LegReply): void;
  /** As the exchange's private stream tells it. */
  filled(fill: VenueFill): void;
  /** What has been taken of a side is another. */
  taken(venue: Venue, market: number, outcome: Outcome, levels: readonly Level[]): void;
}

/** What is displayed, or undefined while it is not provably current. */
export type ReadBook = (venue: Venue, market: number, outcome: Outcome) => Shown | undefined;

interface InFlight {
  readonly order: PaperOrder;
  readonly ticket: number;
  readonly fate: Fate;
  readonly dueNs: number;
  /** The worst that was displayed within its limit since it was sent, less what was taken. */
  worst: readonly Level[];
}

/** An order that was matched. */
interface Booked {
  readonly record: PaperOrderRecord;
  /** undefined: its pair is not traded now. */
  readonly market: number | undefined;
  state: VenueFill['state'];
}

export class PaperExchange {
  readonly #rules: PaperRules;
  readonly #markets: readonly PaperMarket[];
  readonly #read: ReadBook;
  readonly #events: PaperEvents;
  readonly #money: PaperMoney;
  readonly #taken: TakenDepth;
  readonly #inFlight = new Set<InFlight>();
  /** Orders with trades, oldest first. */
  readonly #booked: Booked[] = [];
  readonly #unsettled = new Set<Booked>();
  readonly #orders: [kalshi: number, polymarket: number] = [0, 0];

  /** `shards`: Kalshi's, whose cash is kept apart. `markets` may be given new terms by its owner. */
  constructor(
    rules: PaperRules,
    markets: readonly PaperMarket[],
    shards: number,
    read: ReadBook,
    events: PaperEvents,
  ) {
    this.#rules = rules;
    this.#markets = markets;
    this.#read = read;
    this.#events = events;
    this.#money = new PaperMoney(rules.cashMicros, shards);
    this.#taken = new TakenDepth(markets.length, (venue, market, outcome) =>
      events.taken(venue, market, outcome, this.#taken.levels(venue, market, outcome)),
    );
  }

  /** Before the first order: what an earlier run recorded, in its order. */
  restore(records: readonly PaperRecord[]): void {
    const markets = new Map(this.#markets.map(({ name }, market) => [name, market]));
    // The last of these says all that is taken: what came before it is in it.
    const told = records.findLastIndex(({ t }) => t === 'taken');
    records.forEach((record, index) => {
      if (record.t === 'settled') this.#settleOrder(record.orderId);
      else if (record.t === 'order') {
        this.#orders[record.venue]++;
        this.#book(record, markets.get(record.pair));
        if (index > told) this.#take(record, markets.get(record.pair));
      } else if (index === told) {
        for (const side of record.sides) {
          const market = markets.get(side.pair);
          if (market !== undefined) this.#taken.take(side.venue, market, side.outcome, side.levels);
        }
      }
    });
  }

  /** An order is on its way since `sentNs`, when its book was displayed as `then`. */
  submit(order: PaperOrder, then: Shown | undefined, sentNs: number, ticket: number): void {
    const { venue, market, outcome, limitE4 } = order;
    const number = ++this.#orders[venue];
    const { seed, chances, latencyMs, jitterMs } = this.#rules;
    const fate = fateOf(seed, venue, number, chances);
    const delayMs = venue === POLYMARKET && this.#markets[market]!.takerDelay ? TAKER_DELAY_MS : 0;
    const jitterNs = floorDiv(jitterMs[venue] * NS_PER_MS * fate.jitterE4, CERTAIN_E4);
    const dueNs = sentNs + (latencyMs[venue] + delayMs) * NS_PER_MS + jitterNs;
    const worst = within(this.#taken.untaken(venue, market, outcome, then?.levels ?? []), limitE4);
    this.#inFlight.add({ order, ticket, fate, dueNs, worst });
  }

  /** To be called often, and when nextDueNs has come: sees the books, matches what has arrived, settles what is due. */
  look(nowNs: number, wallMs: number): void {
    for (const each of this.#inFlight) {
      const { venue, market, outcome, limitE4 } = each.order;
      const shown = this.#see(venue, market, outcome);
      if (shown !== undefined) {
        const left = this.#taken.untaken(venue, market, outcome, shown.levels);
        each.worst = worse(each.worst, within(left, limitE4));
      }
      if (each.dueNs > nowNs) continue;
      this.#inFlight.delete(each);
      this.#arrived(each, shown, wallMs);
    }
    for (const booked of this.#unsettled) {
      if (booked.record.settlesMs <= wallMs) this.#settle(booked);
    }
  }

  /** A book is displayed anew: for those of whom something is taken. */
  saw(venue: Venue, market: number, outcome: Outcome): void {
    if (this.#taken.has(venue, market, outcome)) this.#see(venue, market, outcome);
  }

  /** When the next order arrives; Infinity while none is on its way. */
  get nextDueNs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueNs } of this.#inFlight) next = Math.min(next, dueNs);
    return next;
  }

  /** At the end: trades that would fail later fail now, so that no result counts them. */
  settleAll(): void {
    for (const booked of this.#unsettled) this.#settle(booked);
  }

  cashMicros(venue: Venue, shard: number): number {
    return this.#money.cashMicros(venue, shard);
  }

  get shards(): number {
    return this.#money.shards;
  }

  heldE6(venue: Venue, market: number, outcome: Outcome): number {
    return this.#money.heldE6(venue, this.#markets[market]!.name, outcome);
  }

  /** As the exchange's list has them at `wallMs`, trailing like a real one. */
  fills(venue: Venue, sinceMs: number, wallMs: number): VenueFill[] {
    const fills: VenueFill[] = [];
    for (let index = this.#booked.length - 1; index >= 0; index--) {
      const { record, market, state } = this.#booked[index]!;
      if (record.atMs < sinceMs) break;
      if (record.venue !== venue || market === undefined) continue;
      if (record.atMs + LIST_LAG_MS > wallMs) continue;
      for (const trade of record.trades) fills.push(fillOf(record, trade, market, state));
    }
    return fills;
  }

  /** What has been taken and may still be displayed. */
  takenRecord(): PaperRecord {
    const sides: TakenSide[] = [];
    this.#markets.forEach(({ name }, market) => {
      for (const venue of [KALSHI, POLYMARKET] as const) {
        for (const outcome of [0, 1] as const) {
          const levels = this.#taken.levels(venue, market, outcome);
          if (levels.length > 0) sides.push({ venue, pair: name, outcome, levels });
        }
      }
    });
    return { t: 'taken', sides };
  }

  #see(venue: Venue, market: number, outcome: Outcome): Shown | undefined {
    const shown = this.#read(venue, market, outcome);
    if (shown !== undefined) this.#taken.saw(venue, market, outcome, shown);
    return shown;
  }

  /** The order meets the book. One that is not provably current now fills nothing. */
  #arrived({ order, ticket, fate, worst }: InFlight, shown: Shown | undefined, wallMs: number) {
    const { venue, market } = order;
    const { name, shard } = this.#markets[market]!;
    // Numbers are told by nobody when a run was cut short: an id must never come twice.
    const orderId = order.preparedId === '' ? `paper-${order.clientOrderId}` : order.preparedId;
    const refusal = this.#refusal(order, fate);
    const isGhost = fate.isGhost && venue === POLYMARKET;
    // Kalshi's trades are final: what would be a ghost there is a reply that never comes for an order that was not matched.
    const isUnknown = fate.isUnknown || (fate.isGhost && venue === KALSHI);
    const isLost = isUnknown && (fate.isNeverMatched || (fate.isGhost && venue === KALSHI));
    const isUnmatched = refusal !== undefined || shown === undefined || isLost;
    const bought = isUnmatched ? [] : boughtOf(order, worst, fate.shareE4);
    const sizeCenti = totalCenti(bought);
    const taken =
      shown === undefined
        ? []
        : firstOf(this.#taken.untaken(venue, market, order.outcome, shown.levels), sizeCenti);
    const record: PaperOrderRecord = {
      t: 'order',
      atMs: wallMs,
      venue,
      pair: name,
      shard: venue === KALSHI ? shard : 0,
      outcome: order.outcome,
      clientOrderId: order.clientOrderId,
      orderId,
      reply: refusal !== undefined ? 'rejected' : isUnknown ? 'unknown' : 'acknowledged',
      trades: bought.map((level, index) => this.#trade(order, level, `${orderId}-${index}`)),
      taken,
      settlesMs: venue === POLYMARKET ? wallMs + this.#rules.confirmMs : 0,
      fails: isGhost,
    };
    this.#events.recorded(record);
    this.#take(record, market);
    const booked = this.#book(record, market);
    // Of an order whose reply is lost the stream says nothing either: only the list knows.
    if (booked !== undefined && !isUnknown) this.#tell(booked);
    // Whoever waits for a reply that is lost hears nothing, for as long as an order may take.
    if (record.reply !== 'unknown') {
      this.#events.replied(venue, ticket, refusal ?? replyOf(record, sizeCenti));
    }
  }

  #refusal(order: PaperOrder, fate: Fate): LegReply | undefined {
    const { venue, market, sizeCenti, limitE4, spendMicros } = order;
    const refused = (code: string, reaction: Reaction, status = REFUSED): LegReply => ({
      kind: 'rejected',
      status,
      code,
      reaction,
    });
    const { shard, minSizeCenti, isPaused } = this.#markets[market]!;
    if (venue === KALSHI && isPaused) {
      return refused('paper: trading is paused', 'rest-market', PAUSED);
    }
    if (fate.isRejected) return refused('paper: refused at the configured rate', 'retry-later');
    if (venue === POLYMARKET && spendMicros < POLYMARKET_MIN_NOTIONAL_MICROS) {
      return refused('paper: a marketable order is at least $1', 'rest-market');
    }
    if (venue === POLYMARKET && sizeCenti < minSizeCenti) {
      const size = `${sizeCenti / CENTI_PER_CONTRACT} is lower than the minimum`;
      return refused(`paper: ${size} ${minSizeCenti / CENTI_PER_CONTRACT}`, 'rest-market');
    }
    const mostMicros = venue === KALSHI ? sizeCenti * limitE4 : spendMicros;
    const { feeMicros } = this.#trade(order, { priceE4: limitE4, sizeCenti }, '');
    if (mostMicros + feeMicros <= this.#money.cashMicros(venue, shard)) return undefined;
    return refused('paper: not enough paper money', 'stop');
  }

  /** Cost to the micro, and the market's own fee, rounded up where the exchange rounds. */
  #trade(order: PaperOrder, { priceE4, sizeCenti }: Level, tradeId: string): PaperTrade {
    const { kalshiRate, polymarketFees } = this.#markets[order.market]!;
    const costMicros = priceE4 * sizeCenti;
    const feeMicros =
      order.venue === KALSHI
        ? // No rounding is ever given back: each trade begins anew.
          kalshiFillFeeMicros(-costMicros, kalshiTradeFeeMicros(kalshiRate, priceE4, sizeCenti), {
            roundingMicros: 0,
          })
        : polymarketFeeBoundMicros(polymarketFees, priceE4, sizeCenti);
    return { tradeId, sizeE6: sizeCenti * E6_PER_CENTI, costMicros, feeMicros };
  }

  #take({ venue, outcome, taken }: PaperOrderRecord, market: number | undefined): void {
    if (market !== undefined) this.#taken.take(venue, market, outcome, taken);
  }

  #book(record: PaperOrderRecord, market: number | undefined): Booked | undefined {
    const { venue, pair, shard, outcome, trades, settlesMs } = record;
    if (trades.length === 0) return undefined;
    for (const trade of trades) this.#money.book(venue, pair, shard, outcome, trade);
    const booked: Booked = { record, market, state: settlesMs === 0 ? 'final' : 'provisional' };
    this.#booked.push(booked);
    // What is forgotten is in cash and positions.
    if (this.#booked.length > MAX_BOOKED) this.#booked.splice(0, MAX_BOOKED / 2);
    if (booked.state === 'provisional') this.#unsettled.add(booked);
    return booked;
  }

  #settle(booked: Booked): void {
    this.#events.recorded({ t: 'settled', orderId: booked.record.orderId });
    this.#settled(booked);
    this.#tell(booked);
  }

  #settleOrder(orderId: string): void {
    for (const booked of this.#unsettled) {
      if (booked.record.orderId === orderId) this.#settled(booked);
    }
  }

  #settled(booked: Booked): void {
    this.#unsettled.delete(booked);
    const { venue, pair, outcome, trades, fails } = booked.record;
    booked.state = fails ? 'failed' : 'final';
    if (!fails) return;
    // What it took stays taken: nobody knows what became of the other side's order.
    for (const trade of trades) this.#money.undo(venue, pair, outcome, trade);
  }

  #tell({ record, market, state }: Booked): void {
    if (market === undefined) return;
    for (const trade of record.trades) this.#events.filled(fillOf(record, trade, market, state));
  }
}

/** As far as size and, on Polymarket, money go; hundredths of a contract are the smallest part. */
function boughtOf(order: PaperOrder, levels: readonly Level[], shareE4: number): Level[] {
  const { venue, sizeCenti, spendMicros } = order;
  const reachable = Math.min(sizeCenti, totalCenti(levels));
  let leftCenti = floorDiv(reachable * shareE4, CERTAIN_E4);
  let leftMicros = venue === POLYMARKET ? spendMicros : Number.MAX_SAFE_INTEGER;
  const bought: Level[] = [];
  for (const { priceE4, sizeCenti: offered } of levels) {
    const size = Math.min(leftCenti, offered, floorDiv(leftMicros, priceE4));
    if (size === 0) break;
    bought.push({ priceE4, sizeCenti: size });
    leftCenti -= size;
    leftMicros -= size * priceE4;
  }
  return bought;
}

function replyOf({ venue, orderId, trades }: PaperOrderRecord, sizeCenti: number): LegReply {
  const costMicros = trades.reduce((sum, trade) => sum + trade.costMicros, 0);
  return {
    kind: 'acknowledged',
    orderId,
    filledE6: sizeCenti * E6_PER_CENTI,
    costMicros: venue === POLYMARKET ? costMicros : undefined,
  };
}

function fillOf(
  { venue, orderId, clientOrderId, outcome }: PaperOrderRecord,
  { tradeId, sizeE6, costMicros, feeMicros }: PaperTrade,
  market: number,
  state: VenueFill['state'],
): VenueFill {
  return {
    venue,
    tradeId,
    orderId,
    clientOrderId,
    market,
    outcome,
    sizeE6,
    costMicros,
    feeMicros,
    state,
  };
}
