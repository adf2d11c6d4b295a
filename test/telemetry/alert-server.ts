// An address that takes alerts, over a real socket, in whatever mood it is.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach } from 'vitest';

export interface Taken {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly atMs: number;
}

/** What it does with a request that it has read: answers, or does not. */
export type Answer = (reply: ServerResponse, request: IncomingMessage) => void;

export class AlertServer {
  readonly taken: Taken[] = [];
  /** Every request that came, taken or not. */
  readonly asked: Taken[] = [];
  answer: Answer = taking;
  url = '';
  readonly #server = createServer((request, reply) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const entry = { path: request.url ?? '', body: JSON.parse(text), atMs: performance.now() };
      this.asked.push(entry);
      if (this.answer === taking) this.taken.push(entry);
      this.answer(reply, request);
    });
  });

  static async start(port = 0): Promise<AlertServer> {
    const made = new AlertServer();
    await new Promise<void>((resolve) => made.#server.listen(port, '127.0.0.1', resolve));
    const address = made.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    made.url = `http://127.0.0.1:${address.port}`;
    servers.push(made);
    return made;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const servers: AlertServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

export const taking: Answer = (reply) => {
  reply.writeHead(204).end();
};
export const answering =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (reply) => {
    reply.writeHead(status, headers).end(body);
  };
export const silent: Answer = () => undefined;
export const resetting: Answer = (_, request) => {
  request.socket.resetAndDestroy();
};
