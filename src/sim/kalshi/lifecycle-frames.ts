// The text of the frames about markets, fees and order groups rather than books (kalshi-api.md
// 2.6). Their times are unix seconds but for order groups, which say milliseconds.
import { formatDecimal } from '../../domain/decimal.js';
import type {
  KalshiEventFeeUpdate,
  KalshiLifecycleEvent,
  KalshiMarketLifecycle,
  KalshiOrderGroupMessage,
} from '../../venues/kalshi/wire/ws-messages.js';
import type { KalshiListing } from '../exchange.js';
import type { FeeTerms } from './fees.js';
import type { GroupEvent, OrderGroup } from './order-groups.js';
import { countText } from './text.js';

/** What has happened to a market, and the keys that only this type of event has. */
export interface LifecycleNews
  extends Omit<KalshiMarketLifecycle['msg'], 'event_type' | 'market_ticker'> {
  readonly event: KalshiLifecycleEvent;
}

export function lifecycleFrame(
  sid: number,
  seq: number,
  { ticker }: KalshiListing,
  { event, ...details }: LifecycleNews,
): string {
  return JSON.stringify({
    type: 'market_lifecycle_v2',
    sid,
    seq,
    msg: { event_type: event, market_ticker: ticker, ...details },
  } satisfies KalshiMarketLifecycle);
}

export function eventFeeFrame(
  sid: number,
  seq: number,
  eventTicker: string,
  terms: FeeTerms | null,
): string {
  return JSON.stringify({
    type: 'event_fee_update',
    sid,
    seq,
    msg: {
      event_ticker: eventTicker,
      fee_type_override: terms?.feeType ?? null,
      fee_multiplier_override: terms?.feeMultiplier ?? null,
    },
  } satisfies KalshiEventFeeUpdate);
}

export function orderGroupFrame(
  sid: number,
  seq: number,
  group: OrderGroup,
  event: GroupEvent,
  tsMs: number,
): string {
  const hasLimit = event === 'created' || event === 'limit_updated';
  return JSON.stringify({
    type: 'order_group_updates',
    sid,
    seq,
    msg: {
      event_type: event,
      order_group_id: group.id,
      ...(hasLimit ? { contracts_limit_fp: countText(group.limitE6) } : {}),
      ts_ms: tsMs,
    },
  } satisfies KalshiOrderGroupMessage);
}

/** A grid as the exchange writes it, in frames and in bodies. */
export function priceRanges(grid: KalshiListing['priceGrid']) {
  return grid.map(({ startE4, endE4, stepE4 }) => {
    return {
      start: formatDecimal(startE4, 4, 4),
      end: formatDecimal(endE4, 4, 4),
      step: formatDecimal(stepE4, 4, 4),
    };
  });
}
