// The cash of each account on each shard (kalshi-api.md 3.6, 3.8): collateral is checked where the
// market is, and moves by transfer or by a target allocation. It must not know orders; all cash
// together is the account's (src/sim/accounts.ts), plus payouts.
import { floorDiv } from '../../domain/exact.js';
import type { Accounts } from '../accounts.js';

/** Percent of each shard; together 100. */
export type Allocation = ReadonlyMap<number, number>;

export interface PursesOptions {
  readonly accounts: Accounts;
  /**
   * How an account's cash lies at first, and where rebalancing brings it back to; undefined: all on
   * shard 0, nothing moves.
   */
  readonly allocation: Allocation | undefined;
}

interface Purse {
  cashMicros: number;
  /** Set aside for resting orders. */
  reservedMicros: number;
}

interface Wallet {
  readonly purses: Map<number, Purse>;
  allocation: Allocation | undefined;
}

export class Purses {
  readonly #options: PursesOptions;
  readonly #wallets = new Map<string, Wallet>();

  constructor(options: PursesOptions) {
    this.#options = options;
  }

  /** Shards that the account has ever had cash on, ascending. */
  shards(account: string): number[] {
    return [...this.#wallet(account).purses.keys()].sort((a, b) => a - b);
  }

  /** Cash that is not set aside for resting orders: what Kalshi reports as the balance. */
  availableMicros(account: string, shard: number): number {
    const purse = this.#wallet(account).purses.get(shard);
    return purse === undefined ? 0 : Math.max(0, purse.cashMicros - purse.reservedMicros);
  }

  /** Set aside and free together. */
  cashMicros(account: string, shard: number): number {
    return this.#wallet(account).purses.get(shard)?.cashMicros ?? 0;
  }

  /** Signed. */
  credit(account: string, shard: number, micros: number): void {
    this.#purse(account, shard).cashMicros += micros;
  }

  /** Signed: what is set aside more or less than before. */
  reserve(account: string, shard: number, micros: number): void {
    this.#purse(account, shard).reservedMicros += micros;
  }

  /** False when there is not so much to move. */
  transfer(account: string, from: number, to: number, micros: number): boolean {
    if (micros > this.availableMicros(account, from)) return false;
    this.credit(account, from, -micros);
    this.credit(account, to, micros);
    return true;
  }

  allocation(account: string): Allocation | undefined {
    return this.#wallet(account).allocation;
  }

  setAllocation(account: string, allocation: Allocation | undefined): void {
    this.#wallet(account).allocation = allocation;
  }

  /** Brings the free cash of every account back to its allocation; what is set aside stays. */
  rebalance(): void {
    for (const [account, { allocation, purses }] of this.#wallets) {
      if (allocation === undefined) continue;
      const freeMicros = this.shards(account).map((shard) => this.availableMicros(account, shard));
      const shares = split(
        freeMicros.reduce((sum, micros) => sum + micros, 0),
        allocation,
      );
      for (const shard of new Set([...purses.keys(), ...shares.keys()])) {
        const change = (shares.get(shard) ?? 0) - this.availableMicros(account, shard);
        if (change !== 0) this.credit(account, shard, change);
      }
    }
  }

  #purse(account: string, shard: number): Purse {
    const { purses } = this.#wallet(account);
    let purse = purses.get(shard);
    if (purse === undefined) {
      purse = { cashMicros: 0, reservedMicros: 0 };
      purses.set(shard, purse);
    }
    return purse;
  }

  #wallet(account: string): Wallet {
    let wallet = this.#wallets.get(account);
    if (wallet === undefined) {
      const { accounts, allocation } = this.#options;
      const shares = split(accounts.cashMicros(account), allocation ?? new Map([[0, 100]]));
      const purses = [...shares].map(([shard, cashMicros]): [number, Purse] => {
        return [shard, { cashMicros, reservedMicros: 0 }];
      });
      wallet = { purses: new Map(purses), allocation };
      this.#wallets.set(account, wallet);
    }
    return wallet;
  }
}

/** Whole micros by percent; what does not divide goes to the first shard. */
function split(micros: number, allocation: Allocation): Map<number, number> {
  const shares = new Map<number, number>();
  let left = micros;
  let first: number | undefined;
  for (const [shard, percent] of allocation) {
    first ??= shard;
    const share = floorDiv(micros, 100) * percent;
    shares.set(shard, share);
    left -= share;
  }
  if (first !== undefined) shares.set(first, (shares.get(first) ?? 0) + left);
  return shares;
}

/** Percent of each shard in proportion to its markets, at least 1 each; shard 0 always has some. */
export function allocationByMarkets(exchangeIndexes: readonly number[]): Allocation {
  const counts = new Map<number, number>([[0, 0]]);
  for (const shard of exchangeIndexes) counts.set(shard, (counts.get(shard) ?? 0) + 1);
  const shards = [...counts.keys()].sort((a, b) => a - b);
  const total = Math.max(1, exchangeIndexes.length);
  const percents = new Map(
    shards.map((shard) => [shard, Math.max(1, floorDiv(100 * counts.get(shard)!, total))]),
  );
  const most = shards.reduce((a, b) => (percents.get(b)! > percents.get(a)! ? b : a));
  const sum = [...percents.values()].reduce((all, percent) => all + percent, 0);
  return percents.set(most, percents.get(most)! + 100 - sum);
}
