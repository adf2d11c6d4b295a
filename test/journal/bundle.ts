// Bundles the journal as a program of its own: a process that can be killed, and the worker's entry where `Journal` looks for it.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

export interface Bundle {
  /** test/journal/journal-process.ts */
  readonly main: string;
  readonly worker: string;
  remove(): void;
}

export async function bundleJournal(): Promise<Bundle> {
  const directory = mkdtempSync(join(tmpdir(), 'underround-journal-bundle-'));
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'), 'junction');
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: [
      { in: resolve('test/journal/journal-process.ts'), out: 'main' },
      { in: resolve('workers/journal.ts'), out: 'workers/journal' },
    ],
    outdir: directory,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return {
    main: join(directory, 'main.js'),
    worker: join(directory, 'workers/journal.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
