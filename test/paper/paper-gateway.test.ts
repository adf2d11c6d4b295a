import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KALSHI, POLYMARKET, YES } from '../../src/domain/venue.js';
import { type Breaker, NO_BREAKER } from '../../src/net/circuit-breaker.js';
import { NoConnections, type OrderLines } from '../../src/net/no-connections.js';
import { NOT_WRITTEN } from '../../src/net/order-connections.js';
import { RestClient } from '../../src/net/rest-client.js';
import { TokenBucket } from '../../src/net/token-bucket.js';
import type { PaperOrder } from '../../src/paper/paper-exchange.js';
import { PaperGateway } from '../../src/paper/paper-gateway.js';
import { KalshiOrders } from '../../src/venues/kalshi/orders.js';
import {
  type LegOrder,
  type LegReply,
  type OrderGateway,
  PREPARED,
} from '../../src/venues/orders.js';
import { PolymarketOrders } from '../../src/venues/polymarket/orders.js';
import { CONTRACTS } from '../../src/venues/polymarket/wire/contracts.js';
import { addressOf } from '../../src/venues/polymarket/wire/sign.js';

const CLOCK = {
  nowNs: () => Math.round(performance.now() * 1e6),
  wallMs: () => Date.now(),
};
const LEG: LegOrder = {
  clientOrderId: 'ur0-1',
  market: 0,
  outcome: YES,
  sizeCenti: 1_000,
  limitE4: 5_000,
  spendMicros: 5_000_000,
};
const CONNECTIONS = 2;
/** So that a line that is warmed by a timer would have been opened. */
const WARMED_MS = 300;

let server: Server;
let restUrl: string;
let sockets = 0;
let requests: string[] = [];
const open: PaperGateway[] = [];

beforeEach(async () => {
  sockets = 0;
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ version: 2 }));
  });
  server.on('connection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  restUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function kalshi(lines?: OrderLines): OrderGateway {
  return new KalshiOrders({
    restUrl,
    keyId: 'paper',
    privateKey: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
    markets: [{ ticker: 'KXPAPER-1', exchangeIndex: 0 }],
    connections: CONNECTIONS,
    timeoutMs: 5_000,
    clock: CLOCK,
    breaker: NO_BREAKER,
    bucket: undefined,
    ...(lines && { lines }),
  });
}

function polymarket(lines?: OrderLines): OrderGateway {
  const privateKey = new Uint8Array(randomBytes(32));
  const address = addressOf(privateKey);
  return new PolymarketOrders({
    restUrl,
    chainId: 137,
    exchanges: { standard: CONTRACTS.exchangeV2, negRisk: CONTRACTS.negRiskExchangeV2 },
    privateKey,
    funder: address,
    rest: new RestClient(restUrl, 5_000),
    credentials: { address, apiKey: 'paper', secret: randomBytes(32), passphrase: 'paper' },
    markets: [{ tokenIds: ['1', '2'], negRisk: false, protocol: 'v1', tickE4: 100 }],
    connections: CONNECTIONS,
    timeoutMs: 5_000,
    clock: CLOCK,
    breaker: NO_BREAKER,
    bucket: undefined,
    ...(lines && { lines }),
  });
}

function onPaper(
  real: OrderGateway,
  submitted: PaperOrder[],
  timeoutMs = 5_000,
  breaker: Breaker = NO_BREAKER,
): PaperGateway {
  const gateway = new PaperGateway({
    real,
    breaker,
    bucket: new TokenBucket({ capacity: 5, perSecond: 1 }, CLOCK),
    cost: 1,
    connections: CONNECTIONS,
    timeoutMs,
    clock: CLOCK,
    read: () => undefined,
    submit: (order) => submitted.push(order),
  });
  open.push(gateway);
  return gateway;
}

describe.each([
  ['kalshi', KALSHI, kalshi],
  ['polymarket', POLYMARKET, polymarket],
] as const)('a %s gateway on paper', (_, venue, build) => {
  it('prepares real orders and opens no connection for them', async () => {
    const submitted: PaperOrder[] = [];
    const real = build(new NoConnections());
    const gateway = onPaper(real, submitted);
    await gateway.start();
    expect(gateway.prepare(LEG, true)).toBe(PREPARED);
    expect(gateway.write(() => expect.fail('nobody answers a rehearsal'))).toBe(NOT_WRITTEN);
    expect(submitted).toEqual([]);
    expect(gateway.prepare(LEG)).toBe(PREPARED);
    const replies: LegReply[] = [];
    expect(gateway.write((reply) => replies.push(reply))).toBeGreaterThan(0);
    expect(submitted).toMatchObject([{ ...LEG, venue }]);
    gateway.answered(1, { kind: 'acknowledged', orderId: 'x', filledE6: 0, costMicros: 0 });
    gateway.answered(1, { kind: 'acknowledged', orderId: 'x', filledE6: 0, costMicros: 0 });
    expect(replies).toHaveLength(1);
    // Whoever asked the gateway behind it to write would get nowhere either.
    expect(real.prepare(LEG)).toBe(PREPARED);
    expect(real.canWrite).toBe(false);
    expect(real.write(() => undefined)).toBeLessThan(0);
    await new Promise((resolve) => setTimeout(resolve, WARMED_MS));
    // Polymarket is asked for the version of its protocol, which anybody may ask.
    expect(requests).toEqual(venue === KALSHI ? [] : ['GET /version']);
    expect(sockets).toBe(requests.length);
  });

  it('would have opened one, were it real', async () => {
    const real = build();
    await real.start();
    await real.close();
    expect(sockets).toBeGreaterThanOrEqual(CONNECTIONS);
  });

  it('refuses what the real one refuses', () => {
    const gateway = onPaper(build(new NoConnections()), []);
    expect(gateway.prepare({ ...LEG, limitE4: 0 })).not.toBe(PREPARED);
    expect(gateway.write(() => undefined)).toBeLessThan(0);
  });

  it('has as many orders under way as there would be connections', async () => {
    const submitted: PaperOrder[] = [];
    const gateway = onPaper(build(new NoConnections()), submitted);
    await gateway.start();
    for (let count = 0; count < CONNECTIONS; count++) {
      gateway.prepare(LEG);
      expect(gateway.canWrite).toBe(true);
      gateway.write(() => undefined);
    }
    expect(gateway.canWrite).toBe(false);
    expect(gateway.obstacle).toBe('no connection would have been free');
  });

  it('knows nothing of an order whose reply does not come in time', async () => {
    const heard: string[] = [];
    const breaker: Breaker = {
      ...NO_BREAKER,
      succeeded: () => heard.push('succeeded'),
      failed: () => heard.push('failed'),
    };
    const gateway = onPaper(build(new NoConnections()), [], 40, breaker);
    await gateway.start();
    gateway.prepare(LEG);
    const reply = await new Promise<LegReply>((resolve) => gateway.write(resolve));
    expect(reply.kind).toBe('unknown');
    // As of a real exchange that answers nothing.
    expect(heard).toEqual(['failed']);
  });
});
