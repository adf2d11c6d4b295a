// State directories with journals in them, for tests; all of them go at the end.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRecord } from '../../src/journal/records.js';
import { JournalStore } from '../../src/journal/store.js';
import { journalFile } from '../../src/runtime/journal.js';

export class JournalDirectories {
  readonly root = mkdtempSync(join(tmpdir(), 'underround-report-'));
  #count = 0;

  /** A new directory whose journal holds these. */
  make(records: readonly JournalRecord[]): string {
    const directory = this.empty();
    const store = JournalStore.open(journalFile(directory));
    store.append(records);
    store.close();
    return directory;
  }

  empty(): string {
    const directory = join(this.root, String(++this.#count));
    mkdirSync(directory);
    return directory;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
