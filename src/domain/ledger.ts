// What the account holds and what it has gained: cash, fees and positions of every pair, booked from fills alone.
import {
  DIRECTION_COUNT,
  KALSHI,
  NO,
  type Outcome,
  POLYMARKET,
  type Polarity,
  polymarketOutcome,
  type Venue,
  YES,
} from './venue.js';

/** One fill of one of our orders. All are buys; a sale would be booked with negative size and cost. */
export interface Fill {
  readonly pair: number;
  readonly venue: Venue;
  readonly outcome: Outcome;
  readonly sizeE6: number;
  /** What was paid for the contracts, without the fee. */
  readonly costMicros: number;
  readonly feeMicros: number;
}

interface PairPosition {
  readonly polarity: Polarity;
  /** Contracts held, in 1/1,000,000, by venue x 2 + outcome. */
  readonly heldE6: Float64Array;
  costMicros: number;
  feeMicros: number;
}

export interface LedgerTotals {
  readonly costMicros: number;
  readonly feeMicros: readonly [kalshi: number, polymarket: number];
  /** What the positions pay in the worst outcome of every pair. */
  readonly worstPayoutMicros: number;
  /** worstPayout - cost - fees: what is locked in, whatever happens. A one-legged position counts as lost. */
  readonly pnlMicros: number;
  /** Contracts held without their other leg, in 1/1,000,000, over all pairs. */
  readonly nakedE6: number;
}

export class Ledger {
  readonly #positions: PairPosition[];
  readonly #feeMicros: [number, number] = [0, 0];

  constructor(polarities: readonly Polarity[]) {
    this.#positions = polarities.map((polarity) => ({
      polarity,
      heldE6: new Float64Array(4),
      costMicros: 0,
      feeMicros: 0,
    }));
  }

  book(fill: Fill): void {
    const position = this.#positions[fill.pair];
    if (position === undefined) throw new RangeError(`unknown pair: pair=${fill.pair}`);
    position.heldE6[fill.venue * 2 + fill.outcome]! += fill.sizeE6;
    position.costMicros += fill.costMicros;
    position.feeMicros += fill.feeMicros;
    this.#feeMicros[fill.venue] += fill.feeMicros;
  }

  heldE6(pair: number, venue: Venue, outcome: Outcome): number {
    return this.#positions[pair]?.heldE6[venue * 2 + outcome] ?? 0;
  }

  totals(): LedgerTotals {
    let costMicros = 0;
    let feeMicros = 0;
    let worstPayoutMicros = 0;
    let nakedE6 = 0;
    for (const position of this.#positions) {
      const [low, high] = payoutsE6(position);
      costMicros += position.costMicros;
      feeMicros += position.feeMicros;
      worstPayoutMicros += low;
      nakedE6 += high - low;
    }
    return {
      costMicros,
      feeMicros: [this.#feeMicros[0], this.#feeMicros[1]],
      worstPayoutMicros,
      pnlMicros: worstPayoutMicros - costMicros - feeMicros,
      nakedE6,
    };
  }
}

/** A contract that wins pays $1, so contracts in 1/1,000,000 are micros. Lower payout first. */
function payoutsE6({ heldE6, polarity }: PairPosition): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let kalshiResult = 0; kalshiResult < DIRECTION_COUNT; kalshiResult++) {
    const result: Outcome = kalshiResult === 0 ? YES : NO;
    const losing = polymarketOutcome(result, polarity);
    const winning = losing === YES ? NO : YES;
    const payout = heldE6[KALSHI * 2 + result]! + heldE6[POLYMARKET * 2 + winning]!;
    low = Math.min(low, payout);
    high = Math.max(high, payout);
  }
  return [low, high];
}
