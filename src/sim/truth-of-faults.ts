// What a fault changes in the truth: books that do not move although their market does, fees that are others.
import { KALSHI, POLYMARKET } from '../domain/venue.js';
import type { FaultVenue } from './fault-schema.js';
import type { Truth } from './market/truth.js';
import type { Fault } from './server.js';

/** Called when the exchange has taken the fault. Returns what undoes it when its time is over, if it has one. */
export function tellTruth(
  truth: Truth,
  markets: number,
  name: FaultVenue,
  fault: Fault,
): (() => void) | undefined {
  const venue = name === 'kalshi' ? KALSHI : POLYMARKET;
  switch (fault.kind) {
    case 'pause':
      for (let market = 0; market < markets; market++) truth.standStill(venue, market);
      return () => {
        for (let market = 0; market < markets; market++) truth.moveAgain(venue, market);
      };
    case 'halt':
      if (fault.isHalted) truth.standStill(venue, fault.market);
      else truth.moveAgain(venue, fault.market);
      return undefined;
    case 'close':
    case 'resolve':
      truth.end(venue, fault.market);
      return undefined;
    case 'fee-change':
      truth.setKalshiMultiplier(fault.market, fault.multiplier);
      return undefined;
    default:
      return undefined;
  }
}
