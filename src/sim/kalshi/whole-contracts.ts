// Books as an exchange of whole cents and whole contracts shows them (January 2026, kalshi-api.md
// 2.7). A level goes to the cent that is not better than it, and what is less than a contract there
// is not shown: nothing is shown that is not there.
import { CENTI_PER_CONTRACT, E6_PER_CENTI, PAYOUT_E4 } from '../../domain/units.js';
import type { LevelChange, Levels } from '../exchange.js';
import type { ShownBook, ShownBooks } from './shown-books.js';

export const E6_PER_CONTRACT = E6_PER_CENTI * CENTI_PER_CONTRACT;
export const E4_PER_CENT = 100;

type Side = LevelChange['side'];

/** The cent that a level is shown at: a bid's is not above it, an ask's not below. */
export function wholeCentE4(priceE4: number, side: Side): number {
  const fraction = priceE4 % E4_PER_CENT;
  if (fraction === 0) return priceE4;
  return priceE4 - fraction + (side === 'bid' ? 0 : E4_PER_CENT);
}

export function wholeContractsE6(sizeE6: number): number {
  return sizeE6 - (sizeE6 % E6_PER_CONTRACT);
}

/** Everything that is at each whole cent, fractions and all, best first. */
export function byCent(levels: Levels, side: Side): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const [priceE4, sizeE6] of levels) {
    const centE4 = wholeCentE4(priceE4, side);
    if (centE4 > 0 && centE4 < PAYOUT_E4) sizes.set(centE4, (sizes.get(centE4) ?? 0) + sizeE6);
  }
  return sizes;
}

/** One side as it is shown, best first. */
export function wholeLevels(levels: Levels, side: Side): Levels {
  return [...byCent(levels, side)]
    .map(([centE4, sizeE6]) => [centE4, wholeContractsE6(sizeE6)] as const)
    .filter(([, sizeE6]) => sizeE6 > 0);
}

/** The shown books in whole cents and contracts. */
export class WholeBooks {
  readonly #shown: ShownBooks;

  constructor(shown: ShownBooks) {
    this.#shown = shown;
  }

  bids(market: number): Levels {
    return wholeLevels(this.#shown.bids(market), 'bid');
  }

  asks(market: number): Levels {
    return wholeLevels(this.#shown.asks(market), 'ask');
  }

  snapshot(market: number): ShownBook {
    const { bids, asks } = this.#shown.snapshot(market);
    return { bids: wholeLevels(bids, 'bid'), asks: wholeLevels(asks, 'ask') };
  }
}
