// What a frame of the market_lifecycle_v2 channel says of our markets (kalshi-api.md 2.5, 2.6). It
// must not know books or trust.
import { NS_PER_SECOND } from '../../domain/clock.js';
import { FRAME_EVENT_FEE, type KalshiFrame } from './wire/frame.js';

/**
 * - halted: nothing matches; active: it does again, and all resting orders are gone (kalshi-api.md
 *   5).
 * - terms: grid, fee or close are others now; `closeMs` where the frame says it.
 * - over: the result is known.
 * - unreadable: something changed, and we do not know what or where.
 */
export type LifecycleChange =
  | MarketChange
  | { readonly kind: 'event-terms'; readonly eventTicker: string }
  | { readonly kind: 'unreadable' };

/** Of one market. */
export type MarketChange =
  | { readonly kind: 'halted' | 'active' | 'over'; readonly ticker: string }
  | { readonly kind: 'terms'; readonly ticker: string; readonly closeMs?: number };

const MS_PER_SECOND = 1_000;
/** Unix seconds of 2001 to 2286: a number that is not one of them is in another unit. */
const MIN_UNIX_S = NS_PER_SECOND;
const MAX_UNIX_S = MIN_UNIX_S * 10;

/**
 * undefined: nothing that we act on, as an event created, or a word that did not exist yet
 * (kalshi-api.md 7.9).
 */
export function readLifecycle({ kind, body }: KalshiFrame): LifecycleChange | undefined {
  if (body === undefined) return { kind: 'unreadable' };
  if (kind === FRAME_EVENT_FEE) {
    const { event_ticker: eventTicker } = body;
    return typeof eventTicker === 'string'
      ? { kind: 'event-terms', eventTicker }
      : { kind: 'unreadable' };
  }
  const { market_ticker: ticker, event_type, is_deactivated, close_ts } = body;
  if (typeof ticker !== 'string' || typeof event_type !== 'string') return { kind: 'unreadable' };
  if (is_deactivated === true) return { kind: 'halted', ticker };
  switch (event_type) {
    case 'deactivated':
      return { kind: 'halted', ticker };
    case 'activated':
      return { kind: 'active', ticker };
    case 'determined':
    case 'settled':
      return { kind: 'over', ticker };
    case 'price_level_structure_updated':
      return { kind: 'terms', ticker };
    case 'close_date_updated': {
      const closeMs = closeMsOf(close_ts);
      return { kind: 'terms', ticker, ...(closeMs === undefined ? {} : { closeMs }) };
    }
    default:
      return undefined;
  }
}

function closeMsOf(closeS: unknown): number | undefined {
  if (typeof closeS !== 'number' || !Number.isSafeInteger(closeS)) return undefined;
  return closeS >= MIN_UNIX_S && closeS < MAX_UNIX_S ? closeS * MS_PER_SECOND : undefined;
}
