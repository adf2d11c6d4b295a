import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { StreamFrame } from '../../src/control/contract.js';
import { JSON_TYPE, openStandIn, TOKEN, WITH_TOKEN } from './stand-in.js';

const WHY = JSON.stringify({ why: 'a test' });
const ACTIONS: readonly [method: string, path: string, body: string][] = [
  ['POST', '/api/v1/stop-opening', WHY],
  ['POST', '/api/v1/kill', WHY],
  ['POST', '/api/v1/resume', WHY],
  ['POST', '/api/v1/markets/0/freeze', WHY],
  ['POST', '/api/v1/markets/0/unfreeze', WHY],
  ['PUT', '/api/v1/limits/maxNakedMicros', '{"value":5}'],
  ['PUT', '/api/v1/log-levels/feeds', '{"level":"debug"}'],
];

const percent = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

let open: Awaited<ReturnType<typeof openStandIn>> | undefined;
afterEach(async () => {
  await open?.server.close();
  open = undefined;
});

describe('an action', () => {
  it.each(ACTIONS)(
    'is refused without the token, or with another: %s %s',
    async (method, path, body) => {
      open = await openStandIn();
      const wrong = [
        JSON_TYPE,
        { ...JSON_TYPE, authorization: 'Bearer ' },
        { ...JSON_TYPE, authorization: `Bearer ${TOKEN.slice(0, -1)}x` },
        { ...JSON_TYPE, authorization: `Bearer ${TOKEN}x` },
        { ...JSON_TYPE, authorization: `Basic ${TOKEN}` },
        { ...JSON_TYPE, cookie: `token=${TOKEN}` },
      ];
      for (const headers of wrong) {
        const reply = await open.ask(path, { method, headers, body });
        expect(reply.status, JSON.stringify(headers)).toBe(401);
        expect(reply.text).toContain('NO_TOKEN');
      }
      // Not by the address either: those are written down in logs on their way.
      expect(
        (await open.ask(`${path}?token=${TOKEN}`, { method, headers: JSON_TYPE, body })).status,
      ).toBe(401);
      expect(open.did).toEqual([]);
    },
  );

  it('is done with the token', async () => {
    open = await openStandIn();
    const done = async (method: string, path: string, body: string) =>
      (await open!.ask(path, { method, headers: WITH_TOKEN, body })).status;
    expect(await done('POST', '/api/v1/stop-opening', WHY)).toBe(200);
    expect(await done('POST', '/api/v1/kill', WHY)).toBe(200);
    expect(await done('POST', '/api/v1/resume', WHY)).toBe(200);
    expect(await done('PUT', '/api/v1/limits/maxNakedMicros', '{"value":5}')).toBe(200);
    expect(await done('PUT', '/api/v1/log-levels/feeds', '{"level":"debug"}')).toBe(200);
    expect(await done('PUT', '/api/v1/log-levels/nobody', '{"level":"debug"}')).toBe(404);
    expect(open.did).toEqual([
      'kill 1 a test page or API',
      'kill 2 a test page or API',
      'resume a test',
      'limit maxNakedMicros 5',
      'log feeds debug',
      'log nobody debug',
    ]);
  });

  it.each([
    ['no reason', '{}'],
    ['an empty one', '{"why":"  "}'],
    ['one that is no text', '{"why":5}'],
    ['more than a reason', '{"why":"x","level":2}'],
    ['a long one', JSON.stringify({ why: 'x'.repeat(501) })],
    ['a list', '[]'],
    ['no JSON', 'why=x'],
    ['half of it', '{"why":'],
    ['a prototype', '{"__proto__":{"why":"x"}}'],
  ])('is refused with a sentence, and nothing is done, when it has %s', async (_, body) => {
    open = await openStandIn();
    const reply = await open.ask('/api/v1/kill', { method: 'POST', headers: WITH_TOKEN, body });
    expect(reply.status).toBe(400);
    const { error } = JSON.parse(reply.text) as { error: { code: string; message: string } };
    expect(error.message.length).toBeGreaterThan(5);
    expect(open.did).toEqual([]);
  });

  it('is refused when its body is larger than any reason', async () => {
    open = await openStandIn();
    const body = JSON.stringify({ why: 'x'.repeat(100_000) });
    const reply = await open.ask('/api/v1/kill', { method: 'POST', headers: WITH_TOKEN, body });
    expect(reply.status).toBe(413);
    expect(open.did).toEqual([]);
  });
});

describe('whoever asks', () => {
  it('must mean this server by its name', async () => {
    open = await openStandIn();
    const { port } = new URL(open.server.url);
    const hosts = [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${port}`,
    ];
    for (const host of hosts) {
      const reply = await open.ask('/api/v1/status', { headers: { host } });
      expect([reply.status, host]).toEqual([403, host]);
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`]) {
      expect((await open.ask('/api/v1/status', { headers: { host } })).status).toBe(200);
    }
  });

  it('must not be a page of another site', async () => {
    open = await openStandIn();
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      const headers = { ...WITH_TOKEN, origin };
      const reply = await open.ask('/api/v1/kill', { method: 'POST', headers, body: WHY });
      expect([reply.status, origin]).toEqual([403, origin]);
    }
    const own = { ...WITH_TOKEN, origin: open.server.url };
    expect(
      (await open.ask('/api/v1/kill', { method: 'POST', headers: own, body: WHY })).status,
    ).toBe(200);
    expect(open.did.length).toBe(1);
  });

  it('shows the token for reads too, where the server is not on loopback', async () => {
    open = await openStandIn(undefined, '0.0.0.0');
    expect((await open.ask('/api/v1/status')).status).toBe(401);
    expect((await open.ask('/metrics')).status).toBe(401);
    expect((await open.ask('/api/v1/status', { headers: WITH_TOKEN })).status).toBe(200);
  });

  it('shows it however the address is spelt', async () => {
    open = await openStandIn(undefined, '0.0.0.0');
    const { ask } = open;
    const reads = ['/metrics', '/api/v1/status', '/api/v1/history', '/api/v1/openapi.json'];
    const spelt = fc
      .tuple(fc.constantFrom(...reads), fc.infiniteStream(fc.integer({ min: 0, max: 3 })))
      .map(([path, draws]) =>
        [...path].map((char) => (draws.next().value === 0 ? percent(char) : char)).join(''),
      )
      .map((path) => `/${path.replace(/^(\/|%2F)/, '')}`);
    await fc.assert(
      fc.asyncProperty(spelt, async (path) => {
        const { status, text } = await ask(path);
        expect([path, status === 401 || status === 404, text.includes('running')]).toEqual([
          path,
          true,
          false,
        ]);
      }),
    );
    expect((await ask('/%61pi/v1/status')).status).toBe(401);
  });

  it('hears that the engine starts, what there is not, and the metrics', async () => {
    open = await openStandIn();
    expect((await open.ask('/api/v1/markets')).status).toBe(503);
    expect((await open.ask('/api/v1/nothing')).status).toBe(404);
    expect((await open.ask('/healthz')).status).toBe(200);
    await open.ask('/api/v1/stop-opening', { method: 'POST', headers: WITH_TOKEN, body: WHY });
    expect((await open.ask('/healthz')).status).toBe(503);
    expect((await open.ask('/metrics')).text).toBe('up 1\n');
    expect((await open.ask('/api/v1/status')).headers['content-security-policy']).toContain(
      "default-src 'self'",
    );
  });
});

it('documents every route that it has', async () => {
  open = await openStandIn();
  const document = JSON.parse((await open.ask('/api/v1/openapi.json')).text) as {
    paths: Record<string, Record<string, { security?: unknown; requestBody?: unknown }>>;
  };
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  for (const [method, path] of ACTIONS) {
    const pattern = path
      .replace('/markets/0/', '/markets/{market}/')
      .replace('limits/maxNakedMicros', 'limits/{name}')
      .replace('log-levels/feeds', 'log-levels/{part}');
    expect(listed).toContain(`${method} ${pattern}`);
    const action = document.paths[pattern]![method.toLowerCase()]!;
    expect(action.security).toEqual([{ token: [] }]);
    expect(action.requestBody).toBeDefined();
  }
  for (const path of ['status', 'markets', 'markets/{market}', 'arbs', 'arbs/{arb}', 'missed']) {
    expect(listed).toContain(`GET /api/v1/${path}`);
  }
  for (const path of ['positions', 'history', 'limits', 'logs']) {
    expect(listed).toContain(`GET /api/v1/${path}`);
  }
});

describe('a stream', () => {
  const hear = (socket: WebSocket) =>
    new Promise<StreamFrame>((resolve, reject) => {
      socket.once('message', (data) => resolve(JSON.parse(String(data)) as StreamFrame));
      socket.once('error', reject);
    });

  it('begins whole, and then tells what is new', async () => {
    open = await openStandIn();
    const line = { atMs: 1, level: 'info', part: 'cli', event: 'x' } as const;
    open.logs.push({ ...line, text: 'first' });
    const socket = new WebSocket(`${open.server.url.replace('http', 'ws')}/api/v1/stream`);
    const first = await hear(socket);
    expect(first.isWhole).toBe(true);
    expect(first.logs.map(({ text }) => text)).toEqual(['first']);
    open.logs.push({ ...line, text: 'second' });
    const second = await hear(socket);
    expect(second.isWhole).toBe(false);
    expect(second.logs.map(({ text }) => text)).toEqual(['second']);
    socket.terminate();
  });

  it('is not for pages of another site, nor for too many', async () => {
    open = await openStandIn();
    const url = `${open.server.url.replace('http', 'ws')}/api/v1/stream`;
    const evil = new WebSocket(url, { headers: { origin: 'https://evil.example' } });
    await expect(hear(evil)).rejects.toThrow('403');
    const sockets = Array.from({ length: 16 }, () => new WebSocket(url));
    await Promise.all(sockets.map(hear));
    const late = new WebSocket(url);
    const code = await new Promise((resolve) => late.once('close', resolve));
    expect(code).toBe(1013);
    for (const socket of sockets) socket.terminate();
  });

  it('needs the token where the server is not on loopback', async () => {
    open = await openStandIn(undefined, '0.0.0.0');
    const url = `${open.server.url.replace('http', 'ws')}/api/v1/stream`;
    await expect(hear(new WebSocket(url))).rejects.toThrow('401');
    const socket = new WebSocket(`${url}?token=${TOKEN}`);
    expect((await hear(socket)).isWhole).toBe(true);
    socket.terminate();
  });
});
