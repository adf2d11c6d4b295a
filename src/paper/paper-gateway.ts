// An exchange's order entry on paper: orders are built and signed by the real gateway, with whatever that refuses, and then given to the
// paper exchange in the place of a socket. The gateway behind it has no connections, and keys that no account knows.
import { type Clock, NS_PER_MS } from '../domain/clock.js';
import type { Venue } from '../domain/venue.js';
import type { Breaker } from '../net/circuit-breaker.js';
import { NOT_WRITTEN } from '../net/order-connections.js';
import type { TokenBucket } from '../net/token-bucket.js';
import { type LegOrder, type LegReply, type OrderGateway, PREPARED } from '../venues/orders.js';
import type { Shown } from './ladder.js';
import type { PaperOrder, ReadBook } from './paper-exchange.js';

/** Deadlines are looked at so often in the time that an order may take. */
const LOOKS_PER_TIMEOUT = 20;

export interface PaperGatewayOptions {
  /** Builds and signs; its write() is never called. */
  readonly real: OrderGateway;
  readonly breaker: Breaker;
  readonly bucket: TokenBucket;
  /** Tokens that one order takes. */
  readonly cost: number;
  /** Orders under way at the most: the connections that a real exchange would have been given. */
  readonly connections: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly read: ReadBook;
  /** To the paper exchange, with the book as it was displayed at this moment. */
  submit(order: PaperOrder, then: Shown | undefined, sentNs: number, ticket: number): void;
}

interface Pending {
  readonly sentNs: number;
  readonly preparedId: string;
  readonly onReply: (reply: LegReply, answeredNs: number) => void;
}

export class PaperGateway implements OrderGateway {
  readonly venue: Venue;
  readonly #options: PaperGatewayOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #deadlines: NodeJS.Timeout;
  #prepared: PaperOrder | undefined;
  #tickets = 0;

  constructor(options: PaperGatewayOptions) {
    this.#options = options;
    this.venue = options.real.venue;
    this.#deadlines = setInterval(() => this.#dropLate(), options.timeoutMs / LOOKS_PER_TIMEOUT);
  }

  start(): Promise<void> {
    return this.#options.real.start();
  }

  prepare(leg: LegOrder, isRehearsal = false): number {
    this.#prepared = undefined;
    const code = this.#options.real.prepare(leg, isRehearsal);
    // What is rehearsed is not there to be written.
    if (code !== PREPARED || isRehearsal) return code;
    const { clientOrderId, market, outcome, sizeCenti, limitE4, spendMicros } = leg;
    this.#prepared = {
      venue: this.venue,
      clientOrderId,
      preparedId: this.preparedId,
      market,
      outcome,
      sizeCenti,
      limitE4,
      spendMicros,
    };
    return PREPARED;
  }

  get preparedId(): string {
    return this.#options.real.preparedId;
  }

  get canOpen(): boolean {
    const { bucket, cost } = this.#options;
    return bucket.hasWithSpare(cost) && this.canWrite;
  }

  get canWrite(): boolean {
    const { breaker, bucket, cost, connections } = this.#options;
    return breaker.isClosed && bucket.has(cost) && this.#pending.size < connections;
  }

  get obstacle(): string {
    const { breaker, connections } = this.#options;
    if (!breaker.isClosed) return 'the exchange rests after failures';
    if (this.#pending.size >= connections) return 'no connection would have been free';
    return "the exchange's limit of orders a second is used up";
  }

  write(onReply: (reply: LegReply, answeredNs: number) => void): number {
    const order = this.#prepared;
    if (order === undefined || !this.canWrite) return NOT_WRITTEN;
    this.#prepared = undefined;
    const { bucket, cost, clock, read, submit } = this.#options;
    bucket.take(cost);
    const then = read(this.venue, order.market, order.outcome);
    const sentNs = clock.nowNs();
    const ticket = ++this.#tickets;
    this.#pending.set(ticket, { sentNs, preparedId: order.preparedId, onReply });
    submit(order, then, sentNs, ticket);
    return sentNs;
  }

  /** The paper exchange's reply. One that comes too late finds nobody, as a real one does. */
  answered(ticket: number, reply: LegReply): void {
    const pending = this.#pending.get(ticket);
    if (pending === undefined) return;
    this.#pending.delete(ticket);
    this.#options.breaker.succeeded();
    pending.onReply(reply, this.#options.clock.nowNs());
  }

  async close(): Promise<void> {
    clearInterval(this.#deadlines);
    for (const ticket of [...this.#pending.keys()]) this.#lose(ticket, 'the engine ends');
    await this.#options.real.close();
  }

  #dropLate(): void {
    const { timeoutMs, clock } = this.#options;
    const nowNs = clock.nowNs();
    for (const [ticket, { sentNs }] of this.#pending) {
      if (nowNs - sentNs < timeoutMs * NS_PER_MS) continue;
      this.#options.breaker.failed();
      this.#lose(ticket, `no reply within ms=${timeoutMs}`);
    }
  }

  #lose(ticket: number, why: string): void {
    const pending = this.#pending.get(ticket);
    if (pending === undefined) return;
    this.#pending.delete(ticket);
    // Kalshi's own id is in the reply that was lost.
    const orderId = pending.preparedId === '' ? undefined : pending.preparedId;
    pending.onReply({ kind: 'unknown', orderId, why }, this.#options.clock.nowNs());
  }
}
