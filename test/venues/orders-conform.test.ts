import { polymarketFeeSchedule } from '../../src/domain/polymarket-fee.js';
import { YES } from '../../src/domain/venue.js';
import { RestClient } from '../../src/net/rest-client.js';
import { loadKalshiFills } from '../../src/venues/kalshi/account.js';
import { KalshiOrders } from '../../src/venues/kalshi/orders.js';
import {
  loadPolymarketCredentials,
  loadPolymarketFills,
} from '../../src/venues/polymarket/account.js';
import { PolymarketOrders } from '../../src/venues/polymarket/orders.js';
import { CONTRACTS, POLYGON_CHAIN_ID } from '../../src/venues/polymarket/wire/contracts.js';
import {
  Harness,
  STARTING_MICROS as KALSHI_CASH,
  KEYS,
  listing as kalshiListing,
} from '../sim/kalshi/harness.js';
import {
  LISTINGS,
  STARTING_MICROS as POLYMARKET_CASH,
  startExchange,
  TRADER,
  TRADER_KEY,
} from '../sim/polymarket/exchange-fixture.js';
import {
  clock,
  describeOrders,
  type OrderVenueUnderTest,
  TIMEOUT_MS,
} from './order-conformance.js';

const CONNECTIONS = 4;
const ACCOUNT = 'alice';

const kalshi: OrderVenueUnderTest = {
  name: 'kalshi',
  refusal: { status: 400, body: '{"error":{"code":"invalid_price","message":"invalid price"}}' },
  async open(breaker) {
    const harness = await Harness.start();
    const { restUrl } = harness.server;
    const [{ ticker }] = harness.listings as readonly [(typeof harness.listings)[number]];
    const identity = { keyId: `key-${ACCOUNT}`, key: KEYS[ACCOUNT]!.privateKey, clock };
    const rest = new RestClient(restUrl, 5_000);
    const markets = new Map([[ticker, 0]]);
    return {
      gateway: new KalshiOrders({
        restUrl,
        keyId: identity.keyId,
        privateKey: identity.key,
        markets: [{ ticker, exchangeIndex: kalshiListing(0).exchangeIndex }],
        connections: CONNECTIONS,
        timeoutMs: TIMEOUT_MS,
        clock,
        breaker,
        bucket: undefined,
      }),
      orderPath: '/trade-api/v2/portfolio/events/orders',
      offer: (outcome, priceE4, sizeCenti) => {
        if (outcome === YES) harness.post(0, 'ask', priceE4, sizeCenti / 100);
        else harness.post(0, 'bid', 10_000 - priceE4, sizeCenti / 100);
      },
      inject: (fault) => harness.server.inject(fault),
      heldE6: (outcome) => {
        const signedE6 = harness.accounts.signedE6(ACCOUNT, 0);
        return Math.max(0, outcome === YES ? signedE6 : -signedE6);
      },
      paidMicros: () => KALSHI_CASH - harness.accounts.cashMicros(ACCOUNT),
      fills: async () => (await loadKalshiFills(rest, identity, 0, markets)).fills,
      close: async () => {
        await rest.close();
        await harness.stop();
      },
    };
  },
};

const polymarket: OrderVenueUnderTest = {
  name: 'polymarket',
  refusal: { status: 400, body: '{"error":"not enough balance / allowance"}' },
  async open(breaker) {
    const exchange = await startExchange({ settlement: { minedMs: 5, confirmedMs: 10 } });
    const { restUrl } = exchange.server;
    const rest = new RestClient(restUrl, 5_000);
    const privateKey = new Uint8Array(TRADER_KEY);
    const credentials = await loadPolymarketCredentials(rest, privateKey, POLYGON_CHAIN_ID, clock);
    const { tokenIds, conditionId, negRisk, tickE4, feeRate, feeExponent } = LISTINGS[0];
    const fees = polymarketFeeSchedule(feeRate, feeExponent);
    if (fees === undefined) throw new Error('the listing has no fee');
    const markets = new Map([[conditionId, { market: 0, conditionId, tokenIds, fees }]]);
    return {
      gateway: new PolymarketOrders({
        restUrl,
        chainId: POLYGON_CHAIN_ID,
        exchanges: { standard: CONTRACTS.exchangeV2, negRisk: CONTRACTS.negRiskExchangeV2 },
        privateKey,
        funder: credentials.address,
        credentials,
        markets: [{ tokenIds, negRisk, tickE4, protocol: 'v1' }],
        connections: CONNECTIONS,
        timeoutMs: TIMEOUT_MS,
        clock,
        breaker,
        bucket: undefined,
        rest,
      }),
      orderPath: '/order',
      offer: (outcome, priceE4, sizeCenti) => {
        if (outcome === YES) exchange.quote(0, 'ask', priceE4, sizeCenti * 10_000);
        else exchange.quote(0, 'bid', 10_000 - priceE4, sizeCenti * 10_000);
      },
      inject: (fault) => exchange.server.inject(fault),
      heldE6: (outcome) => exchange.accounts.heldE6(TRADER, 0, outcome),
      paidMicros: () => POLYMARKET_CASH - exchange.accounts.cashMicros(TRADER),
      fills: () =>
        loadPolymarketFills(rest, { credentials, clock }, 0, markets).then(({ fills }) => fills),
      close: async () => {
        await rest.close();
        await exchange.close();
      },
    };
  },
};

for (const venue of [kalshi, polymarket]) describeOrders(venue);
