// Keeps prices visible while a socket is down: reads the books by REST, now and then, and publishes them marked as polled. Nobody
// trades on them; a person, and whoever measures, sees where the market is.
import type { Clock } from '../domain/clock.js';
import type { Ladder } from '../domain/ladder.js';
import { type CountFeed, type FeedSink, REASON_POLLED } from '../venues/feed.js';

/** A socket is back within a second, most of the time. */
const FIRST_AFTER_MS = 1_000;
const EVERY_MS = 2_000;

export interface MarketBooks {
  readonly market: number;
  /** As FeedSink.publish takes them. */
  readonly yesAsks: Ladder;
  readonly noAsks: Ladder;
}

export class PricePolling {
  readonly #read: () => Promise<readonly MarketBooks[]>;
  readonly #sink: FeedSink;
  readonly #count: CountFeed;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  /** Which outage is being polled through: an answer of an earlier one is thrown away. */
  #outage = 0;
  #isDown = false;

  constructor(
    read: () => Promise<readonly MarketBooks[]>,
    sink: FeedSink,
    count: CountFeed,
    clock: Clock,
  ) {
    this.#read = read;
    this.#sink = sink;
    this.#count = count;
    this.#clock = clock;
  }

  /** The socket is gone, or another attempt has failed. */
  down(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#outage++;
    this.#later(FIRST_AFTER_MS);
  }

  /** The socket stands: its session says again what is true. */
  up(): void {
    this.#isDown = false;
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    const outage = this.#outage;
    this.#timer = setTimeout(() => void this.#poll(outage), ms);
  }

  async #poll(outage: number): Promise<void> {
    try {
      const books = await this.#read();
      if (!this.#isDown || outage !== this.#outage) return;
      this.#sink.setConnectionTrust(REASON_POLLED);
      const nowNs = this.#clock.nowNs();
      for (const { market, yesAsks, noAsks } of books) {
        this.#sink.publish(market, yesAsks, noAsks, nowNs, 0);
        this.#count('polls');
      }
      this.#sink.ring();
    } catch {
      // The exchange cannot be read either: what is shown stays as it was, and is tried again.
    }
    if (this.#isDown && outage === this.#outage) this.#later(EVERY_MS);
  }
}
