// The simulated Kalshi exchange: REST and WebSocket on one port, in the protocol of kalshi-api.md, in front of a matching
// engine. It must not know the engine under test, nor the other exchange.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { KALSHI_REST_PATH, KALSHI_WS_PATH } from '../../venues/kalshi/wire/auth.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type { KalshiListing } from '../exchange.js';
import type { Fault, ServerOptions, SimServer } from '../server.js';
import { type ApiKey, Authenticator, DEFAULT_CLOCK_TOLERANCE_MS } from './authenticator.js';
import { Connection, type LinkState } from './connection.js';
import { Desk } from './desk.js';
import { Directory } from './directory.js';
import { Feed } from './feed.js';
import { MarketData } from './market-data.js';
import { isRefusal } from './order-entry.js';
import { OrderFaults } from './order-faults.js';
import { Portfolio } from './portfolio.js';
import { type KalshiTierName, RateLimits } from './rate-limits.js';
import { type Refusal, refused } from './reply.js';
import { Rest } from './rest.js';
import { MAX_COMMANDS_PER_SECOND, MAX_MARKET_SUBSCRIPTIONS, Session } from './session.js';
import { Tape } from './tape.js';

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
}

export interface KalshiServer extends SimServer {
  /** Ends every subscription with a terminal error, the sockets stay open: 10 channel error, 25 buffer overflow. */
  endSubscriptions(code: 10 | 25): void;
}

/** Documented default of connections an account may hold (kalshi-api.md 2.1). */
const MAX_CONNECTIONS = 200;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const PING_INTERVAL_MS = 10_000;
const SWEEP_INTERVAL_MS = 250;
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_COMMAND_BYTES = 1024 * 1024;
/** Longer than any pause of a client that keeps its connections warm. */
const KEEP_ALIVE_MS = 300_000;

export async function startKalshiServer(options: KalshiServerOptions): Promise<KalshiServer> {
  const exchange = new Exchange(options);
  await exchange.listen();
  return exchange;
}

class Exchange implements KalshiServer {
  readonly #options: KalshiServerOptions;
  readonly #directory: Directory;
  readonly #authenticator: Authenticator;
  readonly #feed: Feed;
  readonly #rest: Rest;
  readonly #orderFaults = new OrderFaults();
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
  #isClosed = false;

  constructor(options: KalshiServerOptions) {
    this.#options = options;
    const { engine, accounts } = options;
    const now = (): number => options.now();
    const directory = new Directory(options.listings);
    const tape = new Tape();
    const feed: Feed = new Feed({ engine, directory, tape, now, cause: () => desk.cause });
    const readLagMs = options.readLagMs ?? 0;
    const desk: Desk = new Desk({ engine, accounts, directory, readLagMs, now, listener: feed });
    this.#directory = directory;
    this.#feed = feed;
    this.#link = {
      now,
      frozenUntilMs: 0,
      lagUntilMs: 0,
      lagMs: 0,
      maxBufferedBytes: options.maxBufferedBytes ?? MAX_BUFFERED_BYTES,
    };
    this.#authenticator = new Authenticator(
      options.keys,
      options.clockToleranceMs ?? DEFAULT_CLOCK_TOLERANCE_MS,
      now,
    );
    this.#rest = new Rest({
      authenticator: this.#authenticator,
      rateLimits: new RateLimits(options.limits ?? 'unlimited', now),
      marketData: new MarketData({ engine, directory, tape, now }),
      portfolio: new Portfolio(desk, now),
      desk,
      directory,
      orderFaults: this.#orderFaults,
      now,
    });
    engine.onBookEvent((event) => {
      if (this.#isClosed) return;
      tape.onBookEvent(event);
      feed.onBookEvent(event);
      desk.onBookEvent(event);
    });
    this.#timers.push(setInterval(() => desk.sweep(), SWEEP_INTERVAL_MS));
    this.#timers.push(setInterval(() => this.#ping(), options.pingIntervalMs ?? PING_INTERVAL_MS));
    this.#http.on('request', (request, response) => void this.#answer(request, response));
    this.#http.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
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
    try {
      const { method = '', url = '', headers } = request;
      const answer = this.#rest.answer({ method, url, headers, body });
      if (answer.delivery === 'reset') request.socket.destroy();
      else if (answer.delivery === 'send') send(response, answer.status, answer.body);
    } catch (error) {
      this.#options.log(`request failed: url=${request.url} error=${String(error)}`);
      const code = 'internal_server_error';
      send(response, 500, JSON.stringify({ error: { code, message: 'internal server error' } }));
    }
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path !== KALSHI_WS_PATH) {
      refuseUpgrade(stream, '404 Not Found', '');
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
      feed: this.#feed,
      directory: this.#directory,
      limits: {
        maxMarketSubscriptions: this.#options.maxMarketSubscriptions ?? MAX_MARKET_SUBSCRIPTIONS,
        maxCommandsPerSecond: this.#options.maxCommandsPerSecond ?? MAX_COMMANDS_PER_SECOND,
      },
      now: () => this.#options.now(),
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
    const nowMs = this.#options.now();
    switch (fault.kind) {
      case 'skip-sequence':
        this.#feed.loseFrame();
        return;
      case 'garbage':
        for (const { connection } of this.#sessions) connection.sendDirect('{"type":');
        return;
      case 'cut':
        this.#cut();
        return;
      case 'freeze':
        this.#link.frozenUntilMs = nowMs + fault.durationMs;
        return;
      case 'stale-lag':
        this.#link.lagUntilMs = nowMs + fault.durationMs;
        this.#link.lagMs = fault.lagMs;
        return;
      case 'reject-orders':
      case 'lose-reply':
      case 'reset-after-accept':
      case 'reset-before-accept':
        this.#orderFaults.add(fault);
        return;
    }
  }

  endSubscriptions(code: 10 | 25): void {
    for (const session of this.#sessions) session.endAll(code);
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

function send(response: ServerResponse, status: number, body: string): void {
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function refuseUpgrade(stream: Duplex, status: string, body: string): void {
  stream.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
