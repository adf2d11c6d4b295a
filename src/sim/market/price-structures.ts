// Kalshi's named price grids (kalshi-api.md 4.3) as ranges. The ranges are the truth; the names are only listed.
import type { PriceGrid } from '../../domain/price-grid.js';
import { PAYOUT_E4 } from '../../domain/units.js';

export const PRICE_STRUCTURES = {
  linear_cent: [{ startE4: 0, endE4: PAYOUT_E4, stepE4: 100 }],
  deci_cent: [{ startE4: 0, endE4: PAYOUT_E4, stepE4: 10 }],
  tapered_deci_cent: [
    { startE4: 0, endE4: 1_000, stepE4: 10 },
    { startE4: 1_000, endE4: 9_000, stepE4: 100 },
    { startE4: 9_000, endE4: PAYOUT_E4, stepE4: 10 },
  ],
  center_deci_edge_centi_cent: [
    { startE4: 0, endE4: 100, stepE4: 1 },
    { startE4: 100, endE4: 9_900, stepE4: 10 },
    { startE4: 9_900, endE4: PAYOUT_E4, stepE4: 1 },
  ],
} as const satisfies Record<string, PriceGrid>;

export type PriceStructure = keyof typeof PRICE_STRUCTURES;
