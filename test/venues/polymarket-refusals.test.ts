import { describe, expect, it } from 'vitest';
import type { LegReply } from '../../src/venues/orders.js';
import { readReply } from '../../src/venues/polymarket/order-reply.js';
import { refusalOf } from '../../src/venues/polymarket/refusals.js';

const ORDER_ID = `0x${'5e'.repeat(32)}`;
const NOTHING_DONE = 'nothing done';
type Wanted = 'nothing filled' | 'unknown' | `${typeof NOTHING_DONE}, ${string}`;
const STOP = `${NOTHING_DONE}, stop`;
const REST_MARKET = `${NOTHING_DONE}, rest-market`;
const RETRY_LATER = `${NOTHING_DONE}, retry-later`;

const DISABLED = 'Trading is currently disabled. Check polymarket.com for updates';
const CANCEL_ONLY =
  'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.';
const DECIMALS =
  'the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 5 decimals';
const DISCREPANCY =
  "the price of the taker's order has a discrepancy greater than allowed with the worst maker order";

/** Every text of polymarket-api.md 4.8, and the one of 4.5, with its status. */
const TEXTS: [status: number, text: string, wanted: Wanted][] = [
  [400, 'Invalid order payload', STOP],
  [400, 'invalid signature', STOP],
  [400, 'order_version_mismatch', RETRY_LATER],
  [400, 'invalid order version, please use the latest clob-client', STOP],
  [400, 'the order owner has to be the owner of the API KEY', STOP],
  [400, 'the order signer address has to be the address of the API KEY', STOP],
  [400, "'0x11' address banned", STOP],
  [400, "'0x11' address in closed only mode", STOP],
  [400, 'maker address not allowed, please use the deposit wallet flow', STOP],
  [400, 'Too many orders in payload: 16, max allowed: 15', STOP],
  [400, 'invalid post-only order: order crosses book', REST_MARKET],
  [400, `order ${ORDER_ID} crosses the book`, REST_MARKET],
  [
    400,
    `order ${ORDER_ID} is invalid. Price (0.505) breaks minimum tick size rule: 0.01`,
    REST_MARKET,
  ],
  [400, `order ${ORDER_ID} is invalid. Size (1) lower than the minimum: 5`, REST_MARKET],
  [400, 'invalid amount for a marketable BUY order ($0.7), min size: $1', REST_MARKET],
  [400, DECIMALS, REST_MARKET],
  [400, `order ${ORDER_ID} is invalid. Duplicated.`, 'unknown'],
  [400, 'not enough balance / allowance', STOP],
  [400, 'not enough balance / allowance: the balance is not enough -> balance: 1', STOP],
  [400, 'invalid expiration', STOP],
  [400, 'invalid nonce', STOP],
  [400, 'order canceled in the CTF exchange contract', REST_MARKET],
  [400, 'order match delayed due to market conditions', 'unknown'],
  [400, "order couldn't be fully filled. FOK orders are fully filled or killed.", 'nothing filled'],
  [
    400,
    'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.',
    'nothing filled',
  ],
  [400, 'the market is not yet ready to process new orders', REST_MARKET],
  [401, 'Unauthorized/Invalid api key', STOP],
  [401, 'Invalid L1 Request headers', STOP],
  [404, 'No orderbook exists for the requested token id', REST_MARKET],
  [500, 'order timed out', 'unknown'],
  [500, 'there are no matching orders', 'unknown'],
  [500, 'the trade contains rounding issues', 'unknown'],
  [500, DISCREPANCY, 'unknown'],
  [503, DISABLED, RETRY_LATER],
  [503, CANCEL_ONLY, RETRY_LATER],
  [503, 'post-only mode: only post-only orders and cancels are allowed', RETRY_LATER],
  [400, 'Invalid token id', REST_MARKET],
  [400, 'Invalid side', STOP],
  [400, 'Invalid payload', STOP],
  [400, 'Payload exceeds the limit', STOP],
  [400, 'Invalid orderID', STOP],
  [400, 'Invalid asset type', STOP],
  [400, 'Invalid signature_type', STOP],
  [400, 'context canceled', 'unknown'],
];

const read = (status: number, body: unknown): LegReply =>
  readReply({ kind: 'answered', status, body: JSON.stringify(body) }, ORDER_ID);

function meaning(reply: LegReply): string {
  if (reply.kind === 'rejected') return `${NOTHING_DONE}, ${String(reply.reaction)}`;
  if (reply.kind !== 'acknowledged') return reply.kind;
  return reply.filledE6 === 0 && reply.costMicros === 0 ? 'nothing filled' : 'a fill';
}

describe('a refusal', () => {
  it.each(TEXTS)('%i %s', (status, text, wanted) => {
    expect(refusalOf(text), 'a row of the table').toBeDefined();
    expect(meaning(read(status, { error: text }))).toBe(wanted);
    expect(meaning(read(status, { error: text.toUpperCase() }))).toBe(wanted);
  });

  it.each(TEXTS)('in a 200 of a batch says the same: %i %s', (status, text, wanted) => {
    const reply = read(200, { success: true, errorMsg: text, orderID: '', status: '' });
    const isKnownDone = status < 500 || wanted === RETRY_LATER;
    expect(meaning(reply)).toBe(isKnownDone ? wanted : 'unknown');
  });

  it.each([500, 502, 503, 504, 408, 301])('never counts with a status of %i', (status) => {
    for (const [own, text, wanted] of TEXTS) {
      if (own === 503 && status === 503) continue;
      const isClosed = status === 503 && wanted === RETRY_LATER;
      expect(meaning(read(status, { error: text })), text).toBe(isClosed ? wanted : 'unknown');
    }
  });

  it('that the table has not is one all the same, with no word on the next order', () => {
    expect(read(400, { error: 'a new reason' })).toEqual({
      kind: 'rejected',
      status: 400,
      code: 'a new reason',
    });
  });

  it.each([425, 429])('with a status of %i is for later, whatever its words', (status) => {
    for (const error of ['matching engine restarting', 'slow down', 'invalid signature']) {
      expect(meaning(read(status, { error }))).toBe(RETRY_LATER);
    }
    // A page of somebody in between is nobody's word.
    expect(readReply({ kind: 'answered', status, body: '<html>' }, ORDER_ID).kind).toBe('unknown');
  });

  it('of the post-only mode says for how long', () => {
    const error = 'post-only mode: only post-only orders and cancels are allowed';
    const reply = read(503, { error, code: 'post_only_mode', retry_after_seconds: 79 });
    expect(reply).toEqual({
      kind: 'rejected',
      status: 503,
      code: `${error} retry_after_seconds=79`,
      reaction: 'retry-later',
    });
  });
});
