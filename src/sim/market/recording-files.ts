// The files of a recording and their whole lines, in order. A file whose writer was killed ends in the middle of something: what is
// whole before that is read. It must not know what a line says.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';

const FILE_NAME = /\.(ndjson|jsonl)(\.gz)?$/;
const GZIP_MAGIC = [0x1f, 0x8b];
const LINE_END = 10;

/**
 * `source` is a file, a directory of them (in the order of their names), or files with commas between them (in the order given).
 * Throws the file system's error when there is no such file.
 */
export function recordingFiles(source: string): string[] {
  if (source.includes(',') && !existsSync(source)) {
    return source.split(',').flatMap((each) => recordingFiles(each.trim()));
  }
  if (!statSync(source).isDirectory()) return [source];
  return readdirSync(source)
    .filter((name) => FILE_NAME.test(name))
    .sort()
    .map((name) => join(source, name));
}

/** Every whole line of the file, without its end; blank ones too. */
export function* recordedLines(path: string): Generator<string> {
  const { bytes, isTorn } = contentOf(path);
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(LINE_END, start);
    // What comes after the last line end is a line in a whole file, and part of one in a torn file.
    if (found === -1 && isTorn) return;
    const end = found === -1 ? bytes.length : found;
    yield bytes.toString('utf8', start, end);
    start = end + 1;
  }
}

/** `isTorn`: the compressed stream has no end. */
function contentOf(path: string): { readonly bytes: Buffer; readonly isTorn: boolean } {
  const bytes = readFileSync(path);
  if (path.endsWith('.gz') && bytes.length < GZIP_MAGIC.length) {
    return { bytes: Buffer.alloc(0), isTorn: true };
  }
  if (!GZIP_MAGIC.every((byte, index) => bytes[index] === byte)) return { bytes, isTorn: false };
  try {
    return { bytes: gunzipSync(bytes), isTorn: false };
  } catch (error) {
    const isCutShort = error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
    if (!isCutShort) throw error;
    // A flush instead of an end is enough for zlib to give all that it has.
    const whole = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    return { bytes: whole, isTorn: true };
  }
}
