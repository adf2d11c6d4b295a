// A relay in front of a simulated exchange that keeps every HTTP call as it went over the wire. It changes nothing and knows no venue.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { readHttpReply } from '../../../src/net/http-reply.js';

export interface WireReply {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
}

export interface WireCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** undefined: never answered. */
  reply: WireReply | undefined;
}

const HEAD_END = '\r\n\r\n';

export class WireTap {
  readonly calls: WireCall[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((client) => this.#relay(client, connect(port, '127.0.0.1')));
  }

  /** In front of this port of loopback. */
  static async open(port: number): Promise<WireTap> {
    const tap = new WireTap(port);
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  /** The URL with the relay's port in place of the exchange's. */
  through(url: string): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return url.replace(/:\d+(?=\/|$)/, `:${address.port}`);
  }

  /** Calls that may change something. */
  get writes(): readonly WireCall[] {
    return this.calls.filter(({ method }) => method !== 'GET');
  }

  /** Replies with this status, the newest last. */
  answered(status: number): readonly WireReply[] {
    return this.calls.flatMap(({ reply }) => (reply?.status === status ? [reply] : []));
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #relay(client: Socket, exchange: Socket): void {
    const log = new ConnectionLog(this.calls);
    for (const [from, to] of [
      [client, exchange],
      [exchange, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!from.readableEnded) to.destroy();
      });
      from.pipe(to);
    }
    client.on('data', (chunk: Buffer) => log.asked(chunk));
    exchange.on('data', (chunk: Buffer) => log.answered(chunk));
  }
}

/** One connection's calls: one at a time, as all of our clients make them. */
class ConnectionLog {
  readonly #calls: WireCall[];
  #asked = '';
  #answered: Buffer = Buffer.alloc(0);
  #open: WireCall | undefined;
  #isSocket = false;

  constructor(calls: WireCall[]) {
    this.#calls = calls;
  }

  asked(chunk: Buffer): void {
    if (this.#isSocket) return;
    this.#asked += chunk.toString('latin1');
    for (;;) {
      const end = this.#asked.indexOf(HEAD_END);
      if (end === -1) return;
      const bytes = Number(/content-length: (\d+)/i.exec(this.#asked.slice(0, end))?.[1] ?? 0);
      if (this.#asked.length < end + HEAD_END.length + bytes) return;
      const [method = '', path = ''] = this.#asked.split(' ', 2);
      this.#asked = this.#asked.slice(end + HEAD_END.length + bytes);
      this.#open = { method, path, reply: undefined };
      this.#calls.push(this.#open);
    }
  }

  answered(chunk: Buffer): void {
    if (this.#isSocket) return;
    this.#answered = Buffer.concat([this.#answered, chunk]);
    const text = this.#answered.toString('latin1');
    if (text.startsWith('HTTP/1.1 101 ')) {
      this.#isSocket = true;
      return;
    }
    const state = readHttpReply(this.#answered);
    if (state.kind !== 'reply' || this.#open === undefined) return;
    const { status, body, bytes } = state;
    this.#answered = this.#answered.subarray(bytes);
    this.#open.reply = { status, body, head: text.slice(0, text.indexOf(HEAD_END)) };
    this.#open = undefined;
  }
}
