// The accounts of one simulated exchange: cash, contracts and fees, booked from executions. Knows no protocol.
import { NO, type Outcome, YES } from '../domain/venue.js';

export interface AccountPosition {
  readonly market: number;
  readonly yesE6: number;
  readonly noE6: number;
}

export interface AccountFill {
  readonly market: number;
  readonly outcome: Outcome;
  readonly sizeE6: number;
  readonly costMicros: number;
  readonly feeMicros: number;
}

/** cash = starting + netted - cost - fees, always. */
export interface Statement {
  readonly cashMicros: number;
  readonly startingMicros: number;
  readonly feesMicros: number;
  /** Paid for contracts, fees not counted. */
  readonly costMicros: number;
  /** Received for YES and NO that met in a netting account, $1 a pair. */
  readonly nettedMicros: number;
  readonly positions: readonly AccountPosition[];
}

export interface AccountsOptions {
  /**
   * True where YES and NO of one market are one signed position and a pair is paid out at once (kalshi-api.md 3.6);
   * false where both tokens are held side by side (Polymarket).
   */
  readonly nets: boolean;
}

/** A run that books more fills than this keeps the newest; the totals stay exact. */
export const MAX_ACCOUNT_FILLS = 100_000;

interface Account {
  readonly startingMicros: number;
  cashMicros: number;
  feesMicros: number;
  costMicros: number;
  nettedMicros: number;
  readonly heldE6: Map<number, [yes: number, no: number]>;
  readonly fills: AccountFill[];
}

export class Accounts {
  readonly #nets: boolean;
  readonly #accounts = new Map<string, Account>();

  constructor(options: AccountsOptions) {
    this.#nets = options.nets;
  }

  open(account: string, startingMicros: number): void {
    if (this.#accounts.has(account)) throw new Error(`account exists: account=${account}`);
    this.#accounts.set(account, {
      startingMicros,
      cashMicros: startingMicros,
      feesMicros: 0,
      costMicros: 0,
      nettedMicros: 0,
      heldE6: new Map(),
      fills: [],
    });
  }

  has(account: string): boolean {
    return this.#accounts.has(account);
  }

  ids(): string[] {
    return [...this.#accounts.keys()];
  }

  cashMicros(account: string): number {
    return this.#get(account).cashMicros;
  }

  canAfford(account: string, micros: number): boolean {
    return this.#get(account).cashMicros >= micros;
  }

  /** Contracts of one outcome held, in 1/1,000,000. */
  heldE6(account: string, market: number, outcome: Outcome): number {
    return this.#get(account).heldE6.get(market)?.[outcome] ?? 0;
  }

  /** YES held less NO held, in 1/1,000,000: Kalshi's signed position. */
  signedE6(account: string, market: number): number {
    return this.heldE6(account, market, YES) - this.heldE6(account, market, NO);
  }

  /** Books one fill of a buy: the contracts come in, cost and fee go out, and where the exchange nets, pairs are paid out. */
  applyBuy(
    account: string,
    market: number,
    outcome: Outcome,
    sizeE6: number,
    costMicros: number,
    feeMicros: number,
  ): void {
    const state = this.#get(account);
    for (const value of [sizeE6, costMicros, feeMicros]) {
      if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number: value=${value}`);
    }
    const held = state.heldE6.get(market) ?? [0, 0];
    held[outcome] += sizeE6;
    state.heldE6.set(market, held);
    state.costMicros += costMicros;
    state.feesMicros += feeMicros;
    state.cashMicros -= costMicros + feeMicros;
    if (this.#nets) net(state, held);
    state.fills.push({ market, outcome, sizeE6, costMicros, feeMicros });
    if (state.fills.length > MAX_ACCOUNT_FILLS) state.fills.splice(0, MAX_ACCOUNT_FILLS / 2);
  }

  /** Newest last. */
  fills(account: string): readonly AccountFill[] {
    return this.#get(account).fills;
  }

  statement(account: string): Statement {
    const state = this.#get(account);
    const positions: AccountPosition[] = [];
    for (const [market, [yesE6, noE6]] of state.heldE6) {
      if (yesE6 !== 0 || noE6 !== 0) positions.push({ market, yesE6, noE6 });
    }
    positions.sort((a, b) => a.market - b.market);
    return {
      cashMicros: state.cashMicros,
      startingMicros: state.startingMicros,
      feesMicros: state.feesMicros,
      costMicros: state.costMicros,
      nettedMicros: state.nettedMicros,
      positions,
    };
  }

  #get(account: string): Account {
    const state = this.#accounts.get(account);
    if (state === undefined) throw new Error(`unknown account: account=${account}`);
    return state;
  }
}

/** A pair pays $1, so contracts in 1/1,000,000 are micros. */
function net(state: Account, held: [yes: number, no: number]): void {
  const pairsE6 = Math.min(held[YES], held[NO]);
  if (pairsE6 <= 0) return;
  held[YES] -= pairsE6;
  held[NO] -= pairsE6;
  state.nettedMicros += pairsE6;
  state.cashMicros += pairsE6;
}
