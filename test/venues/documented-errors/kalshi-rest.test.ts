// Every error that Kalshi documents for REST and the handshake, over real sockets: what the wire says, and what our clients make of it.
import { afterEach, expect, it } from 'vitest';
import { parseObject } from '../../../src/venues/json.js';
import { findKalshiOrder } from '../../../src/venues/kalshi/account.js';
import { errorCode } from '../../../src/venues/kalshi/error-reactions.js';
import { loadKalshiExchangeStatus } from '../../../src/venues/kalshi/exchange-status.js';
import { readKalshiBooks } from '../../../src/venues/kalshi/polled-books.js';
import { KALSHI_ERROR } from '../../../src/venues/kalshi/wire/error-codes.js';
import { KALSHI_REST_ERRORS, type KalshiErrorRow, refused } from './kalshi-rest-errors.js';
import { failureOf, identity, KalshiRig, newOrder, TICKERS } from './kalshi-rig.js';

let rig: KalshiRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

it.each(KALSHI_REST_ERRORS)('$status $code: $when (by $by)', async (row) => {
  rig = await KalshiRig.open(row.server);
  const made = await row.act(rig);
  expect(made).toMatchObject(row.engine as object);
  expect(rig.tap.writes.length, 'nothing is sent twice').toBe(row.writes ?? 1);
  const replies = rig.tap.answered(row.status);
  const reply = replies.find(({ body }) => errorCode(parseObject(body)) === row.code);
  expect(reply, 'what the wire says').toBeDefined();
  expect(JSON.parse(reply!.body)).toMatchObject(row.body ?? {});
  if (isRefusal(made)) expect(rig.isUntouched, 'a refusal of which nothing comes').toBe(true);
  if (row.order !== undefined) await expectOrder(rig, row, reply!.body);
});

/** The same answer to an order of our gateway, which it does not send again. */
async function expectOrder(own: KalshiRig, { status, code, order }: KalshiErrorRow, body: string) {
  const [writes, heldE6] = [own.tap.writes.length, own.heldE6];
  own.harness.server.inject({ kind: 'reject-orders', count: 1, status, body });
  expect(await own.send()).toEqual(refused(status, code, order ?? ''));
  expect(own.tap.writes.length).toBe(writes + 1);
  expect(own.heldE6).toBe(heldE6);
}

function isRefusal(made: unknown): boolean {
  return typeof made === 'object' && made !== null && 'kind' in made && made.kind === 'rejected';
}

/** In the reference, and in no table of the code: branched on by status, or not an order's. */
const ONLY_IN_THE_REFERENCE = [
  'insufficient_scope',
  'market_closed',
  'too many requests',
  'Parameter validation failed for GetOrders: limit must be 1 to 1000',
];

it('has a row for every code that the code knows, and one for every other that is documented', () => {
  const known = [...Object.values(KALSHI_ERROR), ...ONLY_IN_THE_REFERENCE];
  expect([...new Set(KALSHI_REST_ERRORS.map(({ code }) => code))].sort()).toEqual(known.sort());
});

it.each([500, 502, 503, 504])('a %i to an order is unknown, and the list tells', async (status) => {
  rig = await KalshiRig.open();
  rig.harness.server.inject({ kind: 'fail-requests', count: 1, status, of: 'orders' });
  const reply = await rig.send({ clientOrderId: 'doubtful' });
  expect(reply).toMatchObject({ kind: 'unknown', orderId: undefined });
  expect(rig.tap.answered(status).length).toBe(1);
  expect(await findKalshiOrder(rig.rest, identity, 'doubtful', 0)).toEqual({ kind: 'absent' });
  expect(rig.tap.writes.length).toBe(1);
});

it('a 5xx to a cancel is unknown and not asked again; to a read it fails at once', async () => {
  rig = await KalshiRig.open();
  const order = await rig.resting();
  const { server } = rig.harness;
  server.inject({ kind: 'fail-requests', count: 1, status: 500, of: 'orders' });
  expect((await rig.calls.cancelOrder(order)).kind).toBe('unknown');
  server.inject({ kind: 'fail-requests', count: 1, status: 502, of: 'reads' });
  const failure = await rig.call('GET', '/portfolio/balance');
  expect(failure).toEqual({ status: 502, code: 'bad_gateway' });
  expect(rig.tap.calls.length).toBe(2);
  expect(rig.waitsMs).toEqual([]);
});

it('an order whose reply is lost is unknown and found again, not sent again', async () => {
  rig = await KalshiRig.open();
  rig.harness.server.inject({ kind: 'reset-after-accept', count: 1 });
  expect((await rig.send({ clientOrderId: 'lost' })).kind).toBe('unknown');
  const found = await findKalshiOrder(rig.rest, identity, 'lost', 0);
  expect(found).toMatchObject({ kind: 'found', order: { filledCenti: 1_000 } });
  expect(rig.tap.writes.length).toBe(1);
});

it('the error of one item of a batch is read as that of an order', async () => {
  rig = await KalshiRig.open();
  const replies = await rig.calls.createOrders([
    newOrder({ yesPriceE4: 5_005 }),
    newOrder(),
    newOrder({ timeInForce: 'good_till_canceled', postOnly: true }),
    newOrder({ exchangeIndex: 2 }),
  ]);
  expect(replies).toMatchObject([
    refused(0, KALSHI_ERROR.INVALID_PRICE, 'rest-market'),
    { kind: 'acknowledged', filledE6: 1_000_000 },
    refused(0, KALSHI_ERROR.INVALID_ORDER, 'rest-market'),
    refused(0, KALSHI_ERROR.MARKET_NOT_FOUND, 'rest-market'),
  ]);
  expect(rig.tap.answered(201).length).toBe(1);
});

it('a pause is told by GET /exchange/status with its 503, and read', async () => {
  rig = await KalshiRig.open();
  rig.harness.server.inject({ kind: 'pause', scope: 'exchange', durationMs: 3_600_000 });
  const { shards, resumeMs } = await loadKalshiExchangeStatus(rig.rest);
  expect([...shards.values()]).toEqual(
    [0, 2].map(() => ({ exchangeActive: false, tradingActive: false })),
  );
  expect(resumeMs).toBeGreaterThan(Date.now());
  expect(rig.tap.answered(503).length).toBe(1);
});

it.each([503, 504])('a %i without that body says nothing of a pause', async (status) => {
  rig = await KalshiRig.open();
  rig.harness.server.inject({ kind: 'fail-requests', count: 1, status, of: 'reads' });
  const failure = await failureOf(loadKalshiExchangeStatus(rig.rest));
  expect(failure).toMatchObject({ status });
});

it('a cursor that is garbage is not an error, nor a book of a ticker that is not known', async () => {
  rig = await KalshiRig.open();
  expect(await rig.call('GET', '/portfolio/orders?cursor=garbage')).toBeUndefined();
  const [known, unknown] = await readKalshiBooks(rig.rest, [TICKERS[0]!, 'KXNONE']);
  expect(known?.noBids.bestPriceE4()).toBe(5_000);
  expect([unknown?.yesBids.bestPriceE4(), unknown?.noBids.bestPriceE4()]).toEqual([0, 0]);
  expect(rig.tap.answered(200).length).toBe(2);
});
