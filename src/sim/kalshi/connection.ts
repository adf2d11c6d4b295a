// One client's WebSocket as the exchange writes to it: in order, late or not at all when a fault
// says so, and never more in memory than a bound. It must not know channels.
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

export const PING_BODY = 'heartbeat';

/** What faults do to every connection of the server at once. */
export interface LinkState {
  /** The right time: how long faults last. */
  now(): number;
  frozenUntilMs: number;
  lagUntilMs: number;
  lagMs: number;
  /** Frames say when they were sent (kalshi-api.md 2.6). */
  readonly stampsFrames: boolean;
  /** The exchange's own clock. */
  stamp(): number;
  /**
   * Beyond it a client is too slow, and its subscriptions end with error 25 (kalshi-api.md 2.3).
   */
  readonly maxBufferedBytes: number;
}

interface Delayed {
  readonly dueMs: number;
  readonly text: string;
}

export class Connection {
  readonly account: string;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #link: LinkState;
  #delayed: Delayed[] = [];
  #delayedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(account: string, socket: WebSocket, stream: Duplex, link: LinkState) {
    this.account = account;
    this.#socket = socket;
    this.#stream = stream;
    this.#link = link;
    // The server's own pongs are switched off: a frozen exchange must not answer pings either.
    socket.on('ping', (body: Buffer) => {
      if (!this.#isFrozen() && this.#isOpen()) socket.pong(body);
    });
    socket.on('close', () => clearTimeout(this.#timer));
  }

  get isFull(): boolean {
    return this.#socket.bufferedAmount + this.#delayedBytes > this.#link.maxBufferedBytes;
  }

  /** Sends a frame that counts in a sid's order: market data and control replies. */
  sendOrdered(text: string): void {
    const nowMs = this.#link.now();
    const lagMs = nowMs < this.#link.lagUntilMs ? this.#link.lagMs : 0;
    if (lagMs === 0 && this.#delayed.length === 0) {
      this.sendDirect(text);
      return;
    }
    // Bounded by isFull, which the senders of market data ask first.
    this.#delayed.push({ dueMs: nowMs + lagMs, text });
    this.#delayedBytes += text.length;
    this.#timer ??= setTimeout(() => this.#flush(), lagMs);
  }

  /** Sends a frame that has no place in an order: the account's own events. */
  sendDirect(text: string): void {
    if (this.#isOpen() && !this.#isFrozen()) this.#socket.send(this.#stamped(text));
  }

  /** The time goes behind the type, which every frame starts with. */
  #stamped(text: string): string {
    if (!this.#link.stampsFrames) return text;
    const comma = text.indexOf(',');
    if (comma === -1) return text;
    return `${text.slice(0, comma)},"sending_ts_ms":${this.#link.stamp()}${text.slice(comma)}`;
  }

  ping(): void {
    if (this.#isOpen() && !this.#isFrozen()) this.#socket.ping(PING_BODY);
  }

  /** Frames between the two leave in one write. */
  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  /** Ends without a close frame. */
  destroy(): void {
    this.#socket.terminate();
    this.#stream.destroy();
  }

  #flush(): void {
    this.#timer = undefined;
    const nowMs = this.#link.now();
    const due = this.#delayed.findIndex((frame) => frame.dueMs > nowMs);
    const ready = due === -1 ? this.#delayed : this.#delayed.slice(0, due);
    this.#delayed = due === -1 ? [] : this.#delayed.slice(due);
    for (const { text } of ready) {
      this.#delayedBytes -= text.length;
      this.sendDirect(text);
    }
    const next = this.#delayed[0];
    if (next !== undefined && this.#isOpen()) {
      this.#timer = setTimeout(() => this.#flush(), Math.max(1, next.dueMs - nowMs));
    }
  }

  #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #isFrozen(): boolean {
    return this.#link.now() < this.#link.frozenUntilMs;
  }
}
