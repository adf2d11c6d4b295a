// Reads from an exchange's REST API, off the path of a price: bounded in time, checked by a schema, with errors that say what came.
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

  /** `baseUrl` may carry a path, which goes before every path asked for. */
  constructor(baseUrl: string, timeoutMs: number) {
    const url = new URL(baseUrl);
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
    let status: number;
    let text: string;
    try {
      const reply = await this.#pool.request({ method, path: target, headers: { ...headers } });
      status = reply.statusCode;
      text = await reply.body.text();
    } catch (cause) {
      throw new RestError(
        `cannot reach the exchange: ${facts} why=${messageOf(cause)}`,
        undefined,
        cause,
      );
    }
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
}

function parseJson(text: string, facts: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RestError(
      `reply is not JSON: ${facts} body=${text.slice(0, ERROR_TEXT_CHARS)}`,
      undefined,
      cause,
    );
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
