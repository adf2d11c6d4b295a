// The simulated Kalshi exchange: REST and WebSocket on one port, in the protocol of kalshi-api.md,
// in front of a matching engine. It must not know the engine under test, nor the other exchange.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI_REST_PATH, KALSHI_WS_PATH } from '../../venues/kalshi/wire/auth.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type { KalshiListing } from '../exchange.js';
import {
  type Fault,
  type ServerOptions,
  type SimServer,
  UnsupportedFaultError,
} from '../server.js';
import type { Answer } from './answer.js';
import { type ApiKey, Authenticator, DEFAULT_CLOCK_TOLERANCE_MS } from './authenticator.js';
import { isRefusal } from './body-decoder.js';
import { Connection, type LinkState } from './connection.js';
import { Core } from './core.js';
import { isKnownMultiplier } from './fees.js';
import { OrderFaults } from './order-faults.js';
import { type KalshiTierName, RateLimits } from './rate-limits.js';
import { type Refusal, refused } from './reply.js';
import { RequestFaults } from './request-faults.js';
import { Rest } from './rest.js';
import { MAX_COMMANDS_PER_SECOND, MAX_MARKET_SUBSCRIPTIONS, Session } from './session.js';
import type { Stillness } from './shown-books.js';

export interface KalshiServerOptions extends ServerOptions {
  readonly listings: readonly KalshiListing[];
  readonly keys: readonly ApiKey[];
  /** Usage tier of every account; default so large that it is never met. */
  readonly limits?: KalshiTierName;
  readonly clockToleranceMs?: number;
  /** How far GETs of orders and positions trail what has happened. */
  readonly readLagMs?: number;
  /** Caps of a WebSocket session and of an account's sessions. */
  readonly maxConnections?: number;
  readonly maxMarketSubscriptions?: number;
  readonly maxCommandsPerSecond?: number;
  /** What may wait for a slow client; default 16 MiB. */
  readonly maxBufferedBytes?: number;
  /** How often every session is pinged; default 10 s (kalshi-api.md 2.1). */
  readonly pingIntervalMs?: number;
  /**
   * Where accounts' cash lies at first (kalshi-api.md 3.8). `allocated`, the default: over the
   * shards in proportion to their markets, and brought back to that every 10 s, as a target
   * allocation does. `primary`: all on shard 0, where only transfers move it.
   */
  readonly funding?: 'allocated' | 'primary';
  /**
   * legacy: the formats of January 2026 (kalshi-api.md 2.7, 3.1), one shard, whole cents and
   * contracts; default current.
   */
  readonly dialect?: 'current' | 'legacy';
  /** From a market's result to its payout; default 1 s. */
  readonly settlementMs?: number;
  /** Trading pauses on Thursdays, 03:00 to 05:00 in New York; default off. */
  readonly weeklyPause?: boolean;
  /** Frames carry `sending_ts_ms`; default off. */
  readonly stampsFrames?: boolean;
  /** Hears which books stand still: halted, paused, closed. */
  readonly stillness?: Stillness;
}

/** Documented default of connections an account may hold (kalshi-api.md 2.1). */
const MAX_CONNECTIONS = 200;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const PING_INTERVAL_MS = 10_000;
const SWEEP_INTERVAL_MS = 50;
const REBALANCE_INTERVAL_MS = 10_000;
const SETTLEMENT_MS = 1_000;
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_COMMAND_BYTES = 1024 * 1024;
/** Longer than any pause of a client that keeps its connections warm. */
const KEEP_ALIVE_MS = 300_000;

export async function startKalshiServer(options: KalshiServerOptions): Promise<SimServer> {
  const exchange = new KalshiServer(options);
  await exchange.listen();
  return exchange;
}

class KalshiServer implements SimServer {
  readonly #options: KalshiServerOptions;
  readonly #core: Core;
  readonly #authenticator: Authenticator;
  readonly #rest: Rest;
  readonly #orderFaults = new OrderFaults();
  readonly #requestFaults = new RequestFaults();
  readonly #link: LinkState;
  readonly #sessions = new Set<Session>();
  readonly #http = createServer({ noDelay: true, keepAliveTimeout: KEEP_ALIVE_MS });
  readonly #ws = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: MAX_COMMAND_BYTES,
  });
  readonly #timers: NodeJS.Timeout[] = [];
  #refusesSocketsUntilMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: KalshiServerOptions) {
    this.#options = options;
    const { readLagMs = 0, settlementMs = SETTLEMENT_MS, weeklyPause = false } = options;
    const { engine, accounts, listings, funding = 'allocated' } = options;
    const core = new Core({
      engine,
      accounts,
      listings,
      readLagMs,
      settlementMs,
      weeklyPause,
      funding,
      isLegacy: options.dialect === 'legacy',
      ...(options.stillness === undefined ? {} : { stillness: options.stillness }),
      wall: () => options.now(),
    });
    const { clock } = core;
    this.#core = core;
    this.#link = {
      now: () => clock.wall(),
      stamp: () => clock.now(),
      stampsFrames: options.stampsFrames ?? false,
      frozenUntilMs: 0,
      lagUntilMs: 0,
      lagMs: 0,
      maxBufferedBytes: options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
    };
    const toleranceMs = options.clockToleranceMs ?? DEFAULT_CLOCK_TOLERANCE_MS;
    this.#authenticator = new Authenticator(options.keys, toleranceMs, () => clock.now());
    const rateLimits = new RateLimits(options.limits ?? 'unlimited', () => clock.wall());
    this.#rest = new Rest({
      ...core.routes(rateLimits, this.#orderFaults),
      authenticator: this.#authenticator,
      rateLimits,
      requestFaults: this.#requestFaults,
    });
    engine.onBookEvent((event) => {
      if (!this.#isClosed) core.shown.onEngineEvent(event);
    });
    this.#every(SWEEP_INTERVAL_MS, () => core.sweep());
    this.#every(REBALANCE_INTERVAL_MS, () => core.purses.rebalance());
    this.#every(options.pingIntervalMs ?? PING_INTERVAL_MS, () => this.#ping());
    this.#http.on('request', (request, response) => void this.#answer(request, response));
    this.#http.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
  }

  #every(intervalMs: number, run: () => void): void {
    this.#timers.push(setInterval(run, intervalMs));
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get restUrl(): string {
    return `http://${this.#options.host}:${this.port}${KALSHI_REST_PATH}`;
  }

  get wsUrl(): string {
    return `ws://${this.#options.host}:${this.port}${KALSHI_WS_PATH}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(this.#options.port, this.#options.host, resolve);
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#cut();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) {
      request.socket.destroy();
      return;
    }
    const { method = '', url = '', headers } = request;
    const run = (): Answer => this.#rest.answer({ method, url, headers, body });
    this.#deliver(run, request, response);
  }

  #deliver(run: () => Answer, request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#core.lifecycle.advance();
      const answer = run();
      switch (answer.delivery) {
        case 'send':
          this.#after(answer.afterMs ?? 0, () => this.#send(response, answer.status, answer.body));
          return;
        case 'hold':
          this.#after(answer.afterMs, () =>
            this.#deliver(() => answer.resume(), request, response),
          );
          return;
        case 'reset':
          request.socket.destroy();
          return;
        case 'lose':
          return;
      }
    } catch (error) {
      this.#options.log(`request failed: url=${request.url} error=${String(error)}`);
      const body = { error: { code: 'internal_server_error', message: 'internal server error' } };
      this.#send(response, 500, JSON.stringify(body));
    }
  }

  #after(delayMs: number, run: () => void): void {
    if (delayMs === 0) run();
    else
      setTimeout(() => {
        if (!this.#isClosed) run();
      }, delayMs).unref();
  }

  #send(response: ServerResponse, status: number, body: string): void {
    const date = new Date(this.#core.clock.now()).toUTCString();
    if (status === 204) {
      response.writeHead(204, { date }).end();
      return;
    }
    response.writeHead(status, {
      date,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path !== KALSHI_WS_PATH) {
      refuseUpgrade(stream, '404 Not Found', '');
      return;
    }
    if (this.#options.now() < this.#refusesSocketsUntilMs) {
      refuseUpgrade(stream, '502 Bad Gateway', '');
      return;
    }
    const key = this.#authenticator.authenticate('GET', path, request.headers);
    if (isRefusal(key)) {
      refuseUpgrade(stream, '401 Unauthorized', refused(handshakeRefusal(key)).body);
      return;
    }
    let held = 0;
    for (const session of this.#sessions) if (session.connection.account === key.account) held++;
    if (held >= (this.#options.maxConnections ?? MAX_CONNECTIONS)) {
      refuseUpgrade(stream, '429 Too Many Requests', '{"error":"too many requests"}');
      return;
    }
    this.#ws.handleUpgrade(request, stream, head, (socket) => {
      this.#open(key.account, socket, stream);
    });
  }

  #open(account: string, socket: WebSocket, stream: Duplex): void {
    const connection = new Connection(account, socket, stream, this.#link);
    const session = new Session({
      connection,
      feed: this.#core.feed,
      directory: this.#core.directory,
      limits: {
        maxMarketSubscriptions: this.#options.maxMarketSubscriptions ?? MAX_MARKET_SUBSCRIPTIONS,
        maxCommandsPerSecond: this.#options.maxCommandsPerSecond ?? MAX_COMMANDS_PER_SECOND,
      },
      isLegacy: this.#options.dialect === 'legacy',
      now: () => this.#core.clock.wall(),
    });
    this.#sessions.add(session);
    // A client that only asks and never reads must not grow memory either.
    socket.on('message', (data) => {
      if (connection.isFull) connection.destroy();
      else session.run(String(data));
    });
    socket.on('error', (error) => this.#options.log(`kalshi client: error=${error.message}`));
    socket.on('close', () => {
      session.close();
      this.#sessions.delete(session);
    });
  }

  inject(fault: Fault): void {
    const { clock, feed, shown, hours, lifecycle } = this.#core;
    const nowMs = clock.wall();
    switch (fault.kind) {
      case 'skip-sequence':
      case 'duplicate':
      case 'reorder':
        feed.faults.add(fault.kind);
        return;
      case 'garbage':
        for (const { connection } of this.#sessions) connection.sendDirect('{"type":');
        return;
      case 'cut':
        this.#cut();
        return;
      case 'refuse-sockets':
        this.#refusesSocketsUntilMs = nowMs + fault.durationMs;
        this.#cut();
        return;
      case 'freeze':
        this.#link.frozenUntilMs = nowMs + fault.durationMs;
        return;
      case 'stall':
        feed.stall(fault.durationMs);
        return;
      case 'stale-lag':
        this.#link.lagUntilMs = nowMs + fault.durationMs;
        this.#link.lagMs = fault.lagMs;
        return;
      case 'stale-snapshots':
        shown.makeSnapshotsStale(fault.ageMs, fault.durationMs);
        return;
      case 'end-subscriptions':
        for (const session of this.#sessions) session.endAll(fault.code);
        return;
      case 'reject-orders':
      case 'lose-reply':
      case 'reset-after-accept':
      case 'reset-before-accept':
      case 'delay-replies':
      case 'delay-orders':
      case 'partial-fills':
        this.#orderFaults.add(fault);
        return;
      case 'fail-requests':
        this.#requestFaults.add(fault);
        return;
      case 'clock-skew':
        clock.skew(fault.skewMs, fault.durationMs);
        return;
      case 'pause':
        hours.pause(fault.scope, fault.durationMs);
        lifecycle.advance();
        return;
      case 'tick-change':
      case 'fee-change':
      case 'halt':
      case 'close':
      case 'resolve':
        this.#changeMarket(fault);
        return;
      case 'ghost-fills':
      case 'retry-fills':
      case 'mode':
        throw new UnsupportedFaultError(`Kalshi has no such fault: kind=${fault.kind}`);
      default:
        fault satisfies never;
    }
  }

  #changeMarket(fault: Extract<Fault, { readonly market: number }>): void {
    const { directory, lifecycle } = this.#core;
    const listing = directory.byMarket(fault.market);
    if (listing === undefined) {
      throw new UnsupportedFaultError(`Kalshi does not list it: market=${fault.market}`);
    }
    switch (fault.kind) {
      case 'tick-change':
        if (PAYOUT_E4 % fault.tickE4 !== 0) {
          throw new UnsupportedFaultError(`no grid has this step: tickE4=${fault.tickE4}`);
        }
        lifecycle.regrid(listing, fault.tickE4);
        return;
      case 'fee-change':
        if (fault.multiplier !== null && !isKnownMultiplier(fault.multiplier)) {
          throw new UnsupportedFaultError(`no exact rate: multiplier=${fault.multiplier}`);
        }
        lifecycle.changeFee(listing, fault.multiplier);
        return;
      case 'halt':
        if (fault.isHalted) lifecycle.halt(listing);
        else lifecycle.reactivate(listing);
        return;
      case 'close':
        lifecycle.close(listing);
        return;
      case 'resolve':
        lifecycle.resolve(listing, fault.outcome);
        return;
      default:
        fault satisfies never;
    }
  }

  #cut(): void {
    for (const { connection } of this.#sessions) connection.destroy();
  }

  #ping(): void {
    for (const { connection } of this.#sessions) connection.ping();
  }
}

/** A handshake names its own code, but an expired clock stays tellable (kalshi-api.md 1.2). */
function handshakeRefusal(cause: Refusal): Refusal {
  if (cause.error.code === KALSHI_ERROR.TIMESTAMP_EXPIRED) return cause;
  const code = KALSHI_ERROR.WS_AUTHENTICATION;
  return { status: 401, error: { ...cause.error, code, message: code.replaceAll('_', ' ') } };
}

/** undefined when the body is too long or the client went away. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}

function refuseUpgrade(stream: Duplex, status: string, body: string): void {
  stream.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
