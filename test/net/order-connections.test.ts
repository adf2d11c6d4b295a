import diagnosticsChannel from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Breaker, NO_BREAKER } from '../../src/net/circuit-breaker.js';
import { requestBytes, requestHead } from '../../src/net/http-request.js';
import {
  NOT_WRITTEN,
  type OrderConnectionOptions,
  OrderConnections,
  type RequestOutcome,
} from '../../src/net/order-connections.js';
import { TokenBucket } from '../../src/net/token-bucket.js';
import { httpReply, type RawRequest, type RawServer, startRawServer, until } from './raw-server.js';

const clock = {
  nowNs: () => Number(process.hrtime.bigint() % 10n ** 15n),
  wallMs: () => Date.now(),
};
const HOUR_MS = 3_600_000;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function connect(
  origin: string,
  connections: number,
  timeoutMs: number,
  warmEveryMs: number,
  guards: Partial<OrderConnectionOptions> = {},
): OrderConnections {
  return new OrderConnections({
    origin,
    connections,
    timeoutMs,
    warmPath: '/warm',
    warmEveryMs,
    clock,
    breaker: NO_BREAKER,
    bucket: undefined,
    cost: 1,
    ...guards,
  });
}

async function open(
  answer: (request: RawRequest) => void,
  {
    lines = 2,
    timeoutMs = 5_000,
    warmEveryMs = HOUR_MS,
    guards = {} as Partial<OrderConnectionOptions>,
  } = {},
) {
  const server: RawServer = await startRawServer((request) => {
    if (request.method === 'GET') request.socket.write(httpReply(200, 'ok'));
    else answer(request);
  });
  const connections = connect(server.origin, lines, timeoutMs, warmEveryMs, guards);
  closers.push(server.close, () => connections.close());
  await connections.warm();
  const outcomes: RequestOutcome[] = [];
  const write = (body = '{}') =>
    connections.write(
      requestBytes(requestHead('POST', '/order', 'localhost', ['x-test', '1']), body),
      (outcome) => outcomes.push(outcome),
    );
  const posts = () => server.requests.filter(({ method }) => method === 'POST');
  return { server, connections, outcomes, write, posts };
}

describe('an order on warm connections', () => {
  it('is written in the call, on a connection that was used before, and answered once', async () => {
    const { outcomes, write, posts } = await open(({ socket, body }) =>
      socket.write(httpReply(201, `{"echo":${body}}`)),
    );
    for (let turn = 1; turn <= 20; turn++) {
      expect(write(`{"turn":${turn}}`)).toBeGreaterThan(0);
      await until(() => outcomes.length === turn, `reply ${turn}`);
      expect(outcomes.at(-1)).toEqual({
        kind: 'answered',
        status: 201,
        body: `{"echo":{"turn":${turn}}}`,
      });
    }
    expect(posts()).toHaveLength(20);
  });

  it('is refused while every connection is busy, and is not sent when one becomes free', async () => {
    const held: RawRequest[] = [];
    const { connections, outcomes, write, posts } = await open((request) => held.push(request));
    expect(write('{"a":1}')).toBeGreaterThan(0);
    expect(write('{"b":1}')).toBeGreaterThan(0);
    expect(connections.canWrite).toBe(false);
    expect(write('{"c":1}')).toBe(NOT_WRITTEN);
    await until(() => held.length === 2, 'both orders');
    for (const { socket } of held) socket.write(httpReply(200, '{}'));
    await until(() => outcomes.length === 2, 'both replies');
    expect(connections.canWrite).toBe(true);
    expect(write('{"d":1}')).toBeGreaterThan(0);
    await until(() => posts().length === 3, 'the third order');
    expect(posts().map(({ body }) => body)).toEqual(['{"a":1}', '{"b":1}', '{"d":1}']);
  });

  it('is refused when the exchange is gone, and is not sent when it is back', async () => {
    const { server, connections, outcomes, write, posts } = await open(() => undefined, {
      warmEveryMs: 40,
    });
    for (const socket of server.sockets) socket.destroy();
    await until(() => connections.connected === 0, 'both connections down');
    expect(write()).toBe(NOT_WRITTEN);
    await until(() => connections.connected === 2, 'both connections back');
    expect(posts()).toHaveLength(0);
    expect(outcomes).toEqual([]);
  });

  it.each([
    ['before the request was read', 0],
    ['after it was accepted', 1],
  ])('is lost once, and never sent again, by a reset %s', async (_when, reads) => {
    const { server, connections, outcomes, write, posts } = await open(
      ({ socket }) => socket.resetAndDestroy(),
      { warmEveryMs: 40 },
    );
    if (reads === 0) for (const socket of server.sockets) socket.pause();
    expect(write()).toBeGreaterThan(0);
    if (reads === 0) for (const socket of server.sockets) socket.resetAndDestroy();
    await until(() => outcomes.length === 1, 'the outcome');
    expect(outcomes[0]?.kind).toBe('lost');
    const warm = server.requests.length;
    await until(() => connections.connected === 2, 'both connections back');
    await until(() => server.requests.length > warm + 2, 'more traffic');
    expect(outcomes).toHaveLength(1);
    expect(posts()).toHaveLength(reads);
  });

  it('is lost when no reply comes in time, and a late reply finds nobody', async () => {
    const held: RawRequest[] = [];
    const { outcomes, write, posts } = await open((request) => held.push(request), {
      timeoutMs: 30,
    });
    write();
    await until(() => outcomes.length === 1, 'the time-out');
    expect(outcomes[0]).toEqual({ kind: 'lost', why: 'no reply within ms=30' });
    held[0]?.socket.write(httpReply(201, '{}'));
    expect(write()).toBeGreaterThan(0);
    await until(() => outcomes.length === 2, 'the second time-out');
    expect(outcomes[1]?.kind).toBe('lost');
    expect(posts()).toHaveLength(2);
  });

  it('is lost, not answered, by a reply that is cut off or unreadable', async () => {
    const replies = [
      'HTTP/1.1 201 X\r\ncontent-length: 10\r\n\r\n{"a"',
      'SPDY 201\r\n\r\n{}',
      'HTTP/1.1 201 X\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x',
      'HTTP/1.1 201 X\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
      'HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    ];
    for (const text of replies) {
      const { outcomes, write } = await open(({ socket }) => socket.end(text));
      write();
      await until(() => outcomes.length === 1, text);
      expect(outcomes[0]?.kind).toBe('lost');
    }
  });

  it('is not given a reply that came before it was sent', async () => {
    const { server, connections, outcomes, write } = await open(
      ({ socket }) => socket.write(httpReply(200, '"mine"')),
      { lines: 1, warmEveryMs: 40 },
    );
    for (const socket of server.sockets) socket.write(httpReply(201, '"not mine"'));
    await until(() => connections.connected === 0, 'the connection dropped');
    expect(write()).toBe(NOT_WRITTEN);
    await until(() => connections.canWrite, 'a new connection');
    write();
    await until(() => outcomes.length === 1, 'the reply');
    expect(outcomes[0]).toEqual({ kind: 'answered', status: 200, body: '"mine"' });
  });

  it('is not written on a connection that the exchange is done with', async () => {
    const { connections, outcomes, write } = await open(
      ({ socket }) => socket.write(httpReply(200, '{}', 'Connection: close\r\n')),
      { lines: 1 },
    );
    write();
    await until(() => outcomes.length === 1, 'the reply');
    expect(outcomes[0]?.kind).toBe('answered');
    expect(connections.canWrite).toBe(false);
    expect(write()).toBe(NOT_WRITTEN);
  });

  it('finds a connection free while another is kept warm', async () => {
    let warming = 0;
    const held: RawRequest[] = [];
    const server = await startRawServer((request) => {
      // The first two open the connections; later ones are left hanging.
      if (request.method === 'GET' && ++warming > 2) return;
      if (request.method === 'POST') held.push(request);
      request.socket.write(httpReply(200, 'ok'));
    });
    const connections = connect(server.origin, 2, 60_000, 60);
    closers.push(server.close, () => connections.close());
    await connections.warm();
    await until(() => warming === 3, 'a connection being kept warm');
    const request = requestBytes(requestHead('POST', '/o', 'localhost', []), '{}');
    expect(connections.write(request, () => undefined)).toBeGreaterThan(0);
    await until(() => held.length === 1, 'the order');
  });
});

it('reads the same reply however its bytes are cut, by length, in chunks or to the end', async () => {
  const body = '{"text":"ähnlich – 価格","n":1}';
  const bytes = Buffer.from(body);
  const half = Math.floor(bytes.length / 2) + 1;
  const chunk = (part: Buffer) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  const forms = {
    length: Buffer.concat([
      Buffer.from(
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      ),
      bytes,
    ]),
    chunked: Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
      chunk(bytes.subarray(0, half)),
      chunk(bytes.subarray(half)),
      Buffer.from('0\r\n\r\n'),
    ]),
    close: Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'), bytes]),
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('length', 'chunked', 'close' as const),
      fc.array(fc.nat(250), { maxLength: 6 }),
      async (form, cuts) => {
        const { outcomes, write } = await open(({ socket }) => {
          let from = 0;
          for (const cut of [...cuts].sort((a, b) => a - b)) {
            socket.write(forms[form].subarray(from, cut));
            from = Math.max(from, cut);
          }
          if (form === 'close') socket.end(forms[form].subarray(from));
          else socket.write(forms[form].subarray(from));
        });
        write();
        await until(() => outcomes.length === 1, `a reply by ${form}`);
        expect(outcomes[0]).toEqual({ kind: 'answered', status: 200, body });
        for (const close of closers.splice(0).reverse()) await close();
      },
    ),
    { numRuns: 40 },
  );
});

it('is understood by a real HTTP server, kept-alive and with its headers', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers['x-test'] as string | undefined);
    request.resume();
    request.on('end', () => response.end('{"ok":true}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const connections = connect(`http://127.0.0.1:${address.port}`, 1, 5_000, HOUR_MS);
  closers.push(
    () => new Promise((resolve) => server.close(() => resolve())),
    () => connections.close(),
  );
  await connections.warm();
  const outcomes: RequestOutcome[] = [];
  for (let turn = 1; turn <= 3; turn++) {
    connections.write(
      requestBytes(requestHead('POST', '/order', 'localhost', ['x-test', `${turn}`]), '{}'),
      (outcome) => outcomes.push(outcome),
    );
    await until(() => outcomes.length === turn, `reply ${turn}`);
  }
  expect(outcomes.every((outcome) => outcome.kind === 'answered')).toBe(true);
  expect(seen).toEqual([undefined, '1', '2', '3']);
});

it('cannot be warmed when nobody listens', async () => {
  const server = await startRawServer(() => undefined);
  await server.close();
  const connections = connect(server.origin, 2, 1_000, HOUR_MS);
  closers.push(() => connections.close());
  await expect(connections.warm()).rejects.toThrow(/cannot connect/);
  expect(connections.canWrite).toBe(false);
});

it('knows in the same turn that a socket has failed: its other leg must not leave alone', async () => {
  const sockets: Socket[] = [];
  const remember = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
  diagnosticsChannel.subscribe('net.client.socket', remember);
  const { connections, write } = await open(() => undefined, { lines: 1 });
  diagnosticsChannel.unsubscribe('net.client.socket', remember);
  expect(connections.canWrite).toBe(true);
  expect(sockets).toHaveLength(1);
  sockets[0]!.destroy(new Error('broken'));
  expect(connections.canWrite).toBe(false);
  expect(write()).toBe(NOT_WRITTEN);
});

/** Closed until `failures` calls have failed; never open for long here. */
function countingBreaker() {
  const heard: string[] = [];
  let isClosed = true;
  const breaker: Breaker = {
    get isClosed() {
      return isClosed;
    },
    get state() {
      return isClosed ? ('closed' as const) : ('open' as const);
    },
    allows: () => isClosed,
    succeeded: () => heard.push('succeeded'),
    failed: () => heard.push('failed'),
  };
  return {
    heard,
    breaker,
    set: (closed: boolean) => {
      isClosed = closed;
    },
  };
}

describe('orders and what guards them', () => {
  it('leaves nothing while the breaker is open, and not even keeps warm', async () => {
    const { breaker, set } = countingBreaker();
    const { write, posts, connections, server } = await open(
      ({ socket }) => socket.write(httpReply(200, '{}')),
      { guards: { breaker }, warmEveryMs: 20 },
    );
    set(false);
    expect(connections.canWrite).toBe(false);
    expect(write()).toBe(NOT_WRITTEN);
    const asked = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.requests.length - asked).toBeLessThanOrEqual(2);
    set(true);
    expect(write()).toBeGreaterThan(0);
    await until(() => posts().length === 1, 'the order');
  });

  it.each([
    [200, 'succeeded'],
    [409, 'succeeded'],
    [429, 'succeeded'],
    [500, 'failed'],
    [503, 'failed'],
  ])('tells the breaker that a %s has %s', async (status, word) => {
    const { breaker, heard } = countingBreaker();
    const { write, outcomes } = await open(({ socket }) => socket.write(httpReply(status, '{}')), {
      guards: { breaker },
    });
    heard.length = 0;
    write();
    await until(() => outcomes.length === 1, 'the reply');
    expect(heard).toEqual([word]);
  });

  it('takes a time-out for a failure, and a reset for none', async () => {
    const { breaker, heard } = countingBreaker();
    const { write, outcomes } = await open(
      ({ socket, body }) => {
        if (body === 'reset') socket.destroy();
      },
      { guards: { breaker }, timeoutMs: 100 },
    );
    heard.length = 0;
    write('reset');
    await until(() => outcomes.length === 1, 'the reset');
    expect(heard).toEqual([]);
    write('silence');
    await until(() => outcomes.length === 2, 'the time-out');
    expect(heard).toEqual(['failed']);
  });

  it('stays within the bucket, and empties it at a 429', async () => {
    const still = { nowNs: () => 0, wallMs: () => 0 };
    const bucket = new TokenBucket({ capacity: 30, perSecond: 1 }, still);
    let status = 200;
    const { write, outcomes, connections } = await open(
      ({ socket }) => socket.write(httpReply(status, '{}')),
      { guards: { bucket, cost: 10 } },
    );
    write();
    await until(() => outcomes.length === 1, 'a reply');
    status = 429;
    expect(connections.canOpen).toBe(true);
    write();
    await until(() => outcomes.length === 2, 'the refusal');
    expect(connections.canWrite).toBe(false);
    expect(write()).toBe(NOT_WRITTEN);
  });

  it('keeps the last order of the limit for what evens out', async () => {
    const still = { nowNs: () => 0, wallMs: () => 0 };
    const bucket = new TokenBucket({ capacity: 20, perSecond: 1 }, still);
    const { write, outcomes, connections } = await open(
      ({ socket }) => socket.write(httpReply(200, '{}')),
      { guards: { bucket, cost: 10 } },
    );
    expect(connections.canOpen).toBe(true);
    write();
    await until(() => outcomes.length === 1, 'a reply');
    expect([connections.canOpen, connections.canWrite]).toEqual([false, true]);
    expect(connections.obstacle).toMatch(/limit of orders a second/);
    expect(write()).toBeGreaterThan(0);
    await until(() => outcomes.length === 2, 'the other reply');
    expect(connections.canWrite).toBe(false);
  });
});
