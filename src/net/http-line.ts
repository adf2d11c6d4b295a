// One HTTP/1.1 connection that carries one request at a time, written in the very call that asks
// for it, and answered or lost once. Not undici: 7.30 writes on a used connection only after a turn
// of the event loop (GHSA-35p6-xmwp-9g52), which no order may wait.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type HttpReply, readHttpReply } from './http-reply.js';

const CONNECT_TIMEOUT_MS = 5_000;
const NOTHING = Buffer.alloc(0);

/** Who asked, and hears exactly one of the two. */
export interface LineUser {
  replied(reply: HttpReply): void;
  lost(why: string): void;
}

export class HttpLine {
  readonly #url: URL;
  #socket: Socket | undefined;
  #isOpen = false;
  #opening: Promise<void> | undefined;
  #user: LineUser | undefined;
  #received: Buffer = NOTHING;

  constructor(origin: string) {
    this.#url = new URL(origin);
  }

  /** A line over a socket that is connected already. */
  static over(socket: Socket): HttpLine {
    const line = new HttpLine('http://localhost');
    line.#use(socket);
    line.#isOpen = true;
    return line;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Open, with no request under way: the next one would be written at once. A socket that has
   * failed stops being writable a turn before it says that it is closed; an order asked for in that
   * turn must find out before its other leg is written.
   */
  get isIdle(): boolean {
    return this.#isOpen && this.#user === undefined && this.#socket?.writable === true;
  }

  /** Connects if it is not. Rejects when that fails; try again when you like. */
  open(): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /**
   * Writes a whole request. False when the line is not idle: then nothing was written, nor will
   * be. @hot
   */
  send(request: Buffer, user: LineUser): boolean {
    const socket = this.#socket;
    if (!this.isIdle || socket === undefined) return false;
    this.#user = user;
    socket.write(request);
    return true;
  }

  /** Nobody waits for the reply to the request under way, and none comes: the line is idle again. @hot */
  forget(): void {
    this.#user = undefined;
  }

  /** Ends the connection now. A request under way is lost. */
  drop(why: string): void {
    const socket = this.#socket;
    const user = this.#user;
    this.#socket = undefined;
    this.#isOpen = false;
    this.#user = undefined;
    this.#received = NOTHING;
    socket?.destroy();
    user?.lost(why);
  }

  #connect(): Promise<void> {
    const { hostname, protocol } = this.#url;
    const isTls = protocol === 'https:';
    const port = this.#url.port === '' ? (isTls ? 443 : 80) : Number(this.#url.port);
    const host = hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      const socket = isTls
        ? connectTls({ host, port, servername: host, ALPNProtocols: ['http/1.1'] })
        : connectTcp({ host, port });
      const failed = this.#use(socket);
      const timer = setTimeout(() => {
        socket.destroy(new Error(`no connection within ms=${CONNECT_TIMEOUT_MS}`));
      }, CONNECT_TIMEOUT_MS);
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        this.#isOpen = this.#socket === socket;
        resolve();
      });
      void failed.then((why) => {
        clearTimeout(timer);
        reject(new Error(`cannot connect: url=${this.#url.origin} why=${why}`));
      });
    });
  }

  /** Reads and writes on this socket from now on. Resolves with the reason when it is closed. */
  #use(socket: Socket): Promise<string> {
    this.#socket = socket;
    let failure = 'the connection was closed';
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#data(socket, chunk));
    socket.on('end', () => this.#ended(socket, 'the exchange closed the connection'));
    socket.on('error', (error) => {
      failure = error.message;
    });
    return new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended(socket, failure);
        resolve(failure);
      });
    });
  }

  #data(socket: Socket, chunk: Buffer): void {
    if (this.#socket !== socket) return;
    if (this.#user === undefined) {
      // Bytes that nobody asked for would be taken for the reply to the next order.
      this.drop('unasked bytes');
      return;
    }
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const state = readHttpReply(this.#received);
    if (state.kind === 'broken') this.drop(`unreadable reply: ${state.why}`);
    if (state.kind === 'reply') this.#deliver(state);
  }

  #deliver(reply: HttpReply): void {
    const user = this.#user;
    const isWhole = reply.bytes === this.#received.length;
    this.#user = undefined;
    this.#received = NOTHING;
    if (!reply.keepAlive || !isWhole) this.drop('the exchange is done with the connection');
    user?.replied(reply);
  }

  #ended(socket: Socket, why: string): void {
    if (this.#socket !== socket) return;
    const state = readHttpReply(this.#received);
    if (this.#user !== undefined && state.kind === 'until-close') {
      this.#deliver({ ...state.reply, keepAlive: false });
    } else {
      this.drop(why);
    }
  }
}
