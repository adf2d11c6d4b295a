// When the whole exchange pauses: by a fault, or by the weekly timetable (kalshi-api.md 5). It must
// not know what a pause stops.
import type { ExchangeClock } from './exchange-clock.js';

/** trading: no orders and amends, cancels work. exchange: no cancels either. */
export type PauseScope = 'trading' | 'exchange';

export interface TradingHoursOptions {
  readonly clock: ExchangeClock;
  /** Thursday 03:00 to 05:00 in New York is a trading pause. */
  readonly weeklyPause: boolean;
}

const EASTERN = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  weekday: 'short',
  hour: '2-digit',
  hourCycle: 'h23',
});
const MINUTE_MS = 60_000;
const FIRST_HOUR = 3;
const END_HOUR = 5;

export class TradingHours {
  readonly #options: TradingHoursOptions;
  #scope: PauseScope = 'trading';
  #untilMs = Number.NEGATIVE_INFINITY;
  /** The timetable is looked at once a minute. */
  #minute = Number.NaN;
  #isWeeklyPause = false;

  constructor(options: TradingHoursOptions) {
    this.#options = options;
  }

  pause(scope: PauseScope, durationMs: number): void {
    this.#scope = scope;
    this.#untilMs = this.#options.clock.wall() + durationMs;
  }

  /** undefined while the exchange trades. */
  get scope(): PauseScope | undefined {
    const { clock, weeklyPause } = this.#options;
    if (clock.wall() < this.#untilMs) return this.#scope;
    return weeklyPause && this.#isInWeeklyPause(clock.now()) ? 'trading' : undefined;
  }

  /** When the pause is expected to end, in milliseconds of the exchange's clock. */
  get resumesMs(): number | undefined {
    const { clock } = this.#options;
    return clock.wall() < this.#untilMs ? clock.stamp(this.#untilMs) : undefined;
  }

  #isInWeeklyPause(nowMs: number): boolean {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      const parts = EASTERN.formatToParts(nowMs);
      const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
      const hour = Number(part('hour'));
      this.#isWeeklyPause = part('weekday') === 'Thu' && hour >= FIRST_HOUR && hour < END_HOUR;
    }
    return this.#isWeeklyPause;
  }
}
