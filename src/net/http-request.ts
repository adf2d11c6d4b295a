// The bytes of an HTTP/1.1 request, made whole before it is known which connection will carry them.

/** Everything but the length and the body: made once for requests that share it. `headers`: names and values by turns. */
export function requestHead(
  method: string,
  path: string,
  host: string,
  headers: readonly string[],
): string {
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${headerLines(headers)}`;
}

/** Names and values by turns, as lines of a head. @hot */
export function headerLines(headers: readonly string[]): string {
  let lines = '';
  for (let index = 0; index < headers.length; index += 2) {
    lines += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  return lines;
}

/** One piece: a request that leaves in two packets waits for the second. @hot */
export function requestBytes(head: string, body: string): Buffer {
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

export function getBytes(path: string, host: string): Buffer {
  return Buffer.from(`${requestHead('GET', path, host, [])}\r\n`);
}
