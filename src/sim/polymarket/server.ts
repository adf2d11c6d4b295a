// The simulated Polymarket exchange: REST, market socket and user socket on one port, in front of a
// matching engine. It knows the protocol and the accounts, and nothing of the engine that trades
// against it.
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { MARKET_SOCKET_PATH, USER_SOCKET_PATH } from '../../venues/polymarket/wire/ws-messages.js';
import type { PolymarketListing } from '../exchange.js';
import type { Fault, ServerOptions, SimServer } from '../server.js';
import { ApiKeys } from './api-keys.js';
import { Directory } from './directory.js';
import { Heartbeats } from './heartbeats.js';
import { createHttpFront } from './http-front.js';
import { MarketChannel } from './market-channel.js';
import type { Wallet } from './order-checks.js';
import { OrderDesk } from './order-desk.js';
import { OrderFaults } from './order-faults.js';
import { userTradeMessage } from './order-records.js';
import { Outbound } from './outbound.js';
import { privateRoutes } from './private-routes.js';
import { publicRoutes } from './public-routes.js';
import { type RateLimit, RateLimiter, UNLIMITED } from './rate-limits.js';
import { partiesOf, type SettlementDelays, TradeLog } from './trade-log.js';
import { UserChannel } from './user-channel.js';

export interface PolymarketServerOptions extends ServerOptions {
  readonly listings: readonly PolymarketListing[];
  /** Wallets that may trade. */
  readonly wallets: readonly Wallet[];
  readonly chainId: number;
  /** Order calls; none unless given. */
  readonly limits?: { readonly perIp?: RateLimit; readonly perSigner?: RateLimit };
  readonly settlement?: SettlementDelays;
}

const DEFAULT_SETTLEMENT: SettlementDelays = { minedMs: 50, confirmedMs: 200 };
const EXPIRY_SWEEP_MS = 250;
const KEEP_ALIVE_MS = 75_000;
const MAX_CLIENT_FRAME_BYTES = 1024 * 1024;

/**
 * Resolves when the port is bound. Rejects when it cannot be, and throws RangeError for listings
 * it cannot serve.
 */
export async function startPolymarketServer(options: PolymarketServerOptions): Promise<SimServer> {
  const parts = assemble(options);
  const routes = new Map([...parts.publicRoutes, ...parts.privateRoutes]);
  const http = createServer({ noDelay: true, keepAliveTimeout: KEEP_ALIVE_MS });
  http.on('request', createHttpFront(routes, options.log));
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
  });
  http.on('upgrade', (request, socket: Socket, head) => {
    sockets.handleUpgrade(request, socket, head, (client) => {
      socket.setNoDelay(true);
      accept(client, (request.url ?? '').split('?')[0] ?? '', parts, options.log);
    });
  });
  const sweep = setInterval(() => parts.desk.expire(), EXPIRY_SWEEP_MS);
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, options.host, resolve);
  });
  const { port } = http.address() as AddressInfo;
  return {
    port,
    restUrl: `http://${options.host}:${port}`,
    wsUrl: `ws://${options.host}:${port}`,
    inject: (fault) => inject(parts, fault),
    async close() {
      clearInterval(sweep);
      parts.trades.close();
      parts.heartbeats.close();
      parts.outbound.close();
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      await new Promise<void>((resolve, reject) => {
        http.close((error) => (error === undefined ? resolve() : reject(error)));
      });
    },
  };
}

type Parts = ReturnType<typeof assemble>;

function assemble(options: PolymarketServerOptions) {
  const { engine, accounts, chainId, log } = options;
  const now = () => options.now();
  const directory = new Directory(options.listings);
  const wallets = new Map(options.wallets.map((wallet) => [wallet.address.toLowerCase(), wallet]));
  const walletOf = (address: string) => wallets.get(address.toLowerCase());
  const accountOf = (address: string) => walletOf(address)?.account;
  const keys = new ApiKeys(chainId, now);
  const outbound = new Outbound(log);
  const user = new UserChannel({
    outbound,
    accountOf,
    login: (apiKey, secret, passphrase) => keys.login(apiKey, secret, passphrase),
  });
  const trades = new TradeLog({
    settlement: options.settlement ?? DEFAULT_SETTLEMENT,
    now,
    onStatus(trade) {
      for (const [account, owner] of partiesOf(trade)) {
        user.send(account, userTradeMessage(trade, account, owner, now()));
      }
    },
  });
  const desk = new OrderDesk({
    engine,
    accounts,
    directory,
    trades,
    chainId,
    now,
    walletOf,
    notify: (account, message) => user.send(account, message),
  });
  const market = new MarketChannel({
    engine,
    directory,
    outbound,
    now,
    isSale: (orderId) => desk.isSale(orderId),
  });
  const heartbeats = new Heartbeats((account) => {
    const ids = desk.openOrders(account).map((record) => record.id);
    desk.cancel(ids, account);
  });
  const faults = new OrderFaults();
  return {
    market,
    user,
    outbound,
    trades,
    desk,
    heartbeats,
    faults,
    publicRoutes: publicRoutes({ directory, now, book: (index) => market.book(index) }),
    privateRoutes: privateRoutes({
      keys,
      desk,
      trades,
      accounts,
      directory,
      heartbeats,
      faults,
      accountOf,
      ipLimit: new RateLimiter(options.limits?.perIp ?? UNLIMITED, now),
      signerLimit: new RateLimiter(options.limits?.perSigner ?? UNLIMITED, now),
    }),
  };
}

/** Protocol pings are answered by hand, so that a frozen exchange does not answer them. */
function accept(client: WebSocket, path: string, parts: Parts, log: (line: string) => void): void {
  client.on('error', (error) => log(`socket failed: error=${error.message}`));
  client.on('ping', (data) => {
    if (!parts.outbound.frozen) client.pong(data);
  });
  if (path === MARKET_SOCKET_PATH) parts.market.connect(client);
  else if (path === USER_SOCKET_PATH) parts.user.connect(client);
  else client.close();
}

function inject(parts: Parts, fault: Fault): void {
  switch (fault.kind) {
    case 'skip-sequence':
      parts.outbound.skipOne();
      break;
    case 'garbage':
      parts.market.sendGarbage();
      break;
    case 'cut':
      parts.market.cut();
      parts.user.cut();
      break;
    case 'freeze':
      parts.outbound.freeze(fault.durationMs);
      break;
    case 'stale-lag':
      parts.outbound.lag(fault.durationMs, fault.lagMs);
      break;
    case 'reject-orders':
    case 'lose-reply':
    case 'reset-after-accept':
    case 'reset-before-accept':
      parts.faults.add(fault);
      break;
  }
}
