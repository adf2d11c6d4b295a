import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestOutcome } from '../../src/net/order-connections.js';
import { readReply as readKalshiReply } from '../../src/venues/kalshi/order-reply.js';
import type { LegReply } from '../../src/venues/orders.js';
import { readReply as readPolymarket } from '../../src/venues/polymarket/order-reply.js';

const readKalshi = (outcome: RequestOutcome) => readKalshiReply(outcome, 'current');

const ORDER_ID = `0x${'5e'.repeat(32)}`;
const answered = (status: number, body: unknown): RequestOutcome => ({
  kind: 'answered',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const nested = (code: string) => ({ error: { code, message: code } });
const created = (facts: object) => ({
  order_id: 'o-1',
  client_order_id: 'c-1',
  fill_count: '0.00',
  remaining_count: '0.00',
  ts_ms: 1,
  ...facts,
});
const matched = (facts: object) => ({
  success: true,
  errorMsg: '',
  orderID: ORDER_ID,
  status: 'matched',
  takingAmount: '10',
  makingAmount: '5',
  ...facts,
});

/** kalshi-api.md 3.2 to 3.4 and 4.6. */
const KALSHI: [string, RequestOutcome, Partial<LegReply>][] = [
  [
    'a partial fill',
    answered(201, created({ fill_count: '3.00' })),
    { kind: 'acknowledged', filledE6: 3_000_000, orderId: 'o-1' },
  ],
  [
    'a hundredth',
    answered(201, created({ fill_count: '0.01' })),
    { kind: 'acknowledged', filledE6: 10_000 },
  ],
  ['nothing to hit', answered(201, created({})), { kind: 'acknowledged', filledE6: 0 }],
  ['a count that is a number', answered(201, created({ fill_count: 3 })), { kind: 'unknown' }],
  ['no count', answered(201, { order_id: 'o-1' }), { kind: 'unknown' }],
  ['no id', answered(201, { fill_count: '0.00' }), { kind: 'unknown' }],
  ['an empty id', answered(201, created({ order_id: '' })), { kind: 'unknown' }],
  ['a wrapper of V1', answered(201, { order: created({ fill_count: 3 }) }), { kind: 'unknown' }],
  ['a body cut off', answered(201, '{"order_id":"o'), { kind: 'unknown' }],
  ['another 2xx', answered(200, created({ fill_count: '3.00' })), { kind: 'unknown' }],
  [
    'number where text is wanted',
    answered(400, { code: 'bad_request', message: 'x', details: 'y' }),
    { kind: 'rejected', code: 'bad_request' },
  ],
  [
    'off the grid',
    answered(400, nested('invalid_price')),
    { kind: 'rejected', code: 'invalid_price' },
  ],
  ['post only cross', answered(400, nested('invalid_order')), { kind: 'rejected' }],
  ['no collateral', answered(400, nested('insufficient_balance')), { kind: 'rejected' }],
  ['bad signature', answered(401, nested('authentication_error')), { kind: 'rejected' }],
  ['stale clock', answered(401, nested('header_timestamp_expired')), { kind: 'rejected' }],
  ['unknown market', answered(404, nested('market_not_found')), { kind: 'rejected' }],
  ['other shard', answered(404, nested('user_not_found')), { kind: 'rejected' }],
  [
    'fill or kill',
    answered(409, nested('fill_or_kill_insufficient_resting_volume')),
    { kind: 'rejected' },
  ],
  ['market paused', answered(409, nested('trading_is_paused')), { kind: 'rejected' }],
  ['exchange paused', answered(409, nested('exchange_is_paused')), { kind: 'rejected' }],
  ['an id used before', answered(409, nested('order_already_exists')), { kind: 'unknown' }],
  ['a conflict not heard of', answered(409, nested('new_word')), { kind: 'unknown' }],
  ['after the close', answered(400, nested('MARKET_INACTIVE')), { kind: 'rejected' }],
  ['V1', answered(410, nested('deprecated_v1_order_endpoint')), { kind: 'rejected' }],
  [
    'too many, as documented',
    answered(429, { error: 'too many requests' }),
    { kind: 'rejected', status: 429 },
  ],
  [
    'too many, as seen',
    answered(429, nested('too_many_requests')),
    { kind: 'rejected', status: 429 },
  ],
  ['query validation', answered(400, { msg: 'Parameter validation failed' }), { kind: 'rejected' }],
  ['a time-out on the way', answered(408, nested('timeout')), { kind: 'unknown' }],
  ['a gateway of another kind', answered(403, '<html>'), { kind: 'unknown' }],
  ['500', answered(500, nested('internal')), { kind: 'unknown' }],
  ['502', answered(502, '<html>'), { kind: 'unknown' }],
  ['nothing', { kind: 'lost', why: 'reset' }, { kind: 'unknown', why: 'reset' }],
];

/** polymarket-api.md 4.7 to 4.9. */
const error = (status: number, text: string) => answered(status, { error: text });
const POLYMARKET: [string, RequestOutcome, Partial<LegReply>][] = [
  [
    'a match',
    answered(200, matched({})),
    { kind: 'acknowledged', filledE6: 10_000_000, costMicros: 5_000_000 },
  ],
  [
    'six decimals',
    answered(200, matched({ takingAmount: '17.857142', makingAmount: '9.999999' })),
    { kind: 'acknowledged', filledE6: 17_857_142, costMicros: 9_999_999 },
  ],
  [
    'a match of nothing',
    answered(200, matched({ takingAmount: '0', makingAmount: '0' })),
    { kind: 'unknown' },
  ],
  [
    'a match without amounts',
    answered(200, matched({ takingAmount: '', makingAmount: '' })),
    { kind: 'unknown' },
  ],
  [
    'amounts that are numbers',
    answered(200, matched({ takingAmount: 10, makingAmount: 5 })),
    { kind: 'unknown' },
  ],
  ['an order that rests', answered(200, matched({ status: 'live' })), { kind: 'unknown' }],
  [
    'an order that waits',
    answered(200, matched({ status: 'delayed', takingAmount: '' })),
    { kind: 'unknown', orderId: ORDER_ID, why: 'delayed' },
  ],
  [
    'a wait that ended',
    answered(200, matched({ status: 'unmatched' })),
    { kind: 'unknown', orderId: ORDER_ID, why: 'unmatched' },
  ],
  ["another order's reply", answered(200, matched({ orderID: '0x77' })), { kind: 'unknown' }],
  [
    'a refusal that came with a 200',
    answered(200, matched({ orderID: '', status: '', errorMsg: 'not enough balance / allowance' })),
    { kind: 'rejected' },
  ],
  ['success, an error and an id', answered(200, matched({ errorMsg: 'x' })), { kind: 'unknown' }],
  ['no success, no error', answered(200, { success: false, errorMsg: '' }), { kind: 'unknown' }],
  [
    'no success',
    answered(200, { success: false, errorMsg: 'invalid signature', orderID: '' }),
    { kind: 'rejected' },
  ],
  [
    'a duplicate that came with a 200',
    answered(200, { success: false, errorMsg: 'order x is invalid. Duplicated.', orderID: '' }),
    { kind: 'unknown' },
  ],
  ...[
    'Invalid order payload',
    'invalid signature',
    'order_version_mismatch',
    'invalid order version, please use the latest clob-client',
    'the order owner has to be the owner of the API KEY',
    "'0x11' address banned",
    "'0x11' address in closed only mode",
    'maker address not allowed, please use the deposit wallet flow',
    'order 0x is invalid. Price (0.5) breaks minimum tick size rule: 0.01',
    'order 0x is invalid. Size (1) lower than the minimum: 5',
    'invalid amount for a marketable BUY order ($0.7), min size: $1',
    'not enough balance / allowance: 1',
    'invalid expiration',
    'order canceled in the CTF exchange contract',
    'the market is not yet ready to process new orders',
    'Invalid token id',
  ].map((text): [string, RequestOutcome, Partial<LegReply>] => [
    text,
    error(400, text),
    { kind: 'rejected', code: text },
  ]),
  [
    'no match',
    error(
      400,
      'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.',
    ),
    { kind: 'acknowledged', filledE6: 0, costMicros: 0 },
  ],
  [
    'a duplicate',
    error(400, 'order 0x is invalid. Duplicated.'),
    { kind: 'unknown', orderId: ORDER_ID },
  ],
  ['a delay', error(400, 'order match delayed due to market conditions'), { kind: 'unknown' }],
  ['broken off', error(400, 'context canceled'), { kind: 'unknown' }],
  ['no key', error(401, 'Unauthorized/Invalid api key'), { kind: 'rejected' }],
  ['no book', error(404, 'No orderbook exists for the requested token id'), { kind: 'rejected' }],
  ['restarting', error(425, 'matching engine restarting'), { kind: 'rejected' }],
  ['too many', error(429, 'rate limit'), { kind: 'rejected' }],
  ['a time-out on the way', error(408, 'timeout'), { kind: 'unknown' }],
  ['timed out inside', error(500, 'order timed out'), { kind: 'unknown' }],
  [
    'disabled',
    error(503, 'Trading is currently disabled. Check polymarket.com for updates'),
    { kind: 'rejected', reaction: 'retry-later' },
  ],
  ['a page of the CDN', answered(403, '<html>'), { kind: 'unknown' }],
  ['nothing', { kind: 'lost', why: 'reset' }, { kind: 'unknown', orderId: ORDER_ID }],
];

describe('what Kalshi says of an order', () => {
  it.each(KALSHI)('%s', (_what, outcome, expected) => {
    expect(readKalshi(outcome)).toMatchObject(expected);
  });
});

describe('what Polymarket says of an order', () => {
  it.each(POLYMARKET)('%s', (_what, outcome, expected) => {
    expect(readPolymarket(outcome, ORDER_ID)).toMatchObject(expected);
  });
});

it('takes nothing for an acknowledgement that is not one to the letter', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      'matched',
      'live',
      '',
      '0',
      '0.00',
      '1.5',
      'o-1',
      ORDER_ID,
      true,
      false,
      null,
      7,
    ),
    fc.jsonValue(),
  );
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record(
        {
          order_id: value,
          fill_count: value,
          success: value,
          errorMsg: value,
          orderID: value,
          status: value,
          takingAmount: value,
          makingAmount: value,
          error: value,
          code: value,
          msg: value,
        },
        { requiredKeys: [] },
      )
      .map((object) => JSON.stringify(object)),
  );
  const status = fc.constantFrom(200, 201, 202, 204, 301, 400, 404, 408, 409, 425, 429, 500, 503);
  fc.assert(
    fc.property(status, body, (code, text) => {
      const parsed = ((): Record<string, unknown> => {
        try {
          return Object(JSON.parse(text)) as Record<string, unknown>;
        } catch {
          return {};
        }
      })();
      const kalshi = readKalshi(answered(code, text));
      if (kalshi.kind === 'acknowledged') {
        expect(code).toBe(201);
        expect(parsed.order_id).toBe(kalshi.orderId);
        expect(Number(parsed.fill_count) * 1e6).toBeCloseTo(kalshi.filledE6);
      }
      if (kalshi.kind === 'rejected') expect(code >= 400 && code < 500).toBe(true);
      const polymarket = readPolymarket(answered(code, text), ORDER_ID);
      if (polymarket.kind === 'acknowledged') {
        expect(parsed).toMatchObject({
          success: true,
          errorMsg: '',
          status: 'matched',
          orderID: ORDER_ID,
        });
        expect(polymarket.filledE6).toBeGreaterThan(0);
      }
      if (polymarket.kind === 'rejected') expect(code === 408 || code >= 500).toBe(false);
    }),
    // `String` of such an object throws.
    { numRuns: 3_000, examples: [[200, '{"success":{"toString":null}}']] },
  );
});

it('reads the recorded replies: Polymarket as it is, Kalshi of January as no answer, errors as refusals', () => {
  const lines = readFileSync(
    '../shared/data/recorded/orders/http_exchanges_2026-01-20.jsonl',
    'utf8',
  );
  const seen: Record<string, LegReply> = {};
  for (const line of lines.trim().split('\n')) {
    const { name, request, response } = JSON.parse(line) as {
      name: string;
      request: { method: string; url: string };
      response: { status: number; body_raw: string };
    };
    if (request.method !== 'POST') continue;
    const outcome = answered(response.status, response.body_raw);
    const { orderID = '' } = JSON.parse(response.body_raw) as { orderID?: string };
    seen[name] = request.url.includes('kalshi')
      ? readKalshi(outcome)
      : readPolymarket(outcome, orderID);
  }
  expect(seen).toMatchObject({
    kalshi_market_not_found: { kind: 'rejected', code: 'market_not_found' },
    kalshi_sell_insufficient_position_real: { kind: 'rejected', code: 'insufficient_balance' },
    kalshi_full_fill_real: { kind: 'unknown' },
    kalshi_no_fill_real: { kind: 'unknown' },
    poly_partial_fill_real: { kind: 'acknowledged', filledE6: 5_000_000, costMicros: 2_350_000 },
  });
});
