// The GETs about the exchange itself: status, timetable, how fresh reads are, where history begins
// (kalshi-api.md 4.1, 5).
import type { KalshiExchangeStatus } from '../../venues/kalshi/wire/rest-messages.js';
import type { Directory } from './directory.js';
import type { ExchangeClock } from './exchange-clock.js';
import { json, type Reply } from './reply.js';
import { isoTime } from './text.js';
import type { TradingHours } from './trading-hours.js';

export interface ExchangeInfoOptions {
  readonly directory: Directory;
  readonly hours: TradingHours;
  readonly clock: ExchangeClock;
  readonly readLagMs: number;
  /** January 2026 had no shards. */
  readonly isLegacy: boolean;
}

/** Settled data of this age is served by the historical calls alone. */
const HISTORY_MS = 60 * 86_400_000;

const ALL_DAY = [{ open_time: '00:00', close_time: '00:00' }];
const SCHEDULE = {
  standard_hours: [
    {
      start_time: '2024-12-01T00:00:00Z',
      end_time: '2200-12-01T00:00:00Z',
      monday: ALL_DAY,
      tuesday: ALL_DAY,
      wednesday: ALL_DAY,
      thursday: [
        { open_time: '00:00', close_time: '03:00' },
        { open_time: '05:00', close_time: '00:00' },
      ],
      friday: ALL_DAY,
      saturday: ALL_DAY,
      sunday: ALL_DAY,
    },
  ],
  maintenance_windows: [],
};

export class ExchangeInfo {
  readonly #options: ExchangeInfoOptions;

  constructor(options: ExchangeInfoOptions) {
    this.#options = options;
  }

  /** 503 with the same body while the exchange itself pauses (5). Pauses are of all shards. */
  status(): Reply {
    const { hours, directory, isLegacy } = this.#options;
    const { scope, resumesMs } = hours;
    const active = {
      exchange_active: scope !== 'exchange',
      trading_active: scope === undefined,
    };
    const resumes = resumesMs === undefined ? null : isoTime(resumesMs);
    const status = scope === 'exchange' ? 503 : 200;
    if (isLegacy) return json(status, { ...active, exchange_estimated_resume_time: resumes });
    const flags = { ...active, intra_exchange_transfers_active: scope !== 'exchange' };
    return json(status, {
      ...flags,
      ...(resumes === null ? {} : { exchange_estimated_resume_time: resumes }),
      exchange_index_statuses: directory.shards().map((index) => {
        return { exchange_index: index, description: `shard ${index}`, ...flags };
      }),
    } satisfies KalshiExchangeStatus);
  }

  schedule(): Reply {
    return json(200, { schedule: SCHEDULE });
  }

  userDataTimestamp(): Reply {
    const { clock, readLagMs } = this.#options;
    return json(200, { as_of_time: isoTime(clock.now() - readLagMs) });
  }

  historicalCutoff(): Reply {
    const cutoff = isoTime(Math.max(0, this.#options.clock.now() - HISTORY_MS));
    return json(200, {
      market_settled_ts: cutoff,
      trades_created_ts: cutoff,
      orders_updated_ts: cutoff,
      market_positions_last_updated_ts: cutoff,
    });
  }
}
