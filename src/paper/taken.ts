// What paper orders have taken of levels that are still displayed as if nothing had been taken. In a real market it would be gone; here
// it stays taken until the book proves otherwise.
//
// Proof is a level displayed with less than was taken of it: then at most that little is left of what was there, and whatever is added
// later is new. So taken = min(taken, displayed) at every look, and the difference, displayed - taken, is never more than a real market
// would have left: a cancel takes from both alike, or more from what we took; a new order adds to both alike. A look that is missed can
// only leave the figure too high.
import { type Outcome, VENUE_COUNT, type Venue } from '../domain/venue.js';
import type { Level, Shown } from './ladder.js';

export class TakenDepth {
  /** By slot and outcome, then price. */
  readonly #sides: (Map<number, number> | undefined)[] = [];
  readonly #markets: number;
  readonly #changed: (venue: Venue, market: number, outcome: Outcome) => void;

  /** `changed` is told of every change of a side. */
  constructor(
    markets: number,
    changed: (venue: Venue, market: number, outcome: Outcome) => void = () => undefined,
  ) {
    this.#markets = markets;
    this.#changed = changed;
  }

  /** What is left of the levels. */
  untaken(venue: Venue, market: number, outcome: Outcome, levels: readonly Level[]): Level[] {
    const side = this.#side(venue, market, outcome);
    if (side === undefined) return [...levels];
    return levels.flatMap(({ priceE4, sizeCenti }) => {
      const leftCenti = sizeCenti - (side.get(priceE4) ?? 0);
      return leftCenti > 0 ? [{ priceE4, sizeCenti: leftCenti }] : [];
    });
  }

  take(venue: Venue, market: number, outcome: Outcome, levels: readonly Level[]): void {
    if (levels.length === 0) return;
    const at = this.#at(venue, market, outcome);
    const side = this.#sides[at] ?? new Map<number, number>();
    this.#sides[at] = side;
    for (const { priceE4, sizeCenti } of levels) {
      side.set(priceE4, (side.get(priceE4) ?? 0) + sizeCenti);
    }
    this.#changed(venue, market, outcome);
  }

  /** The book is displayed so now: what cannot be there any more is not taken any more. */
  saw(venue: Venue, market: number, outcome: Outcome, { levels, isWhole }: Shown): void {
    const side = this.#side(venue, market, outcome);
    if (side === undefined) return;
    const worstE4 = isWhole ? Number.POSITIVE_INFINITY : (levels.at(-1)?.priceE4 ?? 0);
    let isChanged = false;
    for (const [priceE4, takenCenti] of side) {
      // Deeper than what is shown: nothing is known of it.
      if (priceE4 > worstE4) continue;
      const shownCenti = levels.find((level) => level.priceE4 === priceE4)?.sizeCenti ?? 0;
      if (shownCenti >= takenCenti) continue;
      isChanged = true;
      if (shownCenti === 0) side.delete(priceE4);
      else side.set(priceE4, shownCenti);
    }
    if (!isChanged) return;
    if (side.size === 0) this.#sides[this.#at(venue, market, outcome)] = undefined;
    this.#changed(venue, market, outcome);
  }

  has(venue: Venue, market: number, outcome: Outcome): boolean {
    return this.#side(venue, market, outcome) !== undefined;
  }

  /** Best price first. */
  levels(venue: Venue, market: number, outcome: Outcome): Level[] {
    const side = this.#side(venue, market, outcome) ?? [];
    return [...side]
      .map(([priceE4, sizeCenti]) => ({ priceE4, sizeCenti }))
      .sort((a, b) => a.priceE4 - b.priceE4);
  }

  #side(venue: Venue, market: number, outcome: Outcome): Map<number, number> | undefined {
    return this.#sides[this.#at(venue, market, outcome)];
  }

  #at(venue: Venue, market: number, outcome: Outcome): number {
    return (outcome * VENUE_COUNT + venue) * this.#markets + market;
  }
}
