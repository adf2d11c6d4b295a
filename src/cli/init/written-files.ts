// Puts the files in place, each for its owner alone, and never over one that is there.
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../exit-codes.js';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
const MAX_BACKUPS = 100;

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** What is there already, unless the wish is to move it aside; undefined when nothing is in the way. */
export function whyNot(paths: readonly string[], force: boolean): string | undefined {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0 || force) return undefined;
  return (
    `nothing was written, for these are there already: ${there.join(' ')}; ` +
    'give another --dir, or --force to keep them as .bak beside the new ones'
  );
}

/** Throws UsageError with what is there. */
export function refuseExisting(paths: readonly string[], force: boolean): void {
  const why = whyNot(paths, force);
  if (why !== undefined) throw new UsageError(why);
}

/** The paths of what was moved aside. Makes directories where they are missing. */
export function writeFiles(
  files: readonly NewFile[],
  keysDir: string,
  force: boolean,
): readonly string[] {
  refuseExisting(
    files.map(({ path }) => path),
    force,
  );
  const moved: string[] = [];
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    if (dirname(path) === keysDir) chmodSync(keysDir, OWNER_ONLY_DIRECTORY);
    if (existsSync(path)) moved.push(moveAside(path));
    // wx: whatever came there meanwhile stays.
    writeFileSync(path, text, { mode: OWNER_ONLY_FILE, flag: 'wx' });
  }
  return moved;
}

/** An older backup stays what it is. */
function moveAside(path: string): string {
  for (let count = 1; count <= MAX_BACKUPS; count++) {
    const backup = count === 1 ? `${path}.bak` : `${path}.${count}.bak`;
    if (existsSync(backup)) continue;
    renameSync(path, backup);
    return backup;
  }
  throw new Error(`too many backups: path=${path} count=${MAX_BACKUPS} do="remove old ones"`);
}
