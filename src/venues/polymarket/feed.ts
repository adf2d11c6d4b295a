// Polymarket's market data session (polymarket-api.md 8): absolute sizes for both tokens of each market, no sequence numbers, so a
// book is trusted only while its best prices are the ones that every frame states. Steps on frames and ticks; owns no socket.
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import { Ladder } from '../../domain/ladder.js';
import { isPrice } from '../../domain/price-grid.js';
import { PAYOUT_E4, PRICE_PLACES } from '../../domain/units.js';
import { NO, type Outcome, YES } from '../../domain/venue.js';
import { ConnectionWatch } from '../connection-watch.js';
import {
  type CountFeed,
  type FeedSink,
  REASON_BEST_MISMATCH,
  REASON_CLOSED,
  REASON_GARBAGE,
  REASON_NO_SNAPSHOT,
  REASON_OWN_UNDERROUND,
  REASON_SILENT,
  REASON_TERMS_CHANGED,
  REASON_TRUSTED,
} from '../feed.js';
import { isObject, textOf } from '../json.js';
import type { LivenessLimits } from '../liveness.js';
import { NO_NEW_ASSETS, PING, PONG } from './wire/ws-messages.js';

/** Assets a connection gets snapshots for (polymarket-api.md 8: reports of 500). */
export const MAX_ASSETS_PER_CONNECTION = 500;
const PING_EVERY_NS = 10_000_000_000;
/** Frames of one matching event disagree with the book until the last of them; longer than this is a lost message. */
const MISMATCH_NS = 250_000_000;
const SNAPSHOT_RETRY_NS = 1_000_000_000;
/** Books that stay wrong after so many repairs need a new connection. */
const REPAIRS_BEFORE_RECONNECT = 3;
/** A book that a new connection did not mend is asked for this often: a market without a book, most likely. */
const HOPELESS_RETRY_NS = 60_000_000_000;
/** A connection that answers but has told nothing of any market for so long is taken for dead. */
const DATA_SILENCE_NS = 60_000_000_000;
/** Sizes arrive with up to two decimals in books; more would be rounded down, never up. */
const WIRE_SIZE_PLACES = 6;
const WIRE_PER_CENTI = 10_000;

/** One outcome token's own book: `asks` are kept as bids at the complement, so that the best of both is the highest. */
interface TokenBook {
  readonly tokenId: string;
  readonly bids: Ladder;
  readonly asks: Ladder;
  hasSnapshot: boolean;
  /** As the last frame stated them; 0 where there is none. */
  statedBidE4: number;
  statedAskE4: number;
}

interface Book {
  readonly market: number;
  readonly tokens: readonly [TokenBook, TokenBook];
  reason: number;
  sinceNs: number;
  repairs: number;
  /** A new connection did not mend it. It must not cost the other markets another one. */
  isHopeless: boolean;
}

interface TokenRef {
  readonly book: Book;
  readonly token: TokenBook;
}

interface WireLevel {
  readonly price: string;
  readonly size: string;
}
interface WireChange {
  readonly asset_id?: string;
  readonly price?: string;
  readonly size?: string;
  readonly side?: string;
  readonly best_bid?: string;
  readonly best_ask?: string;
}
/** The parts of a frame that the session reads. */
interface WireEvent {
  readonly event_type?: string;
  readonly asset_id?: string;
  readonly assets_ids?: readonly string[];
  readonly timestamp?: string;
  readonly bids?: readonly WireLevel[];
  readonly asks?: readonly WireLevel[];
  readonly price_changes?: readonly WireChange[];
  /** The schema before 2025-09-15: changes of one asset, without best prices. */
  readonly changes?: readonly WireChange[];
  readonly best_bid?: string;
  readonly best_ask?: string;
}

export interface PolymarketFeedMarket {
  readonly market: number;
  /** Outcome 0 first. */
  readonly tokenIds: readonly [string, string];
}

export class PolymarketFeed {
  readonly #books: Book[];
  readonly #byToken = new Map<string, TokenRef>();
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  readonly #clock: Clock;
  readonly #watch: ConnectionWatch;
  /** Books that a frame touched, for the check at its end. */
  readonly #touched: Book[] = [];
  #send: ((text: string) => void) | undefined;
  #pingedNs = 0;
  #openedNs = 0;
  /** Not answered yet. */
  #openPings = 0;
  /** When the last frame came that is about markets. */
  #dataNs = 0;
  #giveUp: string | undefined;

  constructor(
    markets: readonly PolymarketFeedMarket[],
    sink: FeedSink,
    count: CountFeed,
    limits: LivenessLimits,
    clock: Clock,
  ) {
    this.#sink = sink;
    this.#count = count;
    this.#clock = clock;
    this.#watch = new ConnectionWatch(limits, sink, count);
    this.#books = markets.map(({ market, tokenIds }) => {
      const tokens = [tokenBook(tokenIds[0]), tokenBook(tokenIds[1])] as const;
      const reason = REASON_NO_SNAPSHOT;
      return { market, tokens, reason, sinceNs: 0, repairs: 0, isHopeless: false };
    });
    for (const book of this.#books) {
      for (const token of book.tokens) this.#byToken.set(token.tokenId, { book, token });
    }
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#send = send;
    this.#giveUp = undefined;
    this.#openedNs = nowNs;
    this.#pingedNs = nowNs;
    this.#openPings = 0;
    this.#dataNs = nowNs;
    for (const book of this.#books) {
      book.repairs = 0;
      this.#forget(book, REASON_NO_SNAPSHOT, nowNs);
      book.sinceNs = nowNs;
    }
    this.#watch.opened(nowNs);
    send(
      JSON.stringify({
        assets_ids: [...this.#byToken.keys()],
        type: 'market',
        custom_feature_enabled: true,
        initial_dump: true,
      }),
    );
  }

  closed(): void {
    this.#send = undefined;
    this.#watch.closed();
    const nowNs = this.#clock.nowNs();
    for (const book of this.#books) this.#forget(book, REASON_NO_SNAPSHOT, nowNs);
  }

  /** @hot */
  frame(data: Buffer, receiveNs: number): void {
    this.#count('frames');
    if (this.#watch.heard(receiveNs)) this.#resyncAll(REASON_SILENT, receiveNs);
    const text = data.toString('utf8');
    if (text === PONG) {
      this.#pong(receiveNs);
      return;
    }
    if (text === NO_NEW_ASSETS) return;
    this.#dataNs = receiveNs;
    const events = readEvents(text);
    if (events === undefined) {
      this.#count('garbage');
      this.#resyncAll(REASON_GARBAGE, receiveNs);
      return;
    }
    for (const event of events) this.#event(event, receiveNs);
    this.#sink.ring();
  }

  /** Answers carry no number: only the answer to the one PING that is open, and quick, says that the pipe is not behind. */
  #pong(receiveNs: number): void {
    this.#openPings = Math.max(0, this.#openPings - 1);
    if (this.#openPings === 0) this.#watch.answered(this.#pingedNs, receiveNs, false);
  }

  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    if (this.#giveUp !== undefined) return this.#giveUp;
    // PONGs go on while the data has stopped (polymarket-api.md 8, "Silent stall").
    if (nowNs - this.#dataNs > DATA_SILENCE_NS) return 'no data although it answers';
    const giveUp = this.#watch.tick(nowNs, () => this.#ping(nowNs));
    if (giveUp !== undefined) return giveUp;
    if (nowNs - this.#pingedNs > PING_EVERY_NS) this.#ping(nowNs);
    this.#repairOverdue(nowNs);
    return undefined;
  }

  /** @hot */
  #event(event: WireEvent, receiveNs: number): void {
    const stampMs = Number(event.timestamp ?? 0);
    const venueMs = Number.isSafeInteger(stampMs) ? stampMs : 0;
    switch (event.event_type) {
      case 'price_change':
        this.#priceChange(event, receiveNs, venueMs);
        break;
      case 'book':
        this.#book(event, receiveNs, venueMs);
        break;
      case 'best_bid_ask':
        this.#stated(event, event.asset_id, receiveNs, venueMs);
        break;
      case 'tick_size_change':
        this.#retire([event.asset_id ?? ''], REASON_TERMS_CHANGED, receiveNs);
        break;
      case 'market_resolved':
        this.#retire(event.assets_ids ?? [], REASON_CLOSED, receiveNs);
        break;
      default:
      // last_trade_price, new_market and words to come: no book changes.
    }
  }

  /** @hot */
  #priceChange(event: WireEvent, receiveNs: number, venueMs: number): void {
    const changes = event.price_changes ?? event.changes;
    if (!Array.isArray(changes) || !changes.every(isObject)) {
      this.#count('garbage');
      this.#resyncAll(REASON_GARBAGE, receiveNs);
      return;
    }
    for (const change of changes as readonly WireChange[]) {
      const ref = this.#byToken.get(change.asset_id ?? event.asset_id ?? '');
      if (ref === undefined) continue;
      const priceE4 = parseDecimal(textOf(change.price), PRICE_PLACES);
      const sizeCenti = parseSizeCenti(textOf(change.size));
      const side = sideOf(change.side);
      if (!isPrice(priceE4) || Number.isNaN(sizeCenti) || side === undefined) {
        this.#count('garbage');
        this.#repair(ref.book, REASON_GARBAGE, receiveNs);
        continue;
      }
      if (!ref.token.hasSnapshot) continue;
      if (side === YES) ref.token.bids.set(priceE4, sizeCenti);
      else ref.token.asks.set(PAYOUT_E4 - priceE4, sizeCenti);
      this.#state(ref, change.best_bid, change.best_ask, receiveNs);
    }
    this.#stamp(receiveNs, venueMs);
    this.#publishTouched(receiveNs, venueMs);
  }

  #book(event: WireEvent, receiveNs: number, venueMs: number): void {
    const ref = this.#byToken.get(event.asset_id ?? '');
    if (ref === undefined) return;
    const { book, token } = ref;
    if (!fill(token.bids, event.bids ?? [], false) || !fill(token.asks, event.asks ?? [], true)) {
      this.#count('garbage');
      this.#repair(book, REASON_GARBAGE, receiveNs);
      return;
    }
    // The first books answer the subscription that was sent when the connection opened.
    const isFirst = !token.hasSnapshot && book.repairs === 0;
    if (isFirst) this.#watch.firstAnswered(this.#openedNs, receiveNs);
    token.hasSnapshot = true;
    token.statedBidE4 = token.bids.bestPriceE4();
    token.statedAskE4 = complement(token.asks.bestPriceE4());
    this.#touch(book);
    this.#publishTouched(receiveNs, venueMs);
  }

  /** best_bid_ask comes before the changes that cause it: until they are here, the book is known to be behind. @hot */
  #stated(event: WireEvent, tokenId: string | undefined, receiveNs: number, venueMs: number): void {
    const ref = this.#byToken.get(tokenId ?? '');
    if (ref === undefined || !ref.token.hasSnapshot) return;
    this.#state(ref, event.best_bid, event.best_ask, receiveNs);
    this.#stamp(receiveNs, venueMs);
    this.#publishTouched(receiveNs, venueMs);
  }

  /** @hot */
  #state(
    { book, token }: TokenRef,
    bestBid: string | undefined,
    bestAsk: string | undefined,
    receiveNs: number,
  ): void {
    this.#touch(book);
    // The old schema states nothing; then the book is all there is.
    token.statedBidE4 =
      bestBid === undefined ? token.bids.bestPriceE4() : statedPriceE4(bestBid, 0);
    token.statedAskE4 =
      bestAsk === undefined
        ? complement(token.asks.bestPriceE4())
        : statedPriceE4(bestAsk, PAYOUT_E4);
    if (Number.isNaN(token.statedBidE4) || Number.isNaN(token.statedAskE4)) {
      this.#count('garbage');
      this.#repair(book, REASON_GARBAGE, receiveNs);
    }
  }

  #touch(book: Book): void {
    if (!this.#touched.includes(book)) this.#touched.push(book);
  }

  /** Not of `book`: its time is that of the book's last change, long ago in a quiet market. @hot */
  #stamp(receiveNs: number, venueMs: number): void {
    if (venueMs > 0) this.#watch.stamped(receiveNs, venueMs);
  }

  /** @hot */
  #publishTouched(receiveNs: number, venueMs: number): void {
    for (const book of this.#touched) this.#publish(book, receiveNs, venueMs);
    this.#touched.length = 0;
  }

  /** @hot */
  #publish(book: Book, receiveNs: number, venueMs: number): void {
    const reason = judge(book);
    if (reason === REASON_NO_SNAPSHOT) return;
    if (reason !== REASON_TRUSTED) this.#setReason(book, reason, receiveNs);
    else {
      book.repairs = 0;
      book.isHopeless = false;
    }
    // What is bought is a token's own ask: YES from the first token's book, NO from the second's.
    const [yes, no] = book.tokens;
    this.#sink.publish(book.market, yes.asks, no.asks, receiveNs, venueMs);
    if (reason === REASON_TRUSTED) this.#setReason(book, reason, receiveNs);
  }

  /** The market's terms are no longer those that the engine started with: not traded until they are read again. */
  #retire(tokenIds: readonly string[], reason: number, nowNs: number): void {
    if (!Array.isArray(tokenIds)) return;
    for (const tokenId of tokenIds as readonly string[]) {
      const ref = this.#byToken.get(tokenId);
      if (ref === undefined) continue;
      this.#forget(ref.book, reason, nowNs);
    }
  }

  #repairOverdue(nowNs: number): void {
    for (const book of this.#books) {
      if (book.reason === REASON_TRUSTED || isRetired(book)) continue;
      const patienceNs = book.isHopeless
        ? HOPELESS_RETRY_NS
        : book.reason === REASON_NO_SNAPSHOT
          ? SNAPSHOT_RETRY_NS
          : MISMATCH_NS;
      if (nowNs - book.sinceNs > patienceNs) this.#repair(book, REASON_NO_SNAPSHOT, nowNs);
    }
  }

  /** Leaving and joining a token brings a fresh book (polymarket-api.md 8). */
  #repair(book: Book, reason: number, nowNs: number): void {
    this.#forget(book, reason, nowNs);
    book.sinceNs = nowNs;
    book.repairs++;
    if (book.repairs > REPAIRS_BEFORE_RECONNECT && !book.isHopeless) {
      book.isHopeless = true;
      this.#giveUp = 'a book stays wrong';
    }
    this.#count('resyncs');
    const assets_ids = book.tokens.map(({ tokenId }) => tokenId);
    this.#send?.(JSON.stringify({ operation: 'unsubscribe', assets_ids }));
    this.#send?.(
      JSON.stringify({ operation: 'subscribe', assets_ids, custom_feature_enabled: true }),
    );
  }

  /** Without sequence numbers nothing tells what was lost: every book starts over on a new connection. */
  #resyncAll(reason: number, nowNs: number): void {
    for (const book of this.#books) this.#forget(book, reason, nowNs);
    this.#giveUp = 'frames may have been lost';
  }

  #forget(book: Book, reason: number, nowNs: number): void {
    for (const token of book.tokens) token.hasSnapshot = false;
    this.#setReason(book, isRetired(book) ? book.reason : reason, nowNs);
  }

  #ping(nowNs: number): void {
    this.#pingedNs = nowNs;
    this.#openPings++;
    this.#send?.(PING);
  }

  #setReason(book: Book, reason: number, nowNs: number): void {
    if (book.reason !== reason) book.sinceNs = nowNs;
    book.reason = reason;
    this.#sink.setMarketTrust(book.market, reason);
  }
}

/** The events of a frame, or undefined when it is not one: not JSON, or anything but objects in it. */
function readEvents(text: string): readonly WireEvent[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const events: readonly unknown[] = Array.isArray(value) ? value : [value];
  return events.every(isObject) ? (events as readonly WireEvent[]) : undefined;
}

function tokenBook(tokenId: string): TokenBook {
  return {
    tokenId,
    bids: new Ladder(),
    asks: new Ladder(),
    hasSnapshot: false,
    statedBidE4: 0,
    statedAskE4: 0,
  };
}

function isRetired({ reason }: Book): boolean {
  return reason === REASON_TERMS_CHANGED || reason === REASON_CLOSED;
}

/** Whether both tokens' books are what the exchange last said they are. @hot */
function judge(book: Book): number {
  if (isRetired(book)) return book.reason;
  const [yes, no] = book.tokens;
  if (!yes.hasSnapshot || !no.hasSnapshot) return REASON_NO_SNAPSHOT;
  if (!agrees(yes) || !agrees(no)) return REASON_BEST_MISMATCH;
  // Asks are kept as complements: their sum above 1 is YES + NO below 1.
  if (yes.asks.bestPriceE4() + no.asks.bestPriceE4() > PAYOUT_E4) return REASON_OWN_UNDERROUND;
  return REASON_TRUSTED;
}

/** The book's best prices are the stated ones, and it is not crossed or locked. @hot */
function agrees(token: TokenBook): boolean {
  const bidE4 = token.bids.bestPriceE4();
  const complementE4 = token.asks.bestPriceE4();
  return (
    bidE4 === token.statedBidE4 &&
    complement(complementE4) === token.statedAskE4 &&
    bidE4 + complementE4 < PAYOUT_E4
  );
}

/** Price of an ask kept at its complement; an empty side (0) is an ask of $1, which is no ask. */
function complement(bestE4: number): number {
  return PAYOUT_E4 - bestE4;
}

/** An empty side is stated as "", "0" or "1"; any other text is a price. */
function statedPriceE4(text: unknown, emptyE4: number): number {
  if (text === '') return emptyE4;
  if (typeof text !== 'string') return Number.NaN;
  const priceE4 = parseDecimal(text, PRICE_PLACES);
  return priceE4 === 0 || priceE4 === PAYOUT_E4 ? emptyE4 : priceE4;
}

function sideOf(side: string | undefined): Outcome | undefined {
  if (side === 'BUY' || side === 'buy') return YES;
  return side === 'SELL' || side === 'sell' ? NO : undefined;
}

function parseSizeCenti(text: string): number {
  const size = parseDecimal(text, WIRE_SIZE_PLACES);
  return (size - (size % WIRE_PER_CENTI)) / WIRE_PER_CENTI;
}

function fill(ladder: Ladder, levels: readonly WireLevel[], asComplement: boolean): boolean {
  ladder.clear();
  if (!Array.isArray(levels)) return false;
  for (const level of levels as readonly unknown[]) {
    const { price, size } = isObject(level) ? level : {};
    const priceE4 = parseDecimal(textOf(price), PRICE_PLACES);
    const sizeCenti = parseSizeCenti(textOf(size));
    if (!isPrice(priceE4) || Number.isNaN(sizeCenti)) {
      ladder.clear();
      return false;
    }
    ladder.set(asComplement ? PAYOUT_E4 - priceE4 : priceE4, sizeCenti);
  }
  return true;
}
