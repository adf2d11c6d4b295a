// Money that any thread may take from at any time: the cash on each Kalshi shard and on Polymarket, and the room that is left under
// the limits of position. It knows purses and cents, not what is bought with them.
import { assertLayout, defineLayout } from './layout.js';

//   0                 4 x shards   + 4     + 4                  + 4 x pairs
//   +-----------------+------------+-------+--------------------+
//   | Kalshi's shards | Polymarket | total | each pair's market |
//   +-----------------+------------+-------+--------------------+
// One word a purse, not one line: they are touched when an order is about to leave, some times a second.
const PURSE_BYTES = 4;
const POLYMARKET_PURSES = 1;
const TOTAL_PURSES = 1;

/** $21,474,836.47. A purse holds no more: what is put in beyond it cannot be taken, so that it is never overspent. */
export const MAX_PURSE_CENTS = 2 ** 31 - 1;
/** Of a shard or a pair that does not exist: nothing can be taken from it. */
const NO_PURSE = -1;

const DRAWN_SHARDS = 2;
const DRAWN_PAIRS = 4;
const POLYMARKET_OFFSET = DRAWN_SHARDS * PURSE_BYTES;
const TOTAL_OFFSET = POLYMARKET_OFFSET + POLYMARKET_PURSES * PURSE_BYTES;
const MARKETS_OFFSET = TOTAL_OFFSET + TOTAL_PURSES * PURSE_BYTES;

const purses = (name: string, offset: number, count: number, type: string, meaning: string) => ({
  name,
  offset,
  bytes: count * PURSE_BYTES,
  type,
  writer: 'detectors, main (by compare-and-exchange)',
  meaning,
});

export const PURSE_TABLE_LAYOUT = defineLayout({
  name: `Purse table (of ${DRAWN_SHARDS} shards and ${DRAWN_PAIRS} pairs)`,
  bytes: MARKETS_OFFSET + DRAWN_PAIRS * PURSE_BYTES,
  allocatedBy: 'runtime/memory.ts, one an engine',
  fields: [
    purses('kalshi', 0, DRAWN_SHARDS, 'u32[shards] as i32', 'cents of cash on each Kalshi shard'),
    purses('polymarket', POLYMARKET_OFFSET, POLYMARKET_PURSES, 'u32 as i32', 'cents of cash there'),
    purses(
      'total',
      TOTAL_OFFSET,
      TOTAL_PURSES,
      'u32 as i32',
      'cents that all positions together may still grow by',
    ),
    purses(
      'markets',
      MARKETS_OFFSET,
      DRAWN_PAIRS,
      'u32[pairs] as i32',
      "cents that each pair's position may still grow by",
    ),
  ],
});

export class PurseTable {
  readonly polymarketPurse: number;
  readonly totalPurse: number;
  readonly #cents: Int32Array;
  readonly #shards: number;
  readonly #firstMarket: number;

  static bytes(shards: number, pairs: number): number {
    return (shards + POLYMARKET_PURSES + TOTAL_PURSES + pairs) * PURSE_BYTES;
  }

  /** `shards`: as many as were allocated; Kalshi's shards are numbered below it. */
  constructor(memory: SharedArrayBuffer, shards: number) {
    this.#cents = new Int32Array(memory);
    this.#shards = shards;
    this.polymarketPurse = shards;
    this.totalPurse = this.polymarketPurse + POLYMARKET_PURSES;
    this.#firstMarket = this.totalPurse + TOTAL_PURSES;
    assertLayout(
      Number.isInteger(shards) && shards > 0 && this.#cents.length >= this.#firstMarket,
      `purses shards=${shards} bytes=${memory.byteLength}`,
    );
  }

  /** @hot */
  kalshiPurse(shard: number): number {
    return shard >= 0 && shard < this.#shards ? shard : NO_PURSE;
  }

  /** @hot */
  marketPurse(pair: number): number {
    const purse = this.#firstMarket + pair;
    return pair >= 0 && purse < this.#cents.length ? purse : NO_PURSE;
  }

  /** Cents; below 0 when more has gone than was there, as an exchange may tell us. */
  available(purse: number): number {
    return Atomics.load(this.#cents, purse);
  }

  /**
   * Takes all of `cents` or nothing. Never leaves less than 0, whatever other threads do meanwhile. False also for what is no
   * amount and no purse. @hot
   */
  take(purse: number, cents: number): boolean {
    if (!(cents >= 0 && purse >= 0 && purse < this.#cents.length)) return false;
    let available = Atomics.load(this.#cents, purse);
    // Each turn more means that another thread's swap has succeeded: somebody always gets on.
    while (available >= cents) {
      const found = Atomics.compareExchange(this.#cents, purse, available, available - cents);
      if (found === available) return true;
      available = found;
    }
    return false;
  }

  /** Gives back whole cents that were taken. @hot */
  give(purse: number, cents: number): void {
    if (cents > 0) this.#add(purse, cents);
  }

  /** Main: there are so many whole cents more, or fewer (negative), than was thought. May leave less than 0: nothing is taken then. */
  adjust(purse: number, deltaCents: number): void {
    assertWholeCents(purse, deltaCents);
    this.#add(purse, deltaCents);
  }

  /** Main, before anything is taken: what is under way would be forgotten. Later changes go through adjust(). */
  set(purse: number, cents: number): void {
    assertWholeCents(purse, cents);
    Atomics.store(this.#cents, purse, clampCents(cents));
  }

  #add(purse: number, cents: number): void {
    let available = Atomics.load(this.#cents, purse);
    for (;;) {
      const next = clampCents(available + cents);
      const found = Atomics.compareExchange(this.#cents, purse, available, next);
      if (found === available) return;
      available = found;
    }
  }
}

function clampCents(cents: number): number {
  return Math.max(-MAX_PURSE_CENTS, Math.min(MAX_PURSE_CENTS, cents));
}

function assertWholeCents(purse: number, cents: number): void {
  if (!Number.isInteger(cents)) {
    throw new RangeError(`a purse holds whole cents: purse=${purse} cents=${cents}`);
  }
}
