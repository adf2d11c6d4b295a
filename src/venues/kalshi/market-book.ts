// One market of a feed: its book as far as the frames tell, and what keeps it from being trusted
// whatever the book says. It must not know the connection.
import { Ladder } from '../../domain/ladder.js';
import {
  REASON_CLOSED,
  REASON_HALTED,
  REASON_NO_SNAPSHOT,
  REASON_TERMS_CHANGED,
  REASON_TRUSTED,
} from '../feed.js';
import type { KalshiFrame } from './wire/frame.js';

export interface KalshiFeedMarket {
  /** The engine's dense index. */
  readonly market: number;
  readonly ticker: string;
  /**
   * Without it a fee change of an event is taken to be about every ticker that begins with the
   * event's.
   */
  readonly eventTicker?: string;
  /**
   * Wall clock. The exchange sends nothing at the close (kalshi-api.md 2.6): without it the market
   * is not closed by time.
   */
  readonly closeMs?: number;
}

/** What the engine knows of grid, fee and close. */
export type Terms =
  | 'known'
  /** They may have changed, and nobody was told yet. */
  | 'doubted'
  /** The engine was told and reads them anew. */
  | 'told';

export class MarketBook {
  readonly market: number;
  readonly ticker: string;
  yesBids = new Ladder();
  noBids = new Ladder();
  /** Of the book alone. */
  reason = REASON_NO_SNAPSHOT;
  /**
   * When the book got this reason, or was last asked for: unanswered snapshots and crossed books
   * are timed by it.
   */
  sinceNs = 0;
  /** What stands above the book's own reason; REASON_TRUSTED when nothing does. */
  bar = REASON_TRUSTED;
  closeMs: number;
  readonly #eventTicker: string | undefined;
  #isOver = false;
  #isClosed = false;
  #isHalted = false;
  #terms: Terms = 'known';

  constructor({ market, ticker, eventTicker, closeMs }: KalshiFeedMarket) {
    this.market = market;
    this.ticker = ticker;
    this.#eventTicker = eventTicker;
    this.closeMs = closeMs ?? Number.POSITIVE_INFINITY;
  }

  /** What the market shows to the engine. @hot */
  shownReason(): number {
    return this.bar === REASON_TRUSTED ? this.reason : this.bar;
  }

  /** The snapshot's levels; the frame gets the old ones' room. */
  takeSnapshot(frame: KalshiFrame): void {
    const { yesBids, noBids } = this;
    this.yesBids = frame.yesBids;
    this.noBids = frame.noBids;
    frame.yesBids = yesBids;
    frame.noBids = noBids;
  }

  /** The exchange does not know the ticker, or the result: it is never asked for again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get terms(): Terms {
    return this.#terms;
  }

  isOfEvent(eventTicker: string): boolean {
    if (this.#eventTicker !== undefined) return this.#eventTicker === eventTicker;
    return this.ticker === eventTicker || this.ticker.startsWith(`${eventTicker}-`);
  }

  setOver(): void {
    this.#isOver = true;
    this.#setBar();
  }

  setHalted(isHalted: boolean): void {
    this.#isHalted = isHalted;
    this.#setBar();
  }

  /** By the time that is known for it; a later time opens the market again. */
  setClosed(isClosed: boolean): void {
    this.#isClosed = isClosed;
    this.#setBar();
  }

  /**
   * Something may have been missed, a halt or its end as well: that is for the new terms to say,
   * which are given for active markets only.
   */
  doubtTerms(): void {
    this.#terms = 'doubted';
    this.#isHalted = false;
    this.#setBar();
  }

  changeTerms(): void {
    this.#terms = 'told';
    this.#setBar();
  }

  /**
   * True when these were the terms that the engine was told to read; those that are in doubt since
   * are not.
   */
  admitTerms(): boolean {
    if (this.#terms !== 'told') return false;
    this.#terms = 'known';
    this.#setBar();
    return true;
  }

  #setBar(): void {
    if (this.#isOver || this.#isClosed) this.bar = REASON_CLOSED;
    else if (this.#terms !== 'known') this.bar = REASON_TERMS_CHANGED;
    else this.bar = this.#isHalted ? REASON_HALTED : REASON_TRUSTED;
  }
}
