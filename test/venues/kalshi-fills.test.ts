import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KalshiFillStream } from '../../src/venues/kalshi/fills.js';
import type { KalshiOrderState } from '../../src/venues/kalshi/portfolio-rows.js';
import type { VenueFill } from '../../src/venues/orders.js';
import { SteppedClock } from './feed-model.js';

type Json = Record<string, unknown>;

const fill = (facts: object) => ({
  trade_id: 't-1',
  order_id: 'o-1',
  ticker: 'KXA',
  count_fp: '2.50',
  yes_price_dollars: '0.4400',
  outcome_side: 'no',
  fee_cost: '0.043200',
  ...facts,
});
const MARKETS = new Map([['KXA', 3]]);

/** A stream on an open connection, with everything that it said. */
function openStream() {
  const clock = new SteppedClock();
  const fills: VenueFill[] = [];
  const orders: KalshiOrderState[] = [];
  const unreadable: string[] = [];
  const sent: Json[] = [];
  const stream = new KalshiFillStream(MARKETS, (one) => fills.push(one), {
    onOrder: (one) => orders.push(one),
    onUnreadable: (text) => unreadable.push(text),
  });
  const open = () => stream.opened((text) => sent.push(JSON.parse(text) as Json), clock.nowNs());
  open();
  const hear = (frame: unknown) => {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    stream.frame(Buffer.from(text), clock.nowNs());
  };
  return { clock, stream, fills, orders, unreadable, sent, hear, open };
}

const fillFrame = (facts: object) => ({
  type: 'fill',
  sid: 1,
  msg: { ...fill({}), ticker: undefined, market_ticker: 'KXA', client_order_id: 'c-1', ...facts },
});
const orderFrame = (facts: object) => ({
  type: 'user_order',
  sid: 2,
  msg: {
    order_id: 'o-1',
    client_order_id: 'c-1',
    ticker: 'KXA',
    status: 'canceled',
    fill_count_fp: '0.00',
    remaining_count_fp: '0.00',
    ...facts,
  },
});

describe('the stream of our fills and orders', () => {
  it('asks for both channels, on every connection', () => {
    const { sent, stream, open } = openStream();
    stream.closed();
    open();
    const channels = sent.map(({ cmd, params }) => [cmd, (params as Json).channels]);
    const both = [
      ['subscribe', ['fill']],
      ['subscribe', ['user_orders']],
    ];
    expect(channels).toEqual([...both, ...both]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
  });

  it('gives fills with our own ids', () => {
    const { hear, fills, unreadable } = openStream();
    hear(fillFrame({}));
    expect(fills).toEqual([
      {
        venue: 0,
        tradeId: 't-1',
        orderId: 'o-1',
        clientOrderId: 'c-1',
        market: 3,
        outcome: 1,
        sizeE6: 2_500_000,
        costMicros: 1_400_000,
        feeMicros: 43_200,
        state: 'final',
      },
    ]);
    expect(unreadable).toEqual([]);
  });

  it('tells of an order that was killed without a fill', () => {
    const { hear, orders, fills } = openStream();
    hear(orderFrame({}));
    expect(orders).toEqual([
      {
        orderId: 'o-1',
        clientOrderId: 'c-1',
        ticker: 'KXA',
        status: 'canceled',
        filledCenti: 0,
        remainingCenti: 0,
      },
    ]);
    expect(fills).toEqual([]);
  });

  it('says of every frame that is ours, or may be, that it cannot be read', () => {
    const { hear, unreadable, fills, orders } = openStream();
    const frames = [
      fillFrame({ count_fp: 2.5 }),
      fillFrame({ market_ticker: undefined }),
      fillFrame({ outcome_side: 'both' }),
      { type: 'fill', sid: 1 },
      orderFrame({ fill_count_fp: '0.001' }),
      orderFrame({ ticker: 7 }),
      { type: 'user_order', sid: 2, msg: null },
      '{"type":"fill","msg":{',
    ];
    for (const frame of frames) hear(frame);
    const texts = frames.map((frame) =>
      typeof frame === 'string' ? frame : JSON.stringify(frame),
    );
    expect(unreadable).toEqual(texts.map((text) => text.slice(0, 300)));
    expect([fills, orders]).toEqual([[], []]);
  });

  it('has nothing to say of the markets of others, nor of replies', () => {
    const { hear, unreadable, fills, orders, stream, clock } = openStream();
    hear(fillFrame({ market_ticker: 'KXOTHER', count_fp: 7 }));
    hear(orderFrame({ ticker: 'KXOTHER', fill_count_fp: 7 }));
    hear({ id: 1, type: 'subscribed', msg: { channel: 'fill', sid: 1 } });
    hear({ id: 3, type: 'ok', msg: [{ channel: 'fill', sid: 1 }] });
    expect([fills, orders, unreadable]).toEqual([[], [], []]);
    expect(stream.tick(clock.nowNs())).toBeUndefined();
  });

  it('gives up a connection that will not tell of fills, and begins anew on the next', () => {
    const { hear, stream, clock, open } = openStream();
    hear({ type: 'error', sid: 1, msg: { code: 25, msg: 'subscription buffer overflow' } });
    expect(stream.tick(clock.nowNs())).toMatch(/^refused: .*buffer overflow/);
    stream.closed();
    expect(stream.tick(clock.nowNs())).toBeUndefined();
    open();
    expect(stream.tick(clock.nowNs())).toBeUndefined();
    hear({ id: 3, type: 'error', msg: { code: 9, msg: 'authentication required' } });
    expect(stream.tick(clock.nowNs())).toMatch(/^refused/);
  });

  it('stays on a connection of an exchange that does not know the channel of orders', () => {
    const { hear, stream, clock, sent } = openStream();
    hear({ id: sent[1]!.id, type: 'error', msg: { code: 8, msg: 'Unknown channel name' } });
    expect(stream.tick(clock.nowNs())).toBeUndefined();
  });

  it('asks after a silence whether anybody is there, and gives up a longer one', () => {
    const { stream, clock, sent, hear } = openStream();
    clock.advanceMs(21_000);
    expect(stream.tick(clock.nowNs())).toBeUndefined();
    expect(sent.at(-1)).toMatchObject({ cmd: 'list_subscriptions' });
    hear({ id: 3, type: 'ok', msg: [] });
    clock.advanceMs(239_000);
    expect(stream.tick(clock.nowNs())).toBeUndefined();
    clock.advanceMs(2_000);
    expect(stream.tick(clock.nowNs())).toBe('silent for too long');
  });

  it('never drops a frame of ours without a word, whatever is in it', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        'yes',
        'no',
        'KXA',
        '1.00',
        '0.5000',
        'canceled',
        '',
        null,
        0,
        undefined,
      ),
      fc.jsonValue(),
    );
    const fields = [
      'trade_id',
      'order_id',
      'count_fp',
      'yes_price_dollars',
      'outcome_side',
      'fee_cost',
    ];
    const message = fc.dictionary(fc.constantFrom(...fields, 'status', 'fill_count_fp'), value);
    fc.assert(
      fc.property(fc.constantFrom('fill', 'user_order'), message, (type, over) => {
        const { hear, fills, orders, unreadable } = openStream();
        const frame = type === 'fill' ? fillFrame(over) : orderFrame(over);
        hear(frame);
        expect(fills.length + orders.length + unreadable.length).toBe(1);
        for (const one of fills) {
          expect(one.sizeE6 > 0 && Number.isSafeInteger(one.sizeE6)).toBe(true);
          expect(Number.isSafeInteger(one.costMicros) && Number.isSafeInteger(one.feeMicros)).toBe(
            true,
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
