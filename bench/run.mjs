// Bundles bench/*.ts and runs them, each in a process of its own: `npm run bench` all, `npm run bench -- micro` one, `--smoke` short.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

/** In the order of reading: building blocks, one order's way, the whole way. */
const BENCHES = ['micro', 'order-line', 'wire'];
/** Programs that a bench starts beside itself. */
const COMPANIONS = ['naive-bot', 'wire-exchange', 'wire-floor'];
/** Beside main.js, which some of them start. */
const OUT = 'dist/bench';

const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith('--'));
const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = names.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0) {
  console.error(`unknown bench: given=${unknown.join(',')} allowed=${BENCHES.join(',')}`);
  process.exit(2);
}
await build({
  entryPoints: [...BENCHES, ...COMPANIONS].map((name) => `bench/${name}.ts`),
  outdir: OUT,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  logLevel: 'warning',
});
for (const name of names.length > 0 ? names : BENCHES) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [`${OUT}/${name}.js`, ...options], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
