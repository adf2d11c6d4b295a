// What the account holds and what it has gained: cash, fees and positions of every pair, booked from fills and settlements alone.
import { E6_PER_CONTRACT } from './units.js';
import {
  type ByVenue,
  KALSHI,
  NO,
  type Outcome,
  opposite,
  POLYMARKET,
  type Polarity,
  polymarketOutcome,
  VENUES,
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

/** Contracts of one outcome on one exchange that are held, and what they took. */
interface Slot {
  heldE6: number;
  costMicros: number;
  feeMicros: number;
}

interface PairPosition {
  readonly polarity: Polarity;
  readonly slots: ByVenue<readonly [yes: Slot, no: Slot]>;
  /** Of contracts that were held until their market was settled. */
  readonly settled: {
    payoutMicros: number;
    costMicros: number;
    readonly feeMicros: [kalshi: number, polymarket: number];
  };
}

export interface LedgerTotals {
  readonly costMicros: number;
  readonly feeMicros: ByVenue<number>;
  /** What was paid out, and what the positions pay in the worst outcome of every pair. */
  readonly worstPayoutMicros: number;
  /** worstPayout - cost - fees: what is locked in, whatever happens. A one-legged position counts as lost. */
  readonly pnlMicros: number;
  /** The part of the P&L that has been paid out: payouts - costs - fees of what was held until its market was settled. */
  readonly realisedMicros: number;
  /** Contracts held without their other leg, in 1/1,000,000, over all pairs. */
  readonly nakedE6: number;
}

/** Contracts of a pair that pay in one result and have nothing beside them that pays in the other. */
export interface Exposure {
  /** By how much the payout of one result exceeds the other's; 0: the pair is even, and the rest means nothing. */
  readonly sizeE6: number;
  /** What has to be bought to even it out: on Kalshi, or on Polymarket. */
  readonly missingKalshiOutcome: Outcome;
  readonly missingPolymarketOutcome: Outcome;
  /** The exchange that holds more of the naked contracts, its own YES and NO set off against each other. */
  readonly heldVenue: Venue;
  /** What a contract of the heavier side cost on average, fees included, rounded up. Never below 0. */
  readonly basisMicrosPerContract: number;
}

/** What the open positions of a pair took on one exchange. */
export interface Spent {
  readonly costMicros: number;
  readonly feeMicros: number;
  /** Contracts held of both outcomes: Kalshi nets them to $1 at once, Polymarket pays it at merge or settlement. */
  readonly pairedE6: number;
}

export class Ledger {
  readonly #positions: readonly PairPosition[];

  constructor(polarities: readonly Polarity[]) {
    this.#positions = polarities.map((polarity) => ({
      polarity,
      slots: [
        [emptySlot(), emptySlot()],
        [emptySlot(), emptySlot()],
      ],
      settled: { payoutMicros: 0, costMicros: 0, feeMicros: [0, 0] },
    }));
  }

  /** Throws RangeError for a pair that it does not know, as every method does. */
  book({ pair, venue, outcome, sizeE6, costMicros, feeMicros }: Fill): void {
    const slot = this.#position(pair).slots[venue][outcome];
    slot.heldE6 += sizeE6;
    slot.costMicros += costMicros;
    slot.feeMicros += feeMicros;
  }

  /**
   * Both markets of the pair were settled, Kalshi's with this result and Polymarket's with what it means there. Closes the positions
   * and returns what they are paid, in micros. Fills that are booked afterwards are paid by another call.
   */
  settle(pair: number, kalshiResult: Outcome): number {
    const position = this.#position(pair);
    const { slots, settled } = position;
    const payoutMicros = sideOf(position, kalshiResult).heldE6;
    settled.payoutMicros += payoutMicros;
    for (const venue of VENUES) {
      for (const slot of slots[venue]) {
        settled.costMicros += slot.costMicros;
        settled.feeMicros[venue] += slot.feeMicros;
        Object.assign(slot, emptySlot());
      }
    }
    return payoutMicros;
  }

  heldE6(pair: number, venue: Venue, outcome: Outcome): number {
    return this.#position(pair).slots[venue][outcome].heldE6;
  }

  spent(pair: number, venue: Venue): Spent {
    const [yes, no] = this.#position(pair).slots[venue];
    return {
      costMicros: yes.costMicros + no.costMicros,
      feeMicros: yes.feeMicros + no.feeMicros,
      pairedE6: Math.max(0, Math.min(yes.heldE6, no.heldE6)),
    };
  }

  /** YES and NO of one exchange are as good as both legs: either way they pay $1. */
  exposure(pair: number): Exposure {
    const position = this.#position(pair);
    const { result, heavy, light } = sidesOf(position);
    return {
      sizeE6: heavy.heldE6 - light.heldE6,
      missingKalshiOutcome: opposite(result),
      missingPolymarketOutcome: polymarketOutcome(result, position.polarity),
      heldVenue:
        heavy.kalshi.heldE6 - light.kalshi.heldE6 >=
        heavy.polymarket.heldE6 - light.polymarket.heldE6
          ? KALSHI
          : POLYMARKET,
      basisMicrosPerContract: costOf(heavy, E6_PER_CONTRACT),
    };
  }

  /** What the naked contracts of a pair cost, fees included, rounded up; never below 0. */
  nakedMicros(pair: number): number {
    const { heavy, light } = sidesOf(this.#position(pair));
    return costOf(heavy, heavy.heldE6 - light.heldE6);
  }

  /** The P&L of a pair, were its naked contracts worth what they cost: evening them out lowers it by what that loses. */
  valueMicros(pair: number): number {
    return this.pairTotals(pair).pnlMicros + this.nakedMicros(pair);
  }

  pairTotals(pair: number): LedgerTotals {
    const position = this.#position(pair);
    const { payoutMicros, costMicros, feeMicros } = position.settled;
    const { heavy, light } = sidesOf(position);
    const [kalshi, polymarket] = [this.spent(pair, KALSHI), this.spent(pair, POLYMARKET)];
    const realisedMicros = payoutMicros - costMicros - feeMicros[KALSHI] - feeMicros[POLYMARKET];
    const openMicros =
      light.heldE6 -
      kalshi.costMicros -
      kalshi.feeMicros -
      polymarket.costMicros -
      polymarket.feeMicros;
    return {
      costMicros: costMicros + kalshi.costMicros + polymarket.costMicros,
      feeMicros: [
        feeMicros[KALSHI] + kalshi.feeMicros,
        feeMicros[POLYMARKET] + polymarket.feeMicros,
      ],
      worstPayoutMicros: payoutMicros + light.heldE6,
      pnlMicros: realisedMicros + openMicros,
      realisedMicros,
      nakedE6: heavy.heldE6 - light.heldE6,
    };
  }

  totals(): LedgerTotals {
    const pairs = this.#positions.map((_, pair) => this.pairTotals(pair));
    const sum = (of: (pair: LedgerTotals) => number) =>
      pairs.reduce((total, pair) => total + of(pair), 0);
    return {
      costMicros: sum(({ costMicros }) => costMicros),
      feeMicros: [
        sum(({ feeMicros }) => feeMicros[KALSHI]),
        sum(({ feeMicros }) => feeMicros[POLYMARKET]),
      ],
      worstPayoutMicros: sum(({ worstPayoutMicros }) => worstPayoutMicros),
      pnlMicros: sum(({ pnlMicros }) => pnlMicros),
      realisedMicros: sum(({ realisedMicros }) => realisedMicros),
      nakedE6: sum(({ nakedE6 }) => nakedE6),
    };
  }

  #position(pair: number): PairPosition {
    const position = this.#positions[pair];
    if (position === undefined) throw new RangeError(`unknown pair: pair=${pair}`);
    return position;
  }
}

function emptySlot(): Slot {
  return { heldE6: 0, costMicros: 0, feeMicros: 0 };
}

/** What pays when Kalshi's question has one result. A contract that wins pays $1, so contracts in 1/1,000,000 are micros. */
interface Side {
  readonly kalshi: Slot;
  readonly polymarket: Slot;
  readonly heldE6: number;
}

function sideOf({ slots, polarity }: PairPosition, result: Outcome): Side {
  const kalshi = slots[KALSHI][result];
  const polymarket = slots[POLYMARKET][opposite(polymarketOutcome(result, polarity))];
  return { kalshi, polymarket, heldE6: kalshi.heldE6 + polymarket.heldE6 };
}

/** `result` is the one that pays more. */
function sidesOf(position: PairPosition): { result: Outcome; heavy: Side; light: Side } {
  const [yes, no] = [sideOf(position, YES), sideOf(position, NO)];
  return yes.heldE6 >= no.heldE6
    ? { result: YES, heavy: yes, light: no }
    : { result: NO, heavy: no, light: yes };
}

/** What so many contracts of a side cost on average, fees included, in micros rounded up. Positions make products beyond 2^53. */
function costOf({ kalshi, polymarket, heldE6 }: Side, sizeE6: number): number {
  const micros =
    kalshi.costMicros + kalshi.feeMicros + polymarket.costMicros + polymarket.feeMicros;
  if (heldE6 <= 0 || micros <= 0) return 0;
  const [product, whole] = [BigInt(micros) * BigInt(sizeE6), BigInt(heldE6)];
  return Number((product + whole - 1n) / whole);
}
