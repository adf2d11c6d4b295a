import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Harness, until } from './harness.js';

let harness: Harness;
let client: Client;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());
afterEach(() => client.socket.terminate());

const [A, B] = ['KXAAA-26DEC01-T0', 'KXAAA-26DEC01-T1'];

describe('every documented error', () => {
  const subscribe = (params?: object): object => ({ id: 9, cmd: 'subscribe', params });
  const update = (params?: object): object => ({ id: 9, cmd: 'update_subscription', params });
  it.each([
    [1, '{"id":9,', 'text that is not JSON'],
    [1, '[1]', 'JSON that is not an object'],
    [2, subscribe(), 'no params'],
    [3, subscribe({}), 'no channels'],
    [4, { id: 9, cmd: 'unsubscribe', params: {} }, 'no sids'],
    [4, update({ action: 'add_markets', market_ticker: A }), 'no sid'],
    [5, { id: 9, cmd: 'dance' }, 'an unknown command'],
    [7, { id: 9, cmd: 'unsubscribe', params: { sids: [99] } }, 'an unknown sid'],
    [7, update({ sid: 99, action: 'add_markets', market_ticker: A }), 'an update of none'],
    [8, subscribe({ channels: ['ticker_v2'] }), 'a channel that is gone'],
    [11, subscribe({ channels: ['orderbook_delta'], market_ticker: 'KXNONE' }), 'unknown ticker'],
    [11, subscribe({ channels: ['trade'], market_tickers: [5] }), 'a ticker that is a number'],
    [12, update({ sids: [1, 2], action: 'add_markets', market_ticker: A }), 'two sids'],
    [13, update({ sid: 1, action: 'dance', market_ticker: A }), 'an unsupported action'],
    [13, update({ sid: 2, action: 'get_snapshot', market_ticker: A }), 'a snapshot of fills'],
    [14, subscribe({ channels: ['orderbook_delta'] }), 'books of no market'],
    [14, update({ sid: 1, action: 'add_markets' }), 'an update without tickers'],
    [15, update({ sid: 1, market_ticker: A }), 'no action'],
  ] as readonly [number, object | string, string][])('%i answers %j', async (code, command) => {
    client = await harness.connect();
    await client.book([A!]);
    await client.call({ id: 2, cmd: 'subscribe', params: { channels: ['fill'] } });
    client.send(command);
    const error = await client.nth('error');
    expect(error.msg.code).toBe(code);
    expect(error.id).toBe(code === 1 ? undefined : 9);
  });
});

it('limits of markets and of commands are errors 26 and 27', async () => {
  const limited = await Harness.start(undefined, {
    maxMarketSubscriptions: 1,
    maxCommandsPerSecond: 3,
  });
  client = await limited.connect();
  client.send({
    id: 1,
    cmd: 'subscribe',
    params: { channels: ['orderbook_delta'], market_tickers: [A, B] },
  });
  expect((await client.nth('error')).msg.code).toBe(26);
  for (let id = 0; id < 8; id++) client.send({ id, cmd: 'list_subscriptions' });
  expect((await client.nth('error', 1)).msg.code).toBe(27);
  await limited.stop();
});

it('subscribing again merges into the sid and is answered ok, with the next seq', async () => {
  client = await harness.connect();
  expect(await client.book([A!])).toMatchObject({ type: 'subscribed', msg: { sid: 1 } });
  const merged = await client.book([A!, B!]);
  expect(merged).toMatchObject({ type: 'ok', sid: 1, seq: 2, msg: { market_tickers: [A, B] } });
  expect((await client.nth('orderbook_snapshot', 1)).seq).toBe(3);
});

it('sids count channels, replies use up a seq, and get_snapshot carries the id', async () => {
  client = await harness.connect();
  const channels = ['orderbook_delta', 'fill'];
  client.send({ id: 1, cmd: 'subscribe', params: { channels, market_tickers: [A, B] } });
  await until(() => client.of('subscribed').length === 2);
  expect(client.of('subscribed').map(({ id, msg }) => [id, msg.channel, msg.sid])).toEqual([
    [1, 'orderbook_delta', 1],
    [1, 'fill', 2],
  ]);
  const update = { cmd: 'update_subscription' };
  const asked = { sid: 1, action: 'get_snapshot', market_tickers: [B] };
  expect(await client.call({ id: 2, ...update, params: asked })).toMatchObject({
    type: 'orderbook_snapshot',
    seq: 3,
    msg: { market_ticker: B },
  });
  const fewer = { sids: [1], action: 'delete_markets', market_ticker: A };
  expect(await client.call({ id: 3, ...update, params: fewer })).toMatchObject({
    type: 'ok',
    sid: 1,
    seq: 4,
    msg: { market_tickers: [B] },
  });
  const list = await client.call({ id: 4, cmd: 'list_subscriptions' });
  expect(list).toMatchObject({ type: 'ok', msg: [{ sid: 1 }, { channel: 'fill', sid: 2 }] });
  const ended = await client.call({ id: 5, cmd: 'unsubscribe', params: { sids: [1] } });
  expect(ended).toEqual({ type: 'unsubscribed', id: 5, sid: 1, seq: 5 });
  const before = client.texts.length;
  harness.post(1, 'bid', 1000, 1);
  await client.settle();
  expect(client.texts.length).toBe(before + 1);
  expect(await client.book([B!])).toMatchObject({ type: 'subscribed', msg: { sid: 3 } });
});

it('trade, ticker and the account’s own channels tell of one match alike', async () => {
  client = await harness.connect();
  const channels = ['trade', 'ticker', 'fill', 'user_orders', 'market_positions'];
  client.send({ id: 1, cmd: 'subscribe', params: { channels, market_ticker: A } });
  await until(() => client.of('subscribed').length === channels.length);
  harness.post(0, 'bid', 6100, 4.5);
  const reply = await harness.create({ side: 'ask', count: '7', price: '0.61' });
  expect(reply.body).toMatchObject({ fill_count: '4.50', remaining_count: '0.00' });
  expect(reply.body.average_fill_price).toBe('0.6100');
  const position = await client.nth('market_position');
  const trade = await client.nth('trade');
  const fill = await client.nth('fill');
  const order = await client.nth('user_order');
  expect(trade.msg).toMatchObject({
    taker_outcome_side: 'no',
    count_fp: '4.50',
    yes_price_dollars: '0.6100',
  });
  expect(fill.msg).toMatchObject({
    trade_id: trade.msg.trade_id,
    order_id: reply.body.order_id,
    book_side: 'ask',
    post_position_fp: '-4.50',
  });
  expect(order.msg).toMatchObject({
    status: 'canceled',
    fill_count_fp: '4.50',
    initial_count_fp: '7.00',
  });
  expect(position.msg).toMatchObject({ position_fp: '-4.50', position_cost_dollars: '1.755000' });
  await until(() => client.of('ticker').some(({ msg }) => msg.price_dollars === '0.6100'));
});

describe('the handshake', () => {
  it.each([
    ['no headers', () => ({}), 'token_authentication_failure'],
    [
      'a signature for another path',
      () => harness.headers('alice', 'GET', '/trade-api/v2/portfolio/balance'),
      'token_authentication_failure',
    ],
    [
      'a clock that is 16 s behind',
      () => harness.headers('alice', 'GET', '/trade-api/ws/v2', Date.now() - 16_000),
      'header_timestamp_expired',
    ],
    [
      'a clock that is 16 s ahead',
      () => harness.headers('alice', 'GET', '/trade-api/ws/v2', Date.now() + 16_000),
      'header_timestamp_expired',
    ],
  ])('is refused with 401 for %s', async (_name, headers, code) => {
    client = await harness.connect('bob');
    const refused = await harness.refusedUpgrade(headers());
    expect([refused.status, refused.body.error.code]).toEqual([401, code]);
  });

  it('is refused with 429 when an account holds its most connections', async () => {
    const limited = await Harness.start(undefined, { maxConnections: 1 });
    client = await limited.connect('bob');
    const headers = limited.headers('bob', 'GET', '/trade-api/ws/v2');
    expect((await limited.refusedUpgrade(headers)).status).toBe(429);
    await limited.connect('alice');
    await limited.stop();
  });
});

it('the server pings with its heartbeat', async () => {
  const pinging = await Harness.start(undefined, { pingIntervalMs: 10 });
  client = await pinging.connect();
  await until(() => client.pings.includes('heartbeat'));
  await pinging.stop();
});

it('a client’s ping is answered with its own body', async () => {
  client = await harness.connect();
  const pongs: string[] = [];
  client.socket.on('pong', (data) => pongs.push(String(data)));
  client.socket.ping('are you there');
  await until(() => pongs.includes('are you there'));
});
