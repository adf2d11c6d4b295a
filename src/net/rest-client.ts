// Calls to an exchange's REST API that are not on the path of an order: paced, bounded in time, checked by a schema, asked again
// only when that is safe, with errors that say what came.
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { ZodType } from 'zod';
import { type Breaker, NO_BREAKER } from './circuit-breaker.js';
import type { TokenBucket } from './token-bucket.js';

const MAX_CONNECTIONS = 8;
const ERROR_TEXT_CHARS = 300;
const MAX_ERROR_BODY_CHARS = 16_384;
/** Waits before a read that met a 429 is made again; after the last one it fails (requirements R4.7). */
export const RETRY_MS: readonly number[] = [4_000, 8_000, 16_000, 32_000, 64_000];
/** A call that would wait longer than this for tokens costs more than there will ever be. */
const MAX_PACE_MS = 60_000;

export class RestError extends Error {
  readonly code = 'REST_FAILED';
  readonly status: number | undefined;
  /** The reply's body, for who branches on the exchange's own code. */
  readonly body: string;

  constructor(facts: string, status?: number, cause?: unknown, body = '') {
    super(facts, { cause });
    this.name = 'RestError';
    this.status = status;
    this.body = body;
  }
}

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL's own path. */
  readonly path: string;
  readonly query?: URLSearchParams | Readonly<Record<string, string>>;
  /** Made anew for each attempt: signatures carry the time. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly body?: string;
  /** A POST that only asks: it counts and is made again like a GET. */
  readonly isRead?: true;
  /** In tokens of the exchange's rate limit; 10 is Kalshi's default (kalshi-api.md 4.6). */
  readonly cost?: number;
}

const DEFAULT_COST = 10;

/** What stands between the calls of one exchange and its servers. */
export interface RestGuards {
  readonly breaker: Breaker;
  /** Tokens of reads and of all other calls. */
  readonly reads: TokenBucket | undefined;
  readonly writes: TokenBucket | undefined;
  /** Told of each 429 and how long the call waits now. */
  readonly backedOff: (status: number, waitMs: number) => void;
  /** Told of each reply's Date header, with the wall times of the request and the reply. */
  readonly dated: (date: string, sentMs: number, receivedMs: number) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

const UNGUARDED: RestGuards = {
  breaker: NO_BREAKER,
  reads: undefined,
  writes: undefined,
  backedOff: () => undefined,
  dated: () => undefined,
  sleep: (ms) => pause(ms),
};

export class RestClient {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #origin: string;
  readonly #timeoutMs: number;
  readonly #guards: RestGuards;

  /** `baseUrl` may carry a path, which goes before every path asked for. */
  constructor(baseUrl: string, timeoutMs: number, guards: Partial<RestGuards> = {}) {
    const url = new URL(baseUrl);
    this.#timeoutMs = timeoutMs;
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/$/, '');
    this.#guards = { ...UNGUARDED, ...guards };
    this.#pool = new Pool(url.origin, {
      connections: MAX_CONNECTIONS,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** The path as signed: base path and path, without the query. */
  signedPath(path: string): string {
    return this.#basePath + path;
  }

  async get<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    schema: ZodType<T>,
  ): Promise<T> {
    return this.call({ method: 'GET', path, query, headers: () => headers }, schema);
  }

  async post<T>(
    path: string,
    headers: Readonly<Record<string, string>>,
    schema: ZodType<T>,
  ): Promise<T> {
    return this.call({ method: 'POST', path, headers: () => headers }, schema);
  }

  /**
   * Makes the call and gives what the schema makes of its reply. Only a GET is made again, and only after a 429, which says that
   * nothing was done; throws RestError for everything that is not a good reply.
   */
  async call<T>(call: RestCall, schema: ZodType<T>): Promise<T> {
    const search = new URLSearchParams(call.query).toString();
    const target = `${this.#basePath}${call.path}${search === '' ? '' : `?${search}`}`;
    const facts = `method=${call.method} url=${this.#origin}${target}`;
    const { status, text } = await this.#answered(call, target, facts);
    if (status < 200 || status > 299) {
      const shown = text.slice(0, ERROR_TEXT_CHARS);
      const why = `the exchange refused: ${facts} status=${status} body=${shown}`;
      throw new RestError(why, status, undefined, text.slice(0, MAX_ERROR_BODY_CHARS));
    }
    const parsed = schema.safeParse(text === '' ? undefined : parseJson(text, facts));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new RestError(
      `unexpected reply: ${facts} at=${issue?.path.join('.')} problem=${issue?.message}`,
      status,
    );
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #answered(
    call: RestCall,
    target: string,
    facts: string,
  ): Promise<{ status: number; text: string }> {
    for (let attempt = 0; ; attempt++) {
      await this.#pace(call, facts);
      const reply = await this.#exchange(call, target, facts);
      const waitMs = RETRY_MS[attempt];
      if (reply.status !== 429) return reply;
      this.#bucket(call)?.drain();
      if (!isRead(call) || waitMs === undefined) return reply;
      this.#guards.backedOff(reply.status, waitMs);
      await this.#guards.sleep(waitMs);
    }
  }

  #bucket(call: RestCall): TokenBucket | undefined {
    return isRead(call) ? this.#guards.reads : this.#guards.writes;
  }

  /** Waits until the exchange's limit has room. Others may take it meanwhile, so it asks again. */
  async #pace(call: RestCall, facts: string): Promise<void> {
    const { cost = DEFAULT_COST } = call;
    const bucket = this.#bucket(call);
    let waitedMs = 0;
    while (bucket !== undefined && !bucket.take(cost)) {
      const waitMs = bucket.waitMs(cost);
      waitedMs += waitMs;
      if (waitedMs > MAX_PACE_MS) {
        throw new RestError(
          `the rate limit leaves no room: ${facts} cost=${cost} waitMs=${waitMs}`,
        );
      }
      await this.#guards.sleep(waitMs);
    }
  }

  async #exchange(
    { method, headers, body }: RestCall,
    path: string,
    facts: string,
  ): Promise<{ status: number; text: string }> {
    const { breaker, dated } = this.#guards;
    if (!breaker.allows()) {
      throw new RestError(
        `the exchange is left alone after failures: ${facts} breaker=${breaker.state}`,
      );
    }
    const tooSlow = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const sentMs = Date.now();
      const reply = await this.#pool.request({
        method,
        path,
        headers: {
          ...headers?.(),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body ?? null,
        signal: tooSlow.signal,
      });
      const { date } = reply.headers;
      if (typeof date === 'string') dated(date, sentMs, Date.now());
      // The pool's limit on a body is on each of its pauses: one that trickles would never end.
      timer = setTimeout(() => tooSlow.abort(new Error('the body is too slow')), this.#timeoutMs);
      const text = await reply.body.text();
      if (reply.statusCode >= 500) breaker.failed();
      else breaker.succeeded();
      return { status: reply.statusCode, text };
    } catch (cause) {
      if (isTimeout(cause) || tooSlow.signal.aborted) breaker.failed();
      const why = messageOf(cause);
      throw new RestError(`cannot reach the exchange: ${facts} why=${why}`, undefined, cause);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isRead(call: RestCall): boolean {
  return call.method === 'GET' || call.isRead === true;
}

const TIMEOUT_CODES: readonly unknown[] = [
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
];

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TIMEOUT_CODES.includes(error.code);
}

/**
 * Of a good reply nothing is quoted, nor by the parser's own words: it may hold an API key's
 * secret.
 */
function parseJson(text: string, facts: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RestError(`reply is not JSON: ${facts} chars=${text.length}`);
  }
}

/**
 * The exchange was reached, and what it said is about this request: asking again would bring the
 * same.
 */
export function isFinalAnswer(error: unknown): error is RestError {
  return (
    error instanceof RestError &&
    error.status !== undefined &&
    error.status < 500 &&
    error.status !== 429
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
