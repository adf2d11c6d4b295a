// Reads from an exchange's REST API, off the path of a price: bounded in time, checked by a schema,
// with errors that say what came.
import { Pool } from 'undici';
import type { ZodType } from 'zod';

const MAX_CONNECTIONS = 8;
const ERROR_TEXT_CHARS = 300;

export class RestError extends Error {
  readonly code = 'REST_FAILED';
  readonly status: number | undefined;

  constructor(facts: string, status?: number, cause?: unknown) {
    super(facts, { cause });
    this.name = 'RestError';
    this.status = status;
  }
}

export class RestClient {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #origin: string;
  readonly #timeoutMs: number;

  /** `baseUrl` may carry a path, which goes before every path asked for. */
  constructor(baseUrl: string, timeoutMs: number) {
    const url = new URL(baseUrl);
    this.#timeoutMs = timeoutMs;
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/$/, '');
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
    return this.#send('GET', path, query, headers, schema);
  }

  async post<T>(
    path: string,
    headers: Readonly<Record<string, string>>,
    schema: ZodType<T>,
  ): Promise<T> {
    return this.#send('POST', path, {}, headers, schema);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send<T>(
    method: 'GET' | 'POST',
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    schema: ZodType<T>,
  ): Promise<T> {
    const search = new URLSearchParams(query).toString();
    const target = `${this.#basePath}${path}${search === '' ? '' : `?${search}`}`;
    const facts = `method=${method} url=${this.#origin}${target}`;
    const { status, text } = await this.#exchange(method, target, headers, facts);
    if (status < 200 || status > 299) {
      throw new RestError(
        `the exchange refused: ${facts} status=${status} body=${text.slice(0, ERROR_TEXT_CHARS)}`,
        status,
      );
    }
    const parsed = schema.safeParse(parseJson(text, facts));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new RestError(
      `unexpected reply: ${facts} at=${issue?.path.join('.')} problem=${issue?.message}`,
      status,
    );
  }

  async #exchange(
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string>>,
    facts: string,
  ): Promise<{ status: number; text: string }> {
    const tooSlow = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const { signal } = tooSlow;
      const reply = await this.#pool.request({ method, path, headers: { ...headers }, signal });
      // The pool's limit on a body is on each of its pauses: one that trickles would never end.
      timer = setTimeout(() => tooSlow.abort(new Error('the body is too slow')), this.#timeoutMs);
      return { status: reply.statusCode, text: await reply.body.text() };
    } catch (cause) {
      const why = messageOf(cause);
      throw new RestError(`cannot reach the exchange: ${facts} why=${why}`, undefined, cause);
    } finally {
      clearTimeout(timer);
    }
  }
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
