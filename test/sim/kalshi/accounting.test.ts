import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FrameOf } from './harness.js';
import { type Client, Harness, listing, STARTING_MICROS } from './harness.js';

const grid = [{ startE4: 0, endE4: 10_000, stepE4: 10 }];
const listings = [
  listing(0, { priceGrid: grid }),
  listing(1, { priceGrid: grid, feeType: 'quadratic_with_maker_fees', feeMultiplier: 0.5 }),
];
/** 10,000 x (taker, maker) rate of each listing, worked out by hand from kalshi-api.md 4.5. */
const RATES_E5 = { [listings[0]!.ticker]: [7000n, 0n], [listings[1]!.ticker]: [3500n, 875n] };

interface Books {
  cash: bigint;
  fees: bigint;
  net: Map<string, bigint>;
}

const digits = (text: string): bigint => BigInt(text.replace('.', ''));
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const floorTo = (value: bigint, step: bigint): bigint => value - (((value % step) + step) % step);

/**
 * Fee of a fill by the four steps of kalshi-api.md 4.5, in BigInt and from the frame's own text.
 */
function expectedFee(fill: FrameOf<'fill'>['msg'], kept: Map<string, bigint>): bigint {
  const price =
    fill.outcome_side === 'yes'
      ? digits(fill.yes_price_dollars)
      : 10_000n - digits(fill.yes_price_dollars);
  const count = digits(fill.count_fp);
  const rate = RATES_E5[fill.market_ticker]![fill.is_taker ? 0 : 1]!;
  // rate/10^5 x count/10^2 x price/10^4 x (1 - price)/10^4 dollars, in micros.
  const tradeFee = ceilDiv(rate * count * price * (10_000n - price), 10n ** 9n);
  const change = -(price * count) - tradeFee;
  const rounding = change - floorTo(change, 100n);
  let accumulated = (kept.get(fill.order_id) ?? 0n) + rounding;
  let fee = tradeFee + rounding;
  if (accumulated >= 100n && fee >= 100n) {
    accumulated -= 100n;
    fee -= 100n;
  }
  kept.set(fill.order_id, accumulated);
  return fee;
}

/** Replays an account's fill frames with an account book of our own. */
function audit(client: Client): Books {
  const books: Books = { cash: BigInt(STARTING_MICROS), fees: 0n, net: new Map() };
  const kept = new Map<string, bigint>();
  for (const { msg } of client.of('fill')) {
    const fee = expectedFee(msg, kept);
    expect(digits(msg.fee_cost)).toBe(fee);
    const isYes = msg.outcome_side === 'yes';
    const yes = digits(msg.yes_price_dollars);
    const count = digits(msg.count_fp);
    const before = books.net.get(msg.market_ticker) ?? 0n;
    const against = isYes ? -before : before;
    const closed = against <= 0n ? 0n : against < count ? against : count;
    books.cash += closed * 10_000n - (isYes ? yes : 10_000n - yes) * count - fee;
    books.fees += fee;
    const after = before + (isYes ? count : -count);
    books.net.set(msg.market_ticker, after);
    expect(digits(msg.post_position_fp)).toBe(after);
  }
  return books;
}

const order = fc.record({
  account: fc.constantFrom('alice', 'bob'),
  market: fc.nat(1),
  side: fc.constantFrom('bid', 'ask'),
  milli: fc.integer({ min: 1, max: 999 }),
  centi: fc.integer({ min: 1, max: 3000 }),
  time: fc.constantFrom('good_till_canceled', 'immediate_or_cancel', 'fill_or_kill'),
  prevention: fc.constantFrom('taker_at_cross', 'maker'),
});

it('fees, cash and positions equal a second account book to the micro-dollar', async () => {
  let fills = 0;
  let makerFills = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 20, maxLength: 40 }), async (orders) => {
      const harness = await Harness.start(listings);
      const clients = { alice: await harness.connect('alice'), bob: await harness.connect('bob') };
      for (const client of Object.values(clients)) {
        await client.call({ id: 1, cmd: 'subscribe', params: { channels: ['fill'] } });
      }
      for (const market of [0, 1]) {
        for (let level = 1; level <= 4; level++) {
          harness.post(market, 'bid', 5000 - level * 310, level * 3.33);
          harness.post(market, 'ask', 5000 + level * 270, level * 2.71);
        }
      }
      for (const { account, market, side, milli, centi, time, prevention } of orders) {
        await harness.create(
          {
            ticker: listings[market]!.ticker,
            side,
            price: `0.${String(milli).padStart(3, '0')}`,
            count: (centi / 100).toFixed(2),
            time_in_force: time,
            self_trade_prevention_type: prevention,
          },
          account,
        );
      }
      for (const account of ['alice', 'bob'] as const) {
        const path = '/portfolio/events/orders';
        const headers = harness.headers(account, 'DELETE', `/trade-api/v2${path}`);
        expect((await harness.rest('DELETE', path, undefined, headers)).status).toBe(204);
        await clients[account].settle();
        const books = audit(clients[account]);
        const statement = harness.accounts.statement(account);
        expect(BigInt(statement.cashMicros)).toBe(books.cash);
        expect(BigInt(statement.feesMicros)).toBe(books.fees);
        const read = (what: string): Record<string, string> =>
          harness.headers(account, 'GET', `/trade-api/v2/portfolio/${what}`);
        const balance = await harness.rest('GET', '/portfolio/balance', undefined, read('balance'));
        expect(digits(balance.body.balance_dollars)).toBe(books.cash / 100n);
        const held = await harness.rest(
          'GET',
          '/portfolio/positions',
          undefined,
          read('positions'),
        );
        for (const position of held.body.market_positions) {
          expect(digits(position.position_fp)).toBe(books.net.get(position.ticker));
        }
        fills += clients[account].of('fill').length;
        makerFills += clients[account].of('fill').filter(({ msg }) => !msg.is_taker).length;
      }
      await harness.stop();
    }),
    { numRuns: 12 },
  );
  expect(fills).toBeGreaterThan(50);
  expect(makerFills).toBeGreaterThan(5);
});

it('a pair of YES and NO is paid out at once, and realised', async () => {
  const harness = await Harness.start(listings);
  harness.post(0, 'ask', 4000, 10);
  harness.post(0, 'bid', 3000, 10);
  await harness.create({ count: '5', price: '0.40' });
  await harness.create({ count: '2', price: '0.30', side: 'ask' });
  const [position] = (await harness.get('/portfolio/positions')).body.market_positions;
  expect(position).toMatchObject({
    position_fp: '3.00',
    market_exposure_dollars: '1.200000',
    total_traded_dollars: '3.400000',
    realized_pnl_dollars: '-0.200000',
  });
  await harness.stop();
});

it('a direct member’s fill is rounded to $0.0001 (the example of kalshi-api.md 4.5)', async () => {
  const harness = await Harness.start([listing(0, { priceGrid: grid })]);
  harness.post(0, 'ask', 550, 1);
  await harness.create({ price: '0.055' });
  const [fill] = (await harness.get('/portfolio/fills')).body.fills;
  expect(fill).toMatchObject({ fee_cost: '0.003700', yes_price_dollars: '0.0550', is_taker: true });
  await harness.stop();
});

it('money is refused that is not there, but closing a position needs none', async () => {
  const harness = await Harness.start([listing(0)]);
  harness.post(0, 'ask', 9900, 100_000);
  harness.post(0, 'bid', 9800, 100_000);
  const short = await harness.create({ count: '1011', price: '0.99' });
  expect([short.status, short.body.error.code]).toEqual([400, 'insufficient_balance']);
  const spent = await harness.create({ count: '1009', price: '0.99' });
  expect(spent.body.fill_count).toBe('1009.00');
  const more = await harness.create({ count: '500', price: '0.02', side: 'bid' });
  expect(more.body.error.code).toBe('insufficient_balance');
  const closing = await harness.create({ count: '1009', price: '0.01', side: 'ask' });
  expect(closing.body.fill_count).toBe('1009.00');
  await harness.stop();
});

it('what rests is set aside, and comes back when it is canceled', async () => {
  const harness = await Harness.start([listing(0)]);
  const resting = { count: '1500', price: '0.60', time_in_force: 'good_till_canceled' };
  const first = await harness.create(resting);
  expect(first.body.remaining_count).toBe('1500.00');
  expect((await harness.create(resting)).body.error.code).toBe('insufficient_balance');
  await harness.rest('DELETE', `/portfolio/events/orders/${first.body.order_id}`);
  expect((await harness.get('/portfolio/balance')).body.balance_dollars).toBe('1000.0000');
  await harness.stop();
});
