// Reads one HTTP/1.1 reply from the bytes of a connection. Strict: a reply that can be read in two
// ways is broken, and nobody's.

const MAX_HEAD_BYTES = 64 * 1024;
/** Replies of either exchange are below 4 KiB; one that is larger is not one of them. */
const MAX_BODY_BYTES = 1024 * 1024;
const HEAD_END = '\r\n\r\n';
const LINE_END = '\r\n';

export interface HttpReply {
  readonly kind: 'reply';
  readonly status: number;
  readonly body: string;
  /** Bytes that the reply took; what comes after them belongs to no request of ours. */
  readonly bytes: number;
  readonly keepAlive: boolean;
}

/** `until-close`: the reply has no length, it ends with the connection. */
export type HttpReplyState =
  | HttpReply
  | { readonly kind: 'more' }
  | { readonly kind: 'until-close'; readonly reply: HttpReply }
  | { readonly kind: 'broken'; readonly why: string };

const MORE: HttpReplyState = { kind: 'more' };
const broken = (why: string): HttpReplyState => ({ kind: 'broken', why });

/** What the bytes since the request was written say so far. */
export function readHttpReply(bytes: Buffer): HttpReplyState {
  let start = 0;
  // Interim replies (1xx) come before the real one; each takes bytes, so the loop ends.
  for (;;) {
    const headEnd = bytes.indexOf(HEAD_END, start, 'latin1');
    if (headEnd === -1) {
      return bytes.length - start > MAX_HEAD_BYTES ? broken('head is too long') : MORE;
    }
    const head = readHead(bytes.toString('latin1', start, headEnd));
    if (head === undefined) return broken('head is not HTTP/1.1');
    const bodyStart = headEnd + HEAD_END.length;
    if (head.status >= 200) return readBody(bytes, bodyStart, head);
    if (head.status === 101) return broken('the protocol was switched');
    start = bodyStart;
  }
}

interface Head {
  readonly status: number;
  readonly keepAlive: boolean;
  readonly isChunked: boolean;
  readonly bodyBytes: number | undefined;
}

function readHead(text: string): Head | undefined {
  const [statusLine = '', ...lines] = text.split(LINE_END);
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine);
  if (match === null) return undefined;
  const status = Number(match[2]);
  let keepAlive = match[1] === '1';
  let isChunked = false;
  let bodyBytes: number | undefined = status === 204 || status === 304 ? 0 : undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).toLowerCase()) {
      case 'content-length':
        if (!/^\d{1,9}$/.test(value)) return undefined;
        if (bodyBytes !== undefined && bodyBytes !== Number(value)) return undefined;
        bodyBytes = Number(value);
        break;
      case 'transfer-encoding':
        if (value.toLowerCase() !== 'chunked') return undefined;
        isChunked = true;
        break;
      case 'connection':
        if (value.toLowerCase().includes('close')) keepAlive = false;
        break;
      default:
    }
  }
  return isChunked && bodyBytes !== undefined
    ? undefined
    : { status, keepAlive, isChunked, bodyBytes };
}

function readBody(bytes: Buffer, start: number, head: Head): HttpReplyState {
  const { status, keepAlive, isChunked, bodyBytes } = head;
  if (isChunked) return readChunks(bytes, start, head);
  const end = bodyBytes === undefined ? bytes.length : start + bodyBytes;
  if (end - start > MAX_BODY_BYTES) return broken(`reply is larger than bytes=${MAX_BODY_BYTES}`);
  if (end > bytes.length) return MORE;
  const body = bytes.toString('utf8', start, end);
  const reply: HttpReply = { kind: 'reply', status, body, bytes: end, keepAlive };
  return bodyBytes === undefined ? { kind: 'until-close', reply } : reply;
}

function readChunks(bytes: Buffer, start: number, { status, keepAlive }: Head): HttpReplyState {
  const parts: Buffer[] = [];
  let at = start;
  let total = 0;
  // Each turn takes at least a chunk's length line, so the loop ends.
  for (;;) {
    const lineEnd = bytes.indexOf(LINE_END, at, 'latin1');
    if (lineEnd === -1) return MORE;
    const match = /^([0-9a-fA-F]{1,6})(?:;|$)/.exec(bytes.toString('latin1', at, lineEnd));
    if (match === null) return broken('chunk without a length');
    const size = Number.parseInt(match[1]!, 16);
    total += size;
    if (total > MAX_BODY_BYTES) return broken(`reply is larger than bytes=${MAX_BODY_BYTES}`);
    const dataStart = lineEnd + LINE_END.length;
    const dataEnd = dataStart + size;
    if (dataEnd + LINE_END.length > bytes.length) return MORE;
    // Trailers are not asked for: a last chunk is followed by an empty line, all others end with
    // one.
    if (bytes.toString('latin1', dataEnd, dataEnd + LINE_END.length) !== LINE_END) {
      return broken('chunk without an end');
    }
    at = dataEnd + LINE_END.length;
    if (size === 0) {
      const body = Buffer.concat(parts).toString('utf8');
      return { kind: 'reply', status, body, bytes: at, keepAlive };
    }
    parts.push(bytes.subarray(dataStart, dataEnd));
  }
}
