// Paper cash and contracts, as the exchanges would keep them: Kalshi pays $1 back for YES and NO of one market at once, Polymarket holds
// both side by side. Nothing comes from nowhere: cash + costs + fees - what was paid back is what there was at the start.
import { type ByVenue, KALSHI, NO, type Outcome, type Venue, YES } from '../domain/venue.js';
import type { PaperTrade } from './paper-records.js';

interface Held {
  yesE6: number;
  noE6: number;
}

export class PaperMoney {
  readonly #startMicros: ByVenue<number>;
  readonly #shards: number;
  /** Spent and not paid back: by Kalshi's shard, and Polymarket's own. */
  readonly #spentByShard = new Map<number, number>();
  #spentOnPolymarket = 0;
  readonly #held: ByVenue<Map<string, Held>> = [new Map(), new Map()];

  /** What Kalshi has is shared evenly by its shards; of those that another run had, what was spent is spent all the same. */
  constructor(startMicros: ByVenue<number>, shards: number) {
    this.#startMicros = startMicros;
    this.#shards = shards;
  }

  cashMicros(venue: Venue, shard: number): number {
    if (venue !== KALSHI) return this.#startMicros[venue] - this.#spentOnPolymarket;
    const start = this.#startMicros[KALSHI];
    const share = Math.floor(start / this.#shards) - (this.#spentByShard.get(shard) ?? 0);
    let spent = 0;
    for (const micros of this.#spentByShard.values()) spent += micros;
    return Math.min(share, start - spent);
  }

  get shards(): number {
    return this.#shards;
  }

  heldE6(venue: Venue, pair: string, outcome: Outcome): number {
    const held = this.#held[venue].get(pair);
    if (held === undefined) return 0;
    return outcome === YES ? held.yesE6 : held.noE6;
  }

  book(venue: Venue, pair: string, shard: number, outcome: Outcome, trade: PaperTrade): void {
    this.#spend(venue, shard, trade.costMicros + trade.feeMicros);
    const held = this.#of(venue, pair);
    if (outcome === YES) held.yesE6 += trade.sizeE6;
    else held.noE6 += trade.sizeE6;
    if (venue !== KALSHI) return;
    const pairedE6 = Math.min(held.yesE6, held.noE6);
    held.yesE6 -= pairedE6;
    held.noE6 -= pairedE6;
    // A pair pays $1, so pairs in 1/1,000,000 are micros.
    this.#spend(venue, shard, -pairedE6);
  }

  /** A trade that failed on chain: contracts, cost and fee go back. Only Polymarket's do. */
  undo(venue: Venue, pair: string, outcome: Outcome, trade: PaperTrade): void {
    if (venue === KALSHI) throw new RangeError(`a Kalshi trade is final: trade=${trade.tradeId}`);
    this.#spend(venue, 0, -trade.costMicros - trade.feeMicros);
    const held = this.#of(venue, pair);
    if (outcome === NO) held.noE6 -= trade.sizeE6;
    else held.yesE6 -= trade.sizeE6;
  }

  #spend(venue: Venue, shard: number, micros: number): void {
    if (venue === KALSHI) {
      this.#spentByShard.set(shard, (this.#spentByShard.get(shard) ?? 0) + micros);
    } else {
      this.#spentOnPolymarket += micros;
    }
  }

  #of(venue: Venue, pair: string): Held {
    const known = this.#held[venue].get(pair);
    if (known !== undefined) return known;
    const made: Held = { yesE6: 0, noE6: 0 };
    this.#held[venue].set(pair, made);
    return made;
  }
}
