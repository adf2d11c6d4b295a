// The newest lines of the log, numbered, for whoever looks at them from outside.
import type { LogLine } from './contract.js';

const KEPT_LINES = 2_000;
const LEVELS: readonly LogLine['level'][] = ['info', 'warn', 'error'];

export class LogRing {
  readonly #lines: LogLine[] = [];
  #lastId = 0;

  push(line: Omit<LogLine, 'id'>): void {
    this.#lastId++;
    this.#lines.push({ ...line, id: this.#lastId });
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** Lines after an id, at least of a level, the newest `limit` of them, oldest first. */
  after(id: number, level: LogLine['level'] = 'info', limit = KEPT_LINES): LogLine[] {
    const least = LEVELS.indexOf(level);
    const found: LogLine[] = [];
    for (let at = this.#lines.length - 1; at >= 0 && found.length < limit; at--) {
      const line = this.#lines[at]!;
      if (line.id <= id) break;
      if (LEVELS.indexOf(line.level) >= least) found.push(line);
    }
    return found.reverse();
  }
}
