import { describe, expect, it } from 'vitest';
import {
  errorCode,
  type KalshiReaction,
  legReaction,
  reactionTo,
  reactionToCode,
  refusalOf,
} from '../../src/venues/kalshi/error-reactions.js';
import { KALSHI_ERROR, type KalshiErrorCode } from '../../src/venues/kalshi/wire/error-codes.js';

/** kalshi-api.md 1.2, 3.1, 3.3, 3.4, 4.6: status it comes with, and what it means for an order. */
const TABLE: [code: KalshiErrorCode, status: number, reaction: KalshiReaction][] = [
  ['authentication_error', 401, 'refused-stop'],
  ['signature_is_missing_from_headers', 401, 'refused-stop'],
  ['token_authentication_failure', 401, 'refused-stop'],
  ['header_timestamp_expired', 401, 'resign'],
  ['bad_request', 400, 'refused-stop'],
  ['invalid_price', 400, 'refused-rest-market'],
  ['invalid_order', 400, 'refused-rest-market'],
  ['invalid_order_size', 400, 'refused-rest-market'],
  ['invalid_parameters', 400, 'refused-rest-market'],
  ['insufficient_balance', 400, 'refused-stop'],
  ['available_balance_too_low', 400, 'refused-stop'],
  ['order_id_and_client_order_id_mismatch', 400, 'refused-rest-market'],
  ['order_side_mismatch', 400, 'refused-rest-market'],
  ['order_ticker_mismatch', 400, 'refused-rest-market'],
  ['not_found', 404, 'refused-rest-market'],
  ['user_not_found', 404, 'refused-rest-market'],
  ['market_not_found', 404, 'refused-rest-market'],
  ['order_already_exists', 409, 'unknown'],
  ['fill_or_kill_insufficient_resting_volume', 409, 'refused'],
  ['trading_is_paused', 409, 'refused-rest-market'],
  ['exchange_is_paused', 409, 'refused-rest-market'],
  ['MARKET_INACTIVE', 400, 'refused-rest-market'],
  ['deprecated_v1_order_endpoint', 410, 'refused-stop'],
  ['too_many_requests', 429, 'refused'],
];

it.each(TABLE)('%s (%i) is %s', (code, status, reaction) => {
  expect(reactionTo(status, code)).toBe(reaction);
});

it('has a row for every code that is known', () => {
  expect(TABLE.map(([code]) => code).sort()).toEqual(Object.values(KALSHI_ERROR).sort());
});

it.each(TABLE)('%s is no refusal with a 408 or a 5xx', (code) => {
  for (const status of [200, 201, 302, 408, 500, 502, 503, 504]) {
    expect(reactionTo(status, code)).toBe('unknown');
  }
});

describe('a code that nobody has heard of', () => {
  it.each<[number, KalshiReaction]>([
    [400, 'refused-rest-market'],
    [401, 'refused-stop'],
    [403, 'refused-stop'],
    [404, 'refused-rest-market'],
    [408, 'unknown'],
    [409, 'unknown'],
    [410, 'refused-stop'],
    [422, 'refused-rest-market'],
    [429, 'refused'],
    [500, 'unknown'],
    [503, 'unknown'],
  ])('with a %i is %s', (status, reaction) => {
    expect(reactionTo(status, 'new_word')).toBe(reaction);
    expect(reactionTo(status, undefined)).toBe('unknown');
  });

  it('ends the market when it says so of the market, whatever its status and letters', () => {
    for (const code of ['market_closed', 'MARKET_CLOSED', 'market_is_inactive', 'market_settled']) {
      expect(reactionToCode(code)).toBe('refused-rest-market');
      expect(reactionTo(409, code)).toBe('refused-rest-market');
    }
    for (const code of ['order_closed', 'market_order_closed', 'closed', 'toString', '__proto__']) {
      expect(reactionToCode(code)).toBeUndefined();
    }
  });
});

it('finds the code in each of the four shapes', () => {
  expect(errorCode({ error: { code: 'a', message: 'b', details: 'c' } })).toBe('a');
  expect(errorCode({ code: 'a', message: 'b' })).toBe('a');
  expect(errorCode({ msg: 'Parameter validation failed' })).toBe('Parameter validation failed');
  expect(errorCode({ error: 'too many requests' })).toBe('too many requests');
  for (const reply of [undefined, {}, { error: 7 }, { error: { code: 7 } }, { code: null }]) {
    expect(errorCode(reply)).toBeUndefined();
  }
});

it('gives the refusal with its word for the engine, or nothing', () => {
  const reply = { error: { code: 'insufficient_balance', message: '' } };
  expect(refusalOf(400, reply)).toEqual({
    status: 400,
    code: 'insufficient_balance',
    reaction: 'refused-stop',
  });
  expect(refusalOf(500, reply)).toBeUndefined();
  expect(refusalOf(400, {})).toBeUndefined();
  expect(
    (['refused', 'resign', 'refused-rest-market', 'refused-stop'] as const).map(legReaction),
  ).toEqual(['retry-later', 'retry-later', 'rest-market', 'stop']);
});
