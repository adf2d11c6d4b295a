// Stamps what leaves the exchanges' process and what arrives there, at the sockets: before any parsing, and for the floor's plain
// sockets by the same code. It must not know what is traded.
import { Server } from 'node:http';
import { Socket } from 'node:net';

/** The clock that all processes of the machine share. */
export function nowNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

/**
 * How long an order waits before its exchange sees it. Signatures and matching take the exchange's thread for a millisecond: without
 * the wait, the first order's work would make the second one's stamp late. It is the same for all programs.
 */
export const EXCHANGE_DELAY_MS = 3;

export interface ArrivedOrder {
  /** When its last bytes were read. */
  readonly atNs: number;
  readonly text: string;
}

export interface Departure {
  /** Of the expected frame; 0 when it did not leave. */
  readonly atNs: number;
  /** Of the first write of any socket since it was expected. */
  readonly firstNs: number;
  /** With the head of its WebSocket frame. */
  readonly bytes: number;
}

type DataListener = (chunk: Buffer) => void;

interface Chunk {
  readonly chunk: Buffer | string;
}

const ORDER_STARTS = ['POST /trade-api/v2/portfolio/events/orders ', 'POST /order '];
const LONGEST_START = Math.max(...ORDER_STARTS.map((start) => start.length));
const HEADER_END = '\r\n\r\n';

export class Tap {
  readonly #onOrder: (order: ArrivedOrder) => void;
  #expected: Buffer | undefined;
  #firstWriteNs = 0;
  #departureNs = 0;
  #frameBytes = 0;
  readonly #readers = new WeakMap<Socket, DataListener>();

  constructor(onOrder: (order: ArrivedOrder) => void) {
    this.#onOrder = onOrder;
  }

  /** Stamps all sockets of this process from now on. */
  install(): void {
    this.#watchWrites();
    this.#watchServers();
  }

  /** The next write with these bytes in it is the departure. */
  expect(marker: Buffer): void {
    this.#expected = marker;
    this.#firstWriteNs = 0;
    this.#departureNs = 0;
  }

  /** Since the last call of expect(). */
  departure(): Departure {
    this.#expected = undefined;
    const bytes = this.#frameBytes;
    return { atNs: this.#departureNs, firstNs: this.#firstWriteNs, bytes };
  }

  #beforeWrite(chunks: readonly Chunk[]): void {
    const expected = this.#expected;
    if (expected === undefined) return;
    const isIt = chunks.some(({ chunk }) => Buffer.from(chunk).includes(expected));
    const atNs = nowNs();
    if (this.#firstWriteNs === 0) this.#firstWriteNs = atNs;
    if (!isIt) return;
    this.#departureNs = atNs;
    this.#frameBytes = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    this.#expected = undefined;
  }

  /** A stream calls these in the same turn as write() when nothing is under way; they end in the system call. */
  #watchWrites(): void {
    const { _write: write, _writev: writev } = Socket.prototype;
    if (writev === undefined) throw new Error('sockets of this Node cannot write vectors');
    const before = (chunks: readonly Chunk[]) => this.#beforeWrite(chunks);
    Socket.prototype._write = function (chunk, encoding, done) {
      before([{ chunk }]);
      write.call(this, chunk, encoding, done);
    };
    Socket.prototype._writev = function (chunks, done) {
      before(chunks);
      writev.call(this, chunks, done);
    };
  }

  #watchServers(): void {
    const emit = Server.prototype.emit;
    const watch = (socket: Socket) => this.#watchRequests(socket);
    const unwatch = (socket: Socket) => this.#unwatch(socket);
    Server.prototype.emit = function (event: string | symbol, ...args: unknown[]): boolean {
      const [first, second] = args;
      // What comes after an upgrade is no HTTP.
      if (event === 'upgrade' && second instanceof Socket) unwatch(second);
      const isHandled: boolean = Reflect.apply(emit, this, [event, ...args]);
      if (event === 'connection' && first instanceof Socket) watch(first);
      return isHandled;
    };
  }

  /** Puts itself between the socket and its HTTP parser, which sees orders EXCHANGE_DELAY_MS later. */
  #watchRequests(socket: Socket): void {
    const [parse] = socket.listeners('data') as DataListener[];
    if (parse === undefined) throw new Error('the HTTP server does not read its socket by events');
    let order: HeldOrder | undefined;
    const release = () => {
      if (order === undefined) return;
      if (!order.isWhole) {
        setTimeout(release, EXCHANGE_DELAY_MS);
        return;
      }
      const { lastNs, bytes } = order;
      order = undefined;
      this.#onOrder({ atNs: lastNs, text: bytes.toString('latin1') });
      if (!socket.destroyed) parse(bytes);
    };
    const read = (chunk: Buffer) => {
      const atNs = nowNs();
      if (order !== undefined) {
        order.add(chunk, atNs);
      } else if (startsOrder(chunk)) {
        order = new HeldOrder(chunk, atNs);
        setTimeout(release, EXCHANGE_DELAY_MS);
      } else {
        parse(chunk);
      }
    };
    this.#readers.set(socket, read);
    socket.on('data', read);
    socket.removeListener('data', parse);
  }

  #unwatch(socket: Socket): void {
    const read = this.#readers.get(socket);
    if (read !== undefined) socket.removeListener('data', read);
  }
}

/** One request whose parser waits. A connection carries one at a time. */
class HeldOrder {
  bytes: Buffer;
  lastNs: number;

  constructor(chunk: Buffer, atNs: number) {
    this.bytes = chunk;
    this.lastNs = atNs;
  }

  add(chunk: Buffer, atNs: number): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.lastNs = atNs;
  }

  get isWhole(): boolean {
    const end = this.bytes.indexOf(HEADER_END);
    if (end === -1) return false;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.bytes.toString('latin1', 0, end));
    return this.bytes.length >= end + HEADER_END.length + Number(length?.[1] ?? 0);
  }
}

function startsOrder(chunk: Buffer): boolean {
  const start = chunk.toString('latin1', 0, LONGEST_START);
  return ORDER_STARTS.some((order) => start.startsWith(order));
}
