// Posts JSON to an address that somebody has given us, and gives what was answered. It must not know what is told.
import { Agent, request } from 'undici';

/** Of an answer, what is read: enough to say what was wrong. */
const MAX_ANSWER_BYTES = 4_096;
const KEEP_ALIVE_MS = 4_000;

export interface WebhookAnswer {
  readonly status: number;
  /** By the header Retry-After; undefined without one. */
  readonly retryAfterMs: number | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

export class Webhook {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor(url: string, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({ connections: 1, keepAliveTimeout: KEEP_ALIVE_MS });
  }

  /** Rejects when no answer comes within the time limit; a redirect is an answer and not followed. */
  async post(body: string): Promise<WebhookAnswer> {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'underround' },
      body,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const text = await beginning(answer);
    const retryAfter = headers['retry-after'];
    return {
      status: statusCode,
      retryAfterMs: retryAfterMs(
        typeof retryAfter === 'string' ? retryAfter : undefined,
        Date.now(),
      ),
      text,
    };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

async function beginning(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/** Seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}(\.\d{1,9})?$/.test(header.trim())) return Math.ceil(Number(header) * 1_000);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
