// A TCP server whose script decides, byte for byte, what a client's HTTP requests get.
import { createServer, type Socket } from 'node:net';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly socket: Socket;
}

export interface RawServer {
  readonly origin: string;
  readonly requests: RawRequest[];
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

export function httpReply(status: number, body: string, headers = ''): string {
  return `HTTP/1.1 ${status} X\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** `answer` is told of each whole request; what it does not answer stays open. */
export async function startRawServer(answer: (request: RawRequest) => void): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        if (end === -1) return;
        const bytes = Number(/content-length: (\d+)/.exec(text.slice(0, end))?.[1] ?? 0);
        if (text.length < end + 4 + bytes) return;
        const [method = '', path = ''] = text.split(' ');
        const request = { method, path, body: text.slice(end + 4, end + 4 + bytes), socket };
        text = text.slice(end + 4 + bytes);
        requests.push(request);
        answer(request);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Waits for a condition, not for a time. */
export async function until(holds: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
