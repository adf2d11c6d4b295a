// Markets that a person has frozen: watched, never fired on, until the same person or another lets them go. It outlasts the process. A file
// that cannot be read is an error at the start: what was frozen must not be traded because a file was spoiled.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'frozen.json';

const frozenSchema = z.record(
  z.string(),
  z.strictObject({ why: z.string(), by: z.string(), atMs: z.int() }),
);
export type Frozen = z.output<typeof frozenSchema>;

export function frozenFile(stateDir: string): string {
  return join(stateDir, FILE);
}

/** By the name of the pair. Throws for a file that says nothing clear. */
export function readFrozen(stateDir: string): Frozen {
  const path = frozenFile(stateDir);
  try {
    return frozenSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const what = String(cause).slice(0, 200);
    throw new Error(
      `frozen markets cannot be read: path=${path} error=${what} do="mend it, or remove it to trade all markets"`,
      { cause },
    );
  }
}

/** Written whole or not at all. */
export function writeFrozen(stateDir: string, frozen: Frozen): void {
  mkdirSync(stateDir, { recursive: true });
  const path = frozenFile(stateDir);
  const fresh = `${path}.${process.pid}.tmp`;
  writeFileSync(fresh, `${JSON.stringify(frozen)}\n`);
  renameSync(fresh, path);
}
