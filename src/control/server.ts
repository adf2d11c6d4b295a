// The engine's HTTP server: the API that the page and the commands share (contract.ts), metrics, and the page itself. Reads are open on
// loopback; every action shows the token. It runs on the main thread and computes nothing while nobody asks.
import type { Socket } from 'node:net';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastifyWebsocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { isLoopback, type ListenAddress } from './address.js';
import { StreamFrames } from './frames.js';
import { ControlError } from './refusals.js';
import { addRoutes, type RoutesSource } from './routes.js';
import { bearerOf, isToken } from './token.js';

const BODY_LIMIT_BYTES = 16_384;
const REQUEST_TIMEOUT_MS = 10_000;
/** Not more than four frames a second (contract.ts). */
const FRAME_EVERY_MS = 250;
const MAX_CLIENTS = 16;
/** A client that has not read so much yet gets nothing new. */
const MAX_WAITING_BYTES = 1_000_000;
const MAX_CLIENT_MESSAGE_BYTES = 1_024;

const CONTENT_SECURITY_POLICY =
  "default-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self'; object-src 'none'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface ControlServerOptions extends RoutesSource {
  readonly listen: ListenAddress;
  readonly token: string;
  /** Directory of the page's files; undefined: no page. */
  readonly pageDir: string | undefined;
}

export interface ControlServer {
  /** http://HOST:PORT */
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects when the address cannot be listened on, with the address in the message. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
  });
  const { listen } = options;
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  answerErrors(app);
  await app.register(fastifySwagger, {
    openapi: {
      info: { title: 'underround', description: 'See and steer a running engine.', version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  await app.register(fastifyWebsocket, { options: { maxPayload: MAX_CLIENT_MESSAGE_BYTES } });
  // Behind the plugin's own hook, which says what is a WebSocket.
  guard(app, options);
  await app.register(async (routes) => {
    addRoutes(routes, options);
    addStream(routes, options);
  });
  if (options.pageDir !== undefined) {
    await app.register(fastifyStatic, { root: options.pageDir, cacheControl: true, maxAge: 0 });
  }
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (cause) {
    const { message } = cause as Error;
    const at = `host=${listen.host} port=${listen.port}`;
    await app.close();
    throw new Error(`cannot listen: ${at} why=${message}`, { cause });
  }
  return {
    url: urlOf(app, listen),
    close: async () => {
      // Also those that were to become a WebSocket and were refused: they belong to nobody, and would keep the server.
      for (const socket of sockets) socket.destroy();
      await app.close();
    },
  };
}

function urlOf(app: FastifyInstance, { host, port }: ListenAddress): string {
  const address = app.server.address();
  const bound = address === null || typeof address === 'string' ? port : address.port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** Who may ask what: a page of another site can reach a server on loopback too, by the browser of whoever is at the machine. */
function guard(app: FastifyInstance, { listen, token }: ControlServerOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    const { host, origin } = request.headers;
    if (host === undefined || !isOwnHost(app, listen, host)) {
      throw new ControlError(403, 'WRONG_HOST', `this server is not ${host ?? 'without a name'}`);
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      throw new ControlError(403, 'WRONG_ORIGIN', `pages of ${origin} may not ask`);
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && (isLoopback(listen.host) || isOpen(request))) return;
    if (!isToken(tokenOf(request), token)) {
      throw new ControlError(401, 'NO_TOKEN', 'show the token: Authorization: Bearer TOKEN');
    }
  });
}

/** Routes that say nothing of the engine's money: the page's files, and whether it runs. */
const OPEN_ROUTES: readonly (string | undefined)[] = ['/*', '/healthz', undefined];

/** By the route that was found, undefined where there is none: an address can be spelt in many ways. */
function isOpen({ routeOptions }: FastifyRequest): boolean {
  return OPEN_ROUTES.includes(routeOptions.url);
}

/** A browser's WebSocket cannot send the header. */
function tokenOf(request: FastifyRequest): string {
  const shown = bearerOf(request.headers.authorization);
  if (shown !== '' || !request.ws) return shown;
  const { token } = request.query as { readonly token?: unknown };
  return typeof token === 'string' ? token : '';
}

/** A name that some other site has made to mean our address is not ours. */
function isOwnHost(app: FastifyInstance, { host }: ListenAddress, given: string): boolean {
  const address = app.server.address();
  if (address === null || typeof address === 'string') return false;
  const name = given.replace(/:\d+$/, '');
  if (given !== `${name}:${address.port}` && address.port !== 80) return false;
  if (!isLoopback(host)) return true;
  return ['127.0.0.1', 'localhost', '[::1]', host].includes(name);
}

function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split('?')[0]}`;
    void reply.code(404).send({ error: { code: 'NOT_FOUND', message } });
  });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _, reply) => {
    const isRefused = error.code === 'ACTION_REFUSED';
    const status = isRefused ? 409 : (error.statusCode ?? 500);
    void reply
      .code(status)
      .send({ error: { code: error.code ?? 'ERROR', message: error.message } });
  });
}

/** One frame at once, then at the most four a second, to who keeps up. */
function addStream(app: FastifyInstance, source: ControlServerOptions): void {
  const clients = new Set<WebSocket>();
  app.get('/api/v1/stream', { websocket: true, schema: { hide: true } }, (socket: WebSocket) => {
    if (clients.size >= MAX_CLIENTS) {
      socket.close(1013, 'too many look already');
      return;
    }
    clients.add(socket);
    const frames = new StreamFrames(source);
    const send = () => {
      if (socket.readyState !== socket.OPEN || socket.bufferedAmount > MAX_WAITING_BYTES) return;
      socket.send(JSON.stringify(frames.next()));
    };
    const timer = setInterval(send, FRAME_EVERY_MS);
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(timer);
      clients.delete(socket);
    });
    send();
  });
}
