// One WebSocket that is kept open: connects, hands over frames with the time of their arrival,
// reconnects with back-off and full jitter. It knows no exchange. Nothing survives a reconnect: the
// protocol on top starts over at each open.
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { Clock } from '../domain/clock.js';
import { type BackoffLimits, backoffMs } from './backoff.js';
import { FrameSplitter } from './frame-splitter.js';

const BACKOFF: BackoffLimits = { baseMs: 250, capMs: 30_000 };
/**
 * A connection that stood this long was a good one: the next back-off starts from the beginning.
 */
const STABLE_MS = 5_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** Largest message Kalshi may send (kalshi-api.md 2.1). */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/**
 * What runs on top of the socket: one exchange's session, told of everything in the order in which
 * it happens.
 */
export interface SocketProtocol {
  opened(send: (text: string) => void, nowNs: number): void;
  /**
   * `receiveNs` was taken before anything else was done with the bytes of the read that brought the frame. `hasMore`: that read brought
   * another one, which follows at once. @hot
   */
  frame(data: Buffer, receiveNs: number, hasMore?: boolean): void;
  /** The socket is gone. Whatever it had said holds no longer. */
  closed(why: string): void;
  /**
   * Called every tickMs, open or not: everything that had come by `nowNs` was handed over. Returns why the connection must be given up, or
   * undefined.
   */
  tick(nowNs: number): string | undefined;
}

export interface SocketTarget {
  readonly url: string;
  /** Made anew for each attempt: signatures carry the time. */
  headers(): Record<string, string>;
}

export interface SessionEvents {
  connected(): void;
  disconnected(why: string, retryMs: number): void;
}

export class WsSession {
  readonly #target: SocketTarget;
  readonly #protocol: SocketProtocol;
  readonly #events: SessionEvents;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ticker: NodeJS.Timeout;
  #socket: WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #openedNs = 0;
  #ended = false;

  constructor(
    target: SocketTarget,
    protocol: SocketProtocol,
    events: SessionEvents,
    clock: Clock,
    random: () => number,
    tickMs: number,
  ) {
    this.#target = target;
    this.#protocol = protocol;
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
    // A loop that wakes late runs its timers before it reads its sockets: at the turn's end nothing is unread that had come when it began,
    // and no later time can be spoken for: reading the other sockets may have taken long.
    this.#ticker = setInterval(() => {
      const nowNs = this.#clock.nowNs();
      setImmediate(() => this.#tick(nowNs));
    }, tickMs);
    this.#connect();
  }

  close(): void {
    this.#ended = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  /** Gives the connection up; a new one follows. */
  reconnect(): void {
    this.#socket?.terminate();
  }

  #connect(): void {
    const socket = new WebSocket(this.#target.url, {
      headers: this.#target.headers(),
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_FRAME_BYTES,
    });
    this.#socket = socket;
    let open = false;
    let failure = '';
    let raw: Socket | undefined;
    socket.on('upgrade', (response) => {
      raw = response.socket;
    });
    socket.on('open', () => {
      open = true;
      if (raw !== undefined) this.#readFrames(socket, raw);
      this.#openedNs = this.#clock.nowNs();
      this.#events.connected();
      this.#protocol.opened((text) => socket.send(text), this.#openedNs);
    });
    socket.on('message', (data: Buffer) => {
      // What is left over when the socket closes may begin in the middle of a frame.
      if (socket.readyState === WebSocket.OPEN) this.#protocol.frame(data, this.#clock.nowNs());
    });
    socket.on('error', (error) => {
      failure = error.message;
    });
    socket.on('close', (code) => {
      if (this.#ended) return;
      const why = failure === '' ? `closed code=${code}` : failure;
      if (open) this.#protocol.closed(why);
      this.#scheduleRetry(open, why);
    });
  }

  /**
   * Reads text frames here and gives the library all others: it takes several objects and two events to hand one over, and pauses the
   * socket after each large read.
   */
  #readFrames(socket: WebSocket, raw: Socket): void {
    const [library, ...others] = raw.listeners('data');
    if (library === undefined || others.length > 0) return;
    raw.removeAllListeners('data');
    const protocol = this.#protocol;
    const clock = this.#clock;
    let receiveNs = 0;
    const splitter = new FrameSplitter(
      {
        text: (payload, hasMore) => protocol.frame(payload, receiveNs, hasMore),
        other: (bytes) => {
          // After the close frame, or one that breaks the protocol, nothing counts.
          if (socket.readyState === WebSocket.OPEN) Reflect.apply(library, raw, [bytes]);
        },
      },
      MAX_FRAME_BYTES,
    );
    raw.on('data', (chunk: Buffer) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      receiveNs = clock.nowNs();
      splitter.take(chunk);
    });
  }

  #scheduleRetry(wasOpen: boolean, why: string): void {
    const stoodMs = (this.#clock.nowNs() - this.#openedNs) / 1e6;
    if (wasOpen && stoodMs >= STABLE_MS) this.#attempt = 0;
    const retryMs = backoffMs(BACKOFF, this.#attempt, this.#random());
    this.#attempt++;
    this.#events.disconnected(why, retryMs);
    this.#retry = setTimeout(() => this.#connect(), retryMs);
  }

  #tick(nowNs: number): void {
    if (this.#ended) return;
    const giveUp = this.#protocol.tick(nowNs);
    if (giveUp !== undefined && this.#socket?.readyState === WebSocket.OPEN) this.reconnect();
  }
}
