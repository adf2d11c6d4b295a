// Bundles bench/<name>.ts and runs it in a process of its own: `node bench/run.mjs micro`.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !/^[a-z-]+$/.test(name)) {
  console.error(`usage: node bench/run.mjs <name>  given=${name}`);
  process.exit(2);
}
mkdirSync('node_modules/.cache/underround-bench', { recursive: true });
const outfile = `node_modules/.cache/underround-bench/${name}.mjs`;
await build({
  entryPoints: [`bench/${name}.ts`],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [outfile, ...rest], { stdio: 'inherit' });
process.exit(status ?? 1);
