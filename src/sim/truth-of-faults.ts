// What a fault changes in the truth that the exchange itself does not tell it: the end of a market of Polymarket, another fee.
import { POLYMARKET } from '../domain/venue.js';
import type { FaultVenue } from './fault-schema.js';
import type { Truth } from './market/truth.js';
import type { Fault } from './server.js';

/** Called when the exchange has taken the fault. */
export function tellTruth(truth: Truth, venue: FaultVenue, fault: Fault): void {
  switch (fault.kind) {
    case 'close':
    case 'resolve':
      // Kalshi tells of its own books, which also stand still in a pause and a halt.
      if (venue === 'polymarket') truth.end(POLYMARKET, fault.market);
      return;
    case 'fee-change':
      truth.setKalshiMultiplier(fault.market, fault.multiplier);
      return;
    default:
  }
}
