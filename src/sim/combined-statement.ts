// Both exchanges' own books of one trader, put together: what the pairs pay at worst, and the profit that is locked in.
import {
  NO,
  type Outcome,
  opposite,
  type Polarity,
  polymarketOutcome,
  YES,
} from '../domain/venue.js';
import type { AccountPosition, Statement } from './accounts.js';

export interface CombinedStatement {
  /** Pairs with a position on either exchange. */
  readonly pairs: readonly { readonly pair: number; readonly worstPayoutMicros: number }[];
  readonly worstPayoutMicros: number;
  /** Worst payout + cash - starting cash, on both exchanges together. */
  readonly pnlMicros: number;
  readonly feesMicros: number;
}

/** `polarities` by market. A contract that wins pays $1, so contracts in 1/1,000,000 are micros. */
export function combineStatements(
  kalshi: Statement,
  polymarket: Statement,
  polarities: readonly Polarity[],
): CombinedStatement {
  const kalshiHeld = byMarket(kalshi.positions);
  const polymarketHeld = byMarket(polymarket.positions);
  const markets = [...new Set([...kalshiHeld.keys(), ...polymarketHeld.keys()])].sort(
    (a, b) => a - b,
  );
  const pairs = markets.map((market) => {
    const polarity = polarities[market];
    if (polarity === undefined) throw new RangeError(`unknown market: market=${market}`);
    const payouts = ([YES, NO] as const).map((result) => {
      const winning = opposite(polymarketOutcome(result, polarity));
      return held(kalshiHeld.get(market), result) + held(polymarketHeld.get(market), winning);
    });
    return { pair: market, worstPayoutMicros: Math.min(...payouts) };
  });
  const worstPayoutMicros = pairs.reduce((sum, each) => sum + each.worstPayoutMicros, 0);
  const gained = [kalshi, polymarket].reduce(
    (sum, { cashMicros, startingMicros }) => sum + cashMicros - startingMicros,
    0,
  );
  return {
    pairs,
    worstPayoutMicros,
    pnlMicros: worstPayoutMicros + gained,
    feesMicros: kalshi.feesMicros + polymarket.feesMicros,
  };
}

function byMarket(positions: readonly AccountPosition[]): Map<number, AccountPosition> {
  return new Map(positions.map((position) => [position.market, position]));
}

function held(position: AccountPosition | undefined, outcome: Outcome): number {
  if (position === undefined) return 0;
  return outcome === YES ? position.yesE6 : position.noE6;
}
