// Holds what we believe to hold against what the exchanges say that we hold, market by market and in cash. Pure comparison and the
// asking; what follows from a difference is not decided here.
import { E6_PER_CONTRACT } from '../domain/units.js';
import { KALSHI, NO, POLYMARKET, VENUE_NAMES, type Venue, YES } from '../domain/venue.js';
import type { ArbBook } from '../pipeline/arb-book.js';
import type { Accounts } from './accounts.js';
import type { TradedPair } from './worker-protocol.js';

/** Markets of Polymarket that are asked about at a time: a call a token. */
const TOKENS_A_LOOK = 25;

export interface Difference {
  readonly venue: Venue;
  readonly pair: number;
  readonly name: string;
  /** What of: contracts of an outcome, or on Kalshi YES less NO. */
  readonly what: 'yes' | 'no' | 'net';
  /** In 1/1,000,000 contract. */
  readonly oursE6: number;
  readonly theirsE6: number;
}

export function differenceText({ venue, name, what, oursE6, theirsE6 }: Difference): string {
  const ours = oursE6 / E6_PER_CONTRACT;
  const theirs = theirsE6 / E6_PER_CONTRACT;
  return `${name}: ${VENUE_NAMES[venue]} ${what} ours=${ours} theirs=${theirs}`;
}

type PositionReader = Pick<Accounts, 'kalshiPositions' | 'polymarketPositions'>;

export class Reconciliation {
  readonly #accounts: PositionReader;
  readonly #pairs: readonly TradedPair[];
  readonly #book: ArbBook;
  #next = 0;

  constructor(accounts: PositionReader, pairs: readonly TradedPair[], book: ArbBook) {
    this.#accounts = accounts;
    this.#pairs = pairs;
    this.#book = book;
  }

  /**
   * Every market of Kalshi, and of Polymarket those that we hold something of, or all that `isWhole` asks for; otherwise so many at a
   * time, in turn. Markets with an order under way, before or after the asking, are left out: they are changing.
   */
  async look(isWhole: boolean): Promise<readonly Difference[]> {
    const before = this.#marks();
    const held = this.#pairs
      .map((_, pair) => pair)
      .filter((pair) => this.#held(POLYMARKET, pair, YES) + this.#held(POLYMARKET, pair, NO) > 0);
    const asked = isWhole ? held : this.#turn(held);
    const [kalshi, polymarket] = await Promise.all([
      this.#accounts.kalshiPositions(this.#pairs),
      this.#accounts.polymarketPositions(this.#pairs, asked),
    ]);
    const differences: Difference[] = [];
    const compare = (
      venue: Venue,
      pair: number,
      what: Difference['what'],
      oursE6: number,
      theirsE6: number,
    ) => {
      if (oursE6 === theirsE6 || this.#book.isBusy(pair) || before[pair] !== this.#mark(pair))
        return;
      const { name } = this.#pairs[pair]!;
      differences.push({ venue, pair, name, what, oursE6, theirsE6 });
    };
    this.#pairs.forEach((_, pair) => {
      const ours = this.#held(KALSHI, pair, YES) - this.#held(KALSHI, pair, NO);
      compare(KALSHI, pair, 'net', ours, kalshi.get(pair) ?? 0);
    });
    for (const pair of asked) {
      const [yes, no] = polymarket.get(pair) ?? [0, 0];
      compare(POLYMARKET, pair, 'yes', this.#held(POLYMARKET, pair, YES), yes);
      compare(POLYMARKET, pair, 'no', this.#held(POLYMARKET, pair, NO), no);
    }
    return differences;
  }

  #held(venue: Venue, pair: number, outcome: 0 | 1): number {
    return this.#book.heldE6(pair, venue, outcome);
  }

  #turn(held: readonly number[]): readonly number[] {
    if (held.length <= TOKENS_A_LOOK) return held;
    const from = this.#next % held.length;
    this.#next = from + TOKENS_A_LOOK;
    return [...held, ...held].slice(from, from + TOKENS_A_LOOK);
  }

  #marks(): readonly number[] {
    return this.#pairs.map((_, pair) => (this.#book.isBusy(pair) ? Number.NaN : this.#mark(pair)));
  }

  /** Changes with every contract that is bought. */
  #mark(pair: number): number {
    let sum = 0;
    for (const venue of [KALSHI, POLYMARKET] as const) {
      for (const outcome of [YES, NO] as const) sum = sum * 3 + this.#held(venue, pair, outcome);
    }
    return sum;
  }
}
