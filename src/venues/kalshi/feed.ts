// Kalshi's market data session (kalshi-api.md 2): one orderbook_delta subscription a connection, books from snapshot and signed
// deltas, one sequence over all of them, repaired by get_snapshot. Steps on frames and ticks; owns no socket.
import type { Clock } from '../../domain/clock.js';
import { parseDecimal, parseSignedDecimal } from '../../domain/decimal.js';
import { Ladder } from '../../domain/ladder.js';
import { isPrice } from '../../domain/price-grid.js';
import { PAYOUT_E4, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { ConnectionWatch } from '../connection-watch.js';
import {
  type CountFeed,
  type FeedSink,
  REASON_CLOSED,
  REASON_CROSSED,
  REASON_GARBAGE,
  REASON_NEGATIVE_LEVEL,
  REASON_NO_SNAPSHOT,
  REASON_SEQUENCE_GAP,
  REASON_SILENT,
  REASON_TRUSTED,
} from '../feed.js';
import { isObject, parseObject, textOf } from '../json.js';
import type { LivenessLimits } from '../liveness.js';

/** Tickers a command carries: errors 26 and 27 have unpublished limits, batches of 500 worked (kalshi-api.md 2.1). */
const TICKERS_PER_COMMAND = 500;
/** A book that was asked for and has not come is asked for again after this long. */
const SNAPSHOT_RETRY_NS = 1_000_000_000;
/** A crossed book that does not uncross by itself within this long was built from a lost message. */
const CROSSED_NS = 250_000_000;
/** Error codes after which the subscription is dead (kalshi-api.md 2.3). */
const TERMINAL_ERRORS: readonly number[] = [10, 25];
/** `market_tickers` beside it are those that the exchange does not know. */
const INVALID_PARAMETER = 11;
/** A subscription without an answer for so long has been refused or lost: the connection starts over. */
const SUBSCRIBE_NS = 5_000_000_000;

interface Book {
  readonly market: number;
  readonly ticker: string;
  readonly yesBids: Ladder;
  readonly noBids: Ladder;
  reason: number;
  /** When the book stopped being trusted; for crossed books and unanswered snapshots. */
  sinceNs: number;
  /** The exchange does not know the ticker: it would refuse every command that names it. */
  isRefused: boolean;
}

/** The parts of a frame that the session reads; everything else on the wire is ignored (kalshi-api.md 7.9). */
interface Frame {
  readonly type?: string;
  readonly id?: number;
  readonly sid?: number;
  readonly seq?: number;
  readonly msg?: FrameBody | undefined;
}
interface FrameBody {
  readonly market_ticker?: string;
  readonly price_dollars?: string;
  readonly delta_fp?: string;
  readonly side?: string;
  readonly ts_ms?: number;
  readonly yes_dollars_fp?: readonly (readonly [string, string])[];
  readonly no_dollars_fp?: readonly (readonly [string, string])[];
  readonly channel?: string;
  readonly sid?: number;
  readonly code?: number;
  readonly market_tickers?: readonly string[];
}

export interface KalshiFeedMarket {
  readonly market: number;
  readonly ticker: string;
}

export class KalshiFeed {
  readonly #books: Book[];
  readonly #byTicker = new Map<string, Book>();
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  readonly #clock: Clock;
  readonly #watch: ConnectionWatch;
  #send: ((text: string) => void) | undefined;
  #commandId = 0;
  #sid = 0;
  #lastSeq = 0;
  #giveUp: string | undefined;
  #openedNs = 0;
  /** The last question that must be answered, and when it was asked: its answer proves that the pipe is not behind. */
  #probeId = 0;
  #probedNs = 0;

  constructor(
    markets: readonly KalshiFeedMarket[],
    sink: FeedSink,
    count: CountFeed,
    limits: LivenessLimits,
    clock: Clock,
  ) {
    this.#sink = sink;
    this.#count = count;
    this.#clock = clock;
    this.#watch = new ConnectionWatch(limits, sink, count);
    this.#books = markets.map(({ market, ticker }) => ({
      market,
      ticker,
      yesBids: new Ladder(),
      noBids: new Ladder(),
      reason: REASON_NO_SNAPSHOT,
      sinceNs: 0,
      isRefused: false,
    }));
    for (const book of this.#books) this.#byTicker.set(book.ticker, book);
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#send = send;
    this.#sid = 0;
    this.#lastSeq = 0;
    this.#giveUp = undefined;
    this.#openedNs = nowNs;
    this.#probeId = 0;
    this.#distrustAll(REASON_NO_SNAPSHOT, nowNs);
    for (const book of this.#books) book.sinceNs = nowNs;
    this.#watch.opened(nowNs);
    this.#subscribe(this.#tickers().slice(0, TICKERS_PER_COMMAND));
  }

  closed(): void {
    this.#send = undefined;
    this.#watch.closed();
    this.#distrustAll(REASON_NO_SNAPSHOT, this.#clock.nowNs());
  }

  /** @hot */
  frame(data: Buffer, receiveNs: number): void {
    this.#count('frames');
    if (this.#watch.heard(receiveNs)) this.#resync(REASON_SILENT, receiveNs);
    const frame = readFrame(data);
    if (frame === undefined) {
      this.#count('garbage');
      this.#resync(REASON_GARBAGE, receiveNs);
      return;
    }
    if (!this.#inSequence(frame, receiveNs)) return;
    this.#prove(frame, receiveNs);
    switch (frame.type) {
      case 'orderbook_delta':
        this.#delta(frame.msg, receiveNs);
        break;
      case 'orderbook_snapshot':
        this.#snapshot(frame.msg, receiveNs);
        break;
      case 'subscribed':
        this.#subscribed(frame.msg);
        this.#watch.firstAnswered(this.#openedNs, receiveNs);
        break;
      case 'error':
        this.#error(frame.msg);
        break;
      default:
      // Other channels' frames, command replies: their sequence number is all that matters.
    }
    this.#sink.ring();
  }

  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    if (this.#giveUp !== undefined) return this.#giveUp;
    const giveUp = this.#watch.tick(nowNs, () => this.#probe(nowNs));
    if (giveUp !== undefined) return giveUp;
    if (this.#sid === 0 && nowNs - this.#openedNs > SUBSCRIBE_NS) return 'subscribe has no answer';
    this.#askAgain(nowNs);
    return undefined;
  }

  /** What the frame says about the age of all that stands in the books, before any of it is used. @hot */
  #prove({ id, msg }: Frame, receiveNs: number): void {
    if (msg?.ts_ms !== undefined) this.#watch.stamped(receiveNs, msg.ts_ms);
    else if (id !== undefined && id === this.#probeId) {
      // Replies count in the sid's own sequence, so they come in order with the data (kalshi-api.md 2.4).
      this.#watch.answered(this.#probedNs, receiveNs, true);
    }
  }

  #probe(nowNs: number): void {
    this.#command('list_subscriptions', {});
    this.#probeId = this.#commandId;
    this.#probedNs = nowNs;
  }

  /** seq counts per sid over all markets and control replies (kalshi-api.md 2.4). One that is skipped spoils every book. @hot */
  #inSequence(frame: Frame, nowNs: number): boolean {
    const { seq, sid } = frame;
    if (seq === undefined || sid === undefined) {
      if (frame.type !== 'orderbook_delta' && frame.type !== 'orderbook_snapshot') return true;
      this.#count('garbage');
      this.#resync(REASON_GARBAGE, nowNs);
      return false;
    }
    if (this.#sid !== 0 && sid !== this.#sid) return false;
    const expected = this.#lastSeq + 1;
    this.#lastSeq = seq;
    if (seq === expected) return true;
    this.#count('gaps');
    this.#resync(REASON_SEQUENCE_GAP, nowNs);
    // A number that was there before is a frame of the past: not even its snapshot is current.
    return seq > expected;
  }

  /** @hot */
  #delta(body: FrameBody | undefined, receiveNs: number): void {
    const book = this.#bookOf(body, receiveNs);
    if (body === undefined || book === undefined) return;
    const priceE4 = parseDecimal(textOf(body.price_dollars), PRICE_PLACES);
    const deltaCenti = parseSignedDecimal(textOf(body.delta_fp), SIZE_CENTI_PLACES);
    const side = sideOf(book, body.side);
    if (side === undefined || !isPrice(priceE4) || Number.isNaN(deltaCenti)) {
      this.#count('garbage');
      this.#repair(book, REASON_GARBAGE, receiveNs);
      return;
    }
    if (book.reason !== REASON_TRUSTED && book.reason !== REASON_CROSSED) return;
    if (side.add(priceE4, deltaCenti) < 0) {
      this.#repair(book, REASON_NEGATIVE_LEVEL, receiveNs);
      return;
    }
    this.#publish(book, receiveNs, body.ts_ms);
  }

  #snapshot(body: FrameBody | undefined, receiveNs: number): void {
    const book = this.#bookOf(body, receiveNs);
    if (body === undefined || book === undefined) return;
    // A side without levels has no key at all (kalshi-api.md 2.6).
    if (
      !fill(book.yesBids, body.yes_dollars_fp ?? []) ||
      !fill(book.noBids, body.no_dollars_fp ?? [])
    ) {
      this.#count('garbage');
      this.#repair(book, REASON_GARBAGE, receiveNs);
      return;
    }
    this.#publish(book, receiveNs, body.ts_ms);
  }

  /** The book that a frame is about. One that does not say is a change lost to we know not which. @hot */
  #bookOf(body: FrameBody | undefined, receiveNs: number): Book | undefined {
    if (typeof body?.market_ticker === 'string') return this.#byTicker.get(body.market_ticker);
    this.#count('garbage');
    this.#resync(REASON_GARBAGE, receiveNs);
    return undefined;
  }

  /** @hot */
  #publish(book: Book, receiveNs: number, venueMs: number | undefined): void {
    const crossed = book.yesBids.bestPriceE4() + book.noBids.bestPriceE4() >= PAYOUT_E4;
    const reason = crossed ? REASON_CROSSED : REASON_TRUSTED;
    if (reason !== REASON_TRUSTED) this.#setReason(book, reason, receiveNs);
    this.#sink.publish(book.market, book.noBids, book.yesBids, receiveNs, venueMs ?? 0);
    if (reason === REASON_TRUSTED) this.#setReason(book, reason, receiveNs);
  }

  #subscribed(body: FrameBody | undefined): void {
    if (body?.channel !== 'orderbook_delta' || typeof body.sid !== 'number') return;
    this.#sid = body.sid;
    const rest = this.#tickers().slice(TICKERS_PER_COMMAND);
    for (const market_tickers of batches(rest)) {
      this.#command('update_subscription', {
        sids: [this.#sid],
        action: 'add_markets',
        market_tickers,
      });
    }
  }

  #error(body: FrameBody | undefined): void {
    const code = body?.code ?? 0;
    if (TERMINAL_ERRORS.includes(code)) this.#giveUp = `the subscription is dead code=${code}`;
    if (code === INVALID_PARAMETER) this.#leaveOut(body?.market_tickers ?? []);
  }

  /** One ticker that the exchange does not know refuses the whole command for hundreds of others: it is not asked for again. */
  #leaveOut(tickers: readonly string[]): void {
    if (!Array.isArray(tickers)) return;
    for (const ticker of tickers as readonly string[]) {
      const book = this.#byTicker.get(ticker);
      if (book === undefined || book.isRefused) continue;
      book.isRefused = true;
      this.#setReason(book, REASON_CLOSED, this.#clock.nowNs());
      this.#giveUp = `the exchange does not know a market ticker=${ticker}`;
    }
  }

  #subscribe(market_tickers: readonly string[]): void {
    this.#command('subscribe', {
      channels: ['orderbook_delta'],
      market_tickers,
      use_yes_price: false,
    });
  }

  /** Every book of the connection is doubted and asked for again. */
  #resync(reason: number, nowNs: number): void {
    this.#distrustAll(reason, nowNs);
    this.#askFor(this.#books.filter(({ isRefused }) => !isRefused));
  }

  #repair(book: Book, reason: number, nowNs: number): void {
    this.#setReason(book, reason, nowNs);
    this.#askFor([book]);
  }

  /** Snapshots that never came, and crossed books that stay crossed, are asked for again. */
  #askAgain(nowNs: number): void {
    const overdue = this.#books.filter(
      ({ reason, sinceNs, isRefused }) =>
        !isRefused &&
        reason !== REASON_TRUSTED &&
        nowNs - sinceNs > (reason === REASON_CROSSED ? CROSSED_NS : SNAPSHOT_RETRY_NS),
    );
    for (const book of overdue) book.sinceNs = nowNs;
    if (overdue.length > 0) this.#askFor(overdue);
  }

  #askFor(books: readonly Book[]): void {
    if (this.#sid === 0) return;
    this.#count('resyncs');
    for (const market_tickers of batches(books.map(({ ticker }) => ticker))) {
      this.#command('update_subscription', {
        sids: [this.#sid],
        action: 'get_snapshot',
        market_tickers,
      });
    }
  }

  #command(cmd: string, params: object): void {
    this.#send?.(JSON.stringify({ id: ++this.#commandId, cmd, params }));
  }

  #distrustAll(reason: number, nowNs: number): void {
    for (const book of this.#books) {
      this.#setReason(book, book.isRefused ? REASON_CLOSED : reason, nowNs);
    }
  }

  #setReason(book: Book, reason: number, nowNs: number): void {
    if (book.reason !== reason) book.sinceNs = nowNs;
    book.reason = reason;
    this.#sink.setMarketTrust(book.market, reason);
  }

  #tickers(): string[] {
    return this.#books.filter(({ isRefused }) => !isRefused).map(({ ticker }) => ticker);
  }
}

/** The frame, or undefined when it is not one: not JSON, no object, or numbers that are none. */
function readFrame(data: Buffer): Frame | undefined {
  const value = parseObject(data.toString('utf8'));
  if (value === undefined) return undefined;
  const { seq, sid, msg } = value;
  if (seq !== undefined && !Number.isSafeInteger(seq)) return undefined;
  if (sid !== undefined && !Number.isSafeInteger(sid)) return undefined;
  // list_subscriptions is answered with an array (kalshi-api.md 2.3).
  if (msg !== undefined && !isObject(msg)) return { ...value, msg: undefined } as Frame;
  if (msg?.ts_ms !== undefined && !Number.isSafeInteger(msg.ts_ms)) return undefined;
  return value as Frame;
}

function sideOf(book: Book, side: string | undefined): Ladder | undefined {
  if (side === 'yes') return book.yesBids;
  return side === 'no' ? book.noBids : undefined;
}

/** False, with the ladder empty, when a level cannot be read. */
function fill(ladder: Ladder, levels: readonly (readonly [string, string])[]): boolean {
  ladder.clear();
  if (!Array.isArray(levels)) return false;
  for (const level of levels as readonly unknown[]) {
    const [price, size] = Array.isArray(level) ? (level as readonly unknown[]) : [];
    const priceE4 = parseDecimal(textOf(price), PRICE_PLACES);
    const sizeCenti = parseDecimal(textOf(size), SIZE_CENTI_PLACES);
    if (!isPrice(priceE4) || Number.isNaN(sizeCenti)) {
      ladder.clear();
      return false;
    }
    ladder.set(priceE4, sizeCenti);
  }
  return true;
}

function batches(tickers: readonly string[]): string[][] {
  const all: string[][] = [];
  for (let start = 0; start < tickers.length; start += TICKERS_PER_COMMAND) {
    all.push(tickers.slice(start, start + TICKERS_PER_COMMAND));
  }
  return all;
}
