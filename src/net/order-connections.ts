// Warm HTTP connections for orders: a request is written at once on an idle, open socket, or it is refused. It is never queued
// and never sent again: an order that leaves late, or twice, is worse than one that does not leave.
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../domain/clock.js';

const KEEP_ALIVE_MS = 600_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Replies of either exchange are below 4 KiB; one that is larger is not one of them. */
const MAX_REPLY_BYTES = 1024 * 1024;

export interface OrderRequest {
  readonly method: 'POST';
  readonly path: string;
  /** Flat list of names and values, as undici takes them: no object is built for an order. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** What became of a request. Only `answered` says what the exchange did; `lost` means that nobody here knows. */
export type RequestOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'lost'; readonly why: string };

/** No connection was open and idle: nothing was written. */
export const NOT_WRITTEN = -1;

interface Line {
  readonly client: Client;
  connected: boolean;
  busy: boolean;
}

export class OrderConnections {
  readonly #lines: Line[];
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #warmPath: string;
  readonly #warmer: NodeJS.Timeout;
  #nextWarm = 0;

  /** `warmPath` is a cheap public GET: it opens the sockets and keeps them open, each line once in `warmEveryMs`. */
  constructor(
    origin: string,
    connections: number,
    timeoutMs: number,
    warmPath: string,
    warmEveryMs: number,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#warmPath = warmPath;
    this.#lines = Array.from({ length: connections }, () => openLine(origin));
    this.#warmer = setInterval(() => this.#warmNext(), warmEveryMs / connections);
  }

  /** Opens every connection. Rejects when the exchange cannot be reached on any of them. */
  async warm(): Promise<void> {
    const results = await Promise.allSettled(this.#lines.map((line) => this.#warmLine(line)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined && results.every((result) => result.status === 'rejected')) {
      throw failure.reason;
    }
  }

  get connected(): number {
    return this.#lines.reduce((count, line) => count + (line.connected ? 1 : 0), 0);
  }

  /**
   * Writes the request on an idle warm connection. Returns the time at which its bytes were with the socket, or NOT_WRITTEN, in
   * which case `onOutcome` is never called. @hot
   */
  write(request: OrderRequest, onOutcome: (outcome: RequestOutcome, atNs: number) => void): number {
    for (const line of this.#lines) {
      if (!line.connected || line.busy) continue;
      line.busy = true;
      const exchange = new Exchange(line, this.#clock, this.#timeoutMs, onOutcome);
      line.client.dispatch(request as Dispatcher.DispatchOptions, exchange);
      return exchange.writtenNs === NOT_WRITTEN ? exchange.refuse() : exchange.writtenNs;
    }
    return NOT_WRITTEN;
  }

  async close(): Promise<void> {
    clearInterval(this.#warmer);
    await Promise.all(this.#lines.map(({ client }) => client.destroy()));
  }

  /** One line at a time, so that all others stay free for an order. A line that cannot be opened is tried again in its turn. */
  #warmNext(): void {
    const line = this.#lines[this.#nextWarm]!;
    this.#nextWarm = (this.#nextWarm + 1) % this.#lines.length;
    if (!line.busy) this.#warmLine(line).catch(() => undefined);
  }

  async #warmLine(line: Line): Promise<void> {
    line.busy = true;
    try {
      const { body } = await line.client.request({
        path: this.#warmPath,
        method: 'GET',
        headersTimeout: this.#timeoutMs,
        bodyTimeout: this.#timeoutMs,
      });
      await body.dump();
    } finally {
      line.busy = false;
    }
  }
}

function openLine(origin: string): Line {
  const client = new Client(origin, {
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const line: Line = { client, connected: false, busy: false };
  client.on('connect', () => {
    line.connected = true;
  });
  client.on('disconnect', () => {
    line.connected = false;
  });
  return line;
}

/** One request on one connection: undici's callbacks, and the time-out, end in exactly one outcome. */
class Exchange implements Dispatcher.DispatchHandler {
  writtenNs = NOT_WRITTEN;
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #onOutcome: (outcome: RequestOutcome, atNs: number) => void;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #abort: ((reason?: Error) => void) | undefined;
  #status = 0;
  #body = '';
  #done = false;

  constructor(
    line: Line,
    clock: Clock,
    timeoutMs: number,
    onOutcome: (outcome: RequestOutcome, atNs: number) => void,
  ) {
    this.#line = line;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onOutcome = onOutcome;
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    if (this.#done) abort(new Error('order was not written in time'));
  }

  onRequestSent(): void {
    this.writtenNs = this.#clock.nowNs();
    this.#timer = setTimeout(() => {
      this.#end({ kind: 'lost', why: `no reply within ms=${this.#timeoutMs}` });
      this.#abort?.(new Error('order timed out'));
    }, this.#timeoutMs);
  }

  onHeaders(status: number): boolean {
    this.#status = status;
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#body += chunk.toString('utf8');
    if (this.#body.length <= MAX_REPLY_BYTES) return true;
    this.#end({ kind: 'lost', why: `reply is larger than bytes=${MAX_REPLY_BYTES}` });
    this.#abort?.(new Error('reply too large'));
    return false;
  }

  onComplete(): void {
    this.#end({ kind: 'answered', status: this.#status, body: this.#body });
  }

  onError(error: Error): void {
    this.#end({ kind: 'lost', why: error.message });
  }

  /** undici did not write it at once: it must not be written later either. */
  refuse(): typeof NOT_WRITTEN {
    this.#done = true;
    this.#line.busy = false;
    this.#abort?.(new Error('order was not written in time'));
    return NOT_WRITTEN;
  }

  #end(outcome: RequestOutcome): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    this.#line.busy = false;
    this.#onOutcome(outcome, this.#clock.nowNs());
  }
}
