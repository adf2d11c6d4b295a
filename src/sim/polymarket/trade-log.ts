// Trades from match to settlement: MATCHED, then MINED with a transaction, then CONFIRMED
// (polymarket-api.md 9).
import { createHash } from 'node:crypto';
import type { TradeStatus } from '../../venues/polymarket/wire/rest-messages.js';
import type { SimTrade } from './order-records.js';

export interface SettlementDelays {
  /** After the match. */
  readonly minedMs: number;
  readonly confirmedMs: number;
}

/** A run that trades more keeps the newest. */
const MAX_TRADES = 50_000;

export interface TradeLogOptions {
  readonly settlement: SettlementDelays;
  now(): number;
  onStatus(trade: SimTrade): void;
}

export class TradeLog {
  readonly #options: TradeLogOptions;
  readonly #trades = new Map<string, SimTrade>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: TradeLogOptions) {
    this.#options = options;
  }

  /** Announces the trade as matched, and as mined and confirmed when their times come. */
  add(trade: SimTrade): void {
    this.#trades.set(trade.id, trade);
    if (this.#trades.size > MAX_TRADES) {
      for (const oldest of this.#trades.keys()) {
        this.#trades.delete(oldest);
        break;
      }
    }
    this.#options.onStatus(trade);
    const { minedMs, confirmedMs } = this.#options.settlement;
    this.#later(minedMs, () => {
      trade.transactionHash = `0x${createHash('sha256').update(trade.id).digest('hex')}`;
      this.#settle(trade, 'MINED');
      this.#later(Math.max(0, confirmedMs - minedMs), () => this.#settle(trade, 'CONFIRMED'));
    });
  }

  /** Newest last. */
  of(account: string): SimTrade[] {
    const own: SimTrade[] = [];
    for (const trade of this.#trades.values()) {
      if (partiesOf(trade).has(account)) own.push(trade);
    }
    return own;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #settle(trade: SimTrade, status: TradeStatus): void {
    trade.status = status;
    trade.updatedMs = this.#options.now();
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

/** Owner (API key) by account, of everybody in the trade but the generator. */
export function partiesOf(trade: SimTrade): Map<string, string> {
  const parties = new Map<string, string>();
  for (const { record } of trade.makers) {
    if (record !== undefined) parties.set(record.account, record.owner);
  }
  if (trade.taker !== undefined) parties.set(trade.taker.account, trade.taker.owner);
  return parties;
}
