// A connection to ourselves whose other end throws away what it gets: an order that is rehearsed goes through the same line, stream,
// library and kernel code as a real one, and reaches nobody.
import { connect, createServer, type Socket } from 'node:net';
import { HttpLine } from './http-line.js';

const HOST = '127.0.0.1';

export interface SinkLine {
  /** Never answered: forget() each request. */
  readonly line: HttpLine;
  close(): void;
}

/** Nobody else can connect: the port is closed again before this resolves. */
export async function openSinkLine(): Promise<SinkLine> {
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
  drain.on('error', () => undefined);
  drain.resume();
  const line = HttpLine.over(socket);
  return {
    line,
    close: () => {
      line.drop('the engine ends');
      drain.destroy();
    },
  };
}
