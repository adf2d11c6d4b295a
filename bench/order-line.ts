// An order's way out and back on a warm connection: our HttpLine, undici's Client.dispatch, and the canned bytes of a bare socket, in turn on
// one server in a process of its own. `written` is from the call to the moment the bytes are with the socket; `answered` is the round trip.
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import { HttpLine } from '../src/net/http-line.js';
import { requestBytes, requestHead } from '../src/net/http-request.js';
import { quantile } from './quantiles.js';
import {
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Row,
} from './report.js';

const ROUNDS = isSmoke ? 200 : 4_000;
const PAUSE_MS = 1;
const FIGURES = ['written p50', 'written p99', 'answered p50', 'answered p99'] as const;
const BODY = JSON.stringify({ ticker: 'KXAAA-26DEC01', filler: 'x'.repeat(200) });
const REPLY = JSON.stringify({ order_id: 'o', fill_count: '5.00', remaining_count: '0.00' });
const HEADERS = ['content-type', 'application/json', 'kalshi-access-key', 'k'.repeat(36)];

if (process.argv.includes('--server')) serve();
else await measure();

function serve(): void {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end(REPLY));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit(0));
}

interface Sample {
  readonly writtenNs: number;
  readonly answeredNs: number;
}

async function measure(): Promise<void> {
  const machine = describeMachine();
  const server = fork(process.argv[1]!, ['--server']);
  const port = await new Promise<number>((resolve) =>
    server.once('message', resolve as (port: unknown) => void),
  );
  const origin = `http://127.0.0.1:${port}`;
  const line = new HttpLine(origin);
  await line.open();
  const client = new Client(origin, { pipelining: 1, keepAliveTimeout: 60_000 });
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise((resolve) => socket.once('connect', resolve));
  const variants = [
    ['bare socket, canned bytes', () => onSocket(socket, port)],
    ['HttpLine', () => onLine(line)],
    ['undici Client.dispatch', () => onUndici(client)],
  ] as const;
  const samples = new Map<string, Sample[]>(variants.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, send] of variants) {
      samples.get(name)!.push(await send());
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  const rows = rowsOf(samples);
  printReport(createReport('order-line', machine, rows, textOf(rows)));
  line.drop('done');
  socket.destroy();
  await client.destroy();
  server.disconnect();
}

function onLine(line: HttpLine): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    let writtenNs = 0;
    const user = {
      replied: ({ body }: { body: string }) => {
        if (body !== REPLY) reject(new Error(`wrong reply: ${body}`));
        resolve({ writtenNs, answeredNs: Number(process.hrtime.bigint() - start) });
      },
      lost: (why: string) => reject(new Error(why)),
    };
    if (!line.send(requestBytes(requestHead('POST', '/orders', 'localhost', HEADERS), BODY), user))
      reject(new Error('not idle'));
    writtenNs = Number(process.hrtime.bigint() - start);
  });
}

function onUndici(client: Client): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    let writtenNs = 0;
    let body = '';
    const handler: Dispatcher.DispatchHandler & { onRequestSent(): void } = {
      onConnect: () => undefined,
      onRequestSent: () => {
        writtenNs = Number(process.hrtime.bigint() - start);
      },
      onHeaders: () => true,
      onData: (chunk) => {
        body += chunk.toString();
        return true;
      },
      onComplete: () => {
        if (body !== REPLY) reject(new Error(`wrong reply: ${body}`));
        resolve({ writtenNs, answeredNs: Number(process.hrtime.bigint() - start) });
      },
      onError: reject,
    };
    client.dispatch(
      { method: 'POST', path: '/orders', headers: [...HEADERS], body: BODY },
      handler,
    );
  });
}

function onSocket(socket: Socket, port: number): Promise<Sample> {
  const head = `POST /orders HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: ${BODY.length}\r\n\r\n`;
  return new Promise((resolve) => {
    const start = process.hrtime.bigint();
    socket.once('data', () =>
      resolve({ writtenNs, answeredNs: Number(process.hrtime.bigint() - start) }),
    );
    socket.write(Buffer.from(head + BODY));
    const writtenNs = Number(process.hrtime.bigint() - start);
  });
}

function rowsOf(samples: ReadonlyMap<string, readonly Sample[]>): Row[] {
  return [...samples].map(([name, all]) => {
    const written = Float64Array.from(all, ({ writtenNs }) => writtenNs).sort();
    const answered = Float64Array.from(all, ({ answeredNs }) => answeredNs).sort();
    const values = [written, answered].flatMap((sorted) => [
      quantile(sorted, 0.5),
      quantile(sorted, 0.99),
    ]);
    const figures = Object.fromEntries(FIGURES.map((figure, at) => [figure, values[at]!]));
    return { name, unit: 'ns', figures };
  });
}

function textOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, figures }) => [
    name,
    ...FIGURES.map((figure) => (figures[figure]! / 1_000).toFixed(1)),
  ]);
  return `Microseconds of ${ROUNDS} orders each.\n\n${markdownTable(['an order on a warm connection', ...FIGURES], cells)}`;
}
