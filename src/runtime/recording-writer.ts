// Lines into compressed files that survive the death of the process: what was written up to the last flush can be read, however the
// process ended. It must not know what the lines say, and it never makes its caller wait.
import { createWriteStream, mkdirSync, openSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';

/** Text that is not yet compressed and on its way to the disk; a line beyond it is refused. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/** So much text is compressed at once, or what there is after this time. */
const FLUSH_BYTES = 64 * 1024;
const FLUSH_EVERY_MS = 250;
/** Two processes that record into one directory may start in the same millisecond. */
const MAX_NAME_ATTEMPTS = 1_000;

export interface RecordingFiles {
  readonly directory: string;
  /** Stands in each file's name, after the time. */
  readonly label: string;
  /** A file of more compressed bytes, or older, is ended and a new one begun. */
  readonly rotateBytes: number;
  readonly rotateMs: number;
}

export interface RecordingFigures {
  readonly files: number;
  readonly lines: number;
  /** Before compression. */
  readonly textBytes: number;
  /** On the disk. */
  readonly fileBytes: number;
  readonly refused: number;
}

interface OpenFile {
  readonly gzip: Gzip;
  readonly file: WriteStream;
  readonly openedMs: number;
  /** Settles when all of it is on the disk, or never will be. */
  readonly ended: Promise<void>;
  lines: number;
}

export class RecordingWriter {
  readonly #files: RecordingFiles;
  readonly #wallMs: () => number;
  readonly #failed: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  /** The current file, and those whose end is still on its way to the disk. */
  readonly #open = new Set<OpenFile>();
  #current: OpenFile;
  #pending: string[] = [];
  #pendingBytes = 0;
  #queuedBytes = 0;
  #endedFileBytes = 0;
  #fileCount = 0;
  #lastNameMs = 0;
  #lines = 0;
  #textBytes = 0;
  #refused = 0;
  #isDead = false;

  /**
   * Makes the directory when it is not there, and the first file; throws when it cannot. `failed` is told of an error of the disk
   * later on: nothing is recorded any more then.
   */
  constructor(files: RecordingFiles, wallMs: () => number, failed: (error: Error) => void) {
    this.#files = files;
    this.#wallMs = wallMs;
    this.#failed = failed;
    mkdirSync(files.directory, { recursive: true });
    this.#current = this.#begin();
    this.#timer = setInterval(() => this.#flush(), FLUSH_EVERY_MS);
  }

  /** `line` has no line end. False when the disk is so far behind that there is no room for it: it is not written. */
  write(line: string): boolean {
    // Frames are ASCII but for a few titles: the length in characters is near enough for a bound.
    const bytes = line.length + 1;
    if (this.#queuedBytes + this.#pendingBytes + bytes > MAX_QUEUED_BYTES) {
      this.#refused++;
      return false;
    }
    this.#pending.push(line);
    this.#pendingBytes += bytes;
    this.#lines++;
    if (this.#pendingBytes >= FLUSH_BYTES) this.#flush();
    return true;
  }

  figures(): RecordingFigures {
    let fileBytes = this.#endedFileBytes;
    for (const { file } of this.#open) fileBytes += file.bytesWritten;
    return {
      files: this.#fileCount,
      lines: this.#lines,
      textBytes: this.#textBytes,
      fileBytes,
      refused: this.#refused,
    };
  }

  /** Resolves when everything is in the files; never rejects: `failed` was told. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    this.#current.gzip.end();
    await Promise.all([...this.#open].map(({ ended }) => ended));
  }

  #flush(): void {
    if (this.#isDead) return;
    const current = this.#current;
    if (this.#pendingBytes > 0) {
      const bytes = Buffer.from(`${this.#pending.join('\n')}\n`);
      current.lines += this.#pending.length;
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#queuedBytes += bytes.length;
      this.#textBytes += bytes.length;
      current.gzip.write(bytes, () => {
        this.#queuedBytes -= bytes.length;
      });
      // Everything so far can be decompressed without what comes later.
      current.gzip.flush(constants.Z_SYNC_FLUSH);
    }
    if (current.lines > 0 && this.#isFull(current)) {
      current.gzip.end();
      this.#current = this.#begin();
    }
  }

  #isFull({ file, openedMs }: OpenFile): boolean {
    const { rotateBytes, rotateMs } = this.#files;
    return file.bytesWritten >= rotateBytes || this.#wallMs() - openedMs >= rotateMs;
  }

  #begin(): OpenFile {
    const gzip = createGzip();
    const file = createWriteStream('', { fd: this.#newFile() });
    this.#fileCount++;
    const ended = pipeline(gzip, file)
      .catch((error: unknown) => {
        this.#isDead = true;
        this.#failed(error instanceof Error ? error : new Error(String(error)));
      })
      .then(() => {
        this.#open.delete(opened);
        this.#endedFileBytes += file.bytesWritten;
      });
    const opened = { gzip, file, openedMs: this.#wallMs(), ended, lines: 0 };
    this.#open.add(opened);
    return opened;
  }

  /** Named by its time, so that names sort as the files follow one another. Never one that is there already. */
  #newFile(): number {
    const { directory, label } = this.#files;
    this.#lastNameMs = Math.max(this.#wallMs(), this.#lastNameMs + 1);
    for (let attempt = 1; ; attempt++) {
      const time = new Date(this.#lastNameMs).toISOString().replace(/[-:.]/g, '');
      const path = join(directory, `${time}-${label}.ndjson.gz`);
      try {
        return openSync(path, 'wx');
      } catch (error) {
        const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
        if (!isTaken || attempt === MAX_NAME_ATTEMPTS) throw error;
        this.#lastNameMs++;
      }
    }
  }
}
