// Polymarket's market data session (polymarket-api.md 8): absolute sizes for both tokens of each
// market, no sequence numbers, so a book is trusted only while its best prices are the ones that
// every frame states. Steps on frames and ticks; owns no socket.
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import { PRICE_PLACES } from '../../domain/units.js';
import { ConnectionWatch } from '../connection-watch.js';
import {
  type CountFeed,
  type ExchangeFeed,
  type FeedSink,
  REASON_CLOSED,
  REASON_GARBAGE,
  REASON_HASH_MISMATCH,
  REASON_NO_SNAPSHOT,
  REASON_SILENT,
  REASON_TERMS_CHANGED,
  REASON_TRUSTED,
  REASON_UNCONFIRMED,
} from '../feed.js';
import { textOf } from '../json.js';
import type { LivenessLimits } from '../liveness.js';
import { Confirmation } from './confirmation.js';
import { HashCheck, HashedTerms } from './hash-check.js';
import {
  hasBooks,
  isRetired,
  isUnconfirmed,
  judge,
  type MarketBook,
  type Token,
} from './market-book.js';
import { StallCheck } from './stall-check.js';
import { TokenBook } from './token-book.js';
import { PriceChangeScanner } from './wire/frame-scanner.js';
import {
  decodePriceChange,
  HASH_WORDS,
  PriceChanges,
  parseHash,
  readBest,
  readEvents,
  type StatedBest,
  stampOf,
  type WireEvent,
} from './wire/frames.js';
import { TokenIndex, UNKNOWN_TOKEN } from './wire/token-index.js';
import { NO_NEW_ASSETS, PING, PONG } from './wire/ws-messages.js';

/** Assets a connection gets snapshots for (polymarket-api.md 8: reports of 500). */
export const MAX_ASSETS_PER_CONNECTION = 500;
const PING_EVERY_NS = 10_000_000_000;
/**
 * Frames of one matching event disagree with the book until the last of them; longer than this is a
 * lost message.
 */
const MISMATCH_NS = 250_000_000;
/** Books are asked for because of a silence as often as this, and while they do not come only as often as any other book. */
const REFRESH_EVERY_NS = 250_000_000;
const SNAPSHOT_RETRY_NS = 1_000_000_000;
/** Books that stay wrong after so many repairs need a new connection. */
const REPAIRS_BEFORE_RECONNECT = 3;
/**
 * A book that a new connection did not mend is asked for this often: a market without a book, most
 * likely.
 */
const HOPELESS_RETRY_NS = 60_000_000_000;
/** A connection that answers but has told nothing of any market for so long is taken for dead. */
const DATA_SILENCE_NS = 60_000_000_000;
interface TokenRef {
  readonly market: MarketBook;
  readonly token: Token;
}

export interface PolymarketFeedMarket {
  readonly market: number;
  /** Outcome 0 first. */
  readonly tokenIds: readonly [string, string];
  /** What books are hashed with, as the exchange writes it; `book` frames may tell it too. */
  readonly conditionId?: string;
  readonly minSizeText?: string;
  readonly tickText?: string;
  readonly negRisk?: boolean;
}

export class PolymarketFeed implements ExchangeFeed {
  readonly #markets: MarketBook[];
  /** By the token's number in #tokens. */
  readonly #refs: readonly TokenRef[];
  readonly #tokens: TokenIndex;
  readonly #scanner: PriceChangeScanner;
  readonly #changes = new PriceChanges();
  readonly #hashes: HashCheck;
  readonly #confirmation = new Confirmation();
  readonly #stall: StallCheck;
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  readonly #clock: Clock;
  readonly #watch: ConnectionWatch;
  /** Markets that a frame touched, for the check at its end. */
  readonly #touched: MarketBook[] = [];
  /** Of #touched: to empty an array is to give its memory away. */
  #touchedCount = 0;
  #send: ((text: string) => void) | undefined;
  #pingedNs = 0;
  #openedNs = 0;
  /** Not answered yet. */
  #openPings = 0;
  /** When the last frame came that is about markets. */
  #dataNs = 0;
  #giveUp: string | undefined;
  /** Nothing that this connection still tells is listened to. */
  #isStalled = false;
  /** The book whose coming proves that the pipe is not behind. */
  #askedBook: TokenBook | undefined;
  /** When all books were last asked for because of a silence. */
  #refreshedNs = Number.NEGATIVE_INFINITY;

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
    this.#stall = new StallCheck(limits.maxLagMs);
    this.#hashes = new HashCheck(markets.length * 2);
    this.#markets = markets.map((market) => this.#createMarket(market));
    this.#refs = this.#markets.flatMap((market) =>
      market.tokens.map((token) => ({ market, token })),
    );
    this.#tokens = new TokenIndex(this.#refs.map(({ token }) => token.book.tokenId));
    this.#scanner = new PriceChangeScanner(this.#tokens);
  }

  /** Tokens whose books are held against the exchange's hashes now. */
  get armedTokens(): number {
    return this.#hashes.armed;
  }

  #createMarket(market: PolymarketFeedMarket): MarketBook {
    const terms = new HashedTerms();
    terms.conditionId = market.conditionId;
    terms.minSizeText = market.minSizeText;
    terms.tickText = market.tickText;
    terms.negRisk = market.negRisk;
    const createToken = (tokenId: string): Token => {
      const book = new TokenBook(tokenId);
      return { book, check: this.#hashes.createToken(book, terms) };
    };
    return {
      market: market.market,
      tokens: [createToken(market.tokenIds[0]), createToken(market.tokenIds[1])],
      terms,
      reason: REASON_NO_SNAPSHOT,
      sinceNs: 0,
      repairs: 0,
      isHopeless: false,
      isConfirmed: false,
      again: 'no',
      awaited: 0,
    };
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#send = send;
    this.#giveUp = undefined;
    this.#isStalled = false;
    this.#askedBook = undefined;
    this.#openedNs = nowNs;
    this.#pingedNs = nowNs;
    this.#openPings = 0;
    this.#dataNs = nowNs;
    this.#stall.opened();
    this.#confirmation.opened();
    for (const market of this.#markets) {
      market.repairs = 0;
      this.#forget(market, REASON_NO_SNAPSHOT, nowNs);
      market.sinceNs = nowNs;
      for (const { book, check } of market.tokens) {
        book.opened(nowNs);
        this.#hashes.reset(check);
      }
    }
    this.#watch.opened(nowNs);
    send(
      JSON.stringify({
        assets_ids: this.#refs.map(({ token }) => token.book.tokenId),
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
    for (const market of this.#markets) this.#forget(market, REASON_NO_SNAPSHOT, nowNs);
  }

  /** @hot */
  frame(data: Buffer, receiveNs: number, hasMore = false): void {
    this.#count('frames');
    const wasChange = !this.#isStalled && this.#take(data, receiveNs);
    // Whatever became of this one, those before it may not have been rung for. Any other takes long to read.
    this.#sink.ring(hasMore && wasChange);
  }

  /** True for a change of a book, read the quick way. @hot */
  #take(data: Buffer, receiveNs: number): boolean {
    if (this.#watch.heard(receiveNs)) this.#resyncAll(REASON_SILENT, receiveNs);
    if (this.#scanner.scan(data, this.#changes)) {
      this.#dataNs = receiveNs;
      if (this.#watch.isSilent) this.#refreshAll(receiveNs);
      this.#apply(this.#changes, receiveNs);
      return true;
    }
    this.#text(data.toString('utf8'), receiveNs);
    return false;
  }

  /** A frame in any other form than the usual one of the usual kind. */
  #text(text: string, receiveNs: number): void {
    if (text === PONG) {
      this.#pong(receiveNs);
      return;
    }
    if (text === NO_NEW_ASSETS) return;
    const events = readEvents(text);
    if (events === undefined || events.length > 0) this.#dataNs = receiveNs;
    if (events === undefined) {
      this.#count('garbage');
      this.#resyncAll(REASON_GARBAGE, receiveNs);
      return;
    }
    if (this.#watch.isSilent) this.#refreshAll(receiveNs);
    for (const event of events) this.#event(event, receiveNs);
  }

  /**
   * Answers carry no number: only the answer to the one PING that is open, and quick, says that the
   * pipe is not behind.
   */
  #pong(receiveNs: number): void {
    this.#openPings = Math.max(0, this.#openPings - 1);
    if (this.#openPings === 0) this.#watch.answered(this.#pingedNs, receiveNs, false);
  }

  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    if (this.#giveUp !== undefined) return this.#giveUp;
    // PONGs go on while the data has stopped (polymarket-api.md 8, "Silent stall").
    if (nowNs - this.#dataNs > DATA_SILENCE_NS) return 'no data although it answers';
    const giveUp = this.#watch.tick(
      nowNs,
      () => this.#ping(nowNs),
      () => this.#askForBook(nowNs),
    );
    if (giveUp !== undefined) return giveUp;
    if (nowNs - this.#pingedNs > PING_EVERY_NS) this.#ping(nowNs);
    this.#hashes.tick(nowNs, (book) => {
      this.#count('gaps');
      this.#repair(this.#refOf(book.tokenId)!.market, REASON_HASH_MISMATCH, nowNs);
    });
    this.#repairOverdue(nowNs);
    this.#ask(this.#confirmation.askQuiet(this.#markets, this.#watch.isTrusted, nowNs), nowNs);
    return undefined;
  }

  readmit(market: number): void {
    const own = this.#markets.find((other) => other.market === market);
    if (own?.reason !== REASON_TERMS_CHANGED) return;
    const nowNs = this.#clock.nowNs();
    this.#setReason(own, REASON_NO_SNAPSHOT, nowNs);
    if (this.#send !== undefined) this.#repair(own, REASON_NO_SNAPSHOT, nowNs);
  }

  /**
   * Holds a book that was read by REST against the newest frame of its token. When the connection
   * tells less than REST, twice, nothing of it is trusted any more and it is given up.
   */
  compare(tokenId: string, hash: string, timestampMs: number): void {
    const ref = this.#refOf(tokenId);
    if (ref === undefined || this.#send === undefined || this.#giveUp !== undefined) return;
    const { book } = ref.token;
    if (!book.hasSnapshot || book.statedMs === 0 || !parseHash(hash, READ_HASH)) return;
    if (!this.#stall.compare(book, READ_HASH, timestampMs, this.#clock.nowNs())) return;
    this.#count('silences');
    this.#isStalled = true;
    this.#giveUp = 'its books stand still while those of REST go on';
    this.#sink.setConnectionTrust(REASON_SILENT);
  }

  #refOf(tokenId: unknown): TokenRef | undefined {
    const token = this.#tokens.ofText(textOf(tokenId));
    return token === UNKNOWN_TOKEN ? undefined : this.#refs[token];
  }

  #event(event: WireEvent, receiveNs: number): void {
    switch (event.event_type) {
      case 'price_change':
        this.#count('fallbacks');
        if (decodePriceChange(event, this.#tokens, this.#changes)) {
          this.#apply(this.#changes, receiveNs);
        } else {
          this.#count('garbage');
          this.#resyncAll(REASON_GARBAGE, receiveNs);
        }
        break;
      case 'book':
        this.#book(event, receiveNs);
        break;
      case 'best_bid_ask':
        this.#best(event, receiveNs);
        break;
      case 'last_trade_price':
        this.#refOf(event.asset_id)?.market.terms.traded(textOf(event.price));
        break;
      case 'tick_size_change':
        this.#tickChanged(event, receiveNs);
        break;
      case 'market_resolved':
        this.#resolved(event.assets_ids, receiveNs);
        break;
      default:
      // new_market and words to come: no book changes.
    }
  }

  /** What either parser made of a price_change. @hot */
  #apply(changes: PriceChanges, receiveNs: number): void {
    const { count, items, venueMs } = changes;
    for (let index = 0; index < count; index++) {
      const change = items[index]!;
      if (change.token === UNKNOWN_TOKEN) continue;
      const ref = this.#refs[change.token]!;
      if (!change.isGood) {
        this.#count('garbage');
        this.#repair(ref.market, REASON_GARBAGE, receiveNs);
        continue;
      }
      const { book, check } = ref.token;
      if (venueMs > 0) book.newestMs = venueMs;
      if (!book.hasSnapshot) continue;
      book.set(change.isBid, change.priceE4, change.sizeCenti, change.restE6);
      if (!change.isCanonical) book.isHashable = false;
      book.statedMs = change.hasHash ? venueMs : 0;
      copyHash(change.hash, book.statedHash);
      // The old schema states nothing; then the book is all there is.
      book.statedBidE4 = change.statesBest ? change.bestBidE4 : book.bids.bestPriceE4();
      book.statedAskE4 = change.statesBest ? change.bestAskE4 : book.askE4();
      if (change.statesBest) ref.market.isConfirmed = true;
      this.#hashes.stated(check);
      this.#touch(ref.market);
    }
    if (venueMs > 0) this.#watch.stamped(receiveNs, venueMs);
    const last = this.#touchedCount === 0 ? undefined : this.#touched[this.#touchedCount - 1];
    this.#publishTouched(receiveNs, venueMs);
    if (this.#confirmation.isSought && venueMs > 0 && last !== undefined) {
      this.#ask(this.#confirmation.askWith(last, this.#markets, receiveNs), receiveNs);
    }
  }

  #book(event: WireEvent, receiveNs: number): void {
    const ref = this.#refOf(event.asset_id);
    if (ref === undefined) return;
    const { market, token } = ref;
    const { book, check } = token;
    const isAnswer = this.#answered(book, receiveNs);
    const venueMs = stampOf(event);
    if (venueMs > 0 && venueMs < book.newestMs) {
      // A book of before the changes that were told already. The one that is here has them; where
      // none is, it is asked for again when its time comes.
      if (book.hasSnapshot) return;
      this.#count('garbage');
      this.#forget(market, REASON_NO_SNAPSHOT, receiveNs);
      return;
    }
    if (!book.fill(event.bids, event.asks)) {
      this.#count('garbage');
      this.#repair(market, REASON_GARBAGE, receiveNs);
      return;
    }
    if (!book.hasSnapshot) market.isConfirmed = false;
    const isSame = venueMs === book.newestMs && isSameHash(event.hash, book);
    book.newestMs = venueMs;
    book.hasSnapshot = true;
    book.statedBidE4 = book.bids.bestPriceE4();
    book.statedAskE4 = book.askE4();
    book.statedMs = parseHash(event.hash, book.statedHash) ? venueMs : 0;
    this.#learnTerms(market, event, receiveNs);
    this.#hashes.whole(check);
    this.#confirmation.came(market, isSame, isAnswer);
    this.#touch(market);
    this.#publishTouched(receiveNs, venueMs);
  }

  /**
   * A book came; true when that is what was last asked for. The first ones answer the subscription that was sent when the connection
   * opened. A book's own time is that of its last change, long ago in a quiet market: it says nothing of the connection.
   */
  #answered(book: TokenBook, receiveNs: number): boolean {
    if (!book.came()) return false;
    if (book === this.#askedBook) {
      this.#askedBook = undefined;
      this.#watch.answered(book.askedNs, receiveNs, true);
    } else if (book.askedNs === this.#openedNs) {
      this.#watch.firstAnswered(this.#openedNs, receiveNs);
    }
    return true;
  }

  /**
   * A whole book tells the market's terms too: a new tick is one that was changed while nobody
   * listened.
   */
  #learnTerms(market: MarketBook, event: WireEvent, nowNs: number): void {
    const { terms } = market;
    if (typeof event.market === 'string') terms.conditionId = event.market;
    if (typeof event.min_order_size === 'string') terms.minSizeText = event.min_order_size;
    if (typeof event.neg_risk === 'boolean') terms.negRisk = event.neg_risk;
    if (typeof event.last_trade_price === 'string') terms.lastTrade(event.last_trade_price);
    if (typeof event.tick_size !== 'string') return;
    const isChanged = terms.tickText !== undefined && !isSameTick(terms.tickText, event.tick_size);
    terms.tickText = event.tick_size;
    if (isChanged) this.#retireChanged(market, nowNs);
  }

  /**
   * best_bid_ask comes before the changes that cause it: until they are here, the book is known to
   * be behind.
   */
  #best(event: WireEvent, receiveNs: number): void {
    const ref = this.#refOf(event.asset_id);
    if (ref === undefined || !ref.token.book.hasSnapshot) return;
    const { book } = ref.token;
    if (!readBest(event.best_bid, event.best_ask, STATED_BEST) || !STATED_BEST.statesBest) {
      this.#count('garbage');
      this.#repair(ref.market, REASON_GARBAGE, receiveNs);
      return;
    }
    book.statedBidE4 = STATED_BEST.bestBidE4;
    book.statedAskE4 = STATED_BEST.bestAskE4;
    ref.market.isConfirmed = true;
    this.#touch(ref.market);
    const venueMs = stampOf(event);
    if (venueMs > 0) this.#watch.stamped(receiveNs, venueMs);
    this.#publishTouched(receiveNs, venueMs);
  }

  /** Comes once a token. The engine's tick is wrong from here on (polymarket-api.md 4.6). */
  #tickChanged(event: WireEvent, nowNs: number): void {
    const market = this.#refOf(event.asset_id)?.market;
    if (market === undefined || market.reason === REASON_CLOSED) return;
    const tickText = textOf(event.new_tick_size);
    const isTold =
      market.reason === REASON_TERMS_CHANGED && isSameTick(market.terms.tickText ?? '', tickText);
    market.terms.tickText = tickText;
    if (!isTold) this.#retireChanged(market, nowNs);
  }

  #retireChanged(market: MarketBook, nowNs: number): void {
    if (market.reason === REASON_CLOSED) return;
    this.#forget(market, REASON_TERMS_CHANGED, nowNs);
    this.#setReason(market, REASON_TERMS_CHANGED, nowNs);
    this.#sink.termsChanged(market.market);
  }

  #resolved(tokenIds: unknown, nowNs: number): void {
    if (!Array.isArray(tokenIds)) return;
    for (const tokenId of tokenIds as readonly unknown[]) {
      const market = this.#refOf(tokenId)?.market;
      if (market === undefined) continue;
      this.#forget(market, REASON_CLOSED, nowNs);
      this.#setReason(market, REASON_CLOSED, nowNs);
    }
  }

  /** @hot */
  #touch(market: MarketBook): void {
    for (let at = 0; at < this.#touchedCount; at++) if (this.#touched[at] === market) return;
    this.#touched[this.#touchedCount++] = market;
  }

  /** @hot */
  #publishTouched(receiveNs: number, venueMs: number): void {
    const count = this.#touchedCount;
    this.#touchedCount = 0;
    for (let at = 0; at < count; at++) this.#publish(this.#touched[at]!, receiveNs, venueMs);
  }

  /** @hot */
  #publish(market: MarketBook, receiveNs: number, venueMs: number): void {
    const reason = judge(market);
    if (reason === REASON_NO_SNAPSHOT) return;
    if (reason === REASON_UNCONFIRMED) this.#confirmation.seek();
    if (reason !== REASON_TRUSTED) this.#setReason(market, reason, receiveNs);
    else {
      market.repairs = 0;
      market.isHopeless = false;
    }
    // What is bought is a token's own ask: YES from the first token's book, NO from the second's.
    const [yes, no] = market.tokens;
    this.#sink.publish(market.market, yes.book.asks, no.book.asks, receiveNs, venueMs);
    if (reason === REASON_TRUSTED) this.#setReason(market, reason, receiveNs);
  }

  #repairOverdue(nowNs: number): void {
    for (const market of this.#markets) {
      if (market.reason === REASON_TRUSTED || isRetired(market)) continue;
      if (isUnconfirmed(market)) continue;
      if (nowNs - market.sinceNs > patienceNs(market)) {
        this.#repair(market, REASON_NO_SNAPSHOT, nowNs);
      }
    }
  }

  /** Asks for one book anew: a question whose answer comes behind all that waits in the pipe. */
  #askForBook(nowNs: number): void {
    const market = this.#markets.find((each) => !isRetired(each) && !each.isHopeless);
    if (market === undefined) return;
    this.#askedBook = market.tokens[0].book;
    this.#forget(market, REASON_NO_SNAPSHOT, nowNs);
    this.#rejoin([market], nowNs);
  }

  /** After a silence nobody knows what was lost in it: every book is asked for again, on the same connection. */
  #refreshAll(nowNs: number): void {
    const patienceNs = this.#askedBook?.isAwaited(nowNs) ? SNAPSHOT_RETRY_NS : REFRESH_EVERY_NS;
    if (nowNs - this.#refreshedNs < patienceNs) return;
    this.#refreshedNs = nowNs;
    const own = this.#markets.filter((market) => !isRetired(market));
    if (own.length === 0) return;
    for (const market of own) this.#forget(market, REASON_SILENT, nowNs);
    this.#askedBook = own[0]!.tokens[0].book;
    this.#rejoin(own, nowNs);
  }

  #rejoin(markets: readonly MarketBook[], nowNs: number): void {
    this.#count('resyncs');
    this.#ask(markets, nowNs);
  }

  /** Leaving and joining a token brings a fresh book (polymarket-api.md 8). */
  #ask(markets: readonly MarketBook[], nowNs: number): void {
    if (markets.length === 0) return;
    for (const market of markets) {
      market.sinceNs = nowNs;
      for (const { book } of market.tokens) book.asked(nowNs);
    }
    const assets_ids = markets.flatMap(({ tokens }) => tokens.map(({ book }) => book.tokenId));
    this.#send?.(JSON.stringify({ operation: 'unsubscribe', assets_ids }));
    this.#send?.(
      JSON.stringify({ operation: 'subscribe', assets_ids, custom_feature_enabled: true }),
    );
  }

  #repair(market: MarketBook, reason: number, nowNs: number): void {
    this.#forget(market, reason, nowNs);
    market.repairs++;
    if (market.repairs > REPAIRS_BEFORE_RECONNECT && !market.isHopeless) {
      // Where no market has a book it is the connection's fault, not the market's.
      market.isHopeless = this.#markets.some(({ tokens }) => tokens[0].book.hasSnapshot);
      this.#giveUp = 'a book stays wrong';
      // The exchange's clock may have been set back.
      for (const { book } of market.tokens) book.newestMs = 0;
    }
    this.#rejoin([market], nowNs);
  }

  /**
   * Without sequence numbers nothing tells what was lost: every book starts over on a new
   * connection.
   */
  #resyncAll(reason: number, nowNs: number): void {
    for (const market of this.#markets) this.#forget(market, reason, nowNs);
    this.#giveUp = 'frames may have been lost';
  }

  #forget(market: MarketBook, reason: number, nowNs: number): void {
    for (const { book, check } of market.tokens) {
      book.hasSnapshot = false;
      this.#hashes.disarm(check);
    }
    market.isConfirmed = false;
    market.again = 'no';
    this.#setReason(market, isRetired(market) ? market.reason : reason, nowNs);
  }

  #ping(nowNs: number): void {
    this.#pingedNs = nowNs;
    this.#openPings++;
    this.#send?.(PING);
  }

  #setReason(market: MarketBook, reason: number, nowNs: number): void {
    if (market.reason !== reason) market.sinceNs = nowNs;
    market.reason = reason;
    this.#sink.setMarketTrust(market.market, reason);
  }
}

/** @hot */
function copyHash(from: Int32Array, to: Int32Array): void {
  for (let word = 0; word < HASH_WORDS; word++) to[word] = from[word]!;
}

/** Read into and used at once. */
const STATED_BEST: StatedBest = { statesBest: false, bestBidE4: 0, bestAskE4: 0 };
const READ_HASH = new Int32Array(HASH_WORDS);

/** A book without a hash is told from others by its time alone. */
function isSameHash(text: unknown, { statedHash }: TokenBook): boolean {
  return !parseHash(text, READ_HASH) || READ_HASH.every((word, at) => word === statedHash[at]);
}

function isSameTick(one: string, other: string): boolean {
  return parseDecimal(one, PRICE_PLACES) === parseDecimal(other, PRICE_PLACES);
}

/** How long a market may stay as it is before it is mended. */
function patienceNs(market: MarketBook): number {
  if (market.isHopeless) return HOPELESS_RETRY_NS;
  return hasBooks(market) ? MISMATCH_NS : SNAPSHOT_RETRY_NS;
}
