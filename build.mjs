// Bundles src/main.ts, every thin entry in workers/ and every bench to dist/, one file each. What runs beside an installed package
// imports it from there; what only the benches need is bundled into them.
// The page becomes one script and one style sheet in dist/web.
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { benches, companions } = JSON.parse(readFileSync('bench/benches.json', 'utf8'));

const entries = (directory, names) =>
  names.map((name) => ({ in: `${directory}/${name}.ts`, out: `${directory}/${name}` }));
const workers = readdirSync('workers')
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''));

const options = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
};

rmSync('dist', { recursive: true, force: true });
await build({
  ...options,
  entryPoints: [{ in: 'src/main.ts', out: 'main' }, ...entries('workers', workers)],
  packages: 'external',
});
await build({
  ...options,
  entryPoints: entries('bench', [...benches.map(({ name }) => name), ...companions]),
  external: Object.keys(dependencies),
});
await build({
  ...options,
  entryPoints: [
    { in: 'web/page.tsx', out: 'page' },
    { in: 'web/page.css', out: 'page' },
  ],
  outdir: 'dist/web',
  platform: 'browser',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  minify: true,
  sourcemap: false,
});
for (const name of ['index.html', 'favicon.svg']) copyFileSync(`web/${name}`, `dist/web/${name}`);
copyFileSync('bench/benches.json', 'dist/bench/benches.json');
