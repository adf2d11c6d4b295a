// The HTTP side of the server: reads whole requests, finds their route, writes JSON. Knows no
// trading.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from './api-keys.js';
import { PAYLOAD_TOO_LARGE, Refusal } from './refusal.js';

const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpCall extends Call {
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  /** Headers that the reply gets beside its own. */
  readonly replyHeaders: Record<string, string>;
  /** What stands in place of the `*` at the end of the route. */
  readonly tail: string;
}

/** Returns or resolves to the reply's value, or RawReply for text that is ready; throws Refusal. */
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

export interface HttpFrontOptions {
  readonly routes: Routes;
  /** The exchange's wall clock in milliseconds, for the Date header. */
  now(): number;
  /** Called before any route. Throws Refusal for a call that is not to be heard. */
  admit(method: string, path: string, remoteAddress: string): void;
  log(line: string): void;
}

export function createHttpFront(
  options: HttpFrontOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.on('error', (error) => options.log(`request failed: error=${error.message}`));
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      if (bytes > MAX_BODY_BYTES) {
        write(response, refused(new Refusal(413, PAYLOAD_TOO_LARGE)), options.now(), {});
      } else {
        void answer(options, request, response, body);
      }
    });
  };
}

interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A handler that needs no waiting is answered in the same turn of the event loop. */
function answer(
  options: HttpFrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> | undefined {
  const replyHeaders: Record<string, string> = {};
  const finish = (outcome: Outcome | NoReply) => {
    if (!(outcome instanceof NoReply)) write(response, outcome, options.now(), replyHeaders);
    else if (outcome.destroy) request.socket.destroy();
  };
  const fail = (error: unknown) => finish(failed(options, request, error));
  try {
    const value = run(options, request, body, replyHeaders);
    if (value instanceof Promise) {
      return value.then((late: unknown) => finish(succeeded(late))).catch(fail);
    }
    finish(succeeded(value));
  } catch (error) {
    fail(error);
  }
  return undefined;
}

function run(
  options: HttpFrontOptions,
  request: IncomingMessage,
  body: Buffer,
  replyHeaders: Record<string, string>,
): unknown {
  const method = request.method ?? 'GET';
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const slash = path.lastIndexOf('/') + 1;
  const remoteAddress = request.socket.remoteAddress ?? '';
  options.admit(method, path, remoteAddress);
  const { routes } = options;
  const exact = routes.get(`${method} ${path}`);
  const handler = exact ?? routes.get(`${method} ${path.slice(0, slash)}*`);
  if (handler === undefined) throw new Refusal(404, 'not found');
  return handler({
    method,
    path,
    body,
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    remoteAddress,
    replyHeaders,
    tail: decodeURIComponent(path.slice(slash)),
    header: (name) => headerOf(request, name),
  });
}

function succeeded(value: unknown): Outcome {
  return value instanceof RawReply ? value : { status: 200, text: JSON.stringify(value) };
}

function failed(
  options: HttpFrontOptions,
  request: IncomingMessage,
  error: unknown,
): Outcome | NoReply {
  if (error instanceof Refusal) return refused(error);
  if (error instanceof NoReply) return error;
  if (error instanceof URIError) return { status: 400, text: '{"error":"Invalid payload"}' };
  options.log(`request failed: method=${request.method} url=${request.url} error=${String(error)}`);
  return { status: 500, text: '{"error":"internal server error"}' };
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name.toLowerCase()];
  return typeof value === 'string' ? value : '';
}

function refused(refusal: Refusal): Outcome {
  return {
    status: refusal.status,
    text: JSON.stringify({ error: refusal.message, ...refusal.extra }),
    headers: refusal.headers,
  };
}

function write(
  response: ServerResponse,
  { status, text, headers }: Outcome,
  nowMs: number,
  replyHeaders: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    Date: new Date(nowMs).toUTCString(),
    ...replyHeaders,
    ...headers,
  });
  response.end(text);
}
