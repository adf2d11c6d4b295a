// The HTTP side of the server: reads whole requests, finds their route, writes JSON. Knows no
// trading.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from './api-keys.js';
import { PAYLOAD_TOO_LARGE, Refusal } from './refusal.js';

const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpCall extends Call {
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  /** What stands in place of the `*` at the end of the route. */
  readonly tail: string;
}

/** Returns the reply's value, or RawReply for text that is ready; throws Refusal. */
export type Handler = (call: HttpCall) => unknown;

/** JSON text that was built by hand, or another status than 200. */
export class RawReply {
  readonly status: number;
  readonly text: string;

  constructor(text: string, status = 200) {
    this.text = text;
    this.status = status;
  }
}

/** Thrown by a handler whose request is never answered: the socket stays open, or is destroyed. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
  readonly destroy: boolean;

  constructor(destroy: boolean) {
    super('no reply');
    this.destroy = destroy;
  }
}

/** Keys are `METHOD /path`, or `METHOD /path/*` for one value at the end. */
export type Routes = ReadonlyMap<string, Handler>;

export function createHttpFront(
  routes: Routes,
  log: (line: string) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.on('error', (error) => log(`request failed: error=${error.message}`));
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const outcome =
        bytes > MAX_BODY_BYTES
          ? refused(new Refusal(413, PAYLOAD_TOO_LARGE))
          : run(routes, request, body, log);
      if (outcome === undefined) return;
      if (outcome === 'destroy') request.socket.destroy();
      else write(response, outcome);
    });
  };
}

interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function run(
  routes: Routes,
  request: IncomingMessage,
  body: Buffer,
  log: (line: string) => void,
): Outcome | 'destroy' | undefined {
  const method = request.method ?? 'GET';
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const slash = path.lastIndexOf('/') + 1;
  const exact = routes.get(`${method} ${path}`);
  const handler = exact ?? routes.get(`${method} ${path.slice(0, slash)}*`);
  if (handler === undefined) return { status: 404, text: '{"error":"not found"}' };
  try {
    const value = handler({
      method,
      path,
      body,
      query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
      remoteAddress: request.socket.remoteAddress ?? '',
      tail: decodeURIComponent(path.slice(slash)),
      header: (name) => headerOf(request, name),
    });
    if (value instanceof RawReply) return value;
    return { status: 200, text: JSON.stringify(value) };
  } catch (error) {
    if (error instanceof Refusal) return refused(error);
    if (error instanceof NoReply) return error.destroy ? 'destroy' : undefined;
    if (error instanceof URIError) return { status: 400, text: '{"error":"Invalid payload"}' };
    log(`request failed: method=${method} path=${path} error=${String(error)}`);
    return { status: 500, text: '{"error":"internal server error"}' };
  }
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name.toLowerCase()];
  return typeof value === 'string' ? value : '';
}

export function refusalBody(refusal: Refusal): string {
  return JSON.stringify({ error: refusal.message, ...refusal.extra });
}

function refused(refusal: Refusal): Outcome {
  return { status: refusal.status, text: refusalBody(refusal), headers: refusal.headers };
}

function write(response: ServerResponse, { status, text, headers }: Outcome): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
