// A small Kalshi over HTTP whose script answers each call, with a client of ours that signs: what
// came is kept, and whether its signature is good.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { RestClient, type RestGuards } from '../../src/net/rest-client.js';
import type { KalshiIdentity } from '../../src/venues/kalshi/headers.js';
import {
  KALSHI_REST_PATH,
  kalshiMessage,
  verifyKalshi,
} from '../../src/venues/kalshi/wire/auth.js';

const KEY = generateKeyPairSync('ed25519').privateKey;
const TIMEOUT_MS = 2_000;

export interface KalshiCall {
  readonly method: string;
  /** Below the REST base. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timestampMs: number;
  readonly isSigned: boolean;
}

export interface KalshiAnswer {
  readonly status: number;
  /** Sent as it is when it is text. */
  readonly body: unknown;
}

export const ok = (body: unknown): KalshiAnswer => ({ status: 200, body });

export class KalshiRestServer {
  readonly calls: KalshiCall[] = [];
  readonly identity: KalshiIdentity;
  readonly rest: RestClient;
  readonly #stop: () => Promise<void>;

  private constructor(identity: KalshiIdentity, rest: RestClient, stop: () => Promise<void>) {
    this.identity = identity;
    this.rest = rest;
    this.#stop = stop;
  }

  /** `answer` gives undefined for a call that gets no reply: its socket is closed. */
  static async start(
    answer: (call: KalshiCall, count: number) => KalshiAnswer | undefined,
    guards: Partial<RestGuards> = {},
  ): Promise<KalshiRestServer> {
    let wallMs = 1_790_000_000_000;
    // Each look at the clock is a millisecond later, so that no two signatures are of one time.
    const clock = { nowNs: () => 0, wallMs: () => ++wallMs };
    const publicKey = createPublicKey(KEY);
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method = '', url = '' } = request;
        const { pathname, searchParams } = new URL(url, 'http://x');
        const timestamp = String(request.headers['kalshi-access-timestamp']);
        const signature = String(request.headers['kalshi-access-signature']);
        const call: KalshiCall = {
          method,
          path: pathname.slice(KALSHI_REST_PATH.length),
          query: Object.fromEntries(searchParams),
          body,
          timestampMs: Number(timestamp),
          isSigned: verifyKalshi(publicKey, kalshiMessage(timestamp, method, url), signature),
        };
        started.calls.push(call);
        const reply = answer(call, started.calls.length);
        if (reply === undefined) {
          request.socket.destroy();
          return;
        }
        const { status } = reply;
        response.writeHead(status);
        response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `http://127.0.0.1:${address.port}${KALSHI_REST_PATH}`;
    const rest = new RestClient(url, TIMEOUT_MS, guards);
    const started = new KalshiRestServer({ keyId: 'key', key: KEY, clock }, rest, async () => {
      await rest.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    });
    return started;
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
