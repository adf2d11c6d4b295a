// Keeps one WebSocket to the engine: reconnects with back-off, hangs up on a silent one, and asks whether it was the token.
import type { StreamFrame } from '../../src/control/contract.js';
import { retryDelayMs } from './retry-delay.js';

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number }
  /** Reads need the token here, and there is none, or a wrong one. */
  | { readonly kind: 'needs-token' };

/** The engine sends four frames a second, whether something changed or not; a socket silent for so long is dead. */
const SILENCE_MS = 5_000;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export interface StreamListener {
  frame(frame: StreamFrame): void;
  link(state: LinkState): void;
}

export class StreamConnection {
  readonly #base: string;
  readonly #listener: StreamListener;
  readonly #token: () => string | undefined;
  #socket: WebSocket | undefined;
  #failures = 0;
  #retryTimer: number | undefined;
  #silenceTimer: number | undefined;
  #tokenInQuery: boolean;

  constructor(base: string, token: () => string | undefined, listener: StreamListener) {
    this.#base = base;
    this.#token = token;
    this.#listener = listener;
    this.#tokenInQuery = !LOOPBACK_HOST.test(new URL(base).hostname);
  }

  open(): void {
    this.#hangUp();
    this.#listener.link({ kind: 'connecting' });
    const url = new URL('api/v1/stream', this.#base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const token = this.#token();
    if (this.#tokenInQuery && token !== undefined) url.searchParams.set('token', token);
    const socket = new WebSocket(url);
    this.#socket = socket;
    let wasOpened = false;
    socket.onopen = () => {
      wasOpened = true;
      this.#awaitFrame();
      this.#listener.link({ kind: 'open' });
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      this.#failures = 0;
      this.#awaitFrame();
      this.#listener.frame(JSON.parse(message.data) as StreamFrame);
    };
    socket.onclose = () => void this.#closed(socket, wasOpened);
  }

  /** A new token may open what was shut. */
  retryNow(): void {
    this.#failures = 0;
    this.open();
  }

  async #closed(socket: WebSocket, wasOpened: boolean): Promise<void> {
    if (socket !== this.#socket) return;
    this.#hangUp();
    this.#failures++;
    const delayMs = retryDelayMs(this.#failures - 1, Math.random());
    this.#retryTimer = window.setTimeout(() => this.open(), delayMs);
    this.#listener.link({ kind: 'waiting', retryAtMs: Date.now() + delayMs });
    // A browser does not say why a handshake failed; a plain read does.
    if (wasOpened || !(await this.#isTokenMissing())) return;
    this.#tokenInQuery = true;
    this.#hangUp();
    this.#listener.link({ kind: 'needs-token' });
  }

  async #isTokenMissing(): Promise<boolean> {
    try {
      const token = this.#token();
      const headers: Record<string, string> =
        token !== undefined && this.#tokenInQuery ? { authorization: `Bearer ${token}` } : {};
      const reply = await fetch(new URL('api/v1/status', this.#base), { headers });
      return reply.status === 401 || reply.status === 403;
    } catch {
      return false;
    }
  }

  #awaitFrame(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = window.setTimeout(() => this.#socket?.close(), SILENCE_MS);
  }

  #hangUp(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}
