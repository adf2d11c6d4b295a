// The agents of the pipeline: feed, detector, executor. Each can be stepped by a test; none knows threads, files or flags.
//
// The publisher is the last step of a feed: it puts a market's asks into shared memory and marks its pair for the detector.
import type { Clock } from '../domain/clock.js';
import type { Ladder } from '../domain/ladder.js';
import { CENTI_PER_CONTRACT, PAYOUT_E4 } from '../domain/units.js';
import type { DepthTable } from '../shm/depth-table.js';
import type { Doorbell } from '../shm/doorbell.js';
import type { QuoteTable } from '../shm/quote-table.js';
import {
  type CountFeed,
  type FeedSink,
  REASON_BEST_MISMATCH,
  REASON_CROSSED,
  REASON_DISCONNECTED,
  REASON_NO_SNAPSHOT,
  REASON_TRUSTED,
} from '../venues/feed.js';

/** Records one stage's time; a worker's histogram. */
export type RecordNs = (ns: number) => void;

export interface PublisherEvents {
  /** The market's terms are not those that the engine knows. */
  termsChanged(market: number): void;
  /** A market whose book had to be mended, or asked for again, is trusted again after so long. */
  regained(afterNs: number): void;
  /** The connection's prices may be bought on until then. @hot */
  freshUntil(untilNs: number): void;
}

/**
 * Of frames that one read brought, the first one rings, each 16th after it and the last one. To wake a detector takes 4 us, to publish a
 * frame 1: it would spend most of a burst on waking, and the burst's last frame would wait for all of that.
 */
const FRAMES_PER_RING = 16;

/** Between two frames of one matching event books are crossed, or not what the exchange says: that passes by itself. */
const PASSING_REASONS: readonly number[] = [REASON_CROSSED, REASON_BEST_MISMATCH];

const NO_EVENTS: PublisherEvents = {
  termsChanged: () => undefined,
  regained: () => undefined,
  freshUntil: () => undefined,
};

export interface PublisherMemory {
  readonly quotes: QuoteTable;
  readonly depth: DepthTable;
  /** One a detector; pair p belongs to detector p % length. */
  readonly doorbells: readonly Doorbell[];
}

/** Publishes the markets of one connection. Slots are venue x pairs + market: a market's index is its pair's. */
export class Publisher implements FeedSink {
  readonly #memory: PublisherMemory;
  readonly #markets: readonly number[];
  readonly #slotBase: number;
  readonly #marketReasons: Uint8Array;
  /** By market, as written: what readers see, and how often trust was lost. */
  readonly #writtenReasons: Uint8Array;
  readonly #epochs: Uint16Array;
  readonly #count: CountFeed;
  readonly #recordNs: RecordNs;
  readonly #clock: Clock;
  readonly #events: PublisherEvents;
  /** By market: when it was last trusted no longer, 0 when it never was. */
  readonly #lostNs: Float64Array;
  /** By market: 1 when there was more to mend since then than a matching event whose frames were not all here. */
  readonly #wasRepaired: Uint8Array;
  #connectionReason = REASON_DISCONNECTED;
  /** Detectors with a pair that was marked since they were rung for, a bit each. */
  #marked = 0;
  /** Frames since the beginning of the burst. */
  #burst = 0;

  constructor(
    memory: PublisherMemory,
    venue: number,
    pairs: number,
    markets: readonly number[],
    count: CountFeed,
    recordNs: RecordNs,
    clock: Clock,
    events: Partial<PublisherEvents> = {},
  ) {
    this.#memory = memory;
    this.#markets = markets;
    this.#slotBase = venue * pairs;
    this.#marketReasons = new Uint8Array(pairs).fill(REASON_NO_SNAPSHOT);
    this.#writtenReasons = new Uint8Array(pairs);
    this.#epochs = new Uint16Array(pairs);
    this.#count = count;
    this.#recordNs = recordNs;
    this.#clock = clock;
    this.#events = { ...NO_EVENTS, ...events };
    this.#lostNs = new Float64Array(pairs);
    this.#wasRepaired = new Uint8Array(pairs);
    this.#writeAllTrust();
  }

  /** @hot */
  publish(
    market: number,
    yesAsks: Ladder,
    noAsks: Ladder,
    receiveNs: number,
    venueMs: number,
  ): void {
    const slot = this.#slotBase + market;
    // Depth before the quote: who sees the quote may size on depth at least as new.
    this.#memory.depth.publish(slot, yesAsks, noAsks, PAYOUT_E4);
    const nowNs = this.#clock.nowNs();
    this.#memory.quotes.publish(
      slot,
      bestAskE4(yesAsks),
      bestAskE4(noAsks),
      wholeContracts(yesAsks),
      wholeContracts(noAsks),
      receiveNs,
      nowNs,
      venueMs,
    );
    this.#mark(market);
    this.#recordNs(nowNs - receiveNs);
  }

  /** @hot */
  setMarketTrust(market: number, reason: number): void {
    if (this.#marketReasons[market] === reason) return;
    this.#marketReasons[market] = reason;
    this.#writeTrust(market);
    // A quote that has become good must be looked at again, even if no price changed.
    if (reason === REASON_TRUSTED) this.#mark(market);
  }

  setConnectionTrust(reason: number): void {
    if (this.#connectionReason === reason) return;
    this.#connectionReason = reason;
    this.#writeAllTrust();
    if (reason === REASON_TRUSTED) this.showAgain();
  }

  /** @hot */
  setFreshUntil(untilNs: number, hadLapsed: boolean): void {
    this.#events.freshUntil(untilNs);
    if (hadLapsed) this.showAgain();
  }

  termsChanged(market: number): void {
    this.#events.termsChanged(market);
  }

  /** Every market is looked at again: the detector may have passed over their quotes while this feed showed no sign of life. */
  showAgain(): void {
    for (const market of this.#markets) this.#mark(market);
    this.ring();
  }

  /** @hot */
  ring(hasMore = false): void {
    const nth = this.#burst;
    this.#burst = hasMore ? nth + 1 : 0;
    if (this.#marked === 0 || (hasMore && nth % FRAMES_PER_RING !== 0)) return;
    const { doorbells } = this.#memory;
    for (let detector = 0; detector < doorbells.length; detector++) {
      if ((this.#marked & (1 << detector)) !== 0) doorbells[detector]!.ring();
    }
    this.#marked = 0;
  }

  #mark(pair: number): void {
    const { doorbells } = this.#memory;
    const detector = pair % doorbells.length;
    if (doorbells[detector]!.mark(pair)) this.#count('conflated');
    this.#marked |= 1 << detector;
  }

  /** Each loss of trust begins an epoch: a reader that slept through it must not find the word that it had read before. */
  #writeTrust(market: number): void {
    const reason =
      this.#connectionReason === REASON_TRUSTED
        ? this.#marketReasons[market]!
        : this.#connectionReason;
    if (this.#writtenReasons[market] === reason) return;
    if (this.#writtenReasons[market] === REASON_TRUSTED) {
      this.#epochs[market]!++;
      this.#lostNs[market] = this.#clock.nowNs();
      this.#wasRepaired[market] = 0;
    }
    if (reason !== REASON_TRUSTED) {
      if (!PASSING_REASONS.includes(reason)) this.#wasRepaired[market] = 1;
    } else if (this.#wasRepaired[market] === 1 && this.#lostNs[market]! > 0) {
      this.#events.regained(this.#clock.nowNs() - this.#lostNs[market]!);
    }
    this.#writtenReasons[market] = reason;
    this.#memory.quotes.setTrust(this.#slotBase + market, this.#epochs[market]!, reason);
  }

  #writeAllTrust(): void {
    for (const market of this.#markets) this.#writeTrust(market);
  }
}

function bestAskE4(asks: Ladder): number {
  return asks.count === 0 ? 0 : PAYOUT_E4 - asks.bestPriceE4();
}

function wholeContracts(asks: Ladder): number {
  return asks.count === 0 ? 0 : Math.floor(asks.sizesCenti[asks.count - 1]! / CENTI_PER_CONTRACT);
}
