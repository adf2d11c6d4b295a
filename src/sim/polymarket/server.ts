// The simulated Polymarket exchange: REST, Gamma, market socket and user socket on one port, in
// front of a matching engine. It knows the protocol and the accounts, and nothing of the engine
// that trades against it.
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { MARKET_SOCKET_PATH, USER_SOCKET_PATH } from '../../venues/polymarket/wire/ws-messages.js';
import { type ServerOptions, type SimServer, UnsupportedFaultError } from '../server.js';
import { type Access, AccountAccess } from './account-access.js';
import { accountRoutes } from './account-routes.js';
import { ApiKeys } from './api-keys.js';
import { authRoutes } from './auth-routes.js';
import { bookRoutes } from './book-routes.js';
import { Books } from './books.js';
import { ExchangeClock } from './clock.js';
import { Directory } from './directory.js';
import { inject } from './faults.js';
import { GAMMA_PATH, gammaRoutes } from './gamma-routes.js';
import { Heartbeats } from './heartbeats.js';
import { createHttpFront } from './http-front.js';
import { Liquidity } from './liquidity.js';
import { MarketChannel } from './market-channel.js';
import { marketRoutes } from './market-routes.js';
import type { Wallet } from './order-checks.js';
import { OrderDesk } from './order-desk.js';
import { OrderFaults } from './order-faults.js';
import { userTradeMessage } from './order-records.js';
import { orderRoutes } from './order-routes.js';
import { Outbound } from './outbound.js';
import { DocumentedLimits, RateLimiter, type RateLimits, SignerLimits } from './rate-limits.js';
import { isOrderCall, RequestFaults } from './request-faults.js';
import type { ServedListing } from './served-listing.js';
import { partiesOf, type SettlementDelays, TradeLog } from './trade-log.js';
import { TradingMode } from './trading-mode.js';
import { UserChannel } from './user-channel.js';

export interface PolymarketServerOptions extends ServerOptions {
  readonly listings: readonly ServedListing[];
  /** Wallets that may trade. */
  readonly wallets: readonly Wallet[];
  readonly chainId: number;
  /** None unless given. */
  readonly limits?: RateLimits;
  readonly settlement?: SettlementDelays;
  /** How far a signed time may be off: one report says about a minute (polymarket-api.md 3.2). */
  readonly authToleranceS?: number;
  /** Orders are cancelled when the next beat is so late (7). */
  readonly heartbeatMs?: number;
  /** An order that is not executed after so long is answered `order timed out` (4.8). */
  readonly orderTimeoutMs?: number;
  /** A matched order can be read by its id for so long after it was closed (4.10). */
  readonly closedOrdersMs?: number;
  /** Assets of one connection that get a snapshot (8). */
  readonly snapshotAssets?: number;
  /**
   * The tick becomes 0.001 beyond 0.04 and 0.96 (4.6). Default false: only the fault changes it.
   */
  readonly tickFollowsPrice?: boolean;
}

export interface PolymarketServer extends SimServer {
  /** Discovery, without a trailing slash. */
  readonly gammaUrl: string;
  /**
   * Lets a signing address trade, only sell, or not trade at all. Throws RangeError for what is no
   * address.
   */
  setAccess(address: string, access: Access): void;
  /**
   * Announces a market as new; the CLOB does not know it for `hydrationMs`, Gamma has no tokens of
   * it (11). Throws UnsupportedFaultError for a market that is not listed.
   */
  announce(market: number, hydrationMs: number): void;
}

const DEFAULT_SETTLEMENT: SettlementDelays = { minedMs: 50, confirmedMs: 200 };
const DEFAULT_TOLERANCE_S = 60;
const DEFAULT_HEARTBEAT_MS = 10_000;
const DEFAULT_ORDER_TIMEOUT_MS = 10_000;
const DEFAULT_CLOSED_ORDERS_MS = 60_000;
const DEFAULT_SNAPSHOT_ASSETS = 500;
const EXPIRY_SWEEP_MS = 250;
const KEEP_ALIVE_MS = 75_000;
const MAX_CLIENT_FRAME_BYTES = 1024 * 1024;
const REFUSED_HANDSHAKE =
  'HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * Resolves when the port is bound. Rejects when it cannot be, and throws RangeError for listings
 * it cannot serve.
 */
export async function startPolymarketServer(
  options: PolymarketServerOptions,
): Promise<PolymarketServer> {
  const parts = assemble(options);
  const http = createServer({ noDelay: true, keepAliveTimeout: KEEP_ALIVE_MS });
  http.on('request', createFront(options, parts));
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
  });
  const targets = { ...parts, refusedUntil: 0, sockets: () => sockets.clients };
  http.on('upgrade', (request, socket: Socket, head) => {
    if (performance.now() < targets.refusedUntil) {
      socket.end(REFUSED_HANDSHAKE);
      return;
    }
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
    gammaUrl: `http://${options.host}:${port}${GAMMA_PATH}`,
    inject: (fault) => inject(targets, fault),
    setAccess: (address, access) => parts.access.set(address, access),
    announce: (market, hydrationMs) => announce(parts, market, hydrationMs),
    async close() {
      clearInterval(sweep);
      parts.close();
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
  const clock = new ExchangeClock(() => options.now());
  const now = () => clock.now();
  const directory = new Directory(options.listings);
  const toleranceS = options.authToleranceS ?? DEFAULT_TOLERANCE_S;
  const keys = new ApiKeys({ chainId, toleranceS, now });
  const outbound = new Outbound(log);
  const login = (apiKey: unknown, secret: unknown, passphrase: unknown) =>
    keys.login(apiKey, secret, passphrase);
  const user = new UserChannel({ outbound, login });
  const trades: TradeLog = new TradeLog({
    settlement: options.settlement ?? DEFAULT_SETTLEMENT,
    now,
    onFailed: (trade) => desk.booking.undo(trade),
    onStatus(trade) {
      for (const [party, owner] of partiesOf(trade)) {
        user.send(party, userTradeMessage(trade, party, owner, now()));
      }
    },
  });
  const wallets = new Map(options.wallets.map((wallet) => [wallet.address.toLowerCase(), wallet]));
  const liquidity = new Liquidity(engine);
  const mode = new TradingMode();
  const access = new AccountAccess();
  const desk: OrderDesk = new OrderDesk({
    engine,
    accounts,
    directory,
    liquidity,
    trades,
    mode,
    access,
    clock,
    chainId,
    walletOf: (address) => wallets.get(address.toLowerCase()),
    notify: (party, message) => user.send(party, message),
  });
  const books = new Books(engine, directory, clock);
  const market = new MarketChannel({
    engine,
    directory,
    books,
    outbound,
    clock,
    snapshotAssets: options.snapshotAssets ?? DEFAULT_SNAPSHOT_ASSETS,
    tickFollowsPrice: options.tickFollowsPrice ?? false,
    isSale: (orderId) => desk.isSale(orderId),
  });
  const heartbeats = new Heartbeats(options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS, (party) => {
    desk.cancel(desk.cancellable(party), party);
  });
  const orderFaults = new OrderFaults(options.orderTimeoutMs ?? DEFAULT_ORDER_TIMEOUT_MS);
  return {
    ...{ access, books, clock, desk, directory, heartbeats, keys, liquidity, market, mode },
    ...{ orderFaults, outbound, requestFaults: new RequestFaults(), trades, user },
    close() {
      for (const part of [desk, heartbeats, orderFaults, outbound, trades]) part.close();
    },
  };
}

/** Every endpoint, and what stands before all of them: limits and faults. */
function createFront(options: PolymarketServerOptions, parts: Parts) {
  const { limits = {}, wallets, accounts, log } = options;
  const { access, books, clock, directory, keys, orderFaults: faults } = parts;
  const trueNow = () => clock.trueNow();
  const limiter = (limit: RateLimits['perIp']) =>
    limit === undefined ? undefined : new RateLimiter(limit, trueNow);
  const signerLimits = new SignerLimits(limits, trueNow);
  const ipLimit = limiter(limits.perIp);
  const readLimit = limiter(limits.reads);
  const documented = limits.documented === true ? new DocumentedLimits(trueNow) : undefined;
  const closedOrdersMs = options.closedOrdersMs ?? DEFAULT_CLOSED_ORDERS_MS;
  const routes = new Map([
    ...marketRoutes(directory, books, clock),
    ...bookRoutes(directory, books),
    ...gammaRoutes(directory, books),
    ...authRoutes({ keys, access, tier: signerLimits.tier }),
    ...accountRoutes({ ...parts, accounts, wallets, closedOrdersMs }),
    ...orderRoutes({ ...parts, faults, ipLimit, signerLimits }),
  ]);
  return createHttpFront({
    routes,
    now: () => clock.now(),
    admit(method, path, remoteAddress) {
      parts.requestFaults.check(method, path);
      documented?.take(method, path, remoteAddress);
      if (readLimit !== undefined && !isOrderCall(method, path)) readLimit.take(remoteAddress, 1);
    },
    log,
  });
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

function announce(parts: Parts, index: number, hydrationMs: number): void {
  const market = parts.directory.market(index);
  if (market === undefined) {
    throw new UnsupportedFaultError(`polymarket does not list the market: market=${index}`);
  }
  market.hydratesAt = performance.now() + hydrationMs;
  parts.market.announceNew(market);
}
