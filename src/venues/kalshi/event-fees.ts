// What events cost on Kalshi (kalshi-api.md 4.5): their series' fee, their own override of it, and
// when either will change. Reads many events with few calls, never more at once than the exchange
// lets us make. It must not know markets.
import { z } from 'zod';
import { isFinalAnswer, type RestClient } from '../../net/rest-client.js';

export interface KalshiEventFee {
  readonly feeType: string;
  readonly multiplier: number;
  /**
   * Wall time of the next change that is announced; undefined when none is, NaN when its time
   * cannot be read.
   */
  readonly changesAtMs: number | undefined;
}

/** The list takes 200, a URL about as many tickers as this. */
const EVENTS_PER_REQUEST = 100;
/** Below this many, asking for each at once is as quick as asking for all. */
const MIN_BATCH = 8;
const MAX_IN_FLIGHT = 8;
const MAX_PAGES = 100;

const eventSchema = z.object({
  event_ticker: z.string(),
  series_ticker: z.string(),
  fee_type_override: z.string().nullish(),
  fee_multiplier_override: z.number().nullish(),
});
const oneEventSchema = z.object({ event: eventSchema });
const eventsSchema = z.object({ events: z.array(z.unknown()) });
const seriesSchema = z.object({
  series: z.object({ ticker: z.string(), fee_type: z.string(), fee_multiplier: z.number() }),
});
type Event = z.infer<typeof eventSchema>;
type Series = z.infer<typeof seriesSchema>['series'];

/**
 * The fee of each event, undefined where the exchange gives none that can be read. Rejects when it
 * cannot be read at all.
 */
export async function loadKalshiEventFees(
  rest: RestClient,
  eventTickers: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, KalshiEventFee | undefined>> {
  const tickers = [...new Set(eventTickers)];
  if (tickers.length === 0) return new Map();
  const events = await loadEvents(rest, tickers);
  const series = new Map<string, Series>();
  const seriesTickers = new Set([...events.values()].map((event) => event.series_ticker));
  await eachBounded([...seriesTickers], async (ticker) => {
    const path = `/series/${encodeURIComponent(ticker)}`;
    const reply = await unlessFinal(rest.call({ method: 'GET', path }, seriesSchema));
    if (reply !== undefined) series.set(ticker, reply.series);
  });
  const changes = await loadChanges(rest, nowMs);
  return new Map(
    tickers.map((ticker) => {
      const event = events.get(ticker);
      const own = event && series.get(event.series_ticker);
      return [ticker, own && feeOf(event, own, changes)];
    }),
  );
}

/** An event's override wins over its series. Either may change: the earlier one counts. */
function feeOf(event: Event, series: Series, changes: Changes): KalshiEventFee {
  return {
    feeType: event.fee_type_override ?? series.fee_type,
    multiplier: event.fee_multiplier_override ?? series.fee_multiplier,
    changesAtMs: earlier(
      changes.byEvent.get(event.event_ticker),
      changes.bySeries.get(event.series_ticker),
    ),
  };
}

/**
 * The events that are listed. Those that a list leaves out, or says badly, are asked for one by
 * one.
 */
async function loadEvents(
  rest: RestClient,
  tickers: readonly string[],
): Promise<ReadonlyMap<string, Event>> {
  const events = new Map<string, Event>();
  const wanted = new Set(tickers);
  for (let start = 0; start < tickers.length && tickers.length >= MIN_BATCH; ) {
    const batch = tickers.slice(start, start + EVENTS_PER_REQUEST);
    start += EVENTS_PER_REQUEST;
    const query = { tickers: batch.join(','), limit: String(EVENTS_PER_REQUEST) };
    const reply = await rest.call({ method: 'GET', path: '/events', query }, eventsSchema);
    const rows = reply.events.flatMap((row) => eventSchema.safeParse(row).data ?? []);
    for (const row of rows) if (wanted.has(row.event_ticker)) events.set(row.event_ticker, row);
    // A server that does not know the filter lists what it likes: the next batch would be the same.
    if (rows.some((row) => !wanted.has(row.event_ticker))) break;
  }
  const missing = tickers.filter((ticker) => !events.has(ticker));
  await eachBounded(missing, async (ticker) => {
    const path = `/events/${encodeURIComponent(ticker)}`;
    const reply = await unlessFinal(rest.call({ method: 'GET', path }, oneEventSchema));
    if (reply?.event.event_ticker === ticker) events.set(ticker, reply.event);
  });
  return events;
}

interface Changes {
  readonly byEvent: ReadonlyMap<string, number>;
  readonly bySeries: ReadonlyMap<string, number>;
}

/** A change of nobody knows what cannot be left out: it fails the whole list. */
const seriesChangesSchema = z.object({
  series_fee_change_arr: z.array(
    z.object({ series_ticker: z.string().min(1), scheduled_ts: z.string() }),
  ),
});
const eventChangesSchema = z.object({
  event_fee_changes: z.array(
    z.object({ event_ticker: z.string().min(1), scheduled_ts: z.string() }),
  ),
  cursor: z.string().optional(),
});

/**
 * Changes that are announced, from two short lists of the whole exchange. An exchange without such
 * a list has announced none.
 */
async function loadChanges(rest: RestClient, nowMs: number): Promise<Changes> {
  const bySeries = new Map<string, number>();
  const byEvent = new Map<string, number>();
  const path = '/series/fee_changes';
  const series = await unlessMissing(rest.call({ method: 'GET', path }, seriesChangesSchema));
  for (const row of series?.series_fee_change_arr ?? []) {
    note(bySeries, row.series_ticker, row.scheduled_ts, nowMs);
  }
  let cursor = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = cursor === '' ? {} : { cursor };
    const call = { method: 'GET', path: '/events/fee_changes', query } as const;
    const reply = await unlessMissing(rest.call(call, eventChangesSchema));
    for (const row of reply?.event_fee_changes ?? []) {
      note(byEvent, row.event_ticker, row.scheduled_ts, nowMs);
    }
    cursor = reply?.cursor ?? '';
    if (cursor === '') return { byEvent, bySeries };
  }
  throw new Error(`the list does not end: path=/events/fee_changes pages=${MAX_PAGES}`);
}

/** Keeps the earliest change to come of each ticker; NaN, once there, stays. */
function note(changes: Map<string, number>, ticker: string, at: string, nowMs: number): void {
  const atMs = Date.parse(at);
  if (atMs <= nowMs) return;
  changes.set(ticker, Math.min(changes.get(ticker) ?? Number.POSITIVE_INFINITY, atMs));
}

/** The earlier of two times, either of which may be missing; NaN when one is. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

/** The reply, or undefined when the exchange said for good that it has none. */
async function unlessFinal<T>(reply: Promise<T>): Promise<T | undefined> {
  return reply.catch((error: unknown) => {
    if (isFinalAnswer(error)) return undefined;
    throw error;
  });
}

/** As unlessFinal, for a path that may not exist: only 404 says that. */
async function unlessMissing<T>(reply: Promise<T>): Promise<T | undefined> {
  return reply.catch((error: unknown) => {
    if (isFinalAnswer(error) && error.status === 404) return undefined;
    throw error;
  });
}

/** Runs over all items, a few at a time, and stops at the first failure. */
async function eachBounded<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const item = items[next++]!;
      await run(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, lane));
}
