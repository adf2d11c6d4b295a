// What the paper exchange remembers, in a file of its own beside the journal: like a real exchange it knows what it has matched, whatever
// became of the engine. A line a record, with the operating system before anything of it is told.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { PaperRecord } from '../paper/paper-records.js';

const FILE = 'paper.log';

export class MixedStateError extends Error {
  readonly code = 'MIXED_STATE';
}

/** Throws MixedStateError where real orders and paper ones would get into one journal. `hasOrders`: the journal has some. */
export function refuseMixedState(stateDir: string, isPaper: boolean, hasOrders: boolean): void {
  const path = join(stateDir, FILE);
  if (!isPaper && existsSync(path)) {
    throw new MixedStateError(
      `the state directory is of paper trading: file=${path}; give another --state-dir`,
    );
  }
  if (isPaper && hasOrders && !existsSync(path)) {
    throw new MixedStateError(
      `the journal has orders that were not on paper: dir=${stateDir}; give another --state-dir`,
    );
  }
}

export class PaperLog {
  /** As earlier runs left them. */
  readonly records: readonly PaperRecord[];
  readonly #file: number;
  #isOpen = true;

  private constructor(records: readonly PaperRecord[], file: number) {
    this.records = records;
    this.#file = file;
  }

  static open(stateDir: string): PaperLog {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const path = join(stateDir, FILE);
    const records = existsSync(path) ? readRecords(readFileSync(path, 'utf8')) : [];
    return new PaperLog(records, openSync(path, 'a', 0o600));
  }

  /** Throws when it cannot be written. Begins with an end of line: a write that stopped half-way spoils no line but its own. */
  write(record: PaperRecord): void {
    if (this.#isOpen) writeSync(this.#file, `\n${JSON.stringify(record)}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }
}

/** What was torn was never told to anybody. */
function readRecords(text: string): PaperRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as PaperRecord];
    } catch {
      return [];
    }
  });
}
