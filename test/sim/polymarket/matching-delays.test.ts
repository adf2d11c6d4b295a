import { afterEach, describe, expect, it } from 'vitest';
import {
  type Exchange,
  eventually,
  type Frames,
  listing,
  type OrderRequest,
  STARTING_MICROS,
  startExchange,
  type Trader,
  until,
} from './exchange-fixture.js';

const HOLD_MS = 500;
const HELD = listing(0, { takerDelayMs: HOLD_MS });
const QUEUED = listing(1, { secondsDelay: 1 });
const GAME = listing(2, { clearBookOnStart: true, gameStartMs: Date.now() + 1_000_000 });
const CANCEL_HELD = 'cannot cancel because the order is in pending/delayed status';

let exchange: Exchange;
let trader: Trader;
afterEach(() => exchange.close());

async function start(now?: () => number): Promise<void> {
  exchange = await startExchange({
    listings: [HELD, QUEUED, GAME],
    ...(now === undefined ? {} : { now }),
  });
  trader = await exchange.trader();
}

function buy(at: OrderRequest['listing'], more: Partial<OrderRequest> = {}): OrderRequest {
  return {
    listing: at,
    outcome: 0,
    makerAmount: 10_000_000,
    takerAmount: 20_000_000,
    orderType: 'FAK',
    ...more,
  };
}

function idOf(messages: { id: string }[]): string {
  return messages[0]?.id ?? '';
}

async function userSocket(): Promise<Frames> {
  const frames = await exchange.socket('/ws/user');
  const { apiKey, secret, passphrase } = trader.creds;
  frames.send({ auth: { apiKey, secret, passphrase }, type: 'user' });
  await frames.settle();
  return frames;
}

/**
 * Places an order and resolves when the exchange holds it; the other connection is free meanwhile.
 */
async function placeHeld(request: OrderRequest) {
  const { id, body } = trader.signed(request);
  const other = await exchange.trader();
  const held = trader.call('POST', '/order', body);
  const cancel = () => other.call('DELETE', '/order', JSON.stringify({ orderID: id }));
  await eventually(async () => (await cancel()).body.not_canceled[id] === CANCEL_HELD, 'hold');
  return { id, body, held, other };
}

describe('a market with a taker delay', () => {
  it('holds what takes with the call open, and matches what is there afterwards', async () => {
    await start();
    const quote = exchange.quote(0, 'ask', 4_000, 50_000_000);
    const calledAt = performance.now();
    const { held, other } = await placeHeld(buy(HELD));
    const resting = buy(HELD, { makerAmount: 2_000_000, orderType: 'GTC' });
    expect((await other.post(resting)).body.status).toBe('live');
    exchange.unquote(0, quote);
    exchange.quote(0, 'ask', 4_500, 50_000_000);
    const { body } = await held;
    expect(performance.now() - calledAt).toBeGreaterThanOrEqual(HOLD_MS - 5);
    expect(body).toMatchObject({ status: 'matched', takingAmount: '22.222222' });
    const info = await trader.request('GET', `/clob-markets/${HELD.conditionId}`);
    expect(info.body).toMatchObject({ itode: true, sd: 0 });
  });

  it('refuses at the end what no longer matches, and what the market no longer takes', async () => {
    await start();
    const quote = exchange.quote(0, 'ask', 5_000, 50_000_000);
    const first = await placeHeld(buy(HELD));
    exchange.unquote(0, quote);
    expect((await first.held).body.error).toMatch(/^no orders found to match with FAK/);
    exchange.quote(0, 'ask', 5_000, 50_000_000);
    const second = await placeHeld(buy(HELD));
    exchange.server.inject({ kind: 'close', market: 0 });
    expect((await second.held).body.error).toMatch(/^the market is not yet ready/);
    expect(exchange.accounts.fills('trader')).toEqual([]);
  });

  it('reserves, and refuses the same order and its cancel', async () => {
    await start();
    exchange.quote(0, 'ask', 5_000, 5_000_000_000);
    const large = buy(HELD, { makerAmount: 600_000_000, takerAmount: 1_200_000_000 });
    const { id, body, held, other } = await placeHeld(large);
    expect((await other.call('POST', '/order', body)).body.error).toMatch(/Duplicated\.$/);
    const poor = buy(QUEUED, { makerAmount: 500_000_000, takerAmount: 1_000_000_000 });
    const refused = await other.post({ ...poor, orderType: 'GTC' });
    // $1,000 less $600 and its fee.
    expect(refused.body.error).toMatch(/^not enough balance \/ allowance: balance: 379000000,/);
    expect((await other.call('DELETE', '/cancel-all')).body).toEqual({
      canceled: [],
      not_canceled: { [id]: CANCEL_HELD },
    });
    expect((await held).body.takingAmount).toBe('1200');
  });

  it('goes on when the caller hangs up', async () => {
    await start();
    exchange.quote(0, 'ask', 5_000, 50_000_000);
    const { held } = await placeHeld(buy(HELD));
    const lost = held.catch(() => undefined);
    await trader.close();
    await lost;
    await until(() => exchange.accounts.heldE6('trader', 0, 0) > 0, 'match');
  });
});

describe('a market with a seconds delay', () => {
  it('answers delayed at once and tells the match on the user socket', async () => {
    await start();
    exchange.quote(1, 'ask', 5_000, 50_000_000);
    const user = await userSocket();
    const { body } = await trader.post(buy(QUEUED));
    expect(body).toMatchObject({ success: true, status: 'delayed', takingAmount: '' });
    const cancel = await trader.call('DELETE', '/order', JSON.stringify({ orderID: body.orderID }));
    expect(cancel.body.not_canceled).toEqual({ [body.orderID]: CANCEL_HELD });
    expect(exchange.accounts.cashMicros('trader')).toBe(STARTING_MICROS);
    await until(() => user.messages().some((m) => m.event_type === 'trade'), 'match');
    const orders = user.messages().filter((m) => m.event_type === 'order');
    expect(orders.map((m) => [m.type, m.status, m.size_matched])).toEqual([
      ['PLACEMENT', 'DELAYED', '0'],
      ['UPDATE', 'LIVE', '20'],
    ]);
    expect(idOf(orders)).toBe(body.orderID);
  });

  it('lets a limit order that no longer matches rest, and kills a FAK', async () => {
    await start();
    const id = exchange.quote(1, 'ask', 5_000, 50_000_000);
    const user = await userSocket();
    const limit = (await trader.post(buy(QUEUED, { orderType: 'GTC' }))).body;
    const kill = (await trader.post(buy(QUEUED))).body;
    expect([limit.status, kill.status]).toEqual(['delayed', 'delayed']);
    exchange.unquote(1, id);
    const last = (orderId: string) =>
      user.messages().filter((m) => m.id === orderId && m.type !== 'PLACEMENT');
    await until(() => last(limit.orderID).length + last(kill.orderID).length === 2, 'both ends');
    expect(last(limit.orderID)).toMatchObject([{ type: 'UPDATE', status: 'UNMATCHED' }]);
    expect(last(kill.orderID)).toMatchObject([{ type: 'CANCELLATION', status: 'CANCELED' }]);
    expect(exchange.engine.bids(1)).toEqual([[5_000, 20_000_000]]);
  });
});

describe('a game', () => {
  it('clears its book when it starts', async () => {
    let skewMs = 0;
    await start(() => Date.now() + skewMs);
    await trader.post(buy(GAME, { orderType: 'GTC' }));
    await trader.post(buy(HELD, { orderType: 'GTC' }));
    skewMs = 1_000_001;
    await until(() => exchange.engine.bids(2).length === 0, 'wipe');
    expect(exchange.engine.bids(0)).toHaveLength(1);
  });
});
