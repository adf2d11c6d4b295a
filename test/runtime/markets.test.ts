import { afterEach, expect, it } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { type Polarity, SAME } from '../../src/domain/venue.js';
import { RestClient } from '../../src/net/rest-client.js';
import { loadTradedPairs } from '../../src/runtime/markets.js';
import { httpReply, type RawRequest, startRawServer } from '../net/raw-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Json = Record<string, unknown>;

/** One market of each exchange as it would be traded (kalshi-api.md 4.4, 4.5; polymarket-api.md 4.12). */
const KALSHI: Json = {
  ticker: 'KXA-1',
  event_ticker: 'KXA',
  market_type: 'binary',
  status: 'active',
  close_time: '2027-01-01T00:00:00Z',
  notional_value_dollars: '1.0000',
  price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
  exchange_index: 3,
};
const EVENT: Json = { event_ticker: 'KXA', series_ticker: 'KX', fee_type_override: null };
const SERIES: Json = { ticker: 'KX', fee_type: 'quadratic', fee_multiplier: 1 };
const ID = `0x${'ab'.repeat(32)}`;
const POLYMARKET: Json = {
  c: ID,
  t: [
    { t: '11', o: 'Yes' },
    { t: '22', o: 'No' },
  ],
  mts: 0.01,
  mos: 5,
  nr: true,
  fd: { r: 0.04, e: 1, to: true },
  ao: true,
  sd: 0,
  v: 'v1',
};

interface Terms {
  readonly kalshi?: Json | undefined;
  readonly event?: Json;
  readonly series?: Json;
  readonly polymarket?: Json;
}

/** Both exchanges' public endpoints with one market each, and a second pair that is always good. */
async function load(terms: Terms, override?: (request: RawRequest) => string | undefined) {
  const good = { ...KALSHI, ticker: 'KXGOOD-1', event_ticker: 'KXGOOD' };
  const goodId = `0x${'cd'.repeat(32)}`;
  const kalshi = { ...KALSHI, ...terms.kalshi };
  const replies: Record<string, unknown> = {
    '/markets': {
      markets: 'kalshi' in terms && !terms.kalshi ? [good] : [kalshi, good],
      cursor: '',
    },
    '/events/KXA': { event: { ...EVENT, ...terms.event } },
    '/events/KXGOOD': { event: { ...EVENT, event_ticker: 'KXGOOD', series_ticker: 'KXG' } },
    '/series/KX': { series: { ...SERIES, ...terms.series } },
    '/series/KXG': { series: SERIES },
    '/series/fee_changes': { series_fee_change_arr: [] },
    '/events/fee_changes': { event_fee_changes: [], cursor: '' },
    [`/clob-markets/${ID}`]: { ...POLYMARKET, ...terms.polymarket },
    [`/clob-markets/${goodId}`]: { ...POLYMARKET, c: goodId },
  };
  const server = await startRawServer((request) => {
    const reply = replies[request.path.split('?')[0]!];
    request.socket.write(override?.(request) ?? httpReply(200, JSON.stringify(reply)));
  });
  const client = new RestClient(server.origin, 2_000, { sleep: async () => undefined });
  closers.push(server.close, () => client.close());
  const pairs = [
    { name: 'one', polarity: SAME, ticker: 'KXA-1', conditionId: ID },
    { name: 'good', polarity: SAME, ticker: 'KXGOOD-1', conditionId: goodId },
  ] as const;
  return loadTradedPairs(pairs, client, client);
}

it('gives the terms of both exchanges in our own units', async () => {
  const { traded, refused } = await load({});
  expect(refused).toEqual([]);
  expect(traded[0]).toEqual({
    name: 'one',
    polarity: SAME,
    kalshi: {
      ticker: 'KXA-1',
      eventTicker: 'KXA',
      exchangeIndex: 3,
      grid: [{ startE4: 0, endE4: 10_000, stepE4: 100 }],
      takerRate: ratio(7, 100),
      closeMs: Date.UTC(2027, 0, 1),
      feeChangesAtMs: undefined,
    },
    polymarket: {
      conditionId: ID,
      tokenIds: ['11', '22'],
      tickE4: 100,
      minSizeCenti: 500,
      negRisk: true,
      protocol: 'v1',
      takerDelay: false,
      fees: { rate: ratio(1, 25), exponent: 1 },
    },
  });
});

it('takes an event’s fee over its series’', async () => {
  const event = { fee_type_override: 'quadratic_with_maker_fees', fee_multiplier_override: 0.5 };
  const { traded } = await load({ event, series: { fee_type: 'never heard of' } });
  expect(traded[0]?.kalshi.takerRate).toEqual(ratio(7, 200));
});

const refusals: [string, Terms, RegExp][] = [
  ['a Kalshi market that is not listed', { kalshi: undefined }, /KXA-1: kalshi does not list it/],
  ['a market that is closed', { kalshi: { status: 'closed' } }, /status is closed/],
  ['a scalar market', { kalshi: { market_type: 'scalar' } }, /type is scalar/],
  ['a payout of $10', { kalshi: { notional_value_dollars: '10.0000' } }, /pays \$10/],
  ['a payout that is no number', { kalshi: { notional_value_dollars: 'one' } }, /pays \$one/],
  ['no price ranges', { kalshi: { price_ranges: [] } }, /price ranges/],
  [
    'ranges that overlap',
    {
      kalshi: {
        price_ranges: [
          { start: '0.00', end: '0.50', step: '0.01' },
          { start: '0.40', end: '1.00', step: '0.01' },
        ],
      },
    },
    /price ranges/,
  ],
  [
    'a step finer than a price of ours',
    { kalshi: { price_ranges: [{ start: '0', end: '1', step: '0.00001' }] } },
    /price ranges/,
  ],
  ['a close time that is none', { kalshi: { close_time: 'soon' } }, /close time is soon/],
  ['a market without a shard', { kalshi: { exchange_index: undefined } }, /at=exchange_index/],
  ['an unknown fee type', { series: { fee_type: 'flat' } }, /fee is not known type=flat/],
  ['a fee multiplier that is not exact', { series: { fee_multiplier: 1e-9 } }, /multiplier=1e-9/],
  ['a series without a fee', { series: { fee_type: undefined } }, /fee is not known/],
  ['the reply of another market', { polymarket: { c: `0x${'ef'.repeat(32)}` } }, /reply is of/],
  ['three tokens', { polymarket: { t: ['1', '2', '3'].map((t) => ({ t, o: t })) } }, /3 tokens/],
  ['a token that is no number', { polymarket: { t: [{ t: 'x', o: 'Yes' }] } }, /at=t\.0\.t/],
  ['a tick that no order knows', { polymarket: { mts: 0.02 } }, /tick is 0.02/],
  ['a minimum that is no size', { polymarket: { mos: -1 } }, /minimum size is -1/],
  ['no word on negative risk', { polymarket: { nr: undefined } }, /which exchange matches/],
  ['no fee schedule', { polymarket: { fd: undefined } }, /fee is not known/],
  ['fees that makers pay', { polymarket: { fd: { r: 0.04, e: 1, to: false } } }, /"to":false/],
  ['a fee exponent of 3', { polymarket: { fd: { r: 0.04, e: 3, to: true } } }, /"e":3/],
  ['a market that takes no orders', { polymarket: { ao: false } }, /accepts no orders/],
  ['orders that are held back', { polymarket: { sd: 3 } }, /orders wait 3 s/],
  ['another protocol', { polymarket: { v: 'v3' } }, /protocol is v3/],
];

it.each(refusals)('refuses %s, says why, and trades the other pair', async (_, terms, why) => {
  const { traded, refused } = await load(terms);
  expect(refused.map(({ name }) => name)).toEqual(['one']);
  expect(refused[0]?.why).toMatch(why);
  expect(traded.map(({ name }) => name)).toEqual(['good']);
});

it.each([
  ['a market', `/clob-markets/${ID}`, /polymarket does not list it/],
  ['an event', '/events/KXA', /fee is not known/],
  ['a series', '/series/KX', /fee is not known/],
])('refuses a pair of which %s is not found', async (_, path, why) => {
  const { traded, refused } = await load({}, (request) =>
    request.path === path ? httpReply(404, '{"error":"not found"}') : undefined,
  );
  expect(refused.map(({ name }) => name)).toEqual(['one']);
  expect(refused[0]?.why).toMatch(why);
  expect(traded).toHaveLength(1);
});

it.each([
  ['/markets', 503],
  ['/events/KXA', 429],
  [`/clob-markets/${ID}`, 500],
])(
  'rejects when %s answers %s: the terms are not known, which is no refusal',
  async (path, status) => {
    const loading = load({}, (request) =>
      request.path.split('?')[0] === path ? httpReply(status, '{}') : undefined,
    );
    await expect(loading).rejects.toThrow(`status=${status}`);
  },
);

it('asks for many Kalshi markets in batches', async () => {
  const asked: number[] = [];
  const server = await startRawServer(({ path, socket }) => {
    const tickers = new URL(path, 'http://x').searchParams.get('tickers')?.split(',') ?? [];
    asked.push(tickers.length);
    socket.write(httpReply(path.startsWith('/markets') ? 200 : 404, '{"markets":[],"cursor":""}'));
  });
  const client = new RestClient(server.origin, 2_000);
  closers.push(server.close, () => client.close());
  const pairs = Array.from({ length: 230 }, (_, index) => ({
    name: `p${index}`,
    polarity: SAME as Polarity,
    ticker: `KXA-${index}`,
    conditionId: `0x${index.toString(16).padStart(64, '0')}`,
  }));
  const { refused } = await loadTradedPairs(pairs, client, client);
  expect(refused).toHaveLength(230);
  expect(asked.filter((tickers) => tickers > 0).sort()).toEqual([100, 100, 30].sort());
});
