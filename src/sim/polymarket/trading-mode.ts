// Whether the exchange takes orders (polymarket-api.md 4.8, 7): normal, restarting, post-only,
// cancel-only, disabled. Knows no orders.
import { CANCEL_ONLY, POST_ONLY_MODE, RESTARTING, Refusal, TRADING_DISABLED } from './refusal.js';

export type Mode = 'restarting' | 'post-only' | 'cancel-only' | 'disabled';

interface Period {
  readonly mode: Mode;
  readonly until: number;
}

export class TradingMode {
  #periods: readonly Period[] = [];

  /**
   * A restart is followed by post-only for as long as it took: the real one's two minutes in
   * miniature.
   */
  set(mode: Mode, durationMs: number): void {
    const until = performance.now() + durationMs;
    const period = { mode, until };
    this.#periods =
      mode === 'restarting' ? [period, { mode: 'post-only', until: until + durationMs }] : [period];
  }

  /** Throws Refusal while new orders, or all but post-only ones, are not taken. */
  admitOrder(isPostOnly: boolean): void {
    const period = this.#now();
    if (period === undefined) return;
    if (period.mode === 'restarting') throw restarting(period);
    if (period.mode === 'disabled') throw new Refusal(503, TRADING_DISABLED);
    if (period.mode === 'cancel-only') throw new Refusal(503, CANCEL_ONLY);
    if (isPostOnly) return;
    const seconds = secondsLeft(period);
    throw new Refusal(
      503,
      POST_ONLY_MODE,
      { code: 'post_only_mode', retry_after_seconds: seconds },
      { 'Retry-After': String(seconds) },
    );
  }

  /** Throws Refusal while not even cancels are taken. */
  admitCancel(): void {
    const period = this.#now();
    if (period?.mode === 'restarting') throw restarting(period);
    if (period?.mode === 'disabled') throw new Refusal(503, TRADING_DISABLED);
  }

  #now(): Period | undefined {
    if (this.#periods.length === 0) return undefined;
    this.#periods = this.#periods.filter(({ until }) => performance.now() < until);
    return this.#periods[0];
  }
}

function restarting(period: Period): Refusal {
  return new Refusal(425, RESTARTING, {}, { 'Retry-After': String(secondsLeft(period)) });
}

function secondsLeft({ until }: Period): number {
  return Math.max(1, Math.ceil((until - performance.now()) / 1000));
}
