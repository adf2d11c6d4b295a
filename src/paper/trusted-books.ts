// Books as they are displayed now, out of shared memory, and only while they are provably current.
import type { Clock } from '../domain/clock.js';
import { createAskLevels } from '../domain/sizing.js';
import type { Outcome, Venue } from '../domain/venue.js';
import { MAX_FEED_AGE_NS } from '../pipeline/detector.js';
import type { ControlBlock } from '../shm/control-block.js';
import { DEPTH_LEVELS, type DepthTable } from '../shm/depth-table.js';
import { type QuoteTable, TRUSTED, trustReason } from '../shm/quote-table.js';
import type { Shown } from './ladder.js';

export interface BookMemory {
  readonly quotes: QuoteTable;
  /** As the exchanges display it. */
  readonly depth: DepthTable;
  readonly control: ControlBlock;
}

export class TrustedBooks {
  readonly #memory: BookMemory;
  readonly #markets: number;
  readonly #feedWorker: (venue: Venue, market: number) => number;
  readonly #clock: Clock;
  readonly #asks = createAskLevels(DEPTH_LEVELS);

  /** `feedWorker`: the one that vouches for the market on this exchange. */
  constructor(
    memory: BookMemory,
    markets: number,
    feedWorker: (venue: Venue, market: number) => number,
    clock: Clock,
  ) {
    this.#memory = memory;
    this.#markets = markets;
    this.#feedWorker = feedWorker;
    this.#clock = clock;
  }

  read(venue: Venue, market: number, outcome: Outcome): Shown | undefined {
    const { quotes, depth, control } = this.#memory;
    const slot = venue * this.#markets + market;
    const worker = this.#feedWorker(venue, market);
    const nowNs = this.#clock.nowNs();
    if (nowNs > control.freshUntilNs(worker)) return undefined;
    if (nowNs - control.heartbeatNs(worker) > MAX_FEED_AGE_NS) return undefined;
    const trust = quotes.trustWord(slot);
    if (trustReason(trust) !== TRUSTED || !depth.read(slot, outcome, this.#asks)) return undefined;
    if (quotes.trustWord(slot) !== trust) return undefined;
    const { pricesE4, sizesCenti, count } = this.#asks;
    const levels = Array.from({ length: count }, (_, level) => ({
      priceE4: pricesE4[level]!,
      sizeCenti: sizesCenti[level]!,
    }));
    return { levels, isWhole: count < DEPTH_LEVELS };
  }

  /** Counts publications of the market's book. */
  updates(venue: Venue, market: number): number {
    return this.#memory.quotes.updates(venue * this.#markets + market);
  }
}
