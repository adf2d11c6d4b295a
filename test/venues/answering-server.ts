// An HTTP server whose JSON answers the test decides; it keeps what it was asked, headers and all.
import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export type Answer = readonly [status: number, body: unknown];

export interface AnsweringServer {
  readonly origin: string;
  readonly requests: readonly Asked[];
  asked(method: string, path: string): readonly Asked[];
  close(): Promise<void>;
}

/** An answer that is undefined leaves the caller waiting. */
export async function startAnsweringServer(
  answer: (request: Asked) => Answer | undefined,
): Promise<AnsweringServer> {
  const requests: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const asked = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(asked);
      const reply = answer(asked);
      if (reply === undefined) return;
      const [status, body] = reply;
      response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    asked: (method, path) =>
      requests.filter((request) => request.method === method && request.path === path),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
