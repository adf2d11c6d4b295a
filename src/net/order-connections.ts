// Warm HTTP connections for orders: a request is written at once on an idle, open socket, or it is
// refused. It is never queued and never sent again: an order that leaves late, or twice, is worse
// than one that does not leave.
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import type { Breaker } from './circuit-breaker.js';
import { HttpLine, type LineUser } from './http-line.js';
import type { HttpReply } from './http-reply.js';
import { getBytes } from './http-request.js';
import { openSinkLine, type SinkLine } from './sink-line.js';
import type { TokenBucket } from './token-bucket.js';

/**
 * What became of a request. Only `answered` says what the exchange did; `lost` means that nobody
 * here knows.
 */
export type RequestOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'lost'; readonly why: string };

export interface OrderConnectionOptions {
  readonly origin: string;
  readonly connections: number;
  readonly timeoutMs: number;
  /** A cheap public GET: it opens the sockets, keeps them open, and asks an exchange that failed whether it is back. */
  readonly warmPath: string;
  /** Each connection once in so long. */
  readonly warmEveryMs: number;
  readonly clock: Clock;
  readonly breaker: Breaker;
  /** The exchange's limit on orders, as far as we have used it; undefined where it has none. */
  readonly bucket: TokenBucket | undefined;
  /** Tokens that one order takes. */
  readonly cost: number;
}

/** Deadlines are looked at so often in the time that an order may take: a timer for each would be set between the two legs' writes. */
const LOOKS_PER_TIMEOUT = 20;

/** No connection was open and idle: nothing was written. */
export const NOT_WRITTEN = -1;

export class OrderConnections {
  readonly #lines: readonly HttpLine[];
  readonly #options: OrderConnectionOptions;
  readonly #warmer: NodeJS.Timeout;
  readonly #deadlines: NodeJS.Timeout;
  readonly #warmRequest: Buffer;
  readonly #open = new Set<Exchange>();
  #nextWarm = 0;
  #sink: SinkLine | undefined;
  /** Of rehearsals: never one of those to the exchange. */
  readonly #sinkLines: HttpLine[] = [];
  #isClosed = false;

  constructor(options: OrderConnectionOptions) {
    const { origin, connections, warmEveryMs, warmPath } = options;
    this.#options = options;
    this.#warmRequest = getBytes(warmPath, new URL(origin).host);
    this.#lines = Array.from({ length: connections }, () => new HttpLine(origin));
    this.#warmer = setInterval(() => this.#warmNext(), warmEveryMs / connections);
    this.#deadlines = setInterval(() => this.#dropLate(), options.timeoutMs / LOOKS_PER_TIMEOUT);
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
    return this.#lines.reduce((count, line) => count + (line.isOpen ? 1 : 0), 0);
  }

  /** Why canOpen or canWrite is false, for a person. */
  get obstacle(): string {
    if (!this.#options.breaker.isClosed) return 'the exchange rests after failures';
    if (!this.#hasIdleLine()) return 'no warm connection was free';
    return "the exchange's limit of orders a second is used up";
  }

  /** As canWrite, with room in the limit for one order more: what is opened may have to be evened out at once. @hot */
  get canOpen(): boolean {
    const { bucket, cost } = this.#options;
    return bucket?.hasWithSpare(cost) !== false && this.canWrite;
  }

  /** True when a write() in this turn of the event loop finds an idle connection, room in the limit and no open breaker. @hot */
  get canWrite(): boolean {
    return this.#mayWrite() && this.#hasIdleLine();
  }

  /**
   * Writes the request on an idle warm connection. Returns the time at which its bytes were with
   * the socket, or NOT_WRITTEN, in which case `onOutcome` is never called. A rehearsal has no other lines than one to nobody, and takes
   * nothing of the limit. @hot
   */
  write(
    request: Buffer,
    onOutcome: (outcome: RequestOutcome, atNs: number) => void,
    isRehearsal = false,
  ): number {
    const { bucket, cost, clock } = this.#options;
    if (!this.#mayWrite()) return NOT_WRITTEN;
    const lines = isRehearsal ? this.#sinkLines : this.#lines;
    for (const line of lines) {
      if (!line.isIdle) continue;
      const exchange = new Exchange(line, this.#options, this.#open, onOutcome);
      if (!line.send(request, exchange)) continue;
      const writtenNs = clock.nowNs();
      if (isRehearsal) {
        line.forget();
        return writtenNs;
      }
      bucket?.take(cost);
      exchange.sent(writtenNs);
      return writtenNs;
    }
    return NOT_WRITTEN;
  }

  /** Opens what rehearsals are written to. */
  async openSink(): Promise<void> {
    if (this.#sink !== undefined) return;
    this.#sink = await openSinkLine();
    this.#sinkLines.push(this.#sink.line);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sink?.close();
    clearInterval(this.#warmer);
    clearInterval(this.#deadlines);
    for (const line of this.#lines) line.drop('the engine ends');
  }

  /** @hot */
  #mayWrite(): boolean {
    const { breaker, bucket, cost } = this.#options;
    return breaker.isClosed && bucket?.has(cost) !== false;
  }

  /** @hot */
  #hasIdleLine(): boolean {
    for (const line of this.#lines) if (line.isIdle) return true;
    return false;
  }

  /**
   * One line at a time, so that all others stay free for an order. Lines that are down come first.
   */
  #warmNext(): void {
    if (!this.#options.breaker.allows()) return;
    const down = this.#lines.find((line) => !line.isOpen);
    const line = down ?? this.#lines[this.#nextWarm]!;
    if (down === undefined) this.#nextWarm = (this.#nextWarm + 1) % this.#lines.length;
    // A line that cannot be opened is tried again in its turn.
    if (!line.isOpen || line.isIdle) this.#warmLine(line).catch(() => undefined);
  }

  #dropLate(): void {
    const nowNs = this.#options.clock.nowNs();
    for (const exchange of this.#open) exchange.dropIfLate(nowNs);
  }

  async #warmLine(line: HttpLine): Promise<void> {
    await line.open();
    if (this.#isClosed) line.drop('the engine ends');
    await new Promise<void>((resolve, reject) => {
      const exchange = new Exchange(line, this.#options, this.#open, (outcome) => {
        if (outcome.kind === 'answered') resolve();
        else reject(new Error(`cannot keep a connection warm: why=${outcome.why}`));
      });
      // Busy with an order: that keeps it as warm.
      if (line.send(this.#warmRequest, exchange)) exchange.sent(this.#options.clock.nowNs());
      else resolve();
    });
  }
}

/** One request on one connection: reply, loss and time-out end in exactly one outcome. */
class Exchange implements LineUser {
  readonly #line: HttpLine;
  readonly #options: OrderConnectionOptions;
  readonly #open: Set<Exchange>;
  readonly #onOutcome: (outcome: RequestOutcome, atNs: number) => void;
  #sentNs = 0;
  #isTimedOut = false;

  /** `open`: those that wait for a reply. */
  constructor(
    line: HttpLine,
    options: OrderConnectionOptions,
    open: Set<Exchange>,
    onOutcome: (outcome: RequestOutcome, atNs: number) => void,
  ) {
    this.#line = line;
    this.#options = options;
    this.#open = open;
    this.#onOutcome = onOutcome;
  }

  /** The request is with the socket. The line tells of its end in a later turn. @hot */
  sent(atNs: number): void {
    this.#sentNs = atNs;
    this.#open.add(this);
  }

  dropIfLate(nowNs: number): void {
    const { timeoutMs } = this.#options;
    if (nowNs - this.#sentNs < timeoutMs * NS_PER_MS) return;
    this.#isTimedOut = true;
    // Dropping the line ends the exchange: a reply that comes too late finds nobody.
    this.#line.drop(`no reply within ms=${timeoutMs}`);
  }

  replied({ status, body }: HttpReply): void {
    this.#open.delete(this);
    const { breaker, bucket, clock } = this.#options;
    if (status >= 500) breaker.failed();
    else breaker.succeeded();
    if (status === 429) bucket?.drain();
    this.#onOutcome({ kind: 'answered', status, body }, clock.nowNs());
  }

  lost(why: string): void {
    this.#open.delete(this);
    if (this.#isTimedOut) this.#options.breaker.failed();
    this.#onOutcome({ kind: 'lost', why }, this.#options.clock.nowNs());
  }
}
