// A TCP connection to ourselves whose other end throws away what it gets: an order that is rehearsed goes through the same stream, library
// and kernel code as a real one, and reaches nobody.
import { connect, createServer, type Socket } from 'node:net';

const HOST = '127.0.0.1';

export class SinkLine {
  readonly #socket: Socket;
  readonly #drain: Socket;

  /** Nobody else can connect: the port is closed again before this resolves. */
  static async open(): Promise<SinkLine> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, HOST, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a server without a port');
    const socket = connect({ port: address.port, host: HOST, noDelay: true });
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const [drain] = await Promise.all([accepted, connected]);
    server.close();
    return new SinkLine(socket, drain);
  }

  private constructor(socket: Socket, drain: Socket) {
    this.#socket = socket;
    this.#drain = drain;
    for (const each of [socket, drain]) {
      each.on('error', () => undefined);
      each.resume();
    }
  }

  /** @hot */
  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
    this.#drain.destroy();
  }
}
