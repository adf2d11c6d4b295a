import { afterEach, describe, expect, it } from 'vitest';
import { ratio } from '../../src/domain/exact.js';
import { RestClient } from '../../src/net/rest-client.js';
import { loadPolymarketTerms } from '../../src/venues/polymarket/terms.js';
import { startAnsweringServer } from './answering-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const ID = `0x${'ab'.repeat(32)}`;
/** GET /clob-markets/{id} (polymarket-api.md 4.12). */
const MARKET = {
  c: ID,
  t: [
    { t: '11', o: 'Yes' },
    { t: '22', o: 'No' },
  ],
  mts: 0.0025,
  mos: 5,
  nr: true,
  fd: { r: 0.04, e: 1, to: true },
  ao: true,
  sd: 0,
  itode: false,
  v: 'v1',
};

async function termsOf(over: object) {
  const server = await startAnsweringServer(() => [200, { ...MARKET, ...over }]);
  const rest = new RestClient(server.origin, 2_000);
  closers.push(server.close, () => rest.close());
  return loadPolymarketTerms(rest, [ID]);
}

describe("a market's terms", () => {
  const terms = {
    conditionId: ID,
    tokenIds: ['11', '22'],
    tickE4: 25,
    minSizeCenti: 500,
    negRisk: true,
    fees: { rate: ratio(1, 25), exponent: 1 },
    protocol: 'v1',
    takerDelay: false,
  };
  it.each([
    ['as they are', {}, {}],
    ['of Protocol V2', { v: 'v2' }, { protocol: 'v2' }],
    ['that name no protocol', { v: undefined }, {}],
    ['that hold takers back', { itode: true }, { takerDelay: true }],
    ['that say nothing of a delay', { itode: undefined, sd: undefined }, {}],
  ])('are read %s', async (_, over, read) => {
    expect(await termsOf(over)).toEqual([{ ...terms, ...read }]);
  });

  it.each([
    ['a protocol not heard of', { v: 'v3' }, /protocol is v3/],
    ['orders that wait', { v: 'v2', sd: 1 }, /orders wait 1 s/],
    ['no orders', { v: 'v2', ao: false }, /accepts no orders/],
    ['a tick of another kind', { mts: 0.002 }, /tick is 0.002/],
  ])('are refused for %s', async (_, over, why) => {
    expect(await termsOf(over)).toEqual([{ conditionId: ID, refused: expect.stringMatching(why) }]);
  });
});
