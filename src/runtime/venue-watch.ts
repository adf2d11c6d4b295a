// Asks each exchange now and then whether it trades: pauses are told by no socket (kalshi-api.md 5). Each answer also carries the
// exchange's time, so both clocks are compared as often.
import { KALSHI, POLYMARKET, VENUE_NAMES, type Venue } from '../domain/venue.js';
import { messageOf } from '../net/rest-client.js';

/** Often enough that a pause costs one or two orders, and 2 tokens of 200 a second. */
export const VENUE_WATCH_MS = 5_000;
export const PAUSE_WATCH_MS = 1_000;

export interface ShardState {
  readonly exchangeIndex: number;
  readonly isTrading: boolean;
}

export interface VenueWatchOptions {
  /** Which of Kalshi's shards trade now. */
  readonly kalshiShards: () => Promise<readonly ShardState[]>;
  /** Polymarket tells no state; any reply brings its time. */
  readonly polymarketTime: () => Promise<unknown>;
  /** Told of each change. */
  readonly shardPaused: (exchangeIndex: number, isPaused: boolean) => void;
  readonly unreachable: (venue: Venue, why: string) => void;
}

export class VenueWatch {
  readonly #options: VenueWatchOptions;
  readonly #paused = new Set<number>();
  readonly #asking = new Set<Venue>();

  constructor(options: VenueWatchOptions) {
    this.#options = options;
  }

  get pausedShards(): readonly number[] {
    return [...this.#paused];
  }

  /** Asks both exchanges; one that is still being asked is not asked again. Never rejects. */
  async ask(): Promise<void> {
    await Promise.all([
      this.#once(KALSHI, async () => this.#shards(await this.#options.kalshiShards())),
      this.#once(POLYMARKET, () => this.#options.polymarketTime()),
    ]);
  }

  #shards(states: readonly ShardState[]): void {
    for (const { exchangeIndex, isTrading } of states) {
      if (this.#paused.has(exchangeIndex) !== isTrading) continue;
      if (isTrading) this.#paused.delete(exchangeIndex);
      else this.#paused.add(exchangeIndex);
      this.#options.shardPaused(exchangeIndex, !isTrading);
    }
  }

  async #once(venue: Venue, ask: () => Promise<unknown>): Promise<void> {
    if (this.#asking.has(venue)) return;
    this.#asking.add(venue);
    try {
      await ask();
    } catch (error) {
      this.#options.unreachable(venue, `${VENUE_NAMES[venue]}: ${messageOf(error)}`);
    } finally {
      this.#asking.delete(venue);
    }
  }
}
