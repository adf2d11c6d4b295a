// A strict server of the contract on loopback: refuses whatever the contract does not name, and serves the page as the engine does.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { StandInWorld, type WorldOptions } from './stand-in-world.js';

const PAGE = fileURLToPath(new URL('../../dist/web', import.meta.url));
const STEP_MS = 250;
const MAX_BODY_BYTES = 10_000;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const reasonBody = z.strictObject({ why: z.string().min(1).max(200) });
const limitBody = z.strictObject({ value: z.number().nonnegative() });
const levelBody = z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']) });

export interface StandIn {
  readonly url: string;
  readonly token: string;
  readonly world: StandInWorld;
  /** Connections are cut and refused while true. */
  setDead(isDead: boolean): void;
  end(): Promise<void>;
}

export interface StandInOptions extends WorldOptions {
  /** Reads too want the token. */
  readonly isGuarded: boolean;
  readonly port: number;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export async function startStandIn(options: Partial<StandInOptions> = {}): Promise<StandIn> {
  const all = { seed: 7, markets: 200, profile: 'sim', isGuarded: false, port: 0, ...options };
  if (!existsSync(join(PAGE, 'page.js'))) throw new Error('dist/web is not there: npm run build');
  const world = new StandInWorld(all);
  const token = 'stand-in-token-5f2c';
  let isDead = false;
  const server = createServer((request, response) => {
    if (isDead) request.socket.destroy();
    else void answer(request, response, world, token, all.isGuarded);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const mayRead = !all.isGuarded || url.searchParams.get('token') === token;
    if (isDead || url.pathname !== '/api/v1/stream' || !mayRead) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) =>
      client.send(JSON.stringify(world.whole())),
    );
  });
  const timer = setInterval(() => {
    const frame = JSON.stringify(world.step());
    for (const client of sockets.clients) client.send(frame);
  }, STEP_MS);
  await new Promise<void>((resolve) => server.listen(all.port, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    token,
    world,
    setDead(dead) {
      isDead = dead;
      if (dead) for (const client of sockets.clients) client.terminate();
    },
    async end() {
      clearInterval(timer);
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  world: StandInWorld,
  token: string,
  isGuarded: boolean,
): Promise<void> {
  try {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (!pathname.startsWith('/api/')) {
      serveFile(pathname, response);
      return;
    }
    const isRead = request.method === 'GET';
    if ((!isRead || isGuarded) && request.headers.authorization !== `Bearer ${token}`) {
      throw new Refusal(401, 'unauthorized', 'the token is missing or wrong');
    }
    if (isRead && pathname === '/api/v1/status') {
      reply(response, 200, world.whole().status);
      return;
    }
    const done = act(world, `${request.method} ${pathname}`, await bodyOf(request));
    reply(response, 200, { done });
  } catch (error) {
    const { status, code, message } =
      error instanceof Refusal ? error : new Refusal(400, 'bad-request', String(error));
    reply(response, status, { error: { code, message } });
  }
}

function act(world: StandInWorld, route: string, body: unknown): string {
  const kill = /^POST \/api\/v1\/(stop-opening|kill|resume)$/.exec(route);
  if (kill !== null) {
    const { why } = reasonBody.parse(body);
    const level = {
      'stop-opening': 'stop-opening',
      kill: 'stop-everything',
      resume: 'armed',
    } as const;
    world.setKill(level[kill[1] as keyof typeof level], why);
    return `${kill[1]}: ${why}`;
  }
  const freeze = /^POST \/api\/v1\/markets\/(\d+)\/(freeze|unfreeze)$/.exec(route);
  if (freeze !== null) {
    reasonBody.parse(body);
    const view = world.setFrozen(Number(freeze[1]), freeze[2] === 'freeze');
    if (view === undefined) throw new Refusal(404, 'not-found', `no such market: ${freeze[1]}`);
    return `${view.name} is ${freeze[2]}d`
      .replace('freezed', 'frozen')
      .replace('unfreezed', 'unfrozen');
  }
  const limit = /^PUT \/api\/v1\/limits\/([\w.-]+)$/.exec(route);
  if (limit !== null) {
    const { value } = limitBody.parse(body);
    const after = world.setLimit(limit[1] ?? '', value);
    if (after === undefined) throw new Refusal(404, 'not-found', `no such limit: ${limit[1]}`);
    return `${after.name} is ${after.value} ${after.unit}`;
  }
  const level = /^PUT \/api\/v1\/log-levels\/([\w.-]+)$/.exec(route);
  if (level !== null) {
    world.logLevels.set(level[1] ?? '', levelBody.parse(body).level);
    return `${level[1]} prints from ${levelBody.parse(body).level} on`;
  }
  throw new Refusal(404, 'not-found', `nothing is there: ${route}`);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (request.headers['content-type'] !== 'application/json') {
    throw new Refusal(400, 'bad-request', 'the body must be application/json');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(400, 'too-large', 'the body is too large');
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function serveFile(pathname: string, response: ServerResponse): void {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  const path = join(PAGE, name);
  if (!/^[\w.-]+$/.test(name) || !existsSync(path)) {
    throw new Refusal(404, 'not-found', `nothing is there: ${pathname}`);
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'",
    'x-content-type-options': 'nosniff',
  });
  response.end(readFileSync(path));
}
