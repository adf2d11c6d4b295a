// Bundles src/main.ts and every thin entry in workers/ to dist/, one file each, with npm packages left outside.
import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const workers = readdirSync('workers').filter((name) => name.endsWith('.ts'));

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: [
    { in: 'src/main.ts', out: 'main' },
    ...workers.map((name) => ({
      in: `workers/${name}`,
      out: `workers/${name.replace(/\.ts$/, '')}`,
    })),
  ],
  outdir: 'dist',
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
});
