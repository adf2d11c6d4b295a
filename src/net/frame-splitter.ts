// Takes whole text frames out of the bytes that a WebSocket's socket reads, without an object beyond the frame's own view, and leaves
// everything else to the library that opened it: control frames, fragments, what breaks the protocol. It knows no socket.

/** FIN and the opcode of text: a message in one frame. */
const WHOLE_TEXT = 0x81;
const FIN = 0x80;
const RESERVED_BITS = 0x70;
const OPCODE = 0x0f;
/** The first of the control frames' opcodes. */
const CLOSE = 0x08;
/** A server's frames are not masked (RFC 6455 5.1): above this is the bit that says so. */
const MAX_SHORT_LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const HEADER_16_BYTES = 4;
const HEADER_64_BYTES = 10;

export interface FrameReaders {
  /**
   * A message's payload, a view of the bytes that were read. `hasMore`: another follows at once, of those that are here already. @hot
   */
  text(payload: Buffer, hasMore: boolean): void;
  /** Whole frames of any other kind; all that follows a close frame, and what breaks the protocol with all that follows it. */
  other(bytes: Buffer): void;
}

export class FrameSplitter {
  readonly #readers: FrameReaders;
  readonly #maxFrameBytes: number;
  /** The beginning of a frame whose end has not been read. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** Bytes of that frame with its header, 0 while its header is not whole. */
  #frameBytes = 0;
  /** Between the first and the last fragment of a message. */
  #isFragmented = false;
  /** After a close frame, or what breaks the protocol. */
  #isOver = false;

  constructor(readers: FrameReaders, maxFrameBytes: number) {
    this.#readers = readers;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** What one read gave. @hot */
  take(chunk: Buffer): void {
    if (this.#isOver) this.#readers.other(chunk);
    else if (this.#parts.length === 0) this.#split(chunk);
    else this.#takeRest(chunk);
  }

  /** @hot */
  #split(chunk: Buffer): void {
    const { length } = chunk;
    const readers = this.#readers;
    // The text that was found last is handed over when it is known what follows it.
    let textFrom = -1;
    let textTo = 0;
    let at = 0;
    while (at + 2 <= length && !this.#isOver) {
      const first = chunk[at]!;
      let payloadAt = at + 2;
      let payloadBytes = chunk[at + 1]!;
      if ((first & RESERVED_BITS) !== 0 || payloadBytes > MAX_SHORT_LENGTH) {
        this.#isOver = true;
        break;
      }
      if (payloadBytes === LENGTH_16) {
        payloadAt = at + HEADER_16_BYTES;
        if (payloadAt > length) break;
        payloadBytes = (chunk[at + 2]! << 8) | chunk[at + 3]!;
      } else if (payloadBytes === LENGTH_64) {
        payloadAt = at + HEADER_64_BYTES;
        if (payloadAt > length) break;
        payloadBytes = chunk.readUInt32BE(at + 2) * 2 ** 32 + chunk.readUInt32BE(at + 6);
        if (payloadBytes > this.#maxFrameBytes) {
          this.#isOver = true;
          break;
        }
      }
      const end = payloadAt + payloadBytes;
      if (end > length) {
        this.#frameBytes = end - at;
        break;
      }
      const isText = first === WHOLE_TEXT && !this.#isFragmented;
      if (textFrom >= 0) readers.text(chunk.subarray(textFrom, textTo), isText);
      textFrom = isText ? payloadAt : -1;
      textTo = end;
      if (!isText) this.#other(chunk.subarray(at, end));
      at = end;
    }
    if (textFrom >= 0) readers.text(chunk.subarray(textFrom, textTo), false);
    if (at === length) return;
    if (this.#isOver) readers.other(chunk.subarray(at));
    else this.#keep(chunk.subarray(at));
  }

  #other(frame: Buffer): void {
    const first = frame[0]!;
    const opcode = first & OPCODE;
    if (opcode < CLOSE) this.#isFragmented = (first & FIN) === 0;
    this.#isOver = opcode === CLOSE;
    this.#readers.other(frame);
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#partBytes += part.length;
  }

  #takeRest(chunk: Buffer): void {
    const missing = this.#frameBytes - this.#partBytes;
    if (missing > chunk.length) {
      this.#keep(chunk);
      return;
    }
    // Without its header nobody knows where the frame ends: then all of the chunk is copied, else only what belongs to it.
    const own = this.#frameBytes === 0 ? chunk.length : missing;
    const joined = Buffer.concat([...this.#parts, chunk.subarray(0, own)]);
    this.#parts = [];
    this.#partBytes = 0;
    this.#frameBytes = 0;
    this.#split(joined);
    if (own < chunk.length) this.take(chunk.subarray(own));
  }
}
