// What the engine does about what an exchange says or fails to say: refusals, breakers, paused shards. Each becomes a hold on pairs,
// which is let go when its cause has passed, or the end of all opening.
import { KALSHI, VENUE_NAMES, VENUES } from '../domain/venue.js';
import type { LegReport } from '../pipeline/executor.js';
import type { VenueTable } from '../shm/venue-table.js';
import type { EngineConfig } from './engine-config.js';
import type { Holds } from './holds.js';
import type { EngineEvent } from './status.js';
import type { TradedPair } from './worker-protocol.js';

/** An exchange answers so while it restarts, or takes cancels or resting orders only (polymarket-api.md 4.8, 7). */
const CLOSED_STATUSES: readonly number[] = [425, 503];
const UNAUTHORIZED = 401;
const CLOCK_REST_MS = 1_000;

export interface VenueReactionsParts {
  readonly config: EngineConfig;
  readonly pairs: readonly TradedPair[];
  readonly holds: Holds;
  readonly venues: VenueTable;
  letGo(pair: number, reason: string): void;
  after(ms: number, work: () => void): void;
  /** Asks both exchanges how they are. */
  askVenues(): void;
  /** The pair's terms on this exchange may have changed. */
  termsChanged(venue: 0 | 1, pair: number): void;
  stopOpening(why: string): void;
  say(level: EngineEvent['level'], event: string, text: string, facts: EngineEvent['facts']): void;
}

export class VenueReactions {
  readonly #parts: VenueReactionsParts;

  constructor(parts: VenueReactionsParts) {
    this.#parts = parts;
  }

  /** What a refusal says of the orders to come; the order that it answers is settled like any other. */
  refused({ reply, venue, pair }: LegReport): void {
    if (reply.kind !== 'rejected') return;
    const { config, stopOpening, askVenues, termsChanged } = this.#parts;
    const name = `${VENUE_NAMES[venue]}: ${reply.status} ${reply.code}`;
    if (reply.reaction === 'stop') {
      stopOpening(`an order was refused for good: ${name}`);
    } else if (CLOSED_STATUSES.includes(reply.status)) {
      this.#restAll('venue-closed', config.venueClosedRestMs, name);
    } else if (reply.status === UNAUTHORIZED) {
      // Not for good, so it is the time that was signed: the next answer says what it is there.
      this.#restAll('clock', CLOCK_REST_MS, name);
      askVenues();
    } else if (reply.reaction === 'rest-market') {
      this.rest(pair, 'refused', config.refusedRestMs);
      termsChanged(venue, pair);
      askVenues();
    }
  }

  /** An exchange that fails takes no orders, so nothing is fired; its breaker closes by itself. */
  watchBreakers(): void {
    const { holds, venues, say } = this.#parts;
    for (const venue of VENUES) {
      const isClosed = venues.isClosed(venue);
      const reason = `breaker-${VENUE_NAMES[venue]}`;
      if (holds.isHeldFor(0, reason) !== isClosed) continue;
      const facts = { venue: VENUE_NAMES[venue] };
      if (isClosed) {
        say('info', 'breaker-closed', `${VENUE_NAMES[venue]} works again`, facts);
        this.letAllGo(reason);
      } else {
        const text = `${VENUE_NAMES[venue]} fails: it is left alone for a minute`;
        say('error', 'breaker-open', text, facts);
        this.holdAll(reason);
      }
    }
  }

  shardPaused(exchangeIndex: number, isPaused: boolean): void {
    const { pairs, holds, say, letGo } = this.#parts;
    const name = VENUE_NAMES[KALSHI];
    const facts = { exchangeIndex };
    if (isPaused) say('warn', 'paused', `${name} shard ${exchangeIndex} is paused`, facts);
    else say('info', 'resumed', `${name} shard ${exchangeIndex} trades again`, facts);
    pairs.forEach(({ kalshi }, pair) => {
      if (kalshi.exchangeIndex !== exchangeIndex) return;
      if (isPaused) holds.hold(pair, 'paused');
      else letGo(pair, 'paused');
    });
  }

  /** Watched, but not fired. */
  rest(pair: number, reason: string, forMs: number): void {
    const { holds, letGo, after } = this.#parts;
    holds.hold(pair, reason);
    after(forMs, () => letGo(pair, reason));
  }

  holdAll(reason: string): void {
    this.#parts.pairs.forEach((_, pair) => {
      this.#parts.holds.hold(pair, reason);
    });
  }

  letAllGo(reason: string): void {
    this.#parts.pairs.forEach((_, pair) => {
      this.#parts.letGo(pair, reason);
    });
  }

  /** One exchange refuses whatever comes: every order now would leave the other leg alone. */
  #restAll(reason: string, forMs: number, why: string): void {
    const { holds, say, after } = this.#parts;
    if (holds.isHeldFor(0, reason)) return;
    say('warn', reason, `nothing is fired for ${forMs} ms: ${why}`, { forMs });
    this.holdAll(reason);
    after(forMs, () => this.letAllGo(reason));
  }
}
