import { afterEach, beforeEach, expect, it } from 'vitest';
import { Harness, until } from './harness.js';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
  harness.post(0, 'ask', 4400, 7);
  harness.post(0, 'ask', 4500, 10);
});
afterEach(() => harness.stop());

const asks = (): number[][] =>
  harness.engine.asks(0).map(([priceE4, sizeE6]) => [priceE4, sizeE6 / 1e6]);

it('delay-replies executes at once and answers later', async () => {
  harness.server.inject({ kind: 'delay-replies', count: 1, delayMs: 150 });
  const sent = performance.now();
  let answered = false;
  const reply = harness.create({ price: '0.44', count: '2' }).finally(() => {
    answered = true;
  });
  await until(() => asks()[0]![1] === 5);
  expect(answered).toBe(false);
  expect((await reply).body.fill_count).toBe('2.00');
  expect(performance.now() - sent).toBeGreaterThanOrEqual(149);
  expect((await harness.create({ price: '0.44' })).status).toBe(201);
});

it('delay-orders executes later, against what is there by then', async () => {
  harness.server.inject({ kind: 'delay-orders', count: 1, delayMs: 150 });
  const sent = performance.now();
  const reply = harness.create({ price: '0.44', count: '7' });
  expect((await harness.create({ price: '0.44', count: '4' })).body.fill_count).toBe('4.00');
  expect((await reply).body.fill_count).toBe('3.00');
  expect(performance.now() - sent).toBeGreaterThanOrEqual(149);
});

it('partial-fills leave an order a part of what it asks for: others took the rest, and all see it', async () => {
  const client = await harness.connect('bob');
  await client.book(['KXAAA-26DEC01-T0'], { use_yes_price: true });
  await client.channel('trade');
  harness.server.inject({ kind: 'partial-fills', count: 2, percent: 33 });
  const { body } = await harness.create({ price: '0.45', count: '10.01' });
  // 33% of 10.01 is 3.3033: what is left of 17 is 3.30, the dearest.
  expect(body).toMatchObject({ fill_count: '3.30', average_fill_price: '0.4500' });
  expect(asks()).toEqual([]);
  await client.settle();
  const taken = client.of('trade').map(({ msg }) => msg.count_fp);
  expect(taken).toEqual(['7.00', '6.70', '3.30']);
  harness.post(0, 'ask', 4400, 5);
  const fok = { price: '0.44', count: '5', time_in_force: 'fill_or_kill' };
  expect((await harness.create(fok)).status).toBe(409);
  harness.post(0, 'ask', 4400, 5);
  expect((await harness.create({ price: '0.44', count: '5' })).body.fill_count).toBe('5.00');
});

it('partial-fills of nothing leave nothing', async () => {
  harness.server.inject({ kind: 'partial-fills', count: 1, percent: 0 });
  const { status, body } = await harness.create({ price: '0.45', count: '3' });
  expect([status, body.fill_count]).toEqual([201, '0.00']);
});

it('fail-requests fails the class it names, without carrying it out', async () => {
  harness.server.inject({ kind: 'fail-requests', count: 2, status: 503, of: 'orders' });
  expect((await harness.get('/portfolio/balance')).status).toBe(200);
  for (let order = 0; order < 2; order++) {
    const { status, body } = await harness.create({ price: '0.45' });
    expect([status, body.error]).toEqual([
      503,
      { code: 'service_unavailable', message: 'service unavailable' },
    ]);
  }
  expect(asks()).toEqual([
    [4400, 7],
    [4500, 10],
  ]);
  harness.server.inject({ kind: 'fail-requests', count: 1, status: 500, of: 'reads' });
  expect((await harness.create({ price: '0.45' })).status).toBe(201);
  expect((await harness.get('/markets')).status).toBe(500);
  expect((await harness.get('/markets')).status).toBe(200);
});

it('fail-requests with 429 has both bodies that were seen, by turns', async () => {
  harness.server.inject({ kind: 'fail-requests', count: 2, status: 429, of: 'all' });
  expect((await harness.get('/portfolio/balance')).body.error).toBe('too many requests');
  expect((await harness.create()).body.error.code).toBe('too_many_requests');
  expect((await harness.create()).status).toBe(201);
});
