import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Harness, listing, type Reply } from './harness.js';

let harness: Harness;
const [A, FAR] = ['KXAAA-26DEC01-T0', 'KXAAA-26DEC01-T1'] as const;
const gtc = { time_in_force: 'good_till_canceled' };
beforeEach(async () => {
  harness = await Harness.start([listing(0), listing(1, { exchangeIndex: 2 })]);
  harness.post(0, 'ask', 4400, 7);
});
afterEach(() => harness.stop());

const codeOf = ({ status, body }: Reply): [number, string] => [status, body.error.code];
const change = (id: string, action: 'amend' | 'decrease', body: object): Promise<Reply> =>
  harness.rest('POST', `/portfolio/events/orders/${id}/${action}`, body);
const amend = (id: string, over: object = {}): Promise<Reply> =>
  change(id, 'amend', { ticker: A, side: 'bid', price: '0.4200', count: '5', ...over });
const read = async (id: string) => (await harness.get(`/portfolio/orders/${id}`)).body.order;
const bids = (): number[][] =>
  harness.engine.bids(0).map(([priceE4, sizeE6]) => [priceE4, sizeE6 / 1e6]);
const rest = async (over: object = {}): Promise<string> =>
  (await harness.create({ ...gtc, price: '0.40', count: '3', ...over })).body.order_id;

describe('amend', () => {
  it('moves price and size in one event, and sets its collateral anew', async () => {
    const id = await rest();
    const client = await harness.connect();
    await client.book([A]);
    const { body } = await amend(id);
    expect(body).toMatchObject({ order_id: id, remaining_count: '5.00', fill_count: '0.00' });
    expect(bids()).toEqual([[4200, 5]]);
    await client.settle();
    const deltas = client.of('orderbook_delta');
    expect(deltas.map(({ msg }) => [msg.price_dollars, msg.delta_fp])).toEqual([
      ['0.4000', '-3.00'],
      ['0.4200', '5.00'],
    ]);
    expect(new Set(deltas.map(({ msg }) => msg.ts_ms)).size).toBe(1);
    // 5 at 0.42 cost 2.10 and nothing as maker; room for rounding is kept.
    const { balance_dollars } = (await harness.get('/portfolio/balance')).body;
    expect(Number(balance_dollars)).toBeGreaterThan(1000 - 2.11);
    expect(Number(balance_dollars)).toBeLessThanOrEqual(1000 - 2.1);
    await harness.delete(`/portfolio/events/orders/${id}`);
    expect((await harness.get('/portfolio/balance')).body.balance_dollars).toBe('1000.0000');
  });

  it('that crosses executes, its count being filled and resting together', async () => {
    const id = await rest({ price: '0.44', count: '9' });
    expect(await read(id)).toMatchObject({ fill_count_fp: '7.00', remaining_count_fp: '2.00' });
    harness.post(0, 'ask', 4500, 1.5);
    const { body } = await amend(id, { price: '0.45', count: '10' });
    expect(body).toMatchObject({
      fill_count: '1.50',
      remaining_count: '1.50',
      average_fill_price: '0.4500',
    });
    expect(await read(id)).toMatchObject({
      initial_count_fp: '10.00',
      fill_count_fp: '8.50',
      remaining_count_fp: '1.50',
      yes_price_dollars: '0.4500',
    });
    expect(codeOf(await amend(id, { count: '8.50' }))).toEqual([400, 'invalid_order_size']);
  });

  it('renames, and burns the new name', async () => {
    const id = await rest({ client_order_id: 'old' });
    const { body } = await amend(id, { client_order_id: 'old', updated_client_order_id: 'new' });
    expect(body.client_order_id).toBe('new');
    expect((await read(id)).client_order_id).toBe('new');
    for (const client_order_id of ['old', 'new']) {
      expect(codeOf(await harness.create({ client_order_id }))).toEqual([
        409,
        'order_already_exists',
      ]);
    }
  });

  it('keeps, sets and clears the expiry', async () => {
    const inAnHour = Math.floor(Date.now() / 1000) + 3600;
    const id = await rest({ expiration_time: inAnHour });
    await amend(id);
    expect(Date.parse((await read(id)).expiration_time!)).toBe(inAnHour * 1000);
    await amend(id, { expiration_time: inAnHour + 60 });
    expect(Date.parse((await read(id)).expiration_time!)).toBe((inAnHour + 60) * 1000);
    expect(codeOf(await amend(id, { expiration_time: 1000 }))[1]).toBe('invalid_parameters');
    await amend(id, { expiration_time: 0 });
    expect((await read(id)).expiration_time).toBeNull();
  });

  it.each([
    [{ side: 'ask' }, 'order_side_mismatch'],
    [{ client_order_id: 'another' }, 'order_id_and_client_order_id_mismatch'],
    [{ price: '0.4250' }, 'invalid_price'],
    [{ count: '9999' }, 'insufficient_balance'],
    [{ count: '0' }, 'invalid_order_size'],
    [{ price: undefined }, 'invalid_parameters'],
  ])('%j is refused as %s, and the order stays as it was', async (over, code) => {
    const id = await rest();
    expect(codeOf(await amend(id, over))).toEqual([400, code]);
    expect(bids()).toEqual([[4000, 3]]);
  });

  it('of another market’s order, of nobody’s and of a filled one', async () => {
    await harness.create({ ...gtc, ticker: FAR, price: '0.40' });
    const id = await rest();
    expect(codeOf(await amend(id, { ticker: FAR }))).toEqual([404, 'not_found']);
    expect(codeOf(await amend(id, { ticker: FAR, exchange_index: 0 }))).toEqual([
      400,
      'order_ticker_mismatch',
    ]);
    expect(codeOf(await amend('no-such-order'))).toEqual([404, 'not_found']);
    harness.post(0, 'ask', 4000, 3);
    expect((await read(id)).status).toBe('executed');
    expect(codeOf(await amend(id))).toEqual([404, 'not_found']);
  });

  it('a number where a string belongs is refused by the decoder', async () => {
    const { status, body } = await amend(await rest(), { count: 5 });
    expect([status, body.details]).toEqual([
      400,
      'json: cannot unmarshal number into Go struct field AmendOrderV2Request.count of type string',
    ]);
  });

  it('post only stays post only', async () => {
    const id = await rest({ post_only: true });
    const { status, body } = await amend(id, { price: '0.44' });
    expect([status, body.error.details]).toEqual([400, 'post only cross']);
  });
});

describe('decrease', () => {
  it('by and to, in one delta, down to nothing', async () => {
    const id = await rest();
    const client = await harness.connect();
    await client.book([A]);
    await client.channel('user_orders');
    expect((await change(id, 'decrease', { reduce_by: '0.75' })).body.remaining_count).toBe('2.25');
    expect((await change(id, 'decrease', { reduce_to: '1' })).body.remaining_count).toBe('1.00');
    expect(bids()).toEqual([[4000, 1]]);
    await client.settle();
    expect(client.of('orderbook_delta').map(({ msg }) => msg.delta_fp)).toEqual(['-0.75', '-1.25']);
    expect(client.of('user_order').at(-1)!.msg).toMatchObject({
      last_update_reason: 'Decrease',
      remaining_count_fp: '1.00',
    });
    expect((await change(id, 'decrease', { reduce_to: '0' })).body.remaining_count).toBe('0.00');
    expect((await read(id)).status).toBe('canceled');
    expect(codeOf(await change(id, 'decrease', { reduce_by: '1' }))).toEqual([404, 'not_found']);
  });

  it.each([
    [{}, 'invalid_parameters'],
    [{ reduce_by: '1', reduce_to: '1' }, 'invalid_parameters'],
    [{ reduce_to: '4' }, 'invalid_parameters'],
    [{ reduce_by: '0' }, 'invalid_order_size'],
  ])('%j is refused as %s', async (body, code) => {
    expect(codeOf(await change(await rest(), 'decrease', body))).toEqual([400, code]);
    expect(bids()).toEqual([[4000, 3]]);
  });

  it('by id alone looks on shard 0', async () => {
    const id = await rest({ ticker: FAR });
    const less = { reduce_by: '1' };
    expect((await change(id, 'decrease', less)).status).toBe(404);
    expect((await change(id, 'decrease', { ...less, market_ticker: FAR })).status).toBe(200);
    expect((await change(id, 'decrease', { ...less, exchange_index: 2 })).status).toBe(200);
  });

  it('filled afterwards the order is executed', async () => {
    const id = await rest();
    await change(id, 'decrease', { reduce_to: '2' });
    harness.post(0, 'ask', 4000, 2);
    expect(await read(id)).toMatchObject({ status: 'executed', fill_count_fp: '2.00' });
  });

  it('filled when a pause ends the order is executed too', async () => {
    harness.freezeClock();
    const id = await rest();
    await change(id, 'decrease', { reduce_to: '2' });
    harness.server.inject({ kind: 'pause', durationMs: 1_000, scope: 'trading' });
    harness.post(0, 'ask', 4000, 2);
    harness.skewMs = 1_001;
    await harness.get('/exchange/status');
    expect(await read(id)).toMatchObject({ status: 'executed', fill_count_fp: '2.00' });
  });
});
