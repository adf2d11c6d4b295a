// Every error that Polymarket documents for REST, over real sockets: what the wire says, and what our clients make of it.
import { afterEach, describe, expect, it } from 'vitest';
import { parseObject } from '../../../src/venues/json.js';
import { loadPolymarketFills } from '../../../src/venues/polymarket/account.js';
import { PolymarketHeartbeat } from '../../../src/venues/polymarket/heartbeat.js';
import { REFUSALS, refusalOf } from '../../../src/venues/polymarket/refusals.js';
import { until } from '../../net/raw-server.js';
import { LISTINGS, listing } from '../../sim/polymarket/exchange-fixture.js';
import {
  POLYMARKET_REST_ERRORS,
  type PolymarketErrorRow,
  refused,
} from './polymarket-rest-errors.js';
import { FILL_MARKETS, PolymarketRig } from './polymarket-rig.js';

let rig: PolymarketRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function open(...args: Parameters<typeof PolymarketRig.open>): Promise<PolymarketRig> {
  rig = await PolymarketRig.open(...args);
  return rig;
}

it.each(POLYMARKET_REST_ERRORS)('$status $text: $when (by $by)', async (row) => {
  const own = await open(row.server);
  const made = await row.act(own);
  if (row.engine !== undefined) expect(made).toMatchObject(row.engine as object);
  expect(own.writes.length, 'nothing is sent twice').toBe(row.writes ?? 1);
  const reply = own.tap.answered(row.status).find(({ body }) => body.includes(row.text));
  expect(reply, 'what the wire says').toBeDefined();
  expect(JSON.parse(reply!.body)).toMatchObject(row.body ?? {});
  if (row.header !== undefined) expect(reply!.head).toMatch(row.header);
  if (isNothing(made)) expect(own.isUntouched, 'a reply of which nothing comes').toBe(true);
  if (row.order !== undefined) await expectOrder(own, row, reply!.body);
});

/** The same answer to an order of our gateway, which it does not send again. */
async function expectOrder(own: PolymarketRig, row: PolymarketErrorRow, body: string) {
  const [writes, heldE6] = [own.writes.length, own.heldE6];
  const text = textOf(body);
  // What a batch says of one order with its 200, the exchange says of an order alone with a 400 (4.8).
  const status = row.status === 200 ? 400 : row.status;
  own.inject({ kind: 'reject-orders', count: 1, status, body: JSON.stringify({ error: text }) });
  const reply = await own.send();
  switch (row.order) {
    case 'unknown':
      expect(reply.kind).toBe('unknown');
      break;
    case 'filled-nothing':
      expect(reply).toMatchObject({ kind: 'acknowledged', filledE6: 0, costMicros: 0 });
      break;
    default:
      expect(reply).toEqual(refused(status, text, row.order ?? 'no-word'));
  }
  expect(own.writes.length).toBe(writes + 1);
  expect(own.heldE6).toBe(heldE6);
}

function textOf(body: string): string {
  const said: unknown = JSON.parse(body);
  if (Array.isArray(said)) return String(said[0]?.errorMsg);
  return String(parseObject(body)?.error);
}

function isNothing(made: unknown): boolean {
  if (typeof made !== 'object' || made === null || !('kind' in made)) return false;
  return made.kind === 'rejected' || ('filledE6' in made && made.filledE6 === 0);
}

/** In the reference, and not in the table of an order's refusals: told by their status, or not an order's. */
const NOT_IN_THE_TABLE = [
  'Could not derive api key',
  'market not found',
  'a reason that nobody has heard of',
  'restarting',
  'Too Many Requests',
  'Invalid next_cursor',
  'offset too large, use /markets/keyset',
  'order fields are not valid: end_date',
];

it('has a row for every text that the code knows, and one for every other that is documented', () => {
  const texts = POLYMARKET_REST_ERRORS.map(({ text }) => text);
  const found = new Set(texts.map((text) => refusalOf(text)?.text));
  for (const { text } of REFUSALS) expect(found, text).toContain(text);
  const others = texts.filter((text) => refusalOf(text) === undefined);
  expect([...new Set(others)].sort()).toEqual([...NOT_IN_THE_TABLE].sort());
});

it.each([500, 502, 503, 504])('a %i without a known text is unknown', async (status) => {
  const own = await open();
  own.inject({ kind: 'fail-requests', count: 1, status, of: 'orders' });
  expect((await own.send()).kind).toBe('unknown');
  expect(own.tap.answered(status).length).toBe(1);
  expect(own.writes.length).toBe(1);
});

it('after order_version_mismatch no order leaves until GET /version says that ours is spoken', async () => {
  const own = await open();
  const gateway = await own.gateway();
  const body = '{"error":"order_version_mismatch"}';
  own.inject({ kind: 'reject-orders', count: 1, status: 400, body });
  own.inject({ kind: 'fail-requests', count: 1, status: 500, of: 'reads' });
  const asked = () => own.tap.calls.filter(({ path }) => path === '/version').length;
  const before = asked();
  expect(await own.send({}, gateway)).toEqual(
    refused(400, 'order_version_mismatch', 'retry-later'),
  );
  await until(() => asked() === before + 1, 'a question');
  await expect(own.send({}, gateway)).rejects.toThrow('cannot be said');
  expect(await gateway.confirmVersion()).toBe(true);
  expect(await own.send({}, gateway)).toMatchObject({ kind: 'acknowledged', filledE6: 10_000_000 });
  expect(own.writes.length).toBe(2);
});

describe('a matching delay (4.9)', () => {
  it('of seconds answers `delayed`: not known yet, and the trade tells', async () => {
    const own = await open({ listings: [listing(0, { secondsDelay: 1 }), ...LISTINGS.slice(1)] });
    const reply = await own.send();
    expect(reply).toMatchObject({ kind: 'unknown', why: 'delayed' });
    expect(own.isUntouched).toBe(true);
    const orderId = reply.kind === 'unknown' ? (reply.orderId ?? '') : '';
    const { kept } = await own.calls.cancel(orderId);
    expect(kept.get(orderId)).toBe('cannot cancel because the order is in pending/delayed status');
    await until(() => own.heldE6 > 0, 'the match');
    const { fills } = await loadPolymarketFills(own.rest, own.identity, 0, FILL_MARKETS);
    expect(fills.map((fill) => fill.orderId)).toEqual([orderId]);
    expect(own.tap.writes.filter(({ method }) => method === 'POST').length).toBe(1);
  });

  it('of milliseconds keeps the call open: what is held cannot be canceled, and matches', async () => {
    const held = listing(0, { takerDelayMs: 300 });
    const own = await open({ listings: [held, ...LISTINGS.slice(1)] });
    const gateway = await own.gateway();
    const sending = own.send({}, gateway);
    await until(() => own.writes.length === 1, 'the order');
    const { canceled, kept } = await own.calls.cancelAll();
    expect([canceled, [...kept.values()]]).toEqual([
      [],
      ['cannot cancel because the order is in pending/delayed status'],
    ]);
    expect(own.isUntouched).toBe(true);
    expect(await sending).toMatchObject({ kind: 'acknowledged', filledE6: 10_000_000 });
  });
});

describe('a cancel (4.10)', () => {
  it('of an order that is over says so in not_canceled, with a 200', async () => {
    const own = await open();
    const reply = await own.send();
    const orderId = reply.kind === 'acknowledged' ? reply.orderId : '';
    const never = `0x${'5e'.repeat(32)}`;
    const { canceled, kept } = await own.calls.cancelMany([orderId, never]);
    expect(canceled).toEqual([]);
    expect(kept.get(orderId)).toBe('already canceled or matched');
    expect(kept.get(never)).toBeDefined();
    expect(await own.calls.order(never)).toBeUndefined();
  });

  it('of too many is not sent at all', async () => {
    const own = await open();
    const ids = Array.from({ length: 1_001 }, () => `0x${'5e'.repeat(32)}`);
    await expect(own.calls.cancelMany(ids)).rejects.toThrow(RangeError);
    expect(own.tap.writes).toEqual([]);
  });
});

it('a closed order that comes back empty (14, 20) is not said not to have filled', async () => {
  const own = await open({ closedOrdersMs: 0 });
  const reply = await own.send();
  const orderId = reply.kind === 'acknowledged' ? reply.orderId : '';
  expect(await own.calls.order(orderId)).toBeUndefined();
  expect(own.tap.answered(200).some(({ body }) => body === 'null')).toBe(true);
});

it('a heartbeat with a wrong id (7) is told the right one and goes on with it', async () => {
  const own = await open();
  const { rest, identity } = own;
  const failures: string[] = [];
  const heart = () =>
    new PolymarketHeartbeat({ rest, identity, onFailed: (why) => failures.push(why), everyMs: 20 });
  const beats = () => own.tap.answered(200).filter(({ body }) => body.includes('heartbeat_id'));
  const first = heart();
  first.start();
  await until(() => beats().length === 1, 'a beat');
  first.stop();
  const second = heart();
  second.start();
  await until(() => beats().length >= 4, 'more beats');
  second.stop();
  const [refusal, ...more] = own.tap.answered(400);
  const [current] = beats();
  expect(parseObject(refusal?.body ?? '')).toEqual({
    error_msg: 'Invalid Heartbeat ID',
    heartbeat_id: parseObject(current?.body ?? '')?.heartbeat_id,
  });
  expect(more).toEqual([]);
  expect(failures).toEqual([]);
});
