import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { backoffMs } from '../../src/net/backoff.js';
import { type SocketProtocol, WsSession } from '../../src/net/ws-session.js';
import { startRawServer, until } from './raw-server.js';

const clock = {
  nowNs: () => Number(process.hrtime.bigint() % 10n ** 15n),
  wallMs: () => Date.now(),
};
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** Writes down what it is told, in order. */
class Diary implements SocketProtocol {
  readonly entries: string[] = [];
  send: ((text: string) => void) | undefined;
  giveUp: string | undefined;
  ticks = 0;
  opened(send: (text: string) => void): void {
    this.entries.push('opened');
    this.send = send;
  }
  frame(data: Buffer): void {
    this.entries.push(data.toString());
  }
  closed(): void {
    this.entries.push('closed');
  }
  tick(): string | undefined {
    this.ticks++;
    const why = this.giveUp;
    this.giveUp = undefined;
    return why;
  }
}

async function startServer(onConnection: (socket: WebSocket, count: number, raw: Socket) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let count = 0;
  server.on('connection', (socket, request) => onConnection(socket, ++count, request.socket));
  await new Promise((resolve) => server.once('listening', resolve));
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { server, url: `ws://127.0.0.1:${address.port}` };
}

function startSession(url: string, protocol: SocketProtocol, random = () => 0.02) {
  const retries: number[] = [];
  let headers = 0;
  const session = new WsSession(
    { url, headers: () => ({ 'x-attempt': String(++headers) }) },
    protocol,
    { connected: () => undefined, disconnected: (_why, retryMs) => retries.push(retryMs) },
    clock,
    random,
    5,
  );
  closers.push(() => session.close());
  return { session, retries };
}

it('hands over frames in order, and tells of every end before the next beginning', async () => {
  const { url } = await startServer((socket, count) => {
    socket.send(`hello ${count}`);
    socket.send(`again ${count}`, () => (count < 3 ? socket.terminate() : undefined));
  });
  const diary = new Diary();
  startSession(url, diary);
  await until(() => diary.entries.includes('again 3'), 'the third connection');
  const life = (count: number) => ['opened', `hello ${count}`, `again ${count}`];
  expect(diary.entries.slice(0, 11)).toEqual([
    ...life(1),
    'closed',
    ...life(2),
    'closed',
    ...life(3),
  ]);
});

it('hands over messages in fragments among whole ones, answers pings and obeys a close', async () => {
  let pongs = 0;
  const { url } = await startServer((socket, count) => {
    if (count > 1) return;
    socket.on('pong', () => pongs++);
    socket.send('whole');
    socket.send('in ', { fin: false });
    socket.ping();
    socket.send('fragments');
    socket.send('x'.repeat(100_000));
    socket.send(Buffer.from('binary'));
    socket.close(1000, 'done');
  });
  const diary = new Diary();
  const { retries } = startSession(url, diary);
  await until(() => retries.length === 1, 'the end');
  const told = ['opened', 'whole', 'in fragments', 'x'.repeat(100_000), 'binary', 'closed'];
  expect(diary.entries.slice(0, told.length)).toEqual(told);
  expect(pongs).toBe(1);
});

it('ends a connection whose frames break the protocol, and hands over nothing of them', async () => {
  const { url } = await startServer((_, count, raw) => {
    // A masked frame, which no server may send.
    if (count === 1) raw.write(Buffer.of(0x81, 0x81, 0, 0, 0, 0, 0x61, 0x81, 1, 0x62));
  });
  const diary = new Diary();
  const { retries } = startSession(url, diary);
  await until(() => retries.length === 1, 'the end');
  expect(diary.entries.slice(0, 2)).toEqual(['opened', 'closed']);
});

it('gives a connection up when the protocol says so, and makes a new one', async () => {
  const { url, server } = await startServer(() => undefined);
  const diary = new Diary();
  const { retries } = startSession(url, diary);
  await until(() => diary.entries.length === 1, 'open');
  diary.giveUp = 'enough';
  await until(() => diary.entries.length === 3, 'open again');
  expect(diary.entries).toEqual(['opened', 'closed', 'opened']);
  expect(retries).toHaveLength(1);
  expect(server.clients.size).toBe(1);
});

it('makes its headers anew for every attempt, and goes on after refusals and servers that are none', async () => {
  let upgrades = 0;
  const raw = await startRawServer(({ socket }) => {
    upgrades++;
    if (upgrades === 1) socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
    else if (upgrades === 2) socket.end('nonsense');
    else socket.destroy();
  });
  closers.push(() => void raw.close());
  const diary = new Diary();
  const { retries } = startSession(raw.origin.replace('http', 'ws'), diary);
  await until(() => retries.length >= 4, 'four attempts');
  expect(diary.entries).toEqual([]);
  expect(upgrades).toBeGreaterThanOrEqual(3);
});

it('hands over what had come while the thread was held up, before it asks whether it is silent', async () => {
  let server: WebSocket | undefined;
  const { url } = await startServer((socket) => {
    server = socket;
  });
  const diary = new Diary();
  startSession(url, diary);
  await until(() => diary.entries.length === 1 && diary.ticks > 0, 'a tick');
  let ticksBefore: number | undefined;
  const { ticks } = diary;
  diary.frame = () => {
    ticksBefore = diary.ticks - ticks;
  };
  server?.send('x');
  // Longer than several ticks.
  const endMs = performance.now() + 30;
  while (performance.now() < endMs);
  await until(() => ticksBefore !== undefined, 'the frame');
  expect(ticksBefore).toBe(0);
});

it('does not throw when a frame is sent on a connection that has just gone', async () => {
  const { url } = await startServer((socket) => socket.on('message', () => socket.terminate()));
  const diary = new Diary();
  startSession(url, diary);
  await until(() => diary.entries.length === 1, 'open');
  const first = diary.send!;
  first('bye');
  await until(() => diary.entries.includes('closed'), 'closed');
  expect(() => first('too late')).not.toThrow();
});

it('leaves nothing behind when it is closed, open, opening or waiting', async () => {
  const { url } = await startServer((socket) => socket.send('x'));
  const silent = await startRawServer(() => undefined);
  closers.push(() => void silent.close());
  const handles = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const timers = handles();
  const diary = new Diary();
  const { session } = startSession(url, diary);
  await until(() => diary.entries.length === 2, 'a frame');
  session.close();
  startSession(silent.origin.replace('http', 'ws'), new Diary()).session.close();
  const gone = startSession('ws://127.0.0.1:1', new Diary(), () => 0.999);
  await until(() => gone.retries.length === 1, 'a refusal');
  const waiting = handles();
  gone.session.close();
  // Its ticks, and the next attempt.
  expect(handles()).toBe(waiting - 2);
  const { ticks } = diary;
  await until(() => handles() <= timers && silent.sockets.size === 0, 'no timer and no socket');
  expect(diary.ticks).toBe(ticks);
  expect(diary.entries).toEqual(['opened', 'x']);
});

it('waits longer after each failure, within its bounds, by full jitter', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const ms = backoffMs({ baseMs: 250, capMs: 30_000 }, attempt, random);
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(Math.min(30_000, 250 * 2 ** Math.min(attempt, 30)));
      },
    ),
  );
});
