import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Client, Harness, listing, type Reply } from './harness.js';

let harness: Harness;
let client: Client;
const gtc = { time_in_force: 'good_till_canceled', price: '0.40' };
const [A, FAR] = ['KXAAA-26DEC01-T0', 'KXAAA-26DEC01-T1'] as const;
beforeEach(async () => {
  harness = await Harness.start([listing(0), listing(1, { exchangeIndex: 2 })]);
  harness.freezeClock();
  client = await harness.connect();
  await client.channel('order_group_updates');
});
afterEach(() => harness.stop());

const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body: object = {}) =>
  harness.rest(method, `/portfolio/order_groups${path}`, method === 'GET' ? undefined : body);
const create = async (limit: number | string): Promise<string> => {
  const field = typeof limit === 'number' ? 'contracts_limit' : 'contracts_limit_fp';
  return (await call('POST', '/create', { [field]: limit })).body.order_group_id;
};
const codeOf = ({ status, body }: Reply): [number, string] => [status, body.error.code];
const resting = async (): Promise<number> =>
  (await harness.get('/portfolio/orders?status=resting')).body.orders.length;
const events = async (): Promise<string[]> => {
  await client.settle();
  return client.of('order_group_updates').map(({ msg }) => msg.event_type);
};

it('more than the limit matched within 15 seconds cancels the group and closes it', async () => {
  const order_group_id = await create(5);
  const far = await harness.create({ ...gtc, order_group_id, price: '0.10' });
  await harness.create({ ...gtc, order_group_id, count: '3' });
  await harness.create({ ...gtc, order_group_id, count: '2.01', price: '0.39' });
  await harness.create({ ...gtc, price: '0.11' });
  harness.post(0, 'ask', 4000, 3);
  harness.skewMs = 14_999;
  harness.post(0, 'ask', 3900, 2);
  expect(await resting()).toBe(3);
  harness.post(0, 'ask', 3900, 0.01);
  expect(await resting()).toBe(1);
  const read = await harness.get(`/portfolio/orders/${far.body.order_id}`);
  expect(read.body.order).toMatchObject({ status: 'canceled', order_group_id });
  expect(codeOf(await harness.create({ ...gtc, order_group_id }))).toEqual([400, 'invalid_order']);
  expect(await events()).toEqual(['created', 'triggered']);
  expect(client.of('order_group_updates').map(({ seq }) => seq)).toEqual([1, 2]);
  await call('PUT', `/${order_group_id}/reset`);
  expect((await harness.create({ ...gtc, order_group_id })).status).toBe(201);
});

it('what was matched 15 seconds ago counts no more', async () => {
  const order_group_id = await create(5);
  await harness.create({ ...gtc, order_group_id, count: '10' });
  harness.post(0, 'ask', 4000, 5);
  harness.skewMs = 15_000;
  harness.post(0, 'ask', 4000, 4);
  expect(await resting()).toBe(1);
});

it('an order that takes too much itself loses its own rest', async () => {
  harness.post(0, 'ask', 4000, 6);
  const order_group_id = await create('5.50');
  const { body } = await harness.create({ ...gtc, order_group_id, count: '10' });
  expect(body.fill_count).toBe('6.00');
  expect(await resting()).toBe(0);
  expect((await harness.get('/portfolio/balance')).body.balance_dollars).toMatch(/^997\./);
});

it('a limit below what was matched, a trigger and a delete cancel too', async () => {
  const order_group_id = await create(5);
  const order = { ...gtc, order_group_id, count: '4' };
  await harness.create(order);
  harness.post(0, 'ask', 4000, 3);
  await call('PUT', `/${order_group_id}/limit`, { contracts_limit: 3 });
  expect(await resting()).toBe(1);
  await call('PUT', `/${order_group_id}/limit`, { contracts_limit: 2 });
  expect(await resting()).toBe(0);
  await call('PUT', `/${order_group_id}/reset`);
  await harness.create(order);
  await call('PUT', `/${order_group_id}/trigger`);
  expect(await resting()).toBe(0);
  await call('PUT', `/${order_group_id}/reset`);
  await harness.create(order);
  await call('DELETE', `/${order_group_id}`);
  expect(await resting()).toBe(0);
  expect(codeOf(await harness.create(order))).toEqual([404, 'not_found']);
  expect(await events()).toEqual(
    'created limit_updated limit_updated triggered reset triggered reset deleted'.split(' '),
  );
  expect(client.of('order_group_updates')[0]!.msg.contracts_limit_fp).toBe('5.00');
});

it('a group is of one account and of one shard', async () => {
  const { order_group_id } = (
    await call('POST', '/create', { contracts_limit: 9, exchange_index: 2 })
  ).body;
  expect((await harness.create({ ...gtc, ticker: FAR, order_group_id })).status).toBe(201);
  expect(codeOf(await harness.create({ ...gtc, ticker: A, order_group_id }))[0]).toBe(404);
  expect(codeOf(await harness.create({ ...gtc, ticker: FAR, order_group_id }, 'bob'))[0]).toBe(404);
  expect((await call('PUT', `/${order_group_id}/trigger`)).status).toBe(404);
  expect((await call('PUT', `/${order_group_id}/trigger?exchange_index=2`)).status).toBe(200);
});

it.each([
  [{}, 'invalid_parameters'],
  [{ contracts_limit: 0 }, 'invalid_parameters'],
  [{ contracts_limit: 1_000_001 }, 'invalid_parameters'],
  [{ contracts_limit: 5, contracts_limit_fp: '6' }, 'invalid_parameters'],
  [{ contracts_limit_fp: '5.005' }, 'invalid_parameters'],
])('%j makes no group', async (body, code) => {
  expect(codeOf(await call('POST', '/create', body))).toEqual([400, code]);
});
