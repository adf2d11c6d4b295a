// Kalshi's market data session (kalshi-api.md 2): one connection's books from snapshots and signed
// deltas, one sequence over all of them, repaired by get_snapshot, barred by what the lifecycle
// channel tells. Steps on frames and ticks; owns no socket.
import type { Clock } from '../../domain/clock.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import { ConnectionWatch } from '../connection-watch.js';
import {
  type CountFeed,
  type ExchangeFeed,
  type FeedSink,
  REASON_CROSSED,
  REASON_GARBAGE,
  REASON_NEGATIVE_LEVEL,
  REASON_NO_SNAPSHOT,
  REASON_SEQUENCE_GAP,
  REASON_SILENT,
  REASON_TRUSTED,
} from '../feed.js';
import type { LivenessLimits } from '../liveness.js';
import { type MarketChange, readLifecycle } from './lifecycle.js';
import { type KalshiFeedMarket, MarketBook } from './market-book.js';
import { NEXT, SKIPPED } from './sequence.js';
import { Subscription, type SubscriptionEvents } from './subscription.js';
import type { KalshiDialect } from './wire/dialect.js';
import {
  FRAME_DELTA,
  FRAME_ERROR,
  FRAME_EVENT_FEE,
  FRAME_MARKET_LIFECYCLE,
  FRAME_OK,
  FRAME_SNAPSHOT,
  FRAME_SUBSCRIBED,
  KalshiFrame,
  NO_TICKER,
  NONE,
} from './wire/frame.js';
import { FrameReader, READ_FALLBACK, READ_SCANNED, READ_UNREADABLE } from './wire/frame-reader.js';

export type { KalshiFeedMarket } from './market-book.js';

/** A book that was asked for and has not come is asked for again after this long. */
const SNAPSHOT_RETRY_NS = 1_000_000_000;
/**
 * A crossed book that does not uncross by itself within this long was built from a lost message.
 */
const CROSSED_NS = 250_000_000;

export interface KalshiFeedOptions {
  /** Of January 2026 (kalshi-api.md 2.7) or of today, which is the default. */
  readonly dialect?: KalshiDialect;
  /**
   * Asks for the NO side in YES prices; the default is false, and it is always said (kalshi-api.md
   * 2.6).
   */
  readonly useYesPrice?: boolean;
}

export class KalshiFeed implements ExchangeFeed {
  /** Places as in the reader's list of tickers. */
  readonly #books: readonly MarketBook[];
  readonly #byTicker: ReadonlyMap<string, MarketBook>;
  readonly #byMarket: ReadonlyMap<number, MarketBook>;
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  readonly #clock: Clock;
  readonly #watch: ConnectionWatch;
  readonly #reader: FrameReader;
  readonly #frame = new KalshiFrame();
  readonly #subscription: Subscription<MarketBook>;
  #isOpen = false;
  /** Changes were told on this connection or an earlier one: what a gap hides may have been one. */
  #hasLifecycle = false;
  #nextCloseMs = 0;
  /**
   * The last question that must be answered, and when it was asked: its answer proves that the pipe
   * is not behind.
   */
  #probeId = NONE;
  #probedNs = 0;
  /** When the books were asked for that have not begun to come; NONE when they have. */
  #startAskedNs = NONE;

  /** Throws for YES prices in the legacy dialect, which its documents do not know. */
  constructor(
    markets: readonly KalshiFeedMarket[],
    sink: FeedSink,
    count: CountFeed,
    limits: LivenessLimits,
    clock: Clock,
    options: KalshiFeedOptions = {},
  ) {
    const { dialect = 'current', useYesPrice = false } = options;
    if (dialect === 'legacy' && useYesPrice) {
      throw new RangeError(`no such protocol: dialect=${dialect} useYesPrice=${useYesPrice}`);
    }
    this.#sink = sink;
    this.#count = count;
    this.#clock = clock;
    this.#watch = new ConnectionWatch(limits, sink, count);
    this.#books = markets.map((market) => new MarketBook(market));
    this.#byTicker = new Map(this.#books.map((book) => [book.ticker, book]));
    this.#byMarket = new Map(this.#books.map((book) => [book.market, book]));
    const tickers = this.#books.map(({ ticker }) => ticker);
    this.#reader = new FrameReader(tickers, { dialect, useYesPrice });
    this.#subscription = new Subscription({ dialect, useYesPrice }, this.#events(), clock);
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#isOpen = true;
    this.#probeId = NONE;
    this.#startAskedNs = NONE;
    // What changed while nobody listened is read anew as soon as changes are told again.
    if (this.#hasLifecycle) this.#doubtTerms();
    this.#distrustAll(REASON_NO_SNAPSHOT, nowNs);
    for (const book of this.#books) book.sinceNs = nowNs;
    this.#watch.opened(nowNs);
    const asked = this.#books.filter(({ isOver }) => !isOver);
    this.#subscription.opened(send, asked, nowNs);
  }

  closed(): void {
    this.#isOpen = false;
    this.#subscription.closed();
    this.#watch.closed();
    this.#distrustAll(REASON_NO_SNAPSHOT, this.#clock.nowNs());
  }

  /** @hot */
  frame(data: Buffer, receiveNs: number, hasMore = false): void {
    this.#count('frames');
    const wasDelta = this.#take(data, receiveNs);
    // Whatever became of this one, those before it may not have been rung for. Any other takes long to read.
    this.#sink.ring(hasMore && wasDelta);
  }

  /** True for a change of a book, read the quick way. @hot */
  #take(data: Buffer, receiveNs: number): boolean {
    if (this.#watch.heard(receiveNs)) this.#resync(REASON_SILENT, receiveNs);
    const frame = this.#frame;
    const read = this.#reader.read(data, frame);
    if (read === READ_UNREADABLE) {
      this.#garbage(receiveNs);
      // It may have been any channel's.
      if (this.#subscription.lifecycle.sid !== NONE) this.#missedChanges();
      return false;
    }
    if (read === READ_FALLBACK) this.#count('fallbacks');
    if (!this.#inSequence(frame, receiveNs)) return false;
    this.#prove(frame, receiveNs);
    if (frame.kind === FRAME_DELTA) this.#delta(frame, receiveNs);
    else this.#rareFrame(frame, receiveNs);
    return read === READ_SCANNED;
  }

  #rareFrame(frame: KalshiFrame, receiveNs: number): void {
    switch (frame.kind) {
      case FRAME_SNAPSHOT:
        this.#snapshot(frame, receiveNs);
        break;
      case FRAME_SUBSCRIBED:
        this.#subscription.subscribed(frame, receiveNs);
        break;
      case FRAME_OK:
        this.#subscription.ok(frame, receiveNs);
        break;
      case FRAME_ERROR:
        this.#count('refusals');
        this.#subscription.error(frame, receiveNs);
        break;
      case FRAME_MARKET_LIFECYCLE:
      case FRAME_EVENT_FEE:
        this.#lifecycle(frame, receiveNs);
        break;
      default:
      // Other channels' frames: their sequence number is all that matters.
    }
  }

  tick(nowNs: number): string | undefined {
    this.#closeByTime();
    if (!this.#isOpen) return undefined;
    const probe = () => this.#probe(nowNs);
    const giveUp = this.#watch.tick(nowNs, probe, probe) ?? this.#subscription.tick(nowNs);
    if (giveUp !== undefined) return giveUp;
    this.#askAgain(nowNs);
    return undefined;
  }

  readmit(market: number): void {
    const book = this.#byMarket.get(market);
    if (book?.admitTerms() !== true) return;
    const nowNs = this.#clock.nowNs();
    this.#setReason(book, REASON_NO_SNAPSHOT, nowNs);
    this.#askFor([book], nowNs);
  }

  /**
   * What the frame says about the age of all that stands in the books, before any of it is used.
   * @hot
   */
  #prove({ id, tsMs }: KalshiFrame, receiveNs: number): void {
    if (tsMs !== NONE) this.#watch.stamped(receiveNs, tsMs);
    else if (id !== NONE && id === this.#probeId) {
      // Replies count in the sid's own sequence, so they come in order with the data (kalshi-api.md
      // 2.4).
      this.#watch.answered(this.#probedNs, receiveNs, true);
    }
  }

  #probe(nowNs: number): void {
    const probe = this.#subscription.probe(nowNs);
    this.#probeId = probe?.id ?? NONE;
    this.#probedNs = probe?.askedNs ?? nowNs;
  }

  /**
   * seq counts per sid over all markets and control replies (kalshi-api.md 2.4). One that is
   * skipped spoils every book. @hot
   */
  #inSequence({ kind, sid, seq }: KalshiFrame, nowNs: number): boolean {
    const { books, lifecycle } = this.#subscription;
    if (seq === NONE || sid === NONE) {
      if (kind !== FRAME_DELTA && kind !== FRAME_SNAPSHOT) return true;
      this.#garbage(nowNs);
      return false;
    }
    // The answer to a merged subscription tells the sid; an error is listened to whatever it is
    // about.
    if (sid !== books.sid) {
      return sid === lifecycle.sid
        ? this.#inLifecycle(seq)
        : kind === FRAME_OK || kind === FRAME_ERROR;
    }
    const place = books.take(seq);
    if (place === NEXT) return true;
    this.#count('gaps');
    this.#resync(REASON_SEQUENCE_GAP, nowNs);
    // A number that was there before is a frame of the past: not even its snapshot is current.
    return place === SKIPPED;
  }

  #inLifecycle(seq: number): boolean {
    const place = this.#subscription.lifecycle.take(seq);
    if (place === NEXT) return true;
    this.#count('gaps');
    this.#missedChanges();
    return place === SKIPPED;
  }

  /** @hot */
  #delta(frame: KalshiFrame, receiveNs: number): void {
    const book = this.#bookOf(frame, receiveNs);
    if (book === undefined) return;
    if (!frame.isSound) {
      this.#count('garbage');
      this.#repair(book, REASON_GARBAGE, receiveNs);
      return;
    }
    if (book.reason !== REASON_TRUSTED && book.reason !== REASON_CROSSED) return;
    const side = frame.isYes ? book.yesBids : book.noBids;
    if (side.add(frame.priceE4, frame.deltaCenti) < 0) {
      this.#repair(book, REASON_NEGATIVE_LEVEL, receiveNs);
      return;
    }
    this.#publish(book, receiveNs, frame.tsMs);
  }

  #snapshot(frame: KalshiFrame, receiveNs: number): void {
    this.#subscription.snapshot(frame);
    const book = this.#bookOf(frame, receiveNs);
    if (book === undefined) return;
    if (!frame.isSound) {
      this.#count('garbage');
      // Not asked for again at once: the next one may be no better.
      this.#setReason(book, REASON_GARBAGE, receiveNs);
      return;
    }
    // The first book, not the word before it: that comes also from an exchange whose data are
    // behind.
    if (this.#startAskedNs !== NONE) this.#watch.firstAnswered(this.#startAskedNs, receiveNs);
    this.#startAskedNs = NONE;
    book.takeSnapshot(frame);
    this.#publish(book, receiveNs, frame.tsMs);
  }

  /**
   * The book that a frame is about. One that does not say is a change lost to we know not which.
   * @hot
   */
  #bookOf({ market }: KalshiFrame, receiveNs: number): MarketBook | undefined {
    if (market === NO_TICKER) this.#garbage(receiveNs);
    return market < 0 ? undefined : this.#books[market];
  }

  /** @hot */
  #publish(book: MarketBook, receiveNs: number, tsMs: number): void {
    const crossed = book.yesBids.bestPriceE4() + book.noBids.bestPriceE4() >= PAYOUT_E4;
    if (crossed) this.#setReason(book, REASON_CROSSED, receiveNs);
    const venueMs = tsMs === NONE ? 0 : tsMs;
    this.#sink.publish(book.market, book.noBids, book.yesBids, receiveNs, venueMs);
    if (!crossed) this.#setReason(book, REASON_TRUSTED, receiveNs);
  }

  #lifecycle(frame: KalshiFrame, nowNs: number): void {
    const change = readLifecycle(frame);
    if (change === undefined) return;
    if (change.kind === 'unreadable') {
      this.#count('garbage');
      this.#missedChanges();
    } else if (change.kind === 'event-terms') {
      for (const book of this.#books) {
        if (book.isOfEvent(change.eventTicker)) this.#changeTerms(book);
      }
    } else {
      const book = this.#byTicker.get(change.ticker);
      if (book !== undefined) this.#changeMarket(book, change, nowNs);
    }
  }

  #changeMarket(book: MarketBook, change: MarketChange, nowNs: number): void {
    switch (change.kind) {
      case 'halted':
        book.setHalted(true);
        break;
      case 'active':
        book.setHalted(false);
        this.#repair(book, REASON_NO_SNAPSHOT, nowNs);
        break;
      case 'over':
        book.setOver();
        break;
      case 'terms':
        if (change.closeMs !== undefined) this.#closesAt(book, change.closeMs);
        this.#changeTerms(book);
        break;
      default:
        change satisfies never;
    }
    this.#show(book);
  }

  #closesAt(book: MarketBook, closeMs: number): void {
    book.closeMs = closeMs;
    book.setClosed(false);
    this.#nextCloseMs = 0;
  }

  #closeByTime(): void {
    const wallMs = this.#clock.wallMs();
    if (wallMs < this.#nextCloseMs) return;
    this.#nextCloseMs = Number.POSITIVE_INFINITY;
    for (const book of this.#books) {
      if (book.isClosed) continue;
      if (wallMs >= book.closeMs) {
        book.setClosed(true);
        this.#show(book);
      } else this.#nextCloseMs = Math.min(this.#nextCloseMs, book.closeMs);
    }
  }

  #changeTerms(book: MarketBook): void {
    if (book.isOver) return;
    book.changeTerms();
    this.#show(book);
    this.#sink.termsChanged(book.market);
  }

  /**
   * Changes of state or terms may have been told without us: of every market, and what they are now
   * can be read.
   */
  #missedChanges(): void {
    this.#doubtTerms();
    this.#tellDoubts();
  }

  #doubtTerms(): void {
    for (const book of this.#books) {
      book.doubtTerms();
      this.#show(book);
    }
  }

  #tellDoubts(): void {
    for (const book of this.#books) if (book.terms === 'doubted') this.#changeTerms(book);
  }

  #events(): SubscriptionEvents<MarketBook> {
    return {
      booksStarted: (askedNs) => {
        this.#startAskedNs = askedNs;
      },
      booksEnded: (nowNs) => this.#distrustAll(REASON_NO_SNAPSHOT, nowNs),
      refused: (book) => {
        book.setOver();
        this.#show(book);
      },
      lifecycleStarted: () => {
        this.#hasLifecycle = true;
        this.#tellDoubts();
      },
      lifecycleLost: () => this.#doubtTerms(),
      // Nobody tells changes on this connection: what they were until now is all that can be read.
      lifecycleRefused: () => this.#tellDoubts(),
    };
  }

  /** Something came that cannot be read: it may have been a change of any book. */
  #garbage(nowNs: number): void {
    this.#count('garbage');
    this.#resync(REASON_GARBAGE, nowNs);
  }

  /** Every book of the connection is doubted and asked for again. */
  #resync(reason: number, nowNs: number): void {
    this.#distrustAll(reason, nowNs);
    this.#askFor(this.#books, nowNs);
  }

  #repair(book: MarketBook, reason: number, nowNs: number): void {
    this.#setReason(book, reason, nowNs);
    this.#askFor([book], nowNs);
  }

  /** Snapshots that never came, and crossed books that stay crossed, are asked for again. */
  #askAgain(nowNs: number): void {
    const overdue: MarketBook[] = [];
    for (const book of this.#books) {
      if (book.reason === REASON_TRUSTED || book.isClosed || book.isOver) continue;
      const patienceNs = book.reason === REASON_CROSSED ? CROSSED_NS : SNAPSHOT_RETRY_NS;
      if (nowNs - book.sinceNs > patienceNs) overdue.push(book);
    }
    for (const book of overdue) book.sinceNs = nowNs;
    if (overdue.length > 0) this.#askFor(overdue, nowNs);
  }

  #askFor(books: readonly MarketBook[], nowNs: number): void {
    if (this.#subscription.books.sid === NONE) return;
    this.#count('resyncs');
    for (const book of books) if (!book.isOver) this.#subscription.want(book);
    this.#subscription.flush(nowNs);
  }

  #distrustAll(reason: number, nowNs: number): void {
    for (const book of this.#books) this.#setReason(book, reason, nowNs);
  }

  #setReason(book: MarketBook, reason: number, nowNs: number): void {
    if (book.reason !== reason) book.sinceNs = nowNs;
    book.reason = reason;
    this.#show(book);
  }

  #show(book: MarketBook): void {
    this.#sink.setMarketTrust(book.market, book.shownReason());
  }
}
