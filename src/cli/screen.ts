// A terminal that is redrawn in place. Whatever ends the process, the cursor and the person's own screen come back.
import type { WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** Terminals that know it show the frame at once; the others ignore it. */
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';

export class Screen {
  readonly #out: WriteStream;
  readonly #leave = () => this.close();
  #open = false;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  open(): void {
    if (this.#open) return;
    this.#open = true;
    process.on('exit', this.#leave);
    this.#out.write(ENTER);
  }

  size(): { columns: number; rows: number } {
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    // A terminal that reads slower than we draw misses frames; it must not make us remember them.
    if (this.#out.writableNeedDrain) return;
    const body = lines.map((line) => `${line}${CLEAR_LINE_END}`).join('\r\n');
    this.#out.write(`${BEGIN_FRAME}${HOME}${body}${CLEAR_BELOW}${END_FRAME}`);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.#leave);
    this.#out.write(LEAVE);
  }
}
