// A control server over a stand-in for the engine, and a client that says exactly what it is told to say.
import { request } from 'node:http';
import type { StatusReply } from '../../src/control/contract.js';
import type { ControlledEngine } from '../../src/control/controlled-engine.js';
import { LogRing } from '../../src/control/log-ring.js';
import { type ControlServer, openControlServer } from '../../src/control/server.js';
import type { EngineViews } from '../../src/runtime/engine-views.js';
import type { EngineStatus } from '../../src/runtime/status.js';

export const TOKEN = 'correct-horse-battery-staple-0123456789abcde';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export async function openStandIn(views?: EngineViews, host = '127.0.0.1') {
  const did: string[] = [];
  const isKilled = () => did.some((what) => what.startsWith('kill'));
  const logs = new LogRing();
  const engine: ControlledEngine = {
    status: () =>
      ({ state: 'running', kill: isKilled() ? 'stop-opening' : 'armed' }) as EngineStatus,
    views,
    killState: undefined,
    sinks: () => [],
    kill: (level, why, by) => void did.push(`kill ${level} ${why} ${by}`),
    resume: (why) => void did.push(`resume ${why}`),
    freeze: (market, why) => void did.push(`freeze ${market} ${why}`),
    unfreeze: (market, why) => void did.push(`unfreeze ${market} ${why}`),
    setLimit: (name, value) => void did.push(`limit ${name} ${value}`),
  };
  const server: ControlServer = await openControlServer({
    engine,
    token: TOKEN,
    logs,
    views: () => views,
    status: () => ({ status: engine.status() }) as StatusReply,
    metrics: { text: async () => 'up 1\n', contentType: 'text/plain; version=0.0.4' },
    setLogLevel: (part, level) => {
      did.push(`log ${part} ${level}`);
      return part === 'feeds';
    },
    pageDir: undefined,
    listen: { host, port: 0 },
  });
  const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}) =>
    new Promise<Answered>((resolve, reject) => {
      const sent = request(`${server.url}${path}`, { method, headers }, (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, text, headers: reply.headers }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { server, ask, did, logs };
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const WITH_TOKEN = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };
