// The levels of one side of a Kalshi book, from a snapshot or a REST reply (kalshi-api.md 2.6,
// 4.2), as the bids that a ladder keeps.
import type { Ladder } from '../../../domain/ladder.js';
import { isPrice } from '../../../domain/price-grid.js';
import { PAYOUT_E4 } from '../../../domain/units.js';
import type { DialectReader } from './dialect.js';

/**
 * Fills the ladder with levels [price, size] in any order; `isTurned`: the prices are of the other
 * outcome. False when one cannot be read: the ladder means nothing then.
 */
export function fillBids(
  ladder: Ladder,
  levels: unknown,
  reader: DialectReader,
  isTurned: boolean,
): boolean {
  ladder.clear();
  if (!Array.isArray(levels)) return false;
  for (const level of levels as readonly unknown[]) {
    const [price, size] = Array.isArray(level) ? (level as readonly unknown[]) : [];
    const priceE4 = reader.priceE4(price);
    const sizeCenti = reader.sizeCenti(size);
    if (!isPrice(priceE4) || !(sizeCenti >= 0)) return false;
    ladder.set(isTurned ? PAYOUT_E4 - priceE4 : priceE4, sizeCenti);
  }
  return true;
}
