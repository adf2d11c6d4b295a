// Trades from match to settlement (polymarket-api.md 9): MATCHED, MINED with a transaction,
// CONFIRMED; or RETRYING and then either. Knows no accounts.
import { createHash } from 'node:crypto';
import type { TradeStatus } from '../../venues/polymarket/wire/rest-messages.js';
import type { SimTrade } from './order-records.js';

export interface SettlementDelays {
  /** After the match. */
  readonly minedMs: number;
  readonly confirmedMs: number;
}

/** What becomes of the next trades: as usual, at the second try, or never. */
export type Fate = 'settles' | 'retries' | 'fails';

/** A run that trades more keeps the newest. */
const MAX_TRADES = 50_000;
/** More than this many are not kept waiting. */
const MAX_FATES = 1_000;

type Step = readonly [atMs: number, status: TradeStatus];

export interface TradeLogOptions {
  readonly settlement: SettlementDelays;
  now(): number;
  /** Also called for a trade that has just been matched. */
  onStatus(trade: SimTrade): void;
  /** Before onStatus: what the trade did to the accounts is to be undone. */
  onFailed(trade: SimTrade): void;
}

export class TradeLog {
  readonly #options: TradeLogOptions;
  readonly #trades = new Map<string, SimTrade>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #fates: { readonly fate: Fate; left: number }[] = [];

  constructor(options: TradeLogOptions) {
    this.#options = options;
  }

  /** The next trades end this way. */
  foretell(fate: Fate, count: number): void {
    if (count > 0 && this.#fates.length < MAX_FATES) this.#fates.push({ fate, left: count });
  }

  /** Announces the trade as matched, and every later status when its time comes. */
  add(trade: SimTrade): void {
    this.#trades.set(trade.id, trade);
    if (this.#trades.size > MAX_TRADES) {
      for (const oldest of this.#trades.keys()) {
        this.#trades.delete(oldest);
        break;
      }
    }
    this.#options.onStatus(trade);
    for (const [atMs, status] of this.#steps(this.#takeFate())) {
      this.#later(atMs, () => this.#settle(trade, status));
    }
  }

  /** Newest last. */
  of(party: string): SimTrade[] {
    const own: SimTrade[] = [];
    for (const trade of this.#trades.values()) {
      if (partiesOf(trade).has(party)) own.push(trade);
    }
    return own;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Each status at its time after the match. */
  #steps(fate: Fate): readonly Step[] {
    const { minedMs, confirmedMs } = this.#options.settlement;
    const laterMs = Math.max(1, confirmedMs - minedMs);
    switch (fate) {
      case 'settles':
        return [
          [minedMs, 'MINED'],
          [confirmedMs, 'CONFIRMED'],
        ];
      case 'retries':
        return [
          [minedMs, 'RETRYING'],
          [minedMs + laterMs, 'MINED'],
          [minedMs + 2 * laterMs, 'CONFIRMED'],
        ];
      case 'fails':
        return [
          [minedMs, 'RETRYING'],
          [minedMs + laterMs, 'FAILED'],
        ];
    }
  }

  #takeFate(): Fate {
    const [first] = this.#fates;
    if (first === undefined) return 'settles';
    if (--first.left === 0) this.#fates.shift();
    return first.fate;
  }

  #settle(trade: SimTrade, status: TradeStatus): void {
    trade.status = status;
    trade.updatedMs = this.#options.now();
    if (status === 'MINED') {
      trade.transactionHash = `0x${createHash('sha256').update(trade.id).digest('hex')}`;
    }
    if (status === 'FAILED') this.#options.onFailed(trade);
    this.#options.onStatus(trade);
  }

  #later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** API key by signing address, of everybody in the trade but the generator. */
export function partiesOf(trade: SimTrade): Map<string, string> {
  const parties = new Map<string, string>();
  for (const { record } of trade.makers) {
    if (record !== undefined) parties.set(record.party, record.owner);
  }
  if (trade.taker !== undefined) parties.set(trade.taker.party, trade.taker.owner);
  return parties;
}
