import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isFinalAnswer, RestClient, RestError } from '../../src/net/rest-client.js';
import { httpReply, type RawRequest, startRawServer } from './raw-server.js';

const TIMEOUT_MS = 250;
const SCHEMA = z.object({ rows: z.array(z.object({ size: z.string() })) });
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(answer: (request: RawRequest) => void) {
  const server = await startRawServer(answer);
  const client = new RestClient(`${server.origin}/base/v2/`, TIMEOUT_MS, {
    sleep: async () => undefined,
  });
  closers.push(server.close, () => client.close());
  const failure = async (): Promise<RestError> => {
    const error: unknown = await client.get('/list', { a: 'b c' }, {}, SCHEMA).catch((e) => e);
    if (error instanceof RestError) return error;
    throw new Error(`not a RestError: ${String(error)}`);
  };
  return { server, client, failure };
}

describe('a read from an exchange', () => {
  it('carries path, query and headers, and gives what the schema makes of the reply', async () => {
    const reply = JSON.stringify({ rows: [{ size: '1', extra: 1 }], more: true });
    const { server, client } = await open(({ socket }) => socket.write(httpReply(200, reply)));
    expect(await client.get('/list', { a: 'b c' }, { 'x-key': 'k' }, SCHEMA)).toEqual({
      rows: [{ size: '1' }],
    });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /base/v2/list?a=b+c',
    ]);
    expect(client.signedPath('/list')).toBe('/base/v2/list');
  });

  it.each([
    [404, '{"error":"none"}', true],
    [400, 'nonsense', true],
    [429, '{}', false],
    [500, '{}', false],
    [503, '', false],
  ])('says what a status of %s came with', async (status, body, isFinal) => {
    const { failure } = await open(({ socket }) => socket.write(httpReply(status, body)));
    const error = await failure();
    expect(error.code).toBe('REST_FAILED');
    expect(error.status).toBe(status);
    expect(error.message).toMatch(/^the exchange refused: method=GET url=http:\/\/127/);
    expect(error.message).toContain(`/base/v2/list?a=b+c status=${status} body=${body}`);
    expect(isFinalAnswer(error)).toBe(isFinal);
  });

  it('names the place of a reply that is not what it should be', async () => {
    const body = '{"rows":[{"size":"1"},{"size":2}]}';
    const { failure } = await open(({ socket }) => socket.write(httpReply(200, body)));
    const error = await failure();
    expect(error.message).toMatch(/^unexpected reply: .* at=rows\.1\.size problem=/);
    expect(isFinalAnswer(error)).toBe(true);
  });

  it('quotes nothing of a good reply that cannot be read: it may hold a secret', async () => {
    const { failure } = await open(({ socket }) =>
      socket.write(httpReply(200, '{"apiKey":"k","secret":"s3cr3t","passp')),
    );
    const error = await failure();
    expect(error.message).toMatch(/^reply is not JSON: .* chars=\d+$/);
    expect(`${error.stack} ${String(error.cause)}`).not.toMatch(/s3cr|secret/);
  });

  it.each([
    ['a reset', (request: RawRequest) => request.socket.resetAndDestroy()],
    [
      'a reply cut short',
      ({ socket }: RawRequest) => socket.end(httpReply(200, '{}').slice(0, -1)),
    ],
    ['silence', () => undefined],
  ])('ends with %s in bounded time, without a status', async (_, answer) => {
    const { failure } = await open(answer);
    const error = await failure();
    expect(error.message).toMatch(/^cannot reach the exchange: method=GET url=/);
    expect(error.status).toBeUndefined();
    expect(isFinalAnswer(error)).toBe(false);
  });

  it('gives up a body that trickles, though no pause in it is long', async () => {
    let timer: NodeJS.Timeout | undefined;
    const { failure } = await open(({ socket }) => {
      socket.write('HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n');
      timer = setInterval(() => socket.write(' '), TIMEOUT_MS / 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect((await failure()).message).toMatch(/^cannot reach the exchange: .* why=/);
    clearInterval(timer);
  });

  it('cannot reach a port where nobody listens', async () => {
    const { server, failure } = await open(() => undefined);
    await server.close();
    expect((await failure()).message).toContain('ECONNREFUSED');
    closers.splice(0, 1);
  });
});
