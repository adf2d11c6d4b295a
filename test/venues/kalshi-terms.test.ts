import { afterEach, describe, expect, it } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { loadKalshiTerms } from '../../src/venues/kalshi/terms.js';
import type {
  KalshiEventFeeChange,
  KalshiSeriesFeeChange,
} from '../../src/venues/kalshi/wire/rest-messages.js';
import { type KalshiAnswer, type KalshiCall, KalshiRestServer, ok } from './kalshi-rest-server.js';

let server: KalshiRestServer;
afterEach(() => server.stop());

type Json = Record<string, unknown>;
const NOW_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
const at = (days: number) => new Date(NOW_MS + days * DAY_MS).toISOString();

const eventOf = (ticker: string) => ticker.split('-').slice(0, 2).join('-');
const seriesOf = (ticker: string) => ticker.split('-')[0]!;
const market = (ticker: string, over: Json = {}): Json => ({
  ticker,
  event_ticker: eventOf(ticker),
  market_type: 'binary',
  status: 'active',
  close_time: at(30),
  notional_value_dollars: '1.0000',
  price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
  exchange_index: 2,
  ...over,
});

interface Script {
  readonly market?: (ticker: string) => Json | undefined;
  readonly event?: (ticker: string) => Json | undefined;
  readonly seriesChanges?: readonly Partial<KalshiSeriesFeeChange>[];
  /** By page. */
  readonly eventChanges?: readonly (readonly Partial<KalshiEventFeeChange>[])[];
  /** The events that the list gives, whatever was asked; the ones asked for when left out. */
  readonly listed?: (asked: readonly string[]) => readonly Json[];
  readonly override?: (call: KalshiCall) => KalshiAnswer | undefined;
}

const event = (ticker: string): Json => ({ event_ticker: ticker, series_ticker: seriesOf(ticker) });

/** A whole exchange of markets that are named series-event-market. */
async function load(tickers: readonly string[], script: Script = {}) {
  const eventFor = script.event ?? event;
  const answer = (call: KalshiCall): KalshiAnswer => {
    const missing = { status: 404, body: { error: { code: 'not_found', message: 'x' } } };
    const [, first, second = ''] = call.path.split('/');
    const asked = (call.query.tickers ?? '').split(',');
    const found = (body: Json | undefined) => (body === undefined ? missing : ok(body));
    switch (`${first}/${first === 'series' || first === 'events' ? second : ''}`) {
      case 'markets/':
        return ok({
          markets: asked.flatMap((one) => (script.market ?? market)(one) ?? []),
          cursor: '',
        });
      case 'events/': {
        const events = script.listed?.(asked) ?? asked.flatMap((one) => eventFor(one) ?? []);
        return ok({ events, cursor: '' });
      }
      case 'series/fee_changes':
        return script.seriesChanges === undefined
          ? missing
          : ok({ series_fee_change_arr: script.seriesChanges });
      case 'events/fee_changes': {
        const page = Number(call.query.cursor ?? 0);
        const pages = script.eventChanges;
        if (pages === undefined) return missing;
        const cursor = page + 1 < pages.length ? String(page + 1) : '';
        return ok({ event_fee_changes: pages[page], cursor });
      }
      default: {
        const one = first === 'events' ? eventFor(second) : undefined;
        if (first === 'events') return found(one && { event: one });
        return ok({ series: { ticker: second, fee_type: 'quadratic', fee_multiplier: 1 } });
      }
    }
  };
  server = await KalshiRestServer.start((call) => script.override?.(call) ?? answer(call));
  return loadKalshiTerms(server.rest, tickers, NOW_MS);
}

const callsTo = (path: RegExp) => server.calls.filter((call) => path.test(call.path));

it('reads every term in our own units', async () => {
  expect(await load(['KXA-26-B'])).toEqual([
    {
      ticker: 'KXA-26-B',
      eventTicker: 'KXA-26',
      exchangeIndex: 2,
      grid: [{ startE4: 0, endE4: 10_000, stepE4: 100 }],
      takerRate: ratio(7, 100),
      closeMs: NOW_MS + 30 * DAY_MS,
      feeChangesAtMs: undefined,
    },
  ]);
});

it.each<[string, Json, object]>([
  ['quadratic_with_maker_fees', {}, { takerRate: ratio(7, 100) }],
  [
    'quadratic_with_combo_maker_fees',
    { fee_multiplier_override: 0.5 },
    { takerRate: ratio(7, 200) },
  ],
  ['quadratic', { fee_multiplier_override: 0 }, { takerRate: ratio(0, 1) }],
  ['flat', {}, { refused: 'fee is not known type=flat multiplier=1' }],
  ['margin_market_maker_program_fees', {}, { refused: expect.stringContaining('not known') }],
])('takes from an event with %s and %o what a taker pays', async (feeType, over, expected) => {
  const script = {
    event: (one: string) => ({ ...event(one), fee_type_override: feeType, ...over }),
  };
  expect(await load(['KXA-26-B'], script)).toMatchObject([expected]);
});

describe('a thousand markets', () => {
  const tickers = Array.from(
    { length: 1_000 },
    (_, index) => `KX${index % 20}-${index % 250}-M${index}`,
  );

  it('are read with few calls, a hundred tickers in each', async () => {
    const terms = await load(tickers);
    expect(terms.map(({ ticker }) => ticker)).toEqual(tickers);
    expect(terms.filter((one) => 'refused' in one)).toEqual([]);
    expect(callsTo(/^\/markets$/).length).toBe(10);
    // 500 events: 250 names of an event, each under two series.
    expect(callsTo(/^\/events$/).length).toBe(5);
    expect(callsTo(/^\/events\/[^f]/)).toEqual([]);
    expect(callsTo(/^\/series\/K/).length).toBe(20);
    expect(server.calls.length).toBe(10 + 5 + 20 + 2);
  });

  it('are read one event at a time, once each, where the list leaves them out', async () => {
    const terms = await load(tickers, { listed: () => [event('KXOTHER-1')] });
    expect(terms.filter((one) => 'refused' in one)).toEqual([]);
    expect(callsTo(/^\/events$/).length).toBe(1);
    const singly = callsTo(/^\/events\/K/).map(({ path }) => path);
    expect(singly.length).toBe(500);
    expect(new Set(singly).size).toBe(500);
  });
});

it('asks singly for what the list says badly, and refuses the markets of an event that is not there', async () => {
  const tickers = Array.from({ length: 10 }, (_, index) => `KXA-${index}-M`);
  const terms = await load(tickers, {
    listed: (asked) =>
      asked.slice(1).map((one, index) => (index === 0 ? { event_ticker: one } : event(one))),
    event: (one) => (one === 'KXA-0' ? undefined : event(one)),
  });
  expect(terms.map((one) => 'refused' in one)).toEqual([true, ...Array(9).fill(false)]);
  expect(callsTo(/^\/events\/K/).map(({ path }) => path)).toEqual([
    '/events/KXA-0',
    '/events/KXA-1',
  ]);
});

it('does not take the fee of one event for another’s', async () => {
  const script = { event: () => event('KXB-1') };
  const refused = 'fee is not known type=undefined multiplier=undefined';
  expect(await load(['KXA-26-B'], script)).toMatchObject([{ refused }]);
});

it('fails, rather than guess, when the exchange cannot be read', async () => {
  for (const path of [
    '/events/KXA-26',
    '/series/KXA',
    '/series/fee_changes',
    '/events/fee_changes',
  ]) {
    const override = (call: KalshiCall) =>
      call.path === path ? { status: 500, body: '' } : undefined;
    await expect(load(['KXA-26-B'], { override })).rejects.toThrow(`${path} status=500`);
    await server.stop();
  }
  const override = ({ path }: KalshiCall) =>
    path.endsWith('fee_changes') ? { status: 400, body: '{}' } : undefined;
  await expect(load(['KXA-26-B'], { override })).rejects.toThrow(/fee_changes status=400/);
});

describe('a fee that will change', () => {
  const changed = (days: number, ticker = 'KXA'): KalshiSeriesFeeChange => ({
    id: 'x',
    series_ticker: ticker,
    fee_type: 'quadratic',
    fee_multiplier: 1,
    scheduled_ts: at(days),
  });
  const overridden = (days: number, ticker = 'KXA-26'): KalshiEventFeeChange => ({
    id: 'x',
    event_ticker: ticker,
    series_ticker: seriesOf(ticker),
    fee_type_override: null,
    fee_multiplier_override: null,
    scheduled_ts: at(days),
  });
  const waiver = (text: unknown) => (ticker: string) =>
    market(ticker, { fee_waiver_expiration_time: text });

  it.each<[string, Script, number | undefined]>([
    ['its series', { seriesChanges: [changed(9), changed(4), changed(7)] }, 4],
    ['its event', { eventChanges: [[overridden(6)]] }, 6],
    ['its event, on a later page', { eventChanges: [[overridden(9)], [overridden(5)]] }, 5],
    [
      'either, the earlier first',
      { seriesChanges: [changed(3)], eventChanges: [[overridden(2)]] },
      2,
    ],
    ['its waiver', { market: waiver(at(8)) }, 8],
    ['its waiver, after its series', { market: waiver(at(8)), seriesChanges: [changed(1)] }, 1],
    ['a waiver that is over', { market: waiver(at(-8)) }, undefined],
    ['no waiver', { market: waiver(null) }, undefined],
    [
      'what was before',
      { seriesChanges: [changed(-1)], eventChanges: [[overridden(-2)]] },
      undefined,
    ],
    ['what comes after the close', { seriesChanges: [changed(31)] }, undefined],
    [
      'what is of others',
      { seriesChanges: [changed(1, 'KXB')], eventChanges: [[overridden(1, 'KXA-27')]] },
      undefined,
    ],
  ])('by %s', async (_what, script, days) => {
    const feeChangesAtMs = days === undefined ? undefined : NOW_MS + days * DAY_MS;
    expect(await load(['KXA-26-B'], script)).toMatchObject([{ feeChangesAtMs }]);
  });

  it.each<[string, Script]>([
    ['series', { seriesChanges: [changed(9), { ...changed(1), scheduled_ts: 'soon' }] }],
    ['event', { eventChanges: [[{ ...overridden(1), scheduled_ts: '' }]] }],
    ['waiver', { market: waiver('soon') }],
  ])('at a time that cannot be read, by its %s, is not traded', async (_what, script) => {
    const refused = 'its fee changes at a time that is not understood';
    expect(await load(['KXA-26-B'], script)).toMatchObject([{ refused }]);
  });

  it('of nobody knows what fails the list', async () => {
    const seriesChanges = [{ ...changed(1), series_ticker: '' }];
    await expect(load(['KXA-26-B'], { seriesChanges })).rejects.toThrow(/series_ticker/);
  });
});
