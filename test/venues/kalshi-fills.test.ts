import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { RestClient } from '../../src/net/rest-client.js';
import { listKalshiFills } from '../../src/venues/kalshi/fills.js';
import { httpReply, startRawServer } from '../net/raw-server.js';
import { SteppedClock } from './feed-model.js';

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

it('tells whose order each listed fill is of, over all pages, although the list of fills does not', async () => {
  const pages: Record<string, object> = {
    '/portfolio/fills ': { fills: [fill({})], cursor: 'more' },
    '/portfolio/fills more': {
      fills: [
        fill({ trade_id: 't-2', order_id: 'o-2', outcome_side: 'yes' }),
        fill({ trade_id: 't-3', ticker: 'KXOTHER' }),
        fill({ trade_id: '', fill_id: '' }),
        fill({ trade_id: 't-4', fee_cost: 0.04 }),
      ],
      cursor: '',
    },
    '/portfolio/orders ': { orders: [{ order_id: 'o-0', client_order_id: 'c-0' }], cursor: 'x' },
    '/portfolio/orders x': { orders: [{ order_id: 'o-1', client_order_id: 'c-1' }], cursor: '' },
  };
  const server = await startRawServer(({ path, socket }) => {
    const url = new URL(path, 'http://x');
    const page = pages[`${url.pathname} ${url.searchParams.get('cursor') ?? ''}`];
    socket.write(httpReply(page === undefined ? 404 : 200, JSON.stringify(page ?? {})));
  });
  const rest = new RestClient(server.origin, 5_000);
  const { privateKey } = generateKeyPairSync('ed25519');
  const markets = new Map([['KXA', 3]]);
  const fills = await listKalshiFills(rest, 'key', privateKey, new SteppedClock(), 0, markets);
  await rest.close();
  await server.close();
  const common = { venue: 0, market: 3, sizeE6: 2_500_000, feeMicros: 43_200, state: 'final' };
  expect(fills).toEqual([
    {
      ...common,
      tradeId: 't-1',
      orderId: 'o-1',
      clientOrderId: 'c-1',
      outcome: 1,
      costMicros: 1_400_000,
    },
    {
      ...common,
      tradeId: 't-2',
      orderId: 'o-2',
      clientOrderId: undefined,
      outcome: 0,
      costMicros: 1_100_000,
    },
  ]);
});
